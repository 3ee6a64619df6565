"""Where words begin: at white space, or also at the punctuation around and within them."""

from __future__ import annotations

import numpy as np

from assay.curate.character_classes import (
    ALPHA,
    DIGIT,
    HEAD,
    INNER,
    LOWER,
    TAIL,
    UPPER,
    Flags,
)
from assay.curate.characters import Characters, Mask, Places

_DOT, _COMMA, _SLASH, _COLON, _PLUS, _MINUS = (ord(one) for one in ".,/:+-")
_QUOTES = np.array([ord("'"), ord("’")])
_PARTING = np.array([ord(one) for one in "-–—~:<>=/"])
_SIGNS = np.array([ord(one) for one in "+-*^"])
_ENDINGS = ("s", "S", "m", "re", "ve", "ll", "d")


def cuts_of_space(chars: Characters) -> Mask:
    """Return at which characters a word begins, where only white space parts words."""
    solid = chars.solid
    cuts = solid.copy()
    cuts[1:] &= ~solid[:-1] | chars.is_first[1:-1]
    return cuts


def cuts_of_punctuation(chars: Characters) -> Mask:
    """Return at which characters a word begins, where punctuation is split off.

    Notes
    -----
    Close to spaCy's blank English tokenizer, by rules that look at neighbouring characters alone: punctuation, quotes
    and brackets are split off both ends of what stands between white space, one character a word; hyphens and
    ``: < > = /`` before a letter, signs between digits, commas between letters, and full stops between a small
    and a capital letter are words of their own; two or more full stops are one word; ``'s``, ``'ll``, ``n't`` and the
    like are split off. Web addresses are left whole. It knows no list of abbreviations: a full stop stays with a single
    capital letter (``U.S.``) or a letter behind another full stop (``e.g.``) and is split off ``Mr.``. It knows no
    emoticons and no units (``10km``).
    """
    space_cuts = cuts_of_space(chars)
    # One place more: where the last text ends a word can't go on.
    begins = np.append(space_cuts | ~chars.solid, True)
    cuts = np.append(space_cuts, False)
    runs = _Marks(chars, begins, cuts)
    runs.split_heads()
    runs.split_tails()
    runs.split_dots()
    runs.split_inner()
    runs.split_endings()
    return cuts[:-1] & chars.solid


