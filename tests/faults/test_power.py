"""Power cuts: what the disk has received at an instant is all there is afterwards.

The data lies on an ext4 image. At random instants, and right after a file was acknowledged as complete, the server
stands still, the image is copied as it is, without a sync, and a server of the next boot is started on the copy.
Meanwhile somebody syncs single files in no sensible order, as the kernel's own writeback does: a journal may
be on the disk long before the bytes it speaks of.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.disks import Ext4, stopped
from tests.support.files import MIB, content, eventually, files_below, sha256
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx

IMAGE = 384 * MIB


@dataclass
class Sent:
    """One upload as its sender knows it."""

    name: str
    data: bytes
    upload_id: str
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    complete: bool = False
    key: str = ""
    """Under which it was opened, where it came whole and has no id."""


class Machine:
    """A server on a disk of its own, of which copies are taken."""

    def __init__(self, folder: Path, durability: str, layout: str, *, behind_nginx: bool = False) -> None:
        self.folder = folder
        self.behind_nginx = behind_nginx
        self.env = {"DROPPR_DURABILITY": durability, "DROPPR_CHUNK_LAYOUT": layout, **GENEROUS}
        self.durability = durability
        self.disk = Ext4.made(folder / "disk.img", folder / "disk", IMAGE, "-J", "size=8")
        self.numbers = count(1)
        self.lock = threading.Lock()
        self.uploads: list[Sent] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        if LiveServer.new_database:
            pytest.skip("the catalogue is on another disk, of which no copy is taken")
        folder = self.folder / "before"
        folder.mkdir()
        with self.disk:
            data_dir = self.disk.folder / "data"
            with (
                LiveServer(
                    folder,
                    workers=2,
                    unix_socket=self.behind_nginx,
                    DROPPR_DATA_DIR=data_dir,
                    DROPPR_BOOT_ID="before",
                    **self.env,
                ) as self.server,
                self._door(folder) as self.client,
            ):
                self.link = self.client.make_link()
                yield

    @contextlib.contextmanager
    def _door(self, folder: Path) -> Iterator[Client]:
        if not self.behind_nginx:
            yield Client.of(self.server)
            return
        assert self.server.socket_path
        with LiveNginx(self.server.socket_path, self.server.data_dir, folder, folder) as self.nginx:
            yield Client.of(self.server, url=self.nginx.url)

    def open(self, size: int) -> Sent:
        number = next(self.numbers)
        name = f"folder-{number % 3}/{number}.bin"
        sent = Sent(name, content(size, number), self.link.opened(name, size))
        with self.lock:
            self.uploads.append(sent)
        return sent

    def send(self, sent: Sent, start: int, stop: int) -> bool:
        """One chunk; whether it completed the file. What is acknowledged is noted before anything else happens."""
        reply = self.link.chunk(sent.upload_id, start, memoryview(sent.data)[start:stop], len(sent.data)).expect(200)
        complete: bool = reply.json["complete"]
        with self.lock:
            sent.acknowledged.append((start, stop))
            sent.complete = sent.complete or complete
        return complete

    def send_whole(self, size: int) -> None:
        """A file in one request that opens it, too."""
        with self.lock:
            number = next(self.numbers)
            sent = Sent(f"{number}.jpg", content(size, number), "", key=secrets.token_urlsafe(24))
            self.uploads.append(sent)
        opening = {"X-Upload-Opening": json.dumps({"path": sent.name, "size": size, "key": sent.key})}
        reply = self.link.chunk(None, 0, sent.data, size, headers=opening).expect(200)
        with self.lock:
            sent.complete = reply.json["complete"]

    def write_back(self, chance: random.Random) -> None:
        """Bring some files to the disk, and with them all names made so far."""
        files = list(files_below(self.server.data_dir).values())
        for path in chance.sample(files, min(len(files), chance.randrange(4))):
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def cut(self) -> Snapshot:
        """The power fails; this machine does not notice and goes on."""
        image = self.folder / f"cut-{next(self.numbers)}.img"
        # nginx writes to the disk, too.
        with stopped([*self.server.worker_pids(), *(self.nginx.worker_pids() if self.behind_nginx else ())]):
            with self.lock:
                known = [replace(each, acknowledged=list(each.acknowledged)) for each in self.uploads]
            self.disk.copy(image)
        return Snapshot(image, known)


@dataclass
class Snapshot:
    """A disk after a power cut and what had been acknowledged by then."""

    image: Path
    uploads: list[Sent]

    @contextlib.contextmanager
    def server(self, machine: Machine) -> Iterator[LiveServer]:
        """The next boot's server on the disk; the copy is gone afterwards."""
        folder = self.image.with_suffix("")
        (folder / "server").mkdir(parents=True)
        try:
            with Ext4(self.image, folder / "disk") as disk:
                env = {**machine.env, "DROPPR_DATA_DIR": disk.folder / "data", "DROPPR_BOOT_ID": folder.name}
                with LiveServer(folder / "server", workers=1, **env) as server:
                    try:
                        yield server
                    except AssertionError as error:
                        error.add_note(server.tail())
                        raise
        finally:
            self.image.unlink()
            shutil.rmtree(folder / "server", ignore_errors=True)

    def check(self, machine: Machine) -> None:
        """Start the next boot's server on the disk and hold it to every promise."""
        with self.server(machine) as server:
            self._check(Link(Client.of(server), machine.link.hash, machine.link.folder), machine.durability)

    def _check(self, link: Link, durability: str) -> None:
        hashes = {each.name: sha256(each.data) for each in self.uploads}
        visible = {name: sha256(path.read_bytes()) for name, path in files_below(link.disk).items()}
        wrong = {name for name, found in visible.items() if found != hashes.get(name)}
        assert not wrong, f"visible and not whole after a power cut: {wrong}"
        gone = {each.name for each in self.uploads if each.complete} - visible.keys()
        assert not gone, f"acknowledged as complete and gone after a power cut: {gone}"
        listed = {file["path"] for file in link.files()}
        assert {each.name for each in self.uploads if each.complete} <= listed
        for each in self.uploads:
            self._check_upload(link, each, durability)
        assert {name: sha256(path.read_bytes()) for name, path in files_below(link.disk).items()} == hashes
        assert sorted(file["path"] for file in link.files()) == sorted(hashes)

    def _check_upload(self, link: Link, sent: Sent, durability: str) -> None:
        if sent.key:
            opened = link.open(sent.name, len(sent.data), key=sent.key).expect(201).json
            assert opened["complete"] or not sent.complete, "a file acknowledged as complete is opened again"
            if not opened["complete"]:
                link.send(opened["upload_id"], sent.data, 8 * MIB)
            return
        status = link.status(sent.upload_id)
        if status.status == 404:
            assert not sent.complete, "the status of a complete file is lost"
            assert durability != "chunk" or not sent.acknowledged, f"{len(sent.acknowledged)} acknowledged chunks lost"
            link.deliver(sent.name, sent.data)
            return
        found = status.expect(200).json
        assert found["complete"] or not sent.complete, "a file acknowledged as complete is open again"
        if durability == "chunk":
            lost = [
                (a, b) for a, b in sent.acknowledged if any(a <= last and first < b for first, last in found["missing_ranges"])
            ]  # fmt: skip
            assert lost == [], f"acknowledged, each with its own sync, and lost: {lost}"
        for first, last in found["missing_ranges"]:
            for start in range(first, last + 1, 8 * MIB):
                part = memoryview(sent.data)[start : min(start + 8 * MIB, last + 1)]
                link.chunk(sent.upload_id, start, part, len(sent.data)).expect(200)
        assert link.status(sent.upload_id).expect(200).json["complete"] is True


