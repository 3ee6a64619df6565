"""A ledger's answers as the detector sees them: read in batches, kept as columns of small codes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from assay.judge.check import Item
from assay.judge.run_check import Selection
from assay.ledger.population import tag, tag_value
from assay.ledger.store import Ledger
from assay.probe.knows import Detector, Parsed, Reasoned, State, answer_key
from assay.probe.knows_disputed import DisputeRule, disputed_answers
from assay.probe.knows_kinds import Kind

IntArray = npt.NDArray[np.int64]

ROWS_AT_ONCE = 5_000
CHARACTERS_AT_ONCE = 20_000_000

KINDS = tuple(Kind)
NO_KIND = -1

PROBE_TAG, PROBE = "probe", "knows"
"""The tag of the tasks that this probe asks in two turns: the first turn's output is the second's reasoning."""

_ASKED = f"{tag(PROBE_TAG)} = '{PROBE}'"
_COLUMNS = (
    "trace_id", "task_id", "system", "version", "epoch", "input", "output", "answer", "reasoning", "reference",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """An answer of the ledger: what the detector is given, and where it belongs."""

    given: Reasoned
    task_id: str
    epoch: int
    variant: str
    """Prompt variant it was asked with; empty: the input as it is."""


@dataclass(slots=True)
class KnowsColumns:
    """Answers, parsed: one entry an answer in each column.

    Parameters
    ----------
    systems, tasks, variants
        Names of the codes, in their order.
    system, task, variant, epoch
        Where an answer belongs.
    answer, conclusion
        `assay.probe.knows.State`.
    contradicts : 0 or 1
    kind
        Place in `KINDS`; -1 where the answer is right.
    key
        Code of what was answered; -1: nothing.
    wrong_ids
        Trace ids of the wrong answers, by their place in the columns.
    rules
        By which rule a wrong answer is of its kind, by place; only where a rule has a name.
    unjudged
        Answers of which the comparison could not speak, by system.
    disputed_tasks
        Tasks whose reference is disputed; of chosen systems, those on which they give the other answer.
    """

    systems: list[str]
    tasks: int
    variants: list[str]
    system: IntArray
    task: IntArray
    variant: IntArray
    epoch: IntArray
    answer: IntArray
    conclusion: IntArray
    contradicts: IntArray
    kind: IntArray
    key: IntArray
    wrong_ids: dict[int, str]
    rules: dict[int, str]
    unjudged: dict[str, int]
    disputed_tasks: int = 0

    def first_answers(self) -> npt.NDArray[np.bool_]:
        """Return which answers are the first of their system to their task, so that each task counts once."""
        order = np.lexsort((np.arange(len(self.task)), self.epoch, self.task, self.system))
        pairs = np.stack([self.system[order], self.task[order]])
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
        chosen = np.zeros(len(order), dtype=bool)
        chosen[order[fresh]] = True
        return chosen


@dataclass(slots=True)
class _Codes:
    """Texts as numbers, in the order in which they came."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))


def read_columns(
    ledger: Ledger,
    detector: Detector,
    *,
    chosen: Selection | None = None,
    rule: DisputeRule | None = None,
    two_turns: bool = False,
    progress: Callable[[int, float | None], None] | None = None,
) -> KnowsColumns:
    """Parse every answer that has a reference.

    Parameters
    ----------
    ledger
        Traces.
    detector
        The parsers and the comparison.
    chosen
        Which answers the result is about; all of them where None. The other systems' answers to the same tasks in the
        same window are read too: they may dispute a reference.
    rule
        When a reference is disputed; None: the rule as it comes.
    two_turns
        Read only what this probe has asked in two turns.
    progress
        Called after each batch with the answers read and the share of all.

    Returns
    -------
    KnowsColumns
    """
    chosen = chosen or Selection()
    where = _where(Selection(start=chosen.start, end=chosen.end), two_turns)
    if chosen.system is not None or chosen.version is not None:
        own = f"SELECT DISTINCT task_id FROM traces WHERE {_where(chosen, two_turns)}"
        where += f" AND traces.task_id IN ({own})"
    total = int(ledger.rows(f"SELECT count(*) AS n FROM traces WHERE {where}")[0]["n"])
    gathered = _Gathered(detector)
    for batch in _batches(answers_of(ledger, where)):
        gathered.take(batch, detector.parse([one.given for one in batch]))
        if progress:
            progress(gathered.seen, min(1.0, gathered.seen / max(total, 1)))
    columns = _with_disputes(gathered.columns(), rule or DisputeRule())
    names = ledger.rows(f"SELECT DISTINCT system, version FROM traces WHERE {chosen.condition()}")
    return _only(columns, {_named(row["system"], row["version"]) for row in names})


def answers_of(ledger: Ledger, where: str) -> Iterator[Read]:
    """Yield the answers that a condition on `traces` takes, each with its reasoning."""
    two_turns = ledger.rows(f"SELECT count(*) AS n FROM traces WHERE turn = 0 AND {_ASKED}")[0]["n"]
    columns = [f"traces.{name}" for name in _COLUMNS]
    columns.append(f"{tag('ask.prompt')} AS variant")
    join = ""
    if two_turns:
        columns.append("before.output AS thought")
        join = (
            f" LEFT JOIN (SELECT conversation_id, output FROM traces WHERE turn = 0 AND {_ASKED}) AS before "
            "ON before.conversation_id = traces.conversation_id"
        )
    sql = f"SELECT {', '.join(columns)} FROM traces{join} WHERE {where}"
    names = [*_COLUMNS, "variant", *(["thought"] if two_turns else [])]
    for batch in ledger.query(sql):
        for values in zip(*(batch[name].to_pylist() for name in names), strict=True):
            yield _read(dict(zip(names, values, strict=True)))


