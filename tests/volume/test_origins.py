"""Work and questions in one ledger: the volume is of the work."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable

from assay.ledger.draws import stored_draw
from assay.ledger.population import Window, work_of
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.certificate import Certificate
from assay.volume.certify import issue_certificate
from assay.volume.draw import DrawRequest, draw_labels
from assay.volume.measure import measure_volume
from assay.volume.question import VolumeQuestion
from assay.volume.result import SystemVolume
from assay.volume.unit_draw import UnitRequest, draw_units
from assay.volume.verify import verify_certificate
from volume.desk import DAY, START, Desk, answer, count_all, draw, fill


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def only(ledger: Ledger, **question: object) -> SystemVolume:
    systems = measure_volume(ledger, VolumeQuestion(**question)).systems  # type: ignore[arg-type]
    assert len(systems) == 1
    return systems[0]


def ask_too(desk: Desk, origin: str, count: int, *, judged: bool = True) -> None:
    """Put questions of an exam or a probe to the same system, all of them answered wrongly."""
    names = [f"{origin}-{index:04d}" for index in range(count)]
    desk.ledger.append("traces", [
        {"trace_id": name, "task_id": name, "system": "desk", "version": "", "epoch": 1, "at": START + 9 * DAY + n,
         "input": "?", "output": "!", "origin": origin, "tags": "{}", "source": "asked"}
        for n, name in enumerate(names)
    ])  # fmt: skip
    if judged:
        desk.ledger.append("verdicts", [
            {"trace_id": name, "judge": "everything", "judge_kind": "check", "error_probability": 1.0, "source": "c"}
            for name in names
        ])  # fmt: skip


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger, traces=400)


def test_a_count_of_the_work_leaves_probes_and_exams_out_and_says_so(desk: Desk) -> None:
    count_all(desk, "everything")
    before = only(desk.ledger)
    ask_too(desk, "probe", 120)
    ask_too(desk, "exam", 30, judged=False)
    found = only(desk.ledger)
    assert known(found.errors).value == known(before.errors).value == desk.errors
    assert known(found.throughput_per_day) == known(before.throughput_per_day)
    assert found.traffic.traces == 400
    assert any("left out: 30 exam and 120 probe outputs" in note for note in found.notes)
    assert not any("left out" in note for note in before.notes)


def test_a_probe_alone_is_what_its_ledger_is_of(desk: Desk) -> None:
    ask_too(desk, "probe", 120)
    found = only(desk.ledger, origin="probe")
    assert known(found.errors).value == 120
    # When a probe was asked says nothing of how much the system is given to do.
    assert isinstance(found.throughput_per_day, Unknown)


def test_labels_of_the_work_go_on_counting_after_a_probe(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk, 60)
    assert drawn.window.origin == "field"
    answer(desk, drawn, tmp_path / "f.csv")
    before = only(desk.ledger)
    ask_too(desk, "probe", 300)
    found = only(desk.ledger)
    assert found.errors == before.errors
    assert not any("arrived" in note or "came in since" in note for note in found.notes)
    assert draw(desk, 60).draw_id != drawn.draw_id
    assert draw(desk, 60).population == 400


def test_an_exam_is_drawn_from_where_it_is_named(desk: Desk, tmp_path: Path) -> None:
    ask_too(desk, "exam", 50)
    exam = Window("desk", "", origin="exam")
    drawn = draw_labels(desk.ledger, DrawRequest(exam, 20, 7))
    assert drawn.population == 50
    assert stored_draw(desk.ledger, drawn.draw_id).window == exam
    desk.wrong |= dict.fromkeys(drawn.label_order, True)
    answer(desk, drawn, tmp_path / "exam.csv")
    assert known(only(desk.ledger, draw_id=drawn.draw_id).errors).high == 50
    assert known(only(desk.ledger, origin="exam", evidence="labels").errors).high == 50
    # Labels of an exam are no evidence of the work.
    assert isinstance(only(desk.ledger).errors, Unknown)


def test_units_are_drawn_from_the_work(desk: Desk) -> None:
    ask_too(desk, "probe", 50)
    drawn = draw_units(
        desk.ledger, UnitRequest(DrawRequest(Window("desk", ""), 20, 7), unit="text")
    )
    assert drawn.window.origin == "field"
    assert drawn.population == 400


def test_a_draw_from_before_origins_were_kept_still_counts(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk, 60)
    answer(desk, drawn, tmp_path / "f.csv")
    before = only(desk.ledger)
    DeltaTable(desk.ledger.path / "draws").update(updates={"origin": "null"})
    old = Ledger.open(desk.ledger.path)
    assert stored_draw(old, drawn.draw_id).window.origin is None
    assert only(old).errors == before.errors


def test_rows_without_an_origin_are_work(ledger: Ledger) -> None:
    ledger.append(
        "traces",
        [{"trace_id": "a", "task_id": "a", "system": "s", "version": "", "output": "x", "tags": "{}", "source": "t"}],
    )  # fmt: skip
    assert work_of(ledger, Window("s", "")).origin == "field"
    assert only(ledger).traffic.traces == 1


def test_a_certificate_of_the_work_holds_beside_a_probe(desk: Desk) -> None:
    count_all(desk, "everything")
    ask_too(desk, "probe", 120)
    certificate: Certificate = issue_certificate(desk.ledger)
    assert certificate.window.outputs == 400
    assert certificate.window.origin == "field"
    ask_too(desk, "exam", 10)
    assert verify_certificate(desk.ledger, certificate).holds
