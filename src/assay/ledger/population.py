"""A window of a system's traces as SQL: the finite population that a draw freezes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assay.ledger.schema import JUDGE_KINDS, ORIGINS
from assay.ledger.store import Ledger, literal


@dataclass(frozen=True, slots=True)
class Window:
    """The outputs of one system, one version, from a moment on and before another, of one origin.

    Parameters
    ----------
    system, version
        What answered.
    start, end
        Microseconds since 1970 UTC; start is included, end is not. None: no limit.
    origin : field, exam, probe or None
        Work, or questions that somebody asked in order to know. None: whatever the origin, as in draws from before
        ledgers kept it.
    """

    system: str
    version: str
    start: int | None = None
    end: int | None = None
    origin: str | None = None

    def may_be(self, other: Window) -> bool:
        """Return whether both mean the same outputs; an origin that one of them doesn't say may be any."""
        return None in (self.origin, other.origin) or self.origin == other.origin

    def condition(self, table: str = "traces") -> str:
        """Return the SQL condition that a trace lies in the window."""
        parts = [
            f"{table}.system = {literal(self.system)}",
            f"{table}.version = {literal(self.version)}",
            *time_conditions(self.start, self.end, table),
        ]
        if self.origin is not None:
            parts.append(f"{origin_of(table)} = {literal(self.origin)}")
        return " AND ".join(parts)


def work_of(ledger: Ledger, window: Window, *, versions: Mapping[str, int] | None = None) -> Window:
    """Return a window with its origin: that of the work that is in it.

    What users were given is the work of a system. Exams and probes in the same ledger are not: they would count
    questions that were picked for being hard, or asked again and again. Only where there is nothing else are they what
    the window is of.
    """
    if window.origin is not None:
        return window
    return replace(window, origin=first_origin(origins_in(ledger, window, versions=versions)))


def origins_in(
    ledger: Ledger, window: Window, *, versions: Mapping[str, int] | None = None
) -> set[str]:
    """Return which origins the outputs of a window have, whichever one the window is of."""
    everything = replace(window, origin=None).condition()
    rows = ledger.rows(
        f"SELECT DISTINCT {origin_of()} AS origin FROM traces WHERE {everything}", versions=versions
    )
    return {row["origin"] for row in rows}


def first_origin(origins: Collection[str]) -> str | None:
    """Return which of some origins is the work: field, else exam, else probe; None of none."""
    return next((origin for origin in ORIGINS if origin in origins), None)


def origin_of(table: str = "traces") -> str:
    """Return SQL for the origin of a trace. Rows that a program has written without one are work."""
    return f"coalesce({table}.origin, {literal(ORIGINS[0])})"


def time_conditions(start: int | None, end: int | None, table: str = "traces") -> list[str]:
    """Return SQL conditions that a trace's time is at `start` or later and before `end`."""
    parts = []
    if start is not None:
        parts.append(f"{table}.at >= {timestamp(start)}")
    if end is not None:
        parts.append(f"{table}.at < {timestamp(end)}")
    return parts


def timestamp(microseconds: int) -> str:
    """Return a time as an SQL literal."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"TIMESTAMP '{moment}.{microseconds % 1_000_000:06d}Z'"


def moment_text(microseconds: int | None) -> str | None:
    """Return a time as a person writes it, and as the command line takes it: ISO 8601, UTC; None stays None."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat().replace("+00:00", "Z")


def tag(name: str, table: str = "traces") -> str:
    """Return SQL for a tag's value as it is stored, JSON-escaped; null where a trace has no such tag.

    Tags are stored as one canonical JSON object of strings. Inside a string every quote is escaped, so a name
    in quotes that follows `{` or `,` can only be a name.
    """
    key = re.escape(json.dumps(name, ensure_ascii=False))
    pattern = literal(r"[{,]" + key + r':"((?:[^"\\]|\\.)*)"')
    return f"regexp_match({table}.tags, {pattern})[1]"


def tag_value(stored: str | None) -> str | None:
    """Return a tag's value from its stored form."""
    return None if stored is None else str(json.loads(f'"{stored}"'))


NEWEST_LAST = (
    "at NULLS FIRST, split_part(source, ':', 1), try_cast(split_part(source, ':', 2) AS BIGINT)"
)
"""Order of verdicts: by time; without times, those of one file by line."""

BUCKET_ROWS = 5_000_000
"""A join of so many rows with as many takes some 1.4 GB; more of them are joined bucket by bucket."""


def buckets(column: str, rows: int) -> list[str]:
    """Return SQL conditions that part rows by the last two characters of an id, for joins that would not fit at once.

    Ids that all end alike fall into one bucket: nothing is wrong then, only large.
    """
    count = max(1, -(-rows // BUCKET_ROWS))
    if count == 1:
        return ["TRUE"]
    code = f"(ascii(right({column}, 1)) + 7 * ascii(right({column}, 2)))"
    return [f"{code} % {count} = {bucket}" for bucket in range(count)]


def scores(
    ledger: Ledger,
    judge: str,
    *,
    kinds: Sequence[str] = JUDGE_KINDS,
    versions: Mapping[str, int] | None = None,
    within: str = "TRUE",
) -> str:
    """Return SQL for a judge's newest score of each trace: columns trace_id and error_probability.

    Verdicts that belong to a draw are labels and never a score. The newest is looked for only where a judge has
    spoken twice: over ten million traces it costs seconds. `within` is a further condition on trace_id.
    """
    own = (
        f"judge = {literal(judge)} AND draw_id IS NULL "
        f"AND judge_kind IN ({','.join(map(literal, kinds))}) AND {within}"
    )
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(DISTINCT trace_id) AS traces FROM verdicts WHERE {own}",
        versions=versions,
    )[0]
    if counts["n"] == counts["traces"]:
        return f"SELECT trace_id, error_probability FROM verdicts WHERE {own}"
    return (
        f"SELECT trace_id, last_value(error_probability ORDER BY {NEWEST_LAST}) AS error_probability "
        f"FROM verdicts WHERE {own} GROUP BY trace_id"
    )
