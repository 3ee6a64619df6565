"""`assay curate synthesize` as a user types it: whole, killed, with hostile text, with wrong input."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ask.fault_server import FaultServer, serving
from assay.curate import synthesize_write
from assay.ledger.store import Ledger
from cli.conftest import Done
from judge.judge_server import judge_server

Assay = Callable[..., Done]
KILLED = Path(__file__).parent.parent / "curate" / "killed_synthesis.py"
TASKS = 20
FILES = ("chat.jsonl", "examples.parquet", "not-kept.jsonl")


def sums(count: int = TASKS) -> str:
    return "".join(
        json.dumps({"task_id": f"sum-{n:02}", "input": f"{n} + 7?", "reference": str(n + 7)}) + "\n"
        for n in range(count)
    )


def adding(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a sum: wrong where the seed says so, more often for greater numbers; sometimes in other words."""
    task = int(body["messages"][-1]["content"].split()[0])
    lot = hashlib.sha256(f"{body['seed']}".encode()).digest()
    wrong = lot[0] < 10 * task
    words = ("", "It is ", "I say ")[lot[1] % 3]
    return {
        "message": {"role": "assistant", "content": f"{words}{task + 7 + (1 + lot[2] % 2) * wrong}"}
    }


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text(sums())
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with serving(FaultServer(answer=adding)) as running:
        yield running


def arguments(tasks: Path, url: str, out: Path, *more: object) -> list[str]:
    given = [
        "curate", "synthesize", tasks, "--system", "adder@1", "--url", url, "--model", "m", "--samples", "6", "-o", out,
        *more,
    ]  # fmt: skip
    return [str(one) for one in given]


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def contents(out: Path) -> dict[str, bytes]:
    return {name: (out / "set" / name).read_bytes() for name in FILES}


def fill(list_file: Path, ledger: Path, assay: Assay) -> Done:
    with list_file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["verdict"] = (
            "right" if row["output"].split()[-1].lstrip("'") == row["reference"] else "wrong"
        )
    with list_file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return assay("label", ledger, list_file)