def _where(chosen: Selection | None, two_turns: bool) -> str:
    parts = ["traces.reference IS NOT NULL", (chosen or Selection()).condition()]
    # An answer to the same task in another protocol is another answer: the two are never mixed.
    return " AND ".join([*parts, _ASKED if two_turns else f"({_ASKED}) IS NOT TRUE"])


def _read(row: dict[str, str | int | None]) -> Read:
    texts = {name: None if row.get(name) is None else str(row[name]) for name in row}
    item = Item(
        output=texts["output"] or "",
        reference=texts["reference"],
        answer=texts["answer"],
        input=texts["input"] or "",
        trace_id=texts["trace_id"] or "",
        system=_named(texts["system"], texts["version"]),
    )
    thought = texts.get("thought")
    reasoning = thought if thought is not None else texts["reasoning"]
    epoch = row["epoch"]
    variant = tag_value(texts["variant"]) or ""
    return Read(
        Reasoned(item, reasoning),
        texts["task_id"] or "",
        epoch if isinstance(epoch, int) else 1,
        variant,
    )


def _named(system: str | None, version: str | None) -> str:
    return f"{system or ''}@{version}" if version else system or ""


def _only(columns: KnowsColumns, systems: set[str]) -> KnowsColumns:
    """Return the columns of some systems; what others said of the same tasks has had its effect."""
    if systems.issuperset(columns.systems):
        return columns
    kept = [code for code, name in enumerate(columns.systems) if name in systems]
    chosen = np.isin(columns.system, kept)
    new_place = np.cumsum(chosen) - 1
    code = np.zeros(max(len(columns.systems), 1), dtype=np.int64)
    code[kept] = np.arange(len(kept))
    cut = {name: getattr(columns, name)[chosen] for name in _Gathered.NAMES}
    return replace(
        columns,
        **cut | {"system": code[cut["system"]]},
        systems=[columns.systems[one] for one in kept],
        wrong_ids={int(new_place[p]): name for p, name in columns.wrong_ids.items() if chosen[p]},
        rules={int(new_place[p]): rule for p, rule in columns.rules.items() if chosen[p]},
        unjudged={name: count for name, count in columns.unjudged.items() if name in systems},
        disputed_tasks=len(
            np.unique(columns.task[chosen][cut["kind"] == KINDS.index(Kind.DISPUTED)])
        ),
    )


def _batches(found: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    size = 0
    for one in found:
        batch.append(one)
        size += len(one.given.item.output) + len(one.given.reasoning or "")
        if len(batch) >= ROWS_AT_ONCE or size > CHARACTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Gathered:
    """Columns that grow batch by batch."""

    NAMES = (
        "system", "task", "variant", "epoch", "answer", "conclusion", "contradicts", "kind", "key",
    )  # fmt: skip

    def __init__(self, detector: Detector) -> None:
        self._numeric = detector.is_numeric
        self._systems, self._tasks, self._variants, self._keys = (_Codes() for _ in range(4))
        self._columns = {name: array("q") for name in self.NAMES}
        self._ids: dict[int, str] = {}
        self._rules: dict[int, str] = {}
        self._unjudged: dict[str, int] = {}
        self.seen = 0

    def take(self, batch: list[Read], parsed: list[Parsed | None]) -> None:
        for one, found in zip(batch, parsed, strict=True):
            self.seen += 1
            item = one.given.item
            if found is None:
                self._unjudged[item.system] = self._unjudged.get(item.system, 0) + 1
                continue
            place = len(self._columns["task"])
            key = answer_key(found.answer, numeric=self._numeric)
            values = (
                self._systems.of(item.system), self._tasks.of(one.task_id), self._variants.of(one.variant), one.epoch,
                int(found.answer_state), int(found.conclusion_state), int(found.contradicts),
                NO_KIND if found.kind is None else KINDS.index(found.kind),
                -1 if key is None else self._keys.of(key),
            )  # fmt: skip
            for name, value in zip(self.NAMES, values, strict=True):
                self._columns[name].append(value)
            if found.answer_state is not State.RIGHT:
                self._ids[place] = item.trace_id
            if found.rule:
                self._rules[place] = found.rule

    def columns(self) -> KnowsColumns:
        made = {name: np.array(column, dtype=np.int64) for name, column in self._columns.items()}
        return KnowsColumns(
            systems=list(self._systems.known),
            tasks=len(self._tasks.known),
            variants=list(self._variants.known),
            system=made["system"],
            task=made["task"],
            variant=made["variant"],
            epoch=made["epoch"],
            answer=made["answer"],
            conclusion=made["conclusion"],
            contradicts=made["contradicts"],
            kind=made["kind"],
            key=made["key"],
            wrong_ids=self._ids,
            rules=self._rules,
            unjudged=self._unjudged,
        )


def _with_disputes(columns: KnowsColumns, rule: DisputeRule) -> KnowsColumns:
    """Call wrong answers disputed that give the other answer of a disputed task; format faults stay what they are."""
    first = columns.first_answers()
    right = (columns.answer == State.RIGHT).astype(np.int64)
    found = disputed_answers(
        columns.task[first], columns.system[first], right[first], columns.key[first], rule=rule
    )
    other = np.full(max(columns.tasks, 1), -2, dtype=np.int64)
    for task, key in found.items():
        other[task] = key
    if len(columns.task):
        format_fault = KINDS.index(Kind.FORMAT)
        disputed = (
            (right == 0) & (columns.kind != format_fault) & (columns.key == other[columns.task])
        )
        columns.kind[disputed] = KINDS.index(Kind.DISPUTED)
    columns.disputed_tasks = len(found)
    return columns
