"""Verdicts as Inspect's scorer `precomputed_scores` reads them: one JSON object a line, joined by sample and epoch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from assay.errors import BadInput
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal

NAMED = 5


class PrecomputedScores(NamedTuple):
    """What is written, and what it is of.

    Parameters
    ----------
    lines
        JSON, one a score.
    task : str
        Inspect's name of the task, which the ids of its samples are written without; empty where there is none.
    unsure
        Verdicts left out: nobody could say.
    sampled
        Whether they are labels of draws: then their mean in Inspect is no error rate.
    """

    lines: tuple[str, ...]
    task: str
    unsure: int
    sampled: bool


def precomputed_scores(
    ledger: Ledger, *, judge: str | None = None, system: str | None = None, task: str | None = None
) -> PrecomputedScores:
    """Return verdicts as scores of Inspect samples: C right, I wrong, or the probability of being right.

    Parameters
    ----------
    ledger
        Traces, and verdicts on them.
    judge
        Whose verdicts; None: people's labels.
    system
        Of which system's outputs, where there are several.
    task
        Inspect's name of the task. None: what the ids of all traces have in common before a slash.

    Raises
    ------
    BadInput
        Where there is no such verdict, or two are of one sample and epoch.

    Notes
    -----
    A ledger that was made from an Inspect log names tasks ``TASK/SAMPLE``; other task ids are written as they are.
    """
    who = (
        "verdicts.judge_kind = 'person'" if judge is None else f"verdicts.judge = {literal(judge)}"
    )
    only = "TRUE" if system is None else f"traces.system = {literal(system)}"
    rows = ledger.rows(
        "SELECT traces.trace_id, traces.task_id, traces.system, traces.version, traces.epoch, traces.answer, "
        "verdicts.judge, verdicts.error_probability, verdicts.kind, verdicts.severity, verdicts.note, "
        "verdicts.draw_id, verdicts.inclusion_probability "
        f"FROM verdicts JOIN traces ON traces.trace_id = verdicts.trace_id WHERE {who} AND {only} "
        f"ORDER BY {_newest_last()}"
    )
    newest = list({row["trace_id"]: row for row in rows}.values())
    if not newest:
        raise BadInput(
            "there is no label of a person to export"
            if judge is None
            else f"judge {judge!r} has said nothing here",
            next_command=f"assay ledger info {ledger.typed}",
        )
    _one_system(newest)
    name = _task_name([row["task_id"] for row in newest]) if task is None else task
    records = [_record(row, name) for row in newest if row["error_probability"] is not None]
    _one_a_sample(records)
    return PrecomputedScores(
        lines=tuple(json.dumps(record, ensure_ascii=False) for record in records),
        task=name,
        unsure=len(newest) - len(records),
        sampled=any(row["draw_id"] is not None for row in newest),
    )


def _newest_last() -> str:
    return NEWEST_LAST.replace("at NULLS", "verdicts.at NULLS").replace("source", "verdicts.source")


def _record(row: dict[str, Any], task: str) -> dict[str, object]:
    wrong = row["error_probability"]
    said = {
        name: row[name]
        for name in ("trace_id", "judge", "kind", "severity", "draw_id", "inclusion_probability")
    }
    return {
        "id": row["task_id"].removeprefix(f"{task}/") if task else row["task_id"],
        "epoch": row["epoch"],
        "value": {0.0: "C", 1.0: "I"}.get(wrong, 1 - wrong),
        "answer": row["answer"],
        "explanation": row["note"],
        "metadata": {key: value for key, value in said.items() if value is not None},
    }


def _one_system(rows: Sequence[dict[str, Any]]) -> None:
    systems = sorted({f"{row['system']} {row['version']}".strip() for row in rows})
    if len(systems) > 1:
        raise BadInput(
            f"the verdicts are of {len(systems)} systems ({', '.join(systems[:NAMED])}), and a file of scores is of "
            "one: name it with --system"
        )


def _one_a_sample(records: Sequence[dict[str, object]]) -> None:
    seen: set[tuple[object, object]] = set()
    for record in records:
        key = record["id"], record["epoch"]
        if key in seen:
            raise BadInput(
                f"two outputs are of sample {key[0]!r}, epoch {key[1]}: Inspect can't tell them apart"
            )
        seen.add(key)


def _task_name(task_ids: Sequence[str]) -> str:
    # The last part of each is the sample's own id.
    folders = [task_id.split("/")[:-1] for task_id in task_ids]
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    return "/".join(parts[0] for parts in common)
