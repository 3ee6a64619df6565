"""What a ledger knows of a system that is to be priced."""

from __future__ import annotations

from typing import Any

import pytest

from assay.capability.ledger_columns import columns_of
from assay.capability.ledger_counts import JudgedCounts, is_true, traffic_of
from assay.capability.ledger_facts import FactsQuestion, NotJudged, facts_of
from assay.capability.ledger_labels import LabeledCounts
from assay.errors import LedgerError
from assay.ledger.draws import newest_draw
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels


def trace(place: int, system: str = "a", **more: Any) -> dict[str, Any]:
    own = {
        "trace_id": f"{system}-{place}",
        "task_id": f"t{place}",
        "system": system,
        "version": "1",
    }
    return own | {"epoch": 1, "origin": "field", "tags": "{}", "source": f"f:{place}"} | more


def verdict(place: int, wrong: float | None, system: str = "a", **more: Any) -> dict[str, Any]:
    own = {"trace_id": f"{system}-{place}", "judge": "exact@1", "judge_kind": "check"}
    return own | {"error_probability": wrong, "source": f"v:{place}"} | more


def counts(ledger: Ledger, **asked: Any) -> JudgedCounts:
    judged = facts_of(ledger, FactsQuestion(**asked))[0].judged
    assert isinstance(judged, JudgedCounts), judged
    return judged


def test_a_check_of_everything_is_counted_and_what_was_caught_with_it(ledger: Ledger) -> None:
    tags = ['{"caught":"TRUE"}', '{"caught":"no"}', "{}", '{"caught":"yes"}', '{"caught":"false"}']
    ledger.append("traces", [trace(i, tags=tags[i]) for i in range(5)])
    ledger.append("verdicts", [verdict(i, float(i < 3)) for i in range(5)])
    found = counts(ledger)
    assert (found.judged, found.wrong, found.right) == (5, 3, 2)
    assert (found.told_wrong, found.caught, found.told_right, found.flagged) == (2, 1, 2, 1)
    assert found.worth_of_an_answer == 1
    assert any(n.endswith("count as delivered: 1") for n in facts_of(ledger)[0].notes)


def test_a_check_of_a_part_is_no_count_and_neither_is_a_models_opinion(ledger: Ledger) -> None:
    ledger.append("traces", [trace(i) for i in range(4)])
    ledger.append("verdicts", [verdict(i, 0.0) for i in range(3)])
    ledger.append("verdicts", [verdict(i, 0.0, judge="m", judge_kind="model") for i in range(4)])
    judged = facts_of(ledger)[0].judged
    assert isinstance(judged, NotJudged)
    assert "exact@1 has judged 3 of 4" in judged.reason
    assert "assay draw" in judged.next_command


def test_of_two_complete_checks_the_user_says_which_is_the_truth(ledger: Ledger) -> None:
    ledger.append("traces", [trace(i) for i in range(4)])
    ledger.append("verdicts", [verdict(i, 0.0) for i in range(4)])
    ledger.append("verdicts", [verdict(i, 1.0, judge="strict@1") for i in range(4)])
    judged = facts_of(ledger)[0].judged
    assert isinstance(judged, NotJudged)
    assert "--judge" in judged.next_command
    assert (counts(ledger, judge="strict@1").wrong, counts(ledger, judge="exact@1").wrong) == (4, 0)
    with pytest.raises(LedgerError, match="is no judge"):
        facts_of(ledger, FactsQuestion(judge="other"))


def test_a_cost_of_nought_is_unknown_and_so_is_none(ledger: Ledger) -> None:
    costs = [0.5, 0.0, None, 1.5]
    ledger.append(
        "traces", [trace(i, cost_usd=cost, prompt_tokens=3) for i, cost in enumerate(costs)]
    )
    columns = columns_of(ledger, traffic_of(ledger)[0])
    assert sorted(columns.known("cost_usd")) == [0.5, 1.5]
    assert columns.zero_costs == 1
    assert columns.read == 4


def test_of_many_answers_a_part_is_read_that_hangs_on_nothing_but_the_name(ledger: Ledger) -> None:
    ledger.append("traces", [trace(i, cost_usd=1.0 + i) for i in range(2_000)])
    one = columns_of(ledger, traffic_of(ledger)[0], most_rows=500)
    again = columns_of(ledger, traffic_of(ledger)[0], most_rows=500)
    assert 400 < one.read < 600
    assert sorted(one.cost_usd) == sorted(again.cost_usd)
    assert one.traces == 2_000


def test_answers_to_one_task_that_agree_are_worth_one_answer(ledger: Ledger) -> None:
    rows = [trace(place, task_id=f"t{place // 10}", epoch=place % 10 + 1) for place in range(80)]
    ledger.append("traces", rows)
    ledger.append("verdicts", [verdict(place, float(place // 10 % 2)) for place in range(80)])
    found = counts(ledger)
    assert (found.judged, found.wrong) == (80, 40)
    # Eight tasks that are each all right or all wrong: as many answers.
    assert found.worth_of_an_answer * 80 == pytest.approx(8)
    assert any("count as 8" in note for note in facts_of(ledger)[0].notes)


def test_work_goes_before_exams_and_these_are_named(ledger: Ledger) -> None:
    ledger.append("traces", [trace(i, origin="field" if i < 3 else "exam") for i in range(5)])
    found = facts_of(ledger)[0]
    assert found.traffic.traces == 3
    assert found.traffic.set_aside == (("exam", 2),)
    assert facts_of(ledger, FactsQuestion(origin="exam"))[0].traffic.traces == 2


def test_a_system_that_is_not_there_is_named_with_those_that_are(ledger: Ledger) -> None:
    ledger.append("traces", [trace(1)])
    with pytest.raises(LedgerError, match=r'no system "b".*it holds a'):
        facts_of(ledger, FactsQuestion(systems=("b",)))


def test_labels_of_a_draw_go_first_and_wait_behind_a_gap(ledger: Ledger) -> None:
    ledger.append("traces", [trace(i, tags='{"caught":"true"}') for i in range(40)])
    ledger.append("verdicts", [verdict(i, 0.0) for i in range(40)])
    draw_labels(ledger, DrawRequest(Window("a", "1"), 10, 3))
    draw = newest_draw(ledger)
    order = draw.strata[0].trace_ids
    for place in (0, 1, 2, 4):
        ledger.append("verdicts", [{
            "trace_id": order[place], "judge": "ann", "judge_kind": "person", "draw_id": draw.draw_id,
            "error_probability": float(place == 1), "source": f"l:{place}",
        }])  # fmt: skip
    judged = facts_of(ledger)[0].judged
    assert isinstance(judged, LabeledCounts)
    assert (judged.labels, judged.waiting) == (3, 1)
    assert (judged.strata[0].size, judged.strata[0].errors) == (40, 1)
    caught = judged.caught[0]
    assert (caught.wrong, caught.caught, caught.right, caught.flagged) == (1, 1, 2, 2)
    assert isinstance(facts_of(ledger, FactsQuestion(evidence="census"))[0].judged, JudgedCounts)


def test_what_a_tag_says() -> None:
    assert [is_true(text) for text in ("T", " yes ", "0")] == [True, True, False]
    assert [is_true(text) for text in (None, "maybe")] == [None, None]
