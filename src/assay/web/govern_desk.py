"""The review queue: held outputs, and released ones that are audited, on the labeling page.

The same desk, page and journal as for a draw; what is read is what the governor wants read. A verdict counts once it is
in the ledger: until then, half a minute at most, it can be taken back. After that a held output is out.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from assay.ledger.columns import row_dicts
from assay.ledger.draws import DrawnStratum, StoredDraw
from assay.ledger.frame import StratumRule
from assay.ledger.ingest.record import Row
from assay.ledger.population import Window
from assay.ledger.store import Ledger, literal
from assay.web.app import Site
from assay.web.desk import Desk, Shelf
from assay.web.govern_service import REVIEWS, GovernService
from assay.web.item_queue import ItemQueue
from assay.web.items import Spool, Texts
from assay.web.journal import Journal
from assay.web.opening import place
from assay.web.running import RunningEstimate


class ReviewQueue(StoredDraw):
    """Stands where the page has a draw. It is none: what is in it was chosen for its risk."""

    def describe(self) -> str:
        """Return what is read."""
        return "outputs that the governor holds, and released ones that it has audited"


class NoEstimate(RunningEstimate):
    """What stands beside the page: no estimate comes of outputs that were chosen for their risk."""

    def __init__(self) -> None:
        self.latest = {
            "reason": "held outputs are chosen for their risk; `assay draw` and `assay volume` say how many are wrong"
        }

    def refresh(self) -> None:
        """There is nothing to compute."""

    async def run(self) -> None:
        """There is nothing to compute."""
        await asyncio.Event().wait()


class ReviewDesk(Desk):
    """The desk of the review queue."""

    def offer(self, row: Row) -> None:
        """Put an output before people."""
        trace_id = str(row["trace_id"])
        asked, output = row["input"], row["output"]
        texts = Texts(input=str(asked) if asked is not None else None, output=str(output))
        self.shelf.texts.put_all([(trace_id, texts)])
        self.queue.extend([trace_id])

    def settled(self, decision_id: str) -> None:
        """Take an output away whose verdict is known."""
        self.queue.labeled.add(decision_id)

    async def look_again(self) -> None:
        """Do nothing: what is new is put here by the governor at once."""


def open_review_desk(
    ledger: Ledger,
    service: GovernService,
    *,
    on_commit: Callable[[], None] = lambda: None,
    rng: random.Random,
) -> ReviewDesk:
    """Return the desk with all that waits; its journal must be taken up before.

    Raises
    ------
    LedgerError
        Where the ledger can't be read, or the journal can't be written.
    """
    queue = ItemQueue(REVIEWS, [], readers=lambda _: (), clock=time.monotonic, rng=rng)
    shelf = Shelf(draw=_queue(), texts=Spool(), judged={}, kinds=[], chances={})
    journal = Journal(place(ledger, REVIEWS, "journal"), REVIEWS)
    desk = ReviewDesk(ledger, shelf, queue, journal, on_commit=on_commit)
    book = service.governor.book
    waiting = [*book.held, *book.audits]
    if waiting:
        listed = ", ".join(map(literal, waiting))
        found = ledger.query(
            f"SELECT trace_id, input, output FROM traces WHERE trace_id IN ({listed}) ORDER BY at"
        )
        for row in row_dicts(found):
            desk.offer(row)
    return desk


def review_site(ledger: Ledger, desk: ReviewDesk, port: int) -> Site:
    """Return the labeling page of the queue, to be served at a port."""
    return Site(ledger, desk, NoEstimate(), port)


def _queue() -> ReviewQueue:
    stratum = DrawnStratum(StratumRule("held"), 1, 0, ())
    return ReviewQueue(
        draw_id=REVIEWS, at=0, seed=0, window=Window("", ""), population=0, traces_version=0,
        verdicts_version=0, judge=None, stratified_by=(), strata=(stratum,),
    )  # fmt: skip
