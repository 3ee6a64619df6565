"""The commands from end to end, with right and with wrong input."""

from __future__ import annotations

import csv
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger

Assay = Callable[..., Any]
Write = Callable[[str, str | bytes], Path]


def lines(*rows: Mapping[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def trace(number: int, **more: object) -> dict[str, object]:
    return {
        "trace_id": f"t{number:03d}",
        "input": f"question {number}",
        "system": "bot",
        "output": "Lyon" if number % 10 == 0 else "Paris",
        "reference": "paris",
        "at": f"2026-10-{1 + number // 50:02d}T{number % 24:02d}:00:00Z",
        "tags": {"topic": "a" if number % 2 else "b"},
        **more,
    }


@pytest.fixture
def runs(write: Write) -> Path:
    return write("runs.jsonl", lines(*(trace(i) for i in range(200))))


def test_from_a_file_to_a_count(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    done = assay("ingest", runs, "--into", ledger)
    assert done.status == 0
    assert (
        "200 lines = 200 accepted + 0 rejected + 0 blank; 200 traces and 0 verdicts added"
        in done.out
    )
    assert f"next: assay volume {ledger}" in done.err
    assert assay("judge", ledger, "--check", "exact").status == 0
    found = assay("volume", ledger, "--json").json["systems"][0]
    assert (found["errors"]["value"], found["errors"]["guarantee"]) == (20, "exact")
    text = assay("volume", ledger)
    assert text.out.startswith("bot makes ")
    assert "20 of 200 outputs are wrong" in text.out


def test_from_a_file_to_labels_to_a_volume(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger, todo = tmp_path / "runs.ledger", tmp_path / "todo.csv"
    assay("ingest", runs, "--into", ledger)
    done = assay("draw", ledger, "--labels", 60, "--seed", 7, "-o", todo)
    assert done.status == 0
    assert f"list to fill in: {todo}" in done.out
    rows = list(csv.DictReader(todo.read_text().splitlines()))
    assert len(rows) == 60
    for row in rows:
        row["verdict"] = "wrong" if row["output"] == "Lyon" else "right"
    with todo.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    again = assay("draw", ledger, "--labels", 60, "--seed", 7, "-o", todo)
    assert again.status == 1
    assert "may hold labels" in again.err
    assert "60 labels taken" in assay("label", ledger, todo, "--person", "ada").out
    found = assay("volume", ledger, "--by", "topic", "--json").json["systems"][0]
    assert found["errors"]["low"] <= 20 <= found["errors"]["high"]
    assert found["evidence"]["people"] == ["ada"]
    assert {part["name"] for part in found["by"]["topic"]} == {"a", "b"}


def test_the_same_file_twice_adds_nothing(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    report = assay("ingest", runs, "--into", ledger, "--json").json["files"][0]
    assert (report["traces_added"], report["traces_known"], report["accepted"]) == (0, 200, 200)
    assert Ledger.open(ledger).rows("SELECT count(*) AS n FROM traces") == [{"n": 200}]


def test_rows_without_an_id_are_told_apart_by_file_and_line(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    same = {"input": "q", "system": "bot", "output": "x"}
    file, ledger = write("a.jsonl", lines(same, same)), tmp_path / "runs.ledger"
    for _ in range(2):
        assay("ingest", file, "--into", ledger)
    assert Ledger.open(ledger).rows("SELECT count(*) AS n FROM traces") == [{"n": 2}]
    write("b.jsonl", lines(same, same, same))
    assay("ingest", tmp_path / "b.jsonl", "--into", ledger)
    assert Ledger.open(ledger).rows("SELECT count(*) AS n FROM traces") == [{"n": 5}]


def test_one_id_with_two_outputs_is_refused_and_said(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    ledger = tmp_path / "runs.ledger"
    file = write("a.jsonl", lines(trace(1), trace(2), trace(1, output="Rome"), trace(2)))
    done = assay("ingest", file, "--into", ledger)
    assert "4 lines = 3 accepted + 1 rejected + 0 blank; 2 traces" in done.out
    assert "a.jsonl:3: `trace_id` is already there with another output" in done.err


def test_bad_lines_are_kept_apart_and_never_stop_the_rest(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    ledger = tmp_path / "runs.ledger"
    bad = (
        '{"system": "bot", "output": "x"}\n{"broken\n\n'
        '{"input": "q", "system": "bot", "output": "y", "latency_seconds": -1}\n'
    )
    done = assay(
        "ingest", write("a.jsonl", lines(trace(1)) + bad + lines(trace(2))), "--into", ledger
    )
    assert done.status == 0
    assert "6 lines = 2 accepted + 3 rejected + 1 blank" in done.out
    assert "a.jsonl:2: `task_id` and `input` are both missing" in done.err
    assert "a.jsonl:5: `latency_seconds` must not be negative, got -1" in done.err
    (kept,) = (ledger / "rejects").iterdir()
    rows = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [row["line"] for row in rows] == [2, 3, 5]
    assert all(row["reason"] and row["text"] for row in rows)


def test_a_file_of_only_bad_lines_exits_1(assay: Assay, write: Write, tmp_path: Path) -> None:
    good = write("good.jsonl", lines(trace(1)))
    bad = write("bad.jsonl", '{"system": "bot", "output": "x"}\n' * 3)
    done = assay("ingest", bad, good, "--into", tmp_path / "runs.ledger", "--system", "bot")
    assert done.status == 1
    assert "1 traces and 0 verdicts added" in done.out


def test_one_id_in_two_systems_is_refused_and_said(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    file = write("a.jsonl", lines(trace(1), trace(1, system="other bot"), trace(1)))
    done = assay("ingest", file, "--into", tmp_path / "runs.ledger")
    assert "3 lines = 2 accepted + 1 rejected + 0 blank; 1 traces" in done.out
    assert "a.jsonl:2: `trace_id` is already there with another system (bot" in done.err


def test_a_file_that_is_not_there_stops_no_other(assay: Assay, runs: Path, tmp_path: Path) -> None:
    done = assay("ingest", tmp_path / "none.csv", runs, "--into", tmp_path / "runs.ledger")
    assert done.status == 1
    assert "there is no file" in done.err
    assert "200 traces" in done.out


def test_verdicts_without_a_trace_are_said(assay: Assay, write: Write, tmp_path: Path) -> None:
    verdict = {"trace_id": "nobody", "judge": "j", "judge_kind": "model", "error_probability": 0.5}
    done = assay("ingest", write("v.jsonl", lines(verdict)), "--into", tmp_path / "runs.ledger")
    assert "1 verdicts name a trace that the ledger does not hold" in done.err


def test_a_right_or_wrong_column_is_a_judge(assay: Assay, write: Write, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    file = write("a.csv", "question,reply,model,correct\nq1,x,bot,yes\nq2,y,bot,no\nq3,z,bot,\n")
    done = assay(
        "ingest",
        file,
        "--into",
        ledger,
        "--map",
        "input=question,output=reply,system=model,right=correct",
    )
    assert "3 traces and 2 verdicts added" in done.out
    assert "columns taken as --map" in done.err
    judge = assay("ledger", "info", ledger, "--json").json["judges"]
    assert judge == [{"judge": "correct", "judge_kind": "check", "verdicts": 2, "labels": 0}]


@pytest.mark.parametrize(
    ("standard", "status"), [("1sigma", 0), ("3sigma", 3), ("30/30d", 3), ("99999/30d", 0)]
)
def test_a_standard_decides_the_exit_status(
    assay: Assay, runs: Path, tmp_path: Path, standard: str, status: int
) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    assay("judge", ledger, "--check", "exact")
    assert assay("volume", ledger, "--standard", standard).status == status


def test_a_standard_without_evidence_is_a_no(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    done = assay("volume", ledger, "--standard", "1sigma")
    assert done.status == 3
    assert "unknown" in done.out


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["volume", "nowhere.ledger"], 1, "there is no ledger at nowhere.ledger"),
        (["volume"], 2, "Missing argument"),
        (["volum"], 2, "No such command"),
        (["doctor", "nowhere.csv"], 1, "there is no file"),
        (["ingest", "x.csv"], 2, "--into"),
        (["draw", "x", "--labels", "0", "--seed", "1"], 2, "--labels"),
        (["volume", "x", "--from", "yesterday"], 2, "2026-10-05"),
        (["volume", "x", "--human-error-rate", "0.1"], 2, "go together"),
        (["volume", "x", "--human-error-rate", "10"], 2, "0<=x<=1"),
        (["judge", "x", "--check", "vibes"], 2, "vibes"),
        (["ingest", "x.csv", "--into", "l", "--map", "colour=red"], 1, "colour"),
        (["report", "nowhere.ledger", "-o", "r.html"], 1, "there is no ledger"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    assay: Assay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = assay(*arguments)
    assert done.status == status
    assert says in done.err
    assert "Traceback" not in done.err


def test_what_a_file_says_can_not_move_the_cursor(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    ledger = tmp_path / "runs.ledger"
    evil = "bot\x1b[2J\u202e"
    assay(
        "ingest",
        write("a.jsonl", lines(*(trace(i, system=evil) for i in range(20)))),
        "--into",
        ledger,
    )
    assay("judge", ledger, "--check", "exact")
    for arguments in (
        ["volume", ledger],
        ["ledger", "info", ledger],
        ["doctor", tmp_path / "a.jsonl"],
    ):
        done = assay(*arguments)
        assert "\x1b[2J" not in done.out + done.err
        assert "\u202e" not in done.out + done.err
        assert "\\x1b[2J" in done.out


def test_several_systems_stand_side_by_side(assay: Assay, write: Write, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    many = [
        trace(i, trace_id=f"{s}{i}", system=f"bot{s}", latency_seconds=1 + s)
        for s in range(6)
        for i in range(20)
    ]
    assay("ingest", write("a.jsonl", lines(*many)), "--into", ledger)
    assay("judge", ledger, "--check", "exact")
    done = assay("volume", ledger, "--workers", 1)
    assert done.out.count(" errors a day, counted") == 6
    assert "fewest errors per day" in done.out
    assert "--system NAME" in done.out


def test_a_system_without_evidence_is_said_in_few_lines(
    assay: Assay, runs: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    done = assay("volume", ledger)
    assert done.out.count("unknown") == 2
    assert "time stamps over" in done.out
    assert "census" not in done.out


def test_a_short_log_is_a_projection_and_says_so(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    ledger = tmp_path / "runs.ledger"
    rows = [trace(i, at=f"2026-10-01T00:{i:02d}:00Z") for i in range(60)]
    assay("ingest", write("short.jsonl", lines(*rows)), "--into", ledger)
    assay("judge", ledger, "--check", "exact")
    assert "a day is projected" in assay("volume", ledger).out
    assert "a day is projected" not in assay("volume", ledger, "--per-day", 500).out


def test_the_next_command_can_be_typed_as_it_stands(
    assay: Assay, write: Write, tmp_path: Path
) -> None:
    ledger = tmp_path / "my runs' ledger"
    rows = [trace(i, system="a bot; v'2") for i in range(40)]
    done = assay("ingest", write("r.jsonl", lines(*rows)), "--into", ledger)
    (said,) = [
        line.removeprefix("next: ") for line in done.err.splitlines() if line.startswith("next: ")
    ]
    assert shlex.split(said) == ["assay", "volume", str(ledger)]
    found = assay(*shlex.split(said)[1:], "--json").json["systems"][0]["next"]
    command, *arguments = shlex.split(found)
    assert command == "assay"
    assert assay(*arguments, "-o", tmp_path / "list.csv").status == 0


def test_a_ledger_is_no_file(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    done = assay("doctor", ledger)
    assert done.status == 1
    assert f"next: assay ledger info {ledger}" in done.err


def test_compact_and_migrate(assay: Assay, runs: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", runs, "--into", ledger)
    assert assay("ledger", "compact", ledger, "--json").json["traces"]["files"] == 1
    assert "nothing to do" in assay("ledger", "migrate", ledger).err


def test_a_missing_reference_is_said(assay: Assay, write: Write, tmp_path: Path) -> None:
    ledger = tmp_path / "runs.ledger"
    assay("ingest", write("a.jsonl", lines(trace(1), trace(2, reference=None))), "--into", ledger)
    done = assay("judge", ledger, "--check", "exact")
    assert "1 traces have no reference" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_sentence(assay: Assay, runs: Path, tmp_path: Path) -> None:
    assay("ingest", runs, "--into", tmp_path / "ledger")
    code = "from assay.cli import main; main()"
    command = [sys.executable, "-c", code, "volume", str(tmp_path / "ledger"), "--json"]
    # Python keeps what it prints in a buffer unless it is told not to, and tries to write it once more at its end.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment
        )
    assert done.returncode == 1
    assert done.stderr.startswith("assay: there is no room left on the disk")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
