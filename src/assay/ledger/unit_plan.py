"""What a draw of whole units stores: conversations, identical texts, or outputs by the money on them.

The units are drawn one after the other without replacement, each with a chance in proportion to its weight. Unit i has
the key -log(u_i) / weight, where u_i is made of the first 52 bits of SHA-256 over "seed:unit_id"; the smallest keys
come first. Anyone can compute the order again, and every beginning of it is such a draw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

UnitKind = Literal["output", "conversation", "text"]
UNIT_KINDS: tuple[UnitKind, ...] = ("output", "conversation", "text")

_BITS = 52


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """The population of units that a draw froze.

    Parameters
    ----------
    unit
        conversation, text (identical outputs), or output (weighed by an amount).
    weigh_by
        The tag, or `cost_usd`, whose amount is a unit's size; None: the number of outputs is.
    planned : >= 1
        Units planned to be read, fixed by the population before any was drawn.
    units, outputs : >= 1
        Units that could be drawn, and the outputs in them.
    size, weight : > 0
        Sums of their sizes and of their weights.
    largest_ratio, largest_output_ratio : > 0
        The largest size / weight, and the largest outputs / weight.
    largest_size, largest_outputs : > 0
        Of one unit.
    unknown_amounts, zero_amounts : >= 0
        Outputs of the window that could not be drawn: their amount is unknown, or nothing.
    """

    unit: UnitKind
    weigh_by: str | None
    planned: int
    units: int
    outputs: int
    size: float
    weight: float
    largest_ratio: float
    largest_output_ratio: float
    largest_size: float
    largest_outputs: int
    unknown_amounts: int = 0
    zero_amounts: int = 0

    def to_json(self) -> str:
        """Return the plan as it is stored with a draw."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> UnitPlan:
        """Return a plan from its stored form."""
        return cls(**json.loads(text))

    @property
    def plural(self) -> str:
        """What its units are called."""
        return f"{self.unit}s"

    @property
    def drawn_words(self) -> str:
        """What was drawn, in words."""
        by = f" by {self.weigh_by}" if self.weigh_by else ""
        return f"{'' if self.unit == 'output' else 'whole '}{self.plural}{by}"


@dataclass(frozen=True, slots=True)
class UnitMember:
    """A drawn output: the unit it belongs to, and what its label stands for.

    Parameters
    ----------
    trace_id, unit_id
        The output, and its unit.
    weight : > 0
        The unit's weight in the draw.
    copies : >= 1
        Outputs that the label stands for.
    amount : >= 0
        What a wrong label adds to the total of sizes.
    """

    trace_id: str
    unit_id: str
    weight: float
    copies: int
    amount: float


@dataclass(frozen=True, slots=True)
class DrawnUnits:
    """The units of a stored draw, member after member in the order drawn."""

    plan: UnitPlan
    members: tuple[UnitMember, ...]

    def in_order(self) -> list[tuple[UnitMember, ...]]:
        """Return the members of each unit, the unit drawn first first."""
        units: dict[str, list[UnitMember]] = {}
        for member in self.members:
            units.setdefault(member.unit_id, []).append(member)
        return [tuple(members) for members in units.values()]


def uniforms(seed: int, unit_id: str) -> Iterator[float]:
    """Yield a unit's random numbers in (0, 1): the first makes its key, the others its later arrivals.

    Examples
    --------
    >>> first, second = uniforms(7, "conversation 3"), uniforms(7, "conversation 3")
    >>> 0 < next(first) == next(second) < 1
    True
    """
    text = f"{seed}:{unit_id}"
    arrival = 1
    while True:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        yield ((int.from_bytes(digest[:8], "big") >> (64 - _BITS)) + 0.5) / 2**_BITS
        arrival += 1
        text = f"arrival {arrival} of {seed}:{unit_id}"
