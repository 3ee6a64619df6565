"""Training a small transformer: windows of shuffled documents, AdamW, and the same numbers from the same seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assay.curate.proxies.proxy import IntArray, TokenColumn
from assay.curate.proxies.training_checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from assay.curate.proxies.transformer import (
    TransformerSize,
    Weights,
    first_weights,
    logits,
    one_thread,
    torch_part,
)
from assay.errors import BadInput

Schedule = Literal["cosine", "constant"]
Progress = Callable[[int, int], None]

PLAIN_RATE = 3e-3
SMALL_RATE = 3e-4
"""Orders of small models hold better at a small rate (arXiv:2512.24503); what differs between the two is flagged."""

LOWEST = 0.1
"""Of the rate, at the end of a cosine."""

BETAS = (0.9, 0.95)
CLIP = 1.0
CHECKPOINT_STEPS = 200


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a transformer is trained.

    Parameters
    ----------
    learning_rate : > 0
    schedule
        After a warm-up either down to a tenth in half a cosine, or constant.
    weight_decay : >= 0
        Of matrices.
    batch : >= 1
        Windows a step.
    warm_up : in [0, 1)
        Share of the steps over which the rate rises.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    learning_rate: float = PLAIN_RATE
    schedule: Schedule = "cosine"
    weight_decay: float = 0.1
    batch: int = 4
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        rules = {
            "learning rate must be in (0, 1)": 0 < self.learning_rate < 1,
            "schedule must be cosine or constant": self.schedule in ("cosine", "constant"),
            "weight decay must not be negative": 0 <= self.weight_decay < np.inf,
            "batch must be at least 1": self.batch >= 1,
            "warm-up must be in [0, 1)": 0 <= self.warm_up < 1,
        }
        for rule, held in rules.items():
            if not held:
                raise BadInput(f"{rule}, got {self}")

    def rate(self, step: int, steps: int) -> float:
        """Return the rate of a step, counted from 0."""
        warm = int(self.warm_up * steps)
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        if self.schedule == "constant":
            return self.learning_rate
        done = (step - warm) / max(1, steps - warm)
        share = LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2
        return self.learning_rate * share

    @property
    def described(self) -> str:
        """Its numbers in words."""
        return (
            f"AdamW, {self.schedule} rate {self.learning_rate:g}, weight decay {self.weight_decay:g}, "
            f"{self.batch} windows a step"
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What is trained, on what, and for how long: all that the weights follow from.

    Parameters
    ----------
    size, settings
    steps : >= 1
    seed : >= 0
        First weights and order.
    device
        As torch names it.
    """

    size: TransformerSize
    settings: TrainingSettings
    steps: int
    seed: int
    device: str = "cpu"

    def identity(self, column: TokenColumn) -> str:
        """Return a digest of this run on some texts; another run has another one."""
        digest = hashlib.sha256(repr((self, column.vocabulary, "train@1")).encode())
        for array in (column.codes, column.offsets):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]


def steps_of(tokens: int, size: TransformerSize, settings: TrainingSettings) -> int:
    """Return in how many steps about so many tokens are gone over: the same for all texts."""
    return max(1, round(tokens / (settings.batch * size.context)))


