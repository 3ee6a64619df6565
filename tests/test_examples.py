"""The recording is what its README says, and the scripts beside it do their part."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desk_checks import caught, is_right
from desk_requests import requests
from record import COUNT, SEED

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DESK = EXAMPLES / "desk"
MOST_BYTES = 5_000_000


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


@pytest.fixture(scope="module")
def recording() -> dict[str, list[dict[str, Any]]]:
    return {name: lines(DESK / f"{name}.jsonl.gz") for name in ("traces", "judge", "truth")}


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_three_files_are_of_the_same_outputs(
    recording: dict[str, list[dict[str, Any]]],
) -> None:
    ids = [row["trace_id"] for row in recording["traces"]]
    assert len(ids) == len(set(ids)) == COUNT >= 10_000
    for name in ("judge", "truth"):
        assert [row["trace_id"] for row in recording[name]] == ids
    assert sum(path.stat().st_size for path in DESK.iterdir()) < MOST_BYTES


def test_the_truth_is_hidden_from_the_traces(recording: dict[str, list[dict[str, Any]]]) -> None:
    assert not any("reference" in row or "truth" in row for row in recording["traces"])


def test_the_truth_is_the_generators(recording: dict[str, list[dict[str, Any]]]) -> None:
    made, truth = requests(COUNT, SEED)
    for request, trace, verdict in zip(made, recording["traces"], recording["truth"], strict=True):
        assert request.trace_id == trace["trace_id"]
        assert request.input == trace["input"]
        assert verdict["error_probability"] == (
            not is_right(request, trace["answer"], truth[request.trace_id])
        )
        assert trace["tags"]["caught"] == ("true" if caught(request, trace["answer"]) else "false")


def test_about_one_in_twenty_is_wrong_and_most_of_them_in_few_kinds(
    recording: dict[str, list[dict[str, Any]]],
) -> None:
    wrong = [row["error_probability"] for row in recording["truth"]]
    assert 0.04 <= sum(wrong) / len(wrong) <= 0.06
    hard = {"address_change", "order_number", "topic", "price"}
    inside = [
        bad
        for bad, row in zip(wrong, recording["traces"], strict=True)
        if row["tags"]["kind"] in hard
    ]
    assert len(inside) < 0.12 * len(wrong)
    assert sum(inside) > 0.75 * sum(wrong)


def test_only_what_was_drawn_is_answered(
    tmp_path: Path, recording: dict[str, list[dict[str, Any]]]
) -> None:
    drawn = [row["trace_id"] for row in recording["truth"][5:400:7]]
    todo = tmp_path / "todo.csv"
    with todo.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["draw_id", "trace_id", "output", "verdict", "note"])
        writer.writerows(["d", trace_id, 'a "quoted", answer', "", ""] for trace_id in drawn)
    done = run(EXAMPLES / "answer.py", todo, DESK / "truth.jsonl.gz")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["trace_id"] for row in rows] == drawn
    truth = {row["trace_id"]: row["error_probability"] for row in recording["truth"]}
    assert all(row["verdict"] == ("wrong" if truth[row["trace_id"]] else "right") for row in rows)
    assert all(row["output"] == 'a "quoted", answer' for row in rows)


@pytest.mark.parametrize(("truth", "status"), [(50, 0), (200, 3)])
def test_a_missed_truth_is_said_and_exits_3(tmp_path: Path, truth: float, status: int) -> None:
    estimate = {"value": 60, "low": 40, "high": 90}
    fact = {"value": truth, "low": truth, "high": truth}
    keys = ("errors", "errors_per_day", "escaped_errors_per_day")
    for name, number in (("estimate", estimate), ("truth", fact)):
        system = {"labels": 300, **dict.fromkeys(keys, number)}
        (tmp_path / f"{name}.json").write_text(json.dumps({"systems": [system]}))
    done = run(EXAMPLES / "uncover.py", tmp_path / "estimate.json", tmp_path / "truth.json")
    assert done.returncode == status
    assert ("held" if status == 0 else "missed") in done.stdout


@pytest.mark.local
def test_the_recording_can_be_made_again(tmp_path: Path) -> None:
    done = run(EXAMPLES / "record.py", "--limit", 6, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    traces = lines(tmp_path / "traces.jsonl.gz")
    assert len(traces) == 6
    assert all(row["completion_tokens"] > 0 and row["latency_seconds"] > 0 for row in traces)
    judged = lines(tmp_path / "judge.jsonl.gz")
    assert all(0 <= row["error_probability"] <= 1 for row in judged)
    assert len(lines(tmp_path / "truth.jsonl.gz")) == 6
