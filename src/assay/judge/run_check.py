"""A mechanical check over a ledger: batch by batch, each trace once, and a stopped run goes on where it stopped.

A check that has spoken on every output of a window makes it a census: the count is exact, as far as the rule is right.
So the rule travels with the number: it is part of the judge's name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from assay.errors import LedgerError
from assay.judge.check import Item, Judged
from assay.judge.rules import Rule
from assay.ledger.ingest.record import Row
from assay.ledger.population import Window, time_conditions
from assay.ledger.store import Ledger, literal

BATCH_ROWS = 50_000
"""Verdicts of one commit."""

BATCH_SECONDS = 10.0
"""A slow check writes after so long: what a kill may cost."""

BATCH_CHARACTERS = 50_000_000
"""Texts given to a check at once."""

SHOWN = 5
"""Traces named where a check could not speak."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which traces.

    Parameters
    ----------
    system, version
        What answered; None: any.
    start, end
        Microseconds since 1970 UTC; start is included, end is not. None: no limit.
    """

    system: str | None = None
    version: str | None = None
    start: int | None = None
    end: int | None = None

    @classmethod
    def of(cls, window: Window) -> Selection:
        """Return the traces of a window."""
        return cls(window.system, window.version, window.start, window.end)

    def condition(self) -> str:
        """Return the SQL condition that a trace is selected."""
        parts = [
            f"traces.{name} = {literal(value)}"
            for name, value in (("system", self.system), ("version", self.version))
            if value is not None
        ]
        return " AND ".join([*parts, *time_conditions(self.start, self.end)]) or "TRUE"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check did.

    Parameters
    ----------
    judged
        Traces judged now.
    wrong
        How many of them are wrong.
    found
        In how many of them an answer was found; in the others nothing was answered, which is wrong.
    without_reference
        Traces that stay unjudged because they have no reference.
    unjudged
        Traces on which the check could not speak.
    first_unjudged
        Trace id and reason of the first few of them.
    """

    judged: int
    wrong: int
    found: int
    without_reference: int
    unjudged: int
    first_unjudged: tuple[tuple[str, str], ...] = ()
    already: int = 0
    """Traces that this check had judged before."""


def judge_by_check(
    ledger: Ledger,
    check: Rule,
    *,
    window: Window | Selection | None = None,
    progress: Callable[[int, float | None], None] | None = None,
) -> CheckReport:
    """Judge every trace that this check has not judged yet.

    Parameters
    ----------
    ledger
        Traces; a verdict each is added. A run that is stopped goes on where it stopped.
    check
        The rule, as `assay.judge.rules.check_named` makes it.
    window
        Only these traces; all of them where None.
    progress
        Called after each batch with the traces looked at so far, and the share of them all.

    Returns
    -------
    CheckReport

    Raises
    ------
    LedgerError
        Where the ledger holds no such system or version.
    """
    chosen = Selection.of(window) if isinstance(window, Window) else window or Selection()
    known = " AND traces.reference IS NOT NULL" if check.needs_reference else ""
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(reference) AS known FROM traces WHERE {chosen.condition()}"
    )[0]
    if not counts["n"]:
        _check_named(ledger, chosen)
    total = counts["known"] if check.needs_reference else counts["n"]
    tally = _Tally(ledger, check.judge)
    unseen = (
        f"LEFT ANTI JOIN (SELECT trace_id FROM verdicts WHERE judge = {literal(check.judge)}) AS judged "
        "ON judged.trace_id = traces.trace_id"
    )
    for items in batches(ledger, f"{unseen} WHERE {chosen.condition()}{known}", check.rows_at_once):
        tally.take(items, check.judge_all(items))
        if progress:
            progress(tally.seen, min(1.0, tally.seen / max(total, 1)))
    tally.write()
    missing = int(counts["n"] - counts["known"]) if check.needs_reference else 0
    return replace(tally.report(missing), already=int(total) - tally.seen)


