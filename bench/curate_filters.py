"""The Gopher, C4 and FineWeb rules beside datatrove's own filters: speed, memory, and whether they decide the same.

    python bench/curate_filters.py CORPUS.jsonl --rivals FOLDER [--install] [--documents 10000] [--agreement FOLDER]
                                   [--growth FILE ...] [--out RESULT.json]

CORPUS.jsonl is what `bench/corpus.py` builds (64 MB). Same rules, thresholds and order, one process each, one after the
other in one run. CPU seconds of the filters alone: reading JSON and, once, loading a tokenizer and the character tables
are left out on both sides; peak resident memory is that of the process. With --agreement each rule is switched on alone
and its decisions are compared: datatrove as it is beside Assay with spaCy's words and with its own, and datatrove with
words between white space in the place of spaCy's beside Assay with the same. datatrove's decisions are kept in FOLDER,
for they take minutes. The rival lives in an environment in FOLDER, which `--install` makes; keep it outside the
repository. --growth measures Assay on larger files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from numpy.typing import NDArray

from assay.curate.rule import Features, Rule
from assay.curate.rules import ALL_RULES, RULES, Applied, apply_rules, features
from assay.curate.text_column import TextColumn
from assay.curate.words import WordSplit
from table import pipe_table

WORKER = Path(__file__).parent / "curate_rival.py"
SOURCE = Path(__file__).parent.parent / "src"
# Fails at run time without spaCy, which its extra `processing` does not bring.
PACKAGES = ["datatrove[processing,io]==0.10.1", "spacy==3.8.*"]
Names = NDArray[np.str_]
BATCH_BYTES, BATCH_TEXTS = 4_000_000, 2_000
"""Of text at once, as the readers give it."""
WAYS: tuple[WordSplit, ...] = ("words-and-punctuation", "whitespace")
COMPARED = (("native", "spacy"), ("native", "words-and-punctuation"), ("whitespace", "whitespace"))
"""How datatrove splits words, natively by spaCy, and how Assay does."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one tool; ``cpu_seconds`` of the rules alone."""

    tool: str
    megabytes: float
    cpu_seconds: float
    peak_megabytes: float
    kept: int

    @property
    def speed(self) -> float:
        """Megabytes of text a CPU second."""
        return self.megabytes / self.cpu_seconds


def install(folder: Path) -> None:
    """Make the rival's environment."""
    if not (folder / "datatrove").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "datatrove"], check=True)
        pip = [str(folder / "datatrove" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PACKAGES], check=True)


def batches(path: Path, documents: int | None) -> Iterator[TextColumn]:
    """Yield the texts of a corpus in batches."""
    texts: list[str] = []
    size = 0
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        for line in islice(file, documents):
            texts.append(json.loads(line)["text"])
            size += len(texts[-1])
            if size > BATCH_BYTES or len(texts) == BATCH_TEXTS:
                yield TextColumn.from_texts(texts)
                texts, size = [], 0
    if texts:
        yield TextColumn.from_texts(texts)


def assay(path: Path, documents: int | None, how: WordSplit) -> Run:
    """Put a corpus through all rules, in this process."""
    import resource

    apply_rules(TextColumn.from_texts(["The first call makes the tables. " * 9]), ALL_RULES, how)
    size, kept, spent = 0, 0, 0.0
    for texts in batches(path, documents):
        began = time.process_time()
        done = apply_rules(texts, ALL_RULES, how)
        spent += time.process_time() - began
        kept += int((done.failed < 0).sum())
        size += texts.nbytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(f"assay, {how}", size / 1e6, spent, peak, kept)


def in_own_process(path: Path, documents: int | None, how: WordSplit) -> Run:
    """Run `assay` in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, str(path), "--only", how]
    if documents:
        command += ["--documents", str(documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_one_thread())
    return Run(**json.loads(done.stdout))


def datatrove(python: Path, path: Path, documents: int | None, scratch: Path) -> Run:
    """Put a corpus through datatrove's four filters, as they are by default."""
    kept = scratch / "datatrove-chain.jsonl"
    said = _worker(python, path, documents, "--chain", str(kept))
    found = json.loads(said)
    reasons = [json.loads(line)["reason"] for line in kept.read_text().splitlines()]
    return Run(
        "datatrove 0.10.1",
        found["megabytes"],
        found["cpu_seconds"],
        found["peak_mb"],
        reasons.count(""),
    )


