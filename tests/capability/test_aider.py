"""Real runs: 69 models on Aider's 225 coding cases; what a mend costs decides which is the cheapest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.capability.evidence import Prices
from assay.capability.measure import Capability, measure
from assay.capability.ranking import Ranking, break_even_mend, items_to_tell_apart, rank
from assay.quantity import Estimate, Quantity
from capability.aider_runs import runs

pytestmark = pytest.mark.shared_data

REASONER = "DeepSeek-V3.2-Exp (Reasoner)"

# pass %, its limits where published, $/case, Cost-of-Pass, CVC at $0.50, $5 and $20, s/case, wrong/h per lane;
# each as many digits as the note gives. (Its 1.30 for the Reasoner at $5 is 5 (1 - .742) + .0058, from a share that
# was rounded before; from the counts it is 1.2947.)
TABLE = {
    "gpt-5 (high)": ("88.0", ("83.0", "91.9"), "0.129", "0.147", "0.189", "0.729", "2.53", "194", "2.2"),
    "gpt-5 (medium)": ("86.7", ("81.5", "90.8"), "0.079", "0.091", "0.145", "0.745", "2.75", "119", "4.0"),
    "o3-pro (high)": ("84.9", ("79.5", "89.3"), "0.650", "0.766", "0.726", "1.41", "3.67", "449", "1.2"),
    "gpt-5 (low)": ("81.3", None, "0.046", "0.057", "0.139", "0.979", "3.78", "62", "10.8"),
    "claude-opus-4-20250514 (32k thinking)": ("72.0", None, "0.292", "0.406", "0.432", "1.69", "5.89", "44", "22.9"),
    REASONER: ("74.2", ("68.0", "79.8"), "0.0058", "0.0078", "0.135", "1.29", "5.16", "291", "3.2"),
    "DeepSeek-V3.2-Exp (Chat)": ("70.2", None, "0.0039", "0.0055", "0.153", "1.49", "5.96", "104", "10.3"),
    "DeepSeek Chat V3 (prev)": ("48.4", None, "0.0015", "0.0031", "0.259", "2.58", "10.3", "35", "53"),
    "Grok 3 Beta": ("53.3", None, "0.049", "0.092", "0.282", "2.38", "9.38", "15", "110"),
    "o1-2024-12-17 (high)": ("62.1", None, "0.833", "1.34", "1.02", "2.73", "8.42", "133", "10.3"),
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(shared_data: Path) -> list[Capability]:
    rng = np.random.default_rng(7)
    return [measure(run, Prices(0.5), rng=rng, draws=4_000) for run in runs(shared_data)]


@pytest.fixture(scope="module")
def rankings(measured: list[Capability]) -> dict[float, Ranking]:
    return {mend: rank([one.at(Prices(mend)) for one in measured]) for mend in (0.5, 5.0, 20.0)}


def value(quantity: Quantity) -> float:
    assert isinstance(quantity, Estimate)
    return quantity.value


def to_the_digits(number: float, digits: str) -> bool:
    """Whether a number is as given, to half of its last digit (or a hair more, where it was rounded twice)."""
    places = len(digits.partition(".")[2])
    return bool(abs(number - float(digits)) <= 0.501 * 10.0**-places)


@pytest.mark.parametrize("name", TABLE)
def test_table_to_the_digits_given(measured: list[Capability], name: str) -> None:
    one = next(found for found in measured if found.name == name)
    right, limits, cost, cost_of_pass, *cvc, seconds, wrong = TABLE[name]
    assert isinstance(one.right, Estimate)
    assert to_the_digits(100 * one.right.value, right)
    if limits is not None:
        assert to_the_digits(100 * one.right.low, limits[0])
        assert to_the_digits(100 * one.right.high, limits[1])
    assert to_the_digits(one.parts.known["cost"].value, cost)
    assert to_the_digits(value(one.cost_of_pass), cost_of_pass)
    for mend, digits in zip((0.5, 5.0, 20.0), cvc, strict=True):
        assert to_the_digits(value(one.at(Prices(mend)).cvc), digits), mend
    assert to_the_digits(one.parts.known["seconds"].value, seconds)
    assert to_the_digits(value(one.wrong_per_hour), wrong)


def test_18_of_69_have_no_known_cost_and_are_listed_apart(rankings: dict[float, Ranking]) -> None:
    found = rankings[5.0]
    assert (len(found.rows), len(found.unranked)) == (51, 18)
    assert {one.reason for one in found.unranked} == {"cost unknown: the bill is 0 or missing"}
    assert len(found.by_score) == 69
    assert len(found.by_cost_of_pass) == 51


def test_three_rankings_three_winners(rankings: dict[float, Ranking]) -> None:
    costed = {row.name for row in rankings[5.0].rows}
    found = rankings[5.0]
    assert found.by_score[0] == "gpt-5 (high)"
    assert found.by_cost_of_pass[0] == "DeepSeek Chat V3 (prev)"
    assert next(name for name in found.by_wrong_per_hour if name in costed) == "o3-pro (high)"
    assert found.place("DeepSeek Chat V3 (prev)") == 33
    assert rankings[20.0].place("DeepSeek Chat V3 (prev)") == 34
    assert value(found.score_against_cost_of_pass) == pytest.approx(-0.32, abs=0.005)


def test_the_price_of_a_mend_decides(rankings: dict[float, Ranking]) -> None:
    winners = [rankings[mend].rows[0].name for mend in (0.5, 5.0, 20.0)]
    assert winners == [REASONER, "gpt-5 (high)", "gpt-5 (high)"]
    cheap = {row.name: row for row in rankings[0.5].rows}
    assert cheap[REASONER].p_best == pytest.approx(0.48, abs=0.03)
    assert cheap["gpt-5 (low)"].p_best == pytest.approx(0.29, abs=0.03)
    dear = {row.name: row for row in rankings[5.0].rows}
    assert dear["gpt-5 (high)"].p_best == pytest.approx(0.52, abs=0.03)
    assert dear["gpt-5 (medium)"].p_best == pytest.approx(0.45, abs=0.03)
    # A tie, and said so.
    assert dear["gpt-5 (high)"].tie == dear["gpt-5 (medium)"].tie == 1


def test_where_the_order_turns_and_what_would_show_it(measured: list[Capability]) -> None:
    named = {one.name: one for one in measured}
    high, medium = named["gpt-5 (high)"], named["gpt-5 (medium)"]
    turn = break_even_mend(high, medium)
    assert isinstance(turn, Estimate)
    # (.1293 - .0786) / (.1333 - .12)
    assert turn.value == pytest.approx(3.80, abs=0.01)
    assert 0.5 < turn.low < 0.8
    assert turn.high == np.inf
    firm = break_even_mend(high, named["DeepSeek Chat V3 (prev)"])
    assert isinstance(firm, Estimate)
    assert 0.2 < firm.low < firm.value < firm.high < 0.5
    # z = .43 on 225 items: 80 % power takes (2.80 / .43)^2 as many for the score alone.
    items = items_to_tell_apart(high, medium, Prices(1e6))
    assert isinstance(items, Estimate)
    assert items.value == pytest.approx(225 * (2.80 / 0.43) ** 2, rel=0.08)
    assert items.high == np.inf
