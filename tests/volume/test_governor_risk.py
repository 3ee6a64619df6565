"""Prices of releases: what audits say, what silence does, and where the budget is best spent."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.estimate import clopper_pearson
from assay.volume.governor_bucket import ErrorBucket, RollingSums
from assay.volume.governor_price import NO_LIMIT, TrafficMix, price_of
from assay.volume.governor_risk import BINS, MAX_STRATA, OTHER, RiskBook, score_bin

WEIGHTS = {1: 100.0, 2: 10.0, 3: 1.0}


def book(*, prior: float = 2.0, memory: float = 1e9) -> RiskBook:
    return RiskBook(prior, memory, 0.95, 0.0, 0.0)


def audited(
    risk: RiskBook, p: float, wrong: int, right: int, *, stratum: str = "", pi: float = 1.0
) -> None:
    for i in range(wrong + right):
        found = 1 / pi if i < wrong else 0.0
        risk.label(stratum, p, score_bin(p), foretold=1 / pi, found=found, now=risk.at)
    risk.refit(risk.at)


@given(st.floats(0, 1))
def test_bins_hold_their_scores(p: float) -> None:
    assert 0 <= score_bin(p) < BINS
    assert score_bin(p) <= score_bin(min(1.0, p * 2))


def test_a_new_judge_is_charged_more_than_it_says() -> None:
    risk = book()
    assert risk.point("", 0.01, score_bin(0.01)) == pytest.approx(0.01)
    assert 0.015 < risk.upper("", 0.01, score_bin(0.01)) < 0.05
    assert risk.upper("", 0.0, 0) > 0, "a judge that says 0 is not free"


def test_audits_pull_the_price_to_the_truth() -> None:
    risk = book()
    audited(risk, 0.01, 40, 960)  # Said 1 in 100, is 4 in 100.
    # Forty where ten were foretold: nothing is left of the prior's two.
    assert risk.ratio.point == pytest.approx(4.0, abs=0.01)
    upper = risk.upper("", 0.01, score_bin(0.01))
    exact = clopper_pearson(40, 1_000, confidence_level=0.95, alternative="less").high
    assert 0.04 < upper < 1.2 * exact


def test_a_judge_that_says_next_to_nothing_does_not_outvote_the_audits() -> None:
    """A check that says 0 of all that passes it, where 1 in 100 is wrong: the bound must be that of the audits."""
    risk = book()
    audited(risk, 0.0, 5, 495)
    upper = risk.upper("", 0.0, 0)
    exact = clopper_pearson(5, 500, confidence_level=0.95, alternative="less").high
    assert exact * 0.95 < upper < 1.2 * exact
    # What was learnt of the judge outlives the labels: forgetting must not bring the trust back.
    late = 3e10
    risk.refit(late)
    assert risk.upper("", 0.0, 0) == 1.0
    again = book()
    again.restore(json.loads(json.dumps(risk.to_json())))
    assert again == risk


def test_weights_widen() -> None:
    """Ten errors found in a tenth are no hundred errors."""
    tenth, all_of_them = book(), book()
    audited(tenth, 0.01, 10, 990, pi=0.1)
    audited(all_of_them, 0.01, 100, 9_900)
    assert tenth.ratio.point == pytest.approx(all_of_them.ratio.point)
    assert tenth.ratio.upper > 1.25 * all_of_them.ratio.upper


def test_the_upper_bound_holds() -> None:
    """Unequal audit chances, a judge twice as hopeful as the truth: in at least 95 % of 400 runs."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        risk = book(prior=0.5)
        p = 10 ** rng.uniform(-3, -1.5, 1_500)
        pi = np.clip(np.sqrt(p), 0.03, 1)
        for x, chance in zip(p[(drawn := rng.random(1_500) < pi)], pi[drawn], strict=True):
            found = 1 / chance if rng.random() < 2 * x else 0.0
            risk.label("", float(x), score_bin(x), foretold=1 / chance, found=found, now=0.0)
        risk.refit(0.0)
        held += risk.ratio.upper >= 2
    assert held / 400 >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / 400)


def test_strata_have_their_own_price() -> None:
    risk = book()
    audited(risk, 0.01, 60, 940, stratum="law")
    audited(risk, 0.01, 5, 995, stratum="weather")
    place = score_bin(0.01)
    assert risk.upper("law", 0.01, place) > 3 * risk.upper("weather", 0.01, place)


def test_a_higher_score_never_costs_less() -> None:
    risk = book()
    audited(risk, 0.002, 30, 500)
    audited(risk, 0.2, 1, 300)
    prices = [risk.upper("", p, score_bin(p)) for p in np.geomspace(2e-5, 1, BINS)]
    assert all(b >= a * 0.75 for a, b in itertools.pairwise(prices))


