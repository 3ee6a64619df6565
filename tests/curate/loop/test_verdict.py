from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.loop_run import run_loop
from assay.curate.loop.verdict import loop_verdict
from assay.curate.loop.verdict_cost import Money
from assay.curate.loop.verdict_fault import DIVERSITY, LEAK, LENGTH
from assay.curate.loop.verdict_result import LoopResult, VerdictQuestion
from assay.errors import BadInput
from assay.estimate.loop_gain import look_level, paired_gain
from assay.quantity import Estimate, Unknown
from curate.loop_folders import (
    RIGHT,
    WRONG,
    Said,
    answers,
    honest_loop,
    longer_loop,
    narrower_loop,
    tasks,
    write_loop,
)
from curate.loop_worlds import by_heart, sums

FORGETS = """
import json, pathlib, sys
weights, data, out = sys.argv[1:4]
kept = pathlib.Path(weights, "known.json")
known = json.loads(kept.read_text()) if kept.exists() else {}
with open(out, "w") as stream:
    for line in open(data):
        row = json.loads(line)
        one, other = (int(word) for word in row["prompt"].split(" + "))
        # What it has not learnt by heart it knows or doesn't know for ever, but for a sample in two.
        right = sum(map(ord, row["prompt"])) % 10 < 3
        said = []
        for place in range(row["samples"]):
            off = 0 if right or (row["samples"] > 1 and place == 1) else 10
            said.append(str(one + other + off))
        stream.write(json.dumps([known.get(row["prompt"], answer) for answer in said]) + "\\n")
"""


def only(path: Path, **asked: object) -> LoopResult:
    (loop,) = loop_verdict(path, VerdictQuestion(**asked)).loops  # type: ignore[arg-type]
    return loop


