"""datatrove's own filters on a corpus: run by the Python of an environment that has datatrove, not by Assay's.

    PYTHON bench/curate_rival.py CORPUS.jsonl --documents N --rules OUT.jsonl [--words NAME]
    PYTHON bench/curate_rival.py CORPUS.jsonl --documents N --chain [OUT.jsonl] [--words NAME]

With --rules each rule is switched on alone, so that one that fails first hides no other; a line a document. With
--chain the four filters stand one behind the other with their defaults, and the CPU seconds of the filters are
printed. --words puts Assay's splitting of words and sentences in the place of spaCy's, so that both sides split alike;
it needs ``src`` on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

FILTERS = (
    "GopherRepetitionFilter",
    "GopherQualityFilter",
    "C4QualityFilter",
    "FineWebQualityFilter",
)
NO_REPETITION: dict[str, Any] = dict.fromkeys(
    ("dup_line_frac", "dup_para_frac", "dup_line_char_frac", "dup_para_char_frac")
) | {"top_n_grams": (), "dup_n_grams": ()}
NO_QUALITY: dict[str, Any] = dict.fromkeys(
    (
        "min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length", "max_symbol_word_ratio",
        "max_bullet_lines_ratio", "max_ellipsis_lines_ratio", "max_non_alpha_words_ratio", "min_stop_words",
    )
)  # fmt: skip
NO_C4: dict[str, Any] = {
    "filter_lorem_ipsum": False,
    "filter_curly_bracket": False,
    "min_num_sentences": -1,
}
NO_FINEWEB: dict[str, Any] = {
    "line_punct_thr": -1.0,
    "short_line_thr": 2.0,
    "char_duplicates_ratio": 2.0,
    "new_line_ratio": 1e9,
}
ALONE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GopherRepetitionFilter", NO_REPETITION | {"dup_para_frac": 0.3}),
    ("GopherRepetitionFilter", NO_REPETITION | {"dup_para_char_frac": 0.2}),
    ("GopherRepetitionFilter", NO_REPETITION | {"dup_line_frac": 0.3}),
    ("GopherRepetitionFilter", NO_REPETITION | {"dup_line_char_frac": 0.2}),
    *(
        ("GopherRepetitionFilter", NO_REPETITION | {"top_n_grams": (pair,)})
        for pair in ((2, 0.2), (3, 0.18), (4, 0.16))
    ),
    *(
        ("GopherRepetitionFilter", NO_REPETITION | {"dup_n_grams": (pair,)})
        for pair in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))
    ),
    ("GopherQualityFilter", NO_QUALITY | {"min_doc_words": 50}),
    ("GopherQualityFilter", NO_QUALITY | {"max_doc_words": 100000}),
    ("GopherQualityFilter", NO_QUALITY | {"min_avg_word_length": 3}),
    ("GopherQualityFilter", NO_QUALITY | {"max_avg_word_length": 10}),
    ("GopherQualityFilter", NO_QUALITY | {"max_symbol_word_ratio": 0.1}),
    ("GopherQualityFilter", NO_QUALITY | {"max_bullet_lines_ratio": 0.9}),
    ("GopherQualityFilter", NO_QUALITY | {"max_ellipsis_lines_ratio": 0.3}),
    ("GopherQualityFilter", NO_QUALITY | {"max_non_alpha_words_ratio": 0.8}),
    ("GopherQualityFilter", NO_QUALITY | {"min_stop_words": 2}),
    ("C4QualityFilter", NO_C4 | {"filter_lorem_ipsum": True}),
    ("C4QualityFilter", NO_C4 | {"filter_curly_bracket": True}),
    ("C4QualityFilter", NO_C4 | {"min_num_sentences": 5}),
    ("FineWebQualityFilter", NO_FINEWEB | {"line_punct_thr": 0.12}),
    ("FineWebQualityFilter", NO_FINEWEB | {"short_line_thr": 0.67}),
    ("FineWebQualityFilter", NO_FINEWEB | {"char_duplicates_ratio": 0.01}),
    ("FineWebQualityFilter", NO_FINEWEB | {"new_line_ratio": 0.3}),
)  # fmt: skip


def texts(path: Path, documents: int | None) -> Iterator[str]:
    """Yield the first texts of a corpus."""
    with path.open(encoding="utf-8", errors="surrogatepass") as file:
        for line in islice(file, documents):
            yield json.loads(line)["text"]


def reason_of(made: Any, text: str) -> tuple[str, str]:
    """Return a filter's reason, "" where it keeps, and the text that it leaves."""
    document = importlib.import_module("datatrove.data").Document(text=text, id="")
    try:
        said = made.filter(document)
    except ZeroDivisionError:
        return "cannot_tell", text
    return ("" if said is True else said[1], document.text)


