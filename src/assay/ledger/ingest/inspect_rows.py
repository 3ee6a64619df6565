"""The trace and the verdicts in a sample of an Inspect log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from assay.ledger.ingest.inspect_sample import (
    Fault,
    Message,
    Output,
    Part,
    Sample,
    Score,
    Usage,
    decode_json,
    is_there,
)
from assay.ledger.ingest.record import Record, Row, RowError, trace_row, verdict_row

NOTE_CHARACTERS = 2_000
"""Of a scorer's explanation: a model that grades writes pages."""

TAG_CHARACTERS = 1_000
METADATA_BYTES = 2**16
"""Tags are for splitting by. A sample's metadata may hold whole documents: beyond this they are not read."""

_MODEL_JUDGE = re.compile(r"model_graded|model|llm|judge", re.IGNORECASE)
_ATTACHMENTS = ("attachment://", "tc://")
_CHOICE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OWN_TAGS = frozenset({"task", "run_id", "error", "limit", "invalidated", "content"})

_ERROR_PROBABILITIES = {"C": 0.0, "I": 1.0, "P": 0.5, "N": 1.0}
"""Correct, incorrect, partial, no answer. An answer that was not given is not right: Inspect counts it as 0, too."""

_MESSAGES = msgspec.json.Decoder(list[Message])
_METADATA = msgspec.json.Decoder(dict[str, object])

