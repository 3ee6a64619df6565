"""What `assay cost` found, in words: the same for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from assay.capability.cost_result import ORDERS, BreakEven, CostAnswer, CostedSystem
from assay.figures import interval, number, plain
from assay.quantity import Estimate, Quantity, Unknown

COLUMNS = ("system", "right", "USD/verified-correct", "escaped/1,000", "P(best)")
"""Escaped errors are told per 1,000 verified-correct results."""

ATTEMPT = ("system", "USD/attempt", "USD/correct")
"""USD/correct: nothing mended, wrong results tried again."""

HOURLY = ("system", "s/attempt", "correct/h", "errors/h", "s/verified-correct")
"""Of one worker that takes one request after the other."""

UNKNOWN = "unknown"

MOST_ITEMS = 10_000_000
"""A forecast of more items than that is said to be more: nobody labels so many."""


def headline(answer: CostAnswer) -> str:
    """Return the verdict in one sentence."""
    if answer.none_meets:
        return f"No system is shown to meet the standard of {answer.standard}."
    ranked = answer.ranked
    if not answer.priced:
        return (
            "Which system is cheapest hangs on what an error costs, and nobody has said that: "
            "--mend-cost and --escape-cost."
        )
    if not ranked:
        return "What a verified-correct result costs is unknown of every system here."
    fit = [one for one in ranked if one.meets] if answer.standard else list(ranked)
    first = fit[0]
    assert isinstance(first.cost, Estimate)
    among = " of those that meet the standard" if answer.standard and len(ranked) > 1 else ""
    said = f"{first.name}: {money(first.cost)} a verified-correct result"
    tied = [one.name for one in fit[1:] if one.tie is not None and one.tie == first.tie]
    if tied:
        return f"{said}; a tie with {_listed(tied)}: the evidence can't tell them apart."
    if len(ranked) == 1:
        return f"{said}."
    return f"{said}, the cheapest{among}{_chance(first)}."


def money(quantity: Quantity) -> str:
    """Return an amount of US dollars with its interval.

    Examples
    --------
    >>> money(Estimate(0.7291, 0.541, 0.942, "USD/correct", 0.95, 225, "posterior"))
    '$0.73 [$0.54, $0.95]'
    """
    if isinstance(quantity, Unknown):
        return UNKNOWN
    text = interval(quantity)
    head, _, rest = text.partition(" [")
    if not rest:
        return f"${head}"
    low, _, high = rest.rstrip("]").rpartition(", ")
    ends = (end if end.startswith("no ") else f"${end}" for end in (low, high))
    return f"${head} [{', '.join(ends)}]".replace("$-", "-$")


def figure(quantity: Quantity, *, percent: bool = False, factor: float = 1.0) -> str:
    """Return a number with its interval, or that it is unknown."""
    if isinstance(quantity, Unknown):
        return UNKNOWN
    scaled = quantity.scaled(factor, quantity.unit) if factor != 1.0 else quantity
    return interval(scaled, percent=percent)


def system_cells(system: CostedSystem) -> tuple[str, ...]:
    """Return the cells of a system under `COLUMNS`."""
    tie = f" (tie {system.tie})" if system.tie is not None else ""
    return (
        system.name,
        figure(system.right, percent=True),
        figure(system.cost),
        figure(system.escaped, factor=1_000),
        "" if system.p_best is None else chance(system.p_best) + tie,
    )


def first_rows(answer: CostAnswer) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return columns and rows of the first table: without prices no cost is in it."""
    rows = [system_cells(system) for system in answer.systems]
    if answer.priced:
        return COLUMNS, rows
    return COLUMNS[:2], [row[:2] for row in rows]


def attempt_cells(system: CostedSystem) -> tuple[str, ...]:
    """Return the cells of a system under `ATTEMPT`."""
    return system.name, figure(system.attempt_cost), figure(system.cost_of_pass)


def hourly_cells(system: CostedSystem) -> tuple[str, ...]:
    """Return the cells of a system under `HOURLY`."""
    return (
        system.name,
        figure(system.latency),
        figure(system.correct_per_hour),
        figure(system.errors_per_hour),
        figure(system.seconds),
    )


def chance(share: float) -> str:
    """Return a probability as it may be shown: simulation doesn't prove a 0 or a 1.

    Examples
    --------
    >>> chance(0.523), chance(0.9999), chance(0.0)
    ('52 %', 'over 99 %', 'under 1 %')
    """
    if share > 0.99:
        return "over 99 %"
    return "under 1 %" if share < 0.01 else f"{number(100 * share, 0)} %"


def order_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say who wins by each ranking, and that these are different ones."""
    winners = {
        name: first for name, first in answer.winners.items() if len(answer.orders[name]) > 1
    }
    for name, first in winners.items():
        then = answer.orders[name][len(first) :][:3]
        yield f"By {ORDERS[name]}: {' and '.join(first)}{'; then ' if then else ''}{', '.join(then)}."
    # As few systems as could have won them all.
    different = {first[0] for first in winners.values() if len(first) == 1}
    if len(different) > 1:
        yield f"{len(winners)} rankings have {len(different)} different winners."


def break_even_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say at which price of a mend the cheapest changes."""
    for one in answer.break_evens:
        yield break_even(one)
    if answer.curves and not answer.break_evens and len(answer.curves) > 1:
        first = min(answer.curves, key=lambda curve: curve.cost_usd[0])
        yield f"{first.name} is the cheapest at every price of a mend drawn."


