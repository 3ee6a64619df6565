"""The tag that says whether an output was caught before delivery, in SQL and in Python."""

from __future__ import annotations

import json

from assay.ledger.store import literal

TRUE_TEXTS = ("true", "True", "yes", "1")


def caught_conditions(name: str) -> tuple[str, str]:
    """Return SQL: whether a trace has the tag that says if it was caught, and whether it was."""
    key = json.dumps(name, ensure_ascii=False)
    has = [f"traces.tags LIKE {literal('%' + sep + _like(key) + ':%')} ESCAPE '\\'" for sep in "{,"]
    truth = " OR ".join(
        f"traces.tags LIKE {literal('%' + sep + _like(key) + ':' + json.dumps(yes) + '%')} ESCAPE '\\'"
        for sep in "{,"
        for yes in TRUE_TEXTS
    )
    return f"({' OR '.join(has)})", f"({truth})"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
