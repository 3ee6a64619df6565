"""The texts of what is to be read, kept in a nameless file: an item is there in well under a millisecond.

A query of the ledger takes tens of milliseconds, and an output may have megabytes: so one query at the start writes all
of them to a file that has no name and vanishes with the process.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

from assay.errors import LedgerError
from assay.ledger.columns import row_dicts
from assay.ledger.store import Ledger, literal
from assay.volume.asked import ASKED, TALK


@dataclass(frozen=True, slots=True)
class Item:
    """What is put before a reader.

    Parameters
    ----------
    key
        Names it on the page, and says nothing of what it is.
    trace_id
        What it is.
    is_wrong
        Of a seeded item: its truth. None for a drawn output.
    """

    key: str
    trace_id: str
    is_wrong: bool | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of an item, and its place in a conversation."""

    input: str | None = None
    context: str | None = None
    output: str | None = None
    answer: str | None = None
    reference: str | None = None
    conversation_id: str | None = None
    turn: int | None = None


def item_key(*parts: str) -> str:
    """Return a name for an item: the same each time, and without meaning."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


class Spool:
    """Texts by trace, on disk."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="assay-")  # noqa: SIM115  # as long as the spool
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0

    def put(self, trace_id: str, texts: Texts) -> None:
        """Add the texts of a trace."""
        fields = {name: getattr(texts, name) for name in Texts.__slots__}
        data = json.dumps(fields).encode()
        self._file.write(data)
        self._places[trace_id] = (self._end, len(data))
        self._end += len(data)

    def get(self, trace_id: str) -> Texts:
        """Return the texts of a trace; from any thread."""
        start, length = self._places[trace_id]
        return Texts(**json.loads(os.pread(self._file.fileno(), length, start)))

    def __contains__(self, trace_id: str) -> bool:
        return trace_id in self._places

    def load(self, ledger: Ledger, draw_id: str, *, talks: bool = False) -> None:
        """Add the texts of a draw that are not there yet; with `talks` the place in the conversation too.

        Raises
        ------
        LedgerError
            Where the ledger can't be read.
        """
        names = (*ASKED, *TALK) if talks else ASKED
        columns = ", ".join(f"traces.{name}" for name in names)
        sql = (
            f"SELECT DISTINCT draws.trace_id, {columns} FROM draws JOIN traces ON traces.trace_id = draws.trace_id "
            f"WHERE draws.draw_id = {literal(draw_id)}"
        )
        try:
            for batch in ledger.query(sql):
                for row in row_dicts([batch]):
                    trace_id = row.pop("trace_id")
                    if trace_id not in self:
                        self.put(trace_id, Texts(**row))
            self._file.flush()
        except LedgerError:
            raise
        except Exception as error:
            # The engine raises a bare Exception where a data file is missing.
            raise LedgerError(f"{ledger.path} can't be read: {str(error)[:300]}") from error

    def put_all(self, texts: Iterable[tuple[str, Texts]]) -> None:
        """Add texts that are not in the ledger: those of seeded items."""
        for trace_id, text in texts:
            self.put(trace_id, text)
        self._file.flush()

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
