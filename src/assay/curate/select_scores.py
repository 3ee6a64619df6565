"""What texts are selected by: a classifier, the target's n-gram model, importance weights, or measured value.

Each score is a function of a column of texts (that of measured value: of the names of their parts), greater is better,
and can be used alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assay.curate.exact_duplicates import document_digests
from assay.curate.importance_weights import gumbel_keys, log_importance
from assay.curate.proxies.ngram_model import ORDER, NGramModel, held_out_bits, train_model
from assay.curate.proxies.tokenizer import Tokenizer
from assay.curate.quality_classifier import DEFAULT, classifier
from assay.curate.shared_documents import sharing
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

FloatArray = NDArray[np.float64]
By = Literal["classifier", "perplexity", "importance", "value"]
NEEDS_TARGET: tuple[By, ...] = ("perplexity", "importance")
TENTHS = 10
_NO_RESULT = "assay curate value CORPUS... --target heldout.jsonl --json > value.json"


def classifier_scores(texts: TextColumn, name: str = DEFAULT) -> FloatArray:
    """Score texts by a quality classifier: the one in the package by its name, or one in a file by its path.

    Raises
    ------
    BadInput
        If there is no such classifier.
    """
    return classifier(name).scores(texts)


@dataclass(frozen=True, slots=True, eq=False)
class TargetModel:
    """An n-gram model of the target.

    Parameters
    ----------
    model
    tokenizer
    n_tokens : >= 1
        It was trained on.
    """

    model: NGramModel
    tokenizer: Tokenizer
    n_tokens: int

    @classmethod
    def of(cls, target: TextColumn, tokenizer: Tokenizer) -> TargetModel:
        """Return the model of some texts.

        Raises
        ------
        BadInput
            If they hold no text.
        """
        if not target.nbytes:
            raise BadInput("the target holds no text")
        known = tokenizer.encode(target)
        return cls(train_model(known), tokenizer, known.n_tokens)

    @property
    def described(self) -> str:
        """The model in words."""
        return f"{ORDER}-gram model of {self.n_tokens:,} tokens of the target"


def perplexity_scores(texts: TextColumn, model: TargetModel) -> FloatArray:
    """Score texts by how few bits per byte each costs under an n-gram model of the target: minus those bits.

    Notes
    -----
    After CCNet (Wenzek et al., 2019, arXiv:1911.00359). What it calls best is what repeats the target's commonest
    phrases: with a budget far below the corpus it takes the plain and leaves the rich. A text without a byte has -inf.
    """
    asked = model.tokenizer.encode(texts)
    bits = held_out_bits(model.model, asked) / np.maximum(1, asked.text_bytes)
    scores: FloatArray = np.where(texts.lengths > 0, -bits, -np.inf)
    return scores


def importance_scores(
    texts: TextColumn, target: TextColumn, *, rng: np.random.Generator
) -> FloatArray:
    """Score texts by DSIR: the log importance weight with Gumbel noise, so that the best are a sample by weight.

    See `assay.curate.importance_weights`, which does the same batch by batch.
    """
    return gumbel_keys(log_importance(texts, target), rng)


@dataclass(frozen=True, slots=True)
class PartWorth:
    """What is known of a part of the corpus.

    Parameters
    ----------
    score
        Held-out bits per byte that a million of its tokens save on top of the rest, the lower limit; -inf: it is never
        taken.
    excluded
        Why never; "" else.
    verdict
        As it was measured.
    """

    score: float
    excluded: str
    verdict: str


def value_scores(
    names: Sequence[str], measured: Mapping[str, PartWorth]
) -> tuple[FloatArray, tuple[str, ...]]:
    """Score texts by what was measured of the part that each is of.

    Parameters
    ----------
    names : (texts,)
        Of the source, or of the tenth of quality; see `tenths`.
    measured
        See `read_measured`.

    Returns
    -------
    tuple
        The score of each, and why it is never taken, "" where it may be.

    Raises
    ------
    BadInput
        If a part was not measured.

    Notes
    -----
    By the lower limit, so that a part of which little is known ranks below one that surely helps. A part that hurts or
    is worthless is never taken; one of which nothing is known neither, since unknown is not zero.
    """
    strangers = sorted(set(names) - set(measured))
    if strangers:
        raise BadInput(
            f"no value was measured of {', '.join(strangers[:5])}; it was of {', '.join(sorted(measured)[:5])}",
            next_command=_NO_RESULT,
        )
    scores = np.array([measured[name].score for name in names], dtype=np.float64)
    return scores, tuple(measured[name].excluded for name in names)


@dataclass(frozen=True, slots=True)
class Measured:
    """What `assay curate value --json` wrote.

    Parameters
    ----------
    by
        "source" or "quality".
    proxy
        What measured it.
    parts
        Name -> worth.
    target
        Digests of the held-out documents that it was measured on; None where the file does not say.
    windows
        Some windows of each, see `assay.curate.shared_documents`; none where the file does not say.
    """

    by: str
    proxy: str
    parts: Mapping[str, PartWorth]
    target: frozenset[str] | None = None
    windows: tuple[tuple[str, ...], ...] = ()

    def made_by(self, target: TextColumn) -> tuple[list[int], list[int]]:
        """Return the documents that it was measured on word for word, and those that share most of one's text."""
        known = self.target or frozenset()
        equal = [row for row, one in enumerate(document_digests(target)) if one in known]
        return equal, [int(row) for row in sharing(target, self.windows)] if self.windows else []


