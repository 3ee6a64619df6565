"""The order by cost: ties, those never right, those of unknown cost; where two change places; what would part them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.capability.evidence import APART, CostEvidence, Evidence, Prices, ShareEvidence, stated
from assay.capability.measure import Capability, measure
from assay.capability.ranking import (
    NEVER_RIGHT,
    NO_RESULT,
    break_even_mend,
    cost_difference,
    items_to_tell_apart,
    p_best,
    rank,
)
from assay.errors import EstimateError
from assay.quantity import Estimate, Unknown

RNG = np.random.default_rng(11)


def one(
    name: str,
    hits: int,
    n: int,
    cost: float | CostEvidence,
    *,
    prices: Prices | None = None,
    caught: float = 1.0,
    seconds: float = 10.0,
) -> Capability:
    evidence = Evidence(
        name,
        ShareEvidence(hits, n),
        stated(cost) if isinstance(cost, float) else cost,
        stated(seconds),
        stated(0),
        caught,
        0.0,
        APART,
    )
    return measure(evidence, prices or Prices(5.0, 50.0), rng=RNG, draws=2_000)


def test_order_ties_and_unknown() -> None:
    found = rank(
        [
            one("dear and bad", 100, 400, 2.0),
            one("good", 380, 400, 0.1),
            one("as good", 379, 400, 0.1),
            one("free?", 390, 400, Unknown("cost unknown: no bill")),
        ]
    )
    assert [row.name for row in found.rows] == ["good", "as good", "dear and bad"]
    assert [row.tie for row in found.rows] == [1, 1, None]
    assert found.is_tie
    assert [row.name for row in found.leaders] == ["good", "as good"]
    assert sum(row.p_best for row in found.rows) == pytest.approx(1)
    assert [(row.name, row.reason) for row in found.unranked] == [
        ("free?", "cost unknown: no bill")
    ]
    # Its score is known all the same.
    assert found.by_score[0] == "free?"
    assert "free?" not in found.by_cost_of_pass


def test_never_right_ranks_last_whatever_its_speed_and_price() -> None:
    slow_and_dear = one("right but dear", 390, 400, 90.0, seconds=900.0)
    fast_and_wrong = one("fast and wrong", 0, 400, 0.0001, seconds=0.01)
    found = rank([fast_and_wrong, slow_and_dear])
    # Every wrong item is caught here, so mending all of them would cost 5 each, and less than 90.
    assert [row.name for row in found.rows] == ["right but dear", "fast and wrong"]
    assert found.rows[1].note == NEVER_RIGHT
    unchecked = one("fast and wrong", 0, 400, 0.0001, caught=0.0, seconds=0.01)
    last = rank([unchecked, one("b", 1, 400, 90.0, caught=0.0)]).rows[-1]
    assert (last.name, last.note) == ("fast and wrong", NO_RESULT)
    assert isinstance(last.capability.cvc, Estimate)
    assert last.capability.cvc.value == math.inf


def test_equal_draws_share_the_first_place() -> None:
    same = np.ones(10)
    assert p_best({"a": same, "b": same, "c": same + 1}) == {"a": 0.5, "b": 0.5, "c": 0.0}
    assert p_best({}) == {}


def test_only_what_was_measured_at_the_same_prices_is_ranked() -> None:
    with pytest.raises(EstimateError, match="the same prices"):
        rank([one("a", 5, 10, 1.0), one("b", 5, 10, 1.0, prices=Prices(6.0))])
    with pytest.raises(EstimateError, match="different names"):
        rank([one("a", 5, 10, 1.0), one("a", 5, 10, 1.0)])


def test_break_even_by_hand() -> None:
    good, cheap = one("good", 950, 1000, 0.5), one("cheap", 800, 1000, 0.05)
    found = break_even_mend(good, cheap)
    assert isinstance(found, Estimate)
    # .5 + .05 F = .05 + .2 F
    assert found.value == pytest.approx(3.0)
    assert 2.4 < found.low < 2.7 < 3.3 < found.high < 3.9
    assert "cheap is cheaper below, good above" in found.method
    assert break_even_mend(cheap, good) == found
    for mend, first in ((2.0, "cheap"), (5.0, "good")):
        prices = Prices(mend, 50.0)
        assert rank([good.at(prices), cheap.at(prices)]).rows[0].name == first


def test_break_even_without_limit_where_the_scores_may_be_alike() -> None:
    found = break_even_mend(one("a", 90, 100, 0.5), one("b", 88, 100, 0.05))
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(22.5)
    assert found.high == math.inf
    assert 2 < found.low < 10


def test_no_break_even() -> None:
    better, worse = one("better", 950, 1000, 0.05), one("worse", 500, 1000, 0.5)
    found = break_even_mend(worse, better)
    assert found == Unknown(
        "better is cheaper than worse at every price of a mend: none turns them round"
    )
    close = break_even_mend(one("a", 91, 100, 0.05), one("b", 90, 100, 0.5))
    assert isinstance(close, Unknown)
    assert close.reason.startswith("a is cheaper than b at every price of a mend as measured, but")
    unknown = break_even_mend(better, one("c", 5, 10, Unknown("no bill")))
    assert unknown == Unknown("c: no bill")
    # Where what escapes has no price, and something does escape, the lines aren't known either.
    unsaid = break_even_mend(one("a", 9, 10, 1.0, caught=0.5), better, Prices())
    assert unsaid == Unknown("a: nobody has said what an escaped error costs")


def test_a_difference_of_costs_has_a_sign_and_turns_round() -> None:
    dear, cheap = one("dear", 900, 1000, 0.5), one("cheap", 950, 1000, 0.1)
    more, less = cost_difference(dear, cheap), cost_difference(cheap, dear)
    assert isinstance(more, Estimate)
    assert isinstance(less, Estimate)
    # Every wrong one is caught and mended at 5: (.5 + .1 * 5) - (.1 + .05 * 5).
    assert more.value == pytest.approx(0.65)
    assert 0 < more.low < more.value < more.high
    assert (less.value, less.low, less.high) == pytest.approx((-more.value, -more.high, -more.low))
    assert more.unit == "USD/verified-correct"
    wide = cost_difference(dear, cheap, confidence_level=0.99)
    assert isinstance(wide, Estimate)
    assert wide.low < more.low < more.high < wide.high
    # A dearer mend weighs on the one that needs more of them.
    at_ten = cost_difference(dear, cheap, Prices(10.0, 50.0))
    assert isinstance(at_ten, Estimate)
    assert at_ten.value == pytest.approx(0.4 + 0.05 * 10)


def test_a_difference_of_two_that_the_data_chose_is_wider_and_of_too_many_unknown() -> None:
    a, b = one("a", 900, 1000, 0.5), one("b", 950, 1000, 0.1)
    limits = []
    for names in (2, 3, 20):
        found = cost_difference(a, b, chosen_from=names)
        assert isinstance(found, Estimate) if names < 20 else isinstance(found, Unknown)
        if isinstance(found, Estimate):
            assert found.confidence_level == 0.95
            limits.append((found.low, found.high))
    alone = cost_difference(a, b, confidence_level=1 - 0.05 / 3)
    assert isinstance(alone, Estimate)
    # Three can be paired in three ways.
    assert limits[1] == (alone.low, alone.high)
    assert limits[1][0] < limits[0][0] < limits[0][1] < limits[1][1]
    with pytest.raises(EstimateError, match="chosen_from"):
        cost_difference(a, b, chosen_from=1)


def test_a_difference_from_what_is_unknown_is_unknown() -> None:
    good = one("good", 950, 1000, 0.1)
    unknown = cost_difference(one("c", 5, 10, Unknown("no bill")), good)
    assert unknown == Unknown("c: its cost isn't known: no bill")
    never = cost_difference(one("never", 0, 100, 0.1, caught=0.0), good)
    assert never == Unknown("one of the two has no verified-correct result")
    with pytest.raises(EstimateError, match="confidence_level"):
        cost_difference(good, good, confidence_level=1.0)


def test_items_by_the_formula() -> None:
    a, b = one("a", 950, 1000, 0.1), one("b", 900, 1000, 0.1)
    found = items_to_tell_apart(a, b)
    assert isinstance(found, Estimate)
    # 7.849 * (.95 * .05 + .9 * .1) / .05^2: the cost of a mend is on both sides.
    assert found.value == pytest.approx(7.849 * (0.0475 + 0.09) / 0.0025, rel=0.1)
    assert found.low < found.value < found.high < math.inf
    more = items_to_tell_apart(a, b, power=0.95)
    assert isinstance(more, Estimate)
    assert more.value > found.value
    near = items_to_tell_apart(a, one("c", 949, 1000, 0.1))
    assert isinstance(near, Estimate)
    assert near.high == math.inf
    assert isinstance(items_to_tell_apart(a, one("d", 950, 1000, 0.1)), Unknown)
    assert isinstance(items_to_tell_apart(a, one("e", 950, 1000, Unknown("no bill"))), Unknown)


def test_so_many_items_do_tell_them_apart() -> None:
    rng = np.random.default_rng(5)
    a, b = one("a", 270, 300, 0.1), one("b", 240, 300, 0.1)
    found = items_to_tell_apart(a, b)
    assert isinstance(found, Estimate)
    n = int(found.value)
    p, q = rng.binomial(n, 0.9, 4_000) / n, rng.binomial(n, 0.8, 4_000) / n
    z = (p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / n)
    assert 0.72 < (z > 1.96).mean() < 0.88
