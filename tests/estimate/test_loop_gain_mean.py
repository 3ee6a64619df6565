from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate.exact import clopper_pearson
from assay.estimate.loop_gain_mean import mean_gain
from assay.estimate.paired import PairedTable
from assay.estimate.paired_exact import paired_difference
from assay.quantity import Estimate, Unknown


def limits(values: list[float], **options: object) -> Estimate:
    found = mean_gain(values, **options)  # type: ignore[arg-type]
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize(("hits", "n"), [(0, 40), (3, 10), (50, 100), (299, 300), (7, 7)])
@pytest.mark.parametrize("level", [0.95, 0.9995])
def test_values_of_0_and_1_have_the_exact_binomial_limits(hits: int, n: int, level: float) -> None:
    values = [1.0] * hits + [0.0] * (n - hits)
    found = limits(values, ends=(0.0, 1.0), confidence_level=level)
    low, high = clopper_pearson(hits, n, confidence_level=level)
    assert found.low == pytest.approx(low, rel=0.03, abs=1e-4)
    assert found.high == pytest.approx(high, rel=0.01, abs=1e-4)


def test_the_limits_of_a_paired_gain_are_those_of_the_exact_test_of_many_tasks() -> None:
    found = limits([0.0] * 1650 + [1.0] * 250 + [-1.0] * 100)
    exact = paired_difference(PairedTable(1300, 100, 250, 350))
    assert (found.low, found.high) == pytest.approx((-exact.high, -exact.low), abs=0.001)


def test_drawn_shares_give_the_same_limit() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(-8, 9, 200) / 8 * (rng.random(200) < 0.4)
    shares = rng.exponential(size=(40_000, 201))
    drawn = shares @ np.append(values, -1.0) / shares.sum(axis=1)
    assert limits(values.tolist()).low == pytest.approx(np.quantile(drawn, 0.025), abs=0.001)


@pytest.mark.parametrize(
    ("n", "fixed", "broke"), [(15, 0.7, 0.0), (40, 0.3, 0.25), (60, 0.05, 0.0), (200, 0.12, 0.02)]
)
def test_the_truth_is_missed_no_more_often_than_the_level_says(
    n: int, fixed: float, broke: float
) -> None:
    rng = np.random.default_rng(n)
    trials = 300
    below = above = 0
    for _ in range(trials):
        counts = rng.multinomial(n, [1 - fixed - broke, fixed, broke])
        found = limits(np.repeat([0.0, 1.0, -1.0], counts).tolist())
        below += found.low > fixed - broke
        above += found.high < fixed - broke
    # 0.025 a side, and three standard errors of 300 trials.
    assert max(below, above) / trials < 0.025 + 3 * np.sqrt(0.025 * 0.975 / trials)


def test_what_is_not_known_counts_the_worse_way_for_either_limit() -> None:
    known = limits([0.0] * 80 + [1.0] * 20)
    least, most = [0.0] * 80 + [1.0] * 20 + [-1.0] * 10, [0.0] * 80 + [1.0] * 20 + [1.0] * 10
    unsure = limits(least, most=most)
    assert (unsure.value, unsure.n) == (known.value, 100)
    assert unsure.low < known.low
    assert unsure.high > known.high
    assert (unsure.low, unsure.high) == (limits(least).low, limits(most).high)


def test_nothing_known_is_unknown_and_what_cannot_be_is_refused() -> None:
    assert isinstance(mean_gain([]), Unknown)
    assert isinstance(mean_gain([-1.0], most=[1.0]), Unknown)
    with pytest.raises(EstimateError, match="must be in"):
        mean_gain([1.5])


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=30))
def test_the_value_lies_inside_and_the_mirror_image_has_mirrored_limits(
    values: list[float],
) -> None:
    found, mirrored = limits(values), limits([-value for value in values])
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-6)
    strict = limits(values, confidence_level=0.999)
    assert strict.low <= found.low + 1e-6
    assert strict.high >= found.high - 1e-6
