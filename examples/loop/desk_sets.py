"""Split the desk's 2,000 tasks for a loop: to train on, to be measured on, and a channel that is never trained on.

Typed as: python examples/loop/desk_sets.py desk-sets
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any, Final

TASKS: Final = Path(__file__).parents[1] / "desk" / "tasks.jsonl.gz"
HELD_OUT: Final = 300
HARDER: Final = 200
OTHER: Final = "phone"


def split(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines of each set; the tasks were drawn in a random order, so the first are as good as any."""
    rows: list[tuple[str, dict[str, Any]]] = [(line, json.loads(line)) for line in lines]
    phone = [line for line, task in rows if task["tags"]["channel"] == OTHER]
    written = [line for line, task in rows if task["tags"]["channel"] != OTHER]
    return {
        "held_out": written[:HELD_OUT],
        "training": written[HELD_OUT:],
        "harder": phone[:HARDER],
    }


def main(folder: Path) -> None:
    """Write the sets."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = gzip.decompress(TASKS.read_bytes()).decode("utf-8").splitlines(keepends=True)
    for name, rows in split(lines).items():
        (folder / f"{name}.jsonl").write_text("".join(rows), encoding="utf-8")
        sys.stdout.write(f"{folder / name}.jsonl: {len(rows):,} tasks\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
