"""Trainings that were done once are not done again: their answers are kept, in memory and in a folder.

So that a run that was killed goes on where it was, to the same numbers: a training is told by what it follows from.
A generator is not drawn from where the answer was kept: each training has one of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

import numpy as np

from assay.curate.proxies.proxy import FloatArray, HeldOutLoss, Proxy, TokenColumn
from assay.curate.proxies.training_checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from assay.curate.proxies.training_pool import Training, held_out_of_all
from assay.errors import BadInput


class KeptTrainings:
    """A proxy that answers from what was kept, and else trains.

    Parameters
    ----------
    proxy
        The one that trains. Its name says its settings; where that is not all that its answers follow from, it has a
        property ``identity``, too.
    folder
        Where answers are kept, a file each. None: in memory only.
    context
        A digest of what else the proxy may know: of the corpus that it was made for.
    on_training
        Called after each that was not asked before in this run, with its tokens.
    """

    def __init__(
        self,
        proxy: Proxy,
        *,
        folder: Path | None = None,
        context: str = "",
        on_training: Callable[[int], None] | None = None,
    ) -> None:
        self.inner, self.folder, self.on_training = proxy, folder, on_training
        self._context = f"{context} {getattr(proxy, 'identity', '')} {proxy.name}"
        self._known: dict[str, tuple[FloatArray, int]] = {}
        self.trained_tokens, self.paced_tokens, self.seconds = 0, 0, 0.0

    @property
    def name(self) -> str:
        """That of the proxy that trains."""
        return self.inner.name

    @property
    def values_repeats(self) -> bool:
        """See `assay.curate.proxies.proxy.Proxy`."""
        return self.inner.values_repeats

    @property
    def sees_word_order(self) -> bool:
        """See `assay.curate.proxies.proxy.Proxy`."""
        return self.inner.sees_word_order

    def key(
        self,
        train: TokenColumn,
        target: TokenColumn,
        rng: np.random.Generator,
        training_tokens: int | None,
    ) -> str:
        """Return a digest of all that a training's answer follows from: proxy, texts, target, seed, length."""
        digest = hashlib.sha256(self._context.encode())
        for column in (train, target):
            digest.update(f" {column.vocabulary} {len(column)} {column.n_tokens} ".encode())
            for array in (column.codes, column.offsets, column.text_bytes):
                digest.update(np.ascontiguousarray(array).tobytes())
        state = json.dumps(rng.bit_generator.state, sort_keys=True, default=_plain)
        digest.update(f"{state} {training_tokens}".encode())
        return digest.hexdigest()[:40]

    def has(self, key: str) -> bool:
        """Return whether a training's answer is kept."""
        return key in self._known or (self.folder is not None and self._file(key).exists())

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Return the bits that were kept, or train; see `assay.curate.proxies.proxy.Proxy`.

        Raises
        ------
        BadInput
            If a kept answer can't be read; and as the proxy that trains.
        """
        key = self.key(train, target, rng, training_tokens)
        fresh = key not in self._known
        if fresh:
            found = self._read(key) or self._train(key, train, target, rng, training_tokens)
            self._known[key] = found
        bits, went_over = self._known[key]
        if fresh and self.on_training is not None:
            self.on_training(_tokens(train, training_tokens))
        return HeldOutLoss(bits, target.text_bytes, went_over)

    def train_side_by_side(self, jobs: Mapping[str, Training], *, workers: int) -> None:
        """Do some trainings, several at a time; each answer is kept as soon as it is there.

        Parameters
        ----------
        jobs
            By their keys.
        workers : >= 1
            Processes.
        """
        keys, trainings = list(jobs), list(jobs.values())
        begin = perf_counter()

        def keep(place: int, loss: HeldOutLoss) -> None:
            nonlocal begin
            now = perf_counter()
            training = trainings[place]
            tokens = _tokens(training.train, training.training_tokens)
            self._keep(keys[place], loss, tokens, now - begin)
            begin = now
            if self.on_training is not None:
                self.on_training(tokens)

        target = trainings[0].target or trainings[0].train
        held_out_of_all(self.inner, trainings, target, workers=workers, on_done=keep)

    def forget_pace(self) -> None:
        """Measure the time of trainings anew."""
        self.seconds, self.paced_tokens = 0.0, 0

    def _train(
        self,
        key: str,
        train: TokenColumn,
        target: TokenColumn,
        rng: np.random.Generator,
        training_tokens: int | None,
    ) -> tuple[FloatArray, int]:
        begin = perf_counter()
        loss = self.inner.held_out_bits(train, target, rng=rng, training_tokens=training_tokens)
        self._keep(key, loss, _tokens(train, training_tokens), perf_counter() - begin)
        return loss.bits, loss.trained_tokens

    def _keep(self, key: str, loss: HeldOutLoss, tokens: int, seconds: float) -> None:
        self.seconds += seconds
        self.paced_tokens += tokens
        self.trained_tokens += tokens
        self._known[key] = loss.bits, loss.trained_tokens
        if self.folder is None:
            return
        try:
            save_checkpoint(
                self._file(key), Checkpoint(key, loss.trained_tokens, {"bits": loss.bits})
            )
        except OSError as error:
            raise BadInput(
                f"a finished training can't be kept: {error.strerror or error}",
                where=str(self.folder),
                next_command="make room there, and run it again: what was kept is not trained again",
            ) from error

    def _read(self, key: str) -> tuple[FloatArray, int] | None:
        if self.folder is None or not self._file(key).exists():
            return None
        kept = load_checkpoint(self._file(key), key)
        return kept.arrays["bits"].astype(np.float64), kept.step

    def _file(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{key}.npz"


def _tokens(train: TokenColumn, training_tokens: int | None) -> int:
    return train.n_tokens if training_tokens is None else training_tokens


def _plain(value: object) -> object:
    """Return what JSON can hold: some generators keep their state in arrays."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else repr(value)


