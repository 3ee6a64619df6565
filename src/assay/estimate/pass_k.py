"""Right in all of k tries, or in any: unbiased from n tries a task, with tasks as the sampling unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.bounded_mean import mean_of_tasks, ratio_over_tasks
from assay.quantity import Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Tries(NamedTuple):
    """Tries of tasks: of each its tries and how many were right, 0 <= right <= tries.

    Parameters
    ----------
    right, tries : shape (n_tasks,)
    cluster : shape (n_tasks,)
        Where rows come in families, as the wordings of one task or the turns of one conversation: the family of each,
        which is then the sampling unit. None: each row is a task of its own.
    """

    right: IntArray
    tries: IntArray
    cluster: IntArray | None = None

    def at_least(self, k: int) -> Tries:
        """Return the tasks with k tries or more."""
        enough = self.tries >= k
        cluster = None if self.cluster is None else self.cluster[enough]
        return Tries(self.right[enough], self.tries[enough], cluster)

    def checked(self) -> Tries:
        """Return itself.

        Raises
        ------
        EstimateError
            If the counts contradict each other.
        """
        if (
            self.right.shape != self.tries.shape
            or ((self.right < 0) | (self.right > self.tries)).any()
        ):
            raise EstimateError("of each task right must be in [0, tries]")
        return self


def by_cluster(values: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Return the mean value of each family; the values themselves where there are none.

    Examples
    --------
    >>> by_cluster(np.array([0.0, 1.0, 1.0]), np.array([7, 7, 9])).tolist()
    [0.5, 1.0]
    """
    if cluster is None:
        return values
    _, place = np.unique(cluster, return_inverse=True)
    return np.asarray(np.bincount(place, weights=values) / np.bincount(place))


def subset_chance(hits: IntArray, tries: IntArray, k: int) -> FloatArray:
    """Return C(hits, k) / C(tries, k) of each task: the share of k of its tries that are all hits.

    Parameters
    ----------
    hits, tries : shape (n_tasks,), k <= tries
    k : >= 1

    Examples
    --------
    >>> subset_chance(np.array([0, 1, 2, 3, 4]), np.full(5, 4), 2).round(3).tolist()
    [0.0, 0.0, 0.167, 0.5, 1.0]
    """
    if k < 1:
        raise EstimateError(f"k must be at least 1, got {k}")
    chance = np.ones(hits.shape)
    for j in range(k):
        chance *= np.maximum(hits - j, 0) / (tries - j)
    return chance


def pass_hat_k(tries: Tries, k: int, *, confidence_level: float = 0.95) -> Quantity:
    """Chance that k tries of one task are all right: pass^k, for what must work every time.

    Parameters
    ----------
    tries
        Tasks with fewer than k tries are left out.
    k : >= 1
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of tasks. `Unknown` where no task has k tries.

    Notes
    -----
    Mean over tasks of ``C(c, k) / C(n, k)``, unbiased for the mean of q^k. It is not (pass^1)^k: failures gather in
    some tasks. Limits as `mean_of_tasks`; exact binomial where every task has k tries. Assumes that the tries of one
    task are independent, and so are the tasks. It fails where tasks with few tries are easier or harder than others.

    References
    ----------
    .. [1] Yao et al., "tau-bench", arXiv:2406.12045, section 3.
    """
    return _mean(tries, k, _all_right, confidence_level)


def pass_at_k(tries: Tries, k: int, *, confidence_level: float = 0.95) -> Quantity:
    """Chance that at least one of k tries of one task is right: pass@k, for what a check can pick out.

    Parameters
    ----------
    tries, k, confidence_level
        As `pass_hat_k`.

    Returns
    -------
    Estimate or Unknown
        Unit: share of tasks.

    Notes
    -----
    Mean over tasks of ``1 - C(n - c, k) / C(n, k)``.

    References
    ----------
    .. [1] Chen et al., "Evaluating large language models trained on code", arXiv:2107.03374, equation 1.
    """
    return _mean(tries, k, _any_right, confidence_level)


def right_when_asked_again(
    tries: Tries, further: int = 1, *, confidence_level: float = 0.95
) -> Quantity:
    """Share of the wrong answers whose task is right in at least one of so many further tries.

    Parameters
    ----------
    tries
        Tasks with fewer than ``further + 1`` tries are left out.
    further : >= 1
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of errors. `Unknown` where no task was asked so often, or none of those was ever wrong.

    Notes
    -----
    With q the chance of a task to be answered right: ``E[(1 - q)(1 - (1 - q)^m)] / E[1 - q]``, each part by its
    unbiased estimate, ``(n - c)/n - C(n - c, m + 1)/C(n, m + 1)`` and ``(n - c)/n``. Limits as `ratio_over_tasks`. A
    dice roll may also make the wrong judge's verdict flip: the judge travels with the number.
    """
    enough = tries.checked().at_least(further + 1)
    if not enough.tries.size:
        return Unknown(f"no task has {further + 1} tries")
    wrong = enough.tries - enough.right
    whole = wrong / enough.tries
    stuck = subset_chance(wrong, enough.tries, further + 1)
    share = ratio_over_tasks(
        by_cluster(np.clip(whole - stuck, 0.0, whole), enough.cluster),
        by_cluster(whole, enough.cluster),
        unit="share of errors",
        confidence_level=confidence_level,
    )
    if isinstance(share, Unknown):
        return Unknown("no answer of these tasks is wrong: there is no error to divide")
    return share


def _mean(tries: Tries, k: int, of: Callable[[Tries, int], FloatArray], level: float) -> Quantity:
    enough = tries.checked().at_least(k)
    if not enough.tries.size:
        return Unknown(f"no task has {k} tries")
    return mean_over(of(enough, k), enough, k, unit="share of tasks", level=level)


def mean_over(values: FloatArray, tries: Tries, k: int, *, unit: str, level: float) -> Quantity:
    """Return the mean of values that are 0 or 1 where a task has k tries, over tasks or their families."""
    return mean_of_tasks(
        by_cluster(values, tries.cluster),
        unit=unit,
        confidence_level=level,
        two_valued=tries.cluster is None and bool((tries.tries == k).all()),
    )


def _all_right(tries: Tries, k: int) -> FloatArray:
    return subset_chance(tries.right, tries.tries, k)


def _any_right(tries: Tries, k: int) -> FloatArray:
    return np.asarray(1.0 - subset_chance(tries.tries - tries.right, tries.tries, k))
