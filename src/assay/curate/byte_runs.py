"""Where runs of marked bytes begin and end, over the texts of a whole batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def runs(marked: NDArray[np.bool_], cuts: Places) -> tuple[Places, Places]:
    """Return where runs of marked bytes begin, and where they are over.

    Parameters
    ----------
    marked : (bytes,)
    cuts
        Places in [0, bytes] at which a run ends and another one begins, as the first byte of each text.

    Examples
    --------
    >>> begins, over = runs(np.array([1, 1, 0, 1, 1], dtype=bool), np.array([0, 4]))
    >>> begins.tolist(), over.tolist()
    ([0, 3, 4], [2, 4, 5])
    """
    begins = marked.copy()
    np.greater(marked[1:], marked[:-1], out=begins[1:])
    over = np.zeros(len(marked) + 1, dtype=np.bool_)
    if len(marked):
        np.greater(marked[:-1], marked[1:], out=over[1:-1])
        over[-1] = marked[-1]
        inside = cuts[cuts < len(marked)]
        begins[inside] = marked[inside]
        inside = inside[inside > 0]
        over[inside] |= marked[inside - 1]
    return np.flatnonzero(begins), np.flatnonzero(over)
