"""Value against amount, best documents first: where it peaks, and where more hurts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.proxies.proxy import IntArray, Proxy, TokenColumn
from assay.curate.value import Trainer
from assay.curate.value_corpus import Pool, ReadyCorpus
from assay.curate.value_result import GENERALISES, TRACK_RECORD
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from assay.estimate.backlash import Backlash, find_backlash
from assay.quantity import Unknown

FloatArray = NDArray[np.float64]

AMOUNTS = tuple(round(0.05 * step, 2) for step in range(2, 21))
"""Shares of the corpus, best first: a tenth, and every twentieth from there."""

SAMPLE = 0.5
"""Share of the documents that each seed draws: what differs between seeds."""

MOST_TIMES = 10
"""A seed's sample has at most so many times the budget."""


@dataclass(frozen=True, slots=True)
class ValueCurve:
    """Value against amount in both regimes.

    Parameters
    ----------
    ranked_by
        The field that says what is good.
    data_fixed
        All of the best share, once: training grows with it.
    compute_fixed
        As many tokens from it at every share: training is as long.
    sample_tokens, fixed_tokens : >= 1
        All of a seed's sample, and what every compute-fixed training has.
    """

    ranked_by: str
    data_fixed: Backlash
    compute_fixed: Backlash
    sample_tokens: int
    fixed_tokens: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "ranked_by": self.ranked_by,
            "sample_tokens": self.sample_tokens,
            "fixed_tokens": self.fixed_tokens,
            "data_fixed": _backlash(self.data_fixed),
            "compute_fixed": _backlash(self.compute_fixed),
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
        }


def _backlash(found: Backlash) -> dict[str, object]:
    point = found.point
    return {
        "seen": found.seen,
        "point": point.to_json(),
        "said": point.reason if isinstance(point, Unknown) else None,
        "cost_of_all": found.cost.to_json(),
        "curve": [
            {
                "share": at.amount,
                "loss": at.loss.to_json(),
                "against_all": at.against_all.to_json(),
            }
            for at in found.points
        ],
    }


def measure_curve(
    ready: ReadyCorpus,
    proxy: Proxy,
    quality: FloatArray,
    settings: ValueSettings | None = None,
    *,
    ranked_by: str = "quality",
    on_progress: Callable[[int, float | None], None] | None = None,
) -> ValueCurve:
    """Return the held-out loss against the share of the corpus, best documents first, in both regimes.

    Parameters
    ----------
    ready, proxy
    quality : (pieces,)
        Of each piece of the pool; greater is better. Equal ones stand in the seed's order.
    settings
        Its tokens bound a seed's sample, at ten times as many.
    ranked_by
        What the quality is, for people.
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    BadInput
        If there is not one quality a piece, or the corpus is too small for a curve.
    """
    settings = settings or ValueSettings()
    pool = ready.pool
    if len(quality) != len(pool.pieces) or not np.isfinite(quality).all():
        raise BadInput(f"{len(pool.pieces)} pieces need a finite quality each, got {len(quality)}")
    tokens = int(min(SAMPLE * pool.pieces.n_tokens, MOST_TIMES * settings.tokens))
    if tokens < 20 * len(AMOUNTS):
        raise BadInput(f"{pool.pieces.n_tokens:,} tokens are too few for a curve")
    trainer = Trainer(
        ready,
        proxy,
        settings,
        on_progress=on_progress,
        trainings=2 * len(AMOUNTS) * settings.seeds,
    )
    fixed = int(AMOUNTS[0] * tokens)
    all_bits = np.zeros((2, len(AMOUNTS), settings.seeds, len(ready.target.column)))
    for seed in range(settings.seeds):
        order = trainer.order(seed)
        sample = order[: _reaching(pool, order, tokens)]
        ranked = sample[np.argsort(-quality[sample], kind="stable")]
        best = pool.pieces.take(ranked)
        for place, share in enumerate(AMOUNTS):
            part = best.head(int(share * best.n_tokens))
            all_bits[0, place, seed] = trainer.bits(part, seed)
            all_bits[1, place, seed] = trainer.bits(_some(part, fixed, settings, seed), seed)
    rng = np.random.default_rng([settings.seed, 5])
    found = [
        find_backlash(
            AMOUNTS,
            bits,
            ready.target.held_out,
            confidence_level=settings.confidence_level,
            rng=rng,
            unit="of the corpus",
        )
        for bits in all_bits
    ]
    return ValueCurve(ranked_by, found[0], found[1], tokens, fixed)


def _reaching(pool: Pool, rows: IntArray, tokens: int) -> int:
    return int(np.searchsorted(np.cumsum(pool.pieces.lengths[rows]), tokens)) + 1


def _some(part: TokenColumn, tokens: int, settings: ValueSettings, seed: int) -> TokenColumn:
    """Return so many tokens from all over a part; the same pieces come first at every share where they are in it."""
    rng = np.random.default_rng([settings.seed, seed, 6])
    # Each piece keeps its place in a lottery whatever else is in the part: samples of two shares have most in common.
    ticket = rng.random(1_000_000)[np.arange(len(part)) % 1_000_000]
    rows = np.argsort(ticket, kind="stable")
    reached = np.cumsum(part.lengths[rows])
    return part.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def deciles(pool: Pool, quality: FloatArray) -> Pool:
    """Return the pool with its tenths of quality as parts, the best first; each of as many tokens."""
    order = np.argsort(-quality, kind="stable")
    reached = np.cumsum(pool.pieces.lengths[order]) - pool.pieces.lengths[order]
    tenth = np.empty(len(order), dtype=np.int64)
    tenth[order] = np.minimum(10 * reached // max(1, pool.pieces.n_tokens), 9)
    names = [f"tenth {place} of 10" for place in range(1, 11)]
    names[0] += " (best)"
    names[-1] += " (worst)"
    return pool.labeled(tenth, names)
