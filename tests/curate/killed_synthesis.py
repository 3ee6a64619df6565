"""A synthesis that kills itself, as kill -9 does, at a point that it is given: run by test_curate_synthesize.py."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.cli import main
from assay.curate import synthesize, synthesize_write
from assay.ledger.store import Ledger

POINTS = ("verdicts", "verified", "files", "between", "draws")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, holds: Callable[..., bool]) -> None:
    """Die where a function has been called and the condition holds."""
    whole = getattr(owner, name)

    def called(*given: Any, **more: Any) -> Any:
        done = whole(*given, **more)
        if holds(*given):
            die()
        return done

    setattr(owner, name, called)


def arranged(point: str) -> None:
    """Arrange the moment; what runs is the synthesis itself."""
    if point in ("verdicts", "draws"):
        after(Ledger, "append", lambda _, table, rows: table == point)
    elif point == "verified":
        after(synthesize, "write_whole", lambda path, _: path.name == "verified.json")
    elif point == "files":
        after(synthesize_write, "write_synced", lambda path, _: path.name == "examples.parquet")
    elif point == "between":
        after(Path, "replace", lambda _, target: Path(target).name == "set.assay-old")


if __name__ == "__main__":
    arranged(sys.argv[1])
    main(sys.argv[2:])
