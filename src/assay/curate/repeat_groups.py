"""Which of many 64-bit hashes occur more than once: one sort, on keys that carry their own place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.curate.rolling_hash import Hashes, Places


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Places of equal hashes, those that occur at least twice.

    Parameters
    ----------
    places : (members,)
        Group after group, rising within each.
    starts : (groups + 1,)
        Where each group begins.
    """

    places: Places
    starts: Places

    @property
    def sizes(self) -> Places:
        """Members of each group."""
        return np.diff(self.starts)

    @property
    def first(self) -> Places:
        """The first place of each group."""
        return self.places[self.starts[:-1]]

    @property
    def later(self) -> Places:
        """All places but the first of each group."""
        is_later = np.ones(len(self.places), dtype=np.bool_)
        is_later[self.starts[:-1]] = False
        return self.places[is_later]


def equal_groups(hashes: Hashes) -> Groups:
    """Return the groups of equal hashes.

    >>> equal_groups(np.array([5, 3, 5, 9, 5], dtype=np.uint64)).places.tolist()
    [0, 2, 4]
    """
    count = len(hashes)
    bits = np.uint64(max(1, count - 1).bit_length())
    mask = (np.uint64(1) << bits) - np.uint64(1)
    # To sort numbers is several times quicker than to sort places: the lowest bits of a hash make room for its place.
    keys = np.sort((hashes & ~mask) | np.arange(count, dtype=np.uint64))
    high = keys >> bits
    same = high[1:] == high[:-1]
    pairs = np.flatnonzero(same)
    low = (keys & mask).astype(np.int64)
    equal = hashes[low[pairs]] == hashes[low[pairs + 1]]
    if not equal.all():
        order = np.argsort(hashes, kind="stable")
        low, whole = order, hashes[order]
        same = whole[1:] == whole[:-1]
    is_in = np.zeros(count + 1, dtype=np.bool_)
    is_in[1:count] = same
    is_start = ~is_in[:-1] & is_in[1:]
    members = np.flatnonzero(is_in[:-1] | is_in[1:])
    starts = np.flatnonzero(is_start[members])
    return Groups(low[members], np.append(starts, len(members)))


def later_copies(hashes: Hashes) -> Places:
    """Return the places whose hash has occurred at an earlier one."""
    return equal_groups(hashes).later
