"""What a reader hands on: rows made good, or a refusal that says where and why.

Every reader yields one `Record`, `Rejected` or `Blank` for each line (or sample, or span) of its source, so that
lines = accepted + rejected + blank holds for every file. `trace_row` and `verdict_row` are the one place where values
become rows: they check types and ranges, and raise `RowError` with the name, the rule and the value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assay.ledger.schema import JUDGE_KINDS, ORIGINS, TRACES, VERDICTS

Row = dict[str, object]
"""One row of a table: column name -> str, int, float or None. Times are microseconds since 1970, UTC."""

INT64_MAX = 2**63 - 1
COUNTED_REASONS = 1_000
"""So many reasons are told apart: they quote values, and memory must not grow with the file."""

EARLIEST_YEAR, LATEST_YEAR = 1970, 2200


class RowError(ValueError):
    """A value that breaks a rule; the message has name, rule and value."""


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted line: the traces and the verdicts that it holds."""

    line: int
    traces: tuple[Row, ...] = ()
    verdicts: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One refused line: where it stands, why, and how it begins."""

    line: int
    reason: str
    excerpt: str = ""
    part: str = ""
    """Member of an archive, where the source is one."""
    offset: int | None = None
    """Byte offset of the line in the (unpacked) file."""


@dataclass(frozen=True, slots=True)
class Blank:
    """One line with nothing in it."""

    line: int


Item = Record | Rejected | Blank


@dataclass(slots=True)
class Tally:
    """Counts of what a reader yielded; `lines` is their sum by construction of `add`."""

    accepted: int = 0
    rejected: int = 0
    blank: int = 0
    traces: int = 0
    verdicts: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def lines(self) -> int:
        """Lines seen: accepted + rejected + blank."""
        return self.accepted + self.rejected + self.blank

    def add(self, item: Item) -> None:
        """Count one item."""
        match item:
            case Record():
                self.accepted += 1
                self.traces += len(item.traces)
                self.verdicts += len(item.verdicts)
            case Rejected():
                self.rejected += 1
                known = item.reason in self.reasons or len(self.reasons) < COUNTED_REASONS
                reason = item.reason if known else "other reasons"
                self.reasons[reason] = self.reasons.get(reason, 0) + 1
            case Blank():
                self.blank += 1


def trace_row(values: Mapping[str, object], *, trace_id: str, source: str) -> Row:
    """Return a row of the table `traces` from the columns of a trace line.

    Parameters
    ----------
    values
        Columns of a trace line; those that aren't known go to `tags`. `trace_id` in it, if any, must be a string.
    trace_id
        Used where `values` has none: made from the file's hash and the line, so that it is the same each time.
    source
        Content hash and line.

    Raises
    ------
    RowError
        Where a value breaks the type or range of its column, or `system`, `output` or both `task_id` and `input`
        are missing.
    """
    row: Row = dict.fromkeys(_TRACE_COLUMNS)
    extra: dict[str, object] = {}
    for name, value in values.items():
        if name == "tags":
            continue
        if name in _TRACE_CHECKS:
            row[name] = _TRACE_CHECKS[name](name, value)
        else:
            extra[name] = value
    row["tags"] = _tags(values.get("tags"), extra)
    row["trace_id"] = row["trace_id"] or trace_id
    row["source"] = source
    if not row["system"]:
        raise RowError("`system` is missing: say which model, agent or people answered")
    if row["output"] is None:
        if row["answer"] is None:
            raise RowError("`output` is missing")
        row["output"] = row["answer"]
    if row["task_id"] is None:
        if row["input"] is None:
            raise RowError(
                "`task_id` and `input` are both missing: one of them must say what was asked"
            )
        row["task_id"] = row["input"]
    row["version"] = row["version"] or ""
    row["epoch"] = 1 if row["epoch"] is None else row["epoch"]
    row["origin"] = row["origin"] or "field"
    return row


def verdict_row(values: Mapping[str, object], *, source: str) -> Row:
    """Return a row of the table `verdicts` from the columns of a verdict line.

    Raises
    ------
    RowError
        Where a value breaks the type or range of its column, or `trace_id`, `judge` or `judge_kind` is missing.
    """
    row: Row = dict.fromkeys(_VERDICT_COLUMNS)
    for name, value in values.items():
        if name not in _VERDICT_CHECKS:
            raise RowError(
                f"`{name}` is not a column of a verdict line ({', '.join(_VERDICT_CHECKS)})"
            )
        row[name] = _VERDICT_CHECKS[name](name, value)
    for name in ("trace_id", "judge", "judge_kind"):
        if not row[name]:
            raise RowError(f"`{name}` is missing")
    if "error_probability" not in values:
        raise RowError("`error_probability` is missing: 1 is wrong, 0 is right, null is unsure")
    row["source"] = source
    return row


def tags_json(tags: Mapping[str, str]) -> str:
    """Return tags in the one form they are stored in: sorted keys, no spaces, so that equal tags are equal text."""
    return json.dumps(dict(tags), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def microseconds(name: str, value: object) -> int | None:
    """Return a time as microseconds since 1970 UTC.

    ISO 8601 text (no zone: UTC), a datetime, or a number of seconds, milliseconds, microseconds or nanoseconds since
    1970, told apart by size: years 1970 to 2200 in one unit don't meet those in another before 1978.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return _from_datetime(name, value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise RowError(f"`{name}` must be a time (ISO 8601), got {_shown(value)}")
    if isinstance(value, str):
        try:
            return _from_datetime(name, datetime.fromisoformat(value.strip()))
        except ValueError:
            raise RowError(f"`{name}` must be a time (ISO 8601), got {_shown(value)}") from None
    if not math.isfinite(value) or value < 0:
        raise RowError(f"`{name}` must be a time after 1970, got {_shown(value)}")
    for per_second in (1, 1_000, 1_000_000, 1_000_000_000):
        if value < 7.26e9 * per_second:  # the year 2200
            return round(value * (1_000_000 / per_second))
    raise RowError(f"`{name}` must be a time before {LATEST_YEAR}, got {_shown(value)}")


