"""What two readings of the same labels say together: what is decided, what each reader is worth, what is below both.

Two readings that agree decide. Where they differ a third decides, and until then the output is unsure: the lower limit
counts it right, the upper one wrong. A second reading counts once it is complete; until then the first stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assay.estimate import StratumCount
from assay.estimate.rereading import RereadStratum
from assay.ledger.draw_labels import Label, labels_of
from assay.ledger.draws import DrawnStratum, StoredDraw, readings_of, stored_draw
from assay.ledger.store import Ledger
from assay.volume.looks import LiveLabels, Look, live_labels
from assay.volume.reading import FirstReading, first_reading


@dataclass(frozen=True, slots=True)
class SecondReading:
    """A complete second reading of a draw's labels up to a look.

    Parameters
    ----------
    draw
        Which labels were read again.
    people
        Who read them.
    deciders
        Who decided where two readings differ.
    strata
        What was found among the outputs first called right.
    bounds_missed
        Whether any of those was read again: it follows from the design alone.
    refuted
        The draw's strata, an error being a label that said wrong and was refuted.
    said_wrong, confirmed : >= 0
        Outputs that the first reader called wrong; of these, those that the second calls wrong too.
    errors, found : >= 0
        Decided errors that the first reader had found; of these, those that the second calls wrong.
    undecided : traces
        On which two readings differ, and no third has decided.
    """

    draw: StoredDraw
    people: tuple[str, ...]
    deciders: tuple[str, ...]
    strata: tuple[RereadStratum, ...]
    bounds_missed: bool
    refuted: tuple[StratumCount, ...]
    said_wrong: int
    confirmed: int
    errors: int
    found: int
    undecided: tuple[str, ...]

    @property
    def words(self) -> str:
        """Who read again and who decided: a part of a method."""
        decided = f", decided by {', '.join(self.deciders)}" if self.deciders else ""
        return f"read again by {', '.join(self.people)} ({self.draw.draw_id}{decided})"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "draw_id": self.draw.draw_id,
            "seed": self.draw.seed,
            "labels": self.draw.planned,
            "people": list(self.people),
            "deciders": list(self.deciders),
            "undecided": len(self.undecided),
        }


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """A second reading as far as it has come, and the labels and looks that it leaves to count."""

    reading: StoredDraw
    first: FirstReading
    second: Mapping[str, Label]
    third: Mapping[str, Label] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every output of the list has been read."""
        return len(self.second) == self.reading.planned

    @property
    def undecided(self) -> list[str]:
        """Traces on which two readings differ and no third has decided."""
        return [
            trace_id
            for trace_id, label in self.second.items()
            if trace_id not in self.third and label.wrong != self.first.labels[trace_id].wrong
        ]

    def decided(self, trace_id: str) -> int | None:
        """Return what the readings of a trace say together: 1 wrong, 0 right, None unsure."""
        first = self.first.labels[trace_id].wrong
        if trace_id not in self.second:
            return first
        if trace_id in self.third:
            return self.third[trace_id].wrong
        return first if self.second[trace_id].wrong == first else None

    def called_right(self, trace_id: str) -> bool:
        """Return whether the first reader called it right."""
        return self.first.labels[trace_id].wrong == 0

    def found_labels(self) -> dict[str, Label]:
        """Return the labels of the errors that the first reader would find: what he called right counts as none."""
        return {
            trace_id: label
            if self.called_right(trace_id)
            else replace(label, wrong=self.decided(trace_id))
            for trace_id, label in self.first.labels.items()
        }

    def missed(self, trace_id: str) -> int | None:
        """Return whether an output first called right, and read again, is an error that was missed."""
        return self.decided(trace_id) if self.called_right(trace_id) else 0


def read_again(ledger: Ledger, draw: StoredDraw, reading: StoredDraw) -> ReadAgain:
    """Return a second reading of a draw, as far as it has come."""
    listed = {trace_id for stratum in reading.strata for trace_id in stratum.trace_ids}
    third: dict[str, Label] = {}
    for decision in reversed(readings_of(ledger, reading.draw_id)):
        third |= labels_of(ledger, decision.draw_id)
    return ReadAgain(
        reading,
        first_reading(ledger, draw, reading),
        {t: label for t, label in labels_of(ledger, reading.draw_id).items() if t in listed},
        {t: label for t, label in third.items() if t in listed},
    )


def read_again_in(ledger: Ledger, draw_id: str) -> ReadAgain | None:
    """Return the second reading that a list is, or decides; None for the list of a first reading."""
    reading = stored_draw(ledger, draw_id)
    if reading.parent is None:
        return None
    draw = stored_draw(ledger, reading.parent)
    if draw.parent is not None:
        reading, draw = draw, stored_draw(ledger, draw.parent)
    return read_again(ledger, draw, reading)


