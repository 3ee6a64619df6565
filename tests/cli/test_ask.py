"""`assay ask` as a user types it; killed on the way, stopped, with too little money, with bad files."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ask.fault_server import FaultServer, mostly_well, serving
from assay.ledger.store import Ledger

Write = Callable[[str, str], Path]
TASKS = 40
PRICES = ("--usd-per-million-input", "1000000", "--usd-per-million-output", "1000000")


def questions(n: int = TASKS) -> str:
    return "".join(
        json.dumps({"task_id": f"t{i}", "input": f"question {i}"}) + "\n" for i in range(n)
    )


def arguments(tasks: Path, url: str, into: Path, *more: str) -> list[str]:
    return [
        "ask",
        str(tasks),
        "--system",
        "helper@2",
        "--url",
        url,
        "--model",
        "m",
        "--into",
        str(into),
        *more,
    ]


def started(*command: str) -> subprocess.Popen[str]:
    # A key in the environment is not for whatever listens on loopback.
    return subprocess.Popen(
        [sys.executable, "-c", "from assay.cli import main; main()", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPENAI_API_KEY": "sk-secret-of-the-environment"},
    )


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def counts(ledger: Path) -> Counter[tuple[str, int]]:
    found = Ledger.open(ledger).rows("SELECT task_id, epoch FROM traces")
    return Counter((row["task_id"], row["epoch"]) for row in found)


def test_killed_three_times_every_task_is_answered_exactly_epochs_times(
    tmp_path: Path, write: Write
) -> None:
    into, tasks = tmp_path / "runs.ledger", write("tasks.jsonl", questions())
    server = FaultServer(delay_seconds=0.02, choose=mostly_well(0.1, ("500", "429", "cut")))
    with serving(server):
        command = arguments(
            tasks, server.url, into, "--epochs", "3", "--seed", "1", "--concurrency", "4", "--json"
        )
        for share in (0.2, 0.5, 0.8):
            process = started(*command)
            wait_for(lambda share=share: server.faults["ok"] >= share * 3 * TASKS)  # type: ignore[misc]
            process.kill()
            process.communicate()
        last = started(*command)
        out, err = last.communicate(timeout=60)
        assert last.returncode == 0, err
    report = json.loads(out)
    assert report["left"] == 0
    assert report["known_already"] + report["asked"] == 3 * TASKS
    assert counts(into) == {(f"t{i}", epoch): 1 for i in range(TASKS) for epoch in (1, 2, 3)}
    # Only what was on its way when the process died is asked again: at most four a kill.
    assert 3 * TASKS <= server.faults["ok"] <= 3 * TASKS + 3 * 4
    assert not list((into / "ask").glob("*.jsonl"))
    assert not any(b"sk-secret" in path.read_bytes() for path in into.rglob("*") if path.is_file())
    assert not any("sk-secret" in head for head in server.headers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_hands_over_what_is_done(
    tmp_path: Path, write: Write, number: signal.Signals
) -> None:
    into, tasks = tmp_path / "runs.ledger", write("tasks.jsonl", questions())
    server = FaultServer(delay_seconds=0.05)
    with serving(server):
        process = started(*arguments(tasks, server.url, into, "--concurrency", "2", "--json"))
        wait_for(lambda: server.requests >= 8)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopping: waiting for the answers that are on their way" in err
    assert "the same command asks only for them" in err
    report = json.loads(out)
    assert report["stopped"] == "signal"
    assert sum(counts(into).values()) == report["asked"] == server.requests < TASKS


def test_the_report(assay: Any, tmp_path: Path, write: Write) -> None:
    into, tasks = tmp_path / "runs.ledger", write("tasks.jsonl", questions(3))
    server = FaultServer(lambda body, before: "400" if "1" in str(body["messages"]) else "ok")
    with serving(server):
        done = assay(*arguments(tasks, server.url, into))
        assert done.status == 1
        assert "helper@2: 2 answers asked now, 0 known already, 1 failed, 3 wanted" in done.out
        assert "20 tokens read, 10 written; cost unknown" in done.out
        assert "failed: task t1, epoch 1: status 400: told so" in done.err
        assert "1 answers are still wanted: requests failed" in done.err
        server.choose = lambda body, before: "ok"
        done = assay(*arguments(tasks, server.url, into))
    assert done.status == 0
    assert "1 answers asked now, 2 known already" in done.out
    assert "next: assay draw" in done.err, "without references nothing but a person can tell"


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ({"reference": "Paris"}, "--check exact"),
        ({"reference": " -1,200.5 "}, "--check numeric"),
        ({"reference": "3 km", "tags": {"check": "numeric"}}, "--check by-task"),
    ],
)
def test_the_next_command_is_the_check_that_fits(
    assay: Any, tmp_path: Path, write: Write, more: dict[str, object], command: str
) -> None:
    task = {"task_id": "t", "input": "?", **more}
    tasks = write("tasks.jsonl", json.dumps(task) + "\n")
    replay = write("recorded.jsonl", json.dumps({**task, "output": "Paris"}) + "\n")
    done = assay("ask", tasks, "--system", "x@1", "--replay", replay, "--into", tmp_path / "l")
    assert done.status == 0
    assert command in done.err


def test_money(assay: Any, tmp_path: Path, write: Write) -> None:
    into, tasks = tmp_path / "runs.ledger", write("tasks.jsonl", questions(10))
    with serving(FaultServer()) as server:
        limit = ("--max-usd", "100", "--max-tokens", "5")
        done = assay(*arguments(tasks, server.url, into, *limit))
        assert (done.status, server.requests) == (1, 0)
        assert "needs prices" in done.err
        done = assay(*arguments(tasks, server.url, into, "--max-usd", "100", *PRICES))
        assert (done.status, server.requests) == (1, 0)
        assert "--max-tokens" in done.err
        done = assay(*arguments(tasks, server.url, into, *limit, *PRICES, "--json"))
    assert done.status == 3
    assert done.json["stopped"] == "money"
    assert 15 * server.requests == done.json["spent_usd"] <= 100
    assert "the limit on money is reached" in done.err


def test_a_dry_run_sends_and_writes_nothing(assay: Any, tmp_path: Path, write: Write) -> None:
    tasks = write(
        "tasks.jsonl", '{"task_id": "\\u001b[2J", "input": "one\\u202e", "context": "facts"}\n'
    )
    into = tmp_path / "runs.ledger"
    prompt = write("short.txt", "Be short.\n{context}\n{input}\n")
    with serving(FaultServer()) as server:
        more = ("--dry-run", "--prompt", prompt, "--max-tokens", "5", "--epochs", "2", *PRICES)
        done = assay(*arguments(tasks, server.url, into, *map(str, more)))
        assert server.requests == 0
    assert done.status == 0
    assert not into.exists()
    assert "1 tasks x 2 epochs = 2 answers; 0 in" in done.out
    # The bytes of the question, 32 for the template, 5 written; in two epochs.
    worst = len("Be short.\nfacts\none\u202e".encode()) + 32 + 5
    assert f"greatest cost: ${2 * worst:,.4f}" in done.out
    assert "\\x1b[2J epoch 1" in done.out
    assert "user: one\\u202e" in done.out


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "must begin with {"),
        (
            '{"task_id": "a"}',
            "one of `input`, `turns` and `messages` must say what is asked, got nothing",
        ),
        ('{"input": "a", "turns": ["b"]}', "got `input` and `turns`"),
        ('{"input": "  "}', "`input` is empty"),
        ('{"input": ["a"]}', "`input` must be text"),
        ('{"turns": []}', "`turns` must be a list with something in it"),
        ('{"turns": ["a", "b"], "reference": ["c"]}', "lists 1 answers for 2 questions"),
        ('{"messages": [{"role": "assistant", "content": "a"}]}', "must be the user's"),
        ('{"messages": [{"role": "tool", "content": "a"}]}', "`role` must be"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "only text"),
        ('{"input": "a", "origin": "dream"}', "`origin` must be one of"),
        ('{"input": "a", "tags": 3}', "`tags` must be an object"),
        ('{"task_id": "t0", "input": "something else"}', "asks something else"),
        (
            '{"input": "a", "turn": 2, "output": "b"}',
            "turn 2 of a conversation can't be asked alone",
        ),
    ],
)
def test_bad_lines_are_refused_before_anything_is_asked(
    assay: Any, tmp_path: Path, write: Write, line: str, reason: str
) -> None:
    into, tasks = tmp_path / "runs.ledger", write("tasks.jsonl", questions(2) + line + "\n")
    with serving(FaultServer()) as server:
        done = assay(*arguments(tasks, server.url, into))
        assert (done.status, server.requests) == (1, 0)
        assert "1 lines are no tasks, and nothing was asked: line 3: " in done.err
        assert reason in done.err
        done = assay(*arguments(tasks, server.url, into, "--skip-bad"))
        assert (done.status, server.requests) == (0, 2)
        assert f"{tasks}:3: left out: " in done.err


def test_trace_lines_are_tasks(assay: Any, tmp_path: Path, write: Write) -> None:
    trace = {
        "task_id": "a",
        "system": "old",
        "version": "1",
        "input": "q",
        "output": "x",
        "reference": "r",
        "origin": "field",
        "epoch": 1,
        "latency_seconds": 2.0,
        "tags": {"topic": "t", "ask.seed": "9"},
    }
    text = "".join(json.dumps({**trace, "epoch": epoch}) + "\n" for epoch in (1, 2))
    into, tasks = tmp_path / "runs.ledger", write("traces.jsonl", text)
    with serving(FaultServer()) as server:
        done = assay(*arguments(tasks, server.url, into))
        assert (done.status, server.requests) == (0, 1)
    assert "1 lines ask what a line before asks" in done.err
    row = Ledger.open(into).rows("SELECT * FROM traces")[0]
    assert (row["system"], row["reference"], row["origin"]) == ("helper", "r", "exam")
    tags = json.loads(row["tags"])
    assert tags["topic"] == "t"
    assert "ask.seed" not in tags


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://169.254.169.254/v1", "link-local"),
        ("http://[fe80::1]/v1", "link-local"),
        ("http://2852039166/v1", "link-local"),
        ("http://[::ffff:169.254.169.254]/v1", "link-local"),
        ("http://0xA9FEA9FE/v1", "link-local"),
        ("http://0251.0376.0251.0376/v1", "link-local"),
        ("http://169.254.169.254./v1", "link-local"),
        ("http://[64:ff9b::a9fe:a9fe]/v1", "link-local"),
        ("http://[2002:a9fe:a9fe::]/v1", "link-local"),
        ("http://[::a9fe:a9fe]/v1", "link-local"),
        ("http://[fd00:ec2::254]/v1", "link-local"),
        ("http://100.100.100.200/v1", "link-local"),
        ("ht\ttp://127.0.0.1/v1", "no space"),
        ("ftp://user:secret@127.0.0.1/v1", "must not hold a name or password"),
        ("http://user:secret@127.0.0.1:bad/v1", "is no URL"),
        ("http://127.0.0.1/v1?key=secret", "must end with its path"),
        ("file:///etc/passwd", "must be http"),
        ("ftp://127.0.0.1/v1", "must be http"),
        ("http://user:secret@127.0.0.1/v1", "must not hold a name or password"),
        ("http://127.0.0.1/v1?key=x", "must end with its path"),
        ("http://[broken/v1", "is no URL"),
        ("http://192.0.2.1/v1", "there is no key"),
    ],
)
def test_addresses_that_are_refused(
    assay: Any, tmp_path: Path, write: Write, monkeypatch: Any, url: str, said: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = assay(*arguments(write("tasks.jsonl", questions(1)), url, tmp_path / "runs.ledger"))
    assert done.status == 1
    assert said in done.err
    assert "secret" not in done.err


def test_what_a_server_says_stays_inert_in_json(assay: Any, tmp_path: Path, write: Write) -> None:
    tasks, into = write("tasks.jsonl", questions(1)), tmp_path / "runs.ledger"
    said = "\x1b[2J \x9b31m \x7f \u202e"
    with serving(FaultServer(lambda body, before: "400", error=said)) as server:
        done = assay(*arguments(tasks, server.url, into, "--json"))
    assert done.status == 1
    assert said in json.loads(done.out)["failed"][0]["reason"]
    assert not set(done.out) & set(said.replace(" ", "").replace("[2J", "").replace("31m", ""))


def test_a_key_on_the_command_line_is_refused(assay: Any, tmp_path: Path, write: Write) -> None:
    tasks = write("tasks.jsonl", questions(1))
    into = tmp_path / "runs.ledger"
    done = assay(*arguments(tasks, "http://127.0.0.1:9/v1", into, "--api-key-env", "sk-the-key"))
    assert done.status == 1
    assert "wants the name of a variable" in done.err
    assert "sk-the-key" not in done.err


def test_a_redirect_is_not_followed(assay: Any, tmp_path: Path, write: Write) -> None:
    tasks = write("tasks.jsonl", questions(1))
    with serving(FaultServer(lambda body, before: "redirect")) as server:
        done = assay(*arguments(tasks, server.url, tmp_path / "runs.ledger", "--json"))
    assert done.status == 1
    assert done.json["failed"][0]["reason"].startswith("status 302")


def test_replay(assay: Any, tmp_path: Path, write: Write) -> None:
    recorded = write("recorded.jsonl", '{"task_id": "t0", "output": "recorded"}\n')
    tasks, into = write("tasks.jsonl", questions(2)), tmp_path / "runs.ledger"
    command = ["ask", tasks, "--system", "helper@2", "--replay", recorded, "--into", into]
    done = assay(*command)
    assert done.status == 1
    assert (
        "failed: task t1, epoch 1: nothing was recorded for task 't1', epoch 1, turn 0" in done.err
    )
    assert "next: assay ask" not in done.err, "to ask the recording again helps nobody"
    assert "the recording does not hold them" in done.err
    row = Ledger.open(into).rows("SELECT output, tags FROM traces")[0]
    assert row["output"] == "recorded"
    assert "ask.replay" in row["tags"]
    assert assay(*command, "--model", "m").status == 2


def test_limit_and_another_prompt(assay: Any, tmp_path: Path, write: Write) -> None:
    tasks, into = write("tasks.jsonl", questions(5)), tmp_path / "runs.ledger"
    prompt = write("short.txt", "Short: {input}\n")
    with serving(FaultServer()) as server:
        assert assay(*arguments(tasks, server.url, into, "--limit", "2")).status == 0
        done = assay(*arguments(tasks, server.url, into, "--limit", "2", "--prompt", str(prompt)))
        assert (done.status, server.requests) == (0, 4)
    found = Ledger.open(into).rows(
        "SELECT input, output, tags FROM traces WHERE tags LIKE '%ask.prompt%'"
    )
    assert {row["output"] for row in found} == {
        "re: Short: question 0 #None",
        "re: Short: question 1 #None",
    }
    assert {row["input"] for row in found} == {"question 0", "question 1"}
    assert all(json.loads(row["tags"])["ask.prompt"].startswith("short.txt@") for row in found)


def test_a_published_model_replayed(
    assay: Any, tmp_path: Path, write: Write, shared_data: Path
) -> None:
    """GPT-4o's recorded answers to 300 of the tasks of GSM8K: each ends with its own question and reference."""
    folder = shared_data / "zeroeval_gsm"
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text("utf-8").splitlines()][
        :300
    ]
    names = {item["item"] for item in items}
    with gzip.open(folder / "answers.jsonl.gz", "rt", encoding="utf-8") as stream:
        answers = [json.loads(line) for line in stream if '"model": "gpt-4o-2024-08-06"' in line]
    tasks = "".join(
        json.dumps({"task_id": item["item"], "input": item["question"], "reference": item["gold"]})
        + "\n"
        for item in items
    )
    recorded = "".join(
        json.dumps({"task_id": answer["item"], "output": str(answer["answer"])}) + "\n"
        for answer in reversed(answers)
    )
    into = tmp_path / "runs.ledger"
    done = assay(
        *("ask", write("tasks.jsonl", tasks), "--system", "gpt-4o@2024-08-06", "--into", into),
        *("--replay", write("recorded.jsonl", recorded), "--json"),
    )
    given = {answer["item"]: answer for answer in answers if answer["item"] in names}
    assert len(given) > 250
    assert done.json["asked"] == len(given)
    assert len(done.json["failed"]) == 300 - len(given)
    rows = Ledger.open(into).rows("SELECT task_id, input, output, reference FROM traces")
    by_item = {item["item"]: item for item in items}
    for row in rows:
        assert row["input"] == by_item[row["task_id"]]["question"]
        assert row["output"] == str(given[row["task_id"]]["answer"])
        assert row["reference"] == by_item[row["task_id"]]["gold"]
