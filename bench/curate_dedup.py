"""Near-deduplication beside datatrove and text-dedup: speed, memory, precision and recall, on one file in one run.

    python bench/curate_dedup.py CORPUS.jsonl --rivals FOLDER [--install] [--out RESULT.json] [--growth FILE ...]

CORPUS.jsonl is what `bench/corpus.py` builds (64 MB). Near-duplicates are planted into a copy of it: 1,500 documents
that have no neighbour, each with some words changed. Each tool runs as a whole program, imports, reading JSON and
writing what is kept included: CPU seconds of the process and its children, peak resident memory. Precision: the share
of what a tool removed that has a neighbour at an exact Jaccard similarity of 0.75; recall: the share of the pairs at
0.75, planted and all, of which one is removed. Both under Assay's default normalisation, and under words between white
space. The rivals live in environments in FOLDER, which `--install` makes; keep it outside the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from assay.curate.near_duplicates_sets import sets_of
from assay.curate.shingle_normalisation import Normalisation
from assay.curate.shingles import ShingleSettings
from assay.curate.text_column import TextColumn
from assay.estimate.exact import clopper_pearson
from curate_dedup_truth import Pairs, near_pairs
from table import pipe_table

WORKER = Path(__file__).parent / "curate_dedup_worker.py"
PACKAGES = {
    # Fails at run time without spaCy, which its extra `processing` does not bring; rejects what xxhash 4 changed.
    "datatrove": ["datatrove[processing,io]==0.10.1", "spacy", "xxhash<4"],
    "text-dedup": ["text-dedup==0.4.0"],
}
DEFAULT = "assay-18x6"
"""What a recipe has where nothing else is said; "assay" has FineWeb's 14 x 8, as the rivals do."""
THRESHOLD, PLANTED, SEED = 0.75, 1_500, 7
BINS = ((0.75, 0.8), (0.8, 0.9), (0.9, 1.01))
NORMALISATIONS = (Normalisation(), Normalisation(words="whitespace"))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one tool.

    Parameters
    ----------
    cpu_seconds, wall_seconds, peak_megabytes
        Of the process and its children.
    kept
        Documents.
    """

    tool: str
    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float
    kept: int
    megabytes: float
    told: dict[str, object] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Megabytes of text a CPU second."""
        return self.megabytes / self.cpu_seconds


