"""Whether a process that something else started has come to its end."""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE_SECONDS = 30


def ended(pid: int | str) -> bool:
    """Return whether a process ends within a while: a signal is on its way before it is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            state = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        # What nobody has waited for yet stays as a zombie.
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False