def names(loop: LoopResult) -> set[str]:
    return {fault.name for fault in loop.caught}


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real loop that learns by heart, half of whose held-out tasks are training tasks."""
    folder = tmp_path_factory.mktemp("leaking")
    path = by_heart(folder)
    (folder / "answer.py").write_text(FORGETS, "utf-8")
    sums(folder / "tasks.jsonl", [(a, b) for a in range(10, 20) for b in range(20, 30)])
    held_out = [(a, b) for a in range(10, 20) for b in range(20, 26)]
    sums(
        folder / "held_out.jsonl", held_out + [(a, b) for a in range(50, 60) for b in range(40, 46)]
    )
    text = path.read_text().replace("[tasks]", '[tasks]\nleaks = "name"')
    text = text.replace("judge:0.9/0.2", "exact").replace("keep = 30", "keep = 200")
    path.write_text(text, "utf-8")
    run_loop(read_loop(path), folder / "out", processes=1)
    return folder / "out"


def test_a_leaking_held_out_set_is_caught_by_name_in_a_real_loop(leaking: Path) -> None:
    loop = only(leaking)
    fault = next(fault for fault in loop.faults if fault.name == LEAK)
    assert fault.state == "caught"
    evidence = dict(fault.evidence)
    leaked, others = evidence["gain on the leaked tasks"], evidence["gain on the others"]
    apart = evidence["gain on the leaked tasks less that on the others"]
    assert isinstance(leaked, Estimate)
    assert isinstance(others, Estimate)
    assert isinstance(apart, Estimate)
    assert leaked.low > 0
    assert (others.value, apart.low > 0) == (0, True)
    assert "60 tasks of held_out are in tasks" in fault.words
    # No number but the fault's own is made with them.
    assert 0 < loop.leaked <= 60
    assert len(loop.evidence.held_out.tasks) == 120
    assert loop.gains[-1].pairs == 120 - loop.leaked
    assert loop.verdict == "undecided"
    assert not loop.goes


def test_a_verifier_that_rewards_length_is_caught_by_name(tmp_path: Path) -> None:
    loop = only(longer_loop(tmp_path / "out"))
    fault = next(fault for fault in loop.faults if fault.name == LENGTH)
    assert fault.state == "caught"
    assert "the share right is not shown to" in fault.words
    evidence = [quantity for _, quantity in fault.evidence]
    assert all(isinstance(quantity, Estimate) for quantity in evidence)
    assert evidence[0].value > 0.7  # type: ignore[union-attr]
    assert evidence[1].low > 0.5  # type: ignore[union-attr]
    assert loop.verdict != "virtuous"


def test_a_collapse_of_diversity_behind_a_rising_score_is_caught_by_name(tmp_path: Path) -> None:
    loop = only(narrower_loop(tmp_path / "out"))
    assert loop.verdict == "virtuous"
    fault = next(fault for fault in loop.faults if fault.name == DIVERSITY)
    assert fault.state == "caught"
    evidence = dict(fault.evidence)
    assert evidence["gain of the score"].low > 0  # type: ignore[union-attr]
    assert evidence["gain of pass@4"].high < 0  # type: ignore[union-attr]
    assert evidence["change of distinct outputs"].high < 0  # type: ignore[union-attr]
    assert not loop.goes
    assert loop.source == "sharpening"


def test_an_honest_loop_is_virtuous_from_its_first_turn_and_nothing_is_caught(
    tmp_path: Path,
) -> None:
    loop = only(honest_loop(tmp_path / "out"))
    assert (loop.verdict, loop.earliest, loop.volume_trend) == ("virtuous", 1, "falling")
    assert names(loop) == set()
    assert loop.goes
    assert [said for _, said in loop.by_labels] == ["through", "through"]
    last = loop.states[-1]
    assert isinstance(last.errors_per_day, Estimate)
    assert last.errors_per_day.value == pytest.approx(400)
    assert isinstance(last.purity, Estimate)
    assert last.purity.value > 0.85
    assert isinstance(loop.states[0].purity, Unknown)


def test_the_gain_is_that_of_the_rows_in_the_ledger(tmp_path: Path) -> None:
    loop = only(honest_loop(tmp_path / "out"))
    right = loop.evidence.held_out.right
    assert right.sum(axis=1).tolist() == [120, 180, 240]
    assert loop.gains[-1].at_look == paired_gain(right[0], right[2], confidence_level=look_level(0.95, 2))  # fmt: skip


def test_a_real_loop_has_a_verdict_that_agrees_with_its_records(tmp_path: Path) -> None:
    found = run_loop(read_loop(by_heart(tmp_path)), tmp_path / "out", processes=1)
    loop = only(tmp_path / "out", money=Money(usd_per_hour=3.6, worth_usd=1.0))
    records = found.runs[0].turns
    rights = loop.evidence.held_out.right.sum(axis=1).tolist()
    assert rights == [record.held_out.right for record in records]
    assert loop.evidence.harder is not None
    assert loop.evidence.harder.right.sum(axis=1).tolist() == [
        record.harder.right for record in records if record.harder
    ]
    several = loop.evidence.held_out.sampled
    # The ledger is in the order of the names, the record in that of the tasks.
    assert [sorted(one.right.tolist()) for one in several] == [
        sorted(record.sampled.right_by_task) for record in records if record.sampled
    ]
    assert loop.evidence.verify == "judge:0.9/0.2"
    price = loop.prices[0].seconds
    assert isinstance(price, Estimate)
    spent = records[1].seconds
    assert price.value == pytest.approx(spent["generate"] + spent["verify"] + spent["train"])
    assert len(loop.outlook.checked) == 1
    json.dumps(loop.to_json(), allow_nan=False)


def test_arms_and_seeds_are_judged_each_and_together(tmp_path: Path) -> None:
    for seed in range(3):
        for arm, last in (("good", 0.6 + seed / 50), ("bad", 0.1)):
            key: dict[str, object] = {"arm": arm, "seed": seed, "verify": "exact", "mix": "replace"}
            turns = [Said(answers(0.4, 200)), Said(answers(last, 200))]
            write_loop(tmp_path / arm / f"seed-{seed}", turns, key=key)
    report = loop_verdict(tmp_path)
    assert {arm.arm: (arm.verdict, arm.verdicts) for arm in report.arms} == {
        "bad": ("collapsing", {"collapsing": 3}),
        "good": ("virtuous", {"virtuous": 3}),
    }
    good = next(arm for arm in report.arms if arm.arm == "good").gain
    assert isinstance(good, Estimate)
    assert good.value == pytest.approx(0.22)
    assert not report.goes
    one = loop_verdict(tmp_path, VerdictQuestion(arms=("good",), seeds=("1",)))
    assert [loop.evidence.name for loop in one.loops] == ["good, seed 1"]
    assert one.goes
    with pytest.raises(BadInput, match="there is no arm 'better' in it; known are bad, good"):
        loop_verdict(tmp_path, VerdictQuestion(arms=("better",)))


def test_a_change_of_the_kind_of_task_that_gets_worse_is_named(tmp_path: Path) -> None:
    kind = ["rare"] * 60 + ["common"] * 340
    before = [RIGHT] * 40 + [WRONG] * 20 + answers(0.4, 340)
    after = [WRONG] * 55 + [RIGHT] * 5 + answers(0.7, 340)
    loop = only(
        write_loop(tmp_path / "out", [Said(before), Said(after)], held_out=tasks(400, kind=kind))
    )
    assert loop.verdict == "virtuous"
    assert "loss of rare cases" in names(loop)
    fault = next(fault for fault in loop.caught if fault.name == "loss of rare cases")
    assert [name for name, _ in fault.evidence] == ["gain on kind = rare"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0.0},
        {"confidence_level": 1.0},
        {"per_day": -1.0},
        {"money": Money(usd_per_hour=-1.0)},
        {"money": Money(worth_usd=float("nan"))},
        {"money": Money(horizon_days=0.0)},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        VerdictQuestion(**wrong)  # type: ignore[arg-type]
