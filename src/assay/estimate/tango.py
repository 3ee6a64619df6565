"""The difference of two error rates on the same tasks: Tango's score test and interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Interval, missing_chance
from assay.estimate.paired import PairedTable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NARROWEST = 1e-9


def score_statistic(
    broke: IntArray | FloatArray, fixed: IntArray | FloatArray, n: int, difference: float
) -> FloatArray:
    """Return the score statistic of a claimed difference of error rates, new less old.

    Parameters
    ----------
    broke, fixed : shape (k,), >= 0, broke + fixed <= n
    n : >= 1
        Tasks of each table.
    difference : in (-1, 1)
        What is claimed.

    Returns
    -------
    array, shape (k,)
        Standard normal where the claim is true and n is large; it grows with `broke`. Without any variance, 0 where
        the table says what is claimed, else infinite.

    References
    ----------
    .. [1] Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
       design", Statistics in Medicine 17 (1998), eq. 10-12,
       doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.
    """
    # The formula is for differences >= 0; the other side is the same with the versions exchanged.
    if difference < 0:
        return -score_statistic(fixed, broke, n, -difference)
    b, c = np.asarray(broke, dtype=np.float64), np.asarray(fixed, dtype=np.float64)
    linear = (2 * n - b + c) * difference - b - c
    constant = -c * difference * (1 - difference)
    root = np.sqrt(np.maximum(linear * linear - 8 * n * constant, 0.0))
    # The stable one of the two forms of the root: the other loses digits where the square root is close to `linear`.
    safe = np.where(linear > 0, root + linear, 1.0)
    fixed_rate = np.where(linear > 0, -2 * constant / safe, (root - linear) / (4 * n))
    variance = n * (2 * fixed_rate + difference * (1 - difference))
    excess = b - c - n * difference
    sure = variance <= 0
    limit = np.where(excess == 0, 0.0, np.copysign(np.inf, excess))
    return np.where(sure, limit, excess / np.sqrt(np.where(sure, 1.0, variance)))


def tango_interval(table: PairedTable, *, confidence_level: float = 0.95) -> Interval:
    """Return Tango's score interval of the difference of error rates, new less old.

    Parameters
    ----------
    table
        At least one task.
    confidence_level : in (0, 1)

    Returns
    -------
    Interval
        In [-1, 1].

    Raises
    ------
    EstimateError
        If the table is empty.

    Notes
    -----
    The differences that the score test doesn't reject. The test is asymptotic: with few tasks that changed, its
    coverage falls below the level (enumerated, see docs/METHODS.md). `paired_difference` inverts the same statistic
    with exact chances and holds its level; this one is kept for comparison with others.

    Examples
    --------
    >>> low, high = tango_interval(PairedTable(364, 476, 147, 13))
    >>> round(low, 3), round(high, 3)
    (0.284, 0.373)
    """
    if table.n == 0:
        raise EstimateError("a difference of error rates needs tasks that both versions answered")
    z = -float(special.ndtri(missing_chance(confidence_level) / 2))
    b, c = np.array([table.broke]), np.array([table.fixed])

    def at(difference: float) -> float:
        return float(score_statistic(b, c, table.n, difference)[0])

    value = table.difference
    edge = 1 - _NARROWEST
    low = -1.0 if at(-edge) <= z else _root(lambda d: at(d) - z, -edge, min(value, edge))
    high = 1.0 if at(edge) >= -z else _root(lambda d: at(d) + z, max(value, -edge), edge)
    return Interval(min(low, value), max(high, value))


def _root(excess: object, low: float, high: float) -> float:
    from scipy import optimize

    return float(optimize.brentq(excess, low, high, xtol=1e-12))
