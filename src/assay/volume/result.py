"""The answer on error volume: one value a system, each number an Estimate or an Unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.estimate import HalvingPlan, judge_finding
from assay.ledger.population import Window
from assay.quantity import Estimate, Quantity
from assay.volume.evidence import CensusEvidence, Evidence, SampleEvidence, SystemEvidence
from assay.volume.future import FutureVolume
from assay.volume.label_noise import LabelNoise
from assay.volume.severity import SeverityVolume
from assay.volume.traffic import Traffic
from assay.volume.unit_evidence import UnitEvidence
from assay.volume.units import UnitVolume

Decision = Literal["met", "missed", "not shown"]


@dataclass(frozen=True, slots=True)
class PartVolume:
    """A part of the traffic: a stratum, a day, or a tag's value.

    Parameters
    ----------
    name
        The part.
    traces : >= 0
        Outputs in it.
    labels : >= 0
        Labels in it.
    errors
        Wrong outputs in the window. Unit: errors.
    error_rate
        Unit: errors/trace.
    errors_per_day
        Unit: errors/day.
    """

    name: str
    traces: int
    labels: int
    errors: Quantity
    error_rate: Quantity
    errors_per_day: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "name": self.name,
            "traces": self.traces,
            "labels": self.labels,
            "errors": self.errors.to_json(),
            "error_rate": self.error_rate.to_json(),
            "errors_per_day": self.errors_per_day.to_json(),
        }


@dataclass(frozen=True, slots=True)
class HumanComparison:
    """The people that the system replaced, and the system's errors as a multiple of theirs."""

    source: str
    error_rate: Quantity
    per_day: Quantity
    errors_per_day: Quantity
    ratio: Quantity
    """Unit: system errors / human errors."""

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "source": self.source,
            "error_rate": self.error_rate.to_json(),
            "per_day": self.per_day.to_json(),
            "errors_per_day": self.errors_per_day.to_json(),
            "ratio": self.ratio.to_json(),
        }


@dataclass(frozen=True, slots=True)
class StandardDecision:
    """Whether a standard is met: with the confidence level, not by the point estimate.

    Parameters
    ----------
    standard
        As the user wrote it.
    demand
        The same in words and numbers.
    decision
        ``met``: the upper limit keeps the standard. ``missed``: the lower limit breaks it. ``not shown``: the evidence
        doesn't decide, which is a no.
    measured
        What was held against the limit, with one-sided limits. Unknown where evidence is missing.
    limit : >= 0
        The most that the standard allows, in the measured number's unit.
    """

    standard: str
    demand: str
    decision: Decision
    measured: Quantity
    limit: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "standard": self.standard,
            "demand": self.demand,
            "decision": self.decision,
            "measured": self.measured.to_json(),
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True)
class SystemVolume:
    """The answer for one system and version. Field names are those of the JSON form, see docs/CLI.md."""

    window: Window
    traffic: Traffic
    evidence: Evidence
    labels: int
    throughput_per_day: Quantity
    errors: Quantity
    error_rate: Quantity
    errors_per_day: Quantity
    errors_per_thousand: Quantity
    escaped_errors_per_day: Quantity
    sigma_level: Quantity
    evidence_ceiling_sigma: Quantity
    labels_to_halve: HalvingPlan
    judge_gain: Quantity
    human: HumanComparison | None
    standard: StandardDecision | None
    strata: tuple[PartVolume, ...]
    by: dict[str, tuple[PartVolume, ...]]
    notes: tuple[str, ...]
    sentence: str
    next_command: str
    traces_version: int | None = None
    """Version of the table `traces` that the draw froze; None: the newest."""
    frozen_lost: bool = False
    """Whether the table as a draw froze it can't be read any more."""
    judge_p_value: float | None = None
    """Chance of the errors lying where the judge had more drawn, if its score had nothing to do with error."""
    label_noise: LabelNoise | None = None
    """How far the labels can be trusted; None where nothing rests on labels."""
    future: FutureVolume | None = None
    """The coming days: a forecast, on which nothing else in the answer rests."""
    units: UnitVolume | None = None
    """Of a draw of conversations, texts or amounts: what was read, and the money in wrong outputs."""
    severity: SeverityVolume | None = None
    """Errors weighed by how bad they are, where weights were given."""

    @property
    def gathered(self) -> SystemEvidence:
        """What the answer was computed from, for a split that nobody asked for in the question."""
        return SystemEvidence(
            self.window,
            self.traffic,
            self.evidence,
            self.traces_version,
            frozen_lost=self.frozen_lost,
        )

    @property
    def name(self) -> str:
        """System and version, as one name."""
        return f"{self.window.system} {self.window.version}".strip()

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.window.system,
            "version": self.window.version,
            "sentence": self.sentence,
            "evidence": evidence_json(self.evidence),
            "traces": self.traffic.traces,
            "labels": self.labels,
            "throughput_per_day": self.throughput_per_day.to_json(),
            "errors": self.errors.to_json(),
            "error_rate": self.error_rate.to_json(),
            "errors_per_day": self.errors_per_day.to_json(),
            "errors_per_hour": _hourly(self.errors_per_day).to_json(),
            "errors_per_thousand": self.errors_per_thousand.to_json(),
            "escaped_errors_per_day": self.escaped_errors_per_day.to_json(),
            "sigma_level": self.sigma_level.to_json(),
            "evidence_ceiling_sigma": self.evidence_ceiling_sigma.to_json(),
            "human": self.human.to_json() if self.human else None,
            "labels_to_halve": {
                "with_judge": self.labels_to_halve.with_judge.to_json(),
                "without_judge": self.labels_to_halve.without_judge.to_json(),
            },
            "judge_gain": self.judge_gain.to_json(),
            "judge_finding": judge_finding(self.judge_gain),
            "judge_p_value": self.judge_p_value,
            "units": self.units.to_json() if self.units else None,
            "severity": self.severity.to_json() if self.severity else None,
            "label_noise": self.label_noise.to_json() if self.label_noise else None,
            "standard": self.standard.to_json() if self.standard else None,
            "strata": [part.to_json() for part in self.strata],
            "by": {tag: [part.to_json() for part in parts] for tag, parts in self.by.items()},
            "future": self.future.to_json() if self.future else None,
            "notes": list(self.notes),
            "next": self.next_command,
        }


