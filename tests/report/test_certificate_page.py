"""The page of a certificate says what the certificate says, and does nothing that a name in it tells it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from assay.ledger.store import Ledger
from assay.report.certificate_page import render_certificate
from assay.volume.certificate import Certificate
from assay.volume.certify import issue_certificate
from assay.volume.question import VolumeQuestion
from report.test_page import PAYLOADS, assert_harmless
from volume.desk import answer, count_all, draw, fill

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def certify(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Certificate]:
    folder = tmp_path_factory.mktemp("certified")
    desk = fill(Ledger.create(folder / "runs.ledger"), traces=400)
    answer(desk, draw(desk, 100), folder / "labels.csv")
    count_all(desk)

    def issue(**question: Any) -> Certificate:
        return issue_certificate(desk.ledger, VolumeQuestion(**question), issued_at=NOW)

    return issue


@pytest.fixture(scope="module")
def missed(certify: Callable[..., Certificate]) -> Certificate:
    return certify(standard="3sigma")


def said(page: str) -> str:
    return " ".join(" ".join(assert_harmless(page).text).split())


def test_the_page_says_what_the_certificate_says(missed: Certificate) -> None:
    certificate = missed
    text = said(render_certificate(certificate))
    assert certificate.claim in text
    assert certificate.statement in text
    for line in (*certificate.conditions, *certificate.does_not_say, *certificate.notes):
        assert " ".join(line.split()) in text
    assert "Standard 3sigma: missed" in text
    assert f"at most {certificate.at_most.estimate.high:,.0f} errors" in text
    assert certificate.sha256 in text
    evidence = certificate.evidence
    for part in (evidence.draw_id, evidence.labels_sha256, evidence.trace_ids_sha256):  # type: ignore[union-attr]
        assert part in text
    assert "assay certify --verify certificate.json LEDGER" in text


def test_the_page_is_its_own_record(certify: Callable[..., Certificate]) -> None:
    certificate = certify()
    page = render_certificate(certificate)
    record = msgspec.convert(json.loads(assert_harmless(page).record), Certificate)
    assert record == certificate
    assert record.digest == certificate.sha256
    assert "No standard was asked for" in said(page)
    assert page == render_certificate(certificate)


def test_the_page_of_a_census_names_the_check(certify: Callable[..., Certificate]) -> None:
    text = said(render_certificate(certify(evidence="census")))
    assert "truth (check), on every output" in text
    assert "labels planned" not in text
    assert "one-sided" not in text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_a_certificate_can_change_the_page(missed: Certificate, payload: str) -> None:
    form = json.loads(missed.text)
    form.update(claim=payload, statement=payload, conditions=[payload], does_not_say=[payload])
    form.update(notes=[payload], issued_at=payload, assay_version=payload)
    form["system"] = {"name": payload, "version": payload}
    form["decision"]["standard"] = form["decision"]["demand"] = payload
    form["label_noise"] = {"value": None, "reason": payload}
    form["errors"]["method"] = form["errors"]["unit"] = payload
    form["evidence"].update(draw_id=payload, judge=payload, people=[payload], other_draws=[payload])
    form["evidence"]["strata"][0]["name"] = payload
    hostile = msgspec.convert(form, Certificate)
    outline = assert_harmless(render_certificate(hostile))
    assert json.loads(outline.record) == form
