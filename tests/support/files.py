"""Made-up files: bytes that look like nothing else, spans to cut them into, and heads that say what they are."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

MIB = 1024 * 1024
T = TypeVar("T")
FIRST_PAUSE = 0.02
"""Seconds after the first question, before it is asked again."""

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0043000806060706050807") + b"\x07" * 64
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489") + b"\0" * 64
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
HTML = b"<!DOCTYPE html>\n<html><head><title>hello</title></head><body><script>alert(1)</script></body></html>\n" * 4


def content(size: int, seed: int = 0) -> bytes:
    """``size`` bytes that no other seed gives, the same in every run."""
    return random.Random(f"{seed}/{size}").randbytes(size)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def spans(size: int, step: int) -> list[tuple[int, int]]:
    """The half-open spans ``[start, stop)`` that cut ``size`` bytes into pieces of ``step``."""
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def windows_program() -> bytes:
    """The head of a PE executable."""
    stub = bytearray(b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8".ljust(0x3C, b"\0"))
    stub += (0x80).to_bytes(4, "little")
    stub = stub.ljust(0x80, b"\0")
    stub += b"PE\0\0" + bytes.fromhex("4c010300") + b"\0" * 12 + bytes.fromhex("e0000201") + bytes.fromhex("0b010600")
    return bytes(stub.ljust(1024, b"\0"))


def linux_program() -> bytes:
    """The head of an ELF executable."""
    ident = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    header = bytes.fromhex("02003e0001000000") + (0x401000).to_bytes(8, "little") + (64).to_bytes(8, "little")
    return (ident + header + b"\0" * 24).ljust(1024, b"\0")


def open_below(folder: Path) -> list[str]:
    """What this process holds open below ``folder``, files without a name too."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return [path for path in found if path.startswith(f"{folder}/")]


def files_below(folder: Path) -> dict[str, Path]:
    """Every regular file below ``folder`` by its relative path; empty when the folder does not exist."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            found[str(path.relative_to(folder))] = path
    return found


def eventually(probe: Callable[[], T], *, seconds: float = 60, what: str = "it") -> T:
    """The first true value of ``probe``. Fails when none came in time, which has to be long enough for a machine that has much else to
    do; asks often first, and less often what takes its time."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not (value := probe()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}; last seen: {value!r}"
        time.sleep(pause)
        pause = longer(pause)
    return value


def answered_everywhere(ask: Callable[[], object], answer: object) -> None:
    """Wait until every process of a server answers so: of many questions, for each of which ``ask`` has a connection of its own, all
    are."""

    def is_so() -> bool:
        # At once, so that no process has all of them to itself.
        with ThreadPoolExecutor(8) as askers:
            return {*askers.map(lambda _: ask(), range(48))} == {answer}

    eventually(is_so, what=f"{answer!r} of every process")


def longer(pause: float) -> float:
    """The next of the pauses between questions: to ask costs more of the processor than what is waited for."""
    return min(0.1, pause * 1.1)


def write(path: Path, data: bytes) -> Path:
    """A file with these bytes, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def hashes(folder: Path) -> dict[str, str]:
    """What lies below a folder: SHA-256 by path."""
    return {name: file_sha256(path) for name, path in files_below(folder).items()}
