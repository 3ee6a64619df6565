"""The locked process, under attack: every act is really attempted, and the harmless ones succeed outside of it."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.judge.sandbox import fork_server, runner
from assay.judge.sandbox.protocol import Limits, Run, SandboxError, SandboxLost
from assay.judge.sandbox.runner import Sandbox, lines, process_failure
from assay.judge.sandbox.syscalls import ALLOWED, CONDITIONAL, FATAL
from judge.sandbox_acts import FORK_BOMB, HARMFUL, HARMLESS, THREAD_BOMB, freely

COLUMN = {"x86_64": 0, "aarch64": 1}
OTHERS = {"socket": (41, 198), "clone": (56, 220), "execve": (59, 221), "fork": (57, None)}
SHORT = Limits(seconds=0.3)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Return a secret, a file to harm, and sockets that listen and greet whoever connects."""
    folder = tmp_path_factory.mktemp("w")
    for name in ("secret", "victim"):
        (folder / name).write_text("what nobody may read")
    listeners = [socket.create_server(("127.0.0.1", 0))]
    abstract = f"assay-{os.getpid()}"
    for path in (str(folder / "s"), f"\0{abstract}"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        listeners.append(listener)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))

    def greet(listener: socket.socket) -> None:
        while True:
            try:
                accepted = listener.accept()[0]
            except OSError:
                return
            with accepted:
                accepted.sendall(b"hello")

    for listener in listeners:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
    column = COLUMN[platform.machine()]
    numbers = {**OTHERS, **ALLOWED, **FATAL, **{n: c[0] for n, c in CONDITIONAL.items()}}
    yield {
        "folder": str(folder),
        "secret": str(folder / "secret"),
        "victim": str(folder / "victim"),
        "site": sysconfig.get_path("purelib"),
        "tcp": listeners[0].getsockname()[1],
        "unix": str(folder / "s"),
        "abstract": abstract,
        "udp": datagrams.getsockname()[1],
        "pid": os.getpid(),
        "nr": {name: pair[column] for name, pair in numbers.items()},
    }
    datagrams.close()
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def job(code: str, *args: object) -> dict[str, Any]:
    return {
        "kind": "cases",
        "code": code,
        "setup": "",
        "functions": ["f"],
        "cases": [{"args": list(args), "kwargs": {}}],
    }


def value(run: Run) -> object:
    """Return what `f` returned; None where it did not."""
    found = lines(run)
    return found[0].get("value") if found else None


def own_folder(sandbox: Sandbox) -> Path:
    sandbox.layers()
    return Path(sandbox._servers["answer"]._folder)


@pytest.mark.parametrize("act", HARMLESS)
def test_what_a_free_process_can_do_a_locked_one_cannot(
    act: str, sandbox: Sandbox, world: dict[str, Any], tmp_path: Path
) -> None:
    link = own_folder(sandbox) / "link"
    for folder in (link.parent, tmp_path):
        if not (folder / "link").is_symlink():
            (folder / "link").symlink_to(world["secret"])
    run = sandbox.run(job(HARMLESS[act], world))
    assert not value(run), f"{act}: {run}"
    failure = process_failure(run)
    told = lines(run)[0] if failure is None else {"kind": failure[0]}
    assert told.get("kind") in ("forbidden", "exception") or value(run) is False, told
    # Only now, for it may harm the victim.
    Path(world["victim"]).write_text("again")
    assert freely(HARMLESS[act], world, str(tmp_path)) is True


@pytest.mark.parametrize("act", HARMFUL)
def test_no_harm_is_done(act: str, sandbox: Sandbox, world: dict[str, Any]) -> None:
    before = sandbox._server("answer")
    run = sandbox.run(job(HARMFUL[act], world))
    assert not value(run), f"{act}: {run}"
    assert value(sandbox.run(job("def f(): return 1"))) == 1
    assert sandbox._server("answer") is before, "the fork server was harmed"


