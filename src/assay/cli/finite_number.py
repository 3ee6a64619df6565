"""Numbers as options of a command: finite ones, within a range."""

from __future__ import annotations

import math
from typing import Any

import click

MOST = 1e12
"""More of anything is a slip of the hand, and fills a screen with its digits."""


class FiniteNumber(click.types.FloatParamType):
    """A number; `nan`, `inf` and what is larger than `MOST` are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number.

        Raises
        ------
        click.BadParameter
            Where it is none, not finite, or larger than `MOST`.
        """
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no number that is finite.", param, ctx)
        if abs(found) > MOST:
            self.fail(f"{value} is larger than {MOST:g}.", param, ctx)
        return found


class FiniteRange(click.FloatRange):
    """A number within a range; `nan` and `inf`, which are in every range or none, are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number.

        Raises
        ------
        click.BadParameter
            As `FiniteNumber`, and where it is out of the range.
        """
        FINITE.convert(value, param, ctx)
        return super().convert(value, param, ctx)


FINITE = FiniteNumber()
POSITIVE = FiniteRange(0, min_open=True)
NOT_NEGATIVE = FiniteRange(0)
SHARE = FiniteRange(0, 1)
