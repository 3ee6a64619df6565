"""The desk's tasks are what their generator makes, and ask what the recording asked."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from assay.ask.prompt import first_question, read_prompt
from assay.ask.tasks import read_tasks
from assay.judge.rules import check_named
from desk_requests import requests
from desk_tasks import FILE, TASKS, task_lines, write_tasks
from record import COUNT, SEED

PROMPT = FILE.parent / "prompt.txt"


def test_the_file_is_what_the_generator_makes(tmp_path: Path) -> None:
    with gzip.open(FILE, "rt", encoding="utf-8") as stream:
        assert [json.loads(line) for line in stream] == task_lines()
    for name in ("one", "two"):
        write_tasks(tmp_path / name, 5)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_they_are_the_first_requests_of_the_recording() -> None:
    made, truth = requests(COUNT, SEED)
    found = read_tasks(FILE)
    assert (len(found.tasks), found.repeated, found.bad_lines) == (TASKS, 0, [])
    for request, task in zip(made, found.tasks, strict=False):
        assert task.task_id == request.task_id
        assert task.turns == (request.input,)
        assert task.references == (truth[request.trace_id],)
        assert task.tags["kind"] == request.kind
        assert task.origin == "exam"


def test_no_task_holds_its_answer_beyond_the_message() -> None:
    for task in read_tasks(FILE).tasks:
        reference = task.references[0]
        assert reference is not None
        message = task.turns[0].removeprefix("Message: ").rpartition("\nQuestion: ")[0]
        assert reference in message or task.tags["kind"] == "topic"


def test_each_names_a_check_that_there_is() -> None:
    named = {task.tags["check"] for task in read_tasks(FILE).tasks}
    assert named == {"numeric", "regex"}
    for name in named:
        assert check_named(name).judge.startswith(f"{name}@")


def test_the_prompt_keeps_the_input_whole() -> None:
    task = read_tasks(FILE).tasks[0]
    asked = first_question(read_prompt(PROMPT), task.turns[0], None)
    assert asked.endswith(f"short sentence.\n{task.turns[0]}")
