"""Trains the quality classifier inside the package, on text that any Debian or Python machine has, and writes its card.

    python bench/quality_default.py [-o FILE] [--seed 11] [--texts 900] [--check]

Wanted are passages of prose documentation: manual pages, notes, web pages. Not wanted are change logs, licences, code,
tables and prose with its words shuffled. All are passages of 40 to 600 words, so that length tells nothing. A quarter
of the packages is held out whole, of each kind; on it the card's figures are measured, kind by kind, and on kinds that
were not trained with. --check measures the one in the package on this machine's text and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from assay.curate.quality_classifier import DEFAULT, FloatArray, QualityClassifier, classifier
from assay.curate.quality_features import FeatureSettings
from assay.curate.quality_training import telling, train
from assay.curate.text_column import TextColumn
from corpus import SOURCES, documents_of

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "src" / "assay" / "curate" / f"quality_classifier_{DEFAULT}.npz"
LIKE = ("manual", "notes", "web")
UNLIKE = {"changelog": "change logs", "licence": "licences", "python": "Python code", "perl": "Perl code",
          "headers": "C headers"}  # fmt: skip
UNSEEN = {
    "other-manual": "manual pages in other languages",
    "messages": "message catalogues in other languages",
}
MOST_OF_GROUP = 12
"""Documents of one package, so that no single one is what is learned."""

OTHERS = Path(__file__).with_name("quality_default_texts.txt")


def other_texts() -> dict[str, list[str]]:
    """Return fiction, poetry and dialogue, a few of each."""
    sections = OTHERS.read_text("utf-8").split("\n== ")[1:]
    named = (section.partition("\n") for section in sections)
    return {name: [text.strip() for text in body.split("\n---\n")] for name, _, body in named}


def group_of(path: str) -> str:
    """Return the package that a file belongs to, as well as its path tells."""
    for mark, depth in (("site-packages/", 1), ("/usr/share/doc/", 1), ("/share/doc/", 2), ("/include/", 1),
                        ("/lib/python3", 2), ("/perl", 3)):  # fmt: skip
        if mark in path:
            return mark + "/".join(path.split(mark, 1)[1].split("/")[:depth])
    return re.split(r"[-_.]", Path(path).name)[0]


def is_held_out(group: str) -> bool:
    """Whether a package is held out: one in four, by its name alone."""
    return hashlib.blake2b(group.encode(), digest_size=4).digest()[0] % 4 == 0


def passage(text: str, rng: random.Random) -> str:
    """Return some lines of a text that follow each other: 40 to 600 words, or all of it."""
    wanted = round(40 * 15 ** rng.random())
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    taken: list[str] = []
    count = 0
    for line in [*lines[start:], *lines[:start]]:
        taken.append(line)
        count += len(line.split())
        if count >= wanted:
            break
    return "\n".join(taken)


def passages(source: str, number: int, seed: int) -> list[tuple[bool, str]]:
    """Return passages of a source, each with whether its package is held out; a few of a package, each text once."""
    kind = next(each for each in SOURCES if each.name == source)
    rng = random.Random(f"{seed}:{source}")
    met: Counter[str] = Counter()
    seen: set[str] = set()

    def found() -> Iterator[tuple[bool, str]]:
        for path, text in documents_of(kind, seed):
            group = group_of(path)
            part = passage(text, rng)
            if met[group] < MOST_OF_GROUP and len(part.split()) >= 20 and part not in seen:
                met[group] += 1
                seen.add(part)
                yield is_held_out(group), part

    return list(islice(found(), number))


def shuffled(text: str, rng: random.Random) -> str:
    """Return a text with its words in another order, and lines as long as before."""
    words = text.split()
    rng.shuffle(words)
    left = iter(words)
    return "\n".join(" ".join(islice(left, len(line.split()))) for line in text.split("\n"))


def table(words: Sequence[str], rng: random.Random) -> str:
    """Return a table: rows of numbers, dates, names and codes, between one of the usual separators."""
    makers: list[Callable[[], str]] = [
        lambda: str(rng.randrange(10 ** rng.randint(1, 7))),
        lambda: f"{rng.uniform(-1, 1) * 10 ** rng.randint(0, 4):.{rng.randint(1, 4)}f}",
        lambda: f"20{rng.randrange(30):02d}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        lambda: rng.choice(words),
        lambda: f"{rng.choice(words)} {rng.choice(words)}",
        lambda: f"{rng.choice('ABCDEFGH')}{rng.randrange(1000):03d}",
        lambda: rng.choice(["yes", "no", "", "NA", "-", "0", "1"]),
    ]
    columns = [rng.choice(makers) for _ in range(rng.randint(3, 9))]
    between = rng.choice([",", ", ", "\t", ";", " | ", "   "])
    rows = [between.join(make() for make in columns) for _ in range(rng.randint(8, 80))]
    return "\n".join([between.join(rng.choice(words) for _ in columns), *rows])


def found_tables(seed: int) -> list[str]:
    """Return passages of real tables of this machine, which nothing was trained with."""
    rng = random.Random(seed)
    roots = [
        Path(p) for p in ("/usr/share", "/usr/lib/python3", *sys.path[-2:]) if Path(p).is_dir()
    ]
    paths = sorted(
        {p for root in roots for p in root.rglob("*") if p.suffix in (".csv", ".tsv", ".tab")}
    )
    read = (p for p in paths[:400] if p.is_file() and 400 < p.stat().st_size < 2_000_000)
    return [passage(path.read_text("utf-8", "replace"), rng) for path in read]


def gathered(number: int, seed: int) -> dict[str, list[tuple[bool, str]]]:
    """Return the passages of every kind."""
    rng = random.Random(seed)
    kinds = {name: passages(name, number, seed) for name in LIKE}
    kinds |= {name: passages(name, number // 2, seed) for name in UNLIKE}
    prose = [each for name in LIKE for each in kinds[name]]
    words = sorted({word for _, text in prose[:300] for word in text.split() if word.isalpha()})
    kinds["shuffled"] = [(held, shuffled(text, rng)) for held, text in prose[::2]]
    kinds["tables"] = [(place % 4 == 0, table(words, rng)) for place in range(number // 2)]
    return kinds


def column(texts: Sequence[str]) -> TextColumn:
    return TextColumn.from_texts(texts)


def measured(
    model: QualityClassifier, kinds: dict[str, list[tuple[bool, str]]], seed: int
) -> dict[str, object]:
    """Return AUROC by kind of junk on packages that were held out, and scores of kinds that were not trained with."""
    held = {name: [text for out, text in parts if out] for name, parts in kinds.items()}
    prose = column([text for name in LIKE for text in held[name]])
    names = {**UNLIKE, "shuffled": "prose with its words shuffled", "tables": "made tables"}
    junk = {says: held[name] for name, says in names.items()}
    junk["tables found on the machine"] = found_tables(seed)
    by_kind = {says: telling(model, prose, column(texts)).to_json() | {"texts": len(texts)}
               for says, texts in junk.items() if texts}  # fmt: skip
    whole = [text for texts in list(junk.values())[:-1] for text in texts]
    others = other_texts()
    others |= {
        says: [text for _, text in passages(name, 200, seed)] for name, says in UNSEEN.items()
    }
    return {
        "prose": {"texts": len(prose), "kept_at_0.5": share(model.scores(prose))},
        "all_junk": telling(model, prose, column(whole)).to_json(),
        "by_kind_of_junk": by_kind,
        "kept_at_0.5": {says: share(model.scores(column(texts))) for says, texts in junk.items() if texts},
        "not_trained_with": {
            says: {"texts": len(texts), "kept_at_0.5": share(model.scores(column(texts)))}
            for says, texts in others.items() if texts
        },
    }  # fmt: skip


def share(scores: FloatArray) -> float:
    return round(float((scores >= 0.5).mean()), 3)


FAILS = (
    "It knows prose documentation in English. Another language, fiction, poetry and dialogue are none: under "
    "not_trained_with stands how much of them it keeps; it keeps most manual pages in other languages, so tell the "
    "language first. Pages of API reference, a signature and a line of prose, score like code. It says nothing of "
    "truth, and a fluent text that is wrong or made up scores as high as any. Prose in which single words are changed "
    "is not told from good prose."
)


def main() -> None:
    """Train or check, and print the card."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--out", type=Path, default=OUT)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--texts", type=int, default=900)
    parser.add_argument("--bits", type=int, default=16)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    kinds = gathered(asked.texts, asked.seed)
    if asked.check:
        print(json.dumps(measured(classifier(), kinds, asked.seed), indent=1))
        return
    inside = {name: [text for out, text in parts if not out] for name, parts in kinds.items()}
    model = train(
        column([text for name in LIKE for text in inside[name]]),
        column([text for name, texts in inside.items() if name not in LIKE for text in texts]),
        rng=np.random.default_rng(asked.seed),
        name=DEFAULT,
        settings=FeatureSettings(bits=asked.bits),
    )
    # Rounded before it is measured: what is stated is of what is shipped.
    model = QualityClassifier.from_bytes(model.to_bytes(), DEFAULT)
    card = {
        **model.card,
        "made_by": f"bench/quality_default.py --seed {asked.seed} --texts {asked.texts} --bits {asked.bits}",
        "trained_with": {name: len(texts) for name, texts in inside.items()},
        "held_out_packages": measured(model, kinds, asked.seed),
        "fails": FAILS,
    }
    replace(model, card=card).save(asked.out)
    print(json.dumps(card, indent=1))
    print(f"{asked.out}: {asked.out.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
