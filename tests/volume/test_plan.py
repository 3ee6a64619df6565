"""A plan for labels: what it says is what the estimators say, and what can't be shown is said."""

from __future__ import annotations

import json
import math
import time

import pytest

from assay.errors import BadInput
from assay.estimate import (
    StratumCount,
    acceptance_labels,
    clopper_pearson,
    evidence_ceiling,
    passing_probability,
    rate_to_sigma,
    sigma_to_rate,
    zero_failure_labels,
    zero_failure_labels_any_time,
)
from assay.volume.looks import MISS_SHARES
from assay.volume.plan import PlanRequest, plan_labels
from assay.volume.plan_result import LabelPlan
from assay.volume.plan_words import calendar, rate_words
from assay.volume.question import HumanBaseline
from assay.volume.reach import ESCAPE_RATE, MOST_LABELS


def labels_of(plan: LabelPlan) -> dict[int, int]:
    return {row.allowed_errors: row.labels for row in plan.rows}


def test_four_sigma() -> None:
    plan = plan_labels(PlanRequest(standard="4sigma"))
    rate = sigma_to_rate(4)
    assert labels_of(plan) == {c: acceptance_labels(rate, c) for c in (0, 1, 2, 5, 12)}
    assert plan.rows[0].labels == 94_587
    assert plan.rows[0].labels_any_time == zero_failure_labels_any_time(rate)
    assert plan.rows[0].labels_planned_looks == zero_failure_labels(
        rate, confidence_level=1 - 0.05 * MISS_SHARES[-1]
    )
    (chosen,) = plan.recommended
    assert chosen.plan
    assert chosen.plan.allowed_errors == 2
    assert [row.recommended for row in plan.rows] == [False, False, True, False, False]
    assert plan.reach.verdict == "within"
    assert plan.target.sigma == pytest.approx(
        {"one-sided": 4, "two-sided": 4.161, "shifted-1.5": 5.5}, abs=1e-3
    )
    assert "Only a system 13 times better than the standard passes that with 80 %" in plan.sentence
    assert plan.next_command.startswith(f"assay draw LEDGER --labels {chosen.plan.labels} ")


def test_the_chances_are_those_of_the_rates_that_are_named() -> None:
    plan = plan_labels(PlanRequest(at_most=0.001, expected=(0.0004,)))
    shares = [rate.of_standard for rate in plan.true_rates]
    assert shares == pytest.approx([1 / 10, 1 / 5, 1 / 3, 0.4, 1 / 2, 1, 2])
    assert [rate.expected for rate in plan.true_rates].index(True) == 3
    for row in plan.rows:
        for rate, passes in zip(plan.true_rates, row.passes, strict=True):
            expect = passing_probability(row.labels, row.allowed_errors, rate.error_rate)
            assert passes == pytest.approx(expect)
    assert all(row.passes[5] <= 0.05 for row in plan.rows)


def test_each_expected_rate_has_its_plan() -> None:
    plan = plan_labels(PlanRequest(at_most=0.001, expected=(0.0001, 0.0005, 0.0001, 0.002)))
    good, half, worse = plan.recommended
    assert good.plan
    assert half.plan
    assert (good.plan.allowed_errors, half.plan.allowed_errors) == (1, 12)
    assert worse.plan is None
    assert "not to pass" in worse.reason
    assert {1, 12} <= {row.allowed_errors for row in plan.rows if row.recommended}


def test_a_count_is_a_claim_on_its_own_window() -> None:
    plan = plan_labels(PlanRequest(standard="30/30d", per_day=20_000))
    assert (plan.target.population, plan.target.most_errors) == (600_000, 30)
    assert plan.rows[0].labels == acceptance_labels(30 / 600_000, 0, population=600_000)
    # As a source it would take more.
    assert plan.rows[0].labels < 0.93 * zero_failure_labels(30 / 600_000)
    assert [rate.errors for rate in plan.true_rates] == [3, 6, 10, 15, 30, 60]
    assert "hypergeometric" in plan.method
    assert all(row.passes[4] > 0.05 > row.passes[5] for row in plan.rows)


