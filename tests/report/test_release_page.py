"""The page of a release certificate says what the certificate says, and does nothing that a name in it tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from assay.ledger.store import Ledger
from assay.report.release_chart import tests_chart as chart_of
from assay.report.release_page import render_release, verdict
from assay.report.release_words import chance_words, rows_of_tests
from assay.volume.release import ReleaseQuestion
from assay.volume.release_certificate import ReleaseCertificate
from assay.volume.release_issue import issue_release
from report.test_page import PAYLOADS, assert_harmless
from volume.release_desk import JUDGE, label_all, release_desk, release_draw

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("released")
    made = release_desk(Ledger.create(folder / "runs.ledger"), traces=1_500)
    label_all(made, release_draw(made, 600), folder)
    return made.ledger


def issue(ledger: Ledger, at_most: float, *, holm: bool = False) -> ReleaseCertificate:
    question = ReleaseQuestion(
        JUDGE, at_most, procedure="holm" if holm else "fixed-sequence", start=0.5
    )
    return issue_release(ledger, question, valid=timedelta(days=30), issued_at=NOW)[0]


@pytest.fixture(scope="module")
def found(ledger: Ledger) -> ReleaseCertificate:
    certificate = issue(ledger, 0.03)
    assert certificate.threshold is not None
    return certificate


def said(page: str) -> str:
    return " ".join(" ".join(assert_harmless(page).text).split())


def test_the_page_says_what_the_certificate_says(found: ReleaseCertificate) -> None:
    page = render_release(found)
    text = said(page)
    assert found.claim in text
    assert verdict(found) in text
    for condition in found.conditions:
        assert condition in text
    for words in (found.sha256, found.evidence.labels_sha256, JUDGE, "released up to here", "3 %"):
        assert words in text
    record = json.loads(page.split('id="assay">')[1].split("</script>")[0])
    assert msgspec.convert(record, ReleaseCertificate) == found


def test_nothing_certified_is_said_first(ledger: Ledger) -> None:
    none = issue(ledger, 0.0005)
    text = said(render_release(none))
    assert "Nothing is certified: review all" in text
    assert "released up to here" not in text
    assert "unknown: nothing is released: review all" in text


def test_the_picture_shows_each_test_by_its_limit(found: ReleaseCertificate) -> None:
    chart = chart_of(found, name="tests")
    assert chart is not None
    assert "promised: 3 %" in chart.svg
    assert chart.svg.count('fill="var(--accent)"') == 1
    assert "until one fails" in chart.caption
    empty = msgspec.structs.replace(found, tests=())
    assert chart_of(empty, name="tests") is None


def test_a_test_passes_where_its_bar_ends_below_the_promise(found: ReleaseCertificate) -> None:
    """Of a fixed sequence: the exact test at 95 % and the one-sided exact limit at 95 % are one thing."""
    from assay.estimate.exact import clopper_pearson

    for test in found.tests:
        high = clopper_pearson(test.errors, test.released, confidence_level=0.9)[1]
        assert test.passed == (high <= 0.03)


def test_holm_pays_for_the_number_of_tests(ledger: Ledger) -> None:
    chart = chart_of(issue(ledger, 0.03, holm=True), name="tests")
    assert chart is not None
    assert "pays for their number" in chart.caption


def test_rows(found: ReleaseCertificate) -> None:
    rows = list(rows_of_tests(found))
    assert [row.said for row in rows if row.chosen] == ["released up to here"]
    assert chance_words(1e-5) == "< 0.0001"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_names_of_others_do_nothing(found: ReleaseCertificate, payload: str) -> None:
    system = msgspec.structs.replace(found.system, name=payload, version=payload)
    named = msgspec.structs.replace(
        found, claim=payload, judge=payload, system=system, conditions=(payload,)
    )
    assert_harmless(render_release(named))
