"""The trace in a span of a model's call, and the verdict in an evaluation's result (OpenTelemetry GenAI, 1.28 to 1.41).

Names are those of semantic conventions 1.41.0 (`gen-ai-spans.md`, `gen-ai-events.md`), and the older ones beside them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from assay.ledger.ingest.otlp_values import (
    Attributes,
    as_datetime,
    attributes,
    identity,
    member,
    members,
    moment,
    read_talk,
)
from assay.ledger.ingest.record import Row, RowError, trace_row, verdict_row
from assay.ledger.ingest.source import ReadOptions

EVALUATION_EVENT = "gen_ai.evaluation.result"
NOTE_CHARACTERS = 2_000
TAG_CHARACTERS = 1_000

TRACE_ID_BYTES, SPAN_ID_BYTES = 16, 8

_MODEL_CALLS = frozenset({"chat", "text_completion", "generate_content", "completion"})
_AGENT_CALLS = frozenset({"invoke_agent", "invoke_workflow"})
_RIGHT = frozenset(
    {"pass", "passed", "success", "correct", "right", "accurate", "factual", "faithful", "grounded", "supported"}
    | {"relevant", "good", "acceptable", "valid", "not_hallucinated", "no_hallucination"}
)  # fmt: skip
_WRONG = frozenset(
    {"fail", "failed", "failure", "incorrect", "wrong", "inaccurate", "not_factual", "unfaithful", "not_faithful"}
    | {"ungrounded", "not_grounded", "unsupported", "not_supported", "contradicted", "irrelevant", "not_relevant"}
    | {"bad", "unacceptable", "invalid", "hallucinated", "hallucination"}
)  # fmt: skip
_PARTLY = frozenset({"partial", "partially_correct"})
_BAD_WHEN_HIGH = re.compile(
    r"hallucin|toxic|bias|harm|violen|hate|unsafe|error|risk|violation|jailbreak|self_?harm|sexual",
    re.IGNORECASE,
)
"""A score named for something bad: high may mean much of it, or that it passed. Which, can't be known."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What holds for all spans of one resource, and where they were read."""

    resource: Attributes
    source: str
    options: ReadOptions


def span_rows(span: Attributes, origin: Origin) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the trace and the verdicts in a span; neither where it is no call of a model or an agent.

    Notes
    -----
    A call of an agent is a trace of the system that is named by the agent. Its own calls of models are traces of the
    models, so that nothing is counted twice for one system; without a name the agent's span holds no trace. Texts are
    recorded only where the application asked for it: without them the output is "", and the tag `content` says so.

    Raises
    ------
    RowError
        Where an identity, a time or a number is broken, or no model is named.
    """
    found = attributes(span)
    events = [
        (str(event.get("name", "")), event, attributes(event)) for event in members(span, "events")
    ]
    evaluations = [(event, values) for name, event, values in events if name == EVALUATION_EVENT]
    system, version = _system(found, origin.options)
    if system is None and not evaluations:
        return (), ()
    trace_id = span_identity(span)
    tags: dict[str, str] = {}
    verdicts: list[Row] = []
    for event, values in evaluations:
        row = evaluation_row(values, trace_id, moment(event, "timeUnixNano"), origin.source)
        if row is None:
            tags[f"evaluation.{values.get('gen_ai.evaluation.name')}"] = _said(values)
        else:
            verdicts.append(row)
    if system is None:
        return (), tuple(verdicts)
    talk = read_talk(found, [(name, values) for name, _, values in events])
    tags |= dict(_tags(span, found, origin.resource))
    if not talk.answered:
        tags["content"] = "not recorded"
    asked = talk.input()
    values = {
        "task_id": None if asked else trace_id,
        "system": system,
        "version": version,
        "conversation_id": _first(found, "gen_ai.conversation.id", "session.id"),
        "input": asked,
        "output": talk.answered[0] if talk.answered else "",
        "reasoning": "\n".join(talk.reasoning) or None,
        "origin": origin.options.origin or "field",
        "tags": tags,
        **_times(span),
        **_usage(found),
    }
    return (trace_row(values, trace_id=trace_id, source=origin.source),), tuple(verdicts)


def span_identity(holder: Attributes) -> str:
    """Return the identity of the trace in a span: OpenTelemetry's trace and span, so that evaluations find it."""
    return (
        f"{identity(holder, 'traceId', TRACE_ID_BYTES)}-{identity(holder, 'spanId', SPAN_ID_BYTES)}"
    )


