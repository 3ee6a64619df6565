"""A forecast as one self-contained HTML page, with its picture and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.figures import plain
from assay.report.forecast_chart import forecast_chart
from assay.report.forecast_words import headline, sentences
from assay.report.page import TEMPLATES, page_environment, record_json
from assay.report.page_file import write_html
from assay.volume.forecast_result import Forecast


def render_forecast(forecast: Forecast) -> str:
    """Return the page: a pure function of the forecast."""
    style = (TEMPLATES / "page.css").read_text("utf-8")
    chart = forecast_chart(forecast, name="forecast")
    return (
        page_environment()
        .get_template("forecast.html")
        .render(
            forecast=forecast,
            plain=plain,
            headline=headline(forecast),
            sentences=list(sentences(forecast)),
            charts=[] if chart is None else [chart],
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(forecast.to_json()),
        )
    )


def write_forecast(forecast: Forecast, output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_forecast(forecast))
