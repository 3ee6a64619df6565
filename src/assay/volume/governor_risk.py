"""What an output that is released will cost: the judge's probability, put right by the audits of released outputs.

A judge that is right on average is too hopeful about what is released, because what it wrongly takes for safe is what
gets released. So only audits of released outputs count here, each weighed by one over its chance of being audited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.errors import BadInput

BINS = 24
LOWEST = 1e-5
_STEP = -math.log(LOWEST) / (BINS - 1)
UNJUDGED = BINS
"""The bin of outputs that could not be judged."""
MAX_STRATA = 64
OTHER = "(other)"
_DOUBT = 0.2
"""Chance of the audits' errors, if the judge were right, below which it is trusted the less."""
_SUMS = (
    "at", "last_label_at", "found", "foretold", "squared", "squared_found", "wrong_ever", "foretold_ever",
)  # fmt: skip
_SHRINK = 4.0
"""Errors that a bin has to have foretold before its own ratio counts as much as its parent's."""


def score_bin(probability: float) -> int:
    """Return the bin of a probability in [0, 1]: logarithmic, 0 holds all up to 1 in 100,000."""
    if probability <= LOWEST:
        return 0
    return min(BINS - 1, 1 + int((math.log(probability) - math.log(LOWEST)) / _STEP))


@dataclass(frozen=True, slots=True)
class RiskRatio:
    """Errors audited over errors foretold, among what was released.

    Parameters
    ----------
    point, upper : >= 0
        The upper bound is one-sided; ``inf`` where there is no evidence left.
    errors : >= 0
        How many audited errors it is worth, with what the judge is trusted with and with age taken off.
    """

    point: float
    upper: float
    errors: float


