"""The quality rules as they are published, one text at a time, in plain Python: slow and obvious."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from assay.curate.character_classes import PUNCTUATION, SENTENCE_ENDS, code_points

STOPS = {chr(code) for code in code_points(SENTENCE_ENDS).tolist()}
SYMBOLS = STOPS | {chr(code) for code in code_points(PUNCTUATION).tolist()}
STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}
POLICY = (
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies",
)  # fmt: skip
Split = Callable[[str], list[str]]
Sentences = Callable[[str], int]


def share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def copies(parts: list[str]) -> tuple[int, int]:
    again = [part for place, part in enumerate(parts) if part in parts[:place]]
    return len(again), sum(map(len, again))


def top(words: list[str], n: int) -> int:
    grams = [" ".join(words[place : place + n]) for place in range(len(words) - n + 1)]
    if not grams:
        return 0
    most = max(Counter(grams).values())
    return most * len(next(gram for gram in grams if grams.count(gram) == most))


def duplicated(words: list[str], n: int) -> int:
    met: set[tuple[str, ...]] = set()
    characters, place = 0, 0
    while place + n <= len(words):
        gram = tuple(words[place : place + n])
        if gram in met:
            characters += sum(map(len, gram))
            place += n
        else:
            met.add(gram)
            place += 1
    return characters


def gopher_features(text: str, split: Split) -> dict[str, float]:
    paragraphs = re.split("\n{2,}", text.strip())
    rows = re.split("\n+", text)
    words = split(text)
    found = {
        "characters": len(text),
        "dup_para_frac": share(copies(paragraphs)[0], len(paragraphs)),
        "dup_para_char_frac": share(copies(paragraphs)[1], len(text)),
        "dup_line_frac": share(copies(rows)[0], len(rows)),
        "dup_line_char_frac": share(copies(rows)[1], len(text)),
    }
    found |= {f"top_{n}_gram": share(top(words, n), len(text)) for n in (2, 3, 4)}
    found |= {
        f"duplicated_{n}_n_grams": share(duplicated(words, n), len(text)) for n in range(5, 11)
    }
    plain = [word for word in words if any(one not in SYMBOLS for one in word)]
    lines = text.splitlines()
    bullets = [line for line in lines if line.lstrip().startswith(("•", "-"))]
    ellipses = [line for line in lines if line.rstrip().endswith(("...", "…"))]
    return found | {
        "words": len(plain),
        "mean_word_length": share(sum(map(len, plain)), len(plain)),
        "hashes_per_word": share(text.count("#"), len(words)),
        "ellipses_per_word": share(text.count("...") + text.count("…"), len(words)),
        "bullet_lines": share(len(bullets), len(lines)),
        "ellipsis_lines": share(len(ellipses), len(lines)),
        "alpha_words": share(sum(any(one.isalpha() for one in word) for word in words), len(words)),
        "stop_words": len(STOP_WORDS & set(words)),
    }


def c4_kept(text: str) -> tuple[list[str], int, int]:
    """Return the lines that stay, and how many others have a lorem ipsum, a curly bracket."""
    kept, lorem, curly = [], 0, 0
    for whole in text.splitlines():
        words = whole.split()
        if any(len(word) > 1000 for word in words):
            continue
        line = re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", whole.strip())
        if not line.endswith((".", "?", "!", '"', "'")) or line.endswith("..."):
            continue
        if len(words) < 3:
            continue
        lorem += "lorem ipsum" in line.lower()
        if "javascript" in line.lower():
            continue
        curly += "{" in line
        if not any(phrase in line.lower() for phrase in POLICY):
            kept.append(line)
    return kept, lorem, curly


def c4_features(text: str, sentences: Sentences) -> dict[str, float]:
    kept, lorem, curly = c4_kept(text)
    return {
        "lorem_ipsum_lines": lorem,
        "curly_bracket_lines": curly,
        "sentences": sum(map(sentences, kept)),
    }


def fineweb_features(text: str, split: Split) -> dict[str, float]:
    lines = [line for line in text.split("\n") if line.strip()]
    return {
        "filled_lines": len(lines),
        "line_punct_ratio": share(sum(line[-1] in STOPS for line in lines), len(lines)),
        "short_line_ratio": share(sum(len(line) <= 30 for line in lines), len(lines)),
        "char_dup_ratio": share(copies(lines)[1], len(text) - text.count("\n")),
        "list_ratio": share(text.count("\n"), len(split(text))),
    }
