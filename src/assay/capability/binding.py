"""What binds: too little work, too few machines, too few reviewers, too long a repair; what one more would bring.

The shortage is on the demand side where less work comes than machines and people can do, and on the supply side else.
On the supply side repair binds, and not the number of machines or of reviewers, where those there are would be enough
if nothing had to be repaired: machines that fail, answers that have to be mended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from assay.capability.binding_evidence import FloatArray, Line, Values, line_draws, line_values
from assay.errors import EstimateError
from assay.estimate.queueing import ServiceTime, check_and_fix, mean_wait
from assay.quantity import Estimate, Quantity, Unknown

Constraint = Literal[
    "too little work",
    "too few machines",
    "too long a repair of machines",
    "too few reviewers",
    "too long a mending of answers",
]

CONSTRAINTS: tuple[Constraint, ...] = (
    "too little work",
    "too few machines",
    "too long a repair of machines",
    "too few reviewers",
    "too long a mending of answers",
)

_WAIT_DRAWS = 400
"""Waits are computed draw by draw, in a loop over the servers: fewer of them."""

_METHOD = "draws of the measured rates and times (Gamma, inverse gamma, Beta)"


@dataclass(frozen=True, slots=True)
class Station:
    """Machines or reviewers: how busy they are, how much they can do, how long work waits for them.

    Parameters
    ----------
    utilization
        Work that comes to them by what they can do; above 1 a queue grows without end.
    capacity_per_hour
        Tasks of the line that they can bear in an hour.
    mean_wait_hours
        In balance, arrivals independent; unknown where there is none.
    """

    utilization: Quantity
    capacity_per_hour: Quantity
    mean_wait_hours: Quantity


@dataclass(frozen=True, slots=True)
class OneMore:
    """What a change would bring.

    Parameters
    ----------
    change
        In words.
    delivered_per_hour, correct_per_hour
        Tasks, and verified-correct results, that it adds in an hour; 0 where something else binds.
    """

    change: str
    delivered_per_hour: Quantity
    correct_per_hour: Quantity


@dataclass(frozen=True, slots=True)
class Capacity:
    """What binds a line.

    Parameters
    ----------
    binds
        What is named; None where the evidence can't tell.
    probability
        Of each constraint, over the draws.
    side
        "demand", "supply", or "cannot tell".
    delivered_per_hour, correct_per_hour
        Tasks that leave the line, and those of them that are verified-correct: right, or caught and mended.
    machines, reviewers
    one_more
        Greatest gain first.
    queue_hours
        Hours until those waiting now are gone, if all stays as it is; unknown where the queue grows.
    """

    binds: Constraint | None
    probability: dict[Constraint, float]
    side: Literal["demand", "supply", "cannot tell"]
    delivered_per_hour: Quantity
    correct_per_hour: Quantity
    machines: Station
    reviewers: Station | Unknown
    one_more: tuple[OneMore, ...]
    queue_hours: Quantity


def what_binds(
    line: Line, *, rng: np.random.Generator, draws: int = 4000, confidence_level: float = 0.95
) -> Capacity:
    """Return what binds a line, how busy all are, and what one more of each would bring.

    Parameters
    ----------
    line
    rng
    draws : >= 400
    confidence_level : in (0.5, 1)
        Of the intervals, and the probability from which on a constraint is named.

    Raises
    ------
    EstimateError
        If there are too few draws.

    Notes
    -----
    Capacity of machines: ``m A / s`` with availability ``A = 1 / (1 + failures repair)``; of reviewers:
    ``k / (q (check + wrong caught mend))``. Delivered is the least of the arrivals and the capacities. It is the
    fluid limit, right over days; waits are those of `assay.estimate.queueing`, in balance and at all hours. They fail
    where people go home or arrivals come in bursts: `assay.estimate.queue_simulation`. A wait for machines that fail
    leaves out that several may be down at once.
    """
    if draws < _WAIT_DRAWS or not 0.5 < confidence_level < 1:
        raise EstimateError(
            f"draws must be >= {_WAIT_DRAWS} and confidence_level in (0.5, 1), got {draws}, {confidence_level}"
        )
    plain = line_values(line)
    drawn = line_draws(line, draws, rng)
    sums = _Sums(line, plain, drawn, confidence_level)
    binding = _constraint(line, drawn)
    probability = {name: float(np.mean(binding == i)) for i, name in enumerate(CONSTRAINTS)}
    likeliest = max(CONSTRAINTS, key=lambda name: probability[name])
    demand = probability["too little work"]
    certain = max(demand, 1 - demand) >= confidence_level
    reviewers = line.review_share > 0
    return Capacity(
        likeliest if probability[likeliest] >= confidence_level else None,
        probability,
        ("demand" if demand > 0.5 else "supply") if certain else "cannot tell",
        sums.least("tasks/hour", correct=False),
        sums.least("correct/hour", correct=True),
        _station(sums, _machine_capacity, _machine_wait),
        _station(sums, _reviewer_capacity, _reviewer_wait)
        if reviewers
        else Unknown("nobody checks"),
        sums.one_more(),
        sums.queue(),
    )


Formula = Callable[[Line, Values], FloatArray]


def _machine_capacity(line: Line, v: Values) -> FloatArray:
    return line.machines / (1 + v["failures"] * v["repair_time"]) / v["machine_time"]


def _work_of_review(line: Line, v: Values) -> FloatArray:
    mends = np.where(v["mend_time"] > 0, (1 - v["right"]) * v["caught"] * v["mend_time"], 0.0)
    return np.asarray(line.review_share * (v["check_time"] + mends), float)


def _reviewer_capacity(line: Line, v: Values) -> FloatArray:
    work = _work_of_review(line, v)
    return np.where(work > 0, line.reviewers / np.where(work > 0, work, 1.0), np.inf)


def _delivered(line: Line, v: Values) -> FloatArray:
    supply = np.minimum(_machine_capacity(line, v), _reviewer_capacity(line, v))
    return np.minimum(v["arrivals"], supply)


def _share_correct(line: Line, v: Values) -> FloatArray:
    mended = line.review_share * v["caught"] if line.mend_time is not None else 0.0
    return np.asarray(v["right"] + (1 - v["right"]) * mended, float)


def _constraint(line: Line, v: Values) -> FloatArray:
    """Return which of `CONSTRAINTS` binds, in each draw."""
    arrivals, machines, people = (
        v["arrivals"],
        _machine_capacity(line, v),
        _reviewer_capacity(line, v),
    )
    whole = _machine_capacity(line, {**v, "repair_time": np.zeros_like(v["repair_time"])})
    unmended = _reviewer_capacity(line, {**v, "mend_time": np.zeros_like(v["mend_time"])})
    by_machines = np.where(whole >= np.minimum(arrivals, people), 2, 1)
    by_people = np.where(unmended >= np.minimum(arrivals, machines), 4, 3)
    supply = np.where(machines <= people, by_machines, by_people)
    return np.where(arrivals <= np.minimum(machines, people), 0, supply)


def _machine_wait(line: Line, v: Values, i: int) -> float:
    time = ServiceTime(
        float(v["machine_time"][i] * (1 + v["failures"][i] * v["repair_time"][i])),
        line.machine_time.variation,
    )
    return _wait(float(v["arrivals"][i]), line.machines, time)


def _reviewer_wait(line: Line, v: Values, i: int) -> float:
    if line.check_time is None:
        return 0.0
    time = ServiceTime(float(v["check_time"][i]), line.check_time.variation)
    if line.mend_time is not None:
        mend = ServiceTime(float(v["mend_time"][i]), line.mend_time.variation)
        share = float((1 - v["right"][i]) * v["caught"][i])
        time = check_and_fix(time, mend, fix_share=share)
    come = min(float(v["arrivals"][i]), float(_machine_capacity(line, v)[i])) * line.review_share
    return _wait(come, line.reviewers, time)


def _wait(arrivals: float, servers: int, time: ServiceTime) -> float:
    if arrivals * time.mean_hours >= servers:
        return float("inf")
    return mean_wait(arrivals, servers, time)


@dataclass(frozen=True, slots=True)
class _Sums:
    line: Line
    plain: Values
    drawn: Values
    confidence_level: float

    def of(self, formula: Formula, unit: str) -> Quantity:
        value = float(formula(self.line, self.plain)[0])
        return self.quantity(value, formula(self.line, self.drawn), unit)

    def quantity(self, value: float, draws: FloatArray, unit: str) -> Quantity:
        if np.isnan(value) or np.any(np.isnan(draws)):
            return Unknown("nobody knows how many answers are right: label some")
        if not np.isfinite(value):
            return Unknown("nothing limits it, or it grows without end")
        tail = (1 - self.confidence_level) / 2
        ends = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
        low, high = min(float(ends[0]), value), max(float(ends[1]), value)
        counts = [self.line.arrivals.count, self.line.machine_time.n]
        n = min((count for count in counts if count), default=0)
        return Estimate(value, low, high, unit, self.confidence_level, n, _METHOD, "simulated")

    def correct(self, formula: Formula) -> Quantity:
        return self.of(lambda line, v: formula(line, v) * _share_correct(line, v), "correct/hour")

    def least(self, unit: str, *, correct: bool) -> Quantity:
        """Return what is delivered: the least of the arrivals and the capacities.

        Where two of them are near, the least of the draws is too small too often: its upper limit is the least of the
        upper limits, each at a third of the miss.
        """
        found = self.correct(_delivered) if correct else self.of(_delivered, unit)
        if isinstance(found, Unknown):
            return found
        share = _share_correct(self.line, self.drawn) if correct else 1.0
        level = 1 - (1 - self.confidence_level) / 6
        terms = (
            self.drawn["arrivals"],
            _machine_capacity(self.line, self.drawn),
            _reviewer_capacity(self.line, self.drawn),
        )
        highs = [np.quantile(term * share, level, method="inverted_cdf") for term in terms]
        return replace(found, high=max(float(min(highs)), found.value))

    def one_more(self) -> tuple[OneMore, ...]:
        line, one = self.line, {"arrivals": self.line.arrivals.per_hour * 0.1}
        changes: list[tuple[str, Formula]] = [
            ("a tenth more work", lambda at, v: _delivered(at, _more(v, one))),
            ("one more machine", lambda at, v: _delivered(_grown(at, machines=1), v)),
        ]
        if line.repair_time is not None:
            changes.append(
                ("repairs of machines in half the time", _halved("repair_time")),
            )
        if line.review_share > 0:
            changes.append(
                ("one more reviewer", lambda at, v: _delivered(_grown(at, reviewers=1), v))
            )
        if line.mend_time is not None and line.review_share > 0:
            changes.append(("mending in half the time", _halved("mend_time")))
        found = [
            OneMore(words, self.of(_gain(change), "tasks/hour"), self.correct(_gain(change)))
            for words, change in changes
        ]
        return tuple(sorted(found, key=_gained, reverse=True))

    def queue(self) -> Quantity:
        def hours(line: Line, v: Values) -> FloatArray:
            supply = np.minimum(_machine_capacity(line, v), _reviewer_capacity(line, v))
            spare = supply - v["arrivals"]
            return np.where(spare > 0, line.waiting / np.where(spare > 0, spare, 1.0), np.inf)

        return self.of(hours, "hours")


def _gained(more: OneMore) -> float:
    gain = more.delivered_per_hour
    return gain.value if isinstance(gain, Estimate) else 0.0


def _gain(change: Formula) -> Formula:
    return lambda line, v: change(line, v) - _delivered(line, v)


def _halved(name: str) -> Formula:
    return lambda line, v: _delivered(line, {**v, name: v[name] / 2})


def _more(v: Values, added: dict[str, float]) -> Values:
    return {**v, **{name: v[name] + amount for name, amount in added.items()}}


def _grown(line: Line, *, machines: int = 0, reviewers: int = 0) -> Line:
    return replace(line, machines=line.machines + machines, reviewers=line.reviewers + reviewers)


def _station(sums: _Sums, capacity: Formula, wait: Callable[[Line, Values, int], float]) -> Station:
    def busy(line: Line, v: Values) -> FloatArray:
        # What machines can't do never comes to the reviewers.
        come = v["arrivals"]
        if capacity is not _machine_capacity:
            come = np.minimum(come, _machine_capacity(line, v))
        return np.asarray(come / capacity(line, v), float)

    if np.isnan(capacity(sums.line, sums.plain)[0]):
        reason = Unknown("nobody knows how many answers are right: label some")
        return Station(reason, reason, reason)
    waits = np.array([wait(sums.line, sums.drawn, i) for i in range(_WAIT_DRAWS)])
    return Station(
        sums.of(busy, "share"),
        sums.of(capacity, "tasks/hour"),
        sums.quantity(wait(sums.line, sums.plain, 0), waits, "hours"),
    )
