"""A record that could not be read as a document: where it stands, and why. It is counted, never lost silently."""

from __future__ import annotations

from dataclasses import dataclass


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
