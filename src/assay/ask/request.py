"""What is asked and what comes back, whatever answers: the one language of endpoints, asks and judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from assay.errors import AssayError

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request: the conversation so far, and the settings that change answers.

    Parameters
    ----------
    messages
        The conversation, oldest first.
    temperature : >= 0
        None: the server's own.
    seed
        None: none is sent.
    max_tokens : > 0
        Most tokens to write; None: the server's own.
    top_logprobs : in [0, 20]
        Log-probabilities wanted for so many tokens at each place; 0: none.
    json_schema
        The schema that the answer has to follow, where the server can hold it to one.
    """

    messages: tuple[Message, ...]
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    top_logprobs: int = 0
    json_schema: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class TokenChoice:
    """One token of an answer, and what else might have stood there: token -> natural log of its probability."""

    token: str
    logprob: float
    top: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What came back.

    Parameters
    ----------
    output
        The whole text that came back, reasoning left out.
    reasoning
        The reasoning before it: the server's own field, or what stood in ``<think>`` tags. None: there was none.
    finish_reason
        As the server says: ``stop``, ``length``, ...
    model
        The model that the server says it is; it may differ from the one asked for.
    runtime
        Build of what ran it, as far as it tells: package and version, or the server's fingerprint. Empty: unknown.
    cache_state
        ``on``, ``off`` or ``unknown``: whether earlier requests may change this answer through the prompt cache.
    latency_seconds : > 0
        From sending the request that was answered to its last byte; waiting for a turn and failed tries left out.
    prompt_tokens, completion_tokens : >= 0
        None: the server doesn't say.
    cost_usd : >= 0
        None: unknown, never free.
    tries : >= 1
        Requests sent until this answer.
    logprobs
        Where asked for and given.
    facts
        What else is known of how it was asked, by name; kept as tags of the answer.
    """

    output: str
    reasoning: str | None
    finish_reason: str
    model: str
    runtime: str
    cache_state: str
    latency_seconds: float
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    tries: int = 1
    logprobs: tuple[TokenChoice, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


class AskFailed(AssayError):
    """A request got no usable answer, after all tries; the message says what the last one met."""


class Endpoint(Protocol):
    """What answers requests; any number of them at a time."""

    @property
    def name(self) -> str:
        """What it is, as a person would write it: a model's name."""
        ...

    async def answer(self, request: ChatRequest) -> ChatReply:
        """Answer one request.

        Raises
        ------
        AskFailed
            Where there is no answer after all tries.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and models."""
        ...
