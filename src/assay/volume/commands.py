"""Commands that help, spelled out with the user's own names."""

from __future__ import annotations

import shlex

from assay.ledger.population import Window
from assay.ledger.store import Ledger


def draw_command(ledger: Ledger, window: Window) -> str:
    """Return the command that draws labels for a system."""
    version = f" --version {quoted(window.version)}" if window.version else ""
    return (
        f"assay draw {ledger.path} --labels 300 --seed 7 --system {quoted(window.system)}{version}"
    )


def quoted(text: str) -> str:
    """Return text as one word of a shell command."""
    return shlex.quote(text)
