"""JSON files: one array of records, as instruction sets are given away, or JSON Lines under that name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.curate.read.jsonl import JsonLines
from assay.curate.read.raw import Parsed, RawBlock, ReadSettings
from assay.curate.read.records import Record, blocks_of
from assay.curate.rejected import CUT_OFF
from assay.errors import BadInput
from assay.ledger.ingest.source import Source

MOST_BYTES = 1_000_000_000
"""An array is held in memory whole; a larger one is refused."""

_BLANK = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Json:
    """The reader of files named .json: of one array, a document an element; else as JSON Lines.

    Parameters
    ----------
    settings
    """

    settings: ReadSettings = field(default_factory=ReadSettings)

    def blocks(self, path: Path, source: str = "") -> Iterator[RawBlock]:
        """Yield the elements, or the lines, in blocks.

        Raises
        ------
        BadInput
            If there is no such file, or it can't be opened.
        """
        file = Source(path)
        if not file.head().removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"["):
            return JsonLines(self.settings).blocks(path, source)
        return blocks_of(path, source, _elements(file), self.settings.max_record_bytes)

    def parse(self, block: RawBlock, share: float = 1.0) -> Parsed:
        """Return the documents of a block."""
        return JsonLines(self.settings).parse(block, share)


def _elements(file: Source) -> Iterator[Record]:
    try:
        with file.open() as stream:
            data = stream.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Record(1, b"", "not UTF-8", f"byte {error.start + 1:,} of the file")
        return
    except (OSError, EOFError, BadInput) as error:
        said = error.message if isinstance(error, BadInput) else str(error)
        yield Record(1, b"", CUT_OFF, said)
        return
    if len(data) > MOST_BYTES:
        yield Record(1, b"", "array too large", "write it as JSON Lines, a record a line")
        return
    yield from _parsed(text)


def _parsed(text: str) -> Iterator[Record]:
    scan = json.JSONDecoder().raw_decode
    at = _after(_BLANK, text, text.index("[") + 1)
    number = 0
    while at < len(text) and text[at] != "]":
        number += 1
        try:
            _, end = scan(text, at)
        except (ValueError, RecursionError) as error:
            yield Record(number, b"", CUT_OFF, str(error)[:200])
            return
        # A line break can't stand inside a string of JSON: all of them are layout.
        line = text[at:end].replace("\n", " ").replace("\r", " ")
        yield Record(number, line.encode("utf-8", "surrogatepass"), share=end / len(text))
        at = _after(_BLANK, text, end)
        if at < len(text) and text[at] != "]":
            comma = _BETWEEN.match(text, end)
            if comma is None:
                said = f"no comma after element {number}"
                yield Record(number + 1, b"", CUT_OFF, said)
                return
            at = comma.end()
    if at >= len(text):
        yield Record(number + 1, b"", CUT_OFF, "its array does not end")


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
