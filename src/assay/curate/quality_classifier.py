"""A quality classifier that a person trains with two kinds of text: "like this" and "not like this"."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.curate.documents import Documents
from assay.curate.quality_features import FeatureSettings, features
from assay.curate.step import KEPT, StepResult, kept_by_reason
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

FloatArray = npt.NDArray[np.float64]

CARD_VERSION = 1
DEFAULT = "prose-1"
"""The classifier inside the package: prose documentation in English against change logs, licences, tables, code and
shuffled words. Its card says what it was trained on, how well it tells, and where it fails."""

_BATCH_BYTES = 4_000_000
_MOST_UNPACKED = 16_000_000


@dataclass(frozen=True, slots=True, eq=False)
class QualityClassifier:
    """A linear model over hashed words and pairs of words.

    Parameters
    ----------
    name
    settings
        Of the features.
    weights : (buckets,)
    bias
    card
        What it was trained on and how well it tells: what JSON can hold.

    Notes
    -----
    Its score says to which of two sets of texts a text is more alike, as if both were equally common. It is no measure
    of truth or of use; whether what it keeps trains a better model is what `assay curate value` measures.
    """

    name: str
    settings: FeatureSettings
    weights: FloatArray
    bias: float
    card: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, texts: TextColumn) -> FloatArray:
        """Return the score of each text in [0, 1]; 0.5 where it is as much like the one as like the other.

        A text without words has the score 0.
        """
        found = np.zeros(len(texts))
        for rows in _batches(texts):
            seen = features(texts.take(rows), self.settings)
            raw = seen @ self.weights + self.bias
            empty = np.diff(seen.indptr) == 0
            found[rows] = np.where(empty, 0.0, 1.0 / (1.0 + np.exp(-np.clip(raw, -500, 500))))
        return found

    def save(self, path: Path) -> None:
        """Write the model as .npz with its card inside; nothing in it is a pickle."""
        path.write_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return what `save` writes: weights as 16-bit floats; the same model gives the same bytes."""
        stated = {"version": CARD_VERSION, "name": self.name, "bias": self.bias}
        stated["features"] = {n: getattr(self.settings, n) for n in FeatureSettings.__slots__}
        card = json.dumps({**stated, "card": dict(self.card)}, ensure_ascii=False, indent=1)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
            for member, array in (
                ("weights", self.weights.astype(np.float16)),
                ("card", np.frombuffer(card.encode("utf-8"), dtype=np.uint8)),
            ):
                held = io.BytesIO()
                np.lib.format.write_array(held, array, allow_pickle=False)
                # A fixed time: `np.savez` writes that of the moment.
                packed.writestr(
                    zipfile.ZipInfo(f"{member}.npy"), held.getvalue(), zipfile.ZIP_DEFLATED
                )
        return stream.getvalue()

    @classmethod
    def load(cls, path: Path) -> QualityClassifier:
        """Return a model that was saved.

        Raises
        ------
        BadInput
            If there is no such file, or it is none.
        """
        try:
            return cls.from_bytes(path.read_bytes(), str(path))
        except OSError as error:
            raise BadInput(f"the classifier {path} can't be read: {error.strerror}") from None

    @classmethod
    def from_bytes(cls, content: bytes, where: str) -> QualityClassifier:
        """Return the model that some bytes hold.

        Raises
        ------
        BadInput
            If they hold none.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                if sum(member.file_size for member in packed.infolist()) > _MOST_UNPACKED:
                    raise ValueError(f"it unpacks to more than {_MOST_UNPACKED:,} bytes")
            held = np.load(io.BytesIO(content), allow_pickle=False)
            weights = held["weights"].astype(np.float64)
            stated = json.loads(held["card"].tobytes().decode("utf-8"))
            if stated["version"] != CARD_VERSION:
                raise ValueError(f"it is of version {stated['version']}")
            settings = FeatureSettings(**stated["features"])
            bias, name, card = float(stated["bias"]), str(stated["name"]), dict(stated["card"])
        except (
            ValueError,
            KeyError,
            TypeError,
            OSError,
            EOFError,
            zipfile.BadZipFile,
            BadInput,
        ) as error:
            raise BadInput(f"this is no quality classifier: {error}", where=where) from None
        if weights.shape != (settings.buckets,) or not np.isfinite([*weights, bias]).all():
            raise BadInput("this is no quality classifier: its weights don't fit", where=where)
        return cls(name, settings, weights, bias, card)


@lru_cache(maxsize=8)
def _classifier(name: str, stamp: int) -> QualityClassifier:  # noqa: ARG001
    if name == DEFAULT:
        held = files("assay.curate").joinpath(f"quality_classifier_{DEFAULT}.npz").read_bytes()
        return QualityClassifier.from_bytes(held, DEFAULT)
    return QualityClassifier.load(Path(name))


def classifier(name: str = DEFAULT) -> QualityClassifier:
    """Return the classifier inside the package by its name, or the one in a file by its path.

    Raises
    ------
    BadInput
        If there is none.
    """
    if name == DEFAULT:
        return _classifier(name, 0)
    path = Path(name)
    if not path.is_file():
        raise BadInput(
            f"there is no classifier {name!r}: it is {DEFAULT!r} or a file",
            next_command="assay curate classifier train --like DIR --unlike DIR -o my.npz",
        )
    return _classifier(name, path.stat().st_mtime_ns)


@dataclass(frozen=True, slots=True)
class KeepQuality:
    """Keep documents that a quality classifier scores high.

    Parameters
    ----------
    classifier
        "prose-1", the one inside the package, or the path of one that was trained.
    at_least : in [0, 1]
        Lower scores are dropped.

    Raises
    ------
    BadInput
        If there is no such classifier.
    """

    classifier: str = DEFAULT
    at_least: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.at_least <= 1:
            raise BadInput(f"at_least is a score in [0, 1], got {self.at_least}")
        classifier(self.classifier)

    @property
    def name(self) -> str:
        """The step's name."""
        return "quality"

    @property
    def files(self) -> tuple[Path, ...]:
        """The file that it reads besides the documents, by which a run that goes on knows it."""
        return () if self.classifier == DEFAULT else (Path(self.classifier),)

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents that score high enough; of all of them it is counted in which tenth the score lies."""
        scores = classifier(self.classifier).scores(docs.text)
        reasons = [KEPT if score >= self.at_least else "quality_too_low" for score in scores]
        tenths = np.bincount(np.minimum((scores * 10).astype(int), 9), minlength=10).tolist()
        counts = {f"score_0.{tenth}": count for tenth, count in enumerate(tenths) if count}
        return kept_by_reason(docs, reasons, counts)


def _batches(texts: TextColumn) -> list[npt.NDArray[np.int64]]:
    """Return the rows of a column in runs of about 4 MB, so that memory does not grow with it."""
    ends = np.cumsum(texts.lengths)
    number = ends // _BATCH_BYTES
    cuts = np.flatnonzero(np.diff(number)) + 1
    return [rows for rows in np.split(np.arange(len(texts)), cuts) if len(rows)]
