"""How many outputs a day: from the user's word, from time stamps, or from latency."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assay.quantity import Quantity, Unknown, assumed, exact

DAY_SECONDS = 86_400.0
UNIT = "traces/day"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the traces of a window say of time.

    Parameters
    ----------
    traces : >= 0
        Traces in the window.
    timed : >= 0
        Those with a time.
    first, last
        Microseconds since 1970 UTC of the first and the last; None where none has a time.
    latencies : >= 0
        Traces with a latency.
    latency_sum_seconds : >= 0
        Sum of the known latencies.
    caught_known, caught : >= 0
        Traces that say whether they were caught before delivery, and those that were.
    whole_days
        Whether every time is a midnight: dates without a time of day.
    asked_for : >= 0
        Traces of exams and probes: somebody asked in order to know, and not in order to use the answer.
    set_aside
        Traces of other origins in the same window, which are no part of these: origin -> how many.
    """

    traces: int
    timed: int = 0
    first: int | None = None
    last: int | None = None
    latencies: int = 0
    latency_sum_seconds: float = 0.0
    caught_known: int = 0
    caught: int = 0
    whole_days: bool = False
    asked_for: int = 0
    set_aside: tuple[tuple[str, int], ...] = ()


def throughput(
    traffic: Traffic,
    *,
    per_day: float | None = None,
    workers: int | None = None,
    start: int | None = None,
    end: int | None = None,
) -> Quantity:
    """Return outputs per day of a system.

    Parameters
    ----------
    traffic
        The window's facts.
    per_day : > 0
        The user's word; it goes before all else.
    workers : >= 1
        That many workers, each busy without a pause: throughput is workers / mean latency.
    start, end
        The window's limits in microseconds, where the user set both; the traces are then divided by its length.

    Returns
    -------
    Estimate or Unknown
        Unit: traces/day. Exact: it is counted, or taken on the user's word.

    Notes
    -----
    From time stamps: (timed - 1) / (last - first), the rate of arrivals between the first and the last one. It assumes
    that the log is a stretch of the usual traffic: one that covers working hours only reads too high by the nights at
    its ends; set the window's limits then. Times of exams and probes only say how fast they were asked: where all
    traces are such, they say nothing.
    """
    if per_day is not None:
        return assumed(per_day, UNIT, method="given by the user")
    if workers is not None:
        return _from_latency(traffic, workers)
    if start is not None and end is not None and traffic.timed:
        days = (end - start) / 1e6 / DAY_SECONDS
        return exact(
            traffic.timed / days,
            UNIT,
            n=traffic.timed,
            method=f"traces in a window of {days:.3g} days",
        )
    return _from_times(traffic)


def _from_latency(traffic: Traffic, workers: int) -> Quantity:
    if traffic.latencies == 0:
        return Unknown(
            "no trace has a latency, so workers alone don't say how many outputs a day: give --per-day N"
        )
    mean = traffic.latency_sum_seconds / traffic.latencies
    plural = "worker" if workers == 1 else "workers"
    method = f"{workers} {plural} back to back at a mean latency of {mean:.3g} s"
    # That they are busy without a pause is the user's word.
    rate = exact(workers * DAY_SECONDS / mean, UNIT, n=traffic.latencies, method=method)
    return replace(rate, guarantee="assumed")


def _from_times(traffic: Traffic) -> Quantity:
    if (
        traffic.timed < 2
        or traffic.first is None
        or traffic.last is None
        or traffic.first == traffic.last
    ):
        return Unknown(f"no time stamps that span any time: give --per-day N{_or_workers(traffic)}")
    if traffic.asked_for == traffic.traces:
        return Unknown(
            "these outputs are an exam or a probe: their times say how fast they were asked, not how much the system "
            f"is given to do; give --per-day N{_or_workers(traffic)}"
        )
    if traffic.whole_days:
        dates = round((traffic.last - traffic.first) / 1e6 / DAY_SECONDS) + 1
        return exact(traffic.traces / dates, UNIT, n=traffic.timed, method=f"dates of {dates} days")
    seconds = (traffic.last - traffic.first) / 1e6
    days = seconds / DAY_SECONDS
    span = f"{days:.3g} days" if days >= 1 else f"{seconds / 3600:.3g} hours, as if round the clock"
    missing = traffic.traces - traffic.timed
    note = f"; {missing} traces without a time counted in proportion" if missing else ""
    # Traces without a time are part of the traffic: the timed ones only say over how long it ran.
    per_day = (traffic.timed - 1) / days * (traffic.traces / traffic.timed)
    rate = exact(per_day, UNIT, n=traffic.timed, method=f"time stamps over {span}{note}")
    # A day made out of hours is a projection, not a count.
    return rate if days >= 1 else replace(rate, guarantee="assumed")


def _or_workers(traffic: Traffic) -> str:
    return " or --workers K (latency is known)" if traffic.latencies else ""
