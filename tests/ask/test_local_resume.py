"""The embedded model is asked, killed without warning three times, and ends with every task asked `epochs` times."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from assay.ask.local_model import ask_once
from assay.ask.prompt import first_question, read_prompt
from assay.ask.request import ChatRequest, Message
from assay.ledger.store import Ledger

DESK = Path(__file__).resolve().parents[2] / "examples" / "desk"
PROMPT = DESK / "prompt.txt"
TASKS = 6
EPOCHS = 2
KILLS = 3
MAX_TOKENS = 4
GIVE_UP_SECONDS = 300
"""For a machine that does much else: nothing is said of how long it takes."""


def command(ledger: Path) -> list[str]:
    arguments = (
        "ask", DESK / "tasks.jsonl.gz", "--model", "local", "--system", "smollm2@q4_1", "--prompt", PROMPT,
        "--epochs", EPOCHS, "--limit", TASKS, "--max-tokens", MAX_TOKENS, "--temperature", 0, "--seed", 7,
        "--concurrency", 2, "--into", ledger,
    )  # fmt: skip
    code = "from assay.cli import main; main()"
    return [sys.executable, "-c", code, *(str(argument) for argument in arguments)]


def kept(ledger: Path) -> set[bytes]:
    """Return the answers that are kept and not in the table yet, as they stand on the disk."""
    found: set[bytes] = set()
    for path in ledger.glob("ask/*.jsonl"):
        # Between the listing and the reading a segment may have been committed and removed.
        with suppress(FileNotFoundError):
            found.update(line for line in path.read_bytes().splitlines(keepends=True))
    return {line for line in found if line.endswith(b"\n")}


def kill_on_the_way(ledger: Path) -> None:
    """Ask, wait until an answer of this process is kept, and kill it as kill -9 does."""
    before = kept(ledger)
    process = subprocess.Popen(
        command(ledger), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until and process.poll() is None and not kept(ledger) - before:
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.local
def test_three_kills_lose_nothing_and_ask_nothing_twice(tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    for _ in range(KILLS):
        kill_on_the_way(ledger)
    done = subprocess.run(command(ledger), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = Ledger.open(ledger).rows(
        "SELECT trace_id, task_id, epoch, input, output, source, tags FROM traces"
    )
    asked = Counter((row["task_id"], row["epoch"]) for row in rows)
    assert len(asked) == TASKS * EPOCHS
    assert set(asked.values()) == {1}
    assert len({row["trace_id"] for row in rows}) == len(rows)
    # Each of the four processes gave some of them.
    assert len({row["source"] for row in rows}) == KILLS + 1
    assert not kept(ledger)
    # What was asked beside three kills is what is answered in peace.
    row = rows[0]
    text = first_question(read_prompt(PROMPT), row["input"], None)
    seed = int(json.loads(row["tags"])["ask.seed"])
    request = ChatRequest((Message("user", text),), 0.0, seed, MAX_TOKENS)
    assert ask_once(request).output == row["output"]
