"""The parts that a cost is made of, as confidence distributions with draws in common, and the formulas of them.

cost per item        K = c + v + (1 - p) [r F + (1 - r) E] + p f a + w T
verified-correct     G = p + (1 - p) r
escaped              X = (1 - p)(1 - r) = 1 - G
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.capability.evidence import (
    APART,
    Caught,
    CostEvidence,
    Evidence,
    Prices,
    Sampled,
    SecondsEvidence,
    ShareEvidence,
    Stated,
)
from assay.estimate import confidence_distribution as cd
from assay.estimate.skewed_mean import FEWEST
from assay.quantity import Unknown

FloatArray = npt.NDArray[np.float64]
Values = Mapping[str, FloatArray]
Formula = Callable[[Values], FloatArray]
Scores = Mapping[str, FloatArray]
"""Normal scores by name, shape (draws,) each, for all of `NAMES`."""

NAMES = ("right", "caught", "flagged", "cost", "check", "seconds")
"""In the order of the scores."""

SHARES = ("right", "caught")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What is known of each part, and the normal scores that its draws are made from.

    Parameters
    ----------
    known
        Distributions by name.
    missing
        Why the others aren't known, by name.
    scores
        See `Scores`.
    on_word
        Parts that nobody measured: they are on the user's word.
    n : >= 0
        Items that the share of right ones rests on.
    """

    known: Mapping[str, cd.Distribution]
    missing: Mapping[str, str]
    scores: Scores
    on_word: tuple[str, ...]
    n: int

    def why_not(self, names: tuple[str, ...]) -> str | None:
        """Return why something made of these parts isn't known; None where it is."""
        reasons = [self.missing[name] for name in names if name in self.missing]
        return "; ".join(dict.fromkeys(reasons)) or None

    def with_any(self, name: str, part: cd.Distribution | str, scores: FloatArray) -> Parts:
        """Return these with one more part, or another in its place, or why it isn't known."""
        known = {key: one for key, one in self.known.items() if key != name}
        missing = {key: why for key, why in self.missing.items() if key != name}
        if isinstance(part, str):
            missing[name] = part
        else:
            known[name] = part
        on_word = tuple(one for one in self.on_word if one.split(" ")[0] != name)
        return Parts(known, missing, {**self.scores, name: scores}, on_word, self.n)

    def values(self, names: tuple[str, ...]) -> dict[str, FloatArray]:
        """Return the parts as measured."""
        return {name: np.asarray(self.known[name].value) for name in names}

    def draws(self, names: tuple[str, ...]) -> dict[str, FloatArray]:
        """Return draws of the parts' posteriors."""
        return {name: self.known[name].draws(self.scores[name]) for name in names}

    def corners(
        self, names: tuple[str, ...], *, at_most: int | None = None
    ) -> Iterator[dict[str, FloatArray]]:
        """Yield draws of the parts at every choice of their sides, of the first so many draws."""
        sides = [self.known[name].sides(self.scores[name][:at_most]) for name in names]
        for corner in product(*sides):
            yield dict(zip(names, corner, strict=True))

    def adverse(self, names: tuple[str, ...], formula: Formula) -> tuple[FloatArray, FloatArray]:
        """Return draws of a formula at the sides of its parts that make it least, and most."""
        scores = np.stack([self.scores[name] for name in names])
        return cd.adverse_draws(
            [self.known[name] for name in names],
            scores,
            lambda *values: formula(dict(zip(names, values, strict=True))),
        )

    def limits(
        self, names: tuple[str, ...], formula: Formula, *, confidence_level: float
    ) -> tuple[float, float]:
        """Return the two-sided limits of a formula that is monotone in each of its parts.

        Where one part alone is unsure, they are the formula at its own limits, without a draw; else melded.
        """
        unsure = [name for name in names if not self.known[name].is_fixed]
        if len(unsure) > 1:
            draws = self.adverse(names, formula)
            return cd.limits_of(draws, confidence_level=confidence_level)
        reach = special.ndtri((1 + confidence_level) / 2)
        ends = np.array([-reach, reach])
        sides = (self.known[name].sides(ends) for name in names)
        found = [formula(dict(zip(names, corner, strict=True))) for corner in product(*sides)]
        return float(np.min(found)), float(np.max(found))


def parts_of(
    evidence: Evidence, rng: np.random.Generator, *, draws: int, scores: Scores | None = None
) -> Parts:
    """Return the parts of a configuration's cost.

    Parameters
    ----------
    draws : >= 1
        Draws in common of all parts.
    scores
        What the draws are made from; None: those of `scores_of`.
    """
    found: dict[str, cd.Distribution | str] = {
        "right": share_part(evidence.right, "which items are right", rng),
        "caught": share_part(evidence.caught, "which share of wrong items checking catches", rng),
        "flagged": share_part(
            evidence.flagged, "which share of right items checking holds back", rng
        ),
        "cost": amount_part(evidence.attempt_cost_usd, "what an attempt costs"),
        "check": amount_part(evidence.check_cost_usd, "what checking an item costs"),
        "seconds": amount_part(evidence.seconds, "how long an attempt takes"),
    }
    return Parts(
        {name: part for name, part in found.items() if not isinstance(part, str)},
        {name: part for name, part in found.items() if isinstance(part, str)},
        scores_of(evidence, rng, draws=draws) if scores is None else scores,
        tuple(_on_word(evidence)),
        round(evidence.right.n),
    )


