"""What a gate does, from labels of what it kept and of what it rejected."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from assay.errors import EstimateError
from assay.estimate.gate_quality import (
    AuditCount,
    LogRatio,
    gate_quality,
    gate_verdict,
    pooled_log_ratio,
)
from assay.quantity import Estimate, Unknown


def known(quantity: object) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def ratio_of(kept: tuple[int, int, int], rejected: tuple[int, int, int]) -> LogRatio:
    found = gate_quality(AuditCount(*kept), AuditCount(*rejected)).log_ratio
    assert found is not None
    return found


EVEN = Estimate(0.12, -0.2, 0.4, "ln(phi/psi)", 0.95, 95, "fitted", "simulated")


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(0, 60), st.integers(0, 60),
    st.integers(100, 9_999), st.integers(100, 9_999),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_the_odds_identity(a: int, b: int, c: int, d: int, kept: int, rejected: int) -> None:
    found = gate_quality(AuditCount(a + b, a, kept + 120), AuditCount(c + d + 1, c, rejected + 121))
    purity, before = known(found.purity), known(found.generator)
    assert found.log_ratio is not None
    assert special.logit(purity.value) == pytest.approx(
        special.logit(before.value) + found.log_ratio.value
    )
    phi, psi = known(found.keeps_right), known(found.keeps_wrong)
    assert found.log_ratio.value == pytest.approx(math.log(phi.value / psi.value))
    wasted = known(found.generations_per_right)
    assert wasted.value == pytest.approx(1 / (before.value * phi.value))
    assert known(found.breakdown).value == pytest.approx(phi.value / (phi.value + psi.value))
    for number in (purity, before, phi, psi):
        assert 0 <= number.low <= number.value <= number.high <= 1


def test_an_exact_check_has_no_upper_limit() -> None:
    found = gate_quality(AuditCount(100, 100, 500), AuditCount(100, 0, 500))
    assert found.log_ratio is not None
    assert found.log_ratio.value == math.inf
    assert found.log_ratio.low > 3
    said = found.log_ratio.quantity
    assert isinstance(said, Unknown)
    assert "at least 3" in said.reason
    assert gate_verdict(found.log_ratio, EVEN).verdict == "through"


def test_an_open_gate_changes_nothing() -> None:
    found = gate_quality(AuditCount(50, 20, 900), AuditCount(0, 0, 0))
    assert found.log_ratio is not None
    assert found.log_ratio.quantity == Estimate(0.0, 0.0, 0.0, "ln(kept of right / kept of wrong)", 0.95, 50,
        "nothing was rejected: the gate is open", "enumerated")  # fmt: skip
    assert known(found.keeps_right).value == known(found.keeps_wrong).value == 1


def test_what_has_no_label_is_unknown() -> None:
    found = gate_quality(AuditCount(0, 0, 900), AuditCount(50, 20, 900))
    assert isinstance(found.purity, Unknown)
    assert found.purity.reason == "no item that was kept is labeled"
    assert found.log_ratio is None
    half = gate_quality(AuditCount(50, 20, 900), AuditCount(0, 0, 900))
    assert known(half.purity).value == 0.4
    assert known(half.generations_per_right).value == 5
    assert isinstance(half.keeps_right, Unknown)
    none = gate_quality(AuditCount(0, 0, 0), AuditCount(50, 20, 900))
    assert isinstance(none.purity, Unknown)
    assert none.log_ratio is None
    assert gate_verdict(None, EVEN).verdict == "undecided"


@pytest.mark.parametrize("counts", [(5, 6, 10), (11, 6, 10), (5, -1, 10)])
def test_counts_out_of_range_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(EstimateError, match="right <= labeled <= of"):
        AuditCount(*counts)


def test_nothing_at_all_is_no_gate() -> None:
    with pytest.raises(EstimateError, match="no gate to be measured"):
        gate_quality(AuditCount(0, 0, 0), AuditCount(0, 0, 0))
    with pytest.raises(EstimateError, match="of a kind of error"):
        gate_quality(AuditCount(10, 9, 10), AuditCount(10, 5, 10), {"digit 1": (2, 0)})


def test_a_blind_spot_is_named_and_a_sloppy_judge_has_none() -> None:
    blind = gate_quality(
        AuditCount(100, 67, 3_003), AuditCount(100, 0, 2_997),
        {"digit 2": (0, 54), "digit 3": (0, 46), "digit 4": (32, 0), "digit 5": (1, 0)},
    )  # fmt: skip
    assert blind.blind_spots == ("digit 4",)
    judge = gate_quality(
        AuditCount(100, 80, 2_900), AuditCount(100, 14, 2_100),
        {"digit 1": (10, 40), "digit 2": (9, 40), "digit 3": (1, 6)},
    )  # fmt: skip
    assert judge.blind_spots == ()
    # A gate that lets nearly all through has no spot: no kind passes more than the others.
    opened = gate_quality(
        AuditCount(100, 50, 4_900), AuditCount(100, 50, 100), {"a": (25, 25), "b": (25, 25)}
    )
    assert opened.blind_spots == ()


@pytest.mark.nightly
def test_a_sloppy_judge_is_rarely_said_to_be_blind() -> None:
    rng = np.random.default_rng(3)
    named = 0
    for _ in range(400):
        rows = _lot(rng, phi=0.9, psi=0.3, accuracy=0.5)
        named += bool(gate_quality(*rows[:2], rows[2]).blind_spots)
    assert named <= 20


def _lot(
    rng: np.random.Generator, *, phi: float, psi: float, accuracy: float, answers: int = 5_000
) -> tuple[AuditCount, AuditCount, dict[str, tuple[int, int]]]:
    right = rng.random(answers) < accuracy
    kept = rng.random(answers) < np.where(right, phi, psi)
    kind = rng.integers(0, 4, answers)
    drawn = {}
    for part in (True, False):
        places = np.flatnonzero(kept == part)
        drawn[part] = rng.choice(places, min(100, len(places)), replace=False)
    counts = {
        f"kind {one}": tuple(int(((kind[drawn[part]] == one) & ~right[drawn[part]]).sum()) for part in (True, False))
        for one in range(4)
    }  # fmt: skip
    kept_lot, lost_lot = (
        AuditCount(len(drawn[part]), int(right[drawn[part]].sum()), int((kept == part).sum()))
        for part in (True, False)
    )
    return kept_lot, lost_lot, {name: (pair[0], pair[1]) for name, pair in counts.items()}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("phi", "psi"), [(0.7, 0.3), (0.5, 0.5), (0.9, 0.3), (0.3, 0.7), (0.95, 0.02)]
)
@pytest.mark.parametrize("accuracy", [0.2, 0.6, 0.95])
def test_limits_of_one_turn_and_of_the_mean_of_four_cover(
    phi: float, psi: float, accuracy: float
) -> None:
    rng = np.random.default_rng(17)
    truth, inside, mean_inside, runs = math.log(phi / psi), 0, 0, 250
    for _ in range(runs):
        ratios = []
        for _ in range(4):
            kept, rejected, _ = _lot(rng, phi=phi, psi=psi, accuracy=accuracy)
            one = gate_quality(kept, rejected).log_ratio
            assert one is not None
            inside += one.low <= truth <= one.high
            ratios.append(one)
        pooled = pooled_log_ratio(ratios)
        mean_inside += pooled.low <= truth <= pooled.high
    # Three standard errors of the simulation under 95 %.
    assert inside >= (0.95 - 3 * math.sqrt(0.95 * 0.05 / (4 * runs))) * 4 * runs
    assert mean_inside >= (0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)) * runs


def test_the_mean_of_turns_is_narrower_than_each() -> None:
    one, other = (
        ratio_of((100, 80, 3_000), (100, 30, 2_000)),
        ratio_of((100, 84, 2_800), (100, 33, 2_200)),
    )
    both = pooled_log_ratio([one, other])
    assert both.value == pytest.approx((one.value + other.value) / 2)
    assert both.high - both.low < min(one.high - one.low, other.high - other.low)
    assert (both.turns, both.n) == (2, 400)
    assert pooled_log_ratio([one]) is one
    endless = pooled_log_ratio([one, ratio_of((100, 100, 3_000), (100, 0, 2_000))])
    assert endless.value == endless.high == math.inf
    assert endless.low > 0
    with pytest.raises(EstimateError, match="a mean needs ratios"):
        pooled_log_ratio([])


@pytest.mark.parametrize(
    ("kept", "rejected", "verdict"),
    [
        ((100, 80, 3_000), (100, 30, 2_000), "through"),
        ((100, 62, 2_500), (100, 52, 2_500), "undecided"),
        ((100, 30, 2_000), (100, 80, 3_000), "outside"),
    ],
)
def test_where_it_stands(
    kept: tuple[int, int, int], rejected: tuple[int, int, int], verdict: str
) -> None:
    assert gate_verdict(ratio_of(kept, rejected), EVEN).verdict == verdict


def test_without_a_break_even_nothing_is_through() -> None:
    nobody = Unknown("there is one seed")
    assert gate_verdict(ratio_of((100, 80, 3_000), (100, 30, 2_000)), nobody).verdict == "undecided"
    assert gate_verdict(ratio_of((100, 30, 2_000), (100, 80, 3_000)), nobody).verdict == "outside"