def test_a_count_on_another_window_is_its_share() -> None:
    plan = plan_labels(PlanRequest(standard="30/30d", per_day=20_000, population=140_000))
    assert (plan.target.population, plan.target.most_errors) == (140_000, 7)
    assert plan.target.error_rate == pytest.approx(5e-5)
    assert plan_labels(PlanRequest(standard="30/30d", population=600_000)).target.most_errors == 30


def test_a_window_that_may_hold_no_error_is_read_in_full() -> None:
    plan = plan_labels(PlanRequest(standard="0/7d", per_day=100))
    assert labels_of(plan) == {0: acceptance_labels(0, 0, population=700)}
    assert plan.reach.verdict == "census"
    assert [rate.errors for rate in plan.true_rates] == [0, 1]
    assert plan.rows[0].passes[0] == 1
    assert plan.rows[0].passes[1] <= 0.05
    assert "label every output" in plan.sentence
    assert "--labels 700 " in plan.next_command
    assert plan.to_json()["sigma"] is None


def test_people_are_a_count_a_day() -> None:
    human = HumanBaseline(error_rate=0.1, per_day=40)
    plan = plan_labels(PlanRequest(standard="human", per_day=4000, human=human))
    assert plan.target.error_rate == pytest.approx(0.001)
    assert any("assumed" in note for note in plan.notes)


def test_pace_and_money() -> None:
    plan = plan_labels(PlanRequest(at_most=0.01, labels_per_day=20, usd_per_label=1.5))
    row = plan.rows[0]
    assert (row.labels, row.days, row.usd) == (299, 15, 448.5)
    assert "labels a day" in plan.sentence
    assert "USD" in plan.sentence


def test_five_sigma_is_out_of_reach() -> None:
    plan = plan_labels(PlanRequest(standard="5sigma"))
    reach = plan.reach
    assert reach.verdict == "out"
    assert reach.most_labels == MOST_LABELS
    shown = clopper_pearson(0, MOST_LABELS, alternative="less").high
    assert reach.ceiling_sigma == pytest.approx(rate_to_sigma(shown))
    assert 4.5 < reach.ceiling_sigma < 4.6
    assert "out of reach by testing" in plan.sentence
    assert plan.next_command == "assay judge LEDGER --check exact"


def test_seeded_errors_are_a_claim_with_a_condition() -> None:
    seeded = plan_labels(PlanRequest(standard="5sigma")).reach.seeded
    assert seeded
    assert seeded.layers == 1
    # 74 by the Poisson formula, -ln(0.025) / 0.05; exactly it takes 72.
    assert seeded.seeds_per_layer == zero_failure_labels(0.05, confidence_level=0.975) == 72
    assert math.ceil(-math.log(0.025) / 0.05) == 74
    assert seeded.base_rate * ESCAPE_RATE == pytest.approx(sigma_to_rate(5))
    assert seeded.base_labels <= MOST_LABELS
    assert "represent the natural" in str(seeded.to_json()["condition"])


def test_layers_are_no_discount_on_natural_outputs() -> None:
    for standard in ("5sigma", "6sigma"):
        seeded = plan_labels(PlanRequest(standard=standard)).reach.seeded
        assert seeded
        assert seeded.natural_labels / seeded.direct_labels == pytest.approx(1, abs=0.03)
        # What the parts show, together, is the standard, with the chances to miss added up.
        shown = seeded.base_rate * seeded.escape_rate**seeded.layers
        assert shown == pytest.approx(sigma_to_rate(float(standard[0])))
        assert (1 - seeded.confidence_each) * (seeded.layers + 1) == pytest.approx(0.05)


