"""Buckets of the band tables: texts of which a band is equal, and the pairs of them that are worth comparing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.components import smallest_connected

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Entries of buckets, those of one bucket side by side.

    Parameters
    ----------
    members
        What the texts are numbered by: text `i` of the entries is ``members[i]`` outside.
    component : (members,)
        Smallest text that each is connected to by buckets.
    bucket, text : (entries,)
        The bucket of each entry, rising, and its text.
    """

    members: Rows
    component: Rows
    bucket: Rows
    text: Rows

    def undecided(self, labels: Rows, step: int) -> Buckets:
        """Return the buckets with more than `step` entries whose texts are not all connected.

        Parameters
        ----------
        labels : (members,)
            Of the texts: connected ones have the same.
        step
        """
        starts = np.flatnonzero(np.diff(self.bucket, prepend=-1))
        if not len(starts):
            return self
        label = labels[self.text]
        sizes = np.diff(starts, append=len(self.bucket))
        mixed = np.minimum.reduceat(label, starts) != np.maximum.reduceat(label, starts)
        stay = np.repeat(mixed & (sizes > step), sizes)
        return Buckets(self.members, self.component, self.bucket[stay], self.text[stay])

    def pairs(self, step: int, sizes: Rows, threshold: float) -> tuple[Rows, Rows]:
        """Return the pairs of texts `step` entries apart in a bucket whose sets' sizes allow the threshold.

        Notes
        -----
        The Jaccard similarity of two sets is at most the smaller size over the larger.
        """
        together = self.bucket[step:] == self.bucket[:-step]
        left, right = self.text[:-step][together], self.text[step:][together]
        small, large = np.minimum(sizes[left], sizes[right]), np.maximum(sizes[left], sizes[right])
        possible = small >= threshold * large
        return left[possible], right[possible]

    def pairs_beyond(self, labels: Rows, step: int) -> int:
        """Return how many pairs of texts more than `step` entries apart in a bucket are not connected, at most."""
        _, sizes = np.unique(self.bucket, return_counts=True)
        reach = np.maximum(sizes - step, 0)
        beyond = reach * (reach - 1) // 2
        alike = np.stack([self.bucket, labels[self.text]], axis=1)
        groups, members = np.unique(alike, axis=0, return_counts=True)
        connected = members * (members - 1) // 2
        starts = np.flatnonzero(np.diff(groups[:, 0], prepend=-1))
        within = np.add.reduceat(connected, starts) if len(starts) else connected
        return int(np.minimum(beyond, sizes * (sizes - 1) // 2 - within).sum())

    def by_size(self, sizes: Rows) -> Buckets:
        """Return the same buckets, the texts of each in the order of their sets' sizes: near ones are neighbours."""
        order = np.lexsort((self.text, sizes[self.text], self.bucket))
        return Buckets(self.members, self.component, self.bucket[order], self.text[order])

    def parts(self, sizes: Rows, most: int) -> Iterator[Buckets]:
        """Yield whole components at a time, until their sets have more than `most` shingles; at least one.

        Parameters
        ----------
        sizes : (members,)
            Shingles of each text.
        most
        """
        order = np.argsort(self.component, kind="stable")
        component = self.component[order]
        heads = np.flatnonzero(np.diff(component, prepend=-1))
        weight = np.add.reduceat(sizes[order], heads) if len(heads) else heads
        running = np.concatenate([[0], np.cumsum(weight)])
        bounds = np.append(heads, len(order))
        entry_order = np.argsort(self.component[self.text], kind="stable")
        entry_component = self.component[self.text][entry_order]
        inside = np.empty(len(self.members), dtype=np.int64)
        start = 0
        while start < len(heads):
            stop = max(start + 1, int(np.searchsorted(running, running[start] + most, "right")) - 1)
            texts = np.sort(order[bounds[start] : bounds[stop]])
            inside[texts] = np.arange(len(texts))
            low, high = component[bounds[start]], component[bounds[stop] - 1]
            chosen = np.sort(
                entry_order[
                    np.searchsorted(entry_component, low) : np.searchsorted(
                        entry_component, high, side="right"
                    )
                ]
            )
            yield Buckets(
                texts,
                inside[self.component[texts]],
                self.bucket[chosen],
                inside[self.text[chosen]],
            )
            start = stop


def buckets_of(tables: Iterable[NDArray[np.uint64]], count: int) -> Buckets:
    """Return the buckets of some band tables.

    Parameters
    ----------
    tables
        For each band the hash of each of `count` texts; one is held at a time.
    count
    """
    buckets, texts, component, number = [], [], np.arange(count), 0
    for table in tables:
        order = np.argsort(table, kind="stable")
        same = np.diff(table[order]) == 0
        shared = np.zeros(count, dtype=np.bool_)
        shared[1:] |= same
        shared[:-1] |= same
        head = shared.copy()
        head[1:] &= ~same
        buckets.append(number + np.cumsum(head)[shared])
        texts.append(order[shared])
        number += int(head.sum())
        component = smallest_connected(component, order[:-1][same], order[1:][same])
    text = np.concatenate([*texts, np.zeros(0, dtype=np.int64)])
    members = np.unique(text)
    inside = np.searchsorted(members, text)
    smallest = np.searchsorted(members, component[members])
    bucket = np.concatenate([*buckets, np.zeros(0, dtype=np.int64)])
    return Buckets(members, smallest, bucket, inside)
