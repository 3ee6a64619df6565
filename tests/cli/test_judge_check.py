"""`assay judge check`: judge by a named rule, or show where two of them disagree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.cli.judge_check import NAMES
from assay.judge.rules import BY_TASK, CHECKS
from assay.ledger.store import Ledger
from cli.conftest import Done

Run = Callable[..., Done]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Five outputs: two parsers agree on two of them; one has no reference, one an unreadable one."""
    rows = [
        ("a", "3", "3"), ("b", "3, no: 4", "4"), ("c", "5", "4"), ("d", "none", "4"), ("e", "3", "three"),
        ("f", "3", None),
    ]  # fmt: skip
    path = tmp_path / "runs.ledger"
    Ledger.create(path).append("traces", [
        {"trace_id": key, "system": "s", "version": "1", "output": output, "reference": reference, "source": "test"}
        for key, output, reference in rows
    ])  # fmt: skip
    return path


def test_judge_says_what_was_judged_and_what_was_not(assay: Run, store: Path) -> None:
    done = assay("judge", store, "--check", "numeric", "--tolerance", "0.5")
    assert done.out == (
        "numeric@1 (answer@1 + last-quantity@1; tolerance 0.5): 4 traces judged now: 2 wrong\n"
    )
    assert "an answer was found in 3 of 4 outputs" in done.err
    assert "1 traces have no reference" in done.err
    assert (
        "1 traces could not be judged and stay unjudged (e: the reference holds no number)"
        in done.err
    )
    again = assay("judge", "check", store, "--check", "numeric", "--tolerance", "0.5", "--json")
    assert again.json == {
        "judge": "numeric@1 (answer@1 + last-quantity@1; tolerance 0.5)",
        "judged": 0,
        "wrong": 0,
        "found": 0,
        "without_reference": 1,
        "already": 4,
        "unjudged": 1,
        "first_unjudged": [{"trace_id": "e", "reason": "the reference holds no number"}],
    }


def test_a_check_that_judged_nothing_sends_nobody_to_the_volume(assay: Run, store: Path) -> None:
    done = assay("judge", store, "--check", "by-task")
    assert (done.status, "0 traces judged now" in done.out) == (0, True)
    assert "next:" not in done.err
    none = assay("judge", store, "--check", "exact", "--system", "nobody")
    assert (none.status, "no output of nobody; the ledger holds s 1" in none.err) == (1, True)


def test_compare_prints_the_table_the_rates_and_outputs_to_look_at(assay: Run, store: Path) -> None:
    two = ("--check", "numeric", "--compare", "first-number", "--compare", "last-number")
    done = assay("judge", store, *two)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[:2] == ["A numeric@1 (first-number@1)", "B numeric@1 (last-number@1)"]
    assert "s@1 4 3 75 % 2 50 %" in lines
    assert "A and B disagree on 1 of 4 outputs (25 %), counted" in lines
    assert lines[-9:] == [
        "right by B wrong by B",
        "right by A 1 0",
        "wrong by A 1 2",
        "",
        "b s@1",
        "reference 4",
        "A took 3: wrong",
        "B took 4: right",
        "output 3, no: 4",
    ]
    assert "nothing was written" in done.err
    assert Ledger.open(store).rows("SELECT count(*) AS n FROM verdicts") == [{"n": 0}]
    found = assay("judge", store, *two, "--examples", "0", "--json").json
    pair = found["pairs"][0]
    assert [
        pair[cell] for cell in ("both_right", "only_first_right", "only_second_right", "both_wrong")
    ] == [1, 0, 1, 2]
    assert (pair["disagreement"]["value"], pair["examples"]) == (0.25, [])
    rates = found["systems"][0]["error_rates"]
    assert [(rate["value"], rate["n"], rate["guarantee"]) for rate in rates] == [
        (0.75, 4, "exact"),
        (0.5, 4, "exact"),
    ]
    assert (found["unjudged"], found["without_reference"]) == (1, 1)


def test_compare_may_name_another_check_each_time(assay: Run, store: Path) -> None:
    done = assay("judge", store, "--compare", "exact", "--compare", "numeric/last-number", "--json")
    assert [name.partition("@")[0] for name in done.json["judges"]] == ["exact", "numeric"]


def test_hostile_text_is_shown_and_not_done(assay: Run, tmp_path: Path) -> None:
    path = tmp_path / "hostile.ledger"
    hostile = "\x1b[2J\u202e[bold]5[/bold] \x07 6"
    Ledger.create(path).append("traces", [
        {"trace_id": "\x1b[31mred", "system": "\x1b]0;x\x07", "version": "", "output": hostile,
         "reference": "5\n\x1b[2J", "source": "test"},
        {"trace_id": "\x1b[32m", "system": "s", "version": "", "output": "5", "reference": "\x1b", "source": "test"},
    ])  # fmt: skip
    two = ("--check", "numeric", "--compare", "first-number", "--compare", "last-number")
    for arguments in (two, ("--check", "numeric"), ("--check", "exact", "--extract", "\x1b")):
        done = assay("judge", path, *arguments)
        assert done.status == 0
        assert not set(done.out + done.err) & {"\x1b", "\u202e", "\x07"}
    done = assay("judge", path, *two)
    assert "[bold]5[/bold]" in done.out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "Missing option '--check'"),
        (("--check", "fuzzy"), 2, "'fuzzy' is none of exact, numeric"),
        (("--compare", "fuzzy/boxed", "--compare", "exact/boxed"), 1, "names no check"),
        (
            ("--check", "exact", "--extract", "("),
            1,
            "last-match (--extract) must be a regular expression",
        ),
        (("--check", "exact", "--extract", "a", "--parser", "boxed"), 1, "give one of them"),
        (("--check", "exact", "--compare", "boxed"), 1, "two rules that differ"),
        (("--compare", "boxed", "--compare", "whole"), 1, "names no check"),
        (("--check", "exact", "--parser", "whole", "--compare", "boxed"), 1, "leave --parser"),
        (("--check", "exact", "--tolerance", "1"), 1, "exact takes no --tolerance"),
        (("--check", "numeric", "--tolerance", "-1"), 1, "--tolerance must be"),
        (("--check", "json-schema"), 1, "--schema FILE"),
        (("--check", "python", "--seconds", "0"), 1, "--seconds must be over 0"),
    ],
)
def test_what_cannot_be_done_is_said(
    assay: Run, store: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = assay("judge", store, *arguments)
    assert (done.status, message in " ".join(done.err.split())) == (status, True), done.err


def test_one_system_and_a_schema(assay: Run, store: Path, tmp_path: Path) -> None:
    schema = tmp_path / "number.json"
    schema.write_text(json.dumps({"type": "integer", "maximum": 4}))
    done = assay(
        "judge", store, "--check", "json-schema", "--schema", schema, "--system", "s", "--json"
    )
    assert (done.json["judged"], done.json["wrong"]) == (6, 3)
    assert assay("judge", store, "--check", "exact", "--system", "t", "--json").status == 1


def test_the_names_are_those_of_the_library() -> None:
    assert list(NAMES) == [*CHECKS, BY_TASK]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from assay.cli import main\n"
        "try: main(['judge', 'check', '--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('numpy', 'deltalake', 'rich', 'pint', 'jsonschema') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
