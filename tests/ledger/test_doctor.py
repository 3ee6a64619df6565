"""The doctor says what a file is and what to type, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import UnknownFormat
from assay.ledger.doctor import Diagnosis, describe, diagnose
from assay.ledger.ingest.source import ReadOptions
from assay.terminal import visible

Writer = Callable[[str, str | bytes], Path]


def can(diagnosis: Diagnosis, question: str) -> bool:
    (answer,) = [a for a in diagnosis.answers if question in a.question]
    return answer.can


def test_a_table(write: Writer) -> None:
    path = write(
        "my runs.csv",
        "id,model,response,correct,created_at,cost\n"
        + "".join(f"{n},m{n % 2},a,{n % 2},2026-01-{1 + n % 28:02},0.01\n" for n in range(100))
        + "100,m1,a\n\n",
    )
    before = sorted(path.parent.iterdir())
    found = diagnose(path)
    assert sorted(path.parent.iterdir()) == before
    assert (found.lines, found.accepted, found.rejected, found.blank) == (102, 100, 1, 1)
    assert found.first_rejects == ((102, "has 3 fields, the header has 6"),)
    assert found.systems == (("m0", 50), ("m1", 50))
    assert [(judge.name, judge.kind, judge.verdicts) for judge in found.judges] == [
        ("correct", "check", 100)
    ]
    assert can(found, "how often it is wrong")
    assert can(found, "how many errors a day")
    assert can(found, "a count of every error")
    assert can(found, "what a right answer costs")
    assert not can(found, "how long")
    assert not can(found, "same each time")
    assert found.next_command == (
        f"assay ingest '{path}' --into runs.ledger "
        "--map task_id=id,system=model,at=created_at,output=response,cost_usd=cost,right=correct"
    )
    json.dumps(found.to_json())
    assert "102 rows = 100 good + 1 refused + 1 blank" in describe(found)


def test_what_is_missing_is_a_problem_with_a_command(write: Writer) -> None:
    found = diagnose(write("a.csv", "id,response\n1,a\n"))
    assert found.problem
    assert "which model" in found.problem
    assert "--system NAME" in found.next_command
    helped = diagnose(Path(found.file), ReadOptions(system="my model"))
    assert helped.problem is None
    assert helped.next_command.endswith("--system 'my model'")


def test_an_unknown_file_is_refused(write: Writer) -> None:
    with pytest.raises(UnknownFormat):
        diagnose(write("a.jsonl", "<html>"))


def test_times_of_a_batch_are_not_times_of_answers(write: Writer) -> None:
    rows = "".join(f"{n},m,a,2026-01-0{1 + n % 2}\n" for n in range(100))
    found = diagnose(write("a.csv", "id,model,response,date\n" + rows))
    assert not can(found, "how many answers a day")


def test_a_few_traces_are_looked_into_and_all_are_counted(write: Writer) -> None:
    rows = "".join(
        f'{{"task_id": {n}, "system": "m", "output": "a", "latency_seconds": 1}}\n'
        for n in range(50)
    )
    found = diagnose(write("a.jsonl", rows), limit=10)
    assert found.traces == 50
    assert found.known["latency_seconds"] == 1.0
    assert found.mapping is None


def test_no_content_of_a_file_reaches_the_terminal_as_a_command(write: Writer) -> None:
    evil = "\x1b]8;;http://evil.example\x07x\x1b[2J\u202e"
    rows = f'id,model,response,"{evil}"\n1,"{evil}",a,b\n2,m\n'
    text = describe(diagnose(write("a.csv", rows)))
    assert "\\x1b]8;;" in text
    assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_real_files(shared_data: Path) -> None:
    drift = diagnose(shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz")
    assert drift.accepted == 4_000
    assert drift.systems_count == 4
    assert not can(drift, "how often it is wrong")
    assert can(drift, "task by task")
    assert "at.month_first=timestamp" in drift.next_command


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, naïve 答え 😀", "plain, naïve 答え 😀"),
        ("a\nb\tc\x00", "a\\nb\\tc\\x00"),
        ("\x9b2J", "\\x9b2J"),
        ("\ud800", "\\ud800"),
        ("\u2066\u200b\ufeff\u2028", "\\u2066\\u200b\\ufeff\\u2028"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
