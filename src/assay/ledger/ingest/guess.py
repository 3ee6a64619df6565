"""Guessing which column is which: only where name and values leave no doubt, and saying what was left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from statistics import median

from assay.errors import BadInput
from assay.ledger.ingest.cells import (
    DateOrder,
    Verdict,
    as_microseconds,
    as_number,
    error_probability,
    is_slashed,
    not_known,
    slashed_order,
    speaks_for_itself,
)
from assay.ledger.ingest.column_names import (
    NAMES,
    OPEN_NAMES,
    RIGHT_NAMES,
    WRONG_NAMES,
    latency_unit,
    plain_name,
    without_dollars,
    without_judge,
)
from assay.ledger.ingest.mapping import TIME_ORDERS, VERDICT_KEYS, judge_kind_of, unnamed
from assay.ledger.ingest.record import RowError
from assay.ledger.schema import ORIGINS, TRACES

Cells = Callable[[str], Sequence[object]]
"""Column -> its cells in the sample."""

FITTING_SHARE = 0.9
"""A column of numbers or times may hold a few cells that are none: their rows are refused, the others kept."""

YEAR_2000 = 946_684_800_000_000
LONG_SYSTEM_CHARACTERS = 100
LONG_LATENCY_SECONDS = 600.0
"""A median answer of over ten minutes: the column is likelier in milliseconds."""

_COLUMN_ORDER = {column.name: place for place, column in enumerate(TRACES)}
_COUNTS = ("prompt_tokens", "completion_tokens", "turn", "epoch")


@dataclass(frozen=True, slots=True)
class MappingGuess:
    """Which columns were recognised, and what was left open."""

    mapping: dict[str, str]
    """Key -> column, as in `assay.ledger.ingest.mapping`."""
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Key -> the columns of which any could be it; none is taken."""
    unmapped: tuple[str, ...] = ()
    """Columns that become tags."""
    notes: tuple[str, ...] = ()
    """What was read into the columns, in words."""


def guess_mapping(
    columns: Sequence[str],
    sample_rows: Sequence[Mapping[str, object]],
    given: Mapping[str, str] | None = None,
) -> MappingGuess:
    """Guess which column is which.

    Parameters
    ----------
    columns
        Names of the file's columns.
    sample_rows
        Column -> cell, for as many rows as there are to look at.
    given
        What the user said: it is kept, and only the rest is guessed. Right-or-wrong columns are guessed only where the
        user names none.

    Raises
    ------
    BadInput
        Where a time that the user mapped is written so that day and month can't be told apart.

    Examples
    --------
    >>> rows = [{"model": "m", "question": "2+2?", "reply": "4", "correct": "yes", "ms": "7"}]
    >>> guess_mapping(list(rows[0]), rows).mapping
    {'system': 'model', 'input': 'question', 'output': 'reply', 'right:correct': 'correct'}
    """

    @cache
    def cells(column: str) -> list[object]:
        return [cell for row in sample_rows if not not_known(cell := row.get(column))]

    return _Guess(columns, cells, sample_rows, given or {}).made()


