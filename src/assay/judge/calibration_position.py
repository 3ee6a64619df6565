"""Whether the order in which a judge was shown things turns its verdict: from its own readings in both orders."""

from __future__ import annotations

import re

from assay.estimate import clopper_pearson
from assay.judge.calibration_evidence import CalibrationQuestion
from assay.ledger.population import NEWEST_LAST
from assay.ledger.store import Ledger, literal
from assay.quantity import Estimate, Quantity, Unknown

UNIT = "share of outputs"
_READINGS = re.compile(r"\((?:.*; )?(\d+) readings?(?: at temperature [^;]*)?(?:; .*)?\)$")


def position_bias(ledger: Ledger, question: CalibrationQuestion) -> Quantity:
    """Return the share of outputs on which the two orders of a model judge come to different verdicts.

    Parameters
    ----------
    ledger
        Its verdicts carry in their notes how many of the readings said wrong.
    question
        The judge's full name says whether it read in both orders, and how often.

    Returns
    -------
    Estimate or Unknown
        In [0, 1], with exact binomial limits: the outputs read as a sample of tasks. `Unknown` where it read in one
        order, where it read each order several times (the notes then don't part the orders), or says nothing of it.

    Notes
    -----
    One reading in each order: exactly one of two says wrong where the order, or chance at a temperature above 0,
    turned the verdict. A reading that abstains beside one that says wrong counts as turned, beside one that says right
    as not; where both abstain the output is left out. Of each output the newest verdict counts.
    """
    judge = question.judge
    if "; both orders" not in judge:
        return Unknown("the judge's name says of no reading in a second order")
    found = _READINGS.search(judge)
    if found is None or found[1] != "1":
        return Unknown("the verdicts don't say which of several readings came in which order")
    own = f"judge = {literal(judge)} AND judge_kind = 'model' AND draw_id IS NULL"
    newest = (
        f"SELECT last_value(note ORDER BY {NEWEST_LAST}) AS note, "
        f"last_value(error_probability ORDER BY {NEWEST_LAST}) AS said FROM verdicts WHERE {own} GROUP BY trace_id"
    )
    rows = ledger.rows(
        "SELECT count(*) FILTER (WHERE note LIKE '1 of 2 readings say wrong.%') AS turned, "
        "count(*) FILTER (WHERE note LIKE '_ of 2 readings say wrong.%') AS both "
        f"FROM ({newest}) WHERE said IS NOT NULL"
    )
    turned, both = int(rows[0]["turned"]), int(rows[0]["both"])
    if both == 0:
        return Unknown("no verdict says what its readings in the two orders were")
    limits = clopper_pearson(turned, both, confidence_level=question.confidence_level)
    return Estimate(
        value=turned / both,
        low=limits.low,
        high=limits.high,
        unit=UNIT,
        confidence_level=question.confidence_level,
        n=both,
        method="binomial (exact), outputs on which the verdicts of the two orders differ",
        guarantee="proved",
    )
