"""Rules without skill: each learns on some items what is usually right, and reads nothing but one trivial thing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

ITEMS_PER_BIN = 20
MOST_BINS = 16

FORMAT = tuple(
    re.compile(pattern)
    for pattern in (
        r"\.\s*\Z",  # ends with a full stop
        r"\?\s*\Z",
        r"\A\s*[A-Z]",  # begins with a capital
        r"\A\s*\d",
        r"\?",
        r"\n",
        r"(?m)^\s*(?:[-*•]|\d+[.)])\s",  # a list
        r"\d",
        r"`",
        r"[\"“”]",
        r"[(\[]",
        r":",
        r";",
        r",",
        r"[$€£%]",
        r"\b[A-Z]{2,}\b",
        r"https?://",
    )
)
"""What the format rule sees of a text: whether each of these is in it."""


class Seen(NamedTuple):
    """What the rules see of items; arrays of one length n.

    Parameters
    ----------
    length : shape (n,)
        Characters.
    form : shape (n, len(FORMAT)), 0 or 1
    group : shape (n,)
        Codes; -1 everywhere where there is no group.
    right : shape (n,)
        Code of what is right.
    """

    length: IntArray
    form: IntArray
    group: IntArray
    right: IntArray

    def of(self, rows: IntArray) -> Seen:
        """Return some of the items."""
        return Seen(*(column[rows] for column in self))


Rule = Callable[[Seen, Seen], IntArray]
"""Learns on the first items, and says for each of the others what it takes to be right."""


def see(texts: Sequence[str], right: IntArray, groups: Sequence[Hashable] | None) -> Seen:
    """Return what the rules see."""
    codes: dict[Hashable, int] = {}
    group = [codes.setdefault(name, len(codes)) for name in groups] if groups is not None else []
    return Seen(
        np.array([len(text) for text in texts], dtype=np.int64),
        np.array(
            [[bool(pattern.search(text)) for pattern in FORMAT] for text in texts], dtype=np.int64
        ).reshape(len(texts), len(FORMAT)),
        np.array(group, dtype=np.int64) if groups is not None else np.full(len(texts), -1),
        right,
    )


def majority(learned: Seen, asked: Seen) -> IntArray:
    """Say what is right most often, whatever is asked."""
    return np.full(len(asked.right), _commonest(learned.right), dtype=np.int64)


def by_length(learned: Seen, asked: Seen) -> IntArray:
    """Say what is right most often at texts of about this length."""
    bins = min(MOST_BINS, max(2, len(learned.right) // ITEMS_PER_BIN))
    edges = np.unique(np.quantile(learned.length, np.linspace(0, 1, bins + 1)[1:-1]))
    return _by_key(
        np.searchsorted(edges, learned.length, side="right"),
        learned.right,
        np.searchsorted(edges, asked.length, side="right"),
    )


def by_group(learned: Seen, asked: Seen) -> IntArray:
    """Say what is right most often in this group; overall, for a group that was not learned on."""
    return _by_key(learned.group, learned.right, asked.group)


def by_format(learned: Seen, asked: Seen) -> IntArray:
    """Say what is likeliest by the marks of the text: naive Bayes, each mark with one count more of each kind."""
    names, code = np.unique(learned.right, return_inverse=True)
    counts = np.bincount(code, minlength=names.size)
    with_mark = np.zeros((names.size, learned.form.shape[1]))
    np.add.at(with_mark, code, learned.form)
    share = (with_mark + 1) / (counts[:, None] + 2)
    scores = np.log(counts) + asked.form @ np.log(share).T + (1 - asked.form) @ np.log(1 - share).T
    return np.asarray(names[np.argmax(scores, axis=1)], dtype=np.int64)


def _by_key(learned_keys: IntArray, right: IntArray, asked_keys: IntArray) -> IntArray:
    usual = _commonest(right)
    by_key: dict[int, Counter[int]] = {}
    for key, one in zip(learned_keys.tolist(), right.tolist(), strict=True):
        by_key.setdefault(key, Counter())[one] += 1
    said = {key: max(sorted(found), key=found.__getitem__) for key, found in by_key.items()}
    return np.array([said.get(key, usual) for key in asked_keys.tolist()], dtype=np.int64)


def _commonest(right: IntArray) -> int:
    names, counts = np.unique(right, return_counts=True)
    return int(names[np.argmax(counts)])
