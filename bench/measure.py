"""Whole processes, measured by the operating system: CPU seconds, wall seconds, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Several runs of one command; the median is what is quoted."""

    runs: tuple[Run, ...]

    @property
    def cpu_seconds(self) -> float:
        """Median of user and system CPU seconds, children included."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def wall_seconds(self) -> float:
        """Median of wall seconds: on a shared machine they say little."""
        return statistics.median(run.wall_seconds for run in self.runs)

    @property
    def peak_megabytes(self) -> float:
        """Median of the peak resident memory."""
        return statistics.median(run.peak_megabytes for run in self.runs)


def measure(command: Sequence[str | Path], *, repeats: int = 3, warm_up: int = 1) -> Figures:
    """Run a command several times, one after the other, and measure each run but the first ones.

    Raises
    ------
    RuntimeError
        Where the command fails: a figure of a failed run is no figure.
    """
    runs = [_run([str(part) for part in command]) for _ in range(warm_up + repeats)]
    return Figures(tuple(runs[warm_up:]))


def _run(command: list[str]) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command)[:200]} ended with {process.returncode}: {errors[-500:]}"
        )
    # Linux counts ru_maxrss in kibibytes, macOS in bytes.
    unit = 1 / 1024 if sys.platform != "darwin" else 1 / 1024**2
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit)