def evaluation_row(values: Attributes, trace_id: str, at: int | None, source: str) -> Row | None:
    """Return the verdict in an evaluation's result; None where it says neither right nor wrong.

    Notes
    -----
    The conventions leave the direction of a score open. A label that says right or wrong in plain words decides. With
    no such label a score in [0, 1] is taken as quality, 1 the best, unless the evaluation is named for something bad
    ("Hallucination", "Toxicity"): then it is left alone, as any other score is.
    """
    name = values.get("gen_ai.evaluation.name")
    if not isinstance(name, str) or not name:
        raise RowError("`gen_ai.evaluation.name` is missing: who judged can't be known")
    error_probability = _error_probability(name, values)
    if error_probability is None or values.get("error.type"):
        return None
    note = values.get("gen_ai.evaluation.explanation")
    return verdict_row(
        {
            "trace_id": trace_id,
            "judge": name,
            "judge_kind": "model",
            "error_probability": error_probability,
            "note": str(note)[:NOTE_CHARACTERS] if note else None,
            "at": as_datetime(at),
        },
        source=source,
    )


def _error_probability(name: str, values: Attributes) -> float | None:
    label = values.get("gen_ai.evaluation.score.label")
    word = re.sub(r"[\s\-]+", "_", label.strip().lower()) if isinstance(label, str) else ""
    if word in _RIGHT or word in _WRONG or word in _PARTLY:
        return 0.0 if word in _RIGHT else 1.0 if word in _WRONG else 0.5
    score = values.get("gen_ai.evaluation.score.value")
    if (
        _BAD_WHEN_HIGH.search(name)
        or isinstance(score, bool)
        or not isinstance(score, (int, float))
    ):
        return None
    return 1.0 - score if 0 <= score <= 1 else None


def _said(values: Attributes) -> str:
    label = values.get("gen_ai.evaluation.score.label")
    score = values.get("gen_ai.evaluation.score.value")
    return " ".join(str(part) for part in (score, label) if part is not None)[:TAG_CHARACTERS]


def _system(found: Attributes, options: ReadOptions) -> tuple[str | None, str]:
    """Return what answered, and its version; None where the span is no call of a model or a named agent."""
    operation = str(_first(found, "gen_ai.operation.name", "llm.request.type") or "")
    if operation in _AGENT_CALLS:
        agent = _first(found, "gen_ai.agent.name")
        version = _first(found, "gen_ai.agent.version")
        return (str(agent), str(version or options.version)) if agent else (None, "")
    model = _first(found, "gen_ai.response.model", "gen_ai.request.model")
    # Before 1.27 the operation was not named; a model that writes tokens is told by them.
    written = _first(
        found, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "gen_ai.completion"
    )
    if operation not in _MODEL_CALLS and (operation or not model or written is None):
        return None, ""
    system = str(model or options.system)
    if not system:
        raise RowError("`gen_ai.request.model` is missing: say --system NAME")
    return system, options.version


def _times(span: Attributes) -> dict[str, object]:
    start, end = moment(span, "startTimeUnixNano"), moment(span, "endTimeUnixNano")
    taken = (end - start) / 1e6 if start is not None and end is not None and end >= start else None
    return {"at": as_datetime(end if end is not None else start), "latency_seconds": taken}


def _usage(found: Attributes) -> dict[str, object]:
    # Unlike Inspect's, these input tokens include the cached ones.
    cost = _first(found, "gen_ai.usage.cost")
    return {
        "prompt_tokens": _first(found, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "completion_tokens": _first(
            found, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"
        ),
        # Not in the conventions, yet often written; 0 is a price that was not known.
        "cost_usd": cost
        if isinstance(cost, (int, float)) and math.isfinite(cost) and cost > 0
        else None,
    }


def _tags(span: Attributes, found: Attributes, resource: Attributes) -> Iterator[tuple[str, str]]:
    named = {
        "provider": _first(found, "gen_ai.provider.name", "gen_ai.system"),
        "operation": _first(found, "gen_ai.operation.name"),
        "error": found.get("error.type") or _failed(span),
        "finish_reasons": found.get("gen_ai.response.finish_reasons"),
        "service": resource.get("service.name"),
        "service_version": resource.get("service.version"),
        "environment": _first(resource, "deployment.environment.name", "deployment.environment"),
    }
    for name, value in named.items():
        if value:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            yield name, text[:TAG_CHARACTERS]


def _failed(span: Attributes) -> object:
    status = member(span, "status")
    if isinstance(status, dict) and status.get("code") in (2, "STATUS_CODE_ERROR"):
        return status.get("message") or "error"
    return None


def _first(found: Attributes, *names: str) -> object:
    return next((found[name] for name in names if found.get(name) not in (None, "")), None)
