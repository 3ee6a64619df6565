from __future__ import annotations

import datetime as dt
import math
import re
import socket
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from assay.capability.catalogue import parse_catalogue
from assay.capability.price_table import (
    ListPrice,
    catalogue_prices,
    genai_catalogue,
    read_price_csv,
)
from assay.capability.prices import RECORDED, PricedCall, fill_costs, price_of
from assay.errors import BadInput, EstimateError
from assay.quantity import Unknown

TODAY = dt.date(2026, 11, 23)
CSV = """model,usd_per_million_input,usd_per_million_output,date,source
gpt-4o,2,8,2026-10-01,our contract
mine,0.1,0.4,2026-10-02,our bill
"""


@pytest.fixture
def table(tmp_path: Path) -> dict[str, ListPrice]:
    path = tmp_path / "prices.csv"
    path.write_text(CSV)
    return read_price_csv(path, today=TODAY)


def test_a_known_model_has_its_list_price_with_a_date_and_needs_no_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*args: object) -> NoReturn:
        raise AssertionError("a price was asked for over the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    priced = price_of("gpt-4o", 1000, 500)
    assert isinstance(priced, PricedCall)
    assert priced.usd == pytest.approx(0.0075)
    assert priced.priced_by == f"priced by {genai_catalogue()}"
    assert "newest dated price 20" in genai_catalogue()


@pytest.mark.parametrize("name", ["SmolLM2-135M-Instruct", "gpt-4o-of-ours", "my-gpt-4o", "", "x"])
def test_an_unknown_model_is_unknown_and_never_zero(name: str) -> None:
    priced = price_of(name, 1000, 500)
    assert isinstance(priced, Unknown)
    assert "no price of" in priced.reason


def test_an_unknown_model_names_its_neighbours() -> None:
    priced = price_of("gpt-4o-minni", 10, 10)
    assert isinstance(priced, Unknown)
    assert "near are gpt-4o-mini" in priced.reason


def test_the_price_is_that_of_the_day() -> None:
    # The price of o3 fell to a fifth on 2025-06-10.
    days = [dt.datetime(2025, 6, 1, tzinfo=dt.UTC), dt.datetime(2025, 6, 20, tzinfo=dt.UTC)]
    costs = [price_of("o3", 10**6, 10**6, at=day) for day in days]
    usd = [cost.usd for cost in costs if isinstance(cost, PricedCall)]
    assert len(usd) == 2
    assert usd[0] == pytest.approx(5 * usd[1])


@pytest.mark.parametrize("name", ["gpt-4o", "o3", "claude-sonnet-4-5", "gemini-2.5-pro"])
@pytest.mark.parametrize("tokens", [(1, 1), (1000, 500), (300_000, 7), (12, 0)])
def test_prices_that_are_kept_are_those_of_the_package(name: str, tokens: tuple[int, int]) -> None:
    from genai_prices import Usage, calc_price

    at = dt.datetime(2026, 6, 1, 12, 0, 30, tzinfo=dt.UTC)
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    told = calc_price(usage, model_ref=name, genai_request_timestamp=at)
    priced = price_of(name, *tokens, at=at)
    assert isinstance(priced, PricedCall)
    assert priced.usd == pytest.approx(float(told.total_price), rel=1e-12)


def test_the_users_table_goes_first(table: dict[str, ListPrice]) -> None:
    own = price_of("gpt-4o", 1000, 500, table=table)
    assert isinstance(own, PricedCall)
    assert own.usd == pytest.approx(0.006)
    assert own.priced_by == "priced by prices.csv, 2026-10-01"
    assert isinstance(price_of("mine", 1000, 500, table=table), PricedCall)
    assert isinstance(price_of("mine", 1000, 500), Unknown)


def test_a_price_of_zero_is_not_free_and_half_a_price_is_unknown() -> None:
    free = {"m": ListPrice("m", 0.0, 0.0, "t")}
    half = {"m": ListPrice("m", 1.0, None, "t")}
    assert isinstance(price_of("m", 10, 10, table=free), Unknown)
    assert isinstance(price_of("m", 10, 10, table=half), Unknown)
    assert isinstance(price_of("m", 10, 0, table=half), PricedCall)
    assert isinstance(price_of("m", 0, 0, table=half), Unknown)


def test_prices_of_a_catalogue() -> None:
    text = """[catalogue]
name = "mine"
date = 2026-10-01
[model.m]
input_price = { value = 1, low = 1, high = 1, unit = "USD/Mtok", source = "bill", date = 2026-09-01 }
"""
    table = catalogue_prices(parse_catalogue(text, "my.toml", today=TODAY))
    assert table["m"] == ListPrice("m", 1.0, None, "mine, 2026-09-01")


def test_missing_costs_are_filled_in_and_recorded_ones_stay(table: dict[str, ListPrice]) -> None:
    nan = math.nan
    filled = fill_costs(
        ["gpt-4o", "gpt-4o", "gpt-4o", "other", "mine", "mine"],
        [1000, 1000, 1000, 1000, nan, 0],
        [500, 500, 500, 500, 500, 0],
        [0.5, 0.0, nan, nan, nan, 0.0],
        table=table,
    )
    assert filled.cost_usd[:3] == pytest.approx([0.5, 0.006, 0.006])
    assert np.isnan(filled.cost_usd[3:]).all()
    assert filled.priced_by == {RECORDED: 1, "priced by prices.csv, 2026-10-01": 2}
    assert sum(filled.unknown.values()) == 3
    assert filled.notes[0] == "2 of 6 costs priced by prices.csv, 2026-10-01"
    assert len(filled.notes) == 4


def test_no_cost_of_zero_ever_comes_out() -> None:
    rng = np.random.default_rng(4)
    read = rng.integers(0, 3, 200).astype(float)
    written = rng.integers(0, 3, 200).astype(float)
    costs = rng.choice([0.0, math.nan, 0.1], 200)
    filled = fill_costs(["gpt-4o"], read, written, costs).cost_usd
    assert not np.any(filled == 0)
    assert np.array_equal(np.isnan(filled), (read + written == 0) & ~(costs > 0))


def test_what_was_given_is_not_changed_and_nonsense_is_refused() -> None:
    costs = np.array([0.0])
    fill_costs(["gpt-4o"], [10], [10], costs)
    assert costs.tolist() == [0.0]
    with pytest.raises(EstimateError, match="as many"):
        fill_costs(["a", "b"], [1], [1], [1])
    for bad in (-1.0, math.inf):
        with pytest.raises(EstimateError, match="finite and not negative"):
            fill_costs(["a"], [1], [1], [bad])
    with pytest.raises(EstimateError, match="tokens"):
        price_of("gpt-4o", -1, 1)


@pytest.mark.parametrize(
    ("found", "put", "told"),
    [
        ("0.1,0.4", "-0.1,0.4", ":3: usd_per_million_input must be a number >= 0, got '-0.1'"),
        ("0.1,0.4", "0.1,", ":3: usd_per_million_output must be a number >= 0, got ''"),
        ("0.1,0.4", "0.1,nan", ":3: usd_per_million_output"),
        ("2026-10-02", "2027-10-02", ":3: date must not be in the future"),
        ("2026-10-02", "October", ":3: date must be a day"),
        ("our bill", "", ":3: source is empty"),
        ("mine", "gpt-4o", ":3: model 'gpt-4o' stands twice"),
        ("mine", " ", ":3: model is empty"),
        ("date,", "dote,", ":1: there is no column 'dote'; did you mean date?"),
        (",source", "", ":1: the prices have no column source"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused_by_line(
    tmp_path: Path, found: str, put: str, told: str
) -> None:
    path = tmp_path / "prices.csv"
    text = (
        CSV.replace(found, put)
        if found != ",source"
        else "\n".join(line.rsplit(",", 1)[0] for line in CSV.splitlines())
    )
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        read_price_csv(path, today=TODAY)
    assert told in str(refused.value)


def aider_runs(folder: Path) -> dict[str, dict[str, float]]:
    """Return tokens and costs of the runs that state all three, by model as the board names it."""
    runs = {}
    for block in (folder / "aider" / "polyglot_leaderboard.yml").read_text().split("- dirname:"):
        found = dict(
            re.findall(
                r"^  (model|total_cost|prompt_tokens|completion_tokens): (.+)$", block, re.MULTILINE
            )
        )
        if len(found) == 4:
            name = found.pop("model")
            runs[name] = {key: float(value) for key, value in found.items()}
    return runs


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("board", "model"),
    [
        ("claude-opus-4-20250514 (no think)", "claude-opus-4-20250514"),
        ("o3-pro (high)", "o3-pro"),
        ("grok-4 (high)", "grok-4"),
    ],
)
def test_list_prices_give_what_was_really_paid(shared_data: Path, board: str, model: str) -> None:
    run = aider_runs(shared_data)[board]
    tokens = run["prompt_tokens"], run["completion_tokens"]
    when = dt.datetime(2025, 8, 1, tzinfo=dt.UTC)
    priced = price_of(model, *tokens, at=when)
    assert isinstance(priced, PricedCall)
    assert priced.usd == pytest.approx(run["total_cost"], rel=1e-5)


@pytest.mark.shared_data
def test_a_run_that_was_not_charged_for_is_unknown_and_not_free(shared_data: Path) -> None:
    runs = aider_runs(shared_data)
    names = list(runs)
    told = [runs[name]["total_cost"] for name in names]
    filled = fill_costs(
        names,
        [runs[name]["prompt_tokens"] for name in names],
        [runs[name]["completion_tokens"] for name in names],
        told,
    )
    zero = np.array(told) == 0
    assert zero.sum() >= 1
    # The board's names are no names of a provider: nothing near is taken for them.
    assert np.isnan(filled.cost_usd[zero]).all()
    assert filled.cost_usd[~zero].tolist() == [cost for cost in told if cost > 0]
