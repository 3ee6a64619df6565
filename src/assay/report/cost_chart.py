"""The pictures of cost: against the price of a mend, certainty against cost, and time.

There is one accent: what wins somewhere stands in it, the rest stands back. Every line carries its own name, so that
nothing hangs on telling colours apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.quantity import Estimate
from assay.report.charts import (
    ACCENT,
    BAR,
    FONT_SIZE,
    INK,
    LINE,
    MUTED,
    Row,
    finished,
    interval_chart,
)
from assay.report.svg import Chart, drawn, drawn_text

WIDTH, HEIGHT = 470, 300
NAME_ROOM = 200
LINE_GAP = 15.0
"""Least distance of two names, in points."""

MOST_LINES = 12
MOST_LETTERS = 24
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


@dataclass(frozen=True, slots=True)
class CostLine:
    """What a verified-correct result of one configuration costs, at each price of a mend.

    Parameters
    ----------
    name
        The configuration.
    mend_usd, cost_usd : same length, > 0
        Prices of a mend, and the cost there.
    """

    name: str
    mend_usd: tuple[float, ...]
    cost_usd: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A configuration with what it costs and how sure it is."""

    name: str
    cost_usd: Estimate
    escaped_per_thousand: Estimate


def mend_chart(
    lines: Sequence[CostLine], *, name: str, title: str, caption: str, marks: Sequence[float] = ()
) -> Chart | None:
    """Return cost against the price of a mend, both on logarithmic axes; None without a line.

    Lines that are the lowest somewhere are in the accent. `marks` are prices at which the cheapest changes.
    """
    import altair as alt

    shown = _shown(lines)
    if not shown:
        return None
    winners = {line.name for line in _lowest(shown)}
    costs = [cost for line in shown for cost in line.cost_usd]
    scale_y = alt.Scale(type="log", domain=[min(costs) / 1.3, max(costs) * 1.3], nice=False)
    mends = shown[0].mend_usd
    scale_x = alt.Scale(type="log", domain=[mends[0], mends[-1]], nice=False)
    x = alt.X(
        "mend:Q", scale=scale_x, title="price of one mend, USD (logarithmic axis)",
        axis=alt.Axis(format=",.12~g", values=_decades(mends[0], mends[-1]), grid=True),
    )  # fmt: skip
    y = alt.Y(
        "cost:Q", scale=scale_y, title="USD per verified-correct result (logarithmic)",
        axis=alt.Axis(format=",.12~g", values=_decades(min(costs) / 1.3, max(costs) * 1.3)),
    )  # fmt: skip
    layers = [
        _data(alt, [{"mend": mark} for mark in marks if mends[0] < mark < mends[-1]])
        .mark_rule(color=LINE, strokeDash=[3, 3])
        .encode(x=x)
    ] if any(mends[0] < mark < mends[-1] for mark in marks) else []  # fmt: skip
    # The winners last: they are drawn over the others.
    for place, line in enumerate(sorted(shown, key=lambda one: one.name in winners)):
        wins = line.name in winners
        rows = [{"mend": m, "cost": c} for m, c in zip(line.mend_usd, line.cost_usd, strict=True)]
        layers.append(
            _data(alt, rows)
            .mark_line(
                color=ACCENT if wins else MUTED,
                strokeWidth=2.4 if wins else 1.3,
                strokeDash=DASHES[0] if wins else DASHES[place % len(DASHES)],
                clip=True,
            )
            .encode(x=x, y=y)
        )
    layers += _names(alt, shown, winners, scale_y)
    return drawn(
        _with_room(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title=title,
        caption=caption,
    )


def frontier_chart(spots: Sequence[Spot], *, name: str, title: str, caption: str) -> Chart | None:
    """Return escaped errors against cost, each with both intervals; None where there is nothing to choose by.

    That is so with fewer than two, or where none has let an error out.

    What no other beats in both stands in the accent, joined by a line: the frontier.
    """
    import altair as alt

    shown = [spot for spot in spots if _drawable(spot)][:MOST_LINES]
    if len(shown) < 2 or not any(spot.escaped_per_thousand.value for spot in shown):
        return None
    front = {spot.name for spot in frontier(shown)}
    ends = [
        end
        for cost in (spot.cost_usd for spot in shown)
        for end in (cost.low, cost.value, cost.high)
        if 0 < end < math.inf
    ]
    log = max(ends) > 20 * min(ends)
    domain = [min(ends) / 1.3, max(ends) * 1.3] if log else [0, max(ends) * 1.1]
    words = "USD per verified-correct result" + (" (logarithmic axis)" if log else "")
    ticks: dict[str, Any] = {"values": _decades(*domain)} if log else {}
    x = alt.X(
        "cost:Q", title=words, scale=alt.Scale(type="log" if log else "linear", domain=domain, nice=False),
        axis=alt.Axis(format=",.12~g", **ticks),
    )  # fmt: skip
    most = max(min(spot.escaped_per_thousand.high, 1e6) for spot in shown)
    y = alt.Y(
        "escaped:Q", title="escaped errors per 1,000 verified-correct",
        scale=alt.Scale(domain=[0, most * 1.05 or 1.0], nice=False),
    )  # fmt: skip
    rows = [_spot_row(spot, number, domain, most) for number, spot in enumerate(shown, start=1)]
    data = _data(alt, rows)
    joined = sorted((row for row in rows if row["name"] in front), key=lambda row: row["cost"])
    layers = [
        data.mark_rule(color=MUTED, strokeWidth=2, opacity=BAR).encode(
            x="cost_low:Q", x2="cost_high:Q", y=y
        ),
        data.mark_rule(color=MUTED, strokeWidth=2, opacity=BAR).encode(
            x=x, y="escaped_low:Q", y2="escaped_high:Q"
        ),
        _data(alt, joined).mark_line(color=ACCENT, strokeWidth=1.5).encode(x=x, y=y),
    ]
    for place, row in enumerate(rows):
        colour = ACCENT if row["name"] in front else MUTED
        one = _data(alt, [row])
        layers.append(
            one.mark_point(filled=True, color=colour, size=60, opacity=1).encode(x=x, y=y)
        )
        layers.append(
            one.mark_text(align="left", dx=7, dy=-9, color=INK, fontSize=FONT_SIZE).encode(
                x=x, y=y, text="number:N"
            )
        )
        # Names would lie on one another: they stand in a list, under the numbers of the points.
        layers.append(
            one.mark_text(
                align="left",
                color=INK,
                fontSize=FONT_SIZE,
                fontWeight="bold" if row["name"] in front else "normal",
            ).encode(x=alt.value(WIDTH + 8), y=alt.value(LINE_GAP * (place + 0.7)), text="text:N")
        )
    picture = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT - 40)
    return drawn(_with_room(picture), name=name, title=title, caption=caption)


