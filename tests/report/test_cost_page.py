"""The page and the text of what a verified-correct result costs."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from itertools import pairwise

from rich.console import Console

from assay.capability.cost_result import CostAnswer
from assay.quantity import Estimate, Unknown
from assay.report.cost_chart import (
    CostLine,
    Spot,
    apart,
    frontier,
    frontier_chart,
    mend_chart,
    short_names,
)
from assay.report.cost_page import render_cost
from assay.report.cost_text import print_cost
from assay.report.cost_words import (
    break_even_sentences,
    chance,
    headline,
    money,
    more_sentences,
    order_sentences,
    unknown_sentences,
)
from report.cost_answers import aider, around, costed, unknown
from report.test_page import PAYLOADS, assert_harmless


def text(answer: CostAnswer) -> str:
    written = io.StringIO()
    print_cost(answer, Console(file=written, width=160))
    return written.getvalue()


def test_the_page_has_three_charts_and_can_do_no_harm() -> None:
    outline = assert_harmless(render_cost(aider()))
    assert len(outline.named("svg")) == 3
    said = " ".join(outline.text)
    assert "gpt-5 (high)" in said
    assert "Which is cheapest hangs on what an error costs" in said


def test_names_of_others_do_nothing_in_the_page() -> None:
    answer = aider()
    count = len(answer.systems)
    names = ["".join(PAYLOADS[place::count]) + str(place) for place in range(count)]
    systems = tuple(
        replace(one, name=name, evidence=name, notes=(name,))
        for one, name in zip(answer.systems, names, strict=True)
    )
    lines = tuple(replace(c, name=name) for c, name in zip(answer.curves, names, strict=True))
    hostile = replace(answer, systems=systems, curves=lines)
    assert_harmless(render_cost(hostile))
    assert "\x1b" not in text(hostile)


def test_the_first_sentence_says_what_is_cheapest_and_what_ties_with_it() -> None:
    answer = aider()
    assert headline(answer).startswith("gpt-5 (high): $0.73 [$0.58, $0.88] a verified-correct")
    assert "a tie with gpt-5 (medium)" in headline(answer)
    alone = replace(
        answer, systems=(replace(answer.systems[0], tie=None, p_best=0.97), answer.systems[2])
    )
    assert "the cheapest with probability 97 %" in headline(alone)


def test_without_prices_the_first_sentence_asks_for_them_and_no_cost_is_shown() -> None:
    answer = replace(aider(), priced=False)
    assert "--mend-cost and --escape-cost" in headline(answer)
    assert "USD/verified-correct" not in text(answer)
    assert "rankings" in text(answer)


def test_a_standard_that_none_meets_goes_first() -> None:
    answer = replace(aider(), standard="at most 1 escaped error in 1,000 results")
    assert (
        headline(answer)
        == "No system is shown to meet the standard of at most 1 escaped error in 1,000 results."
    )


def test_an_unknown_cost_is_said_with_its_reason_and_never_as_nothing() -> None:
    answer = unknown()
    assert list(unknown_sentences(answer)) == ["Grok 3 Beta: cost unknown: no output has a cost"]
    assert "unknown" in text(answer)
    assert "$0" not in text(answer)
    assert_harmless(render_cost(answer))


def test_rankings_with_different_winners_are_told_and_equals_share_a_place() -> None:
    said = " ".join(order_sentences(aider()))
    assert "5 rankings have 4 different winners." in said
    assert "fewest first: o3-pro (high); then" in said
    same = replace(costed("o3-pro (high)"), name="twin", right=costed("gpt-5 (high)").right)
    answer = replace(aider(), systems=(*aider().systems, same))
    assert "By share of right results: gpt-5 (high) and twin; then" in " ".join(
        order_sentences(answer)
    )


def test_how_far_the_first_two_are_apart_is_told_and_what_a_wrong_choice_costs() -> None:
    answer = aider()
    assert " ".join(more_sentences(answer)) == (
        "gpt-5 (medium) costs $0.06 [-$0.20, $0.31] a verified-correct result more than gpt-5 (high) (limits that "
        "hold for whichever two of the 6 come first): taking gpt-5 (high) loses at most $0.20 a result, taking gpt-5 "
        "(medium) at most $0.31 a result. "
        "To tell the first two apart takes about 9,000 items of each if they differ as measured, about 7,200 if by as "
        "much as the limits allow, and no number if they cost the same."
    )
    said = text(answer)
    assert "-$0.20, $0.31" in said
    assert "-$0.20, $0.31" in render_cost(answer)
    shown = replace(answer, more_items=None, second_costs_more=around(0.5, "USD/verified-correct"))
    shown = replace(shown, systems=shown.systems[:2])
    assert list(more_sentences(shown)) == [
        "gpt-5 (medium) costs $0.50 [$0.40, $0.60] a verified-correct result more than gpt-5 (high)."
    ]


def test_of_too_many_to_pair_the_difference_is_unknown_and_said_so() -> None:
    answer = replace(aider(), second_costs_more=Unknown("chosen from 60"))
    assert "How far the first two are apart is unknown: chosen from 60." in list(
        more_sentences(answer)
    )


def test_a_number_that_nobody_labels_is_not_written_out() -> None:
    answer = replace(aider(), more_items=around(1.8e9, "items"))
    assert "takes more than 10,000,000 items of each" in " ".join(more_sentences(answer))


def test_what_may_be_lost_without_limit_is_told_so() -> None:
    apart = Estimate(1.0, -math.inf, math.inf, "USD/verified-correct", 0.95, 9, "melded")
    said = " ".join(more_sentences(replace(aider(), second_costs_more=apart)))
    assert "costs $1.00 [no lower limit, no limit] a verified-correct result more" in said
    assert "taking gpt-5 (high) loses without limit, taking gpt-5 (medium) without limit." in said


def test_where_lines_cross_is_told_and_where_none_does_too() -> None:
    assert "Below $3.8 [$3.0, $4.5] a mend gpt-5 (medium) is cheaper" in " ".join(
        break_even_sentences(aider())
    )
    lone = replace(aider(), break_evens=())
    assert "is the cheapest at every price of a mend drawn" in " ".join(break_even_sentences(lone))


def test_amounts_and_chances_are_not_shown_as_surer_than_they_are() -> None:
    assert money(Estimate(0.0, 0.0, 0.004, "USD", 0.95, 9, "m")) == "$0; at most 0.0040"
    assert money(Estimate(1.0, 0.5, float("inf"), "USD", 0.95, 9, "m")).endswith("no limit]")
    assert money(Unknown("x")) == "unknown"
    assert [chance(p) for p in (0.0, 0.5, 1.0)] == ["under 1 %", "50 %", "over 99 %"]


def test_short_names_leave_out_what_all_share_and_stay_different() -> None:
    assert list(short_names(["a/b/x", "a/b/y"]).values()) == ["x", "y"]
    assert list(short_names(["a/b"]).values()) == ["a/b"]
    long = [f"one-and-the-same-long-beginning-{end}" for end in ("first", "second")]
    shown = list(short_names(long).values())
    assert len(set(shown)) == 2
    assert all(len(name) <= 24 for name in shown)
    assert all(name.endswith(end) for name, end in zip(shown, ("first", "second"), strict=True))


def test_names_beside_lines_keep_apart_and_in_order() -> None:
    places = apart({"a": 1.0, "b": 1.0, "c": 1.1, "d": 9.0}, 0.5, (0.0, 10.0))
    values = [places[name] for name in "abcd"]
    assert all(b - a >= 0.5 - 1e-9 for a, b in pairwise(values))
    crowded = apart({"a": 10.0, "b": 10.0}, 1.0, (0.0, 10.0))
    assert crowded == {"a": 9.0, "b": 10.0}


def test_the_frontier_is_what_no_other_beats_in_both() -> None:
    spots = [
        Spot(name, around(cost, "USD"), around(escaped, "e"))
        for name, cost, escaped in (
            ("cheap", 1, 90),
            ("sure", 9, 10),
            ("worse", 10, 95),
            ("between", 4, 40),
        )
    ]
    assert [spot.name for spot in frontier(spots)] == ["cheap", "between", "sure"]


def test_a_chart_with_nothing_to_choose_by_is_left_out() -> None:
    nothing = Spot("a", around(1, "USD"), Estimate(0, 0, 1, "e", 0.95, 9, "m"))
    assert frontier_chart([nothing, nothing], name="f", title="t", caption="c") is None
    assert mend_chart([], name="m", title="t", caption="c") is None


def test_lines_far_apart_are_drawn_with_their_names() -> None:
    lines = [
        CostLine(f"s{place}", (0.01, 1.0, 100.0), (10.0**place, 2 * 10.0**place, 1e6))
        for place in range(-3, 4)
    ]
    chart = mend_chart(lines, name="m", title="t", caption="c", marks=(0.5, 1e9))
    assert chart is not None
    for line in lines:
        assert line.name in chart.svg