def read_measured(path: Path) -> Measured:
    """Return what a file of `assay curate value --json` holds.

    Raises
    ------
    BadInput
        If it can't be read, or holds no value of sources or of tenths of quality.
    """
    try:
        held = json.loads(path.read_text("utf-8"))
        answer = held["value"]
        parts = {str(part["name"]): _worth(part) for part in answer["parts"]}
        by, proxy = str(answer["by"]), str(answer["proxy"])
        said = held.get("target_documents")
        target = None if said is None else frozenset(str(one) for one in said)
        windows = tuple(_sketch(str(one)) for one in held.get("target_windows", []))
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}", next_command=_NO_RESULT) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path} holds no measured value of sources or of tenths of quality",
            next_command=_NO_RESULT,
        ) from None
    return Measured(by, proxy, parts, target, windows)


def _sketch(written: str) -> tuple[str, ...]:
    """Return a sketch of windows, of which all must be numbers."""
    size, *sample = written.split()
    int(size)
    return (size, *(f"{int(each, 16):016x}" for each in sample))


def _worth(part: Mapping[str, Any]) -> PartWorth:
    # Not the worth over that of the rest: where the rest gains little, that has no limits, and the part may yet help.
    verdict, change = str(part["verdict"]), part["regimes"]["data-fixed"]["per_million_tokens"]
    if verdict in ("hurts", "worthless"):
        return PartWorth(-np.inf, f"measured_{verdict}", verdict)
    if change["value"] is None:
        return PartWorth(-np.inf, "measured_unknown", verdict)
    # A limit that the evidence does not set stands as null: below all others that may be taken.
    most = change["high"]
    return PartWorth(-1e9 if most is None else -float(most), "", verdict)


def tenths(quality: FloatArray, sizes: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the name of the tenth of quality that each text is in, as `assay curate value --by quality` names them."""
    order = np.argsort(-quality, kind="stable")
    size = sizes[order]
    tenth = np.empty(len(order), dtype=np.int64)
    tenth[order] = np.minimum(TENTHS * (np.cumsum(size) - size) // max(1, int(sizes.sum())), 9)
    last = {0: " (best)", TENTHS - 1: " (worst)"}
    return tuple(f"tenth {place + 1} of 10{last.get(place, '')}" for place in tenth.tolist())
