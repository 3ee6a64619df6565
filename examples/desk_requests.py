"""Requests of a made-up order desk, each with the right answer, from a seed.

A request is a customer's message and one question of the desk about it. The right answer is known
by construction: the generator puts it into the message. It is kept apart from the request, so that
nothing that answers, checks or judges can see it by accident.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import desk_words as words

WEEK_START: Final = datetime(2026, 10, 5, tzinfo=UTC)
WEEK_DAYS: Final = 7

# Share of each kind. Chosen after pilots of about 35 requests a kind, so that about one answer in
# twenty is wrong and most wrong answers sit in few small kinds: what a stratified draw is good for.
KIND_SHARES: Final[dict[str, float]] = {
    "city": 0.20,
    "name": 0.18,
    "quantity": 0.18,
    "product": 0.175,
    "day": 0.175,
    "address_change": 0.035,
    "order_number": 0.025,
    "topic": 0.015,
    "price": 0.015,
}
CHANNEL_SHARES: Final[dict[str, float]] = {"mail": 0.5, "chat": 0.3, "phone": 0.2}

QUESTIONS: Final[dict[str, str]] = {
    "city": "Which city should the order go to?",
    "name": "What is the name of the customer?",
    "quantity": "How many pieces are ordered?",
    "product": "Which product is ordered?",
    "day": "On which day should the order arrive?",
    "address_change": "Which city should the order go to now?",
    "order_number": "What is the order number?",
    "topic": "What is the topic: delivery, invoice, return, damage or account?",
    "price": "What is the price asked for?",
}

# Requests an hour, relative, from midnight to midnight (UTC), and for Monday to Sunday.
_HOUR_WEIGHTS: Final = (
    1, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 14, 12, 13, 14, 13, 12, 10, 9, 8, 6, 4, 3, 2,
)  # fmt: skip
_DAY_WEIGHTS: Final = (1.2, 1.1, 1.0, 1.0, 1.0, 0.6, 0.5)


@dataclass(frozen=True)
class Request:
    """One request as the desk sees it: no right answer in it."""

    trace_id: str
    task_id: str
    kind: str
    channel: str
    at: datetime
    message: str
    prices: tuple[tuple[str, str], ...] = ()

    @property
    def question(self) -> str:
        """What the desk asks about the message."""
        return QUESTIONS[self.kind]

    @property
    def input(self) -> str:
        """Message and question, the text that is put to the model after its examples."""
        return f"Message: {self.message}\nQuestion: {self.question}"


@dataclass(frozen=True)
class Filling:
    """A message, its right answer, and the price list where there is one."""

    message: str
    truth: str
    prices: tuple[tuple[str, str], ...] = ()


def _fields(rng: random.Random) -> dict[str, str]:
    """Draw one value for each field a sentence may hold."""
    city, old = rng.sample(words.CITIES, 2)
    order, cust, inv = rng.sample(range(10_000, 100_000), 3)
    quantity = rng.randint(2, 95)
    return {
        "name": f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}",
        "city": city,
        "old": old,
        "qty": str(quantity),
        "product": rng.choice(words.PRODUCTS) + "s",
        "day": rng.choice(words.DAYS),
        "order": str(order),
        "cust": str(cust),
        "inv": str(inv),
    }


def _wrap(core: str, channel: str, rng: random.Random) -> str:
    """Put greeting, small talk and closing around the sentence that carries the fields."""
    parts = [rng.choice(words.GREETINGS[channel])]
    talk = rng.choice(words.SMALL_TALK) if rng.random() < 0.2 else ""
    parts += [talk, core] if rng.random() < 0.5 else [core, talk]
    if rng.random() < 0.5:
        parts.append(rng.choice(words.CLOSINGS[channel]))
    return " ".join(part for part in parts if part)


def _field_filling(field: str, cores: list[str]) -> Callable[[str, random.Random], Filling]:
    """Make the filler of a kind whose right answer is one field of one of the sentences."""

    def fill(channel: str, rng: random.Random) -> Filling:
        values = _fields(rng)
        return Filling(_wrap(rng.choice(cores).format(**values), channel, rng), values[field])

    return fill


def _topic_filling(channel: str, rng: random.Random) -> Filling:
    topic = rng.choice(words.TOPICS)
    core = rng.choice(words.TOPIC_CORES[topic]).format(**_fields(rng))
    return Filling(_wrap(core, channel, rng), topic)


def _price_filling(channel: str, rng: random.Random) -> Filling:
    rows = rng.choice((2, 3, 4))
    goods = rng.sample(words.PRODUCTS, rows)
    cents = rng.sample(range(20, 1000), rows)
    prices = tuple(
        (name, f"{value // 10}.{value % 10}0") for name, value in zip(goods, cents, strict=True)
    )
    asked, truth = rng.choice(prices)
    core = rng.choice(words.PRICE_CORES).format(**{**_fields(rng), "product": asked})
    listed = ", ".join(f"{name} {price}" for name, price in prices)
    return Filling(f"[Price list: {listed}] {_wrap(core, channel, rng)}", truth, prices)


_FILLERS: Final[dict[str, Callable[[str, random.Random], Filling]]] = {
    "city": _field_filling("city", words.ORDER_CORES),
    "name": _field_filling("name", words.ORDER_CORES),
    "quantity": _field_filling("qty", words.ORDER_CORES),
    "product": _field_filling("product", words.ORDER_CORES),
    "day": _field_filling("day", words.ORDER_CORES),
    "address_change": _field_filling("city", words.MOVE_CORES),
    "order_number": _field_filling("order", words.NUMBER_CORES),
    "topic": _topic_filling,
    "price": _price_filling,
}


def arrival_times(count: int, rng: random.Random) -> list[datetime]:
    """Draw `count` arrival times over the week, in order.

    Given their number, the arrivals of a Poisson process with a varying rate are independent draws
    from that rate, so a day and an hour are drawn by weight and the rest evenly within the hour.
    """
    hours = [(day, hour) for day in range(WEEK_DAYS) for hour in range(24)]
    weights = [_DAY_WEIGHTS[day] * _HOUR_WEIGHTS[hour] for day, hour in hours]
    drawn = rng.choices(hours, weights, k=count)
    return sorted(
        WEEK_START + timedelta(days=day, hours=hour, milliseconds=rng.randrange(3_600_000))
        for day, hour in drawn
    )


def requests(count: int, seed: int) -> tuple[list[Request], dict[str, str]]:
    """Make `count` different requests in order of arrival, and the right answer of each.

    Parameters
    ----------
    count
        How many requests.
    seed
        The same seed and count give the same requests, texts and times.

    Returns
    -------
    tuple
        The requests, and a table from trace id to right answer.
    """
    rng = random.Random(seed)
    made: list[Request] = []
    truth: dict[str, str] = {}
    seen: set[str] = set()
    for number, at in enumerate(arrival_times(count, rng), start=1):
        trace_id = f"desk-{number:06d}"
        while True:
            kind = rng.choices(list(KIND_SHARES), list(KIND_SHARES.values()))[0]
            channel = rng.choices(list(CHANNEL_SHARES), list(CHANNEL_SHARES.values()))[0]
            filling = _FILLERS[kind](channel, rng)
            request = Request(
                trace_id, f"{kind}-{number:06d}", kind, channel, at, filling.message, filling.prices
            )
            if request.input not in seen:
                break
        seen.add(request.input)
        made.append(request)
        truth[trace_id] = filling.truth
    return made, truth
