"""Histograms of what documents are like, before a run and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.report.charts import ACCENT, MUTED, finished
from assay.report.svg import Chart, drawn

WIDTH, HEIGHT = 460, 150
FAR_APART = 100


def feature_chart(feature: str, counted: Mapping[str, Any], *, name: str) -> Chart | None:
    """Return the histogram of one feature; None where nothing was counted.

    Parameters
    ----------
    feature
        What it is called.
    counted
        ``unit``, the ``edges`` of its classes, and how many documents were in each ``before`` and ``after``.
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    edges, before, after = counted["edges"], counted["before"], counted["after"]
    if not sum(before or [0]):
        return None
    after = after or [0] * len(before)
    logarithmic = edges[0] > 0 and edges[-1] / edges[0] > FAR_APART
    used = [place for place, count in enumerate(before) if count or after[place]]
    bounds = _bounds(edges, logarithmic=logarithmic)
    rows = [
        {"low": bounds[k], "high": bounds[k + 1], "before": before[k], "after": after[k]}
        for k in range(used[0], used[-1] + 1)
    ]
    scale = alt.Scale(
        type="log" if logarithmic else "linear",
        domain=[rows[0]["low"], rows[-1]["high"]],
        nice=False,
    )
    said = " (logarithmic axis)" if logarithmic else ""
    x = alt.X(
        "low:Q",
        title=f"{_titled(feature, counted['unit'])}{said}",
        scale=scale,
        axis=alt.Axis(tickCount=6, format="~s" if logarithmic else "~g"),
    )
    base = alt.Chart(alt.InlineData(values=rows))
    layers = [
        base.mark_rect(color=colour, opacity=opacity).encode(
            x=x,
            x2="high:Q",
            y=alt.Y(f"{which}:Q", title="documents", axis=alt.Axis(tickCount=4, format="~s")),
            y2=alt.value(HEIGHT),
        )
        for which, colour, opacity in (("before", MUTED, 0.45), ("after", ACCENT, 0.85))
    ]
    return drawn(
        finished(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title=feature.capitalize(),
        caption=f"Documents by {_titled(feature, counted['unit'])}: in grey all that came in, "
        "in colour those that are kept.",
    )


def _titled(feature: str, unit: str) -> str:
    return feature if feature == unit else f"{feature} in {unit}"


def _bounds(edges: list[float], *, logarithmic: bool) -> list[float]:
    """Return the ends of all classes; the open ones are drawn as broad as their neighbours."""
    if logarithmic:
        return [edges[0] ** 2 / edges[1], *edges, edges[-1] ** 2 / edges[-2]]
    return [2 * edges[0] - edges[1], *edges, 2 * edges[-1] - edges[-2]]