def _check_named(ledger: Ledger, chosen: Selection) -> None:
    """Refuse a system or version that the ledger does not hold; a window in which nothing happened is none."""
    rows = ledger.rows("SELECT DISTINCT system, version FROM traces ORDER BY system, version")
    if not rows:
        raise LedgerError(
            "the ledger holds no traces", next_command=f"assay ingest FILE --into {ledger.typed}"
        )
    if any(
        chosen.system in (None, row["system"]) and chosen.version in (None, row["version"])
        for row in rows
    ):
        return
    there = [f"{row['system']} {row['version'] or ''}".strip() for row in rows]
    more = f" and {len(there) - SHOWN:,} more" if len(there) > SHOWN else ""
    names = (chosen.system, chosen.version and f"version {chosen.version}")
    whose = "".join(f" of {name}" for name in names if name)
    raise LedgerError(
        f"there is no output{whose}; the ledger holds {', '.join(there[:SHOWN])}{more}",
        next_command=f"assay ledger info {ledger.typed}",
    )


def batches(ledger: Ledger, which: str, rows_at_once: int) -> Iterator[list[Item]]:
    """Yield traces as parsers see them, some at a time.

    Parameters
    ----------
    ledger
        Traces.
    which
        SQL after ``FROM traces``.
    rows_at_once : > 0
        Most traces at once; fewer where they are long.
    """
    names = ("trace_id", "output", "answer", "reference", "input", "tags", "system", "version")
    columns = ", ".join(f"traces.{name}" for name in names)
    items: list[Item] = []
    size = 0
    for batch in ledger.query(f"SELECT {columns} FROM traces {which}"):
        for row in zip(*(batch[name].to_pylist() for name in names), strict=True):
            item = _item(dict(zip(names, row, strict=True)))
            items.append(item)
            size += len(item.output) + len(item.input)
            if len(items) >= rows_at_once or size > BATCH_CHARACTERS:
                yield items
                items, size = [], 0
    if items:
        yield items


def _item(row: dict[str, str | None]) -> Item:
    system, version = row["system"] or "", row["version"]
    return Item(
        output=row["output"] or "",
        reference=row["reference"],
        answer=row["answer"],
        input=row["input"] or "",
        tags=json.loads(row["tags"]) if row["tags"] else None,
        trace_id=row["trace_id"] or "",
        system=f"{system}@{version}" if version else system,
    )


class _Tally:
    """Counts what is judged, and writes it in batches."""

    def __init__(self, ledger: Ledger, judge: str) -> None:
        self._ledger, self._judge = ledger, judge
        self._rows: list[Row] = []
        self._written_at = time.monotonic()
        self.seen = self._wrong = self._nothing = self._judged = 0
        self._unjudged: list[tuple[str, str]] = []
        self._unjudged_count = 0

    def take(self, items: Sequence[Item], judged: Sequence[Judged]) -> None:
        for item, one in zip(items, judged, strict=True):
            self.seen += 1
            if one.wrong is None:
                self._unjudged_count += 1
                if len(self._unjudged) < SHOWN:
                    self._unjudged.append((item.trace_id, one.note))
                continue
            self._judged += 1
            self._wrong += one.wrong
            self._nothing += one.taken is None
            self._rows.append(self._verdict(item, one))
        if len(self._rows) >= BATCH_ROWS or time.monotonic() - self._written_at > BATCH_SECONDS:
            self.write()

    def write(self) -> None:
        with self._ledger.locked():
            self._ledger.append("verdicts", self._rows)
        self._rows = []
        self._written_at = time.monotonic()

    def report(self, without_reference: int) -> CheckReport:
        return CheckReport(
            judged=self._judged,
            wrong=self._wrong,
            found=self._judged - self._nothing,
            without_reference=without_reference,
            unjudged=self._unjudged_count,
            first_unjudged=tuple(self._unjudged),
        )

    def _verdict(self, item: Item, one: Judged) -> Row:
        return {
            "trace_id": item.trace_id,
            "judge": self._judge,
            "judge_kind": "check",
            "error_probability": float(bool(one.wrong)),
            "kind": "no answer" if one.wrong and one.taken is None else one.kind or None,
            "note": one.note or None,
            "at": time.time_ns() // 1_000,
            "source": "assay judge",
        }
