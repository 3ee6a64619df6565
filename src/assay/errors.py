"""What can go wrong, as a tree.

AssayError                      what a user meets: one sentence, exit status 1, no traceback
├── BadInput                    a file, a line or a value that can't be taken
│   └── UnknownFormat           a file that no reader knows
├── LedgerError                 the ledger can't be opened, read or written
│   └── SchemaVersionError      it was made by another version of the schema
├── MissingPart                 an optional part of Assay is not installed
├── DrawError                   a draw or its labels don't fit the ledger
└── EstimateError               an estimator was asked for what it can't give
    └── TooFewLabels            there is not enough evidence for any honest number

A message says what is wrong with name, rule and value; where; and, in `next_command`, what to type.
"""

from __future__ import annotations


class AssayError(Exception):
    """An error for the user: says what is wrong, where, and what to type next.

    Parameters
    ----------
    message
        One sentence with the name, the rule and the value.
    where
        The place: ``file:line``, a trace's id, a table.
    next_command
        The command that helps.
    """

    def __init__(self, message: str, *, where: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.next_command = next_command

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  next: {self.next_command}" if self.next_command else text


class BadInput(AssayError):
    """A file, a line or a value that can't be taken."""


class UnknownFormat(BadInput):
    """A file that no reader knows, or can make traces of."""


class LedgerError(AssayError):
    """The ledger can't be opened, read or written."""


class SchemaVersionError(LedgerError):
    """The ledger was made by another version of the schema."""


class MissingPart(AssayError):
    """An optional part of Assay is not installed."""


class DrawError(AssayError):
    """A draw, or labels for one, don't fit the ledger."""


class EstimateError(AssayError):
    """An estimator was asked for something that it can't give."""


class TooFewLabels(EstimateError):
    """There is not enough evidence for any honest number."""
