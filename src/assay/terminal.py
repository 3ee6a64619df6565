"""Text of others on a terminal: what would move the cursor, hide or turn around text is shown instead of done."""

from __future__ import annotations

import json
import re

_DANGEROUS = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1 controls: escape sequences begin with one of them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, overrides and isolates
    "\u200b-\u200d\u2060\ufeff"  # nothing to see, yet there
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff"  # lone surrogates: no terminal can be sent them
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations and tags, which hide text
    "]"
)


def visible(text: str) -> str:
    r"""Return text that is safe to print on one line of a terminal.

    Control characters, marks and overrides of direction, invisible characters and lone surrogates become the escapes
    that Python would write; everything else stays as it is.

    Examples
    --------
    >>> print(visible("done\x1b[2J, \u202etxt.exe"))
    done\x1b[2J, \u202etxt.exe
    >>> visible("naïve 答え")
    'naïve 答え'
    """
    return _DANGEROUS.sub(_escape, text)


def visible_json(text: str) -> str:
    r"""Return JSON text that is safe to print on a terminal, and reads as the same values.

    JSON itself escapes the controls below U+0020 only; the other dangerous characters become escapes of JSON. They
    can stand nowhere but in its strings.

    Examples
    --------
    >>> print(visible_json('{"said": "\u009b2J \u202e"}'))
    {"said": "\u009b2J \u202e"}
    """
    return _DANGEROUS.sub(lambda m: m[0] if m[0] < " " else json.dumps(m[0])[1:-1], text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")
