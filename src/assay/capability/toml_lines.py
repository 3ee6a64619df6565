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
    # Not splitlines: a comment or a text may hold other signs that end a line elsewhere.
    for number, line in enumerate(text.split("\n"), start=1):
        if fence:
            fence = _open_fence(line, fence)
            continue
        if found := _TABLE.match(line):
            table = _path(found[1])
            _note(lines, table, number)
        elif found := _PAIR.match(line):
            _note(lines, (*table, *_path(found[1])), number)
        fence = _open_fence(line.rstrip("\r"))
    return lines


def _open_fence(line: str, fence: str = "") -> str:
    r"""Return the fence of a text over several lines that is open at the end of a line; empty: none.

    Examples
    --------
    >>> _open_fence("a = '''one"), _open_fence("two'''  # and so on", "'''"), _open_fence("b = 'it \"\"\"'")
    ("'''", '', '')
    """
    at = 0
    while at < len(line):
        if fence:
            ends = _ends(line, fence, at)
            if ends is None:
                return fence
            at, fence = ends, ""
        elif line[at] == "#":
            return ""
        elif opened := next((f for f in _FENCES if line.startswith(f, at)), ""):
            at, fence = at + len(opened), opened
        elif line[at] in "\"'":
            at = _ends(line, line[at], at + 1) or len(line)
        else:
            at += 1
    return fence


def _ends(line: str, quotes: str, at: int) -> int | None:
    """Return where a text ends that these quotes close, after them; None where it goes on."""
    while at < len(line):
        if line[at] == "\\" and quotes[0] == '"':
            at += 2
        elif line.startswith(quotes, at):
            return at + len(quotes)
        else:
            at += 1
    return None


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
