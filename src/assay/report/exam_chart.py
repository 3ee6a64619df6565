"""The pictures of an exam: scores below one another with their limits, and what falls at a date."""

from __future__ import annotations

from typing import Any

from assay.probe.exam_result import ExamResult
from assay.probe.time_split_result import SplitPart
from assay.quantity import Estimate
from assay.report.charts import ACCENT, BAR, INK, MUTED, Row, finished, interval_chart
from assay.report.svg import Chart, drawn

WIDTH, HEIGHT = 260, 200
BEFORE, AFTER = "before", "after"


def score_chart(one: ExamResult, *, name: str) -> Chart | None:
    """Return the scores of one system below one another; None where none is known.

    Parameters
    ----------
    one
    name
        Prefix of the identifiers in this chart.
    """
    rows = [
        Row("in the exam", one.exam),
        Row("exam at the use mix", one.exam_at_mix),
        Row("in use", one.use),
        Row("in the twin exam", one.twin),
    ]
    return interval_chart(
        [row for row in rows if isinstance(row.quantity, Estimate)],
        axis="right (%)",
        name=name,
        title=f"What {one.name} gets right, by who asks",
        caption="Each bar is an interval, the point in it what was found. Not adjusted for difficulty.",
        percent=True,
    )


def split_chart(part: SplitPart, *, name: str) -> Chart | None:
    """Return the scores before and after the cut, of the system and of the references; None where a side is empty.

    Parameters
    ----------
    part
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    if not (isinstance(part.before, Estimate) and isinstance(part.after, Estimate)):
        return None
    x = alt.X("side:N", sort=[BEFORE, AFTER], title="the cut", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(domain=[0, 1], nice=False)
    rows = [
        {"side": side, "value": score.value, "low": score.low, "high": score.high}
        for side, score in ((BEFORE, part.before), (AFTER, part.after))
    ]
    low = alt.Y("low:Q", scale=scale, title="share right")
    value = alt.Y("value:Q", scale=scale, title="share right")
    own = alt.Chart(alt.InlineData(values=rows))
    layers: list[Any] = [
        own.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(x=x, y=low, y2="high:Q"),
        own.mark_line(color=ACCENT).encode(x=x, y=value),
        own.mark_point(filled=True, color=ACCENT, size=55, opacity=1).encode(x=x, y=value),
    ]
    caption = "The line is the system, its bars are intervals."
    if part.references_before is not None and part.references_after is not None:
        clean = [
            {"side": BEFORE, "value": part.references_before},
            {"side": AFTER, "value": part.references_after},
        ]
        line = alt.Chart(alt.InlineData(values=clean))
        layers.append(line.mark_line(color=INK, strokeDash=[5, 4]).encode(x=x, y=value))
        caption += " Dashed: the mean of the clean references on the same tasks."
    picture = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return drawn(finished(picture), name=name, title="Before and after the cut", caption=caption)
