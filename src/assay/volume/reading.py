"""Labels read again: every one that doesn't say right, and a random share of those that do, by somebody else.

The list is shuffled and shows nothing of what the first reader said. What the two say differently goes to a third. A
second reading is a draw with a parent: its strata are those of the parent, split by what the first reader said, so the
chance of each label to be read again is known.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heapreplace

from assay.errors import DrawError
from assay.ledger.draw_labels import Label, everybody_of, intakes_of, labels_of
from assay.ledger.draws import (
    DrawnStratum,
    StoredDraw,
    labeled_draws,
    readings_of,
    stored_draw,
    stored_draws,
)
from assay.ledger.frame import StratumRule
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger
from assay.volume.looks import LiveLabels, Look, completed_looks, first_look_at, live_labels

SAID_RIGHT, SAID_OTHERWISE = "right", "wrong or unsure"
"""The two kinds of labels that a second reading tells apart."""

SHARE_OF_RIGHT = 0.1
"""Read again where nobody says how much: a tenth more labels, and a floor of thirty over the labels read once."""


@dataclass(frozen=True, slots=True)
class FirstReading:
    """The labels of a draw as they were at a moment, and the looks that they complete."""

    labels: Mapping[str, Label]
    looks: tuple[Look, ...]
    live: LiveLabels | None = None


def first_reading(
    ledger: Ledger, draw: StoredDraw, reading: StoredDraw | None = None
) -> FirstReading:
    """Return the labels of a draw: today's, or those that a second reading was drawn from."""
    until = None if reading is None else reading.at
    drawn = {trace_id for stratum in draw.strata for trace_id in stratum.trace_ids}
    found = labels_of(ledger, draw.draw_id, until=until)
    labels = {trace_id: label for trace_id, label in found.items() if trace_id in drawn}
    intakes = intakes_of(ledger, draw.draw_id, until=until)
    return FirstReading(
        labels,
        completed_looks(draw, labels, intakes=intakes),
        live_labels(draw, labels, intakes=intakes),
    )


def draw_second_reading(
    ledger: Ledger, draw: StoredDraw, *, seed: int, share_of_right: float = SHARE_OF_RIGHT
) -> StoredDraw:
    """Draw which labels of a draw are read again, and write that into the ledger.

    Parameters
    ----------
    ledger
        The ledger of the draw.
    draw
        With labels that complete a look. Those up to it are read again: all that say wrong or unsure, and a random
        share of those that say right, spread over the strata by their sizes, at least one in each.
    seed
        Sets the random order.
    share_of_right : in [0, 1]
        With 0 what the first reader missed stays unknown.

    Returns
    -------
    StoredDraw
        The list to read again. The same request gives the same list, and is written once.

    Raises
    ------
    DrawError
        Where the labels complete no look, there is nothing to read again, or the same labels are being read again
        already: a second try at the same question would let the better one be chosen.
    """
    if not 0 <= share_of_right <= 1:
        raise DrawError(f"the share of right labels must be in [0, 1], got {share_of_right:g}")
    if draw.parent is not None:
        raise DrawError(
            f"{draw.draw_id} is itself a second reading, of {draw.parent}; where two readings differ a third decides",
            next_command=f"assay draw {ledger.typed} --adjudicate",
        )
    if draw.units is not None:
        raise DrawError(
            f"{draw.draw_id} drew {draw.units.plan.drawn_words}: a second reading is of a draw of single outputs, "
            "each as likely as another of its stratum",
            next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
        )
    with ledger.locked():
        first = first_reading(ledger, draw)
        if not first.looks and draw.at_most is not None:
            raise DrawError(
                f"{draw.draw_id} was made to certify at most {draw.at_most:g} errors/trace at every label: it has no "
                "planned look whose labels could be read again",
                next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
            )
        if not first.looks:
            raise DrawError(
                f"{len(first.labels)} of {draw.planned} labels of {draw.draw_id} are in; a second reading can begin at "
                f"the first look, at {first_look_at(draw)}",
                next_command=f"assay label {ledger.typed} FILLED.csv",
            )
        strata = to_read_again(draw, first, seed=seed, share_of_right=share_of_right)
        if not strata:
            raise DrawError(
                f"no label of {draw.draw_id} says wrong or unsure, and none that says right is to be read again: "
                "there is nothing to read",
                next_command=f"assay draw {ledger.typed} --second-reading {draw.draw_id} --share-of-right 0.1 "
                f"--seed {seed}",
            )
        reading_id = _name("reading", draw.draw_id, strata, seed)
        for other in readings_of(ledger, draw.draw_id):
            if other.draw_id == reading_id:
                return other
            before = first_reading(ledger, draw, other)
            if before.looks and before.looks[-1].labels == first.looks[-1].labels:
                raise DrawError(
                    f"these labels of {draw.draw_id} are read again already, in {other.draw_id} with seed "
                    f"{other.seed}: a second list of the same labels would let one be chosen",
                    next_command=f"assay label {ledger.typed} SECOND.csv --person NAME",
                )
        ledger.append("draws", _rows(draw, reading_id, strata, seed=seed))
    return stored_draw(ledger, reading_id)


