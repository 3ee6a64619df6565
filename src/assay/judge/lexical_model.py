"""`lexical-1`: how twenty-nine features become one score, and the card of what was measured of it.

The weights are not fitted. Each feature that theory gives a sign is standardised and clipped; features of one family
are averaged, and the families are added with equal weights: an improper linear model (Dawes 1979). Features without a
sign (length, hedges, refusals, negations, counts) have no weight: an answer is not likelier wrong for being long.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from assay.judge.lexical_features import NAMES

CLIP = 3.0
"""Standard deviations beyond which a feature says no more."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "new words": ("novel_words", "novel_word_types", "novel_stems"),
    "copied fragments": (
        "novel_bigrams",
        "novel_trigrams",
        "-fragment_coverage",
        "-fragment_density",
        "-fragment_mean_length",
    ),
    "amount": ("novel_word_count",),
    "numbers": ("numbers_absent", "numbers_absent_count"),
    "names and quotations": ("names_absent", "names_absent_count", "quotes_absent_count"),
    "sentences": ("worst_sentence", "mean_sentence", "last_sentence", "novel_sentences"),
}
"""Family -> its features; a minus where less of it makes an answer suspect."""


@dataclass(frozen=True, slots=True)
class LexicalModel:
    """The judge's fixed numbers.

    Parameters
    ----------
    centre, scale : shape (29,)
        Mean and standard deviation of each feature over texts without labels, in the order of
        `assay.judge.lexical_features.NAMES`.
    card
        What was measured: data, n, AUROC with interval, trivial baselines, cost.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]
    card: Mapping[str, Any]

    def weights(self) -> dict[str, float]:
        """Return what one standard deviation of each feature adds to the log-odds of the score."""
        found = dict.fromkeys(NAMES, 0.0)
        for members in FAMILIES.values():
            for member in members:
                sign = -1.0 if member.startswith("-") else 1.0
                found[member.removeprefix("-")] = sign / len(members) / len(FAMILIES) * SPREAD
        return found

    def score(self, values: Sequence[float]) -> float:
        """Return the score of an answer's features, in (0, 1).

        Parameters
        ----------
        values : shape (29,)
            As `assay.judge.lexical_features.features` returns them.

        Notes
        -----
        The score orders answers. It is no probability: 0.5 is an answer like the mean of the texts that the features
        were standardised by, whatever share of yours is wrong.

        References
        ----------
        .. [1] Dawes, "The robust beauty of improper linear models in decision making", American Psychologist 34 (1979),
           doi:10.1037/0003-066X.34.7.571.
        """
        total = 0.0
        for (_, weight), value, centre, scale in zip(
            self.weights().items(), values, self.centre, self.scale, strict=True
        ):
            if weight:
                total += weight * min(CLIP, max(-CLIP, (value - centre) / scale))
        return 1.0 / (1.0 + math.exp(-total))


SPREAD = 2.0
"""Log-odds that are added where every feature stands one standard deviation off: it sets the scale, not the order."""


@cache
def lexical_1() -> LexicalModel:
    """Return the model that comes with Assay."""
    text = files("assay.judge").joinpath("lexical_1.json").read_text("utf-8")
    told = json.loads(text)
    return LexicalModel(
        tuple(told["centre"][name] for name in NAMES),
        tuple(told["scale"][name] for name in NAMES),
        told["card"],
    )
