"""Several fallible judges and no truth: what Dawid and Skene's model makes of their votes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.quantity import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WRONG, RIGHT, ABSTAINED = 1, 0, -1
"""What a judge says of an item; in `truth`, ABSTAINED means that nobody knows."""

FEWEST_JUDGES = 3
"""Two judges give three frequencies, and the model has five unknowns."""

_EDGE = 1e-12  # A judge without a single miss so far has not been shown to be without any.


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """A fitted model of binary votes.

    Parameters
    ----------
    prevalence : in [0, 1]
        Share of items that are wrong.
    sensitivity, specificity : arrays of (judges,), in [0, 1]
        Chance that a judge calls a wrong item wrong, and a right one right, of the items on which it votes.
    log_likelihood
        At these parameters, without the pseudo-counts.
    iterations
        Steps of EM until nothing moved.
    converged
        False: the limit of steps came first, and the figures may still move.
    """

    prevalence: float
    sensitivity: FloatArray
    specificity: FloatArray
    log_likelihood: float
    iterations: int
    converged: bool

    def posterior(self, votes: npt.ArrayLike) -> FloatArray:
        """Return the probability that each item is wrong, given its votes alone; an array of (items,)."""
        wrong, right = self.log_joint(_votes(votes, judges=len(self.sensitivity)))
        return np.asarray(special.expit(wrong - right), dtype=np.float64)

    def log_joint(self, votes: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-probability of each row of votes together with its item being wrong, and right."""
        flagged = (votes == WRONG).astype(np.float64)
        cleared = (votes == RIGHT).astype(np.float64)
        hit, pass_, share = (
            np.clip(rate, _EDGE, 1 - _EDGE)
            for rate in (self.sensitivity, self.specificity, np.float64(self.prevalence))
        )
        wrong = np.log(share) + flagged @ np.log(hit) + cleared @ np.log1p(-hit)
        right = np.log1p(-share) + flagged @ np.log1p(-pass_) + cleared @ np.log(pass_)
        return wrong, right


def dawid_skene(
    votes: npt.ArrayLike,
    *,
    counts: npt.ArrayLike | None = None,
    truth: npt.ArrayLike | None = None,
    pseudo_count: float = 1.0,
    tolerance: float = 1e-10,
    max_iterations: int = 5000,
) -> DawidSkene:
    """Fit each judge's sensitivity and specificity, and the share of wrong items, without knowing the truth.

    Parameters
    ----------
    votes : array of (items, judges)
        WRONG (1), RIGHT (0) or ABSTAINED (-1). An abstention is missing at random: it tells nothing.
    counts : array of (items,), >= 0
        How often each row of votes occurred; once where None. Rows may be patterns of votes then.
    truth : array of (items,)
        WRONG or RIGHT where a person's label says it, else ABSTAINED: labels as anchors.
    pseudo_count : >= 0
        Hits and misses that each judge is taken to have had before: 1 keeps a judge that was never seen to miss from
        being taken as one that never misses. 0 is the likelihood's maximum, as in [1]_.
    tolerance : > 0
        Largest step of any parameter at which EM ends.
    max_iterations : >= 1

    Returns
    -------
    DawidSkene

    Raises
    ------
    EstimateError
        If there are fewer than three judges, no votes, or other values than those three.

    Notes
    -----
    EM from the share of votes as the first guess. What is called "wrong" is settled by taking the judges to be better
    than chance on the whole (the mean of sensitivity + specificity - 1 is not negative), unless anchors of both kinds
    settle it. It assumes that judges err independently of one another given the truth, and all items are equally hard.
    Models that learned from one another do not: what they share counts as the truth. Measured on five judges of
    GSM8K answers, the share of wrong ones came out as .162 where it is .038 (a system better than its judges), and as
    .217 where it is .196; the ranking held (AUROC .840 and .975). With three judges no data can contradict the model:
    it has as many unknowns as there are frequencies. So its figures are assumptions and never a measurement.

    References
    ----------
    .. [1] Dawid, Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied
       Statistics 28 (1979) 20-28, doi:10.2307/2346806, eqs. 2.3-2.5.

    Examples
    --------
    >>> fit = dawid_skene([[1, 1, 1], [1, 1, 0], [0, 0, 0], [0, 0, 1]], counts=[20, 5, 70, 5])
    >>> round(fit.prevalence, 2), fit.sensitivity.round(2).tolist()
    (0.25, [0.96, 0.96, 0.78])
    """
    votes = _votes(votes)
    weights = _weights(counts, len(votes))
    known = _known(truth, len(votes))
    flagged, voted = (votes == WRONG).astype(np.float64), (votes != ABSTAINED).astype(np.float64)
    data = _Data(votes, flagged, voted, weights, known, pseudo_count)
    cast = voted.sum(axis=1)
    shares = np.divide(flagged.sum(axis=1), cast, out=np.full(len(votes), 0.5), where=cast > 0)
    fit = _climbed(data, shares, tolerance, max_iterations)
    if set(known[weights > 0].tolist()) >= {WRONG, RIGHT}:
        # Where most judges are worse than chance, the share of votes starts on the wrong side of the valley.
        by_anchors = data.maximised(
            np.where(known == ABSTAINED, 0.0, weights), _anchor(shares, known)
        )
        start = by_anchors.posterior(votes)
        other = _climbed(data, start, tolerance, max_iterations)
        return max(fit, other, key=lambda found: found.log_likelihood)
    if float((fit.sensitivity + fit.specificity - 1).mean()) < 0:
        return replace(
            fit,
            prevalence=1 - fit.prevalence,
            sensitivity=1 - fit.sensitivity,
            specificity=1 - fit.specificity,
        )
    return fit


