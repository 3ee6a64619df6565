from __future__ import annotations

import importlib
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from assay.estimate import JudgeWorth, StratumCount, judge_finding, judge_worth
from assay.quantity import Estimate, Unknown

GOOD_JUDGE = [StratumCount(648, 112, 105), StratumCount(671, 88, 2)]
NOISE_JUDGE = [StratumCount(130, 20, 1), StratumCount(1189, 180, 9)]
WEAK_JUDGE = [StratumCount(77, 38, 10), StratumCount(1242, 162, 4)]
SIX = [
    StratumCount(9000, 120, 1), StratumCount(5000, 90, 1), StratumCount(3000, 70, 2),
    StratumCount(1500, 50, 3), StratumCount(1000, 40, 7), StratumCount(500, 30, 14),
]  # fmt: skip


def known(worth: JudgeWorth) -> Estimate:
    assert isinstance(worth.gain, Estimate)
    return worth.gain


def by_hand(strata: list[StratumCount]) -> float:
    """Cochran's two variances with unbiased estimates in them, and the uniform sample of the same variance."""
    size, labels = sum(s.size for s in strata), sum(s.labeled for s in strata)
    variance = Fraction(0)
    for s in strata:
        p = Fraction(s.errors, s.labeled)
        sample_variance = p * (1 - p) * Fraction(s.labeled, s.labeled - 1)
        variance += (
            Fraction(s.size, size) ** 2
            * sample_variance
            * (Fraction(1, s.labeled) - Fraction(1, s.size))
        )
    rate = sum(Fraction(s.size * s.errors, s.labeled) for s in strata) / size
    whole = (rate * (1 - rate) + variance) * Fraction(size, size - 1)
    return float(1 / (variance / whole + Fraction(1, size)) / labels)


@pytest.mark.parametrize("strata", [GOOD_JUDGE, WEAK_JUDGE, SIX])
def test_the_point_is_the_uniform_sample_of_the_same_standard_error(
    strata: list[StratumCount],
) -> None:
    assert known(judge_worth(strata)).value == pytest.approx(by_hand(strata), rel=1e-12)


def test_where_errors_are_rare_it_is_one_over_the_mean_weight_of_an_error() -> None:
    strata = [StratumCount(10**8, 10**5, 3), StratumCount(10**7, 10**5, 20)]
    errors = [s.size * s.errors / s.labeled for s in strata]
    weights = [2e5 * s.size / 1.1e8 / s.labeled for s in strata]
    mean = np.average(weights, weights=errors)
    assert known(judge_worth(strata)).value == pytest.approx(1 / mean, rel=0.002)


def test_for_two_strata_with_rare_errors_the_limits_are_the_exact_conditional_ones() -> None:
    """Of the errors found, those in the dense stratum are binomial: Clopper and Pearson give the limits."""
    strata = [StratumCount(10**8, 10**5, 4), StratumCount(10**7, 10**5, 10)]
    weights = np.array([2e5 * s.size / 1.1e8 / s.labeled for s in strata])
    share = stats.binomtest(10, 14).proportion_ci(0.95, "exact")
    gains = []
    for dense in (share.low, share.high):
        found = np.array([1 - dense, dense])
        gains.append((found @ weights) / (found @ weights**2))
    gain = known(judge_worth(strata))
    assert [gain.low, gain.high] == pytest.approx(gains, rel=0.02)


def test_rights_and_wrongs_can_change_places() -> None:
    mirrored = [StratumCount(s.size, s.labeled, s.labeled - s.errors) for s in SIX]
    gain, other = known(judge_worth(SIX)), known(judge_worth(mirrored))
    assert gain.value == pytest.approx(other.value, rel=1e-12)
    assert gain.high == pytest.approx(other.high, rel=0.05)


def test_the_order_of_the_strata_says_nothing() -> None:
    gain, other = known(judge_worth(SIX)), known(judge_worth(SIX[::-1]))
    assert [gain.low, gain.value, gain.high] == pytest.approx(
        [other.low, other.value, other.high], rel=0.03
    )


def test_the_same_labels_give_the_same_limits() -> None:
    assert judge_worth(SIX) == judge_worth(SIX)
    assert judge_worth(SIX) != judge_worth(SIX, rng=np.random.default_rng(1))


def test_the_gain_cannot_exceed_reading_everything() -> None:
    # Every error that was found lies in a stratum that is read in full: the point has no sampling error.
    gain = known(judge_worth([StratumCount(50, 50, 30), StratumCount(950, 50, 0)]))
    assert gain.value == gain.high == pytest.approx(10)
    # Fifty labels don't rule out that the other stratum holds more errors than that one.
    assert gain.low < 1
    assert known(judge_worth([StratumCount(50, 50, 30), StratumCount(950, 350, 0)])).low > 1


@pytest.mark.parametrize(
    ("strata", "found"),
    [
        (GOOD_JUDGE, "saves labels"),
        (NOISE_JUDGE, "nothing shown"),
        ([StratumCount(1000, 200, 0), StratumCount(9000, 200, 40)], "costs labels"),
        ([StratumCount(5000, 200, 60), StratumCount(500, 200, 60)], "costs labels"),
    ],
)
def test_what_the_labels_show_is_said(strata: list[StratumCount], found: str) -> None:
    assert judge_finding(judge_worth(strata).gain) == found


