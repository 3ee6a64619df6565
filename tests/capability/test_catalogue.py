from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from assay.capability.catalogue import (
    Catalogue,
    default_catalogue,
    parse_catalogue,
    read_catalogue,
)
from assay.capability.catalogue_fields import FACT_FIELD, MACHINE_FIELDS
from assay.errors import BadInput
from assay.quantity import Unknown

TODAY = dt.date(2026, 11, 23)

HEAD = """[catalogue]
name = "mine"
date = 2026-10-01
"""

GOOD = '{ value = 1.7, low = 1.5, high = 1.9, unit = "kW", source = "plug", date = 2026-04-01 }'


def catalogue(power: str = GOOD, more: str = "") -> Catalogue:
    text = f'{HEAD}\n[machine.box]\ntitle = "A box"\npower = {power}\n{more}'
    return parse_catalogue(text, "my.toml", today=TODAY)


def refusal(power: str = GOOD, more: str = "") -> str:
    with pytest.raises(BadInput) as refused:
        catalogue(power, more)
    return str(refused.value)


def test_a_value_comes_with_all_that_it_needs() -> None:
    value = catalogue().machine("box").values["power"]
    assert (value.value, value.low, value.high) == (1.7, 1.5, 1.9)
    assert value.to_json() == {
        "value": 1.7,
        "low": 1.5,
        "high": 1.9,
        "unit": "kW",
        "source": "plug",
        "date": "2026-04-01",
    }


