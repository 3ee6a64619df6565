"""What a verified-correct result costs, as one self-contained HTML page with its charts and its record."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

from assay.capability.cost_result import CostAnswer
from assay.quantity import Estimate
from assay.report.charts import Row
from assay.report.cost_chart import (
    CostLine,
    Spot,
    frontier_chart,
    hour_charts,
    mend_chart,
    short_names,
)
from assay.report.cost_words import (
    ATTEMPT,
    HOURLY,
    attempt_cells,
    basis_sentences,
    break_even_sentences,
    first_rows,
    headline,
    hourly_cells,
    method_sentences,
    more_sentences,
    order_sentences,
    standard_sentences,
    unknown_sentences,
)
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html
from assay.report.svg import Chart

MOST_IN_CHARTS = 16


def render_cost(answer: CostAnswer) -> str:
    """Return the page: a pure function of the answer."""
    tables = _with_short_names(answer)
    style = (TEMPLATES / "page.css").read_text("utf-8")
    return (
        page_environment()
        .get_template("cost.html")
        .render(
            headline=headline(answer),
            verdicts=[*standard_sentences(answer), *more_sentences(answer)],
            unknown=list(unknown_sentences(answer)),
            columns=first_rows(tables)[0],
            rows=first_rows(tables)[1],
            turning=list(break_even_sentences(answer)),
            mend=_mend(answer),
            frontier=_frontier(answer),
            attempt_columns=ATTEMPT,
            attempt_rows=[attempt_cells(system) for system in tables.systems],
            hourly_columns=HOURLY,
            hourly_rows=[hourly_cells(system) for system in tables.systems],
            hours=_hours(answer),
            orders=list(order_sentences(answer)),
            basis=list(basis_sentences(answer)),
            methods=list(method_sentences(answer)),
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(answer.to_json()),
        )
    )


def write_cost(answer: CostAnswer, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_cost(answer))


def _with_short_names(answer: CostAnswer) -> CostAnswer:
    """Return the answer as its tables show it: a long name would leave no room for figures."""
    names = short_names([system.name for system in answer.systems])
    systems = tuple(replace(system, name=names[system.name]) for system in answer.systems)
    return replace(answer, systems=systems)


def _mend(answer: CostAnswer) -> Chart | None:
    names = short_names([system.name for system in answer.systems])
    return mend_chart(
        [CostLine(names[curve.name], curve.mend_usd, curve.cost_usd) for curve in answer.curves],
        marks=[one.mend.value for one in answer.break_evens if isinstance(one.mend, Estimate)],
        name="mend",
        title="Which is cheapest hangs on what an error costs",
        caption=f"{answer.curve_words} Bold: the cheapest somewhere; dashed uprights: where the cheapest changes.",
    )


def _frontier(answer: CostAnswer) -> Chart | None:
    names = short_names([system.name for system in answer.systems])
    spots = [
        Spot(
            names[system.name],
            system.cost,
            system.escaped.scaled(1_000, "escaped/1,000 verified-correct"),
        )
        for system in answer.systems
        if isinstance(system.cost, Estimate) and isinstance(system.escaped, Estimate)
    ]
    return frontier_chart(
        spots,
        name="frontier",
        title="Certainty against cost",
        caption="Lower is surer, left is cheaper; bars are the limits. The line joins what no other beats in both.",
    )


def _hours(answer: CostAnswer) -> list[Chart]:
    shown = answer.systems[:MOST_IN_CHARTS]
    names = short_names([system.name for system in answer.systems])
    return hour_charts(
        [Row(names[system.name], system.correct_per_hour) for system in shown],
        [Row(names[system.name], system.errors_per_hour) for system in shown],
        name="hours",
        caption="One worker that takes one request after the other, at the latency of the log.",
    )
