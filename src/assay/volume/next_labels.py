"""The next labels of an open draw: where they are worth most by now.

What was learnt so far decides how many go to each stratum, never which outputs: within a stratum the seeded order goes
on where it stopped. A part of every hand-out is uniform, so that a stratum that the judge and the first labels think
clean is read all the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assay.errors import DrawError
from assay.estimate import allocate
from assay.ledger.draw_labels import Label, intakes_of, labels_of
from assay.ledger.draws import (
    DrawnStratum,
    StoredDraw,
    frozen_frame,
    stored_draw,
    stored_draws,
)
from assay.ledger.frame import first_in_order
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger
from assay.volume.draw import in_label_order

UNIFORM_SHARE = 0.4
"""Share of each hand-out that is drawn as if nothing were known."""
PRIOR_LABELS = 4
"""What was anticipated counts as much as so many labels."""


def draw_next(ledger: Ledger, draw: StoredDraw, count: int) -> StoredDraw:
    """Hand out the next labels of a draw.

    Parameters
    ----------
    ledger
        The ledger of the draw.
    draw
        All labels handed out so far must be in.
    count : >= 1
        How many labels more.

    Returns
    -------
    StoredDraw
        The draw with one batch more.

    Raises
    ------
    DrawError
        Where labels are still out, nothing is left to label, or the draw is of another kind.
    """
    with ledger.locked():
        draw = stored_draw(ledger, draw.draw_id)
        labels = labels_of(ledger, draw.draw_id)
        _check(ledger, draw, labels)
        more = next_allocation(draw, labels, count)
        ledger.append("draws", _rows(ledger, draw, more))
    return stored_draw(ledger, draw.draw_id)


def next_allocation(draw: StoredDraw, labels: dict[str, Label], count: int) -> list[int]:
    """Return how many of the next labels go to each stratum.

    Parameters
    ----------
    draw
        With its strata and what is labeled of them.
    labels
        What the labels say, by trace; unsure ones count half.
    count : >= 1
        Labels to hand out; less where less is left.
    """
    left = np.array([stratum.size - stratum.planned for stratum in draw.strata])
    count = min(count, int(left.sum()))
    rates = np.array([_rate(draw, stratum, labels) for stratum in draw.strata])
    planned = np.array([stratum.planned for stratum in draw.strata])
    size = sum(stratum.size for stratum in draw.strata)
    after = int(planned.sum()) + count
    # What the best design for all labels together would have had more of, and a uniform part whatever that says.
    best = allocate(planned + left, rates, after, uniform_share=UNIFORM_SHARE, min_labels=0)
    behind = np.maximum(best - planned, 0).astype(np.float64)
    behind = behind / behind.sum() if behind.sum() > 0 else left / left.sum()
    wish = (1 - UNIFORM_SHARE) * behind + UNIFORM_SHARE * (planned + left) / size
    return _rounded(wish, left, count, np.random.default_rng([draw.seed, draw.batches]))


def choose_open_draw(ledger: Ledger, draw_id: str | None) -> StoredDraw:
    """Return the draw to go on with: the named one, or the only one there is.

    Raises
    ------
    DrawError
        Where there is none, or several.
    """
    if draw_id is not None:
        return stored_draw(ledger, draw_id)
    open_draws = [d for d in stored_draws(ledger) if d.parent is None and d.units is None]
    if not open_draws:
        raise DrawError(
            "the ledger holds no draw to go on with",
            next_command=f"assay draw {ledger.typed} --labels 300 --first 60 --seed 7",
        )
    if len(open_draws) > 1:
        names = ", ".join(draw.draw_id for draw in open_draws[:8])
        raise DrawError(
            f"the ledger holds {len(open_draws)} draws ({names}): say which one goes on",
            next_command=f"assay draw {ledger.typed} --next 20 --draw {open_draws[0].draw_id}",
        )
    return open_draws[0]


def _check(ledger: Ledger, draw: StoredDraw, labels: dict[str, Label]) -> None:
    if draw.parent is not None:
        raise DrawError(
            f"{draw.draw_id} reads labels of {draw.parent} again: go on with that draw",
            next_command=f"assay draw {ledger.typed} --next 20 --draw {draw.parent}",
        )
    if draw.units is not None:
        raise DrawError(
            f"{draw.draw_id} drew {draw.units.plan.drawn_words}: only draws of single outputs go on",
            next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
        )
    waiting = [t for t in draw.label_order if t not in labels]
    if waiting:
        raise DrawError(
            f"{len(waiting)} of the {draw.planned} labels handed out by {draw.draw_id} are not in yet: what they say "
            f"decides where the next ones go (their list again: assay draw {ledger.typed} --draw {draw.draw_id})",
            next_command=f"assay label {ledger.typed} FILLED.csv",
        )
    if draw.in_one_list and intakes_of(ledger, draw.draw_id) <= 1:
        raise DrawError(
            f"the labels of {draw.draw_id} came back whole in one go, and the one look at them has the whole chance to "
            "miss: labels more could only buy a second try. A draw that is to go on begins with --first; this one is "
            "done, and a later window is a new one",
            next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
        )
    if draw.planned == draw.population:
        raise DrawError(
            f"every output of {draw.draw_id} is labeled: there is none left",
            next_command=f"assay volume {ledger.typed}",
        )


def _rate(draw: StoredDraw, stratum: DrawnStratum, labels: dict[str, Label]) -> float:
    said = [labels[t].wrong for t in stratum.trace_ids if t in labels]
    found = said.count(1) + said.count(None) / 2
    if stratum.anticipated_error_rate is not None:
        anticipated = stratum.anticipated_error_rate
    else:
        everywhere = [labels[t].wrong for s in draw.strata for t in s.trace_ids if t in labels]
        anticipated = (everywhere.count(1) + 0.5) / (len(everywhere) + 1)
    return (found + PRIOR_LABELS * anticipated) / (len(said) + PRIOR_LABELS)


def _rounded(
    wish: npt.NDArray[np.float64],
    left: npt.NDArray[np.int64],
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """Return whole numbers that add up; the remainders by lot, or a small stratum would never get a single label."""
    given = np.zeros_like(left)
    while count > given.sum():
        room = left - given
        share = np.where(room > 0, wish, 0.0)
        share = share / share.sum() * (count - given.sum())
        whole = np.minimum(np.floor(share + 1e-9).astype(np.int64), room)
        if not whole.any():
            whole[rng.choice(len(share), p=share / share.sum())] = 1
        given = given + whole
    return [int(n) for n in given]


def _rows(ledger: Ledger, draw: StoredDraw, more: Sequence[int]) -> list[Row]:
    frame = frozen_frame(ledger, draw)
    base: Row = {
        "draw_id": draw.draw_id,
        "at": draw.at,
        "seed": draw.seed,
        "system": draw.window.system,
        "version": draw.window.version,
        "origin": draw.window.origin,
        "window_from": draw.window.start,
        "window_to": draw.window.end,
        "population": draw.population,
        "traces_version": draw.traces_version,
        "verdicts_version": draw.verdicts_version,
        "judge": draw.judge,
        "stratified_by": json.dumps(list(draw.stratified_by)),
        "batch": draw.batches + 1,
        "draw_labels": draw.budget or draw.planned,
        "at_most": draw.at_most,
    }
    rows: list[Row] = []
    for stratum, extra in zip(draw.strata, more, strict=True):
        end = stratum.planned + extra
        order = first_in_order(ledger, frame, stratum.rule, seed=draw.seed, count=end)
        if tuple(order[: stratum.planned]) != stratum.trace_ids or len(order) != end:
            raise DrawError(
                f"the table as {draw.draw_id} froze it is gone, and with it the order of what comes next; draw anew",
                next_command=f"assay draw {ledger.typed} --labels 300 --seed {draw.seed + 1}",
            )
        rows += [
            base
            | {
                "stratum": stratum.rule.name,
                "stratum_rule": stratum.rule.to_json(),
                "stratum_size": stratum.size,
                "stratum_labels": end,
                "anticipated_error_rate": stratum.anticipated_error_rate,
                "position": position,
                "trace_id": order[position - 1],
                "inclusion_probability": end / stratum.size,
            }
            for position in range(stratum.planned + 1, end + 1)
        ]
    return in_label_order(rows, after={s.rule.to_json(): s.planned for s in draw.strata})
