"""The picture of a forecast: the versions with their rates, the trend with its band, and the standard."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from assay.report.charts import ACCENT, FONT_SIZE, INK, MUTED, finished
from assay.report.svg import Chart, drawn
from assay.volume.forecast_result import Forecast

WIDTH, HEIGHT = 560, 260
LEAST = 1e-9
"""A logarithmic axis has no nought."""


def forecast_chart(forecast: Forecast, *, name: str) -> Chart | None:
    """Return the chart; None where no trend is known."""
    import altair as alt

    if not forecast.path:
        return None
    axis = _value_axis(alt, forecast)
    when = alt.Axis(format="%b %Y", grid=False)
    x = alt.X("day:T", title=None, scale=alt.Scale(type="utc"), axis=when)
    rule = alt.Chart(alt.InlineData(values=[{"value": forecast.limit}]))
    picture = alt.layer(
        *(_line(alt, forecast, end, dotted=True).encode(x=x, y=axis) for end in ("low", "high")),
        _line(alt, forecast, "middle", dotted=False).encode(x=x, y=axis),
        rule.mark_rule(color=INK, strokeWidth=1.5, strokeDash=[6, 4]).encode(y=axis),
        *(mark.encode(x=x, y=axis) for mark in _versions(alt, forecast)),
    ).properties(width=WIDTH, height=HEIGHT)
    return drawn(
        finished(picture),
        name=name,
        title="Versions, their trend, and the standard",
        caption="Dots are versions, numbered by date; the line is the middle of the plausible straight trends, and the "
        f"dotted lines hold {forecast.question.confidence_level:.0%} of them; dashed is {forecast.demand}. "
        "A trend is no law.",
    )


def _value_axis(alt: Any, forecast: Forecast) -> Any:
    least, most = _domain(forecast)
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    return alt.Y(
        "value:Q",
        title=f"{forecast.unit} (logarithmic axis)",
        scale=alt.Scale(type="log", domain=[least, most], nice=False),
        axis=alt.Axis(values=[10.0**decade for decade in decades]),
    )


def _domain(forecast: Forecast) -> tuple[float, float]:
    values = [forecast.limit, *(one.value for one in forecast.versions)]
    most = 3 * max(values)
    return max(min(values), LEAST) / 3, min(most, 1.0) if forecast.unit == "errors/trace" else most


def _line(alt: Any, forecast: Forecast, field: str, *, dotted: bool) -> Any:
    """Return one line of the trend; what leaves the picture is left out, since along its edge it reads as a level."""
    least, most = _domain(forecast)
    inside = [
        {"day": _moment(one.day), "value": value}
        for one in forecast.path
        if least <= (value := getattr(one, field)) <= most
    ]
    return alt.Chart(alt.InlineData(values=inside)).mark_line(
        color=MUTED, strokeWidth=1 if dotted else 2, strokeDash=[2, 3] if dotted else [1, 0]
    )


def _versions(alt: Any, forecast: Forecast) -> tuple[Any, Any]:
    points = [
        {"day": _moment(one.day), "value": max(one.value, LEAST), "text": f"{place}"}
        for place, one in enumerate(forecast.versions, start=1)
    ]
    dots = alt.Chart(alt.InlineData(values=points))
    return (
        dots.mark_point(filled=True, color=ACCENT, size=55, opacity=1),
        dots.mark_text(align="left", dx=7, dy=-7, color=INK, fontSize=FONT_SIZE).encode(
            text="text:N"
        ),
    )


def _moment(day: float) -> float:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).timestamp() * 1000