def evidence_json(evidence: Evidence) -> dict[str, object]:
    """Return the stable JSON form of the evidence: its kind, and the draw, judge or reason behind it."""
    match evidence:
        case SampleEvidence():
            draw = evidence.draw
            return {
                "kind": "labels",
                "draw_id": draw.draw_id,
                "seed": draw.seed,
                "planned": draw.planned,
                "look": {"number": evidence.look.number, "of": evidence.look.of},
                "held_back": evidence.held_back,
                "judge": draw.judge,
                "stratified_by": list(draw.stratified_by),
                "people": list(evidence.people),
            }
        case UnitEvidence():
            draw = evidence.draw
            return {
                "kind": "units",
                "draw_id": draw.draw_id,
                "seed": draw.seed,
                "planned": draw.planned,
                "held_back": evidence.held_back,
                "judge": draw.judge,
                "people": list(evidence.people),
            }
        case CensusEvidence():
            return {"kind": "census", "judge": evidence.judge, "judge_kind": evidence.judge_kind}
        case _:
            return {"kind": "none", "reason": evidence.reason}


def _hourly(per_day: Quantity) -> Quantity:
    return per_day.scaled(1 / 24, "errors/hour") if isinstance(per_day, Estimate) else per_day


@dataclass(frozen=True, slots=True)
class VolumeAnswer:
    """The answer for a ledger: every system, and their order by rate and by volume side by side."""

    ledger: str
    start: str | None
    end: str | None
    confidence_level: float
    systems: tuple[SystemVolume, ...]

    def order(self, field: str) -> list[str]:
        """Return the systems' names by a number, fewest errors first; those where it is unknown stand last."""

        def key(system: SystemVolume) -> tuple[bool, float, str]:
            quantity: Quantity = getattr(system, field)
            if isinstance(quantity, Estimate):
                return False, quantity.value, system.name
            return True, 0.0, system.name

        return [system.name for system in sorted(self.systems, key=key)]

    @property
    def decision(self) -> Decision | None:
        """The standard's decision over all systems: met only where every one meets it."""
        decisions = [system.standard.decision for system in self.systems if system.standard]
        order: tuple[Decision, ...] = ("missed", "not shown", "met")
        return next((worst for worst in order if worst in decisions), None)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "ledger": self.ledger,
            "window": {"from": self.start, "to": self.end},
            "confidence_level": self.confidence_level,
            "decision": self.decision,
            "systems": [system.to_json() for system in self.systems],
            "order": {
                "by_error_rate": self.order("error_rate"),
                "by_errors_per_day": self.order("errors_per_day"),
            },
        }
