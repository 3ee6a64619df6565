"""Do cheap proxies decide as dearer ones do: the n-gram model against a small transformer on a corpus's sources.

    python bench/corpus.py CORPUS.jsonl --megabytes 64
    python bench/proxy_agreement.py CORPUS.jsonl [--tokens 400000] [--small 100000] [--seeds 5] [--folder STATE]
    python bench/proxy_agreement.py CORPUS.jsonl --planted 7 --only ngram,small --held-out 1200

With --planted the sources are the good text and the junk of `bench/planted_junk.py`.

Each source's text alone trains each proxy, as many tokens of it, on several seeds (subset, order, first weights);
the target is held-out documents of all sources, as many of each. Reported: bits per byte of each source and proxy;
Kendall's tau-b of every two proxies and of each proxy's two budgets, with limits over seeds and documents, and the
pairs that each separates, agreed and opposed; the share of pairs decided alike, with limits over other sources; the
seeds' standard deviation; pairs whose order changes with the learning rate. Near-duplicates of the target and repeats
are left out for all proxies.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assay.curate.proxies.ngram_model import NGramProxy
from assay.curate.proxies.proxy import Proxy, TokenColumn
from assay.curate.proxies.training_pool import Training, held_out_of_all
from assay.curate.proxies.training_rates import rank_flips
from assay.curate.proxies.transformer_proxy import TransformerProxy
from assay.curate.proxies.word_model import WordProxy, word_list
from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import ReadyCorpus, ready_corpus
from assay.estimate.order_agreement import order_agreement
from assay.estimate.paired_bootstrap import HeldOut
from assay.estimate.rank_agreement import rank_agreement
from planted_junk import Planted, plant, records

SOURCE_BYTES = 6_000_000
HELD_OUT = 16
HELD_OUT_BYTES = 2_048
DOCUMENT_BYTES = 20_000
LEVEL = 0.95
MADE_UP = 8
"""So many times the documents that `planted_junk` makes up: as many tokens of each kind as are trained on."""

Bits = npt.NDArray[np.float64]


def planted(path: Path, seed: int, held_out: int) -> ReadyCorpus:
    """Return good text with junk planted in it, and held-out good documents."""
    found = plant(records(path), seed, held_out=held_out, times=MADE_UP)
    texts = [cut(text, DOCUMENT_BYTES) for text in found.texts]
    target = [cut(text, HELD_OUT_BYTES) for text in found.target]
    return Planted(texts, found.source, target).ready()


def read(path: Path, seed: int) -> ReadyCorpus:
    """Return some of each source's documents, and held-out ones of all."""
    by_source: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            by_source.setdefault(record["source"], []).append(record["text"])
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    names: list[str] = []
    target: list[str] = []
    for name, found in sorted(by_source.items()):
        order = rng.permutation(len(found))
        target += [cut(found[row], HELD_OUT_BYTES) for row in order[:HELD_OUT]]
        room = SOURCE_BYTES
        for row in order[HELD_OUT:]:
            text = cut(found[row], DOCUMENT_BYTES)
            room -= len(text.encode())
            if room < 0:
                break
            texts.append(text)
            names.append(name)
    return ready_corpus(TextColumn.from_texts(texts), names, TextColumn.from_texts(target))


def cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def subset(ready: ReadyCorpus, code: int, tokens: int, seed: int) -> TokenColumn:
    """Return so many tokens of a source, drawn by seed."""
    rows = np.flatnonzero(ready.pool.source == code)
    rows = np.random.default_rng([seed, code]).permutation(rows)
    reached = np.cumsum(ready.pool.pieces.lengths[rows])
    return ready.pool.pieces.take(rows[: int(np.searchsorted(reached, tokens)) + 1]).head(tokens)


def measured(
    proxy: Proxy, ready: ReadyCorpus, codes: list[int], tokens: int, seeds: int, workers: int
) -> tuple[Bits, float]:
    """Return bits, (sources, seeds, documents), and processor seconds where one process did all."""
    trainings = [
        Training(subset(ready, code, tokens, seed), (seed, 7))
        for code in codes
        for seed in range(seeds)
    ]
    begin = time.process_time()

    def tell(done: int, _: float | None) -> None:
        print(f"\r{proxy.name[:40]} {done}/{len(trainings)}", end="", file=sys.stderr, flush=True)

    column = ready.target.column
    losses = held_out_of_all(proxy, trainings, column, workers=workers, on_progress=tell)
    print(file=sys.stderr)
    bits = np.stack([loss.bits for loss in losses]).reshape(len(codes), seeds, -1)
    return bits, time.process_time() - begin


