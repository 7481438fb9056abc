"""The memory monitor finds the limit that counts, whoever set it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.services.memory_monitor import MemoryMonitor, MemoryUse

GIB = 1024**3


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 6291456 kB\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/pod/container\n")
    (tmp_path / "cgroup/pod/container").mkdir(parents=True)
    return tmp_path


def limit(folder: Path, used: int, most: str) -> None:
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.max").write_text(f"{most}\n")


def usage(machine: Path) -> MemoryUse:
    return MemoryMonitor(machine / "cgroup", machine / "proc").usage()


def test_without_a_container_the_machine_counts(machine):
    assert usage(machine) == MemoryUse(2 * GIB, 8 * GIB)
    assert usage(machine).percent == 25.0


def test_a_container_s_limit_counts_before_the_machine_s(machine):
    limit(machine / "cgroup/pod/container", GIB // 2, str(GIB))
    assert usage(machine) == MemoryUse(GIB // 2, GIB)


def test_a_limit_further_up_counts_too(machine):
    limit(machine / "cgroup/pod/container", GIB // 2, "max")
    limit(machine / "cgroup/pod", GIB, str(GIB))
    assert usage(machine).percent == 100.0


def test_the_real_machine_can_be_read():
    assert 0 < MemoryMonitor().usage().percent <= 100
