"""From the evidence of one system to its errors, at any confidence level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.estimate import Alternative, domain_errors, total_errors
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.looks import Look


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
        escaped = self._escaped(confidence_level, alternative)
        return ErrorVolume(errors, self._rate(errors), self._daily(errors), self._daily(escaped))

    def _errors(self, confidence_level: float, alternative: Alternative) -> Quantity:
        match self._system.evidence:
            case SampleEvidence() as sample:
                errors = _at_all_looks(
                    sample,
                    confidence_level,
                    lambda look, level: total_errors(
                        look.strata, confidence_level=level, alternative=alternative
                    ),
                )
                return replace(errors, method=f"{errors.method}; {sample.words}")
            case CensusEvidence() as census:
                return exact(census.errors, "errors", n=self._n, method=census.words)
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _escaped(self, confidence_level: float, alternative: Alternative) -> Quantity:
        traffic = self._system.traffic
        if not traffic.caught_known:
            return Unknown("no trace says whether it was caught before delivery (tag `caught`)")
        match self._system.evidence:
            case SampleEvidence() as sample:
                escaped = _at_all_looks(
                    sample,
                    confidence_level,
                    lambda look, level: domain_errors(
                        look.strata,
                        _not_caught(sample, look),
                        domain_size=self._not_caught_outputs(),
                        confidence_level=level,
                        alternative=alternative,
                    ),
                )
                return replace(
                    escaped,
                    method=f"{escaped.method}; not caught before delivery; {sample.words}",
                )
            case CensusEvidence() as census:
                if census.escaped is None:
                    return Unknown(
                        "no trace says whether it was caught before delivery (tag `caught`)"
                    )
                method = f"{census.words}; not caught before delivery"
                return exact(census.escaped, "errors", n=self._n, method=method)
            case NoEvidence() as none:
                return Unknown(none.reason)

    def _not_caught_outputs(self) -> int:
        # Without the frozen table nobody knows how many were caught: then the cap is all of them.
        caught = 0 if self._system.frozen_lost else self._system.traffic.caught
        return self._n - caught

    def _rate(self, errors: Quantity) -> Quantity:
        return (
            errors.scaled(1 / self._n, "errors/trace") if isinstance(errors, Estimate) else errors
        )

    def _daily(self, errors: Quantity) -> Quantity:
        if isinstance(errors, Unknown):
            return errors
        if isinstance(self._per_day, Unknown):
            return self._per_day
        method = f"{errors.method}; throughput: {self._per_day.method}"
        daily = errors.scaled(self._per_day.value / self._n, "errors/day", method=method)
        # A product stands on no firmer ground than its weaker part.
        assumed = self._per_day.guarantee == "assumed"
        return replace(daily, guarantee="assumed") if assumed else daily


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
    at_look: Callable[[Look, float], Estimate],
) -> Estimate:
    """Return the estimate of the last look, between the limits that all looks so far have set."""
    estimates = [at_look(look, look.level(confidence_level)) for look in sample.looks]
    last = estimates[-1]
    if last.guarantee == "exact":
        return last
    low = max(estimate.low for estimate in estimates)
    high = min(estimate.high for estimate in estimates)
    if low > high:
        # Then one look has missed, which was to be expected now and then: the last one stands by itself.
        low, high = last.low, last.high
    value = min(max(last.value, low), high)
    return replace(last, value=value, low=low, high=high, confidence_level=confidence_level)
