"""What a verified-correct result of one configuration costs, in money and time, and what escapes beside it.

    CVC = K / G      USD per verified-correct result
    EPC = X / G      escaped errors per verified-correct result: beside the cost, never folded into it in silence
    TVC = T / G      expected seconds of attempts per verified-correct result

K, G and X are those of `assay.capability.parts`. Where every wrong item is caught and a mend is another try (at the
cost of one that ends right), CVC is Cost-of-Pass, c / p [1]_; where the price of a mend grows without limit, its order
is the order by score. So it lies between the two known leaderboards, and the price of a mend says where.

References
----------
.. [1] Erol et al., "Cost-of-Pass: An Economic Framework for Evaluating Language Models", arXiv:2504.13359, eq. 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assay.capability.evidence import Evidence, Prices, Sampled
from assay.capability.parts import (
    SHARES,
    Formula,
    Parts,
    Scores,
    Values,
    cost_per_item,
    escaped,
    parts_of,
    per_verified,
    unsaid,
    verified,
)
from assay.errors import EstimateError
from assay.estimate.tail_quantile import quantile_upper_limit
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]

DRAWS = 10_000
FEWEST_DRAWS = 400

MEASURED_SHARES = ("right", "caught", "flagged", "review_caught", "review_flagged", "both_missed")


@dataclass(frozen=True, slots=True, eq=False)
class Capability:
    """What one configuration's verified-correct results cost.

    Parameters
    ----------
    evidence, prices
        What it rests on.
    parts
        The parts with their draws.
    right : correct/item
    cost_of_pass : USD/correct
        Where a wrong item is tried again, at no other cost.
    cost_per_item : USD/item
        K.
    verified_per_item : verified-correct/item
        G.
    escaped_per_item : escaped/item
        X.
    cvc : USD/verified-correct
        Without limit where no item ends verified-correct.
    epc : escaped/verified-correct
    tvc : s/verified-correct
        Of attempts alone: the time of mending isn't in it.
    seconds_p95, seconds_p99 : s/item
        Of an attempt, each only with an upper limit that is proved.
    wrong_per_hour, right_per_hour : items/hour
        Of one lane: one request after the other.
    confidence_level
    """

    evidence: Evidence
    prices: Prices
    parts: Parts
    right: Quantity
    cost_of_pass: Quantity
    cost_per_item: Quantity
    verified_per_item: Quantity
    escaped_per_item: Quantity
    cvc: Quantity
    epc: Quantity
    tvc: Quantity
    seconds_p95: Quantity
    seconds_p99: Quantity
    wrong_per_hour: Quantity
    right_per_hour: Quantity
    confidence_level: float

    @property
    def name(self) -> str:
        """The configuration's name."""
        return self.evidence.name

    @property
    def never_right(self) -> bool:
        """Whether no item was right as it came: whatever is verified-correct is the mender's work."""
        return self.evidence.right.n > 0 and self.evidence.right.hits == 0

    def cvc_draws(self, prices: Prices | None = None) -> FloatArray:
        """Return draws of CVC's posterior, at these or at other prices; they share their scores with all others.

        Raises
        ------
        EstimateError
            Where CVC isn't known.
        """
        names, formula = self._cvc(prices)
        return per_item_and_verified(formula)(self.parts.draws(names))

    def cvc_sides(self, prices: Prices | None = None) -> tuple[FloatArray, FloatArray]:
        """Return draws of CVC at the adverse sides of its parts, least and most."""
        names, formula = self._cvc(prices)
        return self.parts.adverse(names, per_item_and_verified(formula))

    def cvc_at(self, prices: Prices) -> float:
        """Return CVC as measured, at other prices."""
        names, formula = self._cvc(prices)
        return float(per_item_and_verified(formula)(self.parts.values(names)))

    def at(self, prices: Prices) -> Capability:
        """Return the same configuration at other prices, from the same draws."""
        return _capability(self.evidence, prices, self.parts, self.confidence_level)

    def _cvc(self, prices: Prices | None) -> tuple[tuple[str, ...], Formula]:
        prices = self.prices if prices is None else prices
        names, formula = cost_per_item(prices)
        why = unsaid(self.evidence, prices) or self.parts.why_not(names)
        if why:
            raise EstimateError(f"{self.name}: its cost isn't known: {why}")
        return names, formula


def measure(
    evidence: Evidence,
    prices: Prices,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    confidence_level: float = 0.95,
    scores: Scores | None = None,
) -> Capability:
    """Return what a verified-correct result of a configuration costs, each number with its interval or why it has none.

    Parameters
    ----------
    evidence
        What is known of it.
    prices
        What the user says things cost.
    rng
        For the draws.
    draws : >= 400
        Draws of all parts in common.
    confidence_level : in (0, 1)
        Two-sided, of each number alone.
    scores
        What the draws are made from: of `shared_scores` where several configurations answered the same tasks, or of
        another's parts to keep its pairs; their number is then that of the draws. None: its own.

    Raises
    ------
    EstimateError
        Where an argument is out of range.

    Notes
    -----
    Limits are melded from Clopper-Pearson's of the shares and Hall's of the means (`assay.estimate.
    confidence_distribution`): from draws of each part's adverse side, with the scores of right, cost and time
    correlated as the rows say, or in the adverse way where no row says. Simulation found at least 94 % for 95 %, see
    docs/METHODS.md. They fail where a few rare and huge costs make the mean and none of them was seen, and say nothing
    of items unlike those that were measured.
    """
    if draws < FEWEST_DRAWS:
        raise EstimateError(f"draws must be at least {FEWEST_DRAWS}, got {draws}")
    if not 0 < confidence_level < 1:
        raise EstimateError(f"confidence_level must be in (0, 1), got {confidence_level}")
    parts = parts_of(evidence, rng, draws=draws, scores=scores)
    return _capability(evidence, prices, parts, confidence_level)


