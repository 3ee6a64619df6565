"""Draw whole units to label: conversations, identical texts, or outputs by the money on them.

Where people must read a whole conversation to judge one answer, the conversation is drawn; identical outputs are
labeled once; and where errors cost unequal amounts, an output is drawn the more surely the more is on it.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.errors import DrawError
from assay.estimate.sized import race_order
from assay.ledger.draws import StoredDraw, stored_draw, stored_draws
from assay.ledger.frame import Frame, StratumRule
from assay.ledger.ingest.record import Row
from assay.ledger.population import tag, tag_value, work_of
from assay.ledger.store import Ledger, literal
from assay.ledger.unit_plan import UnitKind, UnitPlan, uniforms
from assay.volume.draw import DrawRequest, frame_of, told_apart

COST = "cost_usd"
SHOWN = ("input", "context", "output", "answer", "reference")
"""What the person who labels sees: outputs that agree in all of it get one label."""

LEAST_MEAN_SCORE = 0.005
"""No unit is believed to be free of errors: a judge's 0 is a guess."""

FLOOR_IN_MEANS = 2.0
"""Two thirds of the draw go by size alone. A lower floor narrows the interval by 6 % where 30 errors are found, and
widens it by 14 % where 6 are: what the judge misses is bounded by the floor."""


@dataclass(frozen=True, slots=True)
class UnitRequest:
    """What to draw: outputs as in an ordinary draw, and what they are drawn by.

    Parameters
    ----------
    draw
        Window, about how many outputs to label, seed, judge.
    unit
        conversation; text: identical outputs, labeled once; output: one by one, by an amount.
    weigh_by
        A tag, or `cost_usd`, with an amount: what is at risk if the output is wrong. Only with single outputs.
    """

    draw: DrawRequest
    unit: UnitKind
    weigh_by: str | None = None


def draw_units(ledger: Ledger, request: UnitRequest) -> StoredDraw:
    """Freeze a window, draw units from it by size (and by score, where there is a judge), and store the draw.

    The same request over the same ledger gives the same draw, and is written once.

    Raises
    ------
    DrawError
        Where the window is empty, or amounts are missing, negative, or no numbers.
    """
    _check(request)
    window = work_of(ledger, request.draw.window)
    request = replace(request, draw=replace(request.draw, window=window))
    frame = frame_of(ledger, request.draw)
    units, left_out = _units(ledger, frame, request)
    plan, weights = _plan(units, request, left_out)
    keyed = [next(uniforms(request.draw.seed, unit.unit_id)) for unit in units]
    order, _ = race_order(weights, keyed)
    chosen = [(units[i], float(weights[i])) for i in order[: plan.planned]]
    draw_id = _draw_id(request, plan, told_apart(ledger, window))
    with ledger.locked():
        if not stored_draws(ledger, [draw_id]):
            rows = _rows(ledger, frame, request, plan, chosen)
            ledger.append("draws", [row | {"draw_id": draw_id} for row in rows])
    return stored_draw(ledger, draw_id)


@dataclass(frozen=True, slots=True)
class _Unit:
    unit_id: str
    outputs: int
    size: float
    score: float | None
    first: str
    """The smallest of its trace ids."""


@dataclass(frozen=True, slots=True)
class _LeftOut:
    outputs: int = 0
    unknown: int = 0
    zero: int = 0


def _check(request: UnitRequest) -> None:
    if request.draw.by:
        raise DrawError(
            f"--by makes strata of single outputs, and this draw is of {request.unit}s by size: draw without it"
        )
    if request.weigh_by is not None and request.unit != "output":
        raise DrawError(
            f"--weigh-by weighs single outputs, not {request.unit}s: draw without --unit"
        )
    if request.weigh_by is None and request.unit == "output":
        raise DrawError("outputs that all weigh the same are drawn without --unit")


def _units(ledger: Ledger, frame: Frame, request: UnitRequest) -> tuple[list[_Unit], _LeftOut]:
    amount = "1.0"
    where, left_out = "TRUE", _LeftOut()
    if request.weigh_by is not None:
        amount = _amount(request.weigh_by)
        left_out = _amounts(ledger, frame, request)
        where = f"{amount} > 0"
    joined = _joined(frame, f"{_unit_id(request.unit)} AS unit_id, {amount} AS amount", where)
    rows = _read(
        ledger,
        frame,
        f"SELECT unit_id, count(*) AS outputs, sum(amount) AS size, avg(score) AS score, min(trace_id) AS first "
        f"FROM ({joined}) GROUP BY unit_id ORDER BY unit_id",
    )
    if not rows:
        name = f"{request.draw.window.system} {request.draw.window.version}".strip()
        what = f"with a {request.weigh_by} above 0 " if request.weigh_by else ""
        raise DrawError(
            f"no output of {name} {what}lies in this window",
            next_command=f"assay ledger info {ledger.typed}",
        )
    return [_Unit(**row) for row in rows], left_out