class _Marks:
    """The places where words begin, being marked.

    Parameters
    ----------
    stops : (characters + 1,)
        Whether what stands between white space ends before this place: white space, or the start of the next.
    cuts : (characters + 1,)
        Marked in place.
    """

    def __init__(self, chars: Characters, stops: Mask, cuts: Mask) -> None:
        self._chars, self._flags, self._stops, self._cuts = chars, chars.flags, stops, cuts
        self._starts = np.flatnonzero(cuts)

    def split_heads(self) -> None:
        begins, ends = self._runs(HEAD)
        leads = self._cuts[begins]
        self._cut_all(begins[leads], ends[leads] + 1)
        # A plus before a digit is its sign.
        after = np.minimum(ends[leads], len(self._chars) - 1)
        signed = (self._chars.codes[after - 1] == _PLUS) & (self._flags[after] & DIGIT != 0)
        self._cuts[after[signed & ~self._stops[after]]] = False

    def split_tails(self) -> None:
        begins, ends = self._runs(TAIL)
        trails = self._stops[ends]
        self._cut_all(begins[trails], ends[trails])
        # And one behind a digit is split off it.
        codes = self._chars.codes
        plus = np.flatnonzero(codes[1:] == _PLUS) + 1
        self._cuts[plus[self._stops[plus + 1] & (self._flags[plus - 1] & DIGIT != 0)]] = True

    def split_dots(self) -> None:
        """Full stops: several are one word; one stays with an initial, and splits between sentences."""
        codes, cuts, stops = self._chars.codes, self._cuts, self._stops
        dots = np.flatnonzero(codes == _DOT)
        if not len(dots):
            return
        apart = (np.diff(dots) > 1) | stops[dots[1:]]
        edge = np.ones(1, dtype=np.bool_)
        begins = dots[np.concatenate([edge, apart])]
        ends = dots[np.concatenate([apart, edge])] + 1
        several = ends - begins > 1
        self._uncut_all(begins[several] + 1, ends[several])
        cuts[begins[several]] = True
        cuts[ends[several]] = True
        single = begins[~several]
        single = single[cuts[single] & ~self._starts_chunk(single)]
        one, two = self._before(single, 1), self._before(single, 2)
        initial = (one & UPPER != 0) & (two & UPPER == 0)
        follows = (one & ALPHA != 0) & (self._code_before(single, 2) == _DOT)
        cuts[single[initial | follows]] = False

    def split_inner(self) -> None:
        places = np.flatnonzero((self._flags & INNER) != 0)
        places = places[~self._stops[places] & ~self._stops[places + 1]]
        places = places[~self._in_address(places)]
        codes = self._chars.codes[places]
        left, right = self._flags[places - 1], self._flags[places + 1]
        before_letter = right & ALPHA != 0
        is_cut = (left & (ALPHA | DIGIT) != 0) & before_letter & np.isin(codes, _PARTING)
        is_cut |= (left & ALPHA != 0) & before_letter & (codes == _COMMA)
        is_cut |= (left & LOWER != 0) & (right & UPPER != 0) & (codes == _DOT)
        numbers = (left & DIGIT != 0) & (
            (right & DIGIT != 0) | (self._chars.codes[places + 1] == _MINUS)
        )
        is_cut |= numbers & np.isin(codes, _SIGNS)
        self._cuts[places[is_cut]] = True
        self._cuts[places[is_cut] + 1] = True

    def split_endings(self) -> None:
        codes = self._chars.codes
        places = np.flatnonzero((codes == _QUOTES[0]) | (codes == _QUOTES[1]))
        places = places[~self._stops[places] & ~self._stops[places + 1]]
        places = places[self._flags[places - 1] & ALPHA != 0]
        for ending in _ENDINGS:
            self._cuts[places[self._is_followed_by(places, ending)]] = True
        no = places[self._is_followed_by(places, "t")]
        no = no[(codes[no - 1] == ord("n")) & ~self._cuts[no - 1]]
        self._cuts[no - 1] = True

    def _is_followed_by(self, places: Places, ending: str) -> Mask:
        codes, last = self._chars.codes, len(self._chars) - 1
        after = places + 1 + len(ending)
        fits = after <= last + 1
        for step, one in enumerate(ending, start=1):
            at = np.minimum(places + step, last)
            fits &= (codes[at] == ord(one)) & ~self._stops[at]
        after = np.minimum(after, last + 1)
        return fits & (self._stops[after] | self._cuts[after])

    def _runs(self, flag: int) -> tuple[Places, Places]:
        """Return where each run of characters with a flag begins and ends, cut where white space or a text does."""
        places = np.flatnonzero((self._flags & flag) != 0)
        if not len(places):
            return places, places
        apart = (np.diff(places) > 1) | self._stops[places[1:]]
        edge = np.ones(1, dtype=np.bool_)
        return places[np.concatenate([edge, apart])], places[np.concatenate([apart, edge])] + 1

    def _cut_all(self, begins: Places, ends: Places) -> None:
        self._cuts[places_within(begins, ends)] = True

    def _uncut_all(self, begins: Places, ends: Places) -> None:
        self._cuts[places_within(begins, ends)] = False

    def _starts_chunk(self, places: Places) -> Mask:
        return self._stops[places]

    def _before(self, places: Places, steps: int) -> Flags:
        """Return the flags some characters before, 0 where another word stands there."""
        found = self._flags[np.maximum(places - steps, 0)].copy()
        found[~self._reaches(places, steps)] = 0
        return found

    def _code_before(self, places: Places, steps: int) -> Places:
        found: Places = self._chars.codes[np.maximum(places - steps, 0)].astype(np.int64)
        found[~self._reaches(places, steps)] = -1
        return found

    def _reaches(self, places: Places, steps: int) -> Mask:
        within = places >= steps
        for step in range(steps):
            within &= ~self._stops[np.maximum(places - step, 0)]
        return within

    def _in_address(self, places: Places) -> Mask:
        codes = self._chars.codes
        colons = np.flatnonzero(codes[:-2] == _COLON)
        colons = colons[(codes[colons + 1] == _SLASH) & (codes[colons + 2] == _SLASH)]
        if not len(colons):
            return np.zeros(len(places), dtype=np.bool_)
        with_address = np.searchsorted(self._starts, colons, side="right")
        return np.isin(np.searchsorted(self._starts, places, side="right"), with_address)


def places_within(begins: Places, ends: Places) -> Places:
    """Return all places of some stretches, one after the other."""
    lengths = ends - begins
    before = np.cumsum(lengths) - lengths
    found: Places = np.arange(int(lengths.sum())) + np.repeat(begins - before, lengths)
    return found