def draw_adjudication(ledger: Ledger, reading: StoredDraw, undecided: Sequence[str]) -> StoredDraw:
    """Draw up the list of outputs on which two readings differ, for a third person to decide.

    Parameters
    ----------
    ledger
        The ledger of the reading.
    reading
        The second reading.
    undecided
        Traces that its two readings leave open.

    Raises
    ------
    DrawError
        Where there is nothing to decide.
    """
    if not undecided:
        raise DrawError(
            f"there is nothing to decide in {reading.draw_id}: no two readings of one output differ"
        )
    ids = _shuffled(undecided, reading.seed, "decide")
    strata = [DrawnStratum(StratumRule("undecided"), len(ids), len(ids), tuple(ids))]
    decision_id = _name("decision", reading.draw_id, strata, reading.seed)
    with ledger.locked():
        if not stored_draws(ledger, [decision_id]):
            ledger.append("draws", _rows(reading, decision_id, strata, seed=reading.seed))
    return stored_draw(ledger, decision_id)


def choose_draw(ledger: Ledger, draw_id: str | None) -> StoredDraw:
    """Return the draw whose labels are to be read again: the named one, or the only one with labels.

    Raises
    ------
    DrawError
        Where there is none, or there are several and none was named.
    """
    if draw_id:
        return stored_draw(ledger, draw_id)
    found = [d for d in labeled_draws(ledger) if d.parent is None and d.units is None]
    return _the_one(ledger, found, "labels", "")


def choose_reading(ledger: Ledger, draw_id: str | None) -> StoredDraw:
    """Return the second reading to decide: the named one, the newest of a named draw, or the only one.

    Raises
    ------
    DrawError
        Where there is none, or there are several and none was named.
    """
    if draw_id:
        named = stored_draw(ledger, draw_id)
        if named.parent is not None:
            return named
        found = readings_of(ledger, draw_id)[:1]
    else:
        # The newest of each draw: an earlier one read fewer of its labels.
        newest = {draw.parent: draw for draw in reversed(stored_draws(ledger)) if _is_reading(draw)}
        found = list(newest.values())
    return _the_one(ledger, found, "a second reading", " --second-reading")


def _is_reading(draw: StoredDraw) -> bool:
    return draw.parent is not None and all(s.rule.first_said for s in draw.strata)


def _the_one(ledger: Ledger, found: Sequence[StoredDraw], what: str, option: str) -> StoredDraw:
    if len(found) == 1:
        return found[0]
    if not found:
        raise DrawError(
            f"no draw of the ledger has {what} yet",
            next_command=f"assay draw {ledger.typed}{option or ' --labels 300'} --seed 7",
        )
    names = ", ".join(draw.draw_id for draw in found[:5])
    raise DrawError(
        f"{len(found)} draws of the ledger have {what} ({names}): name one",
        next_command=f"assay draw {ledger.typed} {(option or ' --second-reading').strip()} {found[0].draw_id} --seed 7"
        if not option
        else f"assay draw {ledger.typed} --adjudicate {found[0].draw_id}",
    )


