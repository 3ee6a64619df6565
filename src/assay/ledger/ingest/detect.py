"""Which reader a file is for, told by what is in it and not by its name."""

from __future__ import annotations

import shlex

from assay.errors import BadInput, UnknownFormat
from assay.ledger.ingest.assay_lines import ASSAY_LINES
from assay.ledger.ingest.inspect_log import INSPECT_EVAL, INSPECT_JSON
from assay.ledger.ingest.lm_eval import LM_EVAL
from assay.ledger.ingest.otlp import OTLP
from assay.ledger.ingest.reader import Head, Reader
from assay.ledger.ingest.source import ReadOptions, Source
from assay.ledger.ingest.table import CSV, JSON_LINES, PARQUET

READERS: tuple[Reader, ...] = (
    PARQUET,
    INSPECT_EVAL,
    INSPECT_JSON,
    OTLP,
    LM_EVAL,
    ASSAY_LINES,
    JSON_LINES,
    CSV,
)
"""In the order in which they are asked: those with a sign of their own first, those that take nearly anything last."""

_SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive that is no Inspect log", "unzip -l {file}"),
    (b"SQLite format 3", "an SQLite database: export a table of it", "sqlite3 -csv -header {file}"),
    (b"%PDF", "a PDF document", ""),
    (b"\xff\xfe", "text in UTF-16; it must be UTF-8", "iconv -f utf-16 -t utf-8 {file} > utf8.txt"),
    (b"\xfe\xff", "text in UTF-16; it must be UTF-8", "iconv -f utf-16 -t utf-8 {file} > utf8.txt"),
    (b"<", "a web page or XML", ""),
    (b"[", "a JSON array; one object a line is needed", "jq -c '.[]' {file} > lines.jsonl"),
    (b"{", "JSON, but with no whole object on any line", "jq -c . {file} > lines.jsonl"),
)


def choose_reader(source: Source, options: ReadOptions | None = None) -> Reader:
    """Return the reader for a file.

    Parameters
    ----------
    source
        The file.
    options
        With a mapping of columns, the file is read as a table whatever else it looks like.

    Raises
    ------
    UnknownFormat
        Where no reader knows it: says what it looks like, and what to type.
    BadInput
        Where it can't be opened or is empty.
    """
    source.open().close()
    where = str(source.path)
    if source.size == 0:
        raise BadInput("the file is empty", where=where)
    head = Head(source.head(), source.path.name)
    if not head.start:
        raise BadInput("there is nothing in the file that can be unpacked", where=where)
    if not head.start.strip():
        raise BadInput("the file begins with nothing but blank lines", where=where)
    if options and options.mapping:
        return _table_reader(head)
    for reader in READERS:
        if reader.recognises(head):
            return reader
    raise _unknown(head, source)


def _table_reader(head: Head) -> Reader:
    if PARQUET.recognises(head):
        return PARQUET
    begins_as_json = head.start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return JSON_LINES if begins_as_json or JSON_LINES.recognises(head) else CSV


def _unknown(head: Head, source: Source) -> UnknownFormat:
    file = shlex.quote(str(source.path))
    known = ", ".join(dict.fromkeys(reader.title for reader in READERS))
    start = head.start.removeprefix(b"\xef\xbb\xbf").lstrip()
    signs = [(what, command) for sign, what, command in _SIGNS if start.startswith(sign)]
    what, command = signs[0] if signs else (_by_looks(start), "")
    return UnknownFormat(
        f"no reader knows this file: it looks like {what}. Known are: {known}",
        where=str(source.path),
        next_command=command.format(file=file)
        or f"assay ingest {file} --into runs.ledger --map task_id=COLUMN,system=COLUMN,output=COLUMN",
    )


def _by_looks(start: bytes) -> str:
    if b"\0" in start:
        return "binary data"
    try:
        # A character that the end of the head cuts in two is no fault of the file.
        start[:-4].decode("utf-8")
    except UnicodeDecodeError as error:
        return f"binary data, or text that is not UTF-8 (byte 0x{start[error.start]:02x} at {error.start})"
    return "text that is neither a table with a header nor JSON Lines"
