"""How many errors a day the cases like one stand for: a part of the volume, never the complaint itself.

What is "like it" is a definition that is fixed before any label is looked at: the outputs whose requests are nearest in
words, those of the same tag, or those of the same stratum. The errors among them are estimated from the labels of the
draw, as every part of the volume is; the complaint was not drawn and counts for nothing.

Where a label of the draw itself says that the output is wrong, the set was chosen for that label: it would find an
error in each set that is looked at. So that label is taken out, the others measure the rest, and the one error that is
known is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from assay.errors import BadInput, LedgerError
from assay.ledger.alike import nearest
from assay.ledger.cases import Case
from assay.ledger.draws import cells
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.evidence import LabeledTrace, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.gather import gather
from assay.volume.parts import one_part, strata_parts
from assay.volume.question import VolumeQuestion
from assay.volume.result import PartVolume
from assay.volume.split import shown_tag
from assay.volume.traffic import throughput
from assay.volume.unit_evidence import UnitEvidence

NEAREST = "nearest"
STRATUM = "stratum"

WANTED_LABELS = 10
LEAST_SHARE, MOST_SHARE = 0.01, 0.2
"""The nearest outputs are as many as can expect ten labels, but at least a hundredth and at most a fifth of all. It
depends on how many labels the draw has, not on what they say."""

CENSUS_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class CasesLike:
    """The outputs like a case, and the errors among them.

    Parameters
    ----------
    case
        The case.
    system
        System and version that gave the answer.
    like
        ``nearest``, ``stratum``, or the name of a tag.
    words
        What the set is, in words.
    outputs, labels
        Outputs in the set, and labels among them.
    errors_per_day
        Unit: errors/day.
    error_rate
        Unit: errors/trace, in the set.
    """

    case: Case
    system: str
    like: str
    words: str
    outputs: int
    labels: int
    errors_per_day: Quantity
    error_rate: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "case_id": self.case.case_id,
            "system": self.system,
            "like": self.like,
            "set": self.words,
            "outputs": self.outputs,
            "labels": self.labels,
            "errors_per_day": self.errors_per_day.to_json(),
            "error_rate": self.error_rate.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Around:
    """What measures the outputs around a case; `taken`: the case's own trace, where its label was taken out."""

    system: SystemEvidence
    throughput: Quantity
    taken: str | None


