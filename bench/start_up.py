"""How long `assay --help` takes. Goal: under 150 ms CPU."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import measure
from table import Row

ASSAY = Path(sys.executable).parent / "assay"


def rows() -> list[Row]:
    """Measure the command line's start, beside the bare interpreter's."""
    bare = measure([sys.executable, "-c", "pass"], repeats=15)
    help_ = measure([ASSAY, "--help"], repeats=15)
    volume = measure([ASSAY, "volume", "--help"], repeats=15)
    return [
        Row("start-up", "python -c pass", bare, peer=None),
        Row("start-up", "assay --help", help_, peer=bare, goal="150 ms CPU"),
        Row("start-up", "assay volume --help", volume, peer=bare, goal="150 ms CPU"),
    ]
