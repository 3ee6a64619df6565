"""Assay's own intervals on the draws that the rivals are handed: at the end, and at every look.

A draw is a random order of all outputs. The rivals label its first n; the product labels the first of each stratum, so
many as its design allots. What is shown at a look comes from the product's own code for looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from assay.estimate import StratumCount, total_errors
from assay.estimate.live import LiveLabel, live_total_errors
from assay.ledger.draw_labels import Label
from assay.ledger.draws import DrawnStratum, StoredDraw
from assay.ledger.frame import StratumRule
from assay.ledger.population import Window
from assay.volume.looks import PLANNED_SHARE, completed_looks
from designs import Strata, product_strata
from populations import FloatArray, IntArray, Judged

Shown = Callable[[Judged, IntArray, IntArray], FloatArray]
"""From a log, a random order of it and numbers of labels: limits of the error rate, shape (n_looks, 2)."""


def at_the_end(log: Judged, order: IntArray, looks: IntArray) -> FloatArray:
    """Return the product's interval where each look is a draw of its own, labeled to the end and looked at once."""
    strata = _strata(log)
    limits = []
    for count in looks.tolist():
        labels = strata.labels(count)
        assert labels is not None
        firsts = _firsts(strata, order, labels)
        counts = tuple(
            (int(size), int(n), int(log.wrong[first].sum()))
            for size, n, first in zip(strata.sizes, labels, firsts, strict=True)
        )
        limits.append(_total(counts, 0.95))
    return np.array(limits) / len(log.wrong)


def at_planned_looks(log: Judged, order: IntArray, looks: IntArray) -> FloatArray:
    """Return what the product shows as the labels of one draw come in: planned looks only."""
    return _planned(log, order, looks)


def live(log: Judged, order: IntArray, looks: IntArray) -> FloatArray:
    """Return the planned looks, and the live limits with the rest of the chance to miss, intersected."""
    strata = _strata(log)
    planned = _planned(log, order, looks) * len(log.wrong)
    queue, labels = _queue(strata, order, int(looks[-1]))
    stream = [
        LiveLabel(stratum=h, wrong=int(log.wrong[trace]), share=float(labels[h] / labels.sum()))
        for h, trace in queue
    ]
    limits = []
    for (low, high), count in zip(planned.tolist(), looks.tolist(), strict=True):
        found = live_total_errors(
            [int(size) for size in strata.sizes],
            stream[:count],
            anticipated_rate=_anticipated(strata),
            confidence_level=1 - 0.05 * (1 - PLANNED_SHARE),
        )
        limits.append((max(low, found.low), min(high, found.high)))
    return np.array(limits) / len(log.wrong)


METHODS: dict[str, Shown] = {
    "Assay": at_the_end,
    "Assay, planned looks": at_planned_looks,
    "Assay, planned looks and live limits": live,
}


def _planned(log: Judged, order: IntArray, looks: IntArray) -> FloatArray:
    strata = _strata(log)
    queue, labels = _queue(strata, order, int(looks[-1]))
    drawn = [
        DrawnStratum(StratumRule(str(h)), int(size), int(n), tuple(str(t) for t in first))
        for h, (size, n, first) in enumerate(
            zip(strata.sizes, labels, _firsts(strata, order, labels), strict=True)
        )
    ]
    draw = StoredDraw(
        "bench", 0, 0, Window("bench", ""), len(log.wrong), 0, 0, "judge", (), tuple(drawn)
    )
    shown: list[tuple[float, float]] = []
    known: dict[str, Label] = {}
    done = 0
    for count in looks.tolist():
        for _, trace in queue[done:count]:
            known[str(trace)] = Label(str(trace), int(log.wrong[trace]), "person")
        done = count
        low, high = 0.0, float(len(log.wrong))
        # Labels that come in one by one: more intakes than one.
        for look in completed_looks(draw, known, intakes=2):
            counts = tuple((s.size, s.labeled, s.errors) for s in look.strata)
            found = _total(counts, look.level(0.95))
            low, high = max(low, found[0]), min(high, found[1])
        shown.append((low, high))
    return np.array(shown) / len(log.wrong)


def _queue(strata: Strata, order: IntArray, count: int) -> tuple[list[tuple[int, int]], IntArray]:
    """Return (stratum, output) in the product's order of labeling, and the labels a stratum."""
    labels = strata.labels(count)
    assert labels is not None
    places = [
        ((place + 1) / int(n), h, int(trace))
        for h, (n, first) in enumerate(
            zip(labels, _firsts(strata, order, labels), strict=True)
        )
        for place, trace in enumerate(first)
    ]  # fmt: skip
    return [(h, trace) for _, h, trace in sorted(places)], labels


def _firsts(strata: Strata, order: IntArray, labels: IntArray) -> list[IntArray]:
    which = strata.which[order]
    return [order[which == h][:n] for h, n in enumerate(labels.tolist())]


def _anticipated(strata: Strata) -> float:
    return float(strata.sizes @ strata.rates / strata.sizes.sum())


@cache
def _total(counts: tuple[tuple[int, int, int], ...], level: float) -> tuple[float, float]:
    total = total_errors(
        [StratumCount(size, n, errors) for size, n, errors in counts if size],
        confidence_level=level,
    )
    assert math.isfinite(total.high)
    return total.low, total.high


_known_strata: dict[int, tuple[Judged, Strata]] = {}


def _strata(log: Judged) -> Strata:
    if id(log) not in _known_strata:
        # The log is kept beside its strata, so that its id is not another's.
        _known_strata[id(log)] = log, product_strata(log.scores)
    return _known_strata[id(log)][1]
