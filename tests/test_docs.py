"""What the documents say is true: commands are run, the reference is the program's own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from assay.cli import COMMANDS, cli
from assay.cli.finite_number import FiniteRange
from assay.cli.reference import renewed

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = ("scripts/", "git ", "cd ", "pip ")
"""Commands that set up a machine: the suite has one."""

SHOWN = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
"""Commands that need a server, a model or a person: not run, but each must be one, with options that there are."""

PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_in(document: Path) -> list[tuple[str, list[str]]]:
    """The commands of a document's console blocks, each with the lines it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(document.read_text("utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line)
    return found


def updated(text: str, printed: dict[str, list[str]]) -> str:
    """The document with what its commands printed, but where it shows only a part (`...`)."""

    def renew(block: re.Match[str]) -> str:
        lines = ["```console"]
        for part in re.split(r"^(?=\$ )", block[1], flags=re.MULTILINE):
            command, *said = part.rstrip("\n").split("\n")
            keep = any(line.strip() == "..." for line in said) or command[2:] not in printed
            lines += [command, *(said if keep else printed[command[2:]])] if command else []
        return "\n".join([*lines, "```"])

    return BLOCK.sub(renew, text)


def matches(said: list[str], printed: list[str]) -> bool:
    """Whether the lines are the printed ones, `...` standing for any number of lines."""
    lines = [".*" if line.strip() == "..." else re.escape(line.rstrip()) for line in said]
    while lines and not lines[-1]:
        lines.pop()
    return re.fullmatch("\n".join(lines), "\n".join(printed), re.DOTALL) is not None


def test_no_option_with_a_range_takes_a_number_that_is_none() -> None:
    # nan is in every range for click: as a limit on money it would be none.
    for path, command in leaves("assay", cli):
        for option in command.params:
            if isinstance(option.type, click.FloatRange):
                assert isinstance(option.type, FiniteRange), (path, option.name)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_the_documents_print_what_they_say(
    document: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    commands = commands_in(document)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    printed: dict[str, list[str]] = {}
    for command, said in commands:
        if command.startswith(NOT_RUN):
            continue
        done = subprocess.run(
            ["sh", "-c", command],
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 3), f"{command}\n{done.stderr}"
        printed[command] = [line.rstrip() for line in done.stdout.rstrip("\n").splitlines()]
        if not pytestconfig.getoption("--update-golden"):
            assert matches(said, printed[command]), f"$ {command}\n{done.stdout}"
    if pytestconfig.getoption("--update-golden") and printed:
        document.write_text(updated(document.read_text("utf-8"), printed), "utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_in_the_documents_runs(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.py"))
    scope: dict[str, object] = {}
    for block in PYTHON.findall(document.read_text("utf-8")):
        exec(compile(block, str(document), "exec"), scope)


def test_the_command_reference_is_the_programs_own() -> None:
    page = (ROOT / "docs" / "CLI.md").read_text("utf-8")
    assert page == renewed(page), "run: .venv/bin/python -m assay.cli.reference docs/CLI.md"


def leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command; of a group, all its commands."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(f"{path} {name}", found)


def test_every_command_shows_an_example_and_takes_json() -> None:
    found = dict(leaves("assay", cli))
    assert len(found) > len(COMMANDS)
    for path, command in found.items():
        # The name of a group's usual part may be left out, and a part may have an option for a name.
        group, _, part = path.removeprefix("assay ").partition(" ")
        usual = getattr(import_module(f"assay.cli.{group}"), "DEFAULT", None)
        said = f"assay {group} " if part and part == usual else f"{path} "
        spelled = (said, f"assay {group} --{part} ")
        assert any(words in (command.epilog or "") for words in spelled), path
        assert any("--json" in option.opts for option in command.params), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_only_shown_have_options_that_there_are(document: Path) -> None:
    known = dict(leaves("assay", cli))
    for block in SHOWN.findall(document.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            path = next(p for p in (" ".join(words[:n]) for n in (4, 3, 2)) if p in known)
            options = {name for option in known[path].params for name in option.opts}
            assert {word for word in words if word.startswith("--")} <= options, line


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for document in [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} -> {target}"


def test_the_file_tree_in_the_readme_names_what_is_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    tree = next(
        (
            block
            for block in re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
            if "src/assay/" in block
        ),
        "",
    )
    named = re.findall(r"^\s*([\w./-]+)\s{2,}", tree, re.MULTILINE)
    assert named, "the README has no file tree"
    rooms = {
        path.name
        for path in (ROOT / "src" / "assay").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert rooms <= {name.rstrip("/").split("/")[-1] for name in named}
    for name in named:
        places = [ROOT / name, ROOT / "src" / "assay" / name, ROOT / "docs" / name]
        assert any(place.exists() for place in places), name
