"""Bets against every number of errors that several strata could hold, valid whichever stratum is read next.

Somebody who claims that there are M errors is offered a bet before each label, at the odds of the claim. Whoever
multiplies a stake by ``1 / alpha`` against a true claim at any time does so with a chance of at most alpha (Ville), so
what has lost that much can be dropped at every moment. `one_limit` gives the greatest or least M that is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Side = Literal["upper", "lower"]

_BETS_LESS = np.geomspace(0.02, 1.0, 21)
_BETS_MORE = np.geomspace(0.02, 20.0, 32)
_ALL_IN = 0.3  # Share of the stake on the boldest bet, which a zero-error certificate lives on.
_ALL_IN_ONE_SIDED = 0.6
_BOLDEST = 0.5  # A bet that the rate is greater costs at most half the stake on one right label.
_PRIOR_LABELS = 4.0  # The anticipated rate weighs as much as that many labels of the stratum.
_RATES = (1e-9, 0.5)
_BLOCK = 8192  # Labels worked on at once, so that a million of them need no gigabytes.
_NEWTON_STEPS = 50
_ROUNDING = 1e-9


class LabelStream(NamedTuple):
    """Labels of several strata in the order in which they came.

    Parameters
    ----------
    sizes : shape (n_strata,)
        Traces in each stratum.
    strata : shape (n_labels,)
        Which stratum each label is of.
    shares : shape (n_labels,), in (0, 1]
        The share of all labels that its stratum was to get, as planned before it was read.
    wrong : shape (n_labels,), 0 or 1
        What it says.
    """

    sizes: IntArray
    strata: IntArray
    shares: FloatArray
    wrong: IntArray


def one_limit(
    stream: LabelStream, *, side: Side, miss: float, anticipated_rate: float, one_sided: bool
) -> int:
    """Return the upper or lower limit of the errors of all strata: the intersection over every moment so far.

    Parameters
    ----------
    stream
        The labels, in their order.
    side : "upper" or "lower"
    miss : in (0, 1)
        Chance that the limit ever misses.
    anticipated_rate : in (0, 1)
        Errors per trace that were expected: a first guess of each stratum's rate, which is soon forgotten.
    one_sided
        Only this limit is wanted: an upper one then stakes more on finding nothing.

    Notes
    -----
    Label t is of a stratum with R traces left and D errors among them. Of a mixture over the fixed bets u, each gains

        log g = log(1 - d y) + log(1 + s v) - s v + s D / R,   s = u R a,   d = s / (1 + s v)

    with y = 1 for wrong, v a running guess of the rate and ``a = 1 / (share W)``, W the greatest ``R / share`` of any
    stratum. ``E g <= 1`` since ``-log(1 - d D / R)`` is convex in D and ``log(1 + s v) + s (D / R - v)`` its tangent
    at v: v may be wrong and costs the square of what it is wrong by. So is a: any number known before the label is
    valid. For the lower limit u is negative.

    The gain is linear in D = M_h - (errors found before), with a slope ``u a`` in which u is a common factor. So for
    all bets the same split of M among the strata is the one hardest to refute, and it is found by filling the stratum
    with the least (greatest) sum of a first, within what is already known of each. Where the labels come in the
    planned shares these sums are equal, all splits are alike, and nothing is paid for not knowing the split.

    Assumes that within a stratum the labels are in random order, and that what decided which stratum came next was not
    an output of a label yet to come. It fails if people read ahead and choose the stratum by what they saw.

    References
    ----------
    .. [1] Ville, "Etude critique de la notion de collectif", Gauthier-Villars 1939.
    .. [2] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
       arXiv:2010.09686.
    .. [3] Shekhar, Xu, Lipton, Liang, Ramdas, "Risk-limiting financial audits via weighted sampling without
       replacement", UAI 2023, arXiv:2305.06884: bets on the weighted stream, where each stratum comes by lot.
    """
    found = np.bincount(stream.strata, weights=stream.wrong, minlength=len(stream.sizes))
    read = np.bincount(stream.strata, minlength=len(stream.sizes))
    room = stream.sizes - read
    bets = _BETS_LESS if side == "upper" else -_BETS_MORE
    log_prior = _log_prior(bets, _ALL_IN_ONE_SIDED if one_sided else _ALL_IN)
    best = float(room.sum()) if side == "upper" else 0.0
    for slopes, offset, roots in _moments(stream, bets, log_prior, miss, anticipated_rate):
        # Errors beyond those found: how many does the hardest split hold where the bets reach 1 / miss?
        budgets = roots + offset - slopes @ found
        beyond = _filled(slopes, room, budgets, cheapest_first=side == "upper")
        if side == "upper":
            best = min(best, float(beyond.min()))
        else:
            best = max(best, float(beyond.max()))
    slack = _ROUNDING * (1.0 + best * 1e-3)
    if side == "upper":
        return int(found.sum()) + math.floor(best + slack)
    return int(found.sum()) + math.ceil(max(0.0, best - slack))


def _moments(
    stream: LabelStream,
    bets: FloatArray,
    log_prior: FloatArray,
    miss: float,
    anticipated_rate: float,
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Yield for blocks of moments the sums of a by stratum, their offset, and where the mixture reaches 1 / miss."""
    guess = min(max(anticipated_rate, _RATES[0]), _RATES[1])
    n_strata = len(stream.sizes)
    share = np.maximum(stream.sizes, 1) / stream.sizes.sum()
    read, found, slopes = np.zeros(n_strata), np.zeros(n_strata), np.zeros(n_strata)
    offset, gained = 0.0, np.zeros(len(bets))
    for start in range(0, len(stream.strata), _BLOCK):
        strata = stream.strata[start : start + _BLOCK]
        wrong = stream.wrong[start : start + _BLOCK].astype(np.float64)
        rows = np.arange(len(strata))
        one = np.zeros((len(strata), n_strata))
        one[rows, strata] = 1.0
        read_before = read + np.cumsum(one, axis=0) - one
        found_before = (found + np.cumsum(one * wrong[:, None], axis=0) - one * wrong[:, None])[
            rows, strata
        ]
        shares = _last_known(share, stream.shares[start : start + _BLOCK], one)
        left = stream.sizes - read_before
        heaviest = (left / shares).max(axis=1)
        steps = 1.0 / (shares[rows, strata] * heaviest)
        seen = read_before[rows, strata]
        rates = (found_before + _PRIOR_LABELS * guess) / (seen + _PRIOR_LABELS)
        gains = _gains(bets[:, None] * (left[rows, strata] * steps), rates, wrong)
        total = gained[:, None] + np.cumsum(gains, axis=1)
        slope = slopes + np.cumsum(one * steps[:, None], axis=0)
        offsets = offset + np.cumsum(steps * found_before)
        yield slope, offsets, _roots(bets, log_prior[:, None] + total, -math.log(miss))
        read, found = read + one.sum(axis=0), found + wrong @ one
        slopes, offset, gained, share = slope[-1], offsets[-1], total[:, -1], shares[-1]


