"""How many errors a day the cases like one stand for: a part of the volume, never the complaint itself.

What is "like it" is a definition that is fixed before any label is looked at: the outputs whose requests are nearest in
words, those of the same tag, or those of the same stratum. The errors among them are estimated from the labels of the
draw, as every part of the volume is; the complaint was not drawn and counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import BadInput, LedgerError
from assay.ledger.alike import nearest
from assay.ledger.cases import Case
from assay.ledger.draws import cells
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger, literal
from assay.quantity import Quantity, Unknown
from assay.volume.evidence import NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.gather import gather
from assay.volume.parts import set_part, strata_parts, tag_parts
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
        part, words = self._part(case, trace, system, rate)
        if part is None:
            return self._unknown(case, name, words)
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
        self, case: Case, trace: dict[str, str | None], system: SystemEvidence, rate: Quantity
    ) -> tuple[PartVolume | None, str]:
        match self._like:
            case "nearest":
                return self._nearest(trace["input"] or "", system, rate)
            case "stratum":
                return self._stratum(case, system, rate)
            case name:
                return self._same_tag(name, trace["own"], system, rate)

    def _nearest(
        self, request: str, system: SystemEvidence, rate: Quantity
    ) -> tuple[PartVolume | None, str]:
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
        part = set_part(self._ledger, system, alike.trace_ids, rate, self._level)
        words = (
            f"the {len(alike.trace_ids):,} outputs with requests nearest in words, of {system.population:,} "
            f"(likeness {alike.least:.2f} or more)"
        )
        return (
            part,
            words if part is not None else "the window as the draw froze it can't be read any more",
        )

    def _stratum(
        self, case: Case, system: SystemEvidence, rate: Quantity
    ) -> tuple[PartVolume | None, str]:
        if not isinstance(system.evidence, SampleEvidence):
            return None, "there are no strata: every output was checked"
        which = f"CASE WHEN traces.trace_id = {literal(case.trace_id)} THEN 'it' ELSE 'others' END"
        sizes = cells(self._ledger, system.evidence.draw, which) or {}
        if "it" not in sizes:
            return None, f"the output is not in the window of {system.evidence.draw.draw_id}"
        parts = strata_parts(system, rate, self._level)
        if not parts:
            return None, system.evidence.no_look
        part = parts[sizes["it"].index(1)]
        return part, f"its stratum of {system.evidence.draw.draw_id}: {part.name}"

    def _same_tag(
        self, name: str, stored: str | None, system: SystemEvidence, rate: Quantity
    ) -> tuple[PartVolume | None, str]:
        if stored is None:
            raise BadInput(
                f"the output has no tag {name!r}; --like takes nearest, stratum or a tag's name"
            )
        value = shown_tag(tag_value(stored))
        parts = tag_parts(self._ledger, system, name, rate, self._level)
        part = next((part for part in parts if part.name == value), None)
        return (
            part,
            f"outputs with {name} {value}"
            if part
            else f"{name} {value} is not among the largest parts",
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


def _tag_column(like: str) -> str:
    return "NULL" if like in (NEAREST, STRATUM) else tag(like)
