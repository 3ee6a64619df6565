"""Configurations that answered the same tasks: what the one finds hard the other often does too.

The interval of each alone doesn't hang on that; the difference between two does. Where both fail at the same tasks it
is known better than if each had answered tasks of its own, and where the one fails at what the other can do, less well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from assay.capability.evidence import Evidence
from assay.capability.parts import NAMES, Scores, correlations_of, scores_of
from assay.estimate import confidence_distribution as cd

FloatArray = npt.NDArray[np.float64]

MEASURED = ("right", "cost", "seconds")
"""What is known task by task, in the order of the rows of errors."""

# What checking costs goes as what an attempt costs, as within one configuration.
_ROW_OF = {"right": 0, "cost": 1, "check": 1, "seconds": 2}


@dataclass(frozen=True, slots=True, eq=False)
class TaskErrors:
    """What each task adds to the errors of the means of one configuration.

    Parameters
    ----------
    names : length t
        Of the tasks, each once.
    errors : shape (3, t)
        Of right, cost and seconds: sums over the task's answers, each less the mean of all; 0 where nothing is known.
    share : in [0, 1]
        Right answers, as measured.
    size : >= 1
        Answers a task, on average.
    """

    names: tuple[str, ...]
    errors: FloatArray
    share: float
    size: float


def shared_scores(
    evidence: Sequence[Evidence],
    tasks: Sequence[TaskErrors | None],
    rng: np.random.Generator,
    *,
    draws: int,
) -> list[Scores]:
    """Return the normal scores of the parts of several configurations, for `measure`.

    Parameters
    ----------
    evidence
        One for each configuration.
    tasks
        What is known of each task by task; None: it answered others, or nobody knows which.
    draws : >= 1

    Returns
    -------
    list
        One for each configuration. Within it the scores go together as its evidence says.

    Notes
    -----
    Across two configurations the scores are correlated as the errors of their means are: the sum over tasks of both
    errors' product, over the root of the sums of their squares; tasks that only one answered add to the latter alone.
    Few tasks on which they differ would make them look more alike than is known, so one task more is put in on each
    side that one of them gets right and the other wrong [1]_. With it two that are equally good are told apart in at
    most 10 % of cases where 5 % are allowed on each side (20 to 1,000 tasks; share of tasks on which they differ .01 to
    .2); as measured, in up to 12 %. Which errors checking catches is taken to be apart.

    References
    ----------
    .. [1] Bonett, Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired
       data", J. Educ. Behav. Stat. 37 (2012), doi:10.3102/1076998611411915.
    """
    if compared_on(tasks) is None:
        return [scores_of(one, rng, draws=draws) for one in evidence]
    size = len(NAMES)
    table = np.eye(size * len(evidence))
    for k, own in enumerate(evidence):
        table[k * size : (k + 1) * size, k * size : (k + 1) * size] = correlations_of(own)
    for (i, one), (j, other) in combinations(enumerate(tasks), 2):
        if one is not None and other is not None:
            block = _across(one, other)
            table[i * size : (i + 1) * size, j * size : (j + 1) * size] = block
            table[j * size : (j + 1) * size, i * size : (i + 1) * size] = block.T
    scores = cd.correlated_scores(table, draws, rng)
    return [
        dict(zip(NAMES, scores[k * size : (k + 1) * size], strict=True))
        for k in range(len(evidence))
    ]


def common_tasks(one: TaskErrors | None, other: TaskErrors | None) -> int:
    """Return how many tasks both answered, as far as is known."""
    return 0 if one is None or other is None else len(set(one.names) & set(other.names))


def compared_on(tasks: Sequence[TaskErrors | None]) -> tuple[int, int] | None:
    """Return the fewest and the most tasks that two configurations have in common, of those that have any."""
    counts = [count for a, b in combinations(tasks, 2) if (count := common_tasks(a, b))]
    return (min(counts), max(counts)) if counts else None


def _across(one: TaskErrors, other: TaskErrors) -> FloatArray:
    places = {name: place for place, name in enumerate(other.names)}
    pairs = [(k, places[name]) for k, name in enumerate(one.names) if name in places]
    block = np.zeros((len(NAMES), len(NAMES)))
    if not pairs:
        return block
    here, there = np.array(pairs).T
    products = one.errors[:, here] @ other.errors[:, there].T
    squares = (one.errors**2).sum(axis=1), (other.errors**2).sum(axis=1)
    scale = np.sqrt(np.outer(*squares))
    found = np.divide(products, scale, out=np.zeros_like(scale), where=scale > 0)
    found *= _kept(one, other, products[0, 0], squares[0][0], squares[1][0])
    for row, first in _ROW_OF.items():
        for column, second in _ROW_OF.items():
            block[NAMES.index(row), NAMES.index(column)] = found[first, second]
    return block


def _kept(one: TaskErrors, other: TaskErrors, product: float, *squares: float) -> float:
    """Return which part of a correlation of right answers stays with one more task on each side that parts the two."""
    if product <= 0 or not all(squares):
        return 1.0
    a, b = one.share, other.share
    size = one.size * other.size
    adjusted = product - size * (b * (1 - a) + a * (1 - b))
    wider = [
        square + each.size**2 * (p**2 + (1 - p) ** 2)
        for square, each, p in zip(squares, (one, other), (a, b), strict=True)
    ]
    kept = adjusted / np.sqrt(wider[0] * wider[1]) * np.sqrt(squares[0] * squares[1]) / product
    return float(max(0.0, min(1.0, kept)))