@pytest.mark.parametrize("bomb", [FORK_BOMB, THREAD_BOMB], ids=["fork", "threads"])
def test_bombs_make_nothing(bomb: str, sandbox: Sandbox, world: dict[str, Any]) -> None:
    assert value(sandbox.run(job(bomb, world))) == 0
    assert children_of(sandbox) == []


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    while True: pass",
        "def f():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        "import time\ndef f(): time.sleep(1000)",
        "import signal\ndef f():\n    signal.pause()",
        "import select\ndef f(): select.select([], [], [])",
        "while True: pass",
        """
import signal, time
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
def f():
    while True:
        try: time.sleep(1000)
        except BaseException: pass""",
        "class L:\n    def __del__(self):\n        while True: pass\ndef f():\n    L()",
        "def f(): return len(str(2**10**9))",
        "import re\ndef f(): return re.match('(a+)+$', 'a' * 60 + 'b')",
    ],
    ids=["loop", "catch all", "sleep", "pause", "select", "import", "ignore all", "del", "digits", "regex"],
)  # fmt: skip
def test_nothing_outlives_its_time(code: str, sandbox: Sandbox) -> None:
    run = sandbox.run(job(code), limits=SHORT)
    assert process_failure(run) == ("time", "it ran longer than it may") or "exceeds" in str(
        lines(run)
    )
    assert children_of(sandbox) == []


@pytest.mark.parametrize(
    "code",
    [
        "def f(): return len(bytearray(10 << 30))",
        "def f():\n    kept = []\n    while True: kept.append(bytearray(1 << 20))",
        "def f(): return 10 ** (10 ** 10)",
        "import mmap\ndef f(): return len(mmap.mmap(-1, 10 << 30))",
        "def f():\n    x = 'a'\n    while True: x += x",
    ],
    ids=["at once", "bit by bit", "integer", "mmap", "text"],
)
def test_memory_is_bounded(code: str, sandbox: Sandbox) -> None:
    run = sandbox.run(job(code), limits=Limits(seconds=1, memory_bytes=256 << 20))
    assert value(run) is None
    told = process_failure(run) or (lines(run)[0]["kind"],)
    assert told[0] in ("memory", "time", "exception")
    assert run.peak_bytes < 256 << 20


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    for _ in range(1000): print('x' * (1 << 20))",
        "import os\ndef f():\n    while True: os.write(3, b'x' * 65536)",
        "def f(): return 'x' * (100 << 20)",
        "def f(): return 1 << (10 ** 8)",
    ],
    ids=["print", "result", "text", "integer"],
)
def test_output_is_bounded(code: str, sandbox: Sandbox) -> None:
    run = sandbox.run(job(code))
    assert process_failure(run) == ("output", "it wrote more than it may")
    assert len(run.result) <= Limits().result_bytes
    assert len(run.printed) <= Limits().printed_bytes


