"""What went where, as a stream that gets thinner: a Sankey picture, drawn here since Vega has none.

The stream runs down; what each stage takes leaves it to the right, as broad as its share. Every element is made here,
and of what files say only text goes in, through `drawn_text`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from assay.report.curate_run_words import Flow, share
from assay.report.svg import Chart, drawn_text

WIDTH, STREAM, LEFT, TURN = 540.0, 200.0, 6.0, 270.0
"""Width of the picture and of the whole stream; where the stream begins, and where what leaves it ends."""
LEAST_ROW, HEAD, FOOT = 40.0, 34.0, 44.0
FALL = 18.0
"""How far what leaves falls before it runs to the right."""
NAME_LETTERS = 34
LEAST_BREADTH = 0.75
"""Of what is not nothing: thinner than that a line is not seen."""


def sankey(flows: Sequence[Flow], records: int, kept: int, *, name: str) -> Chart:
    """Return the picture.

    Parameters
    ----------
    flows
        What each stage took, in order.
    records, kept
        How many there were, and are left.
    name
        Prefix of the identifiers in this chart.
    """
    scale = STREAM / max(records, 1)
    rows = [max(LEAST_ROW, flow.documents * scale + FALL + 10) for flow in flows]
    height = HEAD + sum(rows) + FOOT
    title = "What went where"
    caption = "The stream is all records; what each stage took leaves it to the right, as broad as its share."
    svg = ET.Element(
        "svg",
        {
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-caption",
            "viewBox": f"0 0 {WIDTH:g} {height:.1f}",
            "width": f"{WIDTH:g}",
            "height": f"{height:.1f}",
        },
    )
    ET.SubElement(svg, "title", id=f"{name}-title").text = title
    ET.SubElement(svg, "desc", id=f"{name}-caption").text = caption
    _words(svg, LEFT, 14, f"{records:,} records", bold=True)
    top, left = HEAD - 12, records
    for flow, row in zip(flows, rows, strict=True):
        before, after = left * scale, flow.left * scale
        _stream(svg, top, after, top + row)
        _leaving(svg, (LEFT + after, LEFT + before), top)
        middle = top + FALL + max(flow.documents * scale, LEAST_BREADTH) / 2
        _words(svg, TURN + 8, middle - 2, drawn_text(flow.stage, NAME_LETTERS))
        said = f"{flow.documents:,} ({share(flow.documents, records)})"
        _words(svg, TURN + 8, middle + 14, said, colour="var(--muted)")
        top, left = top + row, flow.left
    _stream(svg, top, left * scale, top + 14)
    said = f"{kept:,} kept ({share(kept, records)})"
    _words(svg, LEFT, top + 32, said, bold=True)
    return Chart(ET.tostring(svg, "unicode"), title, caption)


def _stream(svg: ET.Element, top: float, breadth: float, bottom: float) -> None:
    if breadth > 0:
        shape = {
            "x": f"{LEFT:.1f}",
            "y": f"{top:.1f}",
            "width": f"{max(breadth, LEAST_BREADTH):.2f}",
            "height": f"{bottom - top:.1f}",
            "fill": "var(--accent)",
        }
        ET.SubElement(svg, "rect", shape)


def _leaving(svg: ET.Element, edge: tuple[float, float], top: float) -> None:
    """Draw what leaves: from the stream's edge at the top of a row, turned to the right."""
    inner, outer = edge
    breadth = max(outer - inner, LEAST_BREADTH)
    outer = inner + breadth
    upper, lower = top + FALL, top + FALL + breadth
    path = (
        f"M{inner:.1f} {top:.1f}C{inner:.1f} {lower:.1f} {inner:.1f} {lower:.1f} {TURN:.1f} {lower:.1f}"
        f"L{TURN:.1f} {upper:.1f}C{outer:.1f} {upper:.1f} {outer:.1f} {upper:.1f} {outer:.1f} {top:.1f}Z"
    )
    ET.SubElement(svg, "path", {"d": path, "fill": "var(--muted)", "fill-opacity": "0.55"})


def _words(
    svg: ET.Element,
    x: float,
    y: float,
    text: str,
    *,
    bold: bool = False,
    colour: str = "var(--ink)",
) -> None:
    look = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": colour, "font-size": "13"}
    if bold:
        look["font-weight"] = "bold"
    ET.SubElement(svg, "text", look).text = text
