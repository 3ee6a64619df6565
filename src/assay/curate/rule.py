"""A quality rule: a published name, a feature of a text, and from where on it drops the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.curate.characters import Floats, Mask, Places

Family = Literal["gopher-repetition", "gopher", "c4", "fineweb"]
Features = dict[str, Floats]
GOPHER = (
    "Rae et al. 2021, Scaling Language Models: Gopher, arXiv 2112.11446, appendix A1.1 and table A1"
)
C4 = "Raffel et al. 2020, T5, JMLR 21 (140), section 2.2"
FINEWEB = "Penedo et al. 2024, The FineWeb Datasets, arXiv 2406.17557, section 3.6"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that drops a text.

    Parameters
    ----------
    name
        As datatrove 0.10 gives it as reason.
    family
        The set it was published in.
    feature
        Name of what it looks at: see `assay.curate.rules.features`.
    drops
        On which side of the threshold a text is dropped; at the threshold it is kept.
    threshold
        In the unit of the feature.
    source
        Where it was published.
    """

    name: str
    family: Family
    feature: str
    drops: Literal["above", "below"]
    threshold: float
    source: str

    def fails(self, values: Floats) -> Mask:
        """Return which texts it drops; a feature that can't be told, NaN, drops none."""
        found: Mask = values > self.threshold
        return found if self.drops == "above" else values < self.threshold


def share(part: Places, of: Places) -> Floats:
    """Return part / of, NaN where there is nothing to have a part of."""
    whole = np.asarray(of, dtype=np.float64)
    found = np.full(len(whole), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found
