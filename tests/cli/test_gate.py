"""`assay gate`: exit status, JSON and files; and the example that stands before a merge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from assay.ledger.store import Ledger
from cli.conftest import Done
from volume.versions import answer, two_versions

Run = Callable[..., Done]
PRE_MERGE = Path(__file__).parents[2] / "examples" / "github-action" / "pre-merge"
BOTH = ("--old", "desk@1", "--new", "desk@2")


@pytest.fixture
def better(tmp_path: Path) -> Path:
    return two_versions(Ledger.create(tmp_path / "better.ledger"), 150, 4, 30, 16).path


@pytest.fixture
def worse(tmp_path: Path) -> Path:
    return two_versions(Ledger.create(tmp_path / "worse.ledger"), 150, 30, 4, 16).path


@pytest.fixture
def open_(tmp_path: Path) -> Path:
    return two_versions(Ledger.create(tmp_path / "open.ledger"), 100, 3, 7, 10).path


def test_three_answers_and_their_exit_status(assay: Run, better: Path, worse: Path, open_: Path) -> None:  # fmt: skip
    for path, status, said in ((better, 0, "take"), (worse, 3, "refuse"), (open_, 3, "not enough data")):  # fmt: skip
        done = assay("gate", path, *BOTH, "--json")
        assert (done.status, done.json["answer"]) == (status, said)
    assert assay("gate", better, *BOTH).out.startswith("Take it: desk@1 to desk@2\n")


def test_files_for_a_ci_server(assay: Run, worse: Path, tmp_path: Path) -> None:
    junit, markdown = tmp_path / "gate.xml", tmp_path / "gate.md"
    done = assay("gate", worse, *BOTH, "--junit", junit, "--markdown", markdown)
    assert done.status == 3
    assert ET.parse(junit).getroot().tag == "testsuites"
    assert markdown.read_text("utf-8").startswith("## Refuse it")
    done = assay("gate", worse, *BOTH, "--junit", tmp_path / "no" / "such.xml")
    assert done.status == 1
    assert "can't be written" in done.err


def test_a_saved_result_is_compared_or_refused(assay: Run, better: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(assay("gate", better, *BOTH, "--json").out, "utf-8")
    again = assay("gate", better, *BOTH, "--against", saved, "--json")
    assert again.json["notes"] == ["earlier: desk@1 to desk@2: take (4 broke, 30 fixed of 200)"]
    changed = json.loads(saved.read_text("utf-8"))
    changed["grader"]["judge"] |= {"name": "exact@2", "sha256": "0"}
    saved.write_text(json.dumps(changed), "utf-8")
    done = assay("gate", better, *BOTH, "--against", saved)
    assert done.status == 1
    assert "judge was exact@2, and is exact@1 (whole@1)" in done.err


def test_a_changed_grader_is_an_error_and_no_answer(assay: Run, tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path / "two.ledger")
    answer(ledger, "1", [0, 1, 0], judge="numeric@1 (boxed@1)")
    answer(ledger, "2", [0, 1, 0], judge="numeric@1 (last-number@1)")
    done = assay("gate", ledger.path, *BOTH)
    assert done.status == 1
    assert "the grader changed between the versions" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name both versions"),
        (("--watch",), "--watch needs the name"),
        (("--watch", "--system", "desk", "--margin", "0.1"), "--margin does not go with --watch"),
        ((*BOTH, "--looks", "3"), "--looks goes with --watch"),
    ],
)
def test_wrong_usage(assay: Run, better: Path, arguments: tuple[str, ...], words: str) -> None:
    done = assay("gate", better, *arguments)
    assert done.status == 2
    assert words in done.err


def test_watch_says_what_it_can(assay: Run, better: Path) -> None:
    done = assay("gate", "--watch", better, "--system", "desk")
    assert done.status == 0
    assert "Not enough data" in done.out
    assert (
        assay("gate", better, "--watch", "--system", "desk", "--json").json["answer"]
        == "not enough data"
    )


def test_help_is_quick() -> None:
    code = (
        "import sys; from assay.cli.gate import command\n"
        "try: command(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'deltalake', 'rich', 'openai'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example: assay gate" in done.stdout


@pytest.fixture
def on_path(tmp_path: Path) -> dict[str, str]:
    """An environment whose `assay` is this one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    code = "from assay.cli import main; main()"
    program = folder / "assay"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n', "utf-8")
    program.chmod(0o755)
    return os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "GATE_OUT": str(tmp_path)}


def test_the_example_before_a_merge_tells_the_three_apart(
    better: Path, worse: Path, open_: Path, tmp_path: Path, on_path: dict[str, str]
) -> None:
    for ledger, status in ((better, 0), (worse, 1), (open_, 2), (tmp_path / "none", 70)):
        made = [tmp_path / f"gate.{end}" for end in ("xml", "md")]
        done = subprocess.run(
            [str(PRE_MERGE), str(ledger), "desk@1", "desk@2"],
            env=on_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        # After an error nothing of an earlier run is left to be taken for this one's.
        assert [file.exists() for file in made] == 2 * [status != 70]


def test_the_workflow_calls_what_there_is(assay: Run) -> None:
    text = (PRE_MERGE.parent / "assay-gate.yml").read_text("utf-8")
    lines = text.replace("\\\n", " ").replace("run: ", "\n").splitlines()
    called = [line.split() for line in lines if line.strip().startswith("assay ")]
    assert {words[1] for words in called} == {"ask", "judge", "gate"}
    for words in called:
        options = {word for word in words if word.startswith("--")}
        help_ = assay(words[1], *(["check"] if words[1] == "judge" else []), "--help").out
        assert all(option in help_ for option in options), words


def test_strata_are_said_once(assay: Run, better: Path) -> None:
    done = assay("gate", better, *BOTH, "--by", "topic", "--no-strata")
    assert done.status == 2
    assert assay("gate", better, *BOTH, "--no-strata", "--json").json["strata"] == []


def test_one_file_is_not_written_twice_nor_over_what_is_compared_with(
    assay: Run, better: Path, tmp_path: Path
) -> None:
    file = tmp_path / "gate.out"
    for pair in (("--junit", "--markdown"), ("--against", "--markdown")):
        done = assay("gate", better, *BOTH, pair[0], file, pair[1], file)
        assert done.status == 2
        assert "must name different files" in done.err
    assert not file.exists()


def test_an_earlier_result_that_is_none_ends_in_one_sentence(
    assay: Run, better: Path, tmp_path: Path
) -> None:
    for place, text in enumerate(("[]", '{"grader": null}', "[" * 100_000, "\x00")):
        file = tmp_path / f"{place}.json"
        file.write_text(text)
        done = assay("gate", better, *BOTH, "--against", file)
        assert done.status == 1
        assert "can't be read as an earlier result" in done.err


def test_a_window_that_ends_before_it_begins_is_wrong_use(assay: Run, better: Path) -> None:
    done = assay(
        "gate", better, "--watch", "--system", "desk", "--from", "2026-02-01", "--to", "2026-01-01"
    )
    assert done.status == 2
    assert "--from must be before --to" in done.err
