"""The small transformer as a learner: 115,055 weights that learn to add column by column on one processor.

One thread and deterministic algorithms: the same weights, examples and seed give the same weights on the same machine
and build of torch, whether or not the training was killed on the way.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.curate.loop.arithmetic import DIGITS, columns_of
from assay.curate.loop.learner import Example, TrainingCost
from assay.curate.loop.small_transformer import (
    EQUALS,
    FIRST_DIGIT,
    READ,
    WRITTEN,
    IntArray,
    Weights,
    first_weights,
    logits,
    nothing_kept,
    repeatable,
    weight_shapes,
    written_digits,
)
from assay.curate.proxies.training_checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from assay.curate.proxies.transformer import torch_part
from assay.errors import BadInput

BATCH = 128
FIRST_STEPS, FIRST_RATE = 400, 3e-3
STEPS, RATE = 150, 1e-3
WEIGHT_DECAY = 0.01
CLIP = 1.0
AT_ONCE = 1_024
"""Prompts that are answered together."""

CHECKPOINT_STEPS = 100
CHECKPOINT = "training.npz"
WEIGHTS = "weights.npz"
FORMAT = "assay small learner 1"


@dataclass(frozen=True, slots=True)
class SmallSettings:
    """How the small transformer is trained.

    Parameters
    ----------
    first_steps : >= 1
        Before the first turn.
    first_learning_rate : in (0, 1)
    steps : >= 1
        Of a turn.
    learning_rate : in (0, 1)
        Of a turn.
    batch : >= 1
        Examples a step.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    first_steps: int = FIRST_STEPS
    first_learning_rate: float = FIRST_RATE
    steps: int = STEPS
    learning_rate: float = RATE
    batch: int = BATCH

    def __post_init__(self) -> None:
        for name in ("first_steps", "steps", "batch"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("first_learning_rate", "learning_rate"):
            if not 0 < getattr(self, name) < 1:
                raise BadInput(f"{name} must be in (0, 1), got {getattr(self, name)}")


class SmallLearner:
    """A learner for ``reverse-addition``; see `assay.curate.loop.learner.Learner`.

    Parameters
    ----------
    settings
    seed : >= 0
        Of the first weights.

    Raises
    ------
    MissingPart
        If torch is not installed.
    """

    name = "small"

    def __init__(self, settings: SmallSettings | None = None, *, seed: int = 0) -> None:
        self.settings = settings or SmallSettings()
        with repeatable():
            self._weights = first_weights(seed)

    @property
    def parameters(self) -> int:
        """How many weights there are."""
        return sum(weight.numel() for weight in self._weights.values())

    def answers(
        self, prompts: Sequence[str], *, samples: int, temperature: float, seed: int
    ) -> list[list[str]]:
        """Return the answers to each prompt: five digits, ones first."""
        if temperature <= 0 and samples != 1:
            raise BadInput(
                f"at temperature 0 all answers are the same: samples must be 1, got {samples}"
            )
        asked = np.array([columns_of(prompt) for prompt in prompts], np.int64).reshape(-1, DIGITS)
        rows = np.repeat(asked, samples, axis=0)
        lots = np.random.default_rng([seed, 21]).random((len(rows), WRITTEN))
        digits = np.zeros((len(rows), WRITTEN), np.int64)
        with repeatable():
            torch = torch_part()
            with torch.no_grad():
                for begin in range(0, len(rows), AT_ONCE):
                    part = slice(begin, begin + AT_ONCE)
                    digits[part] = written_digits(
                        self._weights, rows[part], lots[part], temperature
                    )
        said = ["".join(map(str, row)) for row in digits.tolist()]
        return [said[place : place + samples] for place in range(0, len(said), samples)]

    def train(self, examples: Sequence[Example], *, seed: int, folder: Path) -> TrainingCost:
        """Go on training as a turn does."""
        return self._train(examples, seed, folder, self.settings.steps, self.settings.learning_rate)

    def train_first(self, examples: Sequence[Example], *, seed: int, folder: Path) -> TrainingCost:
        """Train as before the first turn: more steps, at a higher rate."""
        settings = self.settings
        return self._train(
            examples, seed, folder, settings.first_steps, settings.first_learning_rate
        )

    def save(self, folder: Path) -> None:
        """Write the weights; see `assay.curate.loop.learner.Learner`."""
        arrays = {name: weight.detach().numpy() for name, weight in self._weights.items()}
        beside = folder.with_name(f"{folder.name}.{os.getpid()}.new")
        shutil.rmtree(beside, ignore_errors=True)
        save_checkpoint(beside / WEIGHTS, Checkpoint(FORMAT, 0, arrays))
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)

    def load(self, folder: Path) -> None:
        """Take weights.

        Raises
        ------
        BadInput
            If they are of another learner, or no weights.
        """
        stored = load_checkpoint(folder / WEIGHTS, FORMAT).arrays
        torch = torch_part()
        if {name: array.shape for name, array in stored.items()} != weight_shapes():
            raise BadInput("these weights are of another size", where=str(folder))
        self._weights = {
            name: torch.tensor(stored[name]).requires_grad_() for name in weight_shapes()
        }

    def _train(
        self, examples: Sequence[Example], seed: int, folder: Path, steps: int, rate: float
    ) -> TrainingCost:
        if not examples:
            raise BadInput("there is no example to train on")
        began = time.perf_counter()
        codes = np.array([_codes(example) for example in examples], np.int64)
        torch = torch_part()
        with repeatable():
            identity = self._identity(codes, seed, steps, rate)
            optimizer = torch.optim.AdamW(
                list(self._weights.values()), lr=rate, weight_decay=WEIGHT_DECAY
            )
            checkpoint = folder / CHECKPOINT
            done = 0
            if checkpoint.exists():
                done = _restored(self._weights, optimizer, load_checkpoint(checkpoint, identity))
            for step, rows in enumerate(_batches(len(codes), self.settings.batch, seed, steps)):
                if step < done:
                    continue
                _step(self._weights, codes[rows], optimizer)
                if (step + 1) % CHECKPOINT_STEPS == 0 and step + 1 < steps:
                    save_checkpoint(
                        checkpoint, _state(self._weights, optimizer, identity, step + 1)
                    )
        tokens = steps * self.settings.batch * (READ + WRITTEN)
        return TrainingCost(len(examples), steps, time.perf_counter() - began, tokens)

    def _identity(self, codes: IntArray, seed: int, steps: int, rate: float) -> str:
        digest = hashlib.sha256(repr((seed, steps, rate, self.settings.batch, FORMAT)).encode())
        digest.update(codes.tobytes())
        for weight in self._weights.values():
            digest.update(weight.detach().numpy().tobytes())
        return digest.hexdigest()[:32]


