"""Tails of latency: limits that hold for sure, or none; and whether the queue grew all along."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.capability.speed.run import PerfRun
from assay.errors import EstimateError
from assay.estimate.exact import least_whole
from assay.quantity import Estimate, Quantity, Unknown

LEVELS = (0.5, 0.9, 0.95, 0.99)
CONFIDENCE_LEVEL = 0.99
"""MLPerf's."""

BLOCKS = 8
_LEAST_PER_BLOCK = 5
_GROWTH = 2.0
_ORDERED_PAIRS = 26


def fewest_requests(level: float, *, confidence_level: float = CONFIDENCE_LEVEL) -> int:
    """Return how many requests a limit of a percentile needs, in MLPerf's form: one may lie above it.

    Examples
    --------
    >>> fewest_requests(0.9), fewest_requests(0.99)
    (64, 662)
    """
    _check(level, confidence_level)

    def enough(n: int) -> bool:
        return bool(special.bdtr(1, n, 1 - level) <= 1 - confidence_level)

    most = 2
    while not enough(most):
        most *= 2
    return least_whole(1, most, enough)


def tail_limit(
    seconds: npt.ArrayLike, level: float, *, confidence_level: float = CONFIDENCE_LEVEL
) -> Quantity:
    """Return an upper limit of a percentile of latency, by early stopping's count; Unknown where there are too few.

    Parameters
    ----------
    seconds : shape (n,), >= 0
        Latencies of all requests that were sent, `inf` where one got no answer: leaving those out would flatter.
    level : in (0, 1)
        0.99 for p99.
    confidence_level : in (0, 1)
        The share of load tests whose limit lies above the percentile, at least.

    Raises
    ------
    EstimateError
        Where a level lies outside (0, 1), or a latency is negative or NaN.

    Notes
    -----
    With t the most requests for which ``P(Bin(n, 1 - level) <= t)`` is at most ``1 - confidence_level``, the limit is
    the t-th largest latency. The theorem of order statistics would allow the next smaller one; MLPerf keeps this one,
    and so t must be at least 1: that is where its floors, 64 for p90 and 662 for p99, come from. It takes requests for
    independent draws of one distribution. It fails where the queue grew all along (`saturated`) and understates where
    slow requests come in spells that the test was too short to hold several of.

    References
    ----------
    .. [1] mlcommons/inference, loadgen/early_stopping.cc and loadgen/results.cc; mlcommons/endpoints, pull request 417.
    .. [2] David, Nagaraja, Order Statistics, 3rd ed. (2003), section 7.1, doi:10.1002/0471722162.
    """
    _check(level, confidence_level)
    values = np.sort(np.asarray(seconds, dtype=np.float64))
    if np.isnan(values).any() or (values < 0).any():
        raise EstimateError("a latency must be at least 0 seconds")
    n, name = len(values), f"p{100 * level:g}"
    fewest = fewest_requests(level, confidence_level=confidence_level)
    if n < fewest:
        return Unknown(f"a limit of {name} needs {fewest:,} requests, and there are {n:,}")
    past = least_whole(1, n, lambda t: bool(special.bdtr(t, n, 1 - level) > 1 - confidence_level))
    kept = past - 1
    value, high = float(values[min(math.ceil(level * n), n) - 1]), float(values[n - kept])
    if not math.isfinite(high):
        return Unknown(
            f"{int(np.isinf(values).sum()):,} of {n:,} requests got no answer, "
            f"which is more than a limit of {name} can bear"
        )
    method = f"early stopping: latency {kept:,} of {n:,} from the largest, one-sided"
    return Estimate(value, -math.inf, max(high, value), "s", confidence_level, n, method, "proved")


