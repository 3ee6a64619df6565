"""What is measured of a line that works and checks: arrivals, times, servers; and draws of what it may be in truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.skewed_mean import SkewedMean

FloatArray = npt.NDArray[np.float64]

FEWEST_TIMES = 10
"""Fewer measured times than this give no interval."""


@dataclass(frozen=True, slots=True)
class MeasuredTime:
    """How long one piece of work takes one server: from a sample of times.

    Parameters
    ----------
    mean_hours : > 0
    variation : >= 0
        Coefficient of variation.
    n : >= 10
        How many were measured; 0 for a figure that is taken on trust, which then has no uncertainty.
    skewness
        Third standardised moment of the times; None: that of a gamma distribution, twice the variation.

    Raises
    ------
    EstimateError
        If one is out of its range.
    """

    mean_hours: float
    variation: float
    n: int
    skewness: float | None = None

    def __post_init__(self) -> None:
        if not (0 < self.mean_hours < math.inf and 0 <= self.variation < math.inf):
            raise EstimateError(f"a time needs mean > 0 and variation >= 0, got {self}")
        if self.n != 0 and self.n < FEWEST_TIMES:
            raise EstimateError(f"a measured time needs n >= {FEWEST_TIMES}, got {self.n}")


def measured_time(hours: npt.ArrayLike) -> MeasuredTime:
    """Return the measured time of a sample, in hours.

    Raises
    ------
    EstimateError
        If there are fewer than 10, or one is negative or not finite, or all are 0.
    """
    times = np.asarray(hours, dtype=float)
    if times.ndim != 1 or not np.all(np.isfinite(times)) or np.any(times < 0):
        raise EstimateError("times must be a list of finite numbers of hours, none negative")
    if len(times) < FEWEST_TIMES:
        raise EstimateError(f"a measured time needs n >= {FEWEST_TIMES}, got {len(times)}")
    told = SkewedMean.of(times)
    variation = told.standard_deviation / told.mean if told.mean else 0.0
    return MeasuredTime(told.mean, variation, told.n, told.skewness)


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of events in some exposure: arrivals in hours, failures in machine-hours.

    Parameters
    ----------
    count : >= 0
    exposure : > 0
        Hours in which they were counted; ``inf`` with `rate` for a figure taken on trust.
    rate
        Taken on trust, in an hour; None: count / exposure.
    """

    count: int
    exposure: float
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.count < 0 or not self.exposure > 0:
            raise EstimateError(f"a count needs count >= 0 and exposure > 0, got {self}")
        if self.rate is not None and not 0 <= self.rate < math.inf:
            raise EstimateError(f"a rate must be finite and not negative, got {self.rate}")

    @property
    def per_hour(self) -> float:
        """Events in an hour."""
        return self.count / self.exposure if self.rate is None else self.rate


@dataclass(frozen=True, slots=True)
class Line:
    """A line: work arrives, machines answer, people check some of it and mend what they find wrong.

    Parameters
    ----------
    arrivals
        Tasks in an hour: Poisson.
    machines : >= 1
        How many answers are worked at at the same time when all run.
    machine_time
        Of one answer.
    failures, repair_time
        Of one machine, while it runs; None: they never fail.
    reviewers : >= 0
        People checking, at all hours.
    review_share : in [0, 1]
        Share of the answers that is checked.
    check_time, mend_time
        Of one checked answer, and of one found wrong.
    right, caught : (count, n), or None
        Answers that were right of those labeled; wrong ones that a check caught of those checked. None of `right`:
        unknown, and then nobody knows what is mended.
    waiting : >= 0
        Tasks in the queue now.

    Raises
    ------
    EstimateError
        If one is out of its range, or a share of the answers is checked by nobody.
    """

    arrivals: Counted
    machines: int
    machine_time: MeasuredTime
    failures: Counted | None = None
    repair_time: MeasuredTime | None = None
    reviewers: int = 0
    review_share: float = 0.0
    check_time: MeasuredTime | None = None
    mend_time: MeasuredTime | None = None
    right: tuple[int, int] | None = None
    caught: tuple[int, int] | None = None
    waiting: int = 0

    def __post_init__(self) -> None:
        if self.machines < 1 or self.reviewers < 0 or self.waiting < 0:
            raise EstimateError("a line needs machines >= 1, reviewers >= 0 and waiting >= 0")
        if not 0 <= self.review_share <= 1:
            raise EstimateError(f"review_share must be in [0, 1], got {self.review_share}")
        if self.review_share > 0 and (self.reviewers == 0 or self.check_time is None):
            raise EstimateError("answers are checked: that needs reviewers and a check_time")
        if self.mend_time is not None and self.right is None:
            raise EstimateError("a mend_time needs right: who says how many there are to mend?")
        if (self.failures is None) != (self.repair_time is None):
            raise EstimateError("failures and repair_time go together")
        for name, pair in (("right", self.right), ("caught", self.caught)):
            if pair is not None and not 0 <= pair[0] <= pair[1]:
                raise EstimateError(f"{name} must be (count, n) with 0 <= count <= n, got {pair}")


Values = Mapping[str, FloatArray]
"""Rates and times of a line, by name: arrays of one shape."""


def line_values(line: Line) -> dict[str, FloatArray]:
    """Return the rates and times as they were measured: arrays of length 1."""
    right, caught = line.right, line.caught
    plain = {
        "arrivals": line.arrivals.per_hour,
        "machine_time": line.machine_time.mean_hours,
        "failures": 0.0 if line.failures is None else line.failures.per_hour,
        "repair_time": 0.0 if line.repair_time is None else line.repair_time.mean_hours,
        "check_time": 0.0 if line.check_time is None else line.check_time.mean_hours,
        "mend_time": 0.0 if line.mend_time is None else line.mend_time.mean_hours,
        "right": right[0] / right[1] if right and right[1] else math.nan,
        "caught": caught[0] / caught[1] if caught and caught[1] else 1.0,
    }
    return {name: np.array([value]) for name, value in plain.items()}


def line_draws(line: Line, draws: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Return draws of what the rates and times may be in truth.

    Notes
    -----
    Rates: Gamma(count + 1/2) / exposure (Jeffreys). Shares: Beta(count + 1/2, rest + 1/2). Mean times: the
    confidence distribution of a skewed mean (`assay.estimate.skewed_mean`). A figure taken on trust stays.
    """
    values = {name: np.full(draws, value[0]) for name, value in line_values(line).items()}
    for name, counted in (("arrivals", line.arrivals), ("failures", line.failures)):
        if counted is not None and counted.rate is None:
            values[name] = rng.gamma(counted.count + 0.5, 1 / counted.exposure, draws)
    for name, time in (
        ("machine_time", line.machine_time),
        ("repair_time", line.repair_time),
        ("check_time", line.check_time),
        ("mend_time", line.mend_time),
    ):
        if time is not None and time.n and time.variation > 0:
            values[name] = _mean_draws(time, rng.random(draws))
    for name, pair in (("right", line.right), ("caught", line.caught)):
        if pair is not None:
            values[name] = rng.beta(pair[0] + 0.5, pair[1] - pair[0] + 0.5, draws)
    return values


def _mean_draws(time: MeasuredTime, level: FloatArray) -> FloatArray:
    skewness = 2 * time.variation if time.skewness is None else time.skewness
    deviation = time.variation * time.mean_hours
    drawn = SkewedMean(time.n, time.mean_hours, deviation, skewness).at(level)
    # Work takes some time: what the distribution leaves at 0 is put just above it.
    return np.maximum(drawn, 1e-9 * time.mean_hours)