def test_seeded_errors_of_a_window_are_a_claim_on_the_rate() -> None:
    # What checks let through of a window's errors is random: the plan is that of the source.
    source = plan_labels(PlanRequest(standard="5sigma", labels_per_day=400)).reach.seeded
    window = plan_labels(
        PlanRequest(standard="5sigma", labels_per_day=400, population=2_000_000)
    ).reach.seeded
    assert source == window is not None
    tiny = PlanRequest(standard="9sigma", labels_per_day=400, population=2_000_000)
    assert plan_labels(tiny).reach.seeded is None


def test_reach_follows_the_pace() -> None:
    slow = plan_labels(PlanRequest(standard="4sigma", labels_per_day=200)).reach
    fast = plan_labels(PlanRequest(standard="4sigma", labels_per_day=300)).reach
    assert (slow.verdict, slow.most_labels) == ("out", 73_000)
    assert (fast.verdict, fast.most_labels) == ("within", 109_500)
    assert slow.ceiling_sigma < 4 < fast.ceiling_sigma
    assert slow.seeded
    assert fast.seeded is None


def test_the_ceiling_of_a_window_is_that_of_its_labels_and_its_size() -> None:
    reach = plan_labels(PlanRequest(standard="2sigma", population=5000, labels_per_day=2)).reach
    assert reach.most_labels == 730
    assert reach.ceiling_sigma == evidence_ceiling([StratumCount(5000, 730, 0)]).value
    whole = plan_labels(PlanRequest(standard="2sigma", population=5000)).reach
    assert whole.most_labels == 5000
    assert whole.ceiling_sigma == evidence_ceiling([StratumCount(5000, 5000, 0)]).value


def test_labels_that_err_cost_labels_and_chances() -> None:
    clean = plan_labels(PlanRequest(at_most=0.01, label_error_rate=0.0))
    noisy = plan_labels(PlanRequest(at_most=0.01, label_error_rate=0.001))
    assert labels_of(clean) == labels_of(plan_labels(PlanRequest(at_most=0.01)))
    # People miss one error in a thousand: what they see must be that much rarer.
    assert noisy.rows[0].labels == zero_failure_labels(0.01 * 0.999)
    assert noisy.rows[0].passes[0] < clean.rows[0].passes[0]
    seen = 0.001 * 0.999 + 0.999 * 0.001
    assert noisy.rows[0].passes[0] == pytest.approx((1 - seen) ** noisy.rows[0].labels)
    assert not noisy.noise.second_reader
    # The true rate that passes is that of outputs called wrong, less the false alarms.
    rate = noisy.row(5).passing_rate
    assert rate is not None
    called = rate * 0.999 + (1 - rate) * 0.001
    assert passing_probability(noisy.row(5).labels, 5, called) == pytest.approx(0.8)


def test_a_window_whose_labels_err() -> None:
    plan = plan_labels(PlanRequest(standard="30/30d", per_day=20_000, label_error_rate=0.01))
    assert plan.rows[0].labels == acceptance_labels(5e-5, 0, population=600_000, seen_share=0.99)
    assert plan.rows[0].labels > acceptance_labels(5e-5, 0, population=600_000)
    assert plan.rows[0].labels_any_time is None
    assert plan.noise.second_reader
    with pytest.raises(BadInput, match="even if all 700 outputs are labeled"):
        plan_labels(PlanRequest(standard="0/7d", per_day=100, label_error_rate=0.1))


def test_below_the_floor_a_second_person_reads() -> None:
    plan = plan_labels(PlanRequest(standard="4sigma", label_error_rate=0.01))
    noise = plan.noise
    assert noise.clean_system_passes == pytest.approx(0, abs=1e-9)
    assert noise.second_reader
    assert noise.second_readings == pytest.approx(0.01 * 200_792, rel=0.01)
    assert "below the floor of 1 %" in noise.words
    (chosen,) = plan.recommended
    assert chosen.plan
    assert chosen.plan.labels == acceptance_labels(sigma_to_rate(4) * 0.99, 2)


