"""Which configuration is cheapest, as far as can be told: order, probabilities and ties, beside the known orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.capability.difference import break_even_mend, cost_difference, items_to_tell_apart
from assay.capability.measure import Capability
from assay.errors import EstimateError
from assay.estimate.confidence_distribution import quantile
from assay.quantity import Estimate, Quantity, Unknown

__all__ = [
    "NEVER_RIGHT",
    "NO_RESULT",
    "TIE",
    "RankRow",
    "Ranking",
    "Unranked",
    "break_even_mend",
    "cost_difference",
    "items_to_tell_apart",
    "p_best",
    "p_cheaper",
    "rank",
]

FloatArray = npt.NDArray[np.float64]

TIE = 0.05
"""Two configurations are a tie unless the one is the cheaper with at least 95 % probability."""

NO_RESULT = "no verified-correct result"
NEVER_RIGHT = "no item was right as it came: what is verified-correct is the mender's work"


@dataclass(frozen=True, slots=True, eq=False)
class RankRow:
    """One configuration in the order by cost.

    Parameters
    ----------
    place : >= 1
    capability
    p_best : in [0, 1]
        Probability that it is the cheapest of all in the order.
    tie
        Number of the group that can't be told apart; None where it stands alone.
    note
        Why it is last whatever it costs; else empty.
    """

    place: int
    capability: Capability
    p_best: float
    tie: int | None
    note: str = ""

    @property
    def name(self) -> str:
        """The configuration's name."""
        return self.capability.name


@dataclass(frozen=True, slots=True)
class Unranked:
    """A configuration whose cost isn't known, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Configurations in the order of their cost per verified-correct result.

    Parameters
    ----------
    rows
        Cheapest first; those that were never right last.
    unranked
        Those whose cost isn't known: they are listed apart, and are no cheaper for it.
    by_score, by_cost_of_pass, by_wrong_per_hour
        Names in the order of the other rankings, best first; without those whose number isn't known.
    score_against_cost_of_pass
        Spearman's correlation of these two orders: 1 where they agree, -1 where they are opposite.
    """

    rows: tuple[RankRow, ...]
    unranked: tuple[Unranked, ...]
    by_score: tuple[str, ...]
    by_cost_of_pass: tuple[str, ...]
    by_wrong_per_hour: tuple[str, ...]
    score_against_cost_of_pass: Quantity

    def place(self, name: str) -> int:
        """Return the place of a configuration in the order by cost."""
        return next(row.place for row in self.rows if row.name == name)

    @property
    def leaders(self) -> tuple[RankRow, ...]:
        """Those that may be the cheapest: the first, and all that are it with 5 % probability or more."""
        return tuple(row for row in self.rows if row.place == 1 or row.p_best >= TIE)

    @property
    def is_tie(self) -> bool:
        """Whether the first can't be told from another."""
        return bool(self.rows) and self.rows[0].tie is not None


def rank(capabilities: Sequence[Capability]) -> Ranking:
    """Return configurations in the order of their cost per verified-correct result.

    Parameters
    ----------
    capabilities
        Measured at the same prices.

    Raises
    ------
    EstimateError
        Where two have the same name, or prices differ.

    Notes
    -----
    Probabilities are of posteriors: Jeffreys' prior for shares, Hall's quantiles for means. Configurations are apart
    from one another unless they were measured with `shared_scores`: it takes those that answered the same tasks in
    pairs.
    """
    _check(capabilities)
    costed = [one for one in capabilities if isinstance(one.cvc, Estimate)]
    order = sorted(costed, key=_cost_key)
    draws = {one.name: one.cvc_draws() for one in order}
    probabilities = p_best(draws)
    groups = _ties([one for one in order if not _note(one)], draws)
    rows = [
        RankRow(k, one, probabilities[one.name], groups.get(one.name), _note(one))
        for k, one in enumerate(order, start=1)
    ]
    unranked = [
        Unranked(one.name, one.cvc.reason) for one in capabilities if isinstance(one.cvc, Unknown)
    ]
    return Ranking(
        tuple(rows),
        tuple(unranked),
        _by(capabilities, lambda one: one.right, falling=True),
        _by(capabilities, lambda one: one.cost_of_pass),
        _by(capabilities, lambda one: one.wrong_per_hour),
        _score_against_cost_of_pass(capabilities),
    )


