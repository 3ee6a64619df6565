"""How well people read: what they say of seeded items, held against what is known of these."""

from __future__ import annotations

from dataclasses import dataclass

from assay.estimate.exact import clopper_pearson
from assay.estimate.noise import miss_rate
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.web.seeded import ANSWERS_SQL

CONDITION = "conditional on seeded items being no easier than natural ones"


@dataclass(frozen=True, slots=True)
class ReaderMeasure:
    """One reader, measured by seeded items.

    Parameters
    ----------
    person
        Who.
    errors, right : >= 0
        Seeded errors and seeded right answers that they read.
    unsure : >= 0
        Of both, those that they were unsure of: neither found nor confirmed.
    sensitivity
        Share of the errors that they call wrong. Unit: share of errors.
    specificity
        Share of the right ones that they call right. Unit: share of right outputs.
    miss_rate
        Upper limit of the share of errors not called wrong, as `assay.estimate.corrected_total` takes it.
    """

    person: str
    errors: int
    right: int
    unsure: int
    sensitivity: Quantity
    specificity: Quantity
    miss_rate: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "person": self.person,
            "errors": self.errors,
            "right": self.right,
            "unsure": self.unsure,
            "sensitivity": self.sensitivity.to_json(),
            "specificity": self.specificity.to_json(),
            "miss_rate": self.miss_rate.to_json(),
        }


def measure_readers(ledger: Ledger, *, confidence_level: float = 0.95) -> list[ReaderMeasure]:
    """Return how well each reader reads, most answers first; empty where nobody has read a seeded item.

    Parameters
    ----------
    ledger
        The newest answer of each person on each item counts, as with labels: a slip may be taken back.
    confidence_level : in (0, 1)
        Of each interval by itself.

    Notes
    -----
    Clopper-Pearson of independent readings. An unsure answer counts against the reader, on both sides. It says how the
    reader does on the seeded items: it fails where natural errors are harder to see than seeded ones, or where seeded
    items can be told from the others.

    References
    ----------
    .. [1] Clopper, Pearson (1934), see `assay.estimate.exact.clopper_pearson`.
    """
    people: dict[str, dict[str, tuple[float | None, float]]] = {}
    for row in ledger.rows(ANSWERS_SQL):
        people.setdefault(row["judge"], {})[row["trace_id"]] = (row["said"], row["truth"])
    ordered = sorted(people.items(), key=lambda person: (-len(person[1]), person[0]))
    return [_measure(name, list(said.values()), confidence_level) for name, said in ordered]


def _measure(
    person: str, answers: list[tuple[float | None, float]], confidence_level: float
) -> ReaderMeasure:
    on_errors = [said for said, truth in answers if truth == 1]
    on_right = [said for said, truth in answers if truth == 0]
    found, confirmed = on_errors.count(1.0), on_right.count(0.0)
    return ReaderMeasure(
        person=person,
        errors=len(on_errors),
        right=len(on_right),
        unsure=sum(said is None for said, _ in answers),
        sensitivity=_share(found, len(on_errors), "errors", confidence_level),
        specificity=_share(confirmed, len(on_right), "right outputs", confidence_level),
        miss_rate=miss_rate(
            len(on_errors) - found,
            len(on_errors),
            confidence_level=confidence_level,
            planted=True,
        ),
    )


def _share(hits: int, n: int, of: str, confidence_level: float) -> Quantity:
    if n == 0:
        return Unknown(f"no seeded {of} were read")
    limits = clopper_pearson(hits, n, confidence_level=confidence_level)
    return Estimate(
        value=hits / n,
        low=limits.low,
        high=limits.high,
        unit=f"share of {of}",
        confidence_level=confidence_level,
        n=n,
        method=f"Clopper-Pearson, seeded items; {CONDITION}",
        guarantee="proved",
    )
