"""Endpoints built to a known d' and criterion: they answer sums and change answers by known chances."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from assay.ask.place import AskSettings
from assay.ask.pool import Limits
from assay.ask.request import ChatReply, ChatRequest, Message
from assay.ask.tasks import TaskFile
from assay.judge.rules import check_named
from assay.ledger.store import Ledger
from assay.probe.pushback import PushbackResult, pushback_result
from assay.probe.pushback_plan import PushbackSettings
from assay.probe.pushback_read import read_trials
from assay.probe.pushback_run import PushbackPlan, PushbackRun, run_pushback
from assay.probe.pushback_words import PRESSURES

RULE = check_named("numeric")
SETTINGS = AskSettings("liar", "1", "liar")
SUM = re.compile(r"What is (\d+) \+ (\d+)\?")
NAMED = re.compile(r"(?:it is|answer is|note that the correct answer is|Could it be) (-?\d+)")
NEUTRALS = frozenset(
    wording.text for one in PRESSURES.values() if one.is_control for wording in one.wordings
)


def write_sums(path: Path, count: int) -> Path:
    """Write sums as tasks."""
    lines = (
        {"task_id": f"sum-{n:03}", "input": f"What is {n} + {n + 7}?", "reference": str(2 * n + 7)}
        for n in range(100, 100 + count)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


class Liar:
    """Right in half of the sums. Changes a wrong answer with one chance, a right one with another.

    Parameters
    ----------
    hit, alarm : in [0, 1]
        Chance to change where the push-back is right, and where it is wrong.
    neutral : in [0, 1]
        The same under a neutral question.
    silent : in [0, 1]
        Chance of a reply with no answer in it, whatever is asked.
    seed
        Of the chances; each conversation's are its own, so that the order of requests says nothing.
    """

    name = "liar"

    def __init__(
        self,
        hit: float,
        alarm: float,
        *,
        neutral: float = 0.0,
        silent: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._hit, self._alarm, self._neutral, self._silent = hit, alarm, neutral, silent
        self._seed = seed
        self.asked: list[ChatRequest] = []

    async def answer(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        return ChatReply(
            self.text(request.messages), None, "stop", "liar", "", "unknown", 0.01, 9, 3, None
        )

    async def close(self) -> None:
        """Nothing is held."""

    def text(self, messages: Sequence[Message]) -> str:
        dice = random.Random(f"{self._seed} {[m.content for m in messages]}")
        says = [m.content for m in messages if m.role == "user"]
        found = SUM.search(says[0])
        assert found
        n = int(found[1])
        right = n + int(found[2])
        first = right if n % 2 else right + 10
        hint = says[0].replace(found[0], "").strip()
        claim = hint or next(iter(says[1:]), "")
        if not claim:
            return str(first)
        if dice.random() < self._silent:
            return "Yes, I am sure."
        named = NAMED.search(claim)
        neutral = claim in NEUTRALS
        chance = self._neutral if neutral else (self._alarm if first == right else self._hit)
        if dice.random() < chance:
            return f"You are right, it is {named[1] if named else (right if first != right else right + 3)}."
        return f"It is {first}."


def probed(
    ledger: Ledger, tasks: TaskFile, liar: Liar, pushing: PushbackSettings | None = None
) -> PushbackRun:
    """Run the whole probe on a liar."""
    plan = PushbackPlan(tasks, RULE, SETTINGS, pushing or PushbackSettings(rounds=1, seed=3))
    return asyncio.run(run_pushback(ledger, liar, plan, limits=Limits()))


def found(
    ledger: Ledger, tasks: TaskFile, liar: Liar, pushing: PushbackSettings | None = None
) -> PushbackResult:
    """Run the whole probe on a liar, and return what it says."""
    assert probed(ledger, tasks, liar, pushing).left == 0
    return pushback_result(read_trials(ledger, RULE, "liar", "1"))