def seed_deviation(bits: Bits, held_out: HeldOut) -> float:
    """Return the standard deviation over seeds of a source's bits per byte, root mean square over sources."""
    each = bits.sum(axis=2) / held_out.n_bytes.sum()
    return float(np.sqrt(each.var(axis=1, ddof=1).mean()))


def compared(first: Bits, second: Bits, held_out: HeldOut) -> dict[str, object]:
    """Return how far two orders agree: on these sources, and on others of their kind."""
    means = [each.mean(axis=1).sum(axis=1) / held_out.n_bytes.sum() for each in (first, second)]
    here = order_agreement(
        first, second, held_out, rng=np.random.default_rng(1), confidence_level=LEVEL
    )
    elsewhere = rank_agreement(*means, confidence_level=LEVEL)
    return here.to_json() | {"share_over_other_sources": elsewhere.share.to_json()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tokens", type=int, default=400_000)
    parser.add_argument("--small", type=int, default=100_000, help="the smaller budget")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--planted", type=int, metavar="SEED", help="good text with junk planted in it"
    )
    parser.add_argument(
        "--held-out", type=int, default=1_200, help="with --planted: documents of the target"
    )
    parser.add_argument(
        "--only", default="ngram,word,plain,small", help="proxies, with commas between"
    )
    parser.add_argument("--folder", type=Path, help="keeps states: a run that was stopped goes on")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    ready = (
        read(asked.corpus, 1)
        if asked.planted is None
        else planted(asked.corpus, asked.planted, asked.held_out)
    )
    held_out = ready.target.held_out
    codes = [n for n, text in enumerate(ready.pool.texts) if text.tokens >= asked.tokens]
    names = [ready.pool.names[code] for code in codes]
    plain, small = TransformerProxy(folder=asked.folder).at_both_rates()
    words = WordProxy(word_list(ready.pool.pieces, ready.tokenizer))
    every: dict[str, Proxy] = {"ngram": NGramProxy(), "word": words, "plain": plain, "small": small}
    proxies = {key: every[key] for key in asked.only.split(",")}
    bits: dict[str, Bits] = {}
    before: dict[str, Bits] = {}
    seconds: dict[str, float] = {}
    for key, proxy in proxies.items():
        bits[key], seconds[key] = measured(
            proxy, ready, codes, asked.tokens, asked.seeds, asked.workers
        )
        before[key], _ = measured(proxy, ready, codes, asked.small, asked.seeds, asked.workers)
    size = int(held_out.n_bytes.sum())
    found: dict[str, object] = {
        "proxies": {key: proxy.name for key, proxy in proxies.items()},
        "tokens": asked.tokens,
        "seeds": asked.seeds,
        "held_out": {"documents": len(held_out.n_bytes), "bytes": size},
        "left_out": [name for name in ready.pool.names if name not in names],
        "cpu_seconds": {k: round(v, 1) for k, v in seconds.items()} if asked.workers == 1 else None,
        "bits_per_byte": {
            name: {key: round(float(b[n].sum() / size / asked.seeds), 3) for key, b in bits.items()}
            for n, name in enumerate(names)
        },
        "seed_deviation": {k: round(seed_deviation(b, held_out), 4) for k, b in bits.items()},
        "proxies_compared": {
            f"{one} and {other}": compared(bits[one], bits[other], held_out)
            for one, other in combinations(proxies, 2)
        },
        "budgets_compared": {
            f"{key} at {asked.small:,} and {asked.tokens:,}": compared(
                before[key], bits[key], held_out
            )
            for key in proxies
        },
        "rates": rank_flips(names, bits["plain"], bits["small"], held_out).sentence
        if {"plain", "small"} <= set(proxies)
        else None,
    }
    text = json.dumps(found, indent=1)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
