"""Lines of OTLP/JSON as a collector writes them."""

from __future__ import annotations

from typing import Any

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
START, END = 1_795_360_701_000_000_000, 1_795_360_703_500_000_000


def any_value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [any_value(v) for v in value]}}
        case dict():
            return {"kvlistValue": {"values": attributes(value)}}
    return {"stringValue": value}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in values.items()]


# After semconv 1.41.0, docs/gen-ai/non-normative/examples-llm-calls.md: a simple chat, content on span attributes.
CHAT: dict[str, Any] = {
    "gen_ai.provider.name": "openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.request.max_tokens": 200,
    "gen_ai.response.model": "gpt-4-0613",
    "gen_ai.response.id": "chatcmpl-9J3uIL87gldCFtiIbyaOvTeYBRA3l",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 52,
    "gen_ai.usage.cache_read.input_tokens": 40,
    "gen_ai.usage.output_tokens": 47,
    "gen_ai.conversation.id": "conv_5j66",
    "gen_ai.input.messages": [
        {"role": "system", "parts": [{"type": "text", "content": "You are a helpful bot"}]},
        {
            "role": "user",
            "parts": [{"type": "text", "content": "Tell me a joke about OpenTelemetry"}],
        },
    ],
    "gen_ai.output.messages": [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "A pun."},
                {"type": "text", "content": "Why? To trace the fun!"},
            ],
            "finish_reason": "stop",
        }
    ],
}
BARE = {key: value for key, value in CHAT.items() if not key.endswith(".messages")}
JOKE_INPUT = "system: You are a helpful bot\nuser: Tell me a joke about OpenTelemetry"


def span(
    values: dict[str, Any], events: list[dict[str, Any]] | None = None, **changed: Any
) -> dict[str, Any]:
    span = {
        "traceId": TRACE, "spanId": SPAN, "parentSpanId": "", "name": "chat gpt-4", "kind": 3,
        "startTimeUnixNano": str(START), "endTimeUnixNano": str(END), "attributes": attributes(values),
        "events": events or [], "status": {},
    }  # fmt: skip
    return {key: value for key, value in (span | changed).items() if value is not ...}


def event(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "timeUnixNano": str(END), "attributes": attributes(values)}


def evaluation(**changed: Any) -> dict[str, Any]:
    values = {
        "name": "Correctness",
        "score.value": 0.75,
        "score.label": ...,
        "explanation": ...,
    } | {key.replace("_", "."): value for key, value in changed.items()}
    return {f"gen_ai.evaluation.{key}": value for key, value in values.items() if value is not ...}


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {
        "attributes": attributes({"service.name": "support", "deployment.environment.name": "prod"})
    }
    return {
        "resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}
        ]
    }


def log_export(*records: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": list(records)}]}]}


def log_record(values: dict[str, Any], **changed: Any) -> dict[str, Any]:
    record = {
        "timeUnixNano": str(END), "eventName": "gen_ai.evaluation.result", "traceId": TRACE, "spanId": SPAN,
        "attributes": attributes(values),
    }  # fmt: skip
    return {key: value for key, value in (record | changed).items() if value is not ...}
