"""From what the desk knows to HTML: every text of others goes through one gate, and stays text.

Jinja escapes; before that, what would turn text around, hide it, or speak to a terminal is written out
(`assay.terminal.visible`). Long texts are cut, and the whole is a click away as plain text.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assay.figures import interval
from assay.quantity import Estimate
from assay.terminal import visible
from assay.web.desk import Desk, Reader
from assay.web.differing import Piece, word_difference
from assay.web.items import Item, Texts

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = files("assay.web") / "templates"

SHOWN_CHARACTERS = 20_000
"""Of each text; the rest is a click away."""

PREPARED_ITEMS = 64


@dataclass(frozen=True, slots=True)
class TextView:
    """One text of an item: its name on the page, what is shown of it, and how long it is."""

    field: str
    title: str
    text: str
    characters: int

    @property
    def is_cut(self) -> bool:
        """Whether more of it is a click away."""
        return self.characters > SHOWN_CHARACTERS


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item made ready for the page."""

    key: str
    asked: tuple[TextView, ...]
    said: tuple[TextView, ...]
    beside: tuple[TextView, ...]
    difference: tuple[Piece, ...] | None
    too_long_to_compare: bool
    talk: str

    @property
    def is_same(self) -> bool:
        """Whether output and reference have the same words."""
        return all(piece.kind == "same" for piece in self.difference or ())


def item_view(item: Item, texts: Texts) -> ItemView:
    """Return an item made ready for the page."""
    compared = texts.output or texts.answer or ""
    if texts.answer and texts.answer != texts.output:
        compared = texts.answer
    pieces = None if texts.reference is None else word_difference(compared, texts.reference)
    answer = None if texts.answer == texts.output else texts.answer
    talk = ""
    if texts.conversation_id is not None:
        turn = "" if texts.turn is None else f", turn {texts.turn}"
        talk = f"conversation {texts.conversation_id}{turn}"
    return ItemView(
        key=item.key,
        asked=_views(("input", "Asked", texts.input)),
        said=_views(("output", "Output", texts.output), ("answer", "Final answer", answer)),
        beside=_views(
            ("reference", "Reference", texts.reference), ("context", "Context", texts.context)
        ),
        difference=pieces,
        too_long_to_compare=texts.reference is not None and pieces is None,
        talk=talk,
    )


def _views(*fields: tuple[str, str, str | None]) -> tuple[TextView, ...]:
    return tuple(
        TextView(name, title, shown_lines(text[:SHOWN_CHARACTERS]), len(text))
        for name, title, text in fields
        if text
    )


def shown_lines(text: str) -> str:
    r"""Return a text of several lines with what hides or turns text written out; line breaks and tabs stay.

    Examples
    --------
    >>> shown_lines("one\r\ntwo \x1b[31m")
    'one\ntwo \\x1b[31m'
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


class Prepared:
    """Items made ready before they are asked for, the least used dropped first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._views: OrderedDict[str, ItemView] = OrderedDict()

    def view(self, item: Item) -> ItemView:
        """Return an item made ready; from any thread."""
        found = self._views.get(item.key)
        if found is None:
            found = item_view(item, self._desk.shelf.texts.get(item.trace_id))
            self._views[item.key] = found
            while len(self._views) > PREPARED_ITEMS:
                self._views.popitem(last=False)
        return found


def item_page(desk: Desk, reader: Reader, prepared: Prepared) -> tuple[str, dict[str, Any]]:
    """Return the template and its values for what is before a person now: an item, or that nothing is left."""
    item = desk.shown(reader)
    common = {
        "reader": reader,
        "to_go": to_go_words(desk),
        "planned": desk.queue.planned,
        "trouble": desk.trouble,
    }
    if item is None:
        return "done.html", common | {
            "left": desk.queue.to_go,
            "for_others": desk.queue.left_for_others(reader.name),
        }
    return "item.html", common | {
        "item": prepared.view(item),
        "earlier": reader.earlier.get(item.key),
        "kinds": desk.shelf.kinds,
        "may_reveal": bool(reader.history) and not desk.shelf.seeded,
        "may_undo": bool(reader.history),
        "review": reader.review,
    }


def to_go_words(desk: Desk) -> str:
    """Return how many labels are to go; in tens where seeded items are mixed in, or the count would tell them apart."""
    count = desk.queue.to_go
    if not desk.shelf.seeded:
        return f"{count:,}"
    return "10 or fewer" if count <= 10 else f"about {-(-count // 10) * 10:,}"


@cache
def asset(name: str) -> bytes:
    """Return the bytes of the page's own style or script."""
    return (TEMPLATES / name).read_bytes()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: (TEMPLATES / name).read_text("utf-8")),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lines"] = _escaped_lines
    environment.filters["shares"] = _share
    return environment


def render(part: str, values: dict[str, Any], *, whole: bool = True) -> str:
    """Return a page, or only its changing part."""
    environment = _environment()
    inner = environment.get_template(part).render(values)
    return environment.get_template("frame.html").render(inner=_trusted(inner)) if whole else inner


def _shown(value: Any) -> Any:
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value


def _escaped_lines(text: str) -> Any:
    from markupsafe import escape

    return escape(shown_lines(text))


def _share(estimate: Estimate) -> str:
    return interval(estimate, percent=True)


def _trusted(html: str) -> Any:
    from markupsafe import Markup

    # What a template of ours has rendered, escaped already.
    return Markup(html)  # noqa: S704
