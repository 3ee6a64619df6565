"""What a ledger knows of each system that is to be priced: right and wrong, caught, costs, latencies.

Labels of a draw go before a check of everything, as everywhere in Assay; a check counts only where it has spoken on
every output; a model's opinion is no count.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from assay.capability.ledger_columns import Columns, columns_of
from assay.capability.ledger_counts import (
    JudgedCounts,
    Traffic,
    counts_of,
    judges_of,
    traffic_of,
)
from assay.capability.ledger_labels import LabeledCounts, labeled_counts
from assay.errors import LedgerError
from assay.ledger.store import Ledger

EvidenceKind = Literal["auto", "labels", "census"]


@dataclass(frozen=True, slots=True)
class FactsQuestion:
    """Which systems of a ledger, judged by whom.

    Parameters
    ----------
    systems : names
        None of them: all.
    version, origin, start, end
        As everywhere; None: any.
    judge
        Which complete check is the truth, where there are several.
    evidence : auto, labels or census
        Labels of a draw, or a check of everything; auto: labels where there are any.
    caught_tag
        The tag that says whether an output was held back before delivery.
    """

    systems: tuple[str, ...] = ()
    version: str | None = None
    origin: str | None = None
    start: int | None = None
    end: int | None = None
    judge: str | None = None
    evidence: EvidenceKind = "auto"
    caught_tag: str = "caught"


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Why nobody knows what is right, and what to type next."""

    reason: str
    next_command: str


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """All that a ledger says of one system.

    Parameters
    ----------
    traffic
        How many outputs.
    judged
        A count of all of them, the labels of a draw, or why there is neither.
    columns
        Costs, latencies and tokens.
    notes
        What a reader has to know of them.
    """

    traffic: Traffic
    judged: JudgedCounts | LabeledCounts | NotJudged
    columns: Columns
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The system and its version, as one name."""
        return self.traffic.name

    @property
    def words(self) -> str:
        """Who judged."""
        match self.judged:
            case JudgedCounts() as counts:
                return f"every output judged by {counts.judge}"
            case LabeledCounts() as labeled:
                return labeled.words
            case NotJudged() as nobody:
                return nobody.reason


def facts_of(ledger: Ledger, question: FactsQuestion | None = None) -> list[SystemFacts]:
    """Return what a ledger knows of each system, by name.

    Raises
    ------
    LedgerError
        Where it holds none of the systems asked for.
    """
    question = question or FactsQuestion()
    traffic = traffic_of(
        ledger,
        systems=question.systems,
        version=question.version,
        origin=question.origin,
        start=question.start,
        end=question.end,
    )
    labeled = (
        {}
        if question.evidence == "census" or question.judge is not None
        else labeled_counts(ledger, traffic, caught_tag=question.caught_tag)
    )
    return [_of_system(ledger, question, one, labeled.get(one)) for one in traffic]


def _of_system(
    ledger: Ledger, question: FactsQuestion, traffic: Traffic, labeled: LabeledCounts | None
) -> SystemFacts:
    judged = labeled or (
        NotJudged(
            f"no label of a draw of {traffic.name} is in",
            f"assay draw {ledger.typed} --labels 300 --seed 7",
        )
        if question.evidence == "labels"
        else _census(ledger, question, traffic)
    )
    judge = judged.judge if isinstance(judged, JudgedCounts) else None
    columns = columns_of(ledger, traffic, judge=judge)
    return SystemFacts(traffic, judged, columns, tuple(_notes(traffic, judged, columns)))


def _census(ledger: Ledger, question: FactsQuestion, traffic: Traffic) -> JudgedCounts | NotJudged:
    judges = judges_of(ledger, traffic)
    if question.judge is not None:
        named = [one for one in judges if one[0] == question.judge]
        if not named and judges:
            raise LedgerError(
                f"{question.judge!r} is no judge of {traffic.name}; there is {judges[0][0]!r}"
            )
        judges = named
    complete = [one for one in judges if one[2] == traffic.traces]
    if len(complete) == 1:
        name, kind, _ = complete[0]
        return counts_of(ledger, traffic, name, kind, caught_tag=question.caught_tag)
    if complete:
        return NotJudged(
            f"several judges have spoken on every output of {traffic.name} "
            f"({'; '.join(one[0] for one in complete)}): say which one is the truth",
            f"assay cost {ledger.typed} --judge {quote(complete[0][0])}",
        )
    draw = f"assay draw {ledger.typed} --labels 300 --seed 7"
    if judges:
        name, _, n = judges[0]
        return NotJudged(
            f"{name} has judged {n:,} of {traffic.traces:,} outputs: a count needs them all",
            draw,
        )
    return NotJudged(
        "no output has been labeled from a draw, and no check covers every output", draw
    )


def _notes(
    traffic: Traffic, judged: JudgedCounts | LabeledCounts | NotJudged, columns: Columns
) -> list[str]:
    notes = []
    if traffic.set_aside:
        others = " and ".join(f"{n:,} {origin}" for origin, n in traffic.set_aside)
        notes.append(
            f"left out: {others} outputs, which are not the work of this system; "
            "--origin takes one kind alone"
        )
    if isinstance(judged, LabeledCounts):
        if judged.waiting:
            notes.append(
                f"{judged.waiting} labels wait for a gap before them in the list to be filled"
            )
        notes += [f"left out: {said}" for said in judged.left_out]
    if isinstance(judged, JudgedCounts):
        if judged.unsure:
            notes.append(
                f"{judged.judge} is unsure of {judged.unsure:,} outputs: they count as wrong"
            )
        told = judged.told_wrong + judged.told_right
        if 0 < told < judged.judged:
            notes.append(
                "outputs that don't say whether they were caught, and so count as delivered: "
                f"{judged.judged - told:,}"
            )
        if judged.worth_of_an_answer < 1:
            notes.append(
                f"{traffic.tasks:,} tasks were asked {traffic.traces:,} times in all: answers to one task are alike, "
                f"so they count as {judged.judged * judged.worth_of_an_answer:,.0f}"
            )
    if columns.zero_costs:
        notes.append(f"{columns.zero_costs:,} outputs have cost 0: that is unknown, and never free")
    if columns.read < traffic.traces:
        notes.append(
            f"costs and latencies are those of {columns.read:,} of {traffic.traces:,} outputs, "
            "drawn at random"
        )
    return notes