@dataclass(frozen=True, slots=True)
class AssumedRates:
    """What the model says of one judge. Each figure rests on the model's assumptions, not on labels.

    Parameters
    ----------
    sensitivity, specificity
        Units "called wrong / wrong trace" and "called right / right trace".
    """

    sensitivity: Estimate
    specificity: Estimate


def assumed_rates(
    fit: DawidSkene,
    votes: npt.ArrayLike,
    *,
    counts: npt.ArrayLike,
    rng: np.random.Generator,
    truth: npt.ArrayLike | None = None,
    resamples: int = 200,
) -> list[AssumedRates]:
    """Return each judge's sensitivity and specificity with intervals that hold only if the model does.

    Parameters
    ----------
    fit
        What `dawid_skene` made of the same votes.
    votes, counts, truth
        As in `dawid_skene`; counts are whole numbers.
    rng
        For the resampling of items.
    resamples : >= 1
        Bootstrap samples; the limits are the 2.5 % and 97.5 % quantiles of the refitted figures.

    Returns
    -------
    list of AssumedRates
        One a judge, each of guarantee "assumed": where judges err together it may lie outside its interval at any n.
    """
    votes = _votes(votes)
    weights = np.asarray(counts, dtype=np.int64)
    total = int(weights.sum())
    drawn = rng.multinomial(total, weights / total, size=resamples)
    refits = [
        dawid_skene(votes, counts=sample, truth=truth, tolerance=1e-6, max_iterations=500)
        for sample in drawn
    ]
    method = "Dawid-Skene: an assumption of independent errors, not measured; bootstrap of items"
    said = ((votes != ABSTAINED) * weights[:, None]).sum(axis=0)

    def estimate(value: float, refitted: FloatArray, unit: str, n: int) -> Estimate:
        low, high = np.quantile(refitted, [0.025, 0.975])
        return Estimate(
            value, min(float(low), value), max(float(high), value), unit, 0.95, n, method, "assumed"
        )

    return [
        AssumedRates(
            estimate(
                float(fit.sensitivity[judge]),
                np.array([refit.sensitivity[judge] for refit in refits]),
                "called wrong / wrong trace",
                int(said[judge]),
            ),
            estimate(
                float(fit.specificity[judge]),
                np.array([refit.specificity[judge] for refit in refits]),
                "called right / right trace",
                int(said[judge]),
            ),
        )
        for judge in range(votes.shape[1])
    ]


