"""Recorded answers as an endpoint: the same path as for a live one, with nothing sent and nothing left to chance.

A record answers (task, epoch, turn). It names its task by `task_id`, or else by `input`. Where it names no epoch, the
first record of a task's turn is epoch 1, the second epoch 2, and so on. A task that nothing was recorded for fails by
name. What the record doesn't say (time, tokens, cost) stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.ask.place import TaskRequest
from assay.ask.reasoning import split_reasoning
from assay.ask.request import AskFailed, ChatReply, ChatRequest
from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object, read_lines
from assay.ledger.ingest.record import Row, RowError, trace_row
from assay.ledger.ingest.source import Source

Place = tuple[str, int, int]
"""Task (its name or its input), epoch from 1, turn from 0."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded answers."""

    path: Path
    content_hash: str
    by_task: Mapping[Place, Row]
    by_input: Mapping[Place, Row]


def read_recording(path: Path) -> Recording:
    """Read recorded answers: trace lines with `task_id` or `input`, and `output`.

    Raises
    ------
    BadInput
        Where the file can't be read, or a line is no recorded answer.
    """
    source = Source(path)
    by_task: dict[Place, Row] = {}
    by_input: dict[Place, Row] = {}
    with source.open() as stream:
        for line in read_lines(stream):
            if line.blank:
                continue
            try:
                if line.fault:
                    raise RowError(line.fault)
                values = parse_object(line.text)
                row = trace_row({"system": "recorded", **values}, trace_id="", source="")
                _file(values, row, by_task, by_input)
            except RowError as error:
                raise BadInput(str(error), where=f"{path}:{line.number}") from None
    if not by_task and not by_input:
        raise BadInput("there is no recorded answer in it", where=str(path))
    return Recording(path, source.content_hash, by_task, by_input)


def _file(
    values: Mapping[str, object], row: Row, by_task: dict[Place, Row], by_input: dict[Place, Row]
) -> None:
    named = values.get("task_id") is not None
    index, name = (by_task, row["task_id"]) if named else (by_input, row["input"])
    turn = row["turn"] if isinstance(row["turn"], int) else 0
    epoch = row["epoch"] if isinstance(row["epoch"], int) else 1
    if values.get("epoch") is None:
        while (str(name), epoch, turn) in index:
            epoch += 1
    place = (str(name), epoch, turn)
    if place in index:
        raise RowError(
            f"task {name!r:.60}, epoch {epoch}, turn {turn} was recorded on a line before"
        )
    index[place] = row


class Replay:
    """An endpoint that answers with what was recorded."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    @property
    def name(self) -> str:
        """The file's name."""
        return self._recording.path.name

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Return the answer recorded for the task, epoch and turn.

        Raises
        ------
        AskFailed
            Where none was recorded, or the request names no task.
        """
        if not isinstance(request, TaskRequest):
            raise AskFailed("a replay answers tasks only: this request names none")
        task, epoch, turn = request.talk.task, request.talk.epoch, request.turn
        row = self._recording.by_task.get((task.task_id, epoch, turn))
        row = row or self._recording.by_input.get((task.turns[turn], epoch, turn))
        if row is None:
            raise AskFailed(
                f"nothing was recorded for task {task.task_id!r}, epoch {epoch}, turn {turn}"
            )
        return _reply(row)

    async def close(self) -> None:
        """Nothing is open."""


def _reply(row: Row) -> ChatReply:
    tags = parse_object(str(row["tags"]))
    native = row["reasoning"]
    output, reasoning = str(row["output"]), None if native is None else str(native)
    if reasoning is None:
        output, reasoning = split_reasoning(output)
    return ChatReply(
        output=output,
        reasoning=reasoning,
        finish_reason=str(tags.get("ask.finish", "")),
        model=str(tags.get("ask.model", "")),
        runtime=str(tags.get("ask.runtime", "")),
        cache_state=str(tags.get("ask.cache", "unknown")),
        latency_seconds=_number(row["latency_seconds"]) or 0.0,
        prompt_tokens=_whole(row["prompt_tokens"]),
        completion_tokens=_whole(row["completion_tokens"]),
        cost_usd=_number(row["cost_usd"]),
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
