"""Write the desk's first requests as tasks, with the right answers: what `assay ask` puts to a system.

They are the first requests of the recording, in its order. Each names in its tag `check` the check that suits its
answer: a number, or a text that has to occur.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any, Final

from desk_requests import Request, requests
from record import COUNT, SEED

TASKS: Final = 2_000
FILE: Final = Path(__file__).parent / "desk" / "tasks.jsonl.gz"
_NUMBERS: Final = frozenset({"quantity", "order_number", "price"})


def task_line(request: Request, truth: str) -> dict[str, Any]:
    """Return a request as a task."""
    return {
        "task_id": request.task_id,
        "input": request.input,
        "reference": truth,
        "origin": "exam",
        "tags": {
            "kind": request.kind,
            "channel": request.channel,
            "check": "numeric" if request.kind in _NUMBERS else "regex",
        },
    }


def task_lines(count: int = TASKS) -> list[dict[str, Any]]:
    """Make the tasks: the same each time."""
    made, truth = requests(COUNT, SEED)
    return [task_line(request, truth[request.trace_id]) for request in made[:count]]


def write_tasks(path: Path, count: int = TASKS) -> None:
    """Write the tasks, one a line, compressed without a time stamp."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in task_lines(count))
    path.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Write the desk's tasks.")
    parser.add_argument("--out", type=Path, default=FILE, help="file (default examples/desk)")
    parser.add_argument("--count", type=int, default=TASKS, help=f"tasks (default {TASKS})")
    options = parser.parse_args()
    write_tasks(options.out, options.count)
    print(f"{options.count} tasks in {options.out}")


if __name__ == "__main__":
    main()
