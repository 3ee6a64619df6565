"""The tag that says whether an output was caught before delivery, in SQL and in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assay.ledger.store import literal

TRUE_TEXTS = ("true", "yes", "y", "t", "1")
"""In any case: spreadsheets write TRUE."""


def caught_conditions(name: str) -> tuple[str, str]:
    """Return SQL: whether a trace has the tag that says if it was caught, and whether it was."""
    key = json.dumps(name, ensure_ascii=False).lower()
    has = [
        f"lower(traces.tags) LIKE {literal('%' + sep + _like(key) + ':%')} ESCAPE '\\'"
        for sep in "{,"
    ]
    truth = " OR ".join(
        f"lower(traces.tags) LIKE {literal('%' + sep + _like(key) + ':' + json.dumps(yes) + '%')} ESCAPE '\\'"
        for sep in "{,"
        for yes in TRUE_TEXTS
    )
    return f"({' OR '.join(has)})", f"({truth})"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def is_caught(tags: Mapping[str, str], name: str) -> bool:
    """Return whether a trace's tags say that it was caught."""
    return tags.get(name, "").strip().lower() in TRUE_TEXTS
