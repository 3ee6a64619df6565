"""A corpus whose junk is known: sentences of a made-up grammar, so that no verdict is an opinion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.curate.text_column import TextColumn

ALPHABET = np.array(list("abcdefghijklmnopqrstuvwxyz"))
VOCABULARY = 400
SENTENCES = 12


@dataclass(frozen=True)
class World:
    """Training texts with their sources and a planted quality, and held-out texts."""

    texts: list[str]
    source: list[str]
    quality: list[float]
    target: list[str]

    def write(self, folder: Path) -> tuple[Path, Path]:
        corpus, target = folder / "corpus.jsonl", folder / "target.jsonl"
        rows = zip(self.texts, self.source, self.quality, strict=True)
        with corpus.open("w", encoding="utf-8") as stream:
            for text, source, quality in rows:
                stream.write(
                    json.dumps({"text": text, "source": source, "quality": quality}) + "\n"
                )
        with target.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps({"text": text}) + "\n" for text in self.target)
        return corpus, target

    @property
    def column(self) -> TextColumn:
        return TextColumn.from_texts(self.texts)


class Language:
    """Words that follow one another by a sparse chain: order carries information, and more text teaches more of it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.words = ["".join(rng.choice(ALPHABET, rng.integers(2, 9))) for _ in range(VOCABULARY)]
        self.next = rng.integers(0, VOCABULARY, (VOCABULARY, 12))

    def document(self, rng: np.random.Generator, sentences: int = SENTENCES) -> str:
        lines = []
        for _ in range(sentences):
            word = int(rng.integers(VOCABULARY))
            line = [self.words[word]]
            for _ in range(int(rng.integers(6, 14))):
                word = int(self.next[word, min(11, int(rng.exponential(3)))])
                line.append(self.words[word])
            lines.append(" ".join(line) + ".")
        return " ".join(lines)


def world(seed: int, *, documents: int = 220, held_out: int = 40, junk: bool = True) -> World:
    """Two good sources, another language, and, where asked for, four kinds of junk and the leaks."""
    rng = np.random.default_rng(seed)
    good, other = Language(1), Language(2)
    target = [good.document(rng) for _ in range(held_out)]
    parts: list[tuple[str, str, float]] = []
    for name in ("guide", "manual"):
        parts += [(good.document(rng), name, 2 + rng.random()) for _ in range(documents)]
    if junk:
        size = documents // 2
        shuffled = [good.document(rng).split() for _ in range(size)]
        parts += [
            (" ".join(rng.permutation(words)), "shuffled", rng.random()) for words in shuffled
        ]
        notice = good.document(rng)
        parts += [(f"{notice} {n}", "boilerplate", rng.random()) for n in range(size)]
        parts += [(other.document(rng), "foreign", rng.random()) for _ in range(2 * size)]
        parts += [(f"Page one. {text} The end.", "leak", 3.0) for text in target]
    order = rng.permutation(len(parts))
    texts, source, quality = zip(*(parts[place] for place in order), strict=True)
    return World(list(texts), list(source), [float(q) for q in quality], target)
