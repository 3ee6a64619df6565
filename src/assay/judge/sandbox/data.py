"""Values as JSON with marks, so that a tuple stays a tuple on the way between processes. Never pickle: it runs code.

What has no mark (an open file, an instance of a class, a function) can't be passed: `NotData`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

SAFE_INTEGER = 2**53
MESSAGE_CHARACTERS = 300


class NotData(ValueError):
    """A value that can't be passed as data, or data that says no value."""


def marked(value: object) -> Any:
    """Return a value as what JSON can hold; the reverse of `unmarked`.

    Raises
    ------
    NotData
        For a value of another type than None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and
        dict, or of a class made from one of these.
    RecursionError
        For a list that holds itself.
    """
    if value is None or isinstance(value, bool):
        return value
    for kind, mark in _MARK.items():
        if isinstance(value, kind):
            return mark(value)
    raise NotData(f"a value of type {type(value).__name__} can't be passed as data")


def _marked_integer(value: int) -> Any:
    plain = int.__index__(value)
    # Hexadecimal is read and written in linear time, whatever the size; decimal is not.
    return plain if abs(plain) <= SAFE_INTEGER else {"int": hex(plain)}


def _marked_items(value: Iterable[object]) -> list[Any]:
    return [marked(item) for item in value]


# The base class's own methods, where a class made from it may have others.
_MARK: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    int: _marked_integer,
    float: float.__float__,
    complex: lambda value: {"complex": [value.real, value.imag]},
    bytes: lambda value: {"bytes": value.hex()},
    bytearray: lambda value: {"bytes": value.hex()},
    list: _marked_items,
    tuple: lambda value: {"tuple": _marked_items(value)},
    set: lambda value: {"set": _marked_items(value)},
    frozenset: lambda value: {"frozenset": _marked_items(value)},
    dict: lambda value: {"dict": [[marked(key), marked(item)] for key, item in value.items()]},
}


def unmarked(data: Any) -> Any:
    """Return the value that marked data stand for.

    Use it inside a process with a time limit only: dictionaries and sets of hostile integers can be made slow.

    Raises
    ------
    NotData
        For data that `marked` does not make.
    """
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, list):
        return [unmarked(item) for item in data]
    try:
        ((mark, inside),) = dict(data).items()
        return _UNMARK[mark](inside)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotData(f"not marked data: {type(error).__name__}") from None


_UNMARK: dict[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "complex": lambda pair: complex(*pair),
    "bytes": bytes.fromhex,
    "dict": lambda pairs: {unmarked(key): unmarked(item) for key, item in pairs},
    "tuple": lambda items: tuple(unmarked(item) for item in items),
    "set": lambda items: {unmarked(item) for item in items},
    "frozenset": lambda items: frozenset(unmarked(item) for item in items),
}


def described(error: BaseException) -> dict[str, str]:
    """Return an exception as data: its kind, its class's name, its message."""
    try:
        message = str(error)[:MESSAGE_CHARACTERS]
    except BaseException:
        message = ""
    return {"kind": _kind(error), "error": type(error).__name__, "message": message}


def _kind(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, PermissionError) or "can't start new thread" in str(error.args):
        return "forbidden"
    return "exception"
