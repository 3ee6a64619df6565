"""How many answers of each system in a ledger are right and wrong, caught and flagged: counted by SQL.

The counts are sufficient statistics, made by one statement that any SQL engine can run: no answer becomes a Python
object. Tasks that were asked several times count by how much their answers agree, so sums over tasks come with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.errors import LedgerError
from assay.estimate.repeated import RepeatedAnswers
from assay.ledger.answers import as_it_stands
from assay.ledger.population import Window, first_origin, origin_of, scores, time_conditions
from assay.ledger.store import Ledger, literal

COUNTING_KINDS = ("check", "person")
"""A model's opinion of every output is no count, however complete."""

TRUE_TEXTS = ("true", "yes", "y", "t", "1")
FALSE_TEXTS = ("false", "no", "n", "f", "0")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a ledger holds of one system in one window.

    Parameters
    ----------
    window
        The system, its version and the origin of its work.
    traces, tasks : >= 1
        Outputs, and different tasks among them.
    set_aside : pairs of origin and outputs
        Of other origins than the work.
    """

    window: Window
    traces: int
    tasks: int
    set_aside: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """The system and its version, as one name."""
        version = self.window.version
        return f"{self.window.system} {version}" if version else self.window.system


@dataclass(frozen=True, slots=True)
class JudgedCounts:
    """What one judge says of a system's outputs.

    Parameters
    ----------
    judge
        Its full name: version and parser are in it.
    judged, wrong : >= 0
        Outputs that it calls right or wrong, and those of them that it calls wrong.
    unsure : >= 0
        Outputs on which it has spoken and can't say.
    told_wrong, caught : >= 0
        Wrong outputs whose tag says whether they were caught before delivery; those that were.
    told_right, flagged : >= 0
        Right outputs whose tag says so; those that were held back all the same.
    tasks, sum_wrong_squared, sum_answers_squared, sum_product
        Over the tasks, with y wrong answers of m: how many, and the sums of y^2, m^2 and y m.
    """

    judge: str
    judged: int
    wrong: int
    unsure: int
    told_wrong: int
    caught: int
    told_right: int
    flagged: int
    tasks: int
    sum_wrong_squared: float
    sum_answers_squared: float
    sum_product: float

    @property
    def right(self) -> int:
        """Outputs that it calls right."""
        return self.judged - self.wrong

    @property
    def worth_of_an_answer(self) -> float:
        """How many answers to different tasks one answer is worth, in (0, 1]; see `RepeatedAnswers`."""
        return RepeatedAnswers(
            self.tasks,
            self.judged,
            self.wrong,
            self.sum_wrong_squared,
            self.sum_answers_squared,
            self.sum_product,
        ).worth_of_an_answer


def traffic_of(
    ledger: Ledger,
    *,
    systems: tuple[str, ...] = (),
    version: str | None = None,
    origin: str | None = None,
    start: int | None = None,
    end: int | None = None,
) -> list[Traffic]:
    """Return the systems of a ledger, by name; of each the work, and what is set aside.

    Raises
    ------
    LedgerError
        Where the ledger holds none of what is asked for.
    """
    conditions = [as_it_stands(), *time_conditions(start, end)]
    if systems:
        conditions.append(f"system IN ({','.join(map(literal, systems))})")
    if version is not None:
        conditions.append(f"coalesce(version, '') = {literal(version)}")
    if origin is not None:
        conditions.append(f"{origin_of()} = {literal(origin)}")
    rows = ledger.rows(
        f"SELECT system, version, {origin_of()} AS origin, count(*) AS traces, count(DISTINCT task_id) AS tasks "
        f"FROM traces WHERE {' AND '.join(conditions)} GROUP BY 1, 2, 3"
    )
    by_system: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_system.setdefault((row["system"], row["version"]), {})[row["origin"]] = row
    missing = [name for name in systems if not any(name == system for system, _ in by_system)]
    if missing or not by_system:
        raise _nothing(ledger, missing)
    return [_work(*name, (start, end), origins) for name, origins in sorted(by_system.items())]


def counts_of(
    ledger: Ledger, traffic: Traffic, judge: str, judge_kind: str, *, caught_tag: str = "caught"
) -> JudgedCounts:
    """Return what a judge says of a system's outputs."""
    scored = scores(ledger, judge, kinds=(judge_kind,))
    told, caught = told_and_caught(caught_tag)
    row = ledger.rows(
        "WITH one AS (SELECT traces.task_id, "
        "CASE WHEN scored.error_probability > 0.5 THEN 1 WHEN scored.error_probability < 0.5 THEN 0 END AS wrong, "
        f"{told} AS told, {caught} AS caught "
        f"FROM traces JOIN ({scored}) AS scored ON scored.trace_id = traces.trace_id "
        f"WHERE {as_it_stands()} AND {traffic.window.condition()}), "
        "task AS (SELECT count(wrong) AS m, coalesce(sum(wrong), 0) AS y, count(*) - count(wrong) AS unsure, "
        "count(*) FILTER (WHERE wrong = 1 AND told) AS told_wrong, "
        "count(*) FILTER (WHERE wrong = 1 AND caught) AS caught, "
        "count(*) FILTER (WHERE wrong = 0 AND told) AS told_right, "
        "count(*) FILTER (WHERE wrong = 0 AND caught) AS flagged FROM one GROUP BY task_id) "
        "SELECT coalesce(sum(m), 0) AS judged, coalesce(sum(y), 0) AS wrong, coalesce(sum(unsure), 0) AS unsure, "
        "coalesce(sum(told_wrong), 0) AS told_wrong, coalesce(sum(caught), 0) AS caught, "
        "coalesce(sum(told_right), 0) AS told_right, coalesce(sum(flagged), 0) AS flagged, "
        "count(*) FILTER (WHERE m > 0) AS tasks, "
        "coalesce(sum(CAST(y AS DOUBLE) * y), 0) AS sum_wrong_squared, "
        "coalesce(sum(CAST(m AS DOUBLE) * m), 0) AS sum_answers_squared, "
        "coalesce(sum(CAST(y AS DOUBLE) * m), 0) AS sum_product FROM task"
    )[0]
    return JudgedCounts(judge, **row)


