"""Nodes that are killed, and a database that is started again, while files come in all sizes: what was acknowledged arrives, once."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.client import Client, Link
from tests.support.files import MIB, content, spans
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.program import DROPPR
from tests.support.s3_server import S3Server

CELL = 5 * MIB
KINDS = {
    "aligned": (12 * MIB, CELL),
    "odd": (6 * MIB + 11, 700_001),
    "longer": (11 * MIB, 8 * MIB),
    "tiny": (40_000, 9_000),
}


@dataclass
class Senders:
    """People who send until they are told to stop, each through whichever node answers."""

    nodes: list[LiveServer]
    hash: str
    folder: str
    over: threading.Event = field(default_factory=threading.Event)
    files: dict[str, bytes] = field(default_factory=dict)
    """What has to arrive, by the upload's id."""
    faults: list[str] = field(default_factory=list)
    refused: int = 0

    def link(self) -> Link:
        return Link(Client.of(random.choice(self.nodes)), self.hash, self.folder)

    def asked(self, ask: Callable[[Link], Any], right: set[int]) -> Any:
        """The first answer that is one of ``right``; whoever does not answer, or is busy, is asked again, or another."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                reply = ask(self.link())
            except (urllib3.exceptions.HTTPError, OSError):
                reply = None
            if reply is not None and reply.status in right:
                return reply
            if reply is not None and reply.status not in (429, 503, 502, 409):
                raise AssertionError(f"{reply.status} {reply.body[:300]!r}")
            self.refused += 1
            time.sleep(0.1)  # As a sender that was told to try again.
        raise AssertionError("nobody took it for 90 seconds")

    def run(self, kind: str, seed: int) -> None:
        chance, number = random.Random(f"{kind} {seed}"), 0
        try:
            while not self.over.is_set():
                number += 1
                self._send(kind, chance, f"{kind}-{seed}-{number}")
        except AssertionError as error:
            self.faults.append(f"{kind} {seed}: {error}")

    def _send(self, kind: str, chance: random.Random, key: str) -> None:
        size, step = KINDS[kind]
        data = content(size, hash(key) % 10**6)
        name = "same.bin" if chance.random() < 0.5 else f"{key}.bin"
        key = f"{key}-0123456789abcdef"
        opened = self.asked(lambda link: link.open(name, size, key=key), {200, 201}).json
        upload_id, pieces = opened["upload_id"], spans(size, step)
        chance.shuffle(pieces)
        taken: set[int] = set()
        for start, stop in pieces:
            self.asked(partial(Link.chunk, upload_id=upload_id, start=start, data=data[start:stop], total=size), {200})
            taken.add(start)
            if chance.random() < 0.3:
                self._check(upload_id, {a: b for a, b in pieces if a in taken})
            if kind == "odd" and chance.random() < 0.03:
                self.asked(lambda link: link.cancel(upload_id), {200, 204, 404})
                return
        end = time.monotonic() + 60
        while not self.asked(lambda link: link.status(upload_id), {200}).json["complete"]:
            assert time.monotonic() < end, "whole, but not delivered"
            time.sleep(0.1)  # Whoever was about to deliver it was killed: the next question does it.
        self.files[upload_id] = data

    def _check(self, upload_id: str, taken: dict[int, int]) -> None:
        status = self.asked(lambda link: link.status(upload_id), {200}).json
        missing = [] if status["complete"] else status["missing_ranges"]
        lost = [(a, b) for a, b in taken.items() for first, last in missing if a <= last and first < b]
        assert not lost, f"acknowledged, and asked for again: {lost}"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_nothing_is_left(
    seaweed: S3Server, tmp_path: Path, seed: int, torture: bool
) -> None:
    with PostgreSQLServer() as postgresql:
        url, bucket = postgresql.new_database(), seaweed.new_bucket()
        migrate(PostgreSQLDatabase(url))
        options: dict[str, Any] = {
            **GENEROUS,
            **seaweed.settings,
            "DROPPR_DATABASE_URL": url,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_CHUNK_SIZE_MB": 5,
            "workers": 1,
        }
        nodes = []
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            nodes.append(LiveServer(tmp_path / str(number), **options).start())
        try:
            made = Client.of(nodes[0]).make_link()
            senders = Senders(nodes, made.hash, made.folder)
            people = [threading.Thread(target=senders.run, args=(kind, n)) for n, kind in enumerate(KINDS)]
            for person in people:
                person.start()
            kills = _disturbed(nodes, postgresql, random.Random(seed), 60 if torture else 8)
            senders.over.set()
            for person in people:
                person.join()
            assert senders.faults == []
            _judge(senders, seaweed, bucket, url)
            print(f"{kills} kills, {len(senders.files)} files, {senders.refused} answers to try again")
        finally:
            for node in nodes:
                node.stop()


def _disturbed(nodes: list[LiveServer], postgresql: PostgreSQLServer, chance: random.Random, seconds: float) -> int:
    """Kills a node every few seconds, and the database in the middle of it; how many nodes were killed."""
    end, kills, restarted = time.monotonic() + seconds, 0, False
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.5, 2.5))  # The time that people have between two accidents.
        if not restarted and time.monotonic() > end - seconds / 2:
            postgresql.stop(signal.SIGQUIT)
            postgresql.start_again()
            restarted = True
            continue
        node = chance.choice(nodes)
        node.kill()
        node.start()
        kills += 1
    return kills


def _judge(senders: Senders, seaweed: S3Server, bucket: str, url: str) -> None:
    link = senders.link()
    files = link.files()
    assert sorted(file["upload_id"] for file in files) == sorted(senders.files), "each once, and no other"
    assert len({file["path"] for file in files}) == len(files)
    for file in files:
        found = urllib3.request("GET", link.download(file["path"]).expect(302).headers["Location"], redirect=False)
        assert found.data == senders.files[file["upload_id"]], file
    # Once nobody comes back to them any more, all that accidents have left goes.
    environment = senders.nodes[0].environment | {"DROPPR_SESSION_MAX_AGE_HOURS": "1e-9"}
    for _ in range(2):
        _purged(environment)
    assert len(seaweed.objects(bucket)) == len(files)
    assert seaweed.uploads(bucket) == []
    with PostgreSQLDatabase(url).read() as tx:
        for table in ("uploads", "pieces", "tries", "claims", "readers"):
            assert tx.one(f"SELECT count(*) FROM store_{table}") == (0,), table
        assert tx.one("SELECT count(*) FROM store_objects") == (len(files),)
        assert tx.one("SELECT open, announced, coming_weight, received FROM link_sums") == (0, 0, 0, len(files))


def _purged(environment: dict[str, str]) -> None:
    subprocess.run([DROPPR, "cleanup"], env=environment, check=True, capture_output=True)
