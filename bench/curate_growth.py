"""How often the limits of `assay curate measure` on new n-grams hold on real text: the rest is predicted from a part.

    python bench/curate_growth.py CORPUS.jsonl [--rounds 60] [--seed 1]

Of each source, documents are drawn at random; from some the new n-grams of 0.6 times as many others are predicted, and
counted. CORPUS is what bench/corpus.py builds, or any file with sources.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import numpy as np

from assay.curate.measure_growth import grams_of
from assay.curate.measure_store import read_store
from assay.curate.read.raw import ReadSettings
from assay.estimate.vocabulary_growth import CLASSES, Incidence, new_ngrams
from assay.quantity import Estimate

SIZES = (50, 150, 400)
MORE = 0.6


def main() -> None:
    """Print one line for each source, size of n-grams and number of documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    held = given = 0
    with tempfile.TemporaryDirectory() as folder:
        store = read_store(
            (asked.corpus,), ReadSettings(), Path(folder) / "texts", on_progress=lambda *_: None
        )
        for words in (5, 13):
            grams = grams_of(store, words, kept=10**12, on_progress=lambda *_: None)
            order = np.argsort(grams.document, kind="stable")
            code = np.unique(grams.gram, return_inverse=True)[1][order]
            first = np.searchsorted(grams.document[order], np.arange(len(store) + 1))
            documents = [code[a:b] for a, b in itertools.pairwise(first)]
            for source, name in enumerate(store.names):
                rows = np.flatnonzero(store.source == source)
                for size in SIZES:
                    if len(rows) < 2 * size:
                        continue
                    found = [
                        _round(documents, store.texts.lengths, rng.permutation(rows), size)
                        for _ in range(asked.rounds)
                    ]
                    told = [one for one in found if one is not None]
                    if not told:
                        print(f"{words}-grams, {name}, {size}: no number in {len(found)}")
                        continue
                    hits = sum(one[0] for one in told)
                    held, given = held + hits, given + len(told)
                    bias, width = np.mean([one[1:] for one in told], axis=0)
                    print(
                        f"{words}-grams, {name}, {size}: held {hits} of {len(told)} ({len(found)} drawn), "
                        f"off by {bias:+.3f} on average, limits {width:.2f} of the value apart",
                        flush=True,
                    )
    print(f"all: held {held} of {given}")


def _round(
    documents: list[np.ndarray], lengths: np.ndarray, rows: np.ndarray, size: int
) -> tuple[bool, float, float] | None:
    seen, more = rows[:size], rows[size : size + int(MORE * size)]
    gram = np.concatenate([documents[row] for row in seen])
    owner = np.repeat(np.arange(size), [len(documents[row]) for row in seen])
    known, which, often = np.unique(gram, return_inverse=True, return_counts=True)
    few = often[which] <= CLASSES
    by = np.bincount(
        owner[few] * CLASSES + often[which][few] - 1, minlength=size * CLASSES
    ).reshape(size, CLASSES)
    incidence = Incidence(
        by.astype(np.float64), lengths[seen].astype(np.float64), float(len(known)), 1e18
    )
    found = new_ngrams(incidence, more_bytes=float(lengths[more].sum()))
    if not isinstance(found, Estimate) or found.guarantee == "assumed":
        return None
    truth = len(np.setdiff1d(np.concatenate([documents[row] for row in more]), known))
    off = (found.value - truth) / max(truth, 1)
    return found.low <= truth <= found.high, off, (found.high - found.low) / max(found.value, 1)


if __name__ == "__main__":
    main()
