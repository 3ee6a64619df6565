"""Which labels are probably wrong, given probabilities of a model that has not seen them: confident learning.

What it says rests on the model. Where the model errs for whole kinds of items, right labels look wrong: a suspect is
to be read again, and is not an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import EstimateError
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

FEWEST = 30
"""Labels of each class below which nothing is said."""

FEWEST_GROUPS = 20
_TIE = 1e-6
_UNIT = "label errors"


@dataclass(frozen=True, slots=True, eq=False)
class ConfidentJoint:
    """How given labels and probable true labels go together.

    Parameters
    ----------
    joint : (classes, classes)
        Labels of each given class (row) and probable true class (column), scaled to the counts of the given.
    thresholds : (classes,)
        Mean probability of a class over the items with that label.
    probable : (items,)
        Class each item is confidently of; -1 where it is of none.
    suspect : (items,) bool
        Whether that is another one than its label.
    self_confidence : (items,)
        Probability of its own label: the lower, the sooner to be read again.
    """

    joint: FloatArray
    thresholds: FloatArray
    probable: IntArray
    suspect: BoolArray
    self_confidence: FloatArray

    @property
    def errors(self) -> float:
        """All that lies off the diagonal: the number of label errors if classes don't overlap."""
        return float(self.joint.sum() - np.trace(self.joint))


def confident_joint(labels: IntArray, probabilities: FloatArray) -> ConfidentJoint:
    """Return the confident joint of labels and probabilities.

    Parameters
    ----------
    labels : (items,)
        Given classes, from 0.
    probabilities : (items, classes) in [0, 1]
        Of each class, by a model that was not trained on the item.

    Raises
    ------
    EstimateError
        If shapes or ranges don't fit, or a class has no label.

    Notes
    -----
    An item is confidently of a class if its probability reaches the class's threshold; of several, of the likeliest.
    Thresholds of their own make up for a model that is too sure, or too unsure, of a class as a whole. Consistent if
    the model's error is the same for all items of a class, and labels are flipped by class, not by item [1]_.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021,
       J. Artif. Intell. Res. 70, arXiv:1911.00068, eq. 1 to 3 and theorem 1.

    Examples
    --------
    >>> found = confident_joint(np.array([0, 0, 0, 1, 1, 1]), np.array([[.9, .1], [.8, .2], [.1, .9]] * 2))
    >>> found.suspect.nonzero()[0].tolist(), round(found.errors, 2)
    ([2, 3, 4], 3.0)
    """
    _check(labels, probabilities)
    classes = probabilities.shape[1]
    own = labels[:, None] == np.arange(classes)
    counts = own.sum(axis=0).astype(np.float64)
    if not counts.all():
        raise EstimateError(f"every class needs a label, got {counts.astype(int).tolist()}")
    thresholds = (probabilities * own).sum(axis=0) / counts
    above = probabilities >= thresholds - _TIE
    probable = np.where(above, probabilities, -1.0).argmax(axis=1)
    probable = np.where(above.any(axis=1), probable, -1).astype(np.int64)
    sure = probable >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[sure], probable[sure]), 1.0)
    # As the authors' code does: a class none of whose labels is confirmed has one that is.
    np.fill_diagonal(joint, np.maximum(1.0, np.diag(joint)))
    joint *= (counts / joint.sum(axis=1))[:, None]
    self_confidence = probabilities[np.arange(len(labels)), labels]
    return ConfidentJoint(joint, thresholds, probable, sure & (probable != labels), self_confidence)


def noise_rate_suspects(
    labels: IntArray, probabilities: FloatArray, joint: FloatArray
) -> BoolArray:
    """Return the items that the joint says are mislabelled, by class: pruning by noise rate.

    Parameters
    ----------
    labels : (items,)
    probabilities : (items, classes)
    joint : (classes, classes)
        `ConfidentJoint.joint`.

    Returns
    -------
    (items,) bool
        Of the items labelled i, for each other class j: as many as the joint counts, rounded, with the greatest
        probability of j over that of i.

    Notes
    -----
    It names as many as are counted, whatever the probabilities: `ConfidentJoint.suspect` names those above a threshold.
    [1]_ section 3.3, "prune by noise rate".

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang 2021, arXiv:1911.00068.

    Examples
    --------
    >>> chances = np.array([[.9, .1], [.8, .2], [.1, .9]] * 2)
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> noise_rate_suspects(labels, chances, np.array([[2., 1.], [1., 2.]])).nonzero()[0].tolist()
    [2, 3]
    """
    _check(labels, probabilities)
    suspect = np.zeros(len(labels), dtype=np.bool_)
    classes = probabilities.shape[1]
    for given in range(classes):
        rows = np.flatnonzero(labels == given)
        for other in range(classes):
            count = round(float(joint[given, other])) if other != given else 0
            margin = probabilities[rows, other] - probabilities[rows, given]
            suspect[rows[np.argsort(-margin, kind="stable")[:count]]] = True
    return suspect


