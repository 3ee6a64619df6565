"""What text is worth that is gone over again: measured on one's own data against as much text that is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.curate.proxies.proxy import Proxy, ProxyRefuses, TokenColumn
from assay.curate.proxies.training_pool import Training, held_out_of_all
from assay.curate.repeats_result import RepeatsAnswer, repeat_values
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import HeldOut

EPOCHS = (2, 4, 8)
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RepeatsSettings:
    """How repeats are valued.

    Parameters
    ----------
    tokens : >= 1,000
        Of the subset that is gone over again.
    epochs : each >= 2, rising
        How often.
    seeds : >= 3
        Subsets, orders and first weights.
    margin : in (0, 1)
        A repeat that brings at least 1 less this of what new text brings is as good as new.
    confidence_level : in [0.5, 1)
        Of all verdicts together.
    seed : >= 0

    Raises
    ------
    BadInput
        If one is out of range.
    """

    tokens: int = 50_000
    epochs: tuple[int, ...] = EPOCHS
    seeds: int = 3
    margin: float = 0.2
    confidence_level: float = 0.95
    seed: int = 1

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.epochs, self.epochs[1:], strict=False))
        rules = {
            "tokens must be at least 1,000": self.tokens >= 1_000,
            "epochs must rise and begin at 2 or above": bool(self.epochs)
            and rising
            and self.epochs[0] >= 2,
            "seeds must be at least 3: fewer say nothing about others": self.seeds >= 3,
            "margin must be in (0, 1)": 0 < self.margin < 1,
            "confidence level must be in [0.5, 1)": 0.5 <= self.confidence_level < 1,
            "seed must not be negative": self.seed >= 0,
        }
        for rule, held in rules.items():
            if not held:
                raise BadInput(f"{rule}, got {self}")


def measure_repeats(
    pieces: TokenColumn,
    target: TokenColumn,
    held_out: HeldOut,
    proxy: Proxy,
    *,
    settings: RepeatsSettings | None = None,
    workers: int = 1,
    on_progress: Callable[[int, float | None], None] | None = None,
) -> RepeatsAnswer:
    """Return what going over a subset again is worth, against as many tokens that are new.

    Parameters
    ----------
    pieces
        Training text, near-duplicates and the target's leaks taken out: text that is there twice is not new.
    target, held_out
        Held-out documents as tokens, and their bytes and clusters.
    proxy
        One that values repeats.
    settings
    workers : >= 1
        Trainings side by side; see `assay.curate.proxies.training_pool`.
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    ProxyRefuses
        If the proxy can't value repeats.
    BadInput
        If there are not even twice as many tokens as in the subset.
    EstimateError
        If the target rests on too few documents.

    Notes
    -----
    Each seed draws an order of the pieces. Its subset is the first `tokens`; e times the subset is held against the
    first ``e * tokens`` of the same order, the subset among them: as many steps, the same first weights. Where the
    text doesn't suffice for an e, what it would have taken is said. Differences are paired on documents, with seeds as
    the outer level (`paired_change`), and worth is a ratio of two gains over the subset once (Fieller's limits).
    """
    settings = settings or RepeatsSettings()
    if not proxy.values_repeats:
        raise ProxyRefuses(
            f"{proxy.name} can't value repeats: its counts only grow",
            next_command="value repeats with the transformer (extra [train]), or with a trainer of your own",
        )
    if pieces.n_tokens < settings.epochs[0] * settings.tokens:
        raise BadInput(
            f"{settings.epochs[0]} times {settings.tokens:,} tokens of new text are needed to hold repeats against, "
            f"and there are {pieces.n_tokens:,}",
            next_command=f"take at most {pieces.n_tokens // settings.epochs[0]:,} tokens",
        )
    jobs: list[tuple[str, int]] = [("once", 1)]
    for times in settings.epochs:
        jobs.append(("again", times))
        if times * settings.tokens <= pieces.n_tokens:
            jobs.append(("new", times))
    trainings = [
        _training(pieces, settings, job, seed) for job in jobs for seed in range(settings.seeds)
    ]
    losses = held_out_of_all(proxy, trainings, target, workers=workers, on_progress=on_progress)
    bits: dict[tuple[str, int], FloatArray] = {}
    for place, job in enumerate(jobs):
        rows = losses[place * settings.seeds : (place + 1) * settings.seeds]
        bits[job] = np.stack([loss.bits for loss in rows])
    return RepeatsAnswer(
        proxy.name,
        settings.tokens,
        settings.seeds,
        len(target),
        repeat_values(
            bits,
            held_out,
            settings.epochs,
            margin=settings.margin,
            confidence_level=settings.confidence_level,
        ),
    )


def _training(
    pieces: TokenColumn, settings: RepeatsSettings, job: tuple[str, int], seed: int
) -> Training:
    kind, times = job
    order = np.random.default_rng([settings.seed, seed, 21]).permutation(len(pieces))
    need = times * settings.tokens if kind == "new" else settings.tokens
    rows = order[: int(np.searchsorted(np.cumsum(pieces.lengths[order]), need)) + 1]
    text = pieces.take(rows).head(need)
    return Training(text, (settings.seed, seed, 22), times * settings.tokens)
