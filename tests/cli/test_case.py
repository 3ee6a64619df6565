"""`assay case`: from a complaint to a task, to the version that mended it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from volume.desk import answer, draw, fill

Assay = Callable[..., Any]


def test_from_a_complaint_to_the_version_that_mended_it(
    assay: Assay, ledger: Ledger, tmp_path: Path
) -> None:
    desk = fill(ledger)
    answer(desk, draw(desk), tmp_path / "filled.csv")
    done = assay(
        "case",
        "add",
        ledger.path,
        "desk-00008",
        "--note",
        "wrong city",
        "--reference",
        "=answer 8",
        "--json",
    )
    case_id = done.json["case_id"]
    assert done.json["new"]
    assert assay("case", "add", ledger.path, "desk-00008", "--note", "again").out.startswith(
        f"{case_id} is there: 2 notes"
    )
    listed = assay("case", "list", ledger.path, "--like", "topic")
    assert listed.status == 0
    assert "like it: " in listed.out
    assert "errors/day (95 %, n " in listed.out
    assert "not asked again" in listed.out
    tasks = tmp_path / "cases.jsonl"
    assert assay("case", "export", ledger.path, "-o", tasks).out == f"{tasks}: 1 tasks\n"
    task = json.loads(tasks.read_text())
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(
        json.dumps({**task, "trace_id": f"again-{epoch}", "epoch": epoch, "system": "desk", "version": "2",
                    "output": "=answer 8"}) + "\n" for epoch in (1, 2, 3)
    ))  # fmt: skip
    assert assay("ingest", answers, "--into", ledger.path).status == 0
    assert assay("judge", ledger.path, "--check", "exact").status == 0
    shown = assay("case", "show", ledger.path, case_id, "--like", "stratum")
    assert "right so far in desk 2 (3 of 3 right; error rate 0; at most 71 %, 95 %)" in shown.out
    assert "right would be: =answer 8" in shown.out
    page = tmp_path / "cases.html"
    assert assay("case", "page", ledger.path, "-o", page).status == 0
    assert "right so far in desk 2" in page.read_text()
    assert assay("case", "close", ledger.path, case_id, "--note", "mended").status == 0
    assert assay("case", "list", ledger.path, "--json").json == {"cases": []}
    assert len(assay("case", "list", ledger.path, "--all", "--json").json["cases"]) == 1


@pytest.mark.parametrize("place", ["trace", "note", "person", "kind"])
def test_bytes_that_are_no_text_are_refused(assay: Assay, ledger: Ledger, place: str) -> None:
    fill(ledger, traces=20)
    said = {"trace": "desk-00000", "note": "wrong", "person": "ada", "kind": "slip"}
    said[place] += "\udcff"  # so Python reads the byte 0xff of a command line
    trace, *options = (said["trace"], *(f"--{name}={said[name]}" for name in list(said)[1:]))
    done = assay("case", "add", ledger.path, trace, *options)
    assert done.status == 1
    assert "is not text" in done.err
    assert assay("case", "list", ledger.path, "--json").json == {"cases": []}


def test_wrong_turns(assay: Assay, ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, traces=20)
    unknown = assay("case", "add", ledger.path, "desk-0000", "--note", "wrong")
    assert unknown.status == 1
    assert "like it: desk-00000" in unknown.err
    assert assay("case", "add", ledger.path, "desk-00000").status == 2
    nothing = assay("case", "export", ledger.path, "-o", tmp_path / "cases.jsonl")
    assert (nothing.status, "no case to export" in nothing.err) == (1, True)
    assert "no case is open" in assay("case", "list", ledger.path).err
    gone = assay("case", "show", ledger.path, "case-x")
    assert (gone.status, "has no case 'case-x'" in gone.err) == (1, True)
    assay("case", "add", ledger.path, "desk-00000", "--note", "wrong")
    tag = assay("case", "list", ledger.path, "--like", "colour")
    assert (tag.status, "unknown" in tag.out or "no tag" in tag.err) == (0, True)
    lost = assay("case", "export", ledger.path, "-o", tmp_path / "nowhere" / "cases.jsonl")
    assert (lost.status, "can't be written" in lost.err) == (1, True)