class Rehearsal:
    """A proxy that trains nothing: it notes what would be trained, and answers with made-up bits.

    What is to be trained doesn't hang on what trainings say, but for a proposed mixture: so a run through with this one
    tells how many there will be, and finds what is wrong with the question before anything was trained.

    Parameters
    ----------
    kept
        Whose trainings they will be. The first `most_jobs` that it lacks are held ready in `jobs`.
    """

    def __init__(self, kept: KeptTrainings) -> None:
        self.kept = kept
        self.tokens: dict[str, int] = {}
        self.missing: set[str] = set()
        self.jobs: dict[str, Training] = {}
        self.most_jobs = 2

    @property
    def missing_tokens(self) -> int:
        """Training tokens of those that were not kept."""
        return sum(self.tokens[key] for key in self.missing)

    @property
    def name(self) -> str:
        """That of the proxy that will train."""
        return self.kept.name

    @property
    def values_repeats(self) -> bool:
        """See `assay.curate.proxies.proxy.Proxy`."""
        return self.kept.values_repeats

    @property
    def sees_word_order(self) -> bool:
        """See `assay.curate.proxies.proxy.Proxy`."""
        return self.kept.sees_word_order

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Note a training, and return bits that mean nothing."""
        key = self.kept.key(train, target, rng, training_tokens)
        if key not in self.tokens:
            self.tokens[key] = _tokens(train, training_tokens)
            if not self.kept.has(key):
                self.missing.add(key)
        if key in self.missing and len(self.jobs) < self.most_jobs and not self.kept.has(key):
            self.jobs[key] = Training(train, rng, training_tokens, target)
        made_up = np.random.default_rng(int(key[:12], 16)).normal(2.0, 0.1, len(target))
        bits: FloatArray = np.maximum(made_up, 0.1) * target.text_bytes.astype(np.float64)
        return HeldOutLoss(bits, target.text_bytes, self.tokens[key])
