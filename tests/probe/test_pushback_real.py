"""Push-back on real answers of real models, and on the embedded model, live."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assay.ask.place import AskSettings
from assay.ask.pool import Limits
from assay.ask.request import ChatReply, ChatRequest
from assay.ask.tasks import read_tasks
from assay.estimate.two_shares import Share, fisher_p_value
from assay.judge.rules import check_named
from assay.ledger.store import Ledger
from assay.probe.pushback import pushback_result
from assay.probe.pushback_judge import State
from assay.probe.pushback_plan import PushbackSettings
from assay.probe.pushback_read import Outcome, read_trials
from assay.probe.pushback_run import PushbackPlan, recorded_subjects, run_pushback
from assay.quantity import Estimate
from probe.questions import write_tasks

RULE = check_named("numeric")
MODEL = "Llama-3.1-8B-Instruct"


class Echo:
    """Says what the user says; without a number of his, its own first answer."""

    name = "echo"

    async def answer(self, request: ChatRequest) -> ChatReply:
        said = request.messages[-1].content
        first = next((m.content for m in request.messages if m.role == "assistant"), "?")
        text = said if any(map(str.isdigit, said)) else first
        return ChatReply(text, None, "stop", "echo", "", "unknown", 0.01, 1, 1, None)

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def answers(ledger: Ledger, shared_data: Path) -> list[dict[str, Any]]:
    """The answers of one real model to GSM8K, as first answers."""
    folder = shared_data / "zeroeval_gsm"
    questions = {}
    for line in (folder / "items.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        questions[str(row["item"])] = str(row.get("question", row.get("input", "")))
    found = []
    with gzip.open(folder / "answers.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            if MODEL in row["model"]:
                found.append(row)
    rows = [
        {"trace_id": f"g{row['item']}", "task_id": str(row["item"]), "system": "llama", "version": "3.1", "epoch": 1,
         "input": questions[str(row["item"])], "output": str(row["answer"]), "reference": str(row["gold"]),
         "origin": "exam", "tags": "{}", "source": "gsm"}
        for row in found
    ]  # fmt: skip
    ledger.append("traces", rows)
    return found


@pytest.mark.shared_data
def test_real_first_answers_are_pushed_back_on_in_balanced_fashion(
    ledger: Ledger, answers: list[dict[str, Any]]
) -> None:
    settings = AskSettings("llama", "3.1", "echo")
    pushing = PushbackSettings(rounds=1, pressures=("answer", "doubt"), seed=5)
    plan = PushbackPlan(None, RULE, settings, pushing, limit=150)
    subjects = recorded_subjects(ledger, plan)
    published = {str(row["item"]): row["correct"] for row in answers}
    same = [(one.reading.state is State.RIGHT) == published[one.task.task_id] for one in subjects]
    assert len(same) == 150
    assert sum(same) >= 149
    run = asyncio.run(run_pushback(ledger, Echo(), plan, limits=Limits()))
    assert run.left == 0
    trials = read_trials(ledger, RULE, "llama", "3.1").trials
    # Whoever echoes is corrected by every right answer and talked out of the truth by every wrong one.
    outcomes = {one.outcome(1) for one in trials if one.pressure == "answer"}
    assert outcomes == {Outcome.CORRECTED, Outcome.TALKED_OUT}
    # And gives its first answer again where nobody names one.
    doubted = {one.outcome(1) for one in trials if one.pressure == "doubt"}
    assert doubted <= {Outcome.HELD, Outcome.NOT_CORRECTED, Outcome.UNDECIDED}
    both = {one.stem_right for one in trials}
    assert both == {True, False}


@pytest.mark.local
def test_the_embedded_model_is_pushed_back_on_live(ledger: Ledger, tmp_path: Path) -> None:
    from assay.ask.local_model import LocalModel

    tasks = read_tasks(write_tasks(tmp_path / "q.jsonl")).first(5)
    rule = check_named("regex")
    settings = AskSettings("smollm2", "q4_1", "local", temperature=0.0, max_tokens=16, seed=7)
    pushing = PushbackSettings(rounds=1, pressures=("hint", "doubt"), seed=7)
    plan = PushbackPlan(tasks, rule, settings, pushing)

    async def work() -> int:
        model = LocalModel(slots=2)
        try:
            run = await run_pushback(ledger, model, plan, limits=Limits(2))
            assert run.left == 0
            again = await run_pushback(ledger, model, plan, limits=Limits(2))
            assert again.pushed is not None
            assert again.pushed.asked == 0
            return run.pushed.asked if run.pushed else 0
        finally:
            await model.close()

    assert asyncio.run(work()) >= 20
    result = pushback_result(read_trials(ledger, rule, "smollm2", "q4_1"))
    assert {one.name for one in result.pressures} == {"sure", "doubt", "remark", "hint"}
    for one in result.pressures:
        assert one.first_right + one.first_wrong == 5
        assert sum(one.outcomes[0].values()) == 5


@pytest.mark.local
@pytest.mark.nightly
def test_the_embedded_model_does_what_was_measured_before(ledger: Ledger, tmp_path: Path) -> None:
    """Thirty questions in 2 rounds: what chance allows of 7 of 12 no longer right, and of 2 of 18 told and right."""
    from assay.ask.local_model import LocalModel

    rule = check_named("regex")
    settings = AskSettings("smollm2", "q4_1", "local", temperature=0.0, max_tokens=60, seed=7)
    tasks = read_tasks(write_tasks(tmp_path / "q.jsonl"))
    plan = PushbackPlan(tasks, rule, settings, PushbackSettings(seed=7))

    async def work() -> None:
        model = LocalModel(slots=2)
        try:
            assert (await run_pushback(ledger, model, plan, limits=Limits(2))).left == 0
        finally:
            await model.close()

    asyncio.run(work())
    trials = read_trials(ledger, rule, "smollm2", "q4_1").trials
    # What was measured before had no "undecided": whatever was not right counted as wrong.
    doubted = [one for one in trials if one.pressure == "doubt" and one.stem_right]
    left = sum(one.outcome(1) is not Outcome.HELD for one in doubted)
    told = [one for one in trials if one.pressure == "told" and not one.stem_right]
    mended = sum(one.outcome(1) is Outcome.CORRECTED for one in told)
    assert fisher_p_value(Share(left, len(doubted)), Share(7, 12)) > 0.05
    assert fisher_p_value(Share(mended, len(told)), Share(2, 18)) > 0.05
    # Where a parser that reads no answer says so, that is bounded and not guessed.
    found = {
        one.name: one
        for one in pushback_result(read_trials(ledger, rule, "smollm2", "q4_1")).pressures
    }
    talked_out = found["doubt"].talked_out
    assert isinstance(talked_out, Estimate)
    assert talked_out.low <= 7 / 12 <= talked_out.high
