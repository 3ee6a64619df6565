"""What would bring a verifier through the gate: a better check, several, real data mixed in, more labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import special

from assay.estimate.gate_quality import GateQuality, GateVerdict, LogRatio
from assay.figures import interval
from assay.quantity import Estimate, Quantity

MOST_CHECKS = 50
MOST_LABELS = 1_000_000

Kind = Literal["better-check", "several-checks", "real-data", "labels", "law"]


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that would do, with its number.

    Parameters
    ----------
    kind
    value
        better-check: psi at most; several-checks: how many that all must pass; real-data: share of the examples;
        labels: of each part and turn; law: nothing.
    said
        In words, with what it assumes.
    """

    kind: Kind
    value: float | None
    said: str

    def to_json(self) -> dict[str, object]:
        """Return it under stable names."""
        return {"kind": self.kind, "value": self.value, "said": self.said}


def ways_through(
    ratio: LogRatio | None, last: GateQuality, break_even: Quantity, verdict: GateVerdict
) -> tuple[Way, ...]:
    """Return what would bring a verifier through; nothing where it is, or where nothing is known.

    Parameters
    ----------
    ratio
        Mean over turns.
    last
        Rates of the newest turn.
    break_even
    verdict

    Notes
    -----
    All aim at the upper limit of the break-even, b. A check that keeps phi of the right answers may keep phi exp(-b)
    of the wrong ones. Of k checks whose mistakes are independent the log ratios add up. By the odds identity,
    examples of which a share r is real are as pure as a verifier's with ln(phi/psi) = b, where r = (expit(logit(p) +
    b) - pi) / (1 - pi). Labels: limits shrink with their square root.
    """
    if verdict.verdict == "through" or ratio is None or not isinstance(break_even, Estimate):
        return ()
    if not math.isfinite(break_even.high):
        return (_law_first(break_even),)
    found = [
        *_better_check(last, break_even),
        *_several(ratio, break_even),
        *_real_data(last, break_even),
        *(_more_labels(ratio, break_even) if verdict.verdict == "undecided" else ()),
    ]
    return tuple(found)


def _better_check(last: GateQuality, break_even: Estimate) -> tuple[Way, ...]:
    phi, psi = last.keeps_right, last.keeps_wrong
    if not isinstance(phi, Estimate) or not isinstance(psi, Estimate) or phi.value == 0:
        return ()
    at_most = min(1.0, phi.value * math.exp(-break_even.high))
    if psi.value <= at_most:
        return ()
    said = (
        f"a check that keeps {phi.value:.0%} of the right answers, as now, and at most {at_most:.1%} of the wrong "
        f"ones (now {psi.value:.1%})"
    )
    return (Way("better-check", at_most, said),)


def _several(ratio: LogRatio, break_even: Estimate) -> tuple[Way, ...]:
    if not ratio.near > 0 or ratio.near > break_even.high:
        return ()
    checks = math.floor(break_even.high / ratio.near) + 1
    if checks > MOST_CHECKS:
        return ()
    said = (
        f"{checks} checks like this one that an answer must all pass, if their mistakes are independent: a blind "
        "spot that they share is not removed, and fewer right answers are kept"
    )
    return (Way("several-checks", float(checks), said),)


def _real_data(last: GateQuality, break_even: Estimate) -> tuple[Way, ...]:
    pure, all_of_it = last.purity, last.generator
    if not isinstance(pure, Estimate) or not isinstance(all_of_it, Estimate):
        return ()
    if not 0 < all_of_it.value < 1 or pure.value >= 1:
        return ()
    wanted = float(special.expit(special.logit(all_of_it.value) + break_even.high))
    share = (wanted - pure.value) / (1 - pure.value)
    if share <= 0:
        return ()
    said = (
        f"{share:.0%} of the examples from real, right data: with what is kept now they are {wanted:.1%} right "
        "together, as pure as if the verifier stood at the break-even"
    )
    return (Way("real-data", share, said),)


def _more_labels(ratio: LogRatio, break_even: Estimate) -> tuple[Way, ...]:
    gap = ratio.near - break_even.value
    own = break_even.high - break_even.value if gap > 0 else break_even.value - break_even.low
    half = ratio.near - ratio.low if gap > 0 else ratio.high - ratio.near
    if abs(gap) <= own or not math.isfinite(half):
        return (_law_first(break_even),)
    times = half**2 / (gap**2 - own**2)
    labels = math.ceil(1.1 * times * ratio.n / (2 * ratio.turns))
    if labels > MOST_LABELS:
        return (_law_first(break_even),)
    said = (
        f"about {labels:,} labels of the kept and as many of the rejected answers a turn, if the rates stay as they "
        "are: then it would be known on which side it stands"
    )
    return (Way("labels", float(labels), said),)


def _law_first(break_even: Estimate) -> Way:
    said = (
        f"no number of labels decides it while the break-even itself is {interval(break_even)}: run a few arms of your "
        'own loop with verifiers of known rates (verify = "balanced:0.7" and so on), and the law is fitted to them'
    )
    return Way("law", None, said)
