"""A threshold below which outputs are released unread, with a promise on the share of errors among them.

Learn then test: each threshold is a hypothesis ("more errors than promised get through here"), rejected by an exact
test of labeled outputs. To look for the best of many and then claim it as if it had been the only one breaks the
promise; testing them in an order fixed beforehand, or paying for their number, keeps it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.acceptance import acceptance_plan
from assay.estimate.interval import missing_chance
from assay.estimate.two_shares import holm
from assay.quantity import Estimate, Quantity, Unknown

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Procedure = Literal["fixed-sequence", "holm"]
"""How many thresholds are tested at one promise.

fixed-sequence : one after the other from the first, each at the full level, until the first that fails.
holm : all of them, at levels that pay for their number (Bonferroni and Holm); no order needed.
"""

_POWER = 0.8


class ThresholdTest(NamedTuple):
    """One threshold: labels it would have released, errors among them, chance of so few if the promise were broken."""

    threshold: float
    released: int
    errors: int
    p_value: float
    passed: bool


@dataclass(frozen=True, slots=True)
class ReleaseThreshold:
    """What may be released unread.

    Parameters
    ----------
    threshold
        Outputs that score at most this may go; None where nothing can be certified: review all.
    risk
        Errors/released output; its upper limit is the promise. `Unknown` where nothing is certified.
    coverage
        Share of the outputs that are released; its limits hold whichever threshold was chosen.
    labels_needed
        Labels of random outputs with which the promise would be kept in four cases of five, were the risk at the first
        threshold (fixed sequence; the most promising one for Holm) what it looks like; `Unknown` where no number helps.
    tests
        Every test that was made, in order. A fixed sequence makes none after the first that fails.
    procedure
    target_risk, confidence_level
        The promise.
    """

    threshold: float | None
    risk: Quantity
    coverage: Quantity
    labels_needed: Quantity
    tests: tuple[ThresholdTest, ...]
    procedure: Procedure
    target_risk: float
    confidence_level: float


def release_threshold(
    scores: npt.ArrayLike,
    wrong: npt.ArrayLike,
    thresholds: Sequence[float],
    *,
    target_risk: float,
    confidence_level: float = 0.95,
    procedure: Procedure = "fixed-sequence",
) -> ReleaseThreshold:
    """Return the loosest threshold whose released outputs hold at most a share of errors.

    Parameters
    ----------
    scores : shape (n,)
        A judge's score of each labeled output, higher for worse. NaN (no score): never released.
    wrong : shape (n,), 0 or 1
        The labels. An unsure label is a 1.
    thresholds
        Rising, fixed before the labels were seen: for a fixed sequence the first is the start, strict enough to pass
        and loose enough to release many. From the scores of other, unlabeled outputs: `thresholds_of_traffic`.
    target_risk : in (0, 1)
        The most errors per released output.
    confidence_level : in (0, 1)
        With a chance of at most 1 less this, over the draw of the labels, the threshold that is returned lets more
        through.
    procedure
        See `Procedure`. Fixed before the labels were seen too.

    Returns
    -------
    ReleaseThreshold
        "Nothing can be certified" is an answer.

    Raises
    ------
    EstimateError
        If the arguments are out of range or contradict each other.

    Notes
    -----
    Of the n_t labels with scores at most t, k_t are wrong: given n_t, k_t is binomial with the risk R(t), so
    ``p_t = P(Bin(n_t, target) <= k_t)`` is an exact p-value of "R(t) > target" [1]_. Fixed sequence: the first true
    hypothesis that is reached is rejected with a chance of at most alpha, and nothing after a failure is tested. It is
    no fixed sequence to skip the first failures until one passes: tests/coverage/test_release_threshold.py shows what
    that breaks. Holm [2]_ needs no order.

    Assumes that the labeled outputs are a simple random sample of the traffic that will be released (one system, one
    version, one judge, one kind of traffic) and are independent. It fails where any of these changes: certify again
    for each version, and let a certificate end. The promise is on the share among released outputs in the long run, not
    on each of them, and not on each group of them. Outputs picked by a stratified draw need weights: not here.

    References
    ----------
    .. [1] Angelopoulos, Bates, Candes, Jordan, Lei, "Learn then test: calibrating predictive algorithms to achieve risk
       control", Annals of Applied Statistics 19 (2025), arXiv:2110.01052.
    .. [2] Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> wrong = rng.random(3_000) < 0.05
    >>> found = release_threshold(rng.normal(2.5 * wrong), wrong, np.linspace(0, 3, 31), target_risk=0.01)
    >>> round(found.threshold, 1), round(found.coverage.value, 2)
    (1.4, 0.88)
    """
    miss = missing_chance(confidence_level)
    if procedure not in get_args(Procedure):
        raise EstimateError(f"procedure must be one of {get_args(Procedure)}, got {procedure!r}")
    if not 0 < target_risk < 1:
        raise EstimateError(f"target_risk must be in (0, 1), got {target_risk}")
    judged, labels = _checked(scores, wrong)
    limits = np.asarray(thresholds, np.float64)
    if not (limits.size and np.isfinite(limits).all() and (np.diff(limits) > 0).all()):
        raise EstimateError("thresholds must be finite and rise, and there must be one")
    released, errors = _counts(judged, labels, limits)
    p_values = risk_p_values(errors, released, target_risk)
    if procedure == "holm":
        passed = np.array(holm(p_values.tolist())) <= miss
        tested = limits.size
    else:
        # Everything up to the first failure; the failing test is shown, those behind it are never made.
        failed = np.flatnonzero(p_values > miss)
        tested = int(failed[0]) + 1 if failed.size else limits.size
        passed = p_values <= miss
    tests = tuple(
        ThresholdTest(float(t), int(n), int(k), float(p), bool(ok))
        for t, n, k, p, ok in zip(limits[:tested], released, errors, p_values, passed, strict=False)
    )
    chosen = max((place for place, test in enumerate(tests) if test.passed), default=None)
    if procedure == "holm":
        planned, level = min(tests, key=lambda test: test.p_value), miss / limits.size
    else:
        planned, level = tests[0], miss
    method = f"learn then test, exact binomial, {procedure} over {limits.size} thresholds"
    certified = None if chosen is None else tests[chosen]
    return ReleaseThreshold(
        threshold=None if certified is None else certified.threshold,
        risk=_risk(certified, target_risk, confidence_level, method),
        coverage=_coverage(certified, labels.size, confidence_level),
        labels_needed=_labels_needed(planned, labels.size, target_risk, level),
        tests=tests,
        procedure=procedure,
        target_risk=target_risk,
        confidence_level=confidence_level,
    )


def risk_p_values(errors: npt.ArrayLike, released: npt.ArrayLike, target_risk: float) -> FloatArray:
    """Return P(at most so many errors | released, a risk of exactly the target); 1 where nothing is released.

    Examples
    --------
    >>> risk_p_values([0, 0, 3], [298, 299, 1_000], 0.01).round(4).tolist()
    [0.05, 0.0495, 0.0101]
    """
    return np.asarray(
        special.bdtr(np.asarray(errors, np.float64), np.asarray(released, np.int64), target_risk)
    )


def thresholds_of_traffic(
    scores: npt.ArrayLike, *, start: float = 0.5, steps: int = 40
) -> tuple[float, ...]:
    """Return rising thresholds from the scores of outputs that are not among the labeled ones.

    Parameters
    ----------
    scores : shape (n,), finite
        Of other outputs of the same traffic: thresholds made from the labeled outputs' own scores are not fixed
        beforehand.
    start : in (0, 1)
        Share of the traffic that the first one releases. The lower, the fewer labels fall under it.
    steps : >= 1

    Returns
    -------
    tuple of float
        At most `steps`: equal ones are one.

    Raises
    ------
    EstimateError
        If there are no scores, or the arguments are out of range.

    Examples
    --------
    >>> thresholds_of_traffic(np.arange(101), steps=3)
    (50.0, 75.0, 100.0)
    """
    seen = np.asarray(scores, np.float64).ravel()
    if not (seen.size and np.isfinite(seen).all()):
        raise EstimateError("thresholds need finite scores of unlabeled outputs")
    if not 0 < start < 1 or steps < 1:
        raise EstimateError(f"start must be in (0, 1) and steps >= 1, got {start} and {steps}")
    shares = np.linspace(start, 1.0, steps)
    cuts = np.unique(np.quantile(seen, shares, method="inverted_cdf"))
    return tuple(cuts.tolist())


def _checked(scores: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    judged, labels = np.asarray(scores, np.float64), np.asarray(wrong)
    if judged.ndim != 1 or judged.shape != labels.shape or judged.size == 0:
        raise EstimateError(
            f"scores and labels must be two rows of one length, got {judged.shape} and {labels.shape}"
        )
    if not np.isin(labels, (0, 1)).all():
        raise EstimateError("labels must be 0 or 1: an unsure one counts as 1")
    return judged, labels.astype(np.int64)


def _counts(scores: FloatArray, wrong: IntArray, limits: FloatArray) -> tuple[IntArray, IntArray]:
    """Return how many labels each threshold releases, and how many of those are wrong."""
    kept = ~np.isnan(scores)
    order = np.argsort(scores[kept], kind="stable")
    before = np.concatenate([[0], np.cumsum(wrong[kept][order])])
    released = np.searchsorted(scores[kept][order], limits, side="right")
    return np.asarray(released), np.asarray(before[released])


def _risk(
    test: ThresholdTest | None, target_risk: float, confidence_level: float, method: str
) -> Quantity:
    if test is None:
        return Unknown(
            f"no threshold is shown to let at most {target_risk:g} errors/output through"
        )
    # Only the promise was tested: the lower limit is not claimed.
    value = min(test.errors / test.released, target_risk)
    return Estimate(
        value, 0.0, target_risk, "errors/released output", confidence_level, test.released, method
    )


def _coverage(test: ThresholdTest | None, labels: int, confidence_level: float) -> Quantity:
    """Massart's form of the DKW band: it holds for all thresholds at once, so for the one that was chosen."""
    if test is None:
        return Unknown("nothing is released: review all")
    half = math.sqrt(math.log(2 / missing_chance(confidence_level)) / (2 * labels))
    value = test.released / labels
    method = "Dvoretzky-Kiefer-Wolfowitz band, doi:10.1214/aop/1176990746"
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate(value, low, high, "released/output", confidence_level, labels, method)


def _labels_needed(best: ThresholdTest, labels: int, target_risk: float, miss: float) -> Quantity:
    if best.released == 0:
        return Unknown(f"no label scores at most {best.threshold:g}: begin with a looser threshold")
    risk, share = best.errors / best.released, best.released / labels
    if risk >= target_risk:
        return Unknown(
            f"of {best.released:,} labels at {best.threshold:g} or below {best.errors:,} are wrong, "
            f"no less than {target_risk:g}: a stricter start or a better judge, not more labels"
        )
    try:
        plan = acceptance_plan(target_risk, risk, power=_POWER, confidence_level=1 - miss)
    except EstimateError as error:
        return Unknown(str(error))
    needed = math.ceil(plan.labels / share)
    return Estimate(
        needed, needed, needed, "labels", 1.0, 0,
        f"exact binomial plan at {best.threshold:g}, if {risk:.3g} errors/output get through there", "assumed",
    )  # fmt: skip
