"""What labels are to show: a standard as an error rate, of a window or of an endless source."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from assay.errors import BadInput
from assay.estimate import rate_to_sigma
from assay.estimate.window_errors import most_errors
from assay.figures import plain
from assay.volume.question import HumanBaseline
from assay.volume.standard import Standard, parse_standard

LEAST_RATE = 1e-15
"""Rarer than that, and no number of labels on earth shows it: 3 in 1e15."""


@dataclass(frozen=True, slots=True)
class Target:
    """What labels are to show.

    Parameters
    ----------
    standard
        As the user wrote it.
    demand
        The same in words and numbers.
    error_rate : in [0, 1)
        The most that is allowed, as errors/trace.
    population : > 0
        Outputs of the window that the claim is about; None: an endless source.
    notes
        How the rate came about.
    """

    standard: str
    demand: str
    error_rate: float
    population: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def most_errors(self) -> int | None:
        """Errors that the window may hold; None for a source."""
        return None if self.population is None else most_errors(self.error_rate, self.population)

    @property
    def sigma(self) -> dict[str, float]:
        """The rate as a sigma level, by the convention."""
        return {
            "one-sided": rate_to_sigma(self.error_rate),
            "two-sided": rate_to_sigma(self.error_rate, convention="two-sided"),
            "shifted-1.5": rate_to_sigma(self.error_rate, convention="shifted-1.5"),
        }


def find_target(
    standard: str | None,
    at_most: float | None,
    *,
    per_day: float | None = None,
    population: int | None = None,
    human: HumanBaseline | None = None,
) -> Target:
    """Return what is to be shown.

    Parameters
    ----------
    standard
        As for `parse_standard`.
    at_most : in (0, 1)
        An error rate in place of a standard.
    per_day : > 0
        Outputs per day, which turn a count into a rate.
    population : > 0
        Outputs of the window that the labels are drawn from.
    human
        The people, for the standard `human`: their error rate and results per day.

    Raises
    ------
    BadInput
        Where a number is missing or out of range.
    """
    if (standard is None) == (at_most is None):
        raise BadInput(
            "a plan needs one thing to show: a standard or an error rate",
            next_command="assay plan --standard 4sigma",
        )
    if per_day is not None and not 0 < per_day < math.inf:
        raise BadInput(f"--per-day must be more than 0, got {per_day:g}")
    if population is not None and population < 1:
        raise BadInput(f"--population must be at least 1, got {population}")
    if at_most is not None:
        if not 0 < at_most < 1:
            raise BadInput(
                f"--at-most is a rate between 0 and 1, both left out, got {at_most:g}",
                next_command="assay plan --at-most 0.001",
            )
        words = f"at most {plain(at_most * 1e6)} errors in a million outputs"
        return _possible(Target(f"at most {at_most:g}", words, at_most, population))
    assert standard is not None
    try:
        wanted = parse_standard(standard)
    except BadInput as error:
        raise BadInput(error.message, next_command="assay plan --standard 4sigma") from None
    if wanted.kind == "count":
        return _possible(_of_count(wanted, per_day, population))
    if wanted.kind == "human":
        return _possible(_of_people(wanted, per_day, population, human))
    return _possible(Target(standard, wanted.demand(), wanted.limit, population))


def _of_count(standard: Standard, per_day: float | None, population: int | None) -> Target:
    """Return a count as a rate: that takes a throughput, and its window is finite."""
    target = Target(standard.text, standard.demand(), 0.0, population)
    if per_day is None:
        if population is None:
            raise BadInput(
                f"the standard {standard.text} is a count: as a rate it depends on how many outputs there are a day",
                next_command=f"assay plan --standard {standard.text} --per-day 20000",
            )
        return replace(target, error_rate=standard.limit / population)
    window = per_day * standard.days
    rate = standard.limit / window
    if population is None:
        outputs = max(1, round(window))
        note = (
            f"the window is the standard's own: {outputs:,} outputs in {_days(standard.days)}; "
            "--population sets another"
        )
        return replace(target, error_rate=rate, population=outputs, notes=(note,))
    share = f"of {population:,} outputs the standard allows {most_errors(rate, population):,} wrong"
    return replace(target, error_rate=rate, notes=(share,))


def _of_people(
    standard: Standard, per_day: float | None, population: int | None, human: HumanBaseline | None
) -> Target:
    rate = human.error_rate if human else None
    theirs = human.per_day if human else None
    if rate is None or theirs is None or per_day is None:
        raise BadInput(
            "the standard human compares with people: a plan needs their error rate, their results per day, "
            "and the system's outputs per day",
            next_command="assay plan --standard human --human-error-rate 0.10 --human-per-day 40 --per-day 20000",
        )
    if not 0 < rate < 1 or not 0 < theirs < math.inf:
        raise BadInput(
            "--human-error-rate must be between 0 and 1, both left out, and --human-per-day more than 0, "
            f"got {rate:g} and {theirs:g}"
        )
    daily = rate * theirs
    note = f"the people's {plain(daily)} errors a day are assumed, and taken as exact"
    words = f"{standard.demand()}: {plain(daily)} errors a day, out of {plain(per_day)} outputs"
    return Target(standard.text, words, daily / per_day, population, (note,))


def _possible(target: Target) -> Target:
    rate, population = target.error_rate, target.population
    if rate >= 1:
        raise BadInput(
            f"the standard {target.standard} allows as many errors as there are outputs: nothing is left to show"
        )
    if population is None and rate < LEAST_RATE:
        raise BadInput(
            f"the standard {target.standard} is a rate of {rate:.2g}: no labels show less than {LEAST_RATE:g}; "
            "only a proof does"
        )
    return target


def _days(days: float) -> str:
    return "a day" if days == 1 else f"{days:g} days"
