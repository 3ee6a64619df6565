"""The overlap's text: what was not read, not readable or too short is said, and nothing is claimed of a model."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from rich.console import Console

from assay.ask.tasks import task_of
from assay.probe.overlap import find_overlap
from assay.probe.overlap_corpus import Corpus
from assay.report.exam_overlap_text import MOST_ITEMS, headline, print_overlap, sentences

WORDS = "a farmer from the old town brings many pears to our market on every day of his life"


def test_a_sample_and_lines_that_can_not_be_read_are_said(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        "".join(json.dumps({"text": f"{WORDS} {k}"}) + "\n" for k in range(40)) + "no json\n"
    )
    tasks = [task_of({"task_id": f"[b]{k}[/b]", "input": f"{WORDS} {k}"}) for k in range(9)]
    tasks.append(task_of({"task_id": "short", "input": "Who?"}))
    tasks.append(task_of({"task_id": "other", "input": " ".join(reversed(WORDS.split()))}))
    report = find_overlap(tasks, Corpus((path,), sample=0.999), rng=np.random.default_rng(1))
    said = " ".join(sentences(report))
    assert "1 lines could not be read; the first: " in said
    assert "the shares of items are at least what is shown" in said
    assert "1 items have fewer than 13 words: too short to tell." in said
    assert (
        headline(report) == "9 of 10 items overlap with what was read, 9 of them for the most part."
    )
    out = io.StringIO()
    print_overlap(report, Console(file=out, width=110))
    assert "[b]3[/b]" in out.getvalue()
    assert "contaminat" not in out.getvalue()


def test_a_long_list_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    texts = [" ".join(f"w{k}x{i}" for i in range(14)) for k in range(MOST_ITEMS + 5)]
    path.write_text("\n".join(texts))
    tasks = [task_of({"task_id": str(k), "input": text}) for k, text in enumerate(texts)]
    report = find_overlap(tasks, Corpus((path,)), rng=np.random.default_rng(1))
    out = io.StringIO()
    print_overlap(report, Console(file=out, width=110))
    assert "and 5 more" in out.getvalue()
    nothing = find_overlap(
        [task_of({"input": "Who?"})], Corpus((path,)), rng=np.random.default_rng(1)
    )
    assert headline(nothing).startswith(
        "Whether the exam overlaps is unknown: no item has 13 words"
    )
