"""From the evidence of one system to its errors, at any confidence level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.estimate import Alternative, domain_errors, live_total_errors, total_errors
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.daily import daily
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.looks import Look
from assay.volume.missed import add_missed, at_level
from assay.volume.unit_evidence import UnitEvidence
from assay.volume.units import escaped_unit_errors, unit_errors


@dataclass(frozen=True, slots=True)
class ErrorVolume:
    """Errors of a system at one confidence level, with limits on one side or on both.

    Parameters
    ----------
    errors
        In the window. Unit: errors.
    rate
        Unit: errors/trace.
    per_day, escaped_per_day
        Unit: errors/day.
    """

    errors: Quantity
    rate: Quantity
    per_day: Quantity
    escaped_per_day: Quantity


class Meter:
    """Turns the evidence of one system into numbers at any confidence level."""

    def __init__(self, system: SystemEvidence, throughput_per_day: Quantity) -> None:
        self._system = system
        self._per_day = throughput_per_day
        self._n = system.population

    def at(self, confidence_level: float, alternative: Alternative = "two-sided") -> ErrorVolume:
        """Return the volume at a confidence level."""
        errors = self._errors(confidence_level, alternative)
        escaped = self._escaped(confidence_level, alternative, errors)
        per_day, per_day_escaped = (
            daily(total, self._per_day, self._n, "errors/day") for total in (errors, escaped)
        )
        return ErrorVolume(errors, self._rate(errors), per_day, per_day_escaped)

    def _errors(self, confidence_level: float, alternative: Alternative) -> Quantity:
        match self._system.evidence:
            case SampleEvidence() as sample:
                errors = _at_all_looks(
                    sample,
                    confidence_level,
                    lambda: _no_look_yet(sample, confidence_level),
                    lambda look, level: at_level(
                        sample,
                        lambda at, side: total_errors(
                            look.strata, confidence_level=at, alternative=side
                        ),
                        level,
                        alternative,
                    ),
                )
                errors = _with_live(sample, errors, confidence_level, alternative)
                errors = add_missed(sample, errors, confidence_level, alternative, size=self._n)
                return replace(errors, method=f"{errors.method}; {sample.words}")
            case UnitEvidence() as units:
                return unit_errors(units, confidence_level, alternative)
            case CensusEvidence() as census:
                return exact(census.errors, "errors", n=self._n, method=census.words)
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _escaped(
        self, confidence_level: float, alternative: Alternative, errors: Quantity
    ) -> Quantity:
        traffic = self._system.traffic
        if not traffic.caught_known:
            return Unknown("no trace says whether it was caught before delivery (tag `caught`)")
        match self._system.evidence:
            case SampleEvidence() as sample:
                escaped = _at_all_looks(
                    sample,
                    confidence_level,
                    lambda: self._none_escaped_yet(sample, confidence_level, errors),
                    lambda look, level: at_level(
                        sample,
                        lambda at, side: domain_errors(
                            look.strata,
                            _not_caught(sample, look),
                            domain_size=self._not_caught_outputs(),
                            confidence_level=at,
                            alternative=side,
                        ),
                        level,
                        alternative,
                    ),
                )
                escaped = add_missed(
                    sample,
                    escaped,
                    confidence_level,
                    alternative,
                    size=self._not_caught_outputs(),
                    inside=lambda trace: not trace.caught,
                )
                return replace(
                    escaped,
                    method=f"{escaped.method}; not caught before delivery; {sample.words}",
                )
            case UnitEvidence() as units:
                cap = self._not_caught_outputs()
                return escaped_unit_errors(units, confidence_level, alternative, cap)
            case CensusEvidence() as census:
                if census.escaped is None:
                    return Unknown(
                        "no trace says whether it was caught before delivery (tag `caught`)"
                    )
                method = f"{census.words}; not caught before delivery"
                return exact(census.escaped, "errors", n=self._n, method=method)
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _none_escaped_yet(
        self, sample: SampleEvidence, confidence_level: float, errors: Quantity
    ) -> Estimate:
        """Return the errors that were found and not caught, and no more than there are errors by the live limits."""
        assert isinstance(errors, Estimate)
        found = sum(_not_caught(sample, sample.look))
        certain = _no_look_yet(sample, confidence_level)
        high = max(min(errors.high, self._not_caught_outputs()), found)
        point = found / certain.n * sample.draw.population if certain.n else 0.0
        return replace(
            certain,
            value=min(max(point, found), high),
            low=float(found),
            high=float(high),
            n=errors.n,
            method="labels so far, at most all errors by the live limits",
        )

    def _not_caught_outputs(self) -> int:
        # Without the frozen table nobody knows how many were caught: then the cap is all of them.
        caught = 0 if self._system.frozen_lost else self._system.traffic.caught
        return self._n - caught

    def _rate(self, errors: Quantity) -> Quantity:
        return (
            errors.scaled(1 / self._n, "errors/trace") if isinstance(errors, Estimate) else errors
        )


def _not_caught(sample: SampleEvidence, look: Look) -> list[int]:
    return [
        sum(
            trace.wrong == 1 and not trace.caught
            for trace in sample.labeled
            if trace.stratum == index and trace.position <= stratum.labeled
        )
        for index, stratum in enumerate(look.strata)
    ]


def _at_all_looks(
    sample: SampleEvidence,
    confidence_level: float,
    before: Callable[[], Estimate],
    at_look: Callable[[Look, float], Estimate],
) -> Estimate:
    """Return the estimate of the last look, between the limits that all looks so far have set; `before` the first."""
    if not sample.look.is_planned:
        return before()
    estimates = [at_look(look, look.level(confidence_level)) for look in sample.looks]
    last = estimates[-1]
    if sample.by_what_was_found and last.guarantee != "exact":
        # Labels that were sent where errors had been found: enumerated were numbers fixed beforehand.
        last = replace(
            last, guarantee="simulated", method=f"{last.method}, re-allocated between looks"
        )
    if last.guarantee == "exact":
        return last
    low = max(estimate.low for estimate in estimates)
    high = min(estimate.high for estimate in estimates)
    if low > high:
        # Then one look has missed, which was to be expected now and then: the last one stands by itself.
        low, high = last.low, last.high
    value = min(max(last.value, low), high)
    return replace(last, value=value, low=low, high=high, confidence_level=confidence_level)


def _no_look_yet(sample: SampleEvidence, confidence_level: float) -> Estimate:
    """Return what the labels prove by themselves: the errors that were found, and all that was not seen to be right."""
    strata = sample.strata
    found = sum(stratum.errors for stratum in strata)
    right = sum(stratum.labeled - stratum.errors - stratum.unsure for stratum in strata)
    high = sum(stratum.size for stratum in strata) - right
    labels = sample.look.labels
    point = found / labels * sample.draw.population if labels else 0.0
    return Estimate(
        value=min(max(point, found), high),
        low=float(found),
        high=float(high),
        unit="errors",
        confidence_level=confidence_level,
        n=labels,
        method="labels so far",
        guarantee="proved",
    )


def _with_live(
    sample: SampleEvidence, errors: Estimate, confidence_level: float, alternative: Alternative
) -> Estimate:
    """Return an estimate at the planned looks between the live limits, which are true at every label."""
    live = sample.live
    if live is None or errors.guarantee == "exact":
        return errors
    sizes = [stratum.size for stratum in sample.draw.strata]
    limits = at_level(
        sample,
        lambda at, side: live_total_errors(
            sizes,
            live.labels,
            anticipated_rate=live.anticipated_rate,
            confidence_level=at,
            alternative=side,
        ),
        live.level(confidence_level),
        alternative,
    )
    low, high = max(errors.low, limits.low), min(errors.high, limits.high)
    if low > high:
        # One of the two has missed, which was to be expected now and then: the looks stand.
        return errors
    before = not sample.look.is_planned
    point = limits.value if before or limits.n > errors.n else errors.value
    by_live = low > errors.low or high < errors.high
    return replace(
        errors,
        value=min(max(point, low), high),
        low=low,
        high=high,
        n=max(errors.n, limits.n),
        method=f"{limits.method if before else errors.method}{'; live limits' if by_live and not before else ''}",
        # The two meet: what stands behind both is the weaker.
        guarantee=limits.guarantee if before else errors.guarantee,
    )
