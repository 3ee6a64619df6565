"""The standard that the command line asks for, and what of a ledger could make a system meet it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.capability.add_ons import (
    AddOn,
    AnotherConfiguration,
    ReviewMore,
    SecondPass,
    Slower,
    Vote,
)
from assay.capability.cost_question import CostQuestion
from assay.capability.evidence import stated
from assay.capability.ledger_second_pass import BothPasses
from assay.capability.measure import Capability
from assay.capability.reach import OUT_OF_REACH, reach
from assay.capability.standard import Standard
from assay.errors import BadInput
from assay.quantity import Estimate, Unknown

if TYPE_CHECKING:
    import numpy as np

OF_DELIVERED = re.compile(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)")
A_DAY = re.compile(r"(\d+(?:\.\d+)?)/(?:day|d|1d)")
VOTES = (3, 5)


@dataclass(frozen=True, slots=True, eq=False)
class Attempts:
    """Of each task that was asked several times: right answers, and all.

    Parameters
    ----------
    right, asked : shape (tasks,)
    """

    right: np.ndarray[tuple[int], np.dtype[np.int64]]
    asked: np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class StandardMet:
    """Whether it is met: in words, as yes or no (None: can't be told), and the cheapest that would make it."""

    words: str
    meets: bool | None
    add_on: str | None


def standard_of(question: CostQuestion) -> Standard | None:
    """Return the standard that is asked for, as 2/1000 or 30/day; None where none is.

    Raises
    ------
    BadInput
        Where the text is none, or a day's count has no throughput.
    """
    if question.standard is None:
        return None
    wanted, level = question.standard.strip().lower(), question.confidence_level
    if found := A_DAY.fullmatch(wanted):
        if question.throughput_per_day is None:
            raise BadInput(
                f"--standard {question.standard} is a count: --throughput-per-day says of how many"
            )
        return Standard(
            escaped_per_day=float(found[1]),
            throughput_per_day=question.throughput_per_day,
            confidence_level=level,
        )
    found = OF_DELIVERED.fullmatch(wanted)
    if not found or float(found[2]) == 0 or not 0 < float(found[1]) / float(found[2]) <= 1:
        raise BadInput(
            f"--standard must be as 2/1000 (of those delivered) or 30/day, got {question.standard!r}"
        )
    return Standard(
        escaped_per_1000=1000 * float(found[1]) / float(found[2]), confidence_level=level
    )


def held_to(
    standard: Standard,
    capability: Capability,
    add_ons: Sequence[AddOn],
    *,
    rng: np.random.Generator,
) -> StandardMet:
    """Return whether a system is shown to meet a standard, else the cheapest add-on that would make it."""
    found = reach(capability, standard, add_ons, rng=rng)
    if found.own.meets is not False:
        return StandardMet(found.own.words, found.own.meets, None)
    cheapest = found.cheapest
    if cheapest is not None:
        cvc = cheapest.cvc
        assert isinstance(cvc, Estimate)
        price = f"${cvc.value:.4g} [${cvc.low:.4g}, ${cvc.high:.4g}] a verified-correct result"
        return StandardMet(
            found.own.words, False, f"cheapest that would make it: {cheapest.name}, at {price}"
        )
    unpriced = [
        f"{offer.name} ({offer.cvc.reason})"
        for offer in found.offers
        if offer.meets and isinstance(offer.cvc, Unknown)
    ]
    if unpriced:
        words = f"would make it, at a cost that isn't known: {', '.join(unpriced)}"
        return StandardMet(found.own.words, False, words)
    if not add_ons:
        words = (
            "nothing is known that would make it: --review-cost and --review-caught price more review, "
            "--second-pass and --pass-cost a second pass"
        )
        return StandardMet(found.own.words, False, words)
    tried = ", ".join(offer.name for offer in found.offers)
    return StandardMet(found.own.words, False, f"it {OUT_OF_REACH}; tried: {tried}")


def add_ons_of(
    capability: Capability,
    question: CostQuestion,
    others: Sequence[Capability],
    attempts: Attempts | None,
    both: BothPasses | None = None,
) -> list[AddOn]:
    """Return what could be added: review, a second pass, votes of its own answers, fewer results, another system."""
    found: list[AddOn] = []
    if question.review_usd is not None and question.review_caught is not None:
        review = stated(question.review_usd)
        found.append(ReviewMore(question.review_caught, 0.0, review))
    if both is not None and question.pass_usd is not None:
        name = f"second pass by {both.judge}"
        found.append(SecondPass(both.both_missed, both.flagged, stated(question.pass_usd), name))
    if attempts is not None:
        # What is wrong by vote is the hardest: what catches single answers isn't measured on it.
        checked = capability.evidence.caught != 0
        caught = None if checked else 0.0
        found += [
            Vote(k, attempts.right, attempts.asked, caught, caught)
            for k in VOTES
            if (attempts.asked >= k).any()
        ]
    if A_DAY.fullmatch((question.standard or "").strip().lower()):
        found.append(Slower(None))
    found += [AnotherConfiguration(other) for other in others if other.name != capability.name]
    return found
