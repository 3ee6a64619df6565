"""Connected components of a graph given by its edges, over whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def smallest_connected(labels: Rows, left: Rows, right: Rows) -> Rows:
    """Return for each node the smallest node that it is connected to, after some edges are added.

    Parameters
    ----------
    labels : (nodes,)
        What this returned before; ``arange(nodes)`` for a graph without edges. It is not changed.
    left, right : (edges,)
        Nodes that each new edge connects.

    Notes
    -----
    Each root hooks onto the smallest one that an edge leads to, then the trees are flattened, until no edge connects
    two trees [1]_. The labels do not hang on the order of the edges.

    References
    ----------
    .. [1] Shiloach, Vishkin, "An O(log n) parallel connectivity algorithm", Journal of Algorithms 3 (1982),
       doi:10.1016/0196-6774(82)90008-6.

    Examples
    --------
    >>> smallest_connected(np.arange(5), np.array([4, 1]), np.array([2, 4])).tolist()
    [0, 1, 1, 3, 1]
    """
    labels = labels.copy()
    while True:
        one, other = labels[left], labels[right]
        apart = one != other
        if not apart.any():
            return labels
        left, right = left[apart], right[apart]
        np.minimum.at(
            labels, np.maximum(one[apart], other[apart]), np.minimum(one[apart], other[apart])
        )
        while True:
            flatter = labels[labels]
            if np.array_equal(flatter, labels):
                break
            labels = flatter
