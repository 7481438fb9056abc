"""What the catalogue takes: one file found among many, the first touch of a large link, packs, many senders on many links.

In the processes themselves, without HTTP: each opens the store as a worker of the server does. The ledgers in files that
were there before the catalogue are measured beside it, in the same run and in turns.
"""

from __future__ import annotations

import multiprocessing
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from statistics import median
from typing import Any

from app.core.links import DeliveryIntent, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.storage.disk.sqlite_file import made
from app.storage.sql.files import SQLRequests
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.sqlite import SQLiteDatabase
from tests.bench.report import Section, quotient
from tests.bench.runs import Bench
from tests.support.ledgers import FileLedgers
from tests.support.postgresql import PostgreSQLServer
from tests.support.processes import together

FILES = 100_000
LOOKS = 2_000
PACKS, PACK = 60, 64
PROCESSES, THREADS = 4, 16
EACH = 60
"""Files that each of the many senders finishes."""
FIRST = "first-link-0123456789"

Make = Callable[[], Any]


def run(bench: Bench) -> Section:
    section = Section("catalogue")
    section.text(
        f"One link with {FILES:,} received files; packs of {PACK} files, announced and received, each time waiting for the disk; "
        f"{PROCESSES * THREADS} senders in {PROCESSES} processes, each on a link of its own, which finish a file after the other, once each process has begun, "
        "and wait for the disk twice a file. Ledgers in files are what there was before."
    )
    with _stores(bench) as stores:
        large = {name: _measured_large(make) for name, make in stores.items()}
        packs: dict[str, list[tuple[float, float]]] = {name: [] for name in stores}
        senders: dict[str, list[float]] = {name: [] for name in stores}
        for number in range(bench.options.rounds):
            for name, make in stores.items():
                packs[name].append(_packs(make, number))
                senders[name].append(_senders(make, number))
    section.table(
        [
            "",
            "one file found, CPU",
            "first touch of that link",
            "a file of a pack, CPU",
            "a file of a pack",
            "files a second of all senders",
        ],
        [
            [
                name,
                f"{large[name][0] * 1e6:.1f} µs",
                f"{large[name][1] * 1e3:.1f} ms",
                f"{median(cpu for cpu, _ in packs[name]) * 1e6:.0f} µs",
                f"{median(wall for _, wall in packs[name]) * 1e6:.0f} µs",
                f"{median(senders[name]):.0f}",
            ]
            for name in stores
        ],
    )
    for name in ("SQLite", "PostgreSQL"):
        section.goal(f"{name}: one file found among {FILES:,}", large[name][0] * 1e3, most=0.1, unit="ms")
        section.goal(f"{name}: first touch of a link with as many", large[name][1] * 1e3, most=20, unit="ms")
        rate = quotient(median(senders[name]), median(senders["ledgers in files"]))
        section.goal(
            f"{name}: files a second of {PROCESSES * THREADS} senders beside ledgers in files", rate, least=0.75
        )
    return section


@contextmanager
def _stores(bench: Bench) -> Iterator[dict[str, Make]]:
    """How each kind of store is opened, on the disk of the benchmark."""
    folder = bench.folder / "catalogue"
    folder.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        server = stack.enter_context(PostgreSQLServer())
        address = server.new_database()
        file = folder / "catalogue.db"
        made(file)
        migrate(SQLiteDatabase(file))
        migrate(PostgreSQLDatabase(address))
        yield {
            "ledgers in files": lambda: FileLedgers(folder / "ledgers"),
            "SQLite": lambda: SQLRequests(SQLiteDatabase(file)),
            "PostgreSQL": lambda: SQLRequests(PostgreSQLDatabase(address)),
        }


def _measured_large(make: Make) -> tuple[float, float]:
    """Seconds of processor for one look, and seconds until a process has found its first file."""
    store = make()
    store.create(_link(FIRST))
    for start in range(0, FILES, 1000):
        store.receive(FIRST, *(_received(f"u{number}") for number in range(start, start + 1000)))

    def look(_: int) -> tuple[float, float]:
        fresh = make()
        began = time.perf_counter()
        assert fresh.file(FIRST, "u77777")
        touched = time.perf_counter() - began
        before = time.process_time()
        for number in range(LOOKS):
            assert fresh.file(FIRST, f"u{number * 37 % FILES}")
        return (time.process_time() - before) / LOOKS, touched

    [found] = together(1, look)
    looked, touched = found
    return looked, touched


def _packs(make: Make, number: int) -> tuple[float, float]:
    """Seconds of processor and of time for a file of a pack."""
    store = make()
    link = _link(f"packs-{number:04}-0123456789")
    store.create(link)
    began, before = time.perf_counter(), time.process_time()
    for each in range(PACKS):
        _finish(store, link, [f"p{each}-{file}" for file in range(PACK)])
    files = PACKS * PACK
    return (time.process_time() - before) / files, (time.perf_counter() - began) / files


def _senders(make: Make, round_number: int) -> float:
    """Files a second of many senders."""
    links = [_link(f"sender-{round_number:04}-{number:04}-0123456789") for number in range(PROCESSES * THREADS)]
    store = make()
    for link in links:
        store.create(link)

    ready = multiprocessing.get_context("fork").Barrier(PROCESSES)

    def send(number: int) -> tuple[float, float]:
        mine = make()
        for link in links[number::PROCESSES]:
            _finish(mine, link, ["first"])
        # What a process does once, such as wording its statements, is not what many senders wait for.
        ready.wait(60)
        began = time.perf_counter()
        threads = [threading.Thread(target=partial(_send, mine, link)) for link in links[number::PROCESSES]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return began, time.perf_counter()

    times: list[tuple[float, float]] = together(PROCESSES, send)
    seconds = max(end for _, end in times) - min(began for began, _ in times)
    return len(links) * EACH / seconds


def _send(store: Any, link: RequestLink) -> None:
    numbers = count()
    for _ in range(EACH):
        _finish(store, link, [f"f{next(numbers)}"])


def _finish(store: Any, link: RequestLink, upload_ids: list[str]) -> None:
    files = [_received(upload_id) for upload_id in upload_ids]
    announced = [
        DeliveryIntent(each.upload_id, each.path, each.size, str(each.sha256), str(each.file_identity))
        for each in files
    ]
    assert not store.announce(link, announced, time.time())
    store.receive(link.hash, *files)


def _link(hash: str) -> RequestLink:
    return RequestLink(hash=hash, folder=RelPath.parse("inbox"), created_at=time.time())


def _received(upload_id: str) -> ReceivedFile:
    path = f"photos/2026/{upload_id}.jpg"
    return ReceivedFile(
        upload_id, path, path, 4096, time.time(), "ab" * 32, None, None, "123456-4096-1234567890123456789"
    )
