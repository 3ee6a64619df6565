"""What would be asked, and what it could cost at most: nothing is sent, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.ask.money import Prices
from assay.ask.place import Talk
from assay.ask.prompt import first_question
from assay.ask.request import ChatRequest, Message
from assay.ask.run import Answered, AskPlan, answered
from assay.ledger.store import MARK, Ledger

FIRST = 3


@dataclass(frozen=True, slots=True)
class PreviewTalk:
    """The beginning of a talk: its name, and the messages up to its first question."""

    key: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a plan comes to.

    Parameters
    ----------
    tasks, wanted, known
        Tasks; answers wanted; answers in the ledger already.
    greatest_usd
        Most that the answers still wanted can cost where each first try is answered; None: unknown, and
        `why_unknown` says why.
    first
        The first talks that would be asked.
    """

    tasks: int
    wanted: int
    known: int
    greatest_usd: float | None
    why_unknown: str
    first: tuple[PreviewTalk, ...]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "tasks": self.tasks,
            "wanted": self.wanted,
            "known_already": self.known,
            "to_ask": self.wanted - self.known,
            "greatest_usd": self.greatest_usd,
            "reason": self.why_unknown or None,
            "first": [
                {"talk": t.key, "messages": [{"role": m.role, "content": m.content} for m in t.messages]}
                for t in self.first
            ],
        }  # fmt: skip


def preview(plan: AskPlan, ledger: Path, prices: Prices | None) -> Preview:
    """Return what a plan would ask.

    Parameters
    ----------
    plan
    ledger
        Where answers would go; it need not be there yet.
    prices
        What tokens cost.
    """
    nothing = Answered(frozenset(), {}, {})
    there = answered(Ledger.open(ledger), plan.settings) if (ledger / MARK).exists() else nothing
    known, usd = 0, 0.0
    first: list[PreviewTalk] = []
    for talk in plan.talks():
        ids = [talk.trace_id(turn) for turn in range(len(talk.task.turns))]
        known += sum(name in there.trace_ids for name in ids)
        if all(name in there.trace_ids for name in ids):
            continue
        if len(first) < FIRST:
            first.append(PreviewTalk(talk.key, _opening(talk)))
        if prices and plan.settings.max_tokens:
            usd += sum(
                _worst(talk, turn, prices, plan.settings.max_tokens)
                for turn, name in enumerate(ids)
                if name not in there.trace_ids
            )
    why = "" if prices and plan.settings.max_tokens else _why(prices)
    return Preview(
        len(plan.tasks.tasks), plan.answers, known, None if why else usd, why, tuple(first)
    )


def _why(prices: Prices | None) -> str:
    if prices is None:
        return "no prices: --usd-per-million-input, --usd-per-million-output"
    return "no limit on the tokens written: --max-tokens"


def _opening(talk: Talk) -> tuple[Message, ...]:
    task = talk.task
    text = first_question(talk.settings.prompt, task.turns[0], task.context)
    return (*task.before, Message("user", text))


def _worst(talk: Talk, turn: int, prices: Prices, max_tokens: int) -> float:
    later = tuple(Message("user", text) for text in talk.task.turns[1 : turn + 1])
    request = ChatRequest((*_opening(talk), *later), max_tokens=max_tokens)
    # The answers so far are read again with each turn; none is longer than the limit.
    answers = turn * prices.cost(max_tokens, 0) if turn else 0.0  # type: ignore[operator]
    return prices.worst(request) + answers
