"""Errors of one stratum at every moment: a prior's forecast of the labels over that of a claimed number of errors."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.estimate.exact import least_whole

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_RATES = (1e-9, 0.5)
_ROUNDING = 1e-7  # In log units: float noise of sums of logs of factorials at n = 1e6, and more.


class Prior(NamedTuple):
    """Beta(a, b) of the error rate, and its share of a mixture."""

    share: float
    a: float
    b: float


class OneStratum:
    """One stratum after each of its labels, and the errors that no moment so far refutes.

    Parameters
    ----------
    size : >= 1
        Traces in the stratum.
    wrong : shape (n_labels >= 1,), 0 or 1
        The labels in their random order.
    anticipated_rate : in (0, 1)
        Errors per trace that were expected, or that one hopes to certify.

    Notes
    -----
    ``E_n(M) = BetaBinomial(k; n, a, b) / Hypergeometric(k; size, M, n)`` is 1 at the start and, if M is the truth, a
    martingale: it ever reaches 1 / alpha with a chance of at most alpha (Ville). So does a mixture over priors. As a
    function of M it falls up to ``k (size + 1) / n`` and rises after: each moment refutes what lies too far out.

    References
    ----------
    .. [1] Waudby-Smith, Ramdas, "Confidence sequences for sampling without replacement", NeurIPS 2020,
       arXiv:2006.04347.
    """

    def __init__(self, size: int, wrong: IntArray, *, anticipated_rate: float) -> None:
        self._rate = min(max(anticipated_rate, _RATES[0]), _RATES[1])
        self._wrong = wrong
        self._size = size
        self._found = np.cumsum(wrong)
        self._read = np.arange(1, len(wrong) + 1)
        self._least = int(self._found[-1])
        self._most = size - len(wrong) + self._least

    def upper(self, miss: float, *, one_sided: bool = False) -> int:
        """Return the greatest number of errors that no moment refutes from above."""
        priors = _priors_one_sided(self._rate) if one_sided else _priors_upper(self._rate)
        # The strongest moments are nearly always those before an error and the last.
        likely = np.append(self._wrong[1:] == 1, True)
        bound = self._upper(
            _Evidence(self._size, self._found[likely], self._read[likely], priors), miss
        )
        # Others count if they refute that bound; each refutes all that lies above what it refutes.
        every = _Evidence(self._size, self._found, self._read, priors)
        more = every.above(bound, miss)
        if not more.any():
            return bound
        return min(
            bound,
            self._upper(_Evidence(self._size, self._found[more], self._read[more], priors), miss),
        )

    def lower(self, miss: float) -> int:
        """Return the least number of errors that no moment refutes from below."""
        priors = _priors_lower(self._rate)
        likely = (self._wrong == 1) | (self._read == len(self._read))
        bound = self._lower(
            _Evidence(self._size, self._found[likely], self._read[likely], priors), miss
        )
        every = _Evidence(self._size, self._found, self._read, priors)
        more = every.below(bound, miss)
        if not more.any():
            return bound
        return max(
            bound,
            self._lower(_Evidence(self._size, self._found[more], self._read[more], priors), miss),
        )

    def _upper(self, evidence: _Evidence, miss: float) -> int:
        beyond = least_whole(
            self._least, self._most + 1, lambda m: bool(evidence.above(m, miss).any())
        )
        return max(self._least, beyond - 1)

    def _lower(self, evidence: _Evidence, miss: float) -> int:
        return least_whole(self._least, self._most, lambda m: not evidence.below(m, miss).any())


class _Evidence:
    """Some moments of a stratum: the logs of the ratio, with all that does not depend on M worked out once."""

    def __init__(self, size: int, found: IntArray, read: IntArray, priors: list[Prior]) -> None:
        self._size, self._found, self._read = size, found, read
        self._peak = found * (size + 1) // read
        self._forecast = _log_forecast(found, read, priors) + _log_falling(
            np.full(len(read), size), read
        )

    def above(self, m: int, miss: float) -> BoolArray:
        """Return which moments refute that there are m errors, since that is too many."""
        return np.asarray((self._peak <= m) & (self.log_ratio(m) >= -math.log(miss)))

    def below(self, m: int, miss: float) -> BoolArray:
        """Return which moments refute that there are m errors, since that is too few."""
        return np.asarray((self._peak >= m) & (self.log_ratio(m) >= -math.log(miss)))

    def log_ratio(self, m: int) -> FloatArray:
        """Return log E of the claim that there are m errors; inf where it is impossible."""
        right, right_found = self._size - m, self._read - self._found
        possible = (self._found <= m) & (right_found <= right)
        claimed = _log_falling(np.full(len(self._read), m), np.minimum(self._found, m))
        claimed += _log_falling(np.full(len(self._read), right), np.minimum(right_found, right))
        return np.where(possible, self._forecast - claimed - _ROUNDING, np.inf)


def _priors_one_sided(rate: float) -> list[Prior]:
    """Return what certifies "at most the rate" from 3.14 / rate labels without an error, as `planning` says it does."""
    return [Prior(1.0, 0.1, 1 / rate)]


def _priors_upper(rate: float) -> list[Prior]:
    """Return one for no errors, one for about as many as expected, one for a wrong expectation."""
    return [Prior(0.4, 0.1, 1 / rate), Prior(0.3, 2.0, 2 / rate), Prior(0.3, 0.5, 0.5 / rate)]


def _priors_lower(rate: float) -> list[Prior]:
    return [Prior(0.5, 5.0, 5 / rate), Prior(0.5, 0.5, 0.5 / rate)]


def _log_forecast(found: IntArray, read: IntArray, priors: list[Prior]) -> FloatArray:
    """Log chance of labels in one given order with that many errors, under a mixture of priors of the rate."""
    parts = []
    for share, a, b in priors:
        part = special.gammaln(found + a) - special.gammaln(a)
        part += special.gammaln(read - found + b) - special.gammaln(b)
        part -= special.gammaln(read + a + b) - special.gammaln(a + b)
        parts.append(part + math.log(share))
    return np.asarray(special.logsumexp(parts, axis=0))


def _log_falling(n: IntArray, k: IntArray) -> FloatArray:
    """Return log of n! / (n - k)!, without the cancellation that lgamma suffers at n = 1e9."""
    rest = n - k
    small = rest < 16
    safe = np.where(small, 16, rest).astype(np.float64)
    top = safe + k
    long = (
        k * np.log(top)
        - k
        + (safe + 0.5) * np.log1p(k / safe)
        + (1 / 12 - 1 / (360 * top * top)) / top
        - (1 / 12 - 1 / (360 * safe * safe)) / safe
    )
    return np.where(small, special.gammaln(n + 1.0) - special.gammaln(rest + 1.0), long)