def label_errors(
    labels: IntArray,
    probabilities: FloatArray,
    *,
    group: IntArray | None = None,
    contradicted: int = 0,
    confidence_level: float = 0.95,
) -> Quantity:
    """Return how many labels are wrong, as far as probabilities can tell: mostly an upper limit.

    Parameters
    ----------
    labels, probabilities
        As of `confident_joint`.
    group : (items,)
        Items of one group, as answers to one task, are not independent. None: each is on its own.
    contradicted : >= 0
        Errors that are sure: of equal items with different labels, all but the most common.
    confidence_level : in (0, 1)

    Returns
    -------
    Estimate or Unknown
        Between what is sure and what the model gets wrong; the value is confident learning's, cut to these. `Unknown`
        with fewer than 30 labels of a class or 20 groups.

    Notes
    -----
    The count of confident learning is no estimate where classes overlap: it takes for errors what the model can't
    tell apart (docs/METHODS.md has the simulation). What holds of any model, if it has not seen the label, if no label
    is likelier wrong than right given its item, and if labels are flipped independently: where the model guesses the
    true class it disagrees with the label exactly if that is wrong, and where it guesses another, exactly if that is
    right. So with K wrong guesses, the wrong labels exceed the disagreements by 2 B - K, where B, the
    wrong labels among those K, is at most Bin(K, 1/2) in distribution. The upper limit is the greatest number of wrong
    labels that this allows, whatever K is (`most_wrong`). Where groups vary together, disagreements are divided by
    their design effect first.

    It fails where the labels hang on the model: a person who has seen the judge's verdict before labelling.
    """
    _check(labels, probabilities)
    if probabilities.shape[1] != 2:
        raise EstimateError(f"the limit is of two classes, got {probabilities.shape[1]}")
    counts = np.bincount(labels, minlength=2)
    if counts.min() < FEWEST:
        return Unknown(
            f"labels of the classes are {counts.tolist()}: with fewer than {FEWEST} of one nothing is said"
        )
    groups = np.arange(len(labels)) if group is None else np.unique(group, return_inverse=True)[1]
    size = int(groups.max()) + 1
    if size < FEWEST_GROUPS:
        return Unknown(f"the labels are of {size} groups, and {FEWEST_GROUPS} are needed")
    wrong = probabilities.argmax(axis=1) != labels
    effect = _design_effect(wrong.astype(np.float64), groups)
    items, disagreed = len(labels), int(wrong.sum())
    most = effect * most_wrong(disagreed / effect, confidence_level)
    high = float(max(contradicted, min(items, math.ceil(most))))
    value = min(max(confident_joint(labels, probabilities).errors, contradicted), high)
    return Estimate(
        value,
        float(contradicted),
        high,
        _UNIT,
        confidence_level,
        items,
        f"at least what contradicts itself; at most what the model disagrees with ({disagreed:,}), with room for "
        f"labels that are wrong where the model is wrong too (binomial; {items / effect:,.0f} effective items in "
        f"{size:,} groups); the value is confident learning's, too high where classes overlap",
        "simulated",
    )


def most_wrong(disagreements: float, confidence_level: float) -> float:
    """Return the most labels that are wrong, given how many a model disagrees with; both may be fractions.

    Parameters
    ----------
    disagreements : >= 0
    confidence_level : in [0.5, 1)

    Returns
    -------
    float
        The greatest b with P(Bin(b + d, 1/2) >= b) above the chance to miss. If A labels are wrong where the model is
        right and B of K where it is wrong, then d = A + K - B and A + B labels are wrong; A raises this limit by no
        less than A, so that A = 0 is the worst.

    Examples
    --------
    >>> most_wrong(0, 0.95), round(most_wrong(100, 0.95))
    (4.0, 125)
    """
    from scipy import special

    miss = 1 - confidence_level
    low, high = 0, 16 + int(disagreements)
    while special.betainc(high, disagreements + 1, 0.5) > miss:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if special.betainc(middle, disagreements + 1, 0.5) > miss:
            low = middle
        else:
            high = middle
    return float(low)


def _design_effect(values: FloatArray, groups: IntArray) -> float:
    """Return by how much the variance of the mean over groups exceeds that over independent items; at least 1."""
    mean, items = values.mean(), len(values)
    spread = mean * (1 - mean) / items
    if spread == 0:
        # All agree: as many as the groups are independent, at worst.
        return float(items / (int(groups.max()) + 1))
    sums = np.bincount(groups, weights=values - mean)
    count = len(sums)
    variance = float((sums**2).sum()) / items**2 * count / (count - 1)
    return max(1.0, variance / float(spread))


def _check(labels: IntArray, probabilities: FloatArray) -> None:
    if probabilities.ndim != 2 or probabilities.shape[1] < 2 or len(labels) != len(probabilities):
        raise EstimateError(
            f"probabilities are items x classes, got {probabilities.shape} for {len(labels)} labels"
        )
    # NaN compares false.
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise EstimateError("probabilities lie in [0, 1]")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < probabilities.shape[1]:
        raise EstimateError(f"labels are classes from 0 to {probabilities.shape[1] - 1}")