def test_a_draw_by_size_alone_can_show_no_saving_by_chance_differences() -> None:
    # The judge asked for nothing, so there is no direction in which it could have been right.
    worth = judge_worth([StratumCount(1000, 100, k) for k in (20, 26, 31, 40)])
    assert worth.p_value is None
    assert known(worth).low < 1 < known(worth).value


def test_a_higher_level_is_wider() -> None:
    gains = [
        known(judge_worth(WEAK_JUDGE, confidence_level=level)) for level in (0.8, 0.9, 0.95, 0.99)
    ]
    for narrow, wide in pairwise(gains):
        assert wide.low < narrow.low < narrow.high < wide.high


def test_unsure_labels_widen_and_are_bounded_both_ways() -> None:
    unsure = [StratumCount(77, 38, 8, 2), StratumCount(1242, 162, 3, 1)]
    gain, worth = known(judge_worth(WEAK_JUDGE)), judge_worth(unsure)
    assert known(worth).low < gain.low
    for dense in range(3):
        for other in range(2):
            read = [StratumCount(77, 38, 8 + dense), StratumCount(1242, 162, 3 + other)]
            limits = known(judge_worth(read))
            assert known(worth).low <= limits.low * 1.04
            assert known(worth).high >= limits.high * 0.96
    assert (
        worth.p_value == judge_worth([StratumCount(77, 38, 8), StratumCount(1242, 162, 4)]).p_value
    )


@pytest.mark.parametrize("strata", [GOOD_JUDGE, NOISE_JUDGE, WEAK_JUDGE, SIX])
def test_the_p_value_is_fishers(strata: list[StratumCount]) -> None:
    density = sum(s.labeled for s in strata) / sum(s.size for s in strata)
    table = np.zeros((2, 2), dtype=int)
    for s in strata:
        row = 0 if s.labeled / s.size > density else 1
        table[row] += (s.errors, s.labeled - s.errors)
    expect = stats.fisher_exact(table, alternative="greater").pvalue
    assert judge_worth(strata).p_value == pytest.approx(expect, rel=1e-9)


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([StratumCount(100, 10, 1)], "one stratum"),
        ([StratumCount(100, 10, 1), StratumCount(0, 0, 0)], "one stratum"),
        ([StratumCount(10, 0, 0), StratumCount(5, 0, 0)], "no label"),
        ([StratumCount(10, 5, 1), StratumCount(5, 0, 0)], "a stratum has no label"),
        ([StratumCount(10, 10, 2), StratumCount(5, 5, 0)], "every trace is labeled"),
        ([StratumCount(100, 20, 0), StratumCount(50, 20, 0)], "no error was found in 40 labels"),
        ([StratumCount(100, 20, 0, 3), StratumCount(50, 20, 0)], "no error was found"),
        ([StratumCount(100, 20, 20), StratumCount(50, 20, 18, 2)], "no right answer"),
    ],
)
def test_where_nothing_can_be_said_it_is_unknown(strata: list[StratumCount], reason: str) -> None:
    worth = judge_worth(strata)
    assert isinstance(worth.gain, Unknown)
    assert reason in worth.gain.reason
    assert worth.p_value is None
    assert judge_finding(worth.gain) is None


@pytest.mark.parametrize(
    "strata",
    [
        [StratumCount(10**10, 1000, 3), StratumCount(5, 2, 1), StratumCount(1, 1, 0)],
        [StratumCount(2, 1, 1), StratumCount(2, 1, 0)],
        [StratumCount(10**6, 10, 10), StratumCount(10**6, 500, 0)],
        [StratumCount(10**6, 10, 0), StratumCount(10**6, 500, 500)],
        [StratumCount(3, 3, 3), StratumCount(100, 3, 0), StratumCount(2, 1, 1)],
    ],
)
def test_extreme_designs_have_limits(strata: list[StratumCount]) -> None:
    gain = known(judge_worth(strata))
    size, labels = sum(s.size for s in strata), sum(s.labeled for s in strata)
    assert 0 <= gain.low <= gain.value <= gain.high <= size / labels * (1 + 1e-9)


def test_the_lower_limit_holds_with_few_labels_in_each_of_many_strata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = importlib.import_module("assay.estimate.judge_worth")
    monkeypatch.setattr(module, "_POINTS", 1_000)
    labeled = [4, 16] * 6
    # Half of each stratum is wrong: the judge tells nothing apart, and its draw is worth less than a uniform one.
    truth = true_gain([400] * 12, labeled, 0.5)
    rng, missed = np.random.default_rng(5), 0
    for _ in range(40):
        found = rng.hypergeometric(200, 200, labeled)
        strata = [StratumCount(400, n, int(k)) for n, k in zip(labeled, found, strict=True)]
        missed += known(judge_worth(strata, rng=rng)).low > truth
    # One run in a thousand would have more at just 97.5 %.
    assert missed <= 5


def true_gain(sizes: list[int], labeled: list[int], rate: float) -> float:
    """The gain where each stratum has the same rate."""
    size = sum(sizes)
    spread = rate * (1 - rate)
    within = sum(
        (n / size) ** 2 * spread * n / (n - 1) * (1 / m - 1 / n)
        for n, m in zip(sizes, labeled, strict=True)
    )
    return 1 / ((within / (spread * size / (size - 1)) + 1 / size) * sum(labeled))
