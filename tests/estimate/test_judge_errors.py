"""How a judge errs: a census is a count, labels go by their design, and the limits hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import EstimateError
from assay.estimate import (
    JudgedStratum,
    StratumCount,
    clopper_pearson,
    flagged_error_rate,
    judge_errors,
    judge_errors_of_tasks,
    total_errors,
)
from assay.quantity import Estimate, Quantity, Unknown

NONE = StratumCount(0, 0, 0)


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2)), min_size=1))
def test_a_census_is_what_counting_gives(rows: list[tuple[bool, bool, int]]) -> None:
    strata = []
    for h in sorted({stratum for _, _, stratum in rows}):
        parts = []
        for side in (True, False):
            wrong = [w for flag, w, stratum in rows if stratum == h and flag == side]
            parts.append(StratumCount(len(wrong), len(wrong), sum(wrong)))
        strata.append(JudgedStratum(*parts))
    found = judge_errors(strata)
    expected = {
        "sensitivity": [flag for flag, wrong, _ in rows if wrong],
        "specificity": [not flag for flag, wrong, _ in rows if not wrong],
        "precision": [wrong for flag, wrong, _ in rows if flag],
        "false_omission_rate": [wrong for flag, wrong, _ in rows if not flag],
        "naive_rate": [flag for flag, _, _ in rows],
        "error_rate": [wrong for _, wrong, _ in rows],
    }
    for name, hits in expected.items():
        quantity = found._asdict()[name]
        if not hits:
            assert isinstance(quantity, Unknown), name
            continue
        assert known(quantity).value == pytest.approx(sum(hits) / len(hits)), name
        assert known(quantity).low == known(quantity).high, name
        assert known(quantity).guarantee == "exact", name


def test_the_design_is_used_and_not_the_labeled_rows() -> None:
    # Half the labels went to the few flagged outputs: the rows alone would say 20 of 24 errors were flagged.
    flagged = JudgedStratum(StratumCount(77, 77, 20), NONE)
    passed = JudgedStratum(NONE, StratumCount(1242, 160, 4))
    found = judge_errors([flagged, passed])
    missed = 4 * 1242 / 160
    assert known(found.sensitivity).value == pytest.approx(20 / (20 + missed))
    assert known(found.precision).value == 20 / 77
    assert known(found.error_rate).value == pytest.approx((20 + missed) / 1319)


def test_what_is_counted_on_one_side_takes_no_share_of_the_chance_to_miss() -> None:
    flagged = JudgedStratum(StratumCount(77, 77, 20), NONE)
    passed = JudgedStratum(NONE, StratumCount(1242, 160, 4))
    found = known(judge_errors([flagged, passed]).sensitivity)
    missed = total_errors([StratumCount(1242, 160, 4)])
    assert (found.low, found.high) == (20 / (20 + missed.high), 20 / (20 + missed.low))
    assert found.guarantee == "proved"


def test_a_side_of_a_stratum_without_a_label_is_taken_with_the_whole() -> None:
    # One stratum straddles the threshold, and none of its labels fell on the flagged side.
    low = JudgedStratum(NONE, StratumCount(900, 90, 3))
    straddling = JudgedStratum(StratumCount(5, 0, 0), StratumCount(95, 20, 2))
    high = JudgedStratum(StratumCount(100, 50, 25), NONE)
    found = judge_errors([low, straddling, high])
    assert known(found.precision).high <= 1
    assert known(found.precision).low < 50 / 105 < known(found.precision).high
    assert known(found.sensitivity).low < known(found.sensitivity).high < 1


def test_no_error_found_is_no_sensitivity() -> None:
    found = judge_errors([JudgedStratum(StratumCount(50, 20, 0), StratumCount(950, 100, 0))])
    assert isinstance(found.sensitivity, Unknown)
    assert "no error was found in 120 labels" in found.sensitivity.reason
    assert known(found.specificity).low < 1
    assert known(found.error_rate).high > 0


def test_no_label_and_no_flag_are_unknown() -> None:
    nothing = judge_errors([JudgedStratum(StratumCount(5, 0, 0), StratumCount(95, 0, 0))])
    assert isinstance(nothing.sensitivity, Unknown)
    assert known(nothing.naive_rate).value == 0.05
    unflagged = judge_errors([JudgedStratum(NONE, StratumCount(100, 50, 5))])
    assert isinstance(unflagged.precision, Unknown)
    assert known(unflagged.sensitivity).value == 0
    assert known(unflagged.sensitivity).high > 0
    assert isinstance(flagged_error_rate([]), Unknown)


@pytest.mark.parametrize("several", [False, True])
def test_unsure_labels_are_bounded_both_ways(several: bool) -> None:
    def found(errors: int, unsure: int) -> Estimate:
        one = JudgedStratum(StratumCount(200, 40, 10, 0), StratumCount(800, 80, errors, unsure))
        rest = JudgedStratum(StratumCount(30, 10, 4), StratumCount(70, 10, 1))
        return known(judge_errors([one, rest] if several else [one]).sensitivity)

    unsure, right, wrong = found(3, 2), found(3, 0), found(5, 0)
    # Melded limits are quantiles of draws: right to a point.
    noise = 0.01 if several else 1e-12
    assert unsure.low <= min(right.low, wrong.low) + noise
    assert unsure.high >= max(right.high, wrong.high) - noise


def test_binomial_limits_hold_for_every_small_log() -> None:
    # All ways to draw from a log: given the wrong labels, those flagged are a sample without replacement.
    from scipy.special import comb

    worst = 1.0
    for wrong in (3, 8, 20, 60):
        for labeled in range(1, min(wrong, 30) // 2 + 1):
            for flagged in range(wrong + 1):
                hits = np.arange(labeled + 1)
                chances = (
                    comb(flagged, hits)
                    * comb(wrong - flagged, labeled - hits)
                    / comb(wrong, labeled)
                )
                held = [
                    limits.low - 1e-12 <= flagged / wrong <= limits.high + 1e-12
                    for limits in (clopper_pearson(int(k), labeled) for k in hits)
                ]
                worst = min(worst, float(chances @ np.array(held)))
    assert worst >= 0.95


def test_tasks_have_exact_binomial_limits() -> None:
    table = JudgedStratum(StratumCount(77, 77, 20), StratumCount(1242, 1242, 30))
    found = judge_errors_of_tasks(table)
    limits = clopper_pearson(20, 50)
    assert (known(found.sensitivity).low, known(found.sensitivity).high) == limits
    assert known(found.naive_rate).high > 77 / 1319
    with pytest.raises(EstimateError, match="every output"):
        judge_errors_of_tasks(JudgedStratum(StratumCount(77, 70, 20), NONE))
