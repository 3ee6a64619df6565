"""The reference of Python's language, as it comes with Python, cut into documents: a corpus that generic filters harm.

    python examples/filter_corpus.py FOLDER
    assay curate value FOLDER/corpus.jsonl --target FOLDER/target.jsonl --by filter --rules fineweb --tokens 20k

Rules made for web pages take out what a manual has: short lines, lists, braces. What they keep is no better token for
token, and there is less of it: the raw text makes the better model of the same manual.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

LONGEST = 2_500
HELD_OUT = 24
"""Topics, of about eighty."""


def pieces(text: str) -> list[str]:
    """Return a topic's text, cut at blank lines."""
    found = [""]
    for paragraph in text.split("\n\n"):
        if found[-1] and len(found[-1]) + len(paragraph) > LONGEST:
            found.append("")
        found[-1] += paragraph + "\n\n"
    return found


def write(folder: Path, *, seed: int = 1) -> tuple[Path, Path]:
    """Write corpus.jsonl and target.jsonl, whole topics to one or the other; return both."""
    names = sorted(topics)
    held_out = set(np.random.default_rng(seed).permutation(names)[:HELD_OUT])
    paths = (folder / "corpus.jsonl", folder / "target.jsonl")
    folder.mkdir(parents=True, exist_ok=True)
    for path, held in zip(paths, (False, True), strict=True):
        records = [
            {"text": text, "source": name}
            for name in names
            if (name in held_out) is held
            for text in pieces(topics[name])
        ]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return paths


if __name__ == "__main__":
    print(*write(Path(sys.argv[1])), sep="\n")
