"""What each Unicode character is to the quality rules, as one table over all code points.

The sets of punctuation are parameters of the rules as they were published, not a choice of this package.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.uint16]
Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
CODE_POINTS = 0x110000
SPACE, ALPHA, LOWER, UPPER, DIGIT = 1, 2, 4, 8, 16
BREAK = 32
"""Ends a line for `str.splitlines`."""
PLAIN = 64
"""Is none of the characters that datatrove counts as punctuation."""
STOP = 128
"""Ends a sentence: Unicode's Sentence_Terminal, as the FineWeb rules have it."""
PUNCT = 256
"""Of a Unicode category P."""
HEAD, TAIL, INNER = 512, 1024, 2048
"""Split off the beginning of a word, its end, or between two letters or digits."""

SENTENCE_ENDS = (
    "21 2e 3f 589 61d-61f 6d4 700-702 7f9 837 839 83d-83e 964-965 104a-104b 1362 1367-1368 166e 1735-1736 17d4-17d6 "
    "17d9-17da 1803 1809 1944-1945 1aa8-1aab 1b5a-1b5b 1b5e-1b5f 1b7d-1b7e 1c3b-1c3c 1c7e-1c7f 203c-203d 2047-2049 "
    "2e2e 2e3c 2e53-2e54 3002 a4ff a60e-a60f a6f3 a6f7 a876-a877 a8ce-a8cf a92f a9c8-a9c9 aa5d-aa5f aaf0-aaf1 abeb "
    "fe52 fe56-fe57 ff01 ff0e ff1f ff61 10a56-10a57 10f55-10f59 10f86-10f89 11047-11048 110be-110c1 11141-11143 "
    "111c5-111c6 111cd 111de-111df 11238-11239 1123b-1123c 112a9 1144b-1144c 115c2-115c3 115c9-115d7 11641-11642 "
    "1173c-1173e 11944 11946 11a42-11a43 11a9b-11a9c 11c41-11c42 11ef7-11ef8 11f43-11f44 16a6e-16a6f 16af5 "
    "16b37-16b38 16b44 16e98 1bc9f 1da88"
)
"""The FineWeb line-punctuation rule's set of characters that end a line, as hexadecimal ranges."""
PUNCTUATION = (
    "0-8 b-1f 21-2f 3a-40 5b-60 7b-9f ab b4 bb 2013-2014 2019 201c-201e 2026 2236 2501 25ba 3001-3002 3008-300d "
    "3010-3011 ff01 ff05 ff08-ff09 ff0c ff0e ff11 ff1a-ff1b ff1f ff5e"
)
"""The normalisation of CCNet (Wenzek et al. 2020), which datatrove's Gopher rules count punctuation by; with
SENTENCE_ENDS. It holds the full-width digit one, and not the other digits."""

EDGES = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉⟦⟧"
"""Split off either end of a word."""
HEADS = EDGES + "§%=—–$£€¥₽₹₩₿+"
TAILS = EDGES + ".—–%"
INNERS = "-–—~,:<>=/+*^."
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@cache
def character_flags() -> Flags:
    """Return the flags of each code point; made once a process, in about a third of a second."""
    characters = [chr(code) for code in range(CODE_POINTS)]
    flags = np.zeros(CODE_POINTS, dtype=np.uint16)
    for flag, said in (
        (SPACE, str.isspace), (ALPHA, str.isalpha), (LOWER, str.islower), (UPPER, str.isupper), (DIGIT, str.isdecimal),
    ):  # fmt: skip
        flags[np.fromiter(map(said, characters), dtype=np.bool_, count=CODE_POINTS)] |= flag
    kinds = np.array(list(map(unicodedata.category, characters)))
    flags[np.char.startswith(kinds, "P")] |= PUNCT
    # Pictures.
    flags[kinds == "So"] |= HEAD | TAIL
    for flag, members in ((BREAK, _BREAKS), (HEAD, HEADS), (TAIL, TAILS), (INNER, INNERS)):
        flags[[ord(one) for one in members]] |= flag
    stops = code_points(SENTENCE_ENDS)
    flags[stops] |= STOP
    flags |= PLAIN
    flags[np.union1d(stops, code_points(PUNCTUATION))] ^= PLAIN
    return flags


def code_points(ranges: str) -> Places:
    """Return the code points of hexadecimal ranges.

    >>> code_points("21 3f-41").tolist()
    [33, 63, 64, 65]
    """
    pairs = [part.partition("-") for part in ranges.split()]
    parts = [np.arange(int(a, 16), int(b or a, 16) + 1) for a, _, b in pairs]
    return np.concatenate(parts)


@cache
def character_values() -> Hashes:
    """Return a fixed 64-bit number for each code point, which substrings are hashed with (splitmix64)."""
    values = (np.arange(CODE_POINTS, dtype=np.uint64) + np.uint64(1)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
