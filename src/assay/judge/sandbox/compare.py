"""Compare what a locked process returned with what was wanted, outside of it.

The data are hostile: nothing is hashed by a hash that they could choose, and data that nest too deep or hold no value
are simply not the same.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

TOLERANCE = 1e-9
ABSENT = object()


def same_value(wanted: Any, given: Any, *, tolerance: float = TOLERANCE) -> bool:
    """Say whether marked data are a wanted value.

    Parameters
    ----------
    wanted
        From JSON. A list is met by a list or a tuple of the same items in the same order, or by a set of the same items
        in any order; an object by a dictionary, whose keys are compared as JSON writes them.
    given
        As `assay.judge.sandbox.data.marked` makes it.
    tolerance
        Two numbers are the same if they differ by at most this, absolutely, or as a share of the larger. Two whole
        numbers must be equal. True is not 1, and NaN is NaN.

    Examples
    --------
    >>> same_value([1, 2.0], {"tuple": [1, 2.0000000001]})
    True
    >>> same_value(True, 1)
    False
    """
    try:
        return _same(wanted, given, tolerance)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return False


def _same(wanted: Any, given: Any, tolerance: float) -> bool:
    mark, inside = _mark(given)
    if isinstance(wanted, dict):
        return mark == "dict" and _same_pairs(wanted, inside, tolerance)
    if isinstance(wanted, list):
        if mark in ("list", "tuple") and isinstance(inside, list):
            return _same_items(wanted, inside, tolerance)
        if mark in ("set", "frozenset") and isinstance(inside, list):
            return _same_items(sorted(wanted, key=_order), sorted(inside, key=_order), tolerance)
        return False
    if mark == "int":
        inside = int(inside, 16)
    elif mark != "plain":
        return False
    return same_scalar(wanted, inside, tolerance)


def _mark(given: Any) -> tuple[str, Any]:
    if isinstance(given, list):
        return "list", given
    if isinstance(given, dict):
        ((mark, inside),) = given.items()
        return mark, inside
    return "plain", given


def _same_items(wanted: Sequence[Any], given: Sequence[Any], tolerance: float) -> bool:
    return len(wanted) == len(given) and all(
        _same(w, g, tolerance) for w, g in zip(wanted, given, strict=True)
    )


def _same_pairs(wanted: dict[str, Any], given: Sequence[Any], tolerance: float) -> bool:
    found = {_key(key): item for key, item in given}
    return len(found) == len(given) == len(wanted) and all(
        (item := found.get(key, ABSENT)) is not ABSENT and _same(value, item, tolerance)
        for key, value in wanted.items()
    )


def _key(key: Any) -> str:
    mark, inside = _mark(key)
    if mark == "int":
        return str(int(inside, 16))
    if mark != "plain":
        raise ValueError("no key of a JSON object")
    return inside if isinstance(inside, str) else json.dumps(inside)


def _order(item: Any) -> tuple[int, float, str]:
    if isinstance(item, int | float):
        return 0, float(item), ""
    return 1, 0.0, json.dumps(item, sort_keys=True)


def same_scalar(wanted: Any, given: Any, tolerance: float) -> bool:
    """Say whether two values without parts are the same: kind by kind, numbers within the tolerance."""
    if isinstance(wanted, bool) or isinstance(given, bool):
        return wanted is given
    if isinstance(wanted, int) and isinstance(given, int):
        return wanted == given
    if isinstance(wanted, int | float) and isinstance(given, int | float):
        if math.isnan(wanted) or math.isnan(given):
            return math.isnan(wanted) and math.isnan(given)
        if math.isinf(wanted) or math.isinf(given):
            return wanted == given
        return abs(wanted - given) <= tolerance * max(1.0, abs(wanted), abs(given))
    return type(wanted) is type(given) and bool(wanted == given)


def same_rows(
    wanted: Sequence[Any], given: Any, *, ordered: bool, tolerance: float = TOLERANCE
) -> bool:
    """Say whether rows are the wanted rows, each as often; in the same order where that counts.

    Parameters
    ----------
    wanted, given
        Rows of values: None, int, float, str, ``{"bytes": hex}``. Columns are compared by their place.
    ordered
        Whether the order of rows counts.
    tolerance
        As in `same_value`; 1 and 1.0 are the same number, "1" is a text.
    """
    try:
        return _same_rows(wanted, given, ordered, tolerance)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return False


def _same_rows(wanted: Sequence[Any], given: Any, ordered: bool, tolerance: float) -> bool:
    if not isinstance(given, list) or len(wanted) != len(given):
        return False
    if not all(isinstance(row, list) for row in given):
        return False
    if ordered:
        return all(_same_row(w, g, tolerance) for w, g in zip(wanted, given, strict=True))
    # Most rows are found as text, which Python hashes with a secret of its own; the others differ in the last digits.
    missing = Counter(json.dumps(row) for row in wanted)
    left = []
    for row in given:
        text = json.dumps(row)
        if missing[text] > 0:
            missing[text] -= 1
        else:
            left.append(row)
    return _paired([json.loads(text) for text in missing.elements()], left, tolerance)


def _paired(wanted: list[Any], given: list[Any], tolerance: float) -> bool:
    wanted.sort(key=_row_order)
    given.sort(key=_row_order)
    for row in wanted:
        place = next((i for i, g in enumerate(given) if _same_row(row, g, tolerance)), None)
        if place is None:
            return False
        del given[place]
    return not given


def _row_order(row: Sequence[Any]) -> tuple[list[tuple[int, float, str]], ...]:
    # By rounded numbers first: noise in the last digits of one column, which an answer may choose, must not turn the
    # order of the rows around, or each would be sought among all others.
    exact = [_order(item) for item in row]
    return [(kind, float(f"{number:.8g}"), text) for kind, number, text in exact], exact


def _same_row(wanted: Sequence[Any], given: Sequence[Any], tolerance: float) -> bool:
    return len(wanted) == len(given) and all(
        same_scalar(w, g, tolerance) for w, g in zip(wanted, given, strict=True)
    )
