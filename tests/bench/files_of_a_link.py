"""How long the server takes for a page of a link with 100,000 files: `python -m tests.bench.files_of_a_link [FILES]`.

Prints milliseconds of the process's own processor time and of the clock, the median of several calls, for each order and filter,
straight at the store on SQLite: what HTTP adds is the same for all of them.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from app.core.file_lists import EVERYTHING, NEWEST_FIRST, Choice, Order, Sort
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.types import FileKind
from app.storage.disk.sqlite_file import made
from app.storage.sql.file_lists import SQLFileLists
from app.storage.sql.files import SQLRequests
from app.storage.sql.migrate import create
from app.storage.sql.sqlite import SQLiteDatabase

LINK = RequestLink(hash="link-0123456789abcdef", folder=RelPath.parse("a"), created_at=1.0)
EXTENSIONS = ("jpg", "CR3", "mov", "pdf", "zip", "xyz")
PAGE = 1000
CALLS = 7


def filled(folder: Path, count: int) -> SQLFileLists:
    path = folder / "catalogue.db"
    made(path)
    create(SQLiteDatabase(path))
    database = SQLiteDatabase(path)
    store = SQLRequests(database, durable=False)
    store.create(LINK)
    for some in some_files(count):
        store.receive(LINK.hash, *some)
    return SQLFileLists(database)


def some_files(count: int) -> Iterator[list[ReceivedFile]]:
    """So many files, a thousand at a time."""
    chance = random.Random(1)
    for start in range(0, count, 1000):
        yield [_file(number, chance) for number in range(start, min(start + 1000, count))]


def _file(number: int, chance: random.Random) -> ReceivedFile:
    path = f"Wedding/Day {number % 7}/IMG_{chance.randrange(10**6):06}.{EXTENSIONS[number % 6]}"
    sender = number % 50
    return ReceivedFile(
        f"{number:022}",
        path,
        path,
        chance.randrange(10**9),
        1.7e9 + number / 7,
        f"{chance.getrandbits(256):064x}",
        f"Sender {sender}",
        f"sender{sender}@example.com",
        "1234567:12345678:1234567890.123456789",
    )


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: of the processor, of the clock."""
    call()
    processor, clock = [], []
    for _ in range(CALLS):
        before = time.process_time(), time.perf_counter()
        call()
        processor.append(time.process_time() - before[0])
        clock.append(time.perf_counter() - before[1])
    return statistics.median(processor) * 1000, statistics.median(clock) * 1000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        lists = filled(Path(folder), count)
        orders = {f"by {order.sort}": order for order in (NEWEST_FIRST, *(Order(each, False) for each in Sort))}
        choices = {
            "all": EVERYTHING,
            "text, some": Choice(text="img_12"),
            "text, none": Choice(text="nowhere"),
            "text with accents": Choice(text="ärger"),
            "sender": Choice(sender="Sender 7"),
            "type": Choice(kind=FileKind.PICTURE),
        }
        print(f"{count:,} files, pages of {PAGE:,}: milliseconds of processor, of the clock")
        for what, choice in choices.items():
            for how, order in orders.items():
                first = measured(partial(lists.page, LINK.hash, PAGE + 1, choice, order))
                print(f"  {what}, {how}: {first[0]:.1f}, {first[1]:.1f}")
            counted = measured(partial(lists.count, LINK.hash, choice))
            print(f"  {what}, counted: {counted[0]:.1f}, {counted[1]:.1f}")
        told = measured(partial(lists.senders, LINK.hash, 500))
        print(f"  senders: {told[0]:.1f}, {told[1]:.1f}")


if __name__ == "__main__":
    main()
