"""How much two trainings differ on held-out documents, with limits that cover other seeds and other documents.

Every seed's pair of trainings is asked about the same documents, so a difference has two kinds of chance in it: which
texts were drawn for training, and which documents were held out. Both are kept; neither is divided by the
other's count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.interval import Interval, missing_chance
from assay.quantity import Estimate, Unknown

FloatArray = npt.NDArray[np.float64]

FEWEST_CLUSTERS = 8.0
"""Held-out documents, counted by their bytes, below which no interval is given: one of them would decide."""

FEWEST_SEEDS = 3
DRAWS = 4_000
_FARTHEST = 1e6
_HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What the held-out documents are, whatever is trained.

    Parameters
    ----------
    n_bytes : (documents,) > 0
        Bytes of each.
    cluster : (documents,) integers
        Documents of one cluster are near-duplicates, or else not independent.
    """

    n_bytes: npt.NDArray[np.int64]
    cluster: npt.NDArray[np.int64]

    @property
    def effective(self) -> float:
        """Clusters, as many as weigh as much when all were of one size: ``(sum of bytes)^2 / sum of bytes^2``."""
        size = self.bytes_of_clusters.astype(np.float64)
        return float(size.sum() ** 2 / (size**2).sum()) if size.sum() else 0.0

    @property
    def bytes_of_clusters(self) -> npt.NDArray[np.int64]:
        """Bytes of each cluster."""
        _, which = np.unique(self.cluster, return_inverse=True)
        return np.bincount(which, weights=self.n_bytes).astype(np.int64)

    def by_cluster(self, bits: FloatArray) -> FloatArray:
        """Return bits of documents, shape (..., documents), summed by cluster."""
        names, which = np.unique(self.cluster, return_inverse=True)
        summed = np.zeros((*bits.shape[:-1], len(names)))
        np.add.at(summed.T, which, bits.T)
        return summed


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A change of held-out bits per byte.

    Parameters
    ----------
    value
        Bits per byte more (less where negative).
    by_seed : (seeds,)
        Of each seed, less the value: sums to nought.
    by_cluster : (clusters,)
        What each cluster adds to the value when it is left in, sums to nought; of the mean over seeds.
    effective_clusters
        See `HeldOut.effective`.
    """

    value: float
    by_seed: FloatArray
    by_cluster: FloatArray
    effective_clusters: float

    @property
    def variances(self) -> tuple[float, float]:
        """Squared standard error that the seeds bring in, and that the documents bring in."""
        seeds, clusters = len(self.by_seed), len(self.by_cluster)
        of_seeds = float((self.by_seed**2).sum()) / (seeds * (seeds - 1))
        of_clusters = float((self.by_cluster**2).sum()) * clusters / (clusters - 1)
        return of_seeds, of_clusters

    @property
    def standard_error(self) -> float:
        """Of the value, over seeds and documents."""
        return float(np.sqrt(sum(self.variances)))

    @property
    def degrees_of_freedom(self) -> float:
        """Satterthwaite's, of the two variances; a few large documents count as few."""
        of_seeds, of_clusters = self.variances
        total = of_seeds + of_clusters
        if total == 0:
            return 1.0
        parts = of_seeds**2 / (len(self.by_seed) - 1) + of_clusters**2 / (
            self.effective_clusters - 1
        )
        return max(1.0, total**2 / parts)

    @property
    def skewness(self) -> float:
        """Third cumulant of the value over its standard error's cube: what makes one limit reach further."""
        clusters = len(self.by_cluster)
        error = self.standard_error
        if error == 0:
            return 0.0
        # Of the clusters only: a handful of seeds shows no skewness. A sample shows less of it than there is.
        return float((self.by_cluster**3).sum()) / error**3 * clusters / (clusters - 2)

    def limits(self, confidence_level: float) -> Interval:
        """Return the limits of the change."""
        miss = missing_chance(confidence_level)
        reach = float(special.stdtrit(self.degrees_of_freedom, 1 - miss / 2))
        below, above = _unskewed(reach, self.skewness), _unskewed(reach, -self.skewness)
        error = self.standard_error
        return Interval(
            self.value - max(reach, below) * error, self.value + max(reach, above) * error
        )

    def p_above(self, null: float = 0.0) -> float:
        """Return the one-sided p-value against "the change is at most `null`"."""
        if self.standard_error == 0:
            return 0.0 if self.value > null else 1.0
        return float(special.stdtr(self.degrees_of_freedom, -self.errors_above(null)))

    def errors_above(self, null: float = 0.0) -> float:
        """Return by how many standard errors the change exceeds `null`: the fewer, with skewness or without."""
        errors = (self.value - null) / self.standard_error
        return min(errors, _skewed(errors, self.skewness))

    def p_below(self, null: float = 0.0) -> float:
        """Return the one-sided p-value against "the change is at least `null`"."""
        return self.mirrored().p_above(-null)

    def p_differs(self) -> float:
        """Return the two-sided p-value against "no change"."""
        return min(1.0, 2 * min(self.p_above(), self.p_below()))

    def mirrored(self) -> Change:
        """Return the change the other way round."""
        return replace(self, value=-self.value, by_seed=-self.by_seed, by_cluster=-self.by_cluster)

    def plus(self, other: Change, times: float) -> Change:
        """Return this change plus so many times another one on the same seeds and documents."""
        return replace(
            self,
            value=self.value + times * other.value,
            by_seed=self.by_seed + times * other.by_seed,
            by_cluster=self.by_cluster + times * other.by_cluster,
        )

    def estimate(
        self, *, confidence_level: float, unit: str = "bits/byte", per: float = 1.0
    ) -> Estimate:
        """Return the change over `per` with its limits."""
        low, high = self.limits(confidence_level)
        return Estimate(
            self.value / per,
            low / per,
            high / per,
            unit,
            confidence_level,
            len(self.by_cluster),
            f"paired by document and seed; t over {len(self.by_seed)} seeds and {len(self.by_cluster)} clusters of "
            f"held-out documents ({self.effective_clusters:.0f} by weight), "
            f"{self.degrees_of_freedom:.1f} degrees of freedom",
            "simulated",
        )


