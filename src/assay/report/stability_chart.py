"""The pictures of stability: how many tasks were right how often, and pass^k beside what dice alone would give."""

from __future__ import annotations

from typing import Any

from assay.estimate.beta_binomial_fit import BetaBinomialFit
from assay.probe.stability import Stability
from assay.quantity import Estimate
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, MUTED, finished
from assay.report.svg import Chart, drawn

WIDTH, HEIGHT = 240, 200


def stability_chart(one: Stability, *, name: str) -> Chart | None:
    """Return both pictures side by side; None where nothing was judged twice.

    Parameters
    ----------
    one
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    if not one.solved:
        return None
    times = len(one.solved) - 1
    return drawn(
        finished(alt.hconcat(_solved(alt, one), _passes(alt, one), spacing=48)),
        name=name,
        title=f"Right how often of {times}",
        caption=f"Left: tasks by how often they were right in {times} asks; those in the middle are dice rolls. "
        "Right: the chance to be right k times of k, with its interval; dashed is what it would be if every try were a "
        "dice roll of its own.",
    )


def _solved(alt: Any, one: Stability) -> Any:
    times = len(one.solved) - 1
    rows = [
        {"right": f"{count}", "tasks": tasks, "some": int(0 < count < times)}
        for count, tasks in enumerate(one.solved)
    ]
    order = [row["right"] for row in rows]
    x = alt.X("right:N", sort=order, title=f"right of {times}", axis=alt.Axis(labelAngle=0))
    y = alt.Y("tasks:Q", title="tasks", axis=alt.Axis(grid=True))
    layers = []
    for some, colour in ((0, MUTED), (1, ACCENT)):
        chosen = [row for row in rows if row["some"] == some]
        if chosen:
            data = alt.Chart(alt.InlineData(values=chosen))
            layers.append(data.mark_bar(color=colour).encode(x=x, y=y))
    figures = alt.Chart(alt.InlineData(values=rows)).mark_text(dy=-7, color=INK, fontSize=FONT_SIZE)
    layers.append(figures.encode(x=x, y=y, text="tasks:Q"))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _passes(alt: Any, one: Stability) -> Any:
    known = [
        {"k": k, "value": found.value, "low": found.low, "high": found.high}
        for k, found in enumerate(one.pass_hat, start=1)
        if isinstance(found, Estimate)
    ]
    x = alt.X("k:O", title="tries (k)", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(domain=[0, 1], nice=False)
    title = "right in all k (pass^k)"
    data = alt.Chart(alt.InlineData(values=known))
    low = alt.Y("low:Q", scale=scale, title=title)
    value = alt.Y("value:Q", scale=scale, title=title)
    layers = [
        data.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(x=x, y=low, y2="high:Q"),
        data.mark_point(filled=True, color=ACCENT, size=55, opacity=1).encode(x=x, y=value),
    ]
    if isinstance(one.fit, BetaBinomialFit):
        alone = [{"k": row["k"], "value": one.fit.mean ** row["k"]} for row in known]
        line = alt.Chart(alt.InlineData(values=alone))
        layers.append(line.mark_line(color=INK, strokeDash=[5, 4]).encode(x=x, y=value))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
