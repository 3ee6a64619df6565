"""Outputs to label as tasks of Label Studio, and its annotations back as labels.

The format is Label Studio's own JSON (https://labelstud.io/guide/task_format): a list of tasks, what is shown under
`data`, what people said under `annotations`. What a judge thinks, and what another reader said, is never in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import NamedTuple

from assay.errors import BadInput, DrawError
from assay.ledger.draw_labels import labels_of
from assay.ledger.draws import StoredDraw
from assay.ledger.store import Ledger
from assay.volume.asked import ASKED, TALK, asked_rows

SHOWN = {"conversation_id": "Conversation", "turn": "Turn", "input": "Asked", "context": "Given with it",
         "output": "Output", "answer": "Answer in it", "reference": "Reference"}  # fmt: skip
"""What the page of Label Studio shows, and how it is headed."""

VERDICT_WORDS = ("right", "wrong", "unsure")
SEVERITY_WORDS = ("1", "2", "3")
DEFAULT_PERSON = "person"


class Annotation(NamedTuple):
    """What one person said of one output: who, the place of the task in the file from 1, and the row of a list."""

    person: str
    place: int
    record: dict[str, str]


def label_studio_tasks(
    ledger: Ledger, draw: StoredDraw, *, batch: int | None = None
) -> list[dict[str, object]]:
    """Return the outputs of a draw that have no label yet as tasks to import, in the order of the list.

    Raises
    ------
    DrawError
        Where every one has its label.
    """
    labels = labels_of(ledger, draw.draw_id)
    tasks: list[dict[str, object]] = []
    for row in asked_rows(ledger, draw, (*TALK, *ASKED), batch=batch):
        if row["trace_id"] in labels:
            continue
        data = {name: "" if row[name] is None else str(row[name]) for name in SHOWN}
        if data["answer"] == data["output"]:
            data["answer"] = ""
        tasks.append({"data": {"draw_id": draw.draw_id, "trace_id": row["trace_id"], **data}})
    if not tasks:
        raise DrawError(
            f"every output of {draw.draw_id} has its label: there is nothing to export",
            next_command=f"assay volume {ledger.typed} --draw {draw.draw_id}",
        )
    return tasks


def labeling_config(tasks: list[dict[str, object]]) -> str:
    """Return the labeling interface that belongs to the tasks, as Label Studio's XML: only what any of them has."""
    filled = [name for name in SHOWN if any(_data(task).get(name) for task in tasks)]
    shown = "\n".join(
        f'  <Header value="{escape(SHOWN[name])}"/>\n  <Text name="{name}" value="${name}"/>' for name in filled
    )  # fmt: skip
    words = "".join(f'\n    <Choice value="{word}"/>' for word in VERDICT_WORDS)
    severities = "".join(f'\n    <Choice value="{word}"/>' for word in SEVERITY_WORDS)
    return (
        f"<View>\n{shown}\n"
        f'  <Choices name="verdict" toName="output" choice="single" required="true">{words}\n  </Choices>\n'
        f'  <Header value="Severity, where it is wrong: 1 is worst"/>\n'
        f'  <Choices name="severity" toName="output" choice="single">{severities}\n  </Choices>\n'
        f'  <TextArea name="kind" toName="output" maxSubmissions="1" placeholder="kind of error"/>\n'
        f'  <TextArea name="note" toName="output" maxSubmissions="1" placeholder="note"/>\n'
        "</View>\n"
    )


def annotations_of(text: str, *, where: str, person: str = DEFAULT_PERSON) -> list[Annotation]:
    """Return what people said in an export of Label Studio, oldest first.

    Parameters
    ----------
    text
        The export: JSON, or JSON-MIN.
    where
        The file's name, for messages.
    person
        Who labeled, where the user says so; only for an export that one person annotated. Else a person is the
        e-mail address that the export gives, or `label-studio user N`.

    Raises
    ------
    BadInput
        Where it is no such export, or `person` is given for several people's work.
    """
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the file begins as JSON and is none: {error}", where=where) from None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise BadInput("an export of Label Studio is a list of tasks", where=where)
    found = [
        one for place, task in enumerate(tasks, start=1) for one in _said_of(task, place, where)
    ]
    found.sort(key=lambda dated: dated[0])
    # Who annotates a task again means the newer.
    newest = {
        (one.person, one.record["draw_id"], one.record["trace_id"], one.place): one
        for _, one in found
    }
    said = list(newest.values())
    people = {one.person for one in said}
    if person == DEFAULT_PERSON:
        return said
    if len(people) > 1:
        raise BadInput(
            f"--person {person!r} can't be all of {len(people)} people in this export "
            f"({', '.join(sorted(people)[:5])}): leave it out",
            where=where,
        )
    return [one._replace(person=person) for one in said]


def _said_of(
    task: Mapping[str, object], place: int, where: str
) -> Iterator[tuple[str, Annotation]]:
    data = _data(task)
    if "annotations" not in task:
        # JSON-MIN: one flat object an annotation.
        if not any(name in task for name in ("verdict", "annotator", "annotation_id")):
            raise BadInput("the task has no `annotations`: it was not annotated, or not exported as JSON",
                           where=f"{where}: task {place}")  # fmt: skip
        record = {name: _flat(task.get(name)) for name in ("verdict", "severity", "kind", "note")}
        yield (
            _moment(task),
            Annotation(_person(task.get("annotator")), place, {**_ids(task), **record}),
        )
        return
    annotations = task["annotations"]
    for annotation in annotations if isinstance(annotations, list) else []:
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        record = {"verdict": "", "severity": "", "kind": "", "note": ""}
        results = annotation.get("result")
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict) and result.get("from_name") in record:
                record[result["from_name"]] = _flat(result.get("value"))
        person = _person(annotation.get("completed_by"))
        yield _moment(annotation), Annotation(person, place, {**_ids(data), **record})


def _data(task: Mapping[str, object]) -> Mapping[str, object]:
    data = task.get("data")
    return data if isinstance(data, dict) else {}


def _ids(data: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(data.get(name, "")) for name in ("draw_id", "trace_id")}


def _moment(annotation: Mapping[str, object]) -> str:
    # ISO 8601 of one zone sorts as text; one without a time comes first, in the order of the file.
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _flat(value: object) -> str:
    """Return what was chosen or written: the forms of Label Studio for it are several."""
    if isinstance(value, dict):
        value = value.get("choices", value.get("text"))
    if isinstance(value, list):
        value = "\n".join(str(part) for part in value)
    return "" if value is None else _text(value)


def _text(value: object) -> str:
    # JSON may hold lone surrogates, which no ledger can: they are written out.
    return str(value).encode("utf-8", "backslashreplace").decode()


def _person(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    if value is None or value == "":
        return DEFAULT_PERSON
    return f"label-studio user {value}" if isinstance(value, int) else _text(value)
