"""A corpus as a stream of documents, read once and in bounded memory: JSON Lines or plain text, packed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assay.errors import BadInput
from assay.ledger.ingest.lines import Line, parse_object, read_lines
from assay.ledger.ingest.record import RowError
from assay.ledger.ingest.source import Source

if TYPE_CHECKING:
    import numpy as np

BLOCK_LINES = 512
"""Lines of a plain text that are drawn together where only a sample is read."""

PROGRESS_LINES = 1_000

_PARQUET = b"PAR1"
_JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})
_PACKED = frozenset({".gz", ".zst", ".zstd"})


class Piece(NamedTuple):
    """A text of a document."""

    file: int
    line: int
    document: int
    """Number of the document over all files, from 0."""
    text: str
    joined: bool
    """Whether the text goes on from the piece before it, as the next line of a plain text does."""


@dataclass(slots=True)
class Corpus:
    """Files to read, and what was read of them.

    Parameters
    ----------
    paths
    text_field
        Of JSON lines the column with the text; None: every text in the object, however deep.
    sample
        Share of the documents to read, in (0, 1]; drawn by `rng`.
    documents, documents_read : >= 0
        A line of JSON Lines is a document; of plain text the whole file is, or each block of 512 lines where only a
        sample is read.
    unread_lines : >= 0
        Lines that could not be read: too long, no UTF-8, no JSON object, without the column.
    first_unread
        Where the first of them stands, and why.

    Raises
    ------
    BadInput
        If a file can't be read at all.
    """

    paths: Sequence[Path]
    text_field: str | None = None
    sample: float = 1.0
    documents: int = 0
    documents_read: int = 0
    unread_lines: int = 0
    first_unread: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.sample <= 1:
            raise BadInput(f"the sample must be a share in (0, 1], got {self.sample}")
        if not self.paths:
            raise BadInput("there is no file of the corpus to read")

    def pieces(
        self, rng: np.random.Generator, *, progress: Callable[[int, float | None], None]
    ) -> Iterator[Piece]:
        """Yield the texts of the documents that are read, in order; call `progress` with lines and the share done."""
        sources = [Source(path) for path in self.paths]
        for source in sources:
            if source.path.exists() and not (source.path.is_file() or source.path.is_dir()):
                raise BadInput(
                    f"{source.path} is a pipe or a device, which has no size and can't be read twice",
                    next_command="write what comes out of it to a file first",
                )
            # What is not there is said before hours of reading, not after.
            source.open().close()
        total = sum(source.size for source in sources) or 1
        done, count = 0, 0
        for file, source in enumerate(sources):
            reader = self._json if _is_json_lines(source) else self._plain
            with source.open() as stream:
                for pieces in reader(file, read_lines(stream), rng):
                    count += 1
                    if count % PROGRESS_LINES == 0:
                        progress(count, (done + (source.share_read or 0.0) * source.size) / total)
                    yield from pieces
            done += source.size
        progress(count, 1.0)

    def _json(
        self, file: int, lines: Iterator[Line], rng: np.random.Generator
    ) -> Iterator[list[Piece]]:
        for line in lines:
            if line.blank:
                continue
            document = self.documents
            self.documents += 1
            if not self._drawn(rng):
                yield []
                continue
            self.documents_read += 1
            try:
                if line.fault:
                    raise RowError(line.fault)
                texts = self._texts(parse_object(line.text))
            except RowError as error:
                self._refuse(file, line, str(error))
                texts = []
            yield [Piece(file, line.number, document, text, joined=False) for text in texts]

    def _plain(
        self, file: int, lines: Iterator[Line], rng: np.random.Generator
    ) -> Iterator[list[Piece]]:
        drawn, joined = False, False
        for count, line in enumerate(lines):
            if count == 0 or (self.sample < 1 and count % BLOCK_LINES == 0):
                self.documents += 1
                drawn, joined = self._drawn(rng), False
                self.documents_read += drawn
            pieces: list[Piece] = []
            if drawn and line.fault:
                self._refuse(file, line, line.fault)
                joined = False
            elif drawn:
                pieces.append(
                    Piece(file, line.number, self.documents - 1, line.text, joined=joined)
                )
                joined = True
            yield pieces

    def _drawn(self, rng: np.random.Generator) -> bool:
        return self.sample == 1 or bool(rng.random() < self.sample)

    def _texts(self, values: dict[str, object]) -> list[str]:
        if self.text_field is None:
            return list(_every_text(values))
        if self.text_field not in values:
            raise RowError(f"has no column {self.text_field!r}")
        return list(_every_text(values[self.text_field]))

    def _refuse(self, file: int, line: Line, reason: str) -> None:
        self.unread_lines += 1
        if not self.first_unread:
            self.first_unread = f"{self.paths[file]}:{line.number}: {reason}"


def _every_text(value: object) -> Iterator[str]:
    # As deep as 64: `parse_object` refuses what is deeper.
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _every_text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _every_text(inner)


def _is_json_lines(source: Source) -> bool:
    endings = [ending.lower() for ending in source.path.suffixes]
    while endings and endings[-1] in _PACKED:
        endings.pop()
    head = source.head(4_096)
    if head.startswith(_PARQUET):
        raise BadInput(
            f"{source.path} is Parquet: this command reads JSON Lines and plain text",
            next_command="write the texts out as JSON Lines, one document a line",
        )
    if endings and endings[-1] in _JSON_ENDINGS:
        return True
    return not (endings and endings[-1] == ".txt") and head.lstrip(
        b"\xef\xbb\xbf \t\r\n"
    ).startswith(b"{")
