"""A forecast in words: what the trend says, how it did on the last versions, and that it is no law."""

from __future__ import annotations

from collections.abc import Iterator

from assay.figures import number, plain
from assay.quantity import Estimate
from assay.volume.forecast_result import HORIZON_MONTHS, BacktestLine, Forecast

NO_LAW = "A trend is no law: nothing here makes the next version better, and no test can show that it will be."


def headline(forecast: Forecast) -> str:
    """Return the answer in a sentence."""
    demand = forecast.demand
    match forecast.answer:
        case "unknown":
            assert not isinstance(forecast.months, Estimate)
            return f"Unknown when {demand} will be met: {forecast.months.reason}."
        case "kept":
            worse = isinstance(forecast.factor, Estimate) and forecast.factor.low > 1
            return (
                f"The trend already keeps to {demand}; whether this version does is for `assay volume` to say."
                f"{' But the versions get worse.' if worse else ''}"
            )
        case "worse":
            return f"The versions get worse: on this trend {demand} is never met."
        case "no trend":
            return (
                "No trend is shown: versions scatter so much that they may as well get no better, so nothing says when "
                f"{demand} will be met."
            )
        case "not within ten years":
            return f"Not within ten years: on this trend {demand} is met {_when(forecast)} at the earliest."
        case "if the trend holds":
            assert isinstance(forecast.months, Estimate)
            months = forecast.months
            low, middle = forecast.date_after(months.low), _late(forecast, months.value)
            return (
                f"If the trend holds, {demand} is met about {middle}, between {low} and "
                f"{_late(forecast, months.high)} ({forecast.question.confidence_level:.0%} of the plausible trends)."
            )


def sentences(forecast: Forecast) -> Iterator[str]:
    """Yield what else is to be said."""
    if isinstance(forecast.factor, Estimate):
        low, value, high = (
            number(100 * (end - 1), 1)
            for end in (forecast.factor.low, forecast.factor.value, forecast.factor.high)
        )
        what = (
            "The odds of an error change"
            if forecast.unit == "errors/trace"
            else "Errors a day change"
        )
        yield f"{what} by {value} % a month [{low}, {high}]."
    if forecast.within_horizon is not None and forecast.saturating_within_horizon is not None:
        yield (
            f"Within ten years the limit is reached by {forecast.within_horizon:.0%} of the straight trends, "
            f"and by {forecast.saturating_within_horizon:.0%} of those that may level off."
        )
    yield from _checked(forecast)
    for reason in forecast.left_out:
        yield f"Left out: {reason}."
    yield NO_LAW


def _checked(forecast: Forecast) -> Iterator[str]:
    if not forecast.backtest.lines:
        yield f"Not checked on later versions: {forecast.backtest.reason}."
        return
    inside = sum(line.inside for line in forecast.backtest.lines)
    count = len(forecast.backtest.lines)
    yield (
        f"Checked by forecasting the last {'version' if count == 1 else f'{count} versions'} from those before: "
        f"{inside} of {count} fell inside the interval."
    )
    for line in forecast.backtest.lines:
        yield line_words(line)


def line_words(line: BacktestLine) -> str:
    """Return a version of the check in words."""
    verdict = "inside" if line.inside else "OUTSIDE"
    return (
        f"{line.version} ({line.date}): measured {plain(line.measured)}, forecast {plain(line.forecast)} "
        f"[{plain(line.low)}, {plain(line.high)}]: {verdict}"
    )


def _late(forecast: Forecast, months: float) -> str:
    return (
        forecast.date_after(months)
        if months <= HORIZON_MONTHS
        else "more than ten years after the newest version"
    )


def _when(forecast: Forecast) -> str:
    assert isinstance(forecast.months, Estimate)
    return forecast.date_after(forecast.months.low)
