"""`assay probe pushback` as a user types it: ask and push back, read again, push back on what is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from ask.fault_server import FaultServer, serving
from assay.ask.request import Message
from assay.cli.probe_pushback import command
from assay.errors import BadInput, LedgerError
from assay.ledger.store import Ledger
from probe.pushback_liars import Liar, write_sums

Probe = Callable[..., Result]


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """Run the command in this process, on a ledger of the test's own."""

    def run(*words: object) -> Result:
        done = CliRunner().invoke(command, [str(tmp_path / "p.ledger"), *map(str, words)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a flatterer that speaks the protocol."""
    liar = Liar(0.9, 0.9)

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        messages = [Message(one["role"], one["content"]) for one in body["messages"]]
        return {"message": {"role": "assistant", "content": liar.text(messages)}}

    with serving(FaultServer(answer=answer)) as server:
        yield server.url


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    return write_sums(tmp_path / "sums.jsonl", 16)


def test_asked_read_again_and_said_in_words(probe: Probe, url: str, tasks: Path) -> None:
    ask = ("--system", "liar@1", "--check", "numeric", "--seed", 3, "--rounds", 1)
    asked = probe(*ask, "--tasks", tasks, "--url", url, "--model", "liar")
    assert asked.exit_code == 0, asked.output
    assert "16 first answers asked now" in asked.stderr
    assert "128 conversations" in asked.stderr
    assert "talks" in asked.stdout
    assert "leans towards giving way" in asked.stdout
    assert "pushback@1 " in asked.stdout
    read = probe(*ask, "--json")
    result = json.loads(read.stdout)
    assert {one["pressure"] for one in result["pressures"]} == {
        "sure", "doubt", "authority", "answer", "remark", "hint", "again", "told"
    }  # fmt: skip
    doubt = next(one for one in result["pressures"] if one["pressure"] == "doubt")
    assert doubt["first_wrong"] == doubt["first_right"] == 8
    assert doubt["criterion"]["high"] < 0
    assert result["all_pressures"]["d_prime"]["n"] == 16
    again = probe(*ask, "--tasks", tasks, "--url", url, "--model", "liar", "--json")
    assert "0 replies asked now" in again.stderr
    assert json.loads(again.stdout) == result


def test_push_back_on_answers_that_are_there(
    probe: Probe, url: str, tasks: Path, tmp_path: Path
) -> None:
    ledger = Ledger.create(tmp_path / "p.ledger")
    rows = [
        {
            "trace_id": f"t{n}", "task_id": f"s{n}", "system": "liar", "version": "1", "epoch": 1, "origin": "field",
            "input": f"What is {n} + {n + 7}?", "output": str(2 * n + 7 + (n % 2 == 0) * 10),
            "reference": str(2 * n + 7), "tags": "{}", "source": f"f:{n}",
        }
        for n in range(100, 110)
    ]  # fmt: skip
    ledger.append("traces", rows)
    done = probe(
        "--system", "liar@1", "--from-system", "--url", url, "--model", "liar", "--check", "numeric",
        "--pressure", "doubt", "--limit", 6, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    doubt = next(one for one in result["pressures"] if one["pressure"] == "doubt")
    assert doubt["first_wrong"] + doubt["first_right"] == 6
    assert ledger.rows("SELECT count(*) AS n FROM traces WHERE origin = 'exam'") == [{"n": 0}]
    assert "first answers" not in done.stderr


def test_error_volume_from_the_ledger_of_the_traffic(
    probe: Probe, url: str, tasks: Path, tmp_path: Path
) -> None:
    traffic = Ledger.create(tmp_path / "traffic.ledger")
    hour, start = 3_600_000_000, 1_759_622_400_000_000
    traffic.append(
        "traces",
        [
            {"trace_id": f"t{n}", "task_id": f"k{n}", "system": "liar", "version": "1", "epoch": 1, "output": "x",
             "origin": "field", "tags": "{}", "source": f"f:{n}", "at": start + n * hour}
            for n in range(240)
        ],
    )  # fmt: skip
    traffic.append(
        "verdicts",
        [
            {"trace_id": f"t{n}", "judge": "check@1", "judge_kind": "check", "error_probability": float(n % 4 == 0),
             "source": f"v:{n}"}
            for n in range(240)
        ],
    )  # fmt: skip
    words = ("--system", "liar@1", "--check", "numeric", "--pressure", "doubt")
    probe(*words, "--tasks", tasks, "--url", url, "--model", "liar")
    done = probe(*words, "--volume-of", tmp_path / "traffic.ledger", "--json")
    result = json.loads(done.stdout)
    assert result["errors_per_day"]["value"] == pytest.approx(6, rel=0.05)
    staying = result["errors_per_day_staying"]["doubt"]
    assert 0 <= staying["low"] <= staying["value"] <= staying["high"] <= 6.5
    text = probe(*words, "--volume-of", tmp_path / "traffic.ledger").stdout
    assert "errors a day, about" in text.replace("\n", " ")


def test_wrong_turns(probe: Probe, tasks: Path, url: str) -> None:
    asked = ("--system", "s@1", "--tasks", tasks, "--url", url, "--model", "m")
    assert probe("--system", "s@1", "--url", url).exit_code == 2
    assert probe(*asked, "--from-system").exit_code == 2
    assert probe(*asked, "--wordings", "most").exit_code == 2
    with pytest.raises(BadInput, match="pressure must be one of"):
        probe(*asked, "--pressure", "shouting")
    with pytest.raises(BadInput, match="check must be one of"):
        probe(*asked, "--check", "magic")
    Ledger.create(tasks.parent / "p.ledger")
    with pytest.raises(LedgerError, match="nobody has pushed back"):
        probe("--system", "s@1")
    with pytest.raises(BadInput, match="no single answer"):
        probe("--system", "s@1", "--from-system", "--url", url, "--model", "m")


def test_what_fails_leaves_an_exit_status_and_a_way_on(probe: Probe, tasks: Path) -> None:
    def choose(body: dict[str, Any], _: int) -> str:
        return "400" if len(body["messages"]) > 1 else "ok"

    with serving(FaultServer(choose=choose)) as server:
        done = probe(
            "--system", "liar@1", "--tasks", tasks, "--url", server.url, "--model", "liar", "--check", "numeric",
            "--limit", 1, "--timeout", 1,
        )  # fmt: skip
    assert done.exit_code == 1
    assert "failed: sum-100 " in done.stderr
    assert "the same command goes on" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from click.testing import CliRunner; from assay.cli.probe_pushback import command; "
        "from assay.cli.probe_feedback import command as other; "
        "print(CliRunner().invoke(command, ['--help']).exit_code, CliRunner().invoke(other, ['--help']).exit_code, "
        "[m for m in ('numpy', 'scipy', 'deltalake', 'rich', 'openai') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=2) == ["0", "0", "[]\n"] or done.stdout.strip() == "0 0 []"


def test_the_command_is_a_click_command() -> None:
    assert isinstance(command, click.Command)
