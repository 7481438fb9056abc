"""Secrets of the command line, taken out of what every user of this machine may see of it."""

from __future__ import annotations

from pathlib import Path

OPTIONS = (b"--token", b"--password")
_ARGUMENTS_BEGIN = 45
"""Of the fields of /proc/self/stat behind the program's name."""


def hide_secrets() -> None:
    """Write over this process's own copy of its secrets, where the system lets us: on Linux. Until then, some
    milliseconds, they can be seen, which is why the options that take a file are the better ones."""
    process = Path("/proc/self")
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        at = int((process / "stat").read_text().rpartition(")")[2].split()[_ARGUMENTS_BEGIN])
        with (process / "mem").open("r+b", buffering=0) as memory:
            for before, argument in zip([b"", *arguments], arguments, strict=False):
                secret = _secret_of(before, argument)
                if secret:
                    memory.seek(at + len(argument) - len(secret))
                    memory.write(b"-".ljust(len(secret), b"\0"))
                at += len(argument) + 1
    except (OSError, ValueError, IndexError):
        return


def _secret_of(before: bytes, argument: bytes) -> bytes:
    """The part of an argument that is a secret."""
    name, equals, value = argument.partition(b"=")
    if before in OPTIONS:
        return argument
    return value if equals and name in OPTIONS else b""
