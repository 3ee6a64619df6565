"""The models behind an answer: which there will be, which are kept from before, and how long the rest takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from assay.curate.proxies.kept_trainings import KeptTrainings, Rehearsal
from assay.curate.proxies.named import ProxyChoice
from assay.curate.proxies.proxy import Proxy
from assay.curate.value_corpus import ReadyCorpus
from assay.curate.value_plan import ValuePlan
from assay.errors import BadInput

BATCH = 32
"""Trainings whose texts are held in memory to be done side by side."""

WARM_SECONDS = 10.0
"""A first training that took longer is measured as it is; of a shorter one the libraries' start is too large a part."""

Progress = Callable[[int, float | None], None]

STATES = "states"
"""Folder beside the answers, with the states of trainings that are under way."""


class Trainings:
    """Hands out proxies whose trainings are counted, and kept.

    Parameters
    ----------
    ready
        Returns the corpus with repeats (True) or without them.
    work
        A folder where answers are kept. None: in memory, as long as this lives.

    Raises
    ------
    BadInput
        If the folder can't be made.
    """

    def __init__(self, ready: Callable[[bool], ReadyCorpus], work: Path | None = None) -> None:
        self._ready, self._work = ready, work
        self._kept: dict[tuple[ProxyChoice, bool], KeptTrainings] = {}
        self._rehearsed: dict[tuple[ProxyChoice, bool], Rehearsal] = {}
        self._tell: Progress | None = None
        self._done = 0
        if work is not None:
            try:
                work.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadInput(
                    f"the folder for finished trainings can't be made: {error.strerror or error}",
                    where=str(work),
                ) from error

    def proxy(self, choice: ProxyChoice, *, keep_repeats: bool) -> KeptTrainings:
        """Return a proxy for the corpus with or without repeats."""
        key = choice, keep_repeats
        if key not in self._kept:
            ready = self._ready(keep_repeats)
            states = None if self._work is None else self._work / STATES
            self._kept[key] = KeptTrainings(
                choice.proxy(ready, states=states),
                folder=self._work,
                context=digest_of(ready),
                on_training=self._count,
            )
        return self._kept[key]

    def rehearsal(self, choice: ProxyChoice, *, keep_repeats: bool) -> Proxy:
        """Return what notes a proxy's trainings and does none."""
        key = choice, keep_repeats
        if key not in self._rehearsed:
            self._rehearsed[key] = Rehearsal(self.proxy(choice, keep_repeats=keep_repeats))
        return self._rehearsed[key]

    def plan(self) -> ValuePlan:
        """Train the first that each proxy lacks, and return what all of those that were rehearsed come to."""
        rehearsed = list(self._rehearsed.values())
        models = sum(len(each.tokens) for each in rehearsed)
        kept = models - sum(len(each.missing) for each in rehearsed)
        tokens = sum(each.missing_tokens for each in rehearsed)
        for each in rehearsed:
            _measure_pace(each)
        done = [each.kept for each in rehearsed]
        return ValuePlan(
            tuple(dict.fromkeys(each.name for each in rehearsed)),
            models,
            kept,
            tokens,
            sum(each.paced_tokens for each in done),
            sum(each.seconds for each in done),
            sum(
                _pace(each.kept) * (each.missing_tokens - each.kept.trained_tokens)
                for each in rehearsed
            ),
        )

    def begin(self, on_progress: Progress | None) -> None:
        """Tell from now on how many models are there, and the share of the time that is behind."""
        self._tell = on_progress

    def train_ahead(self, rehearse: Callable[[], object], workers: int) -> None:
        """Do the trainings that a rehearsal finds lacking, several at a time, until it finds none.

        Parameters
        ----------
        rehearse
            Goes through the question once with the proxies of `rehearsal`.
        workers : >= 1
            Processes of a slow proxy; a quick one is not worth a process.

        Notes
        -----
        Some dozens at a time, so that their texts fit into memory.
        """
        while True:
            slow = [each for key, each in self._rehearsed.items() if key[0].slow]
            for each in slow:
                each.most_jobs = BATCH
            rehearse()
            lacking = [each for each in slow if each.jobs]
            for each in lacking:
                each.kept.train_side_by_side(each.jobs, workers=workers)
                each.jobs = {}
            if not lacking:
                return

    def _count(self, _tokens: int) -> None:
        self._done += 1
        if self._tell is not None:
            self._tell(self._done, self._share())

    def _share(self) -> float | None:
        if not self._rehearsed:
            return None
        whole = sum(_seconds(each) for each in self._rehearsed.values())
        done = sum(
            _pace(each.kept) * min(each.kept.trained_tokens, each.missing_tokens)
            for each in self._rehearsed.values()
        )
        return min(1.0, done / whole) if whole else 1.0


def _measure_pace(rehearsed: Rehearsal) -> None:
    """Train the first, and the second where the first was so short that most of its time was the start."""
    for key, job in rehearsed.jobs.items():
        if rehearsed.kept.seconds > WARM_SECONDS:
            break
        rehearsed.kept.forget_pace()
        rehearsed.kept.train_side_by_side({key: job}, workers=1)
    rehearsed.jobs = {}


def _pace(kept: KeptTrainings) -> float:
    """Return seconds a token."""
    return kept.seconds / kept.paced_tokens if kept.paced_tokens else 0.0


def _seconds(rehearsed: Rehearsal) -> float:
    """Return how long all that a proxy lacked when it was rehearsed takes."""
    return _pace(rehearsed.kept) * rehearsed.missing_tokens


def digest_of(ready: ReadyCorpus) -> str:
    """Return a digest of a corpus, its target and its tokenizer: what a proxy may know beside what it is trained on."""
    digest = hashlib.sha256()
    for column in (ready.pool.pieces, ready.target.column):
        for array in (column.codes, column.offsets):
            digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(np.ascontiguousarray(ready.tokenizer.merges).tobytes())
    return digest.hexdigest()