def per_item_and_verified(formula: Formula) -> Formula:
    """Return the formula of an amount per verified-correct result, from that of the amount per item."""
    return lambda values: per_verified(formula(values), values)


def quantity_of(
    parts: Parts,
    names: tuple[str, ...],
    formula: Formula,
    *,
    unit: str,
    confidence_level: float,
    words: str = "",
) -> Quantity:
    """Return something that is made of parts, with melded limits; Unknown where one of them is."""
    why = parts.why_not(names)
    if why:
        return Unknown(why)
    value = float(formula(parts.values(names)))
    low, high = parts.limits(names, formula, confidence_level=confidence_level)
    said = [one for one in parts.on_word if one.split(" ")[0] in names]
    method = "; ".join(
        [_limits_words(parts, names), *([words] if words else []),
         *([f"on the user's word or a bill: {', '.join(said)}"] if said else [])]
    )  # fmt: skip
    is_word = all(parts.known[name].is_exact for name in names) or low == high
    return Estimate(
        value, min(low, value), max(high, value), unit, confidence_level, parts.n, method,
        "assumed" if is_word else "simulated",
    )  # fmt: skip


def _limits_words(parts: Parts, names: tuple[str, ...]) -> str:
    unsure = [name for name in names if not parts.known[name].is_exact]
    kinds = dict.fromkeys("Clopper-Pearson shares" if name in MEASURED_SHARES
                          else "ranges as stated" if parts.known[name].is_fixed
                          else "Hall means" for name in unsure)  # fmt: skip
    if not kinds:
        return "no part is unsure"
    return f"{'melded limits' if len(unsure) > 1 else 'limits'}: {', '.join(kinds)}"


def _capability(
    evidence: Evidence, prices: Prices, parts: Parts, confidence_level: float
) -> Capability:
    def of(names: tuple[str, ...], formula: Formula, unit: str, words: str = "") -> Quantity:
        return quantity_of(
            parts, names, formula, unit=unit, confidence_level=confidence_level, words=words
        )

    names, per_item = cost_per_item(prices)
    waits = "waiting isn't priced" if prices.wait_usd_per_hour is None else ""
    why = unsaid(evidence, prices)

    def cost(formula: Formula, unit: str) -> Quantity:
        return Unknown(why) if why else of(names, formula, unit, waits)

    return Capability(
        evidence,
        prices,
        parts,
        right=of(("right",), lambda values: values["right"], "correct/item"),
        cost_of_pass=of(("right", "cost"), _over("cost", lambda v: v["right"]), "USD/correct"),
        cost_per_item=cost(per_item, "USD/item"),
        verified_per_item=of(SHARES, verified, "verified-correct/item"),
        escaped_per_item=of(SHARES, escaped, "escaped/item"),
        cvc=cost(per_item_and_verified(per_item), "USD/verified-correct"),
        epc=of(SHARES, per_item_and_verified(escaped), "escaped/verified-correct"),
        tvc=of((*SHARES, "seconds"), _over("seconds", verified), "s/verified-correct",
               "attempts alone, mending left out"),
        seconds_p95=_tail(evidence, 0.95, confidence_level),
        seconds_p99=_tail(evidence, 0.99, confidence_level),
        wrong_per_hour=of(("right", "seconds"), lambda v: _hourly(1 - v["right"], v), "wrong/hour"),
        right_per_hour=of(("right", "seconds"), lambda v: _hourly(v["right"], v), "right/hour"),
        confidence_level=confidence_level,
    )  # fmt: skip


def _over(name: str, below: Callable[[Values], FloatArray]) -> Formula:
    def formula(values: Values) -> FloatArray:
        share = np.asarray(below(values))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(share > 0, values[name] / share, np.inf)

    return formula


def _hourly(share: FloatArray, values: Values) -> FloatArray:
    seconds = values["seconds"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(seconds > 0, share * 3600.0 / seconds, np.inf)


def _tail(evidence: Evidence, level: float, confidence_level: float) -> Quantity:
    match evidence.seconds:
        case Sampled() as sampled:
            limit = quantile_upper_limit(
                sampled.of_tasks_apart, level, unit="s/item", confidence_level=confidence_level
            )
            if isinstance(limit, Unknown):
                if not sampled.is_repeated:
                    return limit
                return Unknown(
                    f"{limit.reason}: one of each task, for answers to one task are alike"
                )
            if sampled.is_repeated:
                limit = replace(limit, method=f"{limit.method}, one answer of each task")
            return limit.scaled(sampled.factor[2], "s/item")
        case None:
            return Unknown("nobody has measured how long an attempt takes")
        case _:
            return Unknown("a tail needs the time of every item, and only a mean is known")
