"""Run code that a model wrote in a locked process, and bring back what it returned: `Sandbox`."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from assay.judge.sandbox.fork_server import ForkServer
from assay.judge.sandbox.protocol import LOCKED, Limits, Run, SandboxError, SandboxLost
from assay.judge.sandbox.watch import Task, begin, close_all, watch

ATTEMPTS = {
    "kind": "cases",
    "setup": "",
    "functions": ["attempts"],
    "cases": [{"args": [], "kwargs": {}}],
    "code": """
import os
import socket

def fork():
    if os.fork() == 0:
        os._exit(0)

def attempts():
    done = []
    for name, act in (
        ("read", lambda: open("/etc/passwd").close()),
        ("list", lambda: os.listdir("/")),
        ("write", lambda: open("file", "w").close()),
        ("connect", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)),
        ("send", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)),
        ("fork", fork),
        ("signal", lambda: os.kill(os.getppid(), 0)),
    ):
        try:
            act()
        except PermissionError:
            continue
        except BaseException as error:
            name += f": {error!r}"
        done.append(name)
    return done
""",
}
"""What the kernel must refuse to a locked process with EPERM or EACCES; whatever is returned is a lock that fails."""

SIGNALS = {
    "SIGSYS": ("forbidden", "it made a system call that is never allowed"),
    "SIGXCPU": ("time", "it used more processor time than it may"),
    "SIGKILL": ("memory", "the system ended it"),
}
"""What the signal that ended a process means, where nobody here sent it."""


class Sandbox:
    """Two fork servers: one for what a model wrote, one for what the task's author wrote, so that no memory is shared.

    For several answers at a time use several of them: one does one job at a time. Safe to call from any thread.

    Raises
    ------
    SandboxError
        Where the kernel can't lock a process down, or the locks were tried and did not hold. Nothing is ever run
        unprotected.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._servers: dict[str, ForkServer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the servers and whatever they run."""
        with self._turn:
            self._close()

    def _close(self) -> None:
        while self._servers:
            self._servers.popitem()[1].close()

    def run(
        self, job: Mapping[str, Any], *, limits: Limits | None = None, trusted: bool = False
    ) -> Run:
        """Run one job.

        Parameters
        ----------
        job
            ``kind``: one of `assay.judge.sandbox.zygote.JOBS`; and what that job wants.
        limits
            Time, memory, amount of output.
        trusted
            The job is the task's own: it runs in the other server. It is locked down all the same.
        """
        return self._together([("task" if trusted else "answer", job)], limits or Limits())[0]

    def run_with_test(
        self,
        answer: Mapping[str, Any],
        test: Mapping[str, Any],
        *,
        limits: Limits | None = None,
    ) -> tuple[Run, Run]:
        """Run an answer and a test of it, each in its own process, joined by two pipes of data."""
        both = self._together([("answer", answer), ("task", test)], limits or Limits())
        return both[0], both[1]

    def _together(self, jobs: Sequence[tuple[str, Mapping[str, Any]]], limits: Limits) -> list[Run]:
        with self._turn:
            joined = _joined(len(jobs))
            tasks: list[Task] = []
            try:
                for (name, job), extra in zip(jobs, joined, strict=True):
                    tasks.append(begin(self._server(name), job, limits, extra))
                # Ours are closed at once: an end that we held would hide from one process that the other has ended.
                while joined:
                    _close_ends(joined.pop())
                watch(tasks, limits)
            except BaseException:
                # Whatever went wrong, no child may run on, and no later job may meet its leavings.
                self._close()
                raise
            finally:
                for pair in joined:
                    _close_ends(pair)
                for task in tasks:
                    close_all(task)
        runs = [task.run() for task in tasks]
        for run in runs:
            locked = run.result.startswith(json.dumps(LOCKED).encode())
            if not locked and not run.late and not run.cancelled:
                raise SandboxLost("a process ended before its locks were on, and ran no code")
        return runs

    def _server(self, name: str) -> ForkServer:
        if name not in self._servers:
            server = ForkServer()
            try:
                self._try_the_locks(server)
            except BaseException:
                server.close()
                raise
            self._servers[name] = server
        return self._servers[name]

    def _try_the_locks(self, server: ForkServer) -> None:
        """Attempt what must fail, in a child of this server, before any answer runs in one."""
        limits = Limits()
        task = begin(server, ATTEMPTS, limits, ())
        try:
            watch([task], limits)
        finally:
            close_all(task)
        found = lines(task.run())
        if not found or found[0] != {"value": []}:
            raise SandboxError(
                f"the locks do not hold here, so no code of a model was run: {found[:1]}"
            )

    def layers(self) -> dict[str, Any]:
        """Return which layers hold: the version of Landlock, and whether there is an own network and user namespace."""
        with self._turn:
            return self._server("answer").layers


def lines(run: Run, most: int = 2) -> list[Any]:
    """Return what a run sent, line by line, without the first; what is no JSON ends the list. Hostile data.

    `most` lines are read at most: reading a million short ones would cost the judge a second.
    """
    found = []
    for line in run.result.split(b"\n", most + 1)[1:-1]:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            break
    return found


def process_failure(run: Run) -> tuple[str, str] | None:
    """Return the kind of failure and a sentence where the process did not end by itself; else None."""
    if run.late:
        return "time", "it ran longer than it may"
    if run.flooded:
        return "output", "it wrote more than it may"
    if not os.WIFSIGNALED(run.status):
        return None
    name = signal.Signals(os.WTERMSIG(run.status)).name
    if run.cancelled and name == "SIGKILL":  # our own: the test was over
        return None
    return SIGNALS.get(name, ("exception", f"it crashed with {name}"))


def _joined(count: int) -> list[tuple[int, ...]]:
    """Return the further descriptors of each process: two pipes between two processes, none for one."""
    if count == 1:
        return [()]
    calls_out, calls_in = os.pipe()
    replies_out, replies_in = os.pipe()
    return [(calls_out, replies_in), (calls_in, replies_out)]


def _close_ends(ends: Sequence[int]) -> None:
    for end in ends:
        os.close(end)