def windows_of_epoch(column: TokenColumn, context: int, seed: int, epoch: int) -> IntArray:
    """Return the windows of one time over the texts, in their order.

    Parameters
    ----------
    column
        At least one token.
    context : >= 2
    seed, epoch : >= 0

    Returns
    -------
    (windows, context + 1)
        Documents in a new order, each after the mark of its begin, one after the other, cut anew. Less than one
        window is left out, at another place each time. Texts shorter than a window are repeated until they fill one.
    """
    rng = np.random.default_rng([seed, epoch, 12])
    full = np.flatnonzero(column.lengths > 0)
    shuffled = column.take(rng.permutation(full))
    stream = np.insert(shuffled.codes.astype(np.int64), shuffled.offsets[:-1], column.vocabulary)
    if len(stream) <= context:
        stream = np.tile(stream, -(-(context + 1) // len(stream)))
    count = (len(stream) - 1) // context
    begin = int(rng.integers(len(stream) - count * context))
    starts = begin + context * rng.permutation(count)
    windows: IntArray = stream[starts[:, None] + np.arange(context + 1)]
    return windows


def batches(column: TokenColumn, run: Run, *, first: int = 0) -> Iterator[IntArray]:
    """Yield the windows of each step from step `first` on; a step's windows follow from its number alone."""
    epoch, windows = -1, np.zeros((0, run.size.context + 1), dtype=np.int64)
    per_epoch = len(windows_of_epoch(column, run.size.context, run.seed, 0))
    for step in range(first, run.steps):
        numbers = np.arange(step * run.settings.batch, (step + 1) * run.settings.batch)
        rows = []
        for number in numbers.tolist():
            if number // per_epoch != epoch:
                epoch = number // per_epoch
                windows = windows_of_epoch(column, run.size.context, run.seed, epoch)
            rows.append(windows[number % per_epoch])
        yield np.stack(rows)


def train_weights(
    column: TokenColumn,
    run: Run,
    *,
    checkpoint: Path | None = None,
    checkpoint_steps: int = CHECKPOINT_STEPS,
    on_progress: Progress | None = None,
) -> Weights:
    """Return the weights after training.

    Parameters
    ----------
    column
        Texts.
    run
    checkpoint
        A file that the state is written to now and then; where it exists already, training goes on from there, to
        the same weights.
    checkpoint_steps : >= 1
        Steps between two writings.
    on_progress
        Called with the steps done, and all of them.

    Raises
    ------
    BadInput
        If there is no token, a checkpoint is of another run, or training diverged.
    MissingPart
        If torch is not installed.

    Notes
    -----
    AdamW (Loshchilov and Hutter, 2019, arXiv:1711.05101), gradients cut to length 1. The loss is the mean over the
    tokens of a step; the mark of a document's begin is shown and not asked.
    """
    if not column.n_tokens:
        raise BadInput("there is no token to train on")
    torch = torch_part()
    with one_thread():
        weights = first_weights(run.size, column.vocabulary, run.seed, device=run.device)
        optimizer = _optimizer(torch, weights, run.settings)
        identity = run.identity(column) if checkpoint else ""
        done = 0
        if checkpoint and checkpoint.exists():
            done = _restored(torch, weights, optimizer, load_checkpoint(checkpoint, identity))
        for step, windows in enumerate(batches(column, run, first=done), start=done):
            for group in optimizer.param_groups:
                group["lr"] = run.settings.rate(step, run.steps)
            loss = _step(torch, weights, run, windows, optimizer, column.vocabulary)
            if not np.isfinite(loss):
                raise BadInput(
                    f"training diverged at step {step + 1} of {run.steps}: learning rate {run.settings.learning_rate:g}"
                    " is too large"
                )
            if checkpoint and ((step + 1) % checkpoint_steps == 0 or step + 1 == run.steps):
                save_checkpoint(checkpoint, _state(weights, optimizer, identity, step + 1))
            if on_progress is not None:
                on_progress(step + 1, run.steps)
    return weights


def _step(
    torch: Any, weights: Weights, run: Run, windows: IntArray, optimizer: Any, mark: int
) -> float:
    """Take one step, and return the loss before it."""
    codes = torch.as_tensor(windows, device=run.device)
    expected = logits(weights, run.size, codes[:, :-1])
    loss = torch.nn.functional.cross_entropy(
        expected.flatten(0, 1), codes[:, 1:].flatten(), ignore_index=mark, reduction="sum"
    )
    loss = loss / max(1, int((windows[:, 1:] != mark).sum()))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(weights.values()), CLIP)
    optimizer.step()
    return float(loss.detach())


def _optimizer(torch: Any, weights: Weights, settings: TrainingSettings) -> Any:
    matrices = [weight for weight in weights.values() if weight.dim() > 1]
    others = [weight for weight in weights.values() if weight.dim() == 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        betas=BETAS,
    )


def _state(weights: Weights, optimizer: Any, identity: str, step: int) -> Checkpoint:
    arrays = {}
    for name, weight in weights.items():
        moments = optimizer.state[weight]
        arrays[f"weight/{name}"] = weight.detach().cpu().numpy()
        arrays[f"mean/{name}"] = moments["exp_avg"].cpu().numpy()
        arrays[f"square/{name}"] = moments["exp_avg_sq"].cpu().numpy()
    return Checkpoint(identity, step, arrays)


def _restored(torch: Any, weights: Weights, optimizer: Any, saved: Checkpoint) -> int:
    """Put a saved state into weights and optimizer, and return the steps done."""
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(torch.as_tensor(saved.arrays[f"weight/{name}"]))
            optimizer.state[weight] = {
                "step": torch.tensor(float(saved.step)),
                "exp_avg": torch.as_tensor(saved.arrays[f"mean/{name}"]).to(weight.device),
                "exp_avg_sq": torch.as_tensor(saved.arrays[f"square/{name}"]).to(weight.device),
            }
    return saved.step
