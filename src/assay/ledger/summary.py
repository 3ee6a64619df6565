"""What a ledger holds, at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.ledger.schema import SCHEMA_VERSION
from assay.ledger.store import Ledger, TableState
from assay.terminal import visible


@dataclass(frozen=True, slots=True)
class Summary:
    """Tables, systems, judges and draws of a ledger."""

    path: str
    tables: dict[str, TableState]
    systems: list[dict[str, Any]]
    judges: list[dict[str, Any]]
    draws: list[dict[str, Any]]

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        return {
            "ledger": self.path,
            "schema_version": SCHEMA_VERSION,
            "tables": {
                name: {
                    "rows": state.rows,
                    "files": state.files,
                    "bytes": state.bytes,
                    "version": state.version,
                }
                for name, state in self.tables.items()
            },
            "systems": self.systems,
            "judges": self.judges,
            "draws": self.draws,
        }


def summarise(ledger: Ledger) -> Summary:
    """Return what a ledger holds."""
    return Summary(
        path=str(ledger.path),
        tables=ledger.state(),
        systems=ledger.rows(
            "SELECT system, version, count(*) AS traces, cast(min(at) AS varchar) AS first, "
            "cast(max(at) AS varchar) AS last FROM traces "
            "GROUP BY system, version ORDER BY traces DESC, system, version"
        ),
        judges=ledger.rows(
            "SELECT judge, judge_kind, count(*) AS verdicts, count(draw_id) AS labels FROM verdicts "
            "GROUP BY judge, judge_kind ORDER BY verdicts DESC, judge"
        ),
        draws=ledger.rows(
            "SELECT draw_id, system, version, seed, population, parent, count(*) AS planned FROM draws "
            "GROUP BY draw_id, system, version, seed, population, parent ORDER BY draw_id"
        ),
    )


def describe(summary: Summary) -> str:
    """Return a summary as text."""
    lines = [f"{summary.path}: schema {SCHEMA_VERSION}"]
    for name, state in summary.tables.items():
        size = f"{state.bytes / 1e6:,.1f} MB in {state.files:,} files"
        lines.append(f"  {name}: {state.rows:,} rows, {size}, version {state.version}")
    for row in summary.systems:
        span = f", {row['first']} to {row['last']}" if row["first"] else ", no times"
        lines.append(
            f"  system {row['system']} {row['version']}".rstrip()
            + f": {row['traces']:,} traces{span}"
        )
    for row in summary.judges:
        labels = f", {row['labels']:,} of them labels of a draw" if row["labels"] else ""
        lines.append(
            f"  judge {row['judge']} ({row['judge_kind']}): {row['verdicts']:,} verdicts{labels}"
        )
    for row in summary.draws:
        name = f"{row['system']} {row['version']}".strip()
        of_what = f"labels of {row['parent']}" if row["parent"] else f"outputs of {name}"
        lines.append(
            f"  {row['draw_id']}: {row['planned']:,} of {row['population']:,} {of_what}, seed {row['seed']}"
        )
    return "\n".join(visible(line) for line in lines)
