"""Which column of someone's table is which of Assay's, and rows made from it.

A mapping is a dict from key to the file's column. The keys are the columns of a trace line, and

* ``latency_ms``, ``latency_us``, ``latency_ns``: a latency that is not in seconds;
* ``at.month_first``, ``at.day_first``: times such as 07/02/2023, whose order must be known;
* ``tags.NAME``: a tag;
* ``right:COLUMN``, ``wrong:COLUMN``, with the judge's kind as ``right.person:COLUMN``: a column that says whether the
  answer was right. The column is part of the key because there may be several, each a judge of its own.

A key with an empty column says that there is none, and keeps it from being guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches

from assay.errors import BadInput
from assay.ledger.ingest.cells import (
    DateOrder,
    Verdict,
    as_microseconds,
    as_number,
    error_probability,
    not_known,
)
from assay.ledger.ingest.record import Record, Row, trace_row, verdict_row
from assay.ledger.ingest.source import ReadOptions
from assay.ledger.schema import JUDGE_KINDS, TRACES

TRACE_KEYS = tuple(c.name for c in TRACES if c.name not in ("tags", "source"))
LATENCY_UNITS = {
    "latency_seconds": 1.0,
    "latency_ms": 1e3,
    "latency_us": 1e6,
    "latency_ns": 1e9,
}
"""Key -> how many of the unit make a second."""

TIME_ORDERS = {
    "at": None,
    "at.month_first": DateOrder.MONTH_FIRST,
    "at.day_first": DateOrder.DAY_FIRST,
}
VERDICT_KEYS = ("right", "wrong")

_NUMBER_KEYS = tuple(c.name for c in TRACES if c.type in ("float", "integer"))
_IDENTITY_KEYS = ("trace_id", "task_id", "system", "conversation_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNNAMED = re.compile(r"\s*|Unnamed: \d+(\.\d+)*|__index_level_\d+__")
_PERSON = re.compile("human|person|annotator|reviewer|label|expert")
_MODEL = re.compile("judge|llm|gpt|model|grader")


@dataclass(frozen=True, slots=True)
class VerdictColumn:
    """A column that says whether the answer was right: a judge."""

    column: str
    judge_kind: str
    yes_is_wrong: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping taken apart once, so that each row is quick."""

    texts: tuple[tuple[str, str], ...]
    """(trace column, file's column) where the cell is taken as it is."""
    numbers: tuple[tuple[str, str], ...]
    """The same where a cell such as "nan" means unknown."""
    latency: tuple[str, float] | None
    time: tuple[str, DateOrder | None] | None
    tags: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictColumn, ...]
    used: frozenset[str]
    """Columns that are spoken for; the others become tags."""


def parse_mapping(text: str) -> dict[str, str]:
    r"""Return the mapping that a user typed.

    Parameters
    ----------
    text
        KEY=COLUMN, separated by commas; a comma in a column's name is written ``\,``.

    Raises
    ------
    BadInput
        Where a key is not known or given twice.

    Examples
    --------
    >>> parse_mapping("output=answer,system=model,right.person=label")
    {'output': 'answer', 'system': 'model', 'right.person:label': 'label'}
    """
    mapping: dict[str, str] = {}
    for part in re.split(r"(?<!\\),", text):
        if not part.strip():
            continue
        key, equals, column = part.partition("=")
        key, column = key.strip(), column.strip().replace("\\,", ",")
        if not equals:
            raise BadInput(
                f"`{part.strip()}` must be KEY=COLUMN",
                next_command="--map output=answer,system=model",
            )
        _check_key(key)
        name = f"{key}:{column}" if key.split(".")[0] in VERDICT_KEYS and column else key
        if name in mapping:
            raise BadInput(f"`{key}` is mapped twice, to `{mapping[name]}` and to `{column}`")
        mapping[name] = column
    return mapping


