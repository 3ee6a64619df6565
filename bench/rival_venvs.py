"""The environments of the rivals: what they need is nothing that Assay needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    ".venv-rivals": {
        "truescore": "0.7.4", "evalproof": "0.2.1", "fewhumans": "1.0.0", "judgekeeper": "0.1.3", "judgy": "0.1.0",
        "cje-eval": "0.9.3", "ppi-python": "0.2.3",
    },
    ".venv-rivals-312": {"glide-py": "0.11.0"},
}  # fmt: skip


def python_of(package: str) -> Path | None:
    """Return the interpreter that has a package, None where it is not installed."""
    for venv, packages in PACKAGES.items():
        python = ROOT / venv / "bin" / "python"
        name = package.replace("-", "_")
        if package in packages and python.exists():
            site = next((ROOT / venv / "lib").glob("python3*"), None)
            if site and list((site / "site-packages").glob(f"{name}-*.dist-info")):
                return python
    return None


def install() -> None:
    """Make the environments of the rivals; what does not install is said and left out."""
    for venv, packages in PACKAGES.items():
        # The second one needs a newer Python than Assay's own floor.
        base = sys.executable if venv == ".venv-rivals" else _newer_python()
        if base is None:
            print(f"no Python 3.12 here: {', '.join(packages)} left out", file=sys.stderr)
            continue
        if not (ROOT / venv).exists():
            subprocess.run([base, "-m", "venv", ROOT / venv], check=True)
        for package, version in packages.items():
            if python_of(package):
                continue
            python = str(ROOT / venv / "bin" / "python")
            pip = [python, "-m", "pip", "install", "--quiet"]
            done = subprocess.run(
                [*pip, "--disable-pip-version-check", f"{package}=={version}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                print(f"{package} did not install: {done.stderr[-300:]}", file=sys.stderr)


def _newer_python() -> str | None:
    names = [f"python3.{minor}" for minor in (12, 13, 14)]
    homes = sorted((Path.home() / ".pyenv" / "versions").glob("3.1[2-9]*/bin/python"))
    return next((found for name in names if (found := shutil.which(name)) and _runs(found)),
                next((str(home) for home in homes if _runs(str(home))), None))  # fmt: skip


def _runs(python: str) -> bool:
    """Return whether it starts: a shim of a version that is not chosen does not."""
    done = subprocess.run([python, "-c", "pass"], capture_output=True, check=False)
    return done.returncode == 0
