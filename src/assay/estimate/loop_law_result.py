"""What the law of a loop's gain says, and the turns that it is fitted to; `assay.estimate.loop_law` fits it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from scipy import special

from assay.errors import EstimateError
from assay.quantity import Quantity, Unknown

CHANGE = "logit/turn"
SLOPE = "logit/turn per ln(phi/psi)"
LOG_RATIO = "ln(phi/psi)"

_LARGEST = 700.0


@dataclass(frozen=True, slots=True)
class LawPoint:
    """What a turn did.

    Parameters
    ----------
    arm, seed
        The loop that the turn is of. Turns of a loop are not independent; loops with one seed share their start.
    turn : >= 1
    accuracy_before, accuracy_after : in [0, 1]
        Sampled at the temperature of generation, on fixed held-out tasks.
    log_ratio
        ln(phi / psi) of the verifier in this turn: by construction, or from labels. Infinite for an exact check.

    Raises
    ------
    EstimateError
        If an accuracy is not in [0, 1], or the log ratio is not a number.
    """

    arm: str
    seed: int
    turn: int
    accuracy_before: float
    accuracy_after: float
    log_ratio: float

    def __post_init__(self) -> None:
        for accuracy in (self.accuracy_before, self.accuracy_after):
            if not 0 <= accuracy <= 1:
                raise EstimateError(f"an accuracy must be in [0, 1], got {accuracy}")
        if math.isnan(self.log_ratio):
            raise EstimateError("the log ratio must be a number or infinite, got NaN")

    @property
    def change(self) -> float:
        """Change of logit(accuracy) in the turn; infinite or NaN where an accuracy is 0 or 1."""
        return float(special.logit(self.accuracy_after) - special.logit(self.accuracy_before))

    def speed(self, growth: float) -> float:
        """Return the odds of a right answer before the turn, to a power: how fast a loop moves there, 1 at 1/2."""
        return math.exp(growth * float(special.logit(self.accuracy_before)))


@dataclass(frozen=True, slots=True)
class SeedLaw:
    """The law of one seed's loops.

    Parameters
    ----------
    seed
    alpha, delta, break_even
        Limits over the loops of this seed; `Unknown` with fewer than four of them.
    turns, loops
        That it rests on.
    accuracy
        Mean accuracy before a turn: seeds that start higher have a larger alpha.
    """

    seed: int
    alpha: Quantity
    delta: Quantity
    break_even: Quantity
    turns: int
    loops: int
    accuracy: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "seed": self.seed, "alpha": self.alpha.to_json(), "delta": self.delta.to_json(),
            "break_even": self.break_even.to_json(), "turns": self.turns, "loops": self.loops,
            "accuracy": self.accuracy,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Turns that the fit doesn't use.

    Parameters
    ----------
    infinite
        The log ratio is infinite: an exact check.
    extreme
        An accuracy is within `EXTREME` of 0 or 1.
    no_fit
        Of seeds that can't be fitted by themselves, where others can.
    """

    infinite: int = 0
    extreme: int = 0
    no_fit: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the stable JSON form."""
        return {"infinite": self.infinite, "extreme": self.extreme, "no_fit": self.no_fit}


@dataclass(frozen=True, slots=True)
class LoopLaw:
    """The law of a loop's gain.

    Parameters
    ----------
    alpha, delta
        Mean over seeds. A turn's change of logit(accuracy) is ``alpha ln(phi/psi) - delta``, times the odds of a right
        answer to the power `growth`: both are those of a turn that begins at accuracy 1/2.
    break_even
        ln(phi/psi) above which a turn gains: the mean over seeds.
    alpha_of_next, break_even_of_next
        The same of one seed more, drawn like these: prediction limits. `Unknown` with one seed.
    alpha_spread
        Standard deviation of alpha between seeds, that of their own estimates included.
    by_seed
    turns, loops
        That it rests on.
    left_out
    r_squared
        Share of the changes' variance that the seeds' lines explain; NaN where there is none.
    growth
        0: one alpha at every accuracy.
    source
        Where it was measured; empty for a fit of the user's own turns.
    """

    alpha: Quantity
    delta: Quantity
    break_even: Quantity
    alpha_of_next: Quantity
    break_even_of_next: Quantity
    alpha_spread: Quantity
    by_seed: tuple[SeedLaw, ...]
    turns: int
    loops: int
    left_out: LeftOut
    r_squared: float
    growth: float = 0.0
    source: str = ""

    @property
    def formula(self) -> str:
        """The law in words."""
        turn = "change of logit(accuracy) in a turn"
        if not self.growth:
            return f"{turn} = alpha ln(phi/psi) - delta"
        return f"{turn} = (alpha ln(phi/psi) - delta) (accuracy / (1 - accuracy))^{self.growth:g}"

    @property
    def break_even_ratio(self) -> Quantity:
        """phi/psi above which a turn gains."""
        return ratio_of(self.break_even)

    @property
    def break_even_accuracy(self) -> Quantity:
        """Accuracy q above which a verifier that is right with chance q on right and wrong answers alike gains."""
        return accuracy_of(self.break_even)

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "formula": self.formula,
            "alpha": self.alpha.to_json(),
            "delta": self.delta.to_json(),
            "break_even": self.break_even.to_json(),
            "break_even_ratio": self.break_even_ratio.to_json(),
            "break_even_accuracy": self.break_even_accuracy.to_json(),
            "alpha_of_next": self.alpha_of_next.to_json(),
            "break_even_of_next": self.break_even_of_next.to_json(),
            "alpha_spread": self.alpha_spread.to_json(),
            "by_seed": [seed.to_json() for seed in self.by_seed],
            "turns": self.turns,
            "loops": self.loops,
            "left_out": self.left_out.to_json(),
            "r_squared": None if math.isnan(self.r_squared) else self.r_squared,
            "growth": self.growth,
            "source": self.source,
        }


def ratio_of(log_ratio: Quantity) -> Quantity:
    """Return phi/psi for a log ratio."""
    return _mapped(log_ratio, raised, "phi/psi")


def accuracy_of(log_ratio: Quantity) -> Quantity:
    """Return q of ``ln(q / (1 - q))``: the accuracy of a verifier that errs alike on right and on wrong answers."""
    return _mapped(log_ratio, lambda x: float(special.expit(x)), "share judged rightly")


def _mapped(quantity: Quantity, change: Callable[[float], float], unit: str) -> Quantity:
    if isinstance(quantity, Unknown):
        return quantity
    low, value, high = (change(x) for x in (quantity.low, quantity.value, quantity.high))
    return replace(quantity, value=value, low=low, high=high, unit=unit)


def raised(x: float) -> float:
    """Return e to a power, infinite where that is beyond a float."""
    return math.exp(x) if x < _LARGEST else math.inf
