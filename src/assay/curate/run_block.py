"""A block of a run: parsed, put through the steps, and packed into the files of a checkpoint.

What a block becomes follows from the block and the recipe alone, so it does not matter which worker, or which machine
of a cluster, makes it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.curate.documents import Documents
from assay.curate.read.files import reader_of
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings
from assay.curate.run_duplicates import (
    ExactDuplicates,
    NearDuplicates,
    Signatures,
    digests,
    saved,
)
from assay.curate.run_features import feature_codes
from assay.curate.step import Step, StepsDone, apply_steps

Array = NDArray[Any]
EXCERPT_BYTES = 1_600
"""Of a dropped text at least 400 characters are kept, for the list and the page."""


@dataclass(frozen=True, slots=True)
class BlockWork:
    """What is done with every block.

    Parameters
    ----------
    read, steps, exact, near
        Of the recipe.
    share : in (0, 1]
        Of the records that are drawn.
    dropped_text
        Whether the dropped texts are kept whole.
    """

    read: ReadSettings
    steps: tuple[Step, ...]
    exact: ExactDuplicates
    near: NearDuplicates
    share: float = 1.0
    dropped_text: bool = False


def work_block(block: RawBlock, work: BlockWork) -> dict[str, bytes]:
    """Return the files of a block's checkpoint.

    Returns
    -------
    dict
        ``block.json`` the counts; ``kept.arrow`` and ``dropped.arrow`` the documents; ``before.npy`` and ``after.npy``
        the classes of their features; ``ids.npy`` hashes of their doc_ids; ``exact.npy`` and ``signature.npy`` what the
        search for duplicates needs.
    """
    parsed = reader_of(Path(block.path), work.read).parse(block, work.share)
    done = apply_steps(work.steps, parsed.docs)
    files = {
        "block.json": json.dumps(_counts(block, parsed, done)).encode(),
        "kept.arrow": packed(_kept(done)),
        "dropped.arrow": packed(_dropped(parsed.docs, done, whole=work.dropped_text)),
        "before.npy": saved(feature_codes(parsed.docs.text)),
        "after.npy": saved(feature_codes(done.docs.text)),
    }
    files["ids.npy"] = saved(digests([name.encode("utf-8") for name in done.docs.doc_id]))
    return files | Signatures.of(done.docs.text, work.exact, work.near).files()


def _counts(block: RawBlock, parsed: Parsed, done: StepsDone) -> dict[str, object]:
    return {
        "where": block.where,
        "documents": len(parsed.docs),
        "bytes": parsed.docs.text.nbytes,
        "repaired": parsed.repaired,
        "changed": done.changed,
        "rejected": [[r.where, r.reason, r.detail] for r in parsed.rejected],
        "steps": {name: dict(counts) for name, counts in done.counts.items()},
    }


def _kept(done: StepsDone) -> Any:
    from arro3.core import Array

    rows = Array.from_numpy(np.asarray(done.rows, dtype=np.int64))
    return done.docs.to_arrow().append_column("row", rows)


def _dropped(docs: Documents, done: StepsDone, *, whole: bool) -> Any:
    from arro3.core import Array, RecordBatch

    gone = np.flatnonzero(np.fromiter(map(bool, done.reasons), np.bool_, len(docs)))
    out = docs.take(gone)
    texts = [excerpt(out.text.bytes_of(row), whole=whole) for row in range(len(out))]
    columns: Mapping[str, Sequence[str]] = {
        "doc_id": out.doc_id,
        "source": out.source,
        "where": out.where,
        "text": texts,
        "reason": [done.reasons[row] for row in gone.tolist()],
        "step": [done.dropped_by[row] for row in gone.tolist()],
    }
    numbers = {"row": gone.astype(np.int64), "bytes": out.text.lengths.astype(np.int64)}
    return RecordBatch.from_pydict(
        {name: _strings(values) for name, values in columns.items()}
        | {name: Array.from_numpy(values) for name, values in numbers.items()}
    )


def excerpt(text: bytes, *, whole: bool = False) -> str:
    """Return the first 400 characters of a text, or all of it."""
    if whole:
        return text.decode("utf-8", "replace")
    return text[:EXCERPT_BYTES].decode("utf-8", "ignore")[:400]


def _strings(values: Sequence[str]) -> Any:
    from arro3.core import Array, DataType

    return Array(list(values), DataType.large_utf8())


def packed(batch: Any) -> bytes:
    """Return a batch as a file of Arrow IPC."""
    from arro3.io import write_ipc

    stream = io.BytesIO()
    write_ipc(batch, stream, compression="lz4")
    return stream.getvalue()


def unpacked(content: bytes) -> Any:
    """Return the one batch of a file of Arrow IPC."""
    from arro3.io import read_ipc

    return read_ipc(io.BytesIO(content)).read_all().combine_chunks().to_batches()[0]


def loaded(content: bytes) -> Array:
    """Return an array that was saved."""
    array: Array = np.load(io.BytesIO(content), allow_pickle=False)
    return array
