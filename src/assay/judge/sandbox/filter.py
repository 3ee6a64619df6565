"""The seccomp filter as a classic BPF program, for x86_64 and aarch64.

Sources: Linux `Documentation/userspace-api/seccomp_filter.rst`, `include/uapi/linux/{seccomp,filter,audit}.h`.
A filter looks at the number and the registers, never at memory: paths are Landlock's part.
"""

from __future__ import annotations

import errno
import struct
from typing import NamedTuple

from assay.judge.sandbox.syscalls import (
    ALLOWED,
    CONDITIONAL,
    FATAL,
    LOW,
    MISSING,
    Condition,
    Numbers,
)

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
X32_BIT = 0x40000000

ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
ABSENT = 0x00050000 | errno.ENOSYS

LOAD, AND, JUMP_EQUAL, JUMP_NOT_LESS, RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16


class Instruction(NamedTuple):
    """One instruction: operation, how far to jump if true and if false, operand."""

    code: int
    if_true: int
    if_false: int
    operand: int


def program(machine: str) -> list[Instruction]:
    """Return the filter for a machine.

    Parameters
    ----------
    machine : x86_64 or aarch64
        As `platform.machine` names it; little-endian, 64 bits.

    Raises
    ------
    KeyError
        For another machine: there is no filter, so nothing may run.

    Notes
    -----
    The architecture is looked at first: a 64-bit x86 process can call the kernel by the 32-bit table (``int 0x80``),
    where the same numbers mean other calls, and by the x32 table, whose numbers have bit 30 set.
    """
    column = COLUMN[machine]
    code = [
        Instruction(LOAD, 0, 0, ARCHITECTURE_AT),
        Instruction(JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        Instruction(RETURN, 0, 0, KILL),
        Instruction(LOAD, 0, 0, NUMBER_AT),
    ]
    if machine == "x86_64":
        code += [Instruction(JUMP_NOT_LESS, 0, 1, X32_BIT), Instruction(RETURN, 0, 0, KILL)]
    for table, action in ((ALLOWED, ALLOW), (FATAL, KILL), (MISSING, ABSENT)):
        for numbers in table.values():
            code += _answer(numbers, column, action)
    for numbers, alternatives in CONDITIONAL.values():
        body = [step for each in alternatives for step in _all_of(each)]
        body.append(Instruction(RETURN, 0, 0, REFUSE))
        number = numbers[column]
        if number is not None:
            code += [Instruction(JUMP_EQUAL, 0, len(body), number), *body]
    code.append(Instruction(RETURN, 0, 0, REFUSE))
    return code


def packed(code: list[Instruction]) -> bytes:
    """Return a program as the kernel reads it: an array of `struct sock_filter`."""
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _answer(numbers: Numbers, column: int, action: int) -> list[Instruction]:
    number = numbers[column]
    if number is None:
        return []
    return [Instruction(JUMP_EQUAL, 0, 1, number), Instruction(RETURN, 0, 0, action)]


def _all_of(conditions: tuple[Condition, ...]) -> list[Instruction]:
    # Built from the end, so that each test knows how far it is to the first instruction after this alternative.
    code = [Instruction(RETURN, 0, 0, ALLOW)]
    for condition in reversed(conditions):
        code = _test(condition, len(code)) + code
    return code


def _test(condition: Condition, to_the_end: int) -> list[Instruction]:
    low = ARGUMENTS_AT + 8 * condition.argument
    code: list[Instruction] = []
    count = len(condition.values)
    for index, value in enumerate(condition.values):
        last = index == count - 1
        code.append(
            Instruction(JUMP_EQUAL, count - 1 - index, to_the_end if last else 0, value & LOW)
        )
    code = [
        Instruction(LOAD, 0, 0, low),
        Instruction(AND, 0, 0, condition.mask & LOW),
        *code,
    ]
    if condition.wide:
        high = [
            Instruction(LOAD, 0, 0, low + 4),
            Instruction(JUMP_EQUAL, 0, len(code) + to_the_end, 0),
        ]
        code = high + code
    return code
