"""The pictures of a pace: both limits along the share that is read, and the pace by the model's error rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from assay.figures import plain
from assay.quantity import Estimate
from assay.report.charts import ACCENT, FONT_SIZE, INK, MUTED, finished
from assay.report.pace_words import kept
from assay.report.svg import Chart, drawn
from assay.volume.pace import pace_by_error_rate
from assay.volume.pace_result import PaceAnswer, PolicyPace

WIDTH, HEIGHT = 520, 300
LEAST_SHARE = 1e-4
"""A logarithmic axis has no nought."""
ROOM = 3.0
MOST_FOR_WORDS = 0.15
"""Where a dot stands further to the right its words have no room beside it."""
PEOPLE = "the people"


def limits_chart(answer: PaceAnswer, *, name: str) -> Chart | None:
    """Return the two limits along the share that is flagged; None where nothing can be chosen along it.

    Parameters
    ----------
    answer
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    policy = next((p for p in answer.policies if len(p.curve) > 1), None)
    if policy is None:
        return None
    lines = {
        "people can keep up": list(_line(answer, policy, "capacity_limit")),
        "the budget can bear": list(_line(answer, policy, "budget_limit")),
    }
    marks = _marks(answer)
    best = _share(policy.best.pace.flagged_share.value)
    pace = _in_unit(answer, policy.per_day)
    # Far above what is affordable both lines only make the rest of the picture small.
    most = ROOM * max([pace, *(value for _, value in marks)])
    least = min([pace, *(value for _, value in marks)]) / ROOM
    shares = [row[0] for line in lines.values() for row in line if least <= row[1] <= most]
    if pace <= 0 or not shares:
        return None
    x_scale = alt.Scale(type="log", domain=[min(*shares, best), 1.0], nice=False)
    y_scale = alt.Scale(type="log", domain=[least, most], nice=False)
    x = alt.X(
        "share:Q",
        title="share of the outputs that is flagged for people (logarithmic axis)",
        scale=x_scale,
        axis=alt.Axis(values=[1e-4, 1e-3, 0.01, 0.1, 1.0], format="~%"),
    )
    y = alt.Y(
        "pace:Q",
        title=f"{_unit(answer)} (logarithmic axis)",
        scale=y_scale,
        axis=alt.Axis(values=list(_ticks(least, most)), format=",~r"),
    )
    picture = alt.layer(
        *_limit_lines(alt, lines, (x, y), (least, most)),
        *_rules(alt, marks, y, at_left=True),
        *_best(alt, best, pace, (x, y)),
    ).properties(width=WIDTH, height=HEIGHT)
    return drawn(
        finished(picture),
        name=name,
        title="How fast people can keep up, and how fast the budget can bear",
        caption=f"{policy.router.name[:1].upper()}{policy.router.name[1:]}: the more is flagged, the slower people are "
        f"and the fewer errors escape. "
        f"The dot is the most that both lines allow, {kept(pace)} {_unit(answer)}. {_firmness(answer)}",
    )


