"""The pictures of `assay curate measure`: what each step takes out, and how the n-grams grow."""

from __future__ import annotations

from assay.curate.measure import Measured
from assay.curate.measure_growth import ALL, Growth
from assay.figures import interval
from assay.quantity import Estimate
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, MUTED, PLOT_WIDTH, ROW_HEIGHT, finished
from assay.report.svg import Chart, drawn, drawn_text

WIDTH, HEIGHT = 480, 220
MOST_CURVES = 4
NAME_LETTERS = 18


def waterfall(measured: Measured, *, name: str) -> Chart | None:
    """Return what each step takes out of the words, and what is left; None where there is no word."""
    import altair as alt

    rows, before = [], None
    for place, step in enumerate(measured.effective.steps):
        total = step.total
        if not isinstance(total, Estimate):
            continue
        low = total.value if before is not None else 0.0
        high = before if before is not None else total.value
        taken = "" if before is None else f"-{before - total.value:,.0f}"
        rows.append(
            {
                "name": f"{place}. {step.name}",
                "low": low,
                "high": high,
                "text": taken or interval(total),
                "least": total.low,
                "most": total.high,
                "kind": place == 0,
            }
        )
        before = total.value
    if not rows or not rows[0]["high"] or before is None:
        return None
    left = measured.effective.steps[-1].total
    rows.append(
        {"name": f"{len(measured.effective.steps)}. left", "low": 0.0, "high": before}
        | {"least": before, "most": before, "kind": True}
        | {"text": interval(left) if isinstance(left, Estimate) else ""}
    )
    data = alt.Chart(alt.InlineData(values=rows))
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(grid=False, labelLimit=220))
    x = alt.X("low:Q", title="words", scale=alt.Scale(zero=True), axis=alt.Axis(format="~s"))
    colour = alt.condition("datum.kind", alt.value(MUTED), alt.value(ACCENT))
    picture = alt.layer(
        data.mark_bar(opacity=BAR, height=14).encode(y=y, x=x, x2="high:Q", color=colour),
        data.mark_rule(color=INK, strokeWidth=2).encode(y=y, x="least:Q", x2="most:Q"),
        data.mark_text(align="left", color=INK, fontSize=FONT_SIZE).encode(
            y=y, x=alt.value(PLOT_WIDTH + 12), text="text:N"
        ),
    ).properties(width=PLOT_WIDTH, height=ROW_HEIGHT * len(rows))
    return drawn(
        finished(picture),
        name=name,
        title="What each step takes out",
        caption="From the raw words down to what is left. Dark strokes: limits of what a step leaves, where it was "
        "looked at in a sample.",
    )


def growth_chart(measured: Measured, words: int, *, name: str) -> Chart | None:
    """Return the share of new n-grams against the size of the corpus; None where there are none."""
    import altair as alt

    curves = [one for one in measured.growth if one.words == words and len(one.curve) > 1]
    largest = sorted(curves, key=lambda one: (one.source != ALL, -one.bytes))[:MOST_CURVES]
    if not largest:
        return None
    rows = [
        {"name": _name(place, one), "bytes": point.bytes / 1e6, "share": point.new_share}
        for place, one in enumerate(largest, start=1)
        for point in one.curve
    ]
    ends = [
        {"name": _name(place, one), "bytes": one.curve[-1].bytes / 1e6}
        | {"share": one.curve[-1].new_share}
        for place, one in enumerate(largest, start=1)
    ]
    x = alt.X("bytes:Q", title="megabytes gone through", scale=alt.Scale(type="log", nice=False))
    y = alt.Y(
        "share:Q", title=f"share of {words}-grams that are new", scale=alt.Scale(domain=[0, 1])
    ).axis(format="%")
    lines = alt.Chart(alt.InlineData(values=rows)).encode(x=x, y=y, detail="name:N")
    picture = alt.layer(
        lines.mark_line(color=MUTED).transform_filter("datum.name[0] != '1'"),
        lines.mark_line(color=ACCENT, strokeWidth=2.5).transform_filter("datum.name[0] == '1'"),
        alt.Chart(alt.InlineData(values=ends))
        .mark_text(align="left", dx=6, color=INK, fontSize=FONT_SIZE)
        .encode(x=x, y=y, text="name:N"),
    ).properties(width=WIDTH, height=HEIGHT)
    return drawn(
        finished(picture),
        name=name,
        title=f"New {words}-grams as the corpus grows",
        caption=f"Mean over {measured.question.growth.orders} random orders of the documents; each point is the share "
        "of new ones since the one before.",
    )


def _name(place: int, one: Growth) -> str:
    return f"{place} {drawn_text(one.source, NAME_LETTERS)}"
