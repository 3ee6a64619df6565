"""The table of sources and steps: counted cells, and cells estimated from documents drawn by their words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.measure_store import TextStore
from assay.estimate.exact import clopper_pearson
from assay.quantity import Estimate, Quantity, Unknown, exact

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StepLeft:
    """What one step leaves.

    Parameters
    ----------
    name
    by_source
        Words left of each source.
    total
        Words left.
    tokens
        Tokens left, where they were counted; in a document that is cut, its tokens in proportion to its words.
    documents
        Documents left where they were counted, else None.
    bytes_left
        Bytes left where they were counted, else None.
    note
        How it was done, in words.
    """

    name: str
    by_source: tuple[Quantity, ...]
    total: Quantity
    tokens: Quantity | None
    documents: int | None
    bytes_left: int | None
    note: str

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "step": self.name,
            "by_source": [one.to_json() for one in self.by_source],
            "total": self.total.to_json(),
            "tokens": None if self.tokens is None else self.tokens.to_json(),
            "documents": self.documents,
            "bytes": self.bytes_left,
            "note": self.note,
        }


class StepTable:
    """The steps so far, of each the words that are left.

    Parameters
    ----------
    store
    confidence_level : in (0, 1)
        Of each cell that rests on a sample.
    words : (documents,)
        Raw words of each.
    tokens : (documents,) or None
        Raw tokens of each, where they were counted.
    """

    def __init__(
        self,
        store: TextStore,
        confidence_level: float,
        words: Places,
        tokens: Places | None,
    ) -> None:
        self.store, self.level = store, confidence_level
        # Of a document without words nothing is cut, and its tokens are all there or none.
        self._tokens_of_word = None if tokens is None else tokens / np.maximum(words, 1)
        self._wordless = None if tokens is None else np.where(words == 0, tokens, 0)
        self.steps: list[StepLeft] = []

    def add(
        self, name: str, words: Places, alive: Mask, note: str, lengths: Places | None = None
    ) -> None:
        """Add a step that was counted on all documents."""
        left = self.store.by_source((words * alive).astype(np.float64))
        count = int(alive.sum())
        of_source = self.store.by_source(alive.astype(np.float64))
        lengths = self.store.texts.lengths if lengths is None else lengths
        self.steps.append(
            StepLeft(
                name,
                tuple(
                    exact(float(one), "words", n=int(n), method="counted")
                    for one, n in zip(left, of_source, strict=True)
                ),
                exact(float(left.sum()), "words", n=count, method="counted"),
                self._tokens(words, alive),
                count,
                int((lengths * alive).sum()),
                note,
            )
        )

    def add_sampled(
        self, name: str, weight: NDArray[np.float64], drawn: Places, stays: Mask, note: str
    ) -> None:
        """Add a step that was looked at in drawn documents only."""
        left = self.store.by_source(weight)
        source = self.store.source[drawn]
        each = []
        for code, words in enumerate(left.tolist()):
            mine = source == code
            each.append(self._share(words, int(stays[mine].sum()), int(mine.sum())))
        total = self._share(float(left.sum()), int(stays.sum()), len(drawn))
        tokens: Quantity | None = None
        if self._tokens_of_word is not None:
            # Drawn by words: what stays is a share of words, and a document's tokens go with its words.
            tokens = Unknown("documents were drawn by words: what is left is known in words")
        self.steps.append(StepLeft(name, tuple(each), total, tokens, None, None, note))

    def _tokens(self, words: Places, alive: Mask) -> Quantity | None:
        if self._tokens_of_word is None or self._wordless is None:
            return None
        left = float(((self._tokens_of_word * words + self._wordless) * alive).sum())
        return exact(round(left), "tokens", n=int(alive.sum()), method="counted")

    def _share(self, words: float, stay: int, drawn: int) -> Quantity:
        if not words:
            return exact(0.0, "words", n=0, method="counted")
        if not drawn:
            return Unknown("no document of it was drawn: take a larger --sample")
        limits = clopper_pearson(stay, drawn, confidence_level=self.level)
        return Estimate(
            words * (stay / drawn),
            words * limits.low,
            words * limits.high,
            "words",
            self.level,
            drawn,
            f"{stay} of {drawn} documents drawn by words, Clopper-Pearson",
            "proved",
        )
