"""Blocks of a run that are done, on disk: a run that is killed at any moment goes on where it stood.

    OUT/.blocks/
        run.lock           held by the process that runs; the system releases it when its holder dies
        key.json           what the blocks were made from: recipe, inputs, versions
        00000012/          a block that is done: its files, each synced, moved here in one step
        tmp-00000013-4711/ a block that was being written when its process died; swept away

A folder is renamed into place only once all its files are on disk, so a block is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from assay.errors import AssayError, BadInput

FOLDER = ".blocks"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskFull(AssayError):
    """There is no room for what a run writes; what it has written stays good."""


@contextlib.contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write into one sentence.

    Raises
    ------
    DiskFull
        If the disk is full, a quota is used up, or a file may not grow.
    BadInput
        If the system refuses for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"no room left to write in {folder} ({_free(folder)} free): the blocks that are done are kept; "
                "make room and give the same command again"
            ) from None
        raise BadInput(f"{folder} can't be written: {error.strerror or error}") from error


def _free(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB"
    return "an unknown amount"


@dataclass(frozen=True, slots=True)
class BlockStore:
    """The blocks of a run.

    Parameters
    ----------
    out
        The folder of the run's output.
    """

    out: Path

    @property
    def folder(self) -> Path:
        """Where the blocks lie."""
        return self.out / FOLDER

    def path(self, number: int) -> Path:
        """Return where a block lies when it is done."""
        return self.folder / f"{number:08d}"

    def done(self, number: int) -> bool:
        """Whether a block is there, whole."""
        return self.path(number).is_dir()

    def done_count(self) -> int:
        """How many blocks are there."""
        return sum(path.name.isdigit() for path in self.folder.glob("[0-9]*"))

    def write(self, number: int, files: Mapping[str, bytes]) -> None:
        """Put a block there, whole; one that is there already stays.

        Raises
        ------
        DiskFull, BadInput
            See `told_when_full`.
        """
        with told_when_full(self.out):
            unfinished = self.folder / f"tmp-{number:08d}-{os.getpid()}"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            try:
                for name, content in files.items():
                    write_synced(unfinished / name, content)
                sync_folder(unfinished)
                if not self.done(number):
                    unfinished.rename(self.path(number))
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)

    def read(self, number: int, name: str) -> bytes:
        """Return a file of a block."""
        return (self.path(number) / name).read_bytes()

    @contextlib.contextmanager
    def held(self, key: Mapping[str, object]) -> Iterator[None]:
        """Hold the folder for a run with this key; leavings of a killed one are swept away.

        Raises
        ------
        BadInput
            If another process holds it, it holds something else, or blocks of another key.
        DiskFull
            If there is no room.
        """
        with told_when_full(self.out):
            self._claim()
            lock = FileLock(self.folder / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BadInput(
                f"another process writes to {self.out} now: let it end, or choose another folder"
            ) from None
        try:
            with told_when_full(self.out):
                self._check(key)
            yield
        finally:
            lock.release()

    def _claim(self) -> None:
        if self.out.exists() and not self.out.is_dir():
            raise BadInput(f"{self.out} is a file: -o names a folder")
        begun = self.folder.exists() or (self.out / "run.json").exists()
        if not begun and self.out.exists() and any(self.out.iterdir()):
            raise BadInput(f"the folder {self.out} holds other files: choose an empty one")
        self.folder.mkdir(parents=True, exist_ok=True)

    def _check(self, key: Mapping[str, object]) -> None:
        for path in self.folder.glob("tmp-*"):
            shutil.rmtree(path, ignore_errors=True)
        before = self.folder / "key.json"
        if before.exists():
            refuse_another(self.out, json.loads(before.read_bytes()), key)
        else:
            write_whole(before, json.dumps(key, indent=1, sort_keys=True).encode())

    def remove(self) -> None:
        """Remove all blocks: the output is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def refuse_another(out: Path, before: Mapping[str, object], now: Mapping[str, object]) -> None:
    """Refuse to go on in a folder that was begun from something else, and say what differs.

    Raises
    ------
    BadInput
        If the keys differ.
    """
    differing = list(_differing("", before, now))
    if differing:
        more = f", and {len(differing) - 3} more" if len(differing) > 3 else ""
        raise BadInput(
            f"{out} was begun from something else: {'; '.join(differing[:3])}{more}",
            next_command="choose another folder with -o, or remove this one",
        )


def _differing(name: str, before: object, now: object) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted({*before, *now}):
            inner = f"{name}.{key}" if name else str(key)
            yield from _differing(inner, before.get(key), now.get(key))
    elif (
        isinstance(before, list | tuple)
        and isinstance(now, list | tuple)
        and len(before) == len(now)
    ):
        for place, (one, other) in enumerate(zip(before, now, strict=True), start=1):
            yield from _differing(f"{name} {place}", one, other)
    elif before != now:
        yield f"{name} was {_said(before)}, is {_said(now)}"


def _said(value: object) -> str:
    text = "not there" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def write_synced(path: Path, content: bytes) -> None:
    """Write a file, and return once it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes) -> None:
    """Put a file there, whole, in place of one that may be there."""
    unfinished = path.with_name(f"{path.name}.tmp")
    write_synced(unfinished, content)
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on the disk; where a system can't, it is left to it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