def hour_charts(
    correct: Sequence[Row], errors: Sequence[Row], *, name: str, caption: str
) -> list[Chart]:
    """Return what one worker brings about in an hour: right results, and errors."""
    charts = (
        interval_chart(
            correct, axis="correct results an hour, one worker", name=f"{name}-correct",
            title="Correct results an hour", caption=caption, may_be_log=True,
        ),
        interval_chart(
            errors, axis="errors an hour, one worker", name=f"{name}-errors",
            title="Errors an hour", caption=caption, may_be_log=True,
        ),
    )  # fmt: skip
    return [chart for chart in charts if chart is not None]


def frontier(spots: Sequence[Spot]) -> list[Spot]:
    """Return the configurations that no other beats in both cost and escaped errors, cheapest first."""
    return sorted(
        (spot for spot in spots if not any(_beats(other, spot) for other in spots)),
        key=lambda spot: spot.cost_usd.value,
    )


def _beats(one: Spot, other: Spot) -> bool:
    mine = (one.cost_usd.value, one.escaped_per_thousand.value)
    its = (other.cost_usd.value, other.escaped_per_thousand.value)
    return mine != its and mine[0] <= its[0] and mine[1] <= its[1]


def _drawable(spot: Spot) -> bool:
    return 0 < spot.cost_usd.value < math.inf and spot.escaped_per_thousand.value < math.inf


