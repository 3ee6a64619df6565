"""A column of texts as Arrow lays it out: one run of UTF-8 bytes, and where each text begins.

The kernels of `assay.curate` count, split and hash over the bytes of a whole batch at once; a Python string a document
would cost more than the work. Missing texts are not allowed here: a reader counts them and leaves them out.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.errors import BadInput

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]


class _ArrowArray(ctypes.Structure):
    """The struct of the Arrow C data interface: as much of it as is read here."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """Texts of a batch, as bytes.

    Parameters
    ----------
    data : (bytes,) uint8
        All texts in UTF-8, one after the other.
    offsets : (texts + 1,) int64
        Where each text begins; the last one is the end. Rising, from ``offsets[0] >= 0`` to at most ``len(data)``.

    Notes
    -----
    The layout of Arrow's ``LargeUtf8`` (Arrow columnar format, variable-size binary layout).
    """

    data: Bytes
    offsets: Offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Offsets:
        """Bytes of each text."""
        return np.diff(self.offsets)

    @property
    def nbytes(self) -> int:
        """Bytes of all texts together."""
        return int(self.offsets[-1] - self.offsets[0])

    def bytes_of(self, index: int) -> bytes:
        """Return one text as bytes."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def text(self, index: int) -> str:
        """Return one text."""
        return self.bytes_of(index).decode("utf-8", "surrogatepass")

    def texts(self) -> list[str]:
        """Return all texts."""
        whole = self.data[self.offsets[0] : self.offsets[-1]].tobytes()
        starts = (self.offsets - self.offsets[0]).tolist()
        return [whole[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(starts)]

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> TextColumn:
        """Return the texts of the given rows, by number or by mask, copied."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        lengths = self.lengths[index]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        # Byte i of the result comes from where its text begins, plus how far into that text it is.
        shift = np.repeat(self.offsets[:-1][index] - offsets[:-1], lengths)
        return TextColumn(self.data[np.arange(offsets[-1]) + shift], offsets)

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> TextColumn:
        """Return the column of some strings; lone surrogates, which JSON can hold, pass through."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        return cls.from_bytes(parts)

    @classmethod
    def from_bytes(cls, parts: Sequence[bytes]) -> TextColumn:
        """Return the column of some UTF-8 texts."""
        offsets = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(np.frombuffer(b"".join(parts), dtype=np.uint8), offsets)

    @classmethod
    def from_arrow(cls, array: Any) -> TextColumn:
        """Return the column of an Arrow array of strings: of arro3, pyarrow, Daft, polars; the texts are copied once.

        Parameters
        ----------
        array
            Any object with ``__arrow_c_array__`` of type ``Utf8`` or ``LargeUtf8``.

        Raises
        ------
        BadInput
            If it is of another type, or holds a null.
        """
        schema_capsule, array_capsule = array.__arrow_c_array__()
        kind = _format_of(schema_capsule)
        if kind not in {"u", "U"}:
            raise BadInput(f"a text column is of type Utf8 or LargeUtf8, got Arrow format {kind!r}")
        held = ctypes.cast(
            _pointer(array_capsule, b"arrow_array"), ctypes.POINTER(_ArrowArray)
        ).contents
        nulls = _nulls(held)
        if nulls:
            raise BadInput(
                f"{nulls} of {held.length} texts are missing: leave those rows out first"
            )
        wide = np.dtype(np.int32 if kind == "u" else np.int64)
        offsets = (
            _view(held.buffers[1], wide, held.offset + held.length + 1)[held.offset :]
            if held.length
            else np.zeros(1, dtype=wide)
        ).astype(np.int64)
        data = _view(held.buffers[2], np.dtype(np.uint8), int(offsets[-1]))[offsets[0] :]
        # Copied: the memory is the other library's, and goes when its array goes.
        return cls(data.copy(), offsets - offsets[0])


def _pointer(capsule: object, name: bytes) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return int(get(capsule, name))


def _format_of(capsule: object) -> str:
    """Return the format string, which is the schema's first member."""
    first = ctypes.cast(_pointer(capsule, b"arrow_schema"), ctypes.POINTER(ctypes.c_char_p))
    return (first[0] or b"").decode()


def _nulls(held: _ArrowArray) -> int:
    if held.null_count >= 0 or not held.buffers[0]:
        return max(0, int(held.null_count))
    bits = _view(held.buffers[0], np.dtype(np.uint8), (held.offset + held.length + 7) // 8)
    valid = np.unpackbits(bits, bitorder="little")[held.offset : held.offset + held.length]
    return int(held.length - valid.sum())


def _view(address: int | None, kind: np.dtype[Any], count: int) -> NDArray[Any]:
    if not count or not address:
        return np.zeros(count, dtype=kind)
    raw = (ctypes.c_uint8 * (count * kind.itemsize)).from_address(address)
    return np.ctypeslib.as_array(raw).view(kind)
