"""Seeded items: answers whose truth is known, mixed among the others to measure who reads.

They are put before a person like any other, at random places. What is said of them is no label of a draw: it stands in
the table `verdicts` under a trace that no table of traces holds, so no window, no population and no estimate can take
it for one of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.errors import BadInput
from assay.ledger.ingest.lines import parse_object, read_lines
from assay.ledger.ingest.record import RowError
from assay.ledger.store import Ledger, literal
from assay.web.commit import SEEDED_KEY
from assay.web.items import Texts

SEEDED_SHARE = 0.05
"""Of all items put before a person: one in twenty, so 15 in 300. Thirty known errors bound a miss rate at 10 %."""
PREFIX = "seeded-"
_TEXTS = ("input", "context", "output", "reference")


@dataclass(frozen=True, slots=True)
class SeededFile:
    """Seeded items by their identity: what they say, and whether they are wrong."""

    texts: Mapping[str, Texts]
    wrong: Mapping[str, bool]


def read_seeded(path: Path) -> SeededFile:
    """Read a file of seeded items.

    Parameters
    ----------
    path
        JSONL, a line each: `output` and `wrong` (true or false), with `input`, `context` and `reference` where the
        outputs of the draw have them too; without, a reader could tell.

    Raises
    ------
    BadInput
        Where the file can't be read, or a line of it is no such item.
    """
    texts: dict[str, Texts] = {}
    wrong: dict[str, bool] = {}
    try:
        with path.open("rb") as stream:
            for line in read_lines(stream):
                if line.blank:
                    continue
                try:
                    if line.fault:
                        raise RowError(line.fault)
                    item, is_wrong = _item(parse_object(line.text))
                except RowError as error:
                    raise BadInput(str(error), where=f"{path}:{line.number}") from None
                identity = _identity(item)
                if wrong.setdefault(identity, is_wrong) != is_wrong:
                    raise BadInput(
                        "the same item stands in the file as wrong and as right",
                        where=f"{path}:{line.number}",
                    )
                texts[identity] = item
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror or error}") from None
    if not texts:
        raise BadInput(f"{path} holds no seeded item")
    return SeededFile(texts, wrong)


def _item(values: Mapping[str, object]) -> tuple[Texts, bool]:
    unknown = sorted(set(values) - {*_TEXTS, "wrong"})
    if unknown:
        raise RowError(f"a seeded item has {', '.join(_TEXTS)} and wrong, got {unknown[0][:40]!r}")
    for name in _TEXTS:
        if not isinstance(values.get(name), str | None):
            raise RowError(f"{name} must be a string, got {str(values[name])[:40]!r}")
    if not values.get("output"):
        raise RowError("a seeded item needs an output")
    if not isinstance(values.get("wrong"), bool):
        raise RowError(f"wrong must be true or false, got {json.dumps(values.get('wrong'))[:40]}")
    return Texts(**{name: values.get(name) for name in _TEXTS}), bool(values["wrong"])  # type: ignore[arg-type]


def _identity(item: Texts) -> str:
    text = json.dumps([getattr(item, name) for name in _TEXTS])
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]


def read_by(ledger: Ledger) -> dict[str, set[str]]:
    """Return which seeded items each person has answered."""
    rows = ledger.rows(f"SELECT DISTINCT judge, trace_id FROM verdicts WHERE {_ANSWERS}")
    read: dict[str, set[str]] = {}
    for row in rows:
        read.setdefault(row["judge"], set()).add(row["trace_id"])
    return read


_ANSWERS = f"starts_with(trace_id, '{PREFIX}') AND draw_id IS NULL AND judge_kind = 'person'"
ANSWERS_SQL = (
    "SELECT said.judge, said.trace_id, said.error_probability AS said, truth.error_probability AS truth, "
    "cast(said.at AS bigint) AS at, said.source FROM "
    f"(SELECT * FROM verdicts WHERE {_ANSWERS}) AS said JOIN "
    f"(SELECT trace_id, max(error_probability) AS error_probability FROM verdicts WHERE judge = {literal(SEEDED_KEY)} "
    "AND judge_kind = 'check' AND draw_id IS NULL GROUP BY trace_id) AS truth ON truth.trace_id = said.trace_id "
    "ORDER BY at, source"
)
"""What people said of seeded items, beside the truth, oldest first."""
