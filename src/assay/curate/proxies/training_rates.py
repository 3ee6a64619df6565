"""Whether an order of data sets is the same at two learning rates: one that turns over with the rate is not one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.estimate.interval import missing_chance
from assay.estimate.paired_bootstrap import HeldOut, holm, paired_change


@dataclass(frozen=True, slots=True)
class RankFlip:
    """Two data sets whose order turns over.

    Parameters
    ----------
    first, second
        Their names; the first is better (fewer bits) at the plain rate, the second at the small one.
    shown
        Whether each of the two rates shows its own order beyond chance: else seeds may have done it.
    """

    first: str
    second: str
    shown: bool


@dataclass(frozen=True, slots=True)
class RateCheck:
    """What two learning rates say of some data sets.

    Parameters
    ----------
    pairs : >= 1
        Of data sets.
    flips
        Those whose order turns over.
    """

    pairs: int
    flips: tuple[RankFlip, ...]

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if not self.flips:
            return f"both learning rates put all {self.pairs} pairs into the same order"
        shown = sum(flip.shown for flip in self.flips)
        named = ", ".join(f"{flip.first} and {flip.second}" for flip in self.flips[:5])
        return (
            f"{len(self.flips)} of {self.pairs} pairs change their order with the learning rate ({named}"
            f"{', ...' if len(self.flips) > 5 else ''}); {shown} beyond chance: do not decide on those"
        )


def rank_flips(
    names: Sequence[str],
    plain: npt.ArrayLike,
    small: npt.ArrayLike,
    held_out: HeldOut,
    *,
    confidence_level: float = 0.95,
) -> RateCheck:
    """Return which pairs of data sets two learning rates order differently.

    Parameters
    ----------
    names
        Of the data sets, at least two.
    plain, small : (data sets, seeds, documents)
        Held-out bits at each rate; the same seeds and documents for all data sets of one rate.
    held_out
        The documents.
    confidence_level : in (0, 1)
        Of all statements "beyond chance" together (Holm over pairs and rates).

    Raises
    ------
    BadInput
        If shapes don't fit.
    EstimateError
        If there are too few seeds or documents.

    Notes
    -----
    Rates matter more than size for whether small models foretell large ones (arXiv:2512.24503).
    """
    bits = [np.asarray(each, np.float64) for each in (plain, small)]
    if len(names) < 2 or any(each.ndim != 3 or len(each) != len(names) for each in bits):
        raise BadInput(
            f"bits are data sets x seeds x documents for {len(names)} names, got shapes "
            f"{' and '.join(str(each.shape) for each in bits)}"
        )
    pairs = list(combinations(range(len(names)), 2))
    changes = [
        [paired_change(each[one], each[other], held_out) for one, other in pairs] for each in bits
    ]
    p_values = holm([change.p_differs() for part in changes for change in part])
    shown = (p_values.reshape(2, len(pairs)) <= missing_chance(confidence_level)).min(axis=0)
    flips = []
    for place, (one, other) in enumerate(pairs):
        at_plain, at_small = (part[place].value for part in changes)
        if at_plain * at_small < 0:
            better, worse = (one, other) if at_plain < 0 else (other, one)
            flips.append(RankFlip(names[better], names[worse], bool(shown[place])))
    return RateCheck(len(pairs), tuple(flips))