def format_mapping(mapping: Mapping[str, str]) -> str:
    r"""Return a mapping as a user would type it: the inverse of `parse_mapping`.

    Examples
    --------
    >>> format_mapping({"output": "the answer, in full", "right.check:exact": "exact"})
    'output=the answer\\, in full,right.check=exact'
    """
    return ",".join(
        f"{key.partition(':')[0]}={column.replace(',', chr(92) + ',')}"
        for key, column in mapping.items()
    )


def judge_kind_of(column: str) -> str:
    """Return who judges, by the name of the column: person, model or check.

    Examples
    --------
    >>> [judge_kind_of(name) for name in ("human_ok", "gpt4_correct", "exact_match")]
    ['person', 'model', 'check']
    """
    name = column.lower()
    if _PERSON.search(name):
        return "person"
    return "model" if _MODEL.search(name) else "check"


def make_plan(mapping: Mapping[str, str]) -> Plan:
    """Return the mapping taken apart.

    Raises
    ------
    BadInput
        Where a key is not known, two keys mean the same, or a column is both right and wrong.
    """
    given = {key: column for key, column in mapping.items() if column}
    for key in given:
        _check_key(key.partition(":")[0])
    latency = _only_one(given, LATENCY_UNITS)
    time = _only_one(given, TIME_ORDERS)
    plain = [(k, c) for k, c in given.items() if k in TRACE_KEYS and k not in (latency, time)]
    tags = [(key[5:], column) for key, column in given.items() if key.startswith("tags.")]
    return Plan(
        texts=tuple(pair for pair in plain if pair[0] not in _NUMBER_KEYS),
        numbers=tuple(pair for pair in plain if pair[0] in _NUMBER_KEYS),
        latency=(given[latency], LATENCY_UNITS[latency]) if latency else None,
        time=(given[time], TIME_ORDERS[time]) if time else None,
        tags=tuple(tags),
        verdicts=tuple(_verdict_columns(given)),
        used=frozenset(given.values()),
    )


