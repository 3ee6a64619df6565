"""Dawid and Skene's model fitted to a panel's votes, and whether it can be."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.estimate.dawid_skene import ABSTAINED, FEWEST_JUDGES, DawidSkene, dawid_skene
from assay.judge.panel_votes import PanelVotes

FOLDS = 5


@dataclass(frozen=True, slots=True)
class PanelFit:
    """The model fitted to all, and to all but one fold of the anchors at a time.

    Parameters
    ----------
    patterns, counts, truth
        Different rows of votes and anchor, how often each occurs, and the anchor.
    whole
        Fitted to all.
    folds
        Fitted without the anchors of one fold each; empty without anchors.
    anchors
        Trace -> 1 wrong, 0 right.
    """

    patterns: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64]
    whole: DawidSkene
    folds: tuple[DawidSkene, ...]
    anchors: dict[str, int]

    @classmethod
    def of(cls, votes: PanelVotes, anchors: dict[str, int]) -> PanelFit:
        """Fit to the votes, and to these anchors."""
        patterns, counts, truth = votes.patterns(anchors)
        whole = dawid_skene(patterns, counts=counts, truth=truth)
        folds: list[DawidSkene] = []
        for fold in range(FOLDS if anchors else 0):
            others = {trace: said for trace, said in anchors.items() if _fold(trace) != fold}
            part, part_counts, part_truth = votes.patterns(others)
            folds.append(dawid_skene(part, counts=part_counts, truth=part_truth))
        return cls(patterns, counts, truth, whole, tuple(folds), anchors)

    def chances(self, votes: PanelVotes) -> npt.NDArray[np.float64]:
        """Return P(wrong) of each trace from its votes, never from its own label."""
        rows = votes.rows
        found = self.whole.posterior(rows)
        for fold, model in enumerate(self.folds):
            mine = [
                place
                for trace in self.anchors
                if _fold(trace) == fold and (place := votes.place(trace)) is not None
            ]
            if mine:
                found[mine] = model.posterior(rows[mine])
        return found


def _fold(trace_id: str) -> int:
    return hashlib.sha256(trace_id.encode("utf-8")).digest()[0] % FOLDS


def not_identified(votes: PanelVotes) -> str | None:
    """Return why the model can't tell the judges apart; None where it can."""
    judges = len(votes.judges)
    if judges < FEWEST_JUDGES:
        return f"{judges} judges don't determine how each errs: Dawid-Skene needs {FEWEST_JUDGES}"
    both_ways = [
        place for place in range(judges) if {0, 1} <= set(np.unique(votes.rows[:, place]).tolist())
    ]
    if len(both_ways) < FEWEST_JUDGES:
        return (
            f"only {len(both_ways)} of {judges} judges vote both ways at this cut, "
            f"and Dawid-Skene needs {FEWEST_JUDGES}"
        )
    for one, other in itertools.combinations(both_ways, 2):
        if not (votes.rows[:, [one, other]] != ABSTAINED).all(axis=1).any():
            return f"{votes.judges[one]!r} and {votes.judges[other]!r} never vote on one trace"
    return None
