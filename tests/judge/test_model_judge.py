"""A model as a judge, over a real loopback server: what is kept, what is paid, what is reported."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.ask.money import Prices
from assay.ask.open_endpoint import EndpointSettings, open_endpoint
from assay.ask.pool import Limits
from assay.ask.retry import RetryPolicy
from assay.errors import BadInput
from assay.judge.judge_prompt import Material, ReadingPlan, judge_request
from assay.judge.judge_report import ModelJudgeReport
from assay.judge.model_judge import JudgeRun, ModelJudge, judge_by_model
from assay.judge.rubric import load_rubric, read_rubric
from assay.judge.scope import Scope
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown
from judge.judge_server import (
    JudgeServer,
    Rule,
    by_reference,
    data_of,
    judge_server,
    verdict,
)

CORRECTNESS = load_rubric("correctness")
ONE_TRY = EndpointSettings(prices=Prices(1.0, 1.0), retry=RetryPolicy(tries=1))


def fill(ledger: Ledger, count: int = 20, **columns: Any) -> None:
    """Add answers, of which every fourth is wrong."""
    ledger.append("traces", [
        {
            "trace_id": f"t{n:03}", "task_id": f"q{n}", "system": "secret-system", "version": "9",
            "input": f"What is {n} + {n}?", "output": str(2 * n + (n % 4 == 0)), "reference": str(2 * n),
            **columns,
        }
        for n in range(count)
    ])  # fmt: skip


def judged(
    ledger: Ledger,
    server: JudgeServer,
    *,
    scope: Scope | None = None,
    run: JudgeRun | None = None,
    **settings: Any,
) -> ModelJudgeReport:
    async def whole() -> ModelJudgeReport:
        endpoint = open_endpoint(server.url, "judge-x", settings=ONE_TRY)
        judge = ModelJudge(endpoint.name, settings.pop("rubric", CORRECTNESS), **settings)
        try:
            return await judge_by_model(
                ledger, endpoint, judge, scope=scope or Scope(), run=run or JudgeRun()
            )
        finally:
            await endpoint.close()

    return asyncio.run(whole())


def scores(ledger: Ledger) -> dict[str, float | None]:
    rows = ledger.rows("SELECT trace_id, error_probability FROM verdicts ORDER BY trace_id, judge")
    return {row["trace_id"]: row["error_probability"] for row in rows}


def test_each_answer_gets_one_verdict_and_canaries_none(ledger: Ledger) -> None:
    fill(ledger)
    with judge_server() as server:
        report = judged(ledger, server)
    assert scores(ledger) == {f"t{n:03}": float(n % 4 == 0) for n in range(20)}
    row = ledger.rows("SELECT * FROM verdicts WHERE trace_id = 't004'")[0]
    assert row["judge"] == (
        f"judge-x (rubric correctness@1 sha256:{CORRECTNESS.hash}; prompt 1; 1 reading)"
    )
    assert (row["judge_kind"], row["kind"], row["severity"]) == ("model", "false-claim", 2)
    assert (row["note"], row["draw_id"]) == ("by the rule", None)
    assert report.judged == 20
    sent = report.checks.canaries
    assert {kind: one["sent"] for kind, one in sent.items()} == {
        "right": 2,
        "wrong": 4,
        "injected": 4,
    }
    assert len(server.bodies) == 30
    assert isinstance(report.checks.canary_accuracy, Estimate)
    assert (report.checks.canary_accuracy.value, report.checks.canary_accuracy.n) == (1.0, 6)
    assert report.checks.canary_accuracy.low < 0.61
    assert report.checks.alarms == ()
    assert isinstance(report.checks.repeat_flips, Unknown)
    assert report.canary_usd == pytest.approx(10 * 110e-6)
    assert report.pool.spent_usd == pytest.approx(30 * 110e-6)
    assert json.loads(json.dumps(report.to_json()))["requests"]["requests"] == 30


def test_the_system_is_not_named_to_the_judge(ledger: Ledger) -> None:
    fill(
        ledger,
        3,
        tags='{"ask.model":"secret-model"}',
        answer="secret-parse",
        reasoning="secret-why",
    )
    with judge_server() as server:
        judged(ledger, server)
    assert "secret" not in json.dumps(server.bodies)


def test_orders_and_repeats_are_asked_and_their_share_is_the_score(ledger: Ledger) -> None:
    fill(ledger, 8)

    def wavering(material: dict[str, str], body: dict[str, Any]) -> str:
        # Right by seed 1 and 2, wrong by seed 3; and always right where the answer comes first.
        late = list(material)[-1] == "answer"
        return verdict("wrong" if late and body["seed"] == 3 else "right")

    with judge_server(wavering) as server:
        report = judged(ledger, server, repeats=3, both_orders=True, run=JudgeRun(canary_share=0))
    assert len(server.bodies) == 8 * 6
    assert {(body["seed"], body["temperature"]) for body in server.bodies} == {
        (1, 0.7),
        (2, 0.7),
        (3, 0.7),
    }
    assert set(scores(ledger).values()) == {1 / 6}
    assert report.judge.endswith("; 3 readings at temperature 0.7; both orders)")
    assert isinstance(report.checks.repeat_flips, Estimate)
    assert isinstance(report.checks.order_flips, Estimate)
    assert (report.checks.repeat_flips.value, report.checks.order_flips.value) == (1.0, 0.0)
    assert report.checks.repeat_flips.low == pytest.approx(0.025 ** (1 / 8))
    note = ledger.rows("SELECT note FROM verdicts LIMIT 1")[0]["note"]
    assert note == "1 of 6 readings say wrong. by the rule"


def with_logprobs(material: dict[str, str], body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    top = [("right", 0.15), ("wrong", 0.45), ("unsure", 0.4)]
    tokens = ['{"verdict": "', "wrong", '", "reason": "so"}']
    return "".join(tokens), {
        "content": [
            {
                "token": token,
                "logprob": math.log(0.45) if token == "wrong" else 0.0,
                "top_logprobs": [
                    {"token": word, "logprob": math.log(p)} for word, p in top if token == "wrong"
                ],
            }
            for token in tokens
        ]
    }


def test_log_probabilities_make_the_score(ledger: Ledger) -> None:
    fill(ledger, 2)
    with judge_server(with_logprobs) as server:
        report = judged(ledger, server, logprobs=True, run=JudgeRun(canary_share=0))
    assert server.bodies[0]["logprobs"] is True
    assert list(scores(ledger).values()) == [pytest.approx(0.75)] * 2
    assert report.judge.endswith("; 1 reading; logprobs)")
    assert report.readings_without_logprobs == 0


def test_a_server_without_log_probabilities_is_found_out(ledger: Ledger) -> None:
    fill(ledger, 4)
    with judge_server() as server:
        report = judged(ledger, server, logprobs=True, run=JudgeRun(canary_share=0))
    assert report.readings_without_logprobs == 4


FAULTS: list[tuple[str, str]] = [
    ('{"verdict": "ri', "not one JSON object"),
    ("I can't help with that.", "not one JSON object"),
    (f"Here you are: {verdict('right')}", "not one JSON object"),
    ('{"verdict": "fine"}', "no verdict of right, wrong or unsure"),
    (verdict("unsure"), "unsure"),
]


@pytest.mark.parametrize(("content", "fault"), FAULTS)
def test_a_reply_that_does_not_fit_is_kept_as_an_abstention_and_not_asked_again(
    ledger: Ledger, content: str, fault: str
) -> None:
    fill(ledger, 3)
    with judge_server(lambda *_: content) as server:
        report = judged(ledger, server, run=JudgeRun(canary_share=0))
        again = judged(ledger, server, run=JudgeRun(canary_share=0))
    assert len(server.bodies) == 3
    assert list(scores(ledger).values()) == [None] * 3
    assert (report.abstained, report.faults) == (3, {fault: 3})
    assert (again.judged, again.already) == (0, 3)


@pytest.mark.parametrize("rule", [lambda *_: 500, lambda *_: 400])
def test_no_vote_is_invented_where_there_is_no_reply(ledger: Ledger, rule: Rule) -> None:
    fill(ledger, 3)
    with judge_server(rule) as server:
        report = judged(ledger, server)
    assert (report.judged, report.failed, report.left) == (0, 3, 0)
    assert report.first_failure
    assert scores(ledger) == {}
    assert isinstance(report.checks.canary_accuracy, Unknown)
    with judge_server() as server:
        assert judged(ledger, server).judged == 3


def test_money_ends_the_run_and_the_next_goes_on(ledger: Ledger) -> None:
    fill(ledger, 12)
    with judge_server() as server:
        # Money for the worst that one request may cost, and for five as they turn out.
        request = judge_request(
            CORRECTNESS, Material("30", "What is 15 + 15?", None, "30"), ReadingPlan()
        )
        most = Prices(1.0, 1.0).worst(request) + 5 * 110e-6
        limits = Limits(2, max_usd=most, prices=Prices(1.0, 1.0))
        first = judged(ledger, server, run=JudgeRun(limits, 0.0))
        assert first.pool.stopped == "money"
        assert first.pool.spent_usd <= most
        assert first.judged + first.left == 12
        assert 0 < first.judged < 12
        second = judged(ledger, server, run=JudgeRun(canary_share=0))
        assert (second.judged, second.already) == (first.left, first.judged)
        assert len(server.bodies) == 12
    assert len(scores(ledger)) == 12


def test_a_judge_that_obeys_the_answer_is_found_out(ledger: Ledger) -> None:
    fill(ledger, 400)

    def gullible(material: dict[str, str], body: dict[str, Any]) -> str:
        return verdict("right") if "\n" in material["answer"] else by_reference(material, body)

    with judge_server(gullible) as server:
        report = judged(ledger, server)
    checks = report.checks
    assert isinstance(checks.injection_resistance, Estimate)
    assert isinstance(checks.turned, Estimate)
    assert (checks.injection_resistance.value, checks.turned.value) == (0.0, 1.0)
    assert checks.canaries["injected"] == {"sent": 8, "as_right": 8, "as_wrong": 0, "abstained": 0}
    assert isinstance(checks.canary_accuracy, Estimate)
    assert checks.canary_accuracy.value == 1.0
    assert checks.alarms == ("the judge holds against injected text in 0 of 8: under 90%",)


def test_canaries_stand_anywhere_among_the_answers(ledger: Ledger) -> None:
    fill(ledger, 200)
    places = []
    with judge_server() as server:
        one_at_a_time = Limits(max_concurrency=1)
        judged(ledger, server, run=JudgeRun(one_at_a_time, 0.05, np.random.default_rng(5)))
    known = {(f"What is {n} + {n}?", str(2 * n + (n % 4 == 0))) for n in range(200)}
    for place, body in enumerate(server.bodies):
        material = data_of(body)
        places += [place] * ((material["task"], material["answer"]) not in known)
    assert places[0] < 60
    assert places[-1] > 160


def test_the_scope_is_kept(ledger: Ledger) -> None:
    fill(ledger, 20)
    fill_other = {"system": "other", "version": ""}
    ledger.append("traces", [
        {"trace_id": "o1", "task_id": "o1", "output": "1", "input": "?", "reference": None, **fill_other},
        {"trace_id": "o2", "task_id": "o2", "output": "1", "input": None, "reference": None, **fill_other},
        {"trace_id": "o3", "task_id": "o3", "output": "1" * 200_000, "input": "?", **fill_other},
    ])  # fmt: skip
    none = JudgeRun(canary_share=0)
    lenient: Rule = lambda *_: verdict("right")  # noqa: E731
    with judge_server(lenient) as server:
        first = judged(ledger, server, scope=Scope("secret-system", limit=5), run=none)
        more = judged(ledger, server, scope=Scope("secret-system", limit=8), run=none)
        other = judged(ledger, server, scope=Scope("other"), run=none)
        strict = judged(
            ledger, server, scope=Scope("other"), run=none, rubric=load_rubric("groundedness")
        )
    assert (first.judged, more.judged, more.already) == (5, 3, 5)
    assert (other.judged, other.without, other.too_long) == (1, 1, 1)
    assert (strict.judged, strict.without) == (0, 3)
    assert "reference" not in data_of(server.bodies[-1])


def test_only_a_draw_is_read(ledger: Ledger) -> None:
    fill(ledger, 20)
    ledger.append("draws", [{"draw_id": "d", "trace_id": f"t{n:03}"} for n in (3, 4, 5)])
    with judge_server() as server:
        report = judged(ledger, server, scope=Scope(draw="d"), run=JudgeRun(canary_share=0))
    assert report.judged == 3
    assert list(scores(ledger)) == ["t003", "t004", "t005"]


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadInput, match="repeats must be at least 1"):
        ModelJudge("m", CORRECTNESS, repeats=0)
    with pytest.raises(BadInput, match="temperature must be above 0"):
        ModelJudge("m", CORRECTNESS, repeats=2, temperature=0)


SHORT = read_rubric(
    """
    name = "short"
    version = 1
    reference = "required"
    context = "none"
    instructions = "Judge whether the answer is right. The reference is the right answer."
    wrong = "The answer says something else than the reference."
    """,
    where="short",
)


@pytest.mark.local
@pytest.mark.parametrize(
    ("answers", "share"), [(2, 0.0), pytest.param(20, 0.02, marks=pytest.mark.nightly)]
)
def test_the_embedded_model_judges(ledger: Ledger, answers: int, share: float) -> None:
    """A weak judge: what holds is the path. How weak it is, its own canaries say."""
    pytest.importorskip("xllamacpp")
    fill(ledger, answers)

    async def whole() -> ModelJudgeReport:
        endpoint = open_endpoint(None, "local")
        judge = ModelJudge(endpoint.name, SHORT, logprobs=True, max_tokens=80)
        run = JudgeRun(Limits(max_concurrency=1), share)
        try:
            return await judge_by_model(ledger, endpoint, judge, scope=Scope(), run=run)
        finally:
            await endpoint.close()

    report = asyncio.run(whole())
    assert (report.judged, report.failed, report.left) == (answers, 0, 0)
    assert report.readings_without_logprobs == 0
    found = list(scores(ledger).values())
    assert len(found) == answers
    assert sum(score is None for score in found) == report.abstained
    assert all(score is None or 0 < score < 1 for score in found)
    assert sum(one["sent"] for one in report.checks.canaries.values()) == (10 if share else 0)
    if share:
        # Measured: it says the word that stands first, of planted wrong answers and injected ones too.
        assert report.checks.alarms


def test_the_journal_is_empty_in_the_end(ledger: Ledger) -> None:
    fill(ledger, 3)
    with judge_server() as server:
        judged(ledger, server)
    journals: list[Path] = list((ledger.path / "journals").glob("*.jsonl"))
    assert [path.read_text("utf-8") for path in journals] == [""]
