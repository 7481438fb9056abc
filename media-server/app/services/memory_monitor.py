"""MemoryMonitor: how much memory is in use, against the limit that really counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes in use and the limit they count against."""

    used: int
    limit: int

    @property
    def percent(self) -> float:
        return round(100 * self.used / self.limit, 1)


class MemoryMonitor:
    """Reads the tightest limit there is: a container's, its parents', else the machine's.

    Tools that ask the kernel for the machine's memory see the host inside a container.
    """

    def __init__(self, cgroups: Path = Path("/sys/fs/cgroup"), proc: Path = Path("/proc")) -> None:
        self._cgroups = cgroups
        self._proc = proc

    def usage(self) -> MemoryUse:
        """The use that is nearest to its limit."""
        return max([self._machine(), *self._groups()], key=lambda use: use.percent)

    def _machine(self) -> MemoryUse:
        lines = (line.split() for line in (self._proc / "meminfo").read_text().splitlines())
        kib = {name.rstrip(":"): int(value) for name, value, *_ in lines}
        return MemoryUse((kib["MemTotal"] - kib["MemAvailable"]) * 1024, kib["MemTotal"] * 1024)

    def _groups(self) -> Iterator[MemoryUse]:
        """This process's control group (version 2) and all above it that have a limit."""
        own = next((line for line in self._lines(self._proc / "self" / "cgroup") if line.startswith("0::")), "0::/")
        group = self._cgroups / own.removeprefix("0::").lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(self._cgroups):
                return
            limit, used = (self._lines(folder / name) for name in ("memory.max", "memory.current"))
            if limit and used and limit[0] != "max":
                yield MemoryUse(int(used[0]), int(limit[0]))

    @staticmethod
    def _lines(path: Path) -> list[str]:
        try:
            return path.read_text().split()
        except OSError:
            return []
