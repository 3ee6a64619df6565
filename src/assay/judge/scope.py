"""Which traces a model judge reads, and what of each it is shown. The system's name is not among it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.judge.judge_prompt import Material
from assay.judge.rubric import Rubric
from assay.ledger.store import Ledger, literal

MAX_CHARACTERS = 100_000
"""Some 25,000 tokens: an answer cut off would be another answer, so a longer one is not judged."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which traces are to be judged.

    Parameters
    ----------
    system, version
        What answered; None: any.
    draw
        Only the traces of this draw; None: any.
    limit : >= 1
        Only so many, taken by the hash of their ids: the same ones every time, and a sample as good as random.
    max_characters : >= 1
        Traces whose texts are longer in all are left out.
    """

    system: str | None = None
    version: str | None = None
    draw: str | None = None
    limit: int | None = None
    max_characters: int = MAX_CHARACTERS

    def condition(self) -> str:
        """Return the SQL condition on a row of `traces`."""
        parts = [
            f"{column} = {literal(value)}"
            for column, value in (("system", self.system), ("version", self.version))
            if value is not None
        ]
        if self.draw is not None:
            parts.append(
                f"trace_id IN (SELECT trace_id FROM draws WHERE draw_id = {literal(self.draw)})"
            )
        return " AND ".join(parts) or "TRUE"


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """Traces of a scope.

    Parameters
    ----------
    open
        To be judged now.
    already
        Judged by this judge before.
    without, too_long
        Not to be judged: they lack what the rubric requires, or are too long.
    """

    open: int
    already: int
    without: int
    too_long: int


def counted(ledger: Ledger, rubric: Rubric, judge: str, scope: Scope) -> ScopeCounts:
    """Return how many traces there are to judge, and why others are not."""
    fits, complete = _fits(rubric, scope), _complete(rubric)
    row = ledger.rows(
        f"SELECT count(*) AS traces, coalesce(sum(CASE WHEN {complete} THEN 1 ELSE 0 END), 0) AS complete, "
        f"coalesce(sum(CASE WHEN {complete} AND {fits} THEN 1 ELSE 0 END), 0) AS usable "
        f"FROM traces WHERE {scope.condition()}"
    )[0]
    still_open = ledger.rows(f"SELECT count(*) AS n FROM ({_open(rubric, judge, scope)}) AS open")
    within = min(int(row["usable"]), scope.limit or int(row["usable"]))
    return ScopeCounts(
        int(still_open[0]["n"]),
        within - int(still_open[0]["n"]),
        int(row["traces"] - row["complete"]),
        int(row["complete"] - row["usable"]),
    )


def materials(
    ledger: Ledger, rubric: Rubric, judge: str, scope: Scope
) -> Iterator[tuple[str, Material]]:
    """Return the traces that this judge has not judged, batch by batch."""
    for batch in ledger.query(_open(rubric, judge, scope)):
        columns = (batch[name].to_pylist() for name in ("trace_id", *_TEXTS))
        for trace_id, *texts in zip(*columns, strict=True):
            yield trace_id, _material(rubric, *texts)


def samples(ledger: Ledger, rubric: Rubric, scope: Scope, count: int) -> list[Material]:
    """Return materials of different tasks, to make canaries of: the same ones for the same ledger."""
    if count == 0:
        return []
    rows = ledger.rows(
        f"SELECT * FROM (SELECT min(trace_id) AS first_id, {', '.join(f'min({name}) AS {name}' for name in _TEXTS)} "
        f"FROM traces WHERE {scope.condition()} AND {_complete(rubric)} AND {_fits(rubric, scope)} "
        f"GROUP BY task_id) AS tasks ORDER BY md5(concat('canary', first_id)) LIMIT {count}"
    )
    return [_material(rubric, *(row[name] for name in _TEXTS)) for row in rows]


_TEXTS = ("input", "output", "context", "reference")


def _material(
    rubric: Rubric, task: str | None, answer: str, context: str | None, reference: str | None
) -> Material:
    return Material(
        answer,
        task,
        context if rubric.context != "none" else None,
        reference if rubric.reference != "none" else None,
    )


def _complete(rubric: Rubric) -> str:
    # Without a task, a context and a reference there is nothing to judge an answer by.
    wanted = [
        name
        for name, want in (("context", rubric.context), ("reference", rubric.reference))
        if want != "none"
    ]
    required = [
        f"{name} IS NOT NULL"
        for name, want in (("context", rubric.context), ("reference", rubric.reference))
        if want == "required"
    ]
    any_of = " OR ".join(f"{name} IS NOT NULL" for name in ("input", *wanted))
    return " AND ".join(["output IS NOT NULL", f"({any_of})", *required])


def _fits(rubric: Rubric, scope: Scope) -> str:
    sent = ["input", "output"]
    sent += ["context"] if rubric.context != "none" else []
    sent += ["reference"] if rubric.reference != "none" else []
    length = " + ".join(f"coalesce(character_length({name}), 0)" for name in sent)
    return f"{length} <= {scope.max_characters}"


def _open(rubric: Rubric, judge: str, scope: Scope) -> str:
    where = f"{scope.condition()} AND {_complete(rubric)} AND {_fits(rubric, scope)}"
    inner = f"SELECT trace_id, {', '.join(_TEXTS)} FROM traces WHERE {where}"
    if scope.limit is not None:
        inner += f" ORDER BY md5(trace_id) LIMIT {scope.limit}"
    return (
        f"SELECT chosen.* FROM ({inner}) AS chosen LEFT ANTI JOIN "
        f"(SELECT trace_id FROM verdicts WHERE judge = {literal(judge)} AND draw_id IS NULL) AS judged "
        f"ON judged.trace_id = chosen.trace_id"
    )
