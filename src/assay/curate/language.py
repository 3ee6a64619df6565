"""In which language a text is, by py3langid's naive Bayes over byte n-grams, and the step that keeps some languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.curate.documents import Documents
from assay.curate.missing_part import import_part
from assay.curate.step import KEPT, StepResult, kept_by_reason
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

FloatArray = npt.NDArray[np.float64]
UNKNOWN_LANGUAGE = "und"
"""ISO 639-2's code for "undetermined"."""
_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Languages:
    """Language of each text.

    Parameters
    ----------
    codes
        ISO 639 code of each text, ``"und"`` where nothing can be told.
    confidence : (texts,) in [0, 1]
        py3langid's normalised score. It grows with the length of the text and is no calibrated probability.
    """

    codes: tuple[str, ...]
    confidence: FloatArray


def languages(texts: TextColumn, *, sample_bytes: int = 3_000, at_least: float = 0.5) -> Languages:
    """Return the language of each text.

    Parameters
    ----------
    texts
    sample_bytes : >= 60
        Read of a long text: in three parts, of its beginning, middle and end, cut between words. So one that changes
        its language half way is told by what there is most of.
    at_least : in [0, 1]
        Below that confidence the language is ``"und"``. Short texts and program text often are.

    Raises
    ------
    BadInput
        If an argument is out of range.
    MissingPart
        Without the extra ``curate``.

    Notes
    -----
    It knows 97 languages and more; texts in another one are given the nearest, with confidence. Program text is told to
    be some natural language, with low confidence.

    References
    ----------
    .. [1] Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012 demonstrations,
       pages 25-30, aclanthology.org/P12-3005.
    """
    if sample_bytes < 60 or not 0 <= at_least <= 1:
        raise BadInput(
            f"sample_bytes must be at least 60 and at_least in [0, 1], got {sample_bytes}, {at_least}"
        )
    identify = _identifier()
    codes, confidence = [], np.zeros(len(texts))
    for row in range(len(texts)):
        sample = _sample(texts.bytes_of(row), sample_bytes)
        code, score = identify.classify(sample) if sample.strip() else (UNKNOWN_LANGUAGE, 0.0)
        confidence[row] = score
        codes.append(code if score >= at_least else UNKNOWN_LANGUAGE)
    return Languages(tuple(codes), confidence)


@dataclass(frozen=True, slots=True)
class KeepLanguages:
    """Keep documents in some languages.

    Parameters
    ----------
    keep
        ISO 639 codes, ``"en"``; ``"und"`` keeps those of which nothing can be told.
    at_least : in [0, 1]
        See `languages`.
    sample_bytes : >= 60

    Raises
    ------
    BadInput
        If no language is named.
    """

    keep: tuple[str, ...] = ("en",)
    at_least: float = 0.5
    sample_bytes: int = 3_000
    name: str = "language"

    def __post_init__(self) -> None:
        if not self.keep or not all(code.isalpha() and code.islower() for code in self.keep):
            raise BadInput(f"languages are codes like 'en', got {list(self.keep)}")

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents in those languages; the others' reason is ``language_`` and their code."""
        check_languages(self.keep)
        found = languages(docs.text, sample_bytes=self.sample_bytes, at_least=self.at_least)
        reasons = [KEPT if code in self.keep else f"language_{code}" for code in found.codes]
        return kept_by_reason(docs, reasons, _counted(found.codes))


def check_languages(codes: Sequence[str]) -> None:
    """Refuse what is no language that can be told.

    Raises
    ------
    BadInput
        If there is no such code: none of the text would be in it.
    MissingPart
        Without the extra ``curate``.

    Examples
    --------
    >>> check_languages(["klingon"])
    Traceback (most recent call last):
    assay.errors.BadInput: 'klingon' is no language that can be told: codes are of two letters, as en, de, fr, zh
    """
    known = (*_identifier().nb_classes, UNKNOWN_LANGUAGE)
    for code in codes:
        if code not in known:
            raise BadInput(
                f"{code!r:.40} is no language that can be told: codes are of two letters, as en, de, fr, zh"
            )


def _counted(codes: Sequence[str]) -> dict[str, int]:
    return {f"is_{code}": codes.count(code) for code in sorted(set(codes))}


def _sample(text: bytes, most: int) -> bytes:
    if len(text) <= most:
        return text
    part = most // _SAMPLES
    starts = np.linspace(0, len(text) - part, _SAMPLES).astype(int).tolist()
    # Cut in the middle of a character or a word, an end would be read as another letter.
    cuts = [text[start : start + part] for start in starts]
    return b" ".join(cut[cut.find(b" ") + 1 : cut.rfind(b" ") % (len(cut) + 1)] for cut in cuts)


@cache
def _identifier() -> Any:
    """Return py3langid's model, which takes half a second to load, once a process."""
    langid = import_part("py3langid.langid", extra="curate", what="telling languages")
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
