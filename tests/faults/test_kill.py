"""SIGKILL of every process at random moments: what was acknowledged stays, nothing half is ever seen, and the
upload goes on where it was."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.client import Client, Link
from tests.support.files import content, eventually, file_sha256, files_below, sha256
from tests.support.live import GENEROUS, LiveServer

STEP = 64 * 1024
SECONDS = 30


class Watcher(threading.Thread):
    """Looks at everything below a folder again and again: whatever is there must be whole from its first moment."""

    def __init__(self, folder: Path, hashes: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self._folder, self._hashes = folder, hashes
        self._over = threading.Event()
        self.wrong: list[str] = []
        self.looks = 0
        self._seen: set[tuple[str, int]] = set()

    def run(self) -> None:
        while not self._over.is_set():
            self._look()
            self.looks += 1
            self._over.wait(0.0005)

    def finish(self) -> None:
        self._over.set()
        self.join()
        self._look()

    def _look(self) -> None:
        for name, path in files_below(self._folder).items():
            inode = path.stat().st_ino
            if (name, inode) not in self._seen:
                self._seen.add((name, inode))
                if file_sha256(path) != self._hashes.get(name):
                    self.wrong.append(f"{name} ({path.stat().st_size} bytes)")


class Sender:
    """Sends what a server says is missing, from many threads, until all is there or the server is gone."""

    def __init__(self, link: Link, files: dict[str, bytes], chance: random.Random) -> None:
        self.link = link
        self.files = files
        self.chance = chance
        self.ids: dict[str, str] = {}
        self.acknowledged: dict[str, list[tuple[int, int]]] = {name: [] for name in files}
        self.count = 0
        self._lock = threading.Lock()

    def open_all(self) -> None:
        for name, data in self.files.items():
            self.ids[name] = self.link.opened(name, len(data))

    def check_nothing_lost(self) -> list[tuple[str, int, int]]:
        """What is still missing, cut into chunks of random size. Fails when something acknowledged is among it."""
        missing = []
        for name, upload_id in self.ids.items():
            status = self.link.status(upload_id).expect(200).json
            for first, last in status["missing_ranges"]:
                lost = [span for span in self.acknowledged[name] if span[0] <= last and first < span[1]]
                assert not lost, f"{name}: {lost} had been acknowledged, now {first}-{last} is missing"
                missing += [(name, a, b) for a, b in self._cut(first, last + 1)]
        self.chance.shuffle(missing)
        return missing

    def spans_of(self, name: str) -> list[tuple[str, int, int]]:
        """A whole file in chunks, in any order."""
        pieces = [(name, start, stop) for start, stop in self._cut(0, len(self.files[name]))]
        self.chance.shuffle(pieces)
        return pieces

    def _cut(self, start: int, stop: int) -> list[tuple[int, int]]:
        cuts = []
        while start < stop:
            end = min(stop, start + self.chance.choice([1, 4000, STEP, STEP, 3 * STEP]))
            cuts.append((start, end))
            start = end
        return cuts

    def send(self, item: tuple[str, int, int]) -> None:
        """One chunk; that the server dies meanwhile is expected, a wrong answer is not."""
        name, start, stop = item
        data = self.files[name]
        try:
            reply = self.link.chunk(self.ids[name], start, memoryview(data)[start:stop], len(data))
        except urllib3.exceptions.HTTPError:
            return
        assert reply.status in (200, 503), reply
        if reply.status == 200:
            with self._lock:
                self.acknowledged[name].append((start, stop))
                self.count += 1


def killed_after(server: LiveServer, sender: Sender, chunks: int, delay: float) -> None:
    """Kill the server once so many more chunks were acknowledged, plus a moment."""
    wanted = sender.count + chunks
    while sender.count < wanted:
        time.sleep(0.0005)
    time.sleep(delay)  # the random moment itself
    server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["complete", "none"])
def test_killed_at_random_moments_uploads_go_on_and_end_in_equal_bytes(
    tmp_path: Path, durability: str, seed: int
) -> None:
    chance = random.Random(seed)
    files = {f"folder/{n}.bin": content(size, seed + n) for n, size in enumerate([3_000_017, 700_001, 65_536, 1, 2])}
    server = LiveServer(tmp_path, workers=4, DROPPR_DURABILITY=durability, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link()
        watcher = Watcher(link.disk, {name: sha256(data) for name, data in files.items()})
        watcher.start()
        sender = Sender(link, files, chance)
        sender.open_all()
        rounds = run_rounds(server, sender, chance)
        watcher.finish()
        assert rounds >= 1, "nothing was killed"
        assert watcher.looks > 50, "nobody looked"
        assert watcher.wrong == []
        assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == files
        listed = link.files()
        assert sorted((each["path"], each["size"]) for each in listed) == sorted(
            (name, len(data)) for name, data in files.items()
        )
        for name, upload_id in sender.ids.items():
            status = link.status(upload_id).expect(200).json
            assert (status["complete"], status["path"]) == (True, name)
            assert link.download(name).expect(200).body == files[name]
        assert_no_leftovers(server, link)
    finally:
        server.stop()


def run_rounds(server: LiveServer, sender: Sender, chance: random.Random) -> int:
    """Send and kill until everything is there; returns how often it was killed."""
    deadline = time.monotonic() + SECONDS / 2
    rounds = 0
    while missing := sender.check_nothing_lost():
        if time.monotonic() > deadline or rounds == 5:
            finish(sender, missing)
            continue
        rounds += 1
        killer = threading.Thread(
            target=killed_after, args=(server, sender, chance.randrange(1, 25), chance.uniform(0, 0.03))
        )
        # Only so many are sent that something is left for another round, and always enough for this one.
        batch = missing[: max(40, len(missing) // 2)]
        killer.start()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(sender.send, batch))
        # Repeats are answered like any chunk, so the kill comes even when everything was sent before it.
        while killer.is_alive():
            sender.send(batch[0])
        killer.join()
        server.start()
    return rounds


def finish(sender: Sender, missing: list[tuple[str, int, int]]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sender.send, missing))


def assert_no_leftovers(server: LiveServer, link: Link) -> None:
    """No bytes of a finished upload lie anywhere but under its name. A second name of the same file, which a kill left, has
    none of its own: it goes with the upload."""
    delivered = {path.stat().st_ino for path in files_below(link.disk).values()}
    others = [
        path for path in server.data_dir.rglob("*") if path.is_file() and path.stat().st_size >= 500_000
        and path.stat().st_ino not in delivered and "metrics" not in path.parts and ".db" not in path.suffix
    ]  # fmt: skip
    assert others == []


@pytest.mark.slow
def test_killed_while_the_file_is_delivered_it_stands_once_and_whole(tmp_path: Path, seed: int) -> None:
    """The moments around the last chunk, again and again: recorded, renamed, noted, answered."""
    chance = random.Random(seed)
    server = LiveServer(tmp_path, workers=1, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link()
        watched: dict[str, str] = {}
        watcher = Watcher(link.disk, watched)
        watcher.start()
        files: dict[str, bytes] = {}
        deadline = time.monotonic() + 14
        answered = 0
        while len(files) < 8 and time.monotonic() < deadline:
            batch = {f"{len(files) + n}.bin": content(50_000, seed + len(files) + n) for n in range(4)}
            watched.update({name: sha256(data) for name, data in batch.items()})
            ids = {name: open_but_last(link, name, data) for name, data in batch.items()}
            answered += finish_while_killed(server, link, batch, ids, chance)
            server.start()
            for name, data in batch.items():
                again = link.chunk(ids[name], 0, data, len(data)).expect(200).json
                assert (again["complete"], again["path"]) == (True, name)
            files |= batch
        watcher.finish()
        assert watcher.wrong == []
        assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == files
        assert sorted(each["path"] for each in link.files()) == sorted(files)
    finally:
        server.stop()


def open_but_last(link: Link, name: str, data: bytes) -> str:
    upload_id = link.opened(name, len(data))
    link.chunk(upload_id, 0, data[:40_000], len(data)).expect(200)
    return upload_id


def finish_while_killed(
    server: LiveServer, link: Link, batch: dict[str, bytes], ids: dict[str, str], chance: random.Random
) -> int:
    """Send the last chunks of all, killing the server a few milliseconds after the first goes out."""

    def last(name: str) -> Any:
        try:
            return link.chunk(ids[name], 40_000, batch[name][40_000:], 50_000).status
        except urllib3.exceptions.HTTPError:
            return 0

    with ThreadPoolExecutor(len(batch)) as pool:
        pending = [pool.submit(last, name) for name in batch]
        time.sleep(chance.uniform(0, 0.012))  # the random moment itself
        server.kill()
        return sum(each.result() == 200 for each in pending)


def test_what_was_opened_and_made_is_there_after_a_kill(tmp_path: Path) -> None:
    server = LiveServer(tmp_path, workers=2, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link(title="kept", password="p", max_files=3)
        headers = {"X-Request-Password": "p"}
        upload_id = link.open("a.bin", 10, headers=headers).expect(201).json["upload_id"]
        link.chunk(upload_id, 0, b"0123", 10).expect(200)
        link.change(message="changed").expect(200)
        server.kill()
        server.start()
        info = link.info().expect(200).json
        assert (info["title"], info["message"], info["requires_password"]) == ("kept", "changed", True)
        assert link.status(upload_id).expect(200).json["received_ranges"] == [[0, 3]]
        link.open("b.bin", 10, headers=headers).expect(201)
        link.open("c.bin", 10, headers=headers).expect(201)
        link.open("d.bin", 10, headers=headers).expect(413, "request_full")
        assert link.chunk(upload_id, 4, b"456789", 10).expect(200).json["complete"] is True
    finally:
        server.stop()


def test_a_claim_dies_with_the_process_that_held_it(tmp_path: Path) -> None:
    """A chunk that was on its way at the kill blocks nobody afterwards."""
    data = content(100_000)
    server = LiveServer(tmp_path, workers=2, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link()
        upload_id = link.opened("a.bin", len(data))

        def dying() -> Any:
            yield data[:50_000]
            # The server has this part once it holds the place.
            link.wait_until_claimed(upload_id)
            server.kill()
            yield data[50_000:]

        headers = {"X-Upload-Id": upload_id, "Content-Range": "bytes 0-99999/100000", "Content-Length": "100000"}
        with pytest.raises(urllib3.exceptions.HTTPError):
            link.raw_chunk(headers, dying())
        server.start()
        assert link.chunk(upload_id, 0, data, len(data)).expect(200).json["complete"] is True
        assert (link.disk / "a.bin").read_bytes() == data
    finally:
        server.stop()


def test_a_polite_stop_lets_the_chunk_on_its_way_finish(tmp_path: Path) -> None:
    data = content(100_000)
    server = LiveServer(tmp_path, workers=2, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link()
        upload_id = link.opened("a.bin", len(data))
        stopper = threading.Thread(target=server.stop)

        def during_the_stop() -> Any:
            yield data[:50_000]
            # The server has this part once it holds the place.
            link.wait_until_claimed(upload_id)
            stopper.start()
            eventually(lambda: "Handling signal: term" in server.log.read_text(), what="the signal")
            yield data[50_000:]

        headers = {"X-Upload-Id": upload_id, "Content-Range": "bytes 0-99999/100000", "Content-Length": "100000"}
        assert link.raw_chunk(headers, during_the_stop()).expect(200).json["complete"] is True
        stopper.join(60)
        assert not stopper.is_alive()
        assert (link.disk / "a.bin").read_bytes() == data
    finally:
        server.kill()


def test_a_worker_that_dies_alone_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    chance = random.Random(1)
    data = content(2_000_000)
    server = LiveServer(tmp_path, workers=3, **GENEROUS)
    try:
        server.start()
        link = Client.of(server).make_link()
        sender = Sender(link, {"a.bin": data}, chance)
        sender.open_all()
        for _ in range(4):
            batch = sender.spans_of("a.bin")
            with ThreadPoolExecutor(4) as pool:
                sent = [pool.submit(sender.send, item) for item in batch]
                sent[len(sent) // 2].result()
                with contextlib.suppress(ProcessLookupError):  # One that was replaced meanwhile.
                    os.kill(chance.choice(server.worker_pids()), signal.SIGKILL)
            for each in sent:
                each.result()
            eventually(lambda: len(server.worker_pids()) == 3, what="a new worker")
        while missing := sender.check_nothing_lost():
            finish(sender, missing)
        assert (link.disk / "a.bin").read_bytes() == data
        assert len(link.files()) == 1
    finally:
        server.stop()
