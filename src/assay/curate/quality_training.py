"""Training a quality classifier, and how well it tells: on texts it has not seen, beside what length alone tells."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.curate.quality_classifier import QualityClassifier
from assay.curate.quality_features import FeatureSettings, features
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from assay.estimate.auroc import auroc_of_tasks
from assay.quantity import Estimate, Quantity

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PENALTIES = (1e-6, 1e-5, 1e-4)
"""Penalties among which one is chosen, as shares of the mean loss."""

FOLDS = 5
LEAST = 10
"""Texts of each kind without which nothing is trained."""

_MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Telling:
    """How well the two kinds are told apart.

    Parameters
    ----------
    auroc
        Chance that a text of the wanted kind scores higher than one of the other, by models that have not seen either.
    length_auroc
        The same by the length of the text alone, in whichever direction tells more.
    """

    auroc: Quantity
    length_auroc: Quantity

    @property
    def no_better_than_length(self) -> bool:
        """Whether the interval leaves it open that it tells no more than length does."""
        if not isinstance(self.auroc, Estimate) or not isinstance(self.length_auroc, Estimate):
            return True
        return self.auroc.low <= self.length_auroc.value

    def to_json(self) -> dict[str, Any]:
        """Return what a card holds of it."""
        return {
            "auroc": _stated(self.auroc),
            "length_alone": _stated(self.length_auroc),
            "no_better_than_length": self.no_better_than_length,
        }


def train(
    like: TextColumn,
    unlike: TextColumn,
    *,
    rng: np.random.Generator,
    name: str = "trained",
    settings: FeatureSettings | None = None,
) -> QualityClassifier:
    """Return a classifier of texts that are like some and unlike others.

    Parameters
    ----------
    like, unlike
        At least 10 texts each. Both kinds weigh the same, however many there are.
    rng
        Deals texts into folds.
    name
    settings
        Of the features.

    Returns
    -------
    QualityClassifier
        Its card says how well it tells, with an interval, and what length alone tells: `Telling`.

    Raises
    ------
    BadInput
        If there are too few texts, or one stands in both kinds.

    Notes
    -----
    Logistic regression with a squared penalty, by L-BFGS. The AUROC is of five models, each of which scores a fifth
    that it has not seen; each chooses its penalty on a quarter of what it has. Texts that are the same lie in one
    fifth; texts that are nearly the same may not, and then the AUROC is too high: deduplicate first. It holds for texts
    like those given, and not for another source.

    References
    ----------
    .. [1] Brown et al., "Language Models are Few-Shot Learners", 2020, arXiv:2005.14165, appendix A: the manner, hashed
       words and logistic regression against a wanted kind of text.
    """
    chosen = settings or FeatureSettings()
    wanted, folds = _dealt(like, unlike, rng)
    seen, used = _seen(like, unlike, chosen)
    scores, penalties = np.zeros(len(wanted)), []
    for fold in range(FOLDS):
        inside = np.flatnonzero(folds != fold)
        penalty = _penalty(seen[inside], wanted[inside], folds[inside])
        weights, bias = _fitted(seen[inside], wanted[inside], penalty)
        outside = np.flatnonzero(folds == fold)
        # Folds have biases of their own; their scores are compared as chances.
        scores[outside] = 1 / (1 + np.exp(-np.clip(seen[outside] @ weights + bias, -500, 500)))
        penalties.append(penalty)
    penalty = float(np.median(penalties))
    weights, bias = _spread(_fitted(seen, wanted, penalty), used, chosen.buckets)
    lengths = np.concatenate([like.lengths, unlike.lengths]).astype(np.float64)
    telling = Telling(_auroc(scores, wanted), _either_way(lengths, wanted))
    card: dict[str, Any] = {
        "like": {"texts": len(like), "bytes": like.nbytes},
        "unlike": {"texts": len(unlike), "bytes": unlike.nbytes},
        "penalty": penalty,
        "told_apart": telling.to_json(),
    }
    return QualityClassifier(name, chosen, weights, bias, card)


def fit(
    like: TextColumn,
    unlike: TextColumn,
    *,
    rng: np.random.Generator,
    settings: FeatureSettings | None = None,
) -> QualityClassifier:
    """Return the classifier of `train` without its card, in a fifth of the time: for a caller who tests it himself.

    The penalty is chosen on one fifth of the texts instead of five.

    Raises
    ------
    BadInput
        As `train`.
    """
    chosen = settings or FeatureSettings()
    wanted, folds = _dealt(like, unlike, rng)
    seen, used = _seen(like, unlike, chosen)
    penalty = _penalty(seen, wanted, folds)
    weights, bias = _spread(_fitted(seen, wanted, penalty), used, chosen.buckets)
    return QualityClassifier("fitted", chosen, weights, bias, {"penalty": penalty})


def telling(model: QualityClassifier, like: TextColumn, unlike: TextColumn) -> Telling:
    """Return how well a classifier tells texts apart that it was not trained with."""
    wanted = np.concatenate([np.ones(len(like)), np.zeros(len(unlike))])
    scores = np.concatenate([model.scores(like), model.scores(unlike)])
    lengths = np.concatenate([like.lengths, unlike.lengths]).astype(np.float64)
    return Telling(_auroc(scores, wanted), _either_way(lengths, wanted))


def _dealt(
    like: TextColumn, unlike: TextColumn, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Return which texts are wanted, and their folds."""
    if min(len(like), len(unlike)) < LEAST:
        raise BadInput(
            f"a classifier is trained with at least {LEAST} texts of each kind, got {len(like)} and {len(unlike)}"
        )
    wanted = np.concatenate([np.ones(len(like)), np.zeros(len(unlike))])
    names = [_digest(column, row) for column in (like, unlike) for row in range(len(column))]
    both = set(names[: len(like)]) & set(names[len(like) :])
    if both:
        raise BadInput(f"{len(both)} texts stand in both kinds: leave them out of one")
    return wanted, _folds(names, wanted, rng)