class _Guess:
    """The state of one guess: what is settled, and what is left."""

    def __init__(
        self,
        columns: Sequence[str],
        cells: Cells,
        rows: Sequence[Mapping[str, object]],
        given: Mapping[str, str],
    ) -> None:
        self._columns = [column for column in columns if not unnamed(column)]
        self._plain = {column: plain_name(column) for column in self._columns}
        self._cells = cells
        self._rows = rows
        self._mapping: dict[str, str] = {}
        self._ambiguous: dict[str, tuple[str, ...]] = {}
        self._notes: list[str] = []
        self._taken: set[str] = set()
        self._settled: set[str] = set()
        for key, column in given.items():
            self._take_given(key, column)

    def made(self) -> MappingGuess:
        if not self._settled & set(VERDICT_KEYS):
            self._find_verdicts()
        for key in NAMES:
            if key not in self._settled and key not in self._mapping:
                self._find(key)
        self._place_answer()
        for column in self._columns:
            if column.startswith("tags.") and column not in self._taken:
                self._settle(column, column)
        left = tuple(column for column in self._columns if column not in self._taken)
        mapping = dict(sorted(self._mapping.items(), key=lambda pair: _place(pair[0])))
        return MappingGuess(mapping, self._ambiguous, left, tuple(self._notes))

    def _take_given(self, key: str, column: str) -> None:
        stem = key.partition(":")[0].partition(".")[0]
        stem = "latency_seconds" if stem.startswith("latency_") else stem
        self._settled.add(key if stem == "tags" else stem)
        if key == "latency_seconds" and column:
            unit = latency_unit(plain_name(column))[1]
            if unit not in ("", "latency_seconds"):
                key = unit
                self._notes.append(f"`{column}` is in {unit[8:]} by its name, and is divided")
        if key == "at" and column and any(map(is_slashed, self._cells(column))):
            key, why = self._dated(column)
            if not key:
                raise BadInput(
                    f"`at` is mapped to `{column}`, where {why}",
                    next_command=f"--map at.day_first={column} or --map at.month_first={column}",
                )
            self._notes.append(f"`{column}` has the {key[3:].replace('_', ' ')}: {why}")
        self._settle(key, column)

    def _settle(self, key: str, column: str) -> None:
        self._mapping[key] = column
        self._taken.add(column)

    def _find(self, key: str) -> None:
        for group in NAMES[key]:
            for named in (partial(self._is_named, key, group), partial(self._ends_as, key, group)):
                found = [c for c in self._columns if c not in self._taken and named(c)]
                found = [c for c in found if self._fits(key, c)]
                if len(found) == 1 or (found and self._all_alike(found)):
                    self._take(key, found[0])
                    return
                if found:
                    self._ambiguous[key] = tuple(found)
                    return

    def _is_named(self, key: str, group: frozenset[str], column: str) -> bool:
        return _bare(key, self._plain[column]) in group

    def _ends_as(self, key: str, group: frozenset[str], column: str) -> bool:
        # A nested value: `usage.prompt_tokens`, `metadata.model`.
        return "." in column and _bare(key, plain_name(column.rpartition(".")[2])) in group

    def _all_alike(self, columns: Sequence[str]) -> bool:
        return all(len({str(row.get(column)) for column in columns}) == 1 for row in self._rows)

    def _take(self, key: str, column: str) -> None:
        name = self._plain[column]
        if key == "latency_seconds":
            unit = latency_unit(name)[1]
            self._notes.append(
                f"`{column}` is in {unit[8:]} by its name"
                + ", and is divided" * (unit != "latency_seconds")
                if unit
                else f"`{column}` is read as seconds: its name gives no unit"
            )
            key = unit or key
        elif key == "cost_usd" and without_dollars(name) == name and key != name:
            self._notes.append(f"`{column}` is read as US dollars: its name gives no currency")
        elif key == "at" and any(map(is_slashed, self._cells(column))):
            key, why = self._dated(column)
            self._notes.append(f"`{column}` has the {key[3:].replace('_', ' ')}: {why}")
        self._settle(key, column)

    def _dated(self, column: str) -> tuple[str, str]:
        order, why = slashed_order(self._cells(column))
        return (f"at.{order.value}" if order else ""), why

    def _fits(self, key: str, column: str) -> bool:
        cells = self._cells(column)
        if not cells:
            return False
        if key == "at":
            return self._fits_time(column, cells)
        if key in ("latency_seconds", "cost_usd"):
            return _share(
                cells, lambda c: (as_number(c) or 0) >= 0 and as_number(c) is not None
            ) and (key != "latency_seconds" or self._fits_latency(column, cells))
        if key in _COUNTS:
            return _share(cells, lambda c: _is_count(as_number(c)))
        return self._fits_text(key, column, cells)

    def _fits_text(self, key: str, column: str, cells: Sequence[object]) -> bool:
        plain = self._plain[column]
        if key == "system" and median(len(str(c)) for c in cells) > LONG_SYSTEM_CHARACTERS:
            self._notes.append(
                f"`{column}` holds long texts: it is not taken for the system's name"
            )
            return False
        if key == "trace_id" and len({str(c) for c in cells}) < len(self._rows):
            self._notes.append(
                f"`{column}` is not different in every row: it is not taken for `trace_id`"
            )
            return False
        if key == "task_id" and plain in ("task", "index", "idx"):
            # A few names over and over are kinds of task, not tasks.
            return len({str(c) for c in cells}) * 20 >= len(cells) and not _share(
                cells, _is_fraction
            )
        if key == "reference" and plain in ("label", "correct"):
            return not all(map(_is_verdict, cells))
        return key != "origin" or all(c in ORIGINS for c in cells)

    def _fits_time(self, column: str, cells: Sequence[object]) -> bool:
        order: DateOrder | None = None
        if any(map(is_slashed, cells)):
            key, why = self._dated(column)
            order = TIME_ORDERS[key] if key else None
            if order is None:
                self._notes.append(f"`{column}` is left as a tag: {why}")
                return False
        return _share(cells, lambda c: _is_recent(c, order))

    def _fits_latency(self, column: str, cells: Sequence[object]) -> bool:
        if latency_unit(self._plain[column])[1]:
            return True
        if median(as_number(c) or 0.0 for c in cells) <= LONG_LATENCY_SECONDS:
            return True
        self._notes.append(
            f"`{column}` is left as a tag: too large for seconds, and its name gives no unit "
            f"(say latency_seconds={column} or latency_ms={column})"
        )
        return False

    def _find_verdicts(self) -> None:
        for column in self._columns:
            if column in self._taken or self._plain[column] in NAMES["system"][1]:
                continue
            bare = without_judge(self._plain[column])
            key = "right" if bare in RIGHT_NAMES else "wrong" if bare in WRONG_NAMES else ""
            cells = self._cells(column)
            if not cells or not (key or not bare or bare in OPEN_NAMES):
                continue
            if not all(map(_is_verdict, cells)):
                if key and sum(map(_is_verdict, cells)) * 2 > len(cells):
                    odd = next(c for c in cells if not _is_verdict(c))
                    self._notes.append(
                        f"`{column}` is not read as right or wrong: it holds {str(odd)[:40]!r}"
                    )
                continue
            self._take_verdict(
                column, key or ("right" if all(map(speaks_for_itself, cells)) else "")
            )

    def _take_verdict(self, column: str, key: str) -> None:
        if not key:
            self._notes.append(
                f"`{column}` may say right or wrong, but not which way: say right={column} or wrong={column}"
            )
            return
        kind = judge_kind_of(column)
        way = "right" if key == "right" else "wrong"
        self._notes.append(f"`{column}` is a judge ({kind}): true, yes or 1 means {way}")
        self._settle(f"{key}:{column}", column)

    def _place_answer(self) -> None:
        """Settle a column named answer: the output, the answer taken from it, or the right one."""
        found = [c for c in self._columns if self._plain[c] == "answer" and c not in self._taken]
        if len(found) != 1 or "answer" in self._settled or not self._cells(found[0]):
            return
        if "output" not in self._mapping and "output" not in self._ambiguous:
            self._settle("output", found[0])
        elif "reference" in self._mapping:
            self._settle("answer", found[0])
        else:
            self._notes.append(
                f"`{found[0]}` may be the system's answer or the right one: "
                f"say answer={found[0]} or reference={found[0]}"
            )


