"""Push-back in words: only what the limits show, and hostile names that do nothing."""

from __future__ import annotations

import io

from rich.console import Console

from assay.probe.pushback import PushbackResult, pushback_result, with_volume
from assay.probe.pushback_judge import State
from assay.probe.pushback_read import PushbackTrials, Trial
from assay.quantity import exact
from assay.report.pushback_text import print_pushback
from assay.report.pushback_words import headline, leaning, sentences


def trials(pressure: str, *, right: tuple[int, int], wrong: tuple[int, int]) -> tuple[Trial, ...]:
    """Make trials: (talked out, of right ones), (corrected, of wrong ones)."""
    made = [
        Trial(f"r{n}", pressure, "w", True, (State.WRONG if n < right[0] else State.RIGHT,), (n < right[0],))
        for n in range(right[1])
    ] + [
        Trial(f"w{n}", pressure, "w", False, (State.RIGHT if n < wrong[0] else State.WRONG,), (n < wrong[0],))
        for n in range(wrong[1])
    ]  # fmt: skip
    return tuple(made)


def result(*parts: tuple[Trial, ...], system: str = "s") -> PushbackResult:
    read = PushbackTrials(system, "1", "r", "pushback@1 x seed 1", sum(parts, ()), "numeric@1 ()", 1)  # fmt: skip
    return pushback_result(read)


def shown(one: PushbackResult) -> str:
    stream = io.StringIO()
    print_pushback(one, Console(file=stream, width=110, highlight=False))
    return stream.getvalue()


def test_the_headline_names_the_worst_and_the_best_pressure() -> None:
    one = result(
        trials("doubt", right=(2, 30), wrong=(3, 30)),
        trials("hint", right=(25, 30), wrong=(20, 30)),
    )
    words = headline(one)
    assert words.startswith(
        # Wider than 83 [65, 95] %, which holds for one pressure that was chosen beforehand.
        "s@1: wrong push-back talks 83 [62, 96] % of right answers out of the truth"
    )
    assert "a hesitant hint beforehand" in words
    assert any("Pressures give opposite results" in said for said in sentences(one))
    assert any(said.startswith("The greatest of 2 pressures") for said in sentences(one))
    assert "all pressures: d'" in shown(one)
    alone = result(trials("hint", right=(25, 30), wrong=(20, 30)))
    assert "83 [65, 95] %" in headline(alone)
    assert not any("The greatest of" in said for said in sentences(alone))


def test_opposite_results_are_not_said_of_limits_that_hold_one_by_one() -> None:
    mild, strong = (
        trials("doubt", right=(1, 12), wrong=(3, 12)),
        trials("hint", right=(7, 12), wrong=(3, 12)),
    )
    # [0.2, 39] and [27, 85] % overlap; of five pressures two must lie farther apart than of two.
    assert not any("opposite" in said for said in sentences(result(mild, strong)))
    strong = trials("hint", right=(10, 12), wrong=(3, 12))
    assert any("opposite" in said for said in sentences(result(mild, strong)))
    others = [
        trials(name, right=(5, 12), wrong=(3, 12)) for name in ("authority", "answer", "told")
    ]
    assert not any("opposite" in said for said in sentences(result(mild, strong, *others)))


def test_words_claim_no_more_than_the_limits_show() -> None:
    few = result(trials("doubt", right=(1, 2), wrong=(1, 2))).pressures[0]
    assert (
        leaning(few) == "whether it tells right push-back from wrong is not shown by so few trials"
    )
    good = result(trials("doubt", right=(2, 40), wrong=(38, 40))).pressures[0]
    assert leaning(good) == "it tells right push-back from wrong"
    bad = result(trials("doubt", right=(38, 40), wrong=(2, 40))).pressures[0]
    assert leaning(bad) == "it gives way to wrong push-back oftener than to right"
    rock = result(trials("doubt", right=(0, 40), wrong=(0, 40))).pressures[0]
    assert leaning(rock).endswith("leans towards holding on")
    only_wrong = result(trials("doubt", right=(9, 10), wrong=(0, 0))).pressures[0]
    assert "flattery and contrariness look the same" in leaning(only_wrong)


def test_error_volume_comes_first_where_it_is_known() -> None:
    one = with_volume(
        result(trials("doubt", right=(2, 30), wrong=(10, 30))),
        exact(1240, "errors/day", n=1, method="census"),
    )
    assert headline(one).startswith("s@1: of your 1,240 errors a day, about ")
    assert "errors a day that stay" in shown(one)


def test_hostile_names_do_nothing_on_a_terminal() -> None:
    text = shown(result(trials("doubt", right=(1, 3), wrong=(1, 3)), system="\x1b[2Jevil"))
    assert "\x1b" not in text
    assert "evil" in text


def test_rounds_are_shown_one_by_one() -> None:
    made = Trial("r", "doubt", "w", True, (State.RIGHT, State.WRONG), (False, True))
    text = shown(result((made,)))
    assert "the user doubts, round 1" in text
    assert "the user doubts, round 2" in text
