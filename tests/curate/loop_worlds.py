"""Small loops: tasks in files and a program that learns them by heart, without torch; and how loops are compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from assay.ledger.store import Ledger

TRAIN = """
import json, os, pathlib, sys
data, out, weights = sys.argv[1:4]
known = {}
kept = pathlib.Path(weights, "known.json")
if kept.exists():
    known = json.loads(kept.read_text())
for line in open(data):
    row = json.loads(line)
    known[row["prompt"]] = row["answer"]
pathlib.Path(out, "known.json").write_text(json.dumps(known))
"""

ANSWER = """
import json, pathlib, random, sys
weights, data, out = sys.argv[1:4]
kept = pathlib.Path(weights, "known.json")
known = json.loads(kept.read_text()) if kept.exists() else {}
with open(out, "w") as stream:
    for line in open(data):
        row = json.loads(line)
        rng = random.Random(f"{row['prompt']} {row['seed']} {len(known)}")
        one, other = (int(word) for word in row["prompt"].split(" + "))
        said = []
        for _ in range(row["samples"]):
            off = 0 if row["prompt"] in known or rng.random() < 0.4 + len(known) / 200 else 10
            said.append(known.get(row["prompt"], str(one + other + off)))
        stream.write(json.dumps(said) + "\\n")
"""

TEXT = """
loop = 1
turns = 2
verify = "judge:0.9/0.2"
mix = "{mix}"
train = "command: {python} -IS {folder}/train.py {{data}} {{out}} {{weights}}"
throughput_per_day = 1000
real_examples = {real}

[trainer]
answer = "{python} -IS {folder}/answer.py {{weights}} {{data}} {{out}}"
system = "by-heart"

[tasks]
training = "tasks.jsonl"
held_out = "held_out.jsonl"
harder = "harder.jsonl"
check = "numeric/last-number"
sampled_tasks = 10
samples = 3

[generate]
samples = 2
keep = 30
at_once = 12

[audit]
kept = 8
rejected = 8
"""


def sums(path: Path, pairs: list[tuple[int, int]]) -> None:
    """Write tasks."""
    rows = [
        {"task_id": f"{a}+{b}", "input": f"{a} + {b}", "reference": str(a + b)} for a, b in pairs
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


def by_heart(folder: Path, *, mix: str = "replace", real: int = 0) -> Path:
    """Write a loop whose learner is a program, and return its loop.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(TRAIN, "utf-8")
    (folder / "answer.py").write_text(ANSWER, "utf-8")
    sums(folder / "tasks.jsonl", [(a, b) for a in range(10, 18) for b in range(20, 25)])
    sums(folder / "held_out.jsonl", [(a, b) for a in range(30, 35) for b in range(40, 44)])
    sums(folder / "harder.jsonl", [(a, 900) for a in range(200, 206)])
    text = TEXT.format(mix=mix, real=real, python=sys.executable, folder=folder)
    (folder / "loop.toml").write_text(text, "utf-8")
    return folder / "loop.toml"


def ledger_rows(out: Path) -> tuple[list[Any], list[Any]]:
    """Return the rows of a loop's ledger but for the times."""
    ledger = Ledger.open(out / "ledger")
    found = []
    for table in ("traces", "verdicts"):
        rows = ledger.rows(f"SELECT * FROM {table}")
        for row in rows:
            del row["at"]
        found.append(sorted(rows, key=lambda row: str(row["trace_id"])))
    return found[0], found[1]


def records(out: Path) -> list[Any]:
    """Return the records of a loop's turns but for what took how long."""
    found = []
    for path in sorted((out / "turns").glob("*/turn.json")):
        told = json.loads(path.read_text("utf-8"))
        del told["seconds"], told["training"]["seconds"]
        found.append(told)
    return found


def other_files(out: Path) -> dict[str, bytes]:
    """Return the other files of the turns: answers, labels, weights."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted((out / "turns").rglob("*"))
        if path.is_file() and path.name != "turn.json"
    }