def break_even(one: BreakEven) -> str:
    """Return where two lines cross."""
    if isinstance(one.mend, Unknown):
        return f"{one.cheaper_below} and {one.cheaper_above}: {one.mend.reason}."
    return f"Below {money(one.mend)} a mend {one.cheaper_below} is cheaper, above it {one.cheaper_above}."


def unknown_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say of each system why its cost is unknown, and what would help."""
    if not answer.priced:
        return
    for system in answer.systems:
        if isinstance(system.cost, Unknown):
            next_command = f"; next: {system.next_command}" if system.next_command else ""
            yield f"{system.name}: cost unknown: {system.cost.reason}{next_command}"


def standard_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say of each system whether it meets the standard, and the cheapest that would make it."""
    for system in answer.systems:
        if system.standard:
            more = f"; {system.add_on}" if system.add_on else ""
            yield f"{system.name}: {system.standard}{more}."


def more_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say how far the first two are apart, what a wrong choice between them costs, and what would tell them apart."""
    if isinstance(answer.second_costs_more, Estimate):
        yield from _difference(answer, answer.second_costs_more)
    elif isinstance(answer.second_costs_more, Unknown):
        yield f"How far the first two are apart is unknown: {answer.second_costs_more.reason}."
    if isinstance(answer.more_items, Estimate):
        yield (
            f"To tell the first two apart takes {_roughly(answer.more_items.value)} items of each if they differ as "
            f"measured, {_roughly(answer.more_items.low)} if by as much as the limits allow, and no number if they "
            "cost the same."
        )
    elif isinstance(answer.more_items, Unknown):
        yield f"What would tell the first two apart is unknown: {answer.more_items.reason}."


def basis_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say what the numbers rest on: the user's word, what is taken for granted, and whose verdicts."""
    if answer.said:
        yield f"Given: {'; '.join(answer.said)}."
    if answer.assumed:
        yield f"Taken for granted: {'; '.join(answer.assumed)}."
    if answer.compared_on:
        low, high = (f"{count:,}" for count in answer.compared_on)
        count = low if low == high else f"{low} to {high}"
        yield (
            f"Systems that answered the same tasks ({count} in common) are compared on them, "
            "so tasks that are hard for both don't part them."
        )
    by_words: dict[str, list[str]] = {}
    for system in answer.systems:
        by_words.setdefault(system.evidence, []).append(f"{system.name} ({system.outputs:,})")
    for words, names in by_words.items():
        yield f"{words}: {', '.join(names)}."
    by_note: dict[str, list[str]] = {}
    for system in answer.systems:
        for note in system.notes:
            by_note.setdefault(note, []).append(system.name)
    for note, names in by_note.items():
        everybody = len(names) == len(answer.systems) > 1
        yield f"{note}." if everybody else f"{', '.join(names)}: {note}."
    yield f"Brackets hold {plain(100 * answer.confidence_level)} % limits."


def method_sentences(answer: CostAnswer) -> Iterator[str]:
    """Say how each kind of number was made; a method that several share is said once."""
    said: dict[str, None] = {}
    for system in answer.systems:
        for what, quantity in (
            ("right", system.right),
            ("attempt", system.attempt_cost),
            ("verified-correct", system.cost),
            ("escaped", system.escaped),
            ("an hour", system.errors_per_hour),
            ("seconds", system.seconds),
        ):
            if isinstance(quantity, Estimate):
                said[f"{what} ({quantity.unit}): {quantity.method} ({quantity.guarantee})"] = None
    yield from said


def _difference(answer: CostAnswer, dearer: Estimate) -> Iterator[str]:
    first, second = (one.name for one in answer.ranked[:2])
    more = money(dearer)
    said = f"{second} costs {more} a verified-correct result more than {first}"
    if len(answer.ranked) > 2:
        said += f" (limits that hold for whichever two of the {len(answer.ranked)} come first)"
    if dearer.low >= 0 or answer.more_items is None:
        yield f"{said}."
        return
    # The limits as they are shown, for these are rounded outwards.
    low, high = (
        "without limit" if end.startswith("no ") else f"at most {end.removeprefix('-')} a result"
        for end in more.partition("[")[2].rstrip("]").split(", ")
    )
    yield f"{said}: taking {first} loses {low}, taking {second} {high}."


def _roughly(count: float) -> str:
    """Return a forecast with two digits: more would claim to know it; of what nobody will label, that it is that."""
    if count > MOST_ITEMS:
        return f"more than {number(MOST_ITEMS, 0)}"
    return f"about {number(count, 2 - len(str(int(count))) if count >= 100 else 0)}"


def _chance(system: CostedSystem) -> str:
    return "" if system.p_best is None else f" with probability {chance(system.p_best)}"


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
