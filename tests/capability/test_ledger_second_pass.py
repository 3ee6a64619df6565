"""A second pass, measured on the outputs that are known to be wrong."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assay.capability.cost_answer import answer_cost
from assay.capability.cost_question import CostQuestion
from assay.capability.evidence import ShareEvidence
from assay.capability.ledger_facts import FactsQuestion, facts_of
from assay.capability.ledger_second_pass import BothPasses, both_passes
from assay.errors import BadInput, LedgerError
from assay.judge.rules import rule_named
from assay.judge.run_check import judge_by_check
from assay.ledger.draws import newest_draw
from assay.ledger.ingest.mapping import parse_mapping
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.ingest.source import ReadOptions
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.volume.draw import DrawRequest, draw_labels

CAUGHT = '{"caught":"true"}'


def fill(
    ledger: Ledger, wrong: Sequence[bool], caught: Sequence[bool], *, per_task: int = 1, **more: Any
) -> None:
    """Put outputs into a ledger; of each whether it is wrong, and whether it was caught before delivery."""
    traces = [
        {"trace_id": f"a-{i}", "task_id": f"t{i // per_task}", "system": "a", "version": "1", "epoch": i % per_task + 1,
         "origin": "field", "tags": CAUGHT if caught[i] else "{}", "source": f"f:{i}",
         "latency_seconds": 1 + i % 3 / 10, "cost_usd": 0.01 + i % 5 / 1000} | more
        for i in range(len(wrong))
    ]  # fmt: skip
    ledger.append("traces", traces)
    judge(ledger, "exact@1", "check", [float(one) for one in wrong])


def judge(ledger: Ledger, name: str, kind: str, said: Sequence[float | None]) -> None:
    rows: list[dict[str, object]] = [
        {
            "trace_id": f"a-{i}",
            "judge": name,
            "judge_kind": kind,
            "error_probability": one,
            "source": f"{name}:{i}",
        }
        for i, one in enumerate(said)
    ]
    ledger.append("verdicts", rows)


def found(ledger: Ledger, name: str = "second@1", **asked: Any) -> BothPasses:
    both = both_passes(ledger, facts_of(ledger)[0], name, **asked)
    assert isinstance(both, BothPasses), both
    return both


def test_what_both_miss_is_counted_on_the_same_outputs(ledger: Ledger) -> None:
    # Ten wrong, of which the first pass caught six. The second catches eight, and the two that it misses are among the
    # four that the first missed: were they independent, 10 x .4 x .2 = .8 would get past both, and it is two.
    wrong = [True] * 10 + [False] * 10
    fill(ledger, wrong, [i < 6 or i == 19 for i in range(20)])
    judge(ledger, "second@1", "model", [0.1 if i in (8, 9) else 0.9 for i in range(10)]
          + [0.9, None] + [0.0] * 8)  # fmt: skip
    both = found(ledger)
    assert both.both_missed == ShareEvidence(2, 20)
    # Held back of the right: one the first, one the second, and one that the second isn't sure of.
    assert both.flagged == ShareEvidence(3, 10)
    alone = found(ledger, caught_tag=None)
    assert (alone.both_missed, alone.flagged) == (ShareEvidence(2, 20), ShareEvidence(2, 10))


def test_what_a_pass_is_not_sure_of_gets_past_it_where_it_is_wrong(ledger: Ledger) -> None:
    fill(ledger, [True] * 4, [False] * 4)
    judge(ledger, "second@1", "model", [0.5, None, 0.51, 1.0])
    assert found(ledger).both_missed == ShareEvidence(2, 4)
    assert found(ledger).flagged is None  # none is right


def test_answers_to_one_task_count_as_one(ledger: Ledger) -> None:
    fill(ledger, [True] * 10 + [False] * 30, [False] * 40, per_task=10)
    judge(ledger, "second@1", "model", [0.0] * 40)
    assert found(ledger).both_missed == ShareEvidence(1, 4)


def test_a_pass_over_a_part_says_nothing_of_the_whole(ledger: Ledger) -> None:
    fill(ledger, [True] * 4, [False] * 4)
    judge(ledger, "second@1", "model", [1.0] * 3)
    why = both_passes(ledger, facts_of(ledger)[0], "second@1")
    assert (
        why
        == "second@1 has spoken on 3 of 4 outputs: what both miss is known only where it has on all"
    )
    why = both_passes(ledger, facts_of(ledger)[0], "exact@1")
    assert isinstance(why, str)
    assert "says here what is right" in why
    with pytest.raises(LedgerError, match=r"'other': no judge of that name.*'exact@1', 'second@1'"):
        both_passes(ledger, facts_of(ledger)[0], "other")


def test_on_the_labels_of_a_draw_by_stratum(ledger: Ledger) -> None:
    wrong = [i % 2 == 0 for i in range(60)]
    fill(ledger, wrong, [i % 4 == 0 for i in range(60)])
    judge(ledger, "second@1", "model", [float(i % 3 == 0) for i in range(60)])
    draw_labels(ledger, DrawRequest(Window("a", "1", None, None, "field"), labels=30, seed=3))
    draw = newest_draw(ledger)
    names = [
        one for stratum in draw.strata for one in stratum.trace_ids[: len(stratum.trace_ids) // 2]
    ]
    rows = [
        {"trace_id": one, "judge": "ann", "judge_kind": "person", "draw_id": draw.draw_id, "source": f"l:{one}",
         "error_probability": float(wrong[int(one[2:])])}
        for one in names
    ]  # fmt: skip
    ledger.append("verdicts", rows)
    both = found(ledger)
    places = [int(one[2:]) for one in names]
    missed = sum(i % 2 == 0 and i % 4 != 0 and i % 3 != 0 for i in places)
    assert (both.both_missed.hits, both.both_missed.n) == (missed, len(places))
    assert len(both.both_missed.strata) == len(draw.strata)
    right = [i for i in places if i % 2]
    assert isinstance(both.flagged, ShareEvidence)
    assert both.flagged.hits == pytest.approx(sum(i % 3 == 0 for i in right))
    assert both.flagged.n == pytest.approx(len(right))


@pytest.mark.parametrize("independent", [True, False], ids=["apart", "alike"])
def test_it_meets_a_standard_only_where_it_catches_what_the_first_missed(
    ledger: Ledger, *, independent: bool
) -> None:
    # 1,000 outputs, 100 of them wrong, of which the first pass caught half. Either second pass catches 95 of the 100:
    # one misses five that the first caught, one misses five of those that it missed too.
    fill(ledger, [i < 100 for i in range(1_000)], [i < 50 for i in range(1_000)])
    misses = range(5) if independent else range(95, 100)
    judge(ledger, "second@1", "model", [float(i < 100 and i not in misses) for i in range(1_000)])
    asked = CostQuestion(mend_usd=1.0, escape_usd=20.0, false_alarm_usd=0.5, check_usd=0.01, standard="5/1000",
                         second_pass="second@1", pass_usd=0.02)  # fmt: skip
    (one,) = answer_cost(ledger, asked).systems
    assert one.meets is False
    assert one.add_on is not None
    if independent:
        assert one.add_on.startswith("cheapest that would make it: second pass by second@1, at $")
        # 1,000 attempts at $.012, checks at .03, 100 mends of $1, none escapes; each item ends verified-correct.
        assert "$0.142 [" in one.add_on
    else:
        assert "tried: second pass by second@1" in one.add_on


def test_why_no_second_pass_was_tried_is_said(ledger: Ledger) -> None:
    fill(ledger, [i < 10 for i in range(100)], [False] * 100)
    judge(ledger, "second@1", "model", [1.0] * 50)
    asked: dict[str, Any] = {
        "escape_usd": 2.0,
        "standard": "5/1000",
        "second_pass": "second@1",
        "pass_usd": 0.0,
    }
    (one,) = answer_cost(ledger, CostQuestion(**asked)).systems
    assert any(
        "no second pass was tried: second@1 has spoken on 50 of 100" in said for said in one.notes
    )
    (one,) = answer_cost(
        ledger, CostQuestion(**asked, mend_usd=1.0, caught=0.5, check_usd=0.1)
    ).systems
    assert any("on your word (--caught)" in said for said in one.notes)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"second_pass": "x"}, "--pass-cost go together"),
        ({"pass_usd": 1.0}, "--pass-cost go together"),
        ({"second_pass": "x", "pass_usd": 1.0}, "--standard says which"),
        ({"review_usd": 1.0, "review_caught": 0.5}, "--standard says which"),
    ],
)
def test_add_ons_without_what_they_need_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        CostQuestion(**asked)


@pytest.mark.shared_data
def test_two_real_models_miss_more_together_than_independent_ones_would(
    shared_data: Path, ledger: Ledger
) -> None:
    """GPT-4's answers to 1,000 questions, held back where GPT-3.5 says otherwise; counted from the file itself."""
    file = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    checked, second = "openaichat/gpt-4-0613", "openaichat/gpt-3.5-turbo-0301"
    said: dict[str, dict[str, bool]] = {checked: {}, second: {}}
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["model"] in said:
                answers = re.findall(r"\[(yes|no)\]", row["answer"].lower())
                is_right = bool(answers) and answers[-1] == row["ref_answer"].lower()
                said[row["model"]][row["id"]] = is_right
    mapping = "output=answer,system=model,task_id=id,input=query,reference=ref_answer,cost_usd=cost"
    ingest_file(ledger, file, ReadOptions(parse_mapping(mapping)))
    judge_by_check(ledger, rule_named("exact", parser=r"last-match=\[(yes|no)\]"))
    # Two answers of yes or no differ where one of them is right and the other wrong.
    differs = {task: said[second][task] != right for task, right in said[checked].items()}
    traces = ledger.rows(f"SELECT trace_id, task_id FROM traces WHERE system = '{checked}'")
    rows = [
        {"trace_id": one["trace_id"], "judge": "other model", "judge_kind": "model", "source": f"o:{one['task_id']}",
         "error_probability": float(differs[one["task_id"]])}
        for one in traces
    ]  # fmt: skip
    ledger.append("verdicts", rows)
    (facts,) = facts_of(ledger, FactsQuestion(systems=(checked,)))
    both = both_passes(ledger, facts, "other model")
    assert isinstance(both, BothPasses)
    missed = sum(not right and not said[second][task] for task, right in said[checked].items())
    held = sum(right and not said[second][task] for task, right in said[checked].items())
    right = sum(said[checked].values())
    assert both.both_missed == ShareEvidence(missed, 1_000)
    assert both.flagged == ShareEvidence(held, right)
    apart = (1 - right / 1_000) * (1 - sum(said[second].values()) / 1_000)
    assert missed / 1_000 > apart