def verified(values: Values) -> FloatArray:
    """Return G: the share of items that end verified-correct."""
    p, r = values["right"], values["caught"]
    return np.asarray(p + (1 - p) * r)


def escaped(values: Values) -> FloatArray:
    """Return X: the share of items that are wrong and get out."""
    return np.asarray((1 - values["right"]) * (1 - values["caught"]))


def cost_per_item(prices: Prices) -> tuple[tuple[str, ...], Formula]:
    """Return the names of the parts of K at these prices, and its formula."""
    waits = prices.wait_usd_per_hour not in (None, 0)
    alarms = prices.false_alarm_usd not in (None, 0)
    names = (
        *SHARES, *(("flagged",) if alarms else ()), "cost", "check", *(("seconds",) if waits else ())
    )  # fmt: skip
    mend, escape = prices.mend_usd or 0.0, prices.escape_usd or 0.0

    def formula(values: Values) -> FloatArray:
        p, r = values["right"], values["caught"]
        cost = values["cost"] + values["check"] + (1 - p) * (r * mend + (1 - r) * escape)
        if alarms:
            cost = cost + p * values["flagged"] * (prices.false_alarm_usd or 0.0)
        if waits:
            cost = cost + values["seconds"] / 3600.0 * (prices.wait_usd_per_hour or 0.0)
        return np.asarray(cost)

    return names, formula


def unsaid(evidence: Evidence, prices: Prices) -> str | None:
    """Return the prices that the user must say before a configuration's cost is known; None where none is missing."""
    return unsaid_for(evidence.caught, evidence.flagged, prices)


def unsaid_for(caught: Caught, flagged: Caught, prices: Prices) -> str | None:
    """Return the prices that must be said where checking catches and holds back such shares.

    A price that multiplies a share which the user says is 0 isn't needed.
    """
    needed = (
        (prices.mend_usd, caught != 0, "what a mend costs"),
        (prices.escape_usd, caught != 1, "what an escaped error costs"),
        (prices.false_alarm_usd, flagged != 0, "what a false alarm costs"),
    )
    missing = [words for price, is_needed, words in needed if price is None and is_needed]
    return f"nobody has said {' nor '.join(missing)}" if missing else None


def per_verified(above: FloatArray, values: Values) -> FloatArray:
    """Return an amount per verified-correct result: without limit where there is none."""
    below = verified(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, np.asarray(above) / below, np.inf)


def share_part(share: Caught, words: str, rng: np.random.Generator) -> cd.Distribution | str:
    """Return what is known of a share, or why nothing is: nobody has measured or said `words`."""
    if share is None:
        return f"nobody has measured or said {words}"
    if isinstance(share, float | int):
        return cd.known(float(share))
    if not share.n:
        return f"no item shows {words}"
    if not share.strata:
        return cd.share(share.hits, share.n)
    strata = [cd.share(one.hits, one.trials) for one in share.strata]
    return cd.weighted_sum([one.weight for one in share.strata], strata, rng)


def amount_part(amount: CostEvidence | SecondsEvidence | None, words: str) -> cd.Distribution | str:
    """Return what is known of a mean amount, or why nothing is."""
    match amount:
        case None:
            return f"nobody has measured {words}"
        case Unknown():
            return amount.reason
        case Stated():
            return cd.between(amount.value, amount.low, amount.high)
        case Sampled() if not len(amount.values):
            return f"{words}: limits need {FEWEST} items, and there is none"
        case Sampled() if (mean := amount.mean).n < FEWEST:
            of = "tasks" if amount.is_repeated else "items"
            return f"{words}: limits need {FEWEST} {of}, and there are {mean.n}"
        case Sampled():
            return cd.mean(amount.mean, amount.factor)


def scores_of(evidence: Evidence, rng: np.random.Generator, *, draws: int) -> Scores:
    """Return normal scores of all parts, correlated as the evidence says."""
    scores = cd.correlated_scores(correlations_of(evidence), draws, rng)
    return dict(zip(NAMES, scores, strict=True))


def correlations_of(evidence: Evidence) -> FloatArray:
    """Return how the scores of the parts go together, in the order of `NAMES`.

    Returns
    -------
    shape (6, 6)
    """
    table = np.eye(len(NAMES))
    how = evidence.together
    pairs = {(0, 3): how.right_cost, (0, 5): how.right_seconds, (3, 5): how.cost_seconds}
    if how != APART:
        # Nobody says how checking goes with the rest: as costs do, which is the adverse way.
        pairs |= {(3, 4): 1.0, (0, 4): how.right_cost, (4, 5): how.cost_seconds}
    for (i, j), value in pairs.items():
        table[i, j] = table[j, i] = value
    return table


def _on_word(evidence: Evidence) -> list[str]:
    said = []
    for name, share in (("caught", evidence.caught), ("flagged", evidence.flagged)):
        if share is not None and not isinstance(share, ShareEvidence):
            said.append(f"{name} {share:g}")
    amounts = (
        ("cost", evidence.attempt_cost_usd),
        ("check", evidence.check_cost_usd),
        ("seconds", evidence.seconds),
    )
    said += [
        f"{name} {amount.value:.6g} {amount.source}"
        for name, amount in amounts
        if isinstance(amount, Stated)
    ]
    return said
