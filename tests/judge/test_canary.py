"""Canaries: known answers and injected ones, made of the ledger's own tasks."""

from __future__ import annotations

import numpy as np
import pytest

from assay.judge.canary import INJECTIONS, plant, planted_count
from assay.judge.judge_prompt import Material
from assay.judge.rubric import load_rubric

CORRECTNESS = load_rubric("correctness")
GROUNDEDNESS = load_rubric("groundedness")
TASKS = [Material(f"out {n}", f"task {n}", None, f"answer {n}") for n in range(40)]


@pytest.mark.parametrize("answers", [1, 20, 999, 100_000])
def test_there_are_two_in_a_hundred_at_least(answers: int) -> None:
    assert planted_count(answers, 0.02) >= max(4, 0.02 * answers)


def test_known_ones_are_what_they_are_said_to_be() -> None:
    found = plant(TASKS, CORRECTNESS, 20, rng=np.random.default_rng(1))
    kinds = [canary.planted for canary in found]
    assert kinds.count("right") == 10
    assert kinds.count("wrong") >= 10
    assert kinds.count("injected") == 20
    for canary in found:
        given = canary.material.answer.split("\n")[0]
        assert (given == canary.material.reference) == (canary.planted == "right")
    assert len({canary.key for canary in found if canary.planted != "injected"}) == len(found) - 20


def test_each_injected_one_is_a_wrong_one_and_a_text() -> None:
    found = plant(TASKS, CORRECTNESS, len(INJECTIONS), rng=np.random.default_rng(2))
    plain = {canary.number: canary for canary in found if canary.planted == "wrong"}
    injected = [canary for canary in found if canary.planted == "injected"]
    assert {canary.injection for canary in injected} == set(INJECTIONS)
    for canary in injected:
        text = INJECTIONS[canary.injection]
        assert canary.material.answer == f"{plain[canary.number].material.answer}\n{text}"


def test_references_of_one_wording_are_never_wrong_answers() -> None:
    tasks = [Material("x", f"task {n}", None, ["yes", "Yes.", "no"][n % 3]) for n in range(30)]
    for canary in plant(tasks, CORRECTNESS, 20, rng=np.random.default_rng(3)):
        if canary.planted == "wrong":
            pair = {canary.material.answer.strip(".").lower(), canary.material.reference}
            assert len({str(text).strip(".").lower() for text in pair}) == 2
    alike = [Material("x", f"task {n}", None, "yes") for n in range(9)]
    found = plant(alike, CORRECTNESS, 4, rng=np.random.default_rng(4))
    assert {canary.planted for canary in found} == {"right"}


def test_a_context_gives_sentences() -> None:
    tasks = [
        Material("x", f"task {n}", f"Shop {n} opens at {n}. It is small. Nobody knows why.")
        for n in range(12)
    ]
    for canary in plant(tasks, GROUNDEDNESS, 8, rng=np.random.default_rng(5)):
        first = canary.material.answer.split("\n")[0]
        assert (first in str(canary.material.context)) == (canary.planted == "right")


def test_without_references_there_are_none() -> None:
    assert plant([Material("x", "task")] * 5, CORRECTNESS, 4, rng=np.random.default_rng(6)) == []
