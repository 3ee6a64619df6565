"""What labels are worth when readers err: rates against tables, the correction against every world of a small log."""

from __future__ import annotations

from math import comb

import pytest

from assay.errors import EstimateError
from assay.estimate import StratumCount, clopper_pearson, total_errors
from assay.estimate.noise import (
    corrected_total,
    false_alarm_rate,
    label_noise_floor,
    miss_rate,
    second_confirms,
    second_finds,
)
from assay.estimate.ordered import ordered_errors
from assay.estimate.rereading import RereadStratum
from assay.quantity import Estimate, Unknown, exact


def known(quantity: Estimate | Unknown) -> Estimate:
    assert isinstance(quantity, Estimate)
    return quantity


def test_what_the_second_reader_confirms_and_finds_has_exact_limits() -> None:
    for rate in (known(second_confirms(41, 44)), known(second_finds(41, 44))):
        limits = clopper_pearson(41, 44)
        assert (rate.value, rate.low, rate.high) == (41 / 44, limits.low, limits.high)
        assert (rate.n, rate.guarantee) == (44, "proved")


def test_without_readings_nothing_is_known() -> None:
    for quantity in (second_confirms(0, 0), second_finds(0, 0), miss_rate(0, 0)):
        assert isinstance(quantity, Unknown)


def test_counts_that_contradict_are_refused() -> None:
    for function in (second_confirms, second_finds, miss_rate):
        with pytest.raises(EstimateError):
            function(5, 4)


def test_a_miss_rate_is_proved_from_planted_errors_only() -> None:
    # 74 planted errors all found: at most 5 % missed at 97.5 % (notes of reliability, the price of a layer).
    planted = known(miss_rate(0, 74, confidence_level=0.975, planted=True))
    assert planted.high == pytest.approx(0.0486, abs=1e-4)
    assert planted.guarantee == "proved"
    assert known(miss_rate(0, 74)).guarantee == "assumed"


def found_of(truth: int, rate: float) -> list[float]:
    """Chances that 0, 1, ... of the errors are found."""
    return [comb(truth, k) * (1 - rate) ** k * rate ** (truth - k) for k in range(truth + 1)]


def test_the_plain_quotient_fails_where_the_log_is_read_in_full_and_the_limit_here_does_not() -> (
    None
):
    truth, rate, size = 5, 0.1, 40
    missed = Estimate(rate, 0.0, rate, "share of errors", 0.975, 0, "known", "assumed")
    quotient = held = 0.0
    for found, chance in enumerate(found_of(truth, rate)):
        total = total_errors([StratumCount(size, size, found)])
        quotient += chance * (found / (1 - rate) >= truth)
        made = corrected_total(total, missed, population=size)
        held += chance * (made.low <= truth <= made.high)
    assert quotient == pytest.approx(0.59, abs=0.01)
    assert held >= 0.95


@pytest.mark.parametrize("truth", [0, 1, 4, 9, 20])
@pytest.mark.parametrize("rate", [0.05, 0.1, 0.4])
def test_every_world_of_a_small_log_is_covered(truth: int, rate: float) -> None:
    size, labeled = 60, 25
    # The rate is known here, so all that is spent on it is spent on luck.
    missed = Estimate(rate, 0.0, rate, "share of errors", 0.99, 0, "known", "assumed")
    held = 0.0
    for there, chance in enumerate(found_of(truth, rate)):
        for k in range(min(there, labeled) + 1):
            p = chance * comb(there, k) * comb(size - there, labeled - k) / comb(size, labeled)
            total = total_errors([StratumCount(size, labeled, k)], confidence_level=0.97)
            made = corrected_total(total, missed, population=size)
            held += p * (made.low <= truth <= made.high)
    assert made.confidence_level == pytest.approx(0.95)
    assert held >= 0.95


def test_for_a_large_log_the_correction_is_nearly_the_quotient() -> None:
    total = total_errors([StratumCount(10**6, 20_000, 400)], confidence_level=0.97)
    missed = known(miss_rate(10, 100, confidence_level=0.99))
    made = corrected_total(total, missed, population=10**6)
    assert made.high == pytest.approx(total.high / (1 - missed.high), rel=0.02)
    assert made.low == total.low
    assert made.guarantee == "assumed"


def test_where_every_error_may_have_been_missed_there_is_no_limit_but_the_log() -> None:
    total = total_errors([StratumCount(500, 100, 2)], confidence_level=0.97)
    made = corrected_total(total, known(miss_rate(1, 1, confidence_level=0.99)), population=500)
    assert made.high == 500


def test_a_miss_rate_that_nobody_measured_is_refused() -> None:
    total = total_errors([StratumCount(500, 100, 2)])
    with pytest.raises(EstimateError, match="level below 1"):
        corrected_total(total, exact(0.1, "share of errors", n=0, method="said"), population=500)
    with pytest.raises(EstimateError, match="no confidence"):
        corrected_total(total, known(miss_rate(1, 9, confidence_level=0.5)), population=500)


def test_the_floor_of_labels_read_once_is_the_false_alarms() -> None:
    rate = false_alarm_rate([StratumCount(10_000, 500, 5)])
    limits = ordered_errors(5, 500, 10_000)
    assert (rate.low, rate.high) == (limits.low / 10_000, limits.high / 10_000)


@pytest.mark.parametrize("again", [30, 100, 300])
def test_with_nothing_missed_the_floor_is_three_over_what_was_read_again(again: int) -> None:
    floor = known(label_noise_floor([RereadStratum(10**6, 3_000, 2_990, again, 0)]))
    assert floor.value == 0
    assert 2.85 / again <= floor.high <= 3.05 / again


def test_a_floor_that_nobody_measured_is_unknown() -> None:
    assert isinstance(label_noise_floor([RereadStratum(1_000, 300, 290, 0, 0)]), Unknown)
