"""Curation beside its peers: quality rules, near-duplicates, growth; on one machine, in one run, on one corpus.

    scripts/bench curation
    python bench/curation.py [--folder FOLDER] [--install] [--megabytes 10 64 250 1000]

The corpora are built by `bench/corpus.py` from text of this machine, and the peers installed into environments of
their own, in FOLDER (by default ``assay-bench-curation`` beside the system's temporary files): nothing of either is
kept in the repository. Takes ten minutes, most of it the peers'. The rules: `bench/curate_filters.py`; duplicates:
`bench/curate_dedup.py`, which say what is measured, and how.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import curate_dedup
import curate_filters

KEPT = Path(__file__).with_suffix(".json")
HERE = Path(__file__).parent
FOLDER = Path(tempfile.gettempdir()) / "assay-bench-curation"
SIZES = (10, 64, 250, 1_000)
COMPARED = 64
"""Megabytes of the corpus that the peers read too."""
DOCUMENTS = 10_000


def corpus(folder: Path, megabytes: int) -> Path:
    """Return a corpus of that size, built where there is none yet."""
    place = folder / f"{megabytes}.jsonl"
    if not place.exists():
        _tool("corpus.py", str(place), "--megabytes", str(megabytes))
    return place


def run(
    folder: Path = FOLDER,
    *,
    install: bool = True,
    sizes: Sequence[int] = SIZES,
    conditions: str = "",
) -> None:
    """Measure rules and duplicates, beside the peers that are installed, and keep the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {size: str(corpus(folder, size)) for size in dict.fromkeys((*sizes, COMPARED))}
    growth = [paths[size] for size in sizes]
    wanted = ["--install"] if install else []
    parts = {}
    for name, more in (("curate_filters", ["--documents", str(DOCUMENTS)]), ("curate_dedup", [])):
        out = folder / f"{name}.json"
        rivals = folder / name
        _tool(
            f"{name}.py", paths[COMPARED], "--rivals", str(rivals), *wanted, *more,
            "--growth", *growth, "--out", str(out),
        )  # fmt: skip
        parts[name] = json.loads(out.read_text())
    KEPT.write_text(json.dumps({"conditions": conditions, **parts}, indent=1) + "\n")


def _tool(name: str, *arguments: str) -> None:
    subprocess.run([sys.executable, str(HERE / name), *arguments], check=True)


def page() -> str:
    """Return the tables of the kept figures as Markdown; empty where there are none."""
    if not KEPT.exists():
        return ""
    kept = json.loads(KEPT.read_text())
    rules = [curate_filters.Run(**found) for found in kept["curate_filters"]["runs"]]
    found = kept["curate_dedup"]
    runs, growth = ([curate_dedup.Run(**one) for one in found[name]] for name in ("runs", "growth"))
    judged = [
        curate_dedup.Judged(**{**one, "planted": tuple(map(tuple, one["planted"]))})
        for one in found["judged"]
    ]
    said = f"{kept['conditions']}\n\n" if kept["conditions"] else ""
    return f"""## Curation

`scripts/bench curation`: {COMPARED} MB of text of this machine (`bench/corpus.py`), one process each.

{said}### Quality rules

Gopher, C4 and FineWeb with published thresholds, {DOCUMENTS:,} documents: CPU seconds of the rules alone; then Assay on
corpora that grow.

{curate_filters.page(rules, [])}

### Near-duplicates

Whole programs, reading JSON and writing what is kept included. Precision: of what is removed, the share with a
neighbour at an exact Jaccard similarity of {curate_dedup.THRESHOLD}; recall: of the pairs at it, the share of which one
is removed. Assay verifies each candidate with the same sets that judge it here: its precision under its own
normalisation is 100 % by construction.

{curate_dedup.page(runs, judged, growth)}
"""


def main() -> None:
    """Run it, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--megabytes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--conditions", default="", help="a sentence for the page: what else ran")
    asked = parser.parse_args()
    run(asked.folder, install=asked.install, sizes=asked.megabytes, conditions=asked.conditions)
    print(page())


if __name__ == "__main__":
    main()
