"""Errors by how bad they are: each wrong output counts as much as its severity weighs.

Severity is what the person who labeled said, 1 (worst) to 3. A wrong output of which nobody said it is bounded both
ways: it may be as light as the lightest and as heavy as the heaviest, and is never nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from assay.errors import BadInput
from assay.estimate import StratumCount, total_errors
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Guarantee, Quantity, Unknown
from assay.volume.daily import daily
from assay.volume.evidence import CensusEvidence, NoEvidence, SampleEvidence, SystemEvidence
from assay.volume.unit_evidence import UnitEvidence, UnitLabel
from assay.volume.units import weighted_errors

SEVERITIES = (1, 2, 3)
UNIT = "severity-weighted errors"
FIRMEST_FIRST: tuple[Guarantee, ...] = ("exact", "proved", "enumerated", "simulated", "assumed")

Weights = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class SeverityVolume:
    """Errors weighed by their severity.

    Parameters
    ----------
    weights
        Severity -> what an error of it counts as.
    in_window, per_day
        Unit: severity-weighted errors, the same a day.
    found
        Wrong labels by severity; under None those of which nobody said it.
    """

    weights: Weights
    in_window: Quantity
    per_day: Quantity
    found: Mapping[int | None, int]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "weights": {str(severity): weight for severity, weight in self.weights.items()},
            "in_window": self.in_window.to_json(),
            "per_day": self.per_day.to_json(),
            "found": {
                "unknown" if severity is None else str(severity): count
                for severity, count in self.found.items()
            },
        }


def parse_weights(text: str) -> tuple[tuple[int, float], ...]:
    """Return severity weights from `1=10,2=3,3=1`.

    Raises
    ------
    BadInput
        Where it is not that, a severity is missing, or a weight is negative or all are zero.

    Examples
    --------
    >>> parse_weights("1=10,2=3,3=1")
    ((1, 10.0), (2, 3.0), (3, 1.0))
    """
    weights: dict[int, float] = {}
    for part in text.split(","):
        severity, _, weight = part.partition("=")
        try:
            name, value = int(severity), float(weight)
        except ValueError:
            raise BadInput(
                f"severity weights must be as 1=10,2=3,3=1, got {part.strip()[:40]!r}"
            ) from None
        if name not in SEVERITIES or name in weights:
            raise BadInput(f"each of the severities 1, 2, 3 has one weight, got {text[:40]!r}")
        if not 0 <= value < float("inf"):
            raise BadInput(f"a severity's weight must be 0 or more and finite, got {weight[:20]}")
        weights[name] = value
    missing = [str(severity) for severity in SEVERITIES if severity not in weights]
    if missing:
        raise BadInput(
            f"each of the severities 1, 2, 3 needs a weight; {', '.join(missing)} missing: 1=10,2=3,3=1"
        )
    if not max(weights.values()):
        raise BadInput("at least one severity must weigh more than 0")
    return tuple(sorted(weights.items()))


def severity_volume(
    ledger: Ledger,
    system: SystemEvidence,
    throughput_per_day: Quantity,
    weights: Weights,
    *,
    confidence_level: float,
) -> SeverityVolume:
    """Return the severity-weighted errors of a system."""
    found: Counter[int | None] = Counter()
    total: Quantity
    match system.evidence:
        case SampleEvidence() as sample:
            total = _sampled(ledger, sample, weights, confidence_level, found)
        case UnitEvidence() as units:
            total = _of_units(units, weights, confidence_level, found)
        case CensusEvidence() as census:
            lightest, heaviest = min(weights.values()), max(weights.values())
            total = Estimate(
                value=census.errors * (lightest + heaviest) / 2,
                low=census.errors * lightest,
                high=census.errors * heaviest,
                unit=UNIT,
                confidence_level=1.0,
                n=system.population,
                method=f"{census.words}; a check says no severity: bounded both ways",
                guarantee="proved",
            )
        case NoEvidence() as none:
            total = Unknown(none.reason)
    per_day = daily(total, throughput_per_day, system.population, f"{UNIT}/day")
    return SeverityVolume(weights, total, per_day, dict(found))


def _sampled(
    ledger: Ledger,
    sample: SampleEvidence,
    weights: Weights,
    confidence_level: float,
    found: Counter[int | None],
) -> Quantity:
    """Add up nested totals: errors as bad as the worst, as bad as the next, all of them.

    With weights w1 >= w2 >= w3 the sum is (w1 - w2) A1 + (w2 - w3) A2 + w3 A3, where A_k counts the errors of the k
    heaviest severities. Each A_k has an interval of its own; the chance to miss is split evenly among them (Boole).
    """
    if sample.reading is not None:
        return Unknown("the severity of errors that a second reading finds is not known")
    if not sample.look.is_planned:
        return Unknown(f"{sample.look_words}: severity has no live limits")
    labels = labels_of(ledger, sample.draw.draw_id)
    strata = [
        [labels[trace_id] for trace_id in drawn.trace_ids[: count.labeled]]
        for drawn, count in zip(sample.draw.strata, sample.strata, strict=True)
    ]
    found.update(label.severity for first in strata for label in first if label.wrong == 1)
    heaviest_first = sorted(weights, key=lambda severity: -weights[severity])
    steps = []
    for place, severity in enumerate(heaviest_first, start=1):
        below = weights[heaviest_first[place]] if place < len(heaviest_first) else 0.0
        if weights[severity] > below:
            steps.append((frozenset(heaviest_first[:place]), weights[severity] - below))
    level = 1 - (1 - sample.look.level(confidence_level)) / len(steps)
    parts = [
        (
            total_errors(_as_bad(strata, sample.strata, severities), confidence_level=level),
            step,
        )
        for severities, step in steps
    ]
    firmest = max((part.guarantee for part, _ in parts), key=FIRMEST_FIRST.index)
    note = (
        f", {found[None]} wrong labels of unknown severity bounded both ways" if found[None] else ""
    )
    return Estimate(
        value=sum(part.value * step for part, step in parts),
        low=sum(part.low * step for part, step in parts),
        high=sum(part.high * step for part, step in parts),
        unit=UNIT,
        confidence_level=confidence_level,
        n=sample.look.labels,
        method=f"{len(parts)} nested totals by severity ({parts[0][0].method}){note}; {sample.words}",
        guarantee=firmest,
    )


def _as_bad(
    strata: list[list[Label]], sizes: tuple[StratumCount, ...], severities: frozenset[int]
) -> list[StratumCount]:
    """Return what each stratum's labels say of errors of these severities; what may be one of them is unsure."""
    every = len(severities) == len(SEVERITIES)
    counted = []
    for labels, stratum in zip(strata, sizes, strict=True):
        wrong = [label for label in labels if label.wrong == 1]
        errors = sum(every or label.severity in severities for label in wrong)
        unknown = 0 if every else sum(label.severity is None for label in wrong)
        unsure = sum(label.wrong is None for label in labels) + unknown
        counted.append(StratumCount(stratum.size, stratum.labeled, errors, unsure, stratum.name))
    return counted


def _of_units(
    units: UnitEvidence, weights: Weights, confidence_level: float, found: Counter[int | None]
) -> Estimate:
    lightest, heaviest = min(weights.values()), max(weights.values())
    found.update(label.severity for unit in units.units for label in unit if label.wrong == 1)

    def least(label: UnitLabel) -> float:
        if label.wrong != 1:
            return 0.0
        return lightest if label.severity is None else weights[label.severity]

    def most(label: UnitLabel) -> float:
        if label.wrong == 0:
            return 0.0
        return weights[label.severity] if label.wrong and label.severity else heaviest

    return weighted_errors(units, confidence_level, least, most, heaviest)