class _Data(NamedTuple):
    """Votes and what EM needs of them at every step."""

    votes: IntArray
    flagged: FloatArray
    voted: FloatArray
    weights: FloatArray
    known: IntArray
    pseudo_count: float

    def maximised(self, weights: FloatArray, chances: FloatArray) -> DawidSkene:
        """M step: each rate is a share of expected counts."""
        wrong, right = weights * chances, weights * (1 - chances)
        return DawidSkene(
            float(wrong.sum() / weights.sum()),
            self._rate(wrong @ self.flagged, wrong @ self.voted),
            self._rate(right @ (self.voted - self.flagged), right @ self.voted),
            -np.inf,
            0,
            False,
        )

    def _rate(self, hits: FloatArray, of: FloatArray) -> FloatArray:
        # A judge that never votes where an item may be wrong is left at a coin's toss.
        below = of + 2 * self.pseudo_count
        rates: FloatArray = np.full(len(of), 0.5)
        np.divide(hits + self.pseudo_count, below, out=rates, where=below > 0)
        return rates


def _climbed(data: _Data, chances: FloatArray, tolerance: float, max_iterations: int) -> DawidSkene:
    """EM from a first guess of the chances to where nothing moves."""
    chances = _anchor(chances, data.known)
    fit, converged, step = data.maximised(data.weights, chances), False, 0
    while not converged and step < max_iterations:
        chances = _anchor(fit.posterior(data.votes), data.known)
        earlier, fit = fit, data.maximised(data.weights, chances)
        converged, step = _moved(earlier, fit) < tolerance, step + 1
    wrong, right = fit.log_joint(data.votes)
    unknown = data.known == ABSTAINED
    terms = np.where(
        unknown, np.logaddexp(wrong, right), np.where(data.known == WRONG, wrong, right)
    )
    return replace(
        fit,
        log_likelihood=float(data.weights @ terms),
        iterations=step,
        converged=converged,
    )


def _anchor(chances: FloatArray, known: IntArray) -> FloatArray:
    return np.where(known == ABSTAINED, chances, known).astype(np.float64)


def _moved(one: DawidSkene, other: DawidSkene) -> float:
    return max(
        abs(one.prevalence - other.prevalence),
        float(np.abs(one.sensitivity - other.sensitivity).max()),
        float(np.abs(one.specificity - other.specificity).max()),
    )


def _votes(votes: npt.ArrayLike, *, judges: int | None = None) -> IntArray:
    array = np.asarray(votes, dtype=np.int64)
    if array.ndim != 2 or array.shape[1] < FEWEST_JUDGES:
        raise EstimateError(
            f"votes must be (items, judges) with at least {FEWEST_JUDGES} judges, got shape {array.shape}"
        )
    if judges is not None and array.shape[1] != judges:
        raise EstimateError(f"votes must be those of {judges} judges, got {array.shape[1]}")
    if not np.isin(array, (WRONG, RIGHT, ABSTAINED)).all():
        raise EstimateError("votes must be 1 (wrong), 0 (right) or -1 (abstained)")
    return array


def _weights(counts: npt.ArrayLike | None, items: int) -> FloatArray:
    weights = np.ones(items) if counts is None else np.asarray(counts, dtype=np.float64)
    if weights.shape != (items,) or not (weights >= 0).all() or not weights.sum() > 0:
        raise EstimateError(f"counts must be {items} numbers, none negative and not all zero")
    return weights


def _known(truth: npt.ArrayLike | None, items: int) -> IntArray:
    known = np.full(items, ABSTAINED) if truth is None else np.asarray(truth, dtype=np.int64)
    if known.shape != (items,) or not np.isin(known, (WRONG, RIGHT, ABSTAINED)).all():
        raise EstimateError(f"truth must be {items} values of 1 (wrong), 0 (right) or -1 (unknown)")
    return known
