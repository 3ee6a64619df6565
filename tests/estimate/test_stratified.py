from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import EstimateError, TooFewLabels
from assay.estimate import (
    StratumCount,
    clopper_pearson,
    domain_errors,
    error_rate,
    hypergeometric_errors,
    total_errors,
)
from assay.estimate.likelihood import likelihood_limits
from assay.estimate.ordered import ordered_errors


@st.composite
def stratum(draw: st.DrawFn, *, unsure: bool = True, least_labels: int = 0) -> StratumCount:
    labeled = draw(st.integers(least_labels, 60))
    size = labeled + draw(st.integers(0, 2000))
    errors = draw(st.integers(0, labeled))
    open_labels = draw(st.integers(0, labeled - errors)) if unsure else 0
    return StratumCount(size, labeled, errors, open_labels)


def usable(strata: list[StratumCount]) -> bool:
    return any(s.labeled for s in strata)


strata_lists = st.lists(stratum(), min_size=1, max_size=5).filter(usable)


@given(strata_lists, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_limits_are_ordered_whole_and_in_range(strata: list[StratumCount], level: float) -> None:
    total = total_errors(strata, confidence_level=level)
    found = sum(s.errors for s in strata)
    right = sum(s.labeled - s.errors - s.unsure for s in strata)
    assert found <= total.low <= total.value <= total.high <= sum(s.size for s in strata) - right
    assert total.low == int(total.low)
    assert total.high == int(total.high)


@given(strata_lists, st.randoms())
def test_the_order_of_strata_is_nothing(strata: list[StratumCount], rng: object) -> None:
    mixed = list(strata)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    ours, theirs = total_errors(strata), total_errors(mixed)
    assert (ours.low, ours.high) == (theirs.low, theirs.high)
    assert ours.value == pytest.approx(theirs.value)


@given(st.lists(stratum(unsure=False, least_labels=1), min_size=2, max_size=4), st.data())
def test_one_more_error_never_lowers_a_limit(
    strata: list[StratumCount], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(strata) - 1))
    s = strata[place]
    if s.errors == s.labeled:
        return
    worse = list(strata)
    worse[place] = StratumCount(s.size, s.labeled, s.errors + 1)
    # What widens the limits of more than three strata depends on the errors, too: there one may fall a little.
    slack = 0 if len(strata) <= 3 else math.ceil(0.02 * sum(one.size for one in strata))
    assert total_errors(worse).high >= total_errors(strata).high - slack
    assert total_errors(worse).low >= total_errors(strata).low - slack


def test_a_limit_of_four_strata_that_falls_by_one() -> None:
    """99 outputs, four labels: the first error in the first stratum lowers the upper limit from 93 to 92."""
    sizes = (22, 36, 5, 36)
    none = [StratumCount(size, 1, 0) for size in sizes]
    one = [StratumCount(22, 1, 1), *none[1:]]
    assert total_errors(none).high - total_errors(one).high == 1


@given(st.integers(1, 60), st.integers(1, 400), st.data())
def test_one_stratum_is_monotone_on_both_sides(
    labeled: int, rest: int, data: st.DataObject
) -> None:
    errors = data.draw(st.integers(0, labeled - 1))
    fewer = total_errors([StratumCount(labeled + rest, labeled, errors)])
    more = total_errors([StratumCount(labeled + rest, labeled, errors + 1)])
    assert fewer.low <= more.low
    assert fewer.high <= more.high


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 6), st.integers(0, 4), st.integers(0, 20)),
        min_size=2,
        max_size=3,
    ),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_unsure_labels_are_bounded_by_every_completion(
    counts: list[tuple[int, int, int, int]], level: float
) -> None:
    sizes = [k + u + right + 1 + rest for rest, k, u, right in counts]
    labeled = [k + u + right + 1 for _, k, u, right in counts]
    total = total_errors(
        [
            StratumCount(size, n, k, u)
            for size, n, (_, k, u, _) in zip(sizes, labeled, counts, strict=True)
        ],
        confidence_level=level,
    )
    completions = itertools.product(*(range(k, k + u + 1) for _, k, u, _ in counts))
    low, high = likelihood_limits(sizes, labeled, list(completions), miss=round(1 - level, 9))
    assert total.low <= low.min()
    assert total.high >= high.max()


def test_the_method_follows_from_the_design() -> None:
    counted = StratumCount(40, 40, 7)
    count = total_errors([counted])
    assert (count.low, count.value, count.high) == (7, 7, 7)
    assert (count.guarantee, count.confidence_level) == ("exact", 1.0)
    one = total_errors([counted, StratumCount(1000, 100, 3)])
    low, high = ordered_errors(3, 100, 1000)
    assert (one.low, one.high, one.guarantee) == (low + 7, high + 7, "proved")
    two = total_errors([counted, StratumCount(1000, 100, 3), StratumCount(500, 20, 1)])
    assert two.guarantee == "enumerated"
    assert two.n == 160


def test_one_limit_of_one_stratum_keeps_the_equal_tails() -> None:
    # A standard asks for one side: the shorter interval claims only both together.
    for alternative in ("less", "greater"):
        one = total_errors([StratumCount(1000, 100, 3)], alternative=alternative)
        low, high = hypergeometric_errors(3, 100, 1000, alternative=alternative)
        assert (one.low, one.high) == (low, high)


