"""What a run is made from: its files by content, and the key by which a run that goes on knows its blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assay.curate.read.files import Input, files_of, reader_of, size_of
from assay.curate.read.raw import RawBlock, ReadSettings, shown_path
from assay.errors import BadInput

_PIECE = 2**22
PACKAGES = ("assay-ai", "numpy", "rensa", "py3langid", "trafilatura")
"""What can change the bytes that are written; another version of one does not go on with a run."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of a run, named by its content."""

    path: str
    source: str
    bytes: int
    sha256: str
    modified: str
    """Day on which it was last changed, UTC."""

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        return {name: getattr(self, name) for name in self.__slots__}


def fingerprints(
    inputs: Sequence[Input], progress: Callable[[int, float | None], None]
) -> tuple[InputFile, ...]:
    """Return the files with the SHA-256 of each: one pass over all of them.

    Raises
    ------
    BadInput
        If one can't be read.
    """
    total = sum(size_of(each.path) for each in inputs) or 1
    done, found = 0, []
    for each in inputs:
        digest, size = hashlib.sha256(), 0
        try:
            files = files_of(each.path)
            for file in files:
                if len(files) > 1:
                    digest.update(
                        f"{file.relative_to(each.path)}\0".encode("utf-8", "surrogateescape")
                    )
                with file.open("rb") as stream:
                    while piece := stream.read(_PIECE):
                        digest.update(piece)
                        size += len(piece)
                        progress((done + size) // 1_000_000, (done + size) / total)
            day = datetime.fromtimestamp(each.path.stat().st_mtime, UTC).date().isoformat()
        except OSError as error:
            raise BadInput(f"{each.path} can't be read: {error.strerror or error}") from None
        done += size
        found.append(InputFile(shown_path(each.path), each.source, size, digest.hexdigest(), day))
    return tuple(found)


def run_key(
    recipe: Mapping[str, object], inputs: Sequence[InputFile], files: Sequence[Path], share: float
) -> dict[str, object]:
    """Return what the output follows from.

    Parameters
    ----------
    recipe
        Every key of it with its value.
    inputs
    files
        What steps read besides: exams, models.
    share
        Of the records that are drawn.
    """
    return {
        "recipe": dict(recipe),
        "inputs": [
            {"path": f.path, "source": f.source, "bytes": f.bytes, "sha256": f.sha256}
            for f in inputs
        ],
        "files": {shown_path(path): _hash(path) for path in sorted(files)},
        "sample_share": share,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of what makes the output; of what is not installed none."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Split:
    """A block of a run, its number over all files, and how much of all files has been read with it."""

    number: int
    block: RawBlock
    share: float


def split_inputs(inputs: Sequence[Input], settings: ReadSettings) -> Iterator[Split]:
    """Yield the blocks of all files, in order."""
    sizes = [size_of(each.path) for each in inputs]
    total, before, number = sum(sizes) or 1, 0, 0
    for each, size in zip(inputs, sizes, strict=True):
        for block in reader_of(each.path, settings).blocks(each.path, each.source):
            yield Split(number, block, (before + block.share * size) / total)
            number += 1
        before += size


def _hash(path: Path) -> str:
    try:
        if path.is_dir():
            # A ledger: its files never change once they are written.
            held = sorted(f"{p.relative_to(path)} {p.stat().st_size}" for p in path.rglob("*.*"))
            return hashlib.sha256("\n".join(held).encode("utf-8", "replace")).hexdigest()
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror or error}") from None