def paired_change(more: npt.ArrayLike, less: npt.ArrayLike, held_out: HeldOut) -> Change:
    """Return by how much the bits per byte of one training exceed those of another.

    Parameters
    ----------
    more, less : (seeds, documents)
        Bits of each held-out document after each seed's training; seed by seed on the same shared texts.
    held_out
        Of the same documents.

    Raises
    ------
    EstimateError
        If there are fewer than three seeds, shapes differ, or held-out text rests on fewer than 8 documents by weight.

    Notes
    -----
    The change is a ratio of sums, bits over bytes. Its variance is the sum of that of the seeds' means and that of the
    clusters' (two-way crossed, each with the part of both in it: a little too wide, never too narrow; Owen, 2007,
    doi:10.1214/07-AOAS122), clusters by the jackknife (each is left out in turn: CR3 of MacKinnon and White,
    1985), with Satterthwaite's degrees of freedom. Simulated coverage stands in docs/METHODS.md.

    It covers other samples of the same sources and other held-out documents of the same kind. It doesn't cover another
    target, another proxy, or a larger model.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> n_bytes = rng.integers(500, 1500, 200)
    >>> less = 2.0 * n_bytes + rng.normal(0, 50, (5, 200))
    >>> change = paired_change(less + 0.1 * n_bytes, less, HeldOut(n_bytes, np.arange(200)))
    >>> round(change.value, 3)
    0.1
    """
    first, second = np.asarray(more, np.float64), np.asarray(less, np.float64)
    if first.shape != second.shape or first.ndim != 2 or first.shape[1] != len(held_out.n_bytes):
        raise EstimateError(
            f"bits are seeds x documents, the same on both sides, got {first.shape} and {second.shape} "
            f"for {len(held_out.n_bytes)} documents"
        )
    if len(first) < FEWEST_SEEDS:
        raise EstimateError(
            f"{len(first)} seeds say too little about other seeds: take at least {FEWEST_SEEDS}"
        )
    if held_out.effective < FEWEST_CLUSTERS:
        raise EstimateError(
            f"the held-out text rests on {held_out.effective:.1f} documents by weight, and needs {FEWEST_CLUSTERS:.0f}"
        )
    bits = held_out.by_cluster(first - second)
    size = held_out.bytes_of_clusters.astype(np.float64)
    each = bits.sum(axis=1) / size.sum()
    value = float(each.mean())
    share = size / size.sum()
    residual = (bits.mean(axis=0) - value * size) / size.sum()
    return Change(value, each - value, _centred(residual / (1 - share)), held_out.effective)