def to_read_again(
    draw: StoredDraw, first: FirstReading, *, seed: int, share_of_right: float
) -> list[DrawnStratum]:
    """Return which labels of a draw's last look are read again, as strata of their own."""
    strata = []
    read = [
        stratum.trace_ids[: count.labeled]
        for stratum, count in zip(draw.strata, first.looks[-1].strata, strict=True)
    ]
    right = [[t for t in traces if first.labels[t].wrong == 0] for traces in read]
    stand_for = [
        stratum.size * len(called) / len(traces)
        for stratum, called, traces in zip(draw.strata, right, read, strict=True)
    ]
    shares = _spread(stand_for, [len(called) for called in right], share_of_right)
    for stratum, traces_read, called_right, share in zip(
        draw.strata, read, right, shares, strict=True
    ):
        otherwise = [t for t in traces_read if first.labels[t].wrong != 0]
        for said, traces, planned in (
            (SAID_OTHERWISE, otherwise, len(otherwise)),
            (SAID_RIGHT, called_right, share),
        ):
            if planned:
                rule = replace(
                    stratum.rule, name=f"{stratum.rule.name}, first said {said}", first_said=said
                )
                # Its own order: that of the draw is the order in which the first reader may have grown tired.
                order = _shuffled(traces, seed, "again")
                strata.append(DrawnStratum(rule, len(traces), planned, tuple(order[:planned])))
    return strata


def _spread(stand_for: Sequence[float], right: Sequence[int], share: float) -> list[int]:
    """Return how many right labels of each stratum are read again: at least one of each that has any.

    Those of a stratum stand for all that would be called right in it. Each label goes where one stands for the most
    outputs, for the greatest of these weights rules the upper limit.
    """
    total = math.ceil(share * sum(right) - 1e-9)
    if total == 0:
        return [0] * len(right)
    spread = [min(1, n) for n in right]
    heaviest = [(-size, h) for h, size in enumerate(stand_for) if right[h] > 1]
    heapify(heaviest)
    for _ in range(total - sum(spread)):
        _, h = heaviest[0]
        spread[h] += 1
        if spread[h] < right[h]:
            heapreplace(heaviest, (-stand_for[h] / spread[h], h))
        else:
            heappop(heaviest)
    return spread


def _shuffled(trace_ids: Iterable[str], seed: int, salt: str) -> list[str]:
    def place(trace_id: str) -> str:
        return hashlib.sha256(f"{seed}:{salt}:{trace_id}".encode()).hexdigest()

    return sorted(trace_ids, key=place)


def _name(kind: str, parent: str, strata: Sequence[DrawnStratum], seed: int) -> str:
    drawn = [(s.rule.to_json(), s.size, s.trace_ids) for s in strata]
    identity = json.dumps([parent, seed, drawn])
    return f"{kind}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _rows(
    parent: StoredDraw, draw_id: str, strata: Sequence[DrawnStratum], *, seed: int
) -> list[Row]:
    base: Row = {
        "draw_id": draw_id,
        "at": time.time_ns() // 1_000,
        "seed": seed,
        "system": parent.window.system,
        "version": parent.window.version,
        "origin": parent.window.origin,
        "window_from": parent.window.start,
        "window_to": parent.window.end,
        "population": sum(stratum.size for stratum in strata),
        "traces_version": parent.traces_version,
        "verdicts_version": parent.verdicts_version,
        "judge": parent.judge,
        "stratified_by": json.dumps(list(parent.stratified_by)),
        "parent": parent.draw_id,
    }
    listed = _shuffled((t for stratum in strata for t in stratum.trace_ids), seed, "list")
    order = {trace_id: place for place, trace_id in enumerate(listed, start=1)}
    return [
        base
        | {
            "stratum": stratum.rule.name,
            "stratum_rule": stratum.rule.to_json(),
            "stratum_size": stratum.size,
            "stratum_labels": stratum.planned,
            "position": position,
            "label_order": order[trace_id],
            "trace_id": trace_id,
            "inclusion_probability": stratum.planned / stratum.size,
        }
        for stratum in strata
        for position, trace_id in enumerate(stratum.trace_ids, start=1)
    ]


def earlier_readers(ledger: Ledger, draw: StoredDraw) -> Callable[[str], set[str]]:
    """Return who has read a trace before: the people who must not read it again in this draw."""
    before: dict[str, set[str]] = {}
    parent = draw.parent
    while parent is not None:
        above = stored_draw(ledger, parent).parent
        if above is None:
            for trace_id, label in labels_of(ledger, parent).items():
                before.setdefault(trace_id, set()).add(label.judge)
        else:
            # Who took a side in the second reading stays out of the third, though another read after them.
            for trace_id, people in everybody_of(ledger, parent).items():
                before.setdefault(trace_id, set()).update(people)
        parent = above
    return lambda trace_id: before.get(trace_id, set())
