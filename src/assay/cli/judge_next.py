"""What the commands of judges say last."""

from __future__ import annotations

from pathlib import Path

from assay.cli.output import note


def note_next(ledger: Path, judge: str) -> None:
    """Say what to type once a judge has spoken."""
    from assay.ledger.after_scores import command_after_scores
    from assay.ledger.store import Ledger

    note(f"next: {command_after_scores(Ledger.open(ledger), judge)}")
