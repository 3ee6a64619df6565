"""A release threshold on a judge's score: what may go out unread, with a promise on the errors among it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.errors import DrawError
from assay.estimate.release_threshold import (
    Procedure,
    ReleaseThreshold,
    release_threshold,
    thresholds_of_traffic,
)
from assay.ledger.as_of import LedgerAsOf
from assay.ledger.schema import EVIDENCE
from assay.ledger.store import Ledger
from assay.volume.release_labels import ReleaseLabels, choose_release_draw, release_labels

LEAST_OTHERS = 50
"""Scores of unlabeled outputs below which no thresholds are made of them."""


@dataclass(frozen=True, slots=True)
class ReleaseQuestion:
    """What is to be promised, by whose score.

    Parameters
    ----------
    judge
        The full name, with its version: another version is another judge.
    at_most : in (0, 1)
        Errors per released output.
    confidence_level : in (0, 1)
    procedure
        See `assay.estimate.release_threshold.Procedure`.
    start : in (0, 1)
        Share of the scored traffic that the first threshold releases: where a fixed sequence starts.
    steps : >= 1
        Thresholds from there to all of the traffic.
    thresholds
        Instead: fixed by hand, before any label was seen. Empty: made from the scores of unlabeled outputs.
    draw_id, system, version
        Which labels; where None, the newest draw whose outputs are all labeled.
    """

    judge: str
    at_most: float
    confidence_level: float = 0.95
    procedure: Procedure = "fixed-sequence"
    start: float = 0.5
    steps: int = 40
    thresholds: tuple[float, ...] = ()
    draw_id: str | None = None
    system: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """What was found.

    Parameters
    ----------
    tested
        The threshold, or None; its risk, its coverage, the labels that it would take, every test.
    labels
        What it was tested with.
    released, scored : >= 0
        Outputs of the window, labeled or not, that score at most the threshold; that have a score.
    other_draws
        Draws that could have answered as well. To certify from each until one passes is no certificate.
    """

    question: ReleaseQuestion
    tested: ReleaseThreshold
    labels: ReleaseLabels
    released: int
    scored: int
    other_draws: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """Outputs of the window that the draw froze."""
        return self.labels.population_scores.size


def measure_release(ledger: Ledger, question: ReleaseQuestion) -> Release:
    """Return the loosest threshold that the labels of a draw certify; "nothing" is an answer.

    Parameters
    ----------
    ledger
        Traces, a judge's scores of them, and the labels of a draw.
    question
        Fixed before the labels were seen.

    Raises
    ------
    DrawError
        Where no simple random sample of labels can be had: says what to draw or to label.
    EstimateError
        Where the question is out of range.

    Notes
    -----
    As `assay.estimate.release_threshold`. Labels of strata are thinned to a simple random sample first
    (`assay.volume.release_labels`), and thresholds come from the scores of all outputs that are not in it. Assumes that
    the judge was not made from these labels, that labels are right, and that what comes is like what was drawn from.
    """
    fixed = (
        ledger
        if isinstance(ledger, LedgerAsOf)
        else LedgerAsOf(ledger, {name: ledger.version(name) for name in EVIDENCE})
    )
    draw, others = choose_release_draw(
        fixed, draw_id=question.draw_id, system=question.system, version=question.version
    )
    labels = release_labels(fixed, draw, question.judge)
    tested = release_threshold(
        labels.scores,
        labels.wrong,
        question.thresholds or _thresholds(labels, question),
        target_risk=question.at_most,
        confidence_level=question.confidence_level,
        procedure=question.procedure,
    )
    everything = labels.population_scores
    limit = -np.inf if tested.threshold is None else tested.threshold
    return Release(
        question=question,
        tested=tested,
        labels=labels,
        released=int((everything <= limit).sum()),
        scored=int((~np.isnan(everything)).sum()),
        other_draws=others,
    )


def _thresholds(labels: ReleaseLabels, question: ReleaseQuestion) -> tuple[float, ...]:
    scored = labels.others[~np.isnan(labels.others)]
    if scored.size < LEAST_OTHERS:
        raise DrawError(
            f"{scored.size} outputs beside the labeled ones have a score of {question.judge}, and thresholds are made "
            f"of {LEAST_OTHERS} at least: fix them by hand, before you look at labels",
            next_command="assay release --help",
        )
    return thresholds_of_traffic(scored, start=question.start, steps=question.steps)