def newest_reading(ledger: Ledger, draw: StoredDraw) -> ReadAgain | None:
    """Return the newest second reading of a draw that is complete; else the newest that waits; None without any."""
    found = [read_again(ledger, draw, reading) for reading in readings_of(ledger, draw.draw_id)]
    return next((one for one in found if one.is_complete), found[0] if found else None)


def second_reading(again: ReadAgain, draw: StoredDraw, look: Look) -> SecondReading:
    """Return what a complete second reading says of the labels up to a look."""
    strata, refuted = [], []
    for stratum, count in zip(draw.strata, look.strata, strict=True):
        read = stratum.trace_ids[: count.labeled]
        right = [t for t in read if again.called_right(t)]
        reread = [again.missed(t) for t in right if t in again.second]
        strata.append(
            RereadStratum(
                size=count.size,
                labeled=count.labeled,
                right=len(right),
                reread=len(reread),
                missed=reread.count(1),
                unsure=reread.count(None),
                name=count.name,
            )
        )
        said_wrong = [t for t in read if again.first.labels[t].wrong == 1]
        decisions = [again.decided(t) for t in said_wrong]
        refuted.append(replace(count, errors=decisions.count(0), unsure=decisions.count(None)))
    said_wrong = [t for t in again.second if again.first.labels[t].wrong == 1]
    errors = [t for t in said_wrong if again.decided(t) == 1]
    return SecondReading(
        draw=again.reading,
        people=_people(again.second),
        deciders=_people(again.third),
        strata=tuple(strata),
        bounds_missed=any(stratum.reread for stratum in strata),
        refuted=tuple(refuted),
        said_wrong=len(said_wrong),
        confirmed=sum(again.second[t].wrong == 1 for t in said_wrong),
        errors=len(errors),
        found=sum(again.second[t].wrong == 1 for t in errors),
        undecided=tuple(again.undecided),
    )


def _people(labels: Mapping[str, Label]) -> tuple[str, ...]:
    return tuple(sorted({label.judge for label in labels.values()}))


@dataclass(frozen=True, slots=True)
class Counted:
    """The labels of a draw that count: those read once, or what two readings and a third say together.

    Parameters
    ----------
    labels
        By trace; an error that the first reader missed is no error here.
    looks
        Those that the labels complete.
    live
        What live limits rest on; None where there is one look at all labels.
    reading
        The second reading; None where the labels were read once, or the second reading is not complete.
    again
        The same label by label; None likewise.
    later : >= 0
        Labels that came in, or were changed, after the second reading was drawn.
    waits
        What a second reading still waits for, in words; empty where there is none or it is complete.
    """

    labels: Mapping[str, Label]
    looks: tuple[Look, ...]
    live: LiveLabels | None = None
    reading: SecondReading | None = None
    again: ReadAgain | None = None
    later: int = 0
    waits: str = ""


def counted_labels(ledger: Ledger, draw: StoredDraw) -> Counted:
    """Return the labels of a draw that count now."""
    now = first_reading(ledger, draw)
    again = newest_reading(ledger, draw)
    if again is None:
        return Counted(now.labels, now.looks, now.live)
    if not again.is_complete:
        waits = (
            f"{len(again.second)} of {again.reading.planned} labels of the second reading {again.reading.draw_id} are "
            "in: until they all are the first reading counts alone"
        )
        return Counted(now.labels, now.looks, now.live, waits=waits)
    return decided_labels(again, draw, now.labels)


def decided_labels(again: ReadAgain, draw: StoredDraw, now: Mapping[str, Label]) -> Counted:
    """Return what a complete second reading leaves to count; `now` are today's first labels."""
    labels = again.found_labels()
    # The looks are those that the first labels had completed when the second reading was drawn.
    looks = tuple(
        replace(look, strata=tuple(map(_recount(labels), draw.strata, look.strata)))
        for look in again.first.looks
    )
    changed = {t for t, label in now.items() if again.first.labels.get(t) != label}
    live = None if again.first.live is None else live_labels(draw, labels, intakes=2)
    reading = second_reading(again, draw, looks[-1])
    return Counted(labels, looks, live, reading, again, len(changed))


def _recount(labels: Mapping[str, Label]) -> Callable[[DrawnStratum, StratumCount], StratumCount]:
    def count(stratum: DrawnStratum, before: StratumCount) -> StratumCount:
        said = [labels[trace_id].wrong for trace_id in stratum.trace_ids[: before.labeled]]
        return replace(before, errors=said.count(1), unsure=said.count(None))

    return count
