"""The pictures of the value of data: what a token of each part is worth, and the curve of loss against amount."""

from __future__ import annotations

from typing import Any

from assay.curate.value_curve import ValueCurve
from assay.curate.value_result import Regime, ValueAnswer
from assay.estimate.backlash import Backlash
from assay.figures import interval
from assay.quantity import Estimate
from assay.report.charts import (
    ACCENT,
    BAR,
    FONT_SIZE,
    INK,
    MUTED,
    NAME_LETTERS,
    PLOT_WIDTH,
    ROW_HEIGHT,
    finished,
)
from assay.report.svg import Chart, drawn
from assay.report.value_words import REGIMES, backlash_words

WIDTH, HEIGHT = 520, 220
WIDEST_LETTER = 8
BAND = 0.2
"""Opacity of the stretch that holds the best amount: the curve is read through it."""

TITLES: dict[Regime, str] = {
    "compute-fixed": "What each part does in the place of as much of the rest",
    "data-fixed": "What each part does on top of the rest",
}


def parts_chart(answer: ValueAnswer, regime: Regime, *, name: str) -> Chart | None:
    """Return what each part changes in a regime; None where none was trained on."""
    import altair as alt

    # Not `interval_chart`: its axis begins at nought, and what helps lies below it.
    rows = [
        {"name": f"{place}. {part.text.name}"[: NAME_LETTERS + 4], "text": interval(found.change)}
        | {"value": found.change.value, "low": found.change.low, "high": found.change.high}
        for place, part in enumerate(answer.parts, start=1)
        if (found := part.regime(regime)) is not None and isinstance(found.change, Estimate)
    ]
    if not rows:
        return None
    data = alt.Chart(alt.InlineData(values=rows))
    # Letters are drawn by the reader's own font: room for wide ones, so that no name loses its beginning.
    room = WIDEST_LETTER * max(len(str(row["name"])) for row in rows)
    axis = alt.Axis(grid=False, labelLimit=260, minExtent=room)
    y = alt.Y("name:N", sort=None, title=None, axis=axis)
    x = alt.X(
        "low:Q",
        title="change of held-out bits per byte: less is better",
        scale=alt.Scale(zero=True),
    )
    nought = alt.Chart(alt.InlineData(values=[{"low": 0.0}]))
    picture = alt.layer(
        nought.mark_rule(color=INK, strokeDash=[2, 3]).encode(x="low:Q"),
        data.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(y=y, x=x, x2="high:Q"),
        data.mark_point(filled=True, color=ACCENT, size=50, opacity=1).encode(y=y, x="value:Q"),
        data.mark_text(align="left", color=INK, fontSize=FONT_SIZE).encode(
            y=y, x=alt.value(PLOT_WIDTH + 12), text="text:N"
        ),
    ).properties(width=PLOT_WIDTH, height=ROW_HEIGHT * len(rows))
    return drawn(
        finished(picture),
        name=name,
        title=TITLES[regime],
        caption=f"{regime.capitalize()}: {REGIMES[regime]}. Left of nought it helps, right of it it hurts. Bars: "
        "limits over seeds and documents.",
    )


def curve_chart(curve: ValueCurve, found: Backlash, regime: str, *, name: str) -> Chart:
    """Return the loss against the share of the corpus, best first, as bits per byte more than with all of it.

    Parameters
    ----------
    curve
    found
        One of its two regimes.
    regime
        That regime's name.
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    points = [
        {
            "share": at.amount,
            "value": at.against_all.value,
            "low": at.against_all.low,
            "high": at.against_all.high,
        }
        for at in found.points
    ]
    data = alt.Chart(alt.InlineData(values=points))
    x = alt.X(
        "share:Q",
        title=f"share of the corpus, best by quality first; {REGIMES[regime]}",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%"),
    )
    y = alt.Y("value:Q", title="bits/byte more than with all of it", scale=alt.Scale(zero=True))
    layers = [
        *_point(alt, found),
        data.mark_rule(color=MUTED).encode(x=x, y=y.copy(), y2="high:Q"),
        data.mark_rule(color=MUTED).encode(x=x, y=y.copy(), y2="low:Q"),
        data.mark_line(color=INK).encode(x=x, y=y),
    ]
    picture = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return drawn(
        finished(picture),
        name=name,
        title=f"{regime.capitalize()}: {backlash_words(found)}",
        caption=f"The line is the loss less that of all of it; strokes are 95 % limits of each point, paired. "
        f"{'The band holds the best amount: its limits. ' if found.seen else ''}Ranked by {curve.ranked_by}.",
    )


def _point(alt: Any, found: Backlash) -> list[Any]:
    if not isinstance(found.point, Estimate):
        return []
    end = {"low": found.point.low, "high": found.point.high, "at": found.point.value}
    data = alt.Chart(alt.InlineData(values=[end]))
    return [
        data.mark_rect(color=ACCENT, opacity=BAND).encode(
            x="low:Q", x2="high:Q", y=alt.value(0), y2=alt.value(HEIGHT)
        ),
        data.mark_rule(color=ACCENT, strokeDash=[4, 3]).encode(x="at:Q"),
    ]