def _amounts(ledger: Ledger, frame: Frame, request: UnitRequest) -> _LeftOut:
    """Count outputs without an amount above 0; refuse amounts that can't be one."""
    name = request.weigh_by
    assert name is not None
    said, amount = _said(name), _amount(name)
    bad = f"{amount} IS NULL OR isnan({amount}) OR abs({amount}) > 1e300"
    row = _read(
        ledger,
        frame,
        "SELECT count(*) AS outputs, count(*) FILTER (WHERE said IS NULL) AS unknown, "
        "count(*) FILTER (WHERE amount = 0) AS zero, "
        "count(*) FILTER (WHERE said IS NOT NULL AND bad) AS no_number, "
        "min(CASE WHEN said IS NOT NULL AND bad THEN trace_id END) AS no_number_at, "
        "min(CASE WHEN said IS NOT NULL AND bad THEN said END) AS no_number_said, "
        "count(*) FILTER (WHERE amount < 0) AS negative, "
        "min(CASE WHEN amount < 0 THEN trace_id END) AS negative_at "
        f"FROM ({_joined(frame, f'{said} AS said, {amount} AS amount, {bad} AS bad', 'TRUE')})",
    )[0]
    retry = f"assay draw {ledger.typed} --labels {request.draw.labels} --seed {request.draw.seed}"
    if row["unknown"] == row["outputs"]:
        raise DrawError(
            f"no output has an amount {name!r}: give a tag that is a number, or {COST}",
            next_command=retry if name == COST else f"{retry} --weigh-by {COST}",
        )
    if row["no_number"]:
        text = (tag_value(row["no_number_said"]) or "")[:20]
        raise DrawError(
            f"the amount {name!r} must be a plain number as 12.50, and in {row['no_number']:,} outputs it is not: "
            f"{text!r}",
            where=f"trace {row['no_number_at']}",
            next_command=retry,
        )
    if row["negative"]:
        raise DrawError(
            f"the amount {name!r} must not be negative, and in {row['negative']:,} outputs it is: "
            "money at risk is what a wrong output can cost",
            where=f"trace {row['negative_at']}",
            next_command=retry,
        )
    return _LeftOut(row["unknown"] + row["zero"], row["unknown"], row["zero"])


def _said(name: str) -> str:
    return f"cast(traces.{COST} AS varchar)" if name == COST else f"nullif(trim({tag(name)}), '')"


def _amount(name: str) -> str:
    return f"traces.{COST}" if name == COST else f"try_cast({_said(name)} AS DOUBLE)"


def _unit_id(unit: UnitKind) -> str:
    if unit == "conversation":
        # An output outside every conversation is one of its own.
        return (
            "CASE WHEN traces.conversation_id IS NULL THEN concat('trace ', traces.trace_id) "
            "ELSE concat('conversation ', traces.conversation_id) END"
        )
    if unit == "text":
        # Lengths keep apart what runs together: "ab" and "c" is not "a" and "bc".
        parts = ", ".join(
            f"coalesce(concat(length(traces.{name}), ':', traces.{name}), '-')" for name in SHOWN
        )
        return f"encode(digest(concat({parts}), 'sha256'), 'hex')"
    return "traces.trace_id"


def _joined(frame: Frame, columns: str, where: str) -> str:
    return (
        f"SELECT traces.trace_id, frame.score, {columns} FROM traces "
        f"JOIN ({frame.sql()}) AS frame ON frame.trace_id = traces.trace_id "
        f"WHERE {frame.window.condition()} AND {where}"
    )


def _read(ledger: Ledger, frame: Frame, sql: str) -> list[dict[str, Any]]:
    versions = {"traces": frame.traces_version, "verdicts": frame.verdicts_version}
    return ledger.rows(sql, versions=versions)


