"""The texts of a corpus in a file of their own, so that each part of the measuring can go over them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.read.files import inputs_of, reader_of, size_of
from assay.curate.read.raw import ReadSettings
from assay.curate.text_column import TextColumn

Places = NDArray[np.int64]
Progress = Callable[[int, float | None], None]
BATCH_BYTES = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class TextStore:
    """Texts of a corpus.

    Parameters
    ----------
    texts
        All of them; their bytes are a file that is mapped into memory.
    source : (documents,)
        Which of `names` each is of.
    names
        The sources, in the order in which they were met.
    rejected
        Reason -> records that are no documents.
    """

    texts: TextColumn
    source: Places
    names: tuple[str, ...]
    rejected: dict[str, int]

    def __len__(self) -> int:
        return len(self.texts)

    def batches(self) -> Iterator[tuple[int, TextColumn]]:
        """Yield all texts, some megabytes at a time, each with the row of the first."""
        for begin, end in spans(self.texts):
            yield begin, TextColumn(self.texts.data, self.texts.offsets[begin : end + 1])

    def by_source(self, of: NDArray[np.float64] | Places) -> NDArray[np.float64]:
        """Return the sum over the documents of each source."""
        wide = np.asarray(of, dtype=np.float64)
        summed = np.bincount(self.source, weights=wide, minlength=len(self.names))
        return summed.astype(np.float64)


def spans(texts: TextColumn) -> Iterator[tuple[int, int]]:
    """Yield first and last (exclusive) rows of batches of some megabytes, at least one text each."""
    begin = 0
    while begin < len(texts):
        room = texts.offsets[begin] + BATCH_BYTES
        end = max(begin + 1, int(np.searchsorted(texts.offsets, room, side="right")) - 1)
        yield begin, min(end, len(texts))
        begin = end


def read_store(
    named: Sequence[str], settings: ReadSettings, scratch: Path, *, on_progress: Progress
) -> TextStore:
    """Read a corpus into a store.

    Parameters
    ----------
    named
        ``PATH`` or ``NAME=PATH``.
    settings
    scratch
        The file to write: as long as all the text.
    on_progress
        Called with documents read and the share of the files.

    Raises
    ------
    BadInput
        If a file can't be read.
    """
    inputs = inputs_of(named)
    sizes = [size_of(each.path) for each in inputs]
    codes: dict[str, int] = {}
    source: list[int] = []
    lengths: list[Places] = []
    rejected: Counter[str] = Counter()
    before = 0
    with scratch.open("wb") as file:
        for each, size in zip(inputs, sizes, strict=True):
            reader = reader_of(each.path, settings)
            for block in reader.blocks(each.path, each.source):
                parsed = reader.parse(block)
                rejected.update(one.reason for one in parsed.rejected)
                texts = parsed.docs.text
                file.write(texts.data[texts.offsets[0] : texts.offsets[-1]].tobytes())
                lengths.append(texts.lengths)
                source += [codes.setdefault(name, len(codes)) for name in parsed.docs.source]
                on_progress(len(source), (before + block.share * size) / max(1, sum(sizes)))
            before += size
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([*lengths, []]))]).astype(np.int64)
    data = (
        np.memmap(scratch, dtype=np.uint8, mode="r") if offsets[-1] else np.zeros(0, dtype=np.uint8)
    )
    return TextStore(
        TextColumn(data, offsets),
        np.array(source, dtype=np.int64),
        tuple(codes),
        dict(sorted(rejected.items())),
    )
