"""Steps that need nothing but this package, and the register of all steps that a recipe may use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from assay.curate.documents import Documents
from assay.curate.step import KEPT, StepResult, kept_by_reason
from assay.errors import BadInput

STEPS = {
    "length": "assay.curate.steps:Length",
    "sources": "assay.curate.steps:Sources",
    "repeated-spans": "assay.curate.repeated_spans:CutRepeatedSpans",
    "rules": "assay.curate.steps_rules:QualityRules",
    "language": "assay.curate.language:KeepLanguages",
    "quality": "assay.curate.quality_classifier:KeepQuality",
    "personal-data": "assay.curate.personal_data_mask:MaskPersonalData",
    "decontaminate": "assay.curate.decontaminate:Decontaminate",
}
"""What a recipe calls a step -> where it is; imported only when it is used. A step is a frozen dataclass: its fields
are the keys of the recipe."""


def step_class(name: str) -> type[Any]:
    """Return the class of a step.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    module, _, attribute = STEPS[name].partition(":")
    found: type[Any] = getattr(import_module(module), attribute)
    return found


@dataclass(frozen=True, slots=True)
class Length:
    """Drop documents that are too short or too long.

    Parameters
    ----------
    min_characters
        Fewer Unicode characters: ``too_short``.
    max_characters
        More: ``too_long``.

    Examples
    --------
    >>> Length(min_characters=3)(Documents.from_texts(["ab", "äbc"])).reasons
    ('too_short', '')
    """

    min_characters: int = 1
    max_characters: int = 10_000_000

    def __post_init__(self) -> None:
        if not 0 <= self.min_characters <= self.max_characters:
            raise BadInput(
                "length: min_characters must lie between 0 and max_characters, got "
                f"{self.min_characters} and {self.max_characters}"
            )

    @property
    def name(self) -> str:
        """The step's name."""
        return "length"

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents within the bounds."""
        text = docs.text
        # Every byte but those that go on within a character begins one.
        begins = (text.data[text.offsets[0] : text.offsets[-1]] & 0xC0) != 0x80
        running = np.concatenate([[0], np.cumsum(begins, dtype=np.int64)])
        bounds = text.offsets - text.offsets[0]
        characters = running[bounds[1:]] - running[bounds[:-1]]
        reasons = np.where(
            characters < self.min_characters,
            "too_short",
            np.where(characters > self.max_characters, "too_long", KEPT),
        )
        return kept_by_reason(docs, reasons.tolist())


@dataclass(frozen=True, slots=True)
class Sources:
    """Keep some sources, or leave some out.

    Parameters
    ----------
    only
        If any are named, documents of others: ``source_not_named``.
    without
        Documents of these: ``source_left_out``.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The step's name."""
        return "sources"

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents of the wanted sources."""
        return kept_by_reason(docs, [self._reason(source) for source in docs.source])

    def _reason(self, source: str) -> str:
        if source in self.without:
            return "source_left_out"
        return "source_not_named" if self.only and source not in self.only else KEPT
