from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.curate.loop.turn import read_turns
from assay.curate.loop.verdict import loop_verdict
from assay.curate.loop.verdict_read import read_loops
from assay.curate.loop.verdict_result import VerdictQuestion
from assay.curate.loop.verdict_versions import WhichVersions
from assay.errors import BadInput, LedgerError
from assay.ledger.ingest.record import trace_row
from assay.ledger.store import Ledger
from curate.loop_folders import Said, answers, honest_loop, write_loop


def foreign(
    folder: Path,
    versions: dict[str, list[tuple[str, int | None]]],
    *,
    system: str = "desk",
    epochs: int = 1,
) -> Path:
    """Write a ledger that no loop has made: tasks of each version, right or not; None: not judged."""
    ledger = Ledger.create(folder)
    traces, verdicts = [], []
    for version, rows in versions.items():
        for task, right in rows:
            for epoch in range(1, epochs + 1):
                name = f"{system}-{version}-{task}-{epoch}"
                values: dict[str, object] = {
                    "task_id": task, "system": system, "version": version, "epoch": epoch, "input": task,
                    "output": "yes", "origin": "exam",
                }  # fmt: skip
                traces.append(trace_row(values, trace_id=name, source="test"))
                if right is not None:
                    verdicts.append({
                        "trace_id": name, "judge": "exact@1", "judge_kind": "check",
                        "error_probability": float(not right), "at": 1, "source": "test",
                    })  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    return folder


def rows(count: int, right: int) -> list[tuple[str, int | None]]:
    return [(f"task-{place}", int(place < right)) for place in range(count)]


def test_a_ledger_that_no_loop_has_made_is_enough(tmp_path: Path) -> None:
    path = foreign(
        tmp_path / "runs.ledger", {"a": rows(200, 60), "b": rows(200, 100), "c": rows(200, 140)}
    )
    (loop,) = loop_verdict(path, VerdictQuestion(WhichVersions(versions=("a", "b", "c")))).loops
    assert (loop.verdict, loop.earliest) == ("virtuous", 1)
    assert loop.evidence.judges == ("exact@1",)
    states = {fault.name: fault.state for fault in loop.faults}
    assert states["leaking held-out set"] == "unknown"
    assert states["systematic blind spot"] == "unknown"
    (backwards,) = loop_verdict(path, VerdictQuestion(WhichVersions(versions=("c", "a")))).loops
    assert backwards.verdict == "collapsing"


def test_epochs_of_a_foreign_ledger_are_samples(tmp_path: Path) -> None:
    path = foreign(tmp_path / "l", {"turn-0": rows(50, 10), "turn-1": rows(50, 40)}, epochs=4)
    (loop,) = read_loops(path)
    assert loop.versions == ("turn-0", "turn-1")
    assert loop.held_out.sampled[1].right.sum() == 160
    assert loop.held_out.sampled[0].samples == 4


def test_turns_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = foreign(tmp_path / "l", {f"turn-{turn}": rows(5, 2) for turn in (10, 9, 0, 2)})
    assert read_loops(path)[0].versions == ("turn-0", "turn-2", "turn-9", "turn-10")


def test_unequal_tasks_pair_where_they_are_the_same_and_the_rest_is_counted(tmp_path: Path) -> None:
    path = foreign(tmp_path / "l", {"turn-0": rows(100, 30), "turn-1": rows(60, 50)})
    (loop,) = loop_verdict(path).loops
    assert len(loop.evidence.held_out.tasks) == 60
    assert loop.evidence.held_out.answered == (100, 60)
    apart = foreign(tmp_path / "m", {"turn-0": [("a", 1)], "turn-1": [("b", 1)]})
    with pytest.raises(BadInput, match=r"nothing pairs \(tasks of each: turn-0: 1, turn-1: 1\)"):
        loop_verdict(apart)


