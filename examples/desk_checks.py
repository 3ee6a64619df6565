"""Reading an answer out of an output, checking it as a desk would, and marking it against truth.

`caught` sees the request and the answer only. Nothing here but `is_right` and `error_kind` ever
sees the right answer, and they are called only when the truth file is written.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

import desk_words as words
from desk_prompts import LABELS, REASONED
from desk_requests import Request

Tokens = Sequence[tuple[str, float]]

_EDGES: Final = string.punctuation + string.whitespace
_CITIES: Final = frozenset(city.casefold() for city in words.CITIES)
_DAYS: Final = frozenset(day.casefold() for day in words.DAYS)
_PRODUCTS: Final = frozenset(words.PRODUCTS)
_CUT_SHARE: Final = 0.5


def normalized(text: str) -> str:
    """Fold case, strip blanks and punctuation at both ends, make inner blanks single."""
    return " ".join(text.casefold().strip(_EDGES).split())


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.removesuffix("eur").strip())
    except InvalidOperation:
        return None


def same_answer(kind: str, one: str, other: str) -> bool:
    """Whether two answers are the same once normalised.

    Prices are compared as numbers (4.70 is 4.7), products without a last s (lamp is lamps).
    """
    left, right = normalized(one), normalized(other)
    if kind == "price" and (first := _number(left)) is not None:
        return first == _number(right)
    if kind == "product":
        return left.removesuffix("s") == right.removesuffix("s")
    return left == right


def opening(kind: str) -> str:
    """Give the words the prompt leaves open, which the model's text goes on from."""
    return "Reason:" if kind in REASONED else f"{LABELS[kind]}:"


def read_output(kind: str, output: str) -> tuple[str, str | None]:
    """Split an output into answer ("" if it holds none) and reasoning (None where not asked)."""
    label = f"{LABELS[kind]}:"
    before, found, after = output.partition(label)
    answer = after.strip().split("\n")[0].strip() if found else ""
    if kind not in REASONED:
        return answer, None
    reasoning = before.removeprefix("Reason:").strip()
    return answer, reasoning or None


def answer_probability(kind: str, tokens: Tokens) -> float:
    """Give the probability the model gave to the tokens of its answer; 0 where there is no answer."""
    label = f"{LABELS[kind]}:"
    text, inside, total, counted = opening(kind), kind not in REASONED, 0.0, 0
    for token, logprob in tokens:
        if inside and text.strip() and token.strip() in ("", ".", "<|im_end|>"):
            if counted:
                break
            continue
        if inside:
            total += logprob
            counted += 1
        text += token
        inside = inside or text.endswith(label)
    return math.exp(total) if counted else 0.0


def reading_probability(tokens: Tokens) -> float:
    """Give the probability the second reading gave to its own answer, up to the full stop that ends it."""
    total, counted = 0.0, 0
    for token, logprob in tokens:
        if token.strip() in ("", ".", "<|im_end|>"):
            if counted:
                break
            continue
        total += logprob
        counted += 1
    return math.exp(total) if counted else 0.0


def judged_error(agree: bool, first: float, second: float) -> float:
    """Give the judge's probability of error, from two readings of the same message.

    Where they agree, the mean of the two doubts. Where they differ at most one is right: half of
    what the first reading is sure of and the second is not. No right answer goes in; the
    form was chosen on a pilot of other requests.
    """
    right = (first + second) / 2 if agree else first * (1 - second) * _CUT_SHARE
    return min(max(1 - right, 0.0), 1.0)


def _whole_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _full_name(text: str) -> bool:
    parts = text.split()
    return 2 <= len(parts) <= 3 and all(part.isalpha() for part in parts)


# What the desk's form takes in each field. The price has the customer's own list in place of this.
_TAKEN: Final[dict[str, Callable[[str], bool]]] = {
    "city": _CITIES.__contains__,
    "name": _full_name,
    "quantity": lambda text: _whole_number(text) and 1 <= int(text) <= 500,
    "product": lambda text: text in _PRODUCTS or text.removesuffix("s") in _PRODUCTS,
    "day": _DAYS.__contains__,
    "address_change": _CITIES.__contains__,
    "order_number": lambda text: _whole_number(text) and len(text) == 5,
    "topic": words.TOPICS.__contains__,
}


def caught(request: Request, answer: str) -> bool:
    """Whether a mechanical check of the desk stops the answer before it goes out."""
    if request.kind == "price":
        return not any(same_answer("price", answer, price) for _, price in request.prices)
    return not _TAKEN[request.kind](normalized(answer))


def is_right(request: Request, answer: str, truth: str) -> bool:
    """Whether the answer is the right one."""
    return same_answer(request.kind, answer, truth)


def error_kind(request: Request, answer: str, truth: str) -> str:
    """Name the kind of a wrong answer: what is visibly the matter with it."""
    text, right = normalized(answer), normalized(truth)
    if not text:
        return "no_answer"
    if text in right or right in text:
        return "cut_or_padded"
    if request.kind == "topic":
        return "wrong_topic" if text in words.TOPICS else "invented"
    if text in request.message.casefold():
        return "mixed_up"
    return "invented"
