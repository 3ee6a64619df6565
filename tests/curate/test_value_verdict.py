"""The claims about a part: none is wrong more often than promised, whatever the truth and the noise."""

from __future__ import annotations

import numpy as np
import pytest

from assay.curate.value_corpus import SourceText
from assay.curate.value_result import REGIMES, RegimeValue
from assay.curate.value_settings import ValueSettings
from assay.curate.value_verdict import _call, _Placebo, _verdict, part_values
from assay.estimate.paired_bootstrap import Change, HeldOut, paired_change
from assay.quantity import Unknown

SEEDS, DOCUMENTS = 5, 60
MARGIN, MISS = 0.1, 0.05
TRUTHS = [
    # on top, against the placebo, the rest against its own; as many tokens of the rest bring -1
    (0.0, -1.0, -1.0), (0.1, -1.0, -1.0), (-0.1, -1.0, -1.0), (-0.1001, -0.1001, -1.0), (-0.1, 0.0, -1.0),
    (-0.5, -0.1, -1.0), (0.1, -0.1, -1.0), (-1.0, 0.0, -1.0), (0.5, 0.0, -1.0), (-0.5, -0.5, -1.0),
    # a proxy that sees no order
    (-1.0, 0.0, 0.0), (-0.5, 0.0, -0.1), (-1.0, -0.05, -0.05),
]  # fmt: skip
NOISES = (0.02, 0.05, 0.1, 0.2, 0.5)


def wrong_claims(truth: tuple[float, float, float], noise: float, runs: int, seed: int) -> int:
    """Count claims that are false: each change is its truth and noise of seeds and of documents."""
    on_top, over_placebo, rest = truth
    rng = np.random.default_rng([seed, int(noise * 1000)])
    held_out = HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))
    wrong = 0
    for _ in range(runs):
        change, mine, others, gain = (
            _noisy(mean, noise, held_out, rng) for mean in (on_top, over_placebo, rest, -1.0)
        )
        call = _call(change, gain, MARGIN, MISS, _Placebo(mine, others))
        verdict = call.verdict(call.p_value, MISS)
        wrong += {
            "hurts": on_top <= 0,
            "helps": on_top >= 0 or over_placebo >= 0,
            # The margin is of what the rest brings, which is 1.
            "worthless": abs(on_top) >= MARGIN and (over_placebo <= -MARGIN or rest >= -MARGIN),
            "cannot tell": False,
        }[verdict]
    return wrong


def _noisy(truth: float, noise: float, held_out: HeldOut, rng: np.random.Generator) -> Change:
    seeds = rng.normal(0, noise * np.sqrt(SEEDS / 2), (SEEDS, 1))
    documents = rng.normal(0, noise * np.sqrt(DOCUMENTS / 2), (1, DOCUMENTS))
    bits = 1000 * (truth + seeds + documents)
    return paired_change(bits, np.zeros_like(bits), held_out)


def test_few_claims_are_wrong() -> None:
    # Of the hardest: a part that helps as much as the margin, in its text and against the placebo.
    assert wrong_claims((-0.1001, -0.1001, -1.0), 0.05, 200, 7) <= 18


@pytest.mark.nightly
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("truth", TRUTHS)
def test_wrong_claims_are_at_most_one_in_twenty(
    truth: tuple[float, float, float], noise: float
) -> None:
    # 2,000 runs at 5 % have at most 125 in all but one of 1,000 cells.
    assert wrong_claims(truth, noise, 2_000, 3) <= 125


def test_what_is_surely_small_is_worthless_though_it_surely_helps() -> None:
    held_out = HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))
    rng = np.random.default_rng(1)
    change, gain, placebo = (_noisy(truth, 0.005, held_out, rng) for truth in (-0.03, -1.0, -1.0))
    call = _call(change, gain, MARGIN, MISS, _Placebo(placebo, gain))
    assert call.helps < 0.01
    assert call.verdict(call.p_value, MISS) == "worthless"


def test_where_the_rest_brings_nothing_nothing_is_called_small() -> None:
    held_out = HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))
    rng = np.random.default_rng(1)
    change, gain, placebo = (_noisy(truth, 0.01, held_out, rng) for truth in (0.0, 0.0, -1.0))
    call = _call(change, gain, MARGIN, MISS, _Placebo(placebo, gain))
    assert call.small == call.unordered == 1
    assert call.verdict(call.p_value, MISS) in {"cannot tell", "hurts", "helps"}


def test_a_proxy_that_sees_no_order_calls_no_text_a_list_of_words() -> None:
    """A transformer after few tokens: a good text helps, and so do its words in another order."""
    held_out = HeldOut(np.full(DOCUMENTS, 1000), np.arange(DOCUMENTS))
    rng = np.random.default_rng(1)
    change, gain, placebo, rest = (
        _noisy(truth, 0.005, held_out, rng) for truth in (-1.0, -1.0, 0.0, 0.0)
    )
    call = _call(change, gain, MARGIN, MISS, _Placebo(placebo, rest))
    assert call.verdict(call.p_value, MISS) == "cannot tell"
    call = _call(change, gain, MARGIN, MISS, _Placebo(placebo, gain))
    assert call.verdict(call.p_value, MISS) == "worthless"


@pytest.mark.parametrize(
    ("unordered", "said"),
    [(True, "hardly more than its own words in another order"), (False, "next to nothing")],
)
def test_why_a_part_is_worthless_is_the_claim_that_was_made(unordered: bool, said: str) -> None:
    unknown = Unknown("not asked")
    regimes = tuple(RegimeValue(name, unknown, unknown, 0.0, 0.0, "worthless") for name in REGIMES)
    verdict, why = _verdict(regimes, unordered=unordered)
    assert (verdict, said in why) == ("worthless", True)


def test_a_copy_says_whose_it_is() -> None:
    text = SourceText("copy", 9, 1_000, 0, 1_000, 0, (("web", 1_000),))
    (part,) = part_values([text], {}, ValueSettings())
    assert part.verdict == "worthless"
    assert "1,000 of them stand in web" in part.why
    assert "while they are there" in part.why
