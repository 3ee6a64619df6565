"""How pure a set is, by labels of a drawn sample: hits of the truth, and what counts where nobody is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assay.ask.place import AskSettings
from assay.ask.run import AskPlan
from assay.ask.tasks import TaskFile
from assay.curate.synthesize_audit import Audit, read_audit
from assay.curate.synthesize_audit_draw import audit_plan, draw_audit, newest_audit
from assay.curate.synthesize_candidates import Candidate
from assay.curate.synthesize_choose import KEPT, LEFT_OUT, REJECTED, Decided
from assay.ledger.draws import stored_draw
from assay.ledger.store import Ledger
from assay.quantity import Estimate, Unknown

PLAN = AskPlan(TaskFile(Path("tasks.jsonl")), AskSettings("s", "1", "m"))


@dataclass(frozen=True)
class World:
    """A ledger with answers that were parted."""

    ledger: Ledger
    decided: tuple[Decided, ...]
    right: frozenset[str]

    def label(self, draw_id: str, said: dict[str, float | None]) -> None:
        self.ledger.append("verdicts", [
            {"trace_id": trace_id, "judge": "ada", "judge_kind": "person", "error_probability": wrong,
             "draw_id": draw_id, "at": 1}
            for trace_id, wrong in said.items()
        ])  # fmt: skip

    def truth(self, ids: Sequence[str]) -> dict[str, float | None]:
        return {one: float(one not in self.right) for one in ids}

    def drawn(self, draw_id: str) -> dict[str, tuple[str, ...]]:
        return {one.rule.name: one.trace_ids for one in stored_draw(self.ledger, draw_id).strata}


def world(ledger: Ledger, sizes: dict[str, tuple[int, int]]) -> World:
    """Make answers: outcome -> (how many, of them right)."""
    decided, right = [], set()
    for outcome, (count, good) in sizes.items():
        for n in range(count):
            one = Candidate(f"ask-{outcome}-{n:04}", f"t{n}", 1, (("user", "?"),), "?", "!")
            decided.append(Decided(one, (), outcome, "", "easy"))
            if n < good:
                right.add(one.trace_id)
    ledger.append("traces", [
        {"trace_id": one.candidate.trace_id, "task_id": one.candidate.task_id, "system": "s", "version": "1",
         "input": "?", "output": "!", "origin": "exam"}
        for one in decided
    ])  # fmt: skip
    return World(ledger, tuple(decided), frozenset(right))


def estimate(found: Audit) -> Estimate:
    assert isinstance(found.purity, Estimate)
    return found.purity


def test_kept_and_left_out_are_together_a_sample_of_the_verified() -> None:
    rng = np.random.default_rng(5)
    plans = [audit_plan((300, 700, 500), 20, rng=rng) for _ in range(2000)]
    assert {plan.kept for plan in plans} == {plan.rejected for plan in plans} == {20}
    assert all(plan.verified_kept + plan.verified_left_out == 20 for plan in plans)
    # 20 of 1,000 with 700 left out: 14 on average, with standard error 0.045.
    assert abs(np.mean([plan.verified_left_out for plan in plans]) - 14) < 0.2
    tiny = audit_plan((3, 1, 0), 2, rng=rng)
    assert (tiny.kept, tiny.left_out, tiny.rejected) == (2, 1, 0)


def test_labels_give_purity_and_the_rates_of_the_verifier(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (80, 60), REJECTED: (120, 24)})
    draw = draw_audit(ledger, PLAN, made.decided, labels=40, seed=1)
    assert draw_audit(ledger, PLAN, made.decided, labels=40, seed=1) == draw
    assert newest_audit(ledger, made.decided) == draw
    before = read_audit(ledger, draw)
    assert before.purity == Unknown("no example of the kept set is labeled")
    assert (before.gate, before.to_label) == (None, 80)
    drawn = made.drawn(draw)
    assert {name: len(ids) for name, ids in drawn.items()} == {"kept": 40, "rejected": 40}
    made.label(draw, made.truth([*drawn["kept"], *drawn["rejected"]]))
    found = read_audit(ledger, draw)
    purity = estimate(found)
    assert purity.low <= 60 / 80 <= purity.high
    assert purity.high - purity.low < 0.3
    assert found.gate is not None
    assert isinstance(found.gate.keeps_right, Estimate)
    assert found.gate.keeps_right.low <= 60 / 84 <= found.gate.keeps_right.high


def test_all_labeled_is_exact(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (10, 7), REJECTED: (3, 0)})
    draw = draw_audit(ledger, PLAN, made.decided, labels=50, seed=1)
    made.label(draw, made.truth([one for ids in made.drawn(draw).values() for one in ids]))
    purity = estimate(read_audit(ledger, draw))
    assert (purity.low, purity.value, purity.high) == (0.7, 0.7, 0.7)
    assert purity.guarantee == "exact"


def test_unsure_and_passed_over_count_against_the_verifier(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (50, 50), REJECTED: (50, 0)})
    draw = draw_audit(ledger, PLAN, made.decided, labels=20, seed=2)
    kept, rejected = made.drawn(draw)["kept"], made.drawn(draw)["rejected"]
    # Of the first ten kept: one unsure, one passed over. Of the first ten rejected: one unsure.
    said = made.truth([*kept[:10], *rejected[:10]])
    said[kept[0]] = said[rejected[0]] = None
    del said[kept[4]]
    made.label(draw, said)
    found = read_audit(ledger, draw)
    assert (found.parts[KEPT].labeled, found.parts[KEPT].right, found.parts[KEPT].unsure) == (
        10,
        8,
        2,
    )
    assert (found.parts[REJECTED].labeled, found.parts[REJECTED].right) == (10, 1)
    assert "2 unsure counted as wrong" in estimate(found).method


def test_what_was_left_out_is_labeled_too_before_the_verifier_has_rates(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (60, 30), LEFT_OUT: (60, 60), REJECTED: (80, 8)})
    draw = draw_audit(ledger, PLAN, made.decided, labels=30, seed=4)
    drawn = made.drawn(draw)
    made.label(draw, made.truth([*drawn["kept"], *drawn["rejected"]]))
    half = read_audit(ledger, draw)
    assert half.gate is None
    assert "left out" in half.why_no_gate
    assert estimate(half).low <= 0.5 <= estimate(half).high
    made.label(draw, made.truth(drawn["verified, left out"]))
    whole = read_audit(ledger, draw)
    assert whole.gate is not None
    assert isinstance(whole.gate.purity, Estimate)
    # The set is half right, what the verifier passed is three quarters right: they are not taken for one another.
    assert whole.gate.purity.low <= 0.75 <= whole.gate.purity.high
    assert whole.gate.purity.n == 30


def test_another_parting_of_the_same_answers_has_no_labels(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (5, 5), REJECTED: (5, 0)})
    draw_audit(ledger, PLAN, made.decided, labels=5, seed=1)
    other = tuple(reversed(made.decided))
    assert newest_audit(ledger, other) == ""


@pytest.mark.nightly
def test_the_interval_of_purity_holds_the_truth(ledger: Ledger) -> None:
    made = world(ledger, {KEPT: (40, 31), REJECTED: (40, 5)})
    missed = 0
    for seed in range(40):
        draw = draw_audit(ledger, PLAN, made.decided, labels=12, seed=seed)
        made.label(draw, made.truth([one for ids in made.drawn(draw).values() for one in ids]))
        purity = estimate(read_audit(ledger, draw))
        missed += not purity.low <= 31 / 40 <= purity.high
    assert missed <= 6
