"""Repeats of tasks as columns: which asks are of one task, under one wording, and what each said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import BadInput
from assay.judge.agreement import AgreementJudge
from assay.judge.check import Item, Parser
from assay.ledger.answers import UNJUDGED, AnswerQuery, Answers, read_answers
from assay.ledger.store import Ledger, literal

IntArray = npt.NDArray[np.int64]

SETTINGS = ("ask.prompt", "ask.model", "ask.temperature", "ask.max_tokens")
"""Tags of settings that change answers: under others of these, an ask of the same task is no repeat."""

UNREAD = -1
"""Code of an answer that the parser can't read."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The asks of one system in one version, sorted by task.

    Parameters
    ----------
    system, version
    task : shape (n,)
        Code of the task: the sampling unit.
    cell : shape (n,)
        Code of task, turn and wording: asks of one cell are repeats.
    wording : shape (n,)
        Code into `wordings`.
    run : shape (n,)
        Which ask of its cell, from 0.
    wrong : shape (n,), 1, 0, or `UNJUDGED`
    raw, answer : shape (n,), >= 0; `UNREAD` where the parser gives up
        Codes of the whole output and of the parsed answer; the same code is the same text.
    trace_ids : length n
    wordings, settings
        What tells the wordings of this version apart, in words; and all settings of each, the same for the same wording
        of another version.
    judges, judge_kinds
        Who said right or wrong of any of them.
    cell_names
        Task and turn of each cell.
    has_turns
        Whether turns of conversations are among them.
    """

    system: str
    version: str
    task: IntArray
    cell: IntArray
    wording: IntArray
    run: IntArray
    wrong: IntArray
    raw: IntArray
    answer: IntArray
    trace_ids: tuple[str, ...]
    wordings: tuple[str, ...]
    settings: tuple[tuple[str, ...], ...]
    judges: tuple[str, ...]
    judge_kinds: tuple[str, ...]
    cell_names: tuple[tuple[str, int], ...]
    has_turns: bool

    @property
    def name(self) -> str:
        """The system as a person writes it."""
        return f"{self.system}@{self.version}" if self.version else self.system


def read_repeats(
    ledger: Ledger, *, system: str | None, version: str | None, judge: str | None, parser: Parser
) -> list[Repeats]:
    """Return the asks of each system and version in a ledger.

    Parameters
    ----------
    ledger
    system, version
        Only this one; None: all.
    judge
        Whose verdicts say right or wrong; None: people's, else those of checks, as `assay.ledger.answers` has it.
    parser
        What is taken out of an output as its answer.

    Raises
    ------
    BadInput
        Where there is no such system, or no such judge.
    """
    condition = "TRUE" if version is None else f"coalesce(traces.version, '') = {literal(version)}"
    query = AnswerQuery(
        systems=None if system is None else ((system, None),),
        judge=judge,
        texts=("output", "answer", "input", "tags"),
        condition=condition,
    )
    answers = read_answers(ledger, query)
    if not len(answers):
        raise BadInput(
            f"the ledger has no answer of {system or 'any system'}{f'@{version}' if version else ''}",
            next_command=f"assay ledger info {ledger.typed}",
        )
    if judge is not None and not answers.judges:
        raise BadInput(
            f"no verdict here is by {judge!r}", next_command=f"assay ledger info {ledger.typed}"
        )
    pairs = np.unique(np.column_stack([answers.system, answers.version]), axis=0)
    return [
        _of(answers, np.flatnonzero((answers.system == s) & (answers.version == v)), parser)
        for s, v in pairs
    ]


def _of(answers: Answers, rows: IntArray, parser: Parser) -> Repeats:
    wording, names, settings = _wordings([answers.texts["tags"][row] for row in rows])
    task, turn = answers.task[rows], answers.turn[rows]
    cells, cell = np.unique(np.column_stack([task, turn, wording]), axis=0, return_inverse=True)
    outputs = [answers.texts["output"][row] or "" for row in rows]
    items = [
        Item(output, None, answers.texts["answer"][row], answers.texts["input"][row] or "")
        for output, row in zip(outputs, rows, strict=True)
    ]
    judges = np.unique(answers.judge[rows])
    judges = judges[judges != UNJUDGED]
    first = int(rows[0])
    return Repeats(
        system=answers.systems[answers.system[first]],
        version=answers.versions[answers.version[first]],
        task=np.unique(task, return_inverse=True)[1].astype(np.int64),
        cell=cell.ravel().astype(np.int64),
        wording=wording,
        run=_rank(cell.ravel()),
        wrong=answers.wrong[rows].astype(np.int64),
        raw=_coded([_digest(output) for output in outputs]),
        answer=_parsed(outputs, items, parser),
        trace_ids=tuple(answers.trace_ids[row] for row in rows),
        wordings=names,
        settings=settings,
        judges=tuple(answers.judges[judge] for judge in judges),
        judge_kinds=tuple(answers.judge_kinds[judge] for judge in judges),
        cell_names=tuple((answers.tasks[of_task], int(of_turn)) for of_task, of_turn, _ in cells),
        has_turns=bool(np.unique(turn).size > 1),
    )


def _wordings(
    tags: Sequence[str | None],
) -> tuple[IntArray, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the code of each ask's settings, what tells the settings apart, and the settings."""
    known: dict[str | None, tuple[str, ...]] = {}
    for text in set(tags):
        told: Mapping[str, str] = json.loads(text) if text else {}
        known[text] = tuple(told.get(name, "") for name in SETTINGS)
    kinds = sorted(set(known.values()))
    varying = [place for place in range(len(SETTINGS)) if len({kind[place] for kind in kinds}) > 1]
    names = tuple(
        "; ".join(f"{SETTINGS[place]} {kind[place] or 'unset'}" for place in varying)
        for kind in kinds
    )
    code = {kind: place for place, kind in enumerate(kinds)}
    return np.array([code[known[text]] for text in tags], dtype=np.int64), names, tuple(kinds)


def _rank(cell: IntArray) -> IntArray:
    """Return which ask of its cell each is, in the order of the rows."""
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    begins = np.searchsorted(ordered, ordered)
    rank = np.empty(len(cell), dtype=np.int64)
    rank[order] = np.arange(len(cell)) - begins
    return rank


def _parsed(outputs: Sequence[str], items: Sequence[Item], parser: Parser) -> IntArray:
    same = AgreementJudge("epochs", parser)
    keys: list[str | None] = []
    for place, taken in enumerate(parser.take(outputs, items)):
        if taken.gave_up:
            keys.append(None)
        elif taken.text is None:
            # An output that answers nothing agrees with no other, as in the agreement judge.
            keys.append(f"nothing {place}")
        else:
            keys.append("said " + same.key(taken.text))
    return _coded(keys)


def _coded(keys: Sequence[str | None]) -> IntArray:
    codes: dict[str, int] = {}
    return np.array(
        [UNREAD if key is None else codes.setdefault(key, len(codes)) for key in keys],
        dtype=np.int64,
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
