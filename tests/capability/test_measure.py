"""The measure: its formulas by hand, its two limits, and what is unknown."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.capability.evidence import (
    APART,
    Evidence,
    Prices,
    Sampled,
    ShareEvidence,
    ShareStratum,
    Stated,
    Together,
    costs_of,
    stated,
    together,
)
from assay.capability.measure import Capability, measure
from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown

SAID = Prices(5.0, 200.0, 1.0, 30.0)


def evidence(
    hits: float = 80, n: float = 100, *, cost: float = 0.02, caught: float = 0.9
) -> Evidence:
    return Evidence(
        "one", ShareEvidence(hits, n), stated(cost), stated(7.2), stated(0.1), caught, 0.05, APART
    )


def measured(one: Evidence, prices: Prices = SAID, *, seed: int = 7) -> Capability:
    return measure(one, prices, rng=np.random.default_rng(seed), draws=400)


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def reason(quantity: Quantity) -> str:
    assert isinstance(quantity, Unknown)
    return quantity.reason


def test_formulas_by_hand() -> None:
    found = measured(evidence())
    # .02 + .1 + .2 (.9 * 5 + .1 * 200) + .8 * .05 * 1 + 30 * 7.2 / 3600
    assert value(found.cost_per_item) == pytest.approx(0.12 + 0.2 * 24.5 + 0.04 + 0.06)
    assert value(found.verified_per_item) == pytest.approx(0.98)
    assert value(found.escaped_per_item) == pytest.approx(0.02)
    assert value(found.cvc) == pytest.approx(5.12 / 0.98)
    assert value(found.epc) == pytest.approx(0.02 / 0.98)
    assert value(found.tvc) == pytest.approx(7.2 / 0.98)
    assert value(found.wrong_per_hour) == pytest.approx(100)
    assert value(found.right_per_hour) == pytest.approx(400)


def test_every_number_has_its_interval_and_says_what_is_on_word() -> None:
    found = measured(evidence())
    for number in (found.cvc, found.epc, found.tvc, found.cost_of_pass, found.right):
        assert isinstance(number, Estimate)
        assert number.low < number.value < number.high
        assert number.n == 100
    assert isinstance(found.cvc, Estimate)
    assert "caught 0.9" in found.cvc.method
    assert "cost 0.02 on the user's word" in found.cvc.method
    assert "caught" not in str(found.right)


@given(hits=st.integers(1, 200), cost=st.floats(1e-4, 10))
@settings(max_examples=30)
def test_limit_of_retries_is_cost_of_pass(hits: int, cost: float) -> None:
    one = replace(evidence(hits, 200, cost=cost, caught=1.0), check_cost_usd=stated(0), flagged=0.0)
    found = measured(one, Prices(mend_usd=cost / (hits / 200)))
    assert value(found.cvc) == pytest.approx(cost / (hits / 200))
    assert value(found.cvc) == pytest.approx(value(found.cost_of_pass))


@given(
    scores=st.lists(st.integers(0, 300), min_size=2, max_size=6, unique=True),
    costs=st.lists(st.floats(0.001, 100), min_size=6, max_size=6),
    caught=st.floats(0.05, 1.0),
)
@settings(max_examples=30)
def test_limit_of_dear_mends_is_the_order_by_score(
    scores: list[int], costs: list[float], caught: float
) -> None:
    found = [
        measured(evidence(hits, 300, cost=cost, caught=caught), Prices(1e9, 0.0, 0.0))
        for hits, cost in zip(scores, costs, strict=False)
    ]
    by_cost = sorted(found, key=lambda one: value(one.cvc))
    assert [one.evidence.right.hits for one in by_cost] == sorted(scores, reverse=True)


PRICES = st.builds(
    Prices,
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.floats(0, 1e4),
)


@given(
    prices=PRICES, more=st.floats(0.01, 1e4), which=st.sampled_from(Prices.__slots__), hits=st.integers(0, 50)
)  # fmt: skip
@settings(max_examples=40)
def test_monotone_in_every_price(prices: Prices, more: float, which: str, hits: int) -> None:
    one = measured(evidence(hits, 50), prices)
    dearer = one.at(replace(prices, **{which: getattr(prices, which) + more}))
    for low, high in ((one.cvc, dearer.cvc), (one.cost_per_item, dearer.cost_per_item)):
        assert isinstance(low, Estimate)
        assert isinstance(high, Estimate)
        slack = 1e-9 * (1 + abs(high.value))
        assert low.value <= high.value + slack
        assert low.low <= high.low + slack
        assert low.high <= high.high + slack
    # What escapes doesn't depend on prices.
    assert dearer.epc == one.epc


@given(prices=PRICES, rate=st.floats(1e-3, 1e3), hits=st.integers(1, 50))
@settings(max_examples=30)
def test_scale_free_in_currency(prices: Prices, rate: float, hits: int) -> None:
    costs = np.random.default_rng(3).lognormal(0, 1, 30)
    one = replace(evidence(hits, 50), attempt_cost_usd=Sampled(costs))
    other = replace(one, attempt_cost_usd=Sampled(costs * rate), check_cost_usd=stated(0.1 * rate))
    there = Prices(*[getattr(prices, name) * rate for name in Prices.__slots__])
    here, away = measured(one, prices), measured(other, there)
    assert isinstance(here.cvc, Estimate)
    assert isinstance(away.cvc, Estimate)
    for name in ("value", "low", "high"):
        assert getattr(away.cvc, name) == pytest.approx(rate * getattr(here.cvc, name), rel=1e-6)
    assert away.epc == here.epc


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"attempt_cost_usd": Unknown("cost unknown: the bill is 0")}, "the bill is 0"),
        ({"check_cost_usd": Unknown("no reviewer's wage")}, "no reviewer's wage"),
        ({"caught": None}, "wrong items checking catches"),
        ({"flagged": None}, "right items checking holds back"),
        ({"seconds": None}, "how long an attempt takes"),
        ({"right": ShareEvidence(0, 0)}, "no item shows which items are right"),
        ({"attempt_cost_usd": Sampled(np.ones(3))}, "limits need 8 items, and there are 3"),
    ],
)
def test_never_a_number_where_a_part_is_unknown(change: dict[str, object], words: str) -> None:
    assert words in reason(measured(replace(evidence(), **change)).cvc)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (
            Prices(),
            "what a mend costs nor what an escaped error costs nor what a false alarm costs",
        ),
        (replace(SAID, mend_usd=None), "what a mend costs"),
        (replace(SAID, escape_usd=None), "what an escaped error costs"),
        (replace(SAID, false_alarm_usd=None), "what a false alarm costs"),
    ],
)
def test_prices_are_never_defaulted(prices: Prices, words: str) -> None:
    found = measured(evidence(), prices)
    assert reason(found.cvc) == f"nobody has said {words}"
    assert isinstance(found.epc, Estimate)
    assert isinstance(found.cost_of_pass, Estimate)


def test_a_price_that_meets_nothing_need_not_be_said() -> None:
    every_error_caught = replace(evidence(caught=1.0), flagged=0.0)
    assert isinstance(measured(every_error_caught, Prices(mend_usd=5)).cvc, Estimate)
    nothing_checked = replace(evidence(caught=0.0), flagged=0.0, seconds=None)
    found = measured(nothing_checked, Prices(escape_usd=5)).cvc
    assert isinstance(found, Estimate)
    assert "waiting isn't priced" in found.method
    assert value(found) == pytest.approx((0.12 + 0.2 * 5) / 0.8)


def test_nothing_verified_costs_without_limit() -> None:
    found = measured(replace(evidence(0, 50, caught=0.0), flagged=0.0), Prices(escape_usd=0.0))
    assert (value(found.cvc), value(found.epc)) == (math.inf, math.inf)
    assert isinstance(found.cvc, Estimate)
    assert found.cvc.to_json()["value"] is None
    assert found.cvc.low > 0
    assert found.never_right


def test_nothing_wrong_seen_is_not_never_wrong() -> None:
    found = measured(evidence(100, 100, caught=0.0), SAID)
    assert value(found.escaped_per_item) == 0
    assert isinstance(found.escaped_per_item, Estimate)
    assert found.escaped_per_item.high == pytest.approx(0.0362, abs=0.004)


def test_costs_of_zero_or_none_are_unknown() -> None:
    assert isinstance(costs_of([0.1] * 9), Sampled)
    assert reason_of([0.0, 0.0]) == "cost unknown: no item has a cost above 0"
    assert reason_of([0.1, None, 0.0]) == "cost unknown: 2 of 3 items have no cost above 0"
    assert "no item" in reason_of([])


def reason_of(costs: list[float | None]) -> str:
    found = costs_of(costs)
    assert isinstance(found, Unknown)
    return found.reason


def test_rows_that_go_together_widen_or_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    right = rng.random(200) < 0.6
    dear_when_wrong = np.where(right, 1.0, 5.0) * rng.lognormal(0, 0.3, 200)
    widths = {}
    rows = together(right, dear_when_wrong)
    for name, how in (("rows", rows), ("apart", APART), ("other way", Together(0.9, 0, 0))):
        one = Evidence(
            "one", ShareEvidence(int(right.sum()), 200), Sampled(dear_when_wrong), None, stated(0), 0.0, 0.0, how
        )  # fmt: skip
        found = measure(one, Prices(escape_usd=0), rng=np.random.default_rng(1), draws=4_000).cvc
        assert isinstance(found, Estimate)
        widths[name] = found.high - found.low
    assert widths["other way"] < widths["apart"] < widths["rows"]


def test_strata_weigh() -> None:
    share = ShareEvidence.of_strata([ShareStratum(0.9, 90, 100), ShareStratum(0.1, 10, 100)])
    found = measured(replace(evidence(), right=share)).right
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.82)
    assert found.n == 200
    assert 0.72 < found.low < 0.80 < 0.84 < found.high < 0.89


def test_tails_only_as_proved_limits() -> None:
    times = np.arange(1.0, 101.0)
    one = replace(evidence(), seconds=Sampled(times))
    found = measured(one)
    assert isinstance(found.seconds_p95, Estimate)
    assert (found.seconds_p95.value, found.seconds_p95.high) == pytest.approx((95.0, 99.0))
    assert found.seconds_p95.guarantee == "proved"
    assert "needs 299 values" in reason(found.seconds_p99)
    assert "only a mean is known" in reason(measured(evidence()).seconds_p95)


def test_a_tail_of_answers_that_repeat_tasks_is_that_of_one_answer_each() -> None:
    times, tasks = np.repeat(np.arange(1.0, 101.0), 4), np.repeat(np.arange(100), 4)
    found = measured(replace(evidence(), seconds=Sampled(times, tasks=tasks))).seconds_p95
    assert isinstance(found, Estimate)
    assert found.n == 100
    assert (found.value, found.high) == pytest.approx((95.0, 99.0))
    assert found.method.endswith("one answer of each task")
    few = measured(replace(evidence(), seconds=Sampled(times[:200], tasks=tasks[:200]))).seconds_p95
    assert "needs 59 values, and there are 50: one of each task" in reason(few)


def test_a_cost_of_answers_that_repeat_tasks_is_known_by_as_many_tasks() -> None:
    costs, tasks = np.random.default_rng(5).lognormal(0, 1, 50), np.arange(50)
    once = measured(replace(evidence(), attempt_cost_usd=Sampled(costs))).cost_per_item
    again = measured(
        replace(
            evidence(), attempt_cost_usd=Sampled(np.repeat(costs, 9), tasks=np.repeat(tasks, 9))
        )
    ).cost_per_item
    assert isinstance(once, Estimate)
    assert isinstance(again, Estimate)
    assert (again.low, again.high) == pytest.approx((once.low, once.high))
    three = Sampled(np.ones(9), tasks=np.repeat(np.arange(3), 3))
    assert "need 8 tasks, and there are 3" in reason(
        measured(replace(evidence(), attempt_cost_usd=three)).cvc
    )
    with pytest.raises(EstimateError, match="tasks must pair up"):
        Sampled(costs, tasks=tasks[:3])


def test_a_stated_range_is_taken_at_its_adverse_end() -> None:
    one = replace(evidence(), attempt_cost_usd=Stated(0.02, 0.01, 0.5, "quotes of two vendors"))
    narrow, wide = measured(evidence()).cost_per_item, measured(one).cost_per_item
    assert isinstance(narrow, Estimate)
    assert isinstance(wide, Estimate)
    assert wide.high == pytest.approx(narrow.high + 0.48)
    assert wide.low == pytest.approx(narrow.low - 0.01)


def test_what_is_no_evidence_is_refused() -> None:
    with pytest.raises(EstimateError, match="between 0 and the trials"):
        ShareEvidence(5, 4)
    with pytest.raises(EstimateError, match="sum to 1"):
        ShareEvidence.of_strata([ShareStratum(0.5, 1, 2)])
    with pytest.raises(EstimateError, match="not negative"):
        Sampled(np.array([1.0, -1.0]))
    with pytest.raises(EstimateError, match="mend_usd"):
        Prices(mend_usd=-1)
    with pytest.raises(EstimateError, match="caught must be a share"):
        evidence(caught=1.5)
    with pytest.raises(EstimateError, match="draws"):
        measure(evidence(), SAID, rng=np.random.default_rng(1), draws=10)