def put_words(name: Any) -> None:
    """Let datatrove split words and sentences as Assay does."""
    from assay.curate.words import sentence_texts, word_texts

    kept: dict[str, list[str]] = {}

    def split(text: str, _language: str = "en") -> list[str]:
        if text not in kept:
            kept.clear()
            kept[text] = word_texts(text, name)
        return kept[text]

    for module in ("fineweb_quality_filter", "gopher_quality_filter", "gopher_repetition_filter"):
        _filter_module(module).split_into_words = split

    @lru_cache(100_000)
    def sentences(text: str, _language: str = "en") -> list[str]:
        return sentence_texts(text, name)

    _filter_module("c4_filters").split_into_sentences = sentences


def _filter_module(name: str) -> Any:
    return importlib.import_module(f"datatrove.pipeline.filters.{name}")


def made_of(name: str, options: dict[str, Any]) -> Any:
    """Return one of datatrove's filters; they stand in one module a file."""
    return getattr(importlib.import_module("datatrove.pipeline.filters"), name)(**options)


def each_rule(path: Path, documents: int | None, out: Path) -> None:
    """Write, for each document, what each rule alone says, and the text that C4's leave."""
    import warnings

    warnings.simplefilter("ignore")
    made = [made_of(name, options) for name, options in ALONE]
    c4 = made_of("C4QualityFilter", {})
    with out.open("w") as file:
        for text in texts(path, documents):
            said = [reason_of(one, text)[0] for one in made]
            c4_reason, left = reason_of(c4, text)
            row = {"alone": said, "c4": c4_reason, "left": digest(left)}
            file.write(json.dumps(row) + "\n")


def digest(text: str) -> str:
    """Return a short hash of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def chain(path: Path, documents: int | None, out: Path | None) -> dict[str, float]:
    """Put documents through the four filters as they are by default; return the CPU seconds of the filters alone."""
    import resource

    made = [made_of(name, {}) for name in FILTERS]
    reason_of(made[0], "The first call loads the tokenizer. " * 9)
    found: list[str] = []
    size, spent = 0, 0.0
    said: Callable[[str], None] = found.append if out else lambda _: None
    for text in texts(path, documents):
        size += len(text.encode("utf-8", "surrogatepass"))
        began = time.process_time()
        reason, left = "", text
        for one in made:
            reason, left = reason_of(one, left)
            if reason:
                break
        spent += time.process_time() - began
        said(json.dumps({"reason": reason, "left": "" if reason else digest(left)}))
    if out:
        out.write_text("\n".join(found) + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"megabytes": size / 1e6, "cpu_seconds": spent, "peak_mb": peak}


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--rules", type=Path)
    parser.add_argument("--chain", nargs="?", type=Path, const=False)
    parser.add_argument("--words", default="native")
    arguments = parser.parse_args()
    if arguments.words != "native":
        put_words(arguments.words)
    if arguments.rules:
        each_rule(arguments.corpus, arguments.documents, arguments.rules)
    if arguments.chain is not None:
        json.dump(chain(arguments.corpus, arguments.documents, arguments.chain or None), sys.stdout)
        print()


if __name__ == "__main__":
    main()