def check_columns(mapping: Mapping[str, str], columns: Collection[str], where: str) -> None:
    """Refuse a mapping that names a column that is not there.

    Raises
    ------
    BadInput
        Names the column, those that are there, and a near one.
    """
    for key, column in mapping.items():
        if column and column not in columns:
            near = get_close_matches(column, list(columns)[:1000], n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise BadInput(
                f"`{key.partition(':')[0]}` is mapped to `{column}`, which is not a column{hint} "
                f"There are: {name_columns(columns)}",
                where=where,
            )


def name_columns(columns: Iterable[str]) -> str:
    """Return the names of columns for a message, the first 30 of them."""
    names = [f"`{name}`" if len(name) <= 60 else f"`{name[:57]}...`" for name in columns]
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return ", ".join(names[:30]) + more


def apply_mapping(
    row: Mapping[str, object],
    plan: Plan,
    options: ReadOptions,
    *,
    line: int,
    row_id: str,
    place: str,
) -> Record:
    """Return the trace and the verdicts that a row of a table holds.

    Parameters
    ----------
    row
        The file's column -> cell.
    plan
        From `make_plan`.
    options
        What the user says where the row doesn't.
    line, row_id, place
        Where the row stands; `row_id` is its identity where it brings none.

    Raises
    ------
    RowError
        Where a cell can't be what its column says. A blank right-or-wrong cell is no verdict.
    """
    values = {name: _text_cell(name, row.get(column)) for name, column in plan.texts}
    for name, column in plan.numbers:
        cell = row.get(column)
        values[name] = None if not_known(cell) else cell
    if plan.latency:
        values["latency_seconds"] = _seconds(row.get(plan.latency[0]), plan.latency[1])
    if plan.time:
        values["at"] = _moment(row.get(plan.time[0]), plan.time[1])
    values["system"] = values.get("system") or options.system
    values["version"] = values.get("version") or options.version
    values["origin"] = values.get("origin") or options.origin
    values["tags"] = _tags(row, plan)
    stated = list(_stated(row, plan))
    if stated and values.get("output") is None and values.get("answer") is None:
        # It was judged, so there was an answer, with nothing in it. To leave it out would hide an error.
        values["output"] = ""
    trace = trace_row(values, trace_id=row_id, source=place)
    return Record(line, (trace,), tuple(_verdict(trace, *one) for one in stated))


def _text_cell(name: str, cell: object) -> object:
    # An empty output is an answer, and a wrong one; anything else that is empty is not known.
    if cell == "" and name not in ("output", "answer"):
        return None
    # Identities that went through a table of floats, as pandas makes of integers beside a missing one.
    if isinstance(cell, float) and name in _IDENTITY_KEYS and cell.is_integer():
        return int(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def _seconds(cell: object, per_second: float) -> object:
    if not_known(cell):
        return None
    number = as_number(cell)
    return cell if number is None else number / per_second


def _moment(cell: object, order: DateOrder | None) -> datetime | None:
    moment = as_microseconds("at", cell, order)
    return None if moment is None else _EPOCH + timedelta(microseconds=moment)


def _tags(row: Mapping[str, object], plan: Plan) -> dict[str, object]:
    tags = {name: row.get(column) for name, column in plan.tags}
    for column, cell in row.items():
        if column not in plan.used and not unnamed(column):
            tags.setdefault(column.removeprefix("tags."), cell)
    return {
        name: _text_cell("tags", cell)
        for name, cell in tags.items()
        if cell is not None and cell != ""
    }


def _stated(row: Mapping[str, object], plan: Plan) -> Iterator[tuple[VerdictColumn, float | None]]:
    for judge in plan.verdicts:
        stated = error_probability(
            judge.column, row.get(judge.column), yes_is_wrong=judge.yes_is_wrong
        )
        if stated is not Verdict.NONE:
            yield judge, None if stated is Verdict.UNSURE else stated


def _verdict(trace: Row, judge: VerdictColumn, probability: float | None) -> Row:
    values = {
        "trace_id": trace["trace_id"],
        "judge": judge.column,
        "judge_kind": judge.judge_kind,
        "error_probability": probability,
    }
    return verdict_row(values, source=str(trace["source"]))


def unnamed(column: str) -> bool:
    """Say whether a column is a table's row numbers, saved without a name.

    Examples
    --------
    >>> [unnamed(name) for name in ("", "Unnamed: 0", "__index_level_0__", "name")]
    [True, True, True, False]
    """
    return _UNNAMED.fullmatch(column) is not None


def _check_key(key: str) -> None:
    stem, _, kind = key.partition(".")
    if stem in VERDICT_KEYS and (not kind or kind in JUDGE_KINDS):
        return
    if key in TRACE_KEYS or key in LATENCY_UNITS or key in TIME_ORDERS or (stem == "tags" and kind):
        return
    if stem in VERDICT_KEYS:
        raise BadInput(f"`{key}` must end in one of {', '.join(JUDGE_KINDS)}, got `{kind}`")
    known = [*TRACE_KEYS, *LATENCY_UNITS, *TIME_ORDERS, *VERDICT_KEYS, "tags.NAME"]
    near = get_close_matches(key, known, n=1)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    raise BadInput(
        f"`{key}` is not a key of a mapping. {hint}The keys are {', '.join(dict.fromkeys(known))}"
    )


def _only_one(given: Mapping[str, str], keys: Iterable[str]) -> str:
    found = [key for key in keys if key in given]
    if len(found) > 1:
        raise BadInput(
            f"`{found[0]}` and `{found[1]}` can't both be mapped: they are one column of a trace"
        )
    return found[0] if found else ""


def _verdict_columns(given: Mapping[str, str]) -> Iterable[VerdictColumn]:
    seen: set[str] = set()
    for key, column in given.items():
        stem, _, kind = key.partition(":")[0].partition(".")
        if stem not in VERDICT_KEYS:
            continue
        if column in seen:
            raise BadInput(f"`{column}` is mapped twice as right or wrong; one column is one judge")
        seen.add(column)
        yield VerdictColumn(column, kind or judge_kind_of(column), stem == "wrong")
