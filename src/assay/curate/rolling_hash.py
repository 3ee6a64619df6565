"""Hashes of all substrings of a batch: one running sum of 64-bit numbers, then a difference for each.

Number i counts times BASE^i, modulo 2^64; BASE is odd, so a difference divided by BASE^start depends on the substring
alone. Two different substrings of random numbers agree with a chance of about 2^-64; a text made for it can force two
runs of more than a thousand characters to agree (Thue-Morse words, for any base), which changes a share of repeats.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
BASE = 0xD1342543DE82EF95
_INVERSE = pow(BASE, -1, 2**64)
_KEPT = 1 << 21
"""Powers that are kept: as many as a usual batch has characters."""


class Running:
    """Running sums of some numbers.

    Parameters
    ----------
    numbers : (n,) uint64

    Examples
    --------
    >>> running = Running(np.array([7, 8, 9, 7, 8], dtype=np.uint64))
    >>> first, other, again = running.hashes(np.array([0, 1, 3]), np.array([2, 3, 5])).tolist()
    >>> first == again, first == other
    (True, False)
    """

    def __init__(self, numbers: Hashes) -> None:
        count = len(numbers)
        self._back = powers(_INVERSE, count + 1)
        self._sums = np.zeros(count + 1, dtype=np.uint64)
        np.cumsum(numbers * powers(BASE, count), out=self._sums[1:])

    def hashes(self, starts: Places, ends: Places) -> Hashes:
        """Return the hash of each substring; that of an empty one is 0."""
        return (self._sums[ends] - self._sums[starts]) * self._back[starts]

    def windows(self, length: int) -> Hashes:
        """Return the hash of each window of some length, of shape (n - length + 1,)."""
        count = max(0, len(self._sums) - length)
        return (self._sums[length:] - self._sums[:count]) * self._back[:count]


def mixed(hashes: Hashes) -> Hashes:
    """Return hashes whose every bit depends on every bit (Murmur3's finaliser)."""
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return hashes ^ (hashes >> np.uint64(33))


def powers(base: int, count: int) -> Hashes:
    """Return base^0, base^1, ... modulo 2^64."""
    return _kept_powers(base)[:count] if count <= _KEPT else _powers(base, count)


@cache
def _kept_powers(base: int) -> Hashes:
    return _powers(base, _KEPT)


def _powers(base: int, count: int) -> Hashes:
    row = np.full(count, base, dtype=np.uint64)
    row[:1] = 1
    return np.multiply.accumulate(row)
