"""Tasks for Label Studio carry what a reader may see, and annotations come back as labels of the draw."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import BadInput, DrawError
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger
from assay.volume.label_studio import VERDICT_WORDS, label_studio_tasks, labeling_config
from assay.volume.labels import take_labels
from volume.desk import Desk, answer, draw, fill

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return fill(ledger)


def annotated(
    desk: Desk, drawn: StoredDraw, *, by: object = 3, first: int | None = None
) -> list[dict[str, object]]:
    """The draw's tasks as Label Studio gives them back once people have said what is true."""
    tasks = []
    for number, task in enumerate(label_studio_tasks(desk.ledger, drawn)[:first], start=1):
        data = task["data"]
        assert isinstance(data, dict)
        wrong = desk.wrong[data["trace_id"]]
        result = [said("verdict", "choices", ["wrong" if wrong else "right"])]
        if wrong:
            result += [said("severity", "choices", ["2"]), said("kind", "text", ["mixed up"])]
        tasks.append(
            {
                "id": 70 + number,
                "data": data,
                "annotations": [annotation(result, by)],
                "predictions": [],
            }
        )
    return tasks


def said(name: str, form: str, value: list[str]) -> dict[str, object]:
    kind = "textarea" if form == "text" else form
    return {"from_name": name, "to_name": "output", "type": kind, "value": {form: value}}


def annotation(result: list[dict[str, object]], by: object, **more: object) -> dict[str, object]:
    return {"id": 1, "completed_by": by, "result": result, "was_cancelled": False,
            "created_at": "2026-10-09T10:00:00.000000Z", **more}  # fmt: skip


def test_the_tasks_are_blind_and_in_the_drawn_order(desk: Desk) -> None:
    drawn = draw(desk)
    tasks = label_studio_tasks(desk.ledger, drawn)
    order = [task["data"]["trace_id"] for task in tasks]  # type: ignore[index]
    assert order == list(drawn.label_order)
    assert "second reading" not in json.dumps(tasks)
    assert all(set(task) == {"data"} for task in tasks), "no predictions: nothing leads the reader"


def test_the_interface_fits_the_tasks(desk: Desk) -> None:
    tasks = label_studio_tasks(desk.ledger, draw(desk))
    config = ET.fromstring(labeling_config(tasks))
    shown = {text.get("name"): text.get("value") for text in config.iter("Text")}
    assert shown == {"input": "$input", "output": "$output"}, "nothing that no task has"
    choices = {c.get("name"): [x.get("value") for x in c] for c in config.iter("Choices")}
    assert choices == {"verdict": list(VERDICT_WORDS), "severity": ["1", "2", "3"]}
    assert all(c.get("toName") in shown for c in config.iter("Choices"))


def test_round_trip(desk: Desk, write: Write) -> None:
    drawn = draw(desk)
    report = take_labels(desk.ledger, write("export.json", json.dumps(annotated(desk, drawn))))
    assert (report.taken, report.refused, report.draws) == (200, [], {drawn.draw_id: (200, 200)})
    labels = labels_of(desk.ledger, drawn.draw_id)
    assert {t: bool(label.wrong) for t, label in labels.items()} == {
        t: desk.wrong[t] for t in labels
    }
    assert {label.judge for label in labels.values()} == {"label-studio user 3"}
    kinds = desk.ledger.rows(
        "SELECT DISTINCT kind, severity FROM verdicts WHERE draw_id IS NOT NULL AND kind <> ''"
    )
    assert kinds == [{"kind": "mixed up", "severity": 2}]
    with pytest.raises(DrawError, match="nothing to export"):
        label_studio_tasks(desk.ledger, drawn)


def test_the_same_export_again_adds_nothing(desk: Desk, write: Write) -> None:
    path = write("export.json", json.dumps(annotated(desk, draw(desk))))
    take_labels(desk.ledger, path)
    again = take_labels(desk.ledger, path)
    assert (again.taken, again.unchanged) == (0, 200)


def test_what_has_a_label_is_not_exported_again(desk: Desk, tmp_path: Path) -> None:
    drawn = draw(desk)
    answer(desk, drawn, tmp_path / "filled.csv", first=70)
    assert len(label_studio_tasks(desk.ledger, drawn)) == 130


