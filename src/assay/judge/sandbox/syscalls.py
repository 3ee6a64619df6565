"""System calls by name and number: what code under test may call, and what ends it at once.

Everything that is on neither list fails with EPERM. Numbers are those of Linux's `asm/unistd_64.h` (x86_64) and
`asm-generic/unistd.h` (aarch64); None where a machine has no such call. Calls that need conditions on their arguments
are in `CONDITIONAL`.

The list is short on purpose. What is *not* on it and why that matters:

- `clone`, `clone3`, `fork`, `vfork`, `execve`: no process and no thread. Nothing can outlive its parent or multiply.
- `socket`, `socketpair`, `connect`, `bind`, `sendto`, `sendmsg`: no network, no local socket, no passed descriptor.
- `kill`, `tgkill`, `rt_sigqueueinfo`, `pidfd_send_signal`: no signal to anybody.
- `memfd_create`, `shmget`, `mq_open`, `pipe2`: no memory that the address-space limit does not count.
- `rename`, `unlink`, `chmod`, `utimensat`, `truncate`, `setxattr`: Landlock does not cover all of them; none is needed.
- `prctl`, `setrlimit`, `seccomp`, `personality`: the locks cannot be undone.
"""

from __future__ import annotations

from typing import NamedTuple


class Condition(NamedTuple):
    """An argument of a system call: (argument & mask) must be one of the values.

    `wide` compares all 64 bits (pointers); otherwise the low 32, which is all the kernel reads of an `int`.
    """

    argument: int
    mask: int
    values: tuple[int, ...]
    wide: bool = False


Numbers = tuple[int | None, int | None]
"""On x86_64, on aarch64."""

ALLOWED: dict[str, Numbers] = {
    # Descriptors that are open already.
    "read": (0, 63),
    "write": (1, 64),
    "pread64": (17, 67),
    "close": (3, 57),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "getdents64": (217, 61),
    # The import system asks for these. They tell whether a path exists, and its size: see the design note.
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "getcwd": (79, 17),
    # Its own memory.
    "munmap": (11, 215),
    "mremap": (25, 216),
    "brk": (12, 214),
    # Its own signal handlers and timers.
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "pause": (34, None),
    "alarm": (37, None),
    "setitimer": (38, 103),
    "getitimer": (36, 102),
    # Clocks, waiting, chance.
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "select": (23, None),
    "pselect6": (270, 72),
    "poll": (7, None),
    "ppoll": (271, 73),
    "sched_yield": (24, 124),
    "getrandom": (318, 278),
    # What it is and where it runs.
    "getrusage": (98, 165),
    "uname": (63, 160),
    "sched_getaffinity": (204, 123),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "exit": (60, 93),
    "exit_group": (231, 94),
}

PROT_WRITE, PROT_EXEC, MAP_ANONYMOUS = 2, 4, 0x20
FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET, FUTEX_FLAGS = 0, 1, 9, 128 | 256
F_GETFD, F_SETFD, F_GETFL = 1, 2, 3
TCGETS, TIOCGWINSZ, FIONCLEX, FIOCLEX = 0x5401, 0x5413, 0x5450, 0x5451
MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE = 4, 8, 14
# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_ASYNC, O_PATH, O_TMPFILE: numbers that both machines share.
MORE_THAN_READING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000 | 0o10000000 | 0o20000000
LOW = 0xFFFFFFFF

CONDITIONAL: dict[str, tuple[Numbers, tuple[tuple[Condition, ...], ...]]] = {
    # Where is Landlock's part; how is said here too. Landlock before version 3 lets whoever may read a file cut it,
    # by O_RDONLY with O_TRUNC.
    "open": ((2, None), ((Condition(1, MORE_THAN_READING, (0,)),),)),
    "openat": ((257, 56), ((Condition(2, MORE_THAN_READING, (0,)),),)),
    # Memory is never writable and executable, and never becomes executable: no machine code of its own. Modules of
    # the standard library that are compiled map their file for execution, which stays possible.
    "mmap": (
        (9, 222),
        (
            (Condition(2, PROT_EXEC, (0,)),),
            (Condition(2, PROT_WRITE, (0,)), Condition(3, MAP_ANONYMOUS, (0,))),
        ),
    ),
    "mprotect": ((10, 226), ((Condition(2, PROT_EXEC, (0,)),),)),
    "madvise": ((28, 233), ((Condition(2, LOW, (MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE)),),)),
    # Waiting and waking only: the other operations on futexes serve threads, and have had faults in the kernel.
    "futex": (
        (202, 98),
        ((Condition(1, LOW ^ FUTEX_FLAGS, (FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET)),),),
    ),
    # F_SETOWN and F_SETSIG would let a descriptor send any signal to another process.
    "fcntl": ((72, 25), ((Condition(1, LOW, (F_GETFD, F_SETFD, F_GETFL)),),)),
    # TIOCSTI would type into a terminal.
    "ioctl": ((16, 29), ((Condition(1, LOW, (TCGETS, TIOCGWINSZ, FIONCLEX, FIOCLEX)),),)),
    # Its own limits, to be read only.
    "prlimit64": ((302, 261), ((Condition(0, LOW, (0,)), Condition(2, LOW, (0,), wide=True)),)),
}
"""Name -> numbers, and the alternatives of which one must hold: all its conditions together."""

MISSING: dict[str, Numbers] = {"clone3": (435, 435)}
"""Calls that are said not to exist (ENOSYS), so that the C library falls back to ones that are filtered."""

FATAL: dict[str, Numbers] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vmsplice": (278, 75),
    "seccomp": (317, 277),
}
"""No honest answer calls these: the process is ended at once."""