def p_best(draws: dict[str, FloatArray]) -> dict[str, float]:
    """Return with what probability each is the cheapest; those that cost the same share it.

    Parameters
    ----------
    draws : shape (draws,) each
        Draws of their costs, as many of each.
    """
    if not draws:
        return {}
    table = np.stack(list(draws.values()))
    lowest = table == table.min(axis=0)
    return dict(zip(draws, map(float, (lowest / lowest.sum(axis=0)).mean(axis=1)), strict=True))


def p_cheaper(one: FloatArray, other: FloatArray) -> float:
    """Return with what probability the one costs less than the other; equal draws count half."""
    return float((one < other).mean() + (one == other).mean() / 2)


def _check(capabilities: Sequence[Capability]) -> None:
    names = [one.name for one in capabilities]
    if len(set(names)) < len(names):
        raise EstimateError("configurations must have different names to be ranked")
    if len({one.prices for one in capabilities}) > 1:
        raise EstimateError("configurations must be measured at the same prices to be ranked")


def _cost_key(one: Capability) -> tuple[bool, float, str]:
    assert isinstance(one.cvc, Estimate)
    return bool(_note(one)), one.cvc.value, one.name


def _note(one: Capability) -> str:
    if isinstance(one.cvc, Estimate) and one.cvc.value == np.inf:
        return NO_RESULT
    return NEVER_RIGHT if one.never_right else ""


def _ties(order: Sequence[Capability], draws: dict[str, FloatArray]) -> dict[str, int]:
    # From the cheapest down: whoever may be cheaper than the first of a group belongs to it; else a group begins.
    groups: list[list[str]] = []
    for one in order:
        if groups and p_cheaper(draws[one.name], draws[groups[-1][0]]) >= TIE:
            groups[-1].append(one.name)
        else:
            groups.append([one.name])
    several = [group for group in groups if len(group) > 1]
    return {name: number for number, group in enumerate(several, start=1) for name in group}


def _by(
    capabilities: Sequence[Capability],
    number: Callable[[Capability], Quantity],
    *,
    falling: bool = False,
) -> tuple[str, ...]:
    found = [(value.value, one.name) for one in capabilities if isinstance(value := number(one), Estimate)]  # fmt: skip
    return tuple(
        name for _, name in sorted(found, key=lambda f: (-f[0] if falling else f[0], f[1]))
    )


def _score_against_cost_of_pass(capabilities: Sequence[Capability]) -> Quantity:
    both = [one for one in capabilities if isinstance(one.cost_of_pass, Estimate)]
    if len(both) < 3:
        return Unknown(f"orders of {len(both)} configurations can't be correlated: it takes 3")
    rights = [one.parts.draws(("right", "cost")) for one in both]
    score = np.stack([draw["right"] for draw in rights])[:, :1_000]
    with np.errstate(divide="ignore"):
        cost = np.stack([draw["cost"] / draw["right"] for draw in rights])[:, :1_000]
    drawn = [_spearman(s, -c) for s, c in zip(score.T, cost.T, strict=True)]
    measured = _spearman(
        np.array([one.parts.known["right"].value for one in both]),
        -np.array([one.cost_of_pass.value for one in both if isinstance(one.cost_of_pass, Estimate)]),
    )  # fmt: skip
    if not np.isfinite(measured):
        return Unknown("all have the same score or the same cost of a pass")
    level = both[0].confidence_level
    finite = np.array([one for one in drawn if np.isfinite(one)])
    low, high = quantile(finite, (1 - level) / 2), quantile(finite, (1 + level) / 2)
    return Estimate(
        measured, min(low, measured), max(high, measured), "rank correlation", level, len(both),
        "Spearman's, of these configurations; limits from posterior draws", "simulated",
    )  # fmt: skip


def _spearman(one: FloatArray, other: FloatArray) -> float:
    a, b = _ranks(one), _ranks(other)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else float("nan")


def _ranks(values: FloatArray) -> FloatArray:
    # Equal ones get the mean of their ranks.
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place], dtype=np.float64)
