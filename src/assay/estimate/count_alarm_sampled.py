"""Alarm on errors that are only sampled, or that weigh differently: bets on each audited error.

Each audited error stands for ``1 / pi`` errors, pi its audit probability. Such a weighted count is no Poisson count:
ten audited errors at a tenth each are not a hundred errors, and an alarm that takes them for a hundred rings far too
often. A bet that pays in proportion to the weight is fair whatever the weights are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError
from assay.estimate.count_alarm import PRIOR, FloatArray, MixturePrior

_NODES = 128
_LEAST, _MOST = 1e-3, 200.0
"""Excess over the allowed pace, in times: below the one a bet gains nothing, above the other the prior is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledAlarm:
    """What a fixed set of bets has made of 1, so far; updating gives a new one. Memory does not grow with time.

    Parameters
    ----------
    stakes : shape (n_bets,), > 0
        Share of the capital that is won per unit of weight.
    logs : shape (n_bets,)
        Log capital of each bet; at the start the log of its part of 1.
    allowed : >= 0
        Errors (or points of severity) that the budget has allowed so far.
    """

    stakes: FloatArray
    logs: FloatArray
    allowed: float = 0.0

    @property
    def log_e_value(self) -> float:
        """Log of the evidence that errors come faster than allowed; alarm at ``log(1 / alpha)``."""
        return float(special.logsumexp(self.logs))

    def after(self, weights: npt.ArrayLike = (), *, allowed: float = 0.0) -> SampledAlarm:
        """Return the state after a stretch of time.

        Parameters
        ----------
        weights : shape (n,), >= 0, finite
            Of each error that the audit found in it: ``severity / pi``. Right outputs and unaudited ones add nothing.
        allowed : >= 0, finite
            What the budget allows in the stretch, in errors (or points of severity): not thinned by the audit.

        Raises
        ------
        EstimateError
            If a weight or the allowance is negative or not finite.
        """
        found = np.asarray(weights, np.float64).ravel()
        if not (np.isfinite(found).all() and (found >= 0).all()):
            raise EstimateError("weights of errors must be finite and not negative")
        if not 0 <= allowed < math.inf:
            raise EstimateError(f"errors allowed must be finite and not negative, got {allowed}")
        gains = np.log1p(np.outer(self.stakes, found)).sum(axis=1) - self.stakes * allowed
        return replace(self, logs=self.logs + gains, allowed=self.allowed + allowed)


def sampled_alarm(*, audit_probability: float = 1.0, prior: MixturePrior = PRIOR) -> SampledAlarm:
    """Return the bets of a window that starts.

    Parameters
    ----------
    audit_probability : in (0, 1]
        What an error's inclusion probability will mostly be, divided by its severity. It sizes the bets and is never
        trusted: a bad guess costs time to the alarm, not its validity. Fixed before the window starts.
    prior
        As in `assay.estimate.count_alarm.count_log_e_value`.

    Raises
    ------
    EstimateError
        If the probability is not in (0, 1].

    Notes
    -----
    Bet c turns 1 into ``exp(-c mu) prod (1 + c w_i)`` over the audited errors i, ``w_i = severity_i / pi_i``. An output
    that is an error of severity s with a chance e, given the past, and is audited with the known chance pi whatever it
    is, has ``E(1 + c w) = 1 + c s e <= exp(c s e)``: a supermartingale as long as the expected severity of each step is
    at most what it allows, for any mix of probabilities and severities, and so is the mixture over
    c = audit_probability (lambda - 1), lambda on a fixed grid weighted by the prior [1]_, [2]_. With equal weights 1 it
    is `count_log_e_value` (to the grid: within 2 %); with one pi it is that of the audited errors against pi mu.

    Assumes that pi is known, above 0 for every output that was released, and that the draw is independent of the
    output's being wrong, given what pi was made from. Draws may depend on everything seen before. Fails where
    pi is a guess, where auditors see errors that are none, where one cause makes several errors in one step, and where
    an error counts more than once on average. Missed errors make it late, never false.

    Errors that people report, with an unknown probability, may enter with weight 1 where the audit could not have drawn
    them (pi = 0), or where the report came before the draw and took the output out of it. Of an output that had its
    chance pi to be drawn a later report has to enter with weight 0, drawn or not: with weight 1 for what was not drawn,
    an error that is always reported counts pi (1 / pi) + (1 - pi) = 2 - pi times, up to twice, and a budget that is
    kept rings. Who wants both gives the audit's weight a share fixed beforehand, q / pi, and a report 1 - q.

    References
    ----------
    .. [1] Horvitz, Thompson, "A generalization of sampling without replacement from a finite universe", JASA 47
       (1952), doi:10.1080/01621459.1952.10483446: the weights.
    .. [2] Waudby-Smith, Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024),
       arXiv:2010.09686: the bets.

    Examples
    --------
    >>> start = sampled_alarm(audit_probability=0.1)
    >>> month = start.after([10.0, 10.0], allowed=10.0)   # Two errors found in a tenth: "20" where 10 are allowed.
    >>> round(math.exp(month.log_e_value), 1)
    0.8
    """
    if not 0 < audit_probability <= 1:
        raise EstimateError(f"audit_probability must be in (0, 1], got {audit_probability}")
    excess = np.geomspace(_LEAST, _MOST / prior.rate * PRIOR.rate, _NODES)
    # Gamma density at 1 + excess; on a logarithmic grid each node's part is its density times the node.
    logs = (prior.shape - 1) * np.log1p(excess) - prior.rate * excess + np.log(excess)
    return SampledAlarm(audit_probability * excess, logs - special.logsumexp(logs))
