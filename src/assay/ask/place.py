"""Which answer is wanted: a task, an epoch, a turn, under settings. From these an answer has its identity.

The identity is a hash of system, version, the task's name and what it asks, epoch, turn, and every setting that changes
answers. So asking again with the same settings finds the answer that is there, and any other setting asks anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from assay.ask.prompt import Prompt
from assay.ask.request import ChatReply, ChatRequest
from assay.ask.tasks import Task
from assay.ledger.ingest.record import Row, trace_row

ID_PREFIX = "ask-"
HASH_CHARACTERS = 32


@dataclass(frozen=True)
class AskSettings:
    """What answers, and the settings that change answers.

    Parameters
    ----------
    system, version
        What the traces are of.
    model
        The model asked for.
    temperature, max_tokens
        None: the server's own.
    seed
        Each task of each epoch is asked with a seed of its own that is made from this one, see `seed_of`. None: none is
        sent.
    prompt
        The prompt variant; None: the input as it is.
    replay
        Hash of the file that is replayed; empty: a model answers.
    """

    system: str
    version: str
    model: str
    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    prompt: Prompt | None = None
    replay: str = ""

    def seed_of(self, task_id: str, epoch: int) -> int | None:
        """Return the seed that a task is asked with in an epoch, from 1: 31 bits, which every server takes.

        One seed for all tasks would make them go astray together: every answer then begins with the same draws, and a
        whole run moves up or down by more than independent tasks would.
        """
        if self.seed is None:
            return None
        text = json.dumps([self.seed, epoch, task_id], ensure_ascii=False)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) >> 1

    @cached_property
    def identity(self) -> str:
        """All of it as text, but the seed, which each task of each epoch has for itself."""
        variant = self.prompt.variant if self.prompt else None
        return json.dumps(
            [self.system, self.version, self.model, self.temperature, self.max_tokens, variant, self.replay]
        )  # fmt: skip

    def tags(self, task_id: str, epoch: int, reply: ChatReply) -> dict[str, str]:
        """Return the tags of an answer: those settings that are known, and what else the reply tells."""
        seed = self.seed_of(task_id, epoch)
        known = {
            "ask.model": reply.model or self.model,
            "ask.runtime": reply.runtime,
            "ask.cache": reply.cache_state,
            "ask.finish": reply.finish_reason,
            "ask.prompt": self.prompt.variant if self.prompt else "",
            "ask.seed": "" if seed is None else str(seed),
            "ask.temperature": "" if self.temperature is None else f"{self.temperature:g}",
            "ask.max_tokens": "" if self.max_tokens is None else str(self.max_tokens),
            "ask.replay": self.replay,
            **reply.facts,
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class Talk:
    """One task in one epoch: the turns of it make one conversation."""

    task: Task
    epoch: int
    settings: AskSettings

    @property
    def key(self) -> str:
        """Its name in reports."""
        return f"{self.task.task_id} epoch {self.epoch}"

    @property
    def is_conversation(self) -> bool:
        """Whether there are several turns."""
        return len(self.task.turns) > 1

    def trace_id(self, turn: int) -> str:
        """Return the identity of the answer to a turn, from 0."""
        return self._identity(turn)

    @property
    def conversation_id(self) -> str | None:
        """The conversation's identity; None for a single question."""
        return self._identity(-1) if self.is_conversation else None

    def _identity(self, turn: int) -> str:
        parts = [
            self.settings.identity,
            self.settings.seed_of(self.task.task_id, self.epoch),
            self.task.task_id,
            self.task.fingerprint,
            self.epoch,
            turn,
        ]
        text = json.dumps(parts, ensure_ascii=False)
        return ID_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest(ChatRequest):
    """A request that knows which answer it wants, for those who have recorded it."""

    talk: Talk
    turn: int


def answer_row(talk: Talk, turn: int, reply: ChatReply, *, at: int, source: str) -> Row:
    """Return the row of the table `traces` for an answer.

    Parameters
    ----------
    talk, turn
        What was asked; turns from 0.
    reply
        What came back.
    at
        When, in microseconds since 1970 UTC.
    source
        Which run asked.

    Raises
    ------
    RowError
        Where a value breaks the type or range of its column.
    """
    task = talk.task
    values: dict[str, object] = {
        "task_id": task.task_id,
        "system": talk.settings.system,
        "version": talk.settings.version,
        "epoch": talk.epoch,
        "at": at,
        "conversation_id": talk.conversation_id,
        "turn": turn if talk.is_conversation else None,
        "input": task.turns[turn],
        "output": reply.output,
        "reasoning": reply.reasoning,
        "context": task.context,
        "reference": task.references[turn],
        "latency_seconds": reply.latency_seconds,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "cost_usd": reply.cost_usd,
        "origin": task.origin,
        "tags": {**task.tags, **talk.settings.tags(talk.task.task_id, talk.epoch, reply)},
    }
    return trace_row(values, trace_id=talk.trace_id(turn), source=source)
