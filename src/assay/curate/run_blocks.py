"""The blocks of a run once all are done: their documents in order, and what is to be dropped among all of them."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.curate.checkpoint import BlockStore
from assay.curate.documents import Documents
from assay.curate.exact_duplicates import first_with_same
from assay.curate.recipe import Recipe
from assay.curate.run_block import loaded, unpacked
from assay.curate.run_duplicates import (
    Digests,
    Duplicates,
    Progress,
    Rows,
    Signatures,
    digests,
    find_duplicates,
)
from assay.curate.text_column import TextColumn

Array = NDArray[Any]
CACHED_BLOCKS = 24
"""Blocks whose texts are held while duplicates are verified: about 100 MB."""


@dataclass(eq=False)
class DoneBlocks:
    """The blocks of a run, all done.

    Parameters
    ----------
    store
    count
        How many there are.
    """

    store: BlockStore
    count: int
    _texts: OrderedDict[int, TextColumn] = field(default_factory=OrderedDict, init=False)

    def counts(self, number: int) -> dict[str, Any]:
        """Return what was counted in a block."""
        counted: dict[str, Any] = json.loads(self.store.read(number, "block.json"))
        return counted

    def array(self, number: int, name: str) -> Array:
        """Return an array of a block."""
        return loaded(self.store.read(number, f"{name}.npy"))

    def kept(self, number: int) -> tuple[Documents, Rows]:
        """Return the documents that a block's steps kept, and their rows in the block."""
        batch = unpacked(self.store.read(number, "kept.arrow"))
        return Documents.from_arrow(batch), batch.column("row").to_numpy()

    def dropped(self, number: int) -> dict[str, list[Any]]:
        """Return the columns of what a block's steps dropped."""
        batch = unpacked(self.store.read(number, "dropped.arrow"))
        return {name: batch.column(name).to_pylist() for name in batch.column_names}

    def load_texts(self, starts: Rows, rows: Rows) -> TextColumn:
        """Return the texts of some documents, counted over all blocks.

        Parameters
        ----------
        starts : (blocks + 1,)
            How many documents the blocks before each have kept.
        rows
        """
        parts: list[bytes] = [b""] * len(rows)
        block_of = np.searchsorted(starts, rows, side="right") - 1
        for number in np.unique(block_of).tolist():
            texts = self._block_texts(number)
            for place in np.flatnonzero(block_of == number).tolist():
                parts[place] = texts.bytes_of(int(rows[place] - starts[number]))
        return TextColumn.from_bytes(parts)

    def _block_texts(self, number: int) -> TextColumn:
        if number in self._texts:
            self._texts.move_to_end(number)
        else:
            self._texts[number] = self.kept(number)[0].text
            if len(self._texts) > CACHED_BLOCKS:
                self._texts.popitem(last=False)
        return self._texts[number]


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What becomes of the documents that the steps kept, in order over all blocks.

    Parameters
    ----------
    starts : (blocks + 1,)
        How many documents the blocks before each have kept.
    duplicates
        Reasons, clusters and keepers.
    again : (documents,)
        How many documents before it bear the same doc_id.
    ids
        Hashes of all doc_ids, sorted, to give a new one that is not there.
    """

    starts: Rows
    duplicates: Duplicates
    again: Rows
    ids: Digests

    def new_id(self, doc_id: str, place: int, given: set[str]) -> str:
        """Return a doc_id with a number that no other document bears; it is added to those given."""
        number = int(self.again[place]) + 1
        while True:
            name = f"{doc_id}#{number}"
            if name not in given and not _among(digests([name.encode("utf-8")])[0], self.ids):
                given.add(name)
                return name
            number += 1


def judge_blocks(blocks: DoneBlocks, recipe: Recipe, progress: Progress) -> Verdict:
    """Return what goes because of other documents: duplicates, and doc_ids that stand there twice."""
    ids = [blocks.array(number, "ids") for number in range(blocks.count)]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in ids])]).astype(np.int64)
    hashes = np.concatenate([*ids, np.zeros((0, 2), dtype=np.uint64)])
    again = _times_before(first_with_same(hashes))
    refused = again > 0 if recipe.read.duplicate_ids == "reject" else np.zeros(len(again), np.bool_)
    found = find_duplicates(
        Signatures.load([blocks.store.path(number) for number in range(blocks.count)]),
        refused,
        lambda rows: blocks.load_texts(starts, rows),
        (recipe.exact_duplicates, recipe.near_duplicates),
        progress=progress,
        scratch=blocks.store.folder,
    )
    return Verdict(starts, found, again, hashes[np.lexsort((hashes[:, 1], hashes[:, 0]))])


def _times_before(first: Rows) -> Rows:
    """Return how many rows before each have the same first row."""
    order = np.lexsort((np.arange(len(first)), first))
    ordered = first[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(first)])
    lengths = np.diff(np.concatenate([starts, [len(first)]]))
    times = np.empty(len(first), dtype=np.int64)
    times[order] = np.arange(len(first)) - np.repeat(starts, lengths)
    return times


def _among(digest: Digests, ids: Digests) -> bool:
    low = np.searchsorted(ids[:, 0], digest[0], side="left")
    high = np.searchsorted(ids[:, 0], digest[0], side="right")
    return bool((ids[low:high, 1] == digest[1]).any())
