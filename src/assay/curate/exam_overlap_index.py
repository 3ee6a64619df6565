"""Runs of words of an exam's items, hashed to be looked up in the texts of whole batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.curate.shingle_normalisation import Normalisation
from assay.curate.shingles import Flat, windows, word_hashes
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.probe.overlap_grams import COMMON_ITEMS, WINDOW

Places = NDArray[np.int64]

_MOST_BITS = 24


@dataclass(frozen=True, slots=True)
class ExamOverlapSettings:
    """When a text overlaps with an item of an exam.

    Parameters
    ----------
    window : >= 2
        Words in a row that are a copy, as in `assay exam overlap`.
    gram : >= 1
        Words of the short runs by which an edited copy is found.
    share : in (0, 1]
        Of an item's short runs, each counted once, that stand close together in the text: from there on it is a copy
        that was edited.
    spread : >= 1
        Close together is within so many times the item's words.
    least_grams : >= 1
        An item with fewer short runs of its own is not looked for in edited form.
    most_items : >= 1
        Runs that more items have are the exam's own phrases, and left out.
    normalisation

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    window: int = WINDOW
    gram: int = 3
    share: float = 0.5
    spread: float = 2.0
    least_grams: int = 10
    most_items: int = COMMON_ITEMS
    normalisation: Normalisation = field(default_factory=lambda: Normalisation(numbers="canonical"))

    def __post_init__(self) -> None:
        if not (2 <= self.window <= 64 and 1 <= self.gram <= self.window):
            raise BadInput(
                f"a window has 2 to 64 words and a short run no more than it, got {self.window} and {self.gram}"
            )
        if not 0 < self.share <= 1 or self.spread < 1 or min(self.least_grams, self.most_items) < 1:
            raise BadInput(
                "share is in (0, 1], spread, least_grams and most_items are at least 1; got "
                f"{self.share}, {self.spread}, {self.least_grams}, {self.most_items}"
            )

    @property
    def described(self) -> str:
        """The settings in a sentence, to print with a result."""
        return (
            f"{self.window} words of an item in a row, or {self.share:.0%} of its runs of {self.gram} words within "
            f"{self.spread:g} times its length ({self.normalisation.described}); runs that more than "
            f"{self.most_items} items have left out"
        )


@dataclass(frozen=True, slots=True, eq=False)
class GramTable:
    """Runs of one length, and the items that have each.

    Parameters
    ----------
    hashes : uint64
        Rising, each once.
    first, owner : int64
        Items that have run `g`: ``owner[first[g]:first[g + 1]]``.
    own : (items,)
        Different runs of each item.
    common : >= 0
        Runs left out since too many items have them.
    marks : bool
        By the first bits of a hash whether any is there: most that is looked up is not.
    """

    hashes: NDArray[np.uint64]
    first: Places
    owner: Places
    own: Places
    common: int
    marks: NDArray[np.bool_]

    @classmethod
    def of(cls, runs: Flat, items: Places, count: int, *, most_items: int) -> GramTable:
        """Return the table of the runs of some texts, of which each belongs to an item."""
        holder = np.repeat(items, np.diff(runs.offsets))
        order = np.lexsort((holder, runs.values))
        value, holder = runs.values[order], holder[order]
        new = np.ones(len(value), dtype=np.bool_)
        new[1:] = (value[1:] != value[:-1]) | (holder[1:] != holder[:-1])
        value, holder = value[new], holder[new]
        hashes, spread = np.unique(value, return_counts=True)
        rare = spread <= most_items
        holder = holder[np.repeat(rare, spread)]
        starts = np.concatenate([[0], np.cumsum(spread[rare])]).astype(np.int64)
        hashes = hashes[rare]
        bits = min(_MOST_BITS, max(8, len(hashes).bit_length() + 4))
        marks = np.zeros(1 << bits, dtype=np.bool_)
        marks[hashes >> np.uint64(64 - bits)] = True
        own = np.bincount(holder, minlength=count).astype(np.int64)
        return cls(hashes, starts, holder, own, int((~rare).sum()), marks)

    def find(self, values: NDArray[np.uint64]) -> tuple[Places, Places]:
        """Return where in some hashes the table's runs stand, and which they are."""
        if not len(self.hashes):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        bits = len(self.marks).bit_length() - 1
        near = np.flatnonzero(self.marks[values >> np.uint64(64 - bits)])
        sought = values[near]
        place = np.minimum(np.searchsorted(self.hashes, sought), len(self.hashes) - 1)
        same = self.hashes[place] == sought
        return near[same], place[same]

    def by_item(self, gram: Places) -> tuple[Places, Places]:
        """Return for found runs each item that has one: the row of the find, and the item."""
        counts = np.diff(self.first)[gram]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        row = np.repeat(np.arange(len(gram)), counts)
        place = np.arange(total) - np.repeat(ends - counts - self.first[gram], counts)
        return row, self.owner[place]


@dataclass(frozen=True, slots=True, eq=False)
class ExamIndex:
    """An exam, ready to be looked for.

    Parameters
    ----------
    names
        Of the items.
    words : (items,)
        Words of each.
    copies, edits
        Long windows and short runs.
    settings
    """

    names: tuple[str, ...]
    words: Places
    copies: GramTable
    edits: GramTable
    settings: ExamOverlapSettings

    @property
    def too_short(self) -> int:
        """Items of which no window can be looked for: too few words, or only phrases of the whole exam."""
        return int((self.copies.own == 0).sum())


def exam_index(
    names: Sequence[str],
    items: Sequence[Sequence[str]],
    settings: ExamOverlapSettings | None = None,
) -> ExamIndex:
    """Return the index of an exam's items.

    Parameters
    ----------
    names, items
        Of each item its name and its texts; no run of words goes from one text to the next.
    settings

    Raises
    ------
    BadInput
        If there is no item, or not one name for each.
    """
    settings = settings or ExamOverlapSettings()
    if len(names) != len(items) or not items:
        raise BadInput(f"an exam needs items and one name for each: {len(names)} for {len(items)}")
    texts = [text for item in items for text in item]
    owner = np.repeat(np.arange(len(items)), [len(item) for item in items])
    words = word_hashes(TextColumn.from_texts(texts), settings.normalisation)
    count = np.diff(words.offsets)
    of_item = np.bincount(owner, weights=count, minlength=len(items)).astype(np.int64)

    def table(size: int) -> GramTable:
        runs = windows(words, size)
        # The run of a text that has fewer words is none of that length.
        long = count >= size
        lengths = np.diff(runs.offsets)
        kept = runs.values[np.repeat(long, lengths)]
        offsets = np.concatenate([[0], np.cumsum(lengths[long])]).astype(np.int64)
        flat = Flat(kept, offsets)
        return GramTable.of(flat, owner[long], len(items), most_items=settings.most_items)

    return ExamIndex(tuple(names), of_item, table(settings.window), table(settings.gram), settings)
