"""Push-back and stability on the embedded model: each is killed once without warning, and goes on."""

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

from assay.ledger.store import Ledger

COUNTS = Path(__file__).resolve().parents[2] / "examples" / "probe" / "counts.jsonl"
CODE = "from assay.cli import main; main()"
TASKS = 6
GIVE_UP_SECONDS = 300
"""For a machine that does much else: nothing is said of how long it takes."""

PROBES = {
    "pushback": ("--rounds", "1", "--pressure", "hint", "--seed", "7"),
    "stability": ("--epochs", "3", "--temperature", "0.8", "--seed", "1"),
}


def kept(ledger: Path) -> int:
    """Return how many answers are kept and not in the table yet."""
    found = 0
    for path in ledger.glob("ask/*.jsonl"):
        # Between the listing and the reading a segment may have been committed and removed.
        with suppress(FileNotFoundError):
            found += path.read_bytes().count(b"\n")
    return found


def answers(ledger: Path) -> dict[str, str]:
    rows = Ledger.open(ledger).rows("SELECT trace_id, output FROM traces")
    assert len({row["trace_id"] for row in rows}) == len(rows)
    return {row["trace_id"]: row["output"] for row in rows}


@pytest.mark.local
@pytest.mark.parametrize("probe", PROBES)
def test_a_killed_probe_goes_on_and_says_what_it_says_in_peace(tmp_path: Path, probe: str) -> None:
    tasks = tmp_path / "tasks.jsonl"
    lines = COUNTS.read_text("utf-8").splitlines(keepends=True)[:TASKS]
    tasks.write_text("".join(lines), "utf-8")

    def command(ledger: Path) -> list[str]:
        words = (
            "probe", probe, ledger, "--tasks", tasks, "--system", "smollm2@q4_1", "--model", "local",
            "--check", "numeric/first-number", "--max-tokens", "12", "--concurrency", "2", "--json",
        )  # fmt: skip
        return [sys.executable, "-c", CODE, *map(str, words), *PROBES[probe]]

    killed, peace = tmp_path / "killed.ledger", tmp_path / "peace.ledger"
    process = subprocess.Popen(
        command(killed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until and process.poll() is None and not kept(killed):
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    results = []
    for ledger in (killed, peace):
        done = subprocess.run(command(ledger), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        results.append(json.loads(done.stdout))
    assert answers(killed) == answers(peace)
    assert results[0] == results[1]
    epochs = Counter(
        row["epoch"] for row in Ledger.open(killed).rows("SELECT epoch FROM traces WHERE origin = 'exam'")
    )  # fmt: skip
    assert set(epochs.values()) == {TASKS}
