"""Escaped errors in any stretch of time, estimated from what answers for it: a sum over draws and complete checks.

What no evidence covers is counted as open: its outputs may be wrong, and are never taken for right.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assay.estimate import StratumCount
from assay.ledger.population import tag, time_conditions
from assay.ledger.store import literal
from assay.quantity import Estimate, Guarantee, Quantity, Unknown, exact, weakest
from assay.volume.budget_question import RESERVE, Split
from assay.volume.budget_sources import DrawSource, Sources, Stretch
from assay.volume.caught import is_caught
from assay.volume.evidence import CensusEvidence, LabeledTrace, NoEvidence, SystemEvidence
from assay.volume.parts import one_part
from assay.volume.severity import SEVERITIES, Weights

THROUGHPUT = Unknown("a window's errors, and not a day's")


@dataclass(frozen=True, slots=True)
class BudgetPart:
    """Which outputs a part of the budget is for.

    Parameters
    ----------
    name
    tag
        None: all outputs.
    values
        The tag's values; with `others` those that are none of them, or have no such tag.
    others
    """

    name: str
    tag: str | None = None
    values: tuple[str, ...] = ()
    others: bool = False

    @property
    def sql(self) -> str:
        """The same as an SQL condition over `traces`."""
        if self.tag is None:
            return "TRUE"
        if not self.values:
            return "TRUE" if self.others else "FALSE"
        stored = ",".join(literal(json.dumps(v, ensure_ascii=False)[1:-1]) for v in self.values)
        listed = f"coalesce({tag(self.tag)} IN ({stored}), FALSE)"
        return f"NOT {listed}" if self.others else listed

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Return whether an output with these tags is in the part."""
        if self.tag is None:
            return True
        return (tags.get(self.tag) in self.values) is not self.others


WHOLE = BudgetPart("all")


def parts_of(split: Split, by: str | None) -> list[BudgetPart]:
    """Return the parts of a split, in its order; the reserve is for what the others leave."""
    named = tuple(name for name, _ in split if name != RESERVE)
    return [
        BudgetPart(name, by, named, others=True)
        if name == RESERVE
        else BudgetPart(name, by, (name,))
        for name, _ in split
    ]