def test_what_nobody_judged_is_unknown_and_never_wrong(tmp_path: Path) -> None:
    unsure: list[tuple[str, int | None]] = [
        *rows(80, 40),
        *((f"open-{i}", None) for i in range(20)),
    ]
    path = foreign(tmp_path / "l", {"turn-0": unsure, "turn-1": unsure})
    (loop,) = loop_verdict(path).loops
    assert (loop.gains[0].pairs, loop.gains[0].unjudged) == (80, 20)
    assert (loop.evidence.held_out.right < 0).sum() == 40
    assert loop.verdict == "undecided"
    nobody = foreign(tmp_path / "m", {"turn-0": [("a", None)], "turn-1": [("a", None)]})
    with pytest.raises(BadInput, match="what is right is unknown"):
        loop_verdict(nobody)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (WhichVersions(), r"the versions of desk are not turn-0, turn-1 and so on: 'a', 'b'"),
        (WhichVersions(versions=("a", "x")), "no version 'x' in the ledger; it has 'a', 'b'"),
        (WhichVersions(versions=("a", "a")), "named twice"),
        (WhichVersions(versions=("a",)), "one version only"),
        (WhichVersions(system="other"), "no system 'other'"),
        (WhichVersions(versions=("a", "b"), judge="person"), "no verdicts of a judge 'person'"),
    ],
)
def test_what_a_ledger_does_not_hold_is_said(
    tmp_path: Path, which: WhichVersions, said: str
) -> None:
    path = foreign(tmp_path / "l", {"a": rows(5, 2), "b": rows(5, 3)})
    with pytest.raises(BadInput, match=said):
        read_loops(path, which)


def test_a_ledger_of_one_version_or_of_several_systems_is_refused(tmp_path: Path) -> None:
    path = foreign(tmp_path / "l", {"turn-0": rows(5, 2)})
    with pytest.raises(BadInput, match="one version only"):
        read_loops(path)
    foreign(path, {"turn-0": rows(5, 2)}, system="other")
    with pytest.raises(BadInput, match="2 systems: 'desk', 'other'"):
        read_loops(path)


def test_two_answers_in_one_epoch_are_refused(tmp_path: Path) -> None:
    path = foreign(tmp_path / "l", {"turn-0": rows(5, 2), "turn-1": rows(5, 2)})
    ledger = Ledger.open(path)
    again = {"task_id": "task-0", "system": "desk", "version": "turn-1", "epoch": 1, "output": "no"}
    ledger.append("traces", [trace_row(again, trace_id="again", source="test")])
    with pytest.raises(BadInput, match="twice in epoch 1"):
        read_loops(path)


def test_no_folder_another_folder_and_a_loop_of_one_turn(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no folder"):
        read_loops(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="neither the folder of a loop nor a ledger"):
        read_loops(tmp_path)
    write_loop(tmp_path / "begun", [Said(answers(0.5, 20))])
    with pytest.raises(BadInput, match="turn 0 only"):
        read_loops(tmp_path / "begun")
    honest_loop(tmp_path / "out")
    with pytest.raises(BadInput, match="go with a ledger"):
        read_loops(tmp_path / "out", WhichVersions(system="built"))
    (tmp_path / "bad" / "arm" / "seed-0" / "turns").mkdir(parents=True)
    with pytest.raises(BadInput, match="no turn of this loop is done"):
        read_loops(tmp_path / "bad")
    mark = tmp_path / "out" / "ledger" / "assay.json"
    mark.write_text("{}", "utf-8")
    with pytest.raises(LedgerError):
        read_loops(tmp_path / "out")


def test_the_ledger_of_a_loop_leads_to_its_folder(tmp_path: Path) -> None:
    out = honest_loop(tmp_path / "out")
    (loop,) = read_loops(out / "ledger")
    assert loop.folder == out
    assert loop.records == read_turns(out)
    assert loop.throughput_per_day == 1000


def test_a_torn_record_says_where(tmp_path: Path) -> None:
    out = honest_loop(tmp_path / "out")
    path = out / "turns" / "turn-001" / "turn.json"
    path.write_text(json.dumps({"turn": 1}), "utf-8")
    with pytest.raises(BadInput, match="no record of a turn") as refused:
        read_loops(out)
    assert "turn-001" in str(refused.value)
