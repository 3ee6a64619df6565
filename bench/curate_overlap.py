"""Recall of planted exam overlap, and false flags on texts without any.

    python bench/curate_overlap.py EXAM.jsonl CORPUS.jsonl [--field question] [--out RESULT.json]

Half of the exam's items, drawn by a seed, are looked for. Each is planted into a document of the corpus: word for word,
with k words replaced by others, and with its numbers in another format. Clean texts are the documents of the corpus as
they are, and the exam's other half: questions of the same kind that are not the same. Intervals are Clopper-Pearson's
at 95 %.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np

from assay.curate.exam_overlap import find_exam_overlap
from assay.curate.exam_overlap_index import ExamIndex, exam_index
from assay.curate.text_column import TextColumn
from assay.estimate.exact import clopper_pearson
from table import pipe_table

SEED = 5
MOST_DOCUMENTS = 20_000
Edit = Callable[[str, np.random.Generator], str]
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d{4,}")


def share(part: int, whole: int) -> str:
    """Return a share with its 95 % interval."""
    limits = clopper_pearson(part, whole)
    return f"{part / whole:.2%} ({limits.low:.2%} to {limits.high:.2%}), n = {whole:,}"


def words_replaced(count: int, vocabulary: Sequence[str]) -> Edit:
    """Return the edit that replaces so many words."""

    def edit(text: str, rng: np.random.Generator) -> str:
        parts = text.split(" ")
        for place in rng.permutation(len(parts))[:count].tolist():
            parts[place] = vocabulary[int(rng.integers(len(vocabulary)))]
        return " ".join(parts)

    return edit


def number_format(grouping: str, decimal: str) -> Edit:
    """Return the edit that writes all numbers in another format."""

    def rewritten(found: re.Match[str]) -> str:
        whole, _, decimals = found.group().replace(",", "").partition(".")
        grouped = f"{int(whole):,}".replace(",", grouping)
        return grouped + (decimal + decimals.ljust(2, "0") if decimals else "")

    def edit(text: str, rng: np.random.Generator) -> str:
        del rng
        return _NUMBER.sub(rewritten, text)

    return edit


def planted(items: Sequence[str], edit: Edit, hosts: Sequence[str], seed: int) -> list[str]:
    """Return a document for each item, with the edited item in the middle of it."""
    rng = np.random.default_rng(seed)
    texts = []
    for item in items:
        lines = hosts[int(rng.integers(len(hosts)))].split("\n")
        at = int(rng.integers(len(lines) + 1))
        texts.append("\n".join([*lines[:at], edit(item, rng), *lines[at:]]))
    return texts


def recall(index: ExamIndex, items: Sequence[int], texts: Sequence[str]) -> tuple[int, int]:
    """Return in how many documents the planted item is found by its windows, and by either way."""
    found = find_exam_overlap(TextColumn.from_texts(texts), index)
    copied = {one.row for one in found if one.copied and one.item == items[one.row]}
    either = {one.row for one in found if one.item == items[one.row]}
    return len(copied), len(either)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exam", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--field", default="question")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    questions = [json.loads(line)[arguments.field] for line in arguments.exam.open()]
    with arguments.corpus.open(encoding="utf-8") as lines:
        hosts = [
            json.loads(line)["text"] for line, _ in zip(lines, range(MOST_DOCUMENTS), strict=False)
        ]
    half = np.random.default_rng(SEED).permutation(len(questions))
    exam = [questions[row] for row in half[: len(half) // 2]]
    others = [questions[row] for row in half[len(half) // 2 :]]
    index = exam_index([str(row) for row in range(len(exam))], [[text] for text in exam])
    told = [row for row in range(len(exam)) if index.copies.own[row]]
    vocabulary = " ".join(others).split()
    edits: dict[str, Edit] = {"word for word": lambda text, _: text}
    edits |= {f"{k} words replaced": words_replaced(k, vocabulary) for k in (1, 2, 3, 4, 6, 8)}
    edits |= {
        "numbers as 1 234,50": number_format(" ", ","), "numbers as 1.234,50": number_format(".", ","),
        "numbers as 1234.50": number_format("", "."), "numbers as 1'234.50": number_format("'", "."),
    }  # fmt: skip
    rows, kept = [], []
    for name, edit in edits.items():
        chosen = told
        if name.startswith("numbers"):
            # Items whose text another format changes.
            chosen = [row for row in told if edit(exam[row], np.random.default_rng(0)) != exam[row]]
        texts = planted([exam[row] for row in chosen], edit, hosts, SEED)
        copied, either = recall(index, chosen, texts)
        rows.append([name, share(copied, len(chosen)), share(either, len(chosen))])
        kept.append({"edit": name, "items": len(chosen), "copied": copied, "either": either})
    print(f"{len(exam):,} items, {index.too_short} too short to tell. {index.settings.described}\n")
    print(pipe_table(["planted", "13 words in a row", "either way"], rows))
    rows = []
    for name, texts in (("the corpus", hosts), ("the exam's other half", others)):
        column = TextColumn.from_texts(texts)
        began = time.process_time()
        found = find_exam_overlap(column, index)
        spent = time.process_time() - began
        by_copy, by_either = (
            {one.row for one in part} for part in ([f for f in found if f.copied], found)
        )
        copied, either = len(by_copy), len(by_either)
        rows.append([name, share(copied, len(texts)), share(either, len(texts)),
                     f"{column.nbytes / 1e6 / max(spent, 1e-9):.0f}"])  # fmt: skip
        kept.append({"clean": name, "texts": len(texts), "copied": copied, "either": either})
        for one in found[:8]:
            print(f"{name}: text {one.row}, item {one.item}, {one.windows} windows, {one.share:.2f}: "
                  f"{exam[one.item][:90]!r} | {' '.join(texts[one.row].split()[one.word:one.word + 15])!r}",
                  file=sys.stderr)  # fmt: skip
    print(
        "\n"
        + pipe_table(["no item planted", "13 words in a row", "either way", "MB/s a core"], rows)
    )
    if arguments.out:
        arguments.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
