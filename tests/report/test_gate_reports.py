"""A gate's answer on a terminal, in Markdown and as JUnit XML; names of others stay names."""

from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from assay.estimate.change_point import ChangePoint
from assay.ledger.store import Ledger
from assay.quantity import Unknown
from assay.report.gate_junit import gate_junit
from assay.report.gate_markdown import escaped, gate_markdown
from assay.report.gate_text import print_gate
from assay.report.gate_watch_text import print_watch
from assay.report.gate_words import headline, sentences
from assay.volume.gate import GateQuestion, run_gate
from assay.volume.gate_decision import Demand
from assay.volume.gate_result import GateResult
from assay.volume.gate_watch import Watched, WatchResult
from volume.versions import answer, columns, two_versions


def gate(ledger: Ledger, **more: object) -> GateResult:
    return run_gate(ledger, GateQuestion("desk@1", "desk@2", **more))  # type: ignore[arg-type]


@pytest.fixture
def refused(ledger: Ledger) -> GateResult:
    topics = ["prime"] * 60 + ["composite"] * 60
    old, new = [0] * 60 + [1] * 40 + [0] * 20, [1] * 50 + [0] * 70
    for epoch in (1, 2):
        answer(ledger, "1", old, topics=topics, epoch=epoch)
    answer(ledger, "2", new, topics=topics, latency=0.25)
    return gate(ledger, by=("topic",))


def printed(result: GateResult) -> str:
    stream = io.StringIO()
    print_gate(result, Console(file=stream, width=110))
    return stream.getvalue()


def test_a_refusal_names_the_class_that_collapsed(refused: GateResult) -> None:
    text = " ".join(printed(refused).split())
    assert text.startswith("Refuse it: desk@1 to desk@2")
    assert (
        "class collapse: topic=prime went from 0.0% to 83.3% wrong, while topic=composite got better: the average "
        "hides it (+8.3 points)" in text
    )
    assert "times as many" in text
    assert "noise floor: desk@1 run twice changes 0; at most" in text


@pytest.mark.parametrize(
    ("table", "answer_", "kind"),
    [
        ((150, 4, 30, 16), "take", None),
        ((150, 30, 4, 16), "refuse", "failure"),
        ((100, 3, 7, 10), "not enough data", "error"),
    ],
)
def test_junit_tells_the_three_answers_apart(
    ledger: Ledger, table: tuple[int, int, int, int], answer_: str, kind: str | None
) -> None:
    result = gate(two_versions(ledger, *table))
    assert result.answer == answer_
    suite = ET.fromstring(gate_junit(result).split("\n", 1)[1]).find("testsuite")
    assert suite is not None
    first = suite.findall("testcase")[0]
    assert first.get("name") == headline(result)
    for name in ("failure", "error"):
        found = first.find(name)
        assert (found is not None) == (name == kind)
        if found is not None:
            assert found.get("type") == answer_
    assert int(suite.get("tests", 0)) == 2
    counts = {name: int(suite.get(f"{name}s", -1)) for name in ("failure", "error")}
    # A refusal fails the whole and its table.
    assert counts == {"failure": 2 if kind == "failure" else 0, "error": int(kind == "error")}


def test_how_many_more_is_said(ledger: Ledger) -> None:
    said = " ".join(sentences(gate(two_versions(ledger, 100, 3, 7, 10))))
    assert "tasks more for a decision with 80% chance" in said


def test_at_the_margin_no_number_of_tasks_helps(ledger: Ledger) -> None:
    said = " ".join(sentences(gate(two_versions(ledger, 100, 5, 5, 10))))
    assert "no number of tasks shows it" in said


def test_markdown_is_a_table_of_text(refused: GateResult) -> None:
    text = gate_markdown(refused)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 5
    assert all(line.count(" | ") == 8 for line in rows)


def test_names_of_others_stay_names(ledger: Ledger) -> None:
    old, new = columns(30, 0, 9, 1)
    name = "a|b<script>\x1b[31m[x](http://y)"
    for version, wrong in (("1", old), ("2", new)):
        answer(ledger, version, wrong, topics=[name] * 40)
    result = gate(ledger, by=("topic",), without_noise_floor=True, demand=Demand(margin=0.01))
    markdown, junit, text = gate_markdown(result), gate_junit(result), printed(result)
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert r"a\|b" in markdown
    assert "\x1b" not in markdown + junit + text
    tests = ET.fromstring(junit.split("\n", 1)[1]).iter("testcase")
    ET.fromstring(junit.encode("utf-8"))
    assert r"topic=a|b<script>\x1b[31m[x](http://y)" in [test.get("name") for test in tests]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("@team", r"\@<!-- -->team"),
        ("see #12", r"see \#<!-- -->12"),
        ("desk@1", r"desk\@1"),
        ("www.evil.example", "www<!-- -->.evil.example"),
        ("http://x", r"http\://x"),
        ("line\n# heading", r"line\\n\# heading"),
        ("\ud800 \u202e", r"\\ud800 \\u202e"),
    ],
)
def test_markdown_calls_nobody_and_links_nothing(name: str, shown: str) -> None:
    assert escaped(name) == shown


def watched_text(result: WatchResult) -> str:
    stream = io.StringIO()
    print_watch(result, Console(file=stream, width=120))
    return " ".join(stream.getvalue().split())


def test_a_change_is_told_with_its_days() -> None:
    found = ChangePoint(12, 0.05, 0.25, 0.0005, 0.04)
    between = ("2025-10-16", "2025-10-18")
    series = (
        Watched("errors", "errors/answer", found, 0.004, "2025-10-17", between),
        Watched("length", "log", ChangePoint(3, 4.0, 4.1, 0.4, 0.2), 0.9, "2025-10-08"),
        Watched("JSON", "share", Unknown("all days are alike")),
    )
    result = WatchResult("desk", "exact@1", 800, 20, "2025-10-05", "2025-10-24", 0.05, 0.95, series,
                         ("errors",))  # fmt: skip
    text = watched_text(result)
    assert text.startswith(
        "Changed on 2025-10-17 [2025-10-16, 2025-10-18]: errors; 800 answers of desk on 20 days"
    )
    assert "2025-10-16 .. 2025-10-18" in text
    assert "JSON: all days are alike" in text
    quiet = replace(result, changed=())
    assert "No change seen, and one of 4 points of the error rate could have been" in watched_text(
        quiet
    )
