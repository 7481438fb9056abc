"""The memory monitor finds the limit that counts, whoever set it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy
from app.services.memory_monitor import ROW, MemoryMonitor, MemoryUse
from app.storage.disk.host_table import HostTable
from tests.support.clock import Now
from tests.support.processes import together

GIB = 1024**3


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/pod/container\n")
    (tmp_path / "cgroup/pod/container").mkdir(parents=True)
    return tmp_path


def limit(folder: Path, used: int, most: str) -> None:
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.max").write_text(f"{most}\n")


def monitor(machine: Path, **more: Any) -> MemoryMonitor:
    return MemoryMonitor(
        machine / "cgroup",
        machine / "proc",
        machine=lambda: MemoryUse(2 * GIB, 8 * GIB),
        **more,
    )


def ledger(machine: Path) -> HostTable:
    return HostTable(machine / "run/memory", 8, ROW.size)


def usage(machine: Path) -> MemoryUse:
    return monitor(machine).usage()


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


def test_files_the_kernel_keeps_for_want_of_better_do_not_count(machine):
    group = machine / "cgroup/pod/container"
    limit(group, 950, "1000")
    assert usage(machine).percent == 95.0
    (group / "memory.stat").write_text("anon 340\ninactive_file 500\nactive_file 100\nsock 5\n")
    assert usage(machine) == MemoryUse(350, 1000)


def test_over_the_limit_new_work_is_refused_and_the_refusal_ends_by_itself(machine):
    now = Now()
    group = machine / "cgroup/pod/container"
    limit(group, 852, "1000")
    watch = monitor(machine, clock=now)
    with pytest.raises(Busy, match=r"^Memory usage too high: 85.2%$") as refused:
        watch.check()
    assert refused.value.details["retry_after"] == 5
    with pytest.raises(Busy):
        watch.reserve(1)
    limit(group, 700, "1000")
    now.at += 1
    watch.check()
    watch.reserve(1).release()


def test_promises_count_before_they_are_used_and_once_they_are(machine):
    group = machine / "cgroup/pod/container"
    limit(group, 300, "1000")
    watch = monitor(machine)
    first = watch.reserve(400)
    assert (watch.reserved(), watch.headroom()) == (400, 100)
    with pytest.raises(Busy, match="Memory usage too high"):
        watch.reserve(101)
    limit(group, 700, "1000")  # what was promised has been touched: it does not count twice
    assert watch.headroom() == 100
    with watch.reserve(100):
        assert watch.headroom() == 0
    first.release()
    first.release()
    limit(group, 300, "1000")
    assert (watch.reserved(), watch.headroom()) == (0, 500)


def test_promises_of_other_processes_count_and_end_with_them(machine):
    limit(machine / "cgroup/pod/container", 300, "1000")
    mine = monitor(machine, ledger=ledger(machine))
    kept = mine.reserve(100)

    def reserve_and_die(_: int) -> int:
        other = monitor(machine, ledger=ledger(machine))
        other.reserve(150)
        return other.reserved()

    assert together(1, reserve_and_die) == [250]
    assert mine.reserved() == 100
    kept.release()
    assert mine.reserved() == 0


def test_many_processes_never_reserve_more_than_there_is(machine):
    limit(machine / "cgroup/pod/container", 0, "1000")

    def take(_: int) -> int:
        own = monitor(machine, ledger=ledger(machine))
        for _ in range(40):
            with suppress(Busy):
                own.reserve(10)
        return own.reserved()

    seen = together(6, take)
    assert all(isinstance(each, int) and 0 < each <= 800 for each in seen), seen


def test_the_trend_tells_when_the_limit_would_be_reached(machine):
    now = Now()
    group = machine / "cgroup/pod/container"
    watch = monitor(machine, clock=now)
    for used in (400, 450, 500, 550, 600):
        limit(group, used, "1000")
        watch.sample()
        if used < 550:
            assert watch.trend().seconds_to_limit is None, "a minute's samples are needed"
        now.at += 20
    now.at -= 20
    told = watch.trend()
    assert (round(told.slope, 6), told.samples) == (2.5, 5)
    assert told.seconds_to_limit == pytest.approx(80)
    limit(group, 100, "1000")
    now.at += 400
    watch.sample()
    assert (watch.trend().slope, watch.trend().seconds_to_limit, watch.trend().samples) == (0.0, None, 1)
