"""The fork server: a started interpreter that locks itself, then makes one child a job. It never sees a job.

A message on the control socket brings the limits and the descriptors of one job. The child reads the job after the
fork, so neither this process nor a later child holds anything of it. When the control socket closes, all end.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import sysconfig
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from assay.judge.sandbox import lock
from assay.judge.sandbox.answer import run_cases, serve_calls
from assay.judge.sandbox.examiner import examine
from assay.judge.sandbox.filter import packed, program
from assay.judge.sandbox.pipes import RESULT, read_job, send
from assay.judge.sandbox.protocol import CANCEL, LOCKED, READY, REFUSAL, REPLY, REQUEST
from assay.judge.sandbox.statement import run_statement

JOBS = {"cases": run_cases, "serve": serve_calls, "examine": examine, "rows": run_statement}

MOST_DESCRIPTORS = 5
OUT_OF_THE_WAY = 20

# Loaded once for all children: common in answers, or in need of shared libraries that a child may not open.
PRELOADED = (
    "abc", "array", "base64", "bisect", "bz2", "calendar", "cmath", "collections.abc",
    "contextlib", "copy", "csv", "ctypes", "dataclasses", "datetime", "decimal", "difflib",
    "enum", "fractions", "functools", "gc", "hashlib", "heapq", "inspect", "io", "itertools",
    "json", "lzma", "math", "numbers", "operator", "queue", "random", "re", "sqlite3",
    "statistics", "string", "textwrap", "time", "traceback", "typing", "unicodedata", "uuid",
    "zlib",
)  # fmt: skip


def readable() -> list[str]:
    """Return what a child may read: the standard library without site-packages, and the world's time zones."""
    found = []
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        found += [
            f"{folder}/{name}"
            for name in sorted(os.listdir(folder))  # noqa: PTH208
            if name
            not in {"site-packages", "dist-packages", "sitecustomize.py", "usercustomize.py"}
        ]
    return [*found, "/usr/share/zoneinfo"]


def prepare(folder: str, machine: str) -> tuple[bytes, dict[str, object]]:
    """Load, lock, and return the filter for the children and which layers hold.

    Raises
    ------
    LockError
        Where a layer that must hold does not.
    """
    for name in PRELOADED:
        import_module(name)
    # The import system now knows what is in the standard library: a child may not list that folder, for site-packages.
    find_spec("a_module_that_is_nowhere")
    filter_ = packed(program(machine))
    os.chdir(folder)
    os.environ.clear()
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")  # short of memory, the system ends these first
    paths = [*readable(), folder]
    apart = lock.namespaces()
    version = lock.landlock(paths)
    lock.drop_capabilities()
    lock.hide_memory()
    return filter_, {"landlock": version, "namespaces": apart, "machine": machine}


def serve(control: socket.socket, filter_: bytes) -> None:
    """Make a child for each request until the control socket closes."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, MOST_DESCRIPTORS)
        if not message:
            return
        if message == CANCEL:  # came too late: that child had ended
            continue
        seconds, memory = REQUEST.unpack(message)
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                _become(descriptors, parent, seconds, memory)
                lock.seccomp(filter_)
                send(RESULT, LOCKED)
                job = read_job()
                JOBS[job["kind"]](job)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        late = _wait(child, control, seconds)
        _, status, usage = os.wait4(child, 0)
        control.send(
            REPLY.pack(status, late, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        )


def _become(descriptors: list[int], parent: int, seconds: float, memory: int) -> None:
    """Take the descriptors of the job as 0 to 5, close all others, and put on the locks but the last."""
    lock.die_with(parent)
    moved = []
    for offset, descriptor in enumerate(descriptors):
        os.dup2(descriptor, OUT_OF_THE_WAY + offset)
        moved.append(OUT_OF_THE_WAY + offset)
    job, output, *rest = moved
    for target, source in enumerate((job, output, output, *rest)):
        os.dup2(source, target)
    os.closerange(3 + len(rest), 1 << 16)
    lock.landlock_scope()
    lock.hide_memory()
    lock.limit(seconds, memory)


def _wait(child: int, control: socket.socket, seconds: float) -> bool:
    """Wait for the end of a child; end it when its time is over or nobody waits for it. Say whether it was late."""
    handle = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.register(control, select.POLLIN)
        events = dict(poll.poll(int(seconds * 1000)))
        if handle in events:
            return False
        os.kill(child, signal.SIGKILL)
        if events:
            control.recv(len(CANCEL))  # a word to cancel, or the end of the one who asked
        return not events
    finally:
        os.close(handle)


def main() -> None:
    """Run the fork server: the folder, the machine and the control socket's number are the arguments."""
    folder, machine, number = sys.argv[1:4]
    control = socket.socket(fileno=int(number))
    try:
        filter_, layers = prepare(folder, machine)
    except (lock.LockError, OSError, KeyError, AttributeError) as error:
        control.send(REFUSAL + str(error).encode()[:1000])
        return
    control.send(READY + json.dumps(layers).encode())
    serve(control, filter_)
