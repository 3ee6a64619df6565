"""95 % when the people who label err: 5,000 labels of a million outputs, one in ten errors missed.

Labels read once, and taken as the truth, are the negative control: at rare errors they are all but never right.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from assay.estimate import StratumCount, total_errors
from assay.estimate.noise import corrected_total, miss_rate
from assay.estimate.rereading import (
    RereadStratum,
    found_errors,
    missed_errors,
    missed_level,
    with_missed,
)
from assay.quantity import Estimate, Unknown

POPULATION, LABELS = 1_000_000, 5_000
MISSED = 0.1
SHARE_OF_RIGHT = 0.1
LUCK = 0.0125


class Readings(NamedTuple):
    """What two readers and one who decides made of a sample."""

    said_wrong: int
    confirmed: int
    """Said wrong, and decided to be."""
    found_again: int
    """Confirmed, and found by the second reader."""
    right: int
    reread: int
    missed: int
    """Said right, read again, and decided to be wrong."""


def readings(
    rng: np.random.Generator, truth: int, *, false_alarms: float, decider_errs: bool
) -> Readings:
    """Everybody errs alike and independently; the one who decides too, or never."""
    wrong = int(rng.hypergeometric(truth, POPULATION - truth, LABELS))
    right = LABELS - wrong
    alarms, missed_alarms = (false_alarms, MISSED) if decider_errs else (0.0, 0.0)
    found = int(rng.binomial(wrong, 1 - MISSED))
    heard = int(rng.binomial(right, false_alarms))
    found_again = int(rng.binomial(found, 1 - MISSED))
    heard_again = int(rng.binomial(heard, false_alarms if decider_errs else 0.0))
    confirmed = found_again + int(rng.binomial(found - found_again, 1 - missed_alarms))
    confirmed_alarms = heard_again + int(rng.binomial(heard - heard_again, alarms))
    called_right = LABELS - found - heard
    again = math.ceil(SHARE_OF_RIGHT * called_right)
    inside = int(rng.hypergeometric(wrong - found, right - heard, again))
    seen = int(rng.binomial(int(rng.binomial(inside, 1 - MISSED)), 1 - missed_alarms))
    seen_alarms = int(rng.binomial(int(rng.binomial(again - inside, false_alarms)), alarms))
    return Readings(
        found + heard,
        confirmed + confirmed_alarms,
        found_again + heard_again,
        called_right,
        again,
        seen + seen_alarms,
    )


@cache
def once(said_wrong: int, level: float = 0.95) -> Estimate:
    return total_errors([StratumCount(POPULATION, LABELS, said_wrong)], confidence_level=level)


@cache
def found(confirmed: int) -> Estimate:
    count = [StratumCount(POPULATION, LABELS, confirmed)]
    return found_errors(lambda at, side: total_errors(count, confidence_level=at, alternative=side))


def twice(made: Readings) -> Estimate:
    again = RereadStratum(POPULATION, LABELS, made.right, made.reread, made.missed)
    missed = missed_errors([again], confidence_level=missed_level(0.95))
    assert isinstance(missed, Estimate)
    return with_missed(found(made.confirmed), missed, population=POPULATION)


def if_independent(made: Readings) -> Estimate | None:
    missed = miss_rate(made.confirmed - made.found_again, made.confirmed, confidence_level=1 - LUCK)
    if isinstance(missed, Unknown):
        return None
    return corrected_total(once(made.confirmed, 0.95 + 2 * LUCK), missed, population=POPULATION)


class Outcome(NamedTuple):
    """Share of the runs whose interval holds the truth, and the mean upper limit as a multiple of it."""

    once: float
    twice: float
    independent: float
    twice_high: float
    independent_high: float


def outcome(
    rate: float, false_alarms: float, *, runs: int, decider_errs: bool, seed: int = 6
) -> Outcome:
    rng = np.random.default_rng(seed)
    truth = round(rate * POPULATION)
    held = np.zeros(3)
    highs = np.zeros(2)
    for _ in range(runs):
        made = readings(rng, truth, false_alarms=false_alarms, decider_errs=decider_errs)
        by_two, alike = twice(made), if_independent(made)
        held += [
            holds(once(made.said_wrong), truth),
            holds(by_two, truth),
            # Without one confirmed error nothing is known of the miss rate, and nothing is claimed.
            alike is None or holds(alike, truth),
        ]
        highs += [by_two.high, POPULATION if alike is None else alike.high]
    return Outcome(*(held / runs), *(highs / runs / truth))


def holds(estimate: Estimate, truth: int) -> bool:
    return estimate.low <= truth <= estimate.high


TABLE = [(0.1, 0.01), (0.01, 0.01), (1e-3, 0.01), (1e-3, 1e-3), (0.1, 1e-3), (0.01, 1e-3)]


@pytest.mark.parametrize(
    ("runs", "needed"), [(60, 0.88), pytest.param(2_000, 0.95, marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize(("rate", "false_alarms"), TABLE)
@pytest.mark.parametrize("decider_errs", [False, True], ids=["decider right", "decider errs"])
def test_labels_read_twice_hold_the_truth(
    rate: float, false_alarms: float, decider_errs: bool, runs: int, needed: float
) -> None:
    # Of 60 runs at 95 % fewer than 88 % hold with probability 0.4 %; these seeds do.
    found = outcome(rate, false_alarms, runs=runs, decider_errs=decider_errs)
    assert found.twice >= needed


@pytest.mark.parametrize("rate", [0.01, 1e-3])
def test_labels_read_once_do_not(rate: float) -> None:
    assert outcome(rate, 0.01, runs=60, decider_errs=False).once <= 0.02


@pytest.mark.nightly
@pytest.mark.parametrize(("rate", "false_alarms"), TABLE)
def test_readers_who_miss_alike_are_covered_by_one_miss_rate(
    rate: float, false_alarms: float
) -> None:
    found = outcome(rate, false_alarms, runs=2_000, decider_errs=False)
    assert found.independent >= 0.95


def hard_errors(runs: int) -> tuple[float, float]:
    """Coverage by both methods where half of the errors are missed by nobody, and half by nine readers in ten."""
    rng = np.random.default_rng(8)
    truth, held = 50_000, np.zeros(2)
    for _ in range(runs):
        wrong = int(rng.hypergeometric(truth, POPULATION - truth, LABELS))
        hard = int(rng.binomial(wrong, 0.5))
        hard_found = int(rng.binomial(hard, 0.1))
        found_again = wrong - hard + int(rng.binomial(hard_found, 0.1))
        confirmed = wrong - hard + hard_found
        again = math.ceil(SHARE_OF_RIGHT * (LABELS - confirmed))
        # Whoever decides looks long enough: what is read again is known.
        missed = int(rng.hypergeometric(wrong - confirmed, LABELS - wrong, again))
        made = Readings(confirmed, confirmed, found_again, LABELS - confirmed, again, missed)
        alike = if_independent(made)
        assert alike is not None
        held += [holds(twice(made), truth), holds(alike, truth)]
    return float(held[0] / runs), float(held[1] / runs)


def test_where_some_errors_are_harder_than_others_only_the_random_second_reading_holds() -> None:
    random_reading, one_rate = hard_errors(60)
    assert random_reading >= 0.95
    assert one_rate <= 0.5
