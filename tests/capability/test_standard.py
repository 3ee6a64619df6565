"""A standard of escaped errors: met by the upper limit alone; and the cheapest add-on that makes it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from assay.capability.add_ons import (
    AddOn,
    AnotherConfiguration,
    ReviewMore,
    SecondPass,
    Slower,
    fewer_per_day,
    majority_right,
    votes_of,
)
from assay.capability.evidence import APART, Evidence, Prices, ShareEvidence, stated
from assay.capability.measure import Capability, measure
from assay.capability.reach import OUT_OF_REACH, Reach, reach
from assay.capability.standard import Standard, qualify
from assay.errors import BadInput
from assay.quantity import Estimate, Unknown

PRICES = Prices(5.0, 200.0, 1.0)
TEN = Standard(escaped_per_1000=10)


def configuration(
    hits: int = 970, *, caught: float | ShareEvidence | None = 0.0, prices: Prices = PRICES, name: str = "one"
) -> Capability:  # fmt: skip
    evidence = Evidence(
        name, ShareEvidence(hits, 1000), stated(0.02), None, stated(0), caught, 0.0, APART
    )
    return measure(evidence, prices, rng=np.random.default_rng(3), draws=2_000)


def offered(add_on: AddOn, *, standard: Standard = TEN, one: Capability | None = None) -> Reach:
    return reach(one or configuration(), standard, [add_on], rng=np.random.default_rng(4))


def cost(found: Reach) -> float:
    assert found.cheapest is not None
    assert isinstance(found.cheapest.cvc, Estimate)
    return found.cheapest.cvc.value


def test_the_upper_limit_decides() -> None:
    # 5 wrong of 1,000 looks like half of what is allowed, and may be 10.5.
    upper = float(special.betaincinv(6, 995, 0.95))
    found = qualify(configuration(995), TEN)
    assert isinstance(found.escaped, Estimate)
    assert found.escaped.high == pytest.approx(upper, rel=0.03)
    assert upper > 0.01
    assert found.meets is False
    assert found.words.startswith("isn't shown to meet the standard: 5 in 1,000 as measured")
    assert qualify(configuration(997), TEN).meets is True
    missed = qualify(configuration(900), TEN)
    assert missed.words.startswith("misses the standard: 100 in 1,000 as measured, at most 11")


def test_a_count_a_day_is_of_the_throughput() -> None:
    day = Standard(escaped_per_day=30, throughput_per_day=60_000)
    assert day.share == 0.0005
    found = qualify(configuration(997), day)
    assert found.meets is False
    assert found.words.startswith("misses the standard: 180 a day as measured")


def test_what_is_caught_counts_and_unknown_is_unknown() -> None:
    assert qualify(configuration(caught=ShareEvidence(95, 100)), TEN).meets is True
    found = qualify(configuration(caught=None), TEN)
    assert found.meets is None
    assert "can't be told" in found.words
    sure = qualify(configuration(caught=1.0), Standard(escaped_per_1000=0.001))
    assert sure.meets is True
    assert isinstance(sure.escaped, Estimate)
    assert (sure.escaped.high, sure.escaped.guarantee) == (0.0, "assumed")
    assert "on the user's word: caught 1" in sure.escaped.method


def test_more_review_just_as_much_as_will_do() -> None:
    review = ReviewMore(ShareEvidence(95, 100), 0.0, stated(2.0))
    found = offered(review)
    assert found.cheapest is not None
    share = float(found.cheapest.name.split(": ")[1].split(" %")[0]) / 100
    assert 0.7 < share < 0.95
    held = found.cheapest.qualification.escaped
    assert isinstance(held, Estimate)
    # Just: a tenth of a percent less wouldn't do.
    assert 0.0098 < held.high <= 0.01
    r = share * 0.95
    by_hand = (0.02 + share * 2 + 0.03 * (r * 5 + (1 - r) * 200)) / (0.97 + 0.03 * r)
    assert cost(found) == pytest.approx(by_hand, rel=1e-3)
    assert "Cheapest that meets it: more review" in found.words


def test_review_that_holds_back_right_ones_costs_their_clearing() -> None:
    free = cost(offered(ReviewMore(0.95, 0.0, stated(2.0))))
    alarms = cost(offered(ReviewMore(0.95, 0.5, stated(2.0))))
    assert alarms > free + 0.3
    unsaid = configuration(prices=Prices(5.0, 200.0))
    found = offered(ReviewMore(0.95, 0.5, stated(2.0)), one=unsaid)
    assert found.cheapest is None
    assert "at a cost that isn't known: more review" in found.words
    assert found.offers[0].cvc == Unknown("nobody has said what a false alarm costs")


def test_an_add_on_never_brings_a_price_that_nobody_said() -> None:
    # Nothing is caught so far, so the price of a mend wasn't needed; with review it is.
    unsaid = configuration(prices=Prices(escape_usd=200.0))
    assert isinstance(unsaid.cvc, Estimate)
    found = offered(ReviewMore(0.95, 0.0, stated(2.0)), one=unsaid)
    assert found.offers[0].cvc == Unknown("nobody has said what a mend costs")
    unpriced = offered(ReviewMore(0.95, 0.0, Unknown("no wage is known")))
    assert unpriced.offers[0].cvc == Unknown("no wage is known")


def test_a_second_pass_only_by_what_both_missed() -> None:
    measured_apart = offered(SecondPass(None, 0.0, stated(0.01)))
    assert measured_apart.cheapest is None
    assert OUT_OF_REACH in measured_apart.words
    assert "not known: second pass" in measured_apart.words
    assert "they may miss the same" in measured_apart.offers[0].qualification.words
    together = offered(SecondPass(ShareEvidence(2, 1000), 0.0, stated(0.01)))
    # .02 + .01 + (.03 - .002) 5 + .002 * 200, over 1 - .002
    assert cost(together) == pytest.approx((0.03 + 0.028 * 5 + 0.002 * 200) / 0.998)
    upper = float(special.betaincinv(3, 998, 0.95))
    held = together.offers[0].qualification.escaped
    assert isinstance(held, Estimate)
    assert held.high == pytest.approx(upper, rel=0.05)
    # Two passes that catch 80 % each and miss the same items aren't .03 * .2 * .2.
    same = offered(SecondPass(ShareEvidence(6, 1000), 0.0, stated(0.01)))
    assert same.cheapest is None
    assert "isn't shown" in same.offers[0].qualification.words


def test_votes_are_measured_not_multiplied() -> None:
    rng = np.random.default_rng(8)
    # 97 % of tasks are always right and 3 % always wrong: voting brings nothing.
    stuck = [[task >= 60] * 5 for task in range(2_000)]
    one = configuration()
    assert offered(votes_of(stuck, 3, caught=0.0, flagged=0.0), one=one).cheapest is None
    # Wrong by chance, each time anew: voting helps.
    loose = rng.random((2_000, 5)) < 0.97
    found = offered(votes_of(loose.tolist(), 3, caught=0.0, flagged=0.0), one=one)
    assert found.cheapest is not None
    assert found.cheapest.name == "vote of 3"
    held = found.cheapest.qualification.escaped
    assert isinstance(held, Estimate)
    assert held.value == pytest.approx(3 * 0.03**2, abs=0.002)
    assert cost(found) == pytest.approx((0.06 + held.value * 200) / (1 - held.value))
    few = offered(votes_of([[True, False]], 3, caught=0.0, flagged=0.0), one=one)
    assert "no task has 3 attempts" in few.offers[0].qualification.words
    # What checking catches of single attempts isn't what it catches of votes.
    unknown = offered(votes_of(loose.tolist(), 3, caught=None, flagged=0.0), one=one)
    assert unknown.offers[0].qualification.meets is None


def test_majority_against_every_choice() -> None:
    from itertools import combinations

    for n in range(3, 8):
        for c in range(n + 1):
            tries = [True] * c + [False] * (n - c)
            whole = [sum(some) >= 2 for some in combinations(tries, 3)]
            found = majority_right(np.array([c]), np.array([n]), 3)[0]
            assert found == pytest.approx(sum(whole) / len(whole))


def test_fewer_a_day_for_a_count_a_day() -> None:
    day = Standard(escaped_per_day=30, throughput_per_day=10_000)
    one = configuration(997)
    found = offered(Slower(lost_usd=0.5), standard=day, one=one)
    assert found.cheapest is not None
    upper = qualify(one, day).escaped
    assert isinstance(upper, Estimate)
    left = fewer_per_day(upper.high, 30)
    assert f"{left:,.0f} of 10,000" in found.cheapest.name
    assert isinstance(one.cvc, Estimate)
    assert cost(found) == pytest.approx(one.cvc.value + (10_000 - left) / left * 0.5)
    unpriced = offered(Slower(None), standard=day, one=one)
    assert "at a cost that isn't known" in unpriced.words
    # Fewer results don't help a share.
    share = offered(Slower(0.5), one=configuration())
    assert share.cheapest is None
    assert fewer_per_day(0.0, 30) == math.inf


def test_the_cheapest_of_several_and_none_in_reach() -> None:
    better = configuration(999, name="better")
    dear = replace_cost(configuration(999, name="dear"), 50.0)
    add_ons: list[AddOn] = [
        AnotherConfiguration(dear),
        AnotherConfiguration(better),
        ReviewMore(0.95, 0.0, stated(20.0)),
        SecondPass(None, 0.0, stated(0.01)),
    ]
    found = reach(configuration(), TEN, add_ons, rng=np.random.default_rng(1))
    assert found.cheapest is not None
    assert found.cheapest.name == "better instead"
    assert [one.meets for one in found.offers] == [True, True, True, False]
    assert "not known: second pass" in found.words
    none = reach(
        configuration(), Standard(escaped_per_1000=0.01), add_ons, rng=np.random.default_rng(1)
    )
    assert none.cheapest is None
    assert OUT_OF_REACH in none.words
    enough = reach(better, TEN, add_ons, rng=np.random.default_rng(1))
    assert (enough.offers, enough.cheapest) == ((), None)
    assert "it needs nothing more" in enough.words


def replace_cost(one: Capability, usd: float) -> Capability:
    evidence = replace(one.evidence, attempt_cost_usd=stated(usd))
    return measure(evidence, one.prices, rng=np.random.default_rng(3), draws=2_000)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({}, "one of the two"),
        ({"escaped_per_1000": 1, "escaped_per_day": 1}, "one of the two"),
        ({"escaped_per_day": 1}, "throughput_per_day"),
        ({"escaped_per_1000": 0}, "above 0"),
        ({"escaped_per_1000": 2_000}, "at most 1,000"),
        ({"escaped_per_1000": 1, "confidence_level": 1}, "confidence_level"),
    ],
)
def test_a_standard_that_is_none_is_refused(wanted: dict[str, float], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Standard(**wanted)


def test_a_vote_of_an_even_number_is_refused() -> None:
    with pytest.raises(BadInput, match="odd"):
        votes_of([[True]], 2, caught=0.0, flagged=0.0)
