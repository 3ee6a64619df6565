"""Overlap of an exam with a corpus: which items have windows of 13 words that stand in it, and where.

An overlap is a fact about two texts. Whether a model has learned the item from it is another question: neither is it
shown by an overlap, nor is the opposite by none, since a paraphrase or a translation shares no 13 words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from assay.ask.tasks import Task
from assay.estimate.exact import hypergeometric_errors
from assay.estimate.interval import missing_chance
from assay.probe.overlap_corpus import Corpus, Piece
from assay.probe.overlap_grams import BREAK, WINDOW, ExamGrams
from assay.quantity import Estimate, Quantity, Unknown, exact, to_json

IntArray = npt.NDArray[np.int64]

MOST_PLACES = 5
MOST = 0.5
"""Of an item's windows: more than that is "most"."""

BATCH_WORDS = 2**18
EXACT_ONLY = Unknown(
    "only exact 13-grams were looked for: near-duplicates and paraphrases are not seen"
)
ELSEWHERE = Unknown("what else a model was trained on is not in these files")


class Standing(Enum):
    """What can be said of an item."""

    MOST = "most of it overlaps"
    ANY = "overlaps"
    NONE = "no overlap found"
    TOO_SHORT = "too short to tell"
    NOTHING_OWN = "only phrases of the whole exam"


@dataclass(frozen=True, slots=True)
class ItemOverlap:
    """One item against the corpus.

    Parameters
    ----------
    task_id
    words, grams, found : >= 0
        Its words; its different windows; those of them that stand in the corpus.
    places
        ``file:line`` where a window of it begins, at most five.
    """

    task_id: str
    words: int
    grams: int
    found: int
    places: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        """What can be said of it."""
        if self.grams == 0:
            return Standing.TOO_SHORT if self.words < WINDOW else Standing.NOTHING_OWN
        if self.found > MOST * self.grams:
            return Standing.MOST
        return Standing.ANY if self.found else Standing.NONE

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "task_id": self.task_id,
            "standing": self.standing.value,
            "words": self.words,
            "windows": self.grams,
            "windows_found": self.found,
            "places": list(self.places),
        }


@dataclass(frozen=True, slots=True)
class OverlapReport:
    """An exam against a corpus.

    Parameters
    ----------
    items
        In the exam's order.
    corpus
        What was read.
    any_share, most_share
        Of the items that can be told: share with a window in the corpus, with most of them. Exact where all was read;
        where not, `low` is what was found and `high` is 1.
    document_share
        Of the corpus's documents: share with a window of the exam.
    words_read, common_grams : >= 0
        Words of the corpus; windows left out because over ten items have them.
    """

    items: tuple[ItemOverlap, ...]
    corpus: Corpus
    any_share: Quantity
    most_share: Quantity
    document_share: Quantity
    words_read: int
    common_grams: int
    near_duplicates: Unknown = field(default=EXACT_ONLY)
    elsewhere: Unknown = field(default=ELSEWHERE)

    def counted(self, standing: Standing) -> int:
        """Return how many items stand so."""
        return sum(item.standing is standing for item in self.items)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        corpus = self.corpus
        return {
            "window_words": WINDOW,
            "items": len(self.items),
            "standing": {one.value: self.counted(one) for one in Standing},
            **to_json(
                {
                    "any_share": self.any_share,
                    "most_share": self.most_share,
                    "document_share": self.document_share,
                    "near_duplicates": self.near_duplicates,
                    "elsewhere": self.elsewhere,
                }
            ),
            "common_windows": self.common_grams,
            "files": [str(path) for path in corpus.paths],
            "documents": corpus.documents,
            "documents_read": corpus.documents_read,
            "words_read": self.words_read,
            "unread_lines": corpus.unread_lines,
            "first_unread": corpus.first_unread or None,
            "overlapping": [item.to_json() for item in self.items if item.found],
        }


