"""The reliability diagram of a judge, and its errors over time, as static charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.estimate import ReliabilityBin
from assay.figures import is_exact
from assay.judge.calibration_drift import Drift
from assay.quantity import Estimate
from assay.report.charts import ACCENT, BAR, INK, MUTED, Row, finished, interval_chart
from assay.report.svg import Chart, drawn

SIDE = 320
DECIDED = "Right on the dashed line the judge's scores mean what they say."
BELOW = "Below it, the judge says wrong more often than is so; above it, less often."


def reliability_chart(
    bins: Sequence[ReliabilityBin], *, name: str, judge: str, of_tasks: bool
) -> Chart | None:
    """Return the error rate of each bin, with its interval, against the mean score of the bin.

    Parameters
    ----------
    bins
    name
        Prefix of the identifiers in this chart.
    judge
        Whose scores; goes into the title, for those who listen to the page.
    of_tasks
        Whether the intervals are those of a census read as a sample of tasks.

    Returns
    -------
    Chart or None
        None where no bin's error rate is known.
    """
    import altair as alt

    known = [(one, one.error_rate) for one in bins if isinstance(one.error_rate, Estimate)]
    if not known:
        return None
    records = [
        {
            "score": one.mean_score,
            "low": rate.low,
            "high": rate.high,
            "value": rate.value,
            "found": int(rate.value > 0 or is_exact(rate)),
            "text": f"{one.labels:,}",
        }
        for one, rate in known
    ]
    whole = alt.Scale(domain=[0, 1], nice=False)
    x = alt.X("score:Q", scale=whole, title="what the judge says (mean score of the bin)")
    y = alt.Y("low:Q", scale=whole, title="share of outputs that are wrong")
    value = alt.Y("value:Q", scale=whole)
    picture = alt.layer(
        _line(alt),
        _of(alt, records)
        .mark_rule(color=MUTED, strokeWidth=5, opacity=BAR)
        .encode(x=x, y=y, y2="high:Q"),
        *(
            _of(alt, some)
            .mark_point(filled=bool(found), color=ACCENT, size=55, opacity=1)
            .encode(x=x, y=value)
            for found in (0, 1)
            if (some := [record for record in records if record["found"] == found])
        ),
        _of(alt, records)
        .mark_text(align="left", dx=9, color=INK, fontSize=11)
        .encode(x=x, y=value, text="text:N"),
    ).properties(width=SIDE, height=SIDE)
    read = "outputs read as a sample of tasks" if of_tasks else "labels of the draw"
    caption = (
        f"Bins of about equally many outputs. Bars: limits, each by itself ({read}); figures: labels in the bin. "
        f"{DECIDED} {BELOW}"
    )
    title = f"Reliability of the scores of {judge}"
    return drawn(finished(picture), name=name, title=title, caption=caption)


def drift_chart(drift: Drift, *, name: str) -> Chart | None:
    """Return sensitivity and specificity of each period, one below the other; None with fewer than two periods."""
    if len(drift.periods) < 2:
        return None
    rows = [
        Row(f"{rate}, period {place}", getattr(period.errors, rate))
        for rate in ("sensitivity", "specificity")
        for place, period in enumerate(drift.periods, start=1)
    ]
    return interval_chart(
        rows,
        axis="percent",
        name=name,
        title="Sensitivity and specificity over time",
        caption="Consecutive periods of as many labels each; each interval holds by itself.",
        percent=True,
    )


def _line(alt: Any) -> Any:
    ends = [{"score": 0.0, "value": 0.0}, {"score": 1.0, "value": 1.0}]
    scale = alt.Scale(domain=[0, 1], nice=False)
    return (
        _of(alt, ends)
        .mark_line(color=MUTED, strokeWidth=1.5, strokeDash=[5, 4])
        .encode(x=alt.X("score:Q", scale=scale), y=alt.Y("value:Q", scale=scale))
    )


def _of(alt: Any, records: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=records))
