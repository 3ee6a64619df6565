"""The next days, if they go on like those seen: a forecast on a line of its own, and no part of any decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.estimate import domain_errors
from assay.estimate.day_drift import DriftCheck, day_drift
from assay.estimate.future import LEAST_DAYS, DayCounts, forecast_days
from assay.figures import decimals_of, interval, number, plain
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.future_days import DaySizes, census_days, spans_days, timeline
from assay.volume.question import VolumeQuestion
from assay.volume.split import DAY_EXPRESSION, split_counts

HORIZON = 7
LIKELY = 0.8
"""The narrower of the two intervals: what four days in five are like."""

LEAST_LABELS = 100
"""Fewer were not simulated."""

SEED = 20251005
"""Of the draws and permutations: the same ledger gives the same line."""

DRIFT_METHOD = "CUSUM of days against 999 random orders of the days"


@dataclass(frozen=True, slots=True)
class FutureVolume:
    """The forecast for one system, and whether its days were alike.

    Parameters
    ----------
    on_a_day, likely
        Errors on one coming day, at the confidence level asked for and at 80 %. Unit: errors/day.
    in_all
        Errors over the next seven days together.
    drift
        Whether errors changed over the days seen; Unknown where that can't be checked.
    change_day
        The first day after the likeliest change; None where none was seen.
    rate_before, rate_after
        Unit: errors/trace; None where no change was seen.
    """

    on_a_day: Quantity
    likely: Quantity
    in_all: Quantity
    drift: DriftCheck | Unknown
    change_day: str | None = None
    rate_before: Estimate | None = None
    rate_after: Estimate | None = None

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            **self.on_a_day.to_json(),
            "certified": False,
            "likely": self.likely.to_json(),
            "horizon_days": HORIZON,
            "total": self.in_all.to_json(),
            "drift": self._drift_json(),
        }

    def _drift_json(self) -> dict[str, object]:
        if isinstance(self.drift, Unknown):
            return {"p_value": None, "reason": self.drift.reason}
        return {
            "p_value": self.drift.p_value,
            "seen": self.drift.seen,
            "method": DRIFT_METHOD,
            "days": self.drift.days,
            "change_day": self.change_day,
            "rate_before": self.rate_before.to_json() if self.rate_before else None,
            "rate_after": self.rate_after.to_json() if self.rate_after else None,
            "doubling_power": self.drift.doubling_power,
        }

    @property
    def words(self) -> str:
        """The line as it stands in a report."""
        start = f"next {HORIZON} days (forecast, not certified): "
        if isinstance(self.on_a_day, Unknown):
            return f"{start}unknown: {self.on_a_day.reason}"
        amount, total = _amount(self.on_a_day, self.likely), _in_all(self.in_all)
        condition = f"if days go on like these {self.on_a_day.n}"
        return f"{start}{amount}{total}, {condition}; drift: {self._drift_words()}"

    def _drift_words(self) -> str:
        if isinstance(self.drift, Unknown):
            return f"unknown: {self.drift.reason}"
        said = f"none seen (p = {self.drift.p_value:.2g})"
        power = self.drift.doubling_power
        if power is None:
            return f"{said}, but without an error found none can be"
        if power < 0.05:
            return f"{said}, but this could not have seen a doubling"
        often = f"about {100 * power:.0f} %" if power < 0.95 else "95 % or more"
        return f"{said}; chance that it would show a doubling in mid-window: {often}"


def _amount(day: Estimate, likely: Quantity) -> str:
    assert isinstance(likely, Estimate)
    decimals = min(decimals_of(day), 0) if day.high >= 1 else decimals_of(day)
    value, low, high, likely_low, likely_high = (
        number(x, decimals) for x in (day.value, day.low, day.high, likely.low, likely.high)
    )
    levels = plain(100 * day.confidence_level), plain(100 * likely.confidence_level)
    if not day.value:
        return f"no error found, at most {high} on any one day ({levels[0]} %)"
    return (
        f"about {value} errors a day, between {low} and {high} on any one day "
        f"({levels[0]} %; {levels[1]} %: {likely_low} to {likely_high})"
    )


def _in_all(total: Quantity) -> str:
    if isinstance(total, Unknown):
        return ""
    decimals = min(decimals_of(total), 0)
    level = plain(100 * total.confidence_level)
    return f"; in all {number(total.low, decimals)} to {number(total.high, decimals)} ({level} %)"


def unknown_future(reason: str) -> FutureVolume:
    """Return a forecast that can't be made, and why."""
    unknown = Unknown(reason)
    return FutureVolume(unknown, unknown, unknown, unknown)