@dataclass(slots=True)
class RiskBook:
    """Evidence on the judge, which fades; and the prices that follow from it.

    Parameters
    ----------
    prior_errors : > 0
        See `GovernorPolicy`.
    memory_seconds : > 0
        In which a label's worth falls by 1/e.
    confidence_level : in (0, 1)
    at
        Seconds of the clock at which the sums held.
    last_label_at
        When the last audit's label came.

    Notes
    -----
    With weights w = severity / pi of the audited outputs, y the weighted errors found and x the weighted errors
    foretold, and u the mean weight of an error, the audit is worth k = y / u errors where z = x / u were foretold. With
    the prior's a: ratio = (a + k) / (a + z), and the upper bound is the quantile of Gamma(a + k + max(0, 1 - a)) over
    a + z: Garwood's limit for a = 0, a Bayesian one for a >= 1. Within the ratio, each bin of scores and each stratum
    has its own factor, drawn towards the one above it as if that had foretold 4 errors; factors are made monotone over
    the bins (pool adjacent violators), so that a higher bin never costs less, and scaled so that together they foretell
    what the audits found.

    Every label's worth falls exponentially with its age, and what the judge is trusted with falls with the time since
    the last label. So without labels the upper bound grows beyond all limits by itself: silence is not safety.

    Assumes that the mix of what is released changes slowly against the memory, and that a weighted Poisson sum is as
    wide as one of k errors of the mean weight (it errs where a few weights are very much greater than the others). It
    fails for a while after the judge or the system has changed: the older labels still speak for the old one.

    References
    ----------
    .. [1] Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936), doi:10.1093/biomet/28.3-4.437.
    .. [2] Fay and Feuer, "Confidence intervals for directly standardized rates: a method based on the gamma
       distribution", Statistics in Medicine 16 (1997): weighted sums of Poisson counts.
    .. [3] Barlow, Bartholomew, Bremner, Brunk, "Statistical Inference under Order Restrictions", Wiley 1972.
    """

    prior_errors: float
    memory_seconds: float
    confidence_level: float
    at: float
    last_label_at: float
    found: float = 0.0
    foretold: float = 0.0
    squared: float = 0.0
    """Sum of weight times what each output was foretold to weigh: foretold errors weighed twice."""
    squared_found: float = 0.0
    wrong_ever: float = 0.0
    foretold_ever: float = 0.0
    """Audited outputs that were wrong, and the sum of what was foretold of the audited ones: these never fade."""
    cells: dict[str, list[list[float]]] = field(default_factory=dict)
    """Stratum -> wrong, foretold, weighted foretold, each by bin."""
    ratio: RiskRatio = RiskRatio(1.0, math.inf, 0.0)
    factors: dict[str, list[float]] = field(default_factory=dict)
    """Stratum -> factor by bin; under `OTHER` that of strata without evidence."""

    def __post_init__(self) -> None:
        self.refit(self.at)

    def known(self, stratum: str) -> str:
        """Return the stratum under which evidence is kept: there are at most 64."""
        if stratum in self.cells or len(self.cells) < MAX_STRATA - 1:
            return stratum
        return OTHER

    def point(self, stratum: str, probability: float, place: int) -> float:
        """Return the probability of an error as the audits see it, in [0, 1]."""
        table = self.factors.get(stratum) or self.factors[OTHER]
        return min(1.0, probability * table[place])

    def upper(self, stratum: str, probability: float, place: int) -> float:
        """Return what a release is charged with: the upper bound of that probability, in [0, 1]."""
        # Never free: a judge that says 0, or next to it, has been wrong before.
        probability = max(probability, LOWEST)
        table = self.factors.get(stratum) or self.factors[OTHER]
        return min(1.0, probability * table[place] * self.caution)

    @property
    def caution(self) -> float:
        """The upper bound over the point: 1.5 says that half as much again is charged as is expected."""
        return min(self.ratio.upper / self.ratio.point, 1e12)

    def label(
        self,
        stratum: str,
        probability: float,
        place: int,
        *,
        foretold: float,
        found: float,
        now: float,
    ) -> None:
        """Take in the label of an audited, released output.

        Parameters
        ----------
        stratum, probability, place
            As it was charged.
        foretold
            ``severity / pi`` of the output: what it weighs if it is wrong, as was said beforehand.
        found
            The same with the severity that it was found to have; 0 if it is right.
        now
        """
        self.fade(now)
        probability = max(probability, LOWEST)
        self.last_label_at = max(self.last_label_at, now)
        if foretold > 0:
            self.foretold_ever += probability
        if found > 0:
            self.wrong_ever += 1.0
        self.found += found
        self.squared_found += found * found
        self.foretold += foretold * probability
        self.squared += foretold * foretold * probability
        cell = self.cells.setdefault(self.known(stratum), [[0.0] * (BINS + 1) for _ in range(3)])
        cell[0][place] += 1.0 if found > 0 else 0.0
        cell[1][place] += probability
        cell[2][place] += foretold * probability

    def fade(self, now: float) -> None:
        """Take off what labels have lost in worth up to now."""
        if now <= self.at:
            return
        left = math.exp(-(now - self.at) / self.memory_seconds)
        self.at = now
        self.found *= left
        self.foretold *= left
        self.squared *= left
        self.squared_found *= left
        for cell in self.cells.values():
            for values in cell:
                values[:] = [x * left for x in values]

    def refit(self, now: float) -> None:
        """Compute ratio and factors anew."""
        self.fade(now)
        silence = max(0.0, now - self.last_label_at)
        trust = self.prior_errors * math.exp(-silence / self.memory_seconds) * self._believed()
        self.ratio = self._ratio(trust)
        overall = self.ratio.point
        every = [
            [sum(cell[i][b] for cell in self.cells.values()) for b in range(BINS + 1)]
            for i in range(3)
        ]
        parent = [_drawn(every[0][b], every[1][b], overall) for b in range(BINS + 1)]
        tables = {
            stratum: [_drawn(cell[0][b], cell[1][b], parent[b]) for b in range(BINS + 1)]
            for stratum, cell in self.cells.items()
        }
        tables = {s: _monotone(table, self.cells[s][1]) for s, table in tables.items()}
        seen = math.fsum(every[2])
        paid = math.fsum(
            w * f
            for s, table in tables.items()
            for w, f in zip(self.cells[s][2], table, strict=True)
        )
        scale = overall * seen / paid if paid > 0 and seen > 0 else 1.0
        self.factors = {s: [f * scale for f in table] for s, table in tables.items()}
        if OTHER not in self.factors:
            self.factors[OTHER] = [f * scale for f in _monotone(parent, every[1])]

    def _believed(self) -> float:
        """Return what part of the prior the audits leave, in [0, 1].

        A prior worth a few errors would outvote hundreds of audits of a judge that foretells next to none, as a check
        does that says 0 of whatever passes it. So it goes as far as audits speak against it: by the chance of at least
        so many wrong ones if the judge were right, of all audits ever, for forgetting must not bring it back.
        """
        from scipy import special

        if self.wrong_ever == 0:
            return 1.0
        return min(1.0, float(special.gammainc(self.wrong_ever, self.foretold_ever)) / _DOUBT)

    def _ratio(self, trust: float) -> RiskRatio:
        from scipy import special

        weight = self.squared / self.foretold if self.foretold > 0 else 1.0
        if self.found > 0:
            weight = max(weight, self.squared_found / self.found)
        weight = weight or 1.0
        errors, expected = trust + self.found / weight, trust + self.foretold / weight
        if expected <= 0 or errors <= 0:
            return RiskRatio(1.0, math.inf, 0.0)
        # Where nothing is trusted any more, Garwood's one error more takes the prior's place.
        more = max(0.0, 1.0 - trust)
        high = float(special.gammaincinv(errors + more, self.confidence_level))
        return RiskRatio(errors / expected, high / expected, errors)

    def to_json(self) -> dict[str, object]:
        """Return its state in plain types; ratio and factors follow from it."""
        return {
            "at": self.at,
            "last_label_at": self.last_label_at,
            "found": self.found,
            "foretold": self.foretold,
            "squared": self.squared,
            "squared_found": self.squared_found,
            "wrong_ever": self.wrong_ever,
            "foretold_ever": self.foretold_ever,
            "cells": {s: [list(values) for values in cell] for s, cell in self.cells.items()},
            "ratio": [self.ratio.point, min(self.ratio.upper, 1e300), self.ratio.errors],
            "factors": {s: list(table) for s, table in self.factors.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up the state that `to_json` gave.

        Raises
        ------
        BadInput
            If a part of it is missing.
        """
        try:
            for name in _SUMS:
                setattr(self, name, float(state[name]))
            self.cells = {s: [list(v) for v in cell] for s, cell in state["cells"].items()}
            self.ratio = RiskRatio(*(float(x) for x in state["ratio"]))
            self.factors = {s: list(table) for s, table in state["factors"].items()}
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"the snapshot's risk is incomplete: {error!r}") from error


def _drawn(wrong: float, foretold: float, towards: float) -> float:
    return (_SHRINK * towards + wrong) / (_SHRINK + foretold)


def _monotone(table: Sequence[float], foretold: Sequence[float]) -> list[float]:
    """Pool bins until the probability, factor times score, does not fall from bin to bin."""
    centers = [LOWEST * math.exp((b - 0.5) * _STEP) if b else LOWEST for b in range(BINS)]
    pools: list[tuple[float, float, int]] = []
    for b in range(BINS):
        trials = (_SHRINK + foretold[b]) / centers[b]
        level, weight, count = table[b] * centers[b], trials, 1
        while pools and pools[-1][0] > level:
            other, heavy, many = pools.pop()
            level = (level * weight + other * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + many
        pools.append((level, weight, count))
    levels = [level for level, _, count in pools for _ in range(count)]
    return [level / center for level, center in zip(levels, centers, strict=True)] + [table[BINS]]
