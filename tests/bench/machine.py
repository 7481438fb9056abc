"""What the machine does during a run: processor time and memory of a server's processes, and who else was busy.

Linux only: everything comes from /proc.
"""

from __future__ import annotations

import mmap
import os
import platform
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
MIB = 1024 * 1024
_RESET_PEAK = "5"  # what clear_refs takes for "forget the highest resident size" (proc(5))
_KERNEL_THREADS = 2  # the parent of all of them


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/<pid>/stat. ``seconds`` is processor time, that of children it has waited for included."""

    pid: int
    parent: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds up to a moment. ``busy`` is the whole machine's, ``kernel`` what kernel threads took of it."""

    at: float
    busy: float
    kernel: float
    bench: float
    server: float


class WarmMemory:
    """Memory held so that the next run finds pages that the machine has used a moment ago.

    A virtual machine gives pages back that lie idle, and getting them again costs seconds per GiB, which would be
    counted against whoever runs next.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: mmap.mmap | None = None

    def hold(self) -> None:
        if self._held is None and self._size:
            self._held = mmap.mmap(-1, self._size)
            # Touching it costs a fraction in huge pages; where there are none, it merely takes longer.
            with suppress(OSError):
                self._held.madvise(mmap.MADV_HUGEPAGE)
            self._held[:: mmap.PAGESIZE] = b"\1" * (self._size // mmap.PAGESIZE)

    def free(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


def processes() -> dict[int, Process]:
    """Every process there is now."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            # It may end while we look.
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                seconds = sum(int(ticks) for ticks in fields[11:15]) / TICKS
                found[int(entry.name)] = Process(int(entry.name), int(fields[1]), seconds)
    return found


def family(roots: Iterable[int], among: dict[int, Process]) -> set[int]:
    """``roots`` and all that descend from them."""
    members = {pid for pid in roots if pid in among}
    grew = True
    while grew:
        more = {each.pid for each in among.values() if each.parent in members} - members
        members |= more
        grew = bool(more)
    return members


def usage(server_roots: Iterable[int]) -> Usage:
    """What has been used until now. The benchmark's own time does not contain the server's, its child."""
    now = processes()
    server = family(server_roots, now)
    return Usage(
        at=time.monotonic(),
        busy=_busy_seconds(),
        kernel=sum(each.seconds for each in now.values() if each.parent == _KERNEL_THREADS),
        bench=now[os.getpid()].seconds,
        server=sum(now[pid].seconds for pid in server),
    )


def _busy_seconds() -> float:
    # user nice system idle iowait irq softirq steal; what the host takes away (steal) disturbs as others do.
    fields = [int(text) for text in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def others_share(before: Usage, after: Usage) -> float:
    """The part of the machine that went to processes that are not part of the run, 0 to 1."""
    own = (after.bench - before.bench) + (after.server - before.server) + (after.kernel - before.kernel)
    seconds = max(after.at - before.at, 0.01)
    return max(0.0, (after.busy - before.busy - own) / (seconds * CORES))


def forget_peaks(roots: Iterable[int]) -> None:
    for pid in family(roots, processes()):
        with suppress(OSError):
            (PROC / str(pid) / "clear_refs").write_text(_RESET_PEAK)


def peak_resident(roots: Iterable[int]) -> int:
    """The sum of each process's highest resident size since ``forget_peaks``, in bytes: never less than the true peak."""
    total = 0
    for pid in family(roots, processes()):
        with suppress(OSError):
            status = (PROC / str(pid) / "status").read_text()
            total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1024
    return total


def resident(roots: Iterable[int]) -> tuple[int, int]:
    """Resident bytes of all processes at this moment: pages counted in each process, and shared ones split (PSS)."""
    rss = pss = 0
    for pid in family(roots, processes()):
        with suppress(OSError):
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                rss += int(line.split()[1]) * 1024 if line.startswith("Rss:") else 0
                pss += int(line.split()[1]) * 1024 if line.startswith("Pss:") else 0
    return rss, pss


def settle(roots: Iterable[int], *, most: float = 30.0) -> None:
    """Return when the server does nothing any more, as after hashing what it received."""
    deadline = time.monotonic() + most
    last = -1.0
    while time.monotonic() < deadline:
        now = processes()
        used = sum(now[pid].seconds for pid in family(roots, now))
        if used - last < 0.015:
            return
        last = used
        time.sleep(0.15)


def facts(folder: Path) -> list[tuple[str, str]]:
    """What a reader needs to know of the machine to make sense of a number."""
    memory = next(line for line in (PROC / "meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return [
        ("Processor", f"{_model()}, {CORES} cores"),
        ("Memory", f"{int(memory.split()[1]) / MIB:.0f} GiB"),
        ("File system", _file_system(folder)),
        ("Kernel", platform.release()),
        ("Python", platform.python_version()),
    ]


def _model() -> str:
    lines = (PROC / "cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model name"))]
    return names[0] if names else platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the file system below ``folder``: that of the longest mount point above it."""
    best = ("", "?")
    for line in (PROC / "self" / "mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        if folder.resolve().is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]
