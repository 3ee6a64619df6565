"""The law of a loop's gain: what a turn does to the logit of accuracy, against the verifier's log ratio."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import special

from assay.errors import EstimateError
from assay.estimate.loop_law import (
    PACKAGE_LAW,
    LawPoint,
    LeftOut,
    LoopLaw,
    accuracy_of,
    fit_law,
    ratio_of,
)
from assay.quantity import Estimate, Quantity, Unknown

RATIOS = (-1.0, 0.0, 0.5, 2.0)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def turn(seed: int, arm: str, ratio: float, change: float) -> LawPoint:
    return LawPoint(arm, seed, 1, 0.5, float(special.expit(change)), ratio)


def turns(
    laws: Sequence[tuple[float, float]], ratios: Sequence[float] = RATIOS, noise: float = 0.0
) -> list[LawPoint]:
    """Return three turns of a loop a ratio and seed; each seed has an alpha and a break-even of its own."""
    rng = np.random.default_rng(3)
    return [
        turn(
            seed, f"arm {ratio}", ratio, alpha * (ratio - crossing) + noise * rng.standard_normal()
        )
        for seed, (alpha, crossing) in enumerate(laws)
        for ratio in ratios
        for _ in range(3)
    ]


def test_a_law_without_noise_is_found() -> None:
    law = fit_law(turns([(0.3, 0.1)] * 3))
    assert known(law.alpha).value == pytest.approx(0.3)
    assert known(law.delta).value == pytest.approx(0.03)
    for quantity in (law.break_even, law.break_even_of_next):
        found = known(quantity)
        assert (found.low, found.value, found.high) == pytest.approx((0.1, 0.1, 0.1), abs=1e-6)
    assert law.r_squared == pytest.approx(1.0)
    assert (law.turns, law.loops, law.left_out) == (36, 12, LeftOut())


def test_seeds_that_differ_make_limits_wide_and_one_more_wider() -> None:
    alike = fit_law(turns([(0.25, 0.1)] * 3, noise=0.02))
    unlike = fit_law(turns([(0.47, 0.0), (0.12, 0.15), (0.17, 0.1)], noise=0.02))
    assert known(unlike.alpha).high / known(unlike.alpha).low > 10
    assert known(alike.alpha).high / known(alike.alpha).low < 2
    for law in (alike, unlike):
        for mean, following in (
            (law.alpha, law.alpha_of_next),
            (law.break_even, law.break_even_of_next),
        ):
            assert known(following).low < known(mean).low
            assert known(following).high > known(mean).high
    # Each seed that was measured lies where one more would.
    ahead = known(unlike.alpha_of_next)
    assert all(ahead.low < known(seed.alpha).value < ahead.high for seed in unlike.by_seed)
    assert known(unlike.alpha_spread).value > 5 * known(alike.alpha_spread).value


def test_the_break_even_is_not_set_by_the_seed_that_learns_fastest() -> None:
    law = fit_law(turns([(2.0, 0.4), (0.1, 0.0), (0.1, 0.0)], noise=0.001))
    pooled = (2.0 * 0.4) / 2.2
    assert known(law.break_even).value < pooled / 2


def test_alpha_may_grow_with_the_odds_of_a_right_answer() -> None:
    points = []
    for seed, before in enumerate((0.2, 0.5, 0.9)):
        speed = (before / (1 - before)) ** 0.5
        for ratio in RATIOS:
            after = float(special.expit(special.logit(before) + 0.2 * (ratio - 0.1) * speed))
            points += [
                LawPoint(f"arm {ratio}", seed, turn, before, after, ratio) for turn in (1, 2)
            ]
    plain, grown = fit_law(points), fit_law(points, growth=0.5)
    assert known(grown.alpha).value == pytest.approx(0.2)
    assert known(grown.alpha_spread).value == pytest.approx(0.0, abs=1e-9)
    assert known(plain.alpha_spread).value > 0.1
    for law in (plain, grown):
        assert known(law.break_even).value == pytest.approx(0.1)
        assert law.r_squared == pytest.approx(1.0)
    assert "^0.5" in grown.formula
    assert "^" not in plain.formula


def test_one_seed_has_limits_over_its_loops_and_says_nothing_of_another() -> None:
    law = fit_law(turns([(0.3, 0.1)], (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0), noise=0.02))
    assert known(law.alpha).low < 0.3 < known(law.alpha).high
    assert "6 loops" in known(law.break_even).method
    for quantity in (law.alpha_of_next, law.break_even_of_next, law.alpha_spread):
        assert isinstance(quantity, Unknown)
        assert "one seed" in quantity.reason


def test_seeds_of_one_verifier_each_are_fitted_together() -> None:
    points = [
        turn(seed, f"arm {seed}", ratio, 0.3 * ratio + 0.001 * seed)
        for seed, ratio in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
    ]
    law = fit_law(points)
    assert known(law.alpha).value == pytest.approx(0.3, abs=0.01)
    assert law.by_seed == ()
    assert isinstance(law.alpha_of_next, Unknown)
    assert "of their own" in law.alpha_of_next.reason


def test_a_seed_without_a_line_is_left_out_and_said() -> None:
    points = [*turns([(0.3, 0.1)] * 2), turn(7, "arm 0.5", 0.5, 0.2)]
    law = fit_law(points)
    assert law.left_out == LeftOut(no_fit=1)
    assert [seed.seed for seed in law.by_seed] == [0, 1]


def test_infinite_ratios_and_extreme_accuracies_are_left_out_and_said() -> None:
    whole = turns([(0.3, 0.1)] * 2)
    odd = [
        LawPoint("oracle", 0, 1, 0.5, 0.9, math.inf),
        LawPoint("never", 0, 1, 0.5, 0.4, -math.inf),
        LawPoint("arm 2.0", 0, 4, 0.9, 1.0, 2.0),
        LawPoint("arm 2.0", 0, 5, 1.0, 1.0, 2.0),
        LawPoint("arm -1.0", 0, 4, 0.004, 0.01, -1.0),
    ]
    law = fit_law([*whole, *odd])
    assert law.left_out == LeftOut(infinite=2, extreme=3)
    assert known(law.alpha).value == known(fit_law(whole).alpha).value


def nothing() -> list[LawPoint]:
    return []


def only_exact() -> list[LawPoint]:
    return [LawPoint("oracle", seed, 1, 0.5, 0.8, math.inf) for seed in range(3)]


def one_ratio() -> list[LawPoint]:
    return turns([(0.3, 0.1)] * 3, (0.5,))


def two_turns() -> list[LawPoint]:
    return [turn(0, "a", 0.0, 0.0), turn(0, "b", 1.0, 0.3)]


def one_loop_far_out() -> list[LawPoint]:
    return [*turns([(0.3, 0.1)], (0.0,)), turn(0, "far", 1.0, 0.3), turn(0, "also", 0.0, 0.0)]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (nothing, "no turn"),
        (only_exact, "no turn"),
        (one_ratio, "one log ratio"),
        (two_turns, "more than two turns"),
        (one_loop_far_out, "carries the slope alone"),
    ],
)
def test_what_gives_no_line_is_unknown(points: object, reason: str) -> None:
    assert callable(points)
    law = fit_law(points())
    for quantity in (law.alpha, law.delta, law.break_even, law.break_even_ratio):
        assert isinstance(quantity, Unknown)
        assert reason in quantity.reason
    json.dumps(law.to_json(), allow_nan=False)


def test_verifiers_that_do_not_matter_have_no_certain_break_even() -> None:
    law = fit_law(turns([(0.0, 0.0)] * 4, noise=0.05))
    assert isinstance(law.break_even, Unknown) or math.isinf(law.break_even.high)
    falling = fit_law(turns([(-0.3, 0.1)] * 3, noise=0.01))
    assert isinstance(falling.break_even, Unknown)
    assert known(falling.alpha).high < 0


def test_loops_that_never_change_are_no_error() -> None:
    law = fit_law(turns([(0.0, 0.0)] * 3))
    assert known(law.alpha).value == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(law.r_squared)
    json.dumps(law.to_json(), allow_nan=False)


def test_the_ratio_and_the_accuracy_follow_from_the_break_even() -> None:
    found = Estimate(math.log(3), 0.0, math.inf, "ln(phi/psi)", 0.95, 9, "made up")
    ratio, accuracy = known(ratio_of(found)), known(accuracy_of(found))
    assert (ratio.low, ratio.value, ratio.high) == pytest.approx((1.0, 3.0, math.inf))
    assert (accuracy.low, accuracy.value, accuracy.high) == pytest.approx((0.5, 0.75, 1.0))
    assert ratio_of(Unknown("why")) == Unknown("why")


def test_points_and_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(EstimateError, match="accuracy"):
        LawPoint("a", 0, 1, 1.1, 0.5, 0.0)
    with pytest.raises(EstimateError, match="NaN"):
        LawPoint("a", 0, 1, 0.5, 0.5, math.nan)
    with pytest.raises(EstimateError, match="growth"):
        fit_law([], growth=1.5)
    with pytest.raises(EstimateError, match="extreme"):
        fit_law([], extreme=0.5)
    with pytest.raises(EstimateError, match="confidence_level"):
        fit_law([], confidence_level=1.0)


def test_the_json_is_stable() -> None:
    told = fit_law(turns([(0.25, 0.1)] * 3, noise=0.02)).to_json()
    assert list(told) == [
        "formula", "alpha", "delta", "break_even", "break_even_ratio", "break_even_accuracy", "alpha_of_next",
        "break_even_of_next", "alpha_spread", "by_seed", "turns", "loops", "left_out", "r_squared", "growth", "source",
    ]  # fmt: skip


def test_the_package_law_names_where_it_was_measured() -> None:
    law: LoopLaw = PACKAGE_LAW
    assert "examples/loop" in law.source
    assert known(law.break_even).low < 0.12 < known(law.break_even).high
    assert known(law.break_even_ratio).value == pytest.approx(1.1, abs=0.1)
    json.dumps(law.to_json(), allow_nan=False)
