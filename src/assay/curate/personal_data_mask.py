"""The step that masks personal data, and which lines of a batch it looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.curate.documents import Documents
from assay.curate.personal_data import (
    KINDS,
    LEAST_DIGITS,
    Found,
    PersonalDataSettings,
    find_in_line,
)
from assay.curate.step import KEPT, StepResult
from assay.curate.text_column import TextColumn

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MaskPersonalData:
    """Put <EMAIL> in the place of an e-mail address, and so on; no document is dropped, no value is written anywhere.

    Parameters
    ----------
    kinds
        Of EMAIL, PHONE, IBAN, CREDIT_CARD, IP_ADDRESS, US_SSN. What has no form, names and postal addresses first of
        all, is not found.
    regions
        Countries (ISO 3166) whose telephone numbers are found in their national form; with a plus before them, numbers
        of all countries are.

    Examples
    --------
    >>> docs = Documents.from_texts(["Call +49 30 23125 123, or write to jane@example.com."])
    >>> done = MaskPersonalData()(docs)
    >>> done.docs.text.texts(), done.counts
    (['Call <PHONE>, or write to <EMAIL>.'], {'masked_email': 1, 'masked_phone': 1, 'documents_masked': 1})
    """

    kinds: tuple[str, ...] = KINDS
    regions: tuple[str, ...] = ("US",)

    def __post_init__(self) -> None:
        self._settings()

    @property
    def name(self) -> str:
        """The step's name."""
        return "personal-data"

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents with what was found masked, and how much of each kind that was."""
        masked = mask_personal_data(docs.text, self._settings())
        counts = {f"masked_{kind.lower()}": masked.counts[kind] for kind in self.kinds}
        counts = {name: count for name, count in counts.items() if count}
        if masked.changed:
            counts["documents_masked"] = masked.changed
        return StepResult(docs.with_text(masked.texts), (KEPT,) * len(docs), counts)

    def _settings(self) -> PersonalDataSettings:
        return PersonalDataSettings(tuple(self.kinds), tuple(self.regions))


@dataclass(frozen=True, slots=True, eq=False)
class Masked:
    """Texts with what was found masked.

    Parameters
    ----------
    texts
    counts
        How many of each kind.
    changed
        Texts in which something was.
    """

    texts: TextColumn
    counts: Counter[str]
    changed: int


def mask_personal_data(texts: TextColumn, settings: PersonalDataSettings) -> Masked:
    """Return texts with personal data masked by its kind in angle brackets."""
    counts: Counter[str] = Counter()
    pieces: list[bytes] = []
    changed: set[int] = set()
    grown = np.zeros(len(texts), dtype=np.int64)
    done = int(texts.offsets[0])
    for row, begin, end in lines_to_see(texts):
        line = texts.data[begin:end].tobytes().decode("utf-8", "surrogateescape")
        found = find_in_line(line, settings)
        if not found:
            continue
        new = _masked(line, found).encode("utf-8", "surrogateescape")
        counts.update(each.kind for each in found)
        changed.add(row)
        grown[row] += len(new) - (end - begin)
        pieces += [texts.data[done:begin].tobytes(), new]
        done = end
    if not changed:
        return Masked(texts, counts, 0)
    pieces.append(texts.data[done : texts.offsets[-1]].tobytes())
    offsets = np.concatenate([[0], np.cumsum(texts.lengths + grown)]).astype(np.int64)
    column = TextColumn(np.frombuffer(b"".join(pieces), dtype=np.uint8), offsets)
    return Masked(column, counts, len(changed))


def lines_to_see(texts: TextColumn) -> Sequence[tuple[int, int, int]]:
    """Return the lines of a batch that can hold personal data: row, and where the line begins and ends in the bytes.

    Notes
    -----
    Told from the bytes of the whole batch at once: an @ with a point after it in its line; or as many ASCII digits as a
    telephone number has; or four with three points, which an IP address has; or five colons and letters or digits, or
    two colons side by side. Everything that `find_in_line` finds has one of these.
    """
    data = texts.data[texts.offsets[0] : texts.offsets[-1]]
    if not len(data):
        return []
    breaks = np.flatnonzero(data == ord("\n")) + 1
    starts = np.unique(np.concatenate([texts.offsets[:-1] - texts.offsets[0], breaks]))
    starts = starts[starts < len(data)]
    ends = np.append(starts[1:], len(data))
    # Runs over the batch are summed once a mark, and read off at the ends of its lines.
    sums = {
        name: _per_line(mark, starts, ends)
        for name, mark in (
            ("at", data == ord("@")),
            ("point", data == ord(".")),
            ("digit", (data - np.uint8(ord("0"))) < 10),
            ("colon", data == ord(":")),
        )
    }
    see = (sums["at"] > 0) & (sums["point"] > 0)
    see |= sums["digit"] >= LEAST_DIGITS
    see |= (sums["digit"] >= 4) & (sums["point"] >= 3)
    see |= sums["colon"] >= 2
    rows = np.searchsorted(texts.offsets - texts.offsets[0], starts[see], side="right") - 1
    base = int(texts.offsets[0])
    spans = zip(rows.tolist(), starts[see].tolist(), ends[see].tolist(), strict=True)
    return [(row, base + begin, base + end) for row, begin, end in spans]


def _per_line(mark: Mask, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.flatnonzero(mark)
    counted: NDArray[np.int64] = np.searchsorted(places, ends) - np.searchsorted(places, starts)
    return counted


def _masked(line: str, found: Sequence[Found]) -> str:
    parts, done = [], 0
    for each in found:
        parts += [line[done : each.start], f"<{each.kind}>"]
        done = each.end
    return "".join([*parts, line[done:]])
