"""A certificate says what the ledger shows, can be computed again, and a change of either is found."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from deltalake import DeltaTable
from deltalake import Field as DeltaField
from deltalake.schema import PrimitiveType
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError, BadInput, DrawError
from assay.ledger.as_of import LedgerAsOf, is_readable
from assay.ledger.draws import StoredDraw, stored_draw
from assay.ledger.ingest.record import Row
from assay.ledger.schema import TABLES, Column
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from assay.volume.canonical_json import canonical_json, digest_of
from assay.volume.certificate import Census, Certificate, Labels, Number
from assay.volume.certificate_file import MAX_BYTES, read_certificate
from assay.volume.certify import issue_certificate
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.labels import list_of, take_labels
from assay.volume.measure import measure_volume
from assay.volume.meter import Meter
from assay.volume.next_labels import draw_next
from assay.volume.question import HumanBaseline, VolumeQuestion
from assay.volume.reading import draw_second_reading
from assay.volume.verify import (
    CENSUS_ONLY,
    GROUPS,
    LABELS_ONLY,
    ONLY_IN_THE_FILE,
    Verification,
    leaves,
    verify_certificate,
)
from volume.desk import DAY, START, Desk, answer, count_all, draw, fill

NOW = datetime(2026, 11, 22, 12, 0, 30, 999, tzinfo=UTC)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger)


@pytest.fixture
def labeled(desk: Desk, tmp_path: Path) -> Desk:
    answer(desk, draw(desk), tmp_path / "labels.csv")
    return desk


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A labeled desk for the tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("standing")
    made = fill(Ledger.create(folder / "runs.ledger"))
    answer(made, draw(made), folder / "labels.csv")
    return made


@pytest.fixture(scope="module")
def missed(standing: Desk) -> Certificate:
    return issue(standing, standard="3sigma")


def issue(desk: Desk, **question: Any) -> Certificate:
    return issue_certificate(desk.ledger, VolumeQuestion(**question), issued_at=NOW)


def labels_in(certificate: Certificate) -> Labels:
    assert isinstance(certificate.evidence, Labels)
    return certificate.evidence


def edited(certificate: Certificate, change: Callable[[dict[str, Any]], None]) -> Certificate:
    """The certificate with a change, and with the hash that whoever changed it would put in."""
    form = certificate.to_json()
    change(form)
    return msgspec.convert(form, Certificate).sealed()


def failed(verification: Verification) -> dict[str, str]:
    return {check.name: check.status for check in verification.checks if check.status != "ok"}


def keys(verification: Verification) -> set[str]:
    return {one.key for check in verification.checks for one in check.differences}


def test_the_limit_is_that_of_the_measured_answer_on_one_side(standing: Desk) -> None:
    certificate = issue(standing)
    measured = measure_volume(standing.ledger).systems[0]
    one_sided = Meter(measured.gathered, measured.throughput_per_day).at(0.95, "less").errors
    assert certificate.at_most.quantity == one_sided
    assert certificate.errors.quantity == measured.errors
    assert certificate.errors_per_day.quantity == measured.errors_per_day
    assert isinstance(one_sided, Estimate)
    assert isinstance(measured.errors, Estimate)
    assert standing.errors <= one_sided.high <= measured.errors.high
    assert f"at most {one_sided.high:,.0f} of 1,000 outputs" in certificate.claim


def test_the_statement_is_on_the_procedure_and_names_its_conditions(standing: Desk) -> None:
    certificate = issue(standing)
    limit = certificate.at_most.estimate.high
    assert certificate.statement == (
        f"If this window really held more than {limit:,.0f} errors, the procedure would have said so with probability "
        ">= 95 %, whatever the judge got wrong, provided: (1) items were drawn by the logged seed, (2) each label is "
        "the adjudicated truth up to the stated human miss rate, (3) the window is "
        "[2025-10-05T00:00:00Z, 2025-10-09T00:00:00Z], 1,000 outputs. It says nothing about next week."
    )
    assert any("seed, 7" in one for one in certificate.conditions)
    assert any("human miss rate: not measured" in one for one in certificate.conditions)


def test_it_names_all_that_it_rests_on(standing: Desk) -> None:
    certificate = issue(standing, standard="3sigma")
    evidence = labels_in(certificate)
    drawn = stored_draw(standing.ledger, evidence.draw_id)
    assert (evidence.seed, evidence.judge, evidence.people) == (7, "second reading", ("person",))
    assert evidence.labels_read == evidence.labels_planned == 200
    assert (
        sum(stratum.outputs for stratum in evidence.strata) == certificate.window.outputs == 1_000
    )
    assert sum(stratum.errors for stratum in evidence.strata) == evidence.errors
    assert evidence.errors == sum(standing.wrong[t] for s in drawn.strata for t in s.trace_ids)
    assert evidence.trace_ids_sha256 == digest_of([s.trace_ids for s in drawn.strata])
    said = [
        [t, stratum, position, "wrong" if standing.wrong[t] else "right", "person"]
        for stratum, s in enumerate(drawn.strata, start=1)
        for position, t in enumerate(s.trace_ids, start=1)
    ]
    assert evidence.labels_sha256 == digest_of(said)
    assert certificate.tables.verdicts == standing.ledger.version("verdicts")
    assert certificate.issued_at == "2026-11-22T12:00:30Z"
    assert certificate.decision is not None
    assert certificate.decision.decision == "missed"
    assert "is missed" in certificate.claim


def test_the_file_gives_every_number_back(standing: Desk, tmp_path: Path) -> None:
    certificate = issue(standing, standard="30/30d", per_day=1 / 3, confidence_level=0.9)
    file = tmp_path / "certificate.json"
    file.write_text(certificate.text, "utf-8")
    again = read_certificate(file)
    assert again == certificate
    assert again.digest == certificate.sha256
    assert again.question.question.per_day == 1 / 3
    # Another program may write the same numbers in another way.
    file.write_text(
        json.dumps(json.loads(certificate.text), sort_keys=True).replace(".0,", ".00,"), "utf-8"
    )
    assert read_certificate(file).digest == certificate.sha256


@pytest.mark.parametrize("standard", [None, "1sigma", "3sigma", "9/30d", "9999/30d", "human"])
def test_what_was_issued_holds(standing: Desk, standard: str | None) -> None:
    human = HumanBaseline(0.1, 40.0) if standard == "human" else None
    certificate = issue(standing, standard=standard, human=human)
    verification = verify_certificate(standing.ledger, certificate)
    assert verification.holds, failed(verification)
    assert (certificate.decision is None) == (standard is None)


def test_a_window_and_people_that_were_measured_hold(ledger: Ledger, tmp_path: Path) -> None:
    people = fill(ledger, system="clerks", traces=300, judge=False, seed=5)
    desk = fill(ledger)
    desk.window = replace(desk.window, start=START, end=START + 2 * DAY)
    answer(people, draw(people, 100, judge=None), tmp_path / "p.csv")
    answer(desk, draw(desk, 100), tmp_path / "d.csv")
    certificate = issue(desk, standard="human", human=HumanBaseline(system="clerks"))
    assert certificate.system.name == "desk"
    assert certificate.window.end == "2025-10-07T00:00:00Z"
    assert certificate.window.outputs == 500
    assert any("clerks" in one for one in certificate.conditions)
    assert failed(verify_certificate(ledger, certificate)) == {}


def test_strata_by_tags_and_unsure_labels_hold(desk: Desk, tmp_path: Path) -> None:
    answer(desk, draw(desk, by=("topic",)), tmp_path / "f.csv", unsure=5)
    certificate = issue(desk)
    evidence = labels_in(certificate)
    assert evidence.unsure == 5
    assert evidence.stratified_by == ("topic",)
    assert {tag for stratum in evidence.strata for tag in stratum.rule.tags} == {
        ("topic", "city"),
        ("topic", "price"),
    }
    assert failed(verify_certificate(desk.ledger, certificate)) == {}


def test_an_early_look_says_so_and_holds_when_more_labels_are_in(
    desk: Desk, tmp_path: Path
) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "a.csv", first=70)
    early = issue(desk)
    look = labels_in(early).look
    assert (look.number, look.of > 1) == (1, True)
    assert any(f"look 1 of {look.of}" in one for one in early.conditions)
    answer(desk, drawn, tmp_path / "b.csv")
    late = issue(desk)
    assert labels_in(late).look.number == look.of
    assert late.at_most.estimate.high < early.at_most.estimate.high
    for certificate in (early, late):
        assert failed(verify_certificate(desk.ledger, certificate)) == {}
    notes = verify_certificate(desk.ledger, early).notes
    assert any("130 labels came in since" in note for note in notes)


def test_a_label_that_was_corrected_since_is_said_and_changes_nothing(
    labeled: Desk, tmp_path: Path
) -> None:
    certificate = issue(labeled)
    wrong = labels_in(certificate).errors
    for trace_id in labeled.wrong:
        labeled.wrong[trace_id] = False
    answer(labeled, draw(labeled), tmp_path / "again.csv")
    verification = verify_certificate(labeled.ledger, certificate)
    assert failed(verification) == {}
    assert any(
        f"{wrong} of them are of outputs that it counts" in note for note in verification.notes
    )
    assert labels_in(issue(labeled)).errors == 0


def test_a_draw_that_went_on_since_changes_nothing_and_one_that_was_changed_is_found(
    desk: Desk, tmp_path: Path
) -> None:
    first = draw_labels(desk.ledger, DrawRequest(desk.window, 200, 7, "second reading", first=60))
    answer(desk, first, tmp_path / "1.csv")
    certificate = issue(desk)
    more = draw_next(desk.ledger, first, 40)
    assert failed(verify_certificate(desk.ledger, certificate)) == {}
    answer(desk, more, tmp_path / "2.csv")
    verification = verify_certificate(desk.ledger, certificate)
    assert failed(verification) == {}
    assert any("40 labels came in since" in note for note in verification.notes)
    table = DeltaTable(str(desk.ledger.path / "draws"))
    table.update(updates={"seed": "8"}, predicate="batch = 1")
    assert "the draw is still there" in failed(verify_certificate(desk.ledger, certificate))


def test_outputs_that_came_since_change_nothing(labeled: Desk) -> None:
    certificate = issue(labeled)
    labeled.ledger.append("traces", [
        {"trace_id": f"late-{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": "{}",
         "at": START + 5 * DAY + i}
        for i in range(9)
    ])  # fmt: skip
    verification = verify_certificate(labeled.ledger, certificate)
    assert failed(verification) == {}
    assert any("9 outputs came into the window since" in note for note in verification.notes)
    assert failed(verify_certificate(labeled.ledger, issue(labeled))) == {}


def test_another_draw_of_the_window_is_a_condition(labeled: Desk, tmp_path: Path) -> None:
    first = labels_in(issue(labeled)).draw_id
    answer(labeled, draw(labeled, 50, seed=2), tmp_path / "b.csv")
    certificate = issue(labeled)
    assert labels_in(certificate).other_draws == (first,)
    assert any(first in one for one in certificate.conditions)
    assert failed(verify_certificate(labeled.ledger, certificate)) == {}
    assert labels_in(issue(labeled, draw_id=first)).draw_id == first


def test_a_census_names_its_check_and_holds(desk: Desk) -> None:
    count_all(desk, "exact (case folded)")
    certificate = issue(desk, standard="3sigma")
    evidence = certificate.evidence
    assert isinstance(evidence, Census)
    assert (evidence.judge, evidence.judge_kind) == ("exact (case folded)", "check")
    assert evidence.errors == desk.errors == certificate.at_most.estimate.high
    assert (
        f"{desk.errors} of 1,000 outputs in this window are wrong, counted by exact"
        in certificate.claim
    )
    assert certificate.statement.startswith("exact (case folded) has spoken on every output")
    assert certificate.label_noise.quantity == Unknown("no labels: a check has judged every output")
    assert failed(verify_certificate(desk.ledger, certificate)) == {}


def test_a_census_that_says_otherwise_now_is_found(desk: Desk) -> None:
    count_all(desk)
    certificate = issue(desk)
    right = next(trace_id for trace_id, bad in desk.wrong.items() if not bad)
    table = DeltaTable(desk.ledger.path / "verdicts")
    table.update(
        updates={"error_probability": "1.0"}, predicate=f"trace_id = '{right}' AND judge = 'truth'"
    )
    assert failed(verify_certificate(desk.ledger, certificate)) == {
        "the check still says so": "differs"
    }
    shifted = edited(certificate, lambda form: form["evidence"].update(errors=desk.errors - 1.0))
    assert "evidence.errors" in keys(verify_certificate(desk.ledger, shifted))


def test_nothing_is_certified_from_nothing(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="no output has been labeled") as refused:
        issue(desk)
    assert refused.value.next_command.startswith("assay draw ")
    drawn = draw(desk)
    with pytest.raises(AssayError, match="none of 200 is in yet") as refused:
        issue(desk)
    assert refused.value.next_command.startswith("assay label ")
    answer(desk, drawn, tmp_path / "f.csv", first=10)
    early = issue(desk)
    assert isinstance(early.evidence, Labels)
    assert (early.evidence.look.number, early.evidence.labels_read) == (0, 10)
    assert any("no planned look yet" in condition for condition in early.conditions)
    count_all(desk, "gpt", kind="model")
    with pytest.raises(AssayError, match="nothing can be certified"):
        issue(desk, evidence="census")


def test_a_certificate_is_of_one_system(labeled: Desk) -> None:
    fill(labeled.ledger, system="other", traces=50, judge=False)
    with pytest.raises(
        BadInput, match="of one system, and this window holds 2: desk, other"
    ) as refused:
        issue(labeled, standard="3sigma")
    assert "--system desk" in refused.value.next_command
    assert "--standard 3sigma" in refused.value.next_command
    assert issue(labeled, system="desk").system.name == "desk"


def test_a_count_standard_without_a_throughput_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    desk = fill(ledger)
    untimed: list[Row] = [
        {
            "trace_id": f"u-{i}",
            "task_id": "t",
            "system": "untimed",
            "version": "",
            "output": "x",
            "tags": "{}",
        }
        for i in range(100)
    ]
    ledger.append("traces", untimed)
    desk.wrong = {f"u-{i}": i < 10 for i in range(100)}
    count_all(desk)
    with pytest.raises(AssayError, match="can't be held against untimed") as refused:
        issue(desk, system="untimed", standard="30/30d")
    assert "--per-day N" in refused.value.next_command
    certificate = issue(desk, system="untimed")
    assert (
        certificate.errors_per_day.quantity
        == measure_volume(ledger, VolumeQuestion(system="untimed")).systems[0].errors_per_day
    )
    assert certificate.window.first_output is None
    assert failed(verify_certificate(ledger, certificate)) == {}


def read_by_bob(desk: Desk, reading: StoredDraw, path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(list_of(desk.ledger, [reading]))))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            row | {"verdict": "wrong" if desk.wrong[row["trace_id"]] else "right"} for row in rows
        )
    report = take_labels(desk.ledger, path, person="bob")
    assert report.taken == reading.planned


def test_labels_read_twice_stand_in_it_and_hold(labeled: Desk, tmp_path: Path) -> None:
    drawn = draw(labeled)
    once = issue(labeled)
    assert labels_in(once).second_reading is None
    reading = draw_second_reading(labeled.ledger, drawn, seed=3, share_of_right=0.3)
    read_by_bob(labeled, reading, tmp_path / "second.csv")
    twice = issue(labeled)
    measured = measure_volume(labeled.ledger).systems[0].label_noise
    assert measured is not None
    assert twice.label_noise.quantity == measured.floor
    again = labels_in(twice).second_reading
    assert again is not None
    assert (again.draw_id, again.seed, again.people) == (reading.draw_id, 3, ("bob",))
    for certificate in (once, twice):
        assert failed(verify_certificate(labeled.ledger, certificate)) == {}
    table = DeltaTable(labeled.ledger.path / "verdicts")
    table.delete(f"draw_id = '{reading.draw_id}' AND trace_id = '{reading.strata[0].trace_ids[0]}'")
    assert failed(verify_certificate(labeled.ledger, twice)) == {
        "the labels are still there": "differs"
    }
    assert verify_certificate(labeled.ledger, once).holds


def change_a_label(desk: Desk) -> None:
    right = next(iter(stored_draws_of(desk)))
    table = DeltaTable(desk.ledger.path / "verdicts")
    table.update(
        updates={"error_probability": "1.0 - error_probability"},
        predicate=f"trace_id = '{right}' AND draw_id IS NOT NULL",
    )


def drop_a_label(desk: Desk) -> None:
    table = DeltaTable(desk.ledger.path / "verdicts")
    table.delete(f"trace_id = '{next(iter(stored_draws_of(desk)))}' AND draw_id IS NOT NULL")


def drop_a_trace(desk: Desk) -> None:
    DeltaTable(desk.ledger.path / "traces").delete("trace_id = 'desk-00500'")


def drop_a_drawn_trace(desk: Desk) -> None:
    DeltaTable(desk.ledger.path / "draws").delete("position = 2")


def change_the_seed(desk: Desk) -> None:
    DeltaTable(desk.ledger.path / "draws").update({"seed": "8"})


def stored_draws_of(desk: Desk) -> dict[str, int]:
    rows = desk.ledger.rows("SELECT trace_id, position FROM draws ORDER BY position, trace_id")
    return {row["trace_id"]: row["position"] for row in rows}


@pytest.mark.parametrize(
    ("change", "found_by"),
    [
        (change_a_label, "the labels are still there"),
        (drop_a_label, "the labels are still there"),
        (drop_a_trace, "the outputs are still there"),
        (drop_a_drawn_trace, "the draw is still there"),
        (change_the_seed, "the draw is still there"),
    ],
)
def test_a_ledger_that_was_changed_is_found(
    labeled: Desk, change: Callable[[Desk], None], found_by: str
) -> None:
    certificate = issue(labeled)
    assert verify_certificate(labeled.ledger, certificate).holds
    change(labeled)
    assert failed(verify_certificate(labeled.ledger, certificate)) == {found_by: "differs"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda form: form["at_most"].update(high=form["at_most"]["high"] - 1), "at_most.high"),
        (lambda form: form["errors"].update(high=math.nextafter(form["errors"]["high"], 0)), "errors.high"),
        (lambda form: form["decision"].update(decision="met"), "decision.decision"),
        (lambda form: form["evidence"].update(seed=8), "evidence.seed"),
        (lambda form: form["evidence"].update(labels_sha256="0" * 64), "evidence.labels_sha256"),
        (lambda form: form["evidence"].update(trace_ids_sha256="0" * 64), "evidence.trace_ids_sha256"),
        (lambda form: form["evidence"]["strata"][1].update(outputs=1), "evidence.strata[1].outputs"),
        (lambda form: form["evidence"].update(people=["god"]), "evidence.people[0]"),
        (lambda form: form["window"].update(outputs=10_000), "window.outputs"),
        (lambda form: form.update(claim="desk makes no error."), "claim"),
        (lambda form: form.update(conditions=[]), "conditions"),
        (lambda form: form["label_noise"].update(reason="none at all"), "label_noise.reason"),
        (lambda form: form["question"].update(confidence=0.5), "confidence_level"),
    ],
)  # fmt: skip
def test_an_edited_certificate_is_found_even_with_a_new_hash(
    standing: Desk, missed: Certificate, change: Callable[[dict[str, Any]], None], key: str
) -> None:
    verification = verify_certificate(standing.ledger, edited(missed, change))
    assert not verification.holds
    assert key in keys(verification)


def test_an_edited_number_is_found_without_the_ledger(standing: Desk) -> None:
    certificate = issue(standing)
    form = certificate.to_json()
    form["at_most"]["high"] -= 1
    other = msgspec.convert(form, Certificate)
    assert other.sha256 == certificate.sha256 != other.digest
    assert failed(verify_certificate(standing.ledger, other))["the file's own hash"] == "differs"


def test_a_certificate_of_another_assay_is_said_to_be_one(
    standing: Desk, missed: Certificate
) -> None:
    other = edited(missed, lambda form: form.update(assay_version="9.9"))
    verification = verify_certificate(standing.ledger, other)
    assert verification.holds
    assert any("Assay 9.9 issued it" in note for note in verification.notes)
    assert not any(
        "issued it, and" in note for note in verify_certificate(standing.ledger, missed).notes
    )


def test_outputs_picked_by_hand_are_found_by_drawing_again(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    stratum = drawn.strata[0]
    picked = next(
        row["trace_id"]
        for row in desk.ledger.rows("SELECT trace_id FROM traces ORDER BY trace_id")
        if row["trace_id"] not in {t for s in drawn.strata for t in s.trace_ids}
    )
    table = DeltaTable(desk.ledger.path / "draws")
    table.update(
        updates={"trace_id": f"'{picked}'"}, predicate=f"trace_id = '{stratum.trace_ids[0]}'"
    )
    answer(desk, draw(desk), tmp_path / "f.csv")
    with pytest.raises(DrawError, match="not the first in the order of seed 7"):
        issue(desk)


def test_a_seed_set_afterwards_is_found_by_drawing_again(labeled: Desk) -> None:
    change_the_seed(labeled)
    with pytest.raises(DrawError, match="can't carry a certificate"):
        issue(labeled)


def test_the_wrong_ledger_is_no_yes(labeled: Desk, tmp_path: Path) -> None:
    certificate = issue(labeled)
    other = fill(Ledger.create(tmp_path / "other.ledger"), seed=3)
    verification = verify_certificate(other.ledger, certificate)
    assert not verification.holds
    assert any("has no draw" in check.reason for check in verification.checks)
    answer(other, draw(other), tmp_path / "o.csv")
    assert not verify_certificate(other.ledger, certificate).holds


def vacuum(ledger: Ledger, *tables: str) -> None:
    for name in tables:
        table = DeltaTable(ledger.path / name)
        table.optimize.compact()
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def test_tables_that_were_vacuumed_prove_what_is_still_the_same(labeled: Desk) -> None:
    certificate = issue(labeled, standard="3sigma")
    more = {
        "trace_id": "x",
        "judge": "j",
        "judge_kind": "model",
        "error_probability": 0.5,
        "source": "s",
    }
    labeled.ledger.append("verdicts", [more])
    vacuum(labeled.ledger, "verdicts", "traces")
    assert not is_readable(labeled.ledger, "verdicts", certificate.tables.verdicts)
    verification = verify_certificate(labeled.ledger, certificate)
    # The labels are proved by their hash and the outputs by drawing again, and so is all that is computed from them.
    assert failed(verification) == {}
    assert any(
        "version 2 of the table verdicts can't be read" in note for note in verification.notes
    )
    tampered = edited(
        certificate, lambda form: form["at_most"].update(high=form["at_most"]["high"] - 1)
    )
    found = failed(verify_certificate(labeled.ledger, tampered))
    assert found["the interval, at the certificate's level"] == "differs"


def test_frozen_tables_that_are_gone_are_said_to_be_so(labeled: Desk) -> None:
    certificate = issue(labeled)
    labeled.ledger.append("traces", [
        {"trace_id": f"late-{i}", "task_id": "t", "system": "desk", "version": "", "output": "x", "tags": "{}",
         "at": START + 5 * DAY + i}
        for i in range(9)
    ])  # fmt: skip
    vacuum(labeled.ledger, "traces")
    verification = verify_certificate(labeled.ledger, certificate)
    assert not verification.holds
    said = failed(verification)
    assert said["the sizes of the strata: counted again"] == "can't be recomputed"
    assert "the labels: each verdict, who gave it, the look" not in said
    assert "the interval, at the certificate's level" not in said
    reasons = [check.reason for check in verification.checks if check.status != "ok"]
    assert all(reason.startswith("because ") and "can't be read" in reason for reason in reasons)
    with pytest.raises(DrawError, match="can't carry a certificate"):
        issue(labeled)


def test_a_certificate_from_before_a_migration_holds(
    labeled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = issue(labeled)
    before = labeled.ledger.version("draws")
    more = DeltaField("colour", PrimitiveType("string"), nullable=True)
    DeltaTable(labeled.ledger.path / "draws").alter.add_columns([more])
    column = Column("colour", "string", "added by a later Assay")
    monkeypatch.setitem(TABLES, "draws", (*TABLES["draws"], column))
    assert not is_readable(labeled.ledger, "draws", before)
    assert is_readable(labeled.ledger, "draws", before + 1)
    assert failed(verify_certificate(labeled.ledger, certificate)) == {}


def test_a_ledger_as_it_was_takes_no_rows_and_sees_no_new_ones(labeled: Desk) -> None:
    then = LedgerAsOf(labeled.ledger, {"traces": 0})
    assert then.rows("SELECT count(*) AS n FROM traces") == [{"n": 0}]
    assert then.rows("SELECT count(*) AS n FROM traces", versions={"traces": 1}) == [{"n": 1_000}]
    assert (then.version("traces"), then.version("draws")) == (0, 1)
    with pytest.raises(AssayError, match="can't be added"):
        then.append("traces", [{"trace_id": "x"}])
    assert not is_readable(labeled.ledger, "traces", 99)


@pytest.mark.parametrize("kind", ["labels", "census"])
def test_each_key_is_checked_once(labeled: Desk, kind: str) -> None:
    if kind == "census":
        count_all(labeled)
    form = issue(labeled, evidence=kind, standard="3sigma").to_json()
    skipped = CENSUS_ONLY if kind == "labels" else LABELS_ONLY
    groups = [group.keys for group in GROUPS if group not in skipped]
    for leaf in leaves(form):
        owners = [
            own
            for own in groups
            if any(leaf == key or leaf.startswith((f"{key}.", f"{key}[")) for key in own)
        ]
        assert len(owners) == (0 if leaf in ONLY_IN_THE_FILE else 1), leaf


HOSTILE: list[tuple[str, str | bytes, str]] = [
    ("empty", "", "not JSON"),
    ("text", "hello", "not JSON"),
    ("bytes", b"\xff\xfe\x00", "not UTF-8"),
    ("list", "[]", "not a certificate"),
    ("other", '{"format": "assay-ledger"}', "not a certificate"),
    ("deep list", "[" * 200_000, "nested too deeply"),
    ("deep object", '{"a":' * 200_000, "nested too deeply"),
    ("huge number", f'{{"a": {"9" * 5_000}}}', "not JSON"),
    ("infinite", '{"a": 1e999}', "larger than any number"),
    ("nan", '{"a": NaN}', "NaN is no number"),
    ("infinity", '{"a": -Infinity}', "-Infinity is no number"),
    ("twice", '{"format": "assay-certificate", "format": "x"}', "'format'? is there twice|format is there twice"),
    ("large", " " * (MAX_BYTES + 1), "has more"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"), [case[1:] for case in HOSTILE], ids=[c[0] for c in HOSTILE]
)
def test_a_hostile_file_is_refused_in_one_sentence(
    write: Callable[[str, str | bytes], Path], content: str | bytes, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        read_certificate(write("certificate.json", content))
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda form: form.update(schema_version=2), "has schema 2"),
        (lambda form: form.update(schema_version=True), "has schema True"),
        (lambda form: form.update(schema_version="1" * 10_000), "has schema 1111"),
        (lambda form: form.pop("sha256"), "no `sha256`"),
        (lambda form: form.pop("claim"), "missing required field `claim`"),
        (lambda form: form.update(extra=1), "unknown field `extra`"),
        (lambda form: form["evidence"].update(extra=1), "unknown field `extra`"),
        (lambda form: form.update(claim=7), r"Expected `str`, got `int` - at `\$.claim`"),
        (lambda form: form.update(errors=[]), "Expected `object`"),
        (lambda form: form["errors"].update(high="1"), "malformed"),
        (lambda form: form["errors"].update(high=-1.0), "lies outside"),
        (lambda form: form["errors"].pop("method"), "must have the keys method"),
        (lambda form: form["errors"].update(guarantee="divine"), "Invalid enum value"),
        (lambda form: form["errors"].update(high=10**400), "malformed"),
        (lambda form: form["label_noise"].update(low=1.0), "value .null. and reason"),
        (lambda form: form["evidence"].update(kind="oracle"), "Invalid value 'oracle'"),
        (lambda form: form["evidence"].update(seed=-1), "malformed"),
        (lambda form: form["evidence"].update(seed=2**70), "malformed"),
        (lambda form: form["evidence"].update(labels_sha256="short"), "malformed"),
        (lambda form: form["evidence"]["look"].update(number=1.5), "malformed"),
        (lambda form: form["tables"].update(traces=-5), "malformed"),
        (lambda form: form["tables"].update(traces=True), "malformed"),
        (lambda form: form["question"].update({"from": "yesterday"}), "must be a time"),
        (lambda form: form["question"].update(human_per_day=4.0), "go together"),
        (lambda form: form.update(claim="\ud800"), "lone surrogate"),
        (lambda form: form.update(notes=["a\ud800"]), "lone surrogate"),
    ],
)  # fmt: skip
def test_a_malformed_certificate_is_refused_in_one_sentence(
    missed: Certificate,
    write: Callable[[str, str | bytes], Path],
    change: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    form = json.loads(missed.text)
    change(form)
    with pytest.raises(BadInput, match=said) as refused:
        read_certificate(write("certificate.json", json.dumps(form)))
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize(
    "change",
    [
        lambda form: form["question"].update(system="x' OR '1'='1"),
        lambda form: form["question"].update(draw="draw' OR draw_id <> '"),
        lambda form: form["question"].update(caught_tag="%' OR 1=1 --"),
        lambda form: form["question"].update(standard="no such standard"),
        lambda form: form["question"].update(per_day=-1.0),
        lambda form: form["question"].update(confidence=1e-300),
        lambda form: form["question"].update(workers=2**62),
        lambda form: form["evidence"].update(draw_id="draw-00000000"),
        lambda form: form["tables"].update(traces=10**15, verdicts=10**15, draws=10**15),
    ],
)  # fmt: skip
def test_a_hostile_question_ends_in_a_no(
    standing: Desk, missed: Certificate, change: Callable[[dict[str, Any]], None]
) -> None:
    assert not verify_certificate(standing.ledger, edited(missed, change)).holds


def test_numbers_are_written_as_the_standard_says() -> None:
    # RFC 8785, appendix B, and the safe whole numbers of JSON.
    written = {
        0.0: "0", 5e-324: "5e-324", -5e-324: "-5e-324", 1.7976931348623157e308: "1.7976931348623157e+308",
        9007199254740992.0: "9007199254740992", 295147905179352830000.0: "295147905179352830000",
        9.999999999999997e22: "9.999999999999997e+22", 1e23: "1e+23", 1.0000000000000001e23: "1.0000000000000001e+23",
        999999999999999700000.0: "999999999999999700000", 1e21: "1e+21", 9.999999999999997e-7: "9.999999999999997e-7",
        0.000001: "0.000001", 333333333.3333332: "333333333.3333332",
        -0.0000033333333333333333: "-0.0000033333333333333333",
        1424953923781206.2: "1424953923781206.2", 30.0: "30",
    }  # fmt: skip
    for number, text in written.items():
        assert canonical_json(number) == text
    assert canonical_json(2**63 - 1) == "9223372036854775807"
    assert canonical_json(-0.0) == "0"
    # By UTF-16 code units an emoji goes before the last letters of the first plane.
    form = {"\ufb33": 1, "\U0001f600": 2, "a": '\x0f\n"é'}
    assert canonical_json(form) == '{"a":"\\u000f\\n\\"é","\U0001f600":2,"\ufb33":1}'
    for value in (math.nan, math.inf, {1, 2}):
        with pytest.raises(ValueError, match="JSON has no"):
            canonical_json(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_from_its_canonical_form(number: float) -> None:
    assert float(canonical_json(number)) == number


@given(
    st.tuples(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9)).map(sorted),
    st.integers(0, 10**9),
)
def test_an_estimate_reads_back_from_a_certificate(limits: list[float], n: int) -> None:
    low, value, high = limits
    for estimate in (
        Estimate(value, low, high, "errors", 0.95, n, "m"),
        Estimate(value, -math.inf, math.inf, "errors", 0.95, n, "m", "assumed"),
    ):
        form = json.loads(json.dumps(msgspec.to_builtins(Number.of(estimate))))
        assert form == estimate.to_json()
        assert msgspec.convert(form, Number).quantity == estimate
