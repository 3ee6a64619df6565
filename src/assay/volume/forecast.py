"""When a standard would be met if the trend over the dated versions of a system holds. No trend is a law."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from assay.errors import BadInput
from assay.estimate.trend import (
    LEAST_VERSIONS,
    NONE_FOUND,
    Reading,
    Trend,
    fit_saturating_trend,
    fit_trend,
)
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.forecast_readings import DatedVersion, ForecastQuestion, dated_versions
from assay.volume.forecast_result import (
    HORIZON_MONTHS,
    Answer,
    Backtest,
    BacktestLine,
    Forecast,
    Path,
)
from assay.volume.standard import Standard, parse_standard

FloatArray = npt.NDArray[np.float64]

DAYS_A_MONTH = 365.25 / 12
_PATH_POINTS = 40


def forecast_standard(
    ledger: Ledger,
    question: ForecastQuestion,
    *,
    dates: Mapping[str, float],
    rng: np.random.Generator,
) -> Forecast:
    """Forecast when the standard would be met.

    Parameters
    ----------
    ledger
        Traces of several versions, each with a check of all of them or the labels of a draw.
    question
    dates
        Version, or NAME@VERSION -> its date in days since 1970 UTC; the first trace's where none is given.
    rng
        Of the posterior draws.

    Returns
    -------
    Forecast
        A forecast is no decision: nothing is met by it.

    Raises
    ------
    BadInput
        Where the standard can't be forecast, or versions have no dates.
    LedgerError
        Where the ledger has no such system.

    Notes
    -----
    The model is that of `assay.estimate.trend.fit_trend` on the logit of the error rate, or the log of the errors a
    day. Each version counts with its own uncertainty, one without any error as a limit; what a complete check counted
    is read as a sample of tasks. It is checked by forecasting the last versions from those before them, as they would
    have been measured with their numbers of labels. It fails where the tasks or the traffic changed
    from version to version, where versions were chosen because they were good, and where what made them better ends.
    """
    standard = parse_standard(question.standard)
    limit = _limit(standard, question)
    versions, left_out = dated_versions(ledger, question, dates, as_volume=standard.kind != "rate")
    readings = [reading_of(one, volume=standard.kind != "rate") for one in versions]
    if len(versions) >= LEAST_VERSIONS and np.ptp([reading.month for reading in readings]) <= 0:
        raise BadInput(
            "all versions have one date: say when each came out",
            next_command=f"assay forecast {ledger.typed} --standard {question.standard} --date VERSION=2026-01-31",
        )
    if reason := _too_few(readings):
        return _unknown(question, standard, versions, left_out, limit=limit, reason=reason)
    goal = math.log(limit) if standard.kind != "rate" else float(special.logit(limit))
    now = readings[-1].month
    straight = fit_trend(readings, rng=rng)
    saturating = fit_saturating_trend(readings, rng=rng)
    level = question.confidence_level
    months = straight.months_until(goal, now)
    until = _quantiles(months, level)
    slope = _quantiles(straight.slope, level)
    return Forecast(
        question=question,
        demand=standard.demand(),
        limit=limit,
        unit=_unit(standard),
        versions=tuple(versions),
        left_out=left_out,
        answer=_answer(slope, until, months, level),
        months=_estimate(until, "months after the newest version", level, len(versions)),
        factor=_estimate(
            (math.exp(slope[0]), math.exp(slope[1]), math.exp(slope[2])),
            "times a month",
            level,
            len(versions),
        ),
        within_horizon=float((months <= HORIZON_MONTHS).mean()),
        saturating_within_horizon=float(
            (saturating.months_until(goal, now) <= HORIZON_MONTHS).mean()
        ),
        backtest=_backtest(versions, readings, level, rng),
        path=_path(straight, readings, until, level, volume=standard.kind != "rate"),
    )


def _limit(standard: Standard, question: ForecastQuestion) -> float:
    """Return the limit as errors/trace, or errors/day."""
    if standard.kind == "rate":
        return standard.limit
    if standard.kind == "count":
        limit = standard.limit / standard.days
    elif question.human_error_rate is None or question.human_per_day is None:
        raise BadInput(
            "the standard `human` needs the people to compare with: --human-error-rate 0.10 --human-per-day 40"
        )
    else:
        limit = question.human_error_rate * question.human_per_day
    if limit <= 0:
        raise BadInput("a standard of no error at all is met by no trend: name a count above 0")
    return limit


def _unit(standard: Standard) -> str:
    return "errors/trace" if standard.kind == "rate" else "errors/day"


def reading_of(version: DatedVersion, *, volume: bool) -> Reading:
    """Return a version on the scale of the trend: half an error more on both sides, or a limit where none was found."""
    rate, n = version.rate, max(version.effective_n, 1.0)
    month, traffic = version.day / DAYS_A_MONTH, math.log(version.per_day or 1.0) if volume else 0.0
    middle, spread = NONE_FOUND
    if rate <= 0:
        return Reading(month, middle - math.log(n) + traffic, spread, 1)
    if rate >= 1 and not volume:
        return Reading(month, math.log(n) - middle, spread, -1)
    share = (rate * n + 0.5) / (n + 1.0)
    spread = math.sqrt(1.0 / (n * share * (1.0 - share) + 0.25))
    if volume:
        return Reading(month, math.log(share) + traffic, spread * (1.0 - share))
    return Reading(month, float(special.logit(share)), spread)


def _too_few(readings: Sequence[Reading]) -> str:
    """Return why there is no trend to fit; nothing where there is one."""
    levels = [reading.month for reading in readings if not reading.side]
    if len(readings) < LEAST_VERSIONS:
        return f"{len(readings)} dated versions with a known error rate: a trend needs {LEAST_VERSIONS} at least"
    if len(levels) < LEAST_VERSIONS or np.ptp(levels) <= 0:
        return (
            f"only {len(levels)} of {len(readings)} dated versions have both errors and right answers among what was "
            f"judged: the others set a limit and show no level, and a trend needs {LEAST_VERSIONS} levels of "
            "different dates at least"
        )
    return ""


def _quantiles(values: FloatArray, level: float) -> tuple[float, float, float]:
    """Return low, middle and high; of times that are never, infinity."""
    ordered = np.sort(values)
    places = [(1 - level) / 2, 0.5, 1 - (1 - level) / 2]
    low, middle, high = (
        float(ordered[min(int(place * len(ordered)), len(ordered) - 1)]) for place in places
    )
    return low, middle, high


def _estimate(ends: tuple[float, float, float], unit: str, level: float, n: int) -> Estimate:
    return Estimate(
        value=ends[1],
        low=ends[0],
        high=ends[2],
        unit=unit,
        confidence_level=level,
        n=n,
        method="posterior over straight trends with scatter of versions, if the trend holds",
        guarantee="simulated",
    )


def _answer(
    slope: tuple[float, float, float],
    until: tuple[float, float, float],
    months: FloatArray,
    level: float,
) -> Answer:
    if float((months == 0).mean()) >= level:
        return "kept"
    if slope[0] > 0:
        return "worse"
    if slope[2] >= 0:
        return "no trend"
    if until[0] > HORIZON_MONTHS:
        return "not within ten years"
    return "if the trend holds"


def _backtest(
    versions: Sequence[DatedVersion],
    readings: Sequence[Reading],
    level: float,
    rng: np.random.Generator,
) -> Backtest:
    """Forecast the last third of the versions, one at least, from those before them."""
    held = max(1, len(readings) // 3)
    kept = len(readings) - held
    if _too_few(readings[:kept]):
        return Backtest(
            (), f"{len(readings)} versions are too few to forecast some from the others"
        )
    trend = fit_trend(readings[:kept], rng=rng)
    lines = []
    volume = versions[0].per_day is not None
    for version, reading in zip(versions[kept:], readings[kept:], strict=True):
        # As it would be measured: so many errors of so many labels, which may be none.
        labels, scale = max(round(version.effective_n), 1), version.per_day or 1.0
        true = _back(trend.version(reading.month, 0.0, rng), volume=volume) / scale
        drawn = scale * rng.binomial(labels, np.minimum(true, 1.0)) / labels
        low, middle, high = _quantiles(drawn, level)
        lines.append(BacktestLine(version.name, version.date, version.value, middle, low, high))
    return Backtest(tuple(lines), "")


def _path(
    trend: Trend,
    readings: Sequence[Reading],
    until: tuple[float, float, float],
    level: float,
    *,
    volume: bool,
) -> tuple[Path, ...]:
    first, now = readings[0].month, readings[-1].month
    ahead = until[1] if math.isfinite(until[1]) else 36.0
    end = now + min(max(ahead * 1.5, 6.0), HORIZON_MONTHS)
    points = []
    for month in np.linspace(first, end, _PATH_POINTS):
        low, middle, high = _quantiles(trend.level(float(month)), level)
        points.append(
            Path(
                float(month) * DAYS_A_MONTH,
                *map(float, _back(np.array([middle, low, high]), volume=volume)),
            )
        )
    return tuple(points)


def _back(levels: FloatArray, *, volume: bool) -> FloatArray:
    return np.asarray(np.exp(np.minimum(levels, 700.0)) if volume else special.expit(levels))


def _unknown(
    question: ForecastQuestion,
    standard: Standard,
    versions: Sequence[DatedVersion],
    left_out: tuple[str, ...],
    *,
    limit: float,
    reason: str,
) -> Forecast:
    unknown = Unknown(reason)
    return Forecast(
        question, standard.demand(), limit, _unit(standard), tuple(versions), left_out, "unknown",
        unknown, unknown, None, None, Backtest((), reason), (),
    )  # fmt: skip
