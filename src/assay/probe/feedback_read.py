"""Thumbs up and down: from a file of what users clicked, or from a judge's verdicts; one voice a person a trace."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object, read_lines
from assay.ledger.ingest.record import RowError, microseconds
from assay.ledger.ingest.source import Source
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal

UP = frozenset(
    ["up", "thumbs_up", "thumbsup", "like", "liked", "good", "positive", "true", "+1", "1", "👍"]
)
DOWN = frozenset(
    [
        "down",
        "thumbs_down",
        "thumbsdown",
        "dislike",
        "disliked",
        "bad",
        "negative",
        "false",
        "-1",
        "👎",
    ]
)
COLUMNS = ("thumbs", "thumb", "feedback", "rating", "value")
"""The column with the thumb; the first of these that the file has."""

MOST_FIELD_CHARACTERS = 2**20


class Thumb(StrEnum):
    """What users said of a trace."""

    UP = "up"
    DOWN = "down"
    MIXED = "mixed"
    """Some up, some down."""
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Thumbs:
    """The feedback that there is.

    Parameters
    ----------
    by_trace
        Trace id -> up, down or mixed; a trace that nobody said anything of is not there.
    voices : >= 0
        Thumbs of different people that count.
    replaced : >= 0
        Thumbs of a person who clicked again later.
    refused
        Line and reason of what could not be read.
    source
        File or judge.
    """

    by_trace: Mapping[str, Thumb]
    voices: int
    replaced: int
    refused: tuple[tuple[int, str], ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Voice:
    trace_id: str
    person: str
    at: int
    is_up: bool


def read_thumbs(path: Path) -> Thumbs:
    """Read a file of thumbs: CSV with a header, or JSON Lines.

    Parameters
    ----------
    path
        Columns ``trace_id`` and ``thumbs`` (up or down, 1 or -1, true or false); ``person`` and ``at``, where known.
        Of a person only the newest thumb on a trace counts; without a name each line is a voice of its own.

    Raises
    ------
    BadInput
        Where the file can't be read, or has no thumb in it.
    """
    voices: list[_Voice] = []
    refused: list[tuple[int, str]] = []
    for line, values in _lines(path, refused):
        try:
            voice = _voice(values, line)
        except RowError as error:
            refused.append((line, str(error)))
            continue
        if voice is not None:
            voices.append(voice)
    if not voices:
        why = f": line {refused[0][0]}: {refused[0][1]}" if refused else ""
        raise BadInput(f"there is no thumb in it{why}", where=str(path))
    return _counted(voices, tuple(refused), str(path))


def judge_thumbs(ledger: Ledger, judge: str) -> Thumbs:
    """Return the verdicts of a judge as thumbs: wrong is down, right is up; each trace's newest.

    Raises
    ------
    BadInput
        Where it has said nothing.
    """
    rows = ledger.rows(
        f"SELECT trace_id, error_probability FROM verdicts WHERE judge = {literal(judge)} "
        f"AND error_probability IS NOT NULL AND error_probability <> 0.5 ORDER BY {NEWEST_LAST}"
    )
    voices = [
        _Voice(row["trace_id"], judge, place, row["error_probability"] < 0.5)
        for place, row in enumerate(rows)
    ]
    if not voices:
        raise BadInput(f"the ledger holds no verdict of {judge}")
    return _counted(voices, (), f"verdicts of {judge}")


def _counted(voices: Iterable[_Voice], refused: tuple[tuple[int, str], ...], source: str) -> Thumbs:
    newest: dict[tuple[str, str], _Voice] = {}
    replaced = 0
    for voice in sorted(voices, key=lambda one: one.at):
        key = voice.trace_id, voice.person
        replaced += key in newest
        newest[key] = voice
    by_trace: dict[str, Thumb] = {}
    for voice in newest.values():
        thumb = Thumb.UP if voice.is_up else Thumb.DOWN
        before = by_trace.setdefault(voice.trace_id, thumb)
        if before is not thumb:
            by_trace[voice.trace_id] = Thumb.MIXED
    return Thumbs(by_trace, len(newest), replaced, refused, source)


def _lines(
    path: Path, refused: list[tuple[int, str]]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    source = Source(path)
    with source.open() as stream:
        first = stream.read(1)
    is_json = first in (b"{", b"[") or path.name.removesuffix(".gz").endswith((".jsonl", ".json"))
    yield from _json_lines(source, refused) if is_json else _csv_lines(source)


def _json_lines(
    source: Source, refused: list[tuple[int, str]]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    with source.open() as stream:
        for line in read_lines(stream):
            if line.blank:
                continue
            try:
                if line.fault:
                    raise RowError(line.fault)
                yield line.number, parse_object(line.text)
            except RowError as error:
                refused.append((line.number, str(error)))


def _csv_lines(source: Source) -> Iterator[tuple[int, Mapping[str, object]]]:
    csv.field_size_limit(MOST_FIELD_CHARACTERS)
    with source.open() as stream:
        try:
            reader = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
            for row in reader:
                # A line that is too long has its rest under None.
                values = {name: value for name, value in row.items() if isinstance(name, str)}
                yield reader.line_num, values
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadInput(f"is no CSV: {error}", where=str(source.path)) from None


def _voice(values: Mapping[str, object], line: int) -> _Voice | None:
    trace_id = values.get("trace_id")
    if not isinstance(trace_id, str) or not trace_id:
        raise RowError("`trace_id` is missing: say which output the thumb is for")
    column = next((name for name in COLUMNS if name in values), None)
    if column is None:
        raise RowError(f"there is no thumb in it: one of {', '.join(COLUMNS)} must say up or down")
    said = values[column]
    text = (said if isinstance(said, str) else json.dumps(said)).strip().lower()
    if text in ("", "null"):
        return None
    if text not in UP | DOWN:
        raise RowError(f"`{column}` must say up or down (1 or -1, true or false), got {said!r:.60}")
    at = values.get("at")
    person = values.get("person")
    return _Voice(
        trace_id,
        # Nobody's name is nobody else's: each such line is a voice of its own.
        str(person) if person not in (None, "") else f"\0line {line}",
        microseconds("at", at) or line if at not in (None, "") else line,
        text in UP,
    )