@dataclass(frozen=True, slots=True)
class Escaped:
    """Escaped errors of a window, as far as there is evidence.

    Parameters
    ----------
    errors
        In the outputs that evidence covers. `Unknown` where it covers none.
    outputs : >= 0
        Delivered in the window.
    open : >= 0
        Those of them that no evidence covers: each may be wrong.
    spans : microseconds
        Stretches that are covered, with their version.
    """

    errors: Quantity
    outputs: int
    open: int
    spans: tuple[tuple[str, int, int], ...] = ()

    def covers(self, version: str, at: int) -> bool:
        """Return whether an output of a version at a moment is covered."""
        return any(v == version and start <= at < end for v, start, end in self.spans)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The errors of a stretch, and how many of its outputs they are of."""

    errors: Quantity
    outputs: int


class Estimator:
    """Estimates escaped errors of windows and of parts, each at a level of its own.

    Parameters
    ----------
    sources
    weights
        What an error of each severity counts as; None: errors count alike.
    """

    def __init__(self, sources: Sources, weights: Weights | None) -> None:
        self._sources = sources
        self._weights = weights

    def escaped(
        self, start: int, end: int, part: BudgetPart = WHOLE, *, confidence_level: float
    ) -> Escaped:
        """Return the escaped errors from a moment on and before another.

        Notes
        -----
        A sum over stretches: those that rest on labels share the chance to miss (Boole). Weighed errors are a sum of
        nested totals, as in `assay.volume.severity`.
        """
        stretches = self._sources.stretches(start, end)
        sampled = sum(isinstance(one.source, DrawSource) for one in stretches)
        level = 1 - (1 - confidence_level) / max(1, sampled)
        outputs = covered = 0
        found: list[Estimate] = []
        reasons, spans = [], []
        for one in stretches:
            now = self._delivered(one, part)
            piece = self._piece(one, part, level)
            outputs += now
            if isinstance(piece.errors, Unknown):
                reasons.append(piece.errors.reason)
                continue
            covered += min(piece.outputs, now)
            found.append(piece.errors)
            spans.append((one.version, one.start, one.end))
        errors = _sum(found, confidence_level) if found else _nothing(reasons, self._unit)
        return Escaped(errors, outputs, outputs - covered, tuple(spans))

    def _delivered(self, one: Stretch, part: BudgetPart) -> int:
        where = self._sources.log.condition(one.start, one.end, one.version)
        rows = self._sources.ledger.rows(
            f"SELECT count(*) AS n FROM traces WHERE {where} AND {self._sources.escaped_condition()} AND {part.sql}"
        )
        return int(rows[0]["n"])

    def _piece(self, one: Stretch, part: BudgetPart, level: float) -> _Piece:
        match one.source:
            case NoEvidence() as none:
                return _Piece(Unknown(none.reason), 0)
            case DrawSource() as draw:
                return self._drawn(one, draw, part, level)
            case SystemEvidence() as counted:
                return self._counted(one, counted, part)

    def _counted(self, one: Stretch, counted: SystemEvidence, part: BudgetPart) -> _Piece:
        census = counted.evidence
        assert isinstance(census, CensusEvidence)
        inside = one_part(
            self._sources.ledger, counted, self._condition(one, part), lambda _: False, THROUGHPUT, 0.95
        )  # fmt: skip
        if inside is None:
            return _Piece(exact(0.0, self._unit, n=0, method=census.words), 0)
        if isinstance(inside.errors, Unknown):
            return _Piece(inside.errors, 0)
        errors = replace(inside.errors, unit=self._unit)
        if self._weights is None:
            return _Piece(errors, inside.traces)
        light, heavy = min(self._weights.values()), max(self._weights.values())
        weighed = replace(
            errors,
            value=errors.value * (light + heavy) / 2,
            low=errors.value * light,
            high=errors.value * heavy,
            method=f"{errors.method}; a check says no severity: bounded both ways",
            guarantee="proved",
        )
        return _Piece(weighed, inside.traces)

    def _drawn(self, one: Stretch, draw: DrawSource, part: BudgetPart, level: float) -> _Piece:
        if self._weights is None:
            return self._domain(one, draw, draw.evidence, part, level)
        if draw.sample.reading is not None:
            return _Piece(
                Unknown("the severity of errors that a second reading finds is not known"), 0
            )
        steps = severity_steps(self._weights)
        level = 1 - (1 - level) / len(steps)
        total: list[Estimate] = []
        outputs = 0
        for severities, step in steps:
            piece = self._domain(one, draw, only_as_bad(draw, severities), part, level)
            if isinstance(piece.errors, Unknown):
                return piece
            outputs = piece.outputs
            total.append(piece.errors.scaled(step, self._unit))
        # The same labels, counted by how bad their errors are.
        return _Piece(replace(_sum(total, level), n=max(one.n for one in total)), outputs)

    def _domain(
        self,
        one: Stretch,
        draw: DrawSource,
        evidence: SystemEvidence,
        part: BudgetPart,
        level: float,
    ) -> _Piece:
        def belongs(trace: LabeledTrace) -> bool:
            at = draw.times.get(trace.trace_id)
            inside = at is not None and one.start <= at < one.end
            return (
                inside
                and not is_caught(trace.tags, self._sources.question.caught_tag)
                and part.holds(trace.tags)
            )

        condition = self._condition(one, part)
        inside = one_part(draw.ledger, evidence, condition, belongs, THROUGHPUT, level)
        if inside is None:
            return _Piece(exact(0.0, self._unit, n=0, method=draw.sample.words), 0)
        errors = inside.errors
        if isinstance(errors, Estimate):
            method = f"{errors.method}; not caught, in the window; {draw.sample.words}"
            errors = replace(errors, method=method, n=inside.labels, unit=self._unit)
        return _Piece(errors, inside.traces)

    def _condition(self, one: Stretch, part: BudgetPart) -> str:
        times = time_conditions(one.start, one.end)
        return " AND ".join([*times, self._sources.escaped_condition(), part.sql])

    @property
    def _unit(self) -> str:
        return self._sources.question.unit


def severity_steps(weights: Weights) -> list[tuple[frozenset[int], float]]:
    """Return nested sets of severities, heaviest first, and what each adds: their sum weighs every error.

    Examples
    --------
    >>> [(sorted(some), step) for some, step in severity_steps({1: 10.0, 2: 3.0, 3: 1.0})]
    [([1], 7.0), ([1, 2], 2.0), ([1, 2, 3], 1.0)]
    """
    order = sorted(weights, key=lambda severity: -weights[severity])
    steps = []
    for place, severity in enumerate(order, start=1):
        below = weights[order[place]] if place < len(order) else 0.0
        if weights[severity] > below:
            steps.append((frozenset(order[:place]), weights[severity] - below))
    return steps


def only_as_bad(draw: DrawSource, severities: frozenset[int]) -> SystemEvidence:
    """Return a draw's evidence with errors of these severities only; one of unknown severity is unsure."""
    sample, every = draw.sample, len(severities) == len(SEVERITIES)

    def wrong(trace: LabeledTrace) -> int | None:
        if trace.wrong != 1 or every:
            return trace.wrong
        severity = draw.severities.get(trace.trace_id)
        return None if severity is None else int(severity in severities)

    labeled = tuple(replace(trace, wrong=wrong(trace)) for trace in sample.labeled)
    strata = tuple(_recount(index, count, labeled) for index, count in enumerate(sample.strata))
    looks = (*sample.looks[:-1], replace(sample.look, strata=strata))
    return replace(draw.evidence, evidence=replace(sample, labeled=labeled, looks=looks))


def _recount(index: int, count: StratumCount, labeled: Sequence[LabeledTrace]) -> StratumCount:
    own = [trace.wrong for trace in labeled if trace.stratum == index]
    return replace(count, errors=own.count(1), unsure=own.count(None))


def _sum(found: Sequence[Estimate], confidence_level: float) -> Estimate:
    guarantees: list[Guarantee] = [one.guarantee for one in found]
    methods = list(dict.fromkeys(one.method for one in found))
    counted = all(one.confidence_level == 1 for one in found)
    return Estimate(
        value=sum(one.value for one in found),
        low=sum(one.low for one in found),
        high=sum(one.high for one in found),
        unit=found[0].unit,
        confidence_level=1.0 if counted else confidence_level,
        n=sum(one.n for one in found),
        method=" + ".join(methods),
        guarantee=weakest(*guarantees),
    )


def _nothing(reasons: Sequence[str], unit: str) -> Quantity:
    if not reasons:
        return exact(0.0, unit, n=0, method="no output in the window")
    return Unknown("; ".join(dict.fromkeys(reasons)))
