"""The chat completions protocol as a governor sees it: requests taken apart, answers and streams put together.

All of it is hostile: what clients send, and what models say. What goes on to the upstream is what was read, written
anew: both read the same of it. Of a stream only its data lines go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from assay.errors import BadInput

LONGEST_NAME = 200
DATA = b"data:"
DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A request.

    Parameters
    ----------
    model
    is_stream
    asked
        The conversation as text: the one message, or each with its role.
    body
        What goes on to the upstream.
    """

    model: str
    is_stream: bool
    asked: str
    body: bytes


class NoAnswer(Exception):
    """The upstream gave no answer: nothing there can be released.

    Parameters
    ----------
    status
        What the client is told.
    reason
        In words; nothing of a key in it.
    code
        One word for programs.
    retry_after
        What the upstream says, in seconds.
    """

    def __init__(
        self, status: int, reason: str, *, code: str = "upstream_failed", retry_after: int = 0
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.code = code
        self.retry_after = retry_after


def read_call(data: bytes) -> ChatCall:
    """Return what a request asks.

    Raises
    ------
    BadInput
        Where it is no JSON, names no model, has no messages, or wants more than one answer.
    """
    body = json_object(data, "the body")
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model.isprintable() or not 0 < len(model) <= LONGEST_NAME:
        raise BadInput(f"model must be text of 1 to {LONGEST_NAME} characters that can be seen")
    if not isinstance(messages, list) or not messages:
        raise BadInput("messages must be a list of at least one message")
    if not all(isinstance(message, dict) for message in messages):
        raise BadInput("each message must be an object")
    if body.get("n", 1) not in (1, None):
        raise BadInput("n must be 1: one answer is governed at a time")
    stream = body.get("stream") or False
    if not isinstance(stream, bool):
        raise BadInput("stream must be true or false")
    return ChatCall(model, stream, _conversation(messages), msgspec.json.encode(body))


def json_object(data: bytes, what: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    BadInput
        Where it is none.
    """
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise BadInput(f"{what} must be a JSON object: {str(error)[:200]}") from None


def _conversation(messages: list[dict[str, Any]]) -> str:
    texts = [_content(message.get("content")) for message in messages]
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(
        f"{str(message.get('role') or '')[:40]}: {text}"
        for message, text in zip(messages, texts, strict=True)
    )


def _content(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return msgspec.json.encode(content).decode()


@dataclass(slots=True)
class Answer:
    """What came back, as far as it came.

    Parameters
    ----------
    output
        All that the model said; calls of tools as JSON.
    model, finish_reason
        As the upstream says.
    usage
        Tokens, where it says so.
    parts
        What is sent on: the body, or the events of a stream.
    is_whole
        Whether it came to its end.
    """

    output: str = ""
    model: str = ""
    finish_reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    is_whole: bool = False
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    aside: str = ""

    @property
    def all_said(self) -> str:
        """All that goes out with it, however it is cut into events: this is judged, recorded and read by people."""
        calls = _content(list(self.calls.values())) if self.calls else ""
        return self.output + calls + (f"\n\n{self.aside}" if self.aside else "")

    def hear(self, choice: Mapping[str, Any], message: Mapping[str, Any]) -> None:
        """Add a message, or a part of one."""
        self.output += _content(message.get("content")) + _content(message.get("refusal"))
        calls = message.get("tool_calls")
        for place, call in enumerate(
            calls if isinstance(calls, list) else [calls] if calls else []
        ):
            named = isinstance(call, dict) and isinstance(call.get("index"), int)
            _joined(self.calls.setdefault(f"{call['index'] if named else place}", {}), call)
        if message.get("function_call"):
            _joined(self.calls.setdefault("function_call", {}), message["function_call"])
        rest = [v for k, v in message.items() if k not in _HEARD] + [
            v for k, v in choice.items() if k not in _OF_CHOICE and v is not message
        ]
        self.aside += "".join(_content(value) for value in rest if value)

    def tokens(self, name: str) -> int | None:
        """Return a count of tokens; None where the upstream doesn't say."""
        value = self.usage.get(name)
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
        return value if good else None

    def completion(self, trace_id: str) -> bytes:
        """Return it as one completion, whatever way it came."""
        return msgspec.json.encode(
            {
                "id": trace_id, "object": "chat.completion", "created": 0, "model": self.model,
                "choices": [{
                    "index": 0, "finish_reason": self.finish_reason or None,
                    "message": {
                        "role": "assistant",
                        "content": self.output + (_content(list(self.calls.values())) if self.calls else ""),
                    },
                }],
            }
        )  # fmt: skip


def read_answer(data: bytes) -> Answer:
    """Return the answer that a body holds.

    Raises
    ------
    NoAnswer
        Where it holds none.
    """
    try:
        body = json_object(data, "the upstream's answer")
    except BadInput as error:
        raise NoAnswer(502, error.message, code="upstream_malformed") from None
    choice = _one_choice(body.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        raise NoAnswer(502, "the upstream's answer has no message", code="upstream_malformed")
    answer = Answer(parts=[data], is_whole=True)
    answer.hear(choice, message)
    _note(answer, body, choice)
    return answer


def read_event(answer: Answer, data: bytes) -> bytes | None:
    """Add an event of a stream to an answer; return what is sent on, None at its end.

    Raises
    ------
    NoAnswer
        Where the event is none of a completion.
    """
    if data == DONE:
        answer.is_whole = True
        return None
    try:
        body = json_object(data, "an event of the upstream's stream")
    except BadInput as error:
        raise NoAnswer(502, error.message, code="upstream_malformed") from None
    if body.get("error"):
        raise NoAnswer(502, "the upstream broke its stream off with an error")
    choices = body.get("choices")
    if choices:
        choice = _one_choice(choices)
        delta = choice.get("delta")
        answer.hear(choice, delta if isinstance(delta, dict) else {})
        _note(answer, body, choice)
    elif isinstance(body.get("usage"), dict):
        answer.usage = body["usage"]
    return b"data: " + data + b"\n\n"


def _one_choice(choices: object) -> dict[str, Any]:
    good = isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict)
    if not good or choices[0].get("index", 0) != 0:  # type: ignore[index]
        raise NoAnswer(502, "the upstream sent not one choice", code="upstream_malformed")
    choice: dict[str, Any] = choices[0]  # type: ignore[index]
    return choice


_HEARD = frozenset({"role", "content", "refusal", "tool_calls", "function_call"})
_OF_CHOICE = frozenset(
    {
        "index",
        "finish_reason",
        "native_finish_reason",
        "stop_reason",
        "matched_stop",
        "logprobs",
        "token_ids",
        "content_filter_results",
    }
)


def _joined(into: dict[str, Any], part: object) -> None:
    """Add a part of a call to what came of it before: texts go on, as clients join them."""
    if not isinstance(part, dict):
        into["text"] = into.get("text", "") + _content(part)
        return
    for name, value in part.items():
        before = into.get(name)
        if isinstance(value, dict):
            inner = before if isinstance(before, dict) else {}
            _joined(inner, value)
            into[name] = inner
        elif isinstance(value, str) and isinstance(before, str) and name not in ("id", "type"):
            into[name] = before + value
        else:
            into[name] = value


def _note(answer: Answer, body: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
    model, finish, usage = body.get("model"), choice.get("finish_reason"), body.get("usage")
    answer.model = model[:LONGEST_NAME] if isinstance(model, str) else answer.model
    answer.finish_reason = finish[:40] if isinstance(finish, str) else answer.finish_reason
    answer.usage = usage if isinstance(usage, dict) else answer.usage


def error_body(reason: str, *, code: str, **more: object) -> bytes:
    """Return an error as the protocol has them."""
    return msgspec.json.encode(
        {"error": {"message": reason, "type": "assay", "param": None, "code": code, **more}}
    )
