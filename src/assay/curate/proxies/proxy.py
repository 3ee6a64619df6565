"""What every proxy is: a small model that is trained on some texts and asked about others that it has never seen.

A proxy answers in bits per byte of each held-out document. Bytes, since tokens are the tokenizer's own; each document,
since two ways of training are then compared on the same documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assay.errors import BadInput

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
TokenArray = NDArray[np.uint16]
Rows = NDArray[np.int64] | NDArray[np.bool_]


class ProxyRefuses(BadInput):
    """A proxy was asked what it can't tell."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenColumn:
    """Texts as tokens.

    Parameters
    ----------
    codes : (tokens,) uint16
        All texts, one after the other; each code is below `vocabulary`.
    offsets : (texts + 1,) int64
        Where each text begins, from 0; the last one is ``len(codes)``.
    text_bytes : (texts,) int64
        UTF-8 bytes of each text: what bits are divided by.
    vocabulary : >= 1
        Different codes of the tokenizer. The code ``vocabulary`` itself is free: it marks a document's begin.
    """

    codes: TokenArray
    offsets: IntArray
    text_bytes: IntArray
    vocabulary: int

    def __len__(self) -> int:
        return len(self.text_bytes)

    @property
    def n_tokens(self) -> int:
        """Tokens of all texts together."""
        return len(self.codes)

    @property
    def lengths(self) -> IntArray:
        """Tokens of each text."""
        return np.diff(self.offsets)

    def take(self, rows: Rows) -> TokenColumn:
        """Return the texts of the given rows, by number or by mask, in that order; a row may come twice."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64)
        lengths = self.lengths[index]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shift = np.repeat(self.offsets[:-1][index] - offsets[:-1], lengths)
        codes = self.codes[np.arange(offsets[-1]) + shift]
        return TokenColumn(codes, offsets, self.text_bytes[index], self.vocabulary)

    def head(self, tokens: int) -> TokenColumn:
        """Return the first so many tokens; the text that they end in is cut, its bytes in proportion."""
        if tokens >= self.n_tokens:
            return self
        whole = int(np.searchsorted(self.offsets, tokens, side="left"))
        offsets = np.minimum(self.offsets[: whole + 1], tokens)
        part = self.text_bytes[:whole].copy()
        if whole:
            kept = (offsets[-1] - offsets[-2]) / max(1, self.lengths[whole - 1])
            part[-1] = round(float(part[-1] * kept))
        return TokenColumn(self.codes[:tokens], offsets, part, self.vocabulary)

    def after(self, tokens: int) -> TokenColumn:
        """Return what comes after the first so many tokens: `head` and this are the whole column."""
        first = int(np.searchsorted(self.offsets, tokens, side="right")) - 1
        if tokens >= self.n_tokens:
            first = len(self)
        head = self.head(tokens)
        part = self.text_bytes[first:].copy()
        if len(part) and len(head) > first:
            part[0] -= head.text_bytes[first]
        offsets = (
            np.maximum(self.offsets[first:], tokens) - tokens
            if len(part)
            else np.zeros(1, np.int64)
        )
        return TokenColumn(self.codes[tokens:], offsets.astype(np.int64), part, self.vocabulary)


def joined(columns: Sequence[TokenColumn]) -> TokenColumn:
    """Return columns of one vocabulary, one after the other.

    Raises
    ------
    BadInput
        If there is none, or their vocabularies differ.
    """
    if not columns:
        raise BadInput("there is no column of tokens to join")
    sizes = {column.vocabulary for column in columns}
    if len(sizes) > 1:
        raise BadInput(f"columns of one tokenizer are joined, got vocabularies {sorted(sizes)}")
    starts = np.cumsum([0, *(column.n_tokens for column in columns)])
    offsets = [c.offsets[:-1] + s for c, s in zip(columns, starts[:-1], strict=True)]
    return TokenColumn(
        np.concatenate([column.codes for column in columns]),
        np.concatenate([*offsets, starts[-1:]]).astype(np.int64),
        np.concatenate([column.text_bytes for column in columns]),
        columns[0].vocabulary,
    )


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutLoss:
    """What a trained proxy makes of held-out documents.

    Parameters
    ----------
    bits : (documents,) >= 0
        Bits that each document costs: ``-log2`` of the chance that the model gives it.
    n_bytes : (documents,) int64
        UTF-8 bytes of each.
    trained_tokens : >= 0
        Tokens that training went over; a token that was gone over twice counts twice.
    """

    bits: FloatArray
    n_bytes: IntArray
    trained_tokens: int

    @property
    def bits_per_byte(self) -> float:
        """Bits of all documents over their bytes."""
        return float(self.bits.sum() / max(1, int(self.n_bytes.sum())))


class Proxy(Protocol):
    """A small model that can be trained and asked.

    Attributes
    ----------
    name : str
        Kind, version and settings, as they stand beside every number.
    values_repeats : bool
        Whether what it says of text that is gone over several times can be believed.
    sees_word_order : bool
        Whether what it says of text whose words stand in no order can be believed.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def values_repeats(self) -> bool:
        """See above."""
        ...

    @property
    def sees_word_order(self) -> bool:
        """See above."""
        ...

    def held_out_bits(
        self,
        train: TokenColumn,
        target: TokenColumn,
        *,
        rng: np.random.Generator,
        training_tokens: int | None = None,
    ) -> HeldOutLoss:
        """Train from nothing, and return the bits of each held-out document.

        Parameters
        ----------
        train, target
            Of one tokenizer.
        rng
            Order and first weights, where the proxy has any: all its randomness.
        training_tokens
            Tokens that training goes over: fewer than there are, or more, and then again from the start. None: all of
            them, once.

        Raises
        ------
        ProxyRefuses
            If it is asked what it can't tell, as an n-gram model of repeats.
        """
        ...
