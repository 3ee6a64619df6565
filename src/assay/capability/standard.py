"""Whether so few errors escape as a standard demands: shown by the upper limit of what escapes, and by nothing less."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.capability.measure import Capability
from assay.capability.parts import SHARES, Formula, Parts, escaped
from assay.errors import BadInput
from assay.quantity import Estimate, Quantity, Unknown

THOUSAND = 1_000


@dataclass(frozen=True, slots=True)
class Standard:
    """The most errors that may escape, and how sure it must be.

    Parameters
    ----------
    escaped_per_1000 : in (0, 1000]
        Of a thousand results delivered, in expectation. Every item is delivered, a caught one after it is mended.
    escaped_per_day : > 0
        Instead of it: of a day's results, `throughput_per_day` of them, in expectation.
    throughput_per_day : > 0
        Results delivered a day.
    confidence_level : in [0.5, 1)
        One-sided.

    Raises
    ------
    BadInput
        Where it is neither the one nor the other, or a number is out of range.

    Examples
    --------
    >>> Standard(escaped_per_1000=2).share
    0.002
    >>> Standard(escaped_per_day=30, throughput_per_day=60_000).words
    'at most 30 escaped errors a day of 60,000 results'
    """

    escaped_per_1000: float | None = None
    escaped_per_day: float | None = None
    throughput_per_day: float | None = None
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        if (self.escaped_per_1000 is None) == (self.escaped_per_day is None):
            raise BadInput(
                "a standard is a count per 1,000 results or a count a day, one of the two"
            )
        if self.escaped_per_day is not None and self.throughput_per_day is None:
            raise BadInput("a count a day needs the results delivered a day: throughput_per_day")
        for name in ("escaped_per_1000", "escaped_per_day", "throughput_per_day"):
            number = getattr(self, name)
            if number is not None and not (math.isfinite(number) and number > 0):
                raise BadInput(f"{name} must be above 0 and finite, got {number}")
        if self.escaped_per_1000 is not None and self.escaped_per_1000 > THOUSAND:
            raise BadInput(f"escaped_per_1000 must be at most 1,000, got {self.escaped_per_1000:g}")
        if not 0.5 <= self.confidence_level < 1:
            raise BadInput(f"confidence_level must be in [0.5, 1), got {self.confidence_level}")

    @property
    def share(self) -> float:
        """The share of the results delivered that may be escaped errors, in (0, 1]."""
        if self.escaped_per_1000 is not None:
            return self.escaped_per_1000 / THOUSAND
        assert self.escaped_per_day is not None
        assert self.throughput_per_day is not None
        return min(1.0, self.escaped_per_day / self.throughput_per_day)

    @property
    def words(self) -> str:
        """The standard in words."""
        if self.escaped_per_1000 is not None:
            return f"at most {self.escaped_per_1000:g} escaped errors in 1,000 results"
        return (
            f"at most {self.escaped_per_day:g} escaped errors a day of "
            f"{self.throughput_per_day:,.0f} results"
        )


@dataclass(frozen=True, slots=True)
class Qualification:
    """Whether a configuration is shown to meet a standard.

    Parameters
    ----------
    meets
        None where what escapes isn't known.
    escaped : escaped/item
        With its one-sided upper limit.
    words
    """

    meets: bool | None
    escaped: Quantity
    words: str


def qualify(capability: Capability, standard: Standard) -> Qualification:
    """Return whether the upper limit of a configuration's escapes meets a standard."""
    return judge_escapes(escapes_of(capability.parts, SHARES, escaped, standard), standard)


def escapes_of(
    parts: Parts, names: tuple[str, ...], formula: Formula, standard: Standard
) -> Quantity:
    """Return the share of items that are wrong and get out, with its one-sided upper limit.

    Parameters
    ----------
    formula
        Of that share, in the parts named.
    """
    why = parts.why_not(names)
    if why:
        return Unknown(why)
    value = float(formula(parts.values(names)))
    # The upper limit of a two-sided interval at 90 % is a one-sided one at 95 %.
    both = 2 * standard.confidence_level - 1
    high = max(value, parts.limits(names, formula, confidence_level=both)[1])
    words = [one for one in parts.on_word if one.split(" ")[0] in names]
    said = f"; on the user's word: {', '.join(words)}" if words else ""
    return Estimate(
        value, 0.0, high, "escaped/item", standard.confidence_level, parts.n,
        f"one-sided upper limit, melded from Clopper-Pearson's{said}",
        "assumed" if high == 0 else "simulated",
    )  # fmt: skip


def judge_escapes(share: Quantity, standard: Standard) -> Qualification:
    """Return whether a share of escapes with its upper limit meets a standard."""
    if isinstance(share, Unknown):
        return Qualification(None, share, f"can't be told: {share.reason}")
    unit, factor = ("in 1,000", float(THOUSAND))
    if standard.escaped_per_day is not None:
        unit, factor = "a day", standard.throughput_per_day or 0.0
    numbers = (
        f"{share.value * factor:.4g} {unit} as measured, at most {share.high * factor:.4g} "
        f"({100 * standard.confidence_level:g} %, one-sided)"
    )
    if share.high <= standard.share:
        return Qualification(True, share, f"meets the standard: {numbers}")
    missed = (
        "misses the standard"
        if share.value > standard.share
        else "isn't shown to meet the standard"
    )
    return Qualification(False, share, f"{missed}: {numbers}")
