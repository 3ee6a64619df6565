"""Twin exams: other numbers of the same size, references that are right, and nothing made where there is doubt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.ask.tasks import Task, read_tasks, task_of
from assay.errors import BadInput
from assay.ledger.ingest.record import RowError
from assay.probe.twin import make_twins, originals_of
from assay.probe.twin_arithmetic import NotArithmetic, arithmetic
from assay.probe.twin_chain import NoTwin, read_chain
from assay.probe.twin_kinds import tries
from assay.probe.twin_numbers import Written, numbers_in, same_size
from assay.probe.twin_template import read_templates, template_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def task(question: str, reference: str, solution: str | None = None, **more: Any) -> Task:
    tags = {"solution": solution} if solution else {}
    return task_of(
        {"task_id": "t", "input": question, "reference": reference, "tags": tags, **more}
    )


def reason(one: Task) -> str:
    made = make_twins([one])
    assert not made.lines
    return next(iter(made.not_made))


def test_twins_of_the_examples_are_right_and_the_rest_is_counted_with_its_reason() -> None:
    tasks = read_tasks(EXAMPLES / "exam" / "sums.jsonl").tasks
    made = make_twins(tasks, sets=4, seed=3)
    assert made.tasks == 12
    assert made.with_twin == 8
    assert len(made.lines) == 32
    assert made.not_made == {
        "no number of the question can be changed with certainty": 1,
        "a number of the solution is neither in the question nor computed before": 1,
        "a note of the solution does not come to its own result": 1,
        "the reference is no number": 1,
    }
    answers: dict[str, Callable[..., int | float]] = {
        "sum-clips": lambda a: a + a / 2,
        "sum-crates": lambda a, b, c: a * b - c,
        "sum-rent": lambda a, b, c: a + b * c,
        "sum-bread": lambda a, b, c: a - b - c,
        "sum-paint": lambda a, b: a * b,
        "sum-train": lambda a, b, c: a * b - c,
        "sum-saving": lambda a, b, c: a - b - c,
        "sum-books": lambda a, b: a * b,
    }
    originals = {one.task_id: one for one in tasks}
    for line in made.lines:
        of = line["tags"]["twin.of"]
        numbers = [
            float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*\b", line["input"])
        ]
        # Computed by hand-written rules, not by the chain that made it.
        assert answers[of](*numbers) == pytest.approx(float(line["reference"]))
        assert line["input"] != originals[of].turns[0]
        assert line["reference"] != originals[of].references[0]
        assert len(line["reference"]) == len(originals[of].references[0] or "")
        assert len(line["input"]) == len(originals[of].turns[0])
        assert line["tags"]["topic"] == "sums"
        assert "solution" not in line["tags"]


def test_a_twin_file_is_a_task_file_and_the_same_seed_gives_the_same(tmp_path: Path) -> None:
    tasks = read_tasks(EXAMPLES / "exam" / "sums.jsonl").tasks
    first, alone = make_twins(tasks, seed=9), make_twins(tasks[4:5], seed=9)
    assert alone.lines[0] in first.lines
    assert make_twins(tasks, seed=10).lines != first.lines
    path = tmp_path / "twins.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in first.lines))
    back = read_tasks(path)
    assert len(back.tasks) == len(first.lines)
    assert {one.tags["twin.seed"] for one in back.tasks} == {"9.1"}


@pytest.mark.parametrize(
    ("question", "reference", "solution", "why"),
    [
        # 7 is a day's week, not the 7 of the text: whichever it is, nothing is changed.
        ("He runs 7 km every day for a week.", "49", "<<7*7=49>>", "no number of the question"),
        # 24 was computed in the head.
        ("Ann has 48 pens and gives 24 away.", "24", "<<48-24=24>> <<24+0=24>>", "two things"),
        ("Tim has 38 nuts and 17 figs.", "55", "<<17+38=56>>", "its own result"),
        ("Tim has 38 nuts and 17 figs.", "56", "<<17+38=55>>", "last result is not the reference"),
        ("Tim has 38 nuts.", "55", "<<38+17=55>>", "neither in the question nor"),
        ("Of 50 guests 20 are old, the other 30 young. 20 leave.", "30", "<<50-20=30>>", "no number"),
        ("It is 3:30 on June 8, 2019.", "11", "<<3+8=11>>", "no number of the question"),
        ("Tim has 38 nuts and 17 figs.", "55", "<<__import__('os')=55>>", "can't be read"),
        ("Tim has 38 nuts and 17 figs.", "55", "<<38**17=55>>", "can't be read"),
        ("Tim has 38 nuts and 0 figs.", "38", "<<38/0=38>>", "can't be computed"),
        ("Tim has 38 nuts and 17 figs.", "about 55", "<<17+38=55>>", "the reference is no number"),
        ("Tim has 38 nuts and 17 figs.", "55", None, "no template fits it, and no solution"),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_not_made(
    question: str, reference: str, solution: str | None, why: str
) -> None:
    assert why in reason(task(question, reference, solution))


def test_conversations_and_contexts_keep_what_they_say() -> None:
    several = task_of({"turns": ["2 + 2?", "And 3 + 3?"], "reference": ["4", "6"]})
    assert reason(several) == "it has several turns"
    given_along = task(
        "She sells 38 of them and finds 17. How many?",
        "21",
        "<<38-17=21>>",
        context="Of 38 pens",
        system_prompt="Be brief.",
    )
    (line,) = make_twins([given_along]).lines
    assert line["input"].startswith("She sells 38 ")
    assert line["system_prompt"] == "Be brief."
    assert line["context"] == "Of 38 pens"
    talked = task_of(
        {
            "messages": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Yes?"},
                {"role": "user", "content": "Ann has 48 pens, buys 31. How many?"},
            ],
            "reference": "79",
            "expression": "48 + 31",
        }
    )
    (line,) = make_twins([talked]).lines
    assert [m["role"] for m in line["messages"]] == ["user", "assistant", "user"]
    assert line["messages"][-1]["content"] != "Ann has 48 pens, buys 31. How many?"
    assert "expression" not in line["tags"]


def test_gsm8k_answers_in_the_reference_are_read() -> None:
    solved = "They sold 38 + 17 = <<38+17=55>>55 in all.\n#### 55"
    (line,) = make_twins([task("Tim sold 38 nuts, Ann 17. How many in all?", solved)]).lines
    assert re.fullmatch(r"\d\d", line["reference"])


@given(st.integers(11, 98), st.integers(101, 998), st.integers(0, 50))
def test_every_chain_is_solved_again_from_the_text(a: int, b: int, seed: int) -> None:
    question = f"A shop has {b} nuts and sells {a} nuts to Ann."
    made = make_twins([task(question, f"{b - a}", f"<<{b}-{a}={b - a}>>")], seed=seed)
    for line in made.lines:
        new_b, new_a = map(int, re.findall(r"\d+", line["input"]))
        assert int(line["reference"]) == new_b - new_a > 0
        assert len(str(new_a)) == len(str(a))
        assert len(str(new_b)) == len(str(b))
        assert (new_a % 10 == 0) == (a % 10 == 0)
        chain = read_chain(
            line["input"], line["tags"]["twin.solution"], Fraction(line["reference"])
        )
        assert chain.solve(line["input"])[-1] == int(line["reference"])


@given(st.text(max_size=40))
def test_no_text_is_run_as_a_sum(text: str) -> None:
    try:
        expression = arithmetic(text)
    except NotArithmetic:
        return
    assert not re.search(r"[^\w\s.+\-*/%()]", expression.text)
    with pytest.raises(BadInput):
        arithmetic(f"f({text})")


@pytest.mark.parametrize(
    "text",
    [
        *("2**9", "a.b", "a[0]", "f(1)", "lambda: 1", "1 if 2 else 3", "True", "'a'", "1j"),
        *("9" * 400, "(" * 200, "1 < 2", "", "~3", "1e999", "a := 3", "[1]", "1\n2"),
    ],
)
def test_arithmetic_refuses_all_else(text: str) -> None:
    with pytest.raises(NotArithmetic):
        arithmetic(text)


def test_arithmetic_is_exact_and_bounded() -> None:
    assert arithmetic("0.1 + 0.2").value({}) == Fraction(3, 10)
    assert arithmetic("7 // 2 + 7 % 4").value({}) == 6
    assert arithmetic("0 < a < 3", comparison=True).holds({"a": Fraction(2)})
    assert not arithmetic("a / 0 < 3", comparison=True).holds({"a": Fraction(2)})
    with pytest.raises(NotArithmetic, match="zero"):
        arithmetic("1 / (a - a)").value({"a": Fraction(1)})
    with pytest.raises(NotArithmetic, match="digits"):
        arithmetic("*".join(["99999999"] * 5)).value({})
    with pytest.raises(NotArithmetic, match="no comparison"):
        arithmetic("1 + 2", comparison=True)


@given(st.integers(0, 10**6), st.integers(0, 3), st.integers(0, 10**6))
def test_numbers_keep_their_size(whole: int, decimals: int, seed: int) -> None:
    text = f"{whole}.{seed % 10**decimals:0{decimals}d}" if decimals else f"{whole:,}"
    (number,) = numbers_in(f"There are {text} of them.")
    new = same_size(number, np.random.default_rng(seed))
    if new is None:
        return
    written = number.rewritten(new)
    assert len(written) == len(text)
    assert new != number.value
    assert len(written.rstrip("0")) == len(text.rstrip("0"))


def test_numbers_that_are_no_amounts_stay() -> None:
    text = "an 80 mile trip, 7th, 1/2, 8-foot, A4, 5:30, June 5, 2024, No. 12, .5 and x2"
    assert not [number.text for number in numbers_in(text) if number.changeable]
    assert same_size(Written(0, 3, "100", Fraction(100), True), np.random.default_rng(1)) is None


def test_the_desks_tasks_have_twins_by_one_template() -> None:
    tasks = read_tasks(EXAMPLES / "desk" / "tasks.jsonl.gz").tasks
    templates = read_templates(EXAMPLES / "exam" / "templates.jsonl")
    quantities = [one for one in tasks if one.tags["kind"] == "quantity"][:60]
    made = make_twins([*quantities, tasks[0]], templates)
    assert made.with_twin == 60
    assert made.idle_templates == ("pears",)
    by_id = {one.task_id: one for one in quantities}
    for line in made.lines:
        original = by_id[line["tags"]["twin.of"]]
        old = original.references[0] or ""
        new = line["reference"]
        assert new != old
        assert len(new) == len(old)
        assert line["input"] == re.sub(rf"\b{old}\b", new, original.turns[0])


def test_a_templates_own_values_are_an_original() -> None:
    templates = read_templates(EXAMPLES / "exam" / "templates.jsonl")
    (original,) = originals_of(templates)
    assert original.references == ("277",)
    made = make_twins([original], templates, sets=5)
    assert len({line["input"] for line in made.lines}) == 5
    for line in made.lines:
        n, each, back = map(int, re.findall(r"\d+", line["input"]))
        assert int(line["reference"]) == n * each - back
        assert len(line["reference"]) == 3


TEMPLATE: dict[str, Any] = {
    "template_id": "a", "input": "{n} and {m}?", "reference": "n + m",
    "names": {"n": {"from": 2, "to": 99}, "m": {"from": 2, "to": 99}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reference": "n + z"}, "uses z"),
        ({"reference": "__import__('os').system('x')"}, "no arithmetic"),
        ({"reference": "7"}, "uses no name"),
        ({"names": {"n": {"from": 2, "to": 9}}}, "differ: m"),
        ({"names": {"n": [], "m": None}}, "must be"),
        ({"names": {"n": {"from": 9, "to": 2}, "m": None}}, "must be"),
        ({"names": {"n": {"from": "2", "to": 9}, "m": None}}, "made of numbers"),
        ({"where": ["n + m"]}, "no comparison"),
        ({"where": "n < m"}, "must be a list"),
        ({"integer": "yes"}, "true or false"),
        ({"values": {"n": 3}}, "each name"),
        ({"values": {"n": "x", "m": 2}}, "must be a number"),
        ({"input": ""}, "needs"),
        ({"extra": 1}, "no `extra`"),
    ],
)
def test_templates_that_break_a_rule_are_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(Exception, match=re.escape(why)) as refused:
        template_of({**TEMPLATE, **change})
    assert type(refused.value).__name__ in {"RowError", "NotArithmetic"}


def test_templates_make_nothing_where_there_is_doubt(
    write: Callable[[str, str | bytes], Path],
) -> None:
    loose = template_of(
        {
            **TEMPLATE,
            "input": "{x} {n} and {m}{y}",
            "names": {**TEMPLATE["names"], "x": None, "y": None},
        }
    )
    for question, reference, why in (
        ("Sum 3 and 4 and 5.", "7", "more than one way"),
        ("Sum 13 and 45, not 13!", "58", "a second time"),
        ("Sum 13 and 45.", "59", "not the task's"),
        ("Sum 13 and 145.", "158", "outside the template's range"),
    ):
        made = make_twins([task(question, reference)], [loose])
        assert not made.lines
        assert why in next(iter(made.not_made))
    small = template_of(
        {**TEMPLATE, "names": {"n": {"from": 3, "to": 3}, "m": {"from": 4, "to": 4}}}
    )
    with pytest.raises(NoTwin):
        small.answer({"n": "5", "m": "4"})
    assert not make_twins([task("3 and 4?", "7")], [small]).lines
    path = write("t.jsonl", json.dumps(TEMPLATE) + "\n\n" + json.dumps(TEMPLATE) + "\n")
    with pytest.raises(BadInput, match="already") as twice:
        read_templates(path)
    assert twice.value.where.endswith("t.jsonl:3")


@pytest.mark.shared_data
def test_real_questions_with_a_models_own_sums_have_twins_that_hold(shared_data: Path) -> None:
    """GSM8K's questions; the sums that gpt-4o wrote in its reasoning, where it was right, stand for the solution."""
    import gzip

    folder = shared_data / "zeroeval_gsm"
    with (folder / "items.jsonl").open(encoding="utf-8") as stream:
        items = {row["item"]: row for row in map(json.loads, stream)}
    equation = re.compile(
        r"(?<![\d.,])((?:\$?\d[\d,]*\.?\d*\s*[-+*/×÷]\s*)+\$?\d[\d,]*\.?\d*)\s*=\s*\$?(\d[\d,]*\.?\d*)"
    )
    tasks: list[Task] = []
    with gzip.open(folder / "reasoning.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            if '"gpt-4o-2024-08-06"' not in line:
                continue
            row = json.loads(line)
            notes = [f"<<{a}={b.rstrip('.,')}>>" for a, b in equation.findall(row["reasoning"])]
            item = items[row["item"]]
            if notes and len(tasks) < 120:
                tasks.append(
                    task_of({"task_id": row["item"], "input": item["question"], "reference": item["gold"],
                             "solution": " ".join(notes)})
                )  # fmt: skip
    made = make_twins(tasks)
    assert made.tasks == made.with_twin + sum(made.not_made.values()) == 120
    assert made.with_twin >= 12
    for twin in made.lines:
        # The twin's chain, from its own text: every note holds, and the last is its reference.
        sums = re.findall(r"<<(.+?)=(.+?)>>", twin["tags"]["twin.solution"])
        for note, result in sums:
            assert arithmetic(note).value({}) == Fraction(result)
        assert Fraction(sums[-1][1]) == Fraction(twin["reference"].replace(",", ""))
        assert len(twin["input"]) == len(items[twin["tags"]["twin.of"]]["question"])


def test_choices_that_begin_one_another_can_not_make_matching_endless() -> None:
    names: dict[str, Any] = {f"c{place}": ["x", "xx", "xxx"] for place in range(40)}
    text = "".join(f"{{{name}}}" for name in names) + " {n}"
    endless = template_of(
        {"template_id": "t", "input": text, "reference": "n", "names": {**names, "n": {"from": 2, "to": 99}}}
    )  # fmt: skip
    with pytest.raises(NoTwin, match="too many ways"):
        endless.match("x" * 70 + " y 12")
    few = template_of(
        {"template_id": "t", "input": "{c} {n}", "reference": "n",
         "names": {"c": ["pear", "pear tree", "plum"], "n": {"from": 2, "to": 99}}}
    )  # fmt: skip
    assert few.match("pear tree 12") == {"c": "pear tree", "n": "12"}


def test_the_work_of_matching_is_bounded_by_choices_that_begin_one_another() -> None:
    assert tries([None, None, ("a", "b", "c")]) == (2, 3)
    assert tries([("a", "ab", "abc"), ("b", "a", "bb")]) == (0, 3 * 2 * 6)
    assert tries([]) == (0, 1)


def test_a_rule_that_can_not_be_computed_does_not_hold() -> None:
    assert not arithmetic(
        "n * 100000000000000000000000000000 > 1", comparison=True
    ).holds({"n": Fraction(99)})  # fmt: skip


def test_no_advice_on_python_is_given(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(NotArithmetic):
        arithmetic("1if n else 2")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (task("48 and 24?", "1" * 5_000, "<<48+24=72>>"), "hundred digits"),
        (task(f"48 and 24 and {'1' * 5_000}?", "72", "<<48+24=72>>"), "hundred digits"),
        (task(f"48 and 24 and {'1,' * 60_000}?", "72", "<<48+24=72>>"), "longer than"),
        (task(" ".join(map(str, range(11, 131))), "72", "<<48+24=72>>"), "over 100 numbers"),
        (task("48 and 24?", "72", "<<48+24=72>>" * 5_000), "over 60 notes"),
        (task("48 and 24?", "72", f"<<48+24=72{'0' * 100_000}>>"), "can't be read"),
    ],
)
def test_what_would_take_long_is_no_twin(one: Task, why: str) -> None:
    assert why in reason(one)


def test_a_value_of_a_template_has_bounded_digits() -> None:
    with pytest.raises(RowError, match="must be a number"):
        template_of(
            {"template_id": "t", "input": "{n} x", "reference": "n",
             "names": {"n": {"from": 2, "to": 99}}, "values": {"n": "1" * 5_000}}
        )  # fmt: skip
