"""What systems answered, with the newest verdict on each answer: columns, sorted by task.

A probe or a gate compares answers to one and the same task. It reads them here once, as columns: numbers and codes as
arrays, texts as tuples, and only the texts that it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.ledger.population import NEWEST_LAST, buckets, tag, time_conditions
from assay.ledger.store import Ledger, literal

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
SmallArray = npt.NDArray[np.int8]

TEXTS = (
    "input",
    "output",
    "answer",
    "reasoning",
    "context",
    "reference",
    "conversation_id",
    "tags",
)
"""Columns of text that can be asked for; null reads None."""

NUMBERS = ("latency_seconds", "cost_usd", "prompt_tokens", "completion_tokens")
"""Columns of numbers that can be asked for; null reads NaN."""

NO_TIME = np.iinfo(np.int64).min
"""Time of an answer without one."""

UNJUDGED = -1
"""Code of the judge, and value of `wrong`, where nobody has said."""


TURNED_BY_A_PROBE = ("pushback", "knows")
"""Values of the tag `probe` of turns that a probe's own script has shaped: what a user says who disagrees, or a
question put in two turns. They have a task's name, and are no answers to that task as it stands."""


def as_it_stands() -> str:
    """Return the SQL condition that a trace answers its task, and not what a probe made of it."""
    return f"coalesce({tag('probe')}, '') NOT IN ({','.join(map(literal, TURNED_BY_A_PROBE))})"


@dataclass(frozen=True, slots=True)
class AnswerQuery:
    """Which answers, judged by whom, with which columns. Turns of a probe's own script are left out.

    Parameters
    ----------
    systems : pairs of name and version
        What answered; a version of None: any version of it. None: every system.
    start, end
        Microseconds since 1970 UTC; start is included, end is not. None: no limit.
    origin : field, exam, probe or None
        None: any.
    judge
        Whose newest verdict is read. None: of each answer a person's newest, else a check's newest; models have no say
        unless they are named.
    texts : of `TEXTS`
    numbers : of `NUMBERS`
    condition
        One more SQL condition over `traces`; its values must have gone through `assay.ledger.store.literal`.
    """

    systems: tuple[tuple[str, str | None], ...] | None = None
    start: int | None = None
    end: int | None = None
    origin: str | None = None
    judge: str | None = None
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    condition: str = "TRUE"

    def __post_init__(self) -> None:
        for name in (*self.texts, *self.numbers):
            if name not in (*TEXTS, *NUMBERS):
                raise BadInput(f"answers have no column {name!r}: {', '.join((*TEXTS, *NUMBERS))}")

    def where(self) -> str:
        """Return the SQL condition that a trace is asked for."""
        parts = [as_it_stands(), *time_conditions(self.start, self.end)]
        if self.systems is not None:
            parts.append(f"({' OR '.join(map(_of_system, self.systems)) or 'FALSE'})")
        if self.origin is not None:
            parts.append(f"traces.origin = {literal(self.origin)}")
        if self.condition != "TRUE":
            parts.append(f"({self.condition})")
        return " AND ".join(parts)


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as columns of one length n, sorted by task, system, version, epoch, turn and trace id.

    Parameters
    ----------
    trace_ids : length n
    task, system, version, judge : shape (n,)
        Codes into `tasks`, `systems`, `versions`, `judges`; a judge of `UNJUDGED` where nobody has said.
    epoch, turn, at : shape (n,)
        Turn is 0 where the log names none; at is microseconds since 1970 UTC, or `NO_TIME`.
    error_probability : shape (n,), in [0, 1] or NaN
        What the judge says; NaN where nobody has said, or the judge is unsure.
    tasks, systems, versions, judges
        Names, sorted.
    judge_kinds
        check, model or person: of each of `judges`.
    texts
        Column -> tuple of n texts or None, for the columns that were asked for.
    numbers
        Column -> array of n, NaN where unknown.
    """

    trace_ids: tuple[str, ...]
    task: IntArray
    system: IntArray
    version: IntArray
    judge: IntArray
    epoch: IntArray
    turn: IntArray
    at: IntArray
    error_probability: FloatArray
    tasks: tuple[str, ...]
    systems: tuple[str, ...]
    versions: tuple[str, ...]
    judges: tuple[str, ...]
    judge_kinds: tuple[str, ...]
    texts: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    numbers: Mapping[str, FloatArray] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many answers there are."""
        return len(self.trace_ids)

    @property
    def wrong(self) -> SmallArray:
        """1 wrong, 0 right, `UNJUDGED` where nobody has said or it could be either (a probability of 1/2)."""
        p = self.error_probability
        # NaN compares false both times.
        return np.where(p > 0.5, 1, np.where(p < 0.5, 0, UNJUDGED)).astype(np.int8)

    def groups(self) -> IntArray:
        """Return where each task's answers begin, and n at the end: task i has rows [groups[i], groups[i + 1])."""
        return np.searchsorted(self.task, np.arange(len(self.tasks) + 1)).astype(np.int64)

    def rows_of(self, system: str, version: str | None = None) -> IntArray:
        """Return the rows of a system; of any version where that is None. Empty where there is none."""
        chosen = self.system == _code(self.systems, system)
        if version is not None:
            chosen &= self.version == _code(self.versions, version)
        return np.flatnonzero(chosen).astype(np.int64)


