"""Scores on their way into the ledger: only what is new or has changed, in large commits."""

from __future__ import annotations

import math
import time

from assay.ledger.ingest.record import Row
from assay.ledger.population import scores
from assay.ledger.store import Ledger

BATCH_ROWS = 50_000
"""Verdicts of one commit."""

BATCH_SECONDS = 10.0
"""A slow judge writes after so long: what a kill may cost."""

SCORE_KIND = "model"
"""Kind of a judge that gives scores: a `check` that has spoken on every output is taken for a count."""


def score_row(judge: str, trace_id: str, score: float | None, note: str) -> Row:
    """Return a score as a row of `verdicts`.

    Parameters
    ----------
    judge
        The judge's full name.
    trace_id
    score : in [0, 1]; None: the judge can't say
    note
        Why, in a few words.
    """
    return {
        "trace_id": trace_id,
        "judge": judge,
        "judge_kind": SCORE_KIND,
        "error_probability": score,
        "note": note or None,
        "at": time.time_ns() // 1_000,
        "source": "assay judge",
    }


class ScoreWriter:
    """Adds a judge's scores to a ledger, except those that stand there already.

    Parameters
    ----------
    ledger
    judge
        The judge's full name: scores that it gave before are looked up by it.
    """

    def __init__(self, ledger: Ledger, judge: str) -> None:
        self.judge = judge
        self.written = 0
        self._ledger = ledger
        self._rows: list[Row] = []
        self._written_at = time.monotonic()
        self._known: dict[str, float | None] = {}
        sql = scores(ledger, judge, kinds=(SCORE_KIND,))
        for batch in ledger.query(sql):
            self._known.update(
                zip(
                    batch["trace_id"].to_pylist(),
                    batch["error_probability"].to_pylist(),
                    strict=True,
                )
            )

    def add(self, row: Row) -> None:
        """Take a score; one that is the same as before is left out."""
        trace_id, score = str(row["trace_id"]), row["error_probability"]
        if trace_id in self._known and _same(self._known[trace_id], score):
            return
        self._rows.append(row)
        late = time.monotonic() - self._written_at > BATCH_SECONDS
        if late or len(self._rows) >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits, in one commit."""
        if not self._rows:
            return
        with self._ledger.locked():
            self._ledger.append("verdicts", self._rows)
        self.written += len(self._rows)
        self._rows = []
        self._written_at = time.monotonic()


def _same(one: float | None, other: object) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return isinstance(other, float) and math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
