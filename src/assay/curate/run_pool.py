"""Workers of a run: processes that are each given one block at a time, so that of one that dies the block is known."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from assay.curate.checkpoint import BlockStore
from assay.curate.read.raw import RawBlock
from assay.curate.run_block import BlockWork, work_block
from assay.errors import AssayError


class WorkerDied(AssayError):
    """A worker ended while it worked on a block: it was killed, ran out of memory, or a library crashed."""


class Task(NamedTuple):
    """A block to be done, and its number over all files."""

    number: int
    block: RawBlock


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None


def run_tasks(
    tasks: Iterable[Task],
    work: BlockWork,
    store: BlockStore,
    *,
    workers: int,
    on_done: Callable[[Task], None],
) -> None:
    """Do the tasks, and write each block where it belongs.

    Parameters
    ----------
    tasks
        Taken as workers are free: no more than one a worker is held.
    work, store
    workers : >= 1
        With one, the work is done in this process.
    on_done
        Called in this process for each block that is written.

    Raises
    ------
    WorkerDied
        If a process ends before its block is done; the blocks that are done stay.
    AssayError
        What a block's work raised.
    """
    if workers == 1:
        for task in tasks:
            store.write(task.number, work_task(task, work))
            on_done(task)
        return
    with _started(workers, work, store) as crew:
        free = list(crew)
        for task in tasks:
            while not free:
                free = _finished(crew, on_done)
            worker = free.pop()
            worker.task = task
            worker.pipe.send(task)
        while any(worker.task for worker in crew):
            _finished(crew, on_done)


@contextmanager
def _started(workers: int, work: BlockWork, store: BlockStore) -> Iterator[list[_Worker]]:
    spawn = multiprocessing.get_context("spawn")
    crew: list[_Worker] = []
    try:
        for _ in range(workers):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(
                target=_serve, args=(theirs, work, store, os.getpid()), daemon=True
            )
            process.start()
            theirs.close()
            crew.append(_Worker(process, ours))
        yield crew
    finally:
        for worker in crew:
            worker.pipe.close()
        for worker in crew:
            if worker.task is not None:
                worker.process.terminate()
            worker.process.join()


def _finished(crew: list[_Worker], on_done: Callable[[Task], None]) -> list[_Worker]:
    """Wait until at least one worker is free, and return those that are."""
    busy = {worker.pipe: worker for worker in crew if worker.task is not None}
    free = []
    for ready in wait(list(busy)):
        worker = busy[ready]  # type: ignore[index]
        task = worker.task
        assert task is not None
        try:
            fault = worker.pipe.recv()
        except (EOFError, ConnectionError):
            worker.process.join()
            raise _died(worker.process, task) from None
        if fault is not None:
            raise fault
        worker.task = None
        on_done(task)
        free.append(worker)
    return free


def _died(process: BaseProcess, task: Task) -> WorkerDied:
    code = process.exitcode
    how = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
    killed = "; the system may have been out of memory: fewer --workers need less" * (code == -9)
    return WorkerDied(
        f"a worker ended ({how}) at {task.block.where}{killed}; the blocks that are done are kept, "
        "and the same command goes on from there"
    )


def _serve(pipe: Connection, work: BlockWork, store: BlockStore, parent: int) -> None:
    # An interrupt from the keyboard reaches all processes: the one that gives the work ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return  # whoever gave the work has gone
        fault: AssayError | None = None
        try:
            files = work_task(task, work)
            if os.getppid() != parent:
                return  # another run may have the folder by now
            store.write(task.number, files)
        except AssayError as error:
            fault = error
        try:
            pipe.send(fault)
        except OSError:
            return


def work_task(task: Task, work: BlockWork) -> dict[str, bytes]:
    """Return the files of a block, see `work_block`.

    Raises
    ------
    AssayError
        What the work refuses; of any other fault, where in the program and at which block it was.
    """
    try:
        return work_block(task.block, work)
    except AssayError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise AssayError(
            f"{type(error).__name__}: {error} (at {place.name}, line {place.lineno}): a fault of this program",
            where=task.block.where,
        ) from error
