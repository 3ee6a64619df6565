"""The one text of a JSON value, so that equal values have equal hashes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from decimal import Decimal


def digest_of(value: object) -> str:
    """Return the SHA-256, in hex, of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: that of RFC 8785, but for whole numbers, which are written in full.

    Raises
    ------
    ValueError
        For a number that is not finite, or a value that JSON doesn't have.

    References
    ----------
    .. [1] Rundgren, Jordan, Erdtman, RFC 8785, "JSON Canonicalization Scheme", https://doi.org/10.17487/RFC8785

    Examples
    --------
    >>> canonical_json({"b": [1.0, 1e-7, 0.00001], "a": "é"})
    '{"a":"é","b":[1,1e-7,0.00001]}'
    """
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
        case float():
            return _number(value)
        case dict():
            # Keys are compared as UTF-16, which differs from Python's order beyond the first 65,536 characters.
            pairs = sorted(value.items(), key=lambda pair: str(pair[0]).encode("utf-16-be"))
            return _joined("{}", (f"{canonical_json(k)}:{canonical_json(v)}" for k, v in pairs))
        case list() | tuple():
            return _joined("[]", map(canonical_json, value))
        case _:
            raise ValueError(f"JSON has no {type(value).__name__}")


def _joined(brackets: str, parts: Iterable[str]) -> str:
    return brackets[0] + ",".join(parts) + brackets[1]


def _number(value: float) -> str:
    # As ECMAScript writes numbers: the shortest digits that read back as the same number.
    if not math.isfinite(value):
        raise ValueError(f"JSON has no {value}")
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = repr(value).partition("e")
    power = int(exponent)
    return f"{mantissa}e{'+' if power > 0 else ''}{power}"
