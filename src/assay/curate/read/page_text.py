"""The text of web pages, taken out in a process of its own, where a hostile page can do no harm.

A page of a few kilobytes can keep an HTML parser busy for an hour, or take all memory. So a child process does one page
after the other under a limit of memory and of processor time; one that goes beyond it is ended by the system, and only
that page is lost.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import IO, Any, NamedTuple, cast

from assay.curate.missing_part import import_part
from assay.curate.read.raw import ReadSettings

MOST_TAGS = 100_000
"""A page with more of the character < is refused: trafilatura takes time with their square."""

MEMORY_BYTES = 2 * 2**30
_LENGTH = struct.Struct("<q")
_NO_TEXT = -1


class PageText(NamedTuple):
    """The text of a page, or why there is none: a reason and a detail as in `assay.curate.rejected`."""

    text: str
    reason: str = ""
    detail: str = ""


def page_text(page: str, settings: ReadSettings) -> PageText:
    """Return the main text of a web page, without menus, comments and what stands around it.

    Parameters
    ----------
    page
        HTML, decoded.
    settings
        `page_text` says how trafilatura weighs what it is unsure of, `page_tables` whether tables are text.

    Raises
    ------
    MissingPart
        Without the extra ``curate``.

    Notes
    -----
    Whether a page is given up for its time depends on the machine; all else follows from the page. The limit is of
    processor time, so that a machine under load gives up no more.

    References
    ----------
    .. [1] Barbaresi, "Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and Extraction",
       ACL-IJCNLP 2021 demonstrations, doi:10.18653/v1/2021.acl-demo.15.
    """
    if find_spec("trafilatura") is None:
        import_part("trafilatura", extra="curate", what="the text of web pages")
    tags = page.count("<")
    if tags > MOST_TAGS:
        return PageText("", "page too large", f"{tags:,} tags of at most {MOST_TAGS:,}")
    return _child(os.getpid(), threading.get_ident()).ask(page, settings)


@cache
def _child(process: int, thread: int) -> _Child:  # noqa: ARG001
    """Return the child of a thread: a process that was forked has one of its own."""
    return _Child()


class _Child:
    """The process that reads pages; begun when it is first asked, and again when it has ended."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def ask(self, page: str, settings: ReadSettings) -> PageText:
        import msgspec

        question = (page, settings.page_text, settings.page_tables, settings.page_seconds)
        packed = msgspec.msgpack.encode(question)
        running = self._running = self._running or _begun()
        try:
            stdin, stdout = cast(IO[bytes], running.stdin), cast(IO[bytes], running.stdout)
            stdin.write(_LENGTH.pack(len(packed)) + packed)
            stdin.flush()
            answer = _received(stdout)
        except (BrokenPipeError, EOFError):
            self._running = None
            return PageText("", *_ended(running, settings))
        if answer is None or not answer.strip():
            return PageText("", "no text extracted")
        return PageText(answer.decode("utf-8", "replace"))


def _begun() -> subprocess.Popen[bytes]:
    # -c and not -m: that would import this package's parents again under another name.
    code = f"from {__name__} import answer_pages; answer_pages()"
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )


def _ended(running: subprocess.Popen[bytes], settings: ReadSettings) -> tuple[str, str]:
    """Return why a page ended its reader."""
    import signal

    for pipe in (running.stdin, running.stdout):
        try:
            cast(IO[bytes], pipe).close()
        except BrokenPipeError:
            continue
    code = running.wait()
    if code == -signal.SIGPROF:
        return "page took too long", f"more than {settings.page_seconds:g} s"
    return "page could not be read", f"its reader ended with {code}"


def _received(stream: IO[bytes]) -> bytes | None:
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return None if length == _NO_TEXT else _exactly(stream, length)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    held = stream.read(size)
    if len(held) < size:
        raise EOFError
    return held


@dataclass(frozen=True, slots=True)
class _Options:
    """What trafilatura is asked, beside the page."""

    weighs: str
    tables: bool

    def keywords(self) -> dict[str, Any]:
        return {
            "fast": self.weighs == "fast",
            "favor_precision": self.weighs == "precision",
            "favor_recall": self.weighs == "recall",
            "include_comments": False,
            "include_tables": self.tables,
        }


def answer_pages() -> None:
    """Answer pages until there are no more: what the child process does."""
    import resource
    import signal

    import msgspec
    import trafilatura

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # An interrupt from the keyboard is for the parent; when that goes, the pipe ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            question = _received(source)
        except EOFError:
            return
        page, weighs, tables, seconds = msgspec.msgpack.decode(
            question or b"", type=tuple[str, str, bool, float]
        )
        signal.setitimer(signal.ITIMER_PROF, seconds)
        found = _extracted(trafilatura, page, _Options(weighs, tables))
        signal.setitimer(signal.ITIMER_PROF, 0)
        sink.write(_LENGTH.pack(_NO_TEXT) if found is None else _LENGTH.pack(len(found)) + found)
        sink.flush()


def _extracted(trafilatura: Any, page: str, options: _Options) -> bytes | None:
    try:
        text = trafilatura.extract(page, **options.keywords())
    except (ValueError, RecursionError, AttributeError, TypeError, LookupError):
        # What odd pages make of its own code; to the reader it is a page without a text.
        return None
    return text.encode("utf-8", "replace") if text else None