def read_answers(ledger: Ledger, query: AnswerQuery | None = None) -> Answers:
    """Return the answers that a query asks for, each with its newest verdict.

    Parameters
    ----------
    ledger
        Traces and verdicts.
    query
        Which ones; all of them where None.

    Returns
    -------
    Answers
        Of length 0 where the ledger has none.

    Notes
    -----
    Each answer takes some 200 bytes and its id; texts come on top, so ask for those that are needed. A verdict that a
    draw asked for is read like any other: whoever wants evidence with known chances reads draws instead.
    """
    query = query or AnswerQuery()
    total = ledger.rows(f"SELECT count(*) AS n FROM traces WHERE {query.where()}")[0]["n"]
    columns = _Columns(query)
    for bucket in buckets("trace_id", total):
        columns.take(ledger.query(_sql(ledger, query, bucket)))
    return columns.answers()


def _sql(ledger: Ledger, query: AnswerQuery, bucket: str) -> str:
    judged = _verdicts(ledger, query.judge, bucket)
    asked = [f"traces.{name}" for name in query.texts]
    asked += [
        f"coalesce(CAST(traces.{name} AS DOUBLE), CAST('NaN' AS DOUBLE)) AS {name}"
        for name in query.numbers
    ]
    return (
        "SELECT traces.trace_id, traces.task_id, traces.system, coalesce(traces.version, '') AS version, "
        "coalesce(traces.epoch, 1) AS epoch, coalesce(traces.turn, 0) AS turn, "
        f"coalesce(CAST(traces.at AS BIGINT), {NO_TIME + 1} - 1) AS at, "
        "coalesce(judged.error_probability, CAST('NaN' AS DOUBLE)) AS error_probability, "
        f"judged.judge, judged.judge_kind{''.join(f', {one}' for one in asked)} "
        f"FROM traces LEFT JOIN ({judged}) AS judged ON judged.trace_id = traces.trace_id "
        f"WHERE {query.where()} AND {bucket.replace('trace_id', 'traces.trace_id')}"
    )


def _verdicts(ledger: Ledger, judge: str | None, within: str) -> str:
    """Return SQL for the newest verdict of each trace: trace_id, error_probability, judge, judge_kind."""
    own = f"{within} AND " + (
        "judge_kind IN ('person', 'check')" if judge is None else f"judge = {literal(judge)}"
    )
    counts = ledger.rows(
        f"SELECT count(*) AS n, count(DISTINCT trace_id) AS traces FROM verdicts WHERE {own}"
    )[0]
    if counts["n"] == counts["traces"]:
        return f"SELECT trace_id, error_probability, judge, judge_kind FROM verdicts WHERE {own}"
    order = f"CASE WHEN judge_kind = 'person' THEN 1 ELSE 0 END, {NEWEST_LAST}"
    newest = ", ".join(
        f"last_value({name} ORDER BY {order}) AS {name}"
        for name in ("error_probability", "judge", "judge_kind")
    )
    return f"SELECT trace_id, {newest} FROM verdicts WHERE {own} GROUP BY trace_id"


