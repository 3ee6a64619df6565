"""Set a desk up: what a killed server left goes into the ledger, then the draw is laid out."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assay.errors import BadInput, DrawError, LedgerError
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, stored_draw, stored_draws
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal
from assay.volume.reading import earlier_readers
from assay.web.commit import commit
from assay.web.desk import Desk, Shelf
from assay.web.item_queue import ItemQueue
from assay.web.items import Spool
from assay.web.journal import FOLDER, Journal, read_journal, standing
from assay.web.seeded import SeededFile, read_by

MOST_KINDS = 30


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What a journal held that a server had left: labels put into the ledger now, and lines that were damaged."""

    added: int = 0
    damaged: int = 0


def choose_draw(ledger: Ledger, draw_id: str | None) -> StoredDraw:
    """Return the draw to label: the named one, or the newest of which something is still to be labeled.

    Raises
    ------
    DrawError
        Where there is none.
    """
    if draw_id is not None:
        return stored_draw(ledger, draw_id)
    draws = stored_draws(ledger)
    for draw in draws:
        labels = labels_of(ledger, draw.draw_id)
        if any(trace_id not in labels for trace_id in draw.label_order):
            return draw
    if draws:
        raise DrawError(
            f"every output of the {len(draws)} draws of {ledger.path} is labeled",
            next_command=f"assay volume {ledger.typed}",
        )
    raise DrawError(
        f"{ledger.path} holds no draw to label",
        next_command=f"assay draw {ledger.typed} --labels 300 --seed 7",
    )


def place(ledger: Ledger, draw_id: str, ending: str) -> Path:
    """Return the path of a draw's file in the ledger's folder; no name of a draw leads out of it."""
    plain = re.fullmatch(r"[A-Za-z0-9_-]{1,80}", draw_id)
    name = draw_id if plain else sha256(draw_id.encode()).hexdigest()[:24]
    return ledger.path / FOLDER / f"{name}.{ending}"


def take_up(ledger: Ledger, draw_id: str) -> TakenUp:
    """Put what a journal holds into the ledger, and take the journal away.

    Raises
    ------
    LedgerError
        Where the journal can't be read or is of another draw, or the ledger can't be written; the journal stays.
    """
    path = place(ledger, draw_id, "journal")
    found = read_journal(path)
    added = 0
    if found is not None:
        if found.draw_id != draw_id:
            raise LedgerError(
                f"{path} is of the draw {found.draw_id} and not of {draw_id}: move it away, or back to where it "
                "came from"
            )
        added = commit(ledger, draw_id, found.name, standing(found.entries))
    if found is not None and found.damaged:
        # Kept for whoever wants to look at it.
        path.replace(path.with_suffix(f".damaged-{found.name}"))
    path.unlink(missing_ok=True)
    return TakenUp(added, 0 if found is None else found.damaged)


def open_desk(
    ledger: Ledger,
    draw: StoredDraw,
    *,
    rng: random.Random,
    seeded: SeededFile | None = None,
    seeded_share: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    on_commit: Callable[[], None] = lambda: None,
) -> Desk:
    """Return the desk of a draw; its journal must be taken up before, and no other server may have it.

    Raises
    ------
    BadInput
        Where seeded items would stand out, or their share is not in [0, 0.5].
    """
    talks = draw.units is not None and draw.units.plan.unit == "conversation"
    if seeded is not None and talks:
        raise BadInput(
            f"{draw.draw_id} is of whole conversations, read turn after turn: seeded items would stand out among them"
        )
    if not 0 <= seeded_share <= 0.5:
        raise BadInput(f"the share of seeded items must be in [0, 0.5], got {seeded_share:g}")
    texts = Spool()
    texts.load(ledger, draw.draw_id, talks=talks)
    queue = ItemQueue(
        draw.draw_id,
        [trace_id for trace_id in draw.label_order if trace_id in texts],
        readers=earlier_readers(ledger, draw),
        clock=clock,
        rng=rng,
    )
    queue.labeled.update(labels_of(ledger, draw.draw_id))
    if seeded is not None:
        texts.put_all(seeded.texts.items())
        queue.seed(seeded.wrong, seeded_share, read_by(ledger))
    shelf = Shelf(
        draw=draw,
        texts=texts,
        judged=_judged(ledger, draw.draw_id),
        kinds=_kinds(ledger),
        chances={t: draw.chance(stratum) for stratum in draw.strata for t in stratum.trace_ids},
        seeded=seeded is not None,
    )
    journal = Journal(place(ledger, draw.draw_id, "journal"), draw.draw_id)
    return Desk(
        ledger,
        shelf,
        queue,
        journal,
        last_at=_last_at(ledger, draw.draw_id),
        on_commit=on_commit,
    )


def _judged(ledger: Ledger, draw_id: str) -> dict[str, tuple[tuple[str, float | None], ...]]:
    rows = ledger.rows(
        "SELECT verdicts.trace_id, verdicts.judge, "
        f"last_value(verdicts.error_probability ORDER BY {NEWEST_LAST}) AS said "
        f"FROM verdicts JOIN (SELECT DISTINCT trace_id FROM draws WHERE draw_id = {literal(draw_id)}) AS drawn "
        "ON drawn.trace_id = verdicts.trace_id "
        "WHERE verdicts.draw_id IS NULL AND verdicts.judge_kind <> 'person' "
        "GROUP BY verdicts.trace_id, verdicts.judge ORDER BY verdicts.trace_id, verdicts.judge"
    )
    judged: dict[str, tuple[tuple[str, float | None], ...]] = {}
    for row in rows:
        judged[row["trace_id"]] = (*judged.get(row["trace_id"], ()), (row["judge"], row["said"]))
    return judged


def _kinds(ledger: Ledger) -> list[str]:
    rows = ledger.rows(
        "SELECT kind, count(*) AS n FROM verdicts WHERE kind IS NOT NULL AND judge_kind = 'person' "
        f"GROUP BY kind ORDER BY n DESC, kind LIMIT {MOST_KINDS}"
    )
    return [row["kind"] for row in rows]


def _last_at(ledger: Ledger, draw_id: str) -> int:
    rows = ledger.rows(
        f"SELECT cast(max(at) AS bigint) AS last FROM verdicts WHERE draw_id = {literal(draw_id)}"
    )
    return int(rows[0]["last"] or 0)
