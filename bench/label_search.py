"""How many labels a design and an interval need for a goal, by simulation of the counts.

A run draws the errors of each stratum among its labels: hypergeometric, given how many errors the stratum holds in one
of many made-up logs. No output is drawn one by one, and each interval is computed once per outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.estimate import Alternative, StratumCount, total_errors
from designs import Designer, Draw
from limits import SUCCESS, Goal
from populations import Binormal, FloatArray, IntArray

try:
    # What `total_errors` calls for several strata, ten times faster for many outcomes of one draw.
    from assay.estimate.likelihood import likelihood_limits
except ImportError:
    likelihood_limits = None  # type: ignore[assignment]

LEVEL = 0.95

Interval = Callable[[Draw, IntArray, Alternative], FloatArray]
"""Errors of a log whose strata are all sampled in part: low and high of each outcome, shape (n_outcomes, 2), from the
draw and the errors found, shape (n_outcomes, n_strata)."""

_LOG_CELLS = 2_000_000  # Errors over all the made-up logs of one cell: bounds memory.
_CHUNK = 40
_BATCH = 500


def assay_interval(draw: Draw, found: IntArray, alternative: Alternative) -> FloatArray:
    """Return the product's intervals: `total_errors`, or what it calls, for many outcomes at once.

    Raises
    ------
    RuntimeError
        If the two give different limits: the first outcome of each batch is asked of both.
    """
    if len(draw.sizes) == 1 or likelihood_limits is None:
        return one_by_one(draw, found, alternative)
    limits = np.empty((len(found), 2))
    for first in range(0, len(found), _BATCH):
        part = found[first : first + _BATCH]
        limits[first : first + len(part)] = np.stack(
            likelihood_limits(
                draw.sizes, draw.labels, part, miss=1 - LEVEL, alternative=alternative
            ),
            axis=1,
        )
    plain = one_by_one(draw, found[:1], alternative)
    claimed = slice(1, 2) if alternative == "less" else slice(0, 2)
    if not np.array_equal(plain[0, claimed], limits[0, claimed]):
        raise RuntimeError(f"total_errors gives {plain[0]}, its batch {limits[0]}: {draw}")
    return limits


def one_by_one(draw: Draw, found: IntArray, alternative: Alternative) -> FloatArray:
    """Return `total_errors` of each outcome."""
    limits = []
    for errors in found.tolist():
        counts = zip(draw.sizes, draw.labels, errors, strict=True)
        total = total_errors(
            [StratumCount(*count) for count in counts],
            confidence_level=LEVEL,
            alternative=alternative,
        )
        limits.append((total.low, total.high))
    return np.array(limits)


@dataclass(frozen=True, slots=True)
class Share:
    """Among `runs` samples: how often the goal was met, and how often the interval held the truth."""

    met: float
    held: float
    runs: int


@dataclass(frozen=True, slots=True)
class Needed:
    """Labels that a design needs, confirmed with fresh samples.

    Parameters
    ----------
    labels
        None where no number of labels met the goal.
    draw
        The design at that number.
    share
        Of fresh samples at that number.
    """

    labels: int | None
    draw: Draw | None
    share: Share


class Simulation:
    """Samples of one kind of log, and intervals from them.

    Parameters
    ----------
    log
    goal
    interval
        What to judge; the product's where none is given.
    seed
    """

    def __init__(
        self, log: Binormal, goal: Goal, *, interval: Interval = assay_interval, seed: int = 11
    ) -> None:
        self.log = log
        self.goal: Goal = goal
        self._interval = interval
        self._rng = np.random.default_rng(seed)
        logs = int(np.clip(_LOG_CELLS // log.errors, 100, 2_000))
        self._ranks = log.error_ranks(self._rng, logs)
        self._known: dict[Draw, dict[tuple[int, ...], list[float]]] = {}
        self.calls = 0

    def share(
        self, draw: Draw, runs: int, *, stop_early: bool = False, hidden: float = 0.0
    ) -> Share:
        """Return how often the goal is met and the truth held.

        With `stop_early` the runs end once it is plain on which side of the goal the share lies. With `hidden` the
        judge is blind to that share of the errors, and the design does not know.
        """
        ranks = self._ranks
        if hidden:
            ranks = self.log.error_ranks(self._rng, len(ranks), hidden=hidden)
        held_by = _errors_held(ranks, draw)
        met = held = done = 0
        while done < runs:
            count = min(_CHUNK if stop_early else runs, runs - done)
            rows, times = self._outcomes(draw, held_by, count)
            limits = self._limits(draw, rows)
            met += int(times @ self._is_met(limits))
            held += int(times @ self._is_held(limits))
            done += count
            if stop_early and abs(met - SUCCESS * done) > 3.2 * np.sqrt(0.16 * done):
                break
        return Share(met / done, held / done, done)

    def least_labels(
        self, designer: Designer, *, grid: float = 1.03, runs: int = 200, fresh: int = 2_000
    ) -> Needed:
        """Return the least number of labels that meets the goal in 80 % of the samples.

        Bisection over a geometric grid, then steps down as long as 1,000 further samples meet the goal, then up until
        the fresh samples that are returned do so, give or take their standard error.
        """
        steps = label_grid(self.log.size, grid)
        at = self._bisect(designer, steps, 0, len(steps) - 1, runs)
        check = max(runs, min(1_000, fresh))
        while at > 0 and self._meets(designer, steps[at - 1], check):
            at -= 1
        slack = float(np.sqrt(SUCCESS * (1 - SUCCESS) / fresh))
        for labels in steps[at:]:
            draw = designer(labels)
            if draw is None or not self._meets(designer, labels, runs):
                continue
            share = self.share(draw, fresh)
            if share.met >= SUCCESS - slack:
                return Needed(labels, draw, share)
        return Needed(None, None, Share(0.0, 0.0, 0))

    def beats(self, designer: Designer, labels: int, *, runs: int) -> bool:
        """Return whether the goal is met at this number of labels."""
        return self._meets(designer, labels, runs)

    def _bisect(
        self, designer: Designer, steps: Sequence[int], low: int, high: int, runs: int
    ) -> int:
        while low < high:
            middle = (low + high) // 2
            if self._meets(designer, steps[middle], runs):
                high = middle
            else:
                low = middle + 1
        return low

    def _meets(self, designer: Designer, labels: int, runs: int) -> bool:
        draw = designer(labels)
        return draw is not None and self.share(draw, runs, stop_early=True).met >= SUCCESS

    def _outcomes(self, draw: Draw, held_by: IntArray, runs: int) -> tuple[IntArray, IntArray]:
        errors = held_by[self._rng.integers(len(held_by), size=runs)]
        sizes, labels = np.array(draw.sizes), np.array(draw.labels)
        found = self._rng.hypergeometric(errors, sizes - errors, labels)
        rows, times = np.unique(found, axis=0, return_counts=True)
        return rows, times

    def _limits(self, draw: Draw, found: IntArray) -> FloatArray:
        """Limits of the whole log. A stratum that is read in full only shifts them: it is left out of the call."""
        sampled = np.array(draw.labels) < np.array(draw.sizes)
        counted = found[:, ~sampled].sum(axis=1).astype(np.float64)
        limits = np.stack([counted, counted], axis=1)
        if not sampled.any():
            return limits
        part = Draw(
            tuple(np.array(draw.sizes)[sampled].tolist()),
            tuple(np.array(draw.labels)[sampled].tolist()),
        )
        known = self._known.setdefault(part, {})
        keys = [tuple(row) for row in found[:, sampled].tolist()]
        new = sorted({key for key in keys if key not in known})
        if new:
            self.calls += len(new)
            alternative: Alternative = "two-sided" if self.goal == "a" else "less"
            fresh = self._interval(part, np.array(new), alternative)
            known.update(zip(new, fresh.tolist(), strict=True))
        limits += np.array([known[key] for key in keys])
        return limits

    def _is_held(self, limits: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether the truth lies in the limits that are claimed: an upper limit claims nothing of the lower one."""
        below = limits[:, 0] <= self.log.errors if self.goal == "a" else np.full(len(limits), True)
        held: npt.NDArray[np.bool_] = below & (self.log.errors <= limits[:, 1])
        return held

    def _is_met(self, limits: FloatArray) -> npt.NDArray[np.bool_]:
        errors = self.log.errors
        if self.goal == "b":
            narrow: npt.NDArray[np.bool_] = limits[:, 1] <= 2 * errors
            return narrow
        return (limits[:, 1] - limits[:, 0]) / 2 <= 0.2 * errors


def _errors_held(ranks: IntArray, draw: Draw) -> IntArray:
    """Errors in each stratum of each log: shape (logs, n_strata)."""
    below = np.array([np.searchsorted(row, draw.edges) for row in ranks])
    return np.diff(below, axis=1)


def label_grid(size: int, ratio: float) -> list[int]:
    """Return numbers of labels, each `ratio` times the one before, from 8 to all."""
    count = int(np.ceil(np.log(size / 8) / np.log(ratio)))
    return sorted({*np.round(8 * ratio ** np.arange(count)).astype(int).tolist(), size})
