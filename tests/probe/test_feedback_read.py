"""Files of thumbs: CSV and JSON Lines, one voice a person a trace, and what is no thumb refused by line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.probe.feedback_read import Thumb, read_thumbs

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize("said", ["up", "UP", "+1", "1", "true", "👍", "thumbs_up", "like"])
def test_ways_to_say_up(write: Write, said: str) -> None:
    found = read_thumbs(write("t.csv", f"trace_id,rating\na,{said}\n"))
    assert found.by_trace == {"a": Thumb.UP}


@pytest.mark.parametrize("said", ["down", "-1", "false", "👎", '"dislike"', "negative"])
def test_ways_to_say_down(write: Write, said: str) -> None:
    assert read_thumbs(write("t.csv", f"trace_id,thumbs\na,{said}\n")).by_trace == {"a": Thumb.DOWN}


def test_json_lines_with_true_and_numbers(write: Write) -> None:
    text = '{"trace_id":"a","thumbs":true}\n\n{"trace_id":"b","thumbs":-1}\n{"trace_id":"c","thumbs":null}\n'
    assert read_thumbs(write("t.jsonl", text)).by_trace == {"a": Thumb.UP, "b": Thumb.DOWN}


def test_a_person_who_clicks_again_changes_his_mind_and_two_people_may_differ(write: Write) -> None:
    text = (
        "trace_id,person,at,thumbs\n"
        "a,ann,2026-01-02T00:00:00Z,down\na,ann,2026-01-01T00:00:00Z,up\n"
        "b,ann,,up\nb,bob,,down\nc,,,up\nc,,,down\n"
    )
    found = read_thumbs(write("t.csv", text))
    assert found.by_trace == {"a": Thumb.DOWN, "b": Thumb.MIXED, "c": Thumb.MIXED}
    assert (found.voices, found.replaced) == (5, 1)


def test_what_is_no_thumb_is_refused_by_line_and_the_rest_is_taken(write: Write) -> None:
    text = '{"trace_id":"a","thumbs":"up"}\nnot json\n{"trace_id":"b","thumbs":0}\n{"thumbs":"up"}\n{"trace_id":"c"}\n'
    found = read_thumbs(write("t.jsonl", text))
    assert found.by_trace == {"a": Thumb.UP}
    assert [line for line, _ in found.refused] == [2, 3, 4, 5]
    assert "up or down" in found.refused[1][1]


def test_packed_files_are_read_and_empty_ones_refused(write: Write) -> None:
    packed = gzip.compress(b"trace_id,thumbs\na,up\n")
    assert read_thumbs(write("t.csv.gz", packed)).by_trace == {"a": Thumb.UP}
    with pytest.raises(BadInput, match="no thumb in it"):
        read_thumbs(write("e.csv", "trace_id,thumbs\n"))
    with pytest.raises(BadInput, match="line 2: `trace_id` is missing"):
        read_thumbs(write("f.csv", "id,thumbs\na,up\n"))
    with pytest.raises(BadInput):
        read_thumbs(write("g.csv", b"trace_id,thumbs\n\xff\xfe,up\n"))
