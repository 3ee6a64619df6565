"""A file that somebody hands in is read strictly, or refused in a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.volume.certificate_file import read_certificate
from assay.volume.release_file import read_release
from assay.volume.strict_json import read_strict_json, shortened


def read(path: Path, most_bytes: int = 100_000) -> object:
    return read_strict_json(path, what="thing", most_bytes=most_bytes, next_command="assay thing")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b'{"a": 1, "a": 2}', "the key a is there twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "no number in JSON"),
        (b'{"a": 1e999}', "larger than any number"),
        (b'"\xff"', "not UTF-8"),
        (b"[" * 60_000, "nested too deeply to be a thing"),
        (b'"' + 100_000 * b"x" + b'"', "a thing has at most 100,000 bytes"),
        (b'"\x1b[2J"', "not JSON"),
    ],
)
def test_what_two_readers_could_take_for_two_things(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "thing.json"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read(file)


def test_what_is_well_formed_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "thing.json"
    file.write_bytes(b'\xef\xbb\xbf{"a": [1, 2.5, null, "\xc3\xa4"]}')
    assert read(file) == {"a": [1, 2.5, None, "ä"]}
    assert len(shortened("x" * 500)) == 123


@pytest.mark.parametrize("reader", [read, read_certificate, read_release])
def test_a_pipe_keeps_nobody_waiting(tmp_path: Path, reader: object) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match="no ordinary file"):
        reader(pipe)  # type: ignore[operator]
    with pytest.raises(BadInput, match="can't be read: Is a directory"):
        reader(tmp_path)  # type: ignore[operator]
    with pytest.raises(BadInput, match="No such file"):
        reader(tmp_path / "none")  # type: ignore[operator]