def test_two_people_on_one_output_the_later_counts(desk: Desk, write: Write) -> None:
    drawn = draw(desk)
    tasks = annotated(desk, drawn, by={"id": 3, "email": "ada@example.org"}, first=1)
    later = annotation(
        [said("verdict", "choices", ["unsure"])], 5, created_at="2026-10-09T11:00:00Z"
    )
    tasks[0]["annotations"].insert(0, later)  # type: ignore[attr-defined]
    report = take_labels(desk.ledger, write("export.json", json.dumps(tasks)))
    assert (report.taken, report.replaced) == (2, 1)
    (label,) = labels_of(desk.ledger, drawn.draw_id).values()
    assert (label.judge, label.wrong) == ("label-studio user 5", None)


def test_cancelled_and_empty_annotations_are_no_labels(desk: Desk, write: Write) -> None:
    tasks = annotated(desk, draw(desk), first=3)
    tasks[0]["annotations"] = [
        annotation([said("verdict", "choices", ["wrong"])], 1, was_cancelled=True)
    ]
    tasks[1]["annotations"] = []
    tasks[2]["annotations"] = [annotation([], 1)]
    report = take_labels(desk.ledger, write("export.json", json.dumps(tasks)))
    assert (report.taken, report.empty, report.refused) == (0, 1, [])


def test_the_flat_form_is_read_too(desk: Desk, write: Write) -> None:
    data = annotated(desk, draw(desk), first=1)[0]["data"]
    assert isinstance(data, dict)
    flat = {
        **data,
        "id": 71,
        "annotator": "ada@example.org",
        "verdict": "wrong",
        "severity": "1",
        "note": "no such day",
    }
    report = take_labels(desk.ledger, write("min.json", json.dumps([flat])))
    assert report.taken == 1
    (label,) = labels_of(desk.ledger, data["draw_id"]).values()
    assert (label.judge, label.wrong, label.severity) == ("ada@example.org", 1, 1)


def test_a_name_given_stands_for_one_annotator_and_not_for_two(desk: Desk, write: Write) -> None:
    tasks = annotated(desk, draw(desk), first=2)
    take_labels(desk.ledger, write("one.json", json.dumps(tasks)), person="ada")
    assert desk.ledger.rows("SELECT DISTINCT judge FROM verdicts WHERE draw_id IS NOT NULL") == [
        {"judge": "ada"}
    ]
    tasks[1]["annotations"] = [annotation([said("verdict", "choices", ["right"])], 9)]
    with pytest.raises(BadInput, match="can't be all of 2 people"):
        take_labels(desk.ledger, write("two.json", json.dumps(tasks)), person="ada")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"data": {}', "is none"),
        ("[1, 2]", "list of tasks"),
        ('{"id": 1}', "list of tasks"),
        ('[{"id": 1, "data": {"text": "a"}}]', "no `annotations`"),
        ("[" * 100_000, "is none"),
    ],
)
def test_what_is_no_export_says_so(desk: Desk, write: Write, text: str, message: str) -> None:
    draw(desk)
    with pytest.raises(BadInput, match=message):
        take_labels(desk.ledger, write("export.json", text))


def test_what_no_ledger_can_hold_is_written_out(desk: Desk, write: Write) -> None:
    tasks = annotated(desk, draw(desk), first=1)
    answer = [said("verdict", "choices", ["wrong"]), said("note", "text", ["\ud800 odd"])]
    tasks[0]["annotations"] = [{**annotation(answer, 9), "completed_by": "ada\udfff"}]
    report = take_labels(desk.ledger, write("export.json", json.dumps(tasks)))
    assert report.taken == 1
    (row,) = desk.ledger.rows("SELECT judge, note FROM verdicts WHERE draw_id IS NOT NULL")
    assert row == {"judge": "ada\\udfff", "note": "\\ud800 odd"}


def test_what_was_not_drawn_is_refused_by_task(desk: Desk, write: Write) -> None:
    tasks = annotated(desk, draw(desk), first=2)
    tasks[1]["data"] = {**tasks[1]["data"], "trace_id": "desk-99999"}  # type: ignore[dict-item]
    report = take_labels(desk.ledger, write("export.json", json.dumps(tasks)))
    assert report.taken == 1
    assert report.refused[0][0] == 2
    assert "was not drawn" in report.refused[0][1]
