"""What a time split came to: of each system and part of the exam the difference in differences, and its placebos."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from assay.ledger.population import moment_text
from assay.probe.reference_adjusted import NOT_ADJUSTED
from assay.quantity import Estimate, Quantity, Unknown, to_json


class Drop(Enum):
    """Whether a system loses more after the cut than clean references do: three answers."""

    YES = "it loses more after the cut than clean references do"
    NO = "nothing beyond what clean references show"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class SplitPart:
    """One part of the exam, split.

    Parameters
    ----------
    name
    is_placebo
        Whether the user says that nothing should happen here at the cut.
    tasks : before, after
    before, after
        The system's scores.
    references_before, references_after : in [0, 1] or None
        Mean score of the references.
    difference
        What the system loses at the cut beyond the references.
    smallest
        The least such difference that this data could have shown.
    references_apart
        Least and greatest of the same figure for each reference against the others; None without references.
    placebo_before, placebo_after
        The same figure with the cut at the median date of the older tasks alone, of the newer alone.
    """

    name: str
    is_placebo: bool
    tasks: tuple[int, int]
    before: Quantity
    after: Quantity
    references_before: float | None
    references_after: float | None
    difference: Quantity
    smallest: Quantity
    references_apart: tuple[float, float] | None
    placebo_before: Quantity
    placebo_after: Quantity

    def drop(self, margin: float) -> Drop:
        """Return whether the drop is more than clean systems show.

        Parameters
        ----------
        margin : > 0
            A drop below it is not worth speaking of.
        """
        found = self.difference
        if isinstance(found, Unknown) or self.references_apart is None:
            return Drop.UNKNOWN
        # The bootstrap takes the references as given: how far they lie apart by themselves must be got over too.
        most = max(self.references_apart[1], 0.0)
        if found.low > most:
            return Drop.YES
        return Drop.NO if found.high < max(most, margin) else Drop.UNKNOWN

    @property
    def seen_at_a_placebo_cut(self) -> bool:
        """Whether the figure leaves out 0 where nothing happened: then the scores do not change alike."""
        cuts = (self.placebo_before, self.placebo_after)
        return any(isinstance(one, Estimate) and (one.low > 0 or one.high < 0) for one in cuts)

    def to_json(self, margin: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "part": self.name,
            "placebo": self.is_placebo,
            "finding": self.drop(margin).value,
            "tasks_before": self.tasks[0],
            "tasks_after": self.tasks[1],
            "references_before": self.references_before,
            "references_after": self.references_after,
            "references_apart": self.references_apart,
            **to_json(
                {
                    "score_before": self.before,
                    "score_after": self.after,
                    "difference_in_differences": self.difference,
                    "smallest_gap": self.smallest,
                    "placebo_cut_before": self.placebo_before,
                    "placebo_cut_after": self.placebo_after,
                }
            ),
        }


@dataclass(frozen=True, slots=True)
class SplitSystem:
    """One version of a system.

    Parameters
    ----------
    system, version
    parts
    tasks : >= 0
        Tasks that were split.
    left_out : >= 0
        Tasks that it or a reference has no judged answer to.
    undated : >= 0
        Tasks without a date.
    asked_once
        Whether each task has one answer: its stability is unknown.
    references : >= 0
        Clean references that it was held against, or would have been.
    is_adjusted
        Whether these were enough.
    judges
    """

    system: str
    version: str
    parts: tuple[SplitPart, ...]
    tasks: int
    left_out: int
    undated: int
    asked_once: bool
    references: int
    is_adjusted: bool
    judges: tuple[str, ...]

    @property
    def name(self) -> str:
        """The system as a person writes it."""
        return f"{self.system}@{self.version}" if self.version else self.system

    def to_json(self, margin: float) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "system": self.system,
            "version": self.version,
            "tasks": self.tasks,
            "left_out": self.left_out,
            "undated": self.undated,
            "stability": "unknown" if self.asked_once else "see assay probe stability",
            "adjusted": "for difficulty" if self.is_adjusted else NOT_ADJUSTED,
            "references": self.references,
            "judges": list(self.judges),
            "parts": [part.to_json(margin) for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class SplitReport:
    """Every tested system.

    Parameters
    ----------
    systems
    references
        Names.
    cut
        Microseconds since 1970 UTC.
    date, by
        Tags of a task's date and part.
    margin
        A drop below it is not worth speaking of.
    confidence_level
        Of each interval by itself.
    """

    systems: tuple[SplitSystem, ...]
    references: tuple[str, ...]
    cut: int
    date: str
    by: str | None
    margin: float
    confidence_level: float

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "confidence_level": self.confidence_level,
            "margin": self.margin,
            "cut": moment_text(self.cut),
            "date_tag": self.date,
            "by": self.by,
            "references": list(self.references),
            "systems": [one.to_json(self.margin) for one in self.systems],
        }
