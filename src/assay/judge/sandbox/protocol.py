"""What the judge and its fork server say to each other, and the limits of a run."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from assay.errors import AssayError, BadInput

REQUEST = struct.Struct("<dQ")  # seconds, bytes of memory
REPLY = struct.Struct("<i?dQ")  # wait status, out of time, processor seconds, peak bytes
CANCEL = b"K"
REFUSAL = b"!"
READY = b"+"
LOCKED = {"locked": True}
"""The first line of every result, written after the locks and before any code of the answer."""


class SandboxError(AssayError):
    """Code can't be locked down here, so it was not run."""


class SandboxLost(SandboxError):
    """The locked interpreter itself was ended, by the system or by someone else; the job can be tried again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may use.

    Parameters
    ----------
    seconds
        Wall-clock time from the start of its process to its end, all cases together. Processor time is limited to a
        second more.
    memory_bytes
        Address space, the interpreter's own (about 60 MB) with it.
    result_bytes, printed_bytes
        What it may return, and print; more ends it.

    Raises
    ------
    BadInput
        For a limit that no code can keep.
    """

    seconds: float = 5.0
    memory_bytes: int = 512 << 20
    result_bytes: int = 1 << 20
    printed_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 3600:
            raise BadInput(f"--seconds must be over 0 and at most 3600, got {self.seconds:g}")
        if not 128 << 20 <= self.memory_bytes <= 1 << 40:
            raise BadInput(
                f"--memory must be between 128 MB and 1 TB, got {self.memory_bytes / (1 << 20):g} MB"
            )

    def __str__(self) -> str:
        return f"{self.seconds:g} s, {self.memory_bytes >> 20} MB"


@dataclass(frozen=True, slots=True)
class Run:
    """How a locked process ended, and what it left. All of it is the word of code that may be hostile.

    Parameters
    ----------
    result, printed
        What came through the two pipes, cut at the limits.
    status
        As `os.wait4` gives it.
    late, flooded, cancelled
        It was ended for its time; for the amount it wrote; because what it was asked for was no longer wanted.
    cpu_seconds, peak_bytes
        Measured by the kernel.
    """

    result: bytes
    printed: bytes
    status: int
    late: bool
    flooded: bool
    cancelled: bool
    cpu_seconds: float
    peak_bytes: int
