"""The pipes of a locked process: job in, result out, calls and replies between an answer and its test."""

from __future__ import annotations

import json
import os
from typing import Any

from assay.judge.sandbox.data import NotData

RESULT, CALLS, REPLIES = 3, 4, 5
LONGEST_LINE = 4 << 20


def read_job() -> Any:
    """Return the job: JSON on standard input, to its end."""
    parts = []
    while part := os.read(0, 1 << 20):
        parts.append(part)
    return json.loads(b"".join(parts))


def send(descriptor: int, message: object) -> None:
    """Write a message as one line of JSON."""
    line = json.dumps(message).encode() + b"\n"
    view = memoryview(line)
    while view:
        view = view[os.write(descriptor, view) :]


def receive(descriptor: int, waiting: bytearray) -> Any:
    """Read one line of JSON; None at the end. `waiting` keeps what was read beyond it.

    Raises
    ------
    NotData
        For a line that is too long.
    """
    while (end := waiting.find(b"\n")) < 0:
        if len(waiting) > LONGEST_LINE:
            raise NotData("a message is too long")
        part = os.read(descriptor, 1 << 16)
        if not part:
            return None
        waiting += part
    line = bytes(waiting[:end])
    del waiting[: end + 1]
    return json.loads(line)
