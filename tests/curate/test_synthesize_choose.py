"""Which answers become examples, by rules alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from assay.curate.synthesize_candidates import Candidate, folded
from assay.curate.synthesize_choose import KEPT, LEFT_OUT, REJECTED, Choice, Chosen, choose
from assay.curate.synthesize_gate import (
    Combine,
    Gate,
    Verdict,
    agreement_passes,
    combined,
    spec_named,
)
from assay.curate.synthesize_yield import yield_of
from assay.errors import BadInput
from assay.judge.rules import CheckSettings
from assay.quantity import Estimate, Unknown


def answer(task: str, sample: int, output: str = "", **more: object) -> Candidate:
    one = Candidate(
        f"ask-{task}-{sample}", task, sample, (("user", f"what of {task}?"),), f"what of {task}?",
        output or f"it is {task} {sample}",
    )  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]


def chosen(
    found: Sequence[Candidate],
    wrong: Sequence[str] = (),
    choice: Choice | None = None,
    combine: Combine = "all",
) -> Chosen:
    verdicts = {
        one.trace_id: (Verdict("check", one.trace_id not in wrong, note="so it is"),)
        for one in found
    }
    return choose(found, verdicts, combine, choice or Choice())


def outcomes(found: Chosen) -> dict[str, str]:
    return {one.candidate.trace_id: one.outcome for one in found.decided}


def test_rejected_answers_say_who_rejected_them() -> None:
    found = chosen([answer("a", 1), answer("a", 2)], wrong=["ask-a-2"])
    assert outcomes(found) == {"ask-a-1": KEPT, "ask-a-2": REJECTED}
    assert [one.why for one in found.decided] == ["", "rejected by check: so it is"]


def test_an_answer_that_is_empty_or_cut_off_is_no_example_whatever_a_verifier_says() -> None:
    found = chosen([answer("a", 1, "  \n"), answer("a", 2, finish="length")])
    assert [one.why for one in found.decided] == [
        "nothing was said",
        "the limit of tokens cut it off",
    ]


def test_what_was_said_before_is_left_out_and_points_and_signs_make_a_difference() -> None:
    said = ["It is 5.", "it  is\n5.", "It is -5.", "It is 0.5.", "It is 5."]
    found = chosen([answer("a", n, text) for n, text in enumerate(said, 1)])
    assert [one.outcome for one in found.decided] == [KEPT, LEFT_OUT, KEPT, KEPT, LEFT_OUT]
    assert found.decided[1].why == "a repeat: as task a, sample 1"
    other = chosen([answer("a", 1, "5"), answer("b", 1, "5")])
    assert len(other.of(KEPT)) == 2
    assert folded("Café") == folded("CAFE\u0301")


def test_near_repeats_are_looked_for_within_a_task_only() -> None:
    long = "the order of the school in London is to be there on the coming Tuesday at noon"
    near = f"{long} precisely"
    found = chosen(
        [answer("a", 1, long), answer("a", 2, near), answer("a", 3, "no"), answer("b", 1, near)],
        choice=Choice(near=0.8),
    )
    assert [one.outcome for one in found.decided] == [KEPT, LEFT_OUT, KEPT, KEPT]
    assert found.decided[1].why == "a near-repeat: as sample 1"


def test_the_cap_of_a_task_draws_by_lot_and_not_the_first() -> None:
    found = [answer(f"t{task}", sample) for task in range(60) for sample in range(1, 5)]
    once = chosen(found, choice=Choice(per_task=1, seed=3))
    assert Counter(one.candidate.task_id for one in once.of(KEPT)).most_common(1)[0][1] == 1
    drawn = Counter(one.candidate.sample for one in once.of(KEPT))
    assert min(drawn[sample] for sample in (1, 2, 3, 4)) >= 5
    again = chosen(list(reversed(found)), choice=Choice(per_task=1, seed=3))
    assert {one.candidate.trace_id for one in once.of(KEPT)} == {
        one.candidate.trace_id for one in again.of(KEPT)
    }


def test_a_balance_gives_each_difficulty_its_share_with_as_few_left_out_as_can_be() -> None:
    # Of 4 samples: 10 tasks with 1 verified (hard), 10 with 2 (medium), 10 with all (easy).
    found, wrong = [], []
    for name, right in (("h", 1), ("m", 2), ("e", 4)):
        for task in range(10):
            own = [answer(f"{name}{task}", sample) for sample in range(1, 5)]
            found += own
            wrong += [one.trace_id for one in own[right:]]
    shares = (("hard", 0.5), ("medium", 0.25), ("easy", 0.25))
    kept = chosen(found, wrong, Choice(balance=shares)).of(KEPT)
    assert Counter(one.bucket for one in kept) == {"hard": 10, "medium": 5, "easy": 5}
    none_hard = [one for one in found if not one.task_id.startswith("h")]
    rest = chosen(none_hard, wrong, Choice(balance=shares))
    assert rest.empty_buckets == ("hard",)
    assert Counter(one.bucket for one in rest.of(KEPT)) == {"medium": 20, "easy": 20}


@pytest.mark.parametrize(
    ("how", "verdicts", "passes"),
    [
        ("all", (True, True), True),
        ("all", (True, None), False),
        ("any", (None, True), True),
        ("any", (None, False), False),
        ("majority", (True, False), False),
        ("majority", (True, True, None), True),
        ("panel", (True, True, False), False),
        ("panel", (False, False, True), True),
    ],
)
def test_verdicts_are_combined(
    how: Combine, verdicts: tuple[bool | None, ...], passes: bool
) -> None:
    assert combined([Verdict("j", one) for one in verdicts], how) is passes


def test_agreement_wants_one_answer_that_is_commonest_and_common_enough() -> None:
    def passing(outputs: list[str], spec: str) -> list[bool | None]:
        found = [answer("a", n, text) for n, text in enumerate(outputs, 1)]
        return [said for said, _ in agreement_passes(found, spec_named(spec)).values()]

    three = ["so 42", "42.0", "I say 42", "41", "no idea"]
    assert passing(three, "agreement:0.6/last-number") == [True, True, True, False, None]
    # Three of five samples are 0.6 of them: he who says nothing counts among them.
    assert passing(three, "agreement:0.61/last-number") == [False, False, False, False, None]
    assert passing(["1", "1", "2", "2"], "agreement:0.5/last-number") == [False] * 4
    assert passing(["7"], "agreement:0.5") == [False]


@pytest.mark.parametrize(
    ("verify", "more", "said"),
    [
        ((), {}, "nothing verifies"),
        (("exakt",), {}, "verify must be exact"),
        (("exact/nothing",), {}, "parser must be one of"),
        (("agreement:1.5",), {}, r"in \(0, 1\]"),
        (("agreement:x/last-number",), {}, "as agreement:0.6"),
        (("model:",), {}, "verify must be"),
        (("none", "exact"), {}, "it goes alone"),
        (("exact", "exact"), {}, "named twice"),
        (("exact",), {"combine": "panel"}, "at least two verifiers"),
        (("exact",), {"combine": "most"}, "combine must be one of"),
        (("exact",), {"cut": 0.0}, "cut must be in"),
        (("exact",), {"checks": CheckSettings(tolerance=0.1)}, "takes no --tolerance"),
        (("model",), {"checks": CheckSettings(tolerance=0.1)}, "no verifier is a check"),
        (("json-schema",), {}, "needs a schema"),
    ],
)
def test_gates_that_cannot_be_are_refused(
    verify: tuple[str, ...], more: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        Gate(verify, **more)  # type: ignore[arg-type]


def test_each_of_several_checks_is_told_what_it_takes() -> None:
    gate = Gate(("numeric", "regex"), checks=CheckSettings(tolerance=0.5, pattern="a+"))
    numeric, regex = gate.rules().values()
    assert "tolerance 0.5" in numeric.judge
    assert "a+" in regex.judge


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"per_task": 0}, "per_task must be at least 1"),
        ({"near": 1.2}, "near must be in"),
        ({"balance": (("hard", 0.5), ("easy", 0.4))}, "sum to 1, they sum to 0.9"),
        ({"balance": (("simple", 1.0),)}, "got simple"),
        ({"balance": (("hard", 1.5), ("easy", -0.5))}, r"in \[0, 1\]"),
    ],
)
def test_choices_that_cannot_be_are_refused(choice: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Choice(**choice)  # type: ignore[arg-type]


def test_the_yield_counts_and_leaves_unknown_what_is() -> None:
    found = [
        answer(f"t{task}", sample, cost_usd=0.5, latency_seconds=2.0)
        for task in range(20)
        for sample in range(1, 5)
    ]
    wrong = [one.trace_id for one in found if one.sample > 2]
    decided = chosen(found, wrong, Choice(per_task=1)).decided
    gain = yield_of(decided, Unknown("nobody looked"))
    assert (gain.generated, gain.verified, gain.kept) == (80, 40, 20)
    per = gain.generations_per_verified
    assert isinstance(per, Estimate)
    assert per.value == pytest.approx(2)
    assert per.low < 2 < per.high
    assert per.n == 20
    usd = gain.usd_per_verified
    assert isinstance(usd, Estimate)
    assert (usd.value, usd.low) == pytest.approx((1.0, 0.5 * per.low))
    assert isinstance(gain.seconds_per_kept, Estimate)
    assert gain.seconds_per_kept.value == pytest.approx(8.0)
    assert isinstance(gain.tokens_per_verified, Unknown)
    assert "nobody looked" in gain.generations_per_right.reason  # type: ignore[union-attr]
    half = Estimate(0.5, 0.25, 0.8, "right/kept example", 0.95, 10, "labels")
    right = yield_of(decided, half).generations_per_right
    assert isinstance(right, Estimate)
    assert (right.low, right.value, right.high) == pytest.approx((5.0, 8.0, 16.0))


def test_one_unknown_cost_makes_the_cost_unknown() -> None:
    found = [answer("a", 1, cost_usd=0.5), answer("a", 2)]
    gain = yield_of(chosen(found).decided, Unknown(""))
    assert isinstance(gain.usd_per_verified, Unknown)
    assert gain.usd_per_verified.reason.startswith("1 of 2 answers have no cost")


def test_nothing_verified_has_no_price() -> None:
    found = [answer("a", 1, cost_usd=0.5)]
    gain = yield_of(chosen(found, ["ask-a-1"]).decided, Unknown(""))
    assert gain.generations_per_verified == Unknown("no answer was verified")
    assert gain.usd_per_kept == Unknown("no example was kept")
