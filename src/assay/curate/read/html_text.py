"""Bytes of a web page as characters: in the encoding that its server, or the page itself, names."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PRESCAN = 4_096
_META = re.compile(
    rb"""<meta[^>]{0,1000}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE
)
_WINDOWS = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
            "euc_kr": "cp949", "iso8859-9": "cp1254"}  # fmt: skip
_KNOWN = frozenset([
    "utf-8", "utf-16-le", "utf-16-be", "utf-16", "cp866", "cp874", "cp932", "cp949", "koi8-r", "koi8-u", "mac-roman",
    "mac-cyrillic", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp",
    *(f"cp{number}" for number in range(1250, 1259)),
    *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
])  # fmt: skip
"""Names by which Python calls the encodings of pages. It has others that are no encodings of text, or that a hostile
page can make slow: they are not asked."""


class Decoded(NamedTuple):
    """Characters of a page, and how many of them stand for bytes that are no text."""

    text: str
    replaced: int


def decoded(page: bytes, named: str | None = None) -> Decoded:
    r"""Return the characters of a page.

    Parameters
    ----------
    page
    named
        The encoding that its server named, if any.

    Notes
    -----
    In the order of the HTML standard: a byte-order mark, what the server says, what the page says in its first bytes;
    then UTF-8, and if the page is none, windows-1252. Bytes that are no text become U+FFFD.

    References
    ----------
    .. [1] HTML Living Standard, 13.2.3.2, "Determining the character encoding".

    Examples
    --------
    >>> decoded(b'<meta charset="iso-8859-1">caf\xe9').text[-4:]
    'café'
    """
    for mark, encoding in _BOMS:
        if page.startswith(mark):
            return _replaced(page[len(mark) :], encoding)
    meta = _META.search(page[:_PRESCAN])
    for label in (named, meta[1].decode("ascii") if meta else None):
        found = _encoding(label)
        if found:
            return _replaced(page, found)
    try:
        return Decoded(page.decode("utf-8"), 0)
    except UnicodeDecodeError as error:
        # One stray byte in a long page in UTF-8 does not make it another encoding.
        many = sum(byte >= 0x80 for byte in page[: error.start])
        return _replaced(page, "utf-8" if many > 100 else "cp1252")


def _replaced(page: bytes, encoding: str) -> Decoded:
    text = page.decode(encoding, "replace")
    return Decoded(text, text.count("\ufffd"))


def _encoding(label: str | None) -> str:
    try:
        name = codecs.lookup(label.strip("\"' ")).name if label else ""
    except (LookupError, ValueError):
        return ""
    name = _WINDOWS.get(name, name)
    return name if name in _KNOWN else ""
