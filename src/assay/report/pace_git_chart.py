"""The pictures of a repository's pace: what landed over time, and what can be borne."""

from __future__ import annotations

from typing import Any

from assay.figures import plain
from assay.report.charts import ACCENT, FONT_SIZE, INK, MUTED, Row, finished, interval_chart
from assay.report.pace_words import kept
from assay.report.svg import Chart, drawn
from assay.volume.pace_git_result import GitPace

WIDTH, HEIGHT = 560, 240
ROOM = 12.0
"""The line of the hours is left out where it is so many times above what lands: the bars could not be seen."""


def landed_chart(pace: GitPace, *, name: str) -> Chart | None:
    """Return what landed a day, over time, against the reviewers' hours; None where the history is too short.

    Parameters
    ----------
    pace
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    if not pace.periods:
        return None
    rows = list(_bars(pace))
    most = max((row["to"] for row in rows), default=0.0)
    if most <= 0:
        return None
    line = pace.read_per_day
    line_is_drawn = line <= ROOM * most
    top = 1.12 * max(most, line if line_is_drawn else 0.0)
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%b %d", grid=False))  # fmt: skip
    scale = alt.Scale(domain=[0, top], nice=False)
    y = alt.Y("low:Q", title="changes a day that landed", scale=scale)
    layers = []
    for who, color in (("others", MUTED), ("assistants", ACCENT)):
        data = [row for row in rows if row["who"] == who]
        bars = alt.Chart(alt.InlineData(values=data)).mark_rect(color=color, opacity=1)
        layers.append(bars.encode(x=x, x2="end:T", y=y, y2="to:Q"))
    if line_is_drawn:
        layers += _hours(alt, line, scale)
    where = (
        ""
        if line_is_drawn
        else f" The reviewers' hours, {kept(line)} checks a day, are far above the picture."
    )
    return drawn(
        finished(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title="What landed, and what there are hours to check",
        caption=f"Each bar is {_length(pace)}. Below, in grey: changes of others. On top, in colour: changes that say "
        f"an assistant wrote them. The line: checks that the reviewers have hours for, of whomever.{where}",
    )


def limits_chart(pace: GitPace, *, name: str) -> Chart | None:
    """Return what lands of assistants beside what can be borne; None where all of it is unknown.

    Parameters
    ----------
    pace
    name
        Prefix of the identifiers in this chart.
    """
    rows = [
        Row("land now", pace.assistants.landed_per_day),
        Row("hours are left for", pace.capacity_per_day),
    ]
    if pace.budget_per_day is not None:
        rows.append(Row("the budget bears", pace.budget_per_day))
    level = plain(100 * pace.question.confidence_level)
    return interval_chart(
        rows,
        axis="changes of assistants a day",
        name=name,
        title="Changes of assistants: what lands, and what can be borne",
        caption=f"The bars are limits, at {level} % for what can be borne. What to keep to is the least of the lower "
        "limits below the first row.",
        may_be_log=True,
    )


def _bars(pace: GitPace) -> list[dict[str, Any]]:
    rows = []
    for part in pace.periods:
        low = 0.0
        for who, count in (("others", part.others), ("assistants", part.assistants)):
            high = low + count / part.days
            # A little apart, so that one bar can be told from the next.
            gap = 0.06 * (part.end - part.start)
            if count:
                rows.append(
                    {
                        "who": who,
                        "at": 1_000 * (part.start + gap),
                        "end": 1_000 * (part.end - gap),
                        "low": low,
                        "to": high,
                    }
                )
            low = high
    return rows


def _hours(alt: Any, line: float, scale: Any) -> list[Any]:
    row = {"low": line, "text": f"hours for {kept(line)} a day"}
    data = alt.Chart(alt.InlineData(values=[row]))
    y = alt.Y("low:Q", scale=scale)
    return [
        data.mark_rule(color=INK, strokeDash=[6, 4], strokeWidth=1.5).encode(y=y),
        data.mark_text(align="right", dx=-4, dy=-8, color=INK, fontSize=FONT_SIZE).encode(
            x=alt.value(WIDTH), y=y, text="text:N"
        ),
    ]


def _length(pace: GitPace) -> str:
    days = pace.periods[0].days
    if abs(days - 1) < 0.15:
        return "about a day"
    return "about a week" if abs(days - 7) < 1 else f"{plain(days)} days"
