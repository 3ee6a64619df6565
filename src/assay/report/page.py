"""The answer as one self-contained HTML page: no script, nothing from elsewhere, and the full record inside it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.figures import confidence, interval
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.report.data import (
    Report,
    SystemReport,
    by_volume,
    collect,
    evidence_rows,
    future_words,
    judge_words,
    limits,
    number_rows,
)
from assay.report.gallery import Picture, order_picture, system_pictures
from assay.report.page_file import write_html
from assay.terminal import visible
from assay.volume.question import VolumeQuestion
from assay.volume.result import PartVolume, SystemVolume

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_LETTERS = 2_000
"""A name or a note is cut after that many; the record holds it in full."""

TEMPLATES = files("assay.report") / "templates"


def write_report(
    ledger: Ledger,
    question: VolumeQuestion,
    output: Path,
    *,
    command: str,
    made_at: datetime | None = None,
) -> int:
    """Write the answer to a question as one HTML file.

    Parameters
    ----------
    ledger, question
        See `assay.volume.measure.measure_volume`.
    output
        The file; one that is there is replaced.
    command
        The command line, for the record.
    made_at
        Time of making; now where None. All else in the page follows from the ledger and the question.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    BadInput
        Where the file can't be written.
    LedgerError
        Where the ledger can't answer.
    """
    return write_page(collect(ledger, question, command=command, made_at=made_at), output)


def write_page(report: Report, output: Path) -> int:
    """Write a report as one HTML file, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render(report))


def render(report: Report) -> str:
    """Return the page: a pure function of the report."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    several = len(report.answer.systems) > 1
    return (
        page_environment()
        .get_template("page.html")
        .render(
            report=report,
            style=_markup(style),
            style_hash=digest,
            headline=headline(report),
            ranking=ranking(report) if several else None,
            order=order_picture(report.answer, "order") if several else None,
            systems=[
                _system_view(system, f"system{place}", level=3 if several else 2)
                for place, system in enumerate(report.detailed, start=1)
            ],
            limits=limits(report),
            record=_markup(record_json(report.to_json())),
        )
    )


def headline(report: Report) -> str:
    """Return the verdict: of the one system, or of the one with the most errors a day."""
    systems = report.answer.systems
    first = by_volume(report.answer)[0]
    if len(systems) == 1:
        return first.sentence
    known = sum(isinstance(system.errors_per_day, Estimate) for system in systems)
    if not known:
        return f"Of {len(systems)} systems none has a known volume of errors a day."
    return f"Of {len(systems)} systems, most errors a day: {first.sentence}"


def record_json(record: dict[str, object]) -> str:
    r"""Return JSON that may stand in a script element: nothing in it can end that element or begin another.

    Examples
    --------
    >>> record_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(record, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    # These characters occur only within strings, where JSON lets them be written so.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class NumberLine:
    """A number as it stands in a table; `unknown` in its place where it is not known."""

    what: str
    number: str = ""
    unit: str = ""
    confidence: str = ""
    n: str = ""
    mark: int = 0
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class NumberTable:
    """Numbers, and the methods that their marks stand for."""

    lines: tuple[NumberLine, ...]
    methods: tuple[str, ...]


def number_table(rows: Iterable[tuple[str, Quantity, bool]]) -> NumberTable:
    """Return numbers with interval, unit, confidence, n and method; a method that is said twice is said once."""
    methods: dict[str, int] = {}
    lines = []
    for what, quantity, percent in rows:
        if isinstance(quantity, Unknown):
            lines.append(NumberLine(what, unknown=quantity.reason))
            continue
        said = f"{quantity.method} ({quantity.guarantee})"
        lines.append(
            NumberLine(
                what=what,
                number=interval(quantity, percent=percent),
                unit=quantity.unit,
                confidence=confidence(quantity),
                n=f"{quantity.n:,}" if quantity.n else "",
                mark=methods.setdefault(said, len(methods) + 1),
            )
        )
    return NumberTable(tuple(lines), tuple(methods))


@dataclass(frozen=True, slots=True)
class RankedLine:
    """A system in the table of all."""

    throughput: str
    error_rate: str
    volume: NumberLine


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every system, most errors a day first, and the methods of its numbers."""

    lines: tuple[RankedLine, ...]
    methods: tuple[str, ...]


def ranking(report: Report) -> Ranking:
    """Return the table of all systems; the method of a volume says that of the rate and of the throughput, too."""
    systems = by_volume(report.answer)
    table = number_table((system.name, system.errors_per_day, False) for system in systems)
    lines = [
        RankedLine(
            throughput=_figure(system.throughput_per_day),
            error_rate=_figure(system.error_rate, percent=True),
            volume=volume,
        )
        for system, volume in zip(systems, table.lines, strict=True)
    ]
    return Ranking(tuple(lines), table.methods)


@dataclass(frozen=True, slots=True)
class SplitView:
    """A split as a table: its parts, and how their numbers were made."""

    title: str
    parts: tuple[PartVolume, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemView:
    """One system as the template takes it."""

    volume: SystemVolume
    level: int
    numbers: NumberTable
    judge: str
    forecast: str
    pictures: tuple[Picture, ...]
    splits: tuple[SplitView, ...]
    days: tuple[PartVolume, ...]
    made: tuple[tuple[str, str], ...]


def _system_view(report: SystemReport, name: str, *, level: int) -> SystemView:
    system = report.volume
    splits = [_split_view("stratum", system.strata)] if len(system.strata) > 1 else []
    splits += [_split_view(tag, parts) for tag, parts in system.by.items()]
    return SystemView(
        volume=system,
        level=level,
        numbers=number_table(number_rows(system)),
        judge=judge_words(system),
        forecast=future_words(system),
        pictures=tuple(system_pictures(report, name)),
        splits=tuple(splits),
        days=report.days,
        made=tuple(evidence_rows(system)),
    )


def _split_view(title: str, parts: tuple[PartVolume, ...]) -> SplitView:
    return SplitView(title, parts, _methods(parts))


def _methods(parts: Iterable[PartVolume]) -> tuple[str, ...]:
    said = {
        f"{confidence(quantity)}, {quantity.method} ({quantity.guarantee})": None
        for part in parts
        for quantity in (part.error_rate,)
        if isinstance(quantity, Estimate)
    }
    return tuple(said)


def page_environment() -> Environment:
    """Return the environment that every page's template is rendered in: escaped, and with nothing hidden in text."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: (TEMPLATES / name).read_text("utf-8")),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    environment.filters["methods"] = _methods
    environment.filters["markup"] = _markup
    return environment


def _shown(value: Any) -> Any:
    # Every string that goes into the page passes here: what turns text around or hides it is shown instead of done.
    # Escaping comes after this, and is Jinja's.
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value if len(value) <= MOST_LETTERS else f"{value[:MOST_LETTERS]}…")
    return value


def _figure(quantity: Quantity, percent: bool = False) -> str:
    return interval(quantity, percent=percent) if isinstance(quantity, Estimate) else "unknown"


def _markup(text: str) -> str:
    from markupsafe import Markup

    # For our own style, SVG rebuilt from an allow-list, and JSON without a "<": nothing else is passed through.
    return Markup(text)  # noqa: S704
