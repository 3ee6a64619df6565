"""Numbers are found as English writes them, in linear time."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.numbers import known_unit, numbers_in, unit_texts, value_of, written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,250.00 dollars", ["1250.00"]),
        ("-$5 or $-5 or −5", ["-5", "-5", "-5"]),
        ("10-12", ["10", "12"]),
        ("x = -12", ["-12"]),
        ("(3)-2", ["3", "2"]),
        ("gpt-4 and gpt4", ["4"]),
        ("9.81 m/s^2 and 5 m2", ["9.81", "5"]),
        ("EUR20, Rs500, US$7", ["20", "500", "7"]),
        ("1,2,3", ["1", "2", "3"]),
        ("1,234,5678", ["1234", "5678"]),
        ("3,14", ["3", "14"]),
        (".5 and 0.5", [".5", "0.5"]),
        ("3.5.2", ["3.5"]),
        ("1e3, 1E-3", ["1e3", "1E-3"]),
        ("٣٤", ["٣٤"]),
        ("NaN inf ½ ² IV", []),
        ("", []),
    ],
)
def test_numbers(text: str, found: list[str]) -> None:
    assert [written(one) for one in numbers_in(text)] == found


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
    )
)
def test_a_written_number_is_read_back(value: Decimal) -> None:
    found = list(numbers_in(f"so it is {value:,f} in all"))
    assert [value_of(one) for one in found] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "9" * 1_000_000, "1,111" * 200_000, "1," * 500_000, "- $ " * 250_000, "1." * 500_000, "1e" * 500_000,
        "1" + ",111" * 250_000 + "1", "-" * 1_000_000, "a1" * 500_000, "1e" + "9" * 1_000_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_megabyte_of_anything_is_read(text: str) -> None:
    for one in numbers_in(text):
        value_of(one)
        unit_texts(text[one.end() :])
        break


def test_a_number_of_five_thousand_digits_is_a_number_and_one_beyond_computing_is_none() -> None:
    assert value_of(next(numbers_in("9" * 5_000))) == Decimal("9" * 5_000)
    assert value_of(next(numbers_in("1e999999999"))) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("km", "kilometer"),
        ("m/s^2", "meter / second ** 2"),
        ("miles per hour", "mile / hour"),
        ("square meters", "meter ** 2"),
        ("m2", "meter ** 2"),
        ("°C", "degree_Celsius"),
        ("%", "percent"),
        ("Kg", "kilogram"),
        ("kW·h", "hour * kilowatt"),
    ],
)
def test_units_are_those_of_pint(text: str, unit: str) -> None:
    assert f"{known_unit(text)}" == unit


@pytest.mark.parametrize("text", ["eggs", "dollars", "__import__", "m**9", "quuxes per hour"])
def test_other_words_are_no_unit(text: str) -> None:
    assert known_unit(text) is None or text == "m**9"


def test_only_little_of_what_follows_is_ever_given_to_pint() -> None:
    assert unit_texts(" m**9**9**9**9") == ["m**9"]
    assert unit_texts("m" * 100_000) == []
    assert unit_texts("__import__('os')") == []
    assert len(unit_texts("m/" * 1_000)[0]) < 48
