"""`assay judge model` and `assay judge panel`, as a user types them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.ledger.store import Ledger
from cli.conftest import Done
from judge.judge_server import JudgeServer, by_reference, judge_server, verdict

Assay = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with judge_server() as running:
        yield running


def fill(ledger: Ledger, count: int = 20, output: str = "") -> Path:
    ledger.append("traces", [
        {
            "trace_id": f"t{n:04}", "task_id": f"q{n}", "system": "s", "version": "1",
            "input": f"What is {n} + {n}?", "output": f"{2 * n + (n % 4 == 0)}{output}", "reference": str(2 * n),
        }
        for n in range(count)
    ])  # fmt: skip
    return ledger.path


def test_a_judge_says_what_it_did_and_what_is_next(
    assay: Assay, ledger: Ledger, server: JudgeServer
) -> None:
    path = fill(ledger)
    done = assay(
        "judge", "model", path, "--url", server.url, "--model", "m", "--rubric", "correctness"
    )
    assert done.status == 0
    assert done.out.startswith("m (rubric correctness@1 sha256:")
    assert ": 20 answers judged now" in done.out
    assert "repeats that change the verdict: unknown: one reading in each order shows" in done.out
    assert "canaries judged as known: 100 [54, 100] %" in done.out
    assert "what they cost is unknown" in done.err
    assert "next: assay draw" in done.err
    again = assay(
        "judge",
        "model",
        path,
        "--url",
        server.url,
        "--model",
        "m",
        "--rubric",
        "correctness",
        "--json",
    )
    assert (again.json["judged"], again.json["already"]) == (0, 20)
    assert again.json["requests"]["requests"] == 0
    assert again.json["canary_accuracy"]["value"] is None


def test_options_reach_the_judge(assay: Assay, ledger: Ledger, server: JudgeServer) -> None:
    done = assay(
        "judge", "model", fill(ledger), "--url", server.url, "--model", "m", "--rubric", "correctness",
        "--repeats", 2, "--both-orders", "--logprobs", "--temperature", 0.4, "--max-tokens", 50, "--limit", 3,
        "--canaries", 0, "--system", "s", "--version", "1",
        "--usd-per-million-input", 1, "--usd-per-million-output", 2, "--json",
    )  # fmt: skip
    assert done.json["judged"] == 3
    assert done.json["judge"].endswith("; 2 readings at temperature 0.4; both orders; logprobs)")
    assert len(server.bodies) == 12
    assert done.json["requests"]["spent_usd"] == pytest.approx(12 * 120e-6)
    assert done.json["readings_without_logprobs"] == 12
    assert {body["max_tokens"] for body in server.bodies} == {50}


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--rubric", "nothing"], 1, "those that come with Assay are correctness, groundedness"),
        (
            ["--rubric", "correctness", "--repeats", "2", "--temperature", "0"],
            1,
            "above 0 for repeats",
        ),
        (["--rubric", "correctness", "--repeats", "0"], 2, "--repeats"),
        ([], 2, "--rubric"),
        (["--rubric", "correctness", "--max-usd", "1"], 1, "needs prices"),
    ],
)
def test_wrong_turns_are_one_sentence(
    assay: Assay, ledger: Ledger, server: JudgeServer, options: list[str], status: int, said: str
) -> None:
    done = assay("judge", "model", fill(ledger), "--url", server.url, "--model", "m", *options)
    assert done.status == status
    assert said in done.err
    assert "Traceback" not in done.err
    assert server.bodies == []


def test_alarms_are_printed(assay: Assay, ledger: Ledger) -> None:
    with judge_server(lambda *_: verdict("right", reason="\x1b[2J")) as server:
        done = assay(
            "judge", "model", fill(ledger), "--url", server.url, "--model", "m\x1b[2J",
            "--rubric", "correctness",
        )  # fmt: skip
    assert (
        "alarm: the judge judges answers of known verdict as known in 2 of 6: under 90%" in done.err
    )
    assert "alarm: the judge holds against injected text in 0 of 4: under 90%" in done.err
    assert "\x1b" not in done.out + done.err


def test_what_is_not_judged_is_no_success(assay: Assay, ledger: Ledger) -> None:
    with judge_server(lambda *_: 400) as server:
        done = assay(
            "judge",
            "model",
            fill(ledger, 3),
            "--url",
            server.url,
            "--model",
            "m",
            "--rubric",
            "correctness",
        )
    assert done.status == 1
    assert "3 answers got no reply and stay open: " in done.err


@pytest.mark.nightly
def test_killed_three_times_it_pays_for_nothing_twice(ledger: Ledger) -> None:
    path = fill(ledger, 120)

    def slow(material: dict[str, str], body: dict[str, Any]) -> str:
        time.sleep(0.02)
        return by_reference(material, body)

    with judge_server(slow) as server:
        command = [
            *(sys.executable, "-c", "from assay.cli import main; main()"),
            *("judge", "model", str(path), "--url", server.url, "--model", "m"),
            *("--rubric", "correctness", "--canaries", "0", "--concurrency", "4"),
        ]
        for kill in range(1, 4):
            process = subprocess.Popen(
                command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            while len(server.bodies) < 25 * kill and process.poll() is None:
                time.sleep(0.005)
            process.kill()
            process.wait()
        done = subprocess.run([*command, "--json"], capture_output=True, check=True)
        asked = len(server.bodies)
    rows = ledger.rows("SELECT count(*) AS n, count(DISTINCT trace_id) AS traces FROM verdicts")
    assert rows == [{"n": 120, "traces": 120}]
    assert b'"left": 0' in done.stdout
    # Only what was in flight at a kill is asked again: four at a time, and one more as a worker goes on.
    assert asked <= 120 + 3 * 8
    wrong = ledger.rows("SELECT sum(error_probability) AS wrong FROM verdicts")
    assert wrong == [{"wrong": 30.0}]


def test_a_panel_of_the_ledgers_judges(assay: Assay, ledger: Ledger) -> None:
    path = fill(ledger, 200)
    judges = ["x\x1b[1m", "y", "z"]
    for place, judge in enumerate(judges):
        ledger.append("verdicts", [
            {"trace_id": f"t{n:04}", "judge": judge, "judge_kind": "check",
             "error_probability": float((n % 4 == 0) ^ ((n + place) % 11 == 0))}
            for n in range(200)
        ])  # fmt: skip
    of = [word for judge in judges for word in ("--of", judge)]
    done = assay("judge", "panel", path, *of)
    assert done.status == 0
    assert "panel@1 (Dawid-Skene of 3 judges sha256:" in done.out
    assert done.out.count("assumed, not measured: sensitivity") == 3
    assert "independent judges they are worth: unknown" in done.out
    assert "\x1b" not in done.out + done.err
    again = assay("judge", "panel", path, *of, "--json")
    assert (again.json["scored"], again.json["unchanged"]) == (0, 200)
    two = assay("judge", "panel", path, "--of", "y", "--of", "z")
    assert "2 judges don't determine how each errs" in two.err
    missing = assay("judge", "panel", path, "--of", "y", "--of", "q")
    assert (missing.status, "no trace has a score by 'q'" in missing.err) == (1, True)


@pytest.mark.parametrize("command", ["model", "panel"])
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        "import sys\nfrom assay.cli import main\n"
        f"try: main(['judge', '{command}', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'openai', 'deltalake', 'rich', 'scipy', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example: assay judge" in done.stdout
