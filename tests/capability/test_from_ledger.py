"""From what a ledger knows to the evidence that a system is measured by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from assay.capability.cost_question import CostQuestion, MachineQuestion
from assay.capability.cost_sources import hour_price
from assay.capability.evidence import WORST, Sampled, ShareEvidence, Stated
from assay.capability.from_ledger import evidence_of
from assay.capability.ledger_columns import Columns
from assay.capability.ledger_counts import JudgedCounts, Traffic
from assay.capability.ledger_facts import NotJudged, SystemFacts
from assay.capability.ledger_labels import CaughtStratum, LabeledCounts
from assay.capability.price_table import ListPrice
from assay.errors import BadInput
from assay.estimate import StratumCount
from assay.ledger.population import Window
from assay.quantity import Unknown

TRAFFIC = Traffic(Window("desk", "1"), 100, 100)


def columns(
    costs: list[float] | None = None,
    seconds: list[float] | None = None,
    right: list[float] | None = None,
    tasks: list[int] | None = None,
) -> Columns:
    n = max(len(costs or []), len(seconds or []), 1)
    nothing = np.full(n, math.nan)

    def of(values: list[float] | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return nothing if values is None else np.array(values)

    return Columns(
        of(costs), of(seconds), nothing, nothing, traces=n, models=(), zero_costs=0, right=of(right),
        tasks=np.arange(n) if tasks is None else np.array(tasks),
        task_names=tuple(map(str, range(n))),
    )  # fmt: skip


def counts(
    *, right: int, wrong: int, told: tuple[int, int, int, int] = (0, 0, 0, 0)
) -> JudgedCounts:
    n = right + wrong
    return JudgedCounts("exact@1", n, wrong, 0, *told, n, wrong, n, wrong)


def facts(
    judged: JudgedCounts | LabeledCounts | NotJudged, held: Columns | None = None
) -> SystemFacts:
    return SystemFacts(TRAFFIC, judged, held or columns(costs=[0.5] * 9), ())


def test_without_a_tag_or_a_word_nothing_is_caught_and_no_check_is_paid_for() -> None:
    found = evidence_of(facts(counts(right=90, wrong=10)), CostQuestion(), None)
    assert found.unchecked
    assert found.outputs == 100
    assert (found.evidence.right.hits, found.evidence.right.n) == (90, 100)
    assert (found.evidence.caught, found.evidence.flagged) == (0.0, 0.0)
    assert isinstance(found.evidence.check_cost_usd, Stated)
    assert found.evidence.check_cost_usd.value == 0


def test_tags_say_what_is_caught_and_then_the_price_of_a_check_is_the_users_to_say() -> None:
    judged = counts(right=90, wrong=10, told=(10, 7, 90, 3))
    found = evidence_of(facts(judged), CostQuestion(), None)
    assert not found.unchecked
    assert found.evidence.caught == ShareEvidence(7, 10)
    assert found.evidence.flagged == ShareEvidence(3, 90)
    assert isinstance(found.evidence.check_cost_usd, Unknown)
    assert "--check-cost" in found.evidence.check_cost_usd.reason


def test_outputs_that_do_not_say_count_as_delivered() -> None:
    judged = counts(right=90, wrong=10, told=(2, 2, 0, 0))
    found = evidence_of(facts(judged), CostQuestion(), None)
    assert (found.evidence.caught, found.evidence.flagged) == (
        ShareEvidence(2, 10),
        ShareEvidence(0, 90),
    )


def test_the_users_word_goes_before_the_tags() -> None:
    judged = counts(right=90, wrong=10, told=(10, 7, 90, 3))
    found = evidence_of(facts(judged), CostQuestion(caught=1.0, check_usd=0.25), None)
    assert (found.evidence.caught, found.evidence.flagged) == (1.0, 0.0)
    assert isinstance(found.evidence.check_cost_usd, Stated)
    assert found.evidence.check_cost_usd.value == 0.25


def test_labels_of_strata_stand_for_as_many_as_their_strata_hold() -> None:
    strata = (StratumCount(900, 10, 0), StratumCount(100, 10, 6, 1))
    caught = (CaughtStratum(900, 0, 0, 10, 0, 10), CaughtStratum(100, 7, 3, 3, 0, 9))
    labeled = LabeledCounts("draw-1", ("ann",), strata, caught, 0)
    found = evidence_of(facts(labeled), CostQuestion(), None)
    # The label that is unsure counts as wrong.
    assert found.evidence.right.value == pytest.approx(0.9 * 1 + 0.1 * 0.3)
    assert found.outputs == 20
    assert isinstance(found.evidence.caught, ShareEvidence)
    # Nobody knows whether the one that is unsure was caught: it counts as not.
    assert found.evidence.caught.value == pytest.approx(3 / 7)
    assert found.evidence.caught.n == pytest.approx(7)


def test_a_stratum_that_weighs_more_makes_few_of_many_labels() -> None:
    strata = (StratumCount(900, 10, 1), StratumCount(100, 10, 6))
    caught = (CaughtStratum(900, 1, 1, 9, 0, 10), CaughtStratum(100, 6, 0, 4, 0, 10))
    found = evidence_of(
        facts(LabeledCounts("d", ("ann",), strata, caught, 0)), CostQuestion(), None
    )
    assert isinstance(found.evidence.caught, ShareEvidence)
    # One of weight 90 was caught, six of weight 10 were not: 90 of 150; (150)^2 / (90^2 + 6 * 10^2) labels.
    assert found.evidence.caught.value == pytest.approx(0.6)
    assert found.evidence.caught.n == pytest.approx(150**2 / 8700)


def test_nobody_who_judged_is_no_item_that_shows_what_is_right() -> None:
    found = evidence_of(facts(NotJudged("no label", "assay draw x")), CostQuestion(), None)
    assert (found.evidence.right.n, found.outputs, found.unchecked) == (0, 0, False)


def test_no_cost_is_unknown_until_a_machine_prices_its_time() -> None:
    judged, held = counts(right=1, wrong=1), columns(seconds=[3600.0] * 9)
    unknown = evidence_of(facts(judged, held), CostQuestion(), None).evidence.attempt_cost_usd
    assert isinstance(unknown, Unknown)
    assert "never free" in unknown.reason
    hour = hour_price(MachineQuestion(usd_per_hour=2.0, watts=500, usd_per_kwh=0.2, lanes=4))
    priced = evidence_of(facts(judged, held), CostQuestion(), hour).evidence.attempt_cost_usd
    assert isinstance(priced, Sampled)
    # An hour at $2 and half a kilowatt-hour at $0.20, shared by four.
    assert priced.values.mean() * priced.factor[1] == pytest.approx(2.1 / 4)


def test_answers_without_a_cost_are_taken_to_cost_like_the_others_and_that_is_said() -> None:
    held = columns(costs=[1.0, 2.0, math.nan, 3.0])
    found = evidence_of(facts(counts(right=3, wrong=1), held), CostQuestion(), None)
    assert isinstance(found.evidence.attempt_cost_usd, Sampled)
    assert found.evidence.attempt_cost_usd.values.tolist() == [1.0, 2.0, 3.0]
    assert "1 of 4 outputs have no cost" in found.notes[0]


def test_rows_say_how_being_right_and_costs_go_together() -> None:
    held = columns(costs=[1.0, 1.0, 3.0, 3.0], right=[1.0, 1.0, 0.0, 0.0])
    found = evidence_of(facts(counts(right=2, wrong=2), held), CostQuestion(), None)
    assert found.evidence.together.right_cost == pytest.approx(-1)
    alone = columns(costs=[1.0, 1.0, 3.0, 3.0])
    assert (
        evidence_of(facts(counts(right=2, wrong=2), alone), CostQuestion(), None).evidence.together
        == WORST
    )


def test_of_repeated_tasks_it_is_the_tasks_that_say_how_right_and_costs_go_together() -> None:
    # Within a task the dear answers are the right ones; from task to task they are the wrong ones.
    held = columns(
        costs=[1.0, 2.0, 1.0, 2.0, 9.0, 8.0, 9.0, 8.0],
        right=[0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        tasks=[0, 0, 1, 1, 2, 2, 3, 3],
    )
    found = evidence_of(facts(counts(right=3, wrong=5), held), CostQuestion(), None).evidence
    assert isinstance(found.attempt_cost_usd, Sampled)
    assert found.attempt_cost_usd.mean.n == 4
    assert found.together.right_cost == pytest.approx(-0.904534, rel=1e-5)


def test_the_catalogues_hour_has_a_range_and_says_of_what_it_is_made() -> None:
    hour = hour_price(MachineQuestion(name="cloud-2-cpu"))
    assert hour is not None
    assert 0 < hour.low < hour.usd < hour.high
    assert "on-demand" in hour.words
    assert "scenario" in hour.words
    with pytest.raises(BadInput, match="as rented"):
        hour_price(MachineQuestion(name="cloud-2-cpu", tenure="rented"))


def test_tokens_are_priced_by_the_users_table_and_the_date_is_said() -> None:
    table = {"tiny": ListPrice("tiny", 2.0, 8.0, "mine, 2026-11-01")}
    read, written = np.full(9, 1e5), np.full(9, 1e4)
    tokens = replace(columns(costs=[math.nan] * 9), prompt_tokens=read, completion_tokens=written)
    asked = CostQuestion(token_model="tiny")
    found = evidence_of(facts(counts(right=5, wrong=4), tokens), asked, None, table)
    assert isinstance(found.evidence.attempt_cost_usd, Sampled)
    assert found.evidence.attempt_cost_usd.values.tolist() == pytest.approx([0.2 + 0.08] * 9)
    assert found.notes == ("9 of 9 costs priced by mine, 2026-11-01",)
    stranger = CostQuestion(token_model="nobody's")
    other = evidence_of(facts(counts(right=5, wrong=4), tokens), stranger, None, table)
    assert isinstance(other.evidence.attempt_cost_usd, Unknown)


def test_a_price_that_is_a_range_goes_into_the_limits_and_a_reason_is_said() -> None:
    mine = "mine, 2026-11-01"
    table = {
        "tiny": ListPrice("tiny", 1.0, 1.0, mine, (0.1, 100.0), (0.5, 1.0)),
        "half": ListPrice("half", 1.0, None, mine),
    }
    tokens = replace(
        columns(costs=[math.nan] * 9),
        prompt_tokens=np.full(9, 1e6),
        completion_tokens=np.full(9, 2e6),
    )
    judged = counts(right=5, wrong=4)
    found = evidence_of(facts(judged, tokens), CostQuestion(token_model="tiny"), None, table)
    cost = found.evidence.attempt_cost_usd
    assert isinstance(cost, Sampled)
    assert cost.values.tolist() == pytest.approx([3.0] * 9)
    assert cost.factor == pytest.approx((1.1 / 3, 1.0, 102 / 3))
    other = evidence_of(facts(judged, tokens), CostQuestion(token_model="half"), None, table)
    assert isinstance(other.evidence.attempt_cost_usd, Unknown)
    assert "no output price of half" in other.evidence.attempt_cost_usd.reason


def test_each_answer_is_priced_as_its_own_model_and_one_that_names_none_as_none_of_them() -> None:
    table = {"a": ListPrice("a", 1.0, 1.0, "mine"), "b": ListPrice("b", 10.0, 10.0, "mine")}
    tokens = replace(
        columns(costs=[math.nan] * 6),
        prompt_tokens=np.full(6, 1e6),
        completion_tokens=np.zeros(6),
        models=("a", "a", "b", "b", "", ""),
    )
    found = evidence_of(facts(counts(right=5, wrong=1), tokens), CostQuestion(), None, table)
    cost = found.evidence.attempt_cost_usd
    assert isinstance(cost, Sampled)
    assert cost.values.tolist() == [1.0, 1.0, 10.0, 10.0]
    said = " ".join(found.notes)
    assert "2 of 6 costs unknown" in said
    assert "taken to cost like the others" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"watts": 60.0}, "go together"),
        ({"name": "laptop", "usd_per_hour": 1.0}, "leave --usd-per-hour"),
        ({"tenure": "own"}, "--machine NAME"),
    ],
)
def test_what_contradicts_itself_is_refused(asked: dict[str, float | str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        MachineQuestion(**asked)  # type: ignore[arg-type]


def test_what_is_held_back_by_mistake_goes_with_what_is_caught() -> None:
    with pytest.raises(BadInput, match="--flagged goes with --caught"):
        CostQuestion(flagged=0.1)
