"""Lines and paragraphs of a batch of texts, and how much of a text its later copies make up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.curate.character_classes import BREAK
from assay.curate.characters import Characters, Mask, Places
from assay.curate.repeat_groups import later_copies
from assay.curate.rolling_hash import mixed

NEWLINE, RETURN = 10, 13
_DOTS = "..."


@dataclass(frozen=True, eq=False)
class Segments:
    """Stretches of the texts of a batch, in their order.

    Parameters
    ----------
    starts, ends : (segments,)
        Places of their characters; an end is the place after the last one.
    offsets : (texts + 1,)
        Where the segments of each text begin.
    """

    starts: Places
    ends: Places
    offsets: Places

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def counts(self) -> Places:
        """Segments of each text."""
        return np.diff(self.offsets)

    @property
    def lengths(self) -> Places:
        """Characters of each segment."""
        return self.ends - self.starts

    @property
    def text_of(self) -> Places:
        """The text of each segment."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def sums(self, of: Mask | Places) -> Places:
        """Return the sum over the segments of each text."""
        running = np.zeros(len(of) + 1, dtype=np.int64)
        np.cumsum(of, out=running[1:])
        return np.diff(running[self.offsets])

    def take(self, mask: Mask) -> Segments:
        """Return some of the segments."""
        offsets = np.concatenate([[0], np.cumsum(mask)])[self.offsets]
        return Segments(self.starts[mask], self.ends[mask], offsets)


def lines(chars: Characters) -> Segments:
    r"""Return what stands between single newlines: ``text.split("\n")``."""
    breaks = np.flatnonzero(chars.codes == NEWLINE)
    return _between(chars, breaks, breaks + 1)


def filled_lines(chars: Characters) -> Segments:
    r"""Return what stands between runs of newlines: ``re.split("\n+", text)``; of an empty text one empty line."""
    return _between(chars, *_newline_runs(chars, 1))


def split_lines(chars: Characters) -> Segments:
    """Return what Unicode has as lines: ``text.splitlines()``; of an empty text none."""
    places = np.flatnonzero((chars.flags & BREAK) != 0)
    codes = chars.codes[places]
    pairs = (
        (codes[:-1] == RETURN)
        & (codes[1:] == NEWLINE)
        & (np.diff(places) == 1)
        & ~chars.is_first[places[1:]]
    )
    none = np.zeros(min(1, len(places)), dtype=np.bool_)
    begins = places[~np.concatenate([none, pairs])]
    ends = places[~np.concatenate([pairs, none])] + 1
    found = _between(chars, begins, ends)
    is_last = np.zeros(len(found), dtype=np.bool_)
    is_last[found.offsets[1:] - 1] = True
    return found.take(~(is_last & (found.starts == found.ends)))


def paragraphs(chars: Characters) -> Segments:
    r"""Return what stands between blank lines: ``re.split("\n{2,}", text.strip())``; at least one of each text."""
    first, last = stripped(chars, chars.starts[:-1], chars.starts[1:])
    begins, ends = _newline_runs(chars, 2)
    text = chars.text_of(begins)
    inside = (begins >= first[text]) & (ends <= last[text])
    begins, ends, text = begins[inside], ends[inside], text[inside]
    counts = np.bincount(text, minlength=chars.texts) + 1
    return Segments(
        np.sort(np.concatenate([first, ends])),
        np.sort(np.concatenate([last, begins])),
        np.concatenate([[0], np.cumsum(counts)]),
    )


def stripped(chars: Characters, starts: Places, ends: Places) -> tuple[Places, Places]:
    """Return the stretches without the white space at either end; one of white space alone ends where it starts."""
    before = chars.solid_before[starts].astype(np.int64)
    after = chars.solid_before[ends].astype(np.int64)
    is_blank = before == after
    places = np.append(chars.solid_places, 0)
    first = np.where(is_blank, starts, places[np.where(is_blank, 0, before)])
    last = np.where(is_blank, starts, places[np.where(is_blank, 0, after - 1)] + 1)
    return first, last


def end_with_dots(chars: Characters, starts: Places, ends: Places) -> Mask:
    """Return which stretches end with "..."."""
    codes = np.append(chars.codes, 0)
    found = ends - starts >= len(_DOTS)
    for step, dot in enumerate(_DOTS, start=1):
        found &= codes[np.maximum(ends - step, 0)] == ord(dot)
    return found


def copied(chars: Characters, segments: Segments) -> tuple[Places, Places]:
    """Return, for each text, how many segments repeat an earlier one of it, and their characters."""
    hashes = mixed(
        chars.running.hashes(segments.starts, segments.ends)
        + mixed(segments.text_of.astype(np.uint64) + np.uint64(1))
    )
    copies = np.zeros(len(segments), dtype=np.bool_)
    copies[later_copies(hashes)] = True
    return segments.sums(copies), segments.sums(copies * segments.lengths)


def _newline_runs(chars: Characters, least: int) -> tuple[Places, Places]:
    places = np.flatnonzero(chars.codes == NEWLINE)
    apart = (np.diff(places) > 1) | chars.is_first[places[1:]]
    edge = np.ones(min(1, len(places)), dtype=np.bool_)
    begins = places[np.concatenate([edge, apart])]
    ends = places[np.concatenate([apart, edge])] + 1
    is_long = ends - begins >= least
    return begins[is_long], ends[is_long]


def _between(chars: Characters, begins: Places, ends: Places) -> Segments:
    """Return what stands between separators; they are in rising order, and none goes over the end of its text."""
    # Starts and ends interleave, so sorting each brings them together.
    return Segments(
        np.sort(np.concatenate([chars.starts[:-1], ends])),
        np.sort(np.concatenate([begins, chars.starts[1:]])),
        np.concatenate([[0], np.cumsum(chars.count(begins) + 1)]),
    )
