"""How files are read in blocks: splitting, which one process does in order, and parsing, which any worker can do.

The blocks of a file follow from the file alone. So any number of workers, and a run that was killed and goes on, meet
the same blocks and write the same output.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assay.curate.documents import Documents
from assay.curate.rejected import Rejected
from assay.errors import BadInput

BLOCK_BYTES = 4_000_000
"""A block ends with the record that reaches so many bytes."""

BLOCK_RECORDS = 2_000
"""A block has at most so many records."""


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How records become documents.

    Parameters
    ----------
    text_field
        The field with the text.
    id_field, source_field
        The fields that name the document, and what it came from; where a record has none, its place and the file do.
    records : {"auto", "text", "chat", "instruction"}
        What records are. "chat": turns under ``messages`` or ``conversations``, flattened by the rule turns-1;
        "instruction": instruction, input and output (or prompt and completion or response), by the rule instruction-1;
        "auto": the text field where the record has it, else whichever of the two it is.
    max_record_bytes
        A longer record is rejected, and never held in memory whole.
    duplicate_ids : {"number", "reject"}
        A doc_id that stands there already: "number" makes it ``ID#2``, "reject" drops the later document.
    delimiter : {"auto", "comma", "semicolon", "tab", "pipe"}
        Of CSV files; "auto": the one that makes the most regular table, a tab in files named .tsv.
    page_text : {"balanced", "precision", "recall", "fast"}
        How trafilatura weighs what may be text of a web page, or may stand around it.
    page_tables
        Whether tables of a web page are text.
    max_page_bytes
        A longer web page is rejected.
    page_seconds
        A web page that takes more processor time is rejected.
    """

    text_field: str = "text"
    id_field: str = "doc_id"
    source_field: str = "source"
    records: str = "auto"
    max_record_bytes: int = 64_000_000
    duplicate_ids: str = "number"
    delimiter: str = "auto"
    page_text: str = "balanced"
    page_tables: bool = True
    max_page_bytes: int = 2_000_000
    page_seconds: float = 20.0

    def __post_init__(self) -> None:
        choices = {
            "records": ("auto", "text", "chat", "instruction"),
            "duplicate_ids": ("number", "reject"),
            "delimiter": ("auto", "comma", "semicolon", "tab", "pipe"),
            "page_text": ("balanced", "precision", "recall", "fast"),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise BadInput(f"{name} is one of {', '.join(known)}; got {getattr(self, name)!r}")
        for name in ("max_record_bytes", "max_page_bytes"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 < self.page_seconds <= 3_600:
            raise BadInput(f"page_seconds must lie in (0, 3600], got {self.page_seconds}")


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A stretch of a file as it stands there.

    Parameters
    ----------
    path
        The file, as it was given.
    source
        The name that a person gave it; "" where none.
    index : >= 0
        Of the block in its file.
    first : >= 1
        Number of its first line or record.
    payload
        What `Reader.parse` makes documents of.
    rejected
        What was met while splitting, before the payload: a line too long to hold, a packed file that is cut off.
    share : in [0, 1]
        How much of the file has been read when the block ends; for progress only.
    records : >= 0
        In the payload, where these are not its lines.
    """

    path: str
    source: str
    index: int
    first: int
    payload: bytes
    rejected: tuple[Rejected, ...] = ()
    share: float = 0.0
    records: int = 0

    @property
    def count(self) -> int:
        """About how many records it holds."""
        return self.records or max(self.payload.count(b"\n"), 1)

    @property
    def where(self) -> str:
        """The block's name, as it is told to people."""
        return f"{self.path}, block {self.index} (from line {self.first})"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a block holds.

    Parameters
    ----------
    docs
        The documents, in order.
    rejected
        The records that are none, in order.
    repaired : >= 0
        Documents in which lone surrogates, which are no text, became U+FFFD.
    """

    docs: Documents
    rejected: tuple[Rejected, ...] = ()
    repaired: int = 0


class Reader(Protocol):
    """A format."""

    def blocks(self, path: Path, source: str) -> Iterator[RawBlock]:
        """Split a file, in order and in bounded memory."""
        ...

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block; of a sample only those whose number is drawn, see `drawn`."""
        ...


def shown_path(path: Path) -> str:
    r"""Return a path as text that any file can hold; bytes of a name that are no UTF-8 are written as escapes.

    Examples
    --------
    >>> shown_path(Path(os.fsdecode(b"caf\xe9.jsonl")))
    'caf\\xe9.jsonl'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def drawn(number: int, share: float) -> bool:
    """Whether a record is in the sample: a function of its number alone, so that every run draws the same.

    Notes
    -----
    The finaliser of SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195) against the share of 2**64.

    Examples
    --------
    >>> sum(drawn(number, 0.1) for number in range(10_000))
    1049
    """
    if share >= 1:
        return True
    mask = 2**64 - 1
    z = (number + 1) * 0x9E3779B97F4A7C15 & mask
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
    return (z ^ (z >> 31)) < share * 2**64
