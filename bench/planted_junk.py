"""Text of this machine with junk planted in it: what is junk is known, and how good a document is.

The good text is documentation (manual pages, web pages, notes: `bench/corpus.py`), of which a part is held out as the
target. Planted are its own words and signs in another order, its passages with what stands between blanks in another
order, random words, word salad of twenty words, one notice again and again, another language, and framed copies of
held-out documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.curate.text_column import TextColumn
from assay.curate.value_corpus import ReadyCorpus, ready_corpus

GOOD = ("manual", "web", "notes")
LANGUAGE = ("messages", "other-manual")
HELD_OUT = 500
LEAKED = 60
WORDS = 400
"""Of a document that is made up."""

SALAD = ["buy", "cheap", "best", "price", "online", "free", "shipping", "discount", "offer", "casino", "bonus", "click",
         "here", "now", "pills", "win", "money", "fast", "today", "only"]  # fmt: skip
_UNITS = re.compile(
    r" ?[A-Za-z\x80-\U0010ffff]+| ?[0-9]+|[\t\n\r\f\v]+| ?[^A-Za-z0-9\s\x80-\U0010ffff]+| +"
)

JUNK = (
    "shuffled words",
    "shuffled passages",
    "random words",
    "word salad",
    "one notice",
    "another language",
    "leaks",
)


@dataclass(frozen=True)
class Planted:
    """Training documents with their sources, and held-out ones."""

    texts: list[str]
    source: list[str]
    target: list[str]

    def ready(self, kinds: Sequence[str] = (*GOOD, *JUNK)) -> ReadyCorpus:
        """Return the documents of some sources, made ready to be valued."""
        rows = [row for row, name in enumerate(self.source) if name in kinds]
        return ready_corpus(
            TextColumn.from_texts([self.texts[row] for row in rows]),
            [self.source[row] for row in rows],
            TextColumn.from_texts(self.target),
        )


def records(path: Path) -> list[tuple[str, str]]:
    """Return text and source of the documents of a corpus of `bench/corpus.py`."""
    with path.open(encoding="utf-8") as stream:
        found = [json.loads(line) for line in stream]
    return [(record["text"], record["source"]) for record in found]


def plant(
    documents: Sequence[tuple[str, str]],
    seed: int,
    *,
    held_out: int = HELD_OUT,
    share: float = 0.2,
    times: int = 1,
) -> Planted:
    """Return a corpus with junk; another seed holds out other documents and makes other junk.

    Parameters
    ----------
    documents
        As of `records`.
    seed
    held_out
        Documents of the target.
    share : in (0, 1]
        Of the good documents, those that each kind of shuffled ones are made of.
    times : >= 1
        So many times the documents that are made up.
    """
    rng = np.random.default_rng([seed, 77])
    good = [one for one in documents if one[1] in GOOD]
    order = rng.permutation(len(good))
    target = [good[row][0] for row in order[:held_out]]
    rest = [good[row] for row in order[held_out:]]
    pick = rng.permutation(len(rest))
    part = int(len(rest) * share)
    first, second = (
        [rest[row][0] for row in pick[:part]],
        [rest[row][0] for row in np.roll(pick, -part)[:part]],
    )
    words = np.array(sorted({word for text, _ in rest for word in text.split()}), dtype=object)
    junk: dict[str, list[str]] = {
        "shuffled words": ["".join(_shuffled(_UNITS.findall(text), rng)) for text in first],
        "shuffled passages": [" ".join(_shuffled(text.split(), rng)) for text in second],
        "random words": [" ".join(rng.choice(words, WORDS)) for _ in range(150 * times)],
        "word salad": [
            " ".join(rng.choice(np.array(SALAD, dtype=object), WORDS)) for _ in range(250 * times)
        ],
        "one notice": [f"{first[0][:1500]} {number}" for number in range(250 * times)],
        "another language": [text for text, name in documents if name in LANGUAGE],
        "leaks": [f"Page one. {text} The end." for text in target[:LEAKED]],
    }
    made = [(text, name) for name, texts in junk.items() for text in texts]
    every = rest + made
    order = rng.permutation(len(every))
    return Planted([every[row][0] for row in order], [every[row][1] for row in order], target)


def _shuffled(units: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [units[row] for row in rng.permutation(len(units))]
