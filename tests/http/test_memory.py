"""Bodies go from the socket to the disk in pieces: memory does not grow with the size of chunks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.client import Client, patiently
from tests.support.files import MIB, content, eventually
from tests.support.live import LiveServer

CHUNKS = 16
SIZE = 64 * MIB


def memory(pid: int, name: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the most since the last reset) of a process, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def test_sixteen_chunks_of_64_mib_in_flight_take_less_than_4_mib_each(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS=32, DROPPR_DURABILITY="none")
    link = Client.of(server).make_link()
    piece = content(MIB)
    upload_id = link.opened("large.bin", CHUNKS * SIZE)
    small = content(200_000)
    with ThreadPoolExecutor(CHUNKS) as pool:
        # Idle means warm: every module loaded, every pool filled, every worker asked.
        list(pool.map(lambda n: link.deliver(f"warm-{n}.bin", small), range(2 * CHUNKS)))
    workers = server.worker_pids()
    assert len(workers) == 2
    idle = {pid: memory(pid, "VmRSS") for pid in workers}
    for pid in workers:
        Path(f"/proc/{pid}/clear_refs").write_text("5")

    def send(number: int) -> bool:
        start = number * SIZE
        headers = {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes {start}-{start + SIZE - 1}/{CHUNKS * SIZE}",
            "Content-Length": str(SIZE),
        }
        # One address has so many slots of a process: who waits too long for one is told to come again.
        return patiently(lambda: link.raw_chunk(headers, pieces())).expect(200).status == 200

    def pieces() -> Iterator[bytes]:
        for _ in range(SIZE // MIB):
            yield piece

    with ThreadPoolExecutor(CHUNKS) as pool:
        assert all(pool.map(send, range(CHUNKS)))
    assert server.worker_pids() == workers, "a worker was replaced, so its memory was not measured"
    growth = sum(memory(pid, "VmHWM") - idle[pid] for pid in workers)
    assert growth < CHUNKS * 4 * MIB, f"{growth / MIB / CHUNKS:.1f} MiB each"
    assert eventually(lambda: (link.disk / "large.bin").stat().st_size) == CHUNKS * SIZE
