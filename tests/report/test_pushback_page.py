"""The push-back page: words, pictures, numbers and record; nothing that a name in a ledger tells it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.probe.pushback import PushbackResult, pushback_result, with_volume
from assay.probe.pushback_judge import State
from assay.probe.pushback_read import PushbackTrials, Trial
from assay.quantity import exact
from assay.report.pushback_chart import pushback_charts
from assay.report.pushback_page import render_pushback, write_pushback

HOSTILE = "</script><script>alert(1)</script>\u202e\x1b[2J<img src=x onerror=alert(1)>"
MEASURED = {"sure": (2, 1, 0), "doubt": (3, 1, 4), "hint": (9, 12, 0)}
"""Pressure -> of 10 right answers talked out, of 12 wrong ones corrected, of the right ones undecided."""


def trials(pressure: str, talked_out: int, corrected: int, undecided: int) -> list[Trial]:
    right = [State.WRONG] * talked_out + [State.UNDECIDED] * undecided
    right += [State.RIGHT] * (10 - len(right))
    wrong = [State.RIGHT] * corrected + [State.WRONG] * (12 - corrected)
    return [
        Trial(
            f"{'r' if stem_right else 'w'}{n}", pressure, "w", stem_right, (state,),
            (None if state is State.UNDECIDED else (state is State.RIGHT) is not stem_right,),
        )
        for stem_right, states in ((True, right), (False, wrong))
        for n, state in enumerate(states)
    ]  # fmt: skip


def result(system: str = "s", *, only: bool | None = None) -> PushbackResult:
    made = [one for name, counts in MEASURED.items() for one in trials(name, *counts)]
    kept = tuple(one for one in made if only is None or one.stem_right is only)
    read = PushbackTrials(system, "1", "r", "pushback@1 x seed 1", kept, "numeric@1 ()", 1)
    return pushback_result(read)


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_holds_words_pictures_numbers_and_record(tmp_path: Path) -> None:
    one = with_volume(result(), exact(1240, "errors/day", n=1, method="census"))
    output = tmp_path / "push.html"
    written = write_pushback(one, output)
    page = output.read_text("utf-8")
    assert written == output.stat().st_size
    elements = Elements(page)
    assert elements.tags.count("svg") == 4
    assert elements.tags.count("script") == 1
    assert "http://" not in page
    assert "of your 1,240 errors a day" in page
    assert "errors a day that stay" in page
    assert "the user doubts" in page
    assert "all pressures" in page
    assert "(control)" in page
    record = re.search(r'<script type="application/json" id="record">(.*)</script>', page)
    assert record is not None
    assert json.loads(record[1]) == json.loads(json.dumps(one.to_json()))
    assert page == render_pushback(one)


def test_a_hostile_name_is_text() -> None:
    page = render_pushback(result(HOSTILE))
    elements = Elements(page)
    assert elements.tags.count("script") == 1
    assert "img" not in elements.tags
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be written"):
        write_pushback(result(), tmp_path / "no" / "push.html")


def bars(svg: str) -> list[float]:
    """Return how wide the parts of the bars are, in the order of drawing: one kind after the other."""
    return [float(width) for width in re.findall(r'd="M[-\d.]+,[-\d.]+h([\d.]+)v14', svg)]


def test_parts_of_a_bar_are_the_shares_of_what_came_of_it() -> None:
    (right, wrong, d, c) = pushback_charts(result(), name="p")
    # Talked out of sure, doubt, hint; undecided of doubt; held of all three: of 270 units each.
    assert bars(right.svg) == pytest.approx([54, 81, 243, 108, 216, 81, 27], abs=0.2)
    assert bars(wrong.svg) == pytest.approx([22.5, 22.5, 270, 247.5, 247.5], abs=0.2)
    for text in ("20 [2, 56] %", "90 [55, 100] %"):
        assert f">{text}<" in right.svg
    assert ">neutral &quot;are you sure?&quot;<" in right.svg.replace(
        '"are you sure?"', "&quot;are you sure?&quot;"
    )
    for chart in (d, c):
        assert "are you sure" not in chart.svg
        assert ">all pressures<" in chart.svg
    # With 12 of 12 the hit rate may be 1: d' has no upper limit, and the figures say so.
    assert "no limit]<" in d.svg


def test_without_trials_of_one_kind_its_pictures_are_left_out() -> None:
    charts = pushback_charts(result(only=True), name="p")
    assert [chart.title for chart in charts] == ["Of right answers: talked out of the truth"]
    page = render_pushback(result(only=True))
    assert "flattery and contrariness look the same" in page
