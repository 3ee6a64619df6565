"""Looking while it runs: bets on the tasks that changed, valid at every look."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy import special

from assay.errors import EstimateError
from assay.estimate.paired import PairedTable

Side = Literal["less", "greater"]

_STAKES = np.geomspace(0.01, 0.99, 48)
"""Stakes as shares of the boldest; equal weights. Any fixed set is valid, a finer one pays more for not knowing."""


def paired_log_e_value(table: PairedTable, margin: float, *, alternative: Side) -> float:
    """Return the log of what a fair bet against a claim has made of 1.

    Parameters
    ----------
    table
        The tasks so far.
    margin : in (-1, 1)
        The claim is on the difference of error rates, new less old.
    alternative
        ``greater``: bets against "the difference is at most the margin". ``less``: against "at least".

    Returns
    -------
    float
        The claim can be dropped with a risk of at most alpha as soon as this is log(1 / alpha) or more, however often
        one looks, and whenever one stops.

    Raises
    ------
    EstimateError
        If the margin is not in (-1, 1).

    Notes
    -----
    With X = 1 for a task that broke, -1 for one that was fixed, else 0, each stake multiplies by ``1 + s (X - margin)``
    a task, which gains nothing on average where the claim holds: a supermartingale, and so is the mean over stakes
    [1]_, [2]_. It depends on the counts alone, so the order in which tasks came need not be known. At margin 0 only
    tasks that changed move it.

    Assumes that tasks come in an order that has nothing to do with how they will turn out: random, or as in the file.
    It fails where the easy ones are run first and the claim is only true of all.

    References
    ----------
    .. [1] Ville, "Etude critique de la notion de collectif", Gauthier-Villars 1939.
    .. [2] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
       arXiv:2010.09686.

    Examples
    --------
    >>> log_e = paired_log_e_value(PairedTable(363, 477, 139, 21), 0.0, alternative="greater")
    >>> log_e > math.log(1e30)
    True
    """
    if not -1 < margin < 1:
        raise EstimateError(f"a margin must be in (-1, 1), got {margin}")
    up, down = table.broke, table.fixed
    if alternative == "less":
        up, down, margin = down, up, -margin
    same = table.n - up - down
    stakes = _STAKES / (1 + margin)
    logs = up * np.log1p(stakes * (1 - margin)) + down * np.log1p(-stakes * (1 + margin))
    logs += same * np.log1p(-stakes * margin)
    return float(special.logsumexp(logs) - math.log(len(stakes)))


def any_time_p_value(table: PairedTable, margin: float, *, alternative: Side) -> float:
    """Return a p-value that is valid at every look: 1 / the e-value, at most 1."""
    return math.exp(min(0.0, -paired_log_e_value(table, margin, alternative=alternative)))
