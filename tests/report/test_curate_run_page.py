"""The page of a curated corpus: its numbers, its picture, and text of others that can do nothing on it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from assay.curate.run import RunRequest, run
from assay.report.curate_run_page import render_curate_run, write_curate_run
from assay.report.curate_run_sankey import sankey
from assay.report.curate_run_text import print_run
from assay.report.curate_run_words import Flow, flows, headline, share, source_rows
from curate.corpora import HOSTILE, RECIPE, records, write_jsonl

SVG = {"svg", "g", "path", "line", "rect", "text", "tspan", "title", "desc"}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run over text and names that are hostile."""
    folder = tmp_path_factory.mktemp("run")
    rows: list[object] = list(records(200))
    rows += [{"text": text, "source": text, "doc_id": text} for text in HOSTILE]
    rows += ["<script>no record</script>", '{"text": 3}']
    return run(RunRequest((str(write_jsonl(folder / "a.jsonl", rows)),), folder / "out", RECIPE))


def test_text_of_others_can_do_nothing_on_the_page(record: dict[str, Any]) -> None:
    page = render_curate_run(record)
    outside = re.sub(
        r'<script type="application/json" id="record">.*?</script>', "", page, flags=re.DOTALL
    )
    assert "<script" not in outside
    assert "owned</h1>" not in outside
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in outside
    for hidden in "\u202e\u2066\x1b\x00\x07":
        assert hidden not in page
    assert page.count("<h1>") == 1
    held = re.search(r'id="record">(.*?)</script>', page, re.DOTALL)
    assert held
    assert json.loads(held[1]) == record


def test_every_picture_is_made_of_shapes_only(record: dict[str, Any]) -> None:
    pictures = re.findall(r"<svg.*?</svg>", render_curate_run(record), re.DOTALL)
    assert len(pictures) == 1 + len(record["features"])
    for picture in pictures:
        assert {element.tag for element in ET.fromstring(picture).iter()} <= SVG


def test_what_flows_away_and_what_is_left_add_up(record: dict[str, Any]) -> None:
    stream = flows(record)
    assert [flow.stage for flow in stream] == [
        "not readable",
        "length",
        "exact_duplicates",
        "near_duplicates",
    ]
    assert stream[-1].left == record["kept"]
    assert record["records"] - sum(flow.documents for flow in stream) == record["kept"]


def test_the_stream_is_as_broad_as_its_share() -> None:
    chart = sankey([Flow("a", 60, 40), Flow("b", 10, 30)], 100, 30, name="x")
    widths = [float(rect.get("width", "")) for rect in ET.fromstring(chart.svg).iter("rect")]
    assert widths == pytest.approx([80, 60, 60])
    assert "60 (60 %)" in chart.svg
    assert "30 kept (30 %)" in chart.svg


def test_a_stream_of_nothing_is_drawn(record: dict[str, Any]) -> None:
    empty = {**record, "records": 0, "kept": 0, "dropped": [], "rejected": {}, "sources": {}}
    empty |= {
        "features": {k: {**v, "before": [], "after": []} for k, v in record["features"].items()}
    }
    assert headline(empty) == "There was no record to read."
    assert "<svg" in render_curate_run(empty | {"examples": {}, "rejected_examples": {}})


def test_shares_never_say_none_or_all_of_what_is_not() -> None:
    for part in (1, 499, 500, 99_501, 99_999):
        assert share(part, 100_000) not in ("0 %", "100 %", "0.0 %", "100.0 %")


def test_the_text_says_the_same_and_nothing_of_it_acts_on_a_terminal(
    record: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    print_run(record, Console(width=110), out=Path("out"))
    printed = capsys.readouterr().out
    assert headline(record) in printed
    for hidden in "\u202e\u2066\x1b\x00\x07":
        assert hidden not in printed
    assert len(source_rows(record)) == len(record["sources"])


def test_the_page_is_written_whole(record: dict[str, Any], tmp_path: Path) -> None:
    size = write_curate_run(record, tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size == size
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
