from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.curate.loop.arithmetic import (
    RIPPLES,
    Arithmetic,
    columns_of,
    lowest_wrong_digit,
    reversed_sum,
    ripples,
)
from assay.errors import BadInput

SUMS = Arithmetic("reverse-addition", 50, 30)
SHORT = Arithmetic("two-digit-sums", 50, 30)
NUMBER = st.integers(0, 9_999)


@given(NUMBER, NUMBER)
def test_a_reversed_sum_is_added_column_by_column(one: int, other: int) -> None:
    columns = columns_of(f"{one:04d}+{other:04d}=")
    carry, digits = 0, ""
    for column in columns:
        total = column // 10 + column % 10 + carry
        digits, carry = digits + str(total % 10), total // 10
    assert digits + str(carry) == reversed_sum(one, other)


@given(NUMBER, NUMBER)
def test_ripples_are_columns_of_nine_that_a_carry_reaches(one: int, other: int) -> None:
    carry = found = 0
    for column in columns_of(f"{one:04d}+{other:04d}="):
        total = column // 10 + column % 10
        found += total == 9 and carry == 1
        carry = int(total + carry > 9)
    assert ripples(np.array([one]), np.array([other])).tolist() == [found]


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_the_kind_of_error_is_the_lowest_digit_that_differs(one: int, other: int) -> None:
    reference, output = f"{one:05d}", f"{other:05d}"
    kind = lowest_wrong_digit(reference, output)
    if one == other:
        assert kind == ""
    else:
        place = int(kind.removeprefix("digit "))
        assert reference[: place - 1] == output[: place - 1]
        assert reference[place - 1] != output[place - 1]


@pytest.mark.parametrize("source", [SUMS, SHORT], ids=lambda source: source.name)
def test_the_fixed_sets_are_the_same_each_time_and_never_trained_on(source: Arithmetic) -> None:
    again = Arithmetic(source.name, 50, 30)
    assert again.held_out == source.held_out
    assert again.digest == source.digest
    fixed = {task.input for task in (*source.held_out, *source.harder)}
    assert len(fixed) == 80
    fresh = {task.input for task in islice(source.fresh(np.random.default_rng(3)), 30_000)}
    assert not fresh & fixed
    if source is SHORT:
        # Nearly all that are left come up: it is the exclusion that kept the others out.
        assert 7_800 < len(fresh) <= 90 * 90 - 50


def test_harder_sums_carry_through_columns_of_nine() -> None:
    for task in SUMS.harder:
        one, other = (int(number) for number in task.input.rstrip("=").split("+"))
        assert ripples(np.array([one]), np.array([other]))[0] >= RIPPLES
    assert all(len(task.input.split()[0]) == 3 for task in SHORT.harder)


def test_references_are_right_and_other_answers_are_not() -> None:
    for source in (SUMS, SHORT):
        tasks = source.held_out
        said = [task.reference or "" for task in tasks]
        assert all(truth.right and not truth.kind for truth in source.truths(tasks, said))
        wrong = [
            str(int(text[::-1]) + 1)[::-1] if source is SUMS else f"{int(text) + 1}"
            for text in said
        ]
        assert not any(truth.right for truth in source.truths(tasks, wrong))


def test_a_sum_in_words_is_read_as_people_write_it() -> None:
    task = next(task for task in SHORT.held_out if task.reference and len(task.reference) == 3)
    said = [f" {task.reference}\n", f"It is {task.reference}.", "I can't say", f"{task.reference}0"]
    truths = SHORT.truths([task] * 4, said)
    assert [truth.right for truth in truths] == [True, True, False, False]
    assert truths[2].kind == "no number"


@pytest.mark.parametrize(
    "wrong", [("sums", 1, 1), ("reverse-addition", 0, 1), ("two-digit-sums", 2_001, 0)]
)
def test_what_is_no_family_or_too_large_is_refused(wrong: tuple[str, int, int]) -> None:
    with pytest.raises(BadInput, match="must be"):
        Arithmetic(*wrong)


@pytest.mark.parametrize("prompt", ["12+34=", "12345+1234=", "what is 1+1?", "1234+5678"])
def test_a_prompt_of_another_form_is_refused(prompt: str) -> None:
    with pytest.raises(BadInput, match="4 digits"):
        columns_of(prompt)