def install(folder: Path) -> None:
    """Make the rivals' environments."""
    for name, packages in PACKAGES.items():
        if not (folder / name).exists():
            subprocess.run([sys.executable, "-m", "venv", folder / name], check=True)
            python = str(folder / name / "bin" / "python")
            pip = [python, "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, *packages], check=True)


def measure(
    tool: str, python: Path, source: Path, megabytes: float, folder: Path
) -> tuple[Run, set[str]]:
    """Run a tool, and return what it took and the names of what it kept."""
    target, scratch = folder / f"{tool}-kept.jsonl", folder / f"{tool}-scratch"
    scratch.mkdir()
    quiet = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HF_DATASETS_CACHE": str(scratch)}
    done = subprocess.run(
        [sys.executable, WORKER, "measure", python, tool, source, target, scratch],
        capture_output=True, text=True, env=os.environ | quiet, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{tool}: {done.stderr[-2_000:]}")
    taken = json.loads(done.stdout.splitlines()[-1])
    kept = _kept(tool, python, target)
    told = scratch / "told.json"
    said = json.loads(told.read_text()) if told.exists() else {}
    return Run(tool, kept=len(kept), megabytes=megabytes, told=said, **taken), kept


def _kept(tool: str, python: Path, target: Path) -> set[str]:
    if tool == "text-dedup":
        done = subprocess.run(
            [python, WORKER, "kept", target], capture_output=True, text=True, check=True
        )
        return set(json.loads(done.stdout.splitlines()[-1]))
    name = "id" if tool == "datatrove" else "doc_id"
    return {json.loads(line)[name] for line in target.open(encoding="utf-8")}


def plant(source: Path, target: Path) -> tuple[list[str], list[str], list[tuple[int, int]]]:
    """Write a corpus with planted near-duplicates; return names, texts and the pairs planted, as rows."""
    records = [json.loads(line) for line in source.open(encoding="utf-8")]
    texts = TextColumn.from_texts(record["text"] for record in records)
    pairs = near_pairs(sets_of(texts, ShingleSettings()), 0.5)
    lonely = np.ones(len(records), dtype=np.bool_)
    lonely[pairs.left] = lonely[pairs.right] = False
    long = np.array([60 <= record["text"].count(" ") <= 3_000 for record in records])
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(np.flatnonzero(lonely & long))[:PLANTED]
    vocabulary = " ".join(record["text"] for record in records[:200]).split()
    for number, row in enumerate(chosen.tolist()):
        share = rng.uniform(0.0, 0.03)
        edited = _edited(records[row]["text"], share, vocabulary, rng)
        records.append({"doc_id": f"planted:{number}", "text": edited, "source": "planted"})
    # A planted one may come before or behind the one it was made of.
    order = rng.permutation(len(records))
    with target.open("w", encoding="utf-8") as out:
        for row in order.tolist():
            out.write(json.dumps(records[row], ensure_ascii=False) + "\n")
    place = np.argsort(order)
    planted = [
        (int(place[row]), int(place[len(place) - len(chosen) + number]))
        for number, row in enumerate(chosen.tolist())
    ]
    names = [records[row]["doc_id"] for row in order.tolist()]
    return names, [records[row]["text"] for row in order.tolist()], planted


def _edited(text: str, share: float, vocabulary: list[str], rng: np.random.Generator) -> str:
    """Return a text with a share of its words replaced, left out or doubled; spacing stays."""
    parts = text.split(" ")
    places = np.flatnonzero(rng.random(len(parts)) < share)
    for place in places.tolist():
        word = vocabulary[int(rng.integers(len(vocabulary)))]
        parts[place] = (word, "", f"{parts[place]} {word}")[int(rng.integers(3))]
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a tool's removals are worth, under one normalisation.

    Parameters
    ----------
    removed, with_neighbour
        Documents; those of them with a neighbour at the threshold.
    planted
        For each bin of similarity: pairs planted, pairs of which one was removed.
    pairs, pairs_hit
        All pairs of documents at the threshold; those of which one was removed.
    """

    tool: str
    normalisation: str
    removed: int
    with_neighbour: int
    planted: tuple[tuple[int, int], ...]
    pairs: int
    pairs_hit: int


def judge(
    tool: str,
    kept: set[str],
    names: Sequence[str],
    *,
    pairs: Pairs,
    planted: Sequence[tuple[int, int]],
    normalisation: str,
) -> Judged:
    """Hold what a tool removed against all pairs."""
    gone = np.array([name not in kept for name in names])
    neighbour = np.zeros(len(names), dtype=np.bool_)
    neighbour[pairs.left] = neighbour[pairs.right] = True
    likeness = {
        (a, b): s
        for a, b, s in zip(
            pairs.left.tolist(), pairs.right.tolist(), pairs.similarity.tolist(), strict=True
        )
    }
    found = []
    for low, high in BINS:
        inside = [
            pair for pair in planted if low <= likeness.get((min(pair), max(pair)), 0.0) < high
        ]
        found.append((len(inside), sum(bool(gone[a] or gone[b]) for a, b in inside)))
    return Judged(
        tool, normalisation, int(gone.sum()), int((gone & neighbour).sum()), tuple(found),
        len(pairs.left), int((gone[pairs.left] | gone[pairs.right]).sum()),
    )  # fmt: skip


def share(part: int, whole: int) -> str:
    """Return a share with its 95 % interval (Clopper-Pearson)."""
    if not whole:
        return "none"
    limits = clopper_pearson(part, whole)
    return f"{part / whole:.1%} ({limits.low:.1%} to {limits.high:.1%}), n = {whole:,}"


def shown(tool: str) -> str:
    """Return a tool's name with its bands: "assay" has 14 x 8, as the rivals have."""
    return "assay-14x8" if tool == "assay" else tool


def page(runs: Sequence[Run], judged: Sequence[Judged], growth: Sequence[Run]) -> str:
    """Return the results as Markdown."""
    own = next((run for run in runs if run.tool == DEFAULT), None)
    rows = [
        [
            shown(run.tool), f"{run.cpu_seconds:.2f}", f"{run.speed:.2f}",
            f"{own.speed / run.speed:.0f}x" if own and run.tool in PACKAGES else "",
            f"{run.peak_megabytes:.0f}", f"{run.kept:,}",
        ]
        for run in runs
    ]  # fmt: skip
    head = ["tool", "CPU s", "MB/s a core", "Assay is", "peak MB", "kept"]
    parts = [pipe_table(head, rows)]
    for name in dict.fromkeys(one.normalisation for one in judged):
        lines = [
            [
                shown(one.tool), f"{one.removed:,}", share(one.with_neighbour, one.removed),
                *(share(hit, n) for n, hit in one.planted),
                share(sum(hit for _, hit in one.planted), sum(n for n, _ in one.planted)),
                share(one.pairs_hit, one.pairs),
            ]
            for one in judged
            if one.normalisation == name
        ]  # fmt: skip
        bins = [f"planted, J {low:g} to {min(high, 1):g}" for low, high in BINS]
        head = ["tool", "removed", "precision", *bins, "all planted", "all pairs"]
        parts += [f"Judged with: {name}", pipe_table(head, lines)]
    if growth:
        lines = [
            [f"{run.megabytes:.0f}", f"{run.cpu_seconds:.2f}", f"{run.speed:.1f}",
             f"{run.peak_megabytes:.0f}", f"{run.told['texts']:,}", f"{run.kept:,}"]
            for run in growth
        ]  # fmt: skip
        parts.append(
            pipe_table(["MB", "CPU s", "MB/s a core", "peak MB", "documents", "kept"], lines)
        )
    return "\n\n".join(parts)


def main() -> None:
    """Measure what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rivals", type=Path, help="folder of the rivals' environments")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--growth", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.install and arguments.rivals:
        install(arguments.rivals)
    runs, judged, growth = [], [], []
    with tempfile.TemporaryDirectory(prefix="assay-dedup-") as name:
        folder = Path(name)
        source = folder / "in" / "planted.jsonl"
        source.parent.mkdir()
        names, texts, planted = plant(arguments.corpus, source)
        column = TextColumn.from_texts(texts)
        truth = {
            chosen.described: near_pairs(
                sets_of(column, ShingleSettings(normalisation=chosen)), THRESHOLD
            )
            for chosen in NORMALISATIONS
        }
        for tool, python in _tools(arguments.rivals).items():
            run, kept = measure(tool, python, source, column.nbytes / 1e6, folder)
            runs.append(run)
            judged += [
                judge(tool, kept, names, pairs=pairs, planted=planted, normalisation=said)
                for said, pairs in truth.items()
            ]
            print(f"{tool}: {run.cpu_seconds:.2f} CPU s, kept {run.kept:,}", file=sys.stderr)
        for number, path in enumerate(arguments.growth):
            place = folder / str(number)
            place.mkdir()
            size = sum(len(json.loads(line)["text"].encode()) for line in path.open()) / 1e6
            growth.append(measure(DEFAULT, Path(sys.executable), path, size, place)[0])
    if arguments.out:
        kept_results = {
            "runs": [asdict(run) for run in runs],
            "judged": [asdict(one) for one in judged],
            "growth": [asdict(run) for run in growth],
        }
        arguments.out.write_text(json.dumps(kept_results, indent=1) + "\n", encoding="utf-8")
    print(page(runs, judged, growth))


def _tools(rivals: Path | None) -> dict[str, Path]:
    tools = {"assay": Path(sys.executable), "assay-18x6": Path(sys.executable)}
    for name in PACKAGES:
        python = (rivals or Path()) / name / "bin" / "python"
        if rivals and python.exists():
            tools[name] = python
        else:
            print(f"{name}: left out, it is not installed", file=sys.stderr)
    return tools


if __name__ == "__main__":
    main()
