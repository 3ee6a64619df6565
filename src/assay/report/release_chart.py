"""The picture of a release certificate: what each threshold would let through, against what was promised."""

from __future__ import annotations

from typing import Any

from assay.estimate.exact import clopper_pearson
from assay.figures import plain
from assay.report.charts import ACCENT, BAR, FONT_SIZE, INK, MUTED, finished
from assay.report.svg import Chart, drawn
from assay.volume.release_certificate import ReleaseCertificate

WIDTH, HEIGHT = 500, 240
MANY = 15
"""More bars than that are drawn thinner."""
ROOM = 6.0
"""The picture ends at so many times the promise: limits of a hopeless threshold would make all else small."""


def tests_chart(certificate: ReleaseCertificate, *, name: str) -> Chart | None:
    """Return the tests; None where no threshold would have released a label.

    Parameters
    ----------
    certificate
    name
        Prefix of the identifiers in this chart.
    """
    import altair as alt

    promise = certificate.promise
    rows = _rows(certificate)
    if not rows:
        return None
    at_most = 100 * promise.at_most
    most = min(max(row["high"] for row in rows), ROOM * at_most)
    top = 1.12 * max(most, at_most)
    ends = [row["score"] for row in rows]
    gap = 0.04 * (max(ends) - min(ends)) or 0.02
    x = alt.X(
        "score:Q",
        title=f"score at most (the stricter, the further to the left); {len(certificate.tests):,} thresholds tested",
        scale=alt.Scale(domain=[min(ends) - gap, max(ends) + gap], nice=False, zero=False),
        axis=alt.Axis(grid=False),
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    y = alt.Y("low:Q", title="wrong, % of what it releases", scale=scale)
    bars = [{**row, "high": min(row["high"], top)} for row in rows]
    layers = [
        alt.Chart(alt.InlineData(values=bars))
        .mark_rule(color=MUTED, strokeWidth=5 if len(rows) <= MANY else 2.5, opacity=BAR)
        .encode(x=x, y=y, y2="high:Q")
    ]
    for chosen, color, size in ((False, INK, 30), (True, ACCENT, 90)):
        dots = [row for row in rows if row["chosen"] is chosen and row["share"] <= top]
        if dots:
            data = alt.Chart(alt.InlineData(values=dots))
            point = data.mark_point(filled=True, color=color, size=size, opacity=1)
            layers.append(point.encode(x=x, y=alt.Y("share:Q", scale=scale)))
    layers += _promise(alt, at_most, scale)
    level = plain(100 * promise.confidence_level)
    paid = (
        " Each test is at a stricter level, which pays for their number."
        if promise.procedure == "holm"
        else " They are tested from the left, until one fails."
    )
    big = "" if certificate.threshold is None else " The large dot is the one that is certified."
    return drawn(
        finished(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)),
        name=name,
        title="What each threshold would let through, against the promise",
        caption=f"Dots: wrong labels among those that a threshold releases. Bars: the upper limit of each by itself, at"
        f" {level} %.{paid}{big}",
    )


def _rows(certificate: ReleaseCertificate) -> list[dict[str, Any]]:
    two_sided = max(0.0, 2 * certificate.promise.confidence_level - 1)
    rows = []
    for test in certificate.tests:
        if not test.released:
            continue
        high = 1.0
        if two_sided > 0:
            high = clopper_pearson(test.errors, test.released, confidence_level=two_sided)[1]
        rows.append(
            {
                "score": test.threshold,
                "low": 0.0,
                "share": 100 * test.errors / test.released,
                "high": 100 * high,
                "chosen": test.threshold == certificate.threshold,
            }
        )
    return rows


def _promise(alt: Any, at_most: float, scale: Any) -> list[Any]:
    row = {"low": at_most, "text": f"promised: {plain(at_most)} %"}
    data = alt.Chart(alt.InlineData(values=[row]))
    y = alt.Y("low:Q", scale=scale)
    return [
        data.mark_rule(color=INK, strokeDash=[6, 4], strokeWidth=1.5).encode(y=y),
        # Beside the picture: in it there are bars on either side.
        data.mark_text(align="left", dx=6, color=INK, fontSize=FONT_SIZE).encode(
            x=alt.value(WIDTH), y=y, text="text:N"
        ),
    ]
