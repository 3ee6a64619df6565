"""A record that could not be read as a document: where it stands, and why. It is counted, never lost silently."""

from __future__ import annotations

from dataclasses import dataclass

CUT_OFF = "the file is cut off or damaged here: how many more records it held is unknown"
"""The reason that ends the reading of a file: no record, but a place beyond which nothing is counted."""

DAMAGED = "the document's file is cut off or damaged"
"""Of a file that is one document."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no document.

    Parameters
    ----------
    where
        The place, as ``path:line``.
    reason
        Of a fixed small set of sentences, so that it can be counted: ``"no text field"``.
    detail
        What of this record goes beyond the reason: the column of the byte, the name of the field.
    """

    where: str
    reason: str
    detail: str = ""
