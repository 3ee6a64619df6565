"""A loop that kills itself, as kill -9 does, at a point that it is given: run by test_loop_resume.py.

The point is the name of a moment in turn 1. Only the moment is arranged here; what runs is the loop itself.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.curate.loop import loop_state
from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.loop_run import run_loop
from assay.ledger.store import Ledger


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(kind: Any, name: str, holds: Callable[..., bool]) -> None:
    """Die where a method is called and the condition holds, before it does anything."""
    whole = getattr(kind, name)

    def called(*given: Any, **more: Any) -> Any:
        if holds(*given):
            die()
        return whole(*given, **more)

    setattr(kind, name, called)


def in_turn_one(work: loop_state.TurnWork) -> bool:
    return work.folder.name == "turn-001"


def arrange(point: str) -> None:
    work = loop_state.TurnWork
    if point == "generate":
        before(work, "write", lambda self, name, _: in_turn_one(self) and name == "answers-0001")
    elif point == "verify":
        before(work, "write", lambda self, name, _: in_turn_one(self) and name == "kept-0001")
    elif point == "select":
        before(work, "write_audit", lambda self, _: in_turn_one(self))
    elif point == "train":
        from assay.curate.loop import small_learner

        small_learner.CHECKPOINT_STEPS = 3
        # Checkpoints come before the turn's weights: the second one of turn 1.
        before(small_learner, "save_checkpoint", lambda path, state: _on_the_way(path, state.step))
    elif point == "weights":
        before(work, "write", lambda self, name, _: in_turn_one(self) and name == "training")
    else:
        before(Ledger, "append", lambda _, table, rows: table == "verdicts" and _later(rows))


def _on_the_way(path: Path, step: int) -> bool:
    return "turn-001" in str(path) and step == 6


seen: list[int] = []


def _later(rows: list[Any]) -> bool:
    """The verdicts of turn 1: those of turn 0 are in the ledger before."""
    seen.append(len(rows))
    return len(seen) == 2


if __name__ == "__main__":
    point, loop_file, out = sys.argv[1:]
    arrange(point)
    run_loop(read_loop(Path(loop_file)), Path(out), processes=1)
