"""Fields of a hostile file: each is there with the right type and a possible value, or the refusal says where."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assay.errors import BadInput

MOST_TEXT = 200
MOST_TOKENS = 2**53


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object of a file, and its place for the refusals.

    Parameters
    ----------
    values
        The object.
    where
        ``file: place``.
    """

    values: Mapping[str, Any]
    where: str

    def number(self, name: str, *, scale: float = 1.0) -> float | None:
        """Return a number >= 0 times a scale; None where it is absent or null.

        Raises
        ------
        BadInput
            Where it is no number, not finite, or below 0.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"{name} must be a number, got {_shown(value)}", where=self.where)
        try:
            number = float(value) * scale
        except OverflowError:
            number = math.inf
        if not (math.isfinite(number) and number >= 0):
            raise BadInput(
                f"{name} must be finite and at least 0, got {_shown(value)}", where=self.where
            )
        return number

    def count(self, name: str) -> int | None:
        """Return a whole number >= 0; None where it is absent or null."""
        number = self.number(name)
        if number is None:
            return None
        if number != int(number) or number > MOST_TOKENS:
            raise BadInput(
                f"{name} must be a whole number up to 2**53, got {_shown(number)}", where=self.where
            )
        return int(number)

    def text(self, name: str) -> str | None:
        """Return a text; None where it is absent or null."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise BadInput(f"{name} must be a text, got {_shown(value)}", where=self.where)
        return value

    def inside(self, name: str) -> Fields:
        """Return the object under a name; an empty one where it is absent or null."""
        value = self.values.get(name)
        place = f"{self.where}.{name}"
        if value is None:
            return Fields({}, place)
        return Fields(_an_object(value, name, self.where), place)

    def rows(self, name: str) -> Iterator[Fields]:
        """Yield the objects of the list under a name; none where it is absent or null."""
        for number, value in enumerate(self.list(name) or ()):
            place = f"{self.where}.{name}[{number}]"
            yield Fields(_an_object(value, f"{name}[{number}]", self.where), place)

    def list(self, name: str) -> list[Any] | None:
        """Return the list under a name; None where it is absent or null."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            raise BadInput(f"{name} must be a list, got {_shown(value)}", where=self.where)
        return value


def json_object(text: str, where: str) -> Fields:
    """Read a JSON object.

    Raises
    ------
    BadInput
        Where it is cut off, holds NaN, is nested too deep, or is no object.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"this is no whole JSON: {error.msg} at line {error.lineno}", where=where
        ) from None
    except RecursionError:
        raise BadInput("this JSON is nested too deep", where=where) from None
    except ValueError as error:
        raise BadInput(f"this JSON can't be read: {error}", where=where) from None
    return Fields(_an_object(value, "the file's top", where), where)


def _an_object(value: object, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be an object, got {_shown(value)}", where=where)
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that can be measured")


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, list | dict) else f"a {type(value).__name__}"
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."
