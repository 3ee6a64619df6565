from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from assay.curate.loop.verdict import loop_verdict
from assay.curate.loop.verdict_result import VerdictReport
from assay.report.loop_verdict_chart import verdict_charts
from assay.report.loop_verdict_page import render_verdict
from curate.loop_folders import Said, answers, honest_loop, write_loop


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> VerdictReport:
    return loop_verdict(honest_loop(tmp_path_factory.mktemp("loop") / "out"))


def test_the_page_holds_the_verdict_the_charts_and_the_record(report: VerdictReport) -> None:
    page = render_verdict(report)
    assert "<h1>loop, seed 0: virtuous, known from turn 1.</h1>" in page
    assert page.count("<svg") == 3
    record = re.search(r'id="record">(.*?)</script>', page)
    assert record is not None
    assert json.loads(record[1]) == json.loads(json.dumps(report.to_json()))


def test_nothing_is_fetched_and_nothing_runs(report: VerdictReport) -> None:
    page = render_verdict(report)
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=", page)
    assert page.count("<script") == 1


def test_names_of_others_are_text(tmp_path: Path) -> None:
    for seed in range(2):
        key: dict[str, object] = {
            "arm": "<b onload=x>", "seed": seed, "verify": "<script>alert(1)</script>", "mix": "replace",
        }  # fmt: skip
        turns = [Said(answers(right, 100)) for right in (0.3, 0.6)]
        write_loop(tmp_path / "a" / f"seed-{seed}", turns, key=key)
    page = render_verdict(loop_verdict(tmp_path))
    assert "<script>alert" not in page
    assert "<b onload" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_is_unknown_has_no_chart(tmp_path: Path) -> None:
    path = write_loop(tmp_path / "out", [Said(answers(r, 50)) for r in (0.3, 0.6)], throughput=None)
    charts = verdict_charts(loop_verdict(path).loops)
    assert [chart.title for chart in charts] == ["Share wrong by turn: no throughput was given"]
