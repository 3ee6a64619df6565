"""The locks on a process: Landlock, seccomp, namespaces, capabilities, limits. Linux only; all by system calls.

Own code, because what there is does not fit: the package `landlock` is a pre-release, `pyseccomp` needs a C library
that is often absent, and the locked interpreter is started without site-packages, so it can import neither.

Sources: Linux `Documentation/userspace-api/landlock.rst`, `seccomp_filter.rst`, `no_new_privs.rst`; man pages
unshare(2), capset(2), setrlimit(2), prctl(2). Numbers of system calls above 423 are the same on every machine.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from collections.abc import Iterable

LANDLOCK_CREATE, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
CREATE_VERSION, RULE_PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIRECTORY = 1, 2, 4, 8
# How many kinds of access to files each version of Landlock's interface can refuse: one bit each, from bit 0 on.
FILE_BITS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
FILE_BITS_NEWEST = 16
NETWORK_ACCESS = 0b11  # bind and connect, TCP
SCOPES = 0b11  # abstract local sockets, signals

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
SIGKILL = 9
STACK_BYTES = 64 << 20


class LockError(Exception):
    """A lock that must hold does not hold here."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(*arguments: object) -> int:
    # Every integer goes as a C long: variadic arguments would else be cut to 32 bits.
    given = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    call = _libc().syscall
    call.restype = ctypes.c_long
    return int(call(*given))


def _prctl(name: str, *arguments: object) -> None:
    given = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    given += [ctypes.c_ulong(0)] * (5 - len(given))
    if _libc().prctl(*given) != 0:
        raise LockError(f"{name}: {os.strerror(ctypes.get_errno())}")


def landlock_version() -> int:
    """Return the version of the kernel's Landlock interface; 0 where there is none."""
    return max(0, _syscall(LANDLOCK_CREATE, 0, 0, CREATE_VERSION))


def landlock(readable: Iterable[str]) -> int:
    """Let this process and its children read beneath these paths only; write, make and run nothing.

    Parameters
    ----------
    readable
        Files and folders. Those that do not exist are left out.

    Returns
    -------
    int
        The version of Landlock that holds.

    Raises
    ------
    LockError
        Where the kernel has no Landlock, or it is switched off.

    Notes
    -----
    Not covered by Landlock, up to version 7: `stat`, `access`, `readlink`, `chmod`, `utime`; the seccomp filter refuses
    all of these but `stat`. Descriptors that are open already stay usable.
    """
    version = landlock_version()
    if version < 1:
        raise LockError("this kernel has no Landlock (Linux 5.13 or later, switched on)")
    files = (1 << FILE_BITS_BY_VERSION.get(version, FILE_BITS_NEWEST)) - 1
    network = NETWORK_ACCESS if version >= 4 else 0
    ruleset = _ruleset(files, network, SCOPES if version >= 6 else 0)
    try:
        for path in readable:
            _let_read(ruleset, path)
        no_new_privileges()
        if _syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
            raise LockError(f"Landlock: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(ruleset)
    return version


def landlock_scope() -> None:
    """Add a layer that keeps signals and tracing from every process outside, the parent too."""
    if landlock_version() < 6:
        return
    ruleset = _ruleset(EXECUTE, 0, SCOPES)
    if _syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise LockError(f"Landlock: {os.strerror(ctypes.get_errno())}")
    os.close(ruleset)


def _ruleset(files: int, network: int, scopes: int) -> int:
    fields = [files, network, scopes]
    while len(fields) > 1 and not fields[-1]:  # an older kernel knows a shorter structure
        fields.pop()
    attributes = struct.pack(f"<{len(fields)}Q", *fields)
    ruleset = _syscall(LANDLOCK_CREATE, attributes, len(attributes), 0)
    if ruleset < 0:
        raise LockError(f"Landlock: {os.strerror(ctypes.get_errno())}")
    return ruleset


def _let_read(ruleset: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = os.path.isdir(path)  # noqa: PTH112 - pathlib is not loaded in the locked process
        rule = struct.pack("<Qi", READ_FILE | (READ_DIRECTORY if folder else 0), descriptor)
        if _syscall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0) != 0:
            raise LockError(f"Landlock, {path}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(descriptor)


def no_new_privileges() -> None:
    """Give up gaining privileges by running a program: what the next locks ask for."""
    _prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)


def namespaces() -> bool:
    """Move into a network without any interface, and an own user and IPC namespace; say whether that was permitted.

    A second layer: many containers and some distributions forbid it.
    """
    return int(_libc().unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)) == 0


def drop_capabilities() -> None:
    """Give up every capability, which matters for root and inside an own user namespace."""
    header = struct.pack("<Ii", CAPABILITY_VERSION_3, 0)
    if _libc().capset(header, bytes(24)) != 0:
        raise LockError(f"capset: {os.strerror(ctypes.get_errno())}")


def hide_memory() -> None:
    """Let no other process of the same user trace this one or read its memory; write no core file."""
    _prctl("PR_SET_DUMPABLE", PR_SET_DUMPABLE, 0)


def die_with(parent: int) -> None:
    """End when the parent ends, even if it was killed."""
    _prctl("PR_SET_PDEATHSIG", PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it ended before the line above


def limit(seconds: float, memory_bytes: int) -> None:
    """Set the limits of the kernel: processor time, address space, no file written, few descriptors, no core."""
    cpu = int(seconds) + 1
    # Soft and hard alike: at the soft limit alone a signal comes, which can be caught.
    for kind, value in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))


def seccomp(program: bytes) -> None:
    """Put a filter on every system call from here on. It can't be taken off.

    Parameters
    ----------
    program
        From `assay.judge.sandbox.filter.packed`.

    Raises
    ------
    LockError
        Where the kernel has no seccomp filters.
    """
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    pointer = ctypes.byref(Program(len(program) // 8, ctypes.addressof(buffer)))
    _prctl("seccomp", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer)
