"""Set-ups that are asked the same checkable tasks, timed, and judged: what `assay cost probe` does before it ranks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.ask.place import AskSettings
from assay.ask.pool import Limits, PoolProgress
from assay.ask.request import Endpoint
from assay.ask.run import AskPlan, AskReport, ask_tasks
from assay.ask.tasks import TaskFile
from assay.capability.open_loop import OpenLoop
from assay.errors import BadInput
from assay.judge.rules import rule_named
from assay.judge.run_check import CheckReport, Selection, judge_by_check
from assay.ledger.store import Ledger

MOST_IN_FLIGHT = 1_024
"""As many as the pool takes: more tasks than that can't be sent at times of their own."""


@dataclass(frozen=True, slots=True)
class Load:
    """How tasks are sent.

    Parameters
    ----------
    per_second : > 0
        Mean arrivals a second, in a Poisson process; None: one after another, each when the last is answered.
    seed
        Of the times of arrival.
    """

    per_second: float | None = None
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one set-up.

    Parameters
    ----------
    asked
        Answers now, before, and failed.
    judged
        What the check says.
    latest_start_seconds
        How late the latest request went out; None where they went one after another.
    """

    asked: AskReport
    judged: CheckReport
    latest_start_seconds: float | None


async def probe_setup(
    ledger: Ledger,
    endpoint: Endpoint,
    plan: tuple[TaskFile, AskSettings],
    *,
    load: Load,
    check: str = "by-task",
    on_progress: Callable[[PoolProgress, AskReport], None] | None = None,
    stop: asyncio.Event | None = None,
) -> Probed:
    """Ask a set-up all tasks, keep answers and latencies in a ledger, and judge them by a check.

    Parameters
    ----------
    ledger
        Where traces and verdicts go; what is there already is not asked again.
    endpoint
        What answers; it stays open.
    plan
        The tasks, and the settings that name the set-up.
    load
        How fast tasks come.
    check
        Name of the rule that decides right from wrong.

    Raises
    ------
    BadInput
        Where there are more tasks than can be in flight at once, under a load that doesn't wait.
    """
    tasks, settings = plan
    open_loop = None
    concurrency = 1
    if load.per_second is not None:
        if len(tasks.tasks) > MOST_IN_FLIGHT:
            raise BadInput(
                f"{len(tasks.tasks):,} tasks are more than the {MOST_IN_FLIGHT:,} that may be in flight: "
                "--limit takes the first"
            )
        open_loop = OpenLoop(endpoint, load.per_second, np.random.default_rng(load.seed))
        concurrency = max(len(tasks.tasks), 1)
    asked = await ask_tasks(
        ledger,
        open_loop or endpoint,
        AskPlan(tasks, settings),
        limits=Limits(max_concurrency=concurrency),
        on_progress=on_progress,
        stop=stop,
    )
    selection = Selection(settings.system, settings.version)
    judged = await asyncio.to_thread(judge_by_check, ledger, rule_named(check), window=selection)
    return Probed(asked, judged, None if open_loop is None else open_loop.latest_start_seconds)
