"""The characters of a batch of texts, and what is found in one pass over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.curate.character_classes import SPACE, Flags, character_flags, character_values
from assay.curate.rolling_hash import Running
from assay.curate.text_column import TextColumn

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Characters:
    """Characters of all texts, one after the other.

    Parameters
    ----------
    codes : (characters,)
        Code points.
    starts : (texts + 1,)
        Where each text begins; the last one is the end.
    """

    codes: NDArray[np.uint32] | NDArray[np.uint8]
    starts: Places

    @classmethod
    def of(cls, texts: TextColumn) -> Characters:
        """Return the characters of some texts.

        Raises
        ------
        UnicodeDecodeError
            If the bytes are not UTF-8; lone surrogates are let through.
        """
        begin, end = int(texts.offsets[0]), int(texts.offsets[-1])
        data = texts.data[begin:end]
        offsets = texts.offsets - begin
        if not data.size or int(data.max()) < 128:
            return cls(data, offsets)
        whole = data.tobytes().decode("utf-8", "surrogatepass")
        codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        later = np.zeros(len(data) + 1, dtype=np.int64)
        np.cumsum((data & 0xC0) == 0x80, out=later[1:])
        return cls(codes, offsets - later[offsets])

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def texts(self) -> int:
        """How many texts there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Places:
        """Characters of each text."""
        return np.diff(self.starts)

    @cached_property
    def flags(self) -> Flags:
        """What each character is: see `assay.curate.character_classes`."""
        return character_flags()[self.codes]

    @cached_property
    def solid(self) -> Mask:
        """Whether each is other than white space."""
        solid: Mask = (self.flags & SPACE) == 0
        return solid

    @cached_property
    def solid_places(self) -> Places:
        """Where the characters other than white space stand."""
        return np.flatnonzero(self.solid)

    @cached_property
    def solid_before(self) -> NDArray[np.int32]:
        """How many characters other than white space stand before each place, of shape (characters + 1,)."""
        before = np.zeros(len(self) + 1, dtype=np.int32)
        np.cumsum(self.solid, out=before[1:], dtype=np.int32)
        return before

    @cached_property
    def is_first(self) -> Mask:
        """Whether a text begins at each place, of shape (characters + 1,)."""
        first = np.zeros(len(self) + 1, dtype=np.bool_)
        first[self.starts] = True
        return first

    @cached_property
    def running(self) -> Running:
        """Hashes of substrings."""
        return Running(self._values)

    @cached_property
    def solid_running(self) -> Running:
        """Hashes of substrings of what is left without white space."""
        return Running(self._values[self.solid])

    @cached_property
    def _values(self) -> NDArray[np.uint64]:
        return character_values()[self.codes]

    def text_of(self, places: Places) -> Places:
        """Return the text in which each place lies."""
        # Of several texts that begin at one place all but the last are empty.
        return np.searchsorted(self.starts, places, side="right") - 1

    def count(self, places: Places) -> Places:
        """Return how many of some rising places lie in each text."""
        return np.diff(np.searchsorted(places, self.starts))

    def texts_at(self, starts: Places, ends: Places) -> list[str]:
        """Return substrings."""
        wide = self.codes.astype("<u4", copy=False)
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return [wide[a:b].tobytes().decode("utf-32-le", "surrogatepass") for a, b in pairs]
