"""OTLP/JSON: calls of models become traces, evaluations become verdicts on them, and the rest is passed over."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError, BadInput
from assay.ledger.ingest.otlp import OTLP
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Item, Record, Rejected, Row, Tally
from assay.ledger.ingest.source import ReadOptions, Source
from ledger.ingest.otlp_lines import (
    BARE,
    CHAT,
    END,
    JOKE_INPUT,
    SPAN,
    TRACE,
    attributes,
    evaluation,
    event,
    export,
    log_export,
    log_record,
    span,
)


def _read(
    tmp_path: Path, *lines: Any, text: str | None = None, options: ReadOptions | None = None
) -> list[Item]:
    path = tmp_path / "spans.jsonl"
    if text is None:
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
        )
    path.write_text(text)
    return list(OTLP.read(Source(path), options or ReadOptions()))


def _record(
    tmp_path: Path, attributes: dict[str, Any], *events: dict[str, Any], **changed: Any
) -> Record:
    (item,) = _read(tmp_path, export(span(attributes, list(events), **changed)))
    assert isinstance(item, Record), item
    return item


def _trace(
    tmp_path: Path, attributes: dict[str, Any], *events: dict[str, Any], **changed: Any
) -> Row:
    (row,) = _record(tmp_path, attributes, *events, **changed).traces
    return row


def _tally(items: list[Item]) -> tuple[int, int, int, int, int]:
    tally = Tally()
    for item in items:
        tally.add(item)
    return tally.accepted, tally.rejected, tally.blank, tally.traces, tally.verdicts


def test_whole_span(tmp_path: Path) -> None:
    row = _trace(tmp_path, CHAT)
    assert {k: v for k, v in row.items() if v is not None} == {
        "trace_id": f"{TRACE}-{SPAN}", "task_id": JOKE_INPUT, "system": "gpt-4-0613", "version": "", "epoch": 1,
        "at": END // 1_000, "conversation_id": "conv_5j66", "input": JOKE_INPUT, "output": "Why? To trace the fun!",
        "reasoning": "A pun.", "latency_seconds": 2.5, "prompt_tokens": 52, "completion_tokens": 47, "origin": "field",
        "source": row["source"],
        "tags": '{"environment":"prod","finish_reasons":"stop","operation":"chat","provider":"openai",'
                '"service":"support"}',
    }  # fmt: skip


def test_snake_case_as_phoenix_writes_it(tmp_path: Path) -> None:
    def snake(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                "".join("_" + c.lower() if c.isupper() else c for c in k): snake(v)
                for k, v in value.items()
            }
        return [snake(v) for v in value] if isinstance(value, list) else value

    (item,) = _read(tmp_path, snake(export(span(CHAT))))
    assert isinstance(item, Record)
    expected = _trace(tmp_path, CHAT) | {"source": item.traces[0]["source"]}
    assert item.traces[0] == expected


def test_identities_in_base64(tmp_path: Path) -> None:
    packed = {
        k: base64.b64encode(bytes.fromhex(v)).decode()
        for k, v in (("traceId", TRACE), ("spanId", SPAN))
    }
    assert _trace(tmp_path, CHAT, **packed)["trace_id"] == f"{TRACE}-{SPAN}"


_TEXT_MESSAGES = BARE | {
    name: json.dumps(CHAT[name]) for name in ("gen_ai.input.messages", "gen_ai.output.messages")
}
_OLD = {k: v for k, v in BARE.items() if k != "gen_ai.provider.name"} | {"gen_ai.system": "openai"}
_ASKED = [{"role": "system", "content": "You are a helpful bot"},
          {"role": "user", "content": "Tell me a joke about OpenTelemetry"}]  # fmt: skip
_INDEXED = {f"gen_ai.prompt.{n}.{k}": v for n, m in enumerate(_ASKED) for k, v in m.items()}
_ANSWER = "Why? To trace the fun!"
_MESSAGE_EVENTS = [event(f"gen_ai.{m['role']}.message", {"content": m["content"]}) for m in _ASKED]
_BODY_EVENTS = [
    event(f"gen_ai.{m['role']}.message", {"gen_ai.event.content": json.dumps(m)}) for m in _ASKED
]


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        (CHAT, []),
        (_TEXT_MESSAGES, []),
        ({k: v for k, v in CHAT.items() if k != "gen_ai.input.messages"}
         | {"gen_ai.system_instructions": [{"type": "text", "content": "You are a helpful bot"}],
            "gen_ai.input.messages": CHAT["gen_ai.input.messages"][1:]}, []),
        (BARE, [event("gen_ai.client.inference.operation.details",
                       {k: CHAT[k] for k in ("gen_ai.input.messages", "gen_ai.output.messages")})]),
        (_OLD | _INDEXED | {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": _ANSWER}, []),
        (_OLD | {"gen_ai.prompt": json.dumps(_ASKED), "gen_ai.completion": _ANSWER}, []),
        (_OLD, [event("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(_ASKED)}),
                event("gen_ai.content.completion", {"gen_ai.completion": json.dumps([{"content": _ANSWER}])})]),
        (_OLD, [*_MESSAGE_EVENTS, event("gen_ai.choice", {"index": 0, "message": {"content": _ANSWER}})]),
        (_OLD, [*_MESSAGE_EVENTS, event("gen_ai.choice", {"message": json.dumps({"content": _ANSWER})})]),
        (_OLD, [*_BODY_EVENTS, event("gen_ai.choice", {"gen_ai.event.content": json.dumps(
            {"index": 0, "message": {"content": [{"type": "text", "text": _ANSWER}]}})})]),
    ],
    ids=["structured", "json text", "instructions", "details event", "indexed", "blobs", "content events",
         "message events", "choice as text", "event bodies"],
)  # fmt: skip
def test_every_spelling_of_the_messages(
    tmp_path: Path, attributes: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    row = _trace(tmp_path, attributes, *events)
    assert (row["input"], row["output"]) == (JOKE_INPUT, _ANSWER)
    assert json.loads(str(row["tags"]))["provider"] == "openai"


def test_text_that_was_not_recorded(tmp_path: Path) -> None:
    row = _trace(tmp_path, BARE)
    assert (row["input"], row["output"], row["task_id"]) == (None, "", f"{TRACE}-{SPAN}")
    assert json.loads(str(row["tags"]))["content"] == "not recorded"


def test_tool_call_is_shown_as_the_output(tmp_path: Path) -> None:
    call = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Paris"}}
    row = _trace(
        tmp_path, CHAT | {"gen_ai.output.messages": [{"role": "assistant", "parts": [call]}]}
    )
    assert json.loads(str(row["output"])) == call


def test_only_one_message_has_no_role(tmp_path: Path) -> None:
    assert (
        _trace(tmp_path, BARE | {"gen_ai.prompt": "Hi", "gen_ai.completion": "Ho"})["input"] == "Hi"
    )


def test_old_names_of_tokens_and_no_operation(tmp_path: Path) -> None:
    old = {"gen_ai.system": "vertex_ai", "gen_ai.request.model": "g", "gen_ai.usage.prompt_tokens": 7,
           "gen_ai.usage.completion_tokens": 3, "gen_ai.usage.cost": 0.5}  # fmt: skip
    row = _trace(tmp_path, old)
    assert [row[k] for k in ("system", "prompt_tokens", "completion_tokens", "cost_usd")] == [
        "g",
        7,
        3,
        0.5,
    ]
    assert _trace(tmp_path, old | {"gen_ai.usage.cost": 0.0})["cost_usd"] is None


@pytest.mark.parametrize(
    "operation", ["embeddings", "execute_tool", "retrieval", "create_agent", "invoke_agent"]
)
def test_other_spans_are_accepted_and_hold_nothing(tmp_path: Path, operation: str) -> None:
    assert _record(tmp_path, CHAT | {"gen_ai.operation.name": operation}) == Record(1)


def test_span_without_genai(tmp_path: Path) -> None:
    assert _record(tmp_path, {"http.request.method": "GET"}) == Record(1)
    assert _record(tmp_path, {}, traceId="not an id") == Record(1)


def test_named_agent_is_a_system_of_its_own(tmp_path: Path) -> None:
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "Math Tutor",
        "gen_ai.agent.version": "3",
    }
    row = _trace(tmp_path, CHAT | agent)
    assert (row["system"], row["version"]) == ("Math Tutor", "3")


def test_failed_call(tmp_path: Path) -> None:
    assert (
        json.loads(str(_trace(tmp_path, BARE | {"error.type": "timeout"})["tags"]))["error"]
        == "timeout"
    )
    row = _trace(tmp_path, BARE, status={"code": 2, "message": "429"})
    assert json.loads(str(row["tags"]))["error"] == "429"


def test_model_is_missing(tmp_path: Path) -> None:
    nameless = export(span({"gen_ai.operation.name": "chat"}))
    (item,) = _read(tmp_path, nameless)
    assert isinstance(item, Rejected)
    assert "--system NAME" in item.reason
    (item,) = _read(tmp_path, nameless, options=ReadOptions(system="m", version="2", origin="exam"))
    assert isinstance(item, Record)
    assert [item.traces[0][k] for k in ("system", "version", "origin")] == ["m", "2", "exam"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (evaluation(score_label="pass", score_value=4.0), 0.0),
        (evaluation(score_label="Fail", score_value=1.0), 1.0),
        (evaluation(score_label="not relevant", score_value=...), 1.0),
        (evaluation(score_label="partially-correct"), 0.5),
        (evaluation(name="Hallucination", score_label="hallucinated", score_value=0.0), 1.0),
        (evaluation(), 0.25),
        (evaluation(score_value=1), 0.0),
        (evaluation(score_label="medium"), 0.25),
        (evaluation(name="Hallucination"), None),
        (evaluation(name="Hallucination", score_label="yes", score_value=1.0), None),
        (evaluation(score_value=4.0), None),
        (evaluation(score_value=-0.5), None),
        (evaluation(score_value=True), None),
        (evaluation(score_value="high"), None),
        (evaluation() | {"error.type": "timeout"}, None),
    ],
)
def test_evaluation_on_the_span_and_in_a_log(
    tmp_path: Path, values: dict[str, Any], expected: float | None
) -> None:
    on_span = _record(tmp_path, CHAT, event("gen_ai.evaluation.result", values))
    (in_log,) = _read(tmp_path, log_export(log_record(values)))
    assert isinstance(in_log, Record)
    assert in_log.traces == ()
    for record in (on_span, in_log):
        assert [row["error_probability"] for row in record.verdicts] == (
            [] if expected is None else [expected]
        )
        for row in record.verdicts:
            assert (row["trace_id"], row["judge_kind"], row["at"]) == (
                f"{TRACE}-{SPAN}",
                "model",
                END // 1_000,
            )
    name = values["gen_ai.evaluation.name"]
    assert (f"evaluation.{name}" in json.loads(str(on_span.traces[0]["tags"]))) == (
        expected is None
    )


def test_evaluation_comes_before_its_span(tmp_path: Path) -> None:
    judged = evaluation(score_label="fail", explanation="x" * 3_000)
    items = _read(tmp_path, log_export(log_record(judged)), export(span(CHAT)))
    (verdict,) = [row for item in items if isinstance(item, Record) for row in item.verdicts]
    (trace,) = [row for item in items if isinstance(item, Record) for row in item.traces]
    assert verdict["trace_id"] == trace["trace_id"]
    assert len(str(verdict["note"])) == 2_000


def test_evaluation_on_a_span_that_is_no_trace(tmp_path: Path) -> None:
    record = _record(
        tmp_path,
        {"gen_ai.operation.name": "execute_tool"},
        event("gen_ai.evaluation.result", evaluation()),
    )
    assert (len(record.traces), len(record.verdicts)) == (0, 1)


def test_other_log_records_hold_nothing(tmp_path: Path) -> None:
    items = _read(
        tmp_path,
        log_export(log_record({}, eventName="gen_ai.choice"), log_record({}, eventName=...)),
    )
    assert items == [Record(1), Record(1)]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"spanId": ...}, "`spanId` is missing"),
        ({"traceId": "xyz"}, "`traceId` must be"),
        ({"attributes": []}, "who judged"),
    ],
)
def test_evaluation_that_can_not_be_placed(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    (item,) = _read(tmp_path, log_export(log_record(evaluation(), **changed)))
    assert isinstance(item, Rejected)
    assert reason in item.reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"traceId": "4bf9"}, "`traceId` must be 32 hexadecimal digits"),
        ({"spanId": ...}, "`spanId` must be 16 hexadecimal digits"),
        ({"endTimeUnixNano": "yesterday"}, "`endTimeUnixNano` must be nanoseconds"),
        ({"startTimeUnixNano": 1.5}, "`startTimeUnixNano` must be nanoseconds"),
        ({"endTimeUnixNano": str(10**19)}, "`endTimeUnixNano` must be nanoseconds"),
        ({"attributes": {"a": 1}}, "`attributes` must be a list"),
        ({"events": [1]}, "`events` must be a list"),
        (
            {"attributes": attributes(CHAT | {"gen_ai.usage.input_tokens": -1})},
            "`prompt_tokens` must not be negative",
        ),
        (
            {"attributes": attributes(CHAT | {"gen_ai.usage.input_tokens": "many"})},
            "`prompt_tokens` must be a number",
        ),
    ],
)
def test_broken_span_is_refused_by_itself(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    good = span(CHAT)
    items = _read(
        tmp_path,
        export(good, span(CHAT) | {k: None if v is ... else v for k, v in changed.items()}, good),
    )
    assert _tally(items) == (2, 1, 0, 2, 0)
    bad = items[1]
    assert isinstance(bad, Rejected)
    assert reason in bad.reason


def test_counts_add_up_over_lines(tmp_path: Path) -> None:
    lines = ["", json.dumps(export(span(CHAT)))[:-5], "[]", "{}", '{"resourceSpans": {}}', '{"resourceSpans": []}',
             '{"resourceMetrics": []}', export(span(CHAT), span({}))]  # fmt: skip
    items = _read(tmp_path, export(span(CHAT)), *lines)
    assert [item.line for item in items] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert _tally(items) == (5, 4, 1, 2, 0)


def test_first_line_is_broken(tmp_path: Path) -> None:
    assert _tally(_read(tmp_path, '{"resourceSpans": [', export(span(CHAT)))) == (1, 1, 0, 1, 0)


def test_one_object_fills_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(export(span(CHAT), span({}), span(CHAT, spanId="x")), indent=2)
    items = _read(tmp_path, text="\n\n" + text)
    assert _tally(items) == (2, 1, 0, 1, 0)
    assert [item.line for item in items] == [1, 2, 3]
    monkeypatch.setattr("assay.ledger.ingest.otlp.MAX_WHOLE_BYTES", 100)
    with pytest.raises(BadInput, match="one export a line"):
        _read(tmp_path, text=text)


def test_small_times_are_not_read_as_seconds(tmp_path: Path) -> None:
    row = _trace(tmp_path, CHAT, startTimeUnixNano="1000000", endTimeUnixNano="3000000")
    assert (row["at"], row["latency_seconds"]) == (3_000, 0.002)


def test_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(export(span(CHAT))).encode()))
    source = Source(path)
    assert OTLP.recognises(Head(source.head(), path.name))
    assert _tally(list(OTLP.read(source, ReadOptions()))) == (1, 0, 0, 1, 0)


def test_deep_message_in_json_text(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    (item,) = _read(tmp_path, export(span(CHAT | {"gen_ai.input.messages": deep})))
    assert isinstance(item, (Record, Rejected))


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b'{"resourceSpans":[', True),
        (b'\xef\xbb\xbf\n{\n  "resource_spans": [', True),
        (b'{"resourceLogs":[{', True),
        (b'{"task_id": "resourceSpans"}', False),
        (b'[{"resourceSpans":[', False),
        (b"", False),
    ],
)
def test_recognised(start: bytes, expected: bool) -> None:
    assert OTLP.recognises(Head(start, "x.json")) is expected


_ODD: list[Any] = [
    [],
    {},
    [[1]],
    {"a": {"b": []}},
    0,
    -1,
    1.5,
    "",
    "x",
    "[",
    "{}",
    '{"a": NaN}',
    True,
    None,
]
_KEYS = [
    *CHAT, "gen_ai.prompt", "gen_ai.completion", "gen_ai.prompt.0.content", "gen_ai.prompt.0.role", "error.type",
    "gen_ai.agent.name", "gen_ai.system_instructions", "gen_ai.usage.cost", "session.id", "gen_ai.event.content",
    "gen_ai.evaluation.name", "gen_ai.evaluation.score.value", "gen_ai.evaluation.score.label",
]  # fmt: skip


@pytest.mark.parametrize("odd", _ODD, ids=repr)
def test_odd_values_of_every_attribute(tmp_path: Path, odd: Any) -> None:
    bare = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    lines: list[Any] = []
    for key in _KEYS:
        lines.append(export(span(CHAT | {key: odd})))
        lines.append(export(span(bare | {key: odd})))
        for name in ("gen_ai.choice", "gen_ai.user.message", "gen_ai.evaluation.result"):
            values = evaluation() | {key: odd, "message": odd, "content": odd}
            lines.append(export(span(bare, [event(name, values)])))
            lines.append(log_export(log_record(values)))
    accepted, rejected, blank, _, _ = _tally(_read(tmp_path, *lines))
    assert (accepted + rejected, blank) == (len(lines), 0)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["key", "value", "values", "stringValue", "arrayValue", "content"]), inner)
    | inner.map(lambda value: {"key": "gen_ai.output.messages", "value": value}),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*span({}), *export()]), _VALUES, max_size=4), st.booleans())
def test_any_values(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any], in_span: bool
) -> None:
    line = export(span(CHAT) | changed) if in_span else export(span(CHAT)) | changed
    path = tmp_path_factory.mktemp("otlp") / "x.jsonl"
    path.write_text(json.dumps(export(span(CHAT))) + "\n" + json.dumps(line) + "\n")
    try:
        items = list(OTLP.read(Source(path), ReadOptions()))
    except AssayError:
        raise AssertionError("a line must be refused by itself") from None
    assert isinstance(items[0], Record)
    assert len(items) >= 2
