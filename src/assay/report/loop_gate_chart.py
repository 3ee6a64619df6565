"""The phase diagram of a feedback loop: what a verifier keeps of right and of wrong answers, and where loops gain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from assay.curate.loop.gate import GateReport, GateStand
from assay.quantity import Estimate
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, LINE, MUTED, finished
from assay.report.svg import Chart, drawn

SIDE = 380
STEPS = 60
MOST_NAMED = 12
TITLE = "phi: share of right answers that is kept"


def phase_chart(report: GateReport, *, name: str) -> Chart | None:
    """Return the diagram; None where no rate is known.

    Parameters
    ----------
    report
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    points = [point for stand in report.stands for point in _points(stand)]
    if not points:
        return None
    x = alt.X(
        "psi:Q",
        title="psi: share of wrong answers that is kept",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", grid=False),
    )
    y = alt.Y(
        "phi:Q",
        title=TITLE,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", grid=False),
    )
    even = report.break_even
    layers = []
    if isinstance(even, Estimate):
        band = alt.Chart(alt.InlineData(values=_band(even))).mark_area(color=MUTED, opacity=0.18)
        layers.append(band.encode(x=x, y=alt.Y("low:Q", title=TITLE), y2="high:Q"))
        layers.append(_line(alt, _ray(even.value), MUTED, [1, 0]).encode(x=x, y=y))
    layers.append(_line(alt, _ray(0.0), LINE, [1, 0]).encode(x=x, y=y))
    if (feng := _breakdown_line(report.stands)) is not None:
        layers.append(_line(alt, feng, INK, [5, 4]).encode(x=x, y=y))
    layers += _marks(alt, points, x, y)
    picture = alt.layer(*layers).properties(width=SIDE, height=SIDE)
    return drawn(
        finished(picture),
        name=name,
        title="Where you stand",
        caption=_caption(len(report.stands)),
    )


def _caption(loops: int) -> str:
    dots = (
        "Dots are turns, with the limits of both rates"
        if loops == 1
        else "Dots are loops at their last turn"
    )
    lines = (
        f"{dots}; the farther up and to the left, the better. The thin line is a coin (phi = psi). Above the grey "
        "band, the break-even with its limits, a loop gains."
    )
    if loops > 1:
        return lines
    return (
        f"{lines} Dashed: breakdown (Feng et al.) at this generator's accuracy, below which nothing can be learned "
        "from what is kept."
    )


def _points(stand: GateStand) -> list[dict[str, Any]]:
    """Return the turns of which both rates are known."""
    found = []
    for audit, quality in zip(stand.audits.turns, stand.qualities, strict=True):
        phi, psi = quality.keeps_right, quality.keeps_wrong
        if isinstance(phi, Estimate) and isinstance(psi, Estimate):
            found.append(
                {
                    "phi": phi.value, "psi": psi.value, "phi_low": phi.low, "phi_high": phi.high,
                    "psi_low": psi.low, "psi_high": psi.high, "turn": f"{audit.turn}",
                    "name": stand.audits.name,
                }
            )  # fmt: skip
    return found


def _ray(log_ratio: float) -> list[dict[str, float]]:
    """Return the line phi = psi exp(log_ratio), inside the square."""
    factor = math.exp(log_ratio)
    end = min(1.0, 1 / factor)
    return [{"psi": 0.0, "phi": 0.0}, {"psi": end, "phi": end * factor}]


def _band(even: Estimate) -> list[dict[str, float]]:
    low, high = (math.exp(min(50.0, max(-50.0, end))) for end in (even.low, even.high))
    steps = (step / STEPS for step in range(STEPS + 1))
    return [{"psi": x, "low": min(1.0, low * x), "high": min(1.0, high * x)} for x in steps]


def _breakdown_line(stands: Sequence[GateStand]) -> list[dict[str, float]] | None:
    """Return where purity is one half, for one loop's generator: phi p = psi (1 - p)."""
    if len(stands) != 1:
        return None
    before = stands[0].last.generator
    if not isinstance(before, Estimate) or not 0 < before.value < 1:
        return None
    return _ray(math.log((1 - before.value) / before.value))


def _line(alt: Any, ends: list[dict[str, float]], color: str, dash: list[int]) -> Any:
    return alt.Chart(alt.InlineData(values=ends)).mark_line(
        color=color, strokeWidth=1.5, strokeDash=dash
    )


def _marks(alt: Any, points: list[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    named = len({point["name"] for point in points})
    if named > 1:
        # Of several loops each is one dot, its last turn: limits of all would cover the picture.
        points = list({point["name"]: point for point in points}.values())
        points = [{**point, "turn": point["name"]} for point in points]
    data = alt.Chart(alt.InlineData(values=points))
    dots = data.mark_point(filled=True, color=ACCENT, size=60, opacity=1).encode(x=x, y=y)
    label = data.mark_text(align="left", dx=8, dy=-8, color=INK, fontSize=FONT_SIZE)
    labels = [label.encode(x=x, y=y, text="turn:N")] if len(points) <= MOST_NAMED else []
    if named > 1:
        return [dots, *labels]
    rule = {"color": ACCENT, "strokeWidth": 2, "opacity": BAR}
    across = data.mark_rule(**rule).encode(x=alt.X("psi_low:Q"), x2="psi_high:Q", y=y)
    upward = data.mark_rule(**rule).encode(x=x, y=alt.Y("phi_low:Q"), y2="phi_high:Q")
    return [across, upward, dots, *labels]
