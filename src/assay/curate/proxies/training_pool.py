"""Several trainings side by side, each in a process of its own with one thread: twice as fast on two cores.

One training with two threads is not: on a busy machine it was measured to be several times slower than with one.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from assay.curate.proxies.proxy import HeldOutLoss, Proxy, TokenColumn
from assay.errors import BadInput

WORKERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """One training to be done.

    Parameters
    ----------
    train
        Texts.
    seed
        Of its generator, one number or several; or the generator.
    training_tokens
        As a proxy takes them.
    target
        Held-out documents of its own.
    """

    train: TokenColumn
    seed: int | tuple[int, ...] | np.random.Generator
    training_tokens: int | None = None
    target: TokenColumn | None = None


def held_out_of_all(
    proxy: Proxy,
    trainings: Sequence[Training],
    target: TokenColumn,
    *,
    workers: int = WORKERS,
    on_progress: Callable[[int, float | None], None] | None = None,
    on_done: Callable[[int, HeldOutLoss], None] | None = None,
) -> list[HeldOutLoss]:
    """Train each, and return what it makes of the held-out documents, in the order asked.

    Parameters
    ----------
    proxy
        With more than one worker it must be one that can be sent to a process: no progress bar of its own.
    trainings, target
    workers : >= 1
        Processes; the numbers are the same for any.
    on_progress
        Called with the trainings done, and their share.
    on_done
        Called with each training's place and its answer, as soon as it is there.

    Raises
    ------
    BadInput
        If there is no worker.
    """
    if workers < 1:
        raise BadInput(f"at least one worker is needed, got {workers}")
    found: list[HeldOutLoss | None] = [None] * len(trainings)

    def put(place: int, loss: HeldOutLoss, done: int) -> None:
        found[place] = loss
        if on_done is not None:
            on_done(place, loss)
        if on_progress is not None:
            on_progress(done, done / len(trainings))

    if workers == 1 or len(trainings) < 2:
        for place, training in enumerate(trainings):
            put(place, _train(proxy, training, target), place + 1)
    else:
        # Not forked: a copy of torch's threads in the middle of their work may wait for ever.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(trainings)), mp_context=context) as pool:
            waiting = {
                pool.submit(_train, proxy, training, target): place
                for place, training in enumerate(trainings)
            }
            try:
                for done, future in enumerate(as_completed(waiting), start=1):
                    put(waiting[future], future.result(), done)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return [loss for loss in found if loss is not None]


def _train(proxy: Proxy, training: Training, target: TokenColumn) -> HeldOutLoss:
    return proxy.held_out_bits(
        training.train,
        training.target or target,
        rng=np.random.default_rng(training.seed),
        training_tokens=training.training_tokens,
    )
