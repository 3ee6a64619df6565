"""Pages as files: whole or not at all, and never in place of something that is no page."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from assay.errors import BadInput

LEDGER_MARK = "assay.json"
"""What every ledger's folder holds."""

_BEGINS = b"<!doctype html"
_CANNOT_BE_REPLACED = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS)


def check_page_place(output: Path) -> None:
    """Refuse a file that a page can't be written to, or that would be lost under it.

    Parameters
    ----------
    output
        A file that is to become a page; there may be one already.

    Raises
    ------
    BadInput
        If its folder is not there or may not be written to, if it is a folder, lies inside a ledger, or holds something
        that is no page: the log or the catalogue that a command reads, typed a second time.
    """
    try:
        _refuse(output)
    except OSError as error:
        raise BadInput(f"{output} can't be written: {error.strerror or error}") from None


def write_html(output: Path, page: str) -> int:
    """Write a page, and return how many bytes it has.

    Parameters
    ----------
    output
        A page that is there is replaced, whole: where the disk is full it stays.
    page
        Lone surrogates are written as escapes.

    Raises
    ------
    BadInput
        As `check_page_place`, or if the system refuses to write.
    """
    check_page_place(output)
    data = page.encode("utf-8", "backslashreplace")
    try:
        if output.exists() and not output.is_file():
            output.write_bytes(data)  # a pipe, a terminal
        else:
            _replace(output.resolve(), data)
    except OSError as error:
        raise BadInput(f"{output} can't be written: {error.strerror or error}") from None
    return len(data)


def _refuse(output: Path) -> None:
    if output.is_dir():
        raise BadInput(
            f"{output} is a folder, and a page is a file", next_command=f"-o {output / 'page.html'}"
        )
    if not output.parent.is_dir():
        raise BadInput(
            f"{output} can't be written: there is no folder {output.parent}",
            next_command=f"mkdir -p {output.parent}",
        )
    there = output.exists()
    for folder in output.resolve().parents:
        if (folder / LEDGER_MARK).is_file():
            raise BadInput(f"{output} lies inside the ledger {folder}: a page is kept beside it")
    if not os.access(output if there else output.parent, os.W_OK):
        raise BadInput(
            f"{output} can't be written: permission denied",
            next_command="name a file in a folder of yours",
        )
    if there and output.is_file() and not _is_page(output):
        raise BadInput(
            f"{output} is there and is no page: it would be lost", next_command="name another file"
        )


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        begins = file.read(256)
    return not begins or begins.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_BEGINS)


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f".assay-{os.getpid()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        if not (path.exists() and error.errno in _CANNOT_BE_REPLACED):
            raise
        # A single file that is writable where its folder is not, as one that is mounted into a container.
        path.write_bytes(data)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
