"""Splits of the error volume: by stratum, by day, by tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assay.estimate import StratumCount, domain_errors, error_rate, total_errors
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.evidence import CensusEvidence, LabeledTrace, SampleEvidence, SystemEvidence
from assay.volume.result import PartVolume
from assay.volume.split import (
    DAY_EXPRESSION,
    NO_TAG,
    shown_value,
    split_counts,
    split_errors,
    tag_expression,
)

MOST_PARTS = 60
"""A split into more parts than this is no longer read; the largest are kept."""


def strata_parts(
    system: SystemEvidence, throughput: Quantity, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the strata of a draw, each with its own interval."""
    if not isinstance(system.evidence, SampleEvidence):
        return ()
    parts = []
    for stratum in system.evidence.strata:
        if stratum.labeled:
            errors: Quantity = total_errors([stratum], confidence_level=confidence_level)
            rate: Quantity = error_rate([stratum], confidence_level=confidence_level)
        else:
            errors = rate = Unknown(f"no label yet in stratum {stratum.name!r}")
        parts.append(
            _part(
                stratum.name,
                stratum.size,
                stratum.labeled,
                errors,
                rate,
                _share(system, throughput),
            )
        )
    return tuple(parts)


def tag_parts(
    ledger: Ledger, system: SystemEvidence, tag: str, throughput: Quantity, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the values of a tag, most outputs first, each with its own interval."""
    stratified = (
        isinstance(system.evidence, SampleEvidence) and tag in system.evidence.draw.stratified_by
    )

    def value_of(trace: LabeledTrace) -> str:
        return trace.tags.get(tag, NO_TAG)

    def meets(stratum_index: int, value: str) -> bool:
        assert isinstance(system.evidence, SampleEvidence)
        rule = system.evidence.draw.strata[stratum_index].rule
        stored = dict(rule.tags).get(tag)
        return not stratified or (NO_TAG if stored is None else shown_value(stored)) == value

    split = _Split(ledger, system, tag_expression(tag), shown_value, value_of, meets)
    parts = split.parts(throughput, confidence_level)
    return tuple(sorted(parts, key=lambda part: (-part.traces, part.name))[:MOST_PARTS])


def day_parts(
    ledger: Ledger, system: SystemEvidence, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the days of the window in order, each with its own interval of the errors on that day."""
    if not system.traffic.timed:
        return ()

    def value_of(trace: LabeledTrace) -> str:
        return trace.day or NO_TAG

    split = _Split(ledger, system, DAY_EXPRESSION, str, value_of, lambda _stratum, _day: True)
    parts = split.parts(None, confidence_level)
    return tuple(
        sorted((part for part in parts if part.name != NO_TAG), key=lambda part: part.name)
    )


class _Split:
    """A partition of the window's outputs by an SQL expression, and the same of the labeled ones in Python."""

    def __init__(
        self,
        ledger: Ledger,
        system: SystemEvidence,
        expression: str,
        shown: Callable[[str], str],
        value_of: Callable[[LabeledTrace], str],
        meets: Callable[[int, str], bool],
    ) -> None:
        self._ledger = ledger
        self._system = system
        self._expression = expression
        self._shown = shown
        self._value_of = value_of
        self._meets = meets

    def parts(self, throughput: Quantity | None, confidence_level: float) -> list[PartVolume]:
        sizes = self._named(split_counts(self._ledger, self._system, self._expression))
        match self._system.evidence:
            case SampleEvidence() as sample:
                return [
                    self._sampled(sample, name, int(size), throughput, confidence_level)
                    for name, size in sizes.items()
                ]
            case CensusEvidence() as census:
                wrong = self._named(
                    split_errors(self._ledger, self._system, census.judge, self._expression)
                )
                return [
                    self._counted(census, name, int(size), wrong.get(name, 0.0), throughput)
                    for name, size in sizes.items()
                ]
            case _:
                return []

    def _named(self, counts: Mapping[str, float]) -> dict[str, float]:
        return {self._shown(stored): count for stored, count in counts.items()}

    def _sampled(
        self,
        sample: SampleEvidence,
        name: str,
        size: int,
        throughput: Quantity | None,
        confidence_level: float,
    ) -> PartVolume:
        strata: list[StratumCount] = []
        wrong: list[int] = []
        inside = [trace for trace in sample.labeled if self._value_of(trace) == name]
        for index, stratum in enumerate(sample.strata):
            if self._meets(index, name):
                strata.append(stratum)
                wrong.append(sum(trace.wrong == 1 for trace in inside if trace.stratum == index))
        if not strata or not sum(stratum.labeled for stratum in strata):
            unknown = Unknown(f"no label yet where {name!r} could be")
            return _part(name, size, 0, unknown, unknown, _share(self._system, throughput))
        errors = domain_errors(strata, wrong, domain_size=size, confidence_level=confidence_level)
        rate = errors.scaled(1 / size, "errors/trace")
        return _part(name, size, len(inside), errors, rate, _share(self._system, throughput))

    def _counted(
        self,
        census: CensusEvidence,
        name: str,
        size: int,
        wrong: float,
        throughput: Quantity | None,
    ) -> PartVolume:
        errors = exact(wrong, "errors", n=size, method=census.words)
        return _part(
            name,
            size,
            0,
            errors,
            errors.scaled(1 / size, "errors/trace"),
            _share(self._system, throughput),
        )


def _share(system: SystemEvidence, throughput: Quantity | None) -> Quantity:
    # Errors in the window -> errors a day: the whole window's outputs take traces / throughput days.
    if throughput is None:
        return Unknown("a day's errors are those of that day")
    if isinstance(throughput, Unknown):
        return throughput
    return throughput.scaled(1 / system.traffic.traces, "windows/day")


def _part(
    name: str, traces: int, labels: int, errors: Quantity, rate: Quantity, windows_per_day: Quantity
) -> PartVolume:
    per_day: Quantity
    if isinstance(errors, Estimate) and isinstance(windows_per_day, Estimate):
        per_day = errors.scaled(windows_per_day.value, "errors/day")
    else:
        per_day = errors if isinstance(errors, Unknown) else windows_per_day
    return PartVolume(name, traces, labels, errors, rate, per_day)
