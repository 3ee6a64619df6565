"""Two turns: asked of an endpoint, kept, resumed, and read as reasoning and answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from assay.ask.place import AskSettings
from assay.ask.pool import Limits
from assay.ask.request import ChatReply, ChatRequest
from assay.ask.run import AskPlan, ask_tasks
from assay.ask.tasks import read_tasks
from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.probe.knows import detector_named
from assay.probe.knows_ask import FINAL, STEP_BY_STEP, two_turn_tasks
from assay.probe.knows_read import read_columns
from assay.probe.knows_result import knows_result

TASKS = """\
{"task_id": "sum", "input": "4000 - 3500?", "reference": "500", "topic": "sums"}
{"task_id": "half", "input": "Half of 8?", "reference": "4"}
{"task_id": "talk", "turns": ["Hi", "4?"], "reference": "4"}
{"task_id": "open", "input": "Why?"}
"""


class Slipping:
    """An endpoint that reasons well, and forgets what it found in one task of two."""

    name = "slipping"

    def __init__(self) -> None:
        self.asked: list[ChatRequest] = []

    async def answer(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        first = request.messages[0].content
        final = len(request.messages) == 3
        text = ("500" if "3500" in first else "8") if final else (
            "4000 - 3500 = 500." if "3500" in first else "8 / 2 = 4."
        )  # fmt: skip
        return ChatReply(text, None, "stop", "slipping", "", "unknown", 0.01, 1, 1, None)

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text(TASKS, "utf-8")
    return path


def ask(ledger: Ledger, endpoint: Slipping, tasks: Path) -> int:
    plan = AskPlan(
        two_turn_tasks(read_tasks(tasks)).tasks, AskSettings("small", "1", model="slipping")
    )
    report = asyncio.run(ask_tasks(ledger, endpoint, plan, limits=Limits()))
    assert report.left == 0
    return report.asked


def test_each_task_is_asked_to_reason_and_then_for_the_answer_only(
    ledger: Ledger, tasks: Path
) -> None:
    endpoint = Slipping()
    assert ask(ledger, endpoint, tasks) == 4
    last = max(endpoint.asked, key=lambda request: len(request.messages)).messages
    assert last[0].content.endswith(STEP_BY_STEP)
    assert last[2].content == FINAL
    columns = read_columns(ledger, detector_named("numeric"), two_turns=True)
    (system,) = knows_result(columns, "d").systems
    assert (system.table.both_right, system.table.only_second, system.flagged) == (1, 1, 1)
    rows = ledger.rows("SELECT origin, tags FROM traces WHERE turn = 1 AND task_id = 'sum'")
    assert rows[0]["origin"] == "probe"
    assert '"topic":"sums"' in rows[0]["tags"]


def test_what_is_answered_is_not_asked_again(ledger: Ledger, tasks: Path) -> None:
    endpoint = Slipping()
    ask(ledger, endpoint, tasks)
    assert ask(ledger, endpoint, tasks) == 0
    assert len(endpoint.asked) == 4


def test_tasks_without_a_single_question_and_a_reference_are_left_out(tasks: Path) -> None:
    made = two_turn_tasks(read_tasks(tasks))
    assert [task.task_id for task in made.tasks.tasks] == ["sum", "half"]
    assert (made.several_turns, made.without_reference) == (1, 1)
    assert made.tasks.content_hash != read_tasks(tasks).content_hash


def test_a_file_without_such_tasks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text('{"input": "Why?"}\n', "utf-8")
    with pytest.raises(BadInput, match="single question with a reference"):
        two_turn_tasks(read_tasks(path))
