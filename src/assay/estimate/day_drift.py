"""Did the error rate change over the days? A permutation of whole days, so that uneven days alone raise no alarm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from assay.estimate.future import LEAST_DAYS, DayCounts, Floats
from assay.quantity import Unknown

ALARM = 0.05
"""A p-value up to this counts as drift."""

PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """Whether the days' order explains their errors.

    Parameters
    ----------
    p_value : in (0, 1]
        How often days in random order show a change as large.
    change : index of a day
        The first day after the likeliest change, among the days that were seen whole.
    rose
        Whether errors were more after it.
    doubling_power : in [0, 1], or None
        About how likely the check would have seen a doubling in mid-window. None where nothing was found wrong.
    days : >= 7
        Days that were compared.
    """

    p_value: float
    change: int
    rose: bool
    doubling_power: float | None
    days: int

    @property
    def seen(self) -> bool:
        """Whether this counts as drift."""
        return self.p_value <= ALARM


def day_drift(days: DayCounts, *, rng: np.random.Generator) -> DriftCheck | Unknown:
    """Test whether the error rate changed at some day of the window.

    Parameters
    ----------
    days
        Outputs and wrong labels of each day; unsure labels count as right, days that were cut off are left out.
    rng
        For the permutations.

    Returns
    -------
    DriftCheck or Unknown
        `Unknown` with fewer than seven whole days.

    Notes
    -----
    A day's residual is (E - pN) / sqrt(N), with E its estimated errors, N its outputs and p the rate of all days. The
    statistic is the largest sum of centred residuals up to a day (CUSUM), held against 999 random orders of the days
    [1]_: p = (1 + orders as extreme) / 1000. The change is put where the means before and after differ most for their
    standard error.

    The p-value is valid, whatever the strata, the judge and the number of labels, if days are exchangeable: that is
    what the forecast assumes, too. Days that differ (weekends) are no drift; a judge whose scores drift along with the
    errors hides nothing, as it would in a test within strata. It fails to keep its level where days are not
    exchangeable for another reason, as where the variation itself grows. With seven days no change in mid-window can be
    found: two of 35 splits are as extreme. `doubling_power` is a normal approximation.

    References
    ----------
    .. [1] Phipson, Smyth, "Permutation p-values should never be zero" (2010), doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> import numpy as np
    >>> steady, risen = (4, 6, 5, 5, 4, 6, 5, 4, 6, 5), (2, 1, 3, 2, 2, 9, 8, 9, 10, 8)
    >>> checks = [
    ...     day_drift(DayCounts((100,) * 10, (wrong,), (1.0,)), rng=np.random.default_rng(1))
    ...     for wrong in (steady, risen)
    ... ]
    >>> [check.seen for check in checks], checks[1].change, checks[1].rose
    ([False, True], 5, True)
    """
    whole = days.whole_days
    size = int(whole.sum())
    if size < LEAST_DAYS:
        return Unknown(f"{size} whole days with outputs: a drift check needs {LEAST_DAYS}")
    errors, outputs = days.errors[whole], np.asarray(days.outputs, float)[whole]
    rate = float(errors.sum() / outputs.sum())
    residuals = (errors - rate * outputs) / np.sqrt(outputs)
    residuals -= residuals.mean()
    sums = np.cumsum(residuals)[:-1]
    orders = rng.permuted(np.broadcast_to(residuals, (PERMUTATIONS, size)), axis=1)
    largest = np.abs(np.cumsum(orders, axis=1)).max(axis=1)
    # Two orders of the same numbers may differ in the last bit: they are ties.
    tolerance = 1e-9 * max(1.0, float(largest.max()))
    as_extreme = int((largest >= np.abs(sums).max() - tolerance).sum())
    before = np.arange(1, size)
    at = int(np.argmax(np.abs(sums) / np.sqrt(before * (size - before))))
    return DriftCheck(
        p_value=(1 + as_extreme) / (1 + PERMUTATIONS),
        change=at + 1,
        rose=bool(sums[at] < 0),
        doubling_power=_doubling_power(residuals, outputs, rate, np.sort(largest)),
        days=size,
    )


def _doubling_power(
    residuals: Floats, outputs: Floats, rate: float, largest: Floats
) -> float | None:
    if rate <= 0:
        return None
    size = residuals.size
    if 2 / math.comb(size, size // 2) > ALARM:
        # So few days that even the clearest change in mid-window is no rare order of them.
        return 0.0
    # The least statistic that would be an alarm: at most 49 of the 999 orders may reach it.
    critical = float(largest[PERMUTATIONS - math.floor(ALARM * (1 + PERMUTATIONS))])
    shift = 2 / 3 * rate * float(np.sqrt(outputs).mean())
    spread = float(residuals.std())
    # Standard deviation of the sum up to mid-window, and its mean after a doubling there.
    noise, reach = spread * math.sqrt(size) / 2, shift * size / 4
    if spread == 0:
        return 1.0
    # The change itself widens what random orders show.
    critical *= math.hypot(1.0, shift / 2 / spread)
    return float(special.ndtr((reach - critical) / noise))
