"""Small disks in files: mounted, filled, and copied at any instant as a power cut would leave them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotMount(RuntimeError):
    """This machine does not let us mount. A promise that nobody checked is no promise, so tests fail on it."""


class Ext4:
    """An ext4 file system in a file, mounted at ``folder`` from ``with`` to the end of the block."""

    def __init__(self, image: Path, folder: Path, options: str = "") -> None:
        self.image = image
        self.folder = folder
        self._options = ",".join(filter(None, ("loop", options)))

    @classmethod
    def made(cls, image: Path, folder: Path, size: int, *more: str, options: str = "") -> Ext4:
        """A new empty file system of ``size`` bytes; ``more`` goes to mkfs."""
        with image.open("wb") as file:
            file.truncate(size)
        # Nothing is left to be set up later, so that all that is written afterwards is written by the test.
        eager = "lazy_itable_init=0,lazy_journal_init=0"
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", eager, *more, str(image))
        return cls(image, folder, options)

    def __enter__(self) -> Ext4:
        self.folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "ext4", "-o", self._options, str(self.image), str(self.folder))
        assert self.folder.is_mount(), f"{self.folder} was not mounted"
        return self

    def __exit__(self, *_: object) -> None:
        # Lazily: what a killed server held open may take a moment to be let go, and the loop device goes with it.
        _run("umount", "--lazy", str(self.folder))

    def remount(self, options: str) -> None:
        _run("mount", "-o", f"remount,{options}", str(self.folder))

    def copy(self, to: Path) -> None:
        """The bytes that have reached the disk until now, at one instant; the caller sees to it that nobody writes.

        The kernel itself may write back while the copy is made. Then it is made again: a mixture of two instants is
        nothing that a power cut leaves behind.
        """
        for _ in range(50):
            before = self._writes()
            _run("cp", "--sparse=always", "--reflink=auto", str(self.image), str(to))
            if self._writes() == before:
                return
        raise AssertionError("the disk never comes to rest")

    def _writes(self) -> tuple[str, ...]:
        """Writes and flushes done, once none is under way."""
        status = Path(f"/sys/dev/block/{_device_number(self.folder)}/stat")
        deadline = time.monotonic() + 20
        while True:
            fields = status.read_text().split()
            if fields[8] == "0":
                # Requests and sectors written, flushes: the columns of Documentation/block/stat.
                return fields[4], fields[6], fields[15]
            assert time.monotonic() < deadline, "the disk never comes to rest"
            time.sleep(0.001)


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """These processes stand still meanwhile."""
    held = list(pids)
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    try:
        for pid in held:
            _wait_until_stopped(pid)
        yield
    finally:
        for pid in held:
            os.kill(pid, signal.SIGCONT)


def _wait_until_stopped(pid: int) -> None:
    # A thread stops on its way out of the kernel, so each of them has finished the write it was in.
    deadline = time.monotonic() + 20
    while not all(_state(task) in "TtZX" for task in Path(f"/proc/{pid}/task").iterdir()):
        assert time.monotonic() < deadline, "a process does not stop"
        time.sleep(0.001)


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def _device_number(folder: Path) -> str:
    device = folder.stat().st_dev
    return f"{os.major(device)}:{os.minor(device)}"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise CannotMount(f"{' '.join(command)}: {done.stderr.strip()} (this needs root and loop devices)")
