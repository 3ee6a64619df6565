"""The score in use: labels of a draw, a check of everything, a check of a part; never a model's word."""

from __future__ import annotations

import pytest

from assay.errors import BadInput
from assay.estimate.stratified import StratumCount, error_rate
from assay.ledger.population import Window
from assay.ledger.store import Ledger
from assay.probe.exam_read import Selection
from assay.probe.exam_use import UseQuestion, read_use
from assay.quantity import Estimate, Quantity, Unknown
from assay.volume.draw import DrawRequest, draw_labels
from probe.exam_ledgers import CHECK, add_answers, spread, verdict

DESK = ("desk", "1")


def known(quantity: Quantity) -> Estimate:
    assert isinstance(quantity, Estimate), quantity
    return quantity


def add_labels(ledger: Ledger, wrong: int) -> str:
    """Draw 100 labels, call the first of them wrong, and return the draw's id."""
    done = draw_labels(ledger, DrawRequest(Window("desk", "1"), 100, 7))
    rows = [
        verdict(trace_id, int(place < wrong), judge="ann", kind="person")
        | {"draw_id": done.draw_id, "inclusion_probability": 0.25}
        for place, trace_id in enumerate(done.strata[0].trace_ids)
    ]
    ledger.append("verdicts", rows)
    return done.draw_id


def test_labels_of_a_draw_are_an_error_rate_turned_round(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [None] * 400, kind="field")
    draw_id = add_labels(ledger, 10)
    use = read_use(ledger, DESK, UseQuestion())
    score = known(use.score(0.95))
    rate = error_rate([StratumCount(400, 100, 10)])
    assert (score.value, score.low, score.high) == pytest.approx(
        (1 - rate.value, 1 - rate.high, 1 - rate.low)
    )
    assert "labels by ann" in score.method
    assert use.outputs == 400
    named = read_use(ledger, DESK, UseQuestion(draw=draw_id))
    assert known(named.score(0.95)) == score
    # Labels are of the whole window, not of what a tag picks.
    part = read_use(ledger, DESK, UseQuestion(selection=Selection("field", (("a", "b"),))))
    assert isinstance(part.score(0.95), Unknown)


def test_a_check_of_everything_is_counted(ledger: Ledger) -> None:
    add_answers(ledger, "desk", spread(0.8, 50), kind="field")
    score = known(read_use(ledger, DESK, UseQuestion()).score(0.95))
    assert (score.value, score.low, score.high, score.guarantee) == (0.8, 0.8, 0.8, "exact")


def test_a_check_of_a_part_is_bounded_or_post_stratified(ledger: Ledger) -> None:
    kinds = [{"topic": "bill"}] * 100 + [{"topic": "code"}] * 300
    # The check has spoken of half the bills, nearly all right, and of a tenth of the code, half right.
    said = [*([1] * 49 + [0] + [None] * 50), *([1, 0] * 15 + [None] * 270)]
    add_answers(ledger, "desk", said, kind="field", tags=kinds)
    bounded = known(read_use(ledger, DESK, UseQuestion()).score(0.95))
    assert (bounded.low, bounded.high) == pytest.approx((64 / 400, 384 / 400))
    assert bounded.guarantee == "proved"
    weighed = known(read_use(ledger, DESK, UseQuestion(by=("topic",))).score(0.95))
    assert weighed.value == pytest.approx(0.25 * 0.98 + 0.75 * 0.5)
    assert bounded.low < weighed.low < weighed.high < bounded.high
    assert weighed.guarantee == "assumed"
    assert "taken as drawn at random within each kind" in weighed.method


def test_the_mix_counts_all_outputs_by_kind(ledger: Ledger) -> None:
    kinds = [{"topic": 'a "b"', "lang": "en"}, {"topic": 'a "b"', "lang": "en"}, {"lang": "de"}]
    add_answers(ledger, "desk", [1, 1, 0], kind="field", tags=kinds)
    use = read_use(ledger, DESK, UseQuestion(by=("topic", "lang")))
    assert use.mix == {'topic=a "b", lang=en': 2, "topic=(none), lang=de": 1}


def test_turns_of_a_probes_script_are_no_work(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [1, 1, 0], kind="field", tags=[{"topic": "bill"}] * 3)
    question = UseQuestion(selection=Selection(None, (("topic", "bill"),)), judge=CHECK)
    before = known(read_use(ledger, DESK, question).score(0.95))
    # Push-back carries the tags of the task on.
    turns = [{"topic": "bill", "probe": "pushback"}] * 50
    add_answers(ledger, "desk", [0] * 50, kind="probe", tags=turns)
    use = read_use(ledger, DESK, question)
    assert (use.outputs, known(use.score(0.95))) == (3, before)


def test_a_model_is_no_use_score_and_nobody_is_unknown(ledger: Ledger) -> None:
    add_answers(ledger, "desk", [None] * 5, kind="field")
    nobody = read_use(ledger, DESK, UseQuestion()).score(0.95)
    assert isinstance(nobody, Unknown)
    assert "nobody has verified" in nobody.reason
    rows = [verdict(f"field-desk-1-{n}-1", 0, judge="gpt", kind="model") for n in range(5)]
    ledger.append("verdicts", rows)
    with pytest.raises(BadInput, match="is a model"):
        read_use(ledger, DESK, UseQuestion(judge="gpt"))
    with pytest.raises(BadInput, match="no verdict of"):
        read_use(ledger, DESK, UseQuestion(judge="ghost"))
    idle = read_use(ledger, ("other", ""), UseQuestion())
    assert idle.outputs == 0
    assert isinstance(idle.score(0.95), Unknown)


def test_of_several_checks_one_must_be_named(ledger: Ledger) -> None:
    add_answers(ledger, "desk", spread(0.8, 10), kind="field")
    ledger.append("verdicts", [verdict("field-desk-1-0-1", 1, judge="other check")])
    with pytest.raises(BadInput, match="--use-judge"):
        read_use(ledger, DESK, UseQuestion())
    only = read_use(ledger, DESK, UseQuestion(judge="other check")).score(0.95)
    assert known(only).value == 0.0
    assert known(only).high == 0.9
