"""The certificate of a release threshold: what it allows, its file, and whether it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.volume.governor_policy import GovernorPolicy
from assay.volume.release import ReleaseQuestion
from assay.volume.release_certificate import ReleaseCertificate
from assay.volume.release_file import read_release
from assay.volume.release_issue import issue_release, validity
from assay.volume.release_verify import verify_release
from assay.volume.verify import Verification
from volume.desk import Desk
from volume.release_desk import JUDGE, label_all, release_desk, release_draw

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Desk:
    made = release_desk(ledger)
    label_all(made, release_draw(made, 1_000), tmp_path)
    return made


@pytest.fixture
def certificate(desk: Desk) -> ReleaseCertificate:
    return issue(desk.ledger)


def issue(ledger: Ledger, **options: object) -> ReleaseCertificate:
    question = ReleaseQuestion(JUDGE, 0.02, **options)  # type: ignore[arg-type]
    return issue_release(ledger, question, valid=timedelta(days=30), issued_at=NOW)[0]


def failed(found: Verification) -> list[str]:
    return [check.name for check in found.checks if check.status != "ok"]


def test_what_it_allows(certificate: ReleaseCertificate) -> None:
    limit = certificate.threshold
    assert limit is not None
    now = NOW.timestamp() + 60
    own = ("desk", "7", JUDGE)
    assert certificate.allows(*own, limit, now) == (
        True, f"score {limit:.6g} is at most {limit:.6g}, certified until 2026-03-31T12:00:00Z",
    )  # fmt: skip
    refused = {
        "is over": (*own, math.nextafter(limit, 1), now),
        "no score": (*own, None, now),
        "expired": (*own, 0.0, certificate.expires_at_seconds),
        "not valid before": (*own, 0.0, NOW.timestamp() - 1),
        "not of desk 8": ("desk", "8", JUDGE, 0.0, now),
        "not of shop 7": ("shop", "7", JUDGE, 0.0, now),
        "not of careful@3": ("desk", "7", "careful@3", 0.0, now),
    }
    for reason, asked in refused.items():
        answer = certificate.allows(*asked)
        assert not answer.allowed
        assert reason in answer.reason
        assert answer.reason.endswith(("review it", "review all"))


@given(
    score=st.one_of(st.none(), st.floats(), st.booleans(), st.just("0"), st.integers()),
    now=st.floats(),
)
def test_nothing_but_a_low_score_in_time_is_allowed(score: float | None, now: float) -> None:
    made = SMALL
    answer = made.allows("desk", "7", JUDGE, score, now)
    low = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 0.25
    timely = made.issued_at_seconds <= now < made.expires_at_seconds
    assert answer.allowed == (low and timely)


def test_a_certificate_of_nothing_allows_nothing(desk: Desk) -> None:
    question = ReleaseQuestion(JUDGE, 0.0005)
    made, _ = issue_release(desk.ledger, question, valid=timedelta(days=1), issued_at=NOW)
    assert made.threshold is None
    assert "nothing can be certified at 0.05 % errors" in made.claim
    answer = made.allows("desk", "7", JUDGE, 0.0, NOW.timestamp() + 1)
    assert answer == (False, "no threshold is certified: review all")


def test_the_governor_stops_when_it_expires(certificate: ReleaseCertificate) -> None:
    policy = GovernorPolicy(
        budget=30, window_seconds=1e6, certificate_expires_at=certificate.expires_at_seconds
    )
    assert policy.certificate_expires_at == NOW.timestamp() + 30 * 86_400


def test_the_file_reads_back_and_an_edited_one_is_refused(
    certificate: ReleaseCertificate, write: Write
) -> None:
    file = write("release.json", certificate.text)
    assert read_release(file) == certificate
    raw = json.loads(certificate.text)
    assert certificate.threshold is not None
    edits = {
        "hash in the file": raw | {"threshold": raw["tests"][0]["threshold"]},
        "none that passed": raw | {"threshold": certificate.threshold + 0.1},
        "after issued_at": raw | {"expires_at": raw["issued_at"]},
        "matching regex": raw | {"expires_at": "never"},
        "expires_at": raw | {"expires_at": "2026-99-31T12:00:00Z"},
        "unknown field": raw | {"note": "trust me"},
        "required field `judge`": {key: value for key, value in raw.items() if key != "judge"},
        "has no `sha256`": {key: value for key, value in raw.items() if key != "sha256"},
        "no release certificate": raw | {"format": "assay-certificate"},
        "has schema 2": raw | {"schema_version": 2},
        "lone surrogate": raw | {"judge": "\ud800"},
    }
    for said, changed in edits.items():
        with pytest.raises(BadInput, match=said):
            read_release(write("edited.json", json.dumps(changed)))
    texts = {
        "there twice": certificate.text.replace("{", '{"format": "x",', 1),
        "not JSON": certificate.text[:100],
        "no number in JSON": certificate.text.replace(
            '"threshold": 0', '"threshold": NaN, "x": 0', 1
        ),
        "larger than any": certificate.text.replace(
            '"threshold": 0', '"threshold": 1e999, "x": 0', 1
        ),
        "at most 1,048,576 bytes": " " * (2**20 + 1),
        "nested too deeply": "[" * 200_000,
    }
    for said, text in texts.items():
        with pytest.raises(BadInput, match=said):
            read_release(write("edited.json", text))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_release(write("edited.json", b"\xff\xfe"))
    with pytest.raises(BadInput, match="can't be read"):
        read_release(file.with_name("nowhere.json"))


def test_it_holds_today_and_after_more_came_in(
    desk: Desk, certificate: ReleaseCertificate, tmp_path: Path
) -> None:
    soon = NOW + timedelta(days=1)
    assert failed(verify_release(desk.ledger, certificate, now=soon)) == []
    other = release_desk(desk.ledger, traces=200, version="8")
    label_all(other, release_draw(other, 50), tmp_path)
    found = verify_release(desk.ledger, certificate, now=soon)
    assert found.holds
    assert any("200 of version '8'" in note for note in found.notes)


def test_holm_thinned_and_thresholds_by_hand_hold_too(ledger: Ledger, tmp_path: Path) -> None:
    desk = release_desk(ledger)
    label_all(desk, release_draw(desk, 1_200, judge=JUDGE), tmp_path)
    soon = NOW + timedelta(days=1)
    for options in ({"procedure": "holm"}, {"start": 0.3, "steps": 7}, {"thresholds": (0.1, 0.2)}):
        made = issue(ledger, **options)
        assert made.evidence.labels_set_aside > 0
        assert any("set aside" in one for one in made.conditions)
        assert failed(verify_release(ledger, made, now=soon)) == []


def test_expired_of_another_version_or_judge_or_edited_it_does_not_hold(
    desk: Desk, certificate: ReleaseCertificate
) -> None:
    valid = "valid now, for this version and this judge"
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=31)
    assert failed(verify_release(desk.ledger, certificate, now=late)) == [valid]
    assert failed(verify_release(desk.ledger, certificate, now=soon, system_version="8")) == [valid]
    assert failed(verify_release(desk.ledger, certificate, now=soon, judge="careful@3")) == [valid]
    lax = replace(certificate, promise=replace(certificate.promise, at_most=0.03))
    assert "the file's own hash" in failed(verify_release(desk.ledger, lax, now=soon))
    # Hashed again, the ledger finds it.
    found = failed(verify_release(desk.ledger, lax.sealed(), now=soon))
    assert found == ["all of it, computed again from the tables as they were"]


def test_a_label_that_is_corrected_ends_it(desk: Desk, certificate: ReleaseCertificate) -> None:
    drawn = [row["trace_id"] for row in desk.ledger.rows("SELECT DISTINCT trace_id FROM draws")]
    desk.ledger.append("verdicts", [
        {"trace_id": one, "judge": "bea", "judge_kind": "person", "error_probability": 1.0,
         "at": 1_900_000_000_000_000, "draw_id": certificate.evidence.draw_id}
        for one in drawn
    ])  # fmt: skip
    found = verify_release(desk.ledger, certificate, now=NOW + timedelta(days=1))
    assert failed(found) == ["the same from today's labels and scores"]


def test_how_long() -> None:
    assert validity("12h") == timedelta(hours=12)
    assert validity(" 1.5d ") == timedelta(hours=36)
    assert validity("2w") == timedelta(days=14)
    for text in ("0d", "30", "-1d", "400d", "1e3d", "d", ""):
        with pytest.raises(BadInput, match="as 30d"):
            validity(text)


def small() -> ReleaseCertificate:
    """Return a certificate that needs no ledger."""
    from msgspec import convert

    unknown = {"value": None, "reason": "-"}
    return convert({
        "format": "assay-release", "schema_version": 1, "claim": "-", "conditions": [],
        "system": {"name": "desk", "version": "7"}, "judge": JUDGE, "threshold": 0.25,
        "promise": {"at_most": 0.01, "confidence_level": 0.95, "procedure": "holm", "start": None, "steps": 40,
                    "thresholds": [0.25]},
        "risk": unknown, "coverage": unknown, "released_in_window": 1, "scored_in_window": 1,
        "labels_needed": unknown, "window": {"from": None, "to": None, "first_output": None, "last_output": None,
                                             "outputs": 1},
        "evidence": {"draw_id": "d", "seed": 1, "strata": 1, "labels_planned": 1, "labels_used": 1,
                     "labels_set_aside": 0, "errors": 0, "unsure": 0, "labels_sha256": "0" * 64},
        "tests": [{"threshold": 0.25, "released": 1, "errors": 0, "p_value": 0.01, "passed": True}],
        "tables": {"traces": 1, "verdicts": 1, "draws": 1}, "assay_version": "0",
        "issued_at": "2026-03-01T12:00:00Z", "expires_at": "2026-03-31T12:00:00Z", "sha256": "",
    }, ReleaseCertificate)  # fmt: skip


SMALL = small()
