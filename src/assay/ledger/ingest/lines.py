"""Lines of a file, and the JSON object on each, read strictly and in bounded memory.

Python's own `json` takes NaN, infinities, duplicate keys and lone surrogates, and breaks on depth; a database's reader
turns 2**64 into a rounded number and a broken line into a row of nulls. Here every such line is refused, with the
reason in plain words, and the lines after it are still read.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, Literal, NamedTuple

import zstandard

from assay.ledger.ingest.record import INT64_MAX, Rejected, RowError

MAX_LINE_BYTES = 16 * 2**20
MAX_DEPTH = 64
EXCERPT_CHARACTERS = 1_000

_SKIP_BYTES = 2**20
_BOM = b"\xef\xbb\xbf"
_BLANK = " \t\r\n\v\f"

# What a packed file that is cut off or damaged raises, and a disk that fails.
_BROKEN_STREAM = (EOFError, zlib.error, zstandard.ZstdError, OSError)


class Line(NamedTuple):
    """One line of a file, its end included."""

    number: int
    """From 1."""
    offset: int
    """Bytes before it in the unpacked file."""
    text: str
    """Of a refused line the part that could be read."""
    fault: str = ""
    """Why the line is refused; empty for a good one."""
    end: Literal["line", "broken"] = "line"
    """Broken: nothing can be read after it."""

    @property
    def blank(self) -> bool:
        """Whether there is nothing on it."""
        return not self.fault and not self.text.strip(_BLANK)

    def rejected(self, reason: str = "") -> Rejected:
        """Return the refusal of this line, for its own fault or for the one given."""
        excerpt = self.text[:EXCERPT_CHARACTERS].rstrip(_BLANK)
        return Rejected(self.number, reason or self.fault, excerpt, offset=self.offset)


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    r"""Yield the lines of a stream, those that can't be read with the reason why.

    Parameters
    ----------
    stream
        Bytes of UTF-8 text, with or without a byte-order mark, lines ended by LF or CR LF.

    Notes
    -----
    Memory is bounded by `MAX_LINE_BYTES`: a longer line is skipped in pieces and refused. Where a packed file is cut
    off or damaged, the last line yielded says so, and `end` is "broken".

    Examples
    --------
    >>> import io
    >>> for line in read_lines(io.BytesIO(b'one\n\n\xff\n')):
    ...     print(line.number, line.offset, line.blank, line.fault or 'good')
    1 0 False good
    2 4 True good
    3 5 False not UTF-8: byte 0xff at column 1
    """
    offset = 0
    for number in count(1):
        raw, size = b"", 0
        try:
            raw = stream.readline(MAX_LINE_BYTES + 2)
            size = len(raw)
            if size > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                size += _skip_line(stream)
        except _BROKEN_STREAM as error:
            yield Line(number, offset, _readable(raw), _broken(error), "broken")
            return
        if not raw:
            return
        yield _line(number, offset, raw, size)
        offset += size


def parse_object(text: str) -> dict[str, object]:
    r"""Return the JSON object on a line.

    Raises
    ------
    RowError
        Where the text is no JSON object, is nested deeper than 64, has a key twice, a number that fits neither 64-bit
        integers nor finite floats, NaN, or a lone surrogate.

    Examples
    --------
    >>> parse_object('{"task_id": 7, "output": "yes"}')
    {'task_id': 7, 'output': 'yes'}
    >>> parse_object('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    assay.ledger.ingest.record.RowError: the key "a" stands twice in one object
    """
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise RowError(_syntax_fault(error)) from None
    if not isinstance(value, dict):
        raise RowError(f"must be a JSON object {{...}}, got {_JSON_NAMES[type(value)]}")
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def leading_keys(text: str) -> list[str]:
    """Return the top-level keys of the JSON object that begins a text which may be cut off anywhere.

    Examples
    --------
    >>> leading_keys('{"id": 1, "meta": {"model": "m"}, "output": "It is')
    ['id', 'meta', 'output']
    """
    keys: list[str] = []
    depth, is_key = 0, False
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece[0] == '"':
            if is_key and len(piece) > 1 and piece.endswith('"'):
                keys.append(piece[1:-1])
            is_key = False
        elif piece in "{[":
            depth += 1
            is_key = depth == 1 and piece == "{"
        elif piece in "}]":
            depth -= 1
        else:
            is_key = depth == 1
    return keys


# Possessive, and content with a missing closing quote: one pass over the text, whatever stands in it.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},]', re.DOTALL)
_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_JSON_NAMES = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


_GONE = object()


def _skip_line(stream: BinaryIO) -> int:
    skipped = 0
    while piece := stream.readline(_SKIP_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _line(number: int, offset: int, raw: bytes, size: int) -> Line:
    if size > MAX_LINE_BYTES + 2:
        fault = f"longer than {MAX_LINE_BYTES // 2**20} MiB: {size:,} bytes"
        return Line(number, offset, _readable(raw), fault)
    if offset == 0 and raw.startswith(_BOM):
        raw = raw[len(_BOM) :]
    try:
        return Line(number, offset, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        fault = f"not UTF-8: byte 0x{raw[error.start]:02x} at column {error.start + 1}"
        return Line(number, offset, raw.decode("utf-8", "backslashreplace"), fault)


def _readable(raw: bytes) -> str:
    return raw[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "backslashreplace")


def _broken(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the file is cut off here: its packing does not end"
    return f"the file can't be read beyond this line: {error}"


def _check_depth(text: str) -> None:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKET.finditer(text):
        if match[0] in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                raise RowError(f"nested deeper than {MAX_DEPTH}")
        elif match[0] in "}]":
            depth -= 1


def _check_surrogates(value: dict[str, object]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        lone = error.object[error.start]
        raise RowError(f"holds a lone surrogate \\u{ord(lone):04x}, which is not text") from None


def _syntax_fault(error: json.JSONDecodeError) -> str:
    text = error.doc.strip(_BLANK)
    if not text.startswith("{"):
        return f"not JSON: must begin with {{, begins with {text[:20]!r}"
    if error.msg == "Extra data":
        return f"not JSON: something follows the object, at column {error.pos + 1}"
    if error.pos >= len(error.doc.rstrip(_BLANK)) or error.msg.startswith("Unterminated string"):
        return "not JSON: the line ends inside the object"
    return f"not JSON: {error.msg[0].lower()}{error.msg[1:]} at column {error.pos + 1}"


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if found.pop(key, _GONE) is _GONE)
        raise RowError(f"the key {_short(twice)} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    # Checked by length first: Python takes quadratic time for long ones, and refuses over 4,300 digits.
    value = int(digits) if len(digits) <= 20 else None
    if value is None or not -INT64_MAX - 1 <= value <= INT64_MAX:
        raise RowError(
            f"the integer {digits[:24]}{'...' * (len(digits) > 24)} does not fit 64 bits"
        )
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise RowError(f"the number {digits[:24]} is too large")
    return value


def _constant(name: str) -> float:
    raise RowError(f"{name} is not JSON: write null where a number is unknown")


def _short(key: str) -> str:
    return json.dumps(key if len(key) <= 40 else key[:37] + "...", ensure_ascii=True)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
