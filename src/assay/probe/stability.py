"""Stability: what the same task gets when it is asked again, and how many of the errors are dice rolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import BadInput
from assay.estimate.beta_binomial_fit import BetaBinomialFit, fit_beta_binomial
from assay.estimate.flip_rate import (
    ONE_TRY,
    Said,
    answer_flip_rate,
    sometimes_seen,
    sometimes_share,
    total_agreement,
    usual_repeats,
    verdict_flip_rate,
)
from assay.estimate.pass_k import Tries, pass_at_k, pass_hat_k, right_when_asked_again
from assay.estimate.product import each_level, product_of_estimates
from assay.judge.check import Parser
from assay.ledger.answers import UNJUDGED
from assay.ledger.store import Ledger
from assay.probe.stability_read import UNREAD, Repeats, read_repeats
from assay.probe.stability_spread import Spread, spread_of
from assay.quantity import Quantity, Unknown, to_json

MOST_K = 8
"""pass^k is shown for k up to that many."""

RAREST = 0.1


@dataclass(frozen=True, slots=True)
class StabilityQuestion:
    """What to look at.

    Parameters
    ----------
    system, version
        Only this one; None: all.
    judges
        Who says right or wrong; none: people, else checks. The first is believed; more of them show how judges differ.
    confidence_level : in (0, 1)
    task_price, wording_price : >= 0
        What a new task, a new wording costs, in answers.
    """

    system: str | None = None
    version: str | None = None
    judges: tuple[str, ...] = ()
    confidence_level: float = 0.95
    task_price: float = 0.0
    wording_price: float = 0.0


@dataclass(frozen=True, slots=True)
class Stability:
    """How stable one version of a system is.

    Parameters
    ----------
    repeats
        What was read.
    asks
        N: how often most of the repeated tasks were asked under one wording; 1: stability unknown.
    judged, tasks, repeated : >= 0
        Answers with a verdict; tasks; those of them that were asked twice or oftener under one wording.
    solved
        Of the cells that were asked N times and judged: how many were right 0, 1, ... N times.
    pass_hat, pass_at
        pass^k and pass@k for k = 1, 2, ...
    """

    repeats: Repeats
    asks: int
    judged: int
    tasks: int
    repeated: int
    solved: tuple[int, ...]
    pass_hat: tuple[Quantity, ...]
    pass_at: tuple[Quantity, ...]
    raw_agreement: Quantity
    answer_agreement: Quantity
    verdict_flips: Quantity
    answer_flips: Quantity
    sometimes_seen: Quantity
    sometimes: Quantity
    right_again: Quantity
    """Share of the errors whose task is right at one further ask."""
    right_again_of_all: Quantity
    """The same for at least one of N - 1 further asks."""
    right_again_wide: Quantity
    """`right_again` at the level that a product with a volume needs."""
    fit: BetaBinomialFit | Unknown

    @property
    def unread(self) -> int:
        """Answers that the parser gave up on: they are in no figure on answers."""
        return int((self.repeats.answer == UNREAD).sum())

    @property
    def is_known(self) -> bool:
        """Whether anything can be said of stability: one trial a task says nothing."""
        return self.asks > 1

    def dice_per_day(self, errors_per_day: Quantity) -> Quantity:
        """Return the errors a day that are right when asked again.

        Parameters
        ----------
        errors_per_day
            The system's, in errors/day, at `assay.estimate.product.each_level` of the confidence level.
        """
        if isinstance(self.right_again_wide, Unknown):
            return self.right_again_wide
        if isinstance(errors_per_day, Unknown):
            return errors_per_day
        # A volume that was counted, or is the user's word, can't miss: then the share has all of the chance.
        share = self.right_again if errors_per_day.confidence_level == 1 else self.right_again_wide
        if isinstance(share, Unknown):
            return share
        return product_of_estimates(
            share,
            errors_per_day,
            errors_per_day.unit,
            method="errors a day times the share that is right when asked again",
        )

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        one = self.repeats
        fit = self.fit
        return {
            "system": one.system,
            "version": one.version,
            "judges": list(one.judges),
            "wordings": list(one.wordings),
            "answers": len(one.task),
            "judged": self.judged,
            "unread": self.unread,
            "tasks": self.tasks,
            "repeated_tasks": self.repeated,
            "asks": self.asks,
            "stability": "known" if self.is_known else "unknown",
            "right_times": list(self.solved),
            "pass_hat_k": [quantity.to_json() for quantity in self.pass_hat],
            "pass_at_k": [quantity.to_json() for quantity in self.pass_at],
            **to_json(
                {
                    "total_agreement_raw": self.raw_agreement,
                    "total_agreement_parsed": self.answer_agreement,
                    "verdict_flip_rate": self.verdict_flips,
                    "answer_flip_rate": self.answer_flips,
                    "sometimes_seen": self.sometimes_seen,
                    "sometimes_one_in_ten": self.sometimes,
                    "right_when_asked_again": self.right_again,
                    "right_in_any_further_ask": self.right_again_of_all,
                }
            ),
            "beta_binomial": _fit_json(fit, len(self.pass_hat)),
        }


@dataclass(frozen=True, slots=True)
class StabilityReport:
    """Stability of each version of each system, and what right and wrong vary with.

    Parameters
    ----------
    systems
    spreads
        Of each system with all its versions: the components of the variance.
    parser
        What was taken as the answer.
    confidence_level
    """

    systems: tuple[Stability, ...]
    spreads: tuple[Spread, ...]
    parser: str
    confidence_level: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "confidence_level": self.confidence_level,
            "parser": self.parser,
            "systems": [one.to_json() for one in self.systems],
            "variance": [one.to_json() for one in self.spreads],
        }


def measure_stability(
    ledger: Ledger, question: StabilityQuestion, *, parser: Parser
) -> StabilityReport:
    """Measure what the repeats in a ledger say of stability.

    Parameters
    ----------
    ledger
        Traces with several epochs a task, and verdicts on them; without verdicts only texts are compared.
    question
    parser
        What is taken out of an output as its answer.

    Returns
    -------
    StabilityReport
        With one trial a task every figure but pass^1 is `Unknown`: never "stable".

    Raises
    ------
    BadInput
        Where the ledger holds no such system or judge, or the level is not in (0, 1).

    Notes
    -----
    Repeats are asks of one task by one version under the same settings (tags ``ask.prompt``, ``ask.model``,
    ``ask.temperature``, ``ask.max_tokens``); tasks are the sampling unit, and their wordings and turns a family. It
    assumes that the repeats are independent: a cache that gives the first answer again looks perfectly stable (tag
    ``ask.cache``). A judge that is a model adds its own flips to those of the system.
    """
    if not 0.5 <= question.confidence_level < 1:
        raise BadInput(f"the confidence level must be in [0.5, 1), got {question.confidence_level}")
    named: Sequence[str | None] = question.judges or (None,)
    by_judge = [
        read_repeats(
            ledger, system=question.system, version=question.version, judge=judge, parser=parser
        )
        for judge in named
    ]
    first = by_judge[0]
    systems = tuple(_stability(one, question.confidence_level) for one in first)
    spreads = tuple(
        spread_of(
            [[one for one in judged if one.system == name] for judged in by_judge],
            confidence_level=question.confidence_level,
            prices=(question.task_price, question.wording_price),
        )
        for name in sorted({one.system for one in first})
    )
    return StabilityReport(systems, spreads, parser.label, question.confidence_level)


def _stability(one: Repeats, level: float) -> Stability:
    known = one.wrong != UNJUDGED
    tries = _tries(one)
    all_asks = np.bincount(one.cell)
    asks = usual_repeats(all_asks)
    judged_asks = usual_repeats(tries.tries)
    enough = judged_asks > 1
    most = min(max(judged_asks, 1), MOST_K)
    said_raw, said = _said(one, one.raw), _said(one, one.answer)
    no_verdict = Unknown(_why_unjudged(one, asks))
    at_n = tries.tries == judged_asks
    return Stability(
        repeats=one,
        asks=asks,
        judged=int(known.sum()),
        tasks=int(np.unique(one.task).size),
        repeated=int(np.unique(one.task[all_asks[one.cell] > 1]).size),
        solved=tuple(np.bincount(tries.right[at_n], minlength=judged_asks + 1).tolist())
        if enough
        else (),
        pass_hat=tuple(
            pass_hat_k(tries, k, confidence_level=level) if known.any() else no_verdict
            for k in range(1, most + 1)
        ),
        pass_at=tuple(
            pass_at_k(tries, k, confidence_level=level) if known.any() else no_verdict
            for k in range(1, most + 1)
        ),
        raw_agreement=_agreement(said_raw, asks, level),
        answer_agreement=_agreement(said, asks, level),
        verdict_flips=verdict_flip_rate(tries, confidence_level=level) if enough else no_verdict,
        answer_flips=answer_flip_rate(said, confidence_level=level),
        sometimes_seen=sometimes_seen(tries, judged_asks, confidence_level=level)
        if enough
        else no_verdict,
        sometimes=sometimes_share(tries, judged_asks, rarest=RAREST, confidence_level=level)
        if enough
        else no_verdict,
        right_again=right_when_asked_again(tries, confidence_level=level) if enough else no_verdict,
        right_again_of_all=right_when_asked_again(
            tries, max(judged_asks - 1, 1), confidence_level=level
        )
        if enough
        else no_verdict,
        right_again_wide=right_when_asked_again(tries, confidence_level=each_level(level))
        if enough
        else no_verdict,
        fit=fit_beta_binomial(tries, confidence_level=level) if enough else no_verdict,
    )


def _why_unjudged(one: Repeats, asks: int) -> str:
    if not (one.wrong != UNJUDGED).any():
        return "no answer has a verdict: name a check, as --check numeric"
    if asks > 1:
        return (
            "no task has a verdict on two of its asks: one verdict a task says nothing of stability"
        )
    return ONE_TRY


def _tries(one: Repeats) -> Tries:
    known = one.wrong != UNJUDGED
    cells, first, place = np.unique(one.cell[known], return_index=True, return_inverse=True)
    tries = np.bincount(place, minlength=cells.size).astype(np.int64)
    right = np.bincount(place, weights=one.wrong[known] == 0, minlength=cells.size)
    task = one.task[known][first]
    family = None if np.unique(task).size == task.size else task
    return Tries(right.astype(np.int64), tries, family)


def _said(one: Repeats, codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Said:
    read = codes != UNREAD
    family = np.unique(one.task).size < np.unique(one.cell).size
    return Said(one.cell[read], codes[read], one.task[read] if family else None)


def _agreement(said: Said, asks: int, level: float) -> Quantity:
    if asks < 2:
        return Unknown(ONE_TRY)
    return total_agreement(said, asks, confidence_level=level)


def _fit_json(fit: BetaBinomialFit | Unknown, most: int) -> dict[str, object]:
    if isinstance(fit, Unknown):
        return fit.to_json()
    return {
        "mean": fit.mean,
        "concentration": fit.concentration.to_json(),
        "independent_p_value": fit.independent_p_value,
        "pass_hat_k": [fit.pass_hat_k(k) for k in range(1, most + 1)],
        "independent_pass_hat_k": [fit.mean**k for k in range(1, most + 1)],
    }
