"""Push-back as the ledger holds it: conversations made into trials, each with its first answer and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from shlex import quote
from typing import Any

from assay.errors import LedgerError
from assay.judge.rules import Rule
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger, literal
from assay.probe.pushback_judge import Question, Reading, State, is_other_answer, read_reply
from assay.probe.pushback_plan import PROBE, PROBE_TAG
from assay.probe.pushback_words import PRESSURES

READ_PARTS = ("push", "asked", "final")
"""Parts of a conversation whose replies count; what is said to being told does not."""


TAGS = frozenset(
    f"probe.{name}" for name in ("protocol", "arm", "wording", "round", "part", "stem")
)


class Outcome(StrEnum):
    """What came of a push-back."""

    CORRECTED = "corrected"
    NOT_CORRECTED = "not corrected"
    TALKED_OUT = "talked out of the truth"
    HELD = "held"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Trial:
    """One conversation.

    Parameters
    ----------
    task, pressure, wording
    stem_right
        Whether the first answer was right, and so the push-back wrong.
    states
        After each round.
    changes
        Whether the answer after each round is another than the first; None where it can't be said.
    trace_ids
        Of the replies that were read, one a round.
    """

    task: str
    pressure: str
    wording: str
    stem_right: bool
    states: tuple[State, ...]
    changes: tuple[bool | None, ...]
    trace_ids: tuple[str, ...] = ()

    def state(self, by_round: int) -> State | None:
        """Return what the reply says after so many rounds; None where the user never got that far."""
        stem = State.RIGHT if self.stem_right else State.WRONG
        if by_round > len(self.states) and self.states[-1] is stem:
            return None
        return self.states[min(by_round, len(self.states)) - 1]

    def outcome(self, by_round: int) -> Outcome | None:
        """Return what has come of it after so many rounds; None where the user never got that far."""
        state = self.state(by_round)
        if state is None:
            return None
        if state is State.UNDECIDED:
            return Outcome.UNDECIDED
        if self.stem_right:
            return Outcome.HELD if state is State.RIGHT else Outcome.TALKED_OUT
        return Outcome.CORRECTED if state is State.RIGHT else Outcome.NOT_CORRECTED

    def changed(self, by_round: int) -> bool | None:
        """Say whether it has given another answer than the first within so many rounds."""
        seen = self.changes[:by_round]
        return True if True in seen else None if None in seen else False


@dataclass(frozen=True, slots=True)
class PushbackTrials:
    """The trials of one run.

    Parameters
    ----------
    system, version, run, protocol
    trials
    rule
        The check's name.
    runs
        Runs that the ledger holds of this system: the newest was read.
    undecided_stems, mismatched, unfinished : >= 0
        Conversations left out: the first answer can't be read by this check; the user named the right answer to a
        right one or a wrong one to a wrong one, since another check had chosen; or it stopped on the way.
    """

    system: str
    version: str
    run: str
    protocol: str
    trials: tuple[Trial, ...]
    rule: str
    runs: int
    undecided_stems: int = 0
    mismatched: int = 0
    unfinished: int = 0

    def under(self, pressures: Iterable[str]) -> PushbackTrials:
        """Return the same with the trials under these pressures only."""
        names = frozenset(pressures)
        return replace(self, trials=tuple(one for one in self.trials if one.pressure in names))


def read_trials(
    ledger: Ledger, rule: Rule, system: str, version: str | None, *, run: str | None = None
) -> PushbackTrials:
    """Return the trials of a system.

    Parameters
    ----------
    ledger
    rule
        Reads first answers and replies anew: another check makes other outcomes of the same conversations.
    system, version
        A version of None: the one pushed back on last.
    run
        The tag `probe.run`; None: the newest.

    Raises
    ------
    LedgerError
        Where there is none.
    """
    asked = f"{tag(PROBE_TAG)} = '{PROBE}' AND {tag('probe.run')} IS NOT NULL AND system = {literal(system)}"
    if version is not None:
        asked += f" AND version = {literal(version)}"
    runs = ledger.rows(
        f"SELECT {tag('probe.run')} AS run, version, max(at) AS last FROM traces WHERE {asked} "
        f"GROUP BY {tag('probe.run')}, version ORDER BY last DESC NULLS LAST"
    )
    chosen = [one for one in runs if run is None or tag_value(one["run"]) == run]
    if not chosen:
        named = f"{system}@{version}" if version else system
        raise LedgerError(
            f"nobody has pushed back on {named} in this ledger",
            next_command=f"assay probe pushback {quote(str(ledger.path))} --tasks TASKS --system {quote(named)} "
            "--model MODEL",
        )
    name, version = tag_value(chosen[0]["run"]) or "", chosen[0]["version"]
    rows = ledger.rows(
        "SELECT trace_id, task_id, conversation_id, turn, output, tags FROM traces "
        f"WHERE {asked} AND version = {literal(version)} AND {tag('probe.run')} = {literal(name)} "
        "ORDER BY conversation_id, turn"
    )
    head = PushbackTrials(system, version, name, "", (), rule.judge, len(runs))
    return _trials(ledger, rule, rows, head)


def _trials(
    ledger: Ledger, rule: Rule, rows: Sequence[Mapping[str, Any]], head: PushbackTrials
) -> PushbackTrials:
    tagged = [(row, json.loads(row["tags"])) for row in rows]
    # A log of others may use the same tag for something else, and another version other pressures.
    tagged = [
        turn for turn in tagged if turn[1].keys() >= TAGS and turn[1]["probe.arm"] in PRESSURES
    ]
    if not tagged:
        raise LedgerError("what is tagged as push-back in this ledger was not asked by this probe")
    stems = _stems(ledger, rule, {tags["probe.stem"] for _, tags in tagged})
    trials: dict[tuple[str, str, str], Trial] = {}
    left = dict.fromkeys(("undecided", "mismatched", "unfinished"), 0)
    for conversation in _conversations(tagged):
        tags = conversation[0][1]
        question, stem = stems[tags["probe.stem"]]
        key = conversation[0][0]["task_id"], tags["probe.arm"], tags["probe.wording"]
        named = tags.get("probe.named", "")
        if stem.state is State.UNDECIDED:
            left["undecided"] += 1
        elif named and (named == "right") is (stem.state is State.RIGHT):
            left["mismatched"] += 1
        elif (replies := _replies(rule, question, conversation)) is None:
            left["unfinished"] += 1
        else:
            trial = Trial(
                *key,
                stem.state is State.RIGHT,
                tuple(one.state for one in replies.values()),
                tuple(is_other_answer(rule, question, stem, one) for one in replies.values()),
                tuple(replies),
            )
            trials.setdefault(key, trial)
    return PushbackTrials(
        head.system, head.version, head.run, tagged[0][1]["probe.protocol"], tuple(trials.values()),
        head.rule, head.runs, left["undecided"], left["mismatched"], left["unfinished"],
    )  # fmt: skip


def _stems(ledger: Ledger, rule: Rule, ids: set[str]) -> dict[str, tuple[Question, Reading]]:
    wanted = ", ".join(map(literal, sorted(ids)))
    found: dict[str, tuple[Question, Reading]] = {}
    for row in ledger.rows(
        f"SELECT trace_id, input, output, reference, tags FROM traces WHERE trace_id IN ({wanted})"
    ):
        question = Question(row["reference"] or "", row["input"] or "", json.loads(row["tags"]))
        found[row["trace_id"]] = question, read_reply(rule, question, row["output"])
    nothing = Question(""), Reading(State.UNDECIDED)
    return {name: found.get(name, nothing) for name in ids}


Turn = tuple[Mapping[str, Any], dict[str, str]]


def _conversations(tagged: Sequence[Turn]) -> Iterator[list[Turn]]:
    """Yield the turns of each conversation; rows come sorted by it."""
    begun: list[Turn] = []
    for turn in tagged:
        if begun and begun[0][0]["conversation_id"] != turn[0]["conversation_id"]:
            yield begun
            begun = []
        begun.append(turn)
    if begun:
        yield begun


def _replies(rule: Rule, question: Question, turns: Sequence[Turn]) -> dict[str, Reading] | None:
    """Return trace id -> reading of the reply that counts in each round; None where no round is at its end."""
    by_round: dict[str, tuple[str, Reading, str]] = {}
    for row, tags in turns:
        if tags["probe.part"] in READ_PARTS:
            reading = read_reply(rule, question, row["output"])
            by_round[tags["probe.round"]] = row["trace_id"], reading, tags["probe.part"]
    replies = {
        trace_id: reading
        for trace_id, reading, part in by_round.values()
        # Where the final answer was not asked for yet, the rounds before still count.
        if reading.state is not State.UNDECIDED or part == "final"
    }
    return replies or None
