"""Agreement of proxies and budgets on the order of sources, in words."""

from __future__ import annotations

from collections.abc import Iterator

from assay.curate.value_agreement import Agreement, Comparison, SourceOrder
from assay.curate.value_result import HELD
from assay.estimate.order_agreement import Finding, OrderAgreement
from assay.figures import interval

PROXIES: dict[Finding, str] = {
    "agree": "agree on the order of the sources",
    "oppose": "put the sources into opposite orders",
    "cannot tell": "cannot tell whether they agree on the order of the sources",
}
BUDGETS: dict[Finding, str] = {
    "agree": "the order of the sources holds",
    "oppose": "the order of the sources turns over",
    "cannot tell": "cannot tell whether the order of the sources holds",
}

COMPARISON_COLUMNS = (
    "compared",
    "Kendall's tau-b",
    "separated by the first",
    "by the second",
    "agreed",
    "opposed",
    "finding",
    "such decisions held",
)


def comparison_words(one: Comparison) -> str:
    """Return what is held against what, as "4-gram@1 and transformer-0.24M@1 at 400,000 tokens"."""
    if one.of_budgets:
        return f"{brief(one.first)} at {one.first_tokens:,} and at {one.second_tokens:,} tokens"
    return f"{brief(one.first)} and {brief(one.second)} at {one.first_tokens:,} tokens"


def brief(proxy: str) -> str:
    """Return a proxy's kind and version, without its settings."""
    return proxy.split(" (", maxsplit=1)[0]


def agreement_sentences(agreement: Agreement) -> Iterator[str]:
    """Yield each comparison's finding with its numbers, each order, and what they rest on."""
    for one in agreement.comparisons:
        said = (BUDGETS if one.of_budgets else PROXIES)[one.found.finding]
        yield f"{comparison_words(one)}: {said}. {_numbers(one.found)}"
    for order in agreement.orders:
        yield order_words(order)
    yield (
        f"Each source alone, as many tokens of it, {agreement.seeds} seeds, {agreement.documents} held-out documents. "
        "A pair is separated if it is shown which of the two is better, all pairs and both orders at once; tau's "
        f"limits count every other pair as open. They hold for these sources. {HELD_SENTENCE}"
    )
    if any(one.found.finding == "cannot tell" for one in agreement.comparisons):
        yield "More held-out documents, or more seeds, separate more pairs."
    if agreement.left_out:
        named = ", ".join(f"{name} ({tokens:,})" for name, tokens in agreement.left_out)
        yield f"Left out, since they hold fewer tokens than the largest budget: {named}."
    if agreement.nearly_all:
        yield (
            f"Of {', '.join(agreement.nearly_all)} each seed drew more than half of what there is: other texts of "
            "theirs may differ by more than the limits say."
        )


HELD_SENTENCE = (
    f"Decisions at this scale have held in about three of four cases ({HELD} pairs of data sets)."
)


def _numbers(found: OrderAgreement) -> str:
    return (
        f"Kendall's tau-b {interval(found.tau)}; of {found.pairs} pairs of {found.things} sources the first separates "
        f"{found.separated_first}, the second {found.separated_second}; of those that both do, {found.agreed} agreed "
        f"and {found.opposed} opposed. Separated or not, {found.same} pairs stand in the same order."
    )


def order_words(order: SourceOrder) -> str:
    """Return the sources in a proxy's order, with bits per byte."""
    named = ", ".join(f"{name} {interval(loss)}" for name, loss in order.losses)
    return f"{brief(order.proxy)} at {order.tokens:,} tokens, best first, bits/byte: {named}."


def comparison_cells(one: Comparison) -> tuple[str, ...]:
    """Return the row of a comparison."""
    found = one.found
    return (
        comparison_words(one),
        interval(found.tau),
        f"{found.separated_first} of {found.pairs}",
        f"{found.separated_second} of {found.pairs}",
        str(found.agreed),
        str(found.opposed),
        found.finding,
        HELD,
    )