def _from_datetime(name: str, value: datetime) -> int:
    if not EARLIEST_YEAR <= value.year < LATEST_YEAR:
        raise RowError(
            f"`{name}` must lie between {EARLIEST_YEAR} and {LATEST_YEAR}, got {_shown(value)}"
        )
    zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
    delta = zoned - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return _encodable(name, value) if value is not None else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(_number(name, value))
    if isinstance(value, (dict, list)):
        return _encodable(name, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    raise RowError(f"`{name}` must be text, got {_shown(value)}")


def _encodable(name: str, value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise RowError(f"`{name}` holds a lone surrogate, which is not text") from None
    return value


def _identity(name: str, value: object) -> str | None:
    if isinstance(value, (dict, list, bool, float)):
        raise RowError(f"`{name}` must be text or a whole number, got {_shown(value)}")
    return _text(name, value)


def _number(name: str, value: object) -> float:
    if isinstance(value, str):
        try:
            value = float(value) if not value.strip().lstrip("+-").isdigit() else int(value)
        except ValueError:
            raise RowError(f"`{name}` must be a number, got {_shown(value)}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RowError(f"`{name}` must be a number, got {_shown(value)}")
    if isinstance(value, int) and abs(value) > INT64_MAX:
        raise RowError(f"`{name}` must fit 64 bits, got {_shown(value)}")
    if not math.isfinite(value):
        raise RowError(f"`{name}` must be finite, got {_shown(value)}")
    return value


def _not_negative(name: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    number = float(_number(name, value))
    if number < 0:
        raise RowError(f"`{name}` must not be negative, got {_shown(value)}")
    return number


def _positive(name: str, value: object) -> float | None:
    # A latency of 0 was not measured: unknown, not instant.
    return _not_negative(name, value) or None


def _count(name: str, value: object) -> int | None:
    number = _not_negative(name, value)
    if number is None:
        return None
    if number != int(number):
        raise RowError(f"`{name}` must be a whole number, got {_shown(value)}")
    return int(number)


def _probability(name: str, value: object) -> float | None:
    number = _not_negative(name, value)
    if number is not None and number > 1:
        raise RowError(f"`{name}` must be in [0, 1], got {_shown(value)}")
    return number


def _severity(name: str, value: object) -> int | None:
    number = _count(name, value)
    if number is not None and number not in (1, 2, 3):
        raise RowError(f"`{name}` must be 1 (worst), 2 or 3, got {_shown(value)}")
    return number


def _one_of(*allowed: str) -> Callable[[str, object], str | None]:
    def check(name: str, value: object) -> str | None:
        if value is None or value == "":
            return None
        if value not in allowed:
            raise RowError(f"`{name}` must be one of {', '.join(allowed)}, got {_shown(value)}")
        return str(value)

    return check


def _tags(tags: object, extra: Mapping[str, object]) -> str:
    if tags is None or tags == "":
        tags = {}
    if isinstance(tags, str):
        try:
            tags = json.loads(tags)
        except (ValueError, RecursionError):
            raise RowError(f"`tags` must be a JSON object, got {_shown(tags)}") from None
    if not isinstance(tags, dict):
        raise RowError(f"`tags` must be an object, got {_shown(tags)}")
    merged: dict[str, str] = {}
    for name, value in {**extra, **tags}.items():
        text = _text(f"tags.{name}", value)
        if text is not None:
            merged[_encodable("tags", str(name))] = text
    return tags_json(merged)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_TRACE_CHECKS: dict[str, Callable[[str, object], object]] = {
    "trace_id": _identity,
    "task_id": _identity,
    "system": _identity,
    "version": _text,
    "epoch": _count,
    "at": microseconds,
    "conversation_id": _identity,
    "turn": _count,
    "input": _text,
    "output": _text,
    "answer": _text,
    "reasoning": _text,
    "context": _text,
    "reference": _text,
    "latency_seconds": _positive,
    "prompt_tokens": _count,
    "completion_tokens": _count,
    "cost_usd": _not_negative,
    "origin": _one_of(*ORIGINS),
}
_VERDICT_CHECKS: dict[str, Callable[[str, object], object]] = {
    "trace_id": _identity,
    "judge": _identity,
    "judge_kind": _one_of(*JUDGE_KINDS),
    "error_probability": _probability,
    "severity": _severity,
    "kind": _text,
    "note": _text,
    "at": microseconds,
    "draw_id": _identity,
    "inclusion_probability": _probability,
}
_TRACE_COLUMNS = tuple(column.name for column in TRACES)
_VERDICT_COLUMNS = tuple(column.name for column in VERDICTS)
