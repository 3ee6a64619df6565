"""The desk: who has which item, what was answered, and when it goes into the ledger.

All changes go through one lock, one after the other, and none is confirmed before the journal has it on disk. The
ledger is written in the background.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from assay.errors import AssayError, DrawError, LedgerError
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.store import Ledger
from assay.web.commit import commit
from assay.web.item_queue import ItemQueue
from assay.web.items import Item, Spool
from assay.web.journal import Entry, Journal, standing

COMMIT_LABELS = 20
COMMIT_SECONDS = 30.0
"""The ledger gets answers in batches: so many, or once the oldest has waited so long. The journal has them before."""

PACE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of an item."""

    verdict: str
    severity: int | None = None
    kind: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What judges had said of an output, shown once its answer is settled."""

    verdict: str
    judges: tuple[tuple[str, float | None], ...]


@dataclass(slots=True)
class Reader:
    """A person at the desk.

    Parameters
    ----------
    name
        Who; the same name in two tabs is the same person.
    open
        Items before them; the last is shown.
    history
        Answers that can be taken back, the newest last.
    earlier
        Key of an item taken back -> what was said of it.
    review, message
        Shown with the next page: what judges had said, what became of the last answer.
    read : >= 0
        Answers since the server began.
    """

    name: str
    open: list[Item] = field(default_factory=list)
    history: list[tuple[Item, Entry]] = field(default_factory=list)
    earlier: dict[str, Entry] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    review: Review | None = None
    message: str = ""
    read: int = 0


class NotYours(DrawError):
    """An answer on an item that this person doesn't have any more."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is known of the draw and its outputs, and changes little.

    Parameters
    ----------
    draw
        The draw.
    texts
        What is read.
    judged
        Trace -> judge and its probability of error, newest of each.
    kinds
        Kinds of error that were named before, the most frequent first.
    chances
        Trace -> probability with which it was drawn.
    seeded
        Whether seeded items are mixed in.
    """

    draw: StoredDraw
    texts: Spool
    judged: Mapping[str, tuple[tuple[str, float | None], ...]]
    kinds: list[str]
    chances: dict[str, float | None]
    seeded: bool = False


class Desk:
    """The desk of one draw.

    Parameters
    ----------
    ledger, shelf, queue, journal
        Where labels go, what is read, who reads it, and what makes it safe.
    last_at
        Time of the newest label in the ledger: those of the page come after it, whatever the clock says.
    on_commit
        Called after labels went into the ledger.
    """

    def __init__(
        self,
        ledger: Ledger,
        shelf: Shelf,
        queue: ItemQueue,
        journal: Journal,
        *,
        last_at: int = 0,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self.shelf = shelf
        self.queue = queue
        self.trouble = ""
        self._ledger = ledger
        self._journal = journal
        self._last_at = last_at
        self._on_commit = on_commit
        self._readers: dict[str, Reader] = {}
        self._entries: list[Entry] = []
        self._committed: set[int] = set()
        self._changes = asyncio.Lock()
        self._commits = asyncio.Lock()

    async def enter(self, name: str) -> Reader:
        """Let a person in, and put an item before them."""
        async with self._changes:
            reader = self._readers.setdefault(name, Reader(name))
            self._deal(reader)
            return reader

    def reader(self, name: str) -> Reader:
        """Return a person who has entered."""
        return self._readers[name]

    def shown(self, reader: Reader) -> Item | None:
        """Return the item that is before a person; None where they have none, or it went to another."""
        return next((item for item in reversed(reader.open) if self._is_with(item, reader)), None)

    async def answer(self, name: str, key: str, said: Said) -> str:
        """Take an answer, and put the next item before the person.

        Returns
        -------
        str
            What became of it, in words.

        Raises
        ------
        NotYours
            Where the item went to another person meanwhile, or was never before this one.
        LedgerError
            Where the answer could not be written; it was not taken.
        """
        async with self._changes:
            reader = self._readers[name]
            item = next((item for item in reader.open if item.key == key), None)
            if item is None or not self._is_with(item, reader):
                if key in reader.answered:
                    return "It had been kept already."
                reader.open = [one for one in reader.open if one.key != key]
                self._deal(reader)
                raise NotYours(
                    "this output is not before you any more: another person has it, and this answer was not kept"
                )
            entry = self._entry(reader, item, said)
            await asyncio.to_thread(self._journal.append, entry)
            self._entries.append(entry)
            self.queue.answered(item)
            reader.open.remove(item)
            reader.earlier.pop(key, None)
            reader.answered.add(key)
            reader.history.append((item, entry))
            reader.review = None
            reader.read += 1
            if said.kind and said.kind not in self.shelf.kinds:
                self.shelf.kinds.append(said.kind)
            self._deal(reader)
            return f"Kept: {said.verdict}."

    async def undo(self, name: str) -> str:
        """Put the item that a person answered last before them again."""
        async with self._changes:
            reader = self._readers[name]
            if not reader.history:
                return "There is nothing to take back."
            item, entry = reader.history[-1]
            stands = entry.number in self._committed
            if not stands:
                undo = Entry(
                    self._journal.last + 1,
                    "undo",
                    name,
                    item.trace_id,
                    entry.at,
                    undone=entry.number,
                )
                # Known before it is on disk: a commit meanwhile must not take what is being taken back.
                self._entries.append(undo)
                try:
                    await asyncio.to_thread(self._journal.append, undo)
                except LedgerError:
                    self._entries.remove(undo)
                    raise
            reader.history.pop()
            self.queue.reopened(item, name, stands=stands)
            reader.open.append(item)
            reader.earlier[item.key] = entry
            reader.answered.discard(item.key)
            reader.review = None
            reader.read -= 1
            return (
                f"It stands as {entry.verdict} until you answer again."
                if stands
                else f"Taken back: {entry.verdict}."
            )

    async def reveal(self, name: str) -> str:
        """Show what judges had said of the output answered last; its answer can't be taken back any more.

        Otherwise labels would bend towards the judge, and no interval would hold.
        """
        async with self._changes:
            reader = self._readers[name]
            if not reader.history:
                return "Answer first: what judges say is shown after that."
            if self.shelf.seeded:
                return "With seeded items among the outputs it is not shown what judges say."
            item, entry = reader.history[-1]
            reader.history.clear()
            reader.review = Review(entry.verdict, self.shelf.judged.get(item.trace_id, ()))
            return ""

    async def leave(self, name: str) -> None:
        """Give back what a person has; what they answered goes into the ledger."""
        async with self._changes:
            reader = self._readers[name]
            for item in reader.open:
                if self._is_with(item, reader):
                    self.queue.give_back(item)
            reader.open.clear()
            reader.history.clear()
        await self.commit(everything=True)

    async def look_again(self) -> None:
        """Take in what came into the ledger from elsewhere: labels of a list, another hand-out of the draw."""
        draw_id = self.shelf.draw.draw_id
        async with self._changes:
            draw = await asyncio.to_thread(stored_draw, self._ledger, draw_id)
            await asyncio.to_thread(self.shelf.texts.load, self._ledger, draw_id)
            self.queue.labeled.update(await asyncio.to_thread(labels_of, self._ledger, draw_id))
            self.queue.extend(t for t in draw.label_order if t in self.shelf.texts)
            for stratum in draw.strata:
                self.shelf.chances.update(dict.fromkeys(stratum.trace_ids, draw.chance(stratum)))

    async def commit(self, *, everything: bool = False) -> None:
        """Put answers into the ledger: `everything`, or what is due. What fails stays in the journal."""
        async with self._commits:
            due = self._pending() if everything else self._due()
            if not due:
                return
            numbers = {entry.number for entry in due}
            # Before it is written: what is on its way can't be taken back as if it had never been said.
            self._committed |= numbers
            try:
                await asyncio.to_thread(
                    commit, self._ledger, self.shelf.draw.draw_id, self._journal.name, due
                )
            except Exception as error:
                # Whatever it is: the next tick tries again, and a fault must not end the ticking.
                self._committed -= numbers
                said = error.message if isinstance(error, AssayError) else str(error)[:300]
                self.trouble = f"{said}. Answers are safe in {self._journal.path}."
                return
            self.trouble = ""
            self._on_commit()

    def close(self) -> None:
        """Close the journal; what is in it, the next take-up puts into the ledger."""
        self._journal.close(done=False)
        self.shelf.texts.close()

    def pace(self) -> dict[str, tuple[int, int]]:
        """Return for each person the answers since the server began, and those of the last ten minutes."""
        since = time.time_ns() // 1_000 - round(PACE_SECONDS * 1e6)
        kept = sorted(standing(self._entries), key=lambda entry: entry.person)
        counts = {}
        for person, group in groupby(kept, key=lambda entry: entry.person):
            times = [entry.at for entry in group]
            counts[person] = (len(times), sum(at >= since for at in times))
        return counts

    def _deal(self, reader: Reader) -> None:
        reader.open = [item for item in reader.open if self._is_with(item, reader)]
        for item in reader.open:
            self.queue.lend(item, reader.name)
        if not reader.open:
            fresh = self.queue.next(reader.name)
            if fresh is not None:
                reader.open.append(fresh)

    def _is_with(self, item: Item, reader: Reader) -> bool:
        holder = self.queue.holder(item)
        if holder is not None:
            return holder == reader.name
        # The time is up, but nobody else has taken it.
        return item.trace_id not in self.queue.labeled or item.key in reader.earlier

    def _entry(self, reader: Reader, item: Item, said: Said) -> Entry:
        self._last_at = max(time.time_ns() // 1_000, self._last_at + 1)
        return Entry(
            number=self._journal.last + 1,
            what="label" if item.is_wrong is None else "seeded",
            person=reader.name,
            trace_id=item.trace_id,
            at=self._last_at,
            verdict=said.verdict,
            severity=said.severity,
            kind=said.kind,
            note=said.note,
            chance=self.shelf.chances.get(item.trace_id),
            key=item.is_wrong,
        )

    def _pending(self) -> list[Entry]:
        return [e for e in standing(self._entries) if e.number not in self._committed]

    def _due(self) -> list[Entry]:
        now = time.time_ns() // 1_000
        pending = self._pending()
        if not self.queue.to_go:
            return pending
        if len(pending) < COMMIT_LABELS and not any(_waited(e, now) for e in pending):
            return []
        # What each person said last waits a little: it is what they take back.
        last = {r.history[-1][1].number for r in self._readers.values() if r.history}
        return [e for e in pending if e.number not in last or _waited(e, now)]


def _waited(entry: Entry, now: int) -> bool:
    return now - entry.at >= COMMIT_SECONDS * 1e6