Resolve = Callable[[str], str]
"""Gives the text for an attachment's reference (a hash, or an index in a chunked sample)."""


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log says of all its samples."""

    task: str
    """The task's name without package and path: the same task is the same in all logs."""
    system: str
    version: str
    origin: str
    created: str | None
    scorer: str
    """Names the one score of a sample in old logs."""
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample stands, and the identity of its trace."""

    line: int
    trace_id: str
    source: str


def sample_record(sample: Sample, log: LogFacts, place: Place, resolve: Resolve) -> Record:
    """Return the trace of a sample, and a verdict for each scorer whose value says right or wrong.

    Notes
    -----
    A sample that broke off has an `error` or `limit` and no score: its trace is kept, with output "" and a tag, and
    without a verdict; unknown is neither right nor wrong. A value that is no letter, truth value or number in [0, 1]
    is not guessed at: it goes to the tag `score.NAME`.

    Raises
    ------
    RowError
        Where a value breaks the rule of its column.
    """
    tags = {**log.tags, **_metadata_tags(sample.metadata), **_state_tags(sample)}
    verdicts: list[dict[str, object]] = []
    scores = dict(_scores(sample, log))
    for name, score in scores.items():
        error_probability = _error_probability(score.value)
        if error_probability is None:
            if score.value is not None:
                tags[f"score.{name}"] = _text(score.value)[:TAG_CHARACTERS]
            continue
        verdicts.append(
            {
                "trace_id": place.trace_id,
                "judge": name,
                "judge_kind": _judge_kind(name),
                "error_probability": error_probability,
                "kind": "no_answer" if score.value == "N" else None,
                "note": _text(score.explanation)[:NOTE_CHARACTERS] or None,
            }
        )
    answer = next((s.answer for s in scores.values() if s.answer is not None), None)
    row = _trace(
        sample, log, place, resolve, tags=tags, answer=None if answer is None else _text(answer)
    )
    rows = tuple(verdict_row({**v, "at": _at(sample, log)}, source=place.source) for v in verdicts)
    return Record(place.line, (row,), rows)


def _trace(
    sample: Sample,
    log: LogFacts,
    place: Place,
    resolve: Resolve,
    *,
    tags: dict[str, str],
    answer: str | None,
) -> Row:
    output = sample.output
    only = _only_call(sample)
    usage = _usage(sample, log, only)
    text = _output_text(output, resolve)
    values: dict[str, object] = {
        "task_id": f"{log.task}/{sample.id}",
        "system": log.system,
        "version": log.version,
        "epoch": sample.epoch,
        "at": _at(sample, log),
        "input": _input_text(sample, resolve),
        "output": (answer or "") if output is None else text,
        "answer": answer,
        "reasoning": _reasoning(output, resolve),
        "reference": _reference(sample.target),
        "latency_seconds": _latency(sample, only),
        "origin": log.origin,
        "tags": tags,
    }
    if usage is not None:
        values["prompt_tokens"] = _prompt_tokens(usage)
        values["completion_tokens"] = usage.output_tokens
        # A run of cost 0 has a cost that is not known: no provider answers for nothing.
        values["cost_usd"] = usage.total_cost or None
    return trace_row(values, trace_id=place.trace_id, source=place.source)


def _at(sample: Sample, log: LogFacts) -> str | None:
    return sample.completed_at or sample.started_at or log.created


def _scores(sample: Sample, log: LogFacts) -> Iterator[tuple[str, Score]]:
    for name, score in (sample.scores or {}).items():
        if score is not None:
            yield name, score
    if sample.scores is None and sample.score is not None:
        yield log.scorer, sample.score


def _error_probability(value: object) -> float | None:
    if isinstance(value, str):
        return _ERROR_PROBABILITIES.get(value)
    if isinstance(value, (bool, int, float)) and 0 <= value <= 1:
        return 1.0 - value
    return None


def _judge_kind(name: str) -> str:
    return "model" if _MODEL_JUDGE.search(name) else "check"


def _only_call(sample: Sample) -> Output | None:
    """Return the call whose tokens and time are the system's alone, where a model graded and that can be told.

    The sample's own sums count a grading scorer's calls, too: its time always, its tokens where it asks the same
    model. If the sample holds just one answer, the figures of that call are the system's. Otherwise the sums, which
    are then too high, are all there is.
    """
    graded = any(_judge_kind(name) == "model" for name in sample.scores or ())
    return sample.output if graded and _answers(sample) == 1 else None


def _usage(sample: Sample, log: LogFacts, only: Output | None) -> Usage | None:
    if only is not None and only.usage is not None:
        return only.usage
    total = (sample.model_usage or {}).get(log.system)
    return total or (sample.output.usage if sample.output else None)


def _latency(sample: Sample, only: Output | None) -> float | None:
    if only is not None and only.time:
        return only.time
    return (
        sample.working_time or sample.total_time or (sample.output.time if sample.output else None)
    )


def _answers(sample: Sample) -> int:
    if not is_there(sample.messages):
        return 0
    messages = decode_json(_MESSAGES, sample.messages)
    return sum(m.role == "assistant" and m.source != "input" for m in messages)


def _prompt_tokens(usage: Usage) -> int | None:
    read = usage.input_tokens
    if read is None:
        return None
    # Inspect leaves cached tokens out of `input_tokens`; in logs before 2025-06 OpenAI's are in. The total tells.
    if usage.total_tokens != read + (usage.output_tokens or 0):
        read += (usage.input_tokens_cache_read or 0) + (usage.input_tokens_cache_write or 0)
    return read or None


def _input_text(sample: Sample, resolve: Resolve) -> str | None:
    if sample.input is None or isinstance(sample.input, str):
        text = _resolved(sample.input, resolve)
    elif len(sample.input) == 1:
        text = _message_text(sample.input[0], resolve)
    else:
        text = "\n".join(f"{m.role or 'user'}: {_message_text(m, resolve)}" for m in sample.input)
    if sample.choices and text is not None:
        # The choices are part of what was asked; a person who labels must see them.
        lettered = zip(_CHOICE_LETTERS, sample.choices, strict=False)
        text += "\n\n" + "\n".join(f"{letter}) {choice}" for letter, choice in lettered)
    return text


def _output_text(output: Output | None, resolve: Resolve) -> str:
    if output is None:
        return ""
    if output.completion:
        return _resolved(output.completion, resolve) or ""
    message = _answer_message(output)
    return _message_text(message, resolve) if message else ""


def _reasoning(output: Output | None, resolve: Resolve) -> str | None:
    message = _answer_message(output) if output else None
    if message is None:
        return None
    texts = [message.reasoning] if message.reasoning else []
    if isinstance(message.content, list):
        texts += [
            part.reasoning
            for part in message.content
            if isinstance(part, Part) and part.reasoning and not part.redacted
        ]
    return "\n".join(_resolved(text, resolve) or "" for text in texts) or None


def _answer_message(output: Output) -> Message | None:
    return output.choices[0].message if output.choices else None


def _message_text(message: Message, resolve: Resolve) -> str:
    if message.content is None or isinstance(message.content, str):
        return _resolved(message.content, resolve) or ""
    texts = []
    for part in message.content:
        if isinstance(part, str):
            texts.append(_resolved(part, resolve))
        elif part.text is not None:
            texts.append(_resolved(part.text, resolve))
        elif part.type not in ("reasoning", ""):
            texts.append(f"[{part.type}]")
    return "\n".join(text for text in texts if text)


def _resolved(text: str | None, resolve: Resolve) -> str | None:
    if text is not None and text.startswith(_ATTACHMENTS):
        return resolve(text)
    return text


def _reference(target: str | list[str] | None) -> str | None:
    """Return the target; several that are all right as a JSON array, so that none is taken for part of another."""
    if isinstance(target, list):
        return target[0] if len(target) == 1 else _text(target) if target else None
    return target or None


def _metadata_tags(raw: msgspec.Raw) -> dict[str, str]:
    if not is_there(raw) or len(bytes(raw)) > METADATA_BYTES:
        return {}
    try:
        metadata = decode_json(_METADATA, raw)
    except RowError as error:
        raise RowError(f"`metadata`: {error}") from None
    tags: dict[str, str] = {}
    room = TAG_CHARACTERS
    for key, value in metadata.items():
        if isinstance(value, (str, bool, int, float)):
            text = _text(value)
            room -= len(key) + len(text)
            if room < 0:
                break
            own = key in _OWN_TAGS or key.startswith("score.")
            tags[f"metadata.{key}" if own else key] = text
    return tags


def _state_tags(sample: Sample) -> dict[str, str]:
    tags: dict[str, str] = {}
    if sample.error is not None:
        tags["error"] = (_fault_text(sample.error) or "error")[:TAG_CHARACTERS]
    if sample.limit is not None:
        tags["limit"] = (_fault_text(sample.limit) or "limit")[:TAG_CHARACTERS]
    if is_there(sample.invalidation):
        tags["invalidated"] = "true"
    if sample.output is None:
        tags["content"] = "no output in the log"
    return tags


def _fault_text(fault: Fault | str) -> str | None:
    return fault if isinstance(fault, str) else fault.type or fault.message


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
