"""The feedback audit in words."""

from __future__ import annotations

import io

from rich.console import Console

from assay.probe.feedback import FeedbackResult, audit_feedback, with_volume
from assay.probe.feedback_read import Thumb, Thumbs
from assay.probe.feedback_truth import Cell, Truth, TruthStratum
from assay.quantity import exact
from assay.report.feedback_text import headline, print_feedback, sentences


def audited(wrong: tuple[int, int], right: tuple[int, int], silent: int = 0) -> FeedbackResult:
    cells = {
        Cell(1, None, Thumb.UP): wrong[0], Cell(1, None, Thumb.DOWN): wrong[1],
        Cell(0, None, Thumb.UP): right[0], Cell(0, None, Thumb.DOWN): right[1],
        Cell(0, None, Thumb.SILENT): silent,
    }  # fmt: skip
    truth = Truth((TruthStratum(sum(cells.values()), cells),), "every output judged by c")
    return audit_feedback("desk@1", Thumbs({}, 0, 0, (), "thumbs.csv"), truth)


def test_the_headline_says_what_training_would_do() -> None:
    words = headline(audited((45, 5), (30, 70)))
    assert words == (
        "desk@1: 90 [78, 97] % of the thumbs on wrong outputs are up; training on this feedback: "
        "it rewards errors more than right answers."
    )
    assert "unknown" in headline(audited((0, 0), (30, 70)))
    volume = with_volume(audited((45, 5), (30, 70)), exact(1240, "errors/day", n=1, method="c"))
    assert headline(volume).startswith("desk@1: of your 1,240 errors a day, about ")


def test_praise_of_errors_is_said_even_where_right_answers_are_praised_more() -> None:
    said = list(sentences(audited((80, 20), (99, 1))))
    assert any("More than half of the thumbs on wrong outputs praise them" in one for one in said)
    assert not any("Do not train" in one for one in said)


def test_the_silent_are_spoken_of_and_all_is_printed() -> None:
    stream = io.StringIO()
    print_feedback(audited((5, 5), (8, 2), silent=40), Console(file=stream, width=110, highlight=False))  # fmt: skip
    text = stream.getvalue()
    assert "40 of 60 outputs whose verdict is known got no thumb" in text
    assert "against every output judged by c" in text
    assert "thumbs up, of all wrong outputs" in text
