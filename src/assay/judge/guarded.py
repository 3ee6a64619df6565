"""A time limit that holds: patterns and schemas of users meet texts of models in a process that can be killed.

``(a+)+$`` on thirty characters takes Python's matcher longer than anyone waits, and no thread can be stopped while it
matches. So what may take for ever is done by another process, text by text; where an answer doesn't come in time that
process is killed and the text given up, never called right or wrong.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.errors import BadInput

WORKER = Path(__file__).with_name("guarded_worker.py")

SECONDS_A_TEXT = 2.0
"""A text of 1 MB takes a sound pattern some milliseconds; the rest is for a machine that does other things."""

SECONDS_TO_START = 60.0

MOST_GIVEN_UP = 10
"""Texts of one call: after so many it is the pattern's fault, and the user is told instead of kept waiting."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the process said of one text, or why there is nothing."""

    value: object
    gave_up: str = ""


def guarded(
    job: Mapping[str, object],
    texts: Sequence[Sequence[str]],
    *,
    seconds: float = SECONDS_A_TEXT,
) -> list[Said]:
    """Do a job on each text, in another process.

    Parameters
    ----------
    job
        What to do, as `assay.judge.guarded_worker` reads it.
    texts
        For each text, the strings that the job reads.
    seconds : > 0
        Most time for one text.

    Returns
    -------
    list of Said
        One for each text, in the same order.

    Raises
    ------
    BadInput
        Where ten texts took longer than the limit.
    """
    said: list[Said] = []
    given_up = 0
    while len(said) < len(texts):
        said += _run(job, texts[len(said) :], seconds)
        given_up = sum(bool(one.gave_up) for one in said)
        if given_up >= MOST_GIVEN_UP and len(said) < len(texts):
            raise BadInput(
                f"{_name(job)} took longer than {seconds:g} seconds, or died, on {given_up} of {len(said):,} texts: "
                "nested repetition, as in (a+)+, takes time that grows exponentially; write it without"
            )
    return said


def _name(job: Mapping[str, object]) -> str:
    return f"the pattern {job['pattern']!r}" if job.get("pattern") else f"the job {job['step']}"


def _run(job: Mapping[str, object], texts: Sequence[Sequence[str]], seconds: float) -> list[Said]:
    """Run one process until it has done all texts, or one of them not in time."""
    with tempfile.TemporaryFile() as lines:
        for value in (job, *texts):
            lines.write(json.dumps(value).encode("ascii") + b"\n")
        lines.seek(0)
        with subprocess.Popen(  # noqa: S603 - its own interpreter, and a file of its own
            [sys.executable, "-P", str(WORKER)],
            stdin=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            try:
                return _replies(process.stdout, len(texts), seconds)
            finally:
                process.kill()


def _replies(stream: IO[bytes], wanted: int, seconds: float) -> list[Said]:
    said: list[Said] = []
    rest = b""
    ready_yet = False
    deadline = time.monotonic() + SECONDS_TO_START
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while len(said) < wanted:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return [*said, Said(None, f"it took longer than {seconds:g} seconds")]
            read = os.read(stream.fileno(), 1 << 20)
            if not read:
                return [*said, Said(None, "the process that checked it died")]
            *whole, rest = (rest + read).split(b"\n")
            if whole and not ready_yet:
                ready_yet = True
                del whole[0]
                deadline = time.monotonic() + seconds
            said += [_said(line) for line in whole]
            if whole:
                deadline = time.monotonic() + seconds
    return said


def _said(line: bytes) -> Said:
    reply = json.loads(line)
    return Said(reply.get("said"), reply.get("gave_up", ""))
