"""What repeats turned out to be worth: losses, their differences, and a verdict for each number of times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assay.estimate.interval import missing_chance
from assay.estimate.paired_bootstrap import (
    Change,
    HeldOut,
    holm,
    paired_change,
    ratio_of_changes,
)
from assay.quantity import Estimate, Quantity, Unknown

Verdict = Literal["as good as new", "worse than new", "hurts", "cannot tell at this budget"]
Bits = Mapping[tuple[str, int], npt.NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class RepeatValue:
    """A subset gone over so many times.

    Parameters
    ----------
    times : >= 2
    bits_per_byte
        Of the target, trained that way; mean over seeds.
    against_once
        Change against going over it once: below 0 is better.
    against_new
        Change against as many tokens of new text: above 0 means that repeats are worth less.
    worth
        What the repeats gain over once, as a share of what as much new text gains.
    verdict
    """

    times: int
    bits_per_byte: float
    against_once: Estimate
    against_new: Quantity
    worth: Quantity
    verdict: Verdict

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "times": self.times,
            "bits_per_byte": self.bits_per_byte,
            "against_once": self.against_once.to_json(),
            "against_new": self.against_new.to_json(),
            "worth": self.worth.to_json(),
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class RepeatsAnswer:
    """What going over a subset again is worth.

    Parameters
    ----------
    proxy
        Its name.
    tokens : >= 1
        Of the subset.
    seeds : >= 3
    documents : >= 1
        Held out.
    repeats
        By number of times, rising.
    """

    proxy: str
    tokens: int
    seeds: int
    documents: int
    repeats: tuple[RepeatValue, ...]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "proxy": self.proxy,
            "tokens": self.tokens,
            "seeds": self.seeds,
            "documents": self.documents,
            "repeats": [each.to_json() for each in self.repeats],
        }


def repeat_values(
    bits: Bits,
    held_out: HeldOut,
    epochs: Sequence[int],
    *,
    margin: float,
    confidence_level: float,
) -> tuple[RepeatValue, ...]:
    """Return the value of each number of times.

    Parameters
    ----------
    bits
        ``("once", 1)``, ``("again", e)`` and, where there is text, ``("new", e)`` -> (seeds, documents).
    held_out
        The documents.
    epochs
    margin : in (0, 1)
        See `RepeatsSettings`.
    confidence_level : in (0, 1)
        Of each interval; and of all verdicts together, by Holm over all of their questions.

    Raises
    ------
    EstimateError
        If there are too few seeds or documents.

    Notes
    -----
    Three one-sided questions for each number of times: is it worse than once (hurts); is it worse than new text; and
    does it gain at least ``1 - margin`` of what new text gains, where new text gains at all. The last is asked of
    ``gain(again) - (1 - margin) * gain(new)``, a difference, never of a ratio. Whoever is both worse than new and
    as good as new within the margin is as good as new.
    """
    once = bits["once", 1]
    changes = {
        key: paired_change(found, once, held_out) for key, found in bits.items() if key[0] != "once"
    }
    asked: dict[tuple[int, str], float] = {}
    for times in epochs:
        again, new = changes["again", times], changes.get(("new", times))
        asked[times, "hurts"] = again.p_above()
        if new is not None:
            asked[times, "worse"] = paired_change(
                bits["again", times], bits["new", times], held_out
            ).p_above()
            close = again.plus(new, -(1 - margin)).p_below()
            asked[times, "as good"] = max(close, new.p_below())
    levels = dict(zip(asked, holm(list(asked.values())).tolist(), strict=True))
    shown = {key for key, p in levels.items() if p <= missing_chance(confidence_level)}
    found = []
    for times in epochs:
        again, new = changes["again", times], changes.get(("new", times))
        loss = float(bits["again", times].mean(axis=0).sum() / held_out.n_bytes.sum())
        found.append(
            RepeatValue(
                times,
                loss,
                again.estimate(confidence_level=confidence_level),
                *_against_new(bits, times, held_out, again, new, confidence_level),
                _verdict(times, shown),
            )
        )
    return tuple(found)


def _against_new(
    bits: Bits,
    times: int,
    held_out: HeldOut,
    again: Change,
    new: Change | None,
    confidence_level: float,
) -> tuple[Quantity, Quantity]:
    if new is None:
        nothing = Unknown(f"there is not {times} times as much text that is new")
        return nothing, nothing
    difference = paired_change(bits["again", times], bits["new", times], held_out)
    worth = ratio_of_changes(again, new, confidence_level=confidence_level, unit="of new text")
    return difference.estimate(confidence_level=confidence_level), worth


def _verdict(times: int, shown: set[tuple[int, str]]) -> Verdict:
    if (times, "hurts") in shown:
        return "hurts"
    if (times, "as good") in shown:
        return "as good as new"
    if (times, "worse") in shown:
        return "worse than new"
    return "cannot tell at this budget"
