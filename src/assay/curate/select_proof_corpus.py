"""From a corpus of any size to a proof: which of its documents the trainings draw from, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.curate.held_out import clusters_of
from assay.curate.measure_store import TextStore
from assay.curate.proxies.kept_trainings import KeptTrainings
from assay.curate.proxies.named import ProxyChoice
from assay.curate.select_proof import (
    SAMPLE,
    Arms,
    ProofSettings,
    prove_selection,
)
from assay.curate.select_verdict import Proof
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import TARGET_BYTES, ready_corpus
from assay.errors import BadInput, EstimateError
from assay.estimate.paired_bootstrap import FEWEST_CLUSTERS, HeldOut

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

BYTES_PER_TOKEN = 8
"""More than any text has under these tokenizers: so that enough is read for the tokens that are asked for."""


def check_target(proving: TextColumn) -> None:
    """Refuse a target that can't prove anything, before the corpus is read.

    Raises
    ------
    EstimateError
        If it rests on fewer documents than an interval needs.
    """
    filled = proving.take(proving.lengths > 0)
    held = HeldOut(np.minimum(filled.lengths, TARGET_BYTES), clusters_of(filled))
    if held.effective < FEWEST_CLUSTERS:
        raise EstimateError(
            f"the {len(filled)} held-out documents that prove rest on {held.effective:.1f} by weight, and an interval "
            f"needs {FEWEST_CLUSTERS:.0f}",
            next_command="--target with more documents, or --no-proof",
        )


def prove_store(
    store: TextStore,
    proving: TextColumn,
    rows: tuple[BoolArray, BoolArray],
    choice: ProxyChoice,
    settings: ProofSettings,
    *,
    work: Path | None = None,
    on_progress: Callable[[int, float | None], None] | None = None,
) -> Proof:
    """Prove a selection from a corpus.

    Parameters
    ----------
    store
    proving
        Held-out documents that the selection was not made with.
    rows
        Which documents are selected, and which may be trained on at all: those that no held-out document overlaps with.
    choice
        The proxy.
    settings
    work
        Folder where finished trainings are kept.
    on_progress
        Called with the trainings done and the share.

    Raises
    ------
    BadInput, EstimateError
        As `prove_selection`.

    Notes
    -----
    Of a corpus that has more than the trainings can go over, documents are drawn by lot: some of all of it, the
    selected ones among them, and more of the selection. Selected documents come first, so that of two that say the
    same the selected one is kept.
    """
    selected, allowed = rows
    rng = np.random.default_rng([settings.seed, 4])
    order = rng.permutation(np.flatnonzero(allowed))
    size = store.texts.lengths
    everything = _up_to(order, size, BYTES_PER_TOKEN * settings.most_times * settings.tokens)
    mine = _up_to(order[selected[order]], size, BYTES_PER_TOKEN * settings.tokens)
    drawn = np.union1d(everything, mine)
    drawn = np.concatenate([drawn[selected[drawn]], drawn[~selected[drawn]]])
    if selected[order].all():
        raise BadInput("the selection is all of the corpus: there is nothing to prove")
    texts = store.texts.take(drawn)
    names = [store.names[code] for code in store.source[drawn].tolist()]
    ready = ready_corpus(texts, names, proving, keep_repeats=choice.values_repeats)
    document = drawn[ready.pool.document]
    proxy = KeptTrainings(choice.proxy(ready, states=work), folder=work, context=_digest(texts))
    arms = Arms(
        selected[document],
        np.isin(document, everything),
        float(size[everything].sum() / max(1, size[order].sum())),
    )
    return prove_selection(ready, proxy, arms, settings, on_progress=on_progress)


def _up_to(order: IntArray, size: IntArray, most: float) -> IntArray:
    """Return the first documents until so many bytes are reached."""
    reached = np.cumsum(size[order]) - size[order]
    return order[reached < most / SAMPLE]


def _digest(texts: TextColumn) -> str:
    return hashlib.sha256(texts.data.tobytes() + texts.offsets.tobytes()).hexdigest()
