"""Files that other commands read: the doctor knows them, and ingest says where they belong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import UnknownFormat
from assay.ledger.doctor import describe, diagnose
from assay.ledger.ingest.other_files import other_file
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.ingest.source import Source
from assay.ledger.store import Ledger

Writer = Callable[[str, str | bytes], Path]

TASKS = (
    '{"input": "2 + 2?", "reference": "4", "topic": "sums"}\n'
    '{"messages": [{"role": "user", "content": "2 + 3?"}], "reference": 5}\n'
    '{"turns": ["hello", "who are you?"]}\n'
    "no json\n"
    '{"inputs": "x"}\n\n'
)
LIST = (
    "draw_id,trace_id,input,context,output,answer,reference,verdict,severity,kind,note\n"
    "draw-1,t1,q,,a,,,right,,,\n"
    "draw-1,t2,q,,b,,,,,,\n"
)


def _studio(*, annotated: int) -> str:
    task = {"data": {"draw_id": "draw-1", "trace_id": "t", "output": "a"}}
    said: dict[str, object] = {"annotations": [{"result": []}]}
    return json.dumps([{**task, **(said if n < annotated else {})} for n in range(3)])


def test_tasks(write: Writer) -> None:
    found = diagnose(write("my tasks.jsonl", TASKS))
    assert (found.format, found.problem) == ("tasks", None)
    assert (found.lines, found.accepted, found.rejected, found.blank) == (6, 3, 2, 1)
    assert [line for line, _ in found.first_rejects] == [4, 5]
    assert found.notes == ("2 of 3 tasks have a reference; a check needs one",)
    assert found.next_command.startswith(f"assay ask '{found.file}' --system NAME@VERSION ")
    assert "tasks for `assay ask`" in describe(found)
    json.dumps(found.to_json())


def test_a_list_half_filled(write: Writer) -> None:
    found = diagnose(write("list.csv", LIST))
    assert (found.format, found.accepted) == ("list", 2)
    assert found.notes == ("1 of 2 rows are filled in",)
    assert found.next_command == f"assay label runs.ledger {found.file}"


@pytest.mark.parametrize(
    ("annotated", "name", "next_command"),
    [
        (0, "label-studio-tasks", "assay label runs.ledger EXPORT.json"),
        (2, "label-studio-annotations", "assay label runs.ledger {file}"),
    ],
)
def test_label_studio(write: Writer, annotated: int, name: str, next_command: str) -> None:
    found = diagnose(write("studio.json", _studio(annotated=annotated)))
    assert (found.format, found.accepted) == (name, 3)
    assert found.next_command == next_command.format(file=found.file)


def test_a_log_is_none_of_these(write: Writer) -> None:
    log = write("log.jsonl", '{"input": "2 + 2?", "response": "4", "model": "m"}\n')
    assert diagnose(log).format == "jsonl"
    assert diagnose(log).accepted == 1


@pytest.mark.parametrize(
    "text", ["[1, 2]", '[{"data": 3}]', "[", '["a"]', "[" * 100_000, "a,b\n1,2\n"]
)
def test_what_is_nothing_of_ours(write: Writer, text: str) -> None:
    assert other_file(Source(write("file", text))) is None


@pytest.mark.parametrize(
    ("text", "where"),
    [(TASKS, "assay ask "), (LIST, "assay label "), (_studio(annotated=1), "assay label ")],
)
def test_ingest_says_where_they_belong(
    write: Writer, tmp_path: Path, text: str, where: str
) -> None:
    path = write("file", text)
    with pytest.raises(UnknownFormat, match="there are no traces in it") as refused:
        ingest_file(Ledger.create(tmp_path / "runs.ledger"), path)
    assert refused.value.next_command.startswith(where)
