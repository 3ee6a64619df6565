"""The charts of the page: numbers with their intervals, drawn by Altair without a net and without a script.

What is unknown is said in words at its place and never drawn. Names come from files of others: they are data values
here, never a field, a title or an expression of Vega.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assay.figures import interval
from assay.quantity import Estimate, Quantity
from assay.report.span import FAR_APART, Span
from assay.report.svg import Chart, drawn, drawn_text

INK, MUTED, LINE, ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"
FONT_SIZE = 12
BAR = 0.7
"""Opacity of an interval: paler, and it would stand out less than three to one from the page."""

ROW_HEIGHT = 26
NAME_WIDTH = 168
VALUE_WIDTH = 40
ORDER_SIDE = 260
PLOT_WIDTH = 300
NAME_LETTERS = 24
"""As long as `0.0867 <= score < 0.154`, which a draw by a judge calls its strata."""
MOST_DAYS = 62
MOST_ROWS = 24
MOST_RANKED = 16
DAY_LABELS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """A line of an interval chart: a name, and the number beside it."""

    name: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Day:
    """The errors of one day, as 2026-10-05."""

    day: str
    errors: Quantity


@dataclass(frozen=True, slots=True)
class PlanPoint:
    """A plan in words, the labels in all that it takes, and the half-width of the interval that they give."""

    plan: str
    labels: Estimate
    half_width: float


@dataclass(frozen=True, slots=True)
class PlanCurve:
    """Forecast half-widths of the interval over numbers of labels."""

    labels: tuple[int, ...]
    half_widths: tuple[float, ...]
    dashed: bool


@dataclass(frozen=True, slots=True)
class Ranked:
    """A system with the two numbers that it is ranked by."""

    name: str
    error_rate: Estimate
    errors_per_day: Estimate


def interval_chart(
    rows: Sequence[Row],
    *,
    axis: str,
    name: str,
    title: str,
    caption: str,
    percent: bool = False,
    may_be_log: bool = False,
) -> Chart | None:
    """Return numbers below one another on one axis, each with its interval and in figures; None where all are unknown.

    Where it may be, the axis is logarithmic if the numbers are far apart, and says so.
    """
    import altair as alt

    estimates = [row.quantity for row in rows if isinstance(row.quantity, Estimate)]
    if not estimates:
        return None
    span = Span.of(estimates, 100.0 if percent else 1.0, may_be_log=may_be_log)
    names = _distinct([row.name for row in rows], NAME_LETTERS)
    y = alt.Y("name:N", scale=alt.Scale(domain=names), title=None, axis=_name_axis())
    scale = alt.Scale(
        type="log" if span.log else "linear", domain=[span.low, span.high], nice=False
    )
    ticks = {"axis": alt.Axis(values=span.decades())} if span.log else {}
    words = f"{axis} (logarithmic axis)" if span.log else axis
    x = alt.X("low:Q", scale=scale, title=words, **ticks)
    bars = [
        {"name": drawn_name, **span.limits(row.quantity)}
        for drawn_name, row in zip(names, rows, strict=True)
        if isinstance(row.quantity, Estimate)
    ]
    figures = [
        {"name": drawn_name, "text": _in_figures(row.quantity, percent=percent)}
        for drawn_name, row in zip(names, rows, strict=True)
    ]
    picture = alt.layer(
        _data(alt, bars)
        .mark_rule(color=MUTED, strokeWidth=5, opacity=BAR)
        .encode(y=y, x=x, x2="high:Q"),
        *_points(alt, bars, y=y, x=alt.X("value:Q", scale=scale)),
        _data(alt, figures)
        .mark_text(align="left", color=INK, fontSize=FONT_SIZE)
        .encode(y=y, x=alt.value(PLOT_WIDTH + 12), text="text:N"),
    ).properties(width=PLOT_WIDTH, height=ROW_HEIGHT * len(rows))
    return drawn(finished(picture), name=name, title=title, caption=caption)


def day_chart(days: Sequence[Day], *, name: str, title: str, caption: str) -> Chart | None:
    """Return the errors of each day with its interval; None where no day's errors are known."""
    import altair as alt

    known = [
        (moment, day.errors)
        for day in days
        if isinstance(day.errors, Estimate) and (moment := _milliseconds(day.day)) is not None
    ][-MOST_DAYS:]
    if not known:
        return None
    span = Span.of([errors for _, errors in known], 1.0)
    records = [{"day": moment, **span.limits(errors)} for moment, errors in known]
    step = max(1, math.ceil(len(known) / DAY_LABELS))
    marks = [moment for moment, _ in known][::step]
    x = alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(type="utc", padding=10),
        axis=alt.Axis(values=marks, format="%-d %b %Y" if len(marks) < 4 else "%-d %b", grid=False),
    )
    scale = alt.Scale(domain=[0, span.high], nice=True)
    y = alt.Y("low:Q", scale=scale, title="errors on the day", axis=alt.Axis(minExtent=VALUE_WIDTH))
    width = 5 if len(known) < 45 else 3
    picture = alt.layer(
        _data(alt, records)
        .mark_rule(color=MUTED, strokeWidth=width, opacity=BAR)
        .encode(x=x, y=y, y2="high:Q"),
        *_points(alt, records, x=x, y=alt.Y("value:Q", scale=scale)),
    ).properties(width=560, height=180)
    return drawn(finished(picture), name=name, title=title, caption=caption)


