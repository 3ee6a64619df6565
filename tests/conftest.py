"""Fixtures that the whole suite shares."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assay.ledger.store import Ledger

ROOT = Path(__file__).resolve().parent.parent

# The suite runs on shared machines: a slow example is no fault of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write what is printed into the documents"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first: a process that has done its part takes from the end of another's, one test at a time."""
    items.sort(
        key=lambda item: item.path.name != "test_docs.py" and not item.get_closest_marker("local")
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data of others, kept beside the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the data of others is not here ({folder})")
    return folder


@pytest.fixture(scope="session")
def new_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger to copy: that takes a fraction of the time that making one does."""
    return Ledger.create(tmp_path_factory.mktemp("new") / "runs.ledger").path


@pytest.fixture
def ledger(tmp_path: Path, new_ledger: Path) -> Ledger:
    """An empty ledger."""
    return Ledger.open(shutil.copytree(new_ledger, tmp_path / "runs.ledger"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file into a folder of the test's own."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file
