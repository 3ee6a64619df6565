"""Records as an instruction and an answer, and when two are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.curate.instruction_pairs import (
    NO_PAIR,
    agree,
    asked_for,
    final_number,
    numbers_of,
    pair_of,
    read_pairs,
    same_answer,
    same_text,
)

CHAT = [{"role": "user", "content": "Add 1 and 2"}, {"role": "assistant", "content": "3"}]


@pytest.mark.parametrize(
    ("record", "pair"),
    [
        ({"messages": CHAT}, ("Add 1 and 2", "3")),
        ({"messages": [{"role": "system", "content": "Be brief."}, *CHAT]},
         ("system: Be brief.\n\nuser: Add 1 and 2", "3")),
        ({"conversations": [{"from": "human", "value": "Add"}, {"from": "gpt", "value": "3"}]}, ("Add", "3")),
        ({"instruction": "Add", "input": "1, 2", "output": "3"}, ("Add\n\n1, 2", "3")),
        ({"instruction": "Add 1 and 2", "input": "", "output": "3"}, ("Add 1 and 2", "3")),
        ({"prompt": "Add", "completion": "3"}, ("Add", "3")),
        # Of several turns the last answer counts, and all before it are what was asked.
        ({"messages": [*CHAT, {"role": "user", "content": "And 4?"}, {"role": "assistant", "content": "7"}]},
         ("user: Add 1 and 2\n\nassistant: 3\n\nuser: And 4?", "7")),
        # Content in parts.
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Add"}, {"type": "image"}]}, CHAT[1]]},
         ("Add", "3")),
        ({"messages": CHAT[:1]}, None),
        ({"messages": CHAT[1:]}, None),
        ({"messages": [CHAT[0], {"role": "assistant", "content": " "}]}, None),
        ({"messages": ["no turn"]}, None),
        ({"instruction": "Add", "output": None}, None),
        ({"text": "no pair"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_each_form_gives_its_pair(record: dict[str, Any], pair: tuple[str, str] | None) -> None:
    assert pair_of(record) == pair


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", "12.0"),
        ("12", " 12. "),
        ("1,250.00", "1250"),
        ("The sum is 1,000 today!", "the sum is  1000 today"),
        ("-0.0", "0"),
        ("\uff11\uff12", "12"),  # full width
        ("-3", "-3.0"),
    ],
)
def test_answers_that_are_the_same(one: str, other: str) -> None:
    assert same_answer(one) == same_answer(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12", "12.01"),
        ("12", "-12"),
        ("yes", "no"),
        ("1e3", "1e4"),
        ("3 apples", "4 apples"),
        (".5", "5"),
        ("$5", "€5"),
        ("5!", "5"),
        # More digits than are computed with.
        ("12345678901234567890123456789012", "12345678901234567890123456789013"),
    ],
)
def test_answers_that_are_not(one: str, other: str) -> None:
    assert same_answer(one) != same_answer(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", "The capital is Paris."),
        ("Yes", "Yes, it is."),
        ("B", "B) Paris"),
        ("7", "First 3, then 4: the answer is 7.0 apples"),
        ("7", "7 km"),
        ("1,000", "We add.\n#### 1000"),
        (r"So \boxed{12}", "Answer: 12"),
        ("The sum is 1,000!", "the sum is 1000"),
    ],
)
def test_answers_that_agree(one: str, other: str) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paris", "It is not Paris."),
        ("Paris", "London"),
        ("7", "First 7, then 4: the answer is 11"),
        ("7 km", "7 m"),
        ("$5", "€5"),
        ("7", "seven"),  # a person sees that they do
        ("10:30", "10:45"),
    ],
)
def test_answers_that_do_not_agree(one: str, other: str) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Could you please name the capital of France?", "Name capital of France."),
        ("Add 1,000 and 2", "Add the 1000 and 2.0"),
        ("What is 3+4?", "What is 3 + 4?"),
    ],
)
def test_instructions_that_ask_the_same(one: str, other: str) -> None:
    assert asked_for(one) == asked_for(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Name the capital of France", "Name the capital of Spain"),
        ("Add 12 and 3", "Add 12 and 4"),
        ("Add three and four", "Add three and five"),
        ("Which of these is a metal?", "Which of these is not a metal?"),
        ("Which can fly?", "Which can't fly?"),
        ("Does John like Mary?", "Does Mary like John?"),
        ("What is (3 + 4) * 2?", "What is 3 + 4 * 2?"),
        ("What is 3 + 4?", "What is 3 - 4?"),
        ("Compute 5!", "Compute 5"),
        ("Explain vitamin A", "Explain vitamin"),
    ],
)
def test_instructions_that_ask_another_thing(one: str, other: str) -> None:
    assert asked_for(one) != asked_for(other)
    assert same_text(one) != same_text(other)


def test_signs_within_an_instruction_stay() -> None:
    assert same_text("What is 3+4?") == same_text("what is  3+4 ?")
    assert same_text("What is 3+4?") != same_text("What is 3-4?")
    assert numbers_of("12 of 1,000") == numbers_of("12.0 of 1000")


def test_a_number_within_prose_is_not_what_an_answer_comes_to() -> None:
    assert final_number("She left in 1990.") is None
    assert final_number("+12.0") == "12"
    assert final_number("Answer: none") is None


def test_records_that_are_none_are_counted_and_places_kept(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    records = [{"messages": CHAT}, {"text": "alone"}, {"prompt": "a", "completion": "b"}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + "{broken\n")
    pairs, rejected = read_pairs([str(path)])
    assert [pair.answer for pair in pairs] == ["3", "b"]
    assert [pair.where.rsplit(":", 1)[-1] for pair in pairs] == ["1", "3"]
    assert [(one.where.rsplit(":", 1)[-1], one.reason) for one in rejected] == [
        ("2", NO_PAIR),
        ("4", "not a JSON object"),
    ]
    assert json.loads(pairs[0].record) == records[0]


def test_all_fields_of_a_record_are_kept_as_they_were(tmp_path: Path) -> None:
    record = {"text": "t", "doc_id": "d", "source": "s", "n": 1.5, "prompt": "a", "completion": "b"}
    path = tmp_path / "set.json"
    path.write_text(json.dumps([record]))
    ((pair,), rejected) = read_pairs([str(path)])
    assert json.loads(pair.record) == record
    assert rejected == []


def test_parquet_holds_the_same_pairs(tmp_path: Path) -> None:
    core, io = pytest.importorskip("arro3.core"), pytest.importorskip("arro3.io")
    columns = {"prompt": ["a", "c"], "completion": ["b", "d"]}
    table = core.Table.from_pydict(
        {name: core.Array(values, core.DataType.utf8()) for name, values in columns.items()}
    )
    io.write_parquet(table, str(tmp_path / "set.parquet"))
    pairs, _ = read_pairs([str(tmp_path / "set.parquet")])
    assert [(pair.instruction, pair.answer) for pair in pairs] == [("a", "b"), ("c", "d")]