def rate_chart(answer: PaceAnswer, *, name: str) -> Chart | None:
    """Return the pace to keep by the model's error rate, all else as it is; None where there is none.

    Parameters
    ----------
    answer
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    rows = [
        {"rate": rate, "pace": _in_unit(answer, per_day)}
        for rate, per_day in pace_by_error_rate(answer)
        if per_day > 0 and math.isfinite(per_day)
    ]
    if len(rows) < 2:
        return None
    marks = _marks(answer)
    values = [row["pace"] for row in rows] + [value for _, value in marks]
    least, most = min(values) / 1.5, max(values) * 1.5
    x = alt.X(
        "rate:Q",
        title="errors per output before review (logarithmic axis)",
        scale=alt.Scale(
            type="log", domain=[rows[-1]["rate"], rows[0]["rate"]], reverse=True, nice=False
        ),
        axis=alt.Axis(values=[0.1, 0.01, 0.001, 0.0001], format="~%"),
    )
    y = alt.Y(
        "pace:Q",
        title=f"{_unit(answer)} (logarithmic axis)",
        scale=alt.Scale(type="log", domain=[least, most], nice=False),
        axis=alt.Axis(values=list(_ticks(least, most)), format=",~r"),
    )
    upper = answer.setting.error_rate.high
    here = (upper, _in_unit(answer, answer.best.per_day))
    layers = [alt.Chart(alt.InlineData(values=rows)).mark_line(color=INK).encode(x=x, y=y)]
    layers += _rules(alt, marks, y, at_left=False)
    if rows[-1]["rate"] <= upper <= rows[0]["rate"] and here[1] > 0:
        one = alt.Chart(alt.InlineData(values=[{"rate": upper, "pace": here[1]}]))
        layers.append(
            one.mark_point(filled=True, color=ACCENT, size=80, opacity=1).encode(x=x, y=y)
        )
    return drawn(
        finished(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title="How fast, by how good the model is",
        caption="The line is the pace to keep with the best threshold at each error rate, if the judge stays as it is. "
        "The dot is this system, at the upper limit of its error rate.",
    )


def _in_unit(answer: PaceAnswer, per_day: float) -> float:
    times = answer.times(per_day)
    return per_day if times is None else times


def _unit(answer: PaceAnswer) -> str:
    return "outputs a day" if answer.times(1.0) is None else "times the people's pace"


def _firmness(answer: PaceAnswer) -> str:
    if answer.confidence_level >= 1:
        return "All of it is assumed: nothing was measured."
    level = plain(100 * answer.confidence_level)
    return f"Both lines are lower limits at {level} % confidence; what is assumed has none."


def _share(value: float) -> float:
    return max(value, LEAST_SHARE)


def _line(answer: PaceAnswer, policy: PolicyPace, limit: str) -> Iterator[tuple[float, float]]:
    for one in sorted(policy.curve, key=lambda at: at.pace.flagged_share.value):
        found: Estimate = getattr(one.pace, limit)
        if 0 < found.low < math.inf:
            yield _share(one.pace.flagged_share.value), _in_unit(answer, 24 * found.low)


def _marks(answer: PaceAnswer) -> list[tuple[str, float]]:
    """Return levels to hold the pace against: today's, the demand, the people's own."""
    marks = []
    if isinstance(answer.today, Estimate) and answer.today.value > 0:
        marks.append(("today", _in_unit(answer, answer.today.value)))
    if answer.demand_per_day:
        marks.append(("demand", _in_unit(answer, answer.demand_per_day)))
    if answer.times(1.0) is not None:
        marks.append((PEOPLE, 1.0))
    return marks


def _limit_lines(
    alt: Any,
    lines: dict[str, list[tuple[float, float]]],
    axes: tuple[Any, Any],
    ends: tuple[float, float],
) -> list[Any]:
    x, y = axes
    layers = []
    for words, line in lines.items():
        inside = [(share, pace) for share, pace in line if ends[0] <= pace <= ends[1]]
        if not inside:
            continue
        rows = [{"share": share, "pace": pace} for share, pace in inside]
        dash = [1, 0] if words.startswith("people") else [6, 3]
        data = alt.Chart(alt.InlineData(values=rows))
        layers.append(data.mark_line(color=MUTED, strokeWidth=2, strokeDash=dash).encode(x=x, y=y))
        text = alt.Chart(alt.InlineData(values=[{**rows[0], "text": words}]))
        first = words.startswith("people")
        layers.append(
            text.mark_text(
                align="right" if first else "left",
                dx=-8 if first else 6,
                dy=5 if first else -9,
                color=INK,
                fontSize=FONT_SIZE,
            ).encode(x=x, y=y, text="text:N")
        )
    return layers


def _rules(alt: Any, marks: list[tuple[str, float]], y: Any, *, at_left: bool) -> list[Any]:
    """Return levels across the picture, with their words at the end where the lines are not."""
    layers = []
    for words, value in marks:
        row = {"pace": value, "text": f"{words}: {plain(value)}"}
        data = alt.Chart(alt.InlineData(values=[row]))
        layers.append(data.mark_rule(color=INK, strokeDash=[2, 3]).encode(y=y))
        text = data.mark_text(
            align="left" if at_left else "right",
            dx=4 if at_left else -4,
            dy=12 if words == PEOPLE else -7,
            color=INK,
            fontSize=FONT_SIZE,
        )
        layers.append(text.encode(x=alt.value(0 if at_left else WIDTH), y=y, text="text:N"))
    return layers


def _best(alt: Any, share: float, pace: float, axes: tuple[Any, Any]) -> list[Any]:
    x, y = axes
    row = {"share": share, "pace": pace, "text": f"affordable: {kept(pace)}"}
    data = alt.Chart(alt.InlineData(values=[row]))
    at_right = share > MOST_FOR_WORDS
    return [
        data.mark_point(filled=True, color=ACCENT, size=90, opacity=1).encode(x=x, y=y),
        data.mark_text(
            align="right" if at_right else "left",
            dx=-12 if at_right else 12,
            dy=0,
            color=INK,
            fontSize=FONT_SIZE + 1,
            fontWeight="bold",
        ).encode(x=x, y=y, text="text:N"),
    ]


def _ticks(least: float, most: float) -> Iterator[float]:
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = (1, 2, 5) if most < 300 * least else (1,)
    for power in powers:
        for step in steps:
            if least <= step * 10.0**power <= most:
                yield step * 10.0**power
