"""What is kept of a fine-tuning set, and what is dropped with which reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.curate.instructions import InstructionReport, inspect_files
from assay.curate.instructions_write import CONTRADICTED, REPEATED, reasons, write_cleaned
from assay.errors import BadInput

RECORDS: list[dict[str, Any]] = [
    {"instruction": "What is 3 + 4?", "output": "7", "id": 1, "text": "beside it"},
    {"instruction": "what is 3 + 4?", "output": "8"},
    {"prompt": "Who wrote Faust?", "completion": "Goethe"},
    {"prompt": "Who wrote  Faust", "completion": "goethe.", "weight": 0.5},
    {"messages": [{"role": "user", "content": "Grüß"}, {"role": "assistant", "content": "Gott"}]},
    {"text": "alone"},
]


@pytest.fixture
def found(tmp_path: Path) -> InstructionReport:
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    return inspect_files([str(path)])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_records_are_kept_as_they_were_and_the_rest_has_reasons(
    found: InstructionReport, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    counts = write_cleaned(found, out)
    assert lines(out / "kept.jsonl") == [RECORDS[2], RECORDS[4]]
    dropped = lines(out / "dropped.jsonl")
    assert [(one["where"].rsplit(":", 1)[-1], one["reason"]) for one in dropped] == [
        ("1", CONTRADICTED),
        ("2", CONTRADICTED),
        ("4", REPEATED),
        ("6", "no instruction with an answer"),
    ]
    assert dropped[0]["record"] == RECORDS[0]
    assert dropped[2]["same_as"].endswith(":3")
    assert counts == {"kept.jsonl": 2, "dropped.jsonl": 4, "contradictions.jsonl": 1}
    report = json.loads((out / "report.json").read_text())
    assert (report["kept"], report["dropped"], report["contradicted_share"]) == (2, 3, 2 / 5)
    # The cleaned set says so of itself.
    again = inspect_files([str(out / "kept.jsonl")])
    assert (again.repeats, again.contradictions) == (0, ())


def test_numbers_that_no_float_holds_are_written_as_they_were(tmp_path: Path) -> None:
    line = (
        '{"prompt":"a","completion":"b","x":1e400,"n":12345678901234567890123,"record":{"a":1.10}}'
    )
    (tmp_path / "set.jsonl").write_text(f"{line}\n{line}\n")
    write_cleaned(inspect_files([str(tmp_path / "set.jsonl")]), tmp_path / "out")
    assert (tmp_path / "out" / "kept.jsonl").read_text() == f"{line}\n"
    assert line in (tmp_path / "out" / "dropped.jsonl").read_text()


def test_contradictions_stay_where_that_is_asked_for(found: InstructionReport) -> None:
    assert reasons(found, keep_contradictions=True) == ["", "", "", REPEATED, ""]


def test_the_same_set_gives_the_same_bytes_and_nothing_is_written_over(
    found: InstructionReport, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write_cleaned(found, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    with pytest.raises(BadInput, match="there already"):
        write_cleaned(found, tmp_path / "one")
    with pytest.raises(BadInput, match="there is no folder"):
        write_cleaned(found, tmp_path / "none" / "out")