def _spot_row(spot: Spot, number: int, domain: Sequence[float], most: float) -> dict[str, Any]:
    cost, escaped = spot.cost_usd, spot.escaped_per_thousand
    return {
        "name": spot.name,
        "number": str(number),
        "text": f"{number}  {drawn_text(spot.name, MOST_LETTERS)}",
        "cost": cost.value,
        "cost_low": max(cost.low, domain[0]),
        "cost_high": min(cost.high, domain[1]),
        "escaped": escaped.value,
        "escaped_low": escaped.low,
        "escaped_high": min(escaped.high, most),
    }


def _shown(lines: Sequence[CostLine]) -> list[CostLine]:
    winners = _lowest(lines)
    others = [line for line in lines if line not in winners]
    others.sort(key=lambda line: line.cost_usd[len(line.cost_usd) // 2])
    return [*winners, *others][:MOST_LINES]


def _lowest(lines: Sequence[CostLine]) -> list[CostLine]:
    """Return the lines that are the lowest somewhere."""
    if not lines:
        return []
    best = {
        min(range(len(lines)), key=lambda at: lines[at].cost_usd[place])
        for place in range(len(lines[0].cost_usd))
    }
    return [lines[at] for at in sorted(best)]


def _names(alt: Any, lines: Sequence[CostLine], winners: set[str], scale_y: Any) -> list[Any]:
    """Write each line's name at its right end, moved apart where ends lie close."""
    low, high = (math.log(end) for end in scale_y.domain)
    per_point = (high - low) / HEIGHT
    places = apart(
        {line.name: math.log(line.cost_usd[-1]) for line in lines}, LINE_GAP * per_point, (low, high)
    )  # fmt: skip
    layers = []
    for line in lines:
        row = {"cost": math.exp(places[line.name]), "text": drawn_text(line.name, MOST_LETTERS)}
        mark = _data(alt, [row]).mark_text(
            align="left", color=INK, fontSize=FONT_SIZE, fontWeight="bold" if line.name in winners else "normal"
        )  # fmt: skip
        layers.append(
            mark.encode(x=alt.value(WIDTH + 8), y=alt.Y("cost:Q", scale=scale_y), text="text:N")
        )
    return layers


def short_names(names: Sequence[str], most: int = MOST_LETTERS) -> dict[str, str]:
    """Return names as they are drawn: without the path that all share, and cut in their middle; still all different.

    Examples
    --------
    >>> short_names(["lab/gpt-4 0314", "lab/gpt-4 0613"])
    {'lab/gpt-4 0314': 'gpt-4 0314', 'lab/gpt-4 0613': 'gpt-4 0613'}
    """
    # The first and the last in order share what all share.
    first, last = (min(names), max(names)) if names else ("", "")
    alike = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    start = first[:alike].rfind("/") + 1
    short: dict[str, str] = {}
    for name in names:
        text = drawn_text(name[start:], 1_000)
        if len(text) > most:
            head = most // 3
            text = f"{text[:head].rstrip()}…{text[head + 1 - most :].lstrip()}"
        tried, count = text, 2
        while tried in short.values():
            tried, count = f"{text[: most - 4]} ({count})", count + 1
        short[name] = tried
    return short


def apart(places: Mapping[str, float], gap: float, limits: tuple[float, float]) -> dict[str, float]:
    """Return places moved so that none is nearer than a gap to the next, within limits where they fit.

    Examples
    --------
    >>> apart({"a": 0.0, "b": 0.1, "c": 5.0}, 1.0, (0.0, 10.0))
    {'a': 0.0, 'b': 1.0, 'c': 5.0}
    """
    names = sorted(places, key=lambda name: (places[name], name))
    moved: list[float] = []
    for name in names:
        moved.append(max(places[name], moved[-1] + gap if moved else limits[0]))
    ceiling = limits[1]
    for at in range(len(moved) - 1, -1, -1):
        moved[at] = min(moved[at], ceiling)
        ceiling = moved[at] - gap
    return dict(zip(names, moved, strict=True))


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if high > 2_000 * low else (1, 2, 5)
    return [
        step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high
    ]  # fmt: skip


def _with_room(picture: Any) -> dict[str, Any]:
    spec = finished(picture)
    # Names are as wide as the reader's font, which Vega can't measure: their room is fixed.
    spec |= {
        "autosize": "none",
        "padding": {"left": 70, "right": NAME_ROOM, "top": 8, "bottom": 50},
    }
    spec["config"].pop("padding", None)
    return spec


def _data(alt: Any, records: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=records))
