"""Watch the children of fork servers: feed their jobs in, take what they write, to their end."""

from __future__ import annotations

import json
import os
import selectors
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from assay.judge.sandbox.fork_server import ForkServer
from assay.judge.sandbox.protocol import Limits, Run, SandboxLost

GRACE_SECONDS = 30.0
CHUNK = 1 << 16


@dataclass(slots=True)
class Task:
    """One child under watch: our ends of its pipes, and what came through them."""

    server: ForkServer
    limits: Limits
    job: memoryview
    job_end: int
    ends: dict[int, tuple[bytearray, int]]
    ended: tuple[int, bool, float, int] | None = None
    flooded: bool = False
    cancelled: bool = False
    result: bytearray = field(default_factory=bytearray)
    printed: bytearray = field(default_factory=bytearray)

    def cancel(self) -> None:
        """End the child, if it has not ended."""
        if not self.cancelled and self.ended is None:
            self.cancelled = True
            self.server.cancel()

    def run(self) -> Run:
        """Return what came of it. Only after `watch`."""
        assert self.ended is not None
        status, late, cpu_seconds, peak_bytes = self.ended
        return Run(
            bytes(self.result),
            bytes(self.printed),
            status,
            late,
            self.flooded,
            self.cancelled,
            cpu_seconds,
            peak_bytes,
        )


def begin(server: ForkServer, job: Mapping[str, Any], limits: Limits, extra: Sequence[int]) -> Task:
    """Start a child on a job; `extra` are descriptors for it beyond the job, what it prints, and the result."""
    text = memoryview(json.dumps(job).encode())
    job_out, job_in = os.pipe()
    printed_out, printed_in = os.pipe()
    result_out, result_in = os.pipe()
    task = Task(server, limits, text, job_in, {})
    task.ends = {
        printed_out: (task.printed, limits.printed_bytes),
        result_out: (task.result, limits.result_bytes),
    }
    try:
        server.begin(limits, [job_out, printed_in, result_in, *extra])
    except BaseException:
        close_all(task)
        raise
    finally:
        for end in (job_out, printed_in, result_in):
            os.close(end)
    os.set_blocking(job_in, False)
    return task


def close_all(task: Task) -> None:
    """Close our ends of a child's pipes."""
    for end in (*task.ends, task.job_end):
        with suppress(OSError):
            if end >= 0:
                os.close(end)
    task.ends, task.job_end = {}, -1


def watch(tasks: Sequence[Task], limits: Limits) -> None:
    """Feed the jobs in and take the results out until every child has ended."""
    deadline = time.monotonic() + limits.seconds + GRACE_SECONDS
    with selectors.DefaultSelector() as selector:
        for task in tasks:
            selector.register(task.server.control, selectors.EVENT_READ, task)
            selector.register(task.job_end, selectors.EVENT_WRITE, task)
            for end in task.ends:
                selector.register(end, selectors.EVENT_READ, task)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise SandboxLost("the locked interpreter did not end its job in time")
            for key, _ in ready:
                task = key.data
                if key.fileobj is task.server.control:
                    selector.unregister(key.fileobj)
                    task.ended = task.server.ended()
                    _after_end(task, tasks, selector)
                elif key.fd == task.job_end:
                    _feed(task, selector)
                elif key.fd in task.ends:
                    _take(task, key.fd, selector)


def _after_end(task: Task, tasks: Sequence[Task], selector: selectors.BaseSelector) -> None:
    if task.job_end >= 0:
        _drop(task.job_end, selector)
        task.job_end = -1
    if task is tasks[-1]:  # the test is over: nobody calls the answer any more
        for other in tasks[:-1]:
            other.cancel()


def _feed(task: Task, selector: selectors.BaseSelector) -> None:
    try:
        task.job = task.job[os.write(task.job_end, task.job[:CHUNK]) :]
    except BlockingIOError:
        return
    except BrokenPipeError:
        task.job = task.job[:0]
    if not task.job:
        _drop(task.job_end, selector)
        task.job_end = -1


def _take(task: Task, end: int, selector: selectors.BaseSelector) -> None:
    kept, most = task.ends[end]
    part = os.read(end, CHUNK)
    if not part:
        _drop(end, selector)
        del task.ends[end]
        return
    room = most - len(kept)
    kept += part[: max(room, 0)]
    if len(part) > room:
        task.flooded = True
        task.cancel()


def _drop(end: int, selector: selectors.BaseSelector) -> None:
    selector.unregister(end)
    os.close(end)
