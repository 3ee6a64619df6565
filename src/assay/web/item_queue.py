"""Who reads what: the drawn order, each output with one person at a time.

An output is lent to one person. It comes back when they leave, or have not been heard of for a while; what they had
answered stays. Nobody is lent what they have read before, where labels are read again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from assay.web.items import Item, item_key

LEASE_SECONDS = 1_200.0
"""So long an output waits for a person who says nothing: long enough for a long document."""


class ItemQueue:
    """The outputs of one draw that are still to be read, and who has which.

    Parameters
    ----------
    draw_id, order
        The draw, and its traces in the order in which they are to be labeled.
    labeled
        Traces that have a label already.
    readers
        Who has read a trace before, and must not again (`assay.volume.reading.earlier_readers`).
    seeded
        Seeded item -> whether it is wrong.
    seeded_share : in [0, 1)
        Share of all items put before a person that are seeded, as long as there are some that they have not read.
    clock
        Seconds.
    rng
        Where seeded items come in.
    """

    def __init__(
        self,
        draw_id: str,
        order: Sequence[str],
        *,
        readers: Callable[[str], Collection[str]],
        clock: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self.draw_id = draw_id
        self.items: dict[str, Item] = {}
        self.labeled: set[str] = set()
        self._order: list[Item] = []
        self._readers = readers
        self._clock = clock
        self._rng = rng
        self._leases: dict[str, tuple[str, float]] = {}
        self._seeded: Mapping[str, bool] = {}
        self._seeded_share = 0.0
        self._unread: dict[str, list[Item]] = {}
        self._seeded_read: Mapping[str, Collection[str]] = {}
        self.extend(order)

    def extend(self, order: Iterable[str]) -> None:
        """Add outputs at the end, but none twice."""
        for trace_id in order:
            item = Item(item_key(self.draw_id, trace_id), trace_id)
            if item.key not in self.items:
                self.items[item.key] = item
                self._order.append(item)

    def seed(
        self, seeded: Mapping[str, bool], share: float, read: Mapping[str, Collection[str]]
    ) -> None:
        """Mix seeded items in; `read` says which of them each person has read before."""
        self._seeded, self._seeded_share, self._seeded_read = seeded, share, read

    def next(self, person: str) -> Item | None:
        """Lend a person their next item; None where none is left for them."""
        drawn = self._first_free(person)
        if drawn is None:
            return None
        unread = self._unread_by(person)
        # Never at the very end, where nothing else is left: there it would be known for what it is.
        chosen = unread.pop() if unread and self._rng.random() < self._seeded_share else drawn
        self.lend(chosen, person)
        return chosen

    def coming(self, count: int) -> list[Item]:
        """Return the first outputs that nobody has: to be made ready before they are asked for."""
        free = (i for i in self._order if i.trace_id not in self.labeled and self.holder(i) is None)
        return [item for item, _ in zip(free, range(count), strict=False)]

    def lend(self, item: Item, person: str) -> None:
        """Give an item to a person, or let them keep it longer."""
        self._leases[item.key] = (person, self._clock() + LEASE_SECONDS)

    def holder(self, item: Item) -> str | None:
        """Return who has an item now."""
        person, until = self._leases.get(item.key, ("", 0.0))
        return person if self._clock() < until else None

    def give_back(self, item: Item) -> None:
        """Take an item from whoever has it; a seeded one may come to that person again."""
        person, _ = self._leases.pop(item.key, ("", 0.0))
        if item.is_wrong is not None and person:
            self._unread_by(person).append(item)

    def answered(self, item: Item) -> None:
        """Note that an item has been read."""
        self._leases.pop(item.key, None)
        if item.is_wrong is None:
            self.labeled.add(item.trace_id)

    def reopened(self, item: Item, person: str, *, stands: bool) -> None:
        """Give an item to the person again who takes the answer back; `stands`: the old one counts until then."""
        if not stands:
            self.labeled.discard(item.trace_id)
        self.lend(item, person)

    @property
    def to_go(self) -> int:
        """Outputs without a label."""
        return sum(item.trace_id not in self.labeled for item in self._order)

    @property
    def planned(self) -> int:
        """Outputs in all."""
        return len(self._order)

    def left_for_others(self, person: str) -> int:
        """Return how many outputs without a label this person can't have: read by them before, or with another now."""
        return sum(
            item.trace_id not in self.labeled
            and (person in self._readers(item.trace_id) or self.holder(item) not in (None, person))
            for item in self._order
        )

    def _first_free(self, person: str) -> Item | None:
        for item in self._order:
            if item.trace_id in self.labeled or self.holder(item) is not None:
                continue
            if person not in self._readers(item.trace_id):
                return item
        return None

    def _unread_by(self, person: str) -> list[Item]:
        if person not in self._unread:
            before = self._seeded_read.get(person, ())
            items = [
                Item(item_key(self.draw_id, trace_id, person), trace_id, wrong)
                for trace_id, wrong in sorted(self._seeded.items())
                if trace_id not in before
            ]
            self._rng.shuffle(items)
            self.items |= {item.key: item for item in items}
            self._unread[person] = items
        return self._unread[person]
