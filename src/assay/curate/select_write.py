"""Writing a selection: the documents in their order, those left out with reason and score, and the report."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from assay.curate.checkpoint import sync_folder, told_when_full
from assay.curate.documents import Documents
from assay.curate.run_block import excerpt
from assay.curate.run_files import JsonLinesFile, OutputFile, ShardedDocuments
from assay.curate.select import Selection
from assay.curate.select_corpus import documents, nothing_told
from assay.errors import BadInput

DROPPED = "dropped.jsonl.zst"
REPORT = "selection.json"
_SHARD_BYTES = 256_000_000
_PART = ".assay-part"


def check_output(folder: Path) -> None:
    """Raise unless a selection may be written to a folder: there is none, or it is empty.

    Raises
    ------
    BadInput
        If it is a file, or holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"{folder} is there already and not an empty folder", next_command="-o NEW")
    if not folder.parent.is_dir():
        raise BadInput(
            f"there is no folder {folder.parent} to make {folder.name} in",
            next_command=f"mkdir -p {folder.parent}",
        )
    if not os.access(folder.parent, os.W_OK):
        raise BadInput(
            f"{folder} can't be written: the folder {folder.parent} is not yours to write in",
            next_command="-o with a folder elsewhere",
        )


def write_selection(
    found: Selection,
    folder: Path,
    *,
    on_progress: Callable[[int, float | None], None] = nothing_told,
) -> tuple[OutputFile, ...]:
    """Read the corpus again and write the selection to a folder; the same selection gives the same bytes.

    Parameters
    ----------
    found
    folder
        It is there once all of it is written; until then its name ends with ``.assay-part``.
    on_progress
        Called with the documents done and the share.

    Raises
    ------
    BadInput
        If the folder holds something, or the corpus is not what was selected from.
    DiskFull
        If there is no room.
    """
    check_output(folder)
    part = folder.with_name(folder.name + _PART)
    with told_when_full(folder):
        # What a run that was killed has left.
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            files = _written(found, part, on_progress)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        part.replace(folder)
        sync_folder(folder.parent)
    return files


def _written(
    found: Selection, folder: Path, on_progress: Callable[[int, float | None], None]
) -> tuple[OutputFile, ...]:
    shards = ShardedDocuments(folder, "jsonl.zst", _SHARD_BYTES)
    dropped = JsonLinesFile(folder, DROPPED)
    kept, total, begin = found.kept, len(found.reasons), 0
    try:
        for docs in documents(found.question.corpus, found.question.read):
            rows = np.arange(begin, begin + len(docs))
            begin += len(docs)
            if begin > total:
                break
            shards.add(docs.take(kept[rows]))
            gone = np.flatnonzero(~kept[rows])
            dropped.write([_left_out(found, docs, row, int(rows[row])) for row in gone.tolist()])
            on_progress(begin, begin / total)
        if begin != total:
            raise BadInput(
                f"the corpus has changed while it was selected from: {total:,} documents before, now "
                f"{'more' if begin > total else f'{begin:,}'}"
            )
        files = (*shards.close(), dropped.close())
    except BaseException:
        for file in (shards, dropped):
            with suppress(OSError):
                file.abandon()
        raise
    report = found.to_json() | {"files": [file.to_json() for file in files]}
    (folder / REPORT).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return files


def _left_out(found: Selection, docs: Documents, row: int, place: int) -> bytes:
    score = float(found.scores[place])
    return msgspec.json.encode(
        {
            "doc_id": docs.doc_id[row],
            "source": docs.source[row],
            "where": docs.where[row],
            "text": excerpt(docs.text.bytes_of(row)),
            "reason": found.reasons[place],
            "step": "select",
            "score": score if np.isfinite(score) else None,
            "size": int(found.sizes[place]),
        }
    )
