"""Duplicates and contradictions that were planted in a fine-tuning set, and none in one without."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.curate.instruction_pairs import Pair
from assay.curate.instructions import InstructionReport, inspect_files, inspect_pairs
from assay.errors import BadInput

LONG = (
    "A customer writes that the parcel of order {} came on {} with a torn lid, and asks for a new one before the "
    "weekend. What does the house rule on damaged goods say about it?"
)
DESK = Path(__file__).parents[2] / "examples" / "desk" / "tasks.jsonl.gz"


def found(*said: tuple[str, str]) -> InstructionReport:
    return inspect_pairs(
        [Pair(f"set.jsonl:{row}", *pair) for row, pair in enumerate(said, start=1)]
    )


def kinds(report: InstructionReport) -> list[tuple[str, str]]:
    return [(one.asked, one.differs) for one in report.contradictions]


def test_the_same_question_with_another_number_stands_first() -> None:
    report = found(
        ("Who wrote Faust?", "Goethe"),
        ("who wrote faust", "Schiller"),
        ("What is 3 + 4?", "7"),
        ("What is 3 + 4 ?", "8"),
        ("What is 5 + 5?", "10"),
        ("What is 5 + 5?", "10.0"),
    )
    assert kinds(report) == [("same", "numbers"), ("same", "short answers")]
    first = report.contradictions[0]
    assert [(pair.where, pair.answer) for pair in first.pairs] == [
        ("set.jsonl:3", "7"),
        ("set.jsonl:4", "8"),
    ]
    assert (report.same_instruction, report.repeats) == (3, 1)
    assert report.contradicted == {0, 1, 2, 3}
    assert report.counted() == {"same": {"numbers": 1, "short answers": 1}, "near": {}}


def test_a_sentence_that_ends_with_the_number_agrees_with_the_number() -> None:
    assert not found(("What is 3 + 4?", "7"), ("What is 3 + 4?", "The answer is 7.")).contradictions
    said = found(("What is 3 + 4?", "7"), ("What is 3 + 4?", "The answer is 8."))
    assert kinds(said) == [("same", "numbers")]


def test_two_stories_may_both_be_right_and_stand_apart() -> None:
    story = "Once there was a king who had a tower, and in it lived a bird of gold."
    other = "A fisherman found a bottle on the beach, and in it was a letter from far away."
    report = found(("Tell a story.", story), ("Tell a story.", other))
    assert kinds(report) == [("same", "long answers")]


def test_near_questions_that_ask_another_thing_are_no_contradiction() -> None:
    asked = LONG.format(17, "Monday")
    filler = asked.replace("a torn lid", "torn lid")
    assert kinds(found((asked, "yes"), (filler, "no"))) == [("near", "short answers")]
    # What is only near is for a person to look at.
    assert not found((asked, "yes"), (filler, "no")).contradicted
    others = [
        LONG.format(18, "Monday"),
        LONG.format(17, "Friday"),
        asked.replace("asks", "never asks"),
        asked.replace("customer", "merchant"),
        asked.replace("17", "seventeen"),
    ]
    for other in others:
        report = found((asked, "yes"), (other, "no"))
        assert not report.contradictions
        # It is a near-duplicate all the same.
        assert report.near_instruction == 1


def test_years_in_two_stories_are_no_numbers_that_contradict() -> None:
    one = "She left the village in the spring of the year that they counted as 1990."
    other = "He came back to the old harbour, and it was the long hot summer of 2004."
    assert kinds(found(("Tell a story.", one), ("Tell a story.", other))) == [
        ("same", "long answers")
    ]
    worked = [
        f"We add what is there, and then we take away what is gone.\n#### {n}" for n in (7, 8)
    ]
    assert kinds(found(("How many?", worked[0]), ("How many?", worked[1]))) == [("same", "numbers")]


def test_order_does_not_decide_what_agrees() -> None:
    said = [("Capital?", "It is Paris."), ("Capital?", "Paris"), ("capital", "paris!")]
    for order in (said, said[::-1], [said[1], said[0], said[2]]):
        assert not found(*order).contradictions


def test_what_is_planted_in_real_tasks_is_found_and_nothing_else(tmp_path: Path) -> None:
    with gzip.open(DESK, "rt", encoding="utf-8") as stream:
        tasks = [json.loads(line) for line in stream][:600]
    clean = {
        task["input"]: str(task["reference"]) for task in tasks if task.get("reference") is not None
    }
    assert len(clean) > 300
    records = [{"instruction": asked, "output": answer} for asked, answer in clean.items()]
    assert not inspect_files([_written(tmp_path, records)]).counted()["same"]
    wrong = [{**record, "output": "surely 987,654"} for record in records[::10]]
    again = [{**record, "output": f"  {record['output']} "} for record in records[1::10]]
    report = inspect_files([_written(tmp_path, [*records, *wrong, *again])])
    sure = [one for one in report.contradictions if one.asked == "same"]
    assert len(sure) == len(wrong)
    assert report.repeats == len(again)
    assert report.same_instruction == len(wrong) + len(again)


def _written(folder: Path, records: Sequence[object]) -> str:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_of_a_large_cluster_some_are_shown_and_all_counted() -> None:
    report = found(*(("What is 1 + 1?", str(n)) for n in range(30)))
    (one,) = report.contradictions
    assert (len(one.rows), len(one.pairs)) == (30, 20)
    assert one.answers > 20


def test_a_set_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no record is an instruction with an answer") as refused:
        inspect_files([_written(tmp_path, [{"text": "a"}])])
    assert "messages" in refused.value.next_command
