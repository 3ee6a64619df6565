"""The judge's side of the fork server: start it, give it one job at a time, end it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assay.judge.sandbox.filter import AUDIT_ARCH
from assay.judge.sandbox.protocol import (
    CANCEL,
    READY,
    REFUSAL,
    REPLY,
    REQUEST,
    Limits,
    SandboxError,
    SandboxLost,
)

START_SECONDS = 60.0
START = (
    "import sys; sys.path.append(sys.argv.pop(1)); from assay.judge.sandbox.zygote import main; "
    "sys.path.pop(); main()"
)
OPTIONS = ("-s", "-P", "-S", "-B")
"""No user's and no site's packages, nothing from the working folder, no bytecode written."""

ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
"""All of it; `-I` would ignore the seed. The server clears it before the first job."""


def machine() -> str:
    """Return the machine that there is a filter for.

    Raises
    ------
    SandboxError
        On another system than Linux on 64-bit x86 or ARM.
    """
    name = platform.machine()
    fits = sys.maxsize > 2**32 and sys.byteorder == "little" and name in AUDIT_ARCH
    if sys.platform != "linux" or not fits:
        raise SandboxError(
            f"code of a model runs only on Linux on {' or '.join(AUDIT_ARCH)} with Landlock and seccomp, and this is "
            f"{platform.system()} on {name}: nothing was run"
        )
    return name


class ForkServer:
    """A locked interpreter that forks a child a job. One job at a time; not for several threads at once.

    Raises
    ------
    SandboxError
        Where the locks do not hold: nothing is ever run without them.
    """

    def __init__(self) -> None:
        name = machine()
        self._folder = tempfile.mkdtemp(prefix="assay-locked-")
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with theirs:
                self._process = self._spawn(name, theirs)
            self.layers = self._greeting()
        except BaseException:
            self.close()
            raise

    def _spawn(self, name: str, theirs: socket.socket) -> subprocess.Popen[bytes]:
        root = Path(__file__).resolve().parents[3]
        command = [sys.executable, *OPTIONS, "-c", START]
        return subprocess.Popen(  # noqa: S603 - this interpreter, on text of our own
            [*command, str(root), self._folder, name, str(theirs.fileno())],
            env=ENVIRONMENT,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )

    def _greeting(self) -> dict[str, Any]:
        self.control.settimeout(START_SECONDS)
        try:
            message = self.control.recv(4096)
        except TimeoutError:
            message = b""
        self.control.settimeout(None)
        if message[:1] == READY:
            layers: dict[str, Any] = json.loads(message[1:])
            return layers
        if message[:1] == REFUSAL:
            reason = message[1:].decode("utf-8", "replace")
        else:
            assert self._process
            self._process.kill()
            told = self._process.communicate()[1].decode("utf-8", "replace").strip()
            reason = told.splitlines()[-1] if told else "the locked interpreter did not start"
        raise SandboxError(
            f"code of a model can't be locked down here, so nothing was run: {reason}"
        )

    def begin(self, limits: Limits, descriptors: Sequence[int]) -> None:
        """Start a child with these descriptors: the job, what is printed, the result, and up to two more."""
        request = REQUEST.pack(limits.seconds, limits.memory_bytes)
        socket.send_fds(self.control, [request], list(descriptors))

    def cancel(self) -> None:
        """End the child that runs, if one does."""
        with suppress(OSError):
            self.control.send(CANCEL)

    def ended(self) -> tuple[int, bool, float, int]:
        """Return how the child ended: status, late, processor seconds, peak bytes."""
        message = self.control.recv(REPLY.size)
        if len(message) != REPLY.size:
            raise SandboxLost("the locked interpreter ended before its job was done")
        status, late, cpu_seconds, peak_bytes = REPLY.unpack(message)
        return status, late, cpu_seconds, peak_bytes

    def close(self) -> None:
        """End the server and its child, and remove its folder."""
        self.control.close()
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)
