"""Taking the best texts up to a budget, but not too many of a kind: quotas a group, each with a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import BadInput

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

KEPT = ""
BELOW = "below_budget"
TOO_LARGE = "larger_than_what_is_left"

FULL = 0.99
"""Share of the budget from which on nothing more is looked for to fill it."""


@dataclass(frozen=True, slots=True, eq=False)
class Quota:
    """At most so much of each group.

    Parameters
    ----------
    name
        The reason that a text left out has.
    group : (texts,)
        Number of each text's group; -1 for a text that is in none.
    most : >= 0
        Of each group: texts, or units of the budget.
    of_size
        Whether `most` counts units of the budget, not texts.
    """

    name: str
    group: IntArray
    most: int
    of_size: bool = False


def take_best(
    scores: FloatArray,
    sizes: IntArray,
    budget: int,
    quotas: Sequence[Quota] = (),
    *,
    rng: np.random.Generator,
) -> tuple[str, ...]:
    """Return for each text "" where it is taken, else why it is not.

    Parameters
    ----------
    scores : (texts,)
        Greater is better; minus infinity: never. Ties are broken by lot.
    sizes : (texts,)
        Units of the budget that each costs.
    budget : >= 1
    quotas
        Asked in order; the first that is used up is the reason.
    rng

    Raises
    ------
    BadInput
        If the budget is below 1, or a column has another length.

    Notes
    -----
    From the best down. A text that does not fit into what is left of the budget is passed over, so that one long text
    does not end the selection; once 99 % of the budget are used, all others are "below_budget": short texts are
    favoured in that last stretch only. It is greedy: each text is judged by its score and by what of its group is taken
    already.

    Examples
    --------
    >>> near = Quota("near_duplicate", np.array([0, 0, -1]), 1)
    >>> take_best(np.array([3.0, 2.0, 1.0]), np.ones(3, np.int64), 2, [near], rng=np.random.default_rng(1))
    ('', 'near_duplicate', '')
    """
    if budget < 1:
        raise BadInput(f"the budget must be at least 1, got {budget}")
    if any(len(quota.group) != len(scores) for quota in quotas) or len(sizes) != len(scores):
        raise BadInput("scores, sizes and groups must be of one length")
    order = np.lexsort((rng.random(len(scores)), -scores))
    reasons = [BELOW] * len(scores)
    used: list[dict[int, int]] = [{} for _ in quotas]
    left = budget
    groups = [quota.group.tolist() for quota in quotas]
    cost, worth = sizes.tolist(), scores.tolist()
    for place in order.tolist():
        if worth[place] == -np.inf:
            continue
        wanted = [
            (taken, group[place], cost[place] if quota.of_size else 1, quota)
            for taken, group, quota in zip(used, groups, quotas, strict=True)
            if group[place] >= 0
        ]
        full = next((q.name for t, g, n, q in wanted if t.get(g, 0) + n > q.most), None)
        if full is not None:
            # Below the budget's end too: what a group has too much of is left out for that reason.
            reasons[place] = full
            continue
        if left <= (1 - FULL) * budget:
            continue
        if cost[place] > left:
            reasons[place] = TOO_LARGE
            continue
        reasons[place] = KEPT
        left -= cost[place]
        for taken, group_number, n, _ in wanted:
            taken[group_number] = taken.get(group_number, 0) + n
    return tuple(reasons)
