"""How often any interval that the product shows on the way misses the truth: labels one by one, hand-outs that adapt.

Each run is a whole draw as the product makes it: a first hand-out, then others sent where errors were found
(`assay.volume.next_labels`), a look after every label. Whoever stops when it looks good, by any rule, is wrong at most
as often as any look is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from assay.estimate import (
    StratumCount,
    allocate,
    hypergeometric_errors,
    live_total_errors,
    total_errors,
)
from assay.ledger.draw_labels import Label
from assay.ledger.draws import DrawnStratum, StoredDraw
from assay.ledger.frame import StratumRule
from assay.ledger.population import Window
from assay.volume.looks import Look, completed_looks, live_labels
from assay.volume.next_labels import next_allocation
from designs import product_strata
from populations import Binormal, IntArray

LEVEL = 0.95
HAND_OUT, BUDGET, LABELS = 20, 120, 160
"""Labels of a hand-out, planned in all, and given in all: a third more than planned."""


@dataclass(frozen=True, slots=True)
class World:
    """A log, and what its judge sees of it.

    Parameters
    ----------
    name
    sizes, errors : shape (n_strata,)
        Outputs of each stratum, and how many of them are wrong.
    rates : shape (n_strata,)
        What the judge leads one to expect.
    """

    name: str
    sizes: tuple[int, ...]
    errors: tuple[int, ...]
    rates: tuple[float, ...]

    @property
    def total(self) -> int:
        """Errors in the log."""
        return sum(self.errors)


def judged(size: int, rate: float, auc: float, hidden: float) -> World:
    """Return a log with a binormal judge that is blind to a share of the errors."""
    log = Binormal(rate, auc, size)
    strata = product_strata(log.expected_posteriors())
    (ranks,) = log.error_ranks(np.random.default_rng(size), 1, hidden=hidden)
    # Ranks count from the greatest score, strata from the least.
    errors = np.bincount(strata.which[::-1][size - 1 - ranks], minlength=len(strata.sizes))
    name = f"{size:,} outputs, {100 * rate:g} % wrong, AUC {auc:g}, blind to {hidden:.0%}"
    return World(
        name,
        tuple(strata.sizes.tolist()),
        tuple(errors.tolist()),
        tuple(strata.rates.tolist()),
    )


FLAGS = World("gpt-4o-2024-08-06 flagged by gpt-4o-mini", (1242, 77), (30, 20), (0.029, 0.5))


def worlds() -> list[World]:
    """Return the logs that are looked at."""
    made_up = [(2_000, 0.06, 0.9), (2_000, 0.2, 0.9), (5_000, 0.01, 0.98)]
    return [FLAGS, *(judged(*log, hidden) for log in made_up for hidden in (0.0, 0.5, 1.0))]


def misses(world: World, rng: np.random.Generator) -> tuple[bool, bool]:
    """Return whether any look of one draw misses, and whether any naive one does.

    The naive looks are the exact interval of labels drawn uniformly from the same log, after every label.
    """
    wrong = [
        rng.permutation(np.arange(size) < errors)
        for size, errors in zip(world.sizes, world.errors, strict=True)
    ]
    draw = _opened(world)
    known: dict[str, Label] = {}
    missed = False
    while True:
        for trace in draw.label_order[len(known) :]:
            stratum, place = (int(part) for part in trace.split("-"))
            known[trace] = Label(trace, int(wrong[stratum][place]), "person")
        missed = missed or _any_look_misses(draw, known, world.total)
        if draw.planned >= LABELS:
            break
        draw = _longer(draw, next_allocation(draw, known, HAND_OUT))
    return missed, _naive_misses(sum(world.sizes), world.total, rng)


def _any_look_misses(draw: StoredDraw, known: dict[str, Label], total: int) -> bool:
    """Whether a planned look so far, or the live limits at any label so far, exclude the truth.

    What is shown is their intersection, or a part of it. Live limits are the intersection over all labels before, so
    those at the end of a hand-out have missed if any within it have.
    """
    intakes = len(known)
    looks = completed_looks(draw, known, intakes=intakes)
    if looks and not _look_holds(looks[-1], total):
        return True
    live = live_labels(draw, known, intakes=intakes)
    assert live is not None
    limits = live_total_errors(
        [stratum.size for stratum in draw.strata],
        live.labels,
        anticipated_rate=live.anticipated_rate,
        confidence_level=live.level(LEVEL),
    )
    return not limits.low <= total <= limits.high


def _look_holds(look: Look, total: int) -> bool:
    return _holds(look.strata, look.level(LEVEL), total)


@cache
def _holds(strata: tuple[StratumCount, ...], level: float, total: int) -> bool:
    found = total_errors(strata, confidence_level=level)
    return found.low <= total <= found.high


def _opened(world: World) -> StoredDraw:
    first = allocate(np.array(world.sizes), np.array(world.rates), HAND_OUT)
    strata = tuple(
        DrawnStratum(StratumRule(str(h)), size, 0, (), (), rate)
        for h, (size, rate) in enumerate(zip(world.sizes, world.rates, strict=True))
    )
    size = sum(world.sizes)
    draw = StoredDraw(
        "bench", 0, 1, Window("bench", ""), size, 0, 0, "judge", (), strata, None, BUDGET
    )
    return _longer(draw, first.tolist())


def _longer(draw: StoredDraw, more: list[int]) -> StoredDraw:
    """Return the draw with one hand-out more, listed as the product lists it."""
    strata, listed = [], []
    for h, (stratum, extra) in enumerate(zip(draw.strata, more, strict=True)):
        end = stratum.planned + extra
        added = [(f"{h}-{place}", (place + 1 - stratum.planned) / extra)
                 for place in range(stratum.planned, end)]  # fmt: skip
        listed += [(at, h, trace) for trace, at in added]
        strata.append(
            replace(
                stratum,
                planned=end,
                trace_ids=(*stratum.trace_ids, *(trace for trace, _ in added)),
                batch_ends=(*stratum.batch_ends, end),
            )
        )
    order = (*draw.label_order, *(trace for _, _, trace in sorted(listed)))
    return replace(draw, strata=tuple(strata), label_order=order)


def _naive_misses(size: int, errors: int, rng: np.random.Generator) -> bool:
    found = np.cumsum(rng.permutation(np.arange(size) < errors)[:LABELS])
    return any(not _exact_holds(size, errors, n, k) for n, k in enumerate(found.tolist(), start=1))


@cache
def _exact_holds(size: int, errors: int, labels: int, found: int) -> bool:
    low, high = hypergeometric_errors(found, labels, size, confidence_level=LEVEL)[:2]
    return low <= errors <= high


def counted(world: World, runs: int, *, seed: int = 31) -> IntArray:
    """Return in how many of the runs a look missed, and in how many a naive one did."""
    rng = np.random.default_rng([seed, world.total, sum(world.sizes)])
    both = np.array([misses(world, rng) for _ in range(runs)], dtype=np.int64)
    return np.asarray(both.sum(axis=0))
