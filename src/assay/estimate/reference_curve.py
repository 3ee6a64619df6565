"""What a score on one exam leads one to expect on another, read from reference systems, and how far that holds.

Two exams are never equally hard, so a plain difference of two scores says nothing. Systems that are believed to know
neither exam beforehand show which score on the one goes with which on the other; each of them, left out in turn, shows
how far the curve through the others misses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import missing_chance
from assay.estimate.smallest_gap import smallest_gap
from assay.quantity import Estimate, Quantity

FloatArray = npt.NDArray[np.float64]
Shape = Literal["logit", "ranks"]
"""logit: a smoothing spline between the logits of the two scores. ranks: ConStat's, see `fit_curve`."""

FEWEST_REFERENCES = 5
_ENDS = 0.005
"""Scores are kept that far from 0 and 1, where logits have no end."""

_FEWEST_FOR_SPLINE = 5
_ANCHOR = 1e-8

Curve = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class ReferenceCurve:
    """A curve through reference systems.

    Parameters
    ----------
    known, exam : shape (m,), in [0, 1]
        Scores of the references on what difficulty is read from, and on the exam in question.
    misses : shape (m,)
        Of each reference: its exam score less what the curve through the others expects.
    """

    known: FloatArray
    exam: FloatArray
    misses: FloatArray
    _curve: Curve

    def expected(self, known: float | FloatArray) -> FloatArray:
        """Return the exam score, in [0, 1], that goes with a score on what difficulty is read from."""
        return self._curve(np.atleast_1d(np.asarray(known, dtype=np.float64)))

    @property
    def spread(self) -> float:
        """How far a reference lies from the curve through the others: root mean square, over m - 1."""
        return float(math.sqrt((self.misses**2).sum() / (self.misses.size - 1)))

    def holds(self, known: float) -> bool:
        """Whether a score lies within those of the references."""
        return bool(self.known.min() <= known <= self.known.max())


@dataclass(frozen=True, slots=True)
class AdjustedGap:
    """A system's exam score held against what references of its ability reach.

    Parameters
    ----------
    expected : in [0, 1]
        The exam score that the curve leads one to expect.
    gap
        The exam score less that.
    rank_p_value : in [1 / (m + 1), 1]
        Chance of a system like the references to lie as high above the curve or higher, by its rank among them.
    smallest
        The least gap that these references could have shown.
    within
        Whether its score lies within those of the references; else the curve goes on beyond them.
    references : >= 5
    """

    expected: float
    gap: Estimate
    rank_p_value: float
    smallest: Quantity
    within: bool
    references: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "expected": self.expected,
            "gap": self.gap.to_json(),
            "rank_p_value": self.rank_p_value,
            "least_rank_p_value": 1 / (self.references + 1),
            "smallest_gap": self.smallest.to_json(),
            "within_references": self.within,
            "references": self.references,
        }


def fit_curve(known: FloatArray, exam: FloatArray, *, shape: Shape = "logit") -> ReferenceCurve:
    """Fit a curve through reference systems, and leave each of them out in turn.

    Parameters
    ----------
    known, exam : shape (m,), in [0, 1], m >= 5
        Scores of the references on what difficulty is read from (a twin exam, work), and on the exam in question.
    shape
        logit: cubic smoothing spline between the logits, its smoothness by generalized cross-validation; a straight
        line where fewer than six scores differ. ranks: both lists sorted by themselves, a smoothing spline through the
        pairs with anchors of next to no weight at (0, 0) and (1, 1), made monotone and held level beyond the ends.

    Raises
    ------
    EstimateError
        With fewer than 5 references, or scores that are not in [0, 1].

    Notes
    -----
    "ranks" is what ConStat fits to each of its resamples [1]_, without resampling, for which it needs the answers; its
    published gaps are met to 0.004 to 0.03 (docs/BENCHMARKS.md). It maps ranks to ranks, so that an exam that has
    nothing to do with the other seems to tell as much. "logit" does not: it is a regression, and the misses of the
    references that are left out grow where the two exams have little in common.

    References
    ----------
    .. [1] Dekoninck, Müller, Vechev, "ConStat: Performance-Based Contamination Detection in Large Language Models",
       NeurIPS 2024, arXiv:2405.16281.
    .. [2] Craven, Wahba, "Smoothing noisy data with spline functions", Numer. Math. 31 (1979), doi:10.1007/BF01404567.

    Examples
    --------
    >>> known = np.linspace(0.2, 0.9, 8)
    >>> curve = fit_curve(known, known**2)
    >>> round(float(curve.expected(0.5)[0]), 2), curve.spread < 0.05
    (0.25, True)
    """
    known, exam = np.asarray(known, dtype=np.float64), np.asarray(exam, dtype=np.float64)
    if known.shape != exam.shape or known.ndim != 1 or known.size < FEWEST_REFERENCES:
        raise EstimateError(
            f"a curve needs {FEWEST_REFERENCES} references with both scores, got {known.size}"
        )
    for scores in (known, exam):
        if not ((scores >= 0) & (scores <= 1)).all():
            raise EstimateError("scores must be in [0, 1]")
    # The curves that leave one out must be of the same kind as the one that all references make.
    bends = np.unique(known).size > _FEWEST_FOR_SPLINE + 1
    fit = _ranked if shape == "ranks" else _logit_spline if bends else _logit_line
    misses = np.empty(known.size)
    for place in range(known.size):
        others = np.delete(known, place), np.delete(exam, place)
        misses[place] = exam[place] - float(fit(*others)(known[place : place + 1])[0])
    return ReferenceCurve(known, exam, misses, fit(known, exam))