def _plan(
    units: Sequence[_Unit], request: UnitRequest, left_out: _LeftOut
) -> tuple[UnitPlan, np.ndarray]:
    sizes = np.array([unit.size for unit in units])
    outputs = np.array([unit.outputs for unit in units], dtype=np.float64)
    weights = sizes * _scores(units, sizes)
    # Expected, not drawn: a plan that hung on what came up could not set the stakes beforehand.
    rows = np.ones_like(outputs) if request.unit == "text" else outputs
    per_unit = float(np.average(rows, weights=weights))
    planned = min(len(units), max(1, round(request.draw.labels / per_unit)))
    plan = UnitPlan(
        unit=request.unit,
        weigh_by=request.weigh_by,
        planned=planned,
        units=len(units),
        outputs=int(outputs.sum()),
        size=float(sizes.sum()),
        weight=float(weights.sum()),
        largest_ratio=float((sizes / weights).max()),
        largest_output_ratio=float((outputs / weights).max()),
        largest_size=float(sizes.max()),
        largest_outputs=int(outputs.max()),
        unknown_amounts=left_out.unknown,
        zero_amounts=left_out.zero,
    )
    return plan, weights


def _scores(units: Sequence[_Unit], sizes: np.ndarray) -> np.ndarray:
    """Return what a unit's size is multiplied by: a floor of some mean scores, and its own score."""
    scores = np.array([math.nan if unit.score is None else unit.score for unit in units])
    known = ~np.isnan(scores)
    if not known.any():
        return np.ones_like(sizes)
    mean = float(np.average(scores[known], weights=sizes[known]))
    floor = FLOOR_IN_MEANS * max(mean, LEAST_MEAN_SCORE)
    # What the judge left out is taken to be as wrong as what it scored.
    return floor + np.where(known, np.nan_to_num(scores), mean)


def _draw_id(request: UnitRequest, plan: UnitPlan, origin: Sequence[str]) -> str:
    draw = request.draw
    window = (draw.window.system, draw.window.version, draw.window.start, draw.window.end)
    identity = json.dumps([*window, draw.labels, draw.seed, draw.judge, *origin, plan.to_json()])
    return f"draw-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _rows(
    ledger: Ledger,
    frame: Frame,
    request: UnitRequest,
    plan: UnitPlan,
    chosen: Sequence[tuple[_Unit, float]],
) -> list[Row]:
    members = _members(ledger, frame, request, [unit for unit, _ in chosen])
    base: Row = {
        "at": time.time_ns() // 1_000,
        "seed": request.draw.seed,
        "system": frame.window.system,
        "version": frame.window.version,
        "origin": frame.window.origin,
        "window_from": frame.window.start,
        "window_to": frame.window.end,
        "population": plan.outputs + plan.unknown_amounts + plan.zero_amounts,
        "traces_version": frame.traces_version,
        "verdicts_version": frame.verdicts_version,
        "judge": request.draw.judge,
        "stratified_by": "[]",
        "stratum": "all",
        "stratum_rule": StratumRule("all").to_json(),
        "stratum_size": plan.outputs + plan.unknown_amounts + plan.zero_amounts,
        "stratum_labels": sum(len(members[unit.unit_id]) for unit, _ in chosen),
        "unit_plan": plan.to_json(),
    }
    rows: list[Row] = []
    for unit, weight in chosen:
        copies = unit.outputs if request.unit == "text" else 1
        for trace_id in members[unit.unit_id]:
            rows.append(
                base
                | {
                    "position": len(rows) + 1,
                    "label_order": len(rows) + 1,
                    "trace_id": trace_id,
                    "unit_id": unit.unit_id,
                    "unit_weight": weight,
                    "copies": copies,
                    "amount": unit.size if request.unit != "conversation" else 1.0,
                }
            )
    return rows


def _members(
    ledger: Ledger, frame: Frame, request: UnitRequest, chosen: Sequence[_Unit]
) -> dict[str, list[str]]:
    """Return the traces that a person labels for each unit: all turns in order, or one of the copies."""
    if request.unit != "conversation":
        return {unit.unit_id: [unit.first] for unit in chosen}
    ids = ",".join(literal(unit.unit_id) for unit in chosen)
    joined = _joined(frame, f"{_unit_id(request.unit)} AS unit_id, traces.turn, traces.at", "TRUE")
    rows = _read(
        ledger,
        frame,
        f"SELECT unit_id, trace_id FROM ({joined}) WHERE unit_id IN ({ids}) "
        "ORDER BY unit_id, turn NULLS LAST, at NULLS LAST, trace_id",
    )
    members: dict[str, list[str]] = {}
    for row in rows:
        members.setdefault(row["unit_id"], []).append(row["trace_id"])
    return members
