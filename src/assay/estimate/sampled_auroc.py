"""AUROC of a judge over a whole log, from labels of a draw: a function of two totals, as every score is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import EstimateError
from assay.estimate.auroc import (
    AUROC_UNIT,
    POINTS,
    auroc_estimate,
    grouped,
    one_kind_only,
    simplex,
)
from assay.estimate.interval import missing_chance
from assay.quantity import Quantity, Unknown, exact

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_COUNTED = 1_000_000
"""So many outputs unread are drawn one by one; of more of them the shares are as good as exact."""


@dataclass(frozen=True, slots=True)
class RankedStratum:
    """The labels of one stratum of a draw, each with the place of its score among all outputs.

    Parameters
    ----------
    size : >= n_labeled
        Outputs in the stratum.
    places : shape (n_labeled,), in [0, 1]
        Share of all outputs that score lower, plus half of those that score the same, as `mid_places` has it.
    wrong : shape (n_labeled,), 1 wrong, 0 right, -1 unsure
    lowest, highest : in [0, 1]
        Least and greatest place of any output of the stratum.
    """

    size: int
    places: FloatArray
    wrong: IntArray
    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if self.places.shape != self.wrong.shape or self.places.ndim != 1:
            raise EstimateError(
                f"a place and a label each: {self.places.shape} and {self.wrong.shape}"
            )
        if self.places.size > self.size:
            raise EstimateError(f"{self.places.size} labels can't come from {self.size} outputs")


def sampled_auroc(
    strata: Sequence[RankedStratum],
    *,
    confidence_level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Quantity:
    """Return the AUROC over all outputs of a log, from labels drawn at random in each stratum.

    Parameters
    ----------
    strata
        They part the outputs that the judge has scored; made by this judge's score, by anything else, or one.
    confidence_level : in (0, 1)
    rng
        For the limits' quantiles. The same labels give the same limits without it.

    Returns
    -------
    Estimate or Unknown
        `Unknown` where no wrong or no right output is labeled, or a stratum has no label.

    Notes
    -----
    Every output's score is known, so the AUROC is a function of two totals only: M errors, and the sum T of their
    places among all N outputs (`mid_places`). With p = M / N it is ``(T / M - p / 2) / (1 - p)``. Both totals have
    confidence distributions as in `assay.estimate.judge_worth`: the unread outputs of a stratum are like its labels,
    the labels having shares uniform on the simplex, and one label more that is right. In one stratum that one is wrong
    and at the lowest place there is (the highest, for the upper limit); which stratum that is, is tried out, and the
    worst counts. That one label more is of the rarer kind: where most outputs are wrong, wrong and right change places
    and the scores turn round, which leaves the AUROC as it is. For one stratum this is Gaffke's limit of a bounded
    mean; with one place to each stratum it is that of a share, Clopper and Pearson's. Unsure labels are completed the
    way that makes the AUROC least, and greatest.

    Coverage is simulated (docs/METHODS.md), at 5, 20 and 100 errors labeled, AUROC 0.5 to 0.99, with and without
    strata, and with errors that the judge does not see. The normal interval of DeLong is not used: with few errors it
    misses far more often than it says.

    References
    ----------
    .. [1] Gaffke (2005), Learned-Miller and Thomas (2019), see `assay.estimate.auroc_of_tasks`.
    .. [2] Fay, Proschan, Brittain, "Combining one-sample confidence procedures for inference in the two-sample case",
       Biometrics 71 (2015), doi:10.1111/biom.12231.
    .. [3] Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2",
       Statist. Med. 25 (2006), doi:10.1002/sim.2324: how normal intervals fail.

    Examples
    --------
    >>> places = (np.arange(200) + 0.5) / 200
    >>> wrong = (np.arange(200) >= 190).astype(int)
    >>> found = sampled_auroc([RankedStratum(10_000, places, wrong, 0.0, 1.0)])
    >>> found.value, 0.6 < found.low < 0.7, found.high
    (1.0, True, 1.0)
    """
    used = [s for s in strata if s.size > 0]
    reason = _reason(used)
    if reason:
        return Unknown(reason)
    labels = sum(s.places.size for s in used)
    if _mostly_wrong(used):
        used = [_mirrored(s) for s in used]
    least, most = _completed(used, least=True), _completed(used, least=False)
    value = (_point(least) + _point(most)) / 2
    if all(s.places.size == s.size for s in used) and least is most:
        return exact(value, AUROC_UNIT, n=labels, method="count of pairs (Mann-Whitney)")
    miss = missing_chance(confidence_level) / 2
    rng = rng or np.random.default_rng(0)
    low = min(float(np.quantile(d, miss)) for d in _draws(least, rng, lower=True))
    high = max(float(np.quantile(d, 1 - miss)) for d in _draws(most, rng, lower=False))
    words = f"melded Gaffke limits of the errors' places, {len(used)} strata"
    return auroc_estimate(value, low, high, (confidence_level, labels, words))


def _reason(used: Sequence[RankedStratum]) -> str:
    if any(s.places.size == 0 for s in used):
        return "a stratum has no label: label some of each first" if used else "no label yet"
    wrong = sum(int((s.wrong == 1).sum()) for s in used)
    return one_kind_only(wrong, sum(int((s.wrong == 0).sum()) for s in used))


def _mostly_wrong(used: Sequence[RankedStratum]) -> bool:
    return sum(s.size * float((s.wrong == 1).mean() - (s.wrong == 0).mean()) for s in used) > 0


def _mirrored(stratum: RankedStratum) -> RankedStratum:
    """Return the stratum with wrong for right and the scores turned round: the AUROC is the same."""
    s = stratum
    wrong = np.where(s.wrong >= 0, 1 - s.wrong, s.wrong)
    return RankedStratum(s.size, 1 - s.places, wrong, 1 - s.highest, 1 - s.lowest)


def _point(used: Sequence[RankedStratum]) -> float:
    size = sum(s.size for s in used)
    errors = sum(s.size * float((s.wrong == 1).mean()) for s in used)
    places = sum(s.size * float(((s.wrong == 1) * s.places).mean()) for s in used)
    return float(_auroc(np.array(errors), np.array(places), size))


def _auroc(errors: FloatArray, places: FloatArray, size: int) -> FloatArray:
    share = errors / size
    mean = np.divide(places, errors, out=np.full_like(places, 0.5), where=errors > 0)
    whole = np.divide(
        mean - share / 2, 1 - share, out=np.full_like(places, 0.5), where=(errors > 0) & (share < 1)
    )
    clipped: FloatArray = np.clip(whole, 0.0, 1.0)
    return clipped


def _completed(used: Sequence[RankedStratum], *, least: bool) -> Sequence[RankedStratum]:
    """Return the strata with the unsure labels decided so that the AUROC is least, or greatest.

    One output more that is wrong lowers it where its score is below some place, and raises it above.
    """
    unsure = np.unique(np.concatenate([s.places[s.wrong == -1] for s in used]))
    if unsure.size == 0:
        return used
    tried = [_decided(used, cut, below=least) for cut in [-1.0, *unsure]]
    return min(tried, key=_point) if least else max(tried, key=_point)


def _decided(used: Sequence[RankedStratum], cut: float, *, below: bool) -> list[RankedStratum]:
    return [
        RankedStratum(
            s.size,
            s.places,
            np.where(s.wrong == -1, (s.places <= cut) == below, s.wrong).astype(np.int64),
            s.lowest,
            s.highest,
        )
        for s in used
    ]


def _draws(
    used: Sequence[RankedStratum], rng: np.random.Generator, *, lower: bool
) -> Iterator[FloatArray]:
    """Yield draws of the AUROC, once for each stratum that the one wrong label more may lie in."""
    size = sum(s.size for s in used)
    plain = [_totals(s, None, rng, lower=lower) for s in used]
    errors, places = (sum(one[i] for one in plain) for i in (0, 1))
    for stratum, (own_errors, own_places) in zip(used, plain, strict=True):
        if stratum.places.size == stratum.size:
            continue
        end = stratum.lowest if lower else stratum.highest
        more_errors, more_places = _totals(stratum, end, rng, lower=lower)
        yield _auroc(errors - own_errors + more_errors, places - own_places + more_places, size)
    if all(s.places.size == s.size for s in used):
        yield _auroc(np.asarray(errors), np.asarray(places), size)


def _totals(
    stratum: RankedStratum, extra: float | None, rng: np.random.Generator, *, lower: bool
) -> tuple[FloatArray, FloatArray]:
    """Draw a stratum's errors and the sum of their places; `extra` is the place of a wrong label more."""
    found = stratum.places[stratum.wrong == 1]
    groups = grouped(np.sort(found), lower=lower)
    labeled, rest = stratum.places.size, stratum.size - stratum.places.size
    errors = np.full(POINTS, float(found.size))
    places = np.full(POINTS, float(found.sum()))
    if rest == 0:
        return errors, places
    right = labeled - found.size + (extra is None)
    weights = np.append(groups.weights, [float(right), float(extra is not None)])
    at = np.append(groups.places, [0.0, extra or 0.0])
    is_wrong = np.append(np.ones(groups.weights.size), [0.0, 1.0])
    kept = weights > 0
    shares = simplex(weights[kept], rng)
    unread = rng.multinomial(rest, shares) if rest <= _MOST_COUNTED else rest * shares
    return errors + unread @ is_wrong[kept], places + unread @ (at * is_wrong)[kept]