def test_a_stratum_without_labels_is_bounded_by_its_size() -> None:
    total = total_errors([StratumCount(1000, 100, 10), StratumCount(300, 0, 0)])
    known = ordered_errors(10, 100, 1000)
    assert (total.low, total.high) == (known.low, known.high + 300)
    assert total.value == pytest.approx(130)


def test_unsure_labels_of_a_census_are_a_bound_not_a_count() -> None:
    total = total_errors([StratumCount(10, 10, 2, 3)])
    assert (total.low, total.value, total.high, total.guarantee) == (2, 3.5, 5, "proved")


@pytest.mark.parametrize(
    ("strata", "low", "high"),
    [
        ([StratumCount(1, 1, 0), StratumCount(1, 1, 1)], 1, 1),
        ([StratumCount(1, 0, 0), StratumCount(1, 1, 1)], 1, 2),
        ([StratumCount(2, 1, 1), StratumCount(2, 1, 1)], 2, 4),
        ([StratumCount(2, 1, 0), StratumCount(2, 1, 0)], 0, 2),
        ([StratumCount(0, 0, 0), StratumCount(5, 5, 5)], 5, 5),
    ],
)
def test_the_smallest_logs(strata: list[StratumCount], low: int, high: int) -> None:
    total = total_errors(strata)
    assert (total.low, total.high) == (low, high)


@pytest.mark.parametrize("errors", [0, 1, 50])
def test_weights_of_a_million_and_a_population_of_1e9(errors: int) -> None:
    strata = [StratumCount(10**9, 1000, 0), StratumCount(50, 50, errors), StratumCount(99, 50, 50)]
    total = total_errors(strata)
    assert math.isfinite(total.high)
    # The rule of three, where a label stands for a million.
    assert total.high == pytest.approx(3e6, rel=0.01)


def test_zero_errors_have_an_upper_limit() -> None:
    rate = error_rate([StratumCount(50_000, 500, 0), StratumCount(50_000, 500, 0)])
    assert rate.value == rate.low == 0
    # A limit above only, as there is nothing below to miss.
    assert rate.high == pytest.approx(clopper_pearson(0, 1000, alternative="less").high, rel=0.01)


def test_all_wrong() -> None:
    total = total_errors([StratumCount(100, 30, 30), StratumCount(200, 40, 40)])
    assert total.high == 300
    assert total.low < 300


def test_equal_strata_are_near_one_stratum() -> None:
    parted = total_errors([StratumCount(1000, 100, 5), StratumCount(1000, 100, 5)])
    whole = total_errors([StratumCount(2000, 200, 10)])
    assert parted.high == pytest.approx(whole.high, rel=0.06)
    assert parted.low == pytest.approx(whole.low, rel=0.15)


def test_scaling_the_log_scales_the_limits() -> None:
    # Far from a census only the weights count.
    small = total_errors([StratumCount(10**6, 100, 3), StratumCount(10**7, 200, 1)])
    large = total_errors([StratumCount(10**8, 100, 3), StratumCount(10**9, 200, 1)])
    assert large.low / small.low == pytest.approx(100, rel=1e-3)
    assert large.high / small.high == pytest.approx(100, rel=1e-3)


def test_one_sided_limits_are_nearer() -> None:
    strata = [StratumCount(1000, 100, 5), StratumCount(500, 20, 2)]
    both = total_errors(strata)
    less = total_errors(strata, alternative="less")
    greater = total_errors(strata, alternative="greater")
    assert less.low == 7  # What was found, and no more is claimed.
    assert less.high < both.high
    assert greater.low > both.low
    assert greater.high == 1500 - 113


def test_below_90_percent_the_limits_stay_at_what_was_enumerated() -> None:
    strata = [StratumCount(1000, 100, 5), StratumCount(500, 20, 2)]
    assert total_errors(strata, confidence_level=0.5).high == (
        total_errors(strata, confidence_level=0.9).high
    )


def test_a_domain_is_capped_by_its_size() -> None:
    strata = [StratumCount(900, 90, 6), StratumCount(100, 50, 20)]
    day = domain_errors(strata, [2, 5], domain_size=30)
    assert (day.low >= 7, day.high) == (True, 30)
    assert "domain of 30" in day.method
    whole = domain_errors(strata, [6, 20], domain_size=1000)
    assert (whole.low, whole.high) == (total_errors(strata).low, total_errors(strata).high)


def test_contradictions_are_refused() -> None:
    with pytest.raises(TooFewLabels, match="draw traces at random"):
        total_errors([StratumCount(10, 0, 0)])
    with pytest.raises(EstimateError, match="no trace"):
        total_errors([StratumCount(0, 0, 0)])
    with pytest.raises(EstimateError, match="more labels than traces"):
        StratumCount(3, 4, 0)
    with pytest.raises(EstimateError, match="more errors"):
        StratumCount(10, 4, 3, 2)
    with pytest.raises(EstimateError, match="negative"):
        StratumCount(10, 4, -1)
    with pytest.raises(EstimateError, match="one count a stratum"):
        domain_errors([StratumCount(10, 4, 3)], [], domain_size=3)
    with pytest.raises(EstimateError, match="errors_in_domain"):
        domain_errors([StratumCount(10, 4, 3)], [4], domain_size=5)
    with pytest.raises(EstimateError, match="less than the 3 errors"):
        domain_errors([StratumCount(10, 4, 3)], [3], domain_size=2)
