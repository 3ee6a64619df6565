"""What a synthesis brings, and what that costs: generations, money and time for each verified example."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assay.curate.synthesize_choose import KEPT, REJECTED, Decided
from assay.estimate.bounded_mean import ratio_over_tasks
from assay.quantity import Estimate, Quantity, Unknown, exact

CONFIDENCE_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class SynthesisYield:
    """What comes of the generations.

    Parameters
    ----------
    generated, verified, kept
        Answers; those that the verifiers passed; examples of the set.
    tasks, tasks_verified, tasks_kept
        Tasks asked; with a verified answer; with an example.
    verified_share
        Of the generations, over tasks like these.
    generations_per_verified, generations_per_kept
        The second is of this run: caps and shares are of the set, and no sample of anything.
    generations_per_right
        For each example that is kept and right; only where labels say how many are.
    usd_per_verified, seconds_per_verified, tokens_per_verified
        Of answering; what a model judge costs is not in it. Seconds are those of the requests, one after the other.
    usd_per_kept, seconds_per_kept
    """

    generated: int
    verified: int
    kept: int
    tasks: int
    tasks_verified: int
    tasks_kept: int
    verified_share: Quantity
    generations_per_verified: Quantity
    generations_per_kept: Quantity
    generations_per_right: Quantity
    usd_per_verified: Quantity
    seconds_per_verified: Quantity
    tokens_per_verified: Quantity
    usd_per_kept: Quantity
    seconds_per_kept: Quantity

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        found: dict[str, object] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            found[name] = value if isinstance(value, int) else value.to_json()
        return found


def yield_of(
    decided: Sequence[Decided], purity: Quantity, *, confidence_level: float = CONFIDENCE_LEVEL
) -> SynthesisYield:
    """Return the yield.

    Parameters
    ----------
    decided
        Every answer.
    purity
        Share of the kept examples that are right.
    confidence_level : in (0, 1)

    Notes
    -----
    The share verified is that of the run, with an interval over tasks (`assay.estimate.bounded_mean.ratio_over_tasks`),
    because samples of one task are alike. Prices are means over all generations of this run, which are counted, times
    the generations for each verified one. Unknown costs stay unknown: a mean of those known would be of other answers.
    """
    samples = Counter(one.candidate.task_id for one in decided)
    passed = Counter(one.candidate.task_id for one in decided if one.outcome != REJECTED)
    taken = Counter(one.candidate.task_id for one in decided if one.outcome == KEPT)
    generated, verified, kept = len(decided), passed.total(), taken.total()
    most = max(samples.values(), default=1)
    share = ratio_over_tasks(
        [passed[task] / most for task in samples],
        [count / most for count in samples.values()],
        unit="verified/generation",
        confidence_level=confidence_level,
    )
    per_verified = _inverse(share, "generations/verified example", "no answer was verified")
    per_kept: Quantity = Unknown("no example was kept")
    if kept:
        per_kept = exact(
            generated / kept, "generations/kept example", n=generated, method="counted in this run"
        )
    usd = _mean([one.candidate.cost_usd for one in decided], "cost", "give prices to know it")
    seconds = _mean([one.candidate.latency_seconds for one in decided], "time", "")
    tokens = _mean([one.candidate.tokens for one in decided], "count of tokens", "")
    return SynthesisYield(
        generated, verified, kept, len(samples), len(passed), len(taken), share,
        per_verified, per_kept, _per_right(per_kept, purity),
        _times(per_verified, usd, "USD/verified example"),
        _times(per_verified, seconds, "seconds/verified example"),
        _times(per_verified, tokens, "tokens/verified example"),
        _times(per_kept, usd, "USD/kept example"),
        _times(per_kept, seconds, "seconds/kept example"),
    )  # fmt: skip


def _inverse(share: Quantity, unit: str, why_none: str) -> Quantity:
    if isinstance(share, Unknown):
        return share
    if share.value == 0:
        return Unknown(why_none)
    return Estimate(
        1 / share.value,
        1 / share.high,
        1 / share.low if share.low > 0 else math.inf,
        unit,
        share.confidence_level,
        share.n,
        share.method,
        share.guarantee,
    )


def _per_right(per_kept: Quantity, purity: Quantity) -> Quantity:
    if isinstance(per_kept, Unknown):
        return per_kept
    if isinstance(purity, Unknown):
        return Unknown(f"the purity of the kept set is unknown: {purity.reason}")
    inverse = _inverse(purity, "", "no labeled example is right")
    if isinstance(inverse, Unknown):
        return inverse
    unit = "generations/example kept and right"
    return inverse.scaled(per_kept.value, unit)


def _mean(values: Sequence[float | None], what: str, advice: str) -> float | str:
    """Return the mean, or why there is none."""
    unknown = sum(value is None for value in values)
    if unknown or not values:
        said = f"{unknown:,} of {len(values):,} answers have no {what}"
        return f"{said}: {advice}" if advice else said
    return math.fsum(value for value in values if value is not None) / len(values)


def _times(per: Quantity, each: float | str, unit: str) -> Quantity:
    if isinstance(each, str):
        return Unknown(each)
    if isinstance(per, Unknown):
        return per
    if per.guarantee == "exact":
        return exact(per.value * each, unit, n=per.n, method="counted in this run")
    return per.scaled(each, unit, method=f"{per.method}; mean of this run's generations")
