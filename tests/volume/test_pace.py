"""The pace of a system: golden figures, a measured judge, and what is refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError, BadInput
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.pace import HumanBaseline, PaceQuestion, Reviewers, VolumeQuestion, measure_pace
from assay.volume.pace_evidence import check_minutes, thresholds
from assay.volume.pace_queue import QueueQuestion
from assay.volume.pace_result import PaceAnswer
from volume.desk import DAY, START, answer, count_all, draw, fill

ESSAY = PaceQuestion(
    Reviewers(1, check_minutes=12, fix_minutes=60, recall=1.0),
    volume=VolumeQuestion(human=HumanBaseline(0.1, 8), per_day=800),
    error_rate=0.01,
)
TEAM = Reviewers(3, check_minutes=3, fix_minutes=12)


def times(found: PaceAnswer) -> dict[str, float]:
    """Each policy's pace as a multiple of the people's."""
    multiples = {p.router.kind: found.times(p.per_day) for p in found.policies}
    return {kind: value for kind, value in multiples.items() if value is not None}


@pytest.mark.parametrize(("auroc", "expected"), [(0.9, 31.16), (0.99, 60.7)])
def test_the_essays_paces(auroc: float, expected: float) -> None:
    """II.5: everything read 4.0, nothing 10, at random 14.0, a judge of AUROC 0.9 31, of 0.99 61."""
    found = measure_pace(None, replace(ESSAY, auroc=auroc))
    assert times(found) == pytest.approx(
        {"assumed": expected, "random": 14.05, "nothing": 10.0, "everything": 4.048}, rel=1e-3
    )
    assert found.best.limits_meet
    assert found.times(800) == 100


def test_the_hours_of_a_day_drop_out_where_the_people_keep_the_same() -> None:
    around_the_clock = replace(
        ESSAY,
        reviewers=replace(ESSAY.reviewers, hours_a_day=24),
        volume=VolumeQuestion(human=HumanBaseline(0.1, 24)),
    )
    assert times(measure_pace(None, around_the_clock)) == pytest.approx(
        times(measure_pace(None, ESSAY))
    )


def test_what_helps_is_computed_by_asking_again() -> None:
    found = measure_pace(None, replace(ESSAY, auroc=0.9))
    gains = {gain.change: gain for gain in found.gains}
    again = measure_pace(None, replace(ESSAY, auroc=0.9, error_rate=0.005))
    assert gains["half the errors of the model"].per_day == pytest.approx(again.best.per_day)
    more = replace(ESSAY, auroc=0.9, reviewers=replace(ESSAY.reviewers, reviewers=2))
    assert gains["one reviewer more"].per_day == pytest.approx(
        measure_pace(None, more).best.per_day
    )
    assert [g.gained for g in found.gains] == sorted((g.gained for g in found.gains), reverse=True)


def test_a_single_threshold_binds_by_capacity_as_in_the_table() -> None:
    """II.5: r = .90, f = .0414 with 1 % audit is 40.7 times, and capacity binds."""
    found = measure_pace(None, replace(ESSAY, recall=0.9, false_alarms=0.0414))
    assert times(found)["assumed"] == pytest.approx(40.7, abs=0.05)
    assert found.binds == "capacity"
    assert not found.best.limits_meet


def test_a_budget_of_a_count_is_kept_whatever_the_traffic() -> None:
    asked = PaceQuestion(TEAM, allow=30, per_days=30, error_rate=0.02, auroc=0.9)
    slow, fast = (
        measure_pace(None, replace(asked, volume=VolumeQuestion(per_day=per_day)))
        for per_day in (100.0, 10_000.0)
    )
    assert slow.best.per_day == fast.best.per_day
    assert slow.setting.budget_per_day == 1
    escaped = slow.best.per_day * slow.best.pace.escapes.value
    assert escaped <= 1 + 1e-9


def test_a_shorter_wait_leaves_less_time() -> None:
    asked = PaceQuestion(TEAM, allow=30, per_days=30, error_rate=0.02, auroc=0.9)
    waits = [
        measure_pace(None, replace(asked, reviewers=replace(TEAM, wait_minutes=wait))).best.per_day
        for wait in (1.0, 5.0, 60.0)
    ]
    assert waits == sorted(waits)
    assert waits[0] < waits[2]


@pytest.mark.parametrize(
    ("demand", "decision"), [(100.0, "met"), (249.0, "met"), (250.0, "missed")]
)
def test_a_demand_is_held_against_the_pace_to_keep(demand: float, decision: str) -> None:
    found = measure_pace(None, replace(ESSAY, auroc=0.9, demand_per_day=demand))
    assert found.decision == decision


def test_today_is_unknown_and_so_not_shown() -> None:
    asked = replace(ESSAY, volume=VolumeQuestion(human=HumanBaseline(0.1, 8)), check_today=True)
    found = measure_pace(None, asked)
    assert isinstance(found.today, Unknown)
    assert found.decision == "not shown"
    assert measure_pace(None, replace(ESSAY, check_today=True)).decision == "missed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error_rate": None}, "--error-rate"),
        ({"error_rate": 0.0}, "above 0"),
        ({"judge": "some"}, "in a ledger"),
        ({"auroc": 0.9, "recall": 0.5}, "--auroc, or"),
        ({"recall": 0.5}, "go together"),
        ({"allow": 3.0}, "--per"),
        ({"audit_share": 1.5}, "--audit-share"),
        ({"volume": VolumeQuestion()}, "needs a budget"),
        ({"volume": VolumeQuestion(human=HumanBaseline(system="them"))}, "measured in a ledger"),
        ({"allow": 3.0, "per_days": 0.0}, "--per must be above 0"),
    ],
)
def test_what_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        measure_pace(None, replace(ESSAY, **change))  # type: ignore[arg-type]


def test_reviewers_out_of_range_are_refused() -> None:
    for change in ({"reviewers": 0.0}, {"check_minutes": -1.0}, {"hours_a_day": 25.0}):
        with pytest.raises(BadInput, match="must be"):
            replace(TEAM, **change)


def test_a_measured_judge_carries_its_limits(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=4_000, error_rate=0.05)
    answer(desk, draw(desk, 1_500), tmp_path / "f.csv")
    asked = PaceQuestion(TEAM, allow=60, per_days=1, judge="second reading")
    found = measure_pace(ledger, asked)
    judged = next(p for p in found.policies if p.router.kind == "measured")
    point = judged.best.point
    assert point.recall.low < point.recall.value <= point.recall.high
    assert judged.per_day < 24 * judged.pace.pace.value
    assert found.confidence_level == pytest.approx(0.95)
    assert found.best is judged
    assert isinstance(found.today, Estimate)
    # The error rate, the recall and the false alarms at the threshold, by the whole truth.
    scores = {
        row["trace_id"]: row["error_probability"]
        for row in ledger.rows(
            "SELECT trace_id, error_probability FROM verdicts WHERE draw_id IS NULL"
        )
    }
    wrong = np.array([desk.wrong[t] for t in scores])
    flagged = np.array(list(scores.values())) >= point.threshold
    for share, truth in (
        (point.recall, flagged[wrong].mean()),
        (point.false_alarm_rate, flagged[~wrong].mean()),
        (found.setting.error_rate, wrong.mean()),
    ):
        assert share.low <= truth <= share.high
    json.dumps(found.to_json(), allow_nan=False)


def test_a_census_is_read_as_a_sample_of_what_is_to_come(ledger: Ledger) -> None:
    desk = fill(ledger, traces=600, error_rate=0.1)
    count_all(desk)
    found = measure_pace(ledger, PaceQuestion(TEAM, allow=5, per_days=1, judge="second reading"))
    rate = found.setting.error_rate
    assert rate.low < desk.errors / 600 < rate.high
    with pytest.raises(BadInput, match="can't be the judge"):
        measure_pace(ledger, PaceQuestion(TEAM, allow=5, per_days=1, judge="truth"))


def test_an_unknown_error_rate_says_what_to_type(ledger: Ledger) -> None:
    fill(ledger, traces=50)
    with pytest.raises(AssayError, match="error rate is unknown") as raised:
        measure_pace(ledger, PaceQuestion(TEAM, allow=5, per_days=1))
    assert raised.value.next_command.startswith("assay draw")
    fill(ledger, traces=50, system="other")
    with pytest.raises(BadInput, match="name one with --system"):
        measure_pace(ledger, PaceQuestion(TEAM, allow=5, per_days=1))


def test_silence_of_the_judge_is_read(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger, traces=400, error_rate=0.2, judge=False)
    ledger.append("verdicts", [
        {"trace_id": t, "judge": "half", "judge_kind": "model", "error_probability": 0.9 if bad else 0.1,
         "source": "test"}
        for place, (t, bad) in enumerate(desk.wrong.items()) if place % 2
    ])  # fmt: skip
    answer(desk, draw(desk, 200, judge=None), tmp_path / "f.csv")
    found = measure_pace(ledger, PaceQuestion(TEAM, allow=5, per_days=1, judge="half"))
    judged = next(p for p in found.policies if p.router.kind == "measured")
    finite = [one for one in judged.curve if np.isfinite(one.point.threshold)]
    assert all(one.point.false_alarm_rate.value > 0.4 for one in finite)
    assert any("200 of 400 outputs half said nothing" in note for note in found.notes)


def test_thresholds_come_from_the_scores_alone() -> None:
    scores = np.linspace(0, 1, 1_001)
    cuts = thresholds(scores)
    flagged = [float((scores >= cut).mean()) for cut in cuts]
    assert flagged == pytest.approx([0.7, 0.4, 0.2, 0.1, 0.05, 0.02, 0.01], abs=0.002)
    assert thresholds(np.full(50, 0.5)) == ()
    assert thresholds(np.array([0.0] * 90 + [1.0] * 10)) == (1.0,)


def test_the_people_in_the_ledger_are_a_budget_too(ledger: Ledger) -> None:
    desk = fill(ledger, traces=800, error_rate=0.02)
    people = fill(ledger, traces=400, error_rate=0.2, system="people", days=40.0)
    count_all(desk)
    count_all(people)
    volume = VolumeQuestion(human=HumanBaseline(system="people"))
    found = measure_pace(ledger, PaceQuestion(TEAM, volume=volume, auroc=0.9))
    assert found.setting.budget_per_day == pytest.approx(people.errors / 40, rel=0.01)
    assert found.name == "desk"
    assert found.times(found.best.per_day) is not None


def test_check_times_come_from_labels_one_after_the_other(ledger: Ledger) -> None:
    assert isinstance(check_minutes(ledger, confidence_level=0.95), Unknown)
    rng = np.random.default_rng(3)
    gaps = rng.gamma(4, 0.5, 200)
    gaps[50] = 90.0
    moments = START + np.cumsum(gaps * 60e6).astype(np.int64)
    ledger.append("verdicts", [
        {"trace_id": f"t{i}", "judge": "ann", "judge_kind": "person", "error_probability": 0.0, "at": int(at),
         "draw_id": "draw-1", "source": "test"}
        for i, at in enumerate(moments)
    ])  # fmt: skip
    found = check_minutes(ledger, confidence_level=0.95)
    assert isinstance(found, Estimate)
    assert found.low < 2.0 < found.high
    assert found.n == 198
    assert moments[-1] - moments[0] < DAY


def test_the_queue_is_seeded_and_goes_at_the_pace_that_is_asked() -> None:
    asked = replace(ESSAY, auroc=0.9, demand_per_day=200, queue=QueueQuestion(seed=5))
    one, again = measure_pace(None, asked), measure_pace(None, asked)
    assert one.to_json() == again.to_json()
    assert one.queue is not None
    assert one.queue.load.outputs_per_day == 200
    best = one.best.pace
    assert one.queue.offered_hours_per_day == pytest.approx(200 * best.review_hours.value)


@pytest.mark.shared_data
def test_on_the_answers_of_others(shared_data: Path, ledger: Ledger) -> None:
    """ZeroEval: a real model on 1,319 sums, each judged by a check: read as a sample of what is to come."""
    errors = 0
    traces: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    with gzip.open(
        shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt", encoding="utf-8"
    ) as stream:
        for row in map(json.loads, stream):
            if row["model"] != "Athene-70B":
                continue
            errors += not row["correct"]
            traces.append(
                {
                    "trace_id": row["item"],
                    "task_id": row["item"],
                    "system": row["model"],
                    "version": "",
                    "epoch": 1,
                    "output": row["answer"] or "",
                    "origin": "exam",
                    "tags": "{}",
                    "source": "gsm",
                }
            )
            verdicts.append(
                {
                    "trace_id": row["item"],
                    "judge": "published",
                    "judge_kind": "check",
                    "error_probability": 1.0 - row["correct"],
                    "source": "gsm",
                }
            )
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)
    volume = VolumeQuestion(per_day=2_000)
    asked = PaceQuestion(TEAM, allow=30, per_days=30, volume=volume, check_today=True)
    found = measure_pace(ledger, asked)
    rate = found.setting.error_rate
    assert (rate.n, rate.value) == (1_319, errors / 1_319)
    assert rate.low < rate.value < rate.high
    nothing = next(p for p in found.policies if p.router.kind == "nothing")
    # One error a day: unread, one output in 1 / rate.
    assert nothing.per_day == pytest.approx(1 / rate.high)
    assert found.best.per_day > nothing.per_day
    assert found.decision == "missed"
