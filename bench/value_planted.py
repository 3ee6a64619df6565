"""Whether `assay curate value` finds junk that was planted in text of this machine, in a hundred seeds.

    python bench/value_planted.py [--corpus FILE] [--seeds 100] [--first 100] [--tokens 400000]

A seed holds out other documents, makes other junk (`bench/planted_junk.py`) and trains on other samples. Asked are: of
every planted source, whether it is called worthless or harmful; of the good ones, whether they are called that; whether
the backlash point's limits hold the share at which the junk begins, when documents are ranked by a quality that puts it
last; and on the good text alone, whether anything is called junk, or a backlash seen. A line a seed is kept in
value_planted.jsonl beside this file; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from assay.curate.proxies.word_model import WordProxy, word_list
from assay.curate.value import measure_value
from assay.curate.value_corpus import ReadyCorpus
from assay.curate.value_curve import measure_curve
from assay.curate.value_settings import ValueSettings
from assay.quantity import Estimate
from curation import corpus
from planted_junk import GOOD, JUNK, Planted, plant, records

KEPT = Path(__file__).with_suffix(".jsonl")
LAST = ("shuffled words", "another language", "word salad")
"""Junk of the ranked corpus: at the end of it."""
SHARE = 0.5
"""Of the tokens that a part comes on top with."""
FOUND = ("hurts", "worthless")


def one(planted: Planted, seed: int, tokens: int) -> dict[str, Any]:
    """Return what is said of one planted corpus, and of its good text alone."""
    settings = ValueSettings(tokens=tokens, share=SHARE, doses=(1.0,), seed=seed)
    # The curve's samples have ten times the tokens.
    ranked_settings = ValueSettings(tokens=tokens // 8, seed=seed)
    rng = np.random.default_rng([seed, 78])
    ready, ranked, clean = (
        planted.ready(kinds) for kinds in ((*GOOD, *JUNK), (*GOOD, *LAST), GOOD)
    )
    junk = np.isin(np.array(ranked.pool.names)[ranked.pool.source], LAST)
    lengths = ranked.pool.pieces.lengths
    curve = measure_curve(
        ranked, _proxy(ranked), rng.random(len(junk)) + 2 * ~junk, ranked_settings
    )
    level = measure_curve(clean, _proxy(clean), rng.random(len(clean.pool.pieces)), ranked_settings)
    return {
        "seed": seed,
        "junk": _verdicts(ready, settings),
        "clean": _verdicts(clean, ValueSettings(tokens=tokens // 2, share=SHARE, doses=(1.0,), seed=seed)),
        "junk_begins": float(lengths[~junk].sum() / lengths.sum()),
        "backlash": {
            name: _backlash(found) for name, found in (("data", curve.data_fixed), ("compute", curve.compute_fixed))
        },
        "clean_backlash": {
            name: _backlash(found) for name, found in (("data", level.data_fixed), ("compute", level.compute_fixed))
        },
    }  # fmt: skip


def _proxy(ready: ReadyCorpus) -> WordProxy:
    return WordProxy(word_list(ready.pool.pieces, ready.tokenizer))


def _verdicts(ready: ReadyCorpus, settings: ValueSettings) -> dict[str, str]:
    answer = measure_value(ready, _proxy(ready), settings)
    return {part.text.name: part.verdict for part in answer.parts}


def _backlash(found: Any) -> list[float] | None:
    point = found.point
    return [point.value, point.low, point.high] if isinstance(point, Estimate) else None


def table(kept: list[dict[str, Any]]) -> str:
    """Return what was found, as Markdown."""
    lines = ["| source | hurts | worthless | cannot tell | helps |", "|---|--:|--:|--:|--:|"]
    for name in (*JUNK, *GOOD):
        said = Counter(row["junk"][name] for row in kept)
        lines.append(_row(name, said))
    lines += [
        _row(f"{name}, no junk beside it", Counter(row["clean"][name] for row in kept))
        for name in GOOD
    ]
    whole = sum(all(row["junk"][name] in FOUND for name in JUNK) for row in kept)
    spared = sum(
        not any(row[world][name] in FOUND for world in ("junk", "clean") for name in GOOD)
        for row in kept
    )
    points = [row["backlash"]["data"] for row in kept]
    held = sum(
        point is not None and point[1] <= row["junk_begins"] <= point[2]
        for point, row in zip(points, kept, strict=True)
    )
    seen = [point for point in points if point]
    width = np.median([point[2] - point[1] for point in seen]) if seen else float("nan")
    fixed = sum(row["backlash"]["compute"] is not None for row in kept)
    none = [
        sum(row["clean_backlash"][name] is None for row in kept) for name in ("data", "compute")
    ]
    count = len(kept)
    lines += [
        "",
        f"- of {count} seeds, every planted source called worthless or harmful: {whole}; no good one: {spared}",
        f"- backlash seen (data-fixed): {len(seen)}; its limits hold the share at which the junk begins: {held}",
        f"- median width of those limits: {width:.2f} of the corpus; backlash seen compute-fixed: {fixed}",
        f"- good text alone, no backlash seen: {none[0]} (data-fixed), {none[1]} (compute-fixed)",
    ]
    return "\n".join(lines)


def _row(name: str, said: Counter[str]) -> str:
    return f"| {name} | " + " | ".join(
        str(said[verdict]) for verdict in ("hurts", "worthless", "cannot tell", "helps")
    ) + " |"  # fmt: skip


def kept_rows(path: Path = KEPT) -> list[dict[str, Any]]:
    """Return what was kept, a row a seed."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _older(kept: list[dict[str, Any]]) -> str:
    old = sum("before_the_rest_had_a_placebo" in row for row in kept)
    if not old:
        return ""
    return (
        f"- {old} of the seeds were measured before the rest had a placebo, too; in the other {len(kept) - old} the "
        "same sources were found then\n"
    )


def page() -> str:
    """Return the table of the kept seeds as Markdown; empty where there are none."""
    kept = kept_rows()
    if not kept:
        return ""
    return f"""### Junk planted in text of this machine: found by `assay curate value`?

`scripts/bench value_planted`: 10 MB of documentation with planted junk, {len(kept)} seeds (each with other junk
and other held-out documents), the proxy of words.

{table(kept)}
{_older(kept)}"""


def run() -> None:
    """Run a hundred seeds, or those that are left."""
    main([])


def main(arguments: list[str] | None = None) -> None:
    """Run the seeds that are not kept yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=400_000)
    parser.add_argument("--kept", type=Path, default=KEPT)
    asked = parser.parse_args(arguments)
    path = asked.corpus or corpus(Path(tempfile.gettempdir()), 10)
    documents = records(path)
    done = {row["seed"] for row in kept_rows(asked.kept)}
    for seed in range(asked.first, asked.first + asked.seeds):
        if seed not in done:
            row = one(plant(documents, seed), seed, asked.tokens)
            with asked.kept.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
    print(table(kept_rows(asked.kept)))


if __name__ == "__main__":
    main()
