"""Duplicates and contradictions of a fine-tuning set: the same question twice, and twice with different answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from assay.curate.instruction_pairs import (
    Pair,
    agree,
    asked_for,
    final_number,
    read_pairs,
    same_answer,
    same_text,
)
from assay.curate.minhash import MinHashSettings
from assay.curate.near_duplicates import NearDuplicateSettings, near_duplicates
from assay.curate.read.raw import ReadSettings
from assay.curate.rejected import Rejected
from assay.curate.shingle_normalisation import Normalisation
from assay.curate.shingles import ShingleSettings
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Asked = Literal["same", "near"]
Differs = Literal["numbers", "short answers", "long answers"]

SHORT_WORDS = 8
"""An answer of no more words is one that can be held against another word by word."""

MOST_SHOWN = 20
"""Pairs of a cluster that are listed; all are counted."""


def _near_settings() -> NearDuplicateSettings:
    shingle = ShingleSettings(3, Normalisation(numbers="canonical"))
    return NearDuplicateSettings(0.75, MinHashSettings(shingles=shingle))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One question with several answers.

    Parameters
    ----------
    asked
        "same": instructions are equal but for case, spacing and marks at the end. "near": equal but for words that ask
        for nothing (`assay.curate.instruction_pairs.asked_for`); to be looked at.
    differs
        "numbers": answers that come to different numbers. "short answers": of at most 8 words. "long answers": they
        may all be right, as two stories are.
    pairs
        One for each different answer, the first 20.
    rows
        All records of the cluster, by their place among the pairs.
    answers : >= 2
        Different answers among them; counted up to 21.
    """

    asked: Asked
    differs: Differs
    pairs: tuple[Pair, ...]
    rows: tuple[int, ...]
    answers: int

    @property
    def sure(self) -> bool:
        """Whether not all answers can be right: the instruction is the same, and answers are numbers or short."""
        return self.asked == "same" and self.differs != "long answers"

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "asked": self.asked,
            "differs": self.differs,
            "records": len(self.rows),
            "answers": self.answers,
            "pairs": [pair.to_json() for pair in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class InstructionReport:
    """What was found in a fine-tuning set.

    Parameters
    ----------
    pairs
        Records with an instruction and an answer.
    rejected
        Records that have none, with the reason.
    repeated : length records
        Place of the first record with the same instruction and the same answer: its own, where it is the first.
    same_instruction : >= 0
        Records whose instruction stands there before.
    near_instruction : >= 0
        Further records whose instruction is a near-duplicate of an earlier one. Most ask another thing.
    contradictions
        Those with other numbers first, then short answers, then long ones; the same instruction before near ones.
    settings
        What near is, in words.
    """

    pairs: tuple[Pair, ...]
    rejected: tuple[Rejected, ...]
    repeated: tuple[int, ...]
    same_instruction: int
    near_instruction: int
    contradictions: tuple[Contradiction, ...]
    settings: str = field(default_factory=lambda: _near_settings().described)

    @property
    def repeats(self) -> int:
        """Records whose instruction and answer stand there before."""
        return sum(first != row for row, first in enumerate(self.repeated))

    @property
    def contradicted(self) -> frozenset[int]:
        """Records of which not all can be right, by their place: see `Contradiction.sure`."""
        return frozenset(row for one in self.contradictions if one.sure for row in one.rows)

    def counted(self) -> dict[str, dict[str, int]]:
        """Return clusters by how they were asked and how answers differ."""
        found: dict[str, Counter[str]] = {"same": Counter(), "near": Counter()}
        for one in self.contradictions:
            found[one.asked][one.differs] += 1
        return {asked: dict(sorted(counts.items())) for asked, counts in found.items()}

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form; shares are of the records with an instruction and an answer."""
        contradicted, records = len(self.contradicted), len(self.pairs)
        reasons = Counter(one.reason for one in self.rejected)
        return {
            "records": records,
            "rejected": dict(sorted(reasons.items())),
            "repeated": self.repeats,
            "repeated_share": self.repeats / records,
            "contradicted": contradicted,
            "contradicted_share": contradicted / records,
            "same_instruction": self.same_instruction,
            "near_instruction": self.near_instruction,
            "settings": self.settings,
            "contradictory_clusters": self.counted(),
            "contradictions": [one.to_json() for one in self.contradictions],
        }


def inspect_files(files: Sequence[str], settings: ReadSettings | None = None) -> InstructionReport:
    """Return the duplicates and contradictions of some files.

    Raises
    ------
    BadInput
        If they can't be read, or hold no instruction.
    """
    pairs, rejected = read_pairs(files, settings)
    if not pairs:
        reasons = Counter(one.reason for one in rejected)
        said = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
        raise BadInput(
            f"no record is an instruction with an answer: {said or 'there is no record'}",
            where=", ".join(files),
            next_command="records have messages, or instruction and output, or prompt and completion",
        )
    return inspect_pairs(pairs, rejected)


def inspect_pairs(pairs: Sequence[Pair], rejected: Sequence[Rejected] = ()) -> InstructionReport:
    """Return the duplicates and contradictions of some pairs.

    Parameters
    ----------
    pairs
        At least one.
    rejected
        Records that are none, to be told.

    Notes
    -----
    Counts are exact for the same instruction and for those that differ only in words that ask for nothing. An
    instruction in other words is not held to be the same: whether it is, nothing here can tell from a changed name.
    `near_instruction` is found by MinHash with the settings' chance and then compared exactly. Two answers that mean
    the same in other words are held to differ: a judge or a person says whether they do.
    """
    asked = [same_text(pair.instruction) for pair in pairs]
    same = _rows_by(asked)
    near = _rows_by([asked_for(pair.instruction) for pair in pairs])
    found = [_contradiction("same", rows, pairs) for rows in same.values() if len(rows) > 1]
    found += [
        _contradiction("near", rows, pairs)
        for rows in near.values()
        if len({asked[row] for row in rows}) > 1
    ]
    kinds: tuple[Differs, ...] = ("numbers", "short answers", "long answers")
    listed = sorted(
        (one for one in found if one is not None),
        key=lambda one: (kinds.index(one.differs), one.asked == "near"),
    )
    # Each instruction once: those that are the same are counted already.
    firsts = [rows[0] for rows in same.values()]
    column = TextColumn.from_texts(pairs[row].instruction for row in firsts)
    alike = int((~near_duplicates(column, _near_settings()).kept).sum())
    answered = [same_answer(pair.answer) for pair in pairs]
    repeated = [0] * len(pairs)
    for rows in _rows_by(list(zip(asked, answered, strict=True))).values():
        for row in rows:
            repeated[row] = rows[0]
    later = len(pairs) - len(same)
    return InstructionReport(
        tuple(pairs), tuple(rejected), tuple(repeated), later, alike, tuple(listed)
    )


def _rows_by(keys: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return rows


def _contradiction(asked: Asked, rows: list[int], pairs: Sequence[Pair]) -> Contradiction | None:
    """Return the contradiction of some rows; None where their answers agree."""
    different: list[int] = []
    seen: set[str] = set()
    # Short answers first: "Paris" agrees with what says it, whichever of the two stands first.
    for row in sorted(rows, key=lambda row: len(pairs[row].answer)):
        if pairs[row].answer in seen:
            continue
        seen.add(pairs[row].answer)
        if not any(agree(pairs[row].answer, pairs[other].answer) for other in different):
            different.append(row)
        if len(different) > MOST_SHOWN:
            break
    if len(different) < 2:
        return None
    different.sort()
    answers = [pairs[row].answer for row in different]
    shown = tuple(pairs[row] for row in different[:MOST_SHOWN])
    return Contradiction(asked, _differs(answers), shown, tuple(rows), len(answers))


def _differs(answers: Sequence[str]) -> Differs:
    if len({final_number(answer) for answer in answers} - {None}) > 1:
        return "numbers"
    short = all(len(answer.split()) <= SHORT_WORDS for answer in answers)
    return "short answers" if short else "long answers"
