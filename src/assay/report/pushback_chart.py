"""The pictures of push-back: what came of it under each pressure, and how right push-back is told from wrong.

Limits of d' and criterion may be infinite; a bar then ends at the edge of the picture, and the figures say so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assay.figures import interval
from assay.probe.pushback import PressureResult, PushbackResult
from assay.probe.pushback_read import Outcome
from assay.probe.pushback_shares import last_outcome
from assay.quantity import Estimate, Quantity
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, LINE, MUTED, ROW_HEIGHT, finished
from assay.report.pushback_words import meaning
from assay.report.svg import Chart, drawn

NAME_WIDTH = 205
PLOT_WIDTH = 270
LEAST_REACH, MOST_REACH = 2.0, 5.0
"""How far the axis of d' and criterion goes each way; what lies beyond is in the figures."""

Row = tuple[PressureResult, Quantity]
Parts = tuple[Outcome, Outcome, Outcome]
OF_RIGHT: Parts = Outcome.TALKED_OUT, Outcome.UNDECIDED, Outcome.HELD
OF_WRONG: Parts = Outcome.CORRECTED, Outcome.UNDECIDED, Outcome.NOT_CORRECTED


def pushback_charts(result: PushbackResult, *, name: str) -> list[Chart]:
    """Return the pictures; without those of which nothing is known.

    Parameters
    ----------
    result
    name
        Prefix of the identifiers in these charts.
    """
    shown = result.pressures
    pressing = [one for one in shown if not one.is_control]
    pooled = [result.pooled] if result.pooled else []
    found = (
        _outcomes(
            [(one, one.talked_out) for one in shown],
            OF_RIGHT,
            _ended(result, stem_right=True),
            name=f"{name}-right",
            title="Of right answers: talked out of the truth",
            caption="After all rounds, of the first answers that were right: coloured, talked out; pale, undecided; "
            "grey, held. The line is the interval of what was talked out; undecided replies count as both.",
        ),
        _outcomes(
            [(one, one.corrected) for one in shown],
            OF_WRONG,
            _ended(result, stem_right=False),
            name=f"{name}-wrong",
            title="Of wrong answers: corrected",
            caption="After all rounds, of the first answers that were wrong: coloured, corrected; pale, undecided; "
            "grey, not corrected. The line is the interval of what was corrected; undecided replies count as both.",
        ),
        _scale(
            [(one, one.d_prime) for one in [*pressing, *pooled]],
            axis="d' (above 0: tells right push-back from wrong)",
            name=f"{name}-d",
            title="Is right push-back told from wrong? (d')",
            caption="At 0 it changes as readily where the push-back is wrong as where it is right. A bar that ends at "
            "the edge goes on beyond it.",
        ),
        _scale(
            [(one, one.criterion) for one in [*pressing, *pooled]],
            axis="criterion (below 0: gives way; above: holds on)",
            name=f"{name}-c",
            title="Which way does it lean? (criterion)",
            caption="Below 0 it gives way to anything, above 0 it holds on to anything. A bar that ends at the edge "
            "goes on beyond it.",
        ),
    )
    return [chart for chart in found if chart is not None]


def _ended(result: PushbackResult, *, stem_right: bool) -> Mapping[str, Counter[Outcome]]:
    """Count what the trials of each pressure came to in the end, of right or of wrong first answers."""
    found: dict[str, Counter[Outcome]] = {}
    for trial in result.trials.trials:
        if trial.stem_right is stem_right:
            found.setdefault(trial.pressure, Counter())[last_outcome(trial)] += 1
    return found


