"""From a ledger to the answer of `assay cost`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from assay.capability.cost_answer import answer_cost
from assay.capability.cost_question import CostQuestion, MachineQuestion
from assay.capability.cost_result import CostAnswer, CostedSystem
from assay.capability.ledger_facts import FactsQuestion
from assay.errors import BadInput
from assay.judge.rules import rule_named
from assay.judge.run_check import judge_by_check
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.ingest.source import ReadOptions
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Quantity, Unknown

MARCH_4, JUNE_4 = "openaichat/gpt-4-0314", "openaichat/gpt-4-0613"
MARCH_35, JUNE_35 = "openaichat/gpt-3.5-turbo-0301", "openaichat/gpt-3.5-turbo-0613"

PUBLISHED = {
    # accuracy, latency, errors an hour, right ones an hour, USD a right one: the README of the data
    MARCH_4: (0.840, 8.02, 72, 377, 0.0165),
    JUNE_4: (0.502, 3.21, 559, 563, 0.0021),
    MARCH_35: (0.518, 6.61, 263, 282, 0.0010),
    JUNE_35: (0.680, 16.10, 72, 152, 0.0010),
}


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate), quantity
    return quantity.value


def of(answer: CostAnswer, name: str) -> CostedSystem:
    return next(system for system in answer.systems if system.name == name)


def fill(
    ledger: Ledger,
    system: str,
    *,
    n: int = 200,
    wrong: int = 20,
    cost: float | None = 0.01,
    **more: Any,
) -> None:
    """Put a system with these figures into a ledger; costs and latencies go up and down a little."""
    traces, verdicts = [], []
    for place in range(n):
        up = 1 + 0.2 * (place % 5 - 2) / 2
        trace = {
            "trace_id": f"{system}-{place}", "task_id": f"t{place}", "system": system, "version": "", "epoch": 1,
            "origin": "field", "tags": "{}", "source": f"{system}:{place}", "latency_seconds": 2.0 * up,
            "cost_usd": None if cost is None else cost * up, "prompt_tokens": 10, "completion_tokens": 5,
        }  # fmt: skip
        traces.append(trace | more)
        verdicts.append({
            "trace_id": f"{system}-{place}", "judge": "exact@1", "judge_kind": "check",
            "error_probability": float(place < wrong), "source": f"v-{system}:{place}",
        })  # fmt: skip
    ledger.append("traces", traces)
    ledger.append("verdicts", verdicts)


@pytest.fixture(scope="module")
def drift(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = Ledger.create(tmp_path_factory.mktemp("drift") / "drift.ledger")
    mapping = (
        "output=answer,system=model,task_id=id,input=query,reference=ref_answer,"
        "latency_seconds=latency,cost_usd=cost"
    )
    file = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    ingest_file(ledger, file, ReadOptions(parse_mapping(mapping)))
    judge_by_check(ledger, rule_named("exact", parser=r"last-match=\[(yes|no)\]"))
    return ledger


@pytest.mark.shared_data
def test_the_published_figures_of_four_models_come_out_of_their_own_traces(drift: Ledger) -> None:
    answer = answer_cost(drift, CostQuestion(mend_usd=5, escape_usd=200))
    for name, (accuracy, latency, errors, correct, usd) in PUBLISHED.items():
        found = of(answer, name)
        assert found.outputs == 1_000
        assert value(found.right) == pytest.approx(accuracy, abs=5e-4)
        assert value(found.latency) == pytest.approx(latency, abs=0.006)
        assert value(found.errors_per_hour) == pytest.approx(errors, abs=0.51)
        assert value(found.correct_per_hour) == pytest.approx(correct, abs=0.51)
        assert value(found.cost_of_pass) == pytest.approx(usd, abs=5.1e-5)
        for number in (found.right, found.errors_per_hour, found.cost_of_pass, found.cost):
            assert isinstance(number, Estimate)
            assert number.low < number.value < number.high
            assert number.confidence_level == 0.95


@pytest.mark.shared_data
def test_three_rankings_of_the_same_traces_have_different_winners(drift: Ledger) -> None:
    winners = answer_cost(drift, CostQuestion(mend_usd=5, escape_usd=200)).winners
    assert winners["cost"] == winners["score"] == (MARCH_4,)
    assert winners["cost_of_pass"] == (JUNE_35,)
    assert winners["correct_per_hour"] == (JUNE_4,)
    assert len(set(winners.values())) == 3


@pytest.mark.shared_data
def test_on_the_same_questions_two_are_told_apart_that_look_alike(drift: Ledger) -> None:
    answer = answer_cost(drift, CostQuestion(mend_usd=5, escape_usd=200))
    assert answer.compared_on == (1_000, 1_000)
    near = [of(answer, MARCH_35), of(answer, JUNE_4)]
    # 518 and 502 right; but of the 52 questions on which they differ the one has 34 right: McNemar's exact p is .036.
    assert [value(one.right) for one in near] == [0.518, 0.502]
    assert [one.tie for one in near] == [None, None]
    assert stats.binomtest(34, 52).pvalue == pytest.approx(0.036, abs=5e-4)


@pytest.mark.shared_data
def test_without_a_price_nothing_is_ranked_by_cost_and_the_break_even_is_shown(
    drift: Ledger,
) -> None:
    answer = answer_cost(drift)
    assert not answer.priced
    assert "cost" not in answer.orders
    assert all(
        isinstance(system.cost, Unknown) and system.p_best is None for system in answer.systems
    )
    assert [(one.cheaper_below, one.cheaper_above) for one in answer.break_evens] == [
        (MARCH_35, JUNE_35),
        (JUNE_35, MARCH_4),
    ]
    # 0.000658 + 0.320 F = 0.01383 + 0.160 F, by hand.
    assert value(answer.break_evens[1].mend) == pytest.approx(0.0823, abs=2e-4)
    assert len(answer.curves) == 4


def test_the_cost_is_that_of_the_formula(ledger: Ledger) -> None:
    fill(ledger, "a", wrong=20, cost=0.01)
    asked = CostQuestion(
        mend_usd=5, escape_usd=200, check_usd=0.5, caught=0.75, wait_usd_per_hour=36
    )
    found = of(answer_cost(ledger, asked), "a")
    cost = 0.01 + 0.5 + 0.1 * (0.75 * 5 + 0.25 * 200) + 36 * 2 / 3600
    assert value(found.cost) == pytest.approx(cost / 0.975)
    assert value(found.escaped) == pytest.approx(0.025 / 0.975)
    assert value(found.seconds) == pytest.approx(2 / 0.975)


def test_all_found_and_mended_for_the_price_of_a_right_try_is_cost_of_pass(ledger: Ledger) -> None:
    fill(ledger, "a", wrong=50, cost=0.03)
    asked = CostQuestion(mend_usd=0.03 / 0.75, caught=1.0, check_usd=0)
    found = of(answer_cost(ledger, asked), "a")
    assert value(found.cost) == pytest.approx(value(found.cost_of_pass))


def test_where_a_mend_has_no_limit_the_order_is_the_order_by_score(ledger: Ledger) -> None:
    for name, wrong, cost in (("good", 10, 9.0), ("fair", 40, 1.0), ("poor", 90, 0.01)):
        fill(ledger, name, wrong=wrong, cost=cost)
    dear = answer_cost(ledger, CostQuestion(mend_usd=1e9, caught=1.0, check_usd=0))
    assert dear.orders["cost"] == dear.orders["score"] == ("good", "fair", "poor")
    cheap = answer_cost(ledger, CostQuestion(mend_usd=1e-6, caught=1.0, check_usd=0))
    assert cheap.orders["cost"] == ("poor", "fair", "good")


def test_who_is_never_right_is_last_however_quick_and_cheap(ledger: Ledger) -> None:
    fill(ledger, "never", wrong=200, cost=1e-9, latency_seconds=1e-3)
    fill(ledger, "slow", wrong=100, cost=50.0, latency_seconds=900.0)
    for asked in (CostQuestion(escape_usd=0), CostQuestion(mend_usd=0, caught=1.0, check_usd=0)):
        assert answer_cost(ledger, asked).orders["cost"][-1] == "never"


@pytest.mark.parametrize("cost", [0.0, None])
def test_a_system_without_a_cost_is_not_ranked_and_says_why(
    ledger: Ledger, cost: float | None
) -> None:
    fill(ledger, "a", cost=0.5)
    fill(ledger, "free", cost=cost)
    answer = answer_cost(ledger, CostQuestion(escape_usd=10))
    assert answer.orders["cost"] == ("a",)
    free = of(answer, "free")
    assert isinstance(free.cost, Unknown)
    assert "never free" in free.cost.reason
    assert answer.systems[-1].name == "free"
    assert not any(curve.name == "free" for curve in answer.curves)


def test_a_machines_hour_prices_the_time_of_answers_that_have_no_cost(ledger: Ledger) -> None:
    fill(ledger, "local", cost=None)
    machine = MachineQuestion(usd_per_hour=1.8)
    found = of(answer_cost(ledger, CostQuestion(escape_usd=10, machine=machine)), "local")
    assert value(found.attempt_cost) == pytest.approx(1.8 * 2 / 3600)
    shared = MachineQuestion(usd_per_hour=1.8, lanes=3)
    found = of(answer_cost(ledger, CostQuestion(escape_usd=10, machine=shared)), "local")
    assert value(found.attempt_cost) == pytest.approx(1.8 * 2 / 3600 / 3)


def test_equals_are_a_tie_with_even_chances_and_no_number_of_items_parts_them(
    ledger: Ledger,
) -> None:
    fill(ledger, "a")
    fill(ledger, "b")
    answer = answer_cost(ledger, CostQuestion(escape_usd=10))
    assert {system.tie for system in answer.systems} == {1}
    for system in answer.systems:
        assert system.p_best == pytest.approx(0.5, abs=0.05)
    assert isinstance(answer.more_items, Unknown)
    # They cost the same as measured; how much a wrong choice may cost is known all the same.
    assert isinstance(answer.second_costs_more, Estimate)
    assert answer.second_costs_more.value == pytest.approx(0, abs=1e-12)
    assert answer.second_costs_more.low <= 0 <= answer.second_costs_more.high


def test_what_the_second_costs_more_than_the_first_is_in_the_answer(ledger: Ledger) -> None:
    fill(ledger, "good", wrong=5)
    assert answer_cost(ledger, CostQuestion(escape_usd=10)).second_costs_more is None
    fill(ledger, "bad", wrong=60)
    answer = answer_cost(ledger, CostQuestion(escape_usd=10))
    first, second = (value(one.cost) for one in answer.systems)
    more = answer.second_costs_more
    assert isinstance(more, Estimate)
    assert more.value == pytest.approx(second - first)
    assert more.low > 0
    assert answer.more_items is None
    assert answer.to_json()["second_costs_more_than_first"] == more.to_json()
    assert answer_cost(ledger).second_costs_more is None


def test_a_standard_is_met_by_the_upper_limit_alone(ledger: Ledger) -> None:
    fill(ledger, "clean", n=200, wrong=0)
    asked = {"escape_usd": 1.0, "standard": "10/1000"}
    few = answer_cost(ledger, CostQuestion(**asked))  # type: ignore[arg-type]
    # None of 200: at most 1.5 %, which isn't 1 %.
    assert few.none_meets
    assert of(few, "clean").meets is False
    assert of(few, "clean").standard is not None
    fill(ledger, "many", n=400, wrong=0)
    more = answer_cost(ledger, CostQuestion(**asked))  # type: ignore[arg-type]
    assert of(more, "many").meets
    assert not more.none_meets


def test_a_days_count_takes_a_throughput(ledger: Ledger) -> None:
    fill(ledger, "a", n=400, wrong=0)
    with pytest.raises(BadInput, match="--throughput-per-day"):
        answer_cost(ledger, CostQuestion(standard="5/day"))
    asked = CostQuestion(standard="5/day", throughput_per_day=500)
    assert of(answer_cost(ledger, asked), "a").meets
    asked = CostQuestion(standard="5/day", throughput_per_day=5_000)
    assert not of(answer_cost(ledger, asked), "a").meets


@pytest.mark.parametrize("text", ["", "5", "5/week", "0/1000", "2000/1000", "-1/5"])
def test_a_standard_that_is_none_is_refused(ledger: Ledger, text: str) -> None:
    fill(ledger, "a", n=20)
    with pytest.raises(BadInput, match="--standard"):
        answer_cost(ledger, CostQuestion(standard=text or "x"))


def test_who_has_not_been_judged_is_unknown_and_the_next_command_is_told(ledger: Ledger) -> None:
    fill(ledger, "a")
    row: dict[str, object] = {
        "trace_id": "n",
        "task_id": "t",
        "system": "new",
        "version": "",
        "tags": "{}",
    }
    ledger.append("traces", [row | {"source": "f:1"}])
    new = of(answer_cost(ledger, CostQuestion(escape_usd=1)), "new")
    assert isinstance(new.cost, Unknown)
    assert "no check covers every output" in new.cost.reason
    assert "assay draw" in new.next_command


def test_every_price_that_goes_up_leaves_no_cost_lower(ledger: Ledger) -> None:
    fill(ledger, "a", tags='{"caught":"true"}')
    base = {"mend_usd": 2.0, "escape_usd": 9.0, "false_alarm_usd": 0.3, "check_usd": 0.1}
    base["wait_usd_per_hour"] = 5.0
    least = value(of(answer_cost(ledger, CostQuestion(**base)), "a").cost)  # type: ignore[arg-type]
    for name, price in base.items():
        dearer = CostQuestion(**(base | {name: 3 * price}))  # type: ignore[arg-type]
        assert value(of(answer_cost(ledger, dearer), "a").cost) >= least


def test_the_answer_is_json_with_the_same_keys_whatever_is_known(ledger: Ledger) -> None:
    fill(ledger, "a")
    fill(ledger, "b", cost=None)
    said = json.loads(json.dumps(answer_cost(ledger).to_json()))
    assert [set(one) for one in said["systems"]] == [set(said["systems"][0])] * 2
    assert said["ranked_by_cost"] is False
    assert said["systems"][0]["cost_per_verified_correct"]["value"] is None


def test_votes_are_measured_on_tasks_that_were_asked_again(ledger: Ledger) -> None:
    # Ninety tasks of a hundred are right two times of three, and ten never are.
    rows, verdicts = [], []
    for place in range(300):
        name = f"v-{place}"
        rows.append({
            "trace_id": name, "task_id": f"t{place // 3}", "system": "v", "version": "", "epoch": place % 3 + 1,
            "tags": "{}", "source": f"f:{place}", "cost_usd": 0.01, "latency_seconds": 1.0,
        })  # fmt: skip
        wrong = place >= 270 or place % 3 == 0
        verdicts.append({
            "trace_id": name, "judge": "exact@1", "judge_kind": "check", "error_probability": float(wrong),
            "source": f"w:{place}",
        })  # fmt: skip
    ledger.append("traces", rows)
    ledger.append("verdicts", verdicts)
    asked = CostQuestion(escape_usd=1.0, standard="250/1000")
    found = of(answer_cost(ledger, asked), "v")
    assert value(found.right) == pytest.approx(0.6)
    assert found.meets is False
    # A vote of three is right of the ninety: 10 % escape, of three times the cost.
    assert found.add_on is not None
    assert "vote of 3" in found.add_on
    assert f"${(0.03 + 0.1) / 0.9:.4g}" in found.add_on


def test_only_the_systems_asked_for_are_measured(ledger: Ledger) -> None:
    for name in ("a", "b", "c"):
        fill(ledger, name, n=20, wrong=3)
    answer = answer_cost(ledger, CostQuestion(FactsQuestion(systems=("a", "c"))))
    assert sorted(system.name for system in answer.systems) == ["a", "c"]
