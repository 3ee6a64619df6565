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
from assay.capability.load import Load, LoadedEndpoint
from assay.capability.speed.run import PerfRun
from assay.errors import BadInput
from assay.judge.rules import Rule
from assay.judge.run_check import CheckReport, Selection, judge_by_check
from assay.ledger.store import Ledger

MOST_IN_FLIGHT = 1_024
"""As many as the pool takes: more tasks than that can't be sent at times of their own."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of one set-up.

    Parameters
    ----------
    asked
        Answers now, before, and failed.
    judged
        What the check says; None where nothing was ever answered.
    run
        Each request that was sent now, failures too; what was answered before is not in it.
    """

    asked: AskReport
    judged: CheckReport | None
    run: PerfRun

    @property
    def latest_start_seconds(self) -> float:
        """How late the latest request went out."""
        return max((one.dispatch_delay_seconds or 0.0 for one in self.run.requests), default=0.0)


async def probe_setup(
    ledger: Ledger,
    endpoint: Endpoint,
    plan: tuple[TaskFile, AskSettings],
    *,
    load: Load,
    check: Rule,
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
        The rule that decides right from wrong.

    Raises
    ------
    BadInput
        Where there are more tasks than can be in flight at once, under a load that doesn't wait.
    """
    tasks, settings = plan
    if load.per_second is not None and len(tasks.tasks) > MOST_IN_FLIGHT:
        raise BadInput(
            f"{len(tasks.tasks):,} tasks are more than the {MOST_IN_FLIGHT:,} that may be in flight: "
            "--limit takes the first"
        )
    loaded = LoadedEndpoint(endpoint, load, np.random.default_rng(load.seed))
    concurrency = 1 if load.per_second is None else max(len(tasks.tasks), 1)
    asked = await ask_tasks(
        ledger,
        loaded,
        AskPlan(tasks, settings),
        limits=Limits(max_concurrency=concurrency),
        on_progress=on_progress,
        stop=stop,
    )
    judged = None
    if asked.asked + asked.known:
        selection = Selection(settings.system, settings.version)
        judged = await asyncio.to_thread(judge_by_check, ledger, check, window=selection)
    return Probed(asked, judged, loaded.run(f"{settings.system} {settings.version}".strip()))
