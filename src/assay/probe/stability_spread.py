"""What right and wrong vary with over all asks of a system, and which one more money buys down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.estimate.repeat_plan import Design, Prices, RepeatPlan, repeat_plan
from assay.estimate.variance_components import (
    IntArray,
    Outcomes,
    VarianceComponents,
    variance_components,
)
from assay.ledger.answers import UNJUDGED
from assay.probe.stability_read import Repeats
from assay.quantity import Unknown

COLUMNS = ("wrong", "task", "wording", "version", "run", "judge")


@dataclass(frozen=True, slots=True)
class Spread:
    """Components of the variance of a system's verdicts.

    Parameters
    ----------
    system
    components
        Of task, wording, version, run and judge, where there are several of each.
    plan
        What more money buys; None where the components are unknown.
    has_turns
        Whether turns of conversations were taken for tasks of their own.
    """

    system: str
    components: VarianceComponents | Unknown
    plan: RepeatPlan | None
    has_turns: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        if isinstance(self.components, Unknown):
            return {"system": self.system, "shares": None, "reason": self.components.reason}
        return {
            "system": self.system,
            "shares": {name: one.to_json() for name, one in self.components.shares.items()},
            "plan": None if self.plan is None else _plan_json(self.plan),
        }


def spread_of(
    by_judge: Sequence[Sequence[Repeats]],
    *,
    confidence_level: float,
    prices: tuple[float, float] = (0.0, 0.0),
) -> Spread:
    """Split the variance of a system's verdicts.

    Parameters
    ----------
    by_judge
        For each judge the asks of each version of one system, in the same order.
    confidence_level : in (0, 1)
    prices
        Of a new task and of a new wording, in answers.

    Notes
    -----
    Versions are compared on the tasks that all of them have; wordings are those of all versions. A task here is a
    task's turn: where conversations have several turns, they are taken for independent tasks, and limits are too
    narrow.
    """
    system = by_judge[0][0].system
    has_turns = any(one.has_turns for one in by_judge[0])
    table = _table(by_judge)
    if table is None:
        return Spread(system, Unknown("no answer has a verdict"), None, has_turns)
    components = variance_components(table, confidence_level=confidence_level)
    if isinstance(components, Unknown):
        return Spread(system, components, None, has_turns)
    counts = {name: float(np.unique(code).size) for name, code in table.levels.items()}
    cells = np.unique(
        np.column_stack([table.levels[name] for name in ("task", "wording", "version", "judge")]),
        axis=0,
    )
    design = Design(counts["task"], counts["wording"], len(table.wrong) / len(cells))
    plan = repeat_plan(components, design, Prices(1.0, *prices))
    return Spread(system, components, plan, has_turns)


def _table(by_judge: Sequence[Sequence[Repeats]]) -> Outcomes | None:
    tasks: dict[object, int] = {}
    wordings: dict[tuple[str, ...], int] = {}
    rows: list[tuple[IntArray, ...]] = []
    for judge, versions in enumerate(by_judge):
        for version, one in enumerate(versions):
            known = np.flatnonzero(one.wrong != UNJUDGED)
            words = np.array([wordings.setdefault(name, len(wordings)) for name in one.settings])
            names = one.cell_names
            task = np.array([tasks.setdefault(names[cell], len(tasks)) for cell in one.cell[known]])
            fixed = np.ones(known.size, dtype=np.int64)
            rows.append(
                (
                    one.wrong[known],
                    task,
                    words[one.wording[known]],
                    fixed * version,
                    one.run[known],
                    fixed * judge,
                )
            )
    if not sum(len(row[0]) for row in rows):
        return None
    columns = [
        np.concatenate([np.asarray(row[place], dtype=np.int64) for row in rows])
        for place in range(len(COLUMNS))
    ]
    codes = dict(zip(COLUMNS, columns, strict=True))
    shared = _asked_of_all(codes["task"], codes["version"])
    wrong = codes.pop("wrong")[shared].astype(np.float64)
    return Outcomes(wrong, {name: code[shared] for name, code in codes.items()})


def _asked_of_all(task: IntArray, version: IntArray) -> IntArray:
    """Return the rows of tasks that every version was asked; all rows where no task is shared."""
    pairs = np.unique(np.column_stack([task, version]), axis=0)
    count = np.bincount(pairs[:, 0])
    shared = np.flatnonzero(count[task] == np.unique(version).size)
    return (shared if shared.size else np.arange(len(task))).astype(np.int64)


def _plan_json(plan: RepeatPlan) -> dict[str, object]:
    return {
        "tasks": plan.design.tasks,
        "wordings": plan.design.wordings,
        "asks": plan.design.asks,
        "standard_error": plan.standard_error,
        "even_task_price": plan.even_task_price if math.isfinite(plan.even_task_price) else None,
        "a_tenth_more": [
            {"spent_on": option.purchase, "standard_error": option.standard_error}
            for option in plan.options
        ],
    }
