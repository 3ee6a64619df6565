"""What came back against what was wanted, on data that may be hostile."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.judge.sandbox import compare
from assay.judge.sandbox.compare import _same_row, same_rows, same_value
from assay.judge.sandbox.data import NotData, marked, unmarked

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
HASHABLE = st.recursive(
    SCALARS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=5
)
VALUES = st.recursive(
    SCALARS | st.binary() | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_data_come_back_as_they_were(value: Any) -> None:
    assert repr_of(unmarked(json.loads(json.dumps(marked(value))))) == repr_of(value)


def repr_of(value: Any) -> Any:
    """Return what can be compared, where NaN is itself and an order of a set does not count."""
    if isinstance(value, dict):
        return "dict", sorted((str(repr_of(k)), str(repr_of(v))) for k, v in value.items())
    if isinstance(value, set | frozenset):
        return type(value).__name__, sorted(str(repr_of(item)) for item in value)
    if isinstance(value, list | tuple):
        return type(value).__name__, [repr_of(item) for item in value]
    return type(value).__name__, repr(value)


@given(JSON)
def test_a_value_is_itself(value: Any) -> None:
    assert same_value(value, json.loads(json.dumps(marked(value))), tolerance=0.0)


@given(JSON, JSON)
def test_values_that_python_tells_apart_differ(one: Any, other: Any) -> None:
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True) and one != other:
        assert not same_value(one, marked(other), tolerance=0.0)


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = object.__hash__


class Text(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Number(int):
    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize("value", [AlwaysEqual(), object(), len, iter(()), range(3), AlwaysEqual])
def test_what_is_no_data_is_not_passed(value: object) -> None:
    with pytest.raises(NotData):
        marked(value)


def test_classes_made_from_data_lose_their_methods() -> None:
    assert type(marked(Text("a"))) is str
    assert marked(Number(3)) == 3


@pytest.mark.parametrize(
    ("wanted", "given_", "same"),
    [
        (1, 1.0, True), (1, True, False), (True, True, True), (0, None, False), (None, None, True),
        ([1], (1,), True), ([1, 2], {2, 1}, True), ([1, 1], {1}, False), ([2, 1], [1, 2], False),
        ({"1": 2}, {1: 2}, True), ({"true": 2}, {True: 2}, True), ({"a": 1}, {"a": 1, "b": 2}, False),
        (0.1 + 0.2, 0.3, True), (1e20, 1e20 * (1 + 1e-12), True), (1.0, 1.1, False),
        (float("nan"), float("nan"), True), (float("inf"), float("inf"), True), (float("inf"), 1e308, False),
        (10**400, 10**400, True), (10**400, 10**400 + 1, False), (1.5, 10**400, False),
        ("1", 1, False), ("a", b"a", False), ([], "", False), ([], {}, False), ({}, [], False), ({}, set(), False),
    ],
)  # fmt: skip
def test_what_is_the_same(wanted: Any, given_: Any, same: bool) -> None:
    assert same_value(wanted, json.loads(json.dumps(marked(given_)))) is same


@pytest.mark.parametrize(
    "hostile",
    [
        {}, {"dict": 5}, {"dict": [[1]]}, {"int": "x"}, {"int": 5}, {"set": "ab"}, {"list": 1, "tuple": 2},
        {"tuple": None}, {"nothing": 1}, {"dict": [[[], 1]]}, {"dict": [["a", 1], ["a", 1]]}, {"int": "0x" + "f" * 9},
    ],
)  # fmt: skip
@pytest.mark.parametrize("wanted", [1, "a", [1], {"a": 1}, None, 1.5, True])
def test_forged_data_are_never_the_same(hostile: Any, wanted: Any) -> None:
    assert not same_value(wanted, hostile)


def test_data_that_nest_deep_are_not_the_same() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert not same_value([[]], deep)
    assert not same_value(deep, deep)
    assert not same_rows([[1]], [[deep]], ordered=False)


def test_numbers_chosen_to_collide_cost_no_more(record_property: Any) -> None:
    # 2^61 - 1 times k all have one hash in Python: a dictionary of them takes quadratic time.
    many = {"dict": [[{"int": hex((2**61 - 1) * k)}, 1] for k in range(1, 20_001)]}
    start = time.process_time()
    assert not same_value({"a": 1}, many)
    record_property("seconds", time.process_time() - start)


def test_noise_in_the_last_digits_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        return _same_row(*arguments)

    monkeypatch.setattr(compare, "_same_row", counted)
    wanted = [[1.0, number] for number in range(2_000)]
    noisy = [[1.0 + (2_000 - number) * 3e-14, number] for number in range(2_000)]
    assert same_rows(wanted, noisy, ordered=False)
    assert calls < 10_000, "one by one each is sought among all"


@pytest.mark.parametrize(
    ("wanted", "given_", "ordered", "same"),
    [
        ([[1, "a"], [2, "b"]], [[2, "b"], [1, "a"]], False, True),
        ([[1, "a"], [2, "b"]], [[2, "b"], [1, "a"]], True, False),
        ([[1], [1]], [[1]], False, False), ([[1], [1], [2]], [[1], [2], [2]], False, False),
        ([[1.0]], [[1]], False, True), ([["1"]], [[1]], False, False), ([[None]], [[0]], False, False),
        ([[0.1 + 0.2], [5]], [[5], [0.3]], False, True), ([[1, 2]], [[2, 1]], False, False),
        ([[1]], [[1, None]], False, False), ([], [], False, True), ([], [[]], False, False),
        ([[{"bytes": "00"}]], [[{"bytes": "00"}]], False, True), ([["a"]], "a", False, False),
        ([["a"]], ["a"], True, False), ([[1e308 * 10]], [[1e308 * 10]], False, True),
    ],
)  # fmt: skip
def test_rows(wanted: Any, given_: Any, ordered: bool, same: bool) -> None:
    assert same_rows(wanted, given_, ordered=ordered) is same


@given(
    st.lists(st.lists(st.integers(0, 3) | st.floats(0, 1), min_size=2, max_size=2)), st.randoms()
)
def test_order_does_not_count(rows: list[list[Any]], random: Any) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    assert same_rows(rows, mixed, ordered=False)
