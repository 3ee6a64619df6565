"""The pace of a repository as one self-contained HTML page, with its pictures and its record."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from assay.report.pace_git_chart import landed_chart, limits_chart
from assay.report.pace_git_words import git_headline, git_rows, git_sentences, undone_cells
from assay.report.page import TEMPLATES, number_table, page_environment, record_json
from assay.report.page_file import write_html
from assay.volume.pace_git_result import SHOWN, GitPace


def render_git_pace(pace: GitPace, record: dict[str, object]) -> str:
    """Return the page: a pure function of the answer.

    Parameters
    ----------
    pace
    record
        What the page holds in full, as JSON.
    """
    style = (TEMPLATES / "page.css").read_text("utf-8")
    charts = (landed_chart(pace, name="landed"), limits_chart(pace, name="limits"))
    return (
        page_environment()
        .get_template("pace_git.html")
        .render(
            headline=git_headline(pace),
            sentences=list(git_sentences(pace)),
            charts=[chart for chart in charts if chart is not None],
            numbers=number_table(git_rows(pace)),
            undone=[undone_cells(change) for change in pace.undone[:SHOWN]],
            more=max(0, len(pace.undone) - SHOWN),
            notes=pace.notes,
            style=style,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            record=record_json(record),
        )
    )


def write_git_pace(pace: GitPace, record: dict[str, object], output: Path) -> int:
    """Write the page, and return how many bytes it has.

    Raises
    ------
    BadInput
        Where the file can't be written.
    """
    return write_html(output, render_git_pace(pace, record))
