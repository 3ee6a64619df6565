"""The last part of a run: every block in order, once, into the files that stay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.curate.checkpoint import sync_folder, told_when_full
from assay.curate.documents import Documents
from assay.curate.recipe import OutputSettings
from assay.curate.run_block import excerpt
from assay.curate.run_blocks import DoneBlocks, Verdict
from assay.curate.run_counts import Counts
from assay.curate.run_duplicates import EXACT, NEAR, SAME_ID, Rows
from assay.curate.run_files import JsonLinesFile, OutputFile, ShardedDocuments

Progress = Callable[[int, float | None], None]
DROPPED, REJECTED = "dropped.jsonl.zst", "rejected.jsonl.zst"
STEP_OF = {
    SAME_ID: "duplicate_ids",
    EXACT: "exact_duplicates",
    NEAR: "near_duplicates",
}
"""What drops for each reason that needs all documents, in the order in which it does."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a run, and what was counted."""

    documents: tuple[OutputFile, ...]
    dropped: OutputFile
    rejected: OutputFile
    counts: Counts

    @property
    def files(self) -> tuple[OutputFile, ...]:
        """All of them."""
        return (*self.documents, self.dropped, self.rejected)


def write_output(
    blocks: DoneBlocks, verdict: Verdict, settings: OutputSettings, progress: Progress
) -> Written:
    """Write all documents of all blocks, kept or dropped, and move the files into place once all are whole.

    Raises
    ------
    DiskFull
        If there is no room; the blocks stay.
    """
    out = blocks.store.out
    folder = blocks.store.folder / "output"
    with told_when_full(out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        writer = _Writer(blocks, verdict, settings, folder)
        try:
            for number in range(blocks.count):
                writer.block(number)
                progress(writer.counts.documents, (number + 1) / blocks.count)
            written = writer.close()
        except BaseException:
            writer.abandon()
            raise
        for file in written.files:
            (folder / file.file).replace(out / file.file)
        sync_folder(out)
    return written


class _Writer:
    def __init__(
        self, blocks: DoneBlocks, verdict: Verdict, settings: OutputSettings, folder: Path
    ) -> None:
        self._blocks, self._verdict, self._whole = blocks, verdict, settings.dropped_text
        self._documents = ShardedDocuments(
            folder, settings.format, settings.shard_megabytes * 1_000_000
        )
        self._dropped, self._rejected = (JsonLinesFile(folder, n) for n in (DROPPED, REJECTED))
        gone = verdict.duplicates.reason != ""
        self._keepers = set(np.unique(verdict.duplicates.keeper[gone]).tolist())
        self._names: dict[int, str] = {}
        self._given: set[str] = set()
        self._place = 0
        self.counts = Counts()

    def block(self, number: int) -> None:
        counted = self._blocks.counts(number)
        self.counts.add_block(counted, self._blocks.array(number, "before"))
        self._rejected.write(
            [
                _encoded(dict(zip(("where", "reason", "detail"), r, strict=True)))
                for r in counted["rejected"]
            ]
        )
        docs, rows = self._blocks.kept(number)
        first = int(self._verdict.starts[number])
        docs = self._renamed(docs, first)
        keep = self._verdict.duplicates.reason[first : first + len(docs)] == ""
        for place in self._keepers.intersection(range(first, first + len(docs))):
            self._names[place] = docs.doc_id[place - first]
        gone = list(self._gone(number, docs, rows, first))
        in_order = sorted(gone, key=lambda row: int(row["row"]))
        self._dropped.write([self._drop(row) for row in in_order])
        kept = docs.take(keep)
        self._documents.add(kept)
        after = self._blocks.array(number, "after")[keep]
        self.counts.add_kept(kept.source, kept.text.lengths.tolist(), after)
        self._place += counted["documents"]

    def _renamed(self, docs: Documents, first: int) -> Documents:
        again = np.flatnonzero(self._verdict.again[first : first + len(docs)])
        if not len(again):
            return docs
        names = list(docs.doc_id)
        for place in again.tolist():
            if self._verdict.duplicates.reason[first + place] != "duplicate_id":
                names[place] = self._verdict.new_id(names[place], first + place, self._given)
                self.counts.renamed_ids += 1
        return Documents(tuple(names), docs.text, docs.source, docs.where, docs.fields)

    def _gone(
        self, number: int, docs: Documents, rows: Rows, first: int
    ) -> Iterator[dict[str, Any]]:
        columns = self._blocks.dropped(number)
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))
        duplicates = self._verdict.duplicates
        for place in np.flatnonzero(duplicates.reason[first : first + len(docs)] != "").tolist():
            reason = str(duplicates.reason[first + place])
            found = {
                "doc_id": docs.doc_id[place],
                "source": docs.source[place],
                "where": docs.where[place],
                "text": excerpt(docs.text.bytes_of(place), whole=self._whole),
                "reason": reason,
                "step": STEP_OF[reason],
                "row": int(rows[place]),
                "bytes": int(docs.text.lengths[place]),
            }
            if duplicates.cluster[first + place] >= 0:
                found["cluster"] = int(duplicates.cluster[first + place])
                found["keeper"] = self._names[int(duplicates.keeper[first + place])]
            yield found

    def _drop(self, row: dict[str, Any]) -> bytes:
        self.counts.add_dropped(row["step"], row)
        place = self._place + int(row.pop("row"))
        text = row.pop("text")
        if self.counts.wants_example(row["reason"], place):
            shown = {name: row[name] for name in ("doc_id", "source", "where", "bytes")}
            if "keeper" in row:
                shown["keeper"] = row["keeper"]
            self.counts.add_example(row["reason"], place, shown | {"text": text[:400]})
        return _encoded(row | {"text": text})

    def close(self) -> Written:
        return Written(
            self._documents.close(), self._dropped.close(), self._rejected.close(), self.counts
        )

    def abandon(self) -> None:
        for file in (self._documents, self._dropped, self._rejected):
            with suppress(OSError):
                file.abandon()


def _encoded(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row)
