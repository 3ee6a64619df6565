"""Pages and plain texts, a document each: gathered in blocks as they stand, made to text where a block is parsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from assay.curate.documents import Documents
from assay.curate.read.html_text import decoded
from assay.curate.read.page_text import page_text
from assay.curate.read.raw import (
    BLOCK_BYTES,
    BLOCK_RECORDS,
    Parsed,
    RawBlock,
    ReadSettings,
    drawn,
    shown_path,
)
from assay.curate.rejected import Rejected
from assay.curate.text_column import TextColumn

_BOM = b"\xef\xbb\xbf"


class Page(msgspec.Struct, frozen=True, array_like=True):
    """A document as it stands in a file or an archive.

    Parameters
    ----------
    number : >= 1
        Of the record in its archive, or of the file in its folder; rising.
    doc_id, source, where
        See `assay.curate.documents`.
    data
        Its bytes.
    markup
        Whether it is HTML; else plain text.
    charset
        That a server named, if any.
    fields
        What else is known of it.
    """

    number: int
    doc_id: str
    source: str
    where: str
    data: bytes
    markup: bool
    charset: str | None = None
    fields: dict[str, str] = {}


class Refused(msgspec.Struct, frozen=True):
    """A document that can't be had: see `assay.curate.rejected`."""

    number: int
    where: str
    reason: str
    detail: str = ""


_DECODER = msgspec.msgpack.Decoder(list[Page])


def blocks_of_pages(
    path: Path, source: str, pages: Iterable[tuple[Page | Refused, float]]
) -> Iterator[RawBlock]:
    """Yield pages in blocks.

    Parameters
    ----------
    path
        What reader reads them is told by its ending.
    source
        Name that a person gave.
    pages
        Each with the share of the input that has been read.
    """
    index, size, share = 0, 0, 0.0
    held: list[Page] = []
    rejected: list[Rejected] = []

    def block() -> RawBlock:
        first = held[0].number if held else 1
        payload = msgspec.msgpack.encode(held) if held else b""
        named = (shown_path(path), source, index, first)
        return RawBlock(*named, payload, tuple(rejected), share, len(held))

    for page, share in pages:  # noqa: B007
        if isinstance(page, Refused):
            rejected.append(Rejected(page.where, page.reason, page.detail))
        else:
            held.append(page)
            size += len(page.data)
        if size >= BLOCK_BYTES or len(held) + len(rejected) >= BLOCK_RECORDS:
            yield block()
            index, size, held, rejected = index + 1, 0, [], []
    if held or rejected:
        yield block()


def parse_pages(block: RawBlock, settings: ReadSettings, share: float) -> Parsed:
    """Return the documents of a block of pages.

    Raises
    ------
    MissingPart
        Where one is HTML, without the extra ``curate``.
    """
    rows: list[tuple[Page, bytes]] = []
    rejected = list(block.rejected)
    repaired = 0
    for page in _DECODER.decode(block.payload) if block.payload else ():
        if not drawn(page.number, share):
            continue
        text, refused, replaced = _text(page, settings)
        if refused is not None:
            rejected.append(refused)
            continue
        rows.append((page, text))
        repaired += replaced
    docs = Documents(
        tuple(page.doc_id for page, _ in rows),
        TextColumn.from_bytes([text for _, text in rows]),
        tuple(block.source or page.source for page, _ in rows),
        tuple(page.where for page, _ in rows),
        tuple(_fields(page) for page, _ in rows),
    )
    return Parsed(docs, tuple(rejected), repaired)


def _text(page: Page, settings: ReadSettings) -> tuple[bytes, Rejected | None, bool]:
    """Return the text of a page, or why there is none, and whether bytes of it were no text."""
    if page.markup:
        characters = decoded(page.data, page.charset)
        found = page_text(characters.text, settings)
        if found.reason:
            return b"", Rejected(page.where, found.reason, found.detail), False
        return found.text.encode("utf-8", "replace"), None, "\ufffd" in found.text
    data = page.data.removeprefix(_BOM)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        said = f"byte 0x{data[error.start]:02x} in line {line}"
        return b"", Rejected(page.where, "not UTF-8", said), False
    if not text.strip():
        return b"", Rejected(page.where, "empty text"), False
    return data, None, False


def _fields(page: Page) -> str:
    return msgspec.json.encode(page.fields).decode("utf-8") if page.fields else ""
