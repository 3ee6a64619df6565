"""A program of the user's, run without a shell and in a session of its own: when it is ended, so is all it started."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from assay.errors import BadInput
from assay.terminal import visible

_TAIL = 400
_running: list[subprocess.Popen[bytes]] = []


def own_output(
    arguments: Sequence[str], *, what: str, where: str, told: bytes, timeout_seconds: float
) -> bytes:
    """Run a program, and return what it wrote on its stdout.

    Parameters
    ----------
    arguments
        The program first.
    what
        Who runs, for messages: "the verifier".
    where
        The command as the user wrote it.
    told
        Its stdin.
    timeout_seconds : > 0
        Then it is ended, with all that it started.

    Raises
    ------
    BadInput
        If it can't be started, fails, or runs longer.
    """
    # Files and no pipes: what a program leaves running would hold a pipe open, and we would wait for it.
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as errors,
    ):
        given.write(told)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
                arguments, stdin=given, stdout=said, stderr=errors, start_new_session=True
            )
        except OSError as error:
            raise BadInput(
                f"{what} can't be started: {error.strerror or error}: {arguments[0]!r}", where=where
            ) from error
        _running.append(process)
        try:
            status = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"{what} ran longer than {timeout_seconds:g} seconds and was ended", where=where
            ) from None
        finally:
            _end(process)
            _running.remove(process)
        if status:
            ended = f"exit code {status}" if status > 0 else f"signal {-status}"
            raise BadInput(
                f"{what} failed with {ended}: {_last(errors) or 'it said nothing'}", where=where
            )
        said.seek(0)
        return said.read()


def split_command(command: str, *, what: str) -> list[str]:
    """Return a command as a list of arguments.

    Raises
    ------
    BadInput
        If its quotes don't close, or it holds what no argument can.
    """
    if "\0" in command:
        raise BadInput(f"{what} holds the character NUL: {command!r:.80}")
    try:
        return shlex.split(command)
    except ValueError as error:
        raise BadInput(f"{what} can't be split: {error}: {command!r}") from error


def end_running() -> None:
    """End what this process has running: it is about to be gone itself."""
    for process in tuple(_running):
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it started; a session of its own, so nothing else is hit."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.wait()


def _last(errors: IO[bytes]) -> str:
    """Return the end of what a program said; all of it may be gigabytes."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TAIL))
    return visible(errors.read().decode("utf-8", "replace").strip())