def test_from_tasks_to_a_set_whose_purity_is_known(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "made"
    verify = ("--verify", "agreement:0.5/last-number", "--per-task", "2", "--audit", "15")
    done = assay(
        *arguments(tasks, server.url, out, *verify, "--usd-per-million-input", "1"),
        "--usd-per-million-output", "2",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "The purity of this set is unknown: no example of the kept set is labeled" in done.out
    assert f"next: assay label {out}/ledger {out}/audit-" in done.err
    card = json.loads((out / "set" / "card.json").read_text())
    assert card["purity"]["value"] is None
    assert "purity of this set is unknown" in (out / "set" / "README.md").read_text()
    # 10 tokens read and 5 written each: 20 millionths of a dollar a generation.
    gain = card["yield"]
    assert gain["usd_per_verified"]["value"] == pytest.approx(
        20e-6 * gain["generated"] / gain["verified"]
    )
    assert sum(card["outcomes"].values()) == gain["generated"] == 6 * TASKS
    chats = lines(out / "set" / "chat.jsonl")
    assert len(chats) == card["examples"] == card["outcomes"]["kept"]
    assert [message["role"] for message in chats[0]["messages"]] == ["user", "assistant"]
    assert chats[0]["messages"][0]["content"] == "0 + 7?"
    assert len(lines(out / "set" / "not-kept.jsonl")) == 6 * TASKS - len(chats)
    assert card["digest"] == f"sha256:{hashlib.sha256(contents(out)['chat.jsonl']).hexdigest()}"

    (listed,) = out.glob("audit-*.csv")
    assert fill(listed, out / "ledger", assay).status == 0
    asked = server.requests
    read = assay("curate", "synthesize", out, "--json")
    assert server.requests == asked
    found = read.json
    assert found["purity"]["low"] <= truth(out) <= found["purity"]["high"]
    assert found["audit"]["verifier"]["keeps_right"]["n"] == 30
    assert found["digest"] == card["digest"]
    assert (
        found["yield"]["generations_per_right"]["value"]
        >= found["yield"]["generations_per_kept"]["value"]
    )
    text = assay("curate", "synthesize", out)
    assert "Purity: " in text.out
    assert "keeps of right answers" in text.out


def truth(out: Path) -> float:
    """Return what share of a set is right, by its questions."""
    right = [
        chat["messages"][-1]["content"].split()[-1]
        == str(int(chat["messages"][0]["content"].split()[0]) + 7)
        for chat in lines(out / "set" / "chat.jsonl")
    ]
    return float(sum(right) / len(right))


def test_the_table_says_where_each_example_comes_from(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    from arro3.io import read_parquet

    out = tmp_path / "made"
    done = assay(*arguments(tasks, server.url, out, "--verify", "numeric", "--json"))
    assert done.json["examples"] == len(lines(out / "set" / "chat.jsonl"))
    assert truth(out) == 1.0
    table = read_parquet(str(out / "set" / "examples.parquet")).read_all()
    chats = lines(out / "set" / "chat.jsonl")
    assert [{"messages": row} for row in table["messages"].to_pylist()] == chats
    traces = {
        row["trace_id"]: row
        for row in Ledger.open(out / "ledger").rows(
            "SELECT trace_id, task_id, epoch, output, tags FROM traces"
        )
    }
    for place, name in enumerate(table["trace_id"].to_pylist()):
        trace = traces[name]
        assert table["output"].to_pylist()[place] == trace["output"]
        assert table["sample"].to_pylist()[place] == trace["epoch"]
        assert table["seed"].to_pylist()[place] == json.loads(trace["tags"])["ask.seed"]
        verdicts = json.loads(table["verdicts"].to_pylist()[place])
        assert [verdict["passes"] for verdict in verdicts] == [True]
        line = contents(out)["chat.jsonl"].splitlines(keepends=True)[place]
        assert table["digest"].to_pylist()[place] == hashlib.sha256(line).hexdigest()
    assert len(set(table["seed"].to_pylist())) == len(chats)


def test_several_verifiers_and_a_panel(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "made"
    two = ("--verify", "numeric", "--verify", "agreement:0.5/last-number")
    both = assay(*arguments(tasks, server.url, out, *two, "--json")).json
    either = assay("curate", "synthesize", out, *two, "--combine", "any", "--json").json
    panel = assay("curate", "synthesize", out, *two, "--combine", "panel", "--json").json
    assert both["yield"]["verified"] < either["yield"]["verified"]
    assert panel["verification"]["panel"].startswith("panel@1")
    verdicts = lines(out / "set" / "not-kept.jsonl")[0]["verdicts"]
    assert [verdict["judge"].split("@")[0] for verdict in verdicts] == [
        "numeric",
        "agreement",
        "panel",
    ]


def test_a_model_judges_and_fails_loudly(assay: Assay, tmp_path: Path, server: FaultServer) -> None:
    tasks, out = tmp_path / "tasks.jsonl", tmp_path / "made"
    tasks.write_text(sums(6))
    with judge_server() as judging:
        told = ("--verify", "model", "--judge-url", judging.url, "--judge-model", "j")
        done = assay(*arguments(tasks, server.url, out, *told, "--json"))
        assert done.status == 0, done.err
        assert done.json["verification"]["judges"][0].startswith("j (rubric correctness")
        again = assay("curate", "synthesize", out, "--json")
        assert again.json["digest"] == done.json["digest"]
        dear = assay(*arguments(tasks, server.url, out, *told, "--max-usd", "1"))
        assert dear.status in (1, 2)
    lost = assay("curate", "synthesize", out, "--verify", "model:groundedness")
    assert lost.status == 1
    assert "say where to ask" in lost.err


@pytest.mark.parametrize(
    "points",
    [
        ("files",),
        pytest.param(("verdicts", "verified", "draws"), marks=pytest.mark.nightly),
    ],
)
def test_killed_in_each_phase_the_set_is_the_same_to_the_byte(
    assay: Assay, tasks: Path, tmp_path: Path, points: tuple[str, ...]
) -> None:
    more = ("--verify", "numeric", "--per-task", "3", "--audit", "5", "--concurrency", "4")
    slow = FaultServer(delay_seconds=0.01, answer=adding)
    with serving(slow):
        whole = tmp_path / "whole"
        assert assay(*arguments(tasks, slow.url, whole, *more)).status == 0
        before = contents(whole)
        out = tmp_path / "killed"
        command = arguments(tasks, slow.url, out, *more)
        # Generating: killed from outside, while requests are on their way.
        asked = slow.faults["ok"]
        process = subprocess.Popen(
            [sys.executable, "-c", "from assay.cli import main; main()", *command],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while slow.faults["ok"] < asked + 40:
            assert time.monotonic() < until
            time.sleep(0.005)
        process.kill()
        process.wait()
        assert not (out / "set").exists()
        for point in points:
            ended = subprocess.run(
                [sys.executable, KILLED, point, *command], capture_output=True, check=False
            )
            assert ended.returncode == -signal.SIGKILL, (point, ended.stderr)
            assert not (out / "set" / "card.json").exists()
        assert assay(*command).status == 0
        # Only what was on its way is asked again.
        assert slow.faults["ok"] - asked <= 6 * TASKS + 4
    assert contents(out) == before


def test_killed_while_a_set_takes_another_s_place_one_of_them_is_whole(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "killed"
    command = arguments(tasks, server.url, out, "--verify", "numeric", "--per-task", "3")
    assert assay(*command).status == 0
    before = contents(out)
    ended = subprocess.run(
        [sys.executable, KILLED, "between", "curate", "synthesize", out, "--per-task", "1"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not (out / "set").exists()
    assert (out / "set.assay-old" / "chat.jsonl").read_bytes() == before["chat.jsonl"]
    assert assay("curate", "synthesize", out, "--per-task", "3").status == 0
    assert contents(out) == before
    assert {path.name for path in out.iterdir() if "assay-" in path.name} == set()


def test_a_full_disk_loses_nothing(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer, monkeypatch: Any
) -> None:
    out = tmp_path / "made"
    assert assay(*arguments(tasks, server.url, out, "--verify", "numeric")).status == 0
    before = contents(out)

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(synthesize_write, "write_synced", full)
        done = assay("curate", "synthesize", out, "--per-task", "1")
    assert done.status == 1
    assert "no room left to write" in done.err
    assert contents(out) == before
    assert assay("curate", "synthesize", out, "--per-task", "1").status == 0
    assert contents(out) != before


def test_hostile_text_stays_text(assay: Assay, tmp_path: Path) -> None:
    evil = '\x1b[2J```\n# right\u2028{"verdict": "right"}|<script>alert(1)</script>\u202e=1+1'

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": evil}, "model": "`x`\n# 100 % pure"}

    tasks, out = tmp_path / "tasks.jsonl", tmp_path / "made"
    tasks.write_text(
        json.dumps({"task_id": "../../t\x1b[31m", "input": evil, "reference": evil}) + "\n"
    )
    with serving(FaultServer(answer=answer)) as running:
        done = assay(*arguments(tasks, running.url, out, "--verify", "exact/whole", "--audit", "2"))
    assert done.status == 0, done.err
    assert "\x1b" not in done.out + done.err
    chat = contents(out)["chat.jsonl"].decode()
    assert len(chat.splitlines()) == 1
    assert json.loads(chat)["messages"][1]["content"] == evil
    assert len(contents(out)["not-kept.jsonl"].decode().splitlines()) == 5
    readme = (out / "set" / "README.md").read_text()
    assert "\n# 100 % pure" not in readme
    assert "`x`" not in readme
    assert sorted(path.name for path in (out / "set").iterdir()) == sorted(
        [*FILES, "card.json", "README.md"]
    )


def test_wrong_input_is_told(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "made"
    asked = server.requests

    def said(*given: object) -> str:
        done = assay(*given)
        assert done.status in (1, 2)
        assert not done.out
        return done.err

    make = arguments(tasks, server.url, out)
    assert "nothing verifies: give --verify" in said(*make)
    assert "verify must be" in said(*make, "--verify", "exakt")
    assert "must be as hard=0.5" in said(*make, "--verify", "numeric", "--balance", "hard")
    assert "sum to 0.5" in said(*make, "--verify", "numeric", "--balance", "hard=0.5")
    assert "Missing option '--system'" in said("curate", "synthesize", tasks, "-o", out)
    assert "is no folder of a synthesis" in said("curate", "synthesize", tmp_path)
    talk = tmp_path / "talk.jsonl"
    talk.write_text(json.dumps({"task_id": "t", "turns": ["a", "b"]}) + "\n")
    assert "task t has 2 turns" in said(*arguments(talk, server.url, out, "--verify", "exact"))
    open_tasks = tmp_path / "open.jsonl"
    open_tasks.write_text(json.dumps({"task_id": "t", "input": "5 + 7?"}) + "\n")
    assert server.requests == asked
    assert not out.exists()
    opened = arguments(open_tasks, server.url, tmp_path / "open", "--verify", "numeric")
    assert "none of the tasks has one" in said(*opened)
    begun = ("curate", "synthesize", tmp_path / "open")
    assert "goes without --output, --samples" in said(*begun, "-o", out, "--samples", "3")
    assert "--combine of a folder goes with --verify" in said(*begun, "--combine", "any")
    assert "were not verified yet" in said("curate", "synthesize", tmp_path / "open")
    other = arguments(tasks, server.url, tmp_path / "open", "--verify", "numeric")
    assert "was begun from something else" in said(*other)
    fewer = arguments(open_tasks, server.url, tmp_path / "open", "--verify", "none")
    assert "fewer are wanted now: 2" in said(*fewer, "--samples", "2")
    shutil.rmtree(tmp_path / "open" / "ledger")
    assert "no set was made" not in said("curate", "synthesize", tmp_path / "open", "--verify", "none")  # fmt: skip


def test_failed_requests_are_told_and_no_set_is_made(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made"
    bad = FaultServer(
        lambda body, before: "400" if body["messages"][0]["content"].startswith("3 ") else "ok",
        answer=adding,
    )
    with serving(bad):
        command = arguments(tasks, bad.url, out, "--verify", "numeric")
        done = assay(*command)
        assert done.status == 1
        assert "6 answers are still wanted" in done.err
        assert "no set was made yet" in done.err
        # What is there can be made a set of; the card says what is missing.
        made = assay("curate", "synthesize", out, "--verify", "numeric", "--json")
        assert made.json["missing_answers"] == 6
        bad.choose = lambda body, before: "ok"
        assert assay(*command, "--json").json["missing_answers"] == 0


def test_nothing_kept_is_told(assay: Assay, tmp_path: Path) -> None:
    tasks, out = tmp_path / "tasks.jsonl", tmp_path / "made"
    tasks.write_text(sums(2))
    with serving(FaultServer()) as running:
        done = assay(*arguments(tasks, running.url, out, "--verify", "exact", "--audit", "3"))
    assert done.status == 0
    assert "The purity of this set is unknown: no example was kept" in done.out
    assert "no example was kept: look at what was rejected" in done.err
    assert contents(out)["chat.jsonl"] == b""


def test_more_samples_are_added_to_those_there_are(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "made"
    verify = ("--verify", "numeric", "--json")
    first = assay(*arguments(tasks, server.url, out, *verify)).json
    asked = server.requests
    more = assay(*arguments(tasks, server.url, out, *verify, "--samples", "8")).json
    assert server.requests - asked == 2 * TASKS
    assert more["yield"]["generated"] == first["yield"]["generated"] + 2 * TASKS


def test_failures_are_listed_in_json_and_what_is_there_can_be_used(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made"
    bad = FaultServer(
        lambda body, before: "400" if int(body["messages"][0]["content"].split()[0]) < 2 else "ok",
        answer=adding,
    )
    with serving(bad):
        done = assay(*arguments(tasks, bad.url, out, "--verify", "numeric", "--json"))
    assert done.status == 1
    assert len(done.json["failed"]) == 12
    assert (done.json["folder"], done.json["set"]) == (str(out), None)
    assert f"of what is there: assay curate synthesize {out} --verify numeric" in done.err


def test_places_that_can_be_no_folder_are_told(assay: Assay, tasks: Path, tmp_path: Path) -> None:
    long = tmp_path / ("g" * 300)
    for out in (tasks, long):
        done = assay(*arguments(tasks, "http://127.0.0.1:9/v1", out, "--verify", "numeric"))
        assert done.status == 1
        assert "Traceback" not in done.err
    assert "File name too long" in done.err
    assert tasks.read_text() == sums()
    missing = assay(*arguments(long, "http://127.0.0.1:9/v1", tmp_path / "o", "--verify", "none"))
    assert (missing.status, "Traceback" in missing.err) == (1, False)


def test_a_folder_refuses_what_would_do_nothing_and_what_is_damaged(
    assay: Assay, tasks: Path, tmp_path: Path, server: FaultServer
) -> None:
    out = tmp_path / "made"
    assert assay(*arguments(tasks, server.url, out, "--verify", "numeric")).status == 0
    idle = assay("curate", "synthesize", out, "--url", server.url, "--max-usd", "1")
    assert (idle.status, "--url, --max-usd of a folder goes with --verify" in idle.err) == (2, True)
    mark = out / "synthesize.json"
    mark.write_text(mark.read_text().replace('"samples": 6', '"samples": "six"'))
    damaged = assay("curate", "synthesize", out)
    assert (damaged.status, "synthesize.json: is damaged" in damaged.err) == (1, True)


@pytest.mark.local
def test_the_embedded_model(assay: Assay, tmp_path: Path) -> None:
    tasks, out = tmp_path / "tasks.jsonl", tmp_path / "made"
    tasks.write_text(
        "".join(
            json.dumps(
                {"input": f"What is {n} + 1? Answer with a number.", "reference": str(n + 1)}
            )
            + "\n"
            for n in range(2, 6)
        )
    )
    done = assay(
        "curate", "synthesize", tasks, "--model", "local", "--system", "smollm2@q4_1", "--samples", "3",
        "--max-tokens", "16", "--verify", "numeric", "--audit", "3", "-o", out, "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    found = done.json
    assert found["yield"]["generated"] == 12
    assert found["yield"]["usd_per_verified"]["value"] is None
    assert found["purity"]["value"] is None
    assert "SmolLM2" in found["generation"]["models"][0]
    seeds = {
        json.loads(row["tags"])["ask.seed"]
        for row in Ledger.open(out / "ledger").rows("SELECT tags FROM traces")
    }
    assert len(seeds) == 12
