"""`assay loop run`: all arms and seeds of a loop.toml, side by side, each in a process of its own with one thread."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from assay.curate.checkpoint import told_when_full, write_whole
from assay.curate.loop.learners import check_trainer
from assay.curate.loop.loop_arm import PHASES, ArmJob, key_of, run_arm
from assay.curate.loop.loop_config import LoopConfig
from assay.curate.loop.loop_state import FIRST, LEAKS, OWN, WORK, LoopFolder
from assay.curate.loop.own_command import end_running
from assay.curate.loop.task_source import TaskFiles
from assay.curate.loop.turn import LOOP_FILE, TURN_FILE, TURNS, TurnRecord
from assay.errors import BadInput

LOOK_SECONDS = 0.5
Progress = Callable[[int, float | None], None]
"""Called with the turns done, and the share of all."""


@dataclass(frozen=True, slots=True)
class ArmRun:
    """What became of an arm with a seed.

    Parameters
    ----------
    arm
        Its name; empty where the loop has no arms.
    verify, mix
    seed
    folder
    turns
        The record of each, from turn 0.
    """

    arm: str
    verify: str
    mix: str
    seed: int
    folder: Path
    turns: tuple[TurnRecord, ...]

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "arm": self.arm,
            "verify": self.verify,
            "mix": self.mix,
            "seed": self.seed,
            "folder": str(self.folder),
            "turns": [record.to_json() for record in self.turns],
        }


@dataclass(frozen=True, slots=True)
class LoopRun:
    """What became of a loop.

    Parameters
    ----------
    out
    runs
        In the order of arms, then seeds.
    leaks
        Tasks that stand in two sets, in words; empty where none does.
    seconds
        This process took.
    """

    out: Path
    runs: tuple[ArmRun, ...]
    leaks: tuple[str, ...]
    seconds: float

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {
            "out": str(self.out),
            "leaks": list(self.leaks),
            "seconds": round(self.seconds, 1),
            "runs": [run.to_json() for run in self.runs],
        }


def arm_folder(config: LoopConfig, out: Path, arm: str, seed: int) -> Path:
    """Return the folder of an arm with a seed: `out` itself where there is one of each."""
    return out if config.single else out / (arm or "loop") / f"seed-{seed}"


def run_loop(
    config: LoopConfig,
    out: Path,
    *,
    arms: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (),
    processes: int = 2,
    on_progress: Progress | None = None,
) -> LoopRun:
    """Run every arm with every seed, or go on with them.

    Parameters
    ----------
    config
    out
        Folder; see `assay.curate.loop.turn`.
    arms, seeds
        Only these; all where none is named.
    processes : >= 1
        Arms at the same time; the records are the same for any.
    on_progress

    Raises
    ------
    BadInput
        If the folder holds something else, or an arm can't be run; the others' finished turns are kept.
    """
    if processes < 1:
        raise BadInput(f"processes must be at least 1, got {processes}")
    began = time.perf_counter()
    chosen = config.only(arms, seeds)
    check_trainer(chosen)
    jobs = [
        ArmJob(chosen, arm, seed, arm_folder(config, out, arm.name, seed), _first(config, out, seed))
        for seed in chosen.seeds
        for arm in chosen.arms
    ]  # fmt: skip
    leaks = _prepared(config, out, jobs)
    found = _run_jobs(jobs, processes, on_progress or (lambda *_: None))
    runs = tuple(
        ArmRun(job.arm.name, job.arm.verify, job.arm.mix, job.seed, job.out, turns)
        for job, turns in zip(jobs, found, strict=True)
    )
    return LoopRun(out, runs, leaks, time.perf_counter() - began)


def _prepared(config: LoopConfig, out: Path, jobs: list[ArmJob]) -> tuple[str, ...]:
    """Make the folder, and return its leaks; all that can be refused is refused before anything is written."""
    source = config.tasks.source(config.folder)
    leaks = tuple(map(str, source.leaks)) if isinstance(source, TaskFiles) else ()
    with told_when_full(out):
        _refuse_strangers(config, out)
        for job in jobs:
            LoopFolder(job.out).check(key_of(job, source))
        out.mkdir(parents=True, exist_ok=True)
        if not config.single:
            # The folder of one arm gets its own from whoever holds it.
            write_whole(out / LOOP_FILE, config.text.encode())
        if leaks:
            write_whole(out / LEAKS, json.dumps(list(leaks), indent=1).encode())
    return leaks


def _refuse_strangers(config: LoopConfig, out: Path) -> None:
    """Refuse a folder that no loop has begun and that holds something: a loop.toml in it is somebody's own."""
    if out.exists() and not out.is_dir():
        raise BadInput(f"{out} is a file: -o names a folder")
    there = {path.name for path in out.iterdir()} if out.exists() else set()
    if WORK in there or any(out.glob(f"*/seed-*/{WORK}")):
        return
    if LOOP_FILE in there and (out / LOOP_FILE).read_bytes() == config.text.encode():
        # A loop that was ended at once leaves no more.
        there.remove(LOOP_FILE)
    strangers = there - {*(OWN - {LOOP_FILE}), *(arm.name for arm in config.arms)}
    if strangers:
        raise BadInput(
            f"the folder {out} holds other files ({min(strangers)}): choose an empty one"
        )


def _first(config: LoopConfig, out: Path, seed: int) -> Path:
    """Return where the weights before the first turn lie: shared by arms that begin alike."""
    key = [config.train, dict(config.trainer), repr(config.tasks), config.real_examples, seed]
    return out / FIRST / hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def _run_jobs(jobs: list[ArmJob], processes: int, tell: Progress) -> list[tuple[TurnRecord, ...]]:
    if processes == 1 or len(jobs) == 1:
        found = []
        for place, job in enumerate(jobs):
            found.append(run_arm(job, on_progress=_finely(jobs, place, tell)))
        tell(_turns_done(jobs), 1.0)
        return found
    # Not forked: a copy of torch's threads in the middle of their work may wait for ever.
    context = multiprocessing.get_context("spawn")
    workers = min(processes, len(jobs))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ends_with_parent) as pool:
        waiting = [pool.submit(run_arm, job) for job in jobs]
        try:
            _watched(waiting, jobs, tell)
            return [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _watched(
    waiting: list[Future[tuple[TurnRecord, ...]]], jobs: list[ArmJob], tell: Progress
) -> None:
    left = set(waiting)
    every = sum(job.config.turns + 1 for job in jobs)
    while left:
        done, left = wait(left, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        turns = _turns_done(jobs)
        tell(turns, turns / every)


def _finely(jobs: list[ArmJob], place: int, tell: Progress) -> Callable[[int, str], None]:
    """Return what tells the share of a run whose arms come one after the other, phase by phase."""
    every = len(jobs) * (jobs[0].config.turns + 1)

    furthest = 0.0

    def told(turn: int, phase: str) -> None:
        nonlocal furthest
        done = place * (jobs[0].config.turns + 1) + turn
        # Generation and verification take turns until enough is kept: a bar doesn't go back.
        furthest = max(furthest, (done + PHASES.index(phase) / len(PHASES)) / every)
        tell(done, furthest)

    return told


def _turns_done(jobs: list[ArmJob]) -> int:
    return sum(len(list((job.out / TURNS).glob(f"turn-*/{TURN_FILE}"))) for job in jobs)


def _ends_with_parent() -> None:
    """End this process when the one that started it is gone: a loop that is killed leaves nothing running."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        end_running()
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
