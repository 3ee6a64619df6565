"""OpenTelemetry's OTLP/JSON: spans of model calls, and evaluations of them in spans or logs.

Each line is one export, `{"resourceSpans": [...]}`, as the collector's file exporter writes it; one object that fills
the whole file is read, too. Each span and each log record is one item: those that are no call of a model are accepted
and hold no rows. What was asked and answered is read from spans and their events, not from log records, which arrive
apart from their span: only evaluations, which name their span, are taken from those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote

from assay.errors import BadInput
from assay.ledger.ingest.lines import Line, leading_keys, parse_object, read_lines
from assay.ledger.ingest.otlp_span import (
    EVALUATION_EVENT,
    Origin,
    evaluation_row,
    span_identity,
    span_rows,
)
from assay.ledger.ingest.otlp_values import attributes, member, members, moment
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Record, Rejected, RowError
from assay.ledger.ingest.source import ReadOptions, Source

MAX_WHOLE_BYTES = 2**27
"""A file that is one object is held in memory, some ten times its size while it is decoded: 128 MiB."""

EXCERPT_CHARACTERS = 1_000

_SIGNS = (b'"resourceSpans"', b'"resource_spans"', b'"resourceLogs"', b'"resource_logs"')
_EXPORTS = ("resourceSpans", "resourceLogs", "resourceMetrics")


@dataclass(frozen=True)
class Otlp:
    """Reader of OTLP/JSON."""

    name: str = "otlp"
    title: str = "OpenTelemetry traces (OTLP/JSON) with GenAI attributes"

    def recognises(self, head: Head) -> bool:
        """Say whether it begins as an export of spans or logs does."""
        start = head.start.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not start.startswith(b"{") or not any(sign in start for sign in _SIGNS):
            return False
        keys = leading_keys(start.decode("utf-8", "replace"))
        return any(f'"{key}"'.encode() in _SIGNS for key in keys)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Item]:
        """Yield an item a span and log record, numbered by line, or by order in a file that is one object."""
        whole = _whole(source)
        if whole is not None:
            yield from _numbered(_export_items(whole, 1, source, options))
            return
        with source.open() as stream:
            for line in read_lines(stream):
                yield from _line_items(line, source, options)


OTLP = Otlp()


def _whole(source: Source) -> Mapping[str, object] | None:
    """Return the object that fills the file; None where the file is one of lines."""
    with source.open() as stream:
        first = next((line for line in read_lines(stream) if not line.blank), None)
    if first is None or _is_object(first):
        return None
    with source.open() as stream:
        data = stream.read(MAX_WHOLE_BYTES + 1)
    if len(data) > MAX_WHOLE_BYTES:
        if first.text.strip() == "{":
            raise BadInput(
                f"{source.path.name} is one object of over {MAX_WHOLE_BYTES // 2**20} MiB, which is held in memory: "
                "write one export a line",
                where=str(source.path),
                next_command=f"jq -c . {quote(str(source.path))} > lines.jsonl",
            )
        return None
    try:
        return parse_object(data.decode("utf-8-sig"))
    except (RowError, UnicodeDecodeError):
        # Lines after all, the first of them broken: each is refused by itself.
        return None


def _is_object(line: Line) -> bool:
    try:
        return not line.fault and bool(parse_object(line.text))
    except RowError:
        return False


def _numbered(items: Iterator[Item]) -> Iterator[Item]:
    for number, item in enumerate(items, 1):
        match item:
            case Record():
                yield Record(number, item.traces, item.verdicts)
            case Rejected():
                yield Rejected(number, item.reason, item.excerpt)
            case Blank():
                yield Blank(number)


def _line_items(line: Line, source: Source, options: ReadOptions) -> Iterator[Item]:
    if line.blank:
        yield Blank(line.number)
    elif line.fault:
        yield line.rejected()
    else:
        try:
            export = parse_object(line.text)
        except RowError as error:
            yield line.rejected(str(error))
            return
        yield from _export_items(export, line.number, source, options)


def _export_items(
    export: Mapping[str, object], line: int, source: Source, options: ReadOptions
) -> Iterator[Item]:
    if all(member(export, name) is None for name in _EXPORTS):
        reason = "`resourceSpans` and `resourceLogs` are both missing: no export of OpenTelemetry"
        yield Rejected(line, reason, _excerpt(export))
        return
    empty = True
    for item in _held(export, line, source, options):
        empty = False
        yield item
    if empty:
        yield Record(line)


def _held(
    export: Mapping[str, object], line: int, source: Source, options: ReadOptions
) -> Iterator[Item]:
    try:
        for group in members(export, "resourceSpans"):
            origin = _origin(group, line, source, options)
            for scope in members(group, "scopeSpans", "instrumentationLibrarySpans"):
                for span in members(scope, "spans"):
                    yield _span_item(span, line, origin)
        for group in members(export, "resourceLogs"):
            origin = _origin(group, line, source, options)
            for scope in members(group, "scopeLogs", "instrumentationLibraryLogs"):
                for record in members(scope, "logRecords"):
                    yield _log_item(record, line, origin)
    except RowError as error:
        yield Rejected(line, str(error), _excerpt(export))


def _origin(group: Mapping[str, object], line: int, source: Source, options: ReadOptions) -> Origin:
    resource = group.get("resource")
    return Origin(
        attributes(resource) if isinstance(resource, dict) else {}, source.place(line), options
    )


def _span_item(span: Mapping[str, object], line: int, origin: Origin) -> Item:
    try:
        return Record(line, *span_rows(span, origin))
    except RowError as error:
        return Rejected(line, str(error), _excerpt(span))
    except RecursionError:
        return Rejected(line, "a message is nested too deeply")


def _log_item(record: Mapping[str, object], line: int, origin: Origin) -> Item:
    try:
        values = attributes(record)
        if (member(record, "eventName") or values.get("event.name")) != EVALUATION_EVENT:
            return Record(line)
        if not member(record, "spanId"):
            raise RowError(
                "`spanId` is missing: an evaluation without it can't be put to what it judged"
            )
        at = moment(record, "timeUnixNano", "observedTimeUnixNano")
        row = evaluation_row(values, span_identity(record), at, origin.source)
        return Record(line, (), (row,) if row else ())
    except RowError as error:
        return Rejected(line, str(error), _excerpt(record))


def _excerpt(value: Mapping[str, object]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:EXCERPT_CHARACTERS]
    except RecursionError:
        return ""
