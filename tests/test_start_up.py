"""Commands begin quickly: `assay --help` imports nothing heavy, and none imports what it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.cli.judge import KINDS

HEAVY = (
    "numpy",
    "scipy",
    "deltalake",
    "arro3",
    "altair",
    "vl_convert",
    "rich",
    "jinja2",
    "msgspec",
    "httpx2",
    "jsonschema",
    "openai",
    "pint",
    "starlette",
    "tenacity",
    "uvicorn",
    "xllamacpp",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["volume", "--help"],
        ["ingest", "--help"],
        ["ask", "--help"],
        ["judge", "--help"],
        *(["judge", kind, "--help"] for kind in KINDS),
        ["label", "--help"],
        ["case", "--help"],
        ["export", "--help"],
        ["local", "--help"],
    ],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from assay.cli import cli\n"
        f"try: cli.main({arguments!r}, prog_name='assay')\n"
        "except SystemExit: pass\n"
        "print('loaded:', ','.join(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.rpartition("loaded: ")[2].strip().split(","))
    assert "click" in loaded
    assert not loaded & set(HEAVY)
    assert done.stdout.startswith("Usage: assay")


@pytest.mark.parametrize(
    "modules",
    ["assay.estimate", "assay.volume.measure", "assay.volume.gate", "assay.capability.cost_answer"],
)
def test_commands_begin_without_the_slow_parts_of_scipy(modules: str) -> None:
    # Optimizers and distributions take as long to import as all the rest of `assay volume`, and few commands use them.
    code = f"import sys, {modules}; print([n for n in sys.modules if n in ('scipy.optimize', 'scipy.stats')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
