"""Splits of the error volume: by stratum, by day, by tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from assay.estimate import Alternative, StratumCount, domain_errors, total_errors
from assay.ledger.draws import cells
from assay.ledger.population import tag
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown, exact
from assay.volume.evidence import CensusEvidence, LabeledTrace, SampleEvidence, SystemEvidence
from assay.volume.missed import add_missed, at_level, only_stratum
from assay.volume.result import PartVolume
from assay.volume.split import (
    DAY_EXPRESSION,
    NO_TAG,
    shown_tag,
    shown_value,
    split_counts,
    split_errors,
)

EXPECTED_LABELS = 8.0
SPARSE_SHARE = 0.05
"""A part gets strata of its own where at most a twentieth of it lies in strata that leave it under eight labels: one
label that stands for hundreds of outputs would rule the upper limit."""

MOST_PARTS = 60
"""A split into more parts than this is no longer read; the largest are kept."""


def strata_parts(
    system: SystemEvidence, throughput: Quantity, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the strata of a draw, each with its own interval."""
    if not isinstance(system.evidence, SampleEvidence) or not system.evidence.look.is_planned:
        return ()
    parts = []
    level = system.evidence.look.level(confidence_level)
    for index, stratum in enumerate(system.evidence.strata):
        alone = only_stratum(system.evidence, index)
        errors = at_level(alone, partial(_total, (stratum,)), level, "two-sided")
        errors = add_missed(alone, errors, confidence_level, "two-sided", size=stratum.size)
        errors = _claimed(system.evidence, errors, confidence_level)
        rate = errors.scaled(1 / stratum.size, "errors/trace")
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
    ledger: Ledger, system: SystemEvidence, name: str, throughput: Quantity, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the values of a tag, most outputs first, each with its own interval."""

    def value_of(trace: LabeledTrace) -> str:
        return shown_tag(trace.tags.get(name))

    sizes = None
    if isinstance(system.evidence, SampleEvidence):
        found = cells(ledger, system.evidence.draw, tag(name))
        if found is not None:
            sizes = {shown_value(stored): counts for stored, counts in found.items()}
    split = _Split(ledger, system, tag(name), shown_value, value_of)
    parts = split.parts(throughput, confidence_level, sizes)
    return tuple(sorted(parts, key=lambda part: (-part.traces, part.name))[:MOST_PARTS])


def day_parts(
    ledger: Ledger, system: SystemEvidence, confidence_level: float
) -> tuple[PartVolume, ...]:
    """Return the days of the window in order, each with its own interval of the errors on that day."""
    if not system.traffic.timed:
        return ()

    def value_of(trace: LabeledTrace) -> str:
        return trace.day or NO_TAG

    split = _Split(ledger, system, DAY_EXPRESSION, lambda day: day or NO_TAG, value_of)
    parts = split.parts(None, confidence_level)
    return tuple(
        sorted((part for part in parts if part.name != NO_TAG), key=lambda part: part.name)
    )


def one_part(
    ledger: Ledger,
    system: SystemEvidence,
    condition: str,
    belongs: Callable[[LabeledTrace], bool],
    throughput: Quantity,
    confidence_level: float,
) -> PartVolume | None:
    """Return one part of the outputs, fixed before labels were looked at; None where there is no output in it.

    Parameters
    ----------
    ledger, system
    condition
        SQL over `traces`: which outputs are in the part.
    belongs
        The same of a labeled one.
    throughput, confidence_level
    """
    inside, outside = "in the set", "outside"
    expression = f"CASE WHEN {condition} THEN {literal(inside)} ELSE {literal(outside)} END"
    sizes = None
    if isinstance(system.evidence, SampleEvidence):
        sizes = cells(ledger, system.evidence.draw, expression)
    split = _Split(
        ledger, system, expression, str, lambda trace: inside if belongs(trace) else outside
    )
    named = None if sizes is None else {str(value): counts for value, counts in sizes.items()}
    parts = split.parts(throughput, confidence_level, named)
    return next((part for part in parts if part.name == inside), None)


class _Split:
    """A partition of the window's outputs by an SQL expression, and the same of the labeled ones in Python.

    A part can be estimated in two ways, both valid. In strata of its own, where it is known how many of its outputs
    lie in each: narrow for a part that is unlike the rest, as a topic. Or by weighing its errors like the whole
    window's: better for a part of which few labels fall into some strata. Which one is taken depends on sizes and
    numbers of labels only, never on what the labels say.
    """

    def __init__(
        self,
        ledger: Ledger,
        system: SystemEvidence,
        expression: str,
        shown: Callable[[str | None], str],
        value_of: Callable[[LabeledTrace], str],
    ) -> None:
        self._ledger = ledger
        self._system = system
        self._expression = expression
        self._shown = shown
        self._value_of = value_of

    def parts(
        self,
        throughput: Quantity | None,
        confidence_level: float,
        cell_sizes: Mapping[str, list[int]] | None = None,
    ) -> list[PartVolume]:
        if self._system.frozen_lost:
            return []
        sizes = self._named(split_counts(self._ledger, self._system, self._expression))
        share = _share(self._system, throughput)
        match self._system.evidence:
            case SampleEvidence() as sample:
                return [
                    self._sampled(
                        sample,
                        name,
                        int(size),
                        confidence_level,
                        (cell_sizes or {}).get(name),
                        share,
                    )
                    for name, size in sizes.items()
                ]
            case CensusEvidence() as census:
                wrong = self._named(
                    split_errors(self._ledger, self._system, census, self._expression)
                )
                return [
                    self._counted(census, name, int(size), wrong.get(name, 0.0), throughput)
                    for name, size in sizes.items()
                ]
            case _:
                return []

    def _named(self, counts: Mapping[str | None, float]) -> dict[str, float]:
        return {self._shown(stored): count for stored, count in counts.items()}

    def _sampled(
        self,
        sample: SampleEvidence,
        name: str,
        size: int,
        confidence_level: float,
        cell_sizes: list[int] | None,
        share: Quantity,
    ) -> PartVolume:
        inside = [trace for trace in sample.labeled if self._value_of(trace) == name]
        if not sample.look.is_planned:
            unknown = Unknown(sample.no_look)
            return _part(name, size, len(inside), unknown, unknown, share)
        level = sample.look.level(confidence_level)
        errors: Estimate
        if cell_sizes is not None and _well_labeled(sample, cell_sizes):
            own = _own_strata(sample, cell_sizes, inside)
            if not sum(cell.labeled for cell in own):
                unknown = Unknown(f"no label yet among the outputs of {name!r}")
                return _part(name, size, 0, unknown, unknown, share)
            errors = at_level(sample, partial(_total, own), level, "two-sided")
        else:
            wrong = [
                sum(trace.wrong == 1 for trace in inside if trace.stratum == index)
                for index in range(len(sample.strata))
            ]
            errors = at_level(
                sample,
                lambda at, side: domain_errors(
                    sample.strata, wrong, domain_size=size, confidence_level=at, alternative=side
                ),
                level,
                "two-sided",
            )
        errors = add_missed(
            sample,
            errors,
            confidence_level,
            "two-sided",
            size=size,
            inside=lambda trace: self._value_of(trace) == name,
        )
        errors = _claimed(sample, errors, confidence_level)
        rate = errors.scaled(1 / size, "errors/trace")
        return _part(name, size, len(inside), errors, rate, share)

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


def _total(
    strata: Sequence[StratumCount], confidence_level: float, alternative: Alternative
) -> Estimate:
    return total_errors(strata, confidence_level=confidence_level, alternative=alternative)


def _claimed(sample: SampleEvidence, estimate: Estimate, confidence_level: float) -> Estimate:
    # A part is looked at whenever the whole is: it is computed at the look's level, and claimed at that of all looks.
    if estimate.guarantee == "exact":
        return estimate
    if sample.by_what_was_found:
        # Of one stratum, too, how many labels it got was decided by what they said.
        method = f"{estimate.method}, re-allocated between looks"
        estimate = replace(estimate, method=method, guarantee="simulated")
    return replace(estimate, confidence_level=confidence_level)


def _well_labeled(sample: SampleEvidence, cell_sizes: list[int]) -> bool:
    """Whether nearly all of a part lies in strata where it can expect labels of its own."""
    sparse = sum(
        cell
        for cell, stratum in zip(cell_sizes, sample.strata, strict=True)
        if cell and stratum.labeled * cell / stratum.size < EXPECTED_LABELS
    )
    return sparse <= SPARSE_SHARE * sum(cell_sizes)


def _own_strata(
    sample: SampleEvidence, cell_sizes: list[int], inside: list[LabeledTrace]
) -> list[StratumCount]:
    return [
        StratumCount(
            size=cell,
            labeled=sum(trace.stratum == index for trace in inside),
            errors=sum(trace.stratum == index and trace.wrong == 1 for trace in inside),
            unsure=sum(trace.stratum == index and trace.wrong is None for trace in inside),
            name=stratum.name,
        )
        for index, (cell, stratum) in enumerate(zip(cell_sizes, sample.strata, strict=True))
        if cell
    ]


def _share(system: SystemEvidence, throughput: Quantity | None) -> Quantity:
    # Errors in the window -> errors a day: the whole window's outputs take traces / throughput days.
    if throughput is None:
        return Unknown("a day's errors are those of that day")
    if isinstance(throughput, Unknown):
        return throughput
    return throughput.scaled(1 / system.population, "windows/day")


def _part(
    name: str, traces: int, labels: int, errors: Quantity, rate: Quantity, windows_per_day: Quantity
) -> PartVolume:
    per_day: Quantity
    if isinstance(errors, Estimate) and isinstance(windows_per_day, Estimate):
        per_day = errors.scaled(windows_per_day.value, "errors/day")
    else:
        per_day = errors if isinstance(errors, Unknown) else windows_per_day
    return PartVolume(name, traces, labels, errors, rate, per_day)
