"""Conclusions: what is concluded is taken, what merely occurs is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import BadInput
from assay.judge.check import Item
from assay.probe.knows_conclusions import concluding_yes_no, conclusion_named
from assay.probe.knows_numbers import concluding_number, ends_in

NUMBERS = [
    ("The final answer is: $\\boxed{36}$", "36"),
    ("So 2 * 3 = 6. **Answer:** 12 apples", "12"),
    ("5 + 7 = 12. Therefore, she has 12 eggs after 3 days.", "12"),
    ("28 / 4 = 7. So it takes 7 more weeks to save $60.", "7"),
    ("Thus they add up to a total of 2.5 hours over 5 days.", "2.5"),
    ("We get $84 - $100 = -$16.", "-16"),
    # What merely stands last is no conclusion.
    ("On Friday, the mechanic repairs 12 car tires at $40 each. We compare the days.", None),
    ("To find the total, we multiply by 5.", None),
    ("So we need to add the 3 parts to get the total.", None),
    ("The total is 60 + 180 + 126.", None),
    ("In total it is = 5 * 3", None),
    # What comes after without a number: a step still to be done, or a second thought.
    ("5 * 4 = 20. Then subtract what was given away.", None),
    ("Thus 6000 / 2000 = 3. However, no part of a truck can be hired.", None),
    ("She can buy 20 / 2 = 10. Therefore there is no change.", None),
    ("So 8 * 5 = 40.\n\n```", "40"),
    # A check, a remark, a ground.
    ("So it is 30. We can verify: 30 - 22 = 8", None),
    ("In total, 5 + 6 = 11. This is because the 6 were added.", None),
    ("So 2350 in total. Note that the first 4 years are left out.", None),
    # A calculation without a result, in signs or words.
    ("So the revenue is (12 * $40).", None),
    ("Thus the total is \\(30 \\times 28\\).", None),
    ("So A = 20(1 + 0.2)^18.", None),
    ("So it will be the sum plus 20.", None),
    ("$4000 minus $3500 leaves $500 as the change.", "500"),
    # An equation in an unknown has no result; its solution has.
    ("So, 2x - 5 = 45", None),
    ("So 4x = 80, thus x = 20", "20"),
    # Two results side by side.
    ("So there are 160 chairs and 23 stools left.", None),
    ("So she has 6 + 4 = 10 nuts and 3 + 4 = 7 figs.", None),
    ("So we must divide the 8 by 4.", None),
    ("", None),
    ("There is no number here. Therefore, nothing.", None),
]


@pytest.mark.parametrize(("text", "taken"), NUMBERS)
def test_a_number_is_taken_where_it_is_concluded(text: str, taken: str | None) -> None:
    assert concluding_number(text) == taken


def test_a_last_sentence_with_both_numbers_ends_in_either() -> None:
    text = "7.5 / 0.5 = 15 toys. However, he needs to remove 16 toys."
    assert ends_in(text, "16")
    assert not ends_in(text, "15")
    assert not ends_in("no number", "15")
    # What is calculated with is not concluded.
    assert not ends_in("He pays 8 / 2 = 4.", "8")
    assert ends_in("He pays 8 / 2 = 4, or 8.", "8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("There is no remainder. The answer is yes.", "yes"),
        ("Yes, but no apples are left", "yes"),
        ('[Yes] at first; then "No".', "no"),
        ("No idea whether yes or no holds", None),
    ],
)
def test_yes_and_no_count_where_they_stand_alone(text: str, said: str | None) -> None:
    assert concluding_yes_no(text) == said


PRIME = "Is 17077 a prime number? Think step by step."
CLAIMS = [
    ("Therefore, 17077 is a prime number.", "yes"),
    ("Therefore it is only divisible by 1 and itself, and is therefore a prime number.", "yes"),
    ("So 17077 is only divisible by 1 and itself, making it a prime number.", "yes"),
    ("Thus it isn't a prime number.", "no"),
    ("Therefore, it cannot be a prime number.", "no"),
    ("If it is divisible by 2, then it is not a prime number.", None),
    ("Therefore we cannot definitively say that 17077 is a prime number.", None),
    ("To determine if 17077 is a prime number, so we divide.", None),
    ("So, is 17077 a prime number?", None),
    ("Since 967 is a prime number, we can conclude that 17077 has two divisors.", None),
    ("So 17077 is not divisible by any of these prime numbers.", None),
    # It takes back what it concluded.
    ("Therefore, 17077 is a prime number. However, a test shows that it is not a prime number.", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), CLAIMS)
def test_the_last_statement_of_the_claim_counts(text: str, said: str | None) -> None:
    parser = conclusion_named("concluding-claim")
    assert parser.take([text], [Item("", input=PRIME)])[0].text == said


def test_without_a_concluding_word_only_the_wider_parser_reads() -> None:
    text = "17077 is a prime number."
    item = Item("", input=PRIME)
    assert conclusion_named("claim").take([text], [item])[0].text == "yes"
    assert conclusion_named("concluding-claim").take([text], [item])[0].text is None


def test_words_of_the_user_and_their_opposite() -> None:
    parser = conclusion_named("claim=prime number,prime/composite number,composite")
    assert parser.label == "claim@1 prime number,prime/composite number,composite"
    item = Item("", input="What about 91?")
    assert parser.take(["91 is composite."], [item])[0].text == "no"
    assert parser.take(["91 is not prime."], [item])[0].text == "no"
    assert parser.take(["91 is not a composite number."], [item])[0].text == "yes"


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("Is Mount Kenya higher than Mount Elgon?", "So it is higher than Mount Elgon.", "yes"),
        ("Was the bridge safe?", "Hence the bridge was never safe.", "no"),
        ("How many?", "So it is three.", None),
    ],
)
def test_the_claim_is_taken_from_the_question(question: str, text: str, said: str | None) -> None:
    parser = conclusion_named("claim")
    assert parser.take([text], [Item("", input=question)])[0].text == said


@pytest.mark.parametrize("name", ["nothing", "claim=/composite", "claim=a/b/c", "last-match"])
def test_an_unknown_parser_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(BadInput):
        conclusion_named(name)


def test_parsers_of_judges_read_conclusions_too() -> None:
    assert conclusion_named("after-think+last-number").label == "after-think@1 + last-number@1"


@given(st.text(), st.text())
def test_no_text_breaks_a_parser(text: str, question: str) -> None:
    item = Item("", input=question)
    for name in ("concluding-number", "concluding-yes-no", "claim", "concluding-claim"):
        conclusion_named(name).take([text], [item])
    ends_in(text, question)


@pytest.mark.parametrize(
    "piece",
    ["= ", "is not ", "is a ", "1", "9 = ", "(", " ", "so ", "a.", "is " * 5, "not the ", "$"],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    parsers = [
        conclusion_named(name) for name in ("concluding-number", "concluding-yes-no", "claim")
    ]

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        before = time.process_time()
        for parser in parsers:
            parser.take([text], [Item("", input="Is 4 a prime number?")])
        return time.process_time() - before

    # Not a limit on time: four times the text may take sixteen times as long only where time grows with its square.
    assert min(seconds(40_000) for _ in range(2)) < 12 * max(seconds(10_000), 0.01)