def _log_prior(bets: FloatArray, boldest_share: float) -> FloatArray:
    """Even over the orders of magnitude of a bet; for the upper limit bolder ones weigh more, and all-in most."""
    if bets[0] < 0:
        return np.full(len(bets), -math.log(len(bets)))
    weights = np.sqrt(bets)
    weights *= (1 - boldest_share) / weights.sum()
    weights[-1] += boldest_share
    return np.asarray(np.log(weights))


def _last_known(first: FloatArray, shares: FloatArray, one: FloatArray) -> FloatArray:
    """Return the share of each stratum at each label: that of its latest label, this one included."""
    table = np.vstack([first, np.where(one > 0, shares[:, None], 0.0)])
    latest = np.where(table > 0, np.arange(len(table))[:, None], 0)
    latest = np.maximum.accumulate(latest, axis=0)
    return np.asarray(np.take_along_axis(table, latest, axis=0)[1:])


def _gains(stakes: FloatArray, rates: FloatArray, wrong: FloatArray) -> FloatArray:
    """Log gain of each bet at each label, but for the part that is linear in the claim."""
    # A tangent elsewhere is as valid: it keeps the bold bets that the rate is greater solvent.
    expected = np.where(stakes < 0, np.maximum(stakes * rates, -_BOLDEST), stakes * rates)
    return np.asarray(np.log1p(expected - stakes * wrong) - expected)


def _roots(bets: FloatArray, logs: FloatArray, threshold: float) -> FloatArray:
    """Return z with log sum exp(bet z + logs) = threshold, per column; bets are of one sign.

    Newton's method on a convex function that starts on the far side stays there, so that z never claims too much.
    """
    single = (threshold - logs) / bets[:, None]
    z = single.min(axis=0) if bets[0] > 0 else single.max(axis=0)
    for _ in range(_NEWTON_STEPS):
        terms = bets[:, None] * z + logs
        most = terms.max(axis=0)
        weights = np.exp(terms - most)
        total = weights.sum(axis=0)
        excess = most + np.log(total) - threshold
        z = z - np.maximum(excess, 0.0) * total / (bets @ weights)
        if float(excess.max(initial=0.0)) < _ROUNDING:
            break
    return np.asarray(z)


def _filled(
    prices: FloatArray, room: IntArray, budgets: FloatArray, *, cheapest_first: bool
) -> FloatArray:
    """Return how many errors each row's budget pays for, one stratum after the other: in [0, room.sum()]."""
    order = np.argsort(prices if cheapest_first else -prices, axis=1, kind="stable")
    price = np.take_along_axis(prices, order, axis=1)
    space = room[order].astype(np.float64)
    costs = space * price
    left = np.maximum(budgets[:, None] - (np.cumsum(costs, axis=1) - costs), 0.0)
    free = np.where(left > 0, space, 0.0)
    paid = np.divide(left, price, out=free, where=price > 0)
    return np.asarray(np.minimum(paid, space).sum(axis=1))