def plan_chart(
    points: Sequence[PlanPoint],
    curves: Sequence[PlanCurve] = (),
    *,
    unit: str,
    name: str,
    title: str,
    caption: str,
) -> Chart | None:
    """Return the interval's half-width against the number of labels; None with fewer than two points."""
    import altair as alt

    if len(points) < 2:
        return None
    ends = [end for point in points for end in (point.labels.low, point.labels.high)]
    log = max(ends) > FAR_APART * max(min(ends), 1.0)
    # Room on the right for the words beside the last point.
    domain = [max(min(ends), 1.0) / 1.5, max(ends) * 8] if log else [0, max(ends) * 1.9]
    scale = alt.Scale(type="log" if log else "linear", domain=domain, nice=False)
    widest = max(
        [point.half_width for point in points] + [max(curve.half_widths) for curve in curves]
    )
    y = alt.Y(
        "half:Q", title=f"half-width, {unit}", scale=alt.Scale(domain=[0, widest * 1.3], nice=False)
    )
    x = alt.X(
        "labels:Q", title="labels in all" + (" (logarithmic axis)" if log else ""), scale=scale
    )
    records = [
        {
            "labels": point.labels.value,
            "low": point.labels.low,
            "high": point.labels.high,
            "half": point.half_width,
            "text": f"{point.plan}: {interval(point.labels)}",
            "beside": max(ends) if place else point.labels.low,
        }
        for place, point in enumerate(points)
    ]
    data = _data(alt, records)
    texts = [
        # The two plans end at one height: their words stand to the right of both bars, one above the other.
        _data(alt, [record])
        .mark_text(
            align="left",
            dx=8 if place else 0,
            dy=(-13, -8, 9)[place],
            color=INK,
            fontSize=FONT_SIZE,
        )
        .encode(x=alt.X("beside:Q", scale=scale), y=y, text="text:N")
        for place, record in enumerate(records)
    ]
    lines = [
        _data(
            alt,
            [
                {"labels": n, "half": half}
                for n, half in zip(curve.labels, curve.half_widths, strict=True)
            ],
        )
        .mark_line(color=MUTED, strokeWidth=1.5, strokeDash=[5, 4] if curve.dashed else [1, 0])
        .encode(x=x, y=y)
        for curve in curves
    ]
    picture = alt.layer(
        *lines,
        data.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(
            x=alt.X("low:Q", scale=scale), x2="high:Q", y=y
        ),
        data.mark_point(filled=True, color=ACCENT, size=55, opacity=1).encode(x=x, y=y),
        *texts,
    ).properties(width=560, height=180)
    return drawn(finished(picture), name=name, title=title, caption=caption)