def adjusted_gap(
    curve: ReferenceCurve, known: float, exam: float, *, confidence_level: float = 0.95
) -> AdjustedGap:
    """Return a system's exam score less what the references lead one to expect.

    Parameters
    ----------
    curve
    known, exam : in [0, 1]
        The system's scores on what difficulty is read from, and on the exam.
    confidence_level : in (0, 1)

    Notes
    -----
    The limits are ``gap -+ t(m - 2) s sqrt(1 + 1 / m)`` with s the spread of the references that were left out. That
    holds for a system whose scores are as noisy as theirs (as many tasks), drawn from systems like them, with misses
    about normal: simulated so in tests/estimate/test_reference_curve.py. Beyond the references' scores nothing was
    measured, and the limits are "assumed". The rank needs no normal law: ``(1 + misses as high or higher) / (m + 1)``,
    which can't be below 1 / (m + 1): with 20 references never below 0.048, and three sigma by ranks needs 740 of them.
    It fails where the references themselves know the exam: then they are the measure, and the gap is too small.

    References
    ----------
    .. [1] Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005), section 2.2: the rank.

    Examples
    --------
    >>> known = np.linspace(0.2, 0.9, 8)
    >>> found = adjusted_gap(fit_curve(known, known**2), 0.5, 0.9)
    >>> round(found.gap.value, 2), round(found.rank_p_value, 3)
    (0.65, 0.111)
    """
    count = curve.misses.size
    expected = float(curve.expected(known)[0])
    gap = exam - expected
    # A line takes two degrees of freedom; the smoothing spline, which costs more, then held in simulation.
    t = float(special.stdtrit(count - 2, 1 - missing_chance(confidence_level) / 2))
    # Equal scores of all references are no proof that the curve never misses.
    spread = max(curve.spread, 1e-6) * math.sqrt(1 + 1 / count)
    within = curve.holds(known)
    estimate = Estimate(
        gap, gap - t * spread, gap + t * spread, "share right", confidence_level, count,
        f"against a curve through {count} references, each left out in turn"
        + ("" if within else "; beyond their scores"),
        "simulated" if within else "assumed",
    )  # fmt: skip
    rank = (1 + int((curve.misses >= gap).sum())) / (count + 1)
    smallest = smallest_gap(estimate, standard_error=spread, degrees=count - 2)
    return AdjustedGap(expected, estimate, rank, smallest, within, count)


def _logit(scores: FloatArray) -> FloatArray:
    logits: FloatArray = special.logit(np.clip(scores, _ENDS, 1 - _ENDS))
    return logits


def _logit_spline(known: FloatArray, exam: FloatArray) -> Curve:
    from scipy import interpolate

    x, y = _logit(known), _logit(exam)
    places, group, count = np.unique(x, return_inverse=True, return_counts=True)
    if places.size < _FEWEST_FOR_SPLINE:
        return _logit_line(known, exam)
    means = np.bincount(group, y) / count
    spline = interpolate.make_smoothing_spline(places, means, w=count.astype(np.float64))
    return lambda score: special.expit(spline(_logit(score)))


def _logit_line(known: FloatArray, exam: FloatArray) -> Curve:
    x, y = _logit(known), _logit(exam)
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread if spread > 0 else 0.0
    return lambda score: special.expit(y.mean() + slope * (_logit(score) - x.mean()))


def _ranked(known: FloatArray, exam: FloatArray) -> Curve:
    from scipy import interpolate, optimize

    x, y = np.sort(known), np.sort(exam)
    weights = np.ones(x.size + 2)
    weights[[0, -1]] = _ANCHOR
    places, group = np.unique(np.concatenate([[0.0], x, [1.0]]), return_inverse=True)
    total = np.bincount(group, weights)
    means = np.bincount(group, weights * np.concatenate([[0.0], y, [1.0]])) / total
    spline = interpolate.make_smoothing_spline(places, means, w=total)
    ends = np.clip(x, x[0], x[-1])
    rising = optimize.isotonic_regression(np.clip(spline(ends), 0.0, 1.0)).x
    xs = np.concatenate([[0.0], x, [1.0]])
    ys = np.concatenate([[0.0], rising, [1.0]])
    return lambda score: np.interp(score, xs, ys)
