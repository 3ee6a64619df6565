"""Tables of a recipe as frozen dataclasses: keys are checked by name and type, and printed with what they mean."""

from __future__ import annotations

import difflib
import inspect
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from assay.errors import BadInput

NO_KEYS = frozenset({"name"})
"""Fields that say what a step is called; a recipe says that with ``use``."""

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
_PARAMETER = re.compile(r"^(\w+(?:, \w+)*)(?: : (.+))?$")


def keys_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the keys that a table of this kind may have."""
    return tuple(f.name for f in fields(kind) if f.init and f.name not in NO_KEYS)


def built(kind: type[Any], table: Mapping[str, object], where: str) -> Any:
    """Return the dataclass that a table of a recipe says.

    Raises
    ------
    BadInput
        If a key is not known, a value is of another type, or the dataclass refuses it.
    """
    hints = get_type_hints(kind)
    check_keys(table, keys_of(kind), where)
    values = {key: _value(value, hints[key], f"{where}: {key}") for key, value in table.items()}
    missing = [
        f.name
        for f in fields(kind)
        if f.default is MISSING and f.default_factory is MISSING and f.name not in values
    ]
    if missing:
        raise BadInput(f"the key {missing[0]} is missing", where=where)
    try:
        return kind(**values)
    except BadInput as error:
        raise BadInput(error.message, where=error.where or where) from None


def check_keys(table: Mapping[str, object], known: Iterable[str], where: str) -> None:
    """Refuse keys that are not known, and name the nearest.

    Raises
    ------
    BadInput
        If there is one.
    """
    names = tuple(known)
    for key in table:
        if key not in names:
            raise BadInput(f"there is no key {json.dumps(key)}{nearest(key, names)}", where=where)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names what was probably meant.

    Examples
    --------
    >>> nearest("treshold", ["threshold", "bands"])
    '; did you mean threshold?'
    """
    names = tuple(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(names)}"


def plain(value: object) -> object:
    """Return a value of a table as JSON and TOML know it."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value)


def table_of(settings: Any) -> dict[str, object]:
    """Return all keys of a dataclass with their values."""
    return {key: plain(getattr(settings, key)) for key in keys_of(type(settings))}


def toml_value(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return json.dumps(plain(value), ensure_ascii=False)


def defaults_of(kind: type[Any]) -> dict[str, object]:
    """Return the keys of a kind of table that have a default, with it; those without have none to show."""
    found: dict[str, object] = {}
    for f in fields(kind):
        if f.name not in keys_of(kind):
            continue
        if f.default is not MISSING:
            found[f.name] = plain(f.default)
        elif f.default_factory is not MISSING:
            found[f.name] = plain(f.default_factory())
    return found


def meanings(kind: type[Any]) -> dict[str, str]:
    """Return what a kind of table says of its keys: out of the section Parameters of its docstring."""
    found: dict[str, str] = {}
    lines = iter((inspect.getdoc(kind) or "").partition("Parameters\n----------\n")[2].split("\n"))
    names: tuple[str, ...] = ()
    for line in lines:
        if line.startswith("---"):
            break
        head = _PARAMETER.match(line)
        if head and not line.startswith(" "):
            names = tuple(head[1].split(", "))
            for name in names:
                found[name] = f"{head[2]}." if head[2] else ""
        elif line.strip():
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    plainly = {name: text.replace("``", "") for name, text in found.items()}
    return {name: text for name, text in plainly.items() if name in keys_of(kind) and text}


def _value(value: object, hint: Any, where: str) -> object:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            known = ", ".join(json.dumps(choice) for choice in get_args(hint))
            raise BadInput(f"must be one of {known}, got {json.dumps(plain(value))}", where=where)
        return value
    choices = [kind for kind in get_args(hint) if kind is not type(None)]
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise BadInput(f"must be a list, got {json.dumps(plain(value))}", where=where)
        return tuple(_value(item, choices[0], where) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kinds = tuple(kind for kind in ([hint] if isinstance(hint, type) else choices))
    for kind in kinds:
        if kind in _KINDS and type(value) is kind:
            return value
        if kind not in _KINDS and isinstance(value, str):
            return kind(value) if isinstance(kind, type) else value
    said = " or ".join(_KINDS.get(kind, "a string") for kind in kinds)
    raise BadInput(f"must be {said}, got {json.dumps(plain(value))}", where=where)
