"""How much may be selected, in tokens or bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assay.errors import BadInput

Unit = Literal["tokens", "bytes"]
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_WRITTEN = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,9})?)\s?(?P<times>[kmg]?)\s?(?P<unit>tokens?|bytes?|b)?"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be selected.

    Parameters
    ----------
    amount : >= 1
    unit

    Raises
    ------
    BadInput
        If it is below 1.

    Examples
    --------
    >>> Budget.parsed("1.5M"), Budget.parsed("20MB").amount
    (Budget(amount=1500000, unit='tokens'), 20000000)
    """

    amount: int
    unit: Unit = "tokens"

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise BadInput(f"a budget must be at least 1 of the {self.unit}, got {self.amount}")

    @property
    def described(self) -> str:
        """The budget in words."""
        return f"{self.amount:,} {self.unit}"

    @classmethod
    def parsed(cls, text: str, *, name: str = "a budget") -> Budget:
        """Return the budget that a person wrote: a number with k, M or G; tokens, unless it says bytes.

        Parameters
        ----------
        text
        name
            What it is called, should it be none.

        Raises
        ------
        BadInput
            If it is none.
        """
        found = _WRITTEN.fullmatch(text.strip().lower().replace(",", "").replace("_", ""))
        if found is None:
            raise BadInput(f"{name} is written as 10M, 10Mtokens or 10MB, got {text!r}")
        amount = round(float(found["number"]) * _TIMES[found["times"]])
        unit: Unit = "bytes" if (found["unit"] or "").startswith("b") else "tokens"
        return cls(amount, unit)
