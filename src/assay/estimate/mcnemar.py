"""The exact McNemar test: whether more than half of the tasks on which two versions differ go one way."""

from __future__ import annotations

from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Alternative


def mcnemar_p_value(broke: int, fixed: int, *, alternative: Alternative = "two-sided") -> float:
    """Return the exact p-value of "the new version makes as many errors as the old one".

    Parameters
    ----------
    broke, fixed : >= 0
        Tasks newly wrong and newly right. Tasks that both got right, or both wrong, say nothing here.
    alternative
        ``greater``: the new version makes more errors; ``less``: fewer.

    Returns
    -------
    float
        In (0, 1]; 1 where no task changed.

    Raises
    ------
    EstimateError
        If a count is negative.

    Notes
    -----
    Given their sum, `broke` is binomial with share 1/2 where both versions err equally often. The two-sided value is
    twice the smaller tail, at most 1. Exact for independent tasks, however few; it fails where tasks come in clusters.

    References
    ----------
    .. [1] McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
       Psychometrika 12 (1947), doi:10.1007/BF02295996.

    Examples
    --------
    >>> round(mcnemar_p_value(11, 22), 3), round(mcnemar_p_value(59, 29), 4)
    (0.08, 0.0018)
    """
    if min(broke, fixed) < 0:
        raise EstimateError(f"counts must be >= 0, got {broke} and {fixed}")
    n = broke + fixed
    more = float(special.bdtrc(broke - 1, n, 0.5)) if broke else 1.0
    fewer = float(special.bdtr(broke, n, 0.5))
    if alternative == "greater":
        return more
    if alternative == "less":
        return fewer
    return min(1.0, 2 * min(more, fewer))
