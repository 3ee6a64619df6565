"""Stability from a ledger: published figures, one trial that is never stable, and errors a day that are dice."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import BadInput
from assay.judge.rules import parser_named
from assay.ledger.store import Ledger
from assay.probe.stability import StabilityQuestion, StabilityReport, measure_stability
from assay.probe.stability_read import UNREAD
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.report.stability_words import sentences
from probe.stability_ledgers import add_asks, add_verdicts, airline, code_model

QUESTION = StabilityQuestion()


def measured(ledger: Ledger, question: StabilityQuestion = QUESTION) -> StabilityReport:
    return measure_stability(ledger, question, parser=parser_named("answer"))


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


@pytest.mark.shared_data
def test_tau_bench_as_published(shared_data: Path, tmp_path: Path) -> None:
    report = measured(airline(shared_data, tmp_path / "airline.ledger"))
    (one,) = report.systems
    assert one.solved == (14, 12, 10, 4, 10)
    assert [round(known(k).value, 3) for k in one.pass_hat] == [0.42, 0.273, 0.22, 0.2]
    assert (one.asks, one.tasks, one.repeated, one.judged) == (4, 50, 50, 200)
    assert known(one.sometimes_seen).value == pytest.approx(26 / 50)
    # Of 116 errors a quarter is right at one further ask; the interval has tasks as its unit.
    assert known(one.right_again).value == pytest.approx(22 / 87)
    assert known(one.right_again).n == 40
    json.dumps(report.to_json(), allow_nan=False)


@pytest.mark.shared_data
def test_a_model_with_one_trial_is_unknown_and_one_with_ten_is_not(
    shared_data: Path, tmp_path: Path
) -> None:
    with gzip.open(shared_data / "livecodebench" / "gen_20240417.json.gz", "rt") as stream:
        rows = json.load(stream)["performances"]
    single = next(
        name
        for name in sorted({row["model"] for row in rows})
        if {row["pass@1"] for row in rows if row["model"] == name} <= {0.0, 100.0}
    )
    (once,) = measured(code_model(shared_data, tmp_path / "1.ledger", single, 1)).systems
    assert not once.is_known
    assert once.to_json()["stability"] == "unknown"
    assert isinstance(once.pass_hat[0], Estimate)
    for quantity in (once.verdict_flips, once.sometimes, once.right_again, once.raw_agreement):
        assert isinstance(quantity, Unknown)
    (ten,) = measured(code_model(shared_data, tmp_path / "2.ledger", "DSCoder-33b-Ins", 10)).systems
    assert ten.is_known
    assert ten.asks == 10
    own = [row["pass@1"] for row in rows if row["model"] == "DSCoder-33b-Ins"]
    assert known(ten.pass_hat[0]).value == pytest.approx(np.mean(own) / 100, abs=1e-6)
    right = np.round(np.array(own) / 10)
    oracle = np.sum(right * (10 - right) / 90) / np.sum((10 - right) / 10)
    assert known(ten.right_again).value == pytest.approx(oracle)
    assert known(ten.right_again).low > 0


def test_errors_a_day_are_divided_at_a_level_that_holds(ledger: Ledger) -> None:
    add_asks(ledger, [(f"t{i}", e, int(i < 10 and e == 1)) for i in range(40) for e in (1, 2)])
    (one,) = measured(ledger).systems
    # Ten tasks are wrong once of twice: every error is right when asked again.
    assert known(one.right_again).value == 1.0
    volume = Estimate(100.0, 80.0, 130.0, "errors/day", 0.975, 300, "labels")
    dice = known(one.dice_per_day(volume))
    assert dice.value == 100.0
    assert dice.confidence_level == 0.95
    assert dice.low == pytest.approx(80.0 * known(one.right_again_wide).low)
    counted = known(one.dice_per_day(exact(100.0, "errors/day", n=80, method="census")))
    assert counted.confidence_level == 0.95
    assert counted.low == pytest.approx(100 * known(one.right_again).low)
    missing = Unknown("no volume")
    assert one.dice_per_day(missing) == missing


def test_without_verdicts_texts_are_compared_all_the_same(ledger: Ledger) -> None:
    add_asks(ledger, [(f"t{i}", e, None) for i in range(5) for e in (1, 2)])
    (one,) = measured(ledger).systems
    assert known(one.raw_agreement).value == 1.0
    assert isinstance(one.verdict_flips, Unknown)
    assert "name a check" in one.verdict_flips.reason


def test_other_settings_make_no_repeats(ledger: Ledger) -> None:
    for wording in ("a@1", "b@2"):
        add_asks(ledger, [(f"t{i}", 1, i % 2) for i in range(12)], wording=wording)
    (one,) = measured(ledger).systems
    assert not one.is_known
    assert len(one.repeats.wordings) == 2


def test_logs_without_epochs_are_repeats_by_their_task(ledger: Ledger) -> None:
    rows = [("t1", 1, 0), ("t2", 1, 1)]
    add_asks(ledger, rows)
    add_asks(ledger, rows, wording="", version="1", trace_id="x1")
    (one,) = measured(ledger).systems
    assert one.asks == 2


def test_a_wording_and_a_version_and_a_judge_have_their_shares(ledger: Ledger) -> None:
    rng = np.random.default_rng(1)
    noisy: dict[str, int | None] = {}
    for version in ("1", "2"):
        for wording in ("a@1", "b@2", "c@3"):
            q = rng.beta(1, 1, 60)
            asks = [(f"t{i}", e, int(rng.random() < q[i])) for i in range(60) for e in (1, 2, 3)]
            add_asks(ledger, asks, version=version, wording=wording)
            noisy |= {
                f"desk-{version}-{wording}-{task}-{e}": wrong ^ int(rng.random() < 0.2)
                for task, e, wrong in asks
            }
    add_verdicts(ledger, "second", noisy)
    judges = ("exact@1 (answer@1)", "second")
    report = measured(ledger, StabilityQuestion(judges=judges))
    (spread,) = report.spreads
    assert not isinstance(spread.components, Unknown)
    assert list(spread.components.shares) == ["task", "wording", "version", "run", "judge"]
    # Chances are drawn anew for each version and wording: the task itself has next to none.
    assert known(spread.components.shares["task"]).value < 0.1
    assert spread.plan is not None
    assert spread.plan.design.tasks == 60
    json.dumps(report.to_json(), allow_nan=False)


def test_one_verdict_a_task_is_no_repeat_however_often_it_was_asked(ledger: Ledger) -> None:
    add_asks(ledger, [(f"t{i}", e, 0 if e == 1 else None) for i in range(5) for e in (1, 2, 3)])
    (one,) = measured(ledger).systems
    assert one.is_known
    assert isinstance(one.verdict_flips, Unknown)
    assert "on two of its asks" in one.verdict_flips.reason
    said = list(sentences(one, Unknown("no volume")))
    assert any("10 of 15 answers have no verdict" in sentence for sentence in said)


def test_a_wording_is_the_same_in_each_version(ledger: Ledger) -> None:
    """Version 1 was asked in one wording, version 2 in two: there are two wordings, not three."""
    for version, wordings in (("1", ("a@1",)), ("2", ("a@1", "b@2"))):
        for wording in wordings:
            asks = [(f"t{i}", e, (i + e) % 2) for i in range(12) for e in (1, 2)]
            add_asks(ledger, asks, version=version, wording=wording)
    (spread,) = measured(ledger).spreads
    assert spread.plan is not None
    assert spread.plan.design.wordings == 2


def test_answers_that_can_not_be_read_are_counted(ledger: Ledger) -> None:
    add_asks(ledger, [(f"t{i}", e, 0) for i in range(5) for e in (1, 2)])
    (read,) = measured(ledger).systems
    one = replace(read, repeats=replace(read.repeats, answer=np.full(10, UNREAD)))
    assert read.unread == 0
    assert one.unread == one.to_json()["unread"] == 10
    assert any("10 of 10 answers could not be read" in s for s in sentences(one, Unknown("none")))


def test_who_is_not_there_is_named(ledger: Ledger) -> None:
    add_asks(ledger, [("t1", 1, 0), ("t1", 2, 0)])
    with pytest.raises(BadInput, match="no answer of nobody"):
        measured(ledger, replace(QUESTION, system="nobody"))
    with pytest.raises(BadInput, match="no verdict here is by"):
        measured(ledger, replace(QUESTION, judges=("stranger",)))
    with pytest.raises(BadInput, match="confidence level"):
        measured(ledger, replace(QUESTION, confidence_level=1.5))