def _place(key: str) -> int:
    # In the order of a trace's columns, then tags, then verdicts.
    stem = key.partition(":")[0].partition(".")[0]
    stem = "latency_seconds" if stem.startswith("latency_") else stem
    return _COLUMN_ORDER.get(stem, len(_COLUMN_ORDER) + (stem in VERDICT_KEYS))


def _bare(key: str, name: str) -> str:
    if key == "latency_seconds":
        stem, unit = latency_unit(name)
        return name if name == key or not unit else stem
    return without_dollars(name) if key == "cost_usd" else name


def _share(cells: Sequence[object], fits: Callable[[object], bool]) -> bool:
    return sum(map(fits, cells)) >= FITTING_SHARE * len(cells)


def _is_count(number: float | None) -> bool:
    return number is not None and number >= 0 and number.is_integer()


def _is_fraction(cell: object) -> bool:
    number = as_number(cell)
    return number is not None and not number.is_integer()


def _is_recent(cell: object, order: DateOrder | None) -> bool:
    try:
        return (as_microseconds("at", cell, order) or 0) >= YEAR_2000
    except RowError:
        return False


def _is_verdict(cell: object) -> bool:
    try:
        return error_probability("", cell, yes_is_wrong=True) is not Verdict.NONE
    except RowError:
        return False
