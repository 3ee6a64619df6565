"""A corpus on its way to a selection: its texts in a file of their own, and what each pass over them finds, in columns.

Texts are read once, into a file that is mapped into memory; of each document some numbers are held. The documents as
they stand in the corpus, with their other fields, are read a second time when the selection is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.documents import Documents
from assay.curate.held_out import HeldOutWindows, OverlapRule
from assay.curate.importance_weights import (
    ImportanceModel,
    ImportanceSettings,
    bucket_counts,
    gumbel_keys,
)
from assay.curate.measure_store import TextStore
from assay.curate.minhash import BlockSignature, block_signature
from assay.curate.near_duplicates import NearDuplicateSettings, find_clusters
from assay.curate.proxies.tokenizer import TRAINING_BYTES, Tokenizer, train_tokenizer
from assay.curate.read.files import inputs_of, reader_of
from assay.curate.read.raw import ReadSettings
from assay.curate.text_column import TextColumn
from assay.curate.value_run import qualities
from assay.errors import BadInput

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Progress = Callable[[int, float | None], None]
Score = Callable[[TextColumn], FloatArray]


def nothing_told(_count: int, _share: float | None) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the pass over the texts found of each.

    Parameters
    ----------
    leaked : (documents,)
        Whether it overlaps with the held-out target.
    sizes : (documents,)
        What it costs, in units of the budget.
    scores : (documents,)
        Greater is better; nought where nothing was asked for.
    signatures
        For the search for near-duplicates; none where nothing was asked for.
    """

    leaked: BoolArray
    sizes: IntArray
    scores: FloatArray
    signatures: tuple[BlockSignature, ...]


def tokenizer_of(store: TextStore) -> Tokenizer:
    """Return a tokenizer of the corpus, trained on some megabytes from all over it."""
    step = max(1, store.texts.nbytes // TRAINING_BYTES)
    return train_tokenizer(store.texts.take(np.arange(0, len(store), step)))


def scan(
    store: TextStore,
    target: TextColumn,
    score: Score | None,
    *,
    tokenizer: Tokenizer | None,
    signed: bool,
    on_progress: Progress = nothing_told,
) -> Columns:
    """Go over all texts once, some megabytes at a time.

    Parameters
    ----------
    store
    target
        All held-out documents; may hold none.
    score
        Of a batch of texts; None where they are scored otherwise.
    tokenizer
        Sizes are its tokens; None: bytes.
    signed
        Whether near-duplicates will be looked for.
    on_progress
        Called with the documents done and the share.
    """
    windows = HeldOutWindows(target, OverlapRule()) if target.nbytes else None
    leaked = np.zeros(len(store), dtype=np.bool_)
    sizes = store.texts.lengths
    scores = np.zeros(len(store))
    signatures: list[BlockSignature] = []
    for begin, texts in store.batches():
        rows = slice(begin, begin + len(texts))
        if windows is not None:
            leaked[rows] = windows.overlaps(texts)
        if tokenizer is not None:
            sizes[rows] = tokenizer.encode(texts).lengths
        if score is not None:
            scores[rows] = score(texts)
        if signed:
            signatures.append(block_signature(texts))
        on_progress(rows.stop, rows.stop / len(store))
    return Columns(leaked, sizes, scores, tuple(signatures))


def importance(
    store: TextStore,
    target: TextColumn,
    *,
    rng: np.random.Generator,
    on_progress: Progress = nothing_told,
) -> FloatArray:
    """Return the DSIR key of each text, see `assay.curate.select_scores.importance_scores`: in two passes."""
    settings = ImportanceSettings()
    raw = np.zeros(settings.buckets)
    for begin, texts in store.batches():
        raw += bucket_counts(texts, settings)
        on_progress(begin + len(texts), 0.5 * (begin + len(texts)) / len(store))
    model = ImportanceModel.of(bucket_counts(target, settings), raw, settings)
    weights = np.zeros(len(store))
    for begin, texts in store.batches():
        weights[begin : begin + len(texts)] = model.log_weights(texts)
        on_progress(begin + len(texts), 0.5 + 0.5 * (begin + len(texts)) / len(store))
    return gumbel_keys(weights, rng)


def clusters(store: TextStore, columns: Columns, left_out: BoolArray) -> IntArray:
    """Return the number of each text's cluster of near-duplicates; -1 for one that is alone or left out."""
    found = find_clusters(
        columns.signatures, store.texts.take, NearDuplicateSettings(), left_out=left_out
    )
    return found.cluster


def documents(named: Sequence[str], settings: ReadSettings) -> Iterator[Documents]:
    """Yield the documents of a corpus as they stand in its files, block by block, in the order of the store."""
    for each in inputs_of(named):
        reader = reader_of(each.path, settings)
        for block in reader.blocks(each.path, each.source):
            docs = reader.parse(block).docs
            if len(docs):
                yield docs


def field_values(named: Sequence[str], settings: ReadSettings, name: str) -> FloatArray:
    """Return a numeric field of each document's record.

    Raises
    ------
    BadInput
        If a record lacks it, or it is no number.
    """
    parts = [qualities(docs, name) for docs in documents(named, settings)]
    return np.concatenate([np.zeros(0), *parts])


def read_target(path: Path, settings: ReadSettings, corpus: Sequence[str]) -> TextColumn:
    """Return the held-out documents of a file or a folder.

    Raises
    ------
    BadInput
        If it holds no text, or is a file of the corpus itself.
    """
    mine = {each.path.resolve() for each in inputs_of([str(path)])}
    shared = sorted(each.path for each in inputs_of(corpus) if each.path.resolve() in mine)
    if shared:
        raise BadInput(
            f"the target {shared[0]} is a file of the corpus: what is selected from can't be held out",
            next_command="hold documents out into a file of their own, and name that with --target",
        )
    texts = [docs.text for docs in documents([str(path)], settings)]
    whole = TextColumn.from_bytes(
        [column.bytes_of(row) for column in texts for row in range(len(column))]
    )
    if not whole.nbytes:
        raise BadInput(
            f"the target {path} holds no text in the field {settings.text_field!r}",
            next_command="--text-field NAME, the same for corpus and target",
        )
    return whole
