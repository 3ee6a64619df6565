"""Run the benchmarks and write docs/BENCHMARKS.md: `scripts/bench`, or `scripts/bench NAME ...`.

Those of STUDIES take long, or want a quiet machine, and are run by name only; their last results stay on the page.
With `--page` nothing is run.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measure import Figures, Run
from table import Row, markdown

BENCHMARKS = ("start_up", "inspect_ingest", "volume_scale", "ask_overhead", "governor_decide")
STUDIES = (
    "curation",
    "value_planted",
    "select_planted",
    "loop_phase",
    "govern_latency",
    "coverage_grid",
    "gsm",
    "labels",
    "rivals",
)
"""Simulations that keep results of their own: `run()` measures, `page()` is their part of the page."""
ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "BENCHMARKS.md"

HEAD = """# Benchmarks

Whole processes, as the operating system accounts them: CPU seconds (user and system), wall seconds, peak resident
memory; the median of the runs. A peer is measured in the same run on the same file. Machines that are shared make wall
times wide: quote CPU seconds and ratios. `scripts/bench` makes this page again.

"""


def main(names: list[str]) -> None:
    """Run benchmarks by name (all but the studies where none is given); keep the others' last figures."""
    kept: dict[str, list[dict[str, object]]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in [] if names == ["--page"] else names or BENCHMARKS:
        print(f"bench: {name}", file=sys.stderr)
        if name in STUDIES:
            import_module(name).run()
            continue
        kept[name] = [_pack(row) for row in import_module(name).rows()]
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    rows = [_unpack(row) for name in BENCHMARKS for row in kept.get(name, [])]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    studies = [page for name in STUDIES if (page := import_module(name).page())]
    page = "\n".join([markdown(rows), *studies])
    PAGE.write_text(f"{HEAD}Last run: {day}, {machine}.\n\n{page}")
    print(page)


def _pack(row: Row) -> dict[str, object]:
    def runs(figures: Figures | None) -> list[list[float]] | None:
        return (
            [[r.cpu_seconds, r.wall_seconds, r.peak_megabytes] for r in figures.runs]
            if figures
            else None
        )

    return {
        "group": row.group,
        "what": row.what,
        "runs": runs(row.figures),
        "peer": runs(row.peer),
        "goal": row.goal,
    }


def _unpack(row: dict[str, object]) -> Row:
    def figures(runs: object) -> Figures | None:
        return Figures(tuple(Run(*run) for run in runs)) if isinstance(runs, list) else None

    own = figures(row["runs"])
    assert own is not None
    return Row(str(row["group"]), str(row["what"]), own, figures(row["peer"]), str(row["goal"]))


if __name__ == "__main__":
    main(sys.argv[1:])