def find_overlap(
    tasks: Sequence[Task],
    corpus: Corpus,
    *,
    rng: np.random.Generator,
    confidence_level: float = 0.95,
    progress: Callable[[int, float | None], None] = lambda _count, _share: None,
) -> OverlapReport:
    """Look for the windows of an exam's questions in a corpus.

    Parameters
    ----------
    tasks
        Their questions are looked for: not the context, the system prompt or the reference.
    corpus
    rng
        Draws the documents, where only a sample is to be read.
    confidence_level : in (0, 1)
        Of the share of documents, where a sample was read.
    progress

    Raises
    ------
    BadInput, EstimateError
        If a file can't be read, or the confidence level is not in (0, 1).

    Notes
    -----
    Memory holds the exam's windows and a batch of 262,144 words, however large the corpus. From a sample nothing bounds
    the share of items from above: one document that was not read may hold the whole exam. The share of documents is
    hypergeometric over all documents.
    """
    # What is out of range is said before hours of reading, not after.
    missing_chance(confidence_level)
    grams = ExamGrams([task.turns for task in tasks])
    seen = _Seen(grams, corpus)
    for piece in corpus.pieces(rng, progress=progress):
        seen.take(piece)
    seen.flush()
    found = _found(grams, seen.grams, len(tasks))
    items = tuple(
        ItemOverlap(
            task.task_id, int(words), int(own), int(hits), tuple(seen.places.get(place, ()))
        )
        for place, (task, words, own, hits) in enumerate(
            zip(tasks, grams.words, grams.own, found, strict=True)
        )
    )
    whole = corpus.documents == corpus.documents_read and not corpus.unread_lines
    told = [item for item in items if item.grams]
    return OverlapReport(
        items,
        corpus,
        _share([item.found > 0 for item in told], corpus, whole=whole),
        _share([item.standing is Standing.MOST for item in told], corpus, whole=whole),
        _documents(len(seen.documents), corpus, confidence_level),
        seen.words,
        grams.common,
    )


def _share(hits: Sequence[bool], corpus: Corpus, *, whole: bool) -> Quantity:
    if not hits:
        return Unknown(f"no item has {WINDOW} words of its own")
    if not corpus.documents:
        return Unknown("no document was read")
    value, method = sum(hits) / len(hits), f"exact {WINDOW}-grams"
    if whole:
        return exact(value, "share of items", n=len(hits), method=f"{method}, all files read")
    # What was found is certain; of what was not read nothing is known.
    return Estimate(
        value,
        value,
        1.0,
        "share of items",
        1.0,
        len(hits),
        f"{method}, part of the corpus read",
        "exact",
    )


def _documents(hits: int, corpus: Corpus, level: float) -> Quantity:
    unit, read, total = "share of documents", corpus.documents_read, corpus.documents
    if not read:
        return Unknown("no document was read")
    if corpus.unread_lines:
        return Unknown(f"{corpus.unread_lines:,} lines could not be read")
    if read == total:
        return exact(hits / total, unit, n=total, method=f"exact {WINDOW}-grams, all files read")
    limits = hypergeometric_errors(hits, read, total, confidence_level=level)
    return Estimate(
        hits / read, limits.low / total, limits.high / total, unit, level, read,
        f"exact {WINDOW}-grams, hypergeometric over a sample of documents",
    )  # fmt: skip


def _found(grams: ExamGrams, seen: set[int], items: int) -> IntArray:
    found = np.zeros(items, dtype=np.int64)
    for gram in seen:
        found[grams.owners(gram)] += 1
    return found


class _Seen:
    """Words of the corpus gathered to batches, and what was found in them."""

    def __init__(self, grams: ExamGrams, corpus: Corpus) -> None:
        self._exam = grams
        self._corpus = corpus
        self._codes: list[int] = []
        self._marks: list[tuple[int, Piece]] = []
        self.grams: set[int] = set()
        self.places: dict[int, list[str]] = {}
        self.documents: set[int] = set()
        self.words = 0

    def take(self, piece: Piece) -> None:
        if not piece.joined:
            self._codes.append(BREAK)
        # The text itself is not needed any more.
        self._marks.append((len(self._codes), piece._replace(text="")))
        codes = self._exam.codes(piece.text)
        self.words += len(codes)
        self._codes += codes
        if len(self._codes) >= BATCH_WORDS:
            self.flush()

    def flush(self) -> None:
        """Look through what was gathered; keep the last words, where a window may have begun."""
        hits = self._exam.find(np.array(self._codes, dtype=np.int64))
        starts = np.array([start for start, _ in self._marks], dtype=np.int64)
        for position, gram in zip(hits.position.tolist(), hits.gram.tolist(), strict=True):
            piece = self._marks[int(np.searchsorted(starts, position, side="right")) - 1][1]
            self.grams.add(gram)
            self.documents.add(piece.document)
            self._keep_place(gram, f"{self._corpus.paths[piece.file]}:{piece.line}")
        tail = max(0, len(self._codes) - (WINDOW - 1))
        last = max(0, int(np.searchsorted(starts, tail, side="right")) - 1)
        self._marks = [(max(0, start - tail), piece) for start, piece in self._marks[last:]]
        self._codes = self._codes[tail:]

    def _keep_place(self, gram: int, place: str) -> None:
        for item in self._exam.owners(gram).tolist():
            places = self.places.setdefault(item, [])
            if len(places) < MOST_PLACES and place not in places:
                places.append(place)