def _seen(like: TextColumn, unlike: TextColumn, settings: FeatureSettings) -> tuple[Any, IntArray]:
    """Return the features of the buckets that a text falls into, and which those are; others weigh 0."""
    whole = _stacked(like, unlike, settings)
    used = np.unique(whole.indices)
    return whole[:, used], used


def _spread(
    fitted: tuple[FloatArray, float], used: IntArray, buckets: int
) -> tuple[FloatArray, float]:
    weights = np.zeros(buckets)
    weights[used] = fitted[0]
    return weights, fitted[1]


def _stacked(like: TextColumn, unlike: TextColumn, settings: FeatureSettings) -> Any:
    from scipy.sparse import csr_array, vstack

    return csr_array(vstack([features(like, settings), features(unlike, settings)]))


def _digest(column: TextColumn, row: int) -> bytes:
    return hashlib.blake2b(column.bytes_of(row).strip(), digest_size=16).digest()


def _folds(names: Sequence[bytes], wanted: FloatArray, rng: np.random.Generator) -> IntArray:
    """Deal texts into folds, both kinds evenly, those that are the same into one."""
    folds = np.zeros(len(names), dtype=np.int64)
    for kind in (0.0, 1.0):
        rows = np.flatnonzero(wanted == kind).tolist()
        distinct = sorted({names[row] for row in rows})
        dealt = dict(zip(distinct, rng.permutation(len(distinct)) % FOLDS, strict=True))
        folds[rows] = [dealt[names[row]] for row in rows]
    return folds


def _penalty(seen: Any, wanted: FloatArray, folds: IntArray) -> float:
    """Return the penalty with the least loss on a fold that is left out of those at hand."""
    left_out = folds == folds[0]
    inside, outside = np.flatnonzero(~left_out), np.flatnonzero(left_out)
    losses = []
    for penalty in PENALTIES:
        weights, bias = _fitted(seen[inside], wanted[inside], penalty)
        margins = (2 * wanted[outside] - 1) * (seen[outside] @ weights + bias)
        losses.append(float(_balance(wanted[outside]) @ np.logaddexp(0, -margins)))
    return PENALTIES[int(np.argmin(losses))]


def _balance(wanted: FloatArray) -> FloatArray:
    """Return weights that sum to one half in each kind."""
    likes = wanted.sum()
    shares: FloatArray = np.where(
        wanted == 1, 0.5 / max(likes, 1), 0.5 / max(len(wanted) - likes, 1)
    )
    return shares


def _fitted(seen: Any, wanted: FloatArray, penalty: float) -> tuple[FloatArray, float]:
    from scipy.optimize import minimize

    signs, shares = 2 * wanted - 1, _balance(wanted)
    turned = seen.T.tocsr()

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        weights, bias = point[:-1], point[-1]
        margins = signs * (seen @ weights + bias)
        slopes = -signs * shares / (1 + np.exp(np.clip(margins, -500, 500)))
        value = shares @ np.logaddexp(0, -margins) + penalty / 2 * weights @ weights
        return float(value), np.append(turned @ slopes + penalty * weights, slopes.sum())

    start = np.zeros(seen.shape[1] + 1)
    done = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS})
    return done.x[:-1], float(done.x[-1])


def _auroc(scores: FloatArray, wanted: FloatArray) -> Quantity:
    return auroc_of_tasks(scores[wanted == 1], scores[wanted == 0])


def _either_way(lengths: FloatArray, wanted: FloatArray) -> Quantity:
    found = _auroc(lengths, wanted)
    return found if isinstance(found, Estimate) and found.value >= 0.5 else _auroc(-lengths, wanted)


def _stated(quantity: Quantity) -> dict[str, Any]:
    if not isinstance(quantity, Estimate):
        return {"unknown": quantity.reason}
    numbers = {"value": quantity.value, "low": quantity.low, "high": quantity.high}
    return {name: round(number, 4) for name, number in numbers.items()} | {"texts": quantity.n}
