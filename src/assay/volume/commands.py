"""Commands that help, spelled out with the user's own names."""

from __future__ import annotations

import shlex

from assay.ledger.population import Window


def draw_command(
    ledger: str, window: Window, *, labels: int = 300, seed: int = 7, whole: bool = False
) -> str:
    """Return the command that draws labels for a system; `ledger` as it would be typed.

    With `whole` an empty version is spelled out: the ledger holds others.
    """
    version = f" --version {quoted(window.version)}" if window.version or whole else ""
    # Of exams and probes said always: work that comes in later would be drawn from instead.
    origin = f" --origin {window.origin}" if window.origin not in (None, "field") else ""
    return f"assay draw {ledger} --labels {labels} --seed {seed} --system {quoted(window.system)}{version}{origin}"


def quoted(text: str) -> str:
    """Return text as one word of a shell command."""
    return shlex.quote(text)