@pytest.fixture(params=["complete", "chunk"])
def durability(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def machine(durability: str, tmp_path: Path, chance: random.Random) -> Iterator[Machine]:
    machine = Machine(tmp_path, durability, chance.choice(["in-place", "indexed"]))
    with machine.running():
        yield machine
    shutil.rmtree(tmp_path, ignore_errors=True)


def chunks(size: int, most: int, chance: random.Random) -> list[tuple[int, int]]:
    cuts = sorted({0, size, *(chance.randrange(1, size) for _ in range(size // most))}) if size > 1 else [0, size]
    pieces = list(pairwise(cuts))
    chance.shuffle(pieces)
    return pieces


def test_what_was_acknowledged_survives_a_power_cut_at_any_instant(
    machine: Machine, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    """Some uploads at once, a few chunks each in turn; the power fails at instants that nobody chose."""
    cuts = 60 if torture else 2
    under_way: list[tuple[Sent, list[tuple[int, int]]]] = []
    for number in range(cuts):
        while len(under_way) < 3:
            size = chance.choice([1, 5000, 300_000, 3 * MIB, 9 * MIB])
            under_way.append((machine.open(size), chunks(size, 700_000, chance)))
        cutter = Cutter(machine, chance.uniform(0, 0.05))
        cutter.start()
        for _ in range(chance.randrange(2, 12)):
            if under_way:
                step(machine, under_way, chance)
        snapshot = cutter.result()
        snapshot.check(machine)
        tally[f"power cuts at random instants ({machine.durability})"] += 1
        if number % 15 == 14:
            forget(machine, under_way)


def step(machine: Machine, under_way: list[tuple[Sent, list[tuple[int, int]]]], chance: random.Random) -> None:
    """One chunk of one upload, and perhaps something reaches the disk."""
    sent, pieces = entry = chance.choice(under_way)
    machine.send(sent, *pieces.pop())
    if not pieces:
        under_way.remove(entry)
    machine.write_back(chance)


def forget(machine: Machine, under_way: list[tuple[Sent, list[tuple[int, int]]]]) -> None:
    """Begin with a new link, so that the disk holds what a run of any length brings."""
    for sent, _ in under_way:
        machine.link.cancel(sent.upload_id).expect(204)
    under_way.clear()
    shutil.rmtree(machine.link.disk, ignore_errors=True)
    machine.uploads.clear()
    machine.link = machine.client.make_link()


class Cutter(threading.Thread):
    """Cuts the power once, a moment after it was started."""

    def __init__(self, machine: Machine, delay: float) -> None:
        super().__init__()
        self._machine, self._delay = machine, delay
        self._result: Snapshot | BaseException | None = None

    def run(self) -> None:
        threading.Event().wait(self._delay)  # the random instant itself
        try:
            self._result = self._machine.cut()
        except BaseException as error:  # noqa: BLE001  it is the test's thread that fails with it
            self._result = error

    def result(self) -> Snapshot:
        self.join()
        if isinstance(self._result, Snapshot):
            return self._result
        raise AssertionError("no copy was made") from self._result


def test_a_file_is_on_the_disk_when_its_last_chunk_is_answered(
    machine: Machine, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    for number in range(40 if torture else 2):
        size = chance.choice([1, 300_000, 2 * MIB])
        sent = machine.open(size)
        for start, stop in chunks(size, 400_000, chance):
            complete = machine.send(sent, start, stop)
        assert complete
        machine.cut().check(machine)
        tally[f"power cuts right after the last reply ({machine.durability})"] += 1
        if number % 15 == 14:
            forget(machine, [])


def test_a_large_file_that_was_on_its_way_goes_on_with_what_had_reached_the_disk(
    machine: Machine, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    """Large enough to be synced while it grows; a zero where a byte should be would show in the SHA-256."""
    sent = machine.open(100 * MIB)
    pieces = [(start, start + 4 * MIB) for start in range(0, 100 * MIB, 4 * MIB)]
    chance.shuffle(pieces)
    # The last cut comes with one chunk to go.
    instants = {len(pieces) - 2} | set(chance.sample(range(len(pieces) - 1), 12 if torture else 1))
    for number, (start, stop) in enumerate(pieces[:-1]):
        machine.send(sent, start, stop)
        machine.write_back(chance)
        if number in instants:
            machine.cut().check(machine)
            tally[f"power cuts in a large file ({machine.durability})"] += 1


def test_a_file_that_came_whole_through_nginx_is_on_the_disk_when_it_is_answered(
    durability: str, tmp_path: Path, torture: bool, chance: random.Random, tally: Counter[str]
) -> None:
    """Its bytes lie in the very file that nginx wrote. Several senders; the power fails while all of them send."""
    machine = Machine(tmp_path, durability, "in-place", behind_nginx=True)
    over = threading.Event()
    # Below nginx's buffer a body lies in no file of its own.
    sizes = [5000, 300_000, 2 * MIB, 3 * MIB]
    with machine.running():
        for _ in range(25 if torture else 2):
            over.clear()
            senders = [threading.Thread(target=keep_sending, args=(machine, sizes, over)) for _ in range(3)]
            for sender in senders:
                sender.start()
            eventually(lambda: any(each.complete for each in machine.uploads), seconds=60, what="a whole file")
            time.sleep(chance.uniform(0, 0.3))  # the random instant itself
            snapshot = machine.cut()
            over.set()
            for sender in senders:
                sender.join()
            snapshot.check(machine)
            tally[f"power cuts among whole files through nginx ({durability})"] += 1
            forget(machine, [])
    shutil.rmtree(tmp_path, ignore_errors=True)


def keep_sending(machine: Machine, sizes: list[int], over: threading.Event) -> None:
    """Files one after the other, until it is over or the disk might get full."""
    chance = random.Random()
    while not over.is_set() and len(machine.uploads) < 40:
        machine.send_whole(chance.choice(sizes))
