"""Rows of a CSV file, strictly: a row that breaks the rules is refused alone, and the rows after it are read.

The csv module of Python lets an unclosed quote swallow the rest of a file. Here the lines it swallowed are read again
where they look like rows of the table; where they don't, they are refused with it, since lines from inside a text must
never pass for rows.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assay.errors import BadInput
from assay.ledger.ingest.lines import MAX_LINE_BYTES, Line
from assay.ledger.ingest.record import Blank, Rejected, RowError

DELIMITERS = ",;\t|"
MAX_ROW_CHARACTERS = MAX_LINE_BYTES
MAX_ROW_LINES = 100_000
MAX_READ_AGAIN = 128 * 2**20
LINE_COST = 100
"""Swallowed lines are read a second time up to this many characters in all, a line counting as 100 at least."""

SNIFFED_ROWS = 50
LOOKS_LIKE_ROWS = 0.9
_CHECKED_LINES = 100


class TableRow(NamedTuple):
    """One row of a table: column -> cell."""

    line: int
    cells: dict[str, object]
    size: int = 0
    """About how many characters it holds."""
    text: str = ""
    """How it begins in the file."""
    offset: int | None = None


class Sniffed(NamedTuple):
    """What the beginning of a file looks like with the delimiter that fits best."""

    delimiter: str
    columns: int
    fitting: float
    """Share of the first rows that have as many fields as the header."""


def sniff(text: str) -> Sniffed:
    r"""Return the delimiter that makes the most regular table.

    Examples
    --------
    >>> sniff("a;b\n1,5;2\n3,5;4\n")
    Sniffed(delimiter=';', columns=2, fitting=1.0)
    """
    return max(
        (_sniff_one(text, delimiter) for delimiter in DELIMITERS),
        key=lambda found: (found.columns > 1, found.fitting, found.columns),
    )


def _sniff_one(text: str, delimiter: str) -> Sniffed:
    csv.field_size_limit(MAX_ROW_CHARACTERS)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > SNIFFED_ROWS:
                break
    except csv.Error:
        pass
    if len(rows) > 2:
        rows.pop()  # it may be cut off
    if not rows:
        return Sniffed(delimiter, 0, 0.0)
    width = len(rows[0])
    fitting = [len(row) == width for row in rows[1:]] or [True]
    return Sniffed(delimiter, width, sum(fitting) / len(fitting))


def csv_rows(
    lines: Iterator[Line], delimiter: str, place: str
) -> Iterator[TableRow | Rejected | Blank]:
    """Yield the rows below the header.

    Parameters
    ----------
    lines
        Of the file, as `read_lines` gives them.
    delimiter
        One character.
    place
        Of the file, for messages.

    Raises
    ------
    BadInput
        Where there is no header, or it can't name the columns.
    """
    feed = _Feed(lines)
    records = _records(feed, delimiter)
    columns: list[str] = []
    for first, size, found in records:
        if isinstance(found, str):
            if not columns:
                raise BadInput(
                    f"the header can't be read: {found}", where=f"{place}:{first.number}"
                )
            yield first.rejected(found)
        elif not any(map(str.strip, found)):
            yield Blank(first.number)
        elif not columns:
            columns = _header(found, f"{place}:{first.number}")
            feed.width = len(columns)
        else:
            cells: dict[str, object] = dict(zip(columns, found, strict=True))
            yield TableRow(first.number, cells, size, first.text, first.offset)


def _header(fields: Sequence[str], where: str) -> list[str]:
    columns = [field.strip() for field in fields]
    named = [column for column in columns if column]
    if len(set(named)) < len(named):
        twice = next(column for column in named if named.count(column) > 1)
        raise BadInput(
            f"the column {twice[:60]!r} stands twice in the header: the first line must name each column once",
            where=where,
        )
    return columns


class _Feed:
    """Gives lines to the csv module, and keeps those of the row at hand to be read again."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self._left = MAX_READ_AGAIN
        self._size = 0
        self.row: list[Line] = []
        self.width = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.row.append(line)
        if line.end == "broken":
            raise StopIteration
        self._size += len(line.text)
        if self._size > 2 * MAX_ROW_CHARACTERS or len(self.row) > MAX_ROW_LINES:
            raise RowError("the row does not end: a quote that opens here is not closed")
        return line.text

    @property
    def size(self) -> int:
        return self._size

    def start_row(self) -> None:
        self.row = []
        self._size = 0

    def give_back(self, delimiter: str) -> bool:
        """Put all lines but the first back to be read again, if they look like rows of their own."""
        swallowed = self.row[1:]
        cost = self._size + LINE_COST * len(swallowed)
        if not swallowed or swallowed[-1].end == "broken" or cost > self._left:
            return False
        if not _look_like_rows(
            [line.text for line in swallowed[:_CHECKED_LINES]], delimiter, self.width
        ):
            return False
        self._left -= cost
        self._again.extendleft(reversed(swallowed))
        return True


def _records(feed: _Feed, delimiter: str) -> Iterator[tuple[Line, int, list[str] | str]]:
    """Yield each row's first line, its size, and its fields or what is wrong with it."""
    csv.field_size_limit(MAX_ROW_CHARACTERS)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.start_row()
        fault = ""
        fields: list[str] = []
        try:
            fields = next(reader)
        except StopIteration:
            if not feed.row:
                return
        except (csv.Error, RowError) as error:
            fault = _in_words(error)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
        first, last = feed.row[0], feed.row[-1]
        fault = _line_fault(feed.row) or fault
        if not fault and feed.width and len(fields) not in (0, feed.width):
            fault = f"has {len(fields)} fields, the header has {feed.width}"
        if fault and len(feed.row) > 1 and not feed.give_back(delimiter):
            fault += f" (lines {first.number} to {last.number} are lost)"
        yield first, feed.size, fault or fields
        if last.end == "broken":
            return


def _line_fault(row: Sequence[Line]) -> str:
    for line in row:
        if line.fault:
            return line.fault
        if "\0" in line.text:
            return f"holds a NUL byte, in line {line.number}"
    return ""


def _in_words(error: Exception) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote that opens here is never closed"
    if "expected after" in text:
        return "a quote inside a quoted field is not doubled"
    if "field larger" in text:
        return f"a field is longer than {MAX_ROW_CHARACTERS // 2**20} MiB: is a quote not closed?"
    if "new-line character" in text:
        return "a carriage return outside quotes"
    return text


def _look_like_rows(texts: Sequence[str], delimiter: str, width: int) -> bool:
    if width < 2:
        return False
    found: list[int] = []
    last: list[str] = []
    try:
        found.extend(len(row) for row in csv.reader(texts, delimiter=delimiter, strict=True) if row)
    except csv.Error as error:
        # The last of them may go on in lines not yet read.
        if "unexpected end of data" not in str(error):
            return False
        last = next(iter(csv.reader(texts[-1:], delimiter=delimiter)), [])
    if not found:
        return len(texts) == 1 and 1 < len(last) <= width
    return sum(n == width for n in found) >= LOOKS_LIKE_ROWS * len(found)