def _skewed(errors: float, skewness: float) -> float:
    """Return a studentised mean without its skewness: Hall (1992), J. R. Statist. Soc. B 54, 221."""
    return errors + skewness * errors**2 / 3 + skewness**2 * errors**3 / 27 + skewness / 6


def _unskewed(errors: float, skewness: float) -> float:
    """Return the inverse of `_skewed`."""
    if abs(skewness) < 1e-9:
        return errors
    return float(3 / skewness * (np.cbrt(1 + skewness * (errors - skewness / 6)) - 1))


def _centred(values: FloatArray) -> FloatArray:
    centred: FloatArray = values - values.mean()
    return centred


def multiplier_draws(changes: Sequence[Change], rng: np.random.Generator) -> FloatArray:
    """Return draws of the errors of several changes at once, each on the same seeds and documents.

    Parameters
    ----------
    changes
        At least one.
    rng

    Returns
    -------
    (4000, changes)

    Notes
    -----
    A multiplier bootstrap: signs and sizes of the seeds' and of the clusters' deviations are drawn anew, for
    all changes alike, so that changes that go together stay together; divided by the root of a chi-square over
    its degrees of freedom, once for the seeds and once for the clusters, as a t distribution is made. The greatest of
    several studentised draws tells how many standard errors hold for all of them at once (Chernozhukov,
    Chetverikov and Kato, 2013, doi:10.1214/13-AOS1161).
    """
    seeds, clusters = len(changes[0].by_seed), len(changes[0].by_cluster)
    draws = np.zeros((DRAWS, len(changes)))
    for parts, freedom, factor in (
        (np.stack([c.by_seed for c in changes]), seeds - 1, 1 / (seeds * (seeds - 1))),
        (
            np.stack([c.by_cluster for c in changes]),
            changes[0].effective_clusters - 1,
            clusters / (clusters - 1),
        ),
    ):
        weight = rng.standard_normal((DRAWS, parts.shape[1]))
        shrink = np.sqrt(rng.chisquare(freedom, DRAWS) / freedom)
        draws += np.sqrt(factor) * (weight @ parts.T) / shrink[:, None]
    return draws


def ratio_of_changes(
    above: Change, below: Change, *, confidence_level: float, unit: str
) -> Estimate | Unknown:
    """Return one change over another that is surely negative (a gain), with Fieller's limits.

    Parameters
    ----------
    above, below
        On the same seeds and documents.
    confidence_level : in (0, 1)
    unit
        What the ratio counts.

    Notes
    -----
    The limits are those ratios r for which ``above - r * below`` is not shown to differ from nought (Fieller,
    1954): right however noisy the lower one is, which a ratio of two estimates with a margin is not.
    """
    low, high = below.limits(confidence_level)
    if not high < 0:
        return Unknown(
            f"what it is held against gains nothing that is shown ({below.value:+.4f} [{low:+.4f}, {high:+.4f}] "
            f"bits/byte)"
        )
    value = above.value / below.value
    miss = missing_chance(confidence_level)

    def inside(ratio: float) -> bool:
        return above.plus(below, -ratio).p_differs() > miss

    return Estimate(
        value,
        _end(value, -1.0, inside),
        _end(value, 1.0, inside),
        unit,
        confidence_level,
        len(above.by_cluster),
        f"Fieller over {len(above.by_seed)} seeds and {len(above.by_cluster)} clusters of held-out documents",
        "simulated",
    )


def _end(value: float, side: float, inside: Callable[[float], bool]) -> float:
    """Return where a set that holds `value` ends on one side; infinite where it has no end within reach."""
    step = max(1e-3, 0.05 * abs(value))
    reach = step
    while inside(value + side * reach):
        reach *= 2
        if reach > _FARTHEST:
            return side * np.inf
    near, far = 0.0 if reach == step else reach / 2, reach
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (middle, far) if inside(value + side * middle) else (near, middle)
    return value + side * far


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Return p-values adjusted for several questions (Holm, 1979): each is at most the level at which it is answered.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
