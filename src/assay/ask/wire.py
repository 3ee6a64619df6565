"""The chat completions protocol: a request as bytes, and the bytes that come back as a reply.

Written and read with msgspec: the openai client's own models cost two thirds as much CPU again as the whole request
(bench/ask_overhead.py). Fields that aren't named here are passed over; a body of another shape is no reply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from assay.ask.money import Prices
from assay.ask.reasoning import split_reasoning
from assay.ask.request import ChatReply, ChatRequest, TokenChoice

LimitField = Literal["max_tokens", "max_completion_tokens"]
"""Name of the field that limits the tokens written: the one all servers know, and the one that newer models want."""

OLD_LIMIT_FIELD: Literal["max_tokens"] = "max_tokens"
NEW_LIMIT_FIELD: Literal["max_completion_tokens"] = "max_completion_tokens"


LONGEST_NAME = 200
"""Of what a server calls its model, its build and the reason it ended: kept with every trace."""


class NoReply(ValueError):
    """A body that holds no answer; the message says what it is instead."""


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    prompt_tokens_details: _CachedTokens | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class _TopToken(msgspec.Struct):
    token: str
    logprob: float


class _Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[_TopToken] | None = None


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _Usage | None = None


_BODY = msgspec.json.Decoder(_Body)


def request_body(request: ChatRequest, model: str, limit_field: LimitField) -> bytes:
    """Return the body of a request; settings that are None are left to the server."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.max_tokens is not None:
        body[limit_field] = request.max_tokens
    if request.top_logprobs > 0:
        body["logprobs"] = True
        body["top_logprobs"] = request.top_logprobs
    if request.json_schema is not None:
        body["response_format"] = _schema_format(request.json_schema)
    return msgspec.json.encode(body)


def _schema_format(schema: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)},
    }


def read_reply(
    body: bytes, *, latency_seconds: float, tries: int, prices: Prices | None
) -> ChatReply:
    """Return the reply that a body holds.

    Parameters
    ----------
    body
        What came back with status 200.
    latency_seconds, tries
        Kept with the reply.
    prices
        What the tokens cost, where the server doesn't say itself.

    Raises
    ------
    NoReply
        Where the body is empty, cut off, a page, an error, or an answer with nothing in it.
    """
    parsed = _parse(body)
    choice = parsed.choices[0]
    message, usage = choice.message, parsed.usage or _Usage()
    text = message.content or message.refusal or ""
    native = message.reasoning_content or message.reasoning
    finish = (choice.finish_reason or "")[:LONGEST_NAME]
    if not text and not native and not usage.completion_tokens and finish != "content_filter":
        raise NoReply("an answer with nothing in it")
    output, reasoning = split_reasoning(text, native)
    prompt_tokens, completion_tokens = (
        _count(usage.prompt_tokens),
        _count(usage.completion_tokens),
    )
    cost = _cost(usage.cost)
    if cost is None and prices is not None:
        cost = prices.cost(prompt_tokens, completion_tokens)
    details = usage.prompt_tokens_details
    return ChatReply(
        output=output,
        reasoning=reasoning,
        finish_reason=finish,
        model=(parsed.model or "")[:LONGEST_NAME],
        runtime=(parsed.system_fingerprint or "")[:LONGEST_NAME],
        cache_state="on" if details and details.cached_tokens else "unknown",
        latency_seconds=latency_seconds,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost_usd=cost,
        tries=tries,
        logprobs=_logprobs(choice.logprobs),
    )


def _parse(body: bytes) -> _Body:
    start = body[:200].lstrip()
    if not start:
        raise NoReply("an empty body")
    if start.startswith(b"<"):
        raise NoReply("a page of HTML or XML, not JSON")
    try:
        parsed = _BODY.decode(body)
    except msgspec.ValidationError as error:
        raise NoReply(f"JSON that is no chat completion: {error}{_said(body)}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoReply(f"broken JSON: {error}") from None
    if not parsed.choices:
        raise NoReply("a chat completion with no choices")
    return parsed


def _said(body: bytes) -> str:
    """Return what an error says that came with status 200, as some routers send them."""
    try:
        error = msgspec.json.decode(body, type=dict[str, object]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    said = error.get("message") if isinstance(error, dict) else error
    return f" ({str(said)[:200]})" if said else ""


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value < 2**63 else None


def _cost(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def _logprobs(given: _Logprobs | None) -> tuple[TokenChoice, ...]:
    if given is None or given.content is None:
        return ()
    return tuple(
        TokenChoice(
            token.token,
            token.logprob,
            {top.token: top.logprob for top in token.top_logprobs or ()},
        )
        for token in given.content
    )