def _outcomes(
    rows: Sequence[Row],
    parts: Parts,
    ended: Mapping[str, Counter[Outcome]],
    *,
    name: str,
    title: str,
    caption: str,
) -> Chart | None:
    """Draw the shares of outcomes as parts of a bar, and the interval of the first of them on it."""
    import altair as alt

    known = [(one, share) for one, share in rows if isinstance(share, Estimate)]
    if not known:
        return None
    scale = alt.Scale(domain=[0, 100], nice=False)
    y = _names(alt, [one for one, _ in known])
    x = alt.X("low:Q", scale=scale, title="% of them")
    colours = ((ACCENT, 1.0), (LINE, 1.0), (MUTED, BAR))
    layers = []
    for place, (colour, opacity) in enumerate(colours):
        bars = [
            {"name": meaning(one)} | segment
            for one, _ in known
            if (segment := _segment(ended[one.name], parts, place))
        ]
        if bars:
            mark = _data(alt, bars).mark_bar(
                color=colour, opacity=opacity, height=14, stroke=MUTED, strokeWidth=0.8
            )
            layers.append(mark.encode(y=y, x=x, x2="high:Q"))
    lines = [
        {"name": meaning(one), "low": 100 * share.low, "high": 100 * share.high}
        for one, share in known
    ]
    line = _data(alt, lines).mark_rule(color=INK, strokeWidth=2, yOffset=10)
    layers.append(line.encode(y=y, x=x, x2="high:Q"))
    figures = [
        {"name": meaning(one), "text": interval(share, percent=True)} for one, share in known
    ]
    layers.append(_figures(alt, figures, y))
    picture = alt.layer(*layers).properties(width=PLOT_WIDTH, height=(ROW_HEIGHT + 4) * len(known))
    return drawn(finished(picture), name=name, title=title, caption=caption)


def _segment(ended: Counter[Outcome], parts: Parts, place: int) -> dict[str, float] | None:
    """Return from where to where a part goes, in percent; None where it is empty."""
    trials = ended.total()
    low = sum(ended[part] for part in parts[:place])
    high = low + ended[parts[place]]
    return {"low": 100 * low / trials, "high": 100 * high / trials} if high > low else None


def _scale(rows: Sequence[Row], *, axis: str, name: str, title: str, caption: str) -> Chart | None:
    """Draw numbers in standard deviations, with their intervals, about a line at 0."""
    import altair as alt

    known = [(one, found) for one, found in rows if isinstance(found, Estimate)]
    if not known:
        return None
    reach = _reach([found for _, found in known])
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    y = _names(alt, [one for one, _ in known])
    x = alt.X("low:Q", scale=scale, title=axis)
    bars = [
        {
            "name": meaning(one),
            "low": max(found.low, -reach),
            "high": min(found.high, reach),
            "value": min(max(found.value, -reach), reach),
            "text": interval(found),
        }
        for one, found in known
    ]
    base = _data(alt, bars)
    picture = alt.layer(
        _data(alt, [{"zero": 0.0}])
        .mark_rule(color=INK, strokeDash=[5, 4])
        .encode(x=alt.X("zero:Q", scale=scale)),
        base.mark_rule(color=MUTED, strokeWidth=5, opacity=BAR).encode(y=y, x=x, x2="high:Q"),
        base.mark_point(filled=True, color=ACCENT, size=55, opacity=1).encode(
            y=y, x=alt.X("value:Q", scale=scale)
        ),
        _figures(alt, bars, y),
    ).properties(width=PLOT_WIDTH, height=ROW_HEIGHT * len(known))
    return drawn(finished(picture), name=name, title=title, caption=caption)


def _reach(found: Sequence[Estimate]) -> float:
    ends = [abs(end) for one in found for end in (one.low, one.value, one.high)]
    farthest = max((end for end in ends if math.isfinite(end)), default=0.0)
    return min(max(math.ceil(farthest), LEAST_REACH), MOST_REACH)


def _names(alt: Any, pressures: Sequence[PressureResult]) -> Any:
    axis = alt.Axis(
        ticks=False, domain=False, grid=False, minExtent=NAME_WIDTH, maxExtent=NAME_WIDTH,
        labelLimit=0, labelPadding=8,
    )  # fmt: skip
    names = [meaning(one) for one in pressures]
    return alt.Y("name:N", scale=alt.Scale(domain=names), title=None, axis=axis)


def _figures(alt: Any, rows: list[dict[str, Any]], y: Any) -> Any:
    mark = _data(alt, rows).mark_text(align="left", color=INK, fontSize=FONT_SIZE)
    return mark.encode(y=y, x=alt.value(PLOT_WIDTH + 12), text="text:N")


def _data(alt: Any, rows: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=rows))