def tail_limits(
    run: PerfRun,
    *,
    levels: Sequence[float] = LEVELS,
    confidence_level: float = CONFIDENCE_LEVEL,
) -> Mapping[float, Quantity]:
    """Return limits of a run's latencies, counted from when requests were due where the file says when.

    Notes
    -----
    Requests that failed or were cut off count as longer than any other. Where the file has no rows, or fewer than were
    sent, or the queue grew all along, there is no limit, and the reason is said.
    """
    reason = _no_tails(run)
    if reason:
        return {level: Unknown(reason) for level in levels}
    seconds = [
        math.inf if one.outcome != "answered" or one.waited_seconds is None else one.waited_seconds
        for one in run.requests
    ]
    known = all(one.dispatch_delay_seconds is not None for one in run.requests)
    since = (
        "from when it was due" if known else "from when it was sent: a wait before that isn't in it"
    )
    limits = {
        level: tail_limit(seconds, level, confidence_level=confidence_level) for level in levels
    }
    return {
        level: replace(limit, method=f"{limit.method}; {since}")
        if isinstance(limit, Estimate)
        else limit
        for level, limit in limits.items()
    }


def first_token_limits(
    run: PerfRun,
    *,
    levels: Sequence[float] = LEVELS,
    confidence_level: float = CONFIDENCE_LEVEL,
) -> Mapping[float, Quantity]:
    """Return limits of the time to the first token, from when requests were sent; Unknown where none is timed.

    Notes
    -----
    As `tail_limits`, with requests that got no answer longer than any other.
    """
    reason = _no_tails(run)
    answered = [one for one in run.requests if one.outcome == "answered"]
    untimed = sum(one.time_to_first_token_seconds is None for one in answered)
    if not reason and untimed:
        reason = (
            "the answers were asked for whole, or the file doesn't say when their first token came"
            if untimed == len(answered)
            else f"{untimed:,} answered requests don't say when their first token came"
        )
    if reason:
        return {level: Unknown(reason) for level in levels}
    seconds = [
        math.inf if one.time_to_first_token_seconds is None else one.time_to_first_token_seconds
        for one in run.requests
    ]
    return {
        level: tail_limit(seconds, level, confidence_level=confidence_level) for level in levels
    }


def saturated(run: PerfRun) -> bool | None:
    """Return whether the queue grew all along, so that the rate is above what the system can bear.

    Returns
    -------
    bool or None
        None where it can't be told: times of sending are unknown, or there are fewer than 40 answers.

    Notes
    -----
    Answers are put in the order in which their requests were due and cut into 8 blocks. The queue grew all along where
    at least 26 of the 28 pairs of blocks have the later median above the earlier, and the last median is at least
    twice the first.

    If blocks were exchangeable, the first alone would happen in 1 load test of 1,152. Waits that depend on one another
    rise by chance more often, and a rate just above what can be borne needs a long test. Called saturated, of 200
    simulated queues with one server and 60 / 200 / 800 requests: at .7 of capacity 0.5 / 0 / 0 %, at .9 6.5 / 5 / 2 %,
    at 1.1 18 / 31 / 64 %, at 1.3 55 / 81 / 99.5 %, at twice the capacity 96 / 100 / 100 %.
    """
    timed = [
        (one.due_at, one.waited_seconds)
        for one in run.requests
        if one.outcome == "answered" and one.due_at is not None and one.waited_seconds is not None
    ]
    if len(timed) < BLOCKS * _LEAST_PER_BLOCK:
        return None
    timed.sort(key=lambda pair: pair[0])
    blocks = np.array_split(np.array([waited for _, waited in timed]), BLOCKS)
    medians = [float(np.median(block)) for block in blocks]
    ordered = sum(
        later > earlier for i, earlier in enumerate(medians) for later in medians[i + 1 :]
    )
    return ordered >= _ORDERED_PAIRS and medians[-1] >= _GROWTH * medians[0]


def _no_tails(run: PerfRun) -> str:
    if not run.requests:
        return "the file holds a summary without requests"
    sent = sum(count or 0 for count in (run.answered, run.failed, run.cut_off))
    if sent > len(run.requests):
        return f"the file holds {len(run.requests):,} of the {sent:,} requests"
    untimed = sum(one.outcome == "answered" and one.latency_seconds is None for one in run.requests)
    if untimed:
        return f"the file holds no latency of {untimed:,} answered requests"
    if saturated(run):
        return "saturated: the queue grew all along, so a latency says how long the test was"
    return ""


def _check(level: float, confidence_level: float) -> None:
    if not (0 < level < 1 and 0 < confidence_level < 1):
        raise EstimateError(f"levels must lie between 0 and 1, got {level} and {confidence_level}")
