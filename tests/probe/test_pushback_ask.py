"""Push-back is put turn by turn, kept turn by turn, and nothing is asked twice: not even after kill -9."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ask.fault_server import FaultServer, serving
from assay.ask.keeper import keeping
from assay.ask.money import Prices
from assay.ask.pool import Limits
from assay.ask.request import AskFailed, ChatReply, ChatRequest, Message
from assay.ask.tasks import TaskFile, read_tasks
from assay.errors import LedgerError
from assay.ledger.store import Ledger
from assay.probe.pushback_ask import push_back
from assay.probe.pushback_judge import State
from assay.probe.pushback_plan import PushbackSettings, run_name
from assay.probe.pushback_read import Outcome, read_trials
from assay.probe.pushback_run import PushbackPlan, run_pushback, write_verdicts
from assay.probe.pushback_words import FINAL_QUESTION, PRESSURES
from probe.pushback_liars import RULE, SETTINGS, Liar, probed, write_sums

GIVE_UP_SECONDS = 120


@pytest.fixture
def sums(tmp_path: Path) -> TaskFile:
    return read_tasks(write_sums(tmp_path / "sums.jsonl", 6))


def rows(ledger: Ledger, where: str = "TRUE") -> list[dict[str, Any]]:
    found = ledger.rows(f"SELECT * FROM traces WHERE {where} ORDER BY conversation_id, turn")
    return [row | {"tags": json.loads(row["tags"])} for row in found]


def pushed(ledger: Ledger) -> list[dict[str, Any]]:
    return rows(ledger, "origin = 'probe'")


def test_each_turn_is_a_trace_with_conversation_turn_and_tags(
    ledger: Ledger, sums: TaskFile
) -> None:
    liar = Liar(1, 0)
    run = probed(ledger, sums, liar, PushbackSettings(rounds=2, pressures=("doubt",)))
    assert run.left == 0
    stems = rows(ledger, "origin = 'exam'")
    assert len(stems) == 6
    assert {row["conversation_id"] for row in stems} == {None}
    turns = pushed(ledger)
    assert len({row["conversation_id"] for row in turns}) == 12  # sure and doubt, on 6 tasks
    doubt = [row for row in turns if row["tags"]["probe.arm"] == "doubt"]
    # What was right is held twice; what was wrong is corrected at once, and nobody insists.
    assert Counter(row["task_id"] for row in doubt) == {
        f"sum-{n}": 1 + n % 2 for n in range(100, 106)
    }
    for row in doubt:
        tags = row["tags"]
        assert tags["probe"] == "pushback"
        assert tags["probe.round"] == str(row["turn"])
        assert tags["probe.wording"] in {"idts", "not-right"}
        assert tags["probe.stem"] in {stem["trace_id"] for stem in stems}
        assert tags["probe.run"] == run_name(SETTINGS, PushbackSettings())
        assert tags["ask.model"] == "liar"
        assert row["input"] in {wording.text for wording in PRESSURES["doubt"].wordings}
        assert row["reference"] is not None


def test_the_first_answer_is_asked_once_and_all_branches_go_on_from_it(
    ledger: Ledger, sums: TaskFile
) -> None:
    liar = Liar(0, 0)
    probed(ledger, sums, liar)
    lengths = Counter(len(request.messages) for request in liar.asked)
    # 6 first answers and 12 asked anew; 4 ways to answer the answer; told and again take two turns.
    assert lengths == {1: 6 + 12, 3: 24 + 12, 5: 12}
    opened = [request.messages for request in liar.asked if len(request.messages) == 3]
    for messages in opened:
        assert messages[1] == Message("assistant", liar.text(messages[:1]))


def test_user_is_right_on_wrong_answers_and_wrong_on_right_ones(
    ledger: Ledger, sums: TaskFile
) -> None:
    probed(ledger, sums, Liar(0, 0), PushbackSettings(pressures=("answer", "hint", "told")))
    named = [row for row in pushed(ledger) if "probe.named" in row["tags"]]
    assert len(named) == 6 * (2 + 1 + 2)
    for row in named:
        first_right = int(row["task_id"][-3:]) % 2 == 1
        is_right = row["tags"]["probe.answer"] == row["reference"]
        assert is_right is not first_right
        assert row["tags"]["probe.named"] == ("right" if is_right else "wrong")
        if row["tags"]["probe.part"] in ("push", "told"):
            assert row["tags"]["probe.answer"] in row["input"]


def test_without_an_answer_the_final_one_is_asked_for_once(ledger: Ledger, sums: TaskFile) -> None:
    probed(
        ledger, sums, Liar(0, 0, silent=1), PushbackSettings(rounds=3, pressures=("doubt", "hint"))
    )
    conversations = Counter(row["conversation_id"] for row in pushed(ledger))
    assert set(conversations.values()) == {2}
    final = [row for row in pushed(ledger) if row["tags"]["probe.part"] == "final"]
    assert len(final) == 6 * 4
    assert {row["input"] for row in final} == {FINAL_QUESTION}
    outcomes = {one.outcome(1) for one in read_trials(ledger, RULE, "liar", None).trials}
    assert outcomes == {Outcome.UNDECIDED}


def test_what_is_answered_is_not_asked_again(ledger: Ledger, sums: TaskFile) -> None:
    first, again = Liar(0.5, 0.5), Liar(0.5, 0.5)
    probed(ledger, sums, first)
    before = len(pushed(ledger))
    run = probed(ledger, sums, again)
    assert again.asked == []
    assert run.pushed is not None
    assert (run.pushed.asked, run.pushed.known) == (0, before)
    assert len(pushed(ledger)) == before
    # A round more asks only for the round more.
    probed(ledger, sums, again, PushbackSettings(rounds=2, seed=3))
    assert 0 < len(again.asked) == len(pushed(ledger)) - before


def test_a_branch_goes_on_with_the_answer_that_it_named(ledger: Ledger, sums: TaskFile) -> None:
    probed(ledger, sums, Liar(0, 0), PushbackSettings(rounds=1, pressures=("answer",)))
    named = {
        row["conversation_id"]: row["tags"]["probe.answer"]
        for row in pushed(ledger)
        if "probe.answer" in row["tags"]
    }
    # By now the ledger holds a wrong answer of the system's own, which would be named from here on.
    stem = rows(ledger, "task_id = 'sum-101' AND origin = 'exam'")[0]
    own = stem | {"trace_id": "other", "output": "777", "tags": "{}", "at": None}
    ledger.append("traces", [own])
    probed(ledger, sums, Liar(0, 0), PushbackSettings(rounds=2, pressures=("answer",)))
    second = [
        row
        for row in pushed(ledger)
        if row["tags"]["probe.round"] == "2" and "probe.answer" in row["tags"]
    ]
    assert len(second) == 6
    assert all(row["tags"]["probe.answer"] == named[row["conversation_id"]] for row in second)
    assert "777" not in {row["tags"]["probe.answer"] for row in second}


class Failing(Liar):
    """Fails in what it is asked second in a conversation, until it is mended."""

    broken = True

    async def answer(self, request: ChatRequest) -> ChatReply:
        if self.broken and len(request.messages) == 5:
            raise AskFailed("no answer")
        return await super().answer(request)


def test_a_request_that_fails_leaves_its_conversation_to_the_next_run(
    ledger: Ledger, sums: TaskFile
) -> None:
    liar = Failing(0, 0)
    run = probed(ledger, sums, liar, PushbackSettings(rounds=2, pressures=("doubt",)))
    assert run.left == 12
    assert run.pushed is not None
    assert set(run.pushed.failures.values()) == {"no answer"}
    assert len(pushed(ledger)) == 12
    liar.broken = False
    liar.asked.clear()
    assert probed(ledger, sums, liar, PushbackSettings(rounds=2, pressures=("doubt",))).left == 0
    assert len(liar.asked) == 12
    assert len(pushed(ledger)) == 24


def test_the_limit_on_money_is_for_both_parts_together(ledger: Ledger, sums: TaskFile) -> None:
    class Priced(Liar):
        async def answer(self, request: ChatRequest) -> ChatReply:
            reply = await super().answer(request)
            return ChatReply(
                reply.output, None, "stop", "liar", "", "unknown", 0.01, 9, 3, 0.001
            )  # fmt: skip

    from dataclasses import replace

    settings = replace(SETTINGS, max_tokens=5)
    plan = PushbackPlan(sums, RULE, settings, PushbackSettings(rounds=1))
    # What a request may cost at most, 5 tokens at 200 dollars a million, is what each costs here.
    limits = Limits(1, 0.0105, Prices(0, 200))
    run = asyncio.run(run_pushback(ledger, Priced(0, 0), plan, limits=limits))
    assert (run.stopped, run.left > 0) == ("money", True)
    assert len(rows(ledger)) == 10


def test_a_stop_leaves_what_was_answered(ledger: Ledger, sums: TaskFile) -> None:
    async def work() -> int:
        stop = asyncio.Event()
        plan = PushbackPlan(sums, RULE, SETTINGS, PushbackSettings(rounds=1))

        def watch(part: str, _: object, wanted: int) -> None:
            assert wanted in (6, 48)
            if part == "push-back":
                stop.set()

        run = await run_pushback(
            ledger, Liar(0, 0), plan, limits=Limits(1), on_progress=watch, stop=stop
        )
        assert run.stopped == "signal"
        return run.left

    left = asyncio.run(work())
    assert left > 40
    assert len(pushed(ledger)) >= 1


def test_two_processes_do_not_run_the_same_at_once(ledger: Ledger) -> None:
    async def twice() -> None:
        async with keeping(ledger, "abc", signed="x"), keeping(ledger, "abc", signed="x"):
            pytest.fail("the run was held twice")

    with pytest.raises(LedgerError, match="another process"):
        asyncio.run(twice())


def test_verdicts_are_written_once_and_say_what_came_of_it(ledger: Ledger, sums: TaskFile) -> None:
    probed(ledger, sums, Liar(1, 1), PushbackSettings(rounds=1, pressures=("doubt",)))
    read = read_trials(ledger, RULE, "liar", "1")
    assert write_verdicts(ledger, read) == 12
    assert write_verdicts(ledger, read) == 0
    kinds = Counter(row["kind"] for row in ledger.rows("SELECT kind FROM verdicts"))
    assert kinds == {"held": 3, "not corrected": 3, "corrected": 3, "talked out of the truth": 3}
    judge = ledger.rows("SELECT DISTINCT judge, judge_kind FROM verdicts")[0]
    assert judge["judge"] == f"pushback reply@1: {RULE.judge}"
    assert judge["judge_kind"] == "model"


def command(tasks: Path, ledger: Path, url: str) -> list[str]:
    words = (
        ledger, "--tasks", tasks, "--system", "liar@1", "--url", url, "--model", "liar", "--check",
        "numeric", "--rounds", "2", "--concurrency", "2", "--seed", "3", "--json",
    )  # fmt: skip
    code = "from assay.cli.probe_pushback import command; command()"
    return [sys.executable, "-c", code, *map(str, words)]


def kept(ledger: Path) -> int:
    try:
        return sum(path.read_bytes().count(b"\n") for path in ledger.glob("ask/*.jsonl"))
    except FileNotFoundError:
        return 0


def test_a_killed_probe_goes_on_and_doubles_nothing(tmp_path: Path) -> None:
    tasks, ledger = write_sums(tmp_path / "sums.jsonl", 6), tmp_path / "runs.ledger"
    liar = Liar(0.5, 0.5)

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        messages = [Message(m["role"], m["content"]) for m in body["messages"]]
        return {"message": {"role": "assistant", "content": liar.text(messages)}}

    with serving(FaultServer(answer=answer, delay_seconds=0.03)) as server:
        for wanted in (12, 4):
            process = subprocess.Popen(
                command(tasks, ledger, server.url),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            until = time.monotonic() + GIVE_UP_SECONDS
            before = server.requests
            while server.requests < before + wanted or not kept(ledger):
                assert process.poll() is None, "it ended before it could be killed"
                assert time.monotonic() < until
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        done = subprocess.run(
            command(tasks, ledger, server.url), capture_output=True, text=True, check=False
        )
        asked = server.requests
    assert done.returncode == 0, done.stderr
    every = rows(Ledger.open(ledger))
    assert len({row["trace_id"] for row in every}) == len(every)
    assert set(
        Counter(
            (row["conversation_id"], row["turn"]) for row in every if row["turn"] is not None
        ).values()
    ) == {1}
    # Lost is at most what was on its way at each kill: two requests.
    assert len(every) <= asked <= len(every) + 2 * 2
    peace = Ledger.create(tmp_path / "peace.ledger")
    from assay.ask.place import AskSettings

    settings = AskSettings("liar", "1", "liar", temperature=0.0, max_tokens=100, seed=3)
    plan = PushbackPlan(read_tasks(tasks), RULE, settings, PushbackSettings(rounds=2, seed=3))
    asyncio.run(run_pushback(peace, Liar(0.5, 0.5), plan, limits=Limits()))

    def said(ledger_: Ledger) -> set[tuple[str, str]]:
        return {(row["trace_id"], row["output"]) for row in rows(ledger_)}

    # What was asked beside two kills is what is answered in peace.
    assert said(Ledger.open(ledger)) == said(peace)


def test_states_of_a_trial_by_round(ledger: Ledger, sums: TaskFile) -> None:
    probed(ledger, sums, Liar(0.5, 0.5, seed=2), PushbackSettings(rounds=3, pressures=("doubt",)))
    for one in read_trials(ledger, RULE, "liar", None).trials:
        stem = State.RIGHT if one.stem_right else State.WRONG
        assert all(state is stem for state in one.states[:-1])
        assert one.state(3) is one.states[-1]
        assert one.changed(len(one.states)) is (one.states[-1] is not stem)


def test_the_pool_is_given_nothing_where_nothing_is_planned(ledger: Ledger) -> None:
    from assay.probe.pushback_plan import BranchPlan

    empty = BranchPlan((), "run", 0)
    report = asyncio.run(push_back(ledger, Liar(0, 0), empty, RULE, rounds=1, limits=Limits()))
    assert (report.branches, report.asked, report.left) == (0, 0, 0)


def test_what_others_tag_alike_is_left_alone(ledger: Ledger, sums: TaskFile) -> None:
    strange = {"task_id": "x", "system": "liar", "version": "1", "epoch": 1, "output": "?", "source": "y"}  # fmt: skip
    odd = '{"probe":"pushback","probe.arm":"shouting"}'
    ledger.append("traces", [strange | {"trace_id": "o", "conversation_id": "c", "tags": odd}])
    with pytest.raises(LedgerError, match="nobody has pushed back"):
        read_trials(ledger, RULE, "liar", None)
    odd = '{"probe":"pushback","probe.arm":"shouting","probe.run":"theirs"}'
    ledger.append("traces", [strange | {"trace_id": "p", "conversation_id": "d", "tags": odd}])
    with pytest.raises(LedgerError, match="not asked by this probe"):
        read_trials(ledger, RULE, "liar", None)
    probed(ledger, sums, Liar(0, 0), PushbackSettings(rounds=1, pressures=("doubt",)))
    assert len(read_trials(ledger, RULE, "liar", None).trials) == 12
