"""On which line of a TOML file a key stands, so that a refusal can say where.

`tomllib` forgets the lines. Only the forms that a catalogue is written in are followed: tables, dotted keys and inline
tables. A key inside an inline table that is not found is placed on the line of what holds it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

KeyPath = tuple[str, ...]

_KEY = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"^\s*\[\[?\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(rf"^\s*({_DOTTED})\s*=")
_ONE_KEY = re.compile(_KEY)
_FENCES = ('"""', "'''")


def key_lines(text: str) -> dict[KeyPath, int]:
    r"""Return the line, from 1, of each table and key of a TOML text that was found valid.

    Examples
    --------
    >>> key_lines('[machine.a]\n# a comment\npower = { value = 1 }\n')
    {('machine',): 1, ('machine', 'a'): 1, ('machine', 'a', 'power'): 3}
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if line.count(fence) % 2 else fence
            continue
        if found := _TABLE.match(line):
            table = _path(found[1])
            _note(lines, table, number)
        elif found := _PAIR.match(line):
            _note(lines, (*table, *_path(found[1])), number)
        fence = next((f for f in _FENCES if line.count(f) % 2), "")
    return lines


def line_of(lines: Mapping[KeyPath, int], path: Sequence[str]) -> int:
    """Return the line of a key, or of the nearest thing around it; 1 where nothing is known.

    Examples
    --------
    >>> line_of({("machine", "a"): 3}, ("machine", "a", "power", "unit"))
    3
    """
    for length in range(len(path), 0, -1):
        if (line := lines.get(tuple(path[:length]))) is not None:
            return line
    return 1


def _note(lines: dict[KeyPath, int], path: KeyPath, number: int) -> None:
    # `[a.b]` makes a too, and `b.c = 1` makes b: they stand where they are first spoken of.
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _path(dotted: str) -> KeyPath:
    return tuple(key.strip("\"'") for key in _ONE_KEY.findall(dotted))