def order_chart(systems: Sequence[Ranked], *, name: str, title: str, caption: str) -> Chart | None:
    """Return the order by error rate beside the order by volume, joined by lines; None with fewer than two systems.

    In colour: the systems whose place is worse by volume than by rate.
    """
    import altair as alt

    if len(systems) < 2:
        return None
    # Those with the most errors a day matter most; beyond that many the picture is a knot.
    shown = sorted(systems, key=lambda system: (-system.errors_per_day.value, system.name))[
        :MOST_RANKED
    ]
    names = dict(
        zip((system.name for system in shown), _distinct([s.name for s in shown], 18), strict=True)
    )
    by_rate = sorted(shown, key=lambda system: (system.error_rate.value, system.name))
    by_volume = sorted(shown, key=lambda system: (system.errors_per_day.value, system.name))
    ends = []
    for place, system in enumerate(by_rate):
        then = by_volume.index(system)
        shared = {"name": names[system.name], "worse": int(then > place)}
        left = f"{names[system.name]}: {interval(system.error_rate, percent=True)}"
        right = f"{names[system.name]}: {interval(system.errors_per_day)}"
        ends += [
            shared | {"side": 0, "place": place + 1, "text": left},
            shared | {"side": 1, "place": then + 1, "text": right},
        ]
    picture = _order_picture(alt, ends, len(shown))
    spec = finished(picture)
    # The words on both sides are as wide as the reader's font, which Vega can't measure: their room is fixed.
    spec |= {
        "autosize": "none",
        "padding": {"left": ORDER_SIDE, "right": ORDER_SIDE, "top": 4, "bottom": 4},
    }
    spec["config"].pop("padding")
    return drawn(spec, name=name, title=title, caption=caption)


def _order_picture(alt: Any, ends: list[dict[str, Any]], count: int) -> Any:
    x = alt.X("side:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False))
    y = alt.Y(
        "place:Q", axis=None, scale=alt.Scale(domain=[0, count + 0.5], reverse=True, nice=False)
    )
    layers = []
    for worse, colour, width in ((0, MUTED, 1.5), (1, ACCENT, 2.5)):
        of_colour = [end for end in ends if end["worse"] == worse]
        if of_colour:
            base = _data(alt, of_colour)
            layers.append(
                base.mark_line(color=colour, strokeWidth=width).encode(x=x, y=y, detail="name:N")
            )
            layers.append(
                base.mark_point(filled=True, color=colour, size=40, opacity=1).encode(x=x, y=y)
            )
    heads = ({"side": 0, "place": 0, "text": "by error rate, best first"},
             {"side": 1, "place": 0, "text": "by errors a day, best first"})  # fmt: skip
    for side, align, shift in ((0, "right", -9), (1, "left", 9)):
        for rows, colour, weight in (([heads[side]], MUTED, "bold"), (ends, INK, "normal")):
            text = _data(alt, [row for row in rows if row["side"] == side]).mark_text(
                align=align, dx=shift, color=colour, fontSize=FONT_SIZE, fontWeight=weight
            )
            layers.append(text.encode(x=x, y=y, text="text:N"))
    return alt.layer(*layers).properties(width=120, height=ROW_HEIGHT * (count + 1))


def _points(alt: Any, records: list[dict[str, Any]], **axes: Any) -> list[Any]:
    layers = []
    for found in (0, 1):
        rows = [r for r in records if r["found"] == found and r["value"] is not None]
        if rows:
            mark = _data(alt, rows).mark_point(filled=bool(found), color=ACCENT, size=55, opacity=1)
            layers.append(mark.encode(**axes))
    return layers


def _data(alt: Any, records: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=records))


def _name_axis() -> Any:
    import altair as alt

    return alt.Axis(
        ticks=False, domain=False, grid=False, minExtent=NAME_WIDTH, maxExtent=NAME_WIDTH,
        labelLimit=0, labelPadding=8,
    )  # fmt: skip


def _in_figures(quantity: Quantity, *, percent: bool) -> str:
    return interval(quantity, percent=percent) if isinstance(quantity, Estimate) else "unknown"


def _distinct(names: Sequence[str], most: int) -> list[str]:
    # Two names that begin alike must not fall on one line of the chart.
    taken: dict[str, int] = {}
    result = []
    for name in names:
        short = drawn_text(name, most)
        taken[short] = count = taken.get(short, 0) + 1
        while count > 1 and (tried := f"{drawn_text(name, most - 4)} ({count})") in taken:
            count += 1
        if count > 1:
            taken[short], short = count, tried
            taken[short] = 1
        result.append(short)
    return result


def _milliseconds(day: str) -> float | None:
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000
    except ValueError:
        return None


def finished(picture: Any) -> dict[str, Any]:
    """Return the specification of a picture, in the manner of all charts of Assay."""
    spec: dict[str, Any] = (
        picture.configure(font="sans-serif", background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=MUTED, gridColor=LINE, tickColor=LINE, domainColor=LINE,
            labelFontSize=FONT_SIZE, titleFontSize=FONT_SIZE, titleFontWeight="normal", titlePadding=10,
            tickCount=6, labelFlush=False,
        )
        .to_dict()
    )  # fmt: skip
    return spec
