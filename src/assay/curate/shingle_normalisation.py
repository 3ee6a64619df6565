"""Which differences between texts make no difference to their shingles: case, spacing, punctuation, digits, formats.

Everything is done in place over the bytes of a whole batch: a separator becomes a space, a letter its small one, and no
text changes its length.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray  # noqa: TC002

from assay.curate.byte_runs import runs
from assay.curate.number_formats import canonical_numbers
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

WordKind = Literal["letters-and-digits", "whitespace"]
DigitKind = Literal["keep", "zero"]
NumberKind = Literal["as-written", "canonical"]

SEPARATOR = 0x20
_SEPARATES, _IN_WORD, _OWN_WORD = 0, 1, 2
_BMP = 0x10000
_PAD = 24


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What is made equal before texts are compared; printed with every result, since results hang on it.

    Parameters
    ----------
    lowercase
        Capital letters as small ones. Letters whose small form has another length in UTF-8 (``İ``, ``ẞ``, the Kelvin
        sign) and letters beyond U+FFFF stay.
    words
        ``"letters-and-digits"``: a word is a run of letters, digits, marks and ``_``, and each Chinese or Japanese
        character is one by its own; punctuation and spaces only separate. ``"whitespace"``: a word is what stands
        between white space.
    digits
        ``"zero"``: each digit 0-9 as 0, so that texts that differ in numbers are equal.
    numbers
        ``"canonical"``: a number in another format is the same: see `assay.curate.number_formats`.

    Raises
    ------
    BadInput
        If an option has none of its values.

    Examples
    --------
    >>> Normalisation().described
    'lower case; words of letters and digits; digits as written'
    """

    lowercase: bool = True
    words: WordKind = "letters-and-digits"
    digits: DigitKind = "keep"
    numbers: NumberKind = "as-written"

    def __post_init__(self) -> None:
        for name, kind in (("words", WordKind), ("digits", DigitKind), ("numbers", NumberKind)):
            if getattr(self, name) not in get_args(kind):
                known = ", ".join(get_args(kind))
                raise BadInput(f"{name} is one of {known}; got {getattr(self, name)!r}")

    @property
    def described(self) -> str:
        """The options in a few words."""
        parts = [
            "lower case" if self.lowercase else "case as written",
            "words of letters and digits"
            if self.words == "letters-and-digits"
            else "words between white space",
            "digits as 0" if self.digits == "zero" else "digits as written",
        ]
        if self.numbers == "canonical":
            parts.append("numbers in one format")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words of some texts, by their place in the normalised bytes.

    Parameters
    ----------
    buffer : uint8
        Normalised bytes, at least 16 bytes longer than the texts, of a length that 8 divides.
    starts, ends : (words,) int64
        Of each word in the buffer.
    first : (texts + 1,) int64
        First word of each text, and the number of words.
    """

    buffer: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]


def normalised_words(texts: TextColumn, normalisation: Normalisation) -> Words:
    """Return where the words of some texts are in their normalised bytes.

    Notes
    -----
    Bytes that are no UTF-8 are not refused: each is read as some letter or separator, the same wherever it stands.
    """
    low, size = int(texts.offsets[0]), texts.nbytes
    offsets = texts.offsets - low
    raw = texts.data[low : low + size].tobytes()
    buffer = np.full((size + _PAD) // 8 * 8, SEPARATOR, dtype=np.uint8)
    buffer[:size] = np.frombuffer(raw, dtype=np.uint8)
    if normalisation.numbers == "canonical":
        canonical_numbers(buffer[:size], offsets)
        raw = buffer[:size].tobytes()
    buffer[:size] = np.frombuffer(raw.translate(_byte_table(normalisation)), dtype=np.uint8)
    forced = offsets[:-1]
    if not raw.isascii():
        own = _beyond_ascii(buffer, offsets, normalisation)
        forced = np.concatenate([forced, own])
    starts, ends = runs(buffer[:size] != SEPARATOR, forced)
    return Words(buffer, starts, ends, np.searchsorted(starts, offsets).astype(np.int64))


@cache
def _byte_table(normalisation: Normalisation) -> bytes:
    table = bytearray(range(256))
    for byte in range(128):
        letter = chr(byte)
        if normalisation.words == "letters-and-digits":
            separates = not (letter.isalnum() or letter == "_")
        else:
            # NUL pads what is hashed, so it is no letter.
            separates = letter.isspace() or byte == 0
        if separates:
            table[byte] = SEPARATOR
        elif normalisation.lowercase:
            table[byte] = ord(letter.lower())
        if letter.isdigit() and normalisation.digits == "zero":
            table[byte] = ord("0")
    return bytes(table)


def _beyond_ascii(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], normalisation: Normalisation
) -> NDArray[np.int64]:
    """Fold letters beyond ASCII in place; return where words begin that no separator stands before."""
    lead = np.flatnonzero(buffer[: offsets[-1]] >= 0xC2)
    first = buffer[lead].astype(np.int64)
    width = 2 + (first >= 0xE0) + (first >= 0xF0)
    # A character that its text ends within is no UTF-8, and must not read on into the next text.
    begins = np.zeros(len(buffer), dtype=np.bool_)
    begins[offsets] = True
    whole = ~begins[lead + 1] & ~(begins[lead + 2] & (width > 2))
    whole &= ~(begins[lead + 3] & (width > 3))
    lead, first, width = lead[whole], first[whole], width[whole]
    following = [buffer[lead + place].astype(np.int64) & 0x3F for place in (1, 2, 3)]
    two = (first & 0x1F) << 6 | following[0]
    three = (first & 0x0F) << 12 | following[0] << 6 | following[1]
    four = (first & 0x07) << 18 | following[0] << 12 | following[1] << 6 | following[2]
    point = np.where(width == 2, two, np.where(width == 3, three, four))
    kinds, small = _letter_tables(normalisation.words)
    kind = np.where(point < _BMP, kinds[np.minimum(point, _BMP - 1)], _astral_kind(point))
    if normalisation.words == "whitespace":
        kind = np.where(point < _BMP, kind, _IN_WORD)
    if normalisation.lowercase:
        lower = small[np.minimum(point, _BMP - 1)].astype(np.int64)
        changed = np.flatnonzero((point < _BMP) & (lower != point))
        _write_points(buffer, lead[changed], lower[changed], width[changed])
    gone = kind == _SEPARATES
    for place in range(4):
        buffer[lead[gone & (width > place)] + place] = SEPARATOR
    own = np.flatnonzero(kind == _OWN_WORD)
    return np.concatenate([lead[own], lead[own] + width[own]])


def _write_points(
    buffer: NDArray[np.uint8],
    at: NDArray[np.int64],
    points: NDArray[np.int64],
    width: NDArray[np.int64],
) -> None:
    two = width == 2
    buffer[at[two]] = 0xC0 | points[two] >> 6
    buffer[at[two] + 1] = 0x80 | points[two] & 0x3F
    three = ~two
    buffer[at[three]] = 0xE0 | points[three] >> 12
    buffer[at[three] + 1] = 0x80 | points[three] >> 6 & 0x3F
    buffer[at[three] + 2] = 0x80 | points[three] & 0x3F


def _astral_kind(point: NDArray[np.int64]) -> NDArray[np.int64]:
    pictures = (point >= 0x1F000) & (point < 0x20000)
    return np.where(point >= 0x20000, _OWN_WORD, np.where(pictures, _SEPARATES, _IN_WORD))


@cache
def _letter_tables(words: WordKind) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return for each code point up to U+FFFF what it does to words, and its small letter of the same length."""
    kinds = np.full(_BMP, _IN_WORD, dtype=np.uint8)
    small = np.arange(_BMP, dtype=np.uint16)
    # Han, Hangul and private use have no case and one kind: asking of each would take longer than a batch.
    for low, high in ((0x80, 0x3400), (0xA000, 0xAC00), (0xFB00, _BMP)):
        for point in range(low, high):
            letter = chr(point)
            if words == "whitespace":
                kinds[point] = not letter.isspace()
            elif not (letter.isalnum() or unicodedata.category(letter)[0] == "M"):
                kinds[point] = _SEPARATES
            lower = letter.lower()
            if len(lower) == 1 and lower != letter and _length(lower) == _length(letter):
                small[point] = ord(lower)
    if words == "letters-and-digits":
        for low, high in ((0x3040, 0x3100), (0x31F0, 0x3200), (0x3400, 0x4DC0), (0x4E00, 0xA000),
                          (0xF900, 0xFB00)):  # fmt: skip
            kinds[low:high] = _OWN_WORD
        kinds[0xD800:0xE000] = _SEPARATES
    return kinds, small


def _length(letter: str) -> int:
    return len(letter.encode())
