from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.training_checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from assay.errors import BadInput


def test_what_was_written_is_read(tmp_path: Path) -> None:
    arrays = {"weight/0.up": np.arange(6, dtype=np.float32).reshape(2, 3)}
    save_checkpoint(tmp_path / "a.npz", Checkpoint("me", 7, arrays))
    found = load_checkpoint(tmp_path / "a.npz", "me")
    assert (found.identity, found.step) == ("me", 7)
    assert np.array_equal(found.arrays["weight/0.up"], arrays["weight/0.up"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_state_of_another_run_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.npz", Checkpoint("me", 7, {}))
    with pytest.raises(BadInput, match="another training"):
        load_checkpoint(tmp_path / "a.npz", "you")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"{}"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(BadInput, match="no checkpoint"):
        load_checkpoint(tmp_path / "a.npz", "me")


class Hostile:
    """Would make a file, were it ever unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_a_pickle_inside_is_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    planted = np.empty(1, dtype=object)
    planted[0] = Hostile(trap)
    header = np.array(["me", "1"])
    np.savez(tmp_path / "a.npz", header=header, planted=planted)
    with pytest.raises(BadInput, match="no checkpoint"):
        load_checkpoint(tmp_path / "a.npz", "me")
    assert not trap.exists()
    np.load(tmp_path / "a.npz", allow_pickle=True)["planted"]
    assert trap.exists()
