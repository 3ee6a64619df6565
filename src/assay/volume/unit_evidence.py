"""Labels of a draw of whole units: which units are read, in order, and what was found in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from assay.ledger.draw_labels import Label
from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger, literal
from assay.ledger.unit_plan import UnitMember, UnitPlan
from assay.volume.caught import is_caught


@dataclass(frozen=True, slots=True)
class UnitLabel:
    """A label in a unit that is read: what it says, and what it stands for."""

    member: UnitMember
    wrong: int | None
    severity: int | None
    caught: bool


@dataclass(frozen=True, slots=True)
class UnitEvidence:
    """Labels of a draw of whole units: those of the unbroken beginning of units that are labeled in full."""

    draw: StoredDraw
    plan: UnitPlan
    units: tuple[tuple[UnitLabel, ...], ...]
    """At least one."""
    held_back: int
    """Labels that wait for the rest of their unit, or for a unit before it in the random order."""
    one_look: bool
    people: tuple[str, ...]

    @property
    def labels(self) -> int:
        """Labels that count."""
        return sum(len(unit) for unit in self.units)

    @property
    def words(self) -> str:
        """Who labeled what: the part of a method that the judge and the draw are."""
        by = self.plan.weigh_by or "number of outputs"
        score = f" and the score of {self.draw.judge}" if self.draw.judge else ""
        read = f"{len(self.units):,} {self.plan.plural} read"
        return (
            f"labels by {', '.join(self.people)}; {read}; {self.draw.draw_id}, seed {self.draw.seed}, "
            f"drawn by {by}{score}"
        )

    @property
    def unsure(self) -> int:
        """Labels that are unsure."""
        return sum(label.wrong is None for unit in self.units for label in unit)


def read_units(
    ledger: Ledger,
    draw: StoredDraw,
    labels: Mapping[str, Label],
    *,
    intakes: int,
    caught_tag: str,
) -> UnitEvidence | None:
    """Return the evidence of a draw of whole units; None where not even the first unit is labeled in full.

    A unit counts when all of its outputs are labeled, and only an unbroken beginning of the random order does: what a
    person skipped, they may have skipped because it was hard.
    """
    assert draw.units is not None
    read: list[tuple[UnitMember, ...]] = []
    for members in draw.units.in_order():
        if any(member.trace_id not in labels for member in members):
            break
        read.append(members)
    if not read:
        return None
    caught = _caught(ledger, [m.trace_id for members in read for m in members], caught_tag)
    units = tuple(
        tuple(_label(member, labels[member.trace_id], caught) for member in members)
        for members in read
    )
    counted = sum(map(len, units))
    return UnitEvidence(
        draw=draw,
        plan=draw.units.plan,
        units=units,
        held_back=len(labels) - counted,
        one_look=intakes <= 1 and len(read) == draw.units.plan.planned,
        people=tuple(sorted({label.judge for label in labels.values()})),
    )


def _caught(ledger: Ledger, trace_ids: list[str], tag: str) -> set[str]:
    ids = ",".join(map(literal, trace_ids))
    rows = ledger.rows(f"SELECT trace_id, tags FROM traces WHERE trace_id IN ({ids})")
    return {row["trace_id"] for row in rows if is_caught(json.loads(row["tags"] or "{}"), tag)}


def _label(member: UnitMember, label: Label, caught: set[str]) -> UnitLabel:
    return UnitLabel(member, label.wrong, label.severity, member.trace_id in caught)
