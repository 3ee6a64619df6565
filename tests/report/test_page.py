"""The page says what it must, carries its record, and does nothing that a name in a file tells it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.estimate.judge_worth import GAIN_UNIT
from assay.ledger.ingest.record import Row
from assay.ledger.store import Ledger
from assay.quantity import Unknown
from assay.report.data import MOST_DETAILED, judge_words
from assay.report.page import record_json, render, write_report
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.result import PartVolume
from report.answers import counted, estimate, part, report, sampled, system, unlabeled
from volume.desk import answer, draw, fill

KNOWN_ELEMENTS = {
    "html", "head", "meta", "title", "style", "script", "body", "main", "header", "section",
    "h1", "h2", "h3", "h4", "h5", "p", "div", "ol", "ul", "li", "dl", "dt", "dd", "code", "strong",
    "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary",
    "svg", "g", "path", "line", "rect", "text", "tspan", "desc",
}  # fmt: skip
CONTENT_POLICY = "default-src 'none'; style-src 'sha256-"


class Outline(HTMLParser):
    """What a browser would see: elements, attributes, headings, text outside of the record."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.record = ""
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.record += data
        elif not self._inside:
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def assert_harmless(page: str) -> Outline:
    outline = Outline(page)
    tags = [tag for tag, _ in outline.elements]
    assert set(tags) <= KNOWN_ELEMENTS
    assert tags.count("script") == tags.count("style") == tags.count("main") == 1
    assert outline.named("script") == [{"type": "application/json", "id": "assay"}]
    for tag, attributes in outline.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, attributes)
            assert name not in (
                "href",
                "src",
                "xlink:href",
                "style",
                "srcset",
                "action",
                "background",
            ), (tag, attributes)
            assert "url(" not in (value or "").lower()
            assert "://" not in (value or "")
    assert "@import" not in page
    assert "url(" not in page[page.index("<style>") : page.index("</style>")]
    policy = next(meta["content"] for meta in outline.named("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith(CONTENT_POLICY)
    # What a reader can't see must not be in what is read: escapes, overrides, marks of direction.
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page
    )
    return outline


PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</SCRIPT ><img src=x onerror=alert(1)>",
    "<!--<script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "</text><image href=http://evil.example/x>",
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<object data=x>",
    "<form action=//evil.example><input name=x>",
    "<style>*{display:none}</style>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "`onclick=alert(1)`",
    "{{ 7 * 7 }}",
    "{% raw %}{{ report }}{% include '/etc/passwd' %}",
    "${alert(1)}",
    "datum['x'].constructor.constructor('alert(1)')()",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3c;script&#x3e;",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202e<gnp.exe\u2066",
    "a\u200bb\ufeffc",
    "\ud800 half a pair",
    "\ufffe\uffff",
    "a\r\nSet-Cookie: x\n\tb",
    "\x00",
    "<" * 3_000,
    "long " * 900,
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text_wherever_a_file_can_set_it(payload: str) -> None:
    hostile = system(
        payload,
        evidence=sampled(judge=payload, stratum=payload),
        strata=(part("low"), part(payload)),
        by={payload: (part(payload, 0.0),)},
        notes=(payload,),
        standard=True,
    )
    assert hostile.human is not None
    hostile = replace(hostile, human=replace(hostile.human, source=payload), next_command=payload)
    # Each chart costs a tenth of a second: those of a split are drawn for all payloads at once, below.
    undrawn = replace(hostile, by={payload: (part(payload, known=False),)}, strata=(part(payload),))
    other = unlabeled(payload + "3", reason=payload)
    page = render(report(undrawn, other, command=payload, ledger=payload, with_days=False))
    page.encode("utf-8")
    outline = assert_harmless(page)
    assert json.loads(outline.record)["answer"]["systems"][0]["system"] == payload


def test_hostile_names_stay_text_in_every_chart() -> None:
    hostile = tuple(part(payload, 3.0) for payload in PAYLOADS)
    by: dict[str, tuple[PartVolume, ...]] = {
        payload: (part(payload, 0.0),) for payload in PAYLOADS[::4]
    }
    systems = [system(payload, human=False, strata=()) for payload in PAYLOADS[1:]]
    first = system(PAYLOADS[0], volume=estimate(900, 800, 1000), strata=hostile, by=by)
    outline = assert_harmless(render(report(first, *systems)))
    assert len(outline.named("svg")) > 30


def test_the_page_says_the_verdict_first_and_all_numbers_with_their_intervals() -> None:
    page = render(report(system("desk", standard=True)))
    outline = assert_harmless(page)
    assert "desk 1 makes about 86 errors a day, between 60 and 122 (95 %)" in page
    for shown in (
        "86 [60, 122]",
        "5.2 [3.6, 7.3] %",
        "errors/day",
        "errors/trace",
        "95 %",
        ">300<",
        "[1]",
    ):
        assert shown in page
    assert "profile likelihood, 2 strata (proved)" in page
    assert "standard 30/30d: missed" in page
    headings = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert outline.named("html") == [{"lang": "en"}]


def test_the_page_is_the_same_but_for_the_time() -> None:
    asked = report(system("a"), system("b"))
    assert render(asked) == render(asked)
    later = render(replace(asked, made_at=datetime(2027, 1, 1, tzinfo=UTC)))
    assert later.replace("2027-01-01T00", "2026-11-22T12") == render(asked)


def test_identifiers_are_never_said_twice() -> None:
    outline = assert_harmless(
        render(report(*(system(name, by={"t": (part("x"),)}) for name in "abcdefgh")))
    )
    identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(identifiers) > 50
    assert len(set(identifiers)) == len(identifiers)
    for picture in outline.named("svg"):
        assert picture["role"] == "img"
        assert set((picture["aria-labelledby"] or "").split()) <= set(identifiers)


def test_a_count_has_no_label_plan_and_the_page_says_why() -> None:
    page = render(report(counted()))
    assert_harmless(page)
    assert "the count has no interval that labels could narrow" in page
    assert "exact (case folded) (check), on every output" in page
    assert "The check&#39;s own mistakes" in page


def test_what_is_unknown_is_said_in_words() -> None:
    page = render(report(unlabeled()))
    outline = assert_harmless(page)
    assert "unknown, because no output has been labeled from a draw" in page
    assert "unknown: no output has been labeled from a draw" in page
    # The people's assumed number is the only one that can be drawn; the system's place beside it says unknown.
    assert len(outline.named("svg")) == 1
    assert ">unknown</text>" in page


def test_nothing_found_is_never_shown_as_certainty() -> None:
    clean = system(volume=estimate(0, 0, 9.7), rate=estimate(0, 0, 0.00735, "errors/trace"))
    page = render(report(clean))
    assert "0; at most 9.7" in page
    assert "0; at most 0.74 %" in page


def test_of_many_systems_the_largest_are_drawn_and_all_are_listed() -> None:
    systems = [
        system(f"model-{place:02d}", volume=estimate(10.0 + place, 5, 90)) for place in range(44)
    ]
    page = render(report(*systems))
    outline = assert_harmless(page)
    assert len(page.encode()) < 500_000
    assert page.count("<h2>model-") == MOST_DETAILED
    assert all(f'<th scope="row">model-{place:02d} 1</th>' in page for place in range(44))
    assert "Of 44 systems, most errors a day: model-43" in "".join(outline.text)


@pytest.mark.parametrize(
    ("gain", "p_value", "said"),
    [
        ((1.4, 1.2, 1.7), 0.001, "is worth 1.40 [1.20, 1.70] times the labels of a uniform draw (95 %, n 300)."),
        ((1.2, 0.9, 1.7), 0.2, "adds nothing that these labels show (1.20 [0.90, 1.70] times the labels; 95 %, n 300)"),
        ((1.2, 0.9, 1.7), 0.0004, "tells wrong from right (p 0.0004) but adds nothing that these labels show"),
        ((0.8, 0.7, 0.9), None, "adds nothing: its draw is worth 0.80 [0.70, 0.90] times the labels"),
    ],
)  # fmt: skip
def test_what_the_judge_is_worth_is_said(
    gain: tuple[float, float, float], p_value: float | None, said: str
) -> None:
    worth = replace(system(), judge_gain=estimate(*gain, GAIN_UNIT), judge_p_value=p_value)
    assert said in judge_words(worth)
    assert said in render(report(worth))
    assert worth.to_json()["judge_p_value"] == p_value
    unknown = replace(worth, judge_gain=Unknown("no error was found"))
    assert judge_words(unknown).endswith("an unknown number of labels: no error was found.")
    assert unknown.to_json()["judge_finding"] is None
    assert not judge_words(replace(worth, evidence=sampled(judge=None)))


def test_the_record_cannot_end_its_element() -> None:
    text = record_json({"x": "</script><!-- & -->\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"x": "</script><!-- & -->\u2028"}


def ledger_of(path: Path, count: int = 120, name: str = "desk") -> Ledger:
    ledger = Ledger.create(path)
    day = 86_400_000_000
    traces: list[Row] = [
        {
            "trace_id": f"t{place:03d}", "task_id": f"t{place:03d}", "system": name, "version": "1", "epoch": 0,
            "at": 1_790_000_000_000_000 + place * day // 20, "input": "q", "output": "a",
            "tags": json.dumps({"topic": ["billing", "login"][place % 2]}, separators=(",", ":")),
        }
        for place in range(count)
    ]  # fmt: skip
    ledger.append("traces", traces)
    verdicts: list[Row] = [
        {
            "trace_id": f"t{place:03d}", "judge": "exact (case folded)", "judge_kind": "check",
            "error_probability": float(place % 10 == 0),
        }
        for place in range(count)
    ]  # fmt: skip
    ledger.append("verdicts", verdicts)
    return ledger


def test_a_report_is_written_from_a_ledger(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "runs.ledger")
    output = tmp_path / "report.html"
    question = VolumeQuestion(human=HumanBaseline(0.1, 40), by=("topic",), standard="30/30d")
    written = write_report(
        ledger, question, output, command="assay report runs.ledger -o report.html"
    )
    page = output.read_text("utf-8")
    outline = assert_harmless(page)
    assert written == len(page.encode("utf-8")) < 100_000
    record = json.loads(outline.record)
    assert record["answer"]["systems"][0]["evidence"] == {
        "kind": "census",
        "judge": "exact (case folded)",
        "judge_kind": "check",
    }
    assert record["made"]["tables"]["traces"] == ledger.version("traces")
    assert len(record["days"][0]["days"]) == 7
    assert sum(day["errors"]["value"] for day in record["days"][0]["days"]) == 12
    for shown in ("billing", "login", "Counted: there is no sampling error", "traces at version"):
        assert shown in page


def test_labels_of_a_draw_are_reported_with_their_strata_days_and_plan(
    ledger: Ledger, tmp_path: Path
) -> None:
    desk = fill(ledger, traces=600)
    answer(desk, draw(desk, 120), tmp_path / "labels.csv")
    output = tmp_path / "report.html"
    write_report(ledger, VolumeQuestion(by=("topic",)), output, command="assay report")
    page = output.read_text("utf-8")
    outline = assert_harmless(page)
    # Errors by day, the strata and the topics by volume and by rate, and the plan of labels.
    assert len(outline.named("svg")) == 6
    for shown in ("second reading", "half of it, with the judge", "price", "seed"):
        assert shown in page


def test_a_file_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "runs.ledger", count=20)
    with pytest.raises(BadInput, match="can't be written: there is no folder"):
        write_report(ledger, VolumeQuestion(), tmp_path / "absent" / "report.html", command="assay")
