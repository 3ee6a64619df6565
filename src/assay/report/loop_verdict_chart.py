"""The charts of a verdict on loops: a panel for each arm, a line for each seed, a band for what it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assay.curate.loop.verdict_result import LoopResult, VersionState
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, MUTED, finished
from assay.report.svg import Chart, drawn, drawn_text

ACROSS = 3
PANEL = (170, 120)
LONE_PANEL = (480, 180)
MOST_LETTERS = 26
MOST_PANELS = 24

Series = Sequence[tuple[str, Callable[[VersionState], Quantity]]]


def verdict_charts(loops: Sequence[LoopResult]) -> list[Chart]:
    """Return the charts; those of which nothing is known are left out."""
    volume: Series = (("", lambda state: state.errors_per_day),)
    wrong: Series = (("", lambda state: _wrong(state.right)),)
    known = any(
        isinstance(state.errors_per_day, Estimate) for loop in loops for state in loop.states
    )
    samples = next((loop.evidence.held_out.sampled[0].samples for loop in loops if loop.changes), 0)
    found = [
        panels(
            loops, volume if known else wrong, name="volume",
            axis="errors a day" if known else "share wrong",
            title="Error volume by turn" if known else "Share wrong by turn: no throughput was given",
            caption="Held-out tasks, the same in every turn, at the same throughput. Bars: intervals of each version.",
        ),
        panels(
            loops, (("", lambda state: state.purity),), name="purity", axis="share right",
            title="Purity by turn",
            caption="Labels drawn by lot among what the verifier kept in the turn. No line: no labels.",
        ),
        panels(
            loops,
            (
                ("pass@1", lambda state: _sampled(state, "pass_1")),
                (f"pass@{samples}", lambda state: _sampled(state, "pass_k")),
            ),
            name="passes", axis="share right",
            title=f"pass@1 and pass@{samples} by turn",
            caption=f"Solid: pass@1. Dashed: pass@{samples}, at least one of {samples} answers right. Where the dashed "
            "line falls while the solid one rises, diversity is lost.",
        ),
    ]  # fmt: skip
    return [chart for chart in found if chart is not None]


def panels(
    loops: Sequence[LoopResult], series: Series, *, name: str, axis: str, title: str, caption: str
) -> Chart | None:
    """Return a chart with a panel for each arm; None where no number is known."""
    import altair as alt

    groups: dict[str, list[dict[str, Any]]] = {}
    for loop in loops:
        rows = groups.setdefault(loop.evidence.arm or loop.evidence.name, [])
        rows.extend(_rows(loop, series))
    shown = [(arm, rows) for arm, rows in groups.items() if rows][:MOST_PANELS]
    if not shown:
        return None
    every = [row for _, rows in shown for row in rows]
    span = (min(row["low"] for row in every), max(row["high"] for row in every))
    turns = max(row["turn"] for row in every)
    across = min(ACROSS, len(shown))
    drawings = [
        _panel(
            alt,
            drawn_text(arm, MOST_LETTERS),
            rows,
            _scale(alt, axis, span, first=place % across == 0),
            turns,
            LONE_PANEL if across == 1 else PANEL,
        )
        for place, (arm, rows) in enumerate(shown)
    ]
    picture = alt.concat(*drawings, columns=across, spacing=14)
    left = len(groups) - len(shown)
    more = f" {left} arms are not drawn." if left > 0 else ""
    return drawn(finished(picture), name=name, title=title, caption=caption + more)


def _scale(alt: Any, axis: str, span: tuple[float, float], *, first: bool) -> Any:
    room = (span[1] - span[0]) * 0.05 or 0.05
    domain = [max(0.0, span[0] - room), span[1] + room]
    return alt.Y(
        "value:Q",
        title=axis if first else None,
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(tickCount=4),
    )


def _panel(
    alt: Any, arm: str, rows: list[dict[str, Any]], y: Any, turns: int, size: tuple[int, int]
) -> Any:
    data = alt.Chart(
        alt.InlineData(values=rows),
        title=alt.Title(arm, color=INK, fontSize=FONT_SIZE, anchor="start"),
    )
    x = alt.X(
        "at:Q",
        title="turn",
        scale=alt.Scale(domain=[-0.3, turns + 0.3], nice=False),
        axis=alt.Axis(values=list(range(turns + 1)), format="d", grid=False),
    )
    bars = data.mark_rule(color=MUTED, strokeWidth=4, opacity=BAR).encode(x=x, y=y, y2="high:Q")
    layers = [bars.transform_calculate(value="datum.low")]
    for line in dict.fromkeys(row["line"] for row in rows):
        own = [row for row in rows if row["line"] == line]
        one = alt.Chart(alt.InlineData(values=own))
        dash = [5, 3] if own[0]["dashed"] else [1, 0]
        layers.append(
            one.mark_line(color=ACCENT, strokeWidth=1.5, strokeDash=dash).encode(x=x, y=y)
        )
        layers.append(
            one.mark_point(filled=True, color=ACCENT, size=22, opacity=1).encode(x=x, y=y)
        )
    return alt.layer(*layers).properties(width=size[0], height=size[1])


def _rows(loop: LoopResult, series: Series) -> list[dict[str, Any]]:
    seed = loop.evidence.seed
    # Seeds side by side, so that their bars can be told apart.
    aside = (int(seed) % 5 - 1) * 0.08 if seed.isdigit() else 0.0
    rows = []
    for place, (label, of) in enumerate(series):
        for turn, state in enumerate(loop.states):
            quantity = of(state)
            if isinstance(quantity, Estimate):
                rows.append(
                    {
                        "turn": turn,
                        "at": turn + aside + 0.04 * place,
                        "value": quantity.value,
                        "low": quantity.low,
                        "high": quantity.high,
                        "line": f"{loop.evidence.name} {label}",
                        "dashed": place > 0,
                    }
                )
    return rows


def _wrong(right: Quantity) -> Quantity:
    if isinstance(right, Unknown):
        return right
    return Estimate(
        1 - right.value, 1 - right.high, 1 - right.low, "errors/task", right.confidence_level, right.n, right.method,
        right.guarantee,
    )  # fmt: skip


def _sampled(state: VersionState, name: str) -> Quantity:
    if isinstance(state.sampled, Unknown):
        return state.sampled
    found: Quantity = getattr(state.sampled, name)
    return found
