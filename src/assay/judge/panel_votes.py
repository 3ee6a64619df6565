"""The votes of a panel's judges, read out of a ledger's scores."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import DrawError
from assay.estimate.dawid_skene import ABSTAINED
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import labeled_draws, stored_draw
from assay.ledger.population import scores
from assay.ledger.store import Ledger

NO_VOTE = ABSTAINED


@dataclass(frozen=True, slots=True, eq=False)
class PanelVotes:
    """Who votes how on which trace.

    Parameters
    ----------
    judges
        Their names.
    trace_ids
        Traces with at least one vote, in order.
    rows : array of (traces, judges)
        1 wrong, 0 right, -1 no vote.
    means : array of (traces,)
        Mean probability of error over the judges that gave one.
    spoken
        Scores of each judge, abstentions included.
    truth : array of (traces,)
        1 wrong, 0 right by a person's label of some draw; -1 where there is none.
    anchors
        Trace -> 1 or 0, of the draw that was asked for.
    uniform
        Whether every label is of a draw of one stratum: then the labeled traces are like the others.
    """

    judges: tuple[str, ...]
    trace_ids: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    means: npt.NDArray[np.float64]
    spoken: tuple[int, ...]
    truth: npt.NDArray[np.int64]
    anchors: dict[str, int]
    uniform: bool = False

    def place(self, trace_id: str) -> int | None:
        """Return a trace's place in the arrays; None where nobody votes on it."""
        place = bisect_left(self.trace_ids, trace_id)
        found = place < len(self.trace_ids) and self.trace_ids[place] == trace_id
        return place if found else None

    def patterns(
        self, anchors: Mapping[str, int]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the different rows of votes and anchor, how often each occurs, and the anchor of each."""
        known = np.full(len(self.trace_ids), ABSTAINED, dtype=np.int64)
        for trace_id, said in anchors.items():
            place = self.place(trace_id)
            if place is not None:
                known[place] = said
        found, counts = np.unique(np.column_stack([self.rows, known]), axis=0, return_counts=True)
        return found[:, :-1], counts.astype(np.int64), found[:, -1]

    def earlier(self, ledger: Ledger, judge: str) -> npt.NDArray[np.float64]:
        """Return the scores that a judge has given these traces already; NaN where none."""
        known: dict[str, float | None] = {}
        for batch in ledger.query(scores(ledger, judge)):
            columns = (batch[name].to_pylist() for name in ("trace_id", "error_probability"))
            known.update(zip(*columns, strict=True))
        given = (known.get(trace_id) for trace_id in self.trace_ids)
        return np.array([np.nan if score is None else score for score in given], dtype=np.float64)


def read_votes(
    ledger: Ledger, judges: Sequence[str], *, cut: float, labels_of_draw: str | None = None
) -> PanelVotes:
    """Read the newest score of each judge for each trace, as votes.

    Parameters
    ----------
    ledger
        Its verdicts.
    judges
        Full names.
    cut : in (0, 1)
        Above it a score is a vote for wrong, below it one for right; at it, and where it is null, no vote.
    labels_of_draw
        The draw whose labels become anchors.

    Raises
    ------
    DrawError
        Where there is no such draw.
    """
    given = [_scores_of(ledger, judge) for judge in judges]
    trace_ids = sorted(
        {trace for one in given for trace, score in one.items() if score not in (None, cut)}
    )
    table = np.array(
        [[one.get(trace) for one in given] for trace in trace_ids], dtype=np.float64
    ).reshape(len(trace_ids), len(judges))
    rows = np.where(np.isnan(table) | (table == cut), NO_VOTE, table > cut).astype(np.int64)
    counted = np.maximum((~np.isnan(table)).sum(axis=1), 1)
    anchors = {} if labels_of_draw is None else _anchors(ledger, labels_of_draw)
    draws = labeled_draws(ledger)
    labels = {
        trace: said
        for draw in reversed(draws)
        for trace, said in _labels(ledger, draw.draw_id).items()
    } | anchors
    return PanelVotes(
        tuple(judges),
        tuple(trace_ids),
        rows,
        np.nansum(table, axis=1) / counted,
        tuple(len(one) for one in given),
        np.array([labels.get(trace, ABSTAINED) for trace in trace_ids], dtype=np.int64),
        anchors,
        all(len(one.strata) == 1 and one.parent is None and one.units is None for one in draws),
    )


def _scores_of(ledger: Ledger, judge: str) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for batch in ledger.query(scores(ledger, judge)):
        columns = (batch[name].to_pylist() for name in ("trace_id", "error_probability"))
        found.update(zip(*columns, strict=True))
    return found


def _anchors(ledger: Ledger, draw_id: str) -> dict[str, int]:
    stored_draw(ledger, draw_id)
    found = _labels(ledger, draw_id)
    if not found:
        raise DrawError(
            f"{draw_id} has no labels yet, and anchors are labels",
            next_command=f"assay label {ledger.typed} FILLED.csv",
        )
    return found


def _labels(ledger: Ledger, draw_id: str) -> dict[str, int]:
    return {
        trace: label.wrong
        for trace, label in labels_of(ledger, draw_id).items()
        if label.wrong is not None
    }
