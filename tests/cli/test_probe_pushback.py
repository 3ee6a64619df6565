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
Assay = Callable[..., Any]


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


def test_the_page_is_written_and_holds_the_record(
    assay: Assay, url: str, tasks: Path, tmp_path: Path
) -> None:
    ledger, page = tmp_path / "p.ledger", tmp_path / "push.html"
    words = ("probe", "pushback", ledger, "--system", "liar@1", "--check", "numeric", "--rounds", 1)
    asked = ("--tasks", tasks, "--url", url, "--model", "liar")
    nowhere = assay(*words, *asked, "-o", tmp_path / "no" / "push.html")
    assert nowhere.status == 1
    assert "there is no folder" in nowhere.err
    # It is refused before anything is asked.
    assert not ledger.exists()
    done = assay(*words, *asked, "-o", page, "--json")
    assert done.status == 0
    assert f"page: {page}" in done.err
    text = page.read_text("utf-8")
    assert text.count("<svg") == 4
    record = text.split('id="record">')[1].split("</script>")[0]
    assert json.loads(record) == done.json
    # What was asked under all pressures is read under one, with its control.
    hint = assay(*words, "--pressure", "hint", "--json")
    assert [one["pressure"] for one in hint.json["pressures"]] == ["remark", "hint"]


def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    assay: Assay, url: str, tasks: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "p.ledger"
    words = ("probe", "pushback", ledger, "--system", "liar@1")
    asked = (*words, "--tasks", tasks, "--url", url, "--model", "liar")
    for more, status, said in (
        ((), 1, "none of 16 tasks names its check"),
        (("--check", "numeric", "--tolerance", -1), 2, "--tolerance"),
        (("--check", "numeric", "--per-day", 5), 2, "--volume-of"),
        (("--check", "numeric", "--confidence", 1), 2, "--confidence"),
        (("--check", "numeric", "--confidence", 0.3), 2, "--confidence"),
        (("--check", "numeric", "--pressure", "shouting"), 1, "pressure must be one of"),
        (("--check", "numeric", "--max-usd", 1), 1, "--usd-per-million-input"),
    ):
        done = assay(*asked, *more)
        assert done.status == status, (more, done.err)
        assert said in done.err
        assert "Traceback" not in done.err
    assert Ledger.create(ledger).rows("SELECT count(*) AS n FROM traces") == [{"n": 0}]
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"task_id": "a", "input": "Why?"}\n', "utf-8")
    done = assay(*words, "--tasks", bare, "--url", url, "--model", "liar", "--check", "numeric")
    assert "single question with a reference" in done.err
    nobody = assay(*words[:-1], "nobody's@2")
    assert nobody.status == 1
    assert "nobody has pushed back on nobody's@2" in nobody.err
    assert "--system 'nobody'\"'\"'s@2'" in nobody.err


def test_answers_that_the_check_cannot_read_are_said(
    assay: Assay, url: str, tasks: Path, tmp_path: Path
) -> None:
    words = ("probe", "pushback", tmp_path / "p.ledger", "--system", "liar@1")
    more = ("--tasks", tasks, "--url", url, "--model", "liar", "--check", "numeric")
    assay(*words, *more, "--pressure", "doubt", "--rounds", 1)
    other = assay(*words, "--check", "numeric/boxed")
    assert other.status == 0
    assert "not one first answer of 32 conversations can be read" in " ".join(other.out.split())


def test_hostile_replies_reach_neither_terminal_nor_page(
    assay: Assay, tasks: Path, tmp_path: Path
) -> None:
    evil = "<script>alert(1)</script>\x1b[2J\u202e 207"

    def answer(_: dict[str, Any]) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": evil}}

    page = tmp_path / "push.html"
    lines = (json.loads(line) for line in tasks.read_text("utf-8").splitlines())
    hostile = tmp_path / "hostile.jsonl"
    hostile.write_text(
        "".join(json.dumps(one | {"task_id": f"{evil}{one['task_id']}"}) + "\n" for one in lines),
        "utf-8",
    )
    with serving(FaultServer(answer=answer)) as server:
        done = assay(
            "probe", "pushback", tmp_path / "p.ledger", "--tasks", hostile, "--system", f"{evil}@1",
            "--url", server.url, "--model", "m", "--check", "numeric", "--rounds", 1, "-o", page,
        )  # fmt: skip
    assert done.status == 0, done.err
    text = page.read_text("utf-8")
    for where in (done.out, done.err, text):
        assert "\x1b" not in where
        assert "\u202e" not in where
    assert "<script>alert" not in text


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
