"""The journal: what a killed process leaves, cut and damaged anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.ask.journal import (
    Journal,
    Recovered,
    commit,
    encode_line,
    held_run,
    read_segment,
    recover,
)
from assay.ledger.ingest.record import Row, trace_row
from assay.ledger.store import Ledger


def answer(name: str, **more: Any) -> Row:
    values = {"task_id": "t", "system": "s", "output": f"o {name}", **more}
    return trace_row(values, trace_id=f"ask-{name}", source=more.pop("source", "ask:1"))


def trace_ids(ledger: Ledger) -> set[str]:
    return {row["trace_id"] for row in ledger.rows("SELECT trace_id FROM traces")}


def test_what_a_dead_process_left_is_committed(ledger: Ledger) -> None:
    with held_run(ledger, "r"):
        journal = Journal(ledger, "r")
        for name in "abc":
            journal.append(answer(name))
        journal.close()
    # Killed here, before any commit.
    assert trace_ids(ledger) == set()
    assert recover(ledger, "other").rows == 3
    assert trace_ids(ledger) == {"ask-a", "ask-b", "ask-c"}
    assert recover(ledger, "other").rows == 0


@pytest.mark.parametrize(
    "row",
    [
        {"trace_id": "x"},
        {"trace_id": "x", "conversation_id": 7, "source": "s"},
        {"trace_id": "x", "conversation_id": None, "source": [1]},
        {"trace_id": 1, "conversation_id": None, "source": "s"},
        {"trace_id": "x", "conversation_id": None, "source": "s", "shell": "rm"},
    ],
)
def test_a_line_that_no_asking_process_wrote_is_dropped(
    ledger: Ledger, row: dict[str, object]
) -> None:
    path = ledger.path / "ask" / "dead.000001.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_line(row))
    assert recover(ledger, "another") == Recovered(0, 1)
    assert not path.exists()


def test_a_living_process_is_left_alone(ledger: Ledger) -> None:
    with held_run(ledger, "r"):
        journal = Journal(ledger, "r")
        journal.append(answer("a"))
        assert recover(ledger, "other").rows == 0
        journal.close()
    assert recover(ledger, "other").rows == 1


def test_killed_between_commit_and_removal(ledger: Ledger) -> None:
    journal = Journal(ledger, "r")
    journal.append(answer("a"))
    segment = journal.rotate()
    assert commit(ledger, segment.rows) == 1
    assert segment.path.exists()
    assert recover(ledger, "r").rows == 0
    assert not segment.path.exists()
    assert len(ledger.rows("SELECT trace_id FROM traces")) == 1


def test_a_segment_in_the_way_is_not_overwritten(ledger: Ledger) -> None:
    first = Journal(ledger, "r")
    first.append(answer("a"))
    second = Journal(ledger, "r")
    second.append(answer("b"))
    first.close()
    second.close()
    assert recover(ledger, "r").rows == 2


def test_a_conversation_of_another_is_not_joined(ledger: Ledger) -> None:
    mine = [answer(f"m{turn}", conversation_id="c", turn=turn) for turn in (0, 1)]
    other = [answer("x1", conversation_id="c", turn=1)]
    other[0]["source"] = "ask:2"
    assert commit(ledger, mine[:1]) == 1
    assert commit(ledger, other) == 0
    assert commit(ledger, mine) == 1


@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=6),
    cut=st.integers(0, 10_000),
)
def test_a_journal_cut_anywhere_keeps_every_whole_line(
    tmp_path_factory: Any, texts: list[str], cut: int
) -> None:
    rows = [answer(str(i), input=_plain(text)) for i, text in enumerate(texts)]
    written = [encode_line(row) for row in rows]
    whole = b"".join(written)
    cut %= len(whole) + 1
    path: Path = tmp_path_factory.mktemp("journal") / "r.000001.jsonl"
    path.write_bytes(whole[:cut])
    kept, torn = read_segment(path)
    # A line is whole where only its line break is cut off.
    ends = [sum(map(len, written[: i + 1])) - 1 for i in range(len(written))]
    complete = sum(end <= cut for end in ends)
    assert kept == rows[:complete]
    begun = cut > (0 if complete == 0 else ends[complete - 1] + 1) and complete < len(rows)
    assert torn == begun


@given(
    flip=st.integers(0, 10_000), bit=st.integers(0, 7), texts=st.lists(st.text(max_size=20), min_size=2, max_size=4)
)  # fmt: skip
def test_a_flipped_bit_never_becomes_an_answer(
    tmp_path_factory: Any, flip: int, bit: int, texts: list[str]
) -> None:
    rows = [answer(str(i), input=_plain(text)) for i, text in enumerate(texts)]
    data = bytearray(b"".join(map(encode_line, rows)))
    data[flip % len(data)] ^= 1 << bit
    path: Path = tmp_path_factory.mktemp("journal") / "r.000001.jsonl"
    path.write_bytes(data)
    kept, _ = read_segment(path)
    assert all(row in rows for row in kept)
    assert len(kept) >= len(rows) - 2


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
