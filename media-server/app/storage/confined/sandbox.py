"""What a process that reads strangers' files gives up before it looks at one: it cannot take the machine, reach anybody, or
change anything.

By seccomp, which needs no rights and no namespaces, so it works inside a service that may make none
(``RestrictNamespaces=yes``), too. Every filter that is there already stays.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
OPEN_FILES = 64
UNSAFE = 3
"""The exit code of a process that could not give up its rights, and so has read nothing."""

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_FILTER = 2
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050000 | 1, 0x7FFF0000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
_OTHER_ABI = 0x40000000
"""From here on the numbers of x32 begin, which name the same calls again."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# fmt: off
# Lines: network · signals and other processes · changes of files.
_X86_64 = (
    41, 42, 43, 44, 46, 49, 50, 53, 288, 307,
    62, 101, 200, 234, 310, 311,
    76, 77, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 93, 94, 132, 133, 258, 259, 260, 263, 264, 265, 266, 268, 280, 316,
)
_AARCH64 = (
    198, 199, 200, 201, 202, 203, 206, 211, 242, 269,
    117, 129, 130, 131, 270, 271,
    33, 34, 35, 36, 37, 38, 45, 46, 52, 53, 54, 55, 88, 276,
)
# fmt: on
_PROGRAMS = {"x86_64": (59, 322), "aarch64": (221, 281)}
"""The calls by which a process becomes another program."""
_BOTH = (424, 425, 434, 437, 438, 452)
"""pidfd_send_signal, io_uring_setup, pidfd_open, openat2 (whose flags cannot be seen), pidfd_getfd, fchmodat2."""
_MACHINES = {"x86_64": (0xC000003E, _X86_64, {2: 1, 257: 2}), "aarch64": (0xC00000B7, _AARCH64, {56: 2})}
"""The kernel's name of the machine, what is refused, and the calls that open files, with the place of their flags."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def take_limits(most_cpu_seconds: int = CPU_SECONDS, memory: int = MEMORY) -> None:
    """Bound this process's memory, processor time and open files, let it write no file, and end it with its parent. It may later
    allow itself up to ``most_cpu_seconds`` of the processor."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, CPU_SECONDS, most_cpu_seconds + 2),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
    ):
        resource.setrlimit(kind, (soft, hard))
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def close_doors(*, but_programs: bool = False) -> bool:
    """Refuse this process, for good, network, other programs, signals to others, and every change of files; False where
    the kernel or the machine cannot do that. With ``but_programs`` it may still become another program, of which the rest then
    holds."""
    program = _program(os.uname().machine, but_programs)
    if program is None:
        return False
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    code = _Program(len(program) // 8, program)
    return not prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) and not prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(code), 0, 0)


def close_doors_or_exit(*, but_programs: bool = False) -> None:
    """The same, and an end with ``UNSAFE`` where that cannot be done."""
    if not close_doors(but_programs=but_programs):
        sys.exit(UNSAFE)


def _program(machine: str, but_programs: bool) -> bytes | None:
    if machine not in _MACHINES:
        return None
    kernels_name, refused, opening = _MACHINES[machine]
    if not but_programs:
        refused += _PROGRAMS[machine]
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 1, 0, kernels_name),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_refusals(_IF_AT_LEAST, (_OTHER_ABI,)),
        *_refusals(_IF_EQUAL, refused + _BOTH),
    ]
    for number, place in opening.items():
        steps += [
            (_IF_EQUAL, 0, 4, number),
            # From here on the number is no longer there, so this call is judged to its end.
            (_LOAD, 0, 0, _ARGUMENTS + 8 * place),
            (_IF_ANY_BIT, 0, 1, _WRITING),
            (_RETURN, 0, 0, _REFUSE),
            (_RETURN, 0, 0, _ALLOW),
        ]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _refusals(test: int, values: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    for value in values:
        yield test, 0, 1, value
        yield _RETURN, 0, 0, _REFUSE
