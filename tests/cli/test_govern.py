from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from assay.cli.govern import command
from assay.errors import BadInput
from assay.ledger.store import Ledger
from assay.volume.governor_policy import policy_from_toml
from web.governed import end, start_governor

EXAMPLE = Path(__file__).parents[2] / "examples" / "govern" / "policy.toml"


def test_the_example_is_a_policy_in_shadow() -> None:
    policy = policy_from_toml(EXAMPLE.read_text())
    assert policy.shadow
    assert policy.fail_modes == {1: "hold", 2: "hold", 3: "release_and_log"}


def test_the_service_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "runs.ledger")
    governed = start_governor(tmp_path / "runs.ledger", EXAMPLE)
    try:
        assert governed.said["state"] == "GREEN"
        assert governed.said["shadow"] is True
        assert Path(governed.said["token_file"]).stat().st_mode & 0o077 == 0
        asked = {"decision_id": "d", "probability": 0.9, "severity": 1}
        status, headers, said = governed.post("/v1/decide", asked)
        assert (status, headers["x-assay-action"], headers["x-assay-would"]) == (
            200,
            "release",
            "hold",
        )
        assert json.loads(said)["reason"].startswith("shadow, would hold")
        assert governed.post("/v1/chat/completions", {})[0] == 404
        assert governed.stop() == 0
    finally:
        end(governed.process)


def test_one_service_a_ledger(tmp_path: Path) -> None:
    Ledger.create(tmp_path / "runs.ledger")
    governed = start_governor(tmp_path / "runs.ledger", EXAMPLE)
    try:
        with pytest.raises(AssertionError, match="governed already"):
            start_governor(tmp_path / "runs.ledger", EXAMPLE)
    finally:
        end(governed.process)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--policy", "missing.toml"], "can't be read"),
        (["--policy", str(EXAMPLE), "--upstream", "ftp://x"], "must be http"),
        (["--policy", str(EXAMPLE), "--upstream", "http://169.254.169.254/v1"], "link-local"),
        (
            ["--policy", str(EXAMPLE), "--upstream", "http://127.0.0.1:1", "--upstream-key-env", "NO_SUCH"],
            "holds no key",
        ),
        (["--policy", str(EXAMPLE), "--judge", "numberic"], "check must be one of"),
        (["--policy", str(EXAMPLE), "--judge", "exact"], "needs a right answer"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, options: list[str], reason: str) -> None:
    found = CliRunner().invoke(command, [str(tmp_path), *options])
    assert isinstance(found.exception, BadInput)
    assert reason in found.exception.message


@pytest.mark.parametrize(
    "options", [["--pattern", "x"], ["--upstream-key-env", "X"], ["--severity", "4"], []]
)
def test_wrong_usage(tmp_path: Path, options: list[str]) -> None:
    policy = ["--policy", str(EXAMPLE)] if options else []
    found = CliRunner().invoke(command, [str(tmp_path), *policy, *options])
    assert found.exit_code == 2


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom assay.cli.govern import command\n"
        "try: command(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'numpy', 'uvicorn', 'httpx2', 'deltalake', 'starlette'} & set(sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "--upstream" in said.stdout
    assert isinstance(command, click.Command)
