"""A judge measured in a ledger: by labels of any draw, or by a census; what it shows, and what it can't show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError, BadInput, DrawError, LedgerError
from assay.judge.calibration import Calibration, calibrate
from assay.judge.calibration_evidence import CalibrationQuestion, gather_evidence
from assay.judge.calibration_outputs import NO_LABEL
from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from volume.desk import DAY, START, Desk, count_all, draw, fill

JUDGE = "second reading"
TRUTH = "the desk's truth"


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def judge_again(
    desk: Desk, name: str, *, kind: str = "model", seed: int = 5, **flags: float
) -> None:
    """Let another judge speak on every output: it flags wrong ones and right ones with some chance."""
    rng = np.random.default_rng(seed)
    rows = []
    for trace_id, bad in desk.wrong.items():
        flag = rng.random() < (flags["wrong"] if bad else flags["right"])
        rows.append({
            "trace_id": trace_id, "judge": name, "judge_kind": kind, "error_probability": float(flag),
            "note": f"{int(flag)} of 2 readings say wrong. So.", "source": "test",
        })  # fmt: skip
    desk.ledger.append("verdicts", rows)


def tell_truth(desk: Desk) -> None:
    count_all(desk, TRUTH)


def label(desk: Desk, drawn: StoredDraw, only: set[str] | None = None) -> None:
    """Let a person label what was drawn, or a part of it."""
    desk.ledger.append("verdicts", [
        {"trace_id": trace_id, "judge": "ada", "judge_kind": "person", "draw_id": drawn.draw_id, "at": START,
         "error_probability": float(desk.wrong[trace_id]), "source": "test"}
        for stratum in drawn.strata for trace_id in stratum.trace_ids if only is None or trace_id in only
    ])  # fmt: skip


def counted(desk: Desk, name: str, threshold: float = 0.5) -> dict[str, float]:
    rows = desk.ledger.rows(
        f"SELECT trace_id, error_probability AS p FROM verdicts WHERE judge = '{name}' AND draw_id IS NULL"
    )
    flags = {row["trace_id"]: row["p"] >= threshold for row in rows}
    hits = [flags[t] for t, bad in desk.wrong.items() if bad]
    passed = [not flags[t] for t, bad in desk.wrong.items() if not bad]
    return {"sensitivity": float(np.mean(hits)), "specificity": float(np.mean(passed))}


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger, traces=1_000, error_rate=0.1)


def asked(desk: Desk, judge: str = JUDGE, **options: object) -> Calibration:
    return calibrate(desk.ledger, CalibrationQuestion(judge, **options))  # type: ignore[arg-type]


def test_a_census_is_counted_and_read_as_a_sample_of_tasks(desk: Desk) -> None:
    tell_truth(desk)
    found = asked(desk, truth=TRUTH)
    truth = counted(desk, JUDGE)
    assert known(found.errors.sensitivity).value == pytest.approx(truth["sensitivity"])
    assert known(found.errors.specificity).value == pytest.approx(truth["specificity"])
    assert known(found.errors.sensitivity).guarantee == "exact"
    assert found.of_tasks is not None
    tasks = known(found.of_tasks.sensitivity)
    assert tasks.low < truth["sensitivity"] < tasks.high
    assert known(found.auroc).value > 0.95
    assert found.worth.finding == "saves labels"
    assert found.evidence == "census"


@pytest.mark.parametrize("drawn_by", [JUDGE, None, "other"])
@pytest.mark.parametrize("threshold", [0.5, 0.35])
def test_labels_go_by_their_design(desk: Desk, drawn_by: str | None, threshold: float) -> None:
    judge_again(desk, "other", wrong=0.7, right=0.2)
    drawn = draw(desk, 200, judge=drawn_by)
    label(desk, drawn)
    found = asked(desk, threshold=threshold)
    truth = counted(desk, JUDGE, threshold)
    assert found.labels == 200
    assert found.question.draw_id == drawn.draw_id
    for name in ("sensitivity", "specificity"):
        quantity = known(getattr(found.errors, name))
        assert quantity.low - 1e-9 <= truth[name] <= quantity.high + 1e-9
        assert quantity.low < quantity.high
    assert known(found.errors.naive_rate).guarantee == "exact"
    assert known(found.auroc).low < known(found.auroc).high <= 1
    assert (found.worth.finding is None) == (drawn_by != JUDGE)
    assert all(known(one.error_rate).low < known(one.error_rate).high for one in found.bins)
    assert known(found.calibration_error).low <= known(found.calibration_error).value


def test_the_strata_of_the_evidence_are_those_that_were_drawn(desk: Desk) -> None:
    judge_again(desk, "other", wrong=0.7, right=0.2)
    drawn = draw(desk, 150, by=("topic",))
    label(desk, drawn)
    for judge in (JUDGE, "other"):
        evidence = gather_evidence(desk.ledger, CalibrationQuestion(judge))
        sizes = np.bincount(evidence.outputs.stratum).tolist()
        assert sizes == [stratum.size for stratum in drawn.strata]
        labeled = np.bincount(evidence.outputs.stratum[evidence.outputs.wrong != NO_LABEL]).tolist()
        assert labeled == [stratum.planned for stratum in drawn.strata]
        assert evidence.draw == drawn


def test_only_the_beginning_of_the_random_order_counts(desk: Desk) -> None:
    drawn = draw(desk, 100, judge=None)
    order = drawn.strata[0].trace_ids
    label(desk, drawn, only={*order[:30], *order[40:]})
    found = asked(desk)
    assert found.labels == 30
    assert any("30 of 100 labels count so far" in note for note in found.notes)


def test_outputs_on_which_the_judge_is_silent_are_named_and_left_out(desk: Desk) -> None:
    tell_truth(desk)
    silent = list(desk.wrong)[:50]
    desk.ledger.append(
        "verdicts",
        [
            {"trace_id": t, "judge": JUDGE, "judge_kind": "model", "error_probability": None, "at": START + DAY,
             "source": "test"}
            for t in silent
        ],
    )  # fmt: skip
    found = asked(desk, truth=TRUTH)
    assert found.silent == 50
    assert "on 50 of 1,000 outputs the judge said nothing" in found.notes[0]
    assert known(found.errors.naive_rate).n == 950


def test_a_judge_that_grew_blind_is_found_out(ledger: Ledger) -> None:
    desk = fill(ledger, traces=2_000, error_rate=0.2, judge=False)
    tell_truth(desk)
    order = sorted(desk.wrong)
    flags = {
        t: float(bad and place < 1_000) for place, (t, bad) in enumerate(sorted(desk.wrong.items()))
    }
    desk.ledger.append(
        "verdicts",
        [
            {"trace_id": t, "judge": "tired", "judge_kind": "model", "error_probability": flags[t], "source": "test"}
            for t in order
        ],
    )  # fmt: skip
    judge_again(desk, "steady", wrong=0.8, right=0.1)
    tired, steady = asked(desk, "tired", truth=TRUTH), asked(desk, "steady", truth=TRUTH)
    assert tired.drift.finding == "drift"
    assert {change.rate for change in tired.drift.shown} == {"sensitivity"}
    assert len(tired.drift.periods) == 4
    first, *_, last = (known(period.errors.sensitivity).value for period in tired.drift.periods)
    assert (first, last) == (1.0, 0.0)
    assert steady.drift.finding == "no drift shown"
    assert all(known(change).value < 0.3 for _, change in steady.drift.visible)


def test_labels_picked_by_another_judge_show_no_drift_but_the_periods(desk: Desk) -> None:
    # That judge may drift by itself, and with it what is labeled.
    judge_again(desk, "steady", wrong=0.8, right=0.1)
    label(desk, draw(desk))
    drift = asked(desk, "steady").drift
    assert drift.finding == "unknown"
    assert JUDGE in drift.unknown
    assert len(drift.periods) == 4
    assert known(drift.periods[0].errors.specificity).low > 0.5
    assert not drift.changes
    assert asked(desk).drift.finding != "unknown", (
        "the judge that made the strata itself can be tested"
    )


def test_too_few_labels_show_no_drift_and_say_so(desk: Desk) -> None:
    drawn = draw(desk, 60, judge=None)
    label(desk, drawn, only=set(drawn.strata[0].trace_ids[:30]))
    assert "too few" in asked(desk).drift.unknown


def test_a_taste_for_length_is_found_among_right_outputs(ledger: Ledger) -> None:
    traces, verdicts = [], []
    for place in range(400):
        trace_id, bad, words = f"t{place:03}", place % 5 == 0, 1 + place % 7
        traces.append({
            "trace_id": trace_id, "task_id": trace_id, "system": "s", "version": "", "epoch": 1,
            "input": "?", "output": "word " * words, "origin": "field", "source": "test",
        })  # fmt: skip
        for judge, flag in ((TRUTH, bad), ("long-winded", bad or words > 5), ("fair", bad)):
            verdicts.append({
                "trace_id": trace_id, "judge": judge, "judge_kind": "check", "error_probability": float(flag),
                "source": "test",
            })  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    longer = calibrate(ledger, CalibrationQuestion("long-winded", truth=TRUTH)).length
    fair = calibrate(ledger, CalibrationQuestion("fair", truth=TRUTH)).length
    assert longer.median_characters == 20
    assert known(longer.among_right).low > 0.5
    assert known(longer.among_wrong).value == 0
    assert known(fair.among_right).low <= 0 <= known(fair.among_right).high
    assert "no time" in calibrate(ledger, CalibrationQuestion("fair", truth=TRUTH)).drift.unknown


def test_the_order_is_known_only_where_the_judge_read_in_both(desk: Desk) -> None:
    tell_truth(desk)
    assert isinstance(asked(desk, truth=TRUTH).position, Unknown)
    once = "m (rubric correctness@1; prompt 1; 1 reading; both orders)"
    judge_again(desk, once, wrong=0.5, right=0.1)
    found = asked(desk, once, truth=TRUTH)
    flags = desk.ledger.rows(
        f"SELECT sum(error_probability) AS n FROM verdicts WHERE judge = '{once}'"
    )
    assert known(found.position).value == flags[0]["n"] / 1_000
    # Judged again, and this time in vain: the newest counts, and two abstentions are no verdict that stood.
    silent = sorted(desk.wrong)[:400]
    desk.ledger.append("verdicts", [
        {"trace_id": t, "judge": once, "judge_kind": "model", "error_probability": None,
         "note": "0 of 2 readings say wrong. abstained: unsure", "source": "test", "at": START + 10 * DAY}
        for t in silent
    ])  # fmt: skip
    assert known(asked(desk, once, truth=TRUTH).position).n == 600
    often = once.replace("1 reading", "3 readings")
    judge_again(desk, often, wrong=0.5, right=0.1)
    assert "several readings" in str(asked(desk, often, truth=TRUTH).position)


def test_several_systems_are_shown_one_by_one(ledger: Ledger) -> None:
    kin = fill(ledger, traces=300, error_rate=0.2, system="kin", judge=False)
    other = fill(ledger, traces=300, error_rate=0.2, system="other", seed=2, judge=False)
    for desk, sees in ((kin, 0.2), (other, 0.9)):
        tell_truth(desk)
        judge_again(desk, "kind to its own", wrong=sees, right=0.05)
    found = asked(kin, "kind to its own", truth=TRUTH)
    sees_of = {one.system: known(one.errors.sensitivity) for one in found.by_system}
    assert sees_of["kin"].high < sees_of["other"].low
    assert found.judged == "2 systems"
    assert asked(kin, "kind to its own", truth=TRUTH, system="kin").by_system == ()


def test_what_is_not_there_is_said_with_the_next_command(desk: Desk) -> None:
    with pytest.raises(AssayError, match="labeled from a draw") as nothing:
        asked(desk)
    assert nothing.value.next_command.startswith("assay draw")
    assert " --system " in nothing.value.next_command
    assert "(" not in nothing.value.next_command, "it is typed as it stands"
    with pytest.raises(LedgerError, match="'second reading' \\(1,000\\)"):
        asked(desk, "somebody else")
    with pytest.raises(LedgerError, match="there are"):
        asked(desk, truth="somebody else")
    with pytest.raises(LedgerError, match="no output of elsewhere"):
        asked(desk, truth=TRUTH, system="elsewhere")
    drawn = draw(desk, 50)
    with pytest.raises(AssayError, match="none of the 50 labels"):
        asked(desk, draw_id=drawn.draw_id)
    with pytest.raises(DrawError, match="no draw"):
        asked(desk, draw_id="draw-0")
    for wrong in ({"threshold": 0.0}, {"truth": JUDGE}, {"truth": "x", "draw_id": "y"}):
        with pytest.raises(BadInput):
            asked(desk, **wrong)


def test_a_truth_with_gaps_is_no_census(desk: Desk) -> None:
    desk.ledger.append(
        "verdicts",
        [{"trace_id": next(iter(desk.wrong)), "judge": "spot check", "judge_kind": "check", "error_probability": 0.0,
          "source": "test"}],
    )  # fmt: skip
    with pytest.raises(AssayError, match="on 1 of 1,000 outputs: a count needs them all"):
        asked(desk, truth="spot check")


def test_an_empty_ledger_has_no_judge(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there are no scores"):
        calibrate(ledger, CalibrationQuestion(JUDGE))


def test_of_several_answers_to_a_task_the_first_counts(ledger: Ledger) -> None:
    """Three identical tries tell no more than one: the limits are those of the tasks."""
    for epoch in (1, 2, 3):
        ledger.append("traces", [
            {"trace_id": f"t{i}-{epoch}", "task_id": f"t{i}", "system": "s", "version": "", "epoch": epoch,
             "output": "x"} for i in range(60)
        ])  # fmt: skip
        ledger.append("verdicts", [
            {"trace_id": f"t{i}-{epoch}", "judge": judge, "judge_kind": kind, "error_probability": float(said)}
            for i in range(60)
            for judge, kind, said in (("j", "model", i % 4 == 0), ("truth", "check", i % 3 == 0))
        ])  # fmt: skip
    found = calibrate(ledger, CalibrationQuestion("j", truth="truth"))
    assert found.outputs == 60
    assert found.of_tasks is not None
    assert known(found.of_tasks.sensitivity).n == 20
    assert any("of 180 answers to 60 tasks" in note for note in found.notes)


def test_systems_that_share_tasks_are_no_sample_of_tasks(ledger: Ledger) -> None:
    for system in ("a", "b"):
        ledger.append("traces", [
            {"trace_id": f"{system}{i}", "task_id": f"t{i}", "system": system, "version": "", "epoch": 1, "output": "x"}
            for i in range(30)
        ])  # fmt: skip
        ledger.append("verdicts", [
            {"trace_id": f"{system}{i}", "judge": judge, "judge_kind": kind, "error_probability": float(said)}
            for i in range(30)
            for judge, kind, said in (("j", "model", i % 4 == 0), ("truth", "check", i % 3 == 0))
        ])  # fmt: skip
    both = calibrate(ledger, CalibrationQuestion("j", truth="truth"))
    assert both.of_tasks is None
    assert any("several systems answered the same tasks" in note for note in both.notes)
    one = calibrate(ledger, CalibrationQuestion("j", truth="truth", system="a"))
    assert one.of_tasks is not None