def _worker(python: Path, path: Path, documents: int | None, *more: str) -> str:
    command = [str(python), str(WORKER), str(path), *more]
    if documents:
        command += ["--documents", str(documents)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False,
        env=_one_thread() | {"PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    return done.stdout


def _one_thread() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a rule alone decides as datatrove's.

    Parameters
    ----------
    words
        How datatrove split words and how Assay did.
    drops, theirs
        Texts that Assay's rule and datatrove's drop.
    differ
        Texts on which they differ.
    """

    words: str
    rule: str
    texts: int
    drops: int
    theirs: int
    differ: int

    @property
    def share(self) -> float:
        """Share of texts that are decided alike."""
        return 1 - self.differ / self.texts


def rule_groups() -> list[list[Rule]]:
    """Return the rules in the groups in which datatrove can be asked for them alone, in the order of its worker.

    Hashes and ellipses share one parameter there. An empty text is dropped by any of its rules.
    """
    groups: list[list[Rule]] = []
    for rule in (one for one in ALL_RULES if one.name != "empty"):
        if rule.name == "gopher_too_many_ellipsis":
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return groups


def agreement(
    path: Path, documents: int | None, decisions: Path, how: WordSplit, words: str
) -> list[Agreement]:
    """Compare each rule's decisions with those that datatrove's worker wrote; last, the texts that C4's rules leave."""
    theirs = [json.loads(line) for line in decisions.read_text().splitlines()]
    columns = list(batches(path, documents))
    found = [features(texts, how) for texts in columns]
    alike = []
    for place, group in enumerate(rule_groups()):
        named = np.concatenate([_first_failed(group, part) for part in found])
        said = np.array([row["alone"][place] for row in theirs])
        # It divides by zero where there is no word; Assay says that the share can't be told, and keeps.
        said[np.isin(said, ["empty", "cannot_tell"])] = ""
        counts = (int((named != "").sum()), int((said != "").sum()), int((named != said).sum()))
        alike.append(Agreement(words, group[0].name, len(said), *counts))
    left: list[str] = []
    for texts in columns:
        done = apply_rules(texts, RULES["c4"], how)
        left += [_digest(done, row) for row in range(len(texts))]
    said = np.array(["" if row["c4"] else row["left"] for row in theirs])
    mine = np.array(left)
    counts = (int((mine != "").sum()), int((said != "").sum()), int((mine != said).sum()))
    return [*alike, Agreement(words, "text that C4's rules leave", len(said), *counts)]


def _first_failed(group: Sequence[Rule], found: Features) -> Names:
    named = np.full(len(found[group[0].feature]), "", dtype="U40")
    for rule in reversed(group):
        named[rule.fails(found[rule.feature])] = rule.name
    return named


def _digest(done: Applied, row: int) -> str:
    if done.failed[row] >= 0:
        return ""
    return hashlib.blake2b(done.texts.bytes_of(row), digest_size=8).hexdigest()


def agreements(python: Path, path: Path, documents: int, kept: Path) -> list[Agreement]:
    """Compare datatrove's decisions with Assay's, both with spaCy's words, each with its own, both at white space."""
    found = []
    for words, how in COMPARED:
        decisions = kept / f"decisions-{words}-{documents}.jsonl"
        if not decisions.exists():
            partial = decisions.with_suffix(".partial")
            _worker(python, path, documents, "--rules", str(partial), "--words", words)
            partial.rename(decisions)
        # spaCy is where datatrove is.
        command = [
            str(python) if how == "spacy" else sys.executable, __file__, str(path),
            "--documents", str(documents), "--compare", str(decisions), how, f"{words} / {how}",
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, check=True,
            env=_one_thread() | {"PYTHONPATH": str(SOURCE)},
        )  # fmt: skip
        found += [Agreement(**one) for one in json.loads(done.stdout)]
    return found


def page(runs: Sequence[Run], alike: Sequence[Agreement]) -> str:
    """Return the results as Markdown."""
    rival = next((run for run in runs if run.tool.startswith("datatrove")), None)
    rows = [
        [
            run.tool, f"{run.megabytes:,.1f}", f"{run.cpu_seconds:.2f}", f"{run.speed:.2f}",
            f"{run.speed / rival.speed:.1f}" if rival else "", f"{run.peak_megabytes:,.0f}", f"{run.kept:,}",
        ]
        for run in runs
    ]  # fmt: skip
    head = ["tool, words", "MB", "CPU s", "MB/s a core", "times datatrove", "peak MB", "kept"]
    parts = [pipe_table(head, rows)]
    if alike:
        ways = list(dict.fromkeys(one.words for one in alike))
        by_rule = {(one.words, one.rule): one for one in alike}
        table = [
            [rule, *(_alike(by_rule[way, rule]) for way in ways)]
            for rule in dict.fromkeys(one.rule for one in alike)
        ]
        parts.append(pipe_table(["rule", *ways], table))
    return "\n\n".join(parts)


def _alike(one: Agreement) -> str:
    return f"{one.share:.2%} ({one.drops:,} / {one.theirs:,}, {one.differ} differ)"


def main() -> None:
    """Measure what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rivals", type=Path, help="folder of the rival's environment")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--documents", type=int)
    parser.add_argument("--agreement", type=Path, help="keep datatrove's decisions here")
    parser.add_argument("--growth", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--compare", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.compare:
        decisions, how, words = asked.compare
        found = agreement(asked.corpus, asked.documents, Path(decisions), how, words)
        json.dump([asdict(one) for one in found], sys.stdout)
        return
    if asked.only:
        json.dump(asdict(assay(asked.corpus, asked.documents, asked.only)), sys.stdout)
        return
    if asked.install and asked.rivals:
        install(asked.rivals)
    python = asked.rivals / "datatrove" / "bin" / "python" if asked.rivals else None
    runs: list[Run] = []
    if python and python.exists():
        runs.append(datatrove(python, asked.corpus, asked.documents, asked.rivals))
    else:
        print("datatrove is not installed there, and left out", file=sys.stderr)
    runs += [in_own_process(asked.corpus, asked.documents, how) for how in WAYS]
    runs += [in_own_process(path, None, WAYS[0]) for path in asked.growth]
    alike: list[Agreement] = []
    if asked.agreement and python and python.exists():
        alike = agreements(python, asked.corpus, asked.documents or 10_000, asked.agreement)
    if asked.out:
        kept = {"runs": [asdict(run) for run in runs], "agreement": [asdict(one) for one in alike]}
        asked.out.write_text(json.dumps(kept, indent=1) + "\n")
    print(page(runs, alike))


if __name__ == "__main__":
    main()
