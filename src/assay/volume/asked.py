"""What a person is shown of the outputs that were drawn: what was asked and answered, never what a judge thinks."""

from __future__ import annotations

from typing import Any

from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger, literal

ASKED = ("input", "context", "output", "answer", "reference")
TALK = ("conversation_id", "turn")
"""Shown too where whole conversations are read, turn after turn."""


def asked_rows(
    ledger: Ledger, draw: StoredDraw, columns: tuple[str, ...], *, batch: int | None = None
) -> list[dict[str, Any]]:
    """Return trace_id and these columns of the outputs of a draw, or of one of its hand-outs, in the list's order."""
    wanted = ", ".join(f"traces.{name}" for name in columns)
    return ledger.rows(
        f"SELECT draws.trace_id, {wanted} FROM draws JOIN traces ON traces.trace_id = draws.trace_id "
        f"WHERE draws.draw_id = {literal(draw.draw_id)}{'' if batch is None else f' AND draws.batch = {batch}'} "
        "ORDER BY coalesce(draws.batch, 1), draws.label_order"
    )