def judges_of(ledger: Ledger, traffic: Traffic) -> list[tuple[str, str, int]]:
    """Return the checks and people that have spoken on a system's outputs: name, kind, outputs; most outputs first.

    Labels of a draw are no count, and are left out.
    """
    rows = ledger.rows(
        "SELECT verdicts.judge, verdicts.judge_kind, count(DISTINCT traces.trace_id) AS n "
        "FROM traces JOIN verdicts ON verdicts.trace_id = traces.trace_id "
        f"WHERE verdicts.draw_id IS NULL AND verdicts.judge_kind IN ({','.join(map(literal, COUNTING_KINDS))}) "
        f"AND verdicts.error_probability IS NOT NULL AND {as_it_stands()} AND {traffic.window.condition()} "
        "GROUP BY 1, 2 ORDER BY n DESC, 1, 2"
    )
    return [(row["judge"], row["judge_kind"], row["n"]) for row in rows]


def is_true(text: str | None) -> bool | None:
    """Return what a tag says, as yes or no; None where it says neither.

    Examples
    --------
    >>> is_true("True"), is_true("no"), is_true("perhaps")
    (True, False, None)
    """
    said = (text or "").strip().lower()
    return True if said in TRUE_TEXTS else False if said in FALSE_TEXTS else None


def told_and_caught(caught_tag: str) -> tuple[str, str]:
    """Return SQL for whether a tag says if an output was caught before delivery, and whether it was."""
    told, caught = (
        f"{_tag_value(caught_tag)} IN ({_texts(texts)})"
        for texts in (TRUE_TEXTS + FALSE_TEXTS, TRUE_TEXTS)
    )
    return told, caught


def _tag_value(name: str) -> str:
    from assay.ledger.population import tag

    return f"lower(trim({tag(name)}))"


def _texts(texts: tuple[str, ...]) -> str:
    return ",".join(map(literal, texts))


def _work(
    system: str,
    version: str,
    limits: tuple[int | None, int | None],
    origins: Mapping[str, Mapping[str, Any]],
) -> Traffic:
    origin = first_origin(origins)
    assert origin is not None
    row = origins[origin]
    others = sorted((name, other["traces"]) for name, other in origins.items() if name != origin)
    window = Window(system, version, *limits, origin)
    return Traffic(window, row["traces"], row["tasks"], tuple(others))


def _nothing(ledger: Ledger, missing: list[str]) -> LedgerError:
    names = {row["system"] for row in ledger.rows("SELECT DISTINCT system FROM traces")}
    held = sorted(names)[:10]
    if missing and missing[0] in names:
        # The system is there: it is the version, the origin or the window that leaves nothing.
        return LedgerError(
            f"{ledger.path} holds the system {json.dumps(missing[0], ensure_ascii=False)}, but nothing of the version, "
            "origin or time that is asked for",
            next_command=f"assay ledger info {ledger.typed}",
        )
    wanted = f"system {json.dumps(missing[0], ensure_ascii=False)}" if missing else "output"
    said = f"; it holds {', '.join(held)}" if held else ""
    return LedgerError(
        f"{ledger.path} holds no {wanted} that is asked for{said}",
        next_command=f"assay ledger info {ledger.typed}"
        if held
        else f"assay ingest FILE --into {ledger.typed}",
    )
