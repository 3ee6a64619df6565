"""The picture of a budget: errors so far in the window with their band, against the line that the budget allows."""

from __future__ import annotations

import math
from typing import Any

from assay.quantity import Estimate
from assay.report.charts import ACCENT, FONT_SIZE, INK, MUTED, finished
from assay.report.svg import Chart, drawn
from assay.volume.budget_result import Budget

WIDTH, HEIGHT = 560, 260
HEADROOM = 4.0
"""The picture ends at so many budgets, or so many times the estimate where that is more: a band beyond it would press
all else onto the axis."""


def budget_chart(budget: Budget, *, name: str) -> Chart | None:
    """Return the chart; None where no curve was worked out.

    Parameters
    ----------
    budget
        Asked with `curve`.
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    if not budget.curve:
        return None
    most = _most(budget)
    x = alt.X(
        "at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%b %d", grid=False)
    )
    scale = alt.Scale(domain=[0, most], nice=False)
    y = alt.Y("value:Q", title=budget.question.unit, scale=scale)
    low = alt.Y("low:Q", title=budget.question.unit, scale=scale)
    marks = []
    known = _known(budget, most)
    if known:
        data = alt.Chart(alt.InlineData(values=known))
        marks.append(
            data.mark_rule(color=MUTED, strokeWidth=7, opacity=0.5).encode(x=x, y=low, y2="high:Q")
        )
        drawn_points = [row for row in known if row["value"] is not None]
        line = alt.Chart(alt.InlineData(values=drawn_points))
        marks.append(line.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y))
        marks.append(
            line.mark_point(filled=True, color=ACCENT, size=40, opacity=1).encode(x=x, y=y)
        )
    marks += _confirmed(alt, budget, most, x, y)
    marks += _allowed(alt, budget, x, y)
    caption = (
        "Dots and bars: escaped errors since the window's start as estimated, each bar with limits of its own. "
        if known
        else "How many errors escaped is not known: there is no estimate to draw. "
    )
    return drawn(
        finished(alt.layer(*marks).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title="Errors since the window's start, against the budget",
        caption=caption
        + "The thin line: those that people have confirmed, at least that many. Dashed: the budget, "
        "and the steady pace that just uses it up.",
    )


def _most(budget: Budget) -> float:
    points = [budget.limit, *(float(one.confirmed) for one in budget.curve)]
    known = [one.estimated for one in budget.curve if isinstance(one.estimated, Estimate)]
    points += [one.value for one in known if math.isfinite(one.value)]
    ends = [*points, *(one.high for one in known if math.isfinite(one.high))]
    return min(max(ends), HEADROOM * max(points)) * 1.08


def _known(budget: Budget, most: float) -> list[dict[str, Any]]:
    return [
        {
            "at": one.at / 1_000,
            "value": one.estimated.value if one.estimated.value <= most else None,
            "low": min(one.estimated.low, most),
            "high": min(one.estimated.high, most),
        }
        for one in budget.curve
        if isinstance(one.estimated, Estimate)
    ]


def _confirmed(alt: Any, budget: Budget, most: float, x: Any, y: Any) -> list[Any]:
    begin = max(budget.start, budget.log.first)
    rows = [{"at": begin / 1_000, "value": 0.0}]
    rows += [{"at": one.at / 1_000, "value": min(one.confirmed, most)} for one in budget.curve]
    line = alt.Chart(alt.InlineData(values=rows))
    return [line.mark_line(color=INK, strokeWidth=1).encode(x=x, y=y)]


def _allowed(alt: Any, budget: Budget, x: Any, y: Any) -> list[Any]:
    pace = [
        {"at": budget.start / 1_000, "value": 0.0},
        {"at": budget.end / 1_000, "value": budget.limit},
    ]
    whole = [{"at": at / 1_000, "value": budget.limit} for at in (budget.start, budget.end)]
    label = [{"at": budget.start / 1_000, "value": budget.limit, "text": "budget"}]
    return [
        alt.Chart(alt.InlineData(values=pace))
        .mark_line(color=MUTED, strokeDash=[2, 3])
        .encode(x=x, y=y),
        alt.Chart(alt.InlineData(values=whole))
        .mark_line(color=INK, strokeWidth=1.5, strokeDash=[6, 4])
        .encode(x=x, y=y),
        alt.Chart(alt.InlineData(values=label))
        .mark_text(align="left", dy=-8, dx=4, color=INK, fontSize=FONT_SIZE)
        .encode(x=x, y=y, text="text:N"),
    ]