@pytest.mark.parametrize(
    ("found", "put", "told"),
    [
        (', unit = "kW"', "", "has no unit"),
        (', source = "plug"', "", "has no source"),
        (", date = 2026-04-01", "", "has no date"),
        ("low = 1.5, ", "", "has no low"),
        ('"kW"', '"W"', "must be kW, got 'W'"),
        ('"kW"', '" "', "must be a text that is not empty"),
        ("value = 1.7", "value = -1.7", "must not be negative, got -1.7 kW"),
        ("low = 1.5", "low = -0.001", "must not be negative"),
        ("value = 1.7", "value = nan", "must be a finite number, got nan"),
        ("high = 1.9", "high = inf", "must be a finite number, got inf"),
        ("low = 1.5", "low = 1.8", "must lie between low and high, got 1.8, 1.7, 1.9"),
        ("high = 1.9", f"high = 1{'0' * 400}", "must be a finite number, got inf"),
        ("high = 1.9", "high = 1.6", "must lie between low and high"),
        ("value = 1.7", "value = true", "must be a number, got True"),
        ("value = 1.7", 'value = "1.7"', "must be a number"),
        ("2026-04-01", "2026-11-24", "must not be in the future, got 2026-11-24"),
        ("2026-04-01", '"2026-02-30"', "must be a day as 2026-04-01"),
        ("2026-04-01", "2026-04-01T00:00:00", "must be a day as 2026-04-01"),
        ("low = 1.5", "lo = 1.5", "there is no such key; did you mean low?"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_on_its_line(found: str, put: str, told: str) -> None:
    message = refusal(GOOD.replace(found, put))
    assert message.startswith("my.toml:7: machine.box.power")
    assert told in message


def test_a_value_in_a_table_of_its_own_is_refused_on_the_line_of_the_key() -> None:
    message = refusal(more='[machine.box.capex]\nvalue = 5\nlow = 4\nhigh = 6\nunit = "EUR"\n')
    assert message.startswith("my.toml:12: machine.box.capex.unit: must be USD/machine, got 'EUR'")


@pytest.mark.parametrize(
    ("more", "line", "told"),
    [
        (f"pwoer = {GOOD}", 8, "machine.box.pwoer: there is no such key; did you mean power?"),
        ("[machines.box]", 8, "did you mean machine?"),
        ("capex = 5", 8, "machine.box.capex: must be a table, got 5"),
        (
            (
                'utilization = { value = 0, low = 0, high = 1, unit = "share", '
                'source = "x", date = 2026-04-01 }'
            ),
            8,
            "must be above 0",
        ),
        (
            (
                'residual = { value = 0.5, low = 0, high = 1.5, unit = "share", '
                'source = "x", date = 2026-04-01 }'
            ),
            8,
            "must be at most 1, got 1.5",
        ),
        ("[machine.other]", 8, "machine.other: has no title"),
        (
            (
                '[model.m]\ninput_price = { value = -1, low = -1, high = 0, unit = "USD/Mtok", '
                'source = "x", date = 2026-04-01 }'
            ),
            9,
            "model.m.input_price.value: must not be negative",
        ),
    ],
)
def test_what_does_not_belong_is_refused_on_its_line(more: str, line: int, told: str) -> None:
    message = refusal(more=more)
    assert message.startswith(f"my.toml:{line}: ")
    assert told in message


def test_a_catalogue_of_tomorrow_is_refused() -> None:
    with pytest.raises(BadInput, match=r"my.toml:3: catalogue.date: must not be in the future"):
        parse_catalogue(HEAD.replace("2026-10-01", "2027-01-01"), "my.toml", today=TODAY)


def test_a_file_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not TOML"):
        parse_catalogue("[x", "my.toml")
    with pytest.raises(BadInput, match="not TOML"):
        parse_catalogue("x = " + "[" * 100_000, "my.toml")
    with pytest.raises(BadInput, match="not TOML"):
        parse_catalogue("x = " + "9" * 5_000, "my.toml")
    with pytest.raises(BadInput, match="can't be read"):
        read_catalogue(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="can't be read"):
        read_catalogue(tmp_path / "bytes.toml")


def test_a_machine_that_is_not_there_names_its_neighbours() -> None:
    with pytest.raises(BadInput, match=r"did you mean .*mi355x"):
        default_catalogue().machine("MI-355X")
    with pytest.raises(BadInput, match="there is no fact"):
        default_catalogue().fact("pue")


def test_what_is_common_holds_where_a_machine_says_nothing_else() -> None:
    held = default_catalogue()
    assert held.machine("h100").values["life"] == held.common["life"]
    assert held.machine("laptop").values["electricity_price"].value == 0.1644


def test_what_is_missing_is_unknown() -> None:
    missing = catalogue().machine("box").get("capex")
    assert isinstance(missing, Unknown)
    assert "no capex for box" in missing.reason
    with pytest.raises(KeyError):
        catalogue().machine("box").get("color")


def test_what_one_says_of_all_machines_goes_before_what_is_said_below_of_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "my.toml"
    bill = GOOD.replace('"kW"', '"USD/kWh"').replace("plug", "my bill")
    path.write_text(f"{HEAD}\n[common]\nelectricity_price = {bill}\n")
    over = read_catalogue(path, base=default_catalogue(), today=TODAY)
    for name in ("laptop", "h100"):
        price = over.machine(name).get("electricity_price")
        assert not isinstance(price, Unknown)
        assert price.source == "my bill"
    path.write_text(
        f'{path.read_text()}\n[machine.laptop]\ntitle = "Mine"\nelectricity_price = '
        f"{bill.replace('my bill', 'my plug')}\n"
    )
    own = read_catalogue(path, base=default_catalogue(), today=TODAY).machine("laptop")
    assert own.values["electricity_price"].source == "my plug"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("capex", "1e308", "at most 1e"), ("rented_price", "0", "must be above 0")],
)
def test_values_that_no_machine_has_are_refused(field: str, value: str, said: str) -> None:
    unit = {"capex": "USD/machine", "rented_price": "USD/hour"}[field]
    told = (
        f'{{ value = {value}, low = {value}, high = {value}, unit = "{unit}", source = "s", '
        'date = "2026-10-01" }'
    )
    with pytest.raises(BadInput, match=said):
        parse_catalogue(
            f'{HEAD}\n[machine.box]\ntitle = "B"\n{field} = {told}\n', "my.toml", today=TODAY
        )


def test_a_catalogue_laid_over_another_changes_only_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(f'{HEAD}\n[machine.h100]\ntitle = "Ours"\npower = {GOOD}\n')
    over = read_catalogue(path, base=default_catalogue(), today=TODAY)
    assert over.machine("h100").values["power"].source == "plug"
    assert (
        over.machine("h100").values["capex"] == default_catalogue().machines["h100"].values["capex"]
    )
    assert over.machine("b200") == default_catalogue().machine("b200")
    assert read_catalogue(path, today=TODAY).machines.keys() == {"h100"}


# Of notes/capability.md, I.3: kW all-in, owned by a hyperscaler and a neocloud, rented, dense FP8 and FP4.
PUBLISHED = {
    "h100": (1.73, 1.30, 1.69, 1.30, 1979, None),
    "h200": (1.73, 1.41, 1.74, 1.60, 1979, None),
    "b200": (2.17, 1.95, 2.34, 2.90, 4500, 9000),
    "gb200-nvl72": (2.10, 2.21, 2.75, 3.30, 5000, 10000),
    "gb300-nvl72": (2.10, 2.652, 3.30, 3.96, 5000, 15000),
    "mi300x": (1.79, 1.12, 1.40, 1.55, 2615, None),
    "mi325x": (2.18, 1.28, 1.59, 1.80, 2615, None),
    "mi355x": (2.65, 1.48, 1.90, 2.10, 5033, 10066),
}

COLUMNS = (
    "power",
    "owned_hyperscaler_price",
    "owned_neocloud_price",
    "rented_price",
    "fp8_dense",
    "fp4_dense",
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_first_catalogue_has_the_published_figures(name: str) -> None:
    values = default_catalogue().machine(name).values
    told = tuple(values[c].value if c in values else None for c in COLUMNS)
    assert told == PUBLISHED[name]


def test_interruptions_of_the_large_training_run_are_the_failure_rate() -> None:
    held = default_catalogue()
    count, gpus, days = (
        held.fact(f"llama3-{name}").value for name in ("interruptions", "gpus", "days")
    )
    assert count / (gpus * days * 24) == pytest.approx(held.common["failure_rate"].value, rel=0.002)
    prices = held.fact("gpt-oss-120b-output-price")
    spread = held.fact("gpt-oss-120b-price-dispersion").value
    assert prices.high / prices.low == pytest.approx(spread)


def test_every_field_has_a_unit_and_words() -> None:
    assert all(field.unit and field.words for field in MACHINE_FIELDS.values())
    assert FACT_FIELD.fault(-3.0) == ""
