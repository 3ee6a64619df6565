"""Charts of Vega as SVG that may stand in a page: rebuilt from an allow-list of elements and attributes.

What Vega draws holds names that came out of files of others. Nothing of its output is trusted: every element and
attribute that goes into the page is one that is named here, links and styles are not among them, and the colours are
the page's own variables, so that a chart follows the page into the dark.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.terminal import visible

SHAPES = frozenset({"g", "path", "line", "rect", "text", "tspan"})
"""Elements that a static chart needs."""

ATTRIBUTES = frozenset(
    {
        *("transform", "d", "x", "y", "x2", "y2", "dx", "dy", "width", "height"),
        *(
            "opacity",
            "fill",
            "fill-opacity",
            "stroke",
            "stroke-width",
            "stroke-dasharray",
            "stroke-linecap",
        ),
        *("text-anchor", "font-size", "font-weight", "font-style"),
    }
)
INHERITED = ("fill", "stroke", "stroke-width", "font-size", "font-weight", "text-anchor")
"""What a group can say once for all that is in it."""

DEFAULTS = {"opacity": "1", "stroke-width": "1", "y2": "0", "font-weight": "normal"}
"""Values that need not be said: a chart is half as long without them."""

COLOURS = frozenset(
    {"none", "transparent", "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"}
)
"""What a chart may be painted with. Anything else becomes ink."""

XML_FORBIDDEN = re.compile("[\ufffe\uffff]")
"""Noncharacters that no XML document may hold, though text may. Controls and surrogates are gone by `visible`."""

LONG_FRACTION = re.compile(r"(\d+\.\d)\d+")
MOVED_BY_NOTHING = "translate(0,0)"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart for the page.

    Parameters
    ----------
    svg
        Markup that is safe to stand in HTML as it is.
    title, caption
        Plain text: what is drawn, and how to read it.
    """

    svg: str
    title: str
    caption: str


def drawn_text(text: str, most: int) -> str:
    r"""Return text of others as it may be drawn: one line, nothing invisible in it, and not longer than `most`.

    Examples
    --------
    >>> drawn_text("a name that goes on\x1b[2J and on", 12)
    'a name that…'
    """
    shown = XML_FORBIDDEN.sub("\ufffd", visible(text))
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def drawn(spec: Mapping[str, Any], *, name: str, title: str, caption: str) -> Chart:
    """Draw a Vega-Lite specification as static SVG.

    Parameters
    ----------
    spec
        The specification; its data are inside it.
    name
        Prefix of the identifiers in this chart, unlike that of any other in the page.
    title, caption
        What is drawn, and how to read it; both go into the chart for those who listen to the page.
    """
    import vl_convert

    svg = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[])
    # The parser reads what Vega has just written: there is no document type in it, hence no entity to blow up.
    root = ET.fromstring(svg)  # noqa: S314
    return Chart(ET.tostring(_page_svg(root, name, title, caption), "unicode"), title, caption)


def _page_svg(root: ET.Element, name: str, title: str, caption: str) -> ET.Element:
    width, height = (root.get(side, "0") for side in ("width", "height"))
    svg = ET.Element(
        "svg",
        {
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-caption",
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
        },
    )
    ET.SubElement(svg, "title", id=f"{name}-title").text = drawn_text(title, 200)
    ET.SubElement(svg, "desc", id=f"{name}-caption").text = drawn_text(caption, 1_000)
    for child in root:
        _copy(child, svg)
    return svg


def _copy(element: ET.Element, into: ET.Element) -> None:
    tag = element.tag.rpartition("}")[2]
    if tag not in SHAPES or element.get("display") == "none":
        return
    kept = dict(filter(None, (_attribute(key, value) for key, value in element.attrib.items())))
    empty = not kept or kept == {"transform": MOVED_BY_NOTHING}
    if tag == "g" and empty and not _of_one_kind(element):
        copy = into
    else:
        copy = ET.SubElement(into, tag, kept)
        copy.text = element.text
    for child in element:
        _copy(child, copy)
    if copy is not into and tag == "g":
        _say_once(copy)
    if copy is not into and _draws_nothing(copy):
        into.remove(copy)


def _of_one_kind(group: ET.Element) -> bool:
    """Whether a group is a run of like shapes without parts: worth a group of its own, to say once what they share."""
    alike = len({child.tag for child in group}) == 1
    return len(group) > 2 and alike and group.find("*/*") is None


def _say_once(group: ET.Element) -> None:
    for name in INHERITED:
        values = {child.get(name) for child in group}
        if len(values) == 1 and None not in values and name not in group.attrib:
            group.set(name, values.pop() or "")
            for child in group:
                del child.attrib[name]


def _attribute(key: str, value: str) -> tuple[str, str] | None:
    if key not in ATTRIBUTES or DEFAULTS.get(key) == value:
        return None
    if key in ("fill", "stroke"):
        return key, value if value in COLOURS else "var(--ink)"
    return key, LONG_FRACTION.sub(r"\1", value)


def _draws_nothing(element: ET.Element) -> bool:
    if element.tag == "g":
        return len(element) == 0
    if element.tag == "path":
        # Vega's frames around a group: without paint they only make the page longer.
        unpainted = element.get("stroke", "none") in ("none", "transparent")
        return not element.get("d") or (unpainted and "fill" not in element.attrib)
    return element.tag in ("text", "tspan") and not (element.text or len(element))
