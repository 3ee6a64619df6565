"""Alarm on a count of errors against a budget that is a count: evidence that may be looked at at any time.

The budget allows mu errors up to now. Somebody who claims that it is kept is offered bets that errors come faster. A
stake that has grown to ``1 / alpha`` is evidence against the claim at every look (Ville): nobody has to say beforehand
how often they will look, and few errors alone are never an alarm. Where errors are only sampled, see
`assay.estimate.count_alarm_sampled`; window after window, `assay.estimate.count_alarm_windows`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import EstimateError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_VANISHING = 1e-250
"""Below that a tail probability has lost its digits, or soon will: the continued fraction takes over."""
_STEPS = 10_000
_ENOUGH = 1e-14


@dataclass(frozen=True, slots=True)
class MixturePrior:
    """Where the stakes of the bets lie: over how many times as fast as allowed errors come, Gamma cut off below 1.

    Parameters
    ----------
    shape : > 0
    rate : > 0
        With the defaults, 1 and 1/4, the excess over the allowed pace is exponential with mean 4: soon sure of
        10 times, slow to tell 1.2 times.

    Raises
    ------
    EstimateError
        If one is not positive and finite.
    """

    shape: float = 1.0
    rate: float = 0.25

    def __post_init__(self) -> None:
        if not (0 < self.shape < math.inf and 0 < self.rate < math.inf):
            raise EstimateError(f"shape and rate must be positive and finite, got {self}")


PRIOR = MixturePrior()


def count_log_e_value(
    errors: npt.ArrayLike, allowed: npt.ArrayLike, *, prior: MixturePrior = PRIOR
) -> FloatArray:
    """Return the log of the evidence that errors come faster than allowed, at each look.

    Parameters
    ----------
    errors : whole numbers >= 0, any shape
        N, errors since the start of the window. All of them: where they are sampled, those that the audit found,
        against ``audit_probability * allowed``.
    allowed : >= 0, finite, a shape that goes with it
        mu, errors allowed since the start: ``budget * elapsed / window``, or along a profile of the day fixed
        beforehand.
    prior
        Fixed before the window starts.

    Returns
    -------
    FloatArray
        ln M. Alarm where it is ``log(1 / alpha)`` or more. Below 0 where nothing speaks for an excess.

    Raises
    ------
    EstimateError
        If a count is negative or no whole number, or an allowance is negative or not finite.

    Notes
    -----
    For a fixed lambda > 1, ``lambda^N exp(-(lambda - 1) mu)`` is a supermartingale as long as at no time errors come
    faster than allowed; so is the mixture over lambda ~ Gamma(a, b) given lambda > 1, which is

        ln M = h(a + N, b + mu) - h(a, b),   h(s, x) = ln(Gamma(s, x) exp(x) / x^s)

    with the upper incomplete gamma function. That is ``mu + a ln b - lnGamma(a) - ln Q(a, b) + lnGamma(a + N)
    - (a + N) ln(b + mu) + ln Q(a + N, b + mu)``, but without differences of great numbers where N is far below mu.
    P(ever >= 1 / alpha) <= alpha [1]_; the mixture is that of [2]_, one-sided.

    Errors need not be Poisson: it is enough that, given the past, the expected number in each step is at most what the
    step allows, and that errors come one at a time (`exp(x) >= 1 + x` covers outputs as trials). It fails, by false
    alarms, where one cause makes several errors at one moment: count causes then. It fails also where mu runs evenly
    while errors follow the day's traffic, if the busy hours alone are over the pace: let mu follow the same profile,
    or allow each cycle's part from its beginning on (`assay.estimate.count_alarm_windows.allowed_so_far`).
    Errors not yet reported make it late, never false. It sees only an excess from the start of the window on.

    References
    ----------
    .. [1] Ville, "Etude critique de la notion de collectif", Gauthier-Villars 1939.
    .. [2] Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
       Annals of Statistics 49 (2021), arXiv:1810.08240: gamma-Poisson mixture.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(count_log_e_value([0, 1, 5, 9], [1.0, 1.0, 1.0, 1.0])).round(2).tolist()
    [0.2, 0.36, 27.4, 33999.35]
    """
    counts, mean = _checked(errors, allowed)
    start = float(log_scaled_tail(np.array([prior.shape]), np.array([prior.rate]))[0])
    return log_scaled_tail(prior.shape + counts, prior.rate + mean) - start


def alarm_count(
    allowed: npt.ArrayLike, *, false_alarm: float = 0.01, prior: MixturePrior = PRIOR
) -> IntArray:
    """Return the least count of errors that is an alarm, for each allowance.

    Parameters
    ----------
    allowed : >= 0, finite
        Errors allowed since the start of the window.
    false_alarm : in (0, 1)
        Chance that a window in which the budget is kept ever alarms, at most.
    prior

    Returns
    -------
    IntArray

    Raises
    ------
    EstimateError
        If an allowance is negative or not finite, or the chance not in (0, 1).

    Examples
    --------
    >>> alarm_count([1 / 24, 0.5, 1, 7, 30]).tolist()
    [3, 5, 6, 18, 53]
    """
    needed = log_alarm_level(false_alarm)
    _, mean = _checked(0, allowed)
    low, high = np.zeros(mean.shape, np.int64), np.full(mean.shape, 16, np.int64)
    while (short := count_log_e_value(high, mean, prior=prior) < needed).any():
        high = np.where(short, 2 * high, high)
    while (low < high).any():
        middle = (low + high) // 2
        alarms = count_log_e_value(middle, mean, prior=prior) >= needed
        low, high = np.where(alarms, low, middle + 1), np.where(alarms, middle, high)
    return np.asarray(high)


def log_alarm_level(false_alarm: float) -> float:
    """Return what a log e-value has to reach: ``log(1 / false_alarm)``.

    Raises
    ------
    EstimateError
        If the chance is not in (0, 1).
    """
    if not 0 < false_alarm < 1:
        raise EstimateError(f"the chance of a false alarm must be in (0, 1), got {false_alarm}")
    return -math.log(false_alarm)


def log_scaled_tail(s: FloatArray, x: FloatArray) -> FloatArray:
    """Return h(s, x) = ln(Gamma(s, x) exp(x) / x^s), Gamma the upper incomplete function; s, x > 0 of one shape."""
    s, x = np.broadcast_arrays(s, x)
    tail = np.asarray(special.gammaincc(s, x))
    far = tail < _VANISHING
    near = np.where(far, 1.0, tail)
    found = np.asarray(special.gammaln(s) + np.log(near) + x - s * np.log(x))
    if far.any():
        found[far] = _log_fraction(s[far], x[far])
    return found


def _log_fraction(s: FloatArray, x: FloatArray) -> FloatArray:
    """Legendre's continued fraction of h by Lentz's method, for x far above s; NIST DLMF 8.9.2."""
    b = x + 1.0 - s
    c, d = np.full_like(x, np.inf), 1.0 / b
    value = d.copy()
    for k in range(1, _STEPS):
        a = -k * (k - s)
        b = b + 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        step = c * d
        value = value * step
        if np.abs(step - 1.0).max() < _ENOUGH:
            break
    return np.asarray(np.log(value))


def _checked(errors: npt.ArrayLike, allowed: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    counts, mean = np.asarray(errors, np.float64), np.asarray(allowed, np.float64)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise EstimateError("errors must be whole numbers >= 0; weighted ones need a SampledAlarm")
    if not (np.isfinite(mean).all() and (mean >= 0).all()):
        raise EstimateError("errors allowed must be finite and not negative")
    return counts, mean