def test_silence_widens_without_end() -> None:
    risk = book(memory=100.0)
    audited(risk, 0.01, 10, 990)
    charges = []
    for now in (0, 100, 200, 400, 800, 3_000):
        risk.refit(now)
        charges.append(risk.upper("", 0.01, score_bin(0.01)))
    assert charges == sorted(charges)
    assert charges[0] < 0.03
    assert charges[-1] == 1.0, "in the end each release is charged as an error"


def test_strata_are_bounded() -> None:
    risk = book()
    for i in range(200):
        risk.label(f"s{i}", 0.01, 3, foretold=1.0, found=0.0, now=0.0)
    assert len(risk.cells) <= MAX_STRATA
    assert risk.known("new") == OTHER
    risk.refit(0.0)
    assert risk.upper("new", 0.01, score_bin(0.01)) > 0


def test_risk_snapshot() -> None:
    risk, again = book(), book()
    audited(risk, 0.01, 3, 50, stratum="a")
    again.restore(json.loads(json.dumps(risk.to_json())))
    assert again == risk
    with pytest.raises(BadInput, match="incomplete"):
        again.restore({"at": 1})


def test_price_takes_the_cheapest_first() -> None:
    risk, mix = book(), TrafficMix(1e9, 0.0, 0.0)
    for _ in range(1_000):
        mix.add(("", score_bin(0.001), 3), 0.001)
        mix.add(("", score_bin(0.1), 3), 0.1)
    mix.fade(1_000.0)
    cheap, dear = (risk.upper("", p, score_bin(p)) for p in (0.001, 0.1))
    prices = price_of(mix, risk, WEIGHTS, points_per_second=2 * cheap, reviews_per_second=0.1)
    assert cheap < prices.release < dear
    assert prices.review == pytest.approx(dear)
    assert 1 <= prices.released_per_second < 1.05
    poor = price_of(mix, risk, WEIGHTS, points_per_second=cheap / 2, reviews_per_second=0)
    assert poor.released_per_second == pytest.approx(0.5, rel=0.01)
    assert poor.release < cheap < poor.margin
    assert poor.margin_share == pytest.approx(0.5, rel=0.01)
    rich = price_of(mix, risk, WEIGHTS, points_per_second=1e6, reviews_per_second=0)
    assert rich.release == NO_LIMIT
    nothing = price_of(mix, risk, WEIGHTS, points_per_second=0.0, reviews_per_second=0.1)
    assert (nothing.release, nothing.margin, nothing.review) == pytest.approx((0.0, 0.0, dear))


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 8)), max_size=60))
def test_no_window_pays_more_than_budget_and_burst(steps: list[tuple[float, float]]) -> None:
    budget, window = 100.0, 100.0
    bucket, now, paid = ErrorBucket(budget / window, 5.0, 5.0, 0.0), 0.0, []
    for wait, points in steps:
        now += wait
        if points <= bucket.at_time(now):
            bucket.pay(points, now)
            paid.append((now, points))
        else:
            seconds = bucket.seconds_until(points, now)
            assert seconds > 0
            assert math.isinf(seconds) == (points > 5.0)
    for end, _ in paid:
        assert sum(p for t, p in paid if end - window <= t <= end) <= budget + 5.0 + 1e-6


@pytest.mark.parametrize("points", [-1.0, math.nan, math.inf])
def test_nothing_is_put_back(points: float) -> None:
    with pytest.raises(BadInput):
        ErrorBucket(1.0, 1.0, 1.0, 0.0).pay(points, 0.0)


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 10), st.floats(0, 150)), max_size=40))
def test_rolling_sums(steps: list[tuple[float, float, float]]) -> None:
    """They hold all of the last window, at most a slot more, and late ones count where they belong."""
    sums, now, added = RollingSums(("x",), 100.0, slots=20), 0.0, []
    for wait, amount, late in steps:
        now += wait
        sums.roll(now)
        at = max(0.0, now - late)
        if sums.add("x", amount, at):
            added.append((at, amount))
        else:
            assert at < now - 100
        least = sum(a for t, a in added if t >= now - 100)
        most = sum(a for t, a in added if t > now - 106)
        assert least - 1e-6 <= sums.total("x") <= most + 1e-6
    again = RollingSums(("x",), 100.0, slots=20)
    again.restore(json.loads(json.dumps(sums.to_json())))
    assert again.to_json() == sums.to_json()
    with pytest.raises(BadInput):
        RollingSums(("y",), 100.0, slots=20).restore(sums.to_json())


def test_recent_pace_is_that_of_a_whole_window() -> None:
    sums = RollingSums(("x",), 100.0, slots=20)
    for t in range(100):
        sums.add("x", 1.0 if t < 80 else 3.0, float(t))
    assert sums.recent("x", 0.1) == pytest.approx(300)
