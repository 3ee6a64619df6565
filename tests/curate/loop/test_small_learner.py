from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from assay.curate.loop import small_learner
from assay.curate.loop.arithmetic import Arithmetic
from assay.curate.loop.learner import Example
from assay.curate.loop.small_learner import SmallLearner, SmallSettings
from assay.errors import BadInput

pytestmark = pytest.mark.train

SUMS = Arithmetic("reverse-addition", 200, 10)
PROMPTS = [task.input for task in SUMS.held_out]
FEW = SmallSettings(first_steps=6, steps=5, batch=8)


def examples(count: int) -> list[Example]:
    fresh = islice(SUMS.fresh(np.random.default_rng(3)), count)
    return [Example(task.input, task.reference or "") for task in fresh]


def test_it_has_the_weights_of_the_measurements() -> None:
    assert SmallLearner().parameters == 115_055


def test_it_learns_to_add(tmp_path: Path) -> None:
    learner = SmallLearner(SmallSettings(first_steps=100), seed=1)
    learner.train_first(examples(3_000), seed=1, folder=tmp_path)
    said = [row[0] for row in learner.answers(PROMPTS, samples=1, temperature=0.0, seed=0)]
    right = [truth.right for truth in SUMS.truths(SUMS.held_out, said)]
    assert np.mean(np.array(right, float)) > 0.2


def test_the_same_seed_gives_the_same_weights_and_answers(tmp_path: Path) -> None:
    said = []
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        learner = SmallLearner(FEW, seed=seed)
        learner.train_first(examples(20), seed=seed, folder=tmp_path / name)
        learner.save(tmp_path / name / "weights")
        said.append(learner.answers(PROMPTS, samples=2, temperature=1.0, seed=9))
    stored = [(tmp_path / name / "weights" / "weights.npz").read_bytes() for name in "abc"]
    assert said[0] == said[1] != said[2]
    assert stored[0] == stored[1] != stored[2]


def test_a_training_that_was_stopped_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_learner, "CHECKPOINT_STEPS", 2)
    straight = SmallLearner(FEW, seed=1)
    straight.train(examples(20), seed=2, folder=tmp_path / "straight")
    whole = small_learner._step
    steps: list[int] = []

    def stops(*given: object) -> None:
        steps.append(1)
        if len(steps) == 4:
            raise KeyboardInterrupt
        whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(small_learner, "_step", stops)
    with pytest.raises(KeyboardInterrupt):
        SmallLearner(FEW, seed=1).train(examples(20), seed=2, folder=tmp_path / "stopped")
    again = SmallLearner(FEW, seed=1)
    again.train(examples(20), seed=2, folder=tmp_path / "stopped")
    # Two steps stood on the disk, so three were left of five.
    assert len(steps) == 4 + 3
    for learner, name in ((straight, "one"), (again, "other")):
        learner.save(tmp_path / name)
    one, other = ((tmp_path / name / "weights.npz").read_bytes() for name in ("one", "other"))
    assert one == other


def test_weights_are_kept_whole_and_taken_back(tmp_path: Path) -> None:
    one, other = SmallLearner(seed=1), SmallLearner(seed=2)
    one.save(tmp_path / "weights")
    other.load(tmp_path / "weights")
    asked = {"samples": 1, "temperature": 0.0, "seed": 0}
    assert one.answers(PROMPTS[:50], **asked) == other.answers(PROMPTS[:50], **asked)  # type: ignore[arg-type]
    other.save(tmp_path / "weights")
    assert [path.name for path in tmp_path.iterdir()] == ["weights"]


def test_samples_follow_the_temperature() -> None:
    learner = SmallLearner(seed=3)
    greedy = learner.answers(PROMPTS[:20], samples=1, temperature=0.0, seed=0)
    cold = learner.answers(PROMPTS[:20], samples=3, temperature=1e-4, seed=1)
    assert all(row == one * 3 for row, one in zip(cold, greedy, strict=True))
    hot = learner.answers(PROMPTS[:20], samples=3, temperature=5.0, seed=1)
    assert len({said for row in hot for said in row}) > 40
    assert all(len(said) == 5 and said.isdigit() for row in hot for said in row)


def test_what_it_cannot_learn_or_answer_is_refused(tmp_path: Path) -> None:
    learner = SmallLearner(FEW)
    with pytest.raises(BadInput, match="no example"):
        learner.train([], seed=0, folder=tmp_path)
    with pytest.raises(BadInput, match="5 digits"):
        learner.train([Example("1234+1234=", "12")], seed=0, folder=tmp_path)
    with pytest.raises(BadInput, match="4 digits"):
        learner.answers(["1 + 1"], samples=1, temperature=0.0, seed=0)
    with pytest.raises(BadInput, match="samples must be 1"):
        learner.answers(PROMPTS, samples=2, temperature=0.0, seed=0)
    with pytest.raises(BadInput, match="at least 1"):
        SmallSettings(steps=0)
    with pytest.raises(BadInput, match="in \\(0, 1\\)"):
        SmallSettings(learning_rate=0.0)
