"""What a filter is worth: what it keeps against all there is, trained on as long, and all of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.proxies.proxy import Proxy
from assay.curate.value import Trainer
from assay.curate.value_corpus import ReadyCorpus
from assay.curate.value_curve import MOST_TIMES, SAMPLE
from assay.curate.value_result import GENERALISES, TRACK_RECORD, Verdict
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from assay.estimate.paired_bootstrap import Change, holm
from assay.quantity import Estimate

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FilterValue:
    """What a filter does to a model.

    Parameters
    ----------
    name
    kept_tokens : in [0, 1]
        Share of the tokens that it keeps.
    compute_fixed
        Bits per byte more with what it keeps than with the raw mix, both trained on as many tokens.
    data_fixed
        The same with all that it keeps against all there is: it trains on less.
    compute_verdict, data_verdict
        "helps", "hurts" or "cannot tell", with Holm's correction over the filters.
    fixed_tokens, raw_tokens : >= 1
        Of a compute-fixed training, and of all there is.
    """

    name: str
    kept_tokens: float
    compute_fixed: Estimate
    data_fixed: Estimate
    compute_verdict: Verdict
    data_verdict: Verdict
    fixed_tokens: int
    raw_tokens: int

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "name": self.name,
            "kept_tokens": self.kept_tokens,
            "compute_fixed": {
                "change": self.compute_fixed.to_json(),
                "verdict": self.compute_verdict,
                "tokens": self.fixed_tokens,
            },
            "data_fixed": {
                "change": self.data_fixed.to_json(),
                "verdict": self.data_verdict,
                "raw_tokens": self.raw_tokens,
            },
            "track_record": TRACK_RECORD,
            "generalises_to": GENERALISES,
        }


def measure_filters(
    ready: ReadyCorpus,
    proxy: Proxy,
    kept: Mapping[str, BoolArray],
    settings: ValueSettings | None = None,
    *,
    on_progress: Callable[[int, float | None], None] | None = None,
) -> tuple[FilterValue, ...]:
    """Return what each filter is worth for the target.

    Parameters
    ----------
    ready, proxy
    kept : name -> (pieces,)
        Which pieces of the pool each filter keeps.
    settings
        Its tokens are those of a compute-fixed training, or what the strictest filter leaves of a sample.
    on_progress
        Called with the number of trainings done and the share.

    Raises
    ------
    BadInput
        If there is no filter, or one keeps next to nothing.
    """
    settings = settings or ValueSettings()
    pool = ready.pool
    if not kept:
        raise BadInput("there is no filter to value")
    trainer = Trainer(
        ready,
        proxy,
        settings,
        on_progress=on_progress,
        trainings=settings.seeds * (2 + 2 * len(kept)),
    )
    tokens = int(min(SAMPLE * pool.pieces.n_tokens, MOST_TIMES * settings.tokens))
    shares = {
        name: pool.tokens_of(np.flatnonzero(mask)) / pool.pieces.n_tokens
        for name, mask in kept.items()
    }
    fixed = int(min(settings.tokens, 0.8 * tokens * min(shares.values())))
    if fixed < 1_000:
        name = min(shares, key=lambda one: shares[one])
        raise BadInput(
            f"the filter {name} keeps {shares[name]:.2%} of the tokens: too little to train on"
        )
    bits: dict[tuple[str, bool], list[NDArray[np.float64]]] = {}
    for seed in range(settings.seeds):
        order = trainer.order(seed)
        reached = np.cumsum(pool.pieces.lengths[order])
        sample = order[: int(np.searchsorted(reached, tokens)) + 1]
        for name, mask in {"": np.ones(len(pool.pieces), dtype=np.bool_), **kept}.items():
            column = pool.pieces.take(sample[mask[sample]])
            bits.setdefault((name, True), []).append(trainer.bits(column.head(fixed), seed))
            bits.setdefault((name, False), []).append(trainer.bits(column, seed))
    changes = {
        key: trainer.change(found, bits["", key[1]]) for key, found in bits.items() if key[0]
    }
    verdicts = {
        **_verdicts({k: c for k, c in changes.items() if k[1]}, settings),
        **_verdicts({k: c for k, c in changes.items() if not k[1]}, settings),
    }
    level = settings.confidence_level
    return tuple(
        FilterValue(
            name,
            shares[name],
            changes[name, True].estimate(confidence_level=level),
            changes[name, False].estimate(confidence_level=level),
            verdicts[name, True],
            verdicts[name, False],
            fixed,
            tokens,
        )
        for name in kept
    )


def _verdicts(
    changes: Mapping[tuple[str, bool], Change], settings: ValueSettings
) -> dict[tuple[str, bool], Verdict]:
    adjusted = holm([change.p_differs() for change in changes.values()])
    found: dict[tuple[str, bool], Verdict] = {}
    for (key, change), p in zip(changes.items(), adjusted, strict=True):
        sign: Verdict = "helps" if change.value < 0 else "hurts"
        found[key] = sign if p <= 1 - settings.confidence_level else "cannot tell"
    return found