class FutureDays:
    """The days of all systems of an answer, read together, and the forecast of each."""

    def __init__(
        self, ledger: Ledger, question: VolumeQuestion, gathered: Sequence[SystemEvidence]
    ) -> None:
        self._ledger = ledger
        self._question = question
        wanted = [
            system
            for system in gathered
            if isinstance(system.evidence, CensusEvidence) and spans_days(system.traffic)
        ]
        self._counted = census_days(ledger, question, wanted)

    def of(self, system: SystemEvidence, throughput: Quantity) -> FutureVolume:
        """Return the forecast for one system.

        Parameters
        ----------
        system
            Its evidence.
        throughput
            Outputs per day, as the answer has it: it sets the scale where it is the user's word.
        """
        reason = self._missing(system, throughput)
        if reason:
            return unknown_future(reason)
        assert isinstance(throughput, Estimate)
        sizes = self._sizes(system)
        found = timeline(system, sizes)
        if isinstance(found, Unknown):
            return unknown_future(found.reason)
        names, days = found
        rng = np.random.default_rng(SEED)
        drift = day_drift(days, rng=rng)
        if isinstance(drift, DriftCheck) and drift.seen:
            return _refused(system, names, days, drift, self._question.confidence_level)
        told = self._question.per_day is not None or self._question.workers is not None
        forecast = forecast_days(
            days, horizon=HORIZON, scale=_scale(system, days, throughput, told), rng=rng
        )
        if isinstance(forecast, Unknown):
            return unknown_future(forecast.reason)

        def claimed(ask_level: float, estimate: Estimate) -> Estimate:
            weak = throughput.guarantee == "assumed"
            return replace(
                estimate,
                confidence_level=ask_level,
                guarantee="assumed" if weak else estimate.guarantee,
            )

        level = self._question.confidence_level
        return FutureVolume(
            on_a_day=claimed(level, forecast.on_a_day(_look_level(system, level))),
            likely=claimed(LIKELY, forecast.on_a_day(_look_level(system, LIKELY))),
            in_all=claimed(level, forecast.in_all(_look_level(system, level))),
            drift=drift,
        )

    @staticmethod
    def _missing(system: SystemEvidence, throughput: Quantity) -> str:
        evidence, reason = system.evidence, ""
        if isinstance(evidence, NoEvidence):
            reason = evidence.reason
        elif not isinstance(evidence, SampleEvidence | CensusEvidence):
            reason = f"labels of {evidence.plan.drawn_words} are not parted by day"
        elif isinstance(throughput, Unknown):
            reason = throughput.reason
        elif not system.traffic.timed:
            reason = "no output has a time, so its days are not known"
        elif system.frozen_lost:
            reason = "the table as the draw froze it is gone, and with it the outputs of each day"
        elif isinstance(evidence, SampleEvidence) and not evidence.look.is_planned:
            reason = evidence.no_look
        elif isinstance(evidence, SampleEvidence) and evidence.look.labels < LEAST_LABELS:
            reason = f"{evidence.look.labels} labels: fewer than {LEAST_LABELS} say too little of how days differ"
        elif not spans_days(system.traffic):
            reason = (
                f"the outputs span fewer than {LEAST_DAYS} days: that doesn't show how days differ"
            )
        return reason

    def _sizes(self, system: SystemEvidence) -> DaySizes:
        if isinstance(system.evidence, CensusEvidence):
            return self._counted.get(system.window, {})
        counts = split_counts(self._ledger, system, DAY_EXPRESSION)
        return {day: (count, 0.0) for day, count in counts.items() if day is not None}


def _scale(system: SystemEvidence, days: DayCounts, throughput: Estimate, told: bool) -> float:
    whole = days.whole_days
    if told:
        seen = float(np.asarray(days.outputs)[whole].sum())
        return throughput.value * (int(whole.sum()) + days.empty) / seen
    # Outputs without a time are part of the traffic, spread as those with one.
    return system.traffic.traces / max(system.traffic.timed, 1)


def _look_level(system: SystemEvidence, level: float) -> float:
    return (
        system.evidence.look.level(level) if isinstance(system.evidence, SampleEvidence) else level
    )


def _refused(
    system: SystemEvidence,
    names: Sequence[str],
    days: DayCounts,
    drift: DriftCheck,
    confidence_level: float,
) -> FutureVolume:
    whole = np.flatnonzero(days.whole_days)
    change_day = names[whole[drift.change]]
    parts = whole[: drift.change].tolist(), whole[drift.change :].tolist()
    before, after = (_rate(system, days, part, confidence_level) for part in parts)
    reason = (
        f"errors {'rose' if drift.rose else 'fell'} around {change_day} (drift, p = {drift.p_value:.2g}): from "
        f"{interval(before, percent=True)} to {interval(after, percent=True)} of outputs; "
        f"these days are not of one kind: draw and measure from there, --from {change_day}"
    )
    unknown = Unknown(reason)
    return FutureVolume(unknown, unknown, unknown, drift, change_day, before, after)


def _rate(
    system: SystemEvidence, days: DayCounts, part: Sequence[int], confidence_level: float
) -> Estimate:
    size = sum(days.outputs[index] for index in part)
    if isinstance(system.evidence, CensusEvidence):
        errors = sum(days.wrong[0][index] for index in part)
        return exact(errors / size, "errors/trace", n=size, method=system.evidence.words)
    assert isinstance(system.evidence, SampleEvidence)
    found = [int(sum(row[index] for index in part)) for row in days.wrong]
    estimate = domain_errors(
        system.evidence.strata,
        found,
        domain_size=size,
        confidence_level=_look_level(system, confidence_level),
    )
    return replace(
        estimate.scaled(1 / size, "errors/trace"),
        confidence_level=confidence_level,
        method=f"{estimate.method}; the day of change was chosen by looking",
        guarantee="assumed",
    )