def test_a_process_holds_nothing_but_its_own_pipes(sandbox: Sandbox, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        code = """
import os
def f():
    found = []
    for number in range(4096):
        try: os.fstat(number)
        except OSError: continue
        found.append(number)
    return found"""
        assert value(sandbox.run(job(code))) == [0, 1, 2, 3]
    assert value(sandbox.run(job("import os\ndef f(): return [os.read(0, 10)]"))) == [{"bytes": ""}]


def test_the_environment_is_empty_and_runs_are_alike(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    code = "import os\ndef f(): return [dict(os.environ), hash('a'), os.listdir('.')]"
    with Sandbox() as other:
        here, there = value(sandbox.run(job(code))), value(other.run(job(code)))
    assert isinstance(here, list)
    assert isinstance(there, list)
    assert here[0] == {"dict": []}
    assert here[1] == there[1]
    assert there[2] == []


def test_the_standard_library_is_there(sandbox: Sandbox) -> None:
    code = """
import heapq, decimal, hashlib, sqlite3, email.message, xml.etree.ElementTree, tomllib, zoneinfo, unittest, csv, lzma
def f():
    return [str(decimal.Decimal(1) / 3)[:5], hashlib.sha256(b'').hexdigest()[:4],
            str(tomllib.loads('a=1')), xml.etree.ElementTree.fromstring('<a/>').tag]"""
    assert value(sandbox.run(job(code))) == ["0.333", "e3b0", "{'a': 1}", "a"]


def test_no_run_sees_another(sandbox: Sandbox) -> None:
    sandbox.run(
        job("import builtins, sys\nbuiltins.len = lambda _: 5\nsys.left = 'x'\ndef f(): return 1")
    )
    code = "import sys\ndef f(): return [len([]), hasattr(sys, 'left'), 'answer' in sys.modules]"
    assert value(sandbox.run(job(code))) == [0, False, True]


def test_deep_recursion_ends_in_an_exception_or_a_crash_of_its_own(sandbox: Sandbox) -> None:
    run = sandbox.run(job("def f(n=0): return f(n + 1)"))
    assert lines(run)[0]["error"] == "RecursionError"
    crash = """
import sys
sys.setrecursionlimit(10**9)
def f():
    x = []
    for _ in range(10**6): x = [x]
    return x"""
    run = sandbox.run(job(crash), limits=SHORT)
    assert value(run) is None
    assert value(sandbox.run(job("def f(): return 1"))) == 1


def test_a_large_job_goes_through(sandbox: Sandbox) -> None:
    assert value(sandbox.run(job("def f(x): return len(x)", "x" * 5_000_000))) == 5_000_000


def test_a_killed_judge_leaves_no_process(tmp_path: Path) -> None:
    script = """
import threading, sys
from assay.judge.sandbox.protocol import Limits
from assay.judge.sandbox.runner import Sandbox
sandbox = Sandbox()
sandbox.layers()
print(sandbox._servers["answer"]._process.pid, sandbox._servers["answer"]._folder, flush=True)
sandbox.run({"kind": "cases", "code": "while True: pass", "setup": "", "functions": ["f"], "cases": []},
            limits=Limits(seconds=60))
"""
    judge = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert judge.stdout
    server, folder = judge.stdout.readline().split()
    until(lambda: in_session(int(server)) > 1)
    judge.kill()
    judge.wait()
    judge.stdout.close()
    until(lambda: in_session(int(server)) == 0)
    Path(folder.decode()).rmdir()  # what a kill leaves: one empty folder


def test_a_fork_server_that_is_killed_is_lost_and_started_anew() -> None:
    with Sandbox() as sandbox:
        sandbox.layers()
        pid = pid_of(sandbox)
        threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(SandboxLost, match="ended before its job was done"):
            sandbox.run(job("while True: pass"))
        until(lambda: in_session(pid) == 0)
        assert value(sandbox.run(job("def f(): return 1"))) == 1


def test_closing_ends_all_and_removes_the_folder() -> None:
    sandbox = Sandbox()
    folder, pid = own_folder(sandbox), pid_of(sandbox)
    sandbox.close()
    assert not folder.exists()
    until(lambda: in_session(pid) == 0)


@pytest.mark.parametrize(("system", "machine"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_nothing_runs_where_there_is_no_filter(
    system: str, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with Sandbox() as sandbox, pytest.raises(SandboxError, match="nothing was run"):
        sandbox.run(job("def f(): return 1"))


def test_nothing_runs_where_the_kernel_has_no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    # In the fork server itself, the kernel's answer is replaced by that of an old one.
    old = "import assay.judge.sandbox.lock as l; l.landlock_version = lambda: 0; main()"
    monkeypatch.setattr(fork_server, "START", fork_server.START.replace("main()", old))
    with Sandbox() as sandbox, pytest.raises(SandboxError, match="no Landlock"):
        sandbox.run(job("def f(): return 1"))


@pytest.mark.parametrize("missing", ["landlock", "seccomp"])
def test_locks_that_do_not_hold_are_found_by_trying(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie = {"landlock": "lambda _: 7", "seccomp": "lambda _: None"}[missing]
    broken = f"import assay.judge.sandbox.lock as l; l.{missing} = {lie}; main()"
    monkeypatch.setattr(fork_server, "START", fork_server.START.replace("main()", broken))
    with Sandbox() as sandbox, pytest.raises(SandboxError, match="do not hold"):
        sandbox.run(job("def f(): return 1"))


def test_the_attempts_succeed_where_nothing_is_locked(tmp_path: Path) -> None:
    code = str(runner.ATTEMPTS["code"]) + "\ndef f(w): return len(attempts()) == 7"
    assert freely(code, {}, str(tmp_path)) is True


def children_of(sandbox: Sandbox) -> list[int]:
    """Return the processes in the fork server's session, without itself."""
    pid = pid_of(sandbox)
    return [found for found in session(pid) if found != pid]


def pid_of(sandbox: Sandbox) -> int:
    process = sandbox._servers["answer"]._process
    assert process
    return process.pid


def in_session(leader: int) -> int:
    return len(session(leader))


def session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def until(holds: Any) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")
