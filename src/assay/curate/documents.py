"""Documents of a batch: their texts as one column of bytes, and beside it what names each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Rows = NDArray[np.int64] | NDArray[np.bool_]
NAMING = ("doc_id", "source", "where", "fields")
"""Columns beside the text, in the order in which they stand in an Arrow batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Documents of a batch, one row each.

    Parameters
    ----------
    doc_id
        What names each document; a reader makes one where the record brings none.
    text
        The texts.
    source
        Where each came from: a name that a person gave, or that of the file.
    where
        The place of each, as ``path:line``.
    fields
        All other fields of the record as a JSON object; ``""`` where there is none.

    Raises
    ------
    BadInput
        If the columns are not of one length.

    Examples
    --------
    >>> docs = Documents.from_texts(["a few words", "others"], source="notes")
    >>> len(docs), docs.doc_id, docs.take(np.array([False, True])).text.texts()
    (2, ('notes:1', 'notes:2'), ['others'])
    """

    doc_id: tuple[str, ...]
    text: TextColumn
    source: tuple[str, ...]
    where: tuple[str, ...]
    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("text", *NAMING)}
        if len(set(lengths.values())) != 1:
            raise BadInput(f"the columns of a batch are of one length, got {lengths}")

    def __len__(self) -> int:
        return len(self.doc_id)

    def take(self, rows: Rows) -> Documents:
        """Return the documents of the given rows, by number or by mask."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        if len(index) == len(self) and np.array_equal(index, np.arange(len(self))):
            return self
        places = index.tolist()
        return Documents(
            tuple(self.doc_id[place] for place in places),
            self.text.take(index),
            tuple(self.source[place] for place in places),
            tuple(self.where[place] for place in places),
            tuple(self.fields[place] for place in places),
        )

    def with_text(self, text: TextColumn) -> Documents:
        """Return the same documents with other texts."""
        return replace(self, text=text)

    def to_arrow(self) -> Any:
        """Return an arro3 RecordBatch with the columns doc_id, text, source, where and fields, all LargeUtf8."""
        from arro3.core import Array, DataType, RecordBatch

        columns: dict[str, list[str]] = {"doc_id": list(self.doc_id), "text": self.text.texts()}
        columns |= {name: list(getattr(self, name)) for name in NAMING[1:]}
        wide = DataType.large_utf8()
        return RecordBatch.from_pydict(
            {name: Array(values, wide) for name, values in columns.items()}
        )

    @classmethod
    def from_arrow(cls, batch: Any) -> Self:
        """Return the documents of an Arrow record batch: of arro3, pyarrow, Daft.

        Parameters
        ----------
        batch
            Any object with ``__arrow_c_array__`` of a struct with at least ``doc_id`` and ``text``; other columns that
            are missing are empty.

        Raises
        ------
        BadInput
            If a column is missing or holds a null.
        """
        from arro3.core import RecordBatch

        held = RecordBatch.from_arrow(batch)
        missing = [name for name in ("doc_id", "text") if name not in held.column_names]
        if missing:
            raise BadInput(f"a batch of documents has the columns doc_id and text, lacks {missing}")
        empty = ("",) * held.num_rows
        named = {
            name: tuple(TextColumn.from_arrow(held.column(name)).texts())
            if name in held.column_names
            else empty
            for name in NAMING
        }
        return cls(text=TextColumn.from_arrow(held.column("text")), **named)

    @classmethod
    def from_texts(cls, texts: Iterable[str], *, source: str = "memory") -> Self:
        """Return documents of some strings, named by their number from 1."""
        return cls.from_records(({"text": text} for text in texts), source=source)

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, str]], *, source: str = "memory") -> Self:
        """Return documents of some records with ``text``, and where they have them ``doc_id`` and ``source``."""
        rows = list(records)
        places = [f"{source}:{number}" for number in range(1, len(rows) + 1)]
        return cls(
            tuple(row.get("doc_id", place) for row, place in zip(rows, places, strict=True)),
            TextColumn.from_texts(row["text"] for row in rows),
            tuple(row.get("source", source) for row in rows),
            tuple(places),
            ("",) * len(rows),
        )

    @classmethod
    def joined(cls, parts: Iterable[Documents]) -> Documents:
        """Return the documents of several batches as one."""
        batches = list(parts)
        if len(batches) == 1:
            return batches[0]
        lengths = [batch.text.lengths for batch in batches]
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([*lengths, []]))]).astype(np.int64)
        data = [b.text.data[b.text.offsets[0] : b.text.offsets[-1]] for b in batches]
        whole = np.concatenate([*data, np.zeros(0, dtype=np.uint8)])
        columns = {
            name: tuple(value for batch in batches for value in getattr(batch, name))
            for name in NAMING
        }
        return cls(text=TextColumn(whole, offsets), **columns)
