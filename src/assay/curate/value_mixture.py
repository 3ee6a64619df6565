"""The best mixture of sources for a token budget: small trainings, a regression, and a test of what it proposes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.curate.proxies.proxy import FloatArray, IntArray, Proxy, TokenColumn, joined
from assay.curate.value import Trainer
from assay.curate.value_corpus import Pool, ReadyCorpus
from assay.curate.value_result import GENERALISES, TRACK_RECORD
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from assay.estimate.mixture import best_shares, fit_mixture, random_shares
from assay.estimate.rank_agreement import RankAgreement, rank_agreement
from assay.quantity import Estimate

TRIALS = 48
"""Random mixtures that are trained on, at the least; four a source where there are many."""


@dataclass(frozen=True, slots=True)
class BestMixture:
    """A mixture that was proposed, and what it came to.

    Parameters
    ----------
    names, natural, proposed
        Sources, their shares as they come, and the shares that were proposed.
    change
        Bits per byte more than with the natural mixture, on fresh samples that had no part in the proposal.
    verdict
        Whether it is better: "better", "worse" or "cannot tell".
    predicted
        How well the regression orders mixtures that it has not seen.
    trials, tokens : >= 1
    """

    names: tuple[str, ...]
    natural: tuple[float, ...]
    proposed: tuple[float, ...]
    change: Estimate
    verdict: Literal["better", "worse", "cannot tell"]
    predicted: RankAgreement
    trials: int
    tokens: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "tokens": self.tokens,
            "shares": {
                name: {"natural": before, "proposed": after}
                for name, before, after in zip(self.names, self.natural, self.proposed, strict=True)
            },
            "change": self.change.to_json(),
            "verdict": self.verdict,
            "trials": self.trials,
            "regression": self.predicted.to_json(),
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
        }


def best_mixture(
    ready: ReadyCorpus,
    proxy: Proxy,
    settings: ValueSettings | None = None,
    *,
    leave_out: Collection[str] = (),
    on_progress: Callable[[int, float | None], None] | None = None,
) -> BestMixture:
    """Return the mixture that is best for a budget, and whether it is shown to beat the sources as they come.

    Parameters
    ----------
    ready, proxy
    settings
        Its tokens are the budget.
    leave_out
        Sources that may not be in the proposal, since they hurt or are worthless.
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    BadInput
        If there are fewer than two sources, or they hold less than twice the budget.

    Notes
    -----
    See `assay.estimate.mixture`. The proposal is then trained with other seeds against the natural mixture, document by
    document: what is reported is that, not what the regression hopes.
    """
    settings = settings or ValueSettings()
    pool = ready.pool
    held = np.array(
        [pool.tokens_of(np.flatnonzero(pool.source == code)) for code in range(len(pool.names))]
    )
    if (held > 0).sum() < 2:
        raise BadInput("a mixture needs at least two sources with text")
    if held.sum() < 2 * settings.tokens:
        raise BadInput(
            f"a mixture can only be chosen out of more than it takes: {held.sum():,} tokens for a budget of "
            f"{settings.tokens:,}",
            next_command=f"--tokens {max(1000, int(held.sum()) // 2000 * 1000)}",
        )
    limits = np.minimum(held / settings.tokens, 1.0)
    limits[[name in leave_out for name in pool.names]] = 0.0
    if limits.sum() < 1:
        raise BadInput(
            f"what neither hurts nor is worthless holds {limits.sum():.0%} of the budget of {settings.tokens:,} tokens",
            next_command=f"--tokens {max(1000, int(limits.sum() * settings.tokens) // 1000 * 1000)}",
        )
    trials = max(TRIALS, 4 * len(held))
    trainer = Trainer(
        ready, proxy, settings, on_progress=on_progress, trainings=trials + 2 * settings.seeds
    )
    rng = np.random.default_rng([settings.seed, 7])
    shares = random_shares(limits, count=trials, rng=rng)
    size = float(trainer.held_out.n_bytes.sum())
    # Seeds beyond those that the proposal is tested with.
    losses = [
        float(
            trainer.bits(_mixed(trainer, row, settings.seeds + trial), settings.seeds + trial).sum()
        )
        / size
        for trial, row in enumerate(shares)
    ]
    model = fit_mixture(shares, losses)
    proposed = best_shares(model, limits, rng=rng)
    natural = held / held.sum()
    tried: list[list[FloatArray]] = [[], []]
    for seed in range(settings.seeds):
        for place, row in enumerate((proposed, natural)):
            tried[place].append(trainer.bits(_mixed(trainer, row, seed), seed))
    change = trainer.change(*tried)
    found = change.estimate(confidence_level=settings.confidence_level)
    verdict: Literal["better", "worse", "cannot tell"] = "cannot tell"
    if found.high < 0 or found.low > 0:
        verdict = "better" if found.high < 0 else "worse"
    return BestMixture(
        pool.names,
        tuple(natural.tolist()),
        tuple(proposed.tolist()),
        found,
        verdict,
        rank_agreement(model.left_out, losses, confidence_level=settings.confidence_level),
        trials,
        settings.tokens,
    )


def _mixed(trainer: Trainer, shares: FloatArray, seed: int) -> TokenColumn:
    """Return a sample of the budget's size in which each source has its share."""
    pool, tokens = trainer.ready.pool, trainer.settings.tokens
    order = trainer.order(seed)
    parts = [
        _beginning(pool, order[pool.source[order] == code], round(float(share) * tokens))
        for code, share in enumerate(shares)
    ]
    return joined(parts)


def _beginning(pool: Pool, rows: IntArray, tokens: int) -> TokenColumn:
    reached = np.cumsum(pool.pieces.lengths[rows])
    return pool.pieces.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)