class CaseMeter:
    """Measures cases against one ledger; the evidence of a system is gathered once.

    Parameters
    ----------
    ledger
        The ledger that the cases are in.
    like
        What is like a case: ``nearest``, ``stratum``, or the name of a tag.
    per_day
        Throughput, on the user's word; None: from time stamps.
    confidence_level : in [0.5, 1)
        Of each case by itself: a list of many cases holds more misses.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        like: str = NEAREST,
        per_day: float | None = None,
        confidence_level: float = 0.95,
    ) -> None:
        self._ledger = ledger
        self._like = like
        self._per_day = per_day
        self._level = confidence_level
        self._systems: dict[tuple[str, str], SystemEvidence | None] = {}

    def measure(self, case: Case) -> CasesLike:
        """Return the errors a day among the outputs like a case.

        Raises
        ------
        BadInput
            Where the trace of the case has no such tag.
        """
        found = self._ledger.rows(
            f"SELECT system, version, input, tags, {_tag_column(self._like)} AS own FROM traces "
            f"WHERE trace_id = {literal(case.trace_id)} LIMIT 1"
        )
        if not found:
            return self._unknown(
                case, "", f"its trace {case.trace_id} is not in the ledger any more"
            )
        trace = found[0]
        name = f"{trace['system']} {trace['version']}".strip()
        system = self._system(trace["system"], trace["version"])
        if system is None or isinstance(system.evidence, NoEvidence):
            return self._unknown(
                case, name, "no labels of a draw, and no check of everything, say how often it errs"
            )
        if isinstance(system.evidence, UnitEvidence):
            return self._unknown(case, name, "a draw of whole units is not split")
        rate = throughput(
            system.traffic, per_day=self._per_day, start=system.window.start, end=system.window.end
        )
        rest = _without(system, case.trace_id)
        around = _Around(rest or system, rate, None if rest is None else case.trace_id)
        part, words = self._part(case, trace, around)
        if part is None:
            return self._unknown(case, name, words)
        if rest is not None:
            part = _with_its_error(part, rate, system.population)
            words += "; its own label, for which the set was chosen, is counted and not projected"
        return CasesLike(
            case,
            name,
            self._like,
            words,
            part.traces,
            part.labels,
            part.errors_per_day,
            part.error_rate,
        )

    def _part(
        self, case: Case, trace: dict[str, str | None], around: _Around
    ) -> tuple[PartVolume | None, str]:
        match self._like:
            case "nearest":
                return self._nearest(trace["input"] or "", around)
            case "stratum":
                return self._stratum(case, around)
            case _:
                return self._same_tag(trace["own"], around)

    def _nearest(self, request: str, around: _Around) -> tuple[PartVolume | None, str]:
        system = around.system
        share = CENSUS_SHARE
        if isinstance(system.evidence, SampleEvidence):
            labels = max(sum(stratum.labeled for stratum in system.evidence.strata), 1)
            share = min(max(WANTED_LABELS / labels, LEAST_SHARE), MOST_SHARE)
        count = max(1, round(share * system.population))
        alike = nearest(
            self._ledger, system.window, request, count, traces_version=system.traces_version
        )
        if not alike.trace_ids:
            return None, "no other request shares a word that tells requests apart"
        ids = ",".join(map(literal, sorted(alike.trace_ids)))
        part = self._one_part(
            around,
            f"traces.trace_id IN ({ids})",
            lambda trace: trace.trace_id in alike.trace_ids,
        )
        words = (
            f"the {len(alike.trace_ids):,} outputs with requests nearest in words, of {system.population:,} "
            f"(likeness {alike.least:.2f} or more)"
        )
        return (
            part,
            words if part is not None else "the window as the draw froze it can't be read any more",
        )

    def _stratum(self, case: Case, around: _Around) -> tuple[PartVolume | None, str]:
        system = around.system
        if not isinstance(system.evidence, SampleEvidence):
            return None, "there are no strata: every output was checked"
        which = f"CASE WHEN traces.trace_id = {literal(case.trace_id)} THEN 'it' ELSE 'others' END"
        sizes = cells(self._ledger, system.evidence.draw, which) or {}
        if "it" not in sizes:
            return None, f"the output is not in the window of {system.evidence.draw.draw_id}"
        parts = strata_parts(system, around.throughput, self._level)
        if not parts:
            return None, system.evidence.no_look
        part = parts[sizes["it"].index(1)]
        return part, f"its stratum of {system.evidence.draw.draw_id}: {part.name}"

    def _same_tag(self, stored: str | None, around: _Around) -> tuple[PartVolume | None, str]:
        name = self._like
        if stored is None:
            raise BadInput(
                f"the output has no tag {name!r}; --like takes nearest, stratum or a tag's name"
            )
        value = tag_value(stored)
        part = self._one_part(
            around,
            f"{tag(name)} = {literal(stored)}",
            lambda trace: trace.tags.get(name) == value,
        )
        said = f"outputs with {name} {shown_tag(value)}"
        return part, said if part is not None else f"no other {said} is in the window"

    def _one_part(
        self, around: _Around, condition: str, belongs: Callable[[LabeledTrace], bool]
    ) -> PartVolume | None:
        if around.taken is not None:
            condition = f"{condition} AND traces.trace_id <> {literal(around.taken)}"
        return one_part(
            self._ledger, around.system, condition, belongs, around.throughput, self._level
        )

    def _system(self, name: str, version: str) -> SystemEvidence | None:
        key = name, version
        if key not in self._systems:
            try:
                found = gather(self._ledger, VolumeQuestion(system=name, version=version))
            except LedgerError:
                found = []
            self._systems[key] = found[0] if found else None
        return self._systems[key]

    def _unknown(self, case: Case, system: str, reason: str) -> CasesLike:
        unknown = Unknown(reason)
        return CasesLike(case, system, self._like, "", 0, 0, unknown, unknown)


def _without(system: SystemEvidence, trace_id: str) -> SystemEvidence | None:
    """Return the evidence without a label that says that this output is wrong; None where there is no such label.

    Given that label the others of its stratum are a random sample of the rest of it.
    """
    sample = system.evidence
    if not isinstance(sample, SampleEvidence):
        return None
    own = next((t for t in sample.labeled if t.trace_id == trace_id and t.wrong == 1), None)
    if own is None:
        return None
    strata = tuple(
        replace(s, size=s.size - 1, labeled=s.labeled - 1, errors=s.errors - 1)
        if place == own.stratum
        else s
        for place, s in enumerate(sample.strata)
    )
    rest = replace(
        sample,
        looks=(*sample.looks[:-1], replace(sample.look, strata=strata)),
        labeled=tuple(t for t in sample.labeled if t is not own),
    )
    return replace(system, evidence=rest)


def _with_its_error(part: PartVolume, throughput: Quantity, population: int) -> PartVolume:
    """Return a part with the one output and its error that were taken out of it."""
    size = part.traces + 1
    if not isinstance(part.errors, Estimate):
        return replace(part, traces=size, labels=part.labels + 1)
    found = part.errors
    errors = replace(
        found,
        value=found.value + 1,
        low=found.low + 1,
        high=found.high + 1,
        n=found.n + 1,
        method=f"{found.method}, and the case's own error",
    )
    per_day = part.errors_per_day
    if isinstance(throughput, Estimate):
        per_day = errors.scaled(throughput.value / population, "errors/day")
    rate = errors.scaled(1 / size, "errors/trace")
    return replace(
        part,
        traces=size,
        labels=part.labels + 1,
        errors=errors,
        error_rate=rate,
        errors_per_day=per_day,
    )


def _tag_column(like: str) -> str:
    return "NULL" if like in (NEAREST, STRATUM) else tag(like)