def _of_system(pair: tuple[str, str | None]) -> str:
    system, version = pair
    named = f"traces.system = {literal(system)}"
    if version is None:
        return named
    return f"({named} AND coalesce(traces.version, '') = {literal(version)})"


def _code(names: Sequence[str], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        return UNJUDGED - 1


class _Names:
    """Codes of names in the order in which they came."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def take(self, names: list[str | None]) -> IntArray:
        codes = self.codes
        return np.fromiter(
            (UNJUDGED if name is None else codes.setdefault(name, len(codes)) for name in names),
            np.int64,
            len(names),
        )

    def in_order(self, codes: IntArray) -> tuple[tuple[str, ...], IntArray]:
        """Return the names sorted, and the codes that go with them."""
        names = sorted(self.codes)
        place = np.full(len(names) + 1, UNJUDGED, dtype=np.int64)
        for new, name in enumerate(names):
            place[self.codes[name]] = new
        return tuple(names), place[codes]


_CODED = ("task_id", "system", "version", "judge")
_COUNTED = ("epoch", "turn", "at")


class _Columns:
    """Batches gathered column by column."""

    def __init__(self, query: AnswerQuery) -> None:
        self._query = query
        self._names = {name: _Names() for name in _CODED}
        self._kinds: dict[str, str] = {}
        self._arrays: dict[str, list[npt.NDArray[Any]]] = {
            name: [] for name in (*_CODED, *_COUNTED, "error_probability", *query.numbers)
        }
        self._texts: dict[str, list[str | None]] = {name: [] for name in ("trace_id", *query.texts)}

    def take(self, batches: Any) -> None:
        for batch in batches:
            for name, names in self._names.items():
                self._arrays[name].append(names.take(batch[name].to_pylist()))
            for name in (*_COUNTED, "error_probability", *self._query.numbers):
                self._arrays[name].append(np.array(batch[name].to_numpy()))
            for name, texts in self._texts.items():
                texts.extend(batch[name].to_pylist())
            self._take_kinds(batch)

    def _take_kinds(self, batch: Any) -> None:
        judges, kinds = batch["judge"].to_pylist(), batch["judge_kind"].to_pylist()
        self._kinds.update(
            {
                judge: kind or ""
                for judge, kind in set(zip(judges, kinds, strict=True))
                if judge is not None
            }
        )

    def answers(self) -> Answers:
        arrays: dict[str, npt.NDArray[Any]] = {
            name: np.concatenate(parts)
            if parts
            else np.zeros(0, np.int64 if name in (*_CODED, *_COUNTED) else np.float64)
            for name, parts in self._arrays.items()
        }
        names: dict[str, tuple[str, ...]] = {}
        for name, coded in self._names.items():
            names[name], arrays[name] = coded.in_order(arrays[name])
        order = np.lexsort(
            (
                np.array(self._texts["trace_id"], dtype=object).argsort(kind="stable").argsort(),
                *(arrays[name] for name in ("turn", "epoch", "version", "system", "task_id")),
            )
        )
        arrays = {name: array[order] for name, array in arrays.items()}
        texts = {
            name: tuple(map(column.__getitem__, order)) for name, column in self._texts.items()
        }
        return Answers(
            trace_ids=tuple(text or "" for text in texts.pop("trace_id")),
            task=arrays["task_id"],
            system=arrays["system"],
            version=arrays["version"],
            judge=arrays["judge"],
            epoch=arrays["epoch"],
            turn=arrays["turn"],
            at=arrays["at"],
            error_probability=arrays["error_probability"],
            tasks=names["task_id"],
            systems=names["system"],
            versions=names["version"],
            judges=names["judge"],
            judge_kinds=tuple(self._kinds[judge] for judge in names["judge"]),
            texts=texts,
            numbers={name: arrays[name] for name in self._query.numbers},
        )
