"""Errors that the first reader missed: every world of a small log is enumerated."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate import StratumCount, domain_errors, total_errors
from assay.estimate.interval import Alternative
from assay.estimate.rereading import (
    MISSED_SHARE,
    RereadStratum,
    found_errors,
    missed_errors,
    missed_level,
    with_missed,
)
from assay.quantity import Estimate, Unknown


def both(
    count: StratumCount,
    again: RereadStratum,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    found = found_errors(
        lambda at, side: total_errors([count], confidence_level=at, alternative=side),
        confidence_level=level,
        alternative=alternative,
    )
    missed = missed_errors([again], confidence_level=missed_level(level, alternative))
    assert isinstance(missed, Estimate)
    return with_missed(found, missed, population=count.size)


def chance(draws: list[tuple[int, int]], taken: int) -> float:
    """Chance of a draw of `taken` without replacement: (how many there are, how many came) of each kind."""
    ways = 1
    for there, came in draws:
        ways *= comb(there, came)
    return ways / comb(sum(there for there, _ in draws), taken)


def coverage(size: int, labeled: int, reread: int, found: int, missed: int) -> float:
    """Chance that the interval holds found + missed, all outputs of the two phases summed."""
    held = 0.0
    rest = size - found - missed
    for k in range(min(found, labeled) + 1):
        for d in range(min(missed, labeled - k) + 1):
            if labeled - k - d > rest:
                continue
            first = chance([(found, k), (missed, d), (rest, labeled - k - d)], labeled)
            right = labeled - k
            again = min(reread, right)
            for seen in range(max(0, again - (right - d)), min(d, again) + 1):
                p = first * chance([(d, seen), (right - d, again - seen)], again)
                made = both(
                    StratumCount(size, labeled, k),
                    RereadStratum(size, labeled, right, again, seen),
                )
                held += p * (made.low <= found + missed <= made.high)
    return held


@pytest.mark.parametrize(("labeled", "reread"), [(12, 3), (12, 6), (20, 20), (24, 4)])
def test_every_world_of_a_small_log_is_covered(labeled: int, reread: int) -> None:
    worlds = product((0, 1, 3, 8, 16), (0, 1, 2, 6))
    assert min(coverage(24, labeled, reread, found, missed) for found, missed in worlds) >= 0.95


def test_without_the_missed_ones_the_same_worlds_are_not_covered() -> None:
    # The negative control: 6 of 9 errors are missed by the first reader, and the labels alone never say so.
    size, labeled, found, truth = 24, 24, 3, 9
    alone = total_errors([StratumCount(size, labeled, found)])
    assert alone.high < truth
    assert coverage(size, labeled, 12, found, truth - found) >= 0.95


def test_a_log_read_twice_in_full_is_counted() -> None:
    made = both(StratumCount(50, 50, 4), RereadStratum(50, 50, 46, 46, 1))
    assert (made.value, made.low, made.high, made.guarantee) == (5, 5, 5, "exact")


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_missed_errors_only_add(alternative: Alternative) -> None:
    count, again = StratumCount(2_000, 300, 6), RereadStratum(2_000, 300, 294, 30, 1)
    alone = total_errors([count], alternative=alternative)
    made = both(count, again, alternative=alternative)
    assert made.low == alone.low + 1
    assert made.high >= alone.high
    assert made.confidence_level == 0.95


def test_the_two_shares_are_the_whole_chance_to_miss() -> None:
    levels: list[float] = []

    def estimate(at: float, side: Alternative) -> Estimate:
        levels.append(at)
        return total_errors([StratumCount(900, 90, 2)], confidence_level=at, alternative=side)

    found_errors(estimate, confidence_level=0.9)
    assert levels[0] == 0.9
    assert (1 - levels[1]) + (1 - missed_level(0.9)) == pytest.approx(0.05)
    assert 1 - missed_level(0.9) == pytest.approx(0.05 * MISSED_SHARE)
    assert missed_level(0.9, "less") == pytest.approx(1 - 0.1 * MISSED_SHARE)


@given(
    size=st.integers(1, 500),
    data=st.data(),
)
def test_the_numbers_always_fit_together(size: int, data: st.DataObject) -> None:
    labeled = data.draw(st.integers(1, size))
    right = data.draw(st.integers(0, labeled))
    reread = data.draw(st.integers(1, right)) if right else 0
    missed = data.draw(st.integers(0, reread))
    unsure = data.draw(st.integers(0, reread - missed))
    wrong = data.draw(st.integers(0, labeled - right))
    again = RereadStratum(size, labeled, right, reread, missed, unsure)
    bound = missed_errors([again])
    assert isinstance(bound, Estimate)
    assert missed <= bound.low <= bound.value <= bound.high <= size - (labeled - right)
    made = both(StratumCount(size, labeled, wrong, labeled - right - wrong), again)
    assert wrong + missed <= made.low <= made.high <= size


def test_an_undecided_one_raises_the_upper_limit_only() -> None:
    sure = missed_errors([RereadStratum(2_000, 300, 290, 30, 1)])
    unsure = missed_errors([RereadStratum(2_000, 300, 290, 30, 1, 1)])
    assert isinstance(sure, Estimate)
    assert isinstance(unsure, Estimate)
    assert unsure.low == sure.low
    assert unsure.high > sure.high


def test_a_part_has_its_own_count_and_its_own_limit() -> None:
    strata = [StratumCount(900, 90, 6)]
    found = found_errors(
        lambda at, side: domain_errors(
            strata, [2], domain_size=120, confidence_level=at, alternative=side
        )
    )
    missed = missed_errors([RereadStratum(900, 90, 84, 20, 0)], limit=120)
    assert isinstance(missed, Estimate)
    assert missed.high <= 120
    assert with_missed(found, missed, population=120).high <= 120


def test_what_was_not_read_again_is_unknown() -> None:
    nothing = missed_errors([RereadStratum(900, 90, 84, 0, 0)])
    assert isinstance(nothing, Unknown)
    assert "read again" in nothing.reason


def test_where_nothing_was_called_right_little_is_left_to_be_missed() -> None:
    bound = missed_errors([RereadStratum(900, 90, 0, 0, 0)])
    assert isinstance(bound, Estimate)
    assert bound.low == bound.value == 0
    assert 0 < bound.high < 90


@pytest.mark.parametrize(
    "counts",
    [(10, 11, 5, 1, 0), (10, 5, 6, 1, 0), (10, 5, 4, 5, 0), (10, 5, 4, 2, 3), (10, 5, 4, 2, -1)],
)
def test_counts_that_contradict_are_refused(counts: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(EstimateError, match="contradict"):
        RereadStratum(*counts)