def test_unknown_label_errors_are_said_to_matter() -> None:
    plan = plan_labels(PlanRequest(standard="4sigma"))
    assert plan.noise.label_error_rate is None
    assert "not known" in plan.noise.words


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (PlanRequest(), "one thing to show"),
        (PlanRequest(standard="3sigma", at_most=0.1), "one thing to show"),
        (PlanRequest(at_most=0.0), "between 0 and 1"),
        (PlanRequest(at_most=1.0), "between 0 and 1"),
        (PlanRequest(at_most=math.nan), "between 0 and 1"),
        (PlanRequest(standard="30/30d"), "outputs there are a day"),
        (PlanRequest(standard="human"), "their error rate, their results per day"),
        (
            PlanRequest(standard="human", human=HumanBaseline(0.1, 40)),
            "and the system's outputs per day",
        ),
        (PlanRequest(standard="human", human=HumanBaseline(1.5, 40), per_day=9), "between 0 and 1"),
        (PlanRequest(standard="99%"), "a standard is"),
        (PlanRequest(standard="40sigma"), "only a proof"),
        (PlanRequest(standard="30/30d", per_day=0.5), "nothing is left to show"),
        (PlanRequest(standard="30/30d", per_day=-1), "--per-day"),
        (PlanRequest(standard="3sigma", population=0), "--population"),
        (PlanRequest(standard="3sigma", confidence_level=95), "--confidence"),
        (PlanRequest(standard="3sigma", expected=(2.0,)), "--expect"),
        (PlanRequest(standard="3sigma", labels_per_day=0), "--labels-per-day"),
        (PlanRequest(standard="3sigma", usd_per_label=math.inf), "--usd-per-label"),
        (PlanRequest(standard="3sigma", label_error_rate=0.5), "--label-error-rate"),
    ],
)
def test_what_can_not_be_planned_is_refused(request_: PlanRequest, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        plan_labels(request_)


@pytest.mark.parametrize(
    "request_",
    [
        PlanRequest(standard="6sigma"),
        PlanRequest(standard="7.9sigma", labels_per_day=1, label_error_rate=1e-18),
        PlanRequest(standard="6sigma", population=10**12),
        PlanRequest(standard="9sigma", population=10**6),
        PlanRequest(standard="3sigma", population=10**9, label_error_rate=0.3),
        PlanRequest(standard="0.5/30d", population=1),
        PlanRequest(at_most=0.999999),
        PlanRequest(at_most=0.9, label_error_rate=0.49, labels_per_day=1e-3),
        PlanRequest(standard="3sigma", population=10**7, expected=(1.3e-3, 0.0)),
        PlanRequest(at_most=0.5, confidence_level=0.01),
        PlanRequest(at_most=0.5, confidence_level=1 - 1e-12),
    ],
)
def test_every_plan_is_there_at_once_and_holds_together(request_: PlanRequest) -> None:
    started = time.process_time()
    plan = plan_labels(request_)
    # A search that goes wrong takes minutes of the processor.
    assert time.process_time() - started < 10
    told = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    assert told["sentence"] == plan.sentence
    assert plan.sentence
    labels = [row.labels for row in plan.rows]
    assert labels == sorted(labels)
    for row in plan.rows:
        assert row.labels_any_time is None or row.labels <= row.labels_any_time
        assert row.labels <= row.labels_planned_looks
        assert all(0 <= chance <= 1 for chance in row.passes)
        # A worse system never passes more often.
        assert all(a >= b - 1e-12 for a, b in zip(row.passes, row.passes[1:], strict=False))


def test_words_for_days_and_rates() -> None:
    assert [calendar(days) for days in (2, 22, 101, 731)] == [
        "2 days",
        "3 weeks",
        "3 months",
        "2 years",
    ]
    assert rate_words(0.25) == "25 %"
