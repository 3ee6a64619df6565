"""Trivial baselines: an exam that has a shape is found out, one without is not, and the limits hold."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from assay.errors import BadInput
from assay.probe.trivial_baselines import Baseline, ExamItems, Passing, trivial_baselines
from assay.quantity import Estimate, Unknown, assumed


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def named(baselines: tuple[Baseline, ...], name: str) -> Estimate:
    score = next(one.score for one in baselines if one.name == name)
    assert isinstance(score, Estimate)
    return score


def test_an_exam_that_length_gives_away_is_found_out() -> None:
    made = rng()
    answers = ["wrong" if made.random() < 0.5 else "right" for _ in range(400)]
    texts = ["x" * int(made.normal(80 if answer == "wrong" else 20, 12)) for answer in answers]
    found = trivial_baselines(ExamItems(texts, answers), rng=rng(), pass_mark=0.8)
    assert found.passing is Passing.YES
    assert found.best is not None
    assert found.best.name == "length"
    assert named(found.baselines, "length").low > 0.8
    assert named(found.baselines, "majority").high < 0.8
    assert "can be passed without the skill: length alone gets" in found.words


def test_an_exam_that_its_format_gives_away_is_found_out() -> None:
    made = rng(2)
    answers = [str(made.integers(3)) for _ in range(500)]
    marks = {"0": "Why is it so?", "1": "It is (so).", "2": "1. So it is"}
    found = trivial_baselines(
        ExamItems([marks[one] for one in answers], answers), rng=rng(), pass_mark=0.9
    )
    assert named(found.baselines, "format").value == 1


def test_an_exam_without_shape_is_not_passed_and_a_small_one_is_not_judged() -> None:
    made = rng(3)
    texts = [
        "".join(made.choice(list("abcdef ")) for _ in range(made.integers(20, 60)))
        for _ in range(800)
    ]
    answers = ["yes" if made.random() < 0.5 else "no" for _ in texts]
    whole = trivial_baselines(ExamItems(texts, answers), rng=rng(), pass_mark=0.8)
    assert whole.passing is Passing.NO
    few = trivial_baselines(ExamItems(texts[:20], answers[:20]), rng=rng(), pass_mark=0.8)
    assert few.passing is Passing.UNKNOWN
    three = trivial_baselines(ExamItems(texts[:3], answers[:3]), rng=rng(), pass_mark=0.8)
    assert isinstance(three.baselines[0].score, Unknown)
    assert three.best is None
    assert three.passing is Passing.UNKNOWN


def test_the_mark_is_half_way_from_chance_to_the_system() -> None:
    items = ExamItems(["a", "b"] * 200, ["yes", "no"] * 200)
    system = Estimate(0.9, 0.88, 0.92, "share of items", 0.95, 400, "exact")
    found = trivial_baselines(items, rng=rng(), system_score=system)
    mark = found.pass_mark
    assert isinstance(mark, Estimate)
    assert (mark.low, mark.value, mark.high) == pytest.approx((0.69, 0.7, 0.71))
    for score in (assumed(0.5, "share", method="as given"), Unknown("nobody looked")):
        without = trivial_baselines(items, rng=rng(), system_score=score)
        assert isinstance(without.pass_mark, Unknown)
        assert without.passing is Passing.UNKNOWN
    bare = trivial_baselines(items, rng=rng())
    assert "the pass mark is unknown: neither" in bare.words
    assert bare.to_json()["passing"] == "not enough data to tell"


def test_families_are_never_split() -> None:
    # Each question has its own length and its own answer, five times over: who splits families learns it by heart.
    made = rng(4)
    texts, answers, families = [], [], []
    for place in range(120):
        answer = "yes" if made.random() < 0.5 else "no"
        texts += ["x" * (place * 7 + 1)] * 5
        answers += [answer] * 5
        families += [str(place)] * 5
    together = trivial_baselines(
        ExamItems(texts, answers, families=families), rng=rng(), pass_mark=0.8
    )
    length = named(together.baselines, "length")
    assert length.value < 0.65
    assert length.n == 120
    assert together.passing is not Passing.YES


def test_the_limits_hold_the_rules_true_scores() -> None:
    """Of the majority rule the true score is known: the share of the label that it learned."""
    made = rng(5)
    missed = 0
    for world in range(300):
        answers = ["yes" if made.random() < 0.62 else "no" for _ in range(60)]
        found = trivial_baselines(ExamItems(["t"] * 60, answers), rng=rng(world))
        score = named(found.baselines, "majority")
        # Either half may have learned "no": then its rule's true score is .38.
        missed += not any(score.low <= truth <= score.high for truth in (0.62, 0.5, 0.38))
    assert missed / 300 <= 0.05


def test_columns_of_different_length_and_marks_out_of_range_are_refused() -> None:
    with pytest.raises(BadInput, match="2 texts but 1 references"):
        ExamItems(["a", "b"], ["x"])
    with pytest.raises(BadInput, match="pass mark"):
        trivial_baselines(ExamItems(["a"], ["x"]), rng=rng(), pass_mark=1.5)


@pytest.mark.shared_data
def test_the_first_exam_of_primes_is_passed_by_saying_yes(shared_data: Path) -> None:
    """Only primes were asked at first: saying "yes" passes. With as many composites no rule tried does."""
    import csv

    path = shared_data / "llmdrift" / "PRIME_FULL_EVAL.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = {row["query"]: row["ref_answer"] for row in csv.DictReader(stream)}
    assert len(rows) == 1000
    primes = [text for text, answer in rows.items() if "yes" in answer.lower()]
    # GPT-4 of March on the primes alone: 97.6 % right.
    system = Estimate(0.976, 0.958, 0.988, "share of items", 0.95, 500, "exact")
    alone = trivial_baselines(
        ExamItems(primes, ["yes"] * len(primes)), rng=rng(), system_score=system
    )
    assert alone.passing is Passing.YES
    assert named(alone.baselines, "majority").low > 0.97
    both = trivial_baselines(ExamItems(list(rows), list(rows.values())), rng=rng(), pass_mark=0.84)
    assert both.passing is Passing.NO
    assert named(both.baselines, "majority").value == pytest.approx(0.5, abs=0.05)


@pytest.mark.shared_data
def test_a_detector_that_reads_only_who_wrote_an_answer_passes(shared_data: Path) -> None:
    """An exam of detectors in the usual balanced make: to each question a right and a wrong answer, of real models."""
    made = rng(6)
    by_item: dict[str, dict[int, list[str]]] = {}
    with gzip.open(
        shared_data / "zeroeval_gsm" / "answers.jsonl.gz", "rt", encoding="utf-8"
    ) as stream:
        for line in stream:
            row = json.loads(line)
            by_item.setdefault(row["item"], {0: [], 1: []})[row["correct"]].append(row["model"])
    texts, labels, authors, questions = [], [], [], []
    for item, models in by_item.items():
        if models[0] and models[1]:
            for correct in (0, 1):
                texts.append(item)
                labels.append("right" if correct else "wrong")
                authors.append(str(made.choice(models[correct])))
                questions.append(item)
    found = trivial_baselines(
        ExamItems(texts, labels, authors, questions), rng=rng(), pass_mark=0.6
    )
    assert named(found.baselines, "majority").value == 0.5
    assert named(found.baselines, "length").high < 0.6
    assert found.best is not None
    assert found.best.name == "group"
    assert found.passing is Passing.YES
    assert 0.65 < named(found.baselines, "group").value < 0.9
