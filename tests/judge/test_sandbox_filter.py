"""The filter itself, read by an interpreter of the kernel's language: every call, on both machines; and for real."""

from __future__ import annotations

import platform
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from assay.judge.sandbox.filter import (
    ABSENT,
    ALLOW,
    AUDIT_ARCH,
    COLUMN,
    KILL,
    REFUSE,
    Instruction,
    packed,
    program,
)
from assay.judge.sandbox.syscalls import ALLOWED, CONDITIONAL, FATAL, MISSING

I386_ARCH, ARM_ARCH = 0x40000003, 0x40000028
MACHINES = pytest.mark.parametrize("machine", AUDIT_ARCH)
HEADERS = {
    "x86_64": (
        Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        r"#define __NR_(\w+)\s+(\d+)",
    ),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"), r"#define __NR(?:3264)?_(\w+)\s+(\d+)"),
}

NEVER = [
    "accept", "accept4", "acct", "add_key", "bind", "bpf", "capset", "chmod", "chown", "chroot",
    "clone", "clone3", "connect", "creat", "delete_module", "dup", "dup2", "dup3",
    "epoll_create1", "eventfd2", "execve", "execveat", "fanotify_init", "fchmod", "fchmodat",
    "fchown", "fchownat", "finit_module", "flock", "fork", "fsetxattr", "fsopen", "ftruncate",
    "futex_waitv", "getpeername", "getsockname", "getsockopt", "init_module", "inotify_init1",
    "io_setup", "io_submit", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm",
    "iopl", "kcmp", "kexec_load", "keyctl", "kill", "landlock_restrict_self", "lchown", "link",
    "linkat", "listen", "lookup_dcookie", "memfd_create", "memfd_secret", "mincore", "mkdir",
    "mkdirat", "mknod", "mknodat", "mlock", "mlockall", "modify_ldt", "mount", "mount_setattr",
    "move_mount", "move_pages", "mq_open", "msgget", "name_to_handle_at", "open_by_handle_at",
    "open_tree", "openat2", "perf_event_open", "personality", "pidfd_getfd", "pidfd_open",
    "pidfd_send_signal", "pipe", "pipe2", "pivot_root", "pkey_mprotect", "prctl",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "pwrite64", "quotactl",
    "reboot", "recvfrom", "recvmsg", "remap_file_pages", "rename", "renameat", "renameat2",
    "request_key", "rmdir", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sched_setaffinity",
    "sched_setscheduler", "seccomp", "semget", "sendfile", "sendmmsg", "sendmsg", "sendto",
    "set_mempolicy", "setfsuid", "setgid", "setgroups", "sethostname", "setns", "setpgid",
    "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "setsid",
    "setsockopt", "setuid", "setxattr", "shmat", "shmget", "shutdown", "signalfd4", "socket",
    "socketpair", "splice", "swapon", "symlink", "symlinkat", "syslog", "tee", "tgkill",
    "timer_create", "timerfd_create", "tkill", "truncate", "umount2", "unlink", "unlinkat",
    "unshare", "userfaultfd", "utime", "utimensat", "utimes", "vfork", "vhangup", "vmsplice",
]  # fmt: skip


