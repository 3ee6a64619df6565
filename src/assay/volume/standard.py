"""Standards: k sigma, a count per window, or no more errors than the people a system replaced.

A standard is met when the one-sided upper limit keeps it, missed when the one-sided lower limit breaks it. In between
nothing is shown, and that is a no: evidence has to be brought, not assumed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assay.errors import BadInput
from assay.estimate import Alternative, sigma_to_rate
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.result import Decision, StandardDecision

SIGMA = re.compile(r"(\d+(?:\.\d+)?)\s*(?:sigma|σ)")
COUNT = re.compile(r"(\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)?d")

OneSided = Callable[[Alternative], Quantity]
"""Gives a number with only an upper (``less``) or only a lower (``greater``) limit."""


@dataclass(frozen=True, slots=True)
class Standard:
    """What is demanded.

    Parameters
    ----------
    text
        As the user wrote it.
    kind
        ``rate``: errors per trace; ``count``: errors per window; ``human``: errors as a multiple of the people's.
    limit : >= 0
        The most that is allowed.
    days : > 0
        Length of the window of a count.

    Examples
    --------
    >>> parse_standard("30/30d")
    Standard(text='30/30d', kind='count', limit=30.0, days=30.0)
    """

    text: str
    kind: Literal["rate", "count", "human"]
    limit: float
    days: float = 1.0

    def demand(self, noun: str = "errors") -> str:
        """Return the standard in words; `noun` is what it counts."""
        if self.kind == "rate":
            return f"at most {_per_million(self.limit)} errors in a million outputs ({self.text}, one-sided)"
        if self.kind == "count":
            return f"at most {self.limit:g} {noun} {'a day' if self.days == 1 else f'in {self.days:g} days'}"
        return "no more errors than the people it replaced"


def _per_million(rate: float) -> str:
    million = rate * 1e6
    return f"{million:,.0f}" if million >= 1_000 else f"{million:,.4g}"


def parse_standard(text: str) -> Standard:
    """Return a standard from its text.

    Raises
    ------
    BadInput
        Where the text is none.
    """
    wanted = text.strip().lower()
    if wanted == "human":
        return Standard(text, "human", 1.0)
    if found := SIGMA.fullmatch(wanted):
        return Standard(text, "rate", sigma_to_rate(float(found[1])))
    if found := COUNT.fullmatch(wanted):
        days = float(found[2] or 1)
        if 0 < days < math.inf and float(found[1]) < math.inf:
            return Standard(text, "count", float(found[1]), days)
    raise BadInput(
        f"a standard is k sigma (3sigma), a count per window (30/30d) or `human`, got {text!r}",
        next_command="assay volume LEDGER --standard 30/30d",
    )


def decide(standard: Standard, one_sided: OneSided, *, noun: str = "errors") -> StandardDecision:
    """Hold a standard against what was measured.

    Parameters
    ----------
    standard
        What is demanded.
    one_sided
        The measured number with a limit on one side, in the unit of the standard: errors/trace, errors/day, or
        system errors / human errors.
    noun
        What a count is of: errors, or escaped errors.
    """
    upper, lower = one_sided("less"), one_sided("greater")
    if isinstance(upper, Unknown) or isinstance(lower, Unknown):
        missing = upper if isinstance(upper, Unknown) else lower
        return StandardDecision(
            standard.text, standard.demand(noun), "not shown", missing, standard.limit
        )
    if lower.low > upper.high:
        contradiction = Unknown("the looks contradict each other: look at the first labels again")
        return StandardDecision(
            standard.text, standard.demand(noun), "not shown", contradiction, standard.limit
        )
    if standard.kind == "count":
        unit = f"errors/{standard.days:g} days"
        upper, lower = upper.scaled(standard.days, unit), lower.scaled(standard.days, unit)
    value = min(max(upper.value, lower.low), upper.high)
    measured = Estimate(
        value, lower.low, upper.high, upper.unit, upper.confidence_level, upper.n,
        f"{upper.method}; each limit one-sided", upper.guarantee,
    )  # fmt: skip
    return StandardDecision(
        standard.text,
        standard.demand(noun),
        _decision(standard, measured),
        measured,
        standard.limit,
    )


def _decision(standard: Standard, measured: Estimate) -> Decision:
    if measured.high <= standard.limit:
        return "met"
    if measured.low > standard.limit:
        return "missed"
    return "not shown"