def _codes(example: Example) -> list[int]:
    answer = example.answer
    if len(answer) != WRITTEN or not answer.isdigit():
        raise BadInput(
            f"the small transformer learns answers of {WRITTEN} digits, ones first, got {answer[:40]!r}"
        )
    return [*columns_of(example.prompt), EQUALS, *(FIRST_DIGIT + int(digit) for digit in answer)]


def _batches(count: int, batch: int, seed: int, steps: int) -> Iterator[IntArray]:
    """Yield the rows of each step: all examples in a new order, then again."""
    rng = np.random.default_rng([seed, 23])
    waiting = np.zeros(0, np.int64)
    for _ in range(steps):
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, rng.permutation(count)])
        yield waiting[:batch]
        waiting = waiting[batch:]


def _step(weights: Weights, codes: IntArray, optimizer: Any) -> None:
    torch = torch_part()
    rows = torch.tensor(codes)
    said = logits(weights, rows[:, :-1], 0, nothing_kept())[:, READ - 1 :]
    loss = torch.nn.functional.cross_entropy(said.flatten(0, 1), rows[:, READ:].flatten())
    if not math.isfinite(float(loss.detach())):
        raise BadInput("training diverged: the learning rate is too large")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(weights.values()), CLIP)
    optimizer.step()


def _state(weights: Weights, optimizer: Any, identity: str, step: int) -> Checkpoint:
    arrays = {}
    for name, weight in weights.items():
        moments = optimizer.state[weight]
        arrays[f"weight/{name}"] = weight.detach().numpy()
        arrays[f"mean/{name}"] = moments["exp_avg"].numpy()
        arrays[f"square/{name}"] = moments["exp_avg_sq"].numpy()
    return Checkpoint(identity, step, arrays)


def _restored(weights: Weights, optimizer: Any, saved: Checkpoint) -> int:
    torch = torch_part()
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.tensor(saved.arrays[f"weight/{name}"]))
            optimizer.state[weight] = {
                "step": torch.tensor(float(saved.step)),
                "exp_avg": torch.tensor(saved.arrays[f"mean/{name}"]),
                "exp_avg_sq": torch.tensor(saved.arrays[f"square/{name}"]),
            }
    return saved.step
