"""Cases as one self-contained HTML page: what users found, how much is like it, and what mended it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from assay.figures import shown
from assay.ledger.population import moment_text
from assay.quantity import Estimate
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.volume.case_view import CaseView, named

ONE_BY_ONE = (
    "Each interval holds by itself: of twenty cases one may lie outside its own. The complaints are in none of these "
    "numbers, for nobody drew them: what is estimated are the outputs like them, from the labels of a draw."
)


def render_cases(views: Sequence[CaseView], *, ledger: str, made_at: str) -> str:
    """Return the page: a pure function of what is known of the cases."""
    style = "".join((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "cases.css"))
    waiting = sum(view.case.is_open for view in views)
    return (
        page_environment()
        .get_template("cases.html")
        .render(
            ledger=ledger,
            made_at=made_at,
            headline=headline(views),
            waiting=waiting,
            views=[_shown_view(view) for view in views],
            one_by_one=ONE_BY_ONE,
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json({"cases": [view.to_json() for view in views]}),
        )
    )


def write_cases(page: str, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, page)


def headline(views: Sequence[CaseView]) -> str:
    """Return how many cases are open, and which stands for most."""
    waiting = [view for view in views if view.case.is_open]
    if not waiting:
        return "No case is open."
    several = f"{len(waiting)} cases are open" if len(waiting) > 1 else "1 case is open"
    known = [view for view in waiting if isinstance(view.like.errors_per_day, Estimate)]
    if not known:
        return f"{several}; how many errors a day are like them is not known."
    first = known[0]
    per_day = shown(first.like.errors_per_day, unit=True)
    return f"{several}. Most errors are like {first.case.case_id}: {per_day} (95 %)."


def _shown_view(view: CaseView) -> dict[str, object]:
    table = number_table(
        [("errors a day like it", view.like.errors_per_day, False),
         ("error rate among them", view.like.error_rate, True),
         *((f"error rate of {named(version)} when asked again", version.error_rate, True) for version in view.again)]
    )  # fmt: skip
    return {
        "case": view.case,
        "opened": _second(view.case.opened_at),
        "texts": [
            (name, _lines(text))
            for name, text in (("asked", view.request), ("answered", view.output), ("right would be", view.reference))
            if text is not None
        ],
        "notes": [(_second(note.at), note.person, _lines(note.text)) for note in view.case.notes],
        "set": view.like.words,
        "labels": view.like.labels,
        "mended": view.mended,
        "numbers": table,
    }  # fmt: skip


def _lines(text: str) -> list[str]:
    # A line break of the text's own is one on the page; what else moves text about is shown instead of done.
    return text.split("\n")


def _second(at: int) -> str | None:
    return moment_text(at // 1_000_000 * 1_000_000)
