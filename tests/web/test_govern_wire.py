"""What goes out is what is judged, however an answer is cut into events."""

from __future__ import annotations

import json
from typing import Any

from assay.web.govern_wire import Answer, read_answer, read_event


def event(delta: dict[str, Any], **choice: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": delta, **choice}]}).encode()


def whole(message: dict[str, Any]) -> bytes:
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


def streamed(*events: bytes) -> Answer:
    answer = Answer()
    for data in events:
        read_event(answer, data)
    return answer


def test_a_call_cut_over_events_reads_as_the_same_call_in_one_piece() -> None:
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "say", "arguments": '{"a": "SECRET"}'},
    }
    first = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": "say", "arguments": '{"a": "SEC'},
    }
    cut = streamed(
        event({"tool_calls": [first]}),
        event({"tool_calls": [{"index": 0, "function": {"arguments": 'RET"}'}}]}),
    )
    assert "SECRET" in cut.all_said
    assert "SECRET" in read_answer(whole({"content": None, "tool_calls": [call]})).all_said
    old = streamed(
        event({"function_call": {"name": "say", "arguments": "SEC"}}),
        event({"function_call": {"arguments": "RET"}}),
    )
    assert "SECRET" in old.all_said


def test_what_is_said_beside_the_answer_is_judged_with_it() -> None:
    for name in ("reasoning_content", "reasoning", "thinking", "annotations"):
        assert "SECRET" in read_answer(whole({"content": "fine", name: "SECRET"})).all_said
        assert "SECRET" in streamed(event({name: "SEC"}), event({name: "RET"})).all_said
    beside = streamed(event({"content": "fine"}, message={"content": "SECRET"}))
    assert "SECRET" in beside.all_said
    assert beside.output == "fine"
    assert (
        streamed(event({"content": "fi"}), event({"content": "ne"}, finish_reason="stop")).all_said
        == "fine"
    )
