"""How often two asks of one task disagree, and how many tasks are right at one time and wrong at another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.pass_k import Tries, mean_over, subset_chance
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PAIRS = "share of pairs of asks"

ONE_TRY = "no task was asked twice: one trial says nothing of stability"


class Said(NamedTuple):
    """Answers of tasks as codes: of each answer its task and what it says; the same code is the same answer.

    Parameters
    ----------
    task : shape (n,), >= 0
    answer : shape (n,), >= 0
    cluster : shape (n,)
        Family of the task, as in `assay.estimate.pass_k.Tries`; None: each task is one.
    """

    task: IntArray
    answer: IntArray
    cluster: IntArray | None = None


def verdict_flip_rate(tries: Tries, *, confidence_level: float = 0.95) -> Quantity:
    """Chance that two asks of one task disagree on right or wrong.

    Returns
    -------
    Estimate or Unknown
        Unit: share of pairs of asks. `Unknown` where no task was asked twice.

    Notes
    -----
    Mean over tasks of ``2 c (n - c) / (n (n - 1))``, unbiased for E[2 q (1 - q)]; at most 1/2 for the mean of many
    tasks. Limits as `assay.estimate.bounded_mean.mean_of_tasks`.

    Examples
    --------
    >>> verdict_flip_rate(Tries(np.array([0, 1, 2, 2]), np.full(4, 2))).value
    0.25
    """
    twice = tries.checked().at_least(2)
    if not twice.tries.size:
        return Unknown(ONE_TRY)
    c, n = twice.right, twice.tries
    return mean_over(
        2.0 * c * (n - c) / (n * (n - 1)), twice, 2, unit=PAIRS, level=confidence_level
    )


def answer_flip_rate(said: Said, *, confidence_level: float = 0.95) -> Quantity:
    """Chance that two asks of one task give different answers.

    Returns
    -------
    Estimate or Unknown
        Unit: share of pairs of asks. `Unknown` where no task was asked twice.

    Examples
    --------
    >>> said = Said(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 6]))
    >>> answer_flip_rate(said).value
    0.5
    """
    asked, same = _same(said, 2)
    if not same.size:
        return Unknown(ONE_TRY)
    return mean_over(1.0 - same, asked, 2, unit=PAIRS, level=confidence_level)


def total_agreement(said: Said, repeats: int, *, confidence_level: float = 0.95) -> Quantity:
    """Share of tasks to which so many asks all give the same answer: TAR@N.

    Parameters
    ----------
    said
        Whole outputs give TARr@N, parsed answers TARa@N.
    repeats : >= 2
        N. Tasks with more asks count by their share of N-subsets that agree, those with fewer are left out.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of tasks.

    References
    ----------
    .. [1] Atil et al., "Non-determinism of 'deterministic' LLM settings", arXiv:2408.04667, section 3.
    """
    if repeats < 2:
        raise EstimateError(f"agreement needs at least 2 repeats, got {repeats}")
    asked, same = _same(said, repeats)
    if not same.size:
        return Unknown(f"no task was asked {repeats} times")
    return mean_over(same, asked, repeats, unit="share of tasks", level=confidence_level)


def sometimes_seen(tries: Tries, repeats: int, *, confidence_level: float = 0.95) -> Quantity:
    """Share of tasks that are seen both right and wrong within so many asks.

    Returns
    -------
    Estimate or Unknown
        Unit: share of tasks. It is the least that is "sometimes": more asks find more.
    """
    enough = _repeated(tries, repeats)
    if not enough.tries.size:
        return Unknown(f"no task was asked {repeats} times")
    values = _mixed(enough, repeats)
    return mean_over(values, enough, repeats, unit="share of tasks", level=confidence_level)


def sometimes_share(
    tries: Tries, repeats: int, *, rarest: float = 0.1, confidence_level: float = 0.95
) -> Quantity:
    """Share of tasks whose rarer outcome comes in at least so many of the asks, also where no ask has shown it yet.

    Parameters
    ----------
    tries
    repeats : >= 2
        Asks that each task is looked at through; tasks with fewer are left out.
    rarest : in (0, 0.5]
        What still counts as "sometimes": 0.1 is one ask in ten. No number of asks shows that a task never flips.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Unit: share of tasks.

    Notes
    -----
    A task with the rarer outcome in r of its asks shows both outcomes within N asks with a chance of
    ``d = 1 - (1 - r)^N - r^N``, and more where it flips oftener. With M the share that is seen mixed, the share s of
    such tasks obeys ``s d <= M <= s + (1 - s) d``; M's limits give ``[(M - d) / (1 - d), M / d]``. Few repeats make it
    wide, as they should. The value is the share seen.

    Examples
    --------
    >>> two_asks = sometimes_share(Tries(np.array([0] * 45 + [1] * 5), np.full(50, 2)), 2)
    >>> two_asks.value, two_asks.low, round(two_asks.high, 2)
    (0.1, 0.0, 1.0)
    """
    if not 0 < rarest <= 0.5:
        raise EstimateError(f"rarest must be in (0, 0.5], got {rarest}")
    seen = sometimes_seen(tries, repeats, confidence_level=confidence_level)
    if isinstance(seen, Unknown):
        return seen
    detected = 1.0 - (1.0 - rarest) ** repeats - rarest**repeats
    low = max(0.0, (seen.low - detected) / (1.0 - detected))
    high = min(1.0, seen.high / detected)
    return Estimate(
        value=min(max(seen.value, low), high),
        low=low,
        high=high,
        unit="share of tasks",
        confidence_level=confidence_level,
        n=seen.n,
        method=f"{seen.method}; {repeats} asks show a flip of 1 in {1 / rarest:g} in {detected:.0%} of such tasks",
        guarantee=seen.guarantee,
    )


def usual_repeats(tries: IntArray) -> int:
    """Return how often most of the repeated tasks were asked; 1 where none was asked twice.

    Examples
    --------
    >>> usual_repeats(np.array([1, 4, 4, 4, 2]))
    4
    """
    repeated = tries[tries > 1]
    return int(np.bincount(repeated).argmax()) if repeated.size else 1


def _repeated(tries: Tries, repeats: int) -> Tries:
    if repeats < 2:
        raise EstimateError(
            f"one trial says nothing of stability: repeats must be >= 2, got {repeats}"
        )
    return tries.checked().at_least(repeats)


def _mixed(tries: Tries, repeats: int) -> FloatArray:
    right = subset_chance(tries.right, tries.tries, repeats)
    wrong = subset_chance(tries.tries - tries.right, tries.tries, repeats)
    return np.clip(1.0 - right - wrong, 0.0, 1.0)


def _same(said: Said, repeats: int) -> tuple[Tries, FloatArray]:
    """Return the asks of each task that has enough, and the share of its subsets of that size that all agree."""
    if not said.task.size:
        return Tries(np.zeros(0, np.int64), np.zeros(0, np.int64)), np.zeros(0)
    _, first, task, asked = np.unique(
        said.task, return_index=True, return_inverse=True, return_counts=True
    )
    width = int(said.answer.max()) + 1
    cells, count = np.unique(task * width + said.answer, return_counts=True)
    of_task = cells // width
    enough = asked >= repeats
    asked_of_cell = np.where(enough, asked, repeats)[of_task]
    agree = np.bincount(
        of_task, weights=subset_chance(count, asked_of_cell, repeats), minlength=asked.size
    )
    cluster = None if said.cluster is None else said.cluster[first][enough]
    tries = asked[enough].astype(np.int64)
    return Tries(np.zeros_like(tries), tries, cluster), np.clip(agree[enough], 0.0, 1.0)
