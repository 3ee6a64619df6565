"""The embedded language model as a learner: it answers, learns from its right sums, and comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.curate.loop.learner import Example
from assay.curate.loop.lora_learner import LoraLearner, LoraSettings
from assay.errors import BadInput

SUMS = [
    Example(f"{one} + {other} =", str(one + other))
    for one, other in ((21, 7), (30, 45), (62, 16), (11, 88))
]
ASKED = ["12 + 34 =", "41 + 8 =", "25 + 25 ="]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"form": "essay"}, "form must be one of completion, chat"),
        ({"rank": 0}, "rank must be at least 1"),
        ({"learning_rate": 1.5}, r"learning_rate must be in \(0, 1\)"),
        ({"longest_answer": 0}, "longest_answer must be at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], match: str) -> None:
    with pytest.raises(BadInput, match=match):
        LoraSettings(**settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def learner() -> LoraLearner:
    pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("peft", reason="peft is not installed")
    return LoraLearner(LoraSettings(epochs=2, batch=2))


@pytest.mark.nightly
@pytest.mark.train
@pytest.mark.local
def test_it_answers_learns_and_comes_back(learner: LoraLearner, tmp_path: Path) -> None:
    before = learner.answers(ASKED, samples=1, temperature=0.0, seed=1)
    assert before[0] == ["46"]  # it stands in the prompt
    assert all(len(one) == 1 for one in before)
    sampled = learner.answers(ASKED, samples=3, temperature=0.8, seed=5)
    assert sampled == learner.answers(ASKED, samples=3, temperature=0.8, seed=5)
    assert {len(one) for one in sampled} == {3}
    learner.save(tmp_path / "turn-0")
    cost = learner.train(SUMS, seed=3, folder=tmp_path / "training")
    assert (cost.examples, cost.steps) == (4, 4)
    learner.save(tmp_path / "turn-1")
    after = learner.answers(ASKED, samples=2, temperature=1.0, seed=2)
    learner.load(tmp_path / "turn-0")
    assert learner.answers(ASKED, samples=1, temperature=0.0, seed=1) == before
    # Trained again from the same weights: the same weights.
    learner.train(SUMS, seed=3, folder=tmp_path / "training")
    assert learner.answers(ASKED, samples=2, temperature=1.0, seed=2) == after
    learner.load(tmp_path / "turn-1")
    assert learner.answers(ASKED, samples=2, temperature=1.0, seed=2) == after
    assert {path.name for path in tmp_path.iterdir()} == {"turn-0", "turn-1"}


@pytest.mark.nightly
@pytest.mark.train
@pytest.mark.local
def test_what_it_can_not_do_is_refused(learner: LoraLearner, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs examples, got none"):
        learner.train([], seed=1, folder=tmp_path)
    with pytest.raises(BadInput, match="1 at temperature 0, got 2"):
        learner.answers(ASKED, samples=2, temperature=0.0, seed=1)
    with pytest.raises(BadInput, match="there are no adapters in it"):
        learner.load(tmp_path)
