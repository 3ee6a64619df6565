"""A repository's own history, read by the program `git`: commits with their messages, as a stream.

The repository is a stranger's: its messages are text of others, and its configuration may name programs to run. Nothing
of it is run: one plumbing command that reads commits alone, without a shell, hooks, pager, signature check or network.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import IO

from assay.errors import BadInput

FIELDS = ("%H", "%P", "%ct", "%an <%ae>", "%B")
_CHUNK = 1 << 20
MOST_MESSAGE = 1 << 16
"""Characters of a message that are looked at, from its beginning and from its end: trailers stand there."""

LATEST = 253_402_300_799
"""The end of the year 9999, in seconds since 1970 UTC."""

SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "log.showSignature=false",
    "protocol.allow=never",
    "fetch.recurseSubmodules=false",
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as it stands in the history.

    Parameters
    ----------
    sha
    parents
        The first is the branch that it landed on.
    at
        When it was committed, seconds since 1970 UTC.
    author
        Name and address, as written.
    message
        The whole of it, or its beginning and its end.
    """

    sha: str
    parents: tuple[str, ...]
    at: int
    author: str
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0].strip()


def read_commits(
    path: Path,
    *,
    since: int | None = None,
    progress: Callable[[int, float | None], None] | None = None,
) -> Iterator[Commit]:
    """Yield the commits that HEAD can reach, newest first.

    Parameters
    ----------
    path
        A clone, or a folder within one.
    since
        Only those that were committed later, in seconds since 1970 UTC.
    progress
        Called with the number of commits.

    Raises
    ------
    BadInput
        Where this is no repository, it has no commits, it is not to be trusted, or git is not installed.
    """
    limit = () if since is None else (f"--max-age={since}",)
    shape = "--format=" + "%x00".join((*FIELDS, ""))
    arguments = ("rev-list", "--topo-order", "--encoding=UTF-8", shape, *limit, "HEAD", "--")
    # What git complains of goes to a file: nobody reads a pipe while the other is streamed.
    with tempfile.TemporaryFile() as complaint, _started(path, arguments, complaint) as running:
        assert running.stdout is not None
        finished = False
        try:
            for count, commit in enumerate(_parsed(running.stdout), start=1):
                if progress is not None and count % 1_000 == 0:
                    progress(count, None)
                yield commit
            finished = True
        finally:
            # Whoever stops reading early leaves no program behind.
            if not finished:
                running.kill()
        if running.wait() != 0:
            complaint.seek(0)
            raise _refused(path, complaint.read(4_096).decode("utf-8", "replace"))


def head_time(path: Path) -> int:
    """Return when the newest commit of HEAD was made, in seconds since 1970 UTC.

    Raises
    ------
    BadInput
        As `read_commits`; where the commit tells no time that can be.
    """
    at = int(_said(path, ("show", "-s", "--no-show-signature", "--format=%ct", "HEAD", "--")))
    if not 0 < at <= LATEST:
        raise BadInput(
            f"the newest commit of {path} says that it was made {at} seconds after 1970, which is no time that can be: "
            "without it nobody knows when the window ends"
        )
    return at


def is_shallow(path: Path) -> bool:
    """Return whether the clone lacks its older history."""
    return _said(path, ("rev-parse", "--is-shallow-repository")).strip() == "true"


def _said(path: Path, arguments: tuple[str, ...]) -> str:
    with tempfile.TemporaryFile() as complaint, _started(path, arguments, complaint) as running:
        assert running.stdout is not None
        told = running.stdout.read(4_096).decode("utf-8", "replace")
        if running.wait() != 0:
            complaint.seek(0)
            raise _refused(path, complaint.read(4_096).decode("utf-8", "replace"))
    return told


def _started(
    path: Path, arguments: tuple[str, ...], complaint: IO[bytes]
) -> subprocess.Popen[bytes]:
    if not path.is_dir():
        raise BadInput(f"{path} is no folder: --from-git takes a clone")
    settings = [part for setting in SAFE for part in ("-c", setting)]
    command = ["git", "--no-pager", *settings, "-C", str(path), *arguments]
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed program with fixed options; the path is one argument
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaint,
            env=clean_environment(os.environ),
        )
    except FileNotFoundError:
        raise BadInput("the program git is not installed: --from-git needs it") from None


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nobody else's GIT_* leads git to another repository or to another program."""
    kept = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def _refused(path: Path, complaint: str) -> BadInput:
    folder = path.resolve()
    if "dubious ownership" in complaint or "safe.directory" in complaint:
        return BadInput(
            f"{path} belongs to another user, and git reads no repository of others that you have not called safe",
            next_command=f"git config --global --add safe.directory {quote(str(folder))}",
        )
    if "not a git repository" in complaint:
        return BadInput(f"{path} is no git repository: --from-git takes a clone")
    if "bad revision" in complaint or "unknown revision" in complaint:
        return BadInput(f"{path} has no commits yet: there is no history to read")
    said = complaint.strip().splitlines()
    return BadInput(f"git can't read {path}: {said[0] if said else 'it gave no reason'}")


def _parsed(stream: IO[bytes]) -> Iterator[Commit]:
    """Yield the commits of a stream: fields that end with NUL, which no commit can hold."""
    fields: list[bytes] = []
    rest: list[bytes] = []
    while chunk := stream.read(_CHUNK):
        first, *others = chunk.split(b"\0")
        rest.append(first)
        for part in others:
            # Joined once a field: a message of many chunks costs no more than its length.
            fields.append(b"".join(rest))
            rest = [part]
            if len(fields) == len(FIELDS):
                yield _commit(fields)
                fields = []


def _commit(fields: list[bytes]) -> Commit:
    # Before each commit git writes a line `commit SHA`, which older versions can't leave out.
    sha, parents, at, author, message = (field.decode("utf-8", "replace") for field in fields)
    sha = sha.rsplit("\n", 1)[-1]
    if len(message) > 2 * MOST_MESSAGE:
        message = f"{message[:MOST_MESSAGE]}\n\n{message[-MOST_MESSAGE:]}"
    return Commit(sha, tuple(parents.split()), int(at), author, message)
