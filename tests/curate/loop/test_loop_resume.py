"""Killed in each phase and resumed: the same ledger, records, answers and weights as a loop that was left in peace."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assay.curate.loop.loop_config import read_loop
from assay.curate.loop.loop_run import run_loop
from curate.loop_worlds import by_heart, ledger_rows, other_files, records

SMALL = """
turns = 1
verify = "judge:0.9/0.3"
mix = "accumulate"
real_examples = 40
[tasks]
family = "reverse-addition"
held_out_tasks = 30
harder_tasks = 10
sampled_tasks = 5
samples = 2
[generate]
keep = 40
at_once = 30
at_most = 90
[trainer]
first_steps = 8
steps = 9
batch = 8
"""
KILLER = Path(__file__).with_name("killed_loop.py")


def begun(out: Path, *, point: str) -> bool:
    """Say whether the kill left what it should have left."""
    turn, work = out / "turns" / "turn-001", out / ".work" / "turn-001"
    there = {
        "generate": (work / "kept-0000.json").exists()
        and not (work / "answers-0001.json").exists(),
        "verify": (work / "answers-0001.json").exists() and not (work / "kept-0001.json").exists(),
        "select": (turn / "generated.jsonl").exists() and not (turn / "audit.jsonl").exists(),
        "train": (work / "training" / "training.npz").exists() and not (turn / "weights").exists(),
        "weights": (turn / "weights").exists() and not (work / "training.json").exists(),
        "measure": (work / "measured.json").exists() and not (turn / "turn.json").exists(),
    }
    return there[point]


def killed(point: str, loop_file: Path, out: Path) -> None:
    """Run a loop that dies at a point, and look whether it did."""
    command = [sys.executable, str(KILLER), point, str(loop_file), str(out)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert begun(out, point=point)


def check_alike(out: Path, peace: Path) -> None:
    assert ledger_rows(out) == ledger_rows(peace)
    assert records(out) == records(peace)
    assert other_files(out) == other_files(peace)
    assert not list((out / ".work").glob("turn-*"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loop file, and beside it what comes of it in peace."""
    folder = tmp_path_factory.mktemp("peace")
    loop_file = by_heart(folder, mix="accumulate", real=5)
    loop_file.write_text(loop_file.read_text().replace("turns = 2", "turns = 1"), "utf-8")
    run_loop(read_loop(loop_file), folder / "out", processes=1)
    return loop_file


@pytest.mark.parametrize("point", ["generate", "verify", "select", "weights", "measure"])
def test_a_loop_that_is_killed_and_resumed_has_the_same_ledger(
    point: str, tmp_path: Path, world: Path
) -> None:
    killed(point, world, tmp_path / "out")
    run_loop(read_loop(world), tmp_path / "out", processes=1)
    check_alike(tmp_path / "out", world.parent / "out")


@pytest.mark.train
def test_a_training_that_is_killed_goes_on_to_the_same_ledger(tmp_path: Path) -> None:
    loop_file = tmp_path / "loop.toml"
    loop_file.write_text(SMALL, "utf-8")
    run_loop(read_loop(loop_file), tmp_path / "peace", processes=1)
    killed("train", loop_file, tmp_path / "out")
    run_loop(read_loop(loop_file), tmp_path / "out", processes=1)
    check_alike(tmp_path / "out", tmp_path / "peace")
