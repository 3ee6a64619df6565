"""A ledger as it was known at a moment: verdicts, draws and cases that came in later are not there yet.

What is left is what somebody could have known then, and not how the files were then: a log that is read in late tells
the times at which things were said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assay.ledger.population import timestamp
from assay.ledger.store import Ledger

DATED = re.compile(r"\b(FROM|JOIN) (verdicts|draws|cases)\b", re.IGNORECASE)


class LedgerKnown(Ledger):
    """The same tables, without what was said after a moment.

    Parameters
    ----------
    ledger
        The ledger of today.
    until
        Microseconds since 1970 UTC, included. A row without a time counts as known.

    Notes
    -----
    Outputs are not cut: a window of them ends by itself.
    """

    def __init__(self, ledger: Ledger, until: int) -> None:
        super().__init__(ledger.path)
        self._until = until

    def query(self, sql: str, *, versions: Mapping[str, int] | None = None) -> Any:
        """Run SQL over the rows that were known."""
        known = f"at IS NULL OR at <= {timestamp(self._until)}"
        cut = DATED.sub(rf"\1 (SELECT * FROM \2 WHERE {known}) AS \2", sql)
        return super().query(cut, versions=versions)
