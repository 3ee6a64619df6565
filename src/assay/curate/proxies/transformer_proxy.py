"""The small transformer as a proxy: slower than the n-gram model, and sees word order and what repeats are worth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from assay.curate.proxies.proxy import FloatArray, HeldOutLoss, TokenColumn
from assay.curate.proxies.training import (
    CHECKPOINT_STEPS,
    PLAIN_RATE,
    SMALL_RATE,
    Progress,
    Run,
    TrainingSettings,
    steps_of,
    train_weights,
)
from assay.curate.proxies.training_checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from assay.curate.proxies.transformer import SIZES, TransformerSize, document_bits
from assay.errors import BadInput

SMALLEST = "0.24M"


@dataclass(frozen=True, slots=True)
class TransformerProxy:
    """A transformer that is trained from nothing and asked.

    Parameters
    ----------
    size
        One of `SIZES`.
    settings
    device
        As torch names it: ``"cpu"``, ``"cuda"``.
    folder
        Where its states and answers are kept, so that a long run goes on after it was stopped. None: nowhere.
    keep_answers
        Whether the answers of finished trainings are kept there, too, and not only states of unfinished ones.
    checkpoint_steps : >= 1
        Steps between two states that are kept.
    on_progress
        Called with the steps done of a training, and all of them.

    Raises
    ------
    BadInput
        If the size is unknown.

    Notes
    -----
    Going over more tokens than there are is going over them again, in another order each time. Steps follow from the
    tokens alone, so that trainings for as many tokens cost as much (the regime of fixed compute); None of them goes
    once over all texts, and ``epochs * train.n_tokens`` so many times (that of fixed data).
    """

    size: str = SMALLEST
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    device: str = "cpu"
    folder: Path | None = None
    keep_answers: bool = True
    checkpoint_steps: int = CHECKPOINT_STEPS
    on_progress: Progress | None = field(default=None, compare=False, repr=False)
    values_repeats: bool = True
    sees_word_order: bool = True

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise BadInput(f"sizes are {', '.join(SIZES)}, got {self.size!r}")

    @property
    def shape(self) -> TransformerSize:
        """Its width, layers and context."""
        return SIZES[self.size]

    @property
    def name(self) -> str:
        """Kind and settings."""
        where = "" if self.device == "cpu" else f", on {self.device}"
        return (
            f"transformer-{self.size}@1 ({self.shape.described}; {self.settings.described}{where})"
        )

    def at_rate(self, learning_rate: float) -> TransformerProxy:
        """Return the same one at another learning rate."""
        return replace(self, settings=replace(self.settings, learning_rate=learning_rate))

    def at_both_rates(self) -> tuple[TransformerProxy, TransformerProxy]:
        """Return it at the plain and at the small learning rate: an order that differs between them is not one."""
        return self.at_rate(PLAIN_RATE), self.at_rate(SMALL_RATE)

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Train, and return the bits of each held-out document; see `assay.curate.proxies.proxy.Proxy`.

        Raises
        ------
        BadInput
            If the texts are of two tokenizers, or there is nothing to train on.
        MissingPart
            If torch is not installed.
        """
        if train.vocabulary != target.vocabulary:
            raise BadInput(
                f"training and held-out text are of one tokenizer, got {train.vocabulary} and {target.vocabulary} codes"
            )
        wanted = train.n_tokens if training_tokens is None else training_tokens
        if wanted < 1:
            raise BadInput(f"at least one token must be trained on, got {wanted}")
        texts = train.head(wanted)
        steps = steps_of(wanted, self.shape, self.settings)
        run = Run(self.shape, self.settings, steps, int(rng.integers(2**62)), self.device)
        bits = self._kept(texts, target, run)
        gone_over = steps * self.settings.batch * self.shape.context
        return HeldOutLoss(bits, target.text_bytes, gone_over)

    def _kept(self, texts: TokenColumn, target: TokenColumn, run: Run) -> FloatArray:
        """Return the bits, from the folder where they were measured before."""
        if self.folder is None:
            weights = train_weights(texts, run, on_progress=self.on_progress)
            return document_bits(weights, run.size, target)
        identity = run.identity(texts)
        asked = hashlib.sha256(target.codes.tobytes() + target.offsets.tobytes()).hexdigest()[:16]
        answer = self.folder / f"{identity}-{asked}.bits.npz"
        if self.keep_answers and answer.exists():
            stored: FloatArray = load_checkpoint(answer, identity).arrays["bits"].astype(np.float64)
            return stored
        state = self.folder / f"{identity}.state.npz"
        weights = train_weights(
            texts,
            run,
            checkpoint=state,
            checkpoint_steps=self.checkpoint_steps,
            on_progress=self.on_progress,
        )
        bits = document_bits(weights, run.size, target)
        if self.keep_answers:
            save_checkpoint(answer, Checkpoint(identity, run.steps, {"bits": bits}))
        state.unlink(missing_ok=True)
        return bits
