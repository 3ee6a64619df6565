"""How value is measured: budget, dose, seeds, and how small is worthless."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import BadInput

DOSES = (0.125, 0.25, 0.5, 1.0, 2.0)
"""Amounts of the rest, in doses of the part, that its exchange rate is read off."""


@dataclass(frozen=True, slots=True)
class ValueSettings:
    """How value is measured.

    Parameters
    ----------
    tokens : >= 1
        Training tokens without the part: the budget.
    share : in (0, 0.5]
        Of the budget that a part comes on top with, or takes the place of.
    seeds : >= 3
        Trainings of each kind, each on another sample.
    margin : in (0, 1)
        A part whose tokens gain or lose less than this share of what the rest's tokens gain is worthless.
    doses
        Amounts of the rest for the exchange rate; (1.0,) for a slow proxy.
    confidence_level : in (0, 1)
    seed : >= 0
        Of the first sample.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    tokens: int = 400_000
    share: float = 0.25
    seeds: int = 5
    margin: float = 0.1
    doses: tuple[float, ...] = DOSES
    confidence_level: float = 0.95
    seed: int = 1

    def __post_init__(self) -> None:
        rules: dict[str, tuple[bool, object]] = {
            "tokens must be at least 1,000": (self.tokens >= 1_000, self.tokens),
            "share must be in (0, 0.5]": (0 < self.share <= 0.5, self.share),
            "seeds must be at least 3: fewer say nothing about others": (
                self.seeds >= 3,
                self.seeds,
            ),
            "margin must be in (0, 1)": (0 < self.margin < 1, self.margin),
            "doses must hold 1 and be above 0": (
                1.0 in self.doses and min(self.doses) > 0,
                self.doses,
            ),
            "confidence must be in [0.5, 1)": (
                0.5 <= self.confidence_level < 1,
                self.confidence_level,
            ),
            "seed must not be negative": (self.seed >= 0, self.seed),
        }
        for rule, (held, got) in rules.items():
            if not held:
                raise BadInput(f"{rule}, got {got}")

    @property
    def dose(self) -> int:
        """Tokens of a part."""
        return max(1, int(self.share * self.tokens))
