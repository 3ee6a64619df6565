"""Whether a stored draw is what its seed gives: computed again from the frozen tables, nothing taken at its word."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import LedgerError
from assay.ledger.as_of import LedgerAsOf
from assay.ledger.draws import StoredDraw, frozen_frame
from assay.ledger.frame import Frame, first_in_order
from assay.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class DrawCheck:
    """What came out of drawing again.

    Parameters
    ----------
    sizes
        Outputs of each stratum, counted again.
    outside
        Outputs of the window that lie in no stratum, or in several.
    out_of_order
        Strata whose drawn outputs are not the first in the order that the seed sets.
    frozen
        Whether the tables were read as the draw froze them; else as they are now.
    """

    sizes: tuple[int, ...]
    outside: int
    out_of_order: tuple[str, ...]
    frozen: bool

    def sizes_hold(self, draw: StoredDraw) -> bool:
        """Return whether the strata part the window, and have the sizes that the draw says."""
        stored = tuple(stratum.size for stratum in draw.strata)
        return self.outside == 0 and self.sizes == stored and sum(stored) == draw.population


def check_draw(ledger: LedgerAsOf, draw: StoredDraw) -> DrawCheck:
    """Draw again and compare: sizes by counting, the drawn outputs by the order of SHA-256 over "seed:trace_id".

    Parameters
    ----------
    ledger
        Where the draw's frozen tables can't be read any more, its own tables are.
    draw
        As it is stored.

    Raises
    ------
    LedgerError
        Where neither the frozen tables nor the ledger's own can be read.
    """
    try:
        return _check(ledger, draw, frozen_frame(ledger, draw), frozen=True)
    except LedgerError:
        today = {name: ledger.version(name) for name in ("traces", "verdicts")}
        return _check(ledger, draw, frozen_frame(ledger, draw, versions=today), frozen=False)


def _check(ledger: Ledger, draw: StoredDraw, frame: Frame, *, frozen: bool) -> DrawCheck:
    conditions = [stratum.rule.condition() for stratum in draw.strata]
    inside = " + ".join(f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition in conditions)
    counts = [
        f"count(*) FILTER (WHERE {condition}) AS size_{i}" for i, condition in enumerate(conditions)
    ]
    found = frame.rows(
        ledger, f"{', '.join(counts)}, count(*) FILTER (WHERE {inside} <> 1) AS outside"
    )[0]
    out_of_order = [
        stratum.rule.name
        for stratum in draw.strata
        if first_in_order(ledger, frame, stratum.rule, seed=draw.seed, count=stratum.planned)
        != list(stratum.trace_ids)
    ]
    sizes = tuple(int(found[f"size_{i}"]) for i in range(len(conditions)))
    return DrawCheck(sizes, int(found["outside"]), tuple(out_of_order), frozen)