def decide(code: list[Instruction], number: int, arguments: dict[int, int], arch: int) -> int:
    """Run a filter on one call, as the kernel does."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *(arguments.get(i, 0) for i in range(6)))
    place = accumulator = 0
    while True:
        operation, if_true, if_false, operand = code[place]
        place += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif operation == 0x54:
            accumulator &= operand
        elif operation == 0x15:
            place += if_true if accumulator == operand else if_false
        elif operation == 0x35:
            place += if_true if accumulator >= operand else if_false
        else:
            assert operation == 0x06
            return operand


def number(machine: str, name: str) -> int:
    for table in (ALLOWED, FATAL, MISSING, {n: c[0] for n, c in CONDITIONAL.items()}):
        if name in table:
            found = table[name][COLUMN[machine]]
            assert found is not None
            return found
    raise KeyError(name)


def header(machine: str) -> dict[str, int]:
    path, pattern = HEADERS[machine]
    if not path.exists():
        pytest.skip(f"the kernel's headers are not here ({path})")
    found = {name: int(value) for name, value in re.findall(pattern, path.read_text())}
    return {"newfstatat" if name == "fstatat" else name: value for name, value in found.items()}


@MACHINES
def test_numbers_are_the_kernels(machine: str) -> None:
    known = header(machine)
    for table in (ALLOWED, FATAL, MISSING, {n: c[0] for n, c in CONDITIONAL.items()}):
        for name, numbers in table.items():
            own = numbers[COLUMN[machine]]
            assert own == known.get(name), name


@MACHINES
def test_exactly_the_calls_on_the_list_are_allowed(machine: str) -> None:
    code = program(machine)
    arch = AUDIT_ARCH[machine]
    # With arguments of zero, and with all bits set: what passes under either.
    for bits in (0, 2**64 - 1):
        passed = {
            n for n in range(1024) if decide(code, n, dict.fromkeys(range(6), bits), arch) == ALLOW
        }
        listed = {pair[COLUMN[machine]] for pair in ALLOWED.values()}
        conditional = {c[0][COLUMN[machine]] for c in CONDITIONAL.values()}
        assert passed - conditional == listed - {None}
    everything = {decide(code, n, {}, arch) for n in range(1024)}
    assert everything == {ALLOW, KILL, REFUSE, ABSENT}


@MACHINES
def test_calls_that_reach_others_are_refused(machine: str) -> None:
    known = header(machine)
    code = program(machine)
    tested = 0
    for name in NEVER:
        if name in known:
            for bits in (0, 1, 2**64 - 1):
                answer = decide(
                    code, known[name], dict.fromkeys(range(6), bits), AUDIT_ARCH[machine]
                )
                assert answer in (KILL, REFUSE, ABSENT), name
            tested += 1
    assert tested > 130


@MACHINES
def test_every_call_of_another_architecture_ends_the_process(machine: str) -> None:
    code = program(machine)
    others = {I386_ARCH, ARM_ARCH, 0, *AUDIT_ARCH.values()} - {AUDIT_ARCH[machine]}
    assert {decide(code, n, {}, arch) for arch in others for n in range(600)} == {KILL}
    if machine == "x86_64":
        x32 = {decide(code, (1 << 30) + n, {}, AUDIT_ARCH[machine]) for n in range(600)}
        assert x32 == {KILL}


@MACHINES
@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("openat", {2: 0o2000000}, True),
        ("openat", {2: 0o2204000}, True),  # a folder, to be listed
        ("openat", {2: 0o1}, False),
        ("openat", {2: 0o2}, False),
        ("openat", {2: 0o100}, False),
        ("openat", {2: 0o1000}, False),
        ("openat", {2: 0o10000000}, False),
        ("openat", {2: 0o20200000}, False),
        ("mmap", {2: 3, 3: 0x22}, True),
        ("mmap", {2: 5, 3: 0x02}, True),  # a compiled module's text, from its file
        ("mmap", {2: 7, 3: 0x02}, False),
        ("mmap", {2: 5, 3: 0x22}, False),
        ("mmap", {2: 4, 3: 0x20}, False),
        ("mprotect", {2: 3}, True),
        ("mprotect", {2: 4}, False),
        ("mprotect", {2: 7}, False),
        ("madvise", {2: 4}, True),
        ("madvise", {2: 100}, False),
        ("futex", {1: 128}, True),
        ("futex", {1: 129}, True),
        ("futex", {1: 9 | 128 | 256}, True),
        ("futex", {1: 4}, False),
        ("futex", {1: 6 | 128}, False),
        ("futex", {1: 12}, False),
        ("fcntl", {1: 1}, True),
        ("fcntl", {1: 0}, False),
        ("fcntl", {1: 4}, False),
        ("fcntl", {1: 8}, False),
        ("fcntl", {1: 10}, False),
        ("ioctl", {1: 0x5401}, True),
        ("ioctl", {1: 0x5412}, False),
        ("ioctl", {1: 0x8901}, False),
        ("prlimit64", {}, True),
        ("prlimit64", {0: 1}, False),
        ("prlimit64", {2: 0x1000}, False),
        (
            "prlimit64",
            {2: 0x7F00_0000_0000},
            False,
        ),  # only the upper half says that it is a pointer
    ],
)
def test_arguments_decide(
    machine: str, name: str, arguments: dict[int, int], allowed: bool
) -> None:
    answer = decide(program(machine), number(machine, name), arguments, AUDIT_ARCH[machine])
    assert answer == (ALLOW if allowed else REFUSE)


def test_there_is_no_filter_for_another_machine() -> None:
    with pytest.raises(KeyError):
        program("riscv64")


@MACHINES
def test_the_kernels_bounds_on_a_program_are_kept(machine: str) -> None:
    code = program(machine)
    assert len(code) < 4096
    assert len(packed(code)) == 8 * len(code)
    for place, step in enumerate(code):
        assert 0 <= max(step.if_true, step.if_false) < 256
        assert place + 1 + max(step.if_true, step.if_false) < len(code) or step.code == 0x06


MACHINE_CODE = """
import ctypes, mmap, sys
from assay.judge.sandbox import lock
from assay.judge.sandbox.filter import packed, program
# The page is made before the filter, which would refuse it: what is tried is the filter's look at the architecture.
page = mmap.mmap(-1, 4096, prot=7)
page.write(bytes.fromhex(sys.argv[1]))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
if sys.argv[2] == "locked":
    lock.no_new_privileges()
    lock.seccomp(packed(program("x86_64")))
sys.exit(0 if call() > 0 else 7)
"""
GETPID = {
    "i386": "b814000000cd80c3",  # mov eax, 20; int 0x80; ret
    "x32": "b8270000400f05c3",  # mov eax, 0x40000027; syscall; ret
    "native": "b8270000000f05c3",
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of x86")
@pytest.mark.parametrize("table", GETPID)
def test_the_other_tables_of_x86_are_closed_for_real(table: str) -> None:
    def run(how: str) -> int:
        command = [sys.executable, "-c", MACHINE_CODE, GETPID[table], how]
        return subprocess.run(command, check=False).returncode

    free = run("free")
    if table == "native":
        assert (free, run("locked")) == (0, 0)
        return
    assert run("locked") == -signal.SIGSYS
    if table == "i386" and free != 0:
        pytest.skip("this kernel has no 32-bit calls: only the refusal could be shown")
