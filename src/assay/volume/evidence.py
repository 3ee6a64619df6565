"""What a ledger can know of a system's errors: labels of a draw, or a check of everything, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.estimate import StratumCount
from assay.ledger.draws import StoredDraw
from assay.ledger.population import Window
from assay.volume.agreement import SecondReading
from assay.volume.looks import LiveLabels, Look
from assay.volume.traffic import Traffic
from assay.volume.unit_evidence import UnitEvidence


@dataclass(frozen=True, slots=True)
class LabeledTrace:
    """A label that counts, and what it can be split by."""

    stratum: int
    position: int
    """Its place in the stratum's random order, from 1."""
    wrong: int | None
    day: str | None
    caught: bool
    tags: Mapping[str, str]
    missed: int | None = 0
    """Whether a second reading found an error here that the first reader called right; None where it is undecided."""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class SampleEvidence:
    """Labels of a draw: what each look that they complete says, and the labeled traces of the last one."""

    draw: StoredDraw
    looks: tuple[Look, ...]
    """At least one; before the first planned look it is one that claims nothing of itself."""
    labeled: tuple[LabeledTrace, ...]
    held_back: int
    """Labels that wait: for a gap before them in the random order to be filled, or for the next look."""
    people: tuple[str, ...]
    live: LiveLabels | None = None
    """What live limits rest on; None where one look at all labels has the whole chance to miss."""
    reading: SecondReading | None = None
    """The second reading that the labels went through; None where they were read once."""

    @property
    def look(self) -> Look:
        """The last look that the labels complete."""
        return self.looks[-1]

    @property
    def strata(self) -> tuple[StratumCount, ...]:
        """What the labels up to the last look say."""
        return self.look.strata

    @property
    def by_what_was_found(self) -> bool:
        """Whether labels went where errors had been found: a method for numbers fixed beforehand is simulated then."""
        return self.draw.goes_on and self.look.number > 1 and len(self.strata) > 1

    @property
    def no_look(self) -> str:
        """Why what is worked out at planned looks is unknown."""
        if self.draw.at_most is not None:
            return "the draw has live limits only, and no planned look"
        return "the labels complete no planned look yet"

    @property
    def look_words(self) -> str:
        """Which planned look it is."""
        if self.look.is_planned:
            return f"planned look {self.look.number} of {self.look.of}"
        if self.draw.at_most is not None:
            return f"a look after every label, for at most {self.draw.at_most:g} errors/trace"
        return f"before planned look 1 of {self.look.of}"

    @property
    def words(self) -> str:
        """Who labeled what: the part of a method that the judge and the draw are."""
        strata = f"strata by {self.draw.judge}" if self.draw.judge else "no judge"
        look = f", {self.look_words}" if self.look.of > 1 else ""
        read = f", {self.reading.words}" if self.reading else ""
        return f"labels by {', '.join(self.people)}{read}; {self.draw.draw_id}, seed {self.draw.seed}, {strata}{look}"


@dataclass(frozen=True, slots=True)
class CensusEvidence:
    """A judge that has spoken on every output: errors are counted."""

    judge: str
    judge_kind: str
    errors: float
    escaped: float | None
    """Errors among the outputs that were not caught; None where no trace says."""

    @property
    def words(self) -> str:
        """Whose count it is."""
        return f"census: every output judged by {self.judge}"


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """Neither: why, and what to type next."""

    reason: str
    next_command: str
    to_choose: bool = False
    """Whether there is evidence, and the user has to say which."""


Evidence = SampleEvidence | UnitEvidence | CensusEvidence | NoEvidence


@dataclass(frozen=True, slots=True)
class SystemEvidence:
    """All that a ledger says of one system in one window."""

    window: Window
    traffic: Traffic
    evidence: Evidence
    traces_version: int | None = None
    """Version of the table `traces` that a draw froze; None: the newest."""
    arrived_since: int = 0
    """Traces that came into the window after the draw: not part of the answer."""
    notes: tuple[str, ...] = ()
    frozen_lost: bool = False
    """Whether the table as a draw froze it can't be read any more."""

    @property
    def population(self) -> int:
        """Outputs that the evidence is about: those a draw froze, or those of the window."""
        if isinstance(self.evidence, SampleEvidence | UnitEvidence):
            return self.evidence.draw.population
        return self.traffic.traces
