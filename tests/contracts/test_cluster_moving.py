"""A data folder is moved into a bucket whole, whoever dies meanwhile; what is wrong with a file is told, and nothing is lost by it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.core.actors import Actor, ActorKind
from app.core.errors import Busy, StorageFull
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ranges import Span
from app.storage.cluster.bucket import Bucket, Place
from app.storage.cluster.files import ClusterInbox
from app.storage.cluster.grid import MIB, SMALLEST_PART
from app.storage.cluster.ground import ClusterGround
from app.storage.cluster.objects import Objects
from app.storage.cluster.presence import Presence
from app.storage.cluster.shared import ClusterSecrets
from app.storage.cluster.uploads import ClusterUploads
from app.storage.disk.bin import LocalBin
from app.storage.disk.data_folder import UnusableDataFolder, make_data_folder
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.uploads import DiskUploads
from app.storage.moving import sending
from app.storage.moving.findings import Course, Finding, Kind
from app.storage.moving.move import Move, MoveRefused, Target, look
from app.storage.moving.old import OldData
from app.storage.sql.bin import SQLBin
from app.storage.sql.files import SQLRequests
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import metadata
from tests.support.catalogues import catalogue
from tests.support.cluster import Engines, cut_off
from tests.support.files import content, write
from tests.support.postgresql import PostgreSQLServer
from tests.support.stores import session, take

HASH = "link-0123456789abcdef"
OWNER = Actor(ActorKind.OWNER)
FOLDER = RelPath.parse("in")
CELL = SMALLEST_PART
EVER = 2.0**40


class Old:
    """A data folder as a server leaves it, made without one."""

    def __init__(self, data: Path) -> None:
        make_data_folder(data, 0o077)
        self.data = data
        self.database = catalogue(data)
        self.requests = SQLRequests(self.database, durable=False)
        self.requests.create(RequestLink(HASH, FOLDER, 1.0))
        self.uploads = DiskUploads(data / "uploads")
        self.inbox = LocalInbox(data / "files")
        self.bytes: dict[str, bytes] = {}

    def file(self, path: str, data: bytes) -> ReceivedFile:
        """One that has been received."""
        place = self.data / "files" / "in" / path
        write(place, data)
        made = self.inbox.open(FOLDER, path, None)
        digest = hashlib.sha256(data).hexdigest()
        file = ReceivedFile(uuid4().hex, path, path, len(data), 5.0, digest, file_identity=made.file_identity)
        self.requests.receive(HASH, file)
        self.bytes[path] = data
        return file

    def delete(self, file: ReceivedFile) -> None:
        """Into the bin."""
        SQLBin(self.database, clock=time.time).put(HASH, file.upload_id, OWNER, EVER)
        moved = LocalBin(self.data / "bin", self.inbox).put(
            FOLDER, file.disk_path, str(file.file_identity), file.upload_id
        )
        assert moved
        del self.bytes[file.path]

    def under_way(self, upload_id: str, size: int, *come: Span) -> None:
        self.uploads.create(session(size, upload_id))
        whole = content(size, size)
        for span in come:
            take(self.uploads, span, whole[span.start : span.stop], upload_id=upload_id)

    def place(self, path: str) -> Path:
        return self.data / "files" / "in" / path


@dataclass
class There:
    """Where it goes."""

    url: str
    bucket: Bucket
    place: str
    scratch: Path

    def target(self) -> Target:
        """As a process of its own has it."""
        database = PostgreSQLDatabase(self.url)
        ground = ClusterGround(database, self.bucket, Presence(database), self.scratch)
        objects = Objects(ground)
        uploads = ClusterUploads(ground, objects, usual=CELL, longest=64 * MIB)
        return Target(ground, objects, uploads, self.place, CELL)

    def moved(self, old: Old, *, ahead: bool = False, **how: bool) -> list[Finding]:
        """What one run of it has found."""
        found: list[Finding] = []
        move = Move(
            OldData(old.data, old.database),
            DiskUploads(old.data / "uploads"),
            self.target(),
            Course(found.append),
            lambda: None,
        )
        if ahead:
            move.ahead()
        else:
            move.run(OWNER, **how)
        return found

    def ended(self) -> None:
        """Whoever worked there is dead, as far as the database knows."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cut_off(connection)

    def rows(self, question: str) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(question).fetchall()

    def holds(self, old: Old) -> None:
        """All of it, once, and nothing besides."""
        target = self.target()
        requests, inbox = SQLRequests(target.ground.database), ClusterInbox(target.ground, target.objects)
        files = {file.path: file for file in requests.usage(HASH).files}
        assert files.keys() == old.bytes.keys()
        for path, file in files.items():
            kept = inbox.open(FOLDER, file.disk_path, file.file_identity)
            with kept.content() as bytes_:
                assert (bytes_.read(Span(0, kept.size)) if kept.size else b"") == old.bytes[path]
        known = {key for (key,) in self.rows("SELECT key FROM store_objects WHERE state = 'there'")}
        pieces = {key for (key,) in self.rows("SELECT key FROM store_pieces WHERE key IS NOT NULL")}
        assert set(self.bucket.keys("")) == known | pieces
        binned = self.rows("SELECT upload_id FROM store_bin")
        assert len(known) == len(old.bytes) + len(binned)
        assert self.rows("SELECT count(*) FROM store_objects WHERE state <> 'there'") == [(0,)]
        assert self.rows("SELECT count(*) FROM store_imported") == [(0,)]


@pytest.fixture(scope="module")
def url(postgresql: PostgreSQLServer) -> str:
    address = postgresql.new_database()
    migrate(PostgreSQLDatabase(address))
    return address


@pytest.fixture
def there(engines: Engines, url: str, tmp_path: Path) -> There:
    """An empty database, and a part of the bucket in which nothing is."""
    with psycopg.connect(url, autocommit=True) as connection:
        cut_off(connection)
        stores = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'store\\_%'").fetchall()
        with connection.transaction():
            for table in [*(name for (name,) in stores), *metadata.tables]:
                connection.execute(f"DELETE FROM {table}")
    place = Place(engines.bucket, f"moved-{uuid4().hex}/")
    bucket = Bucket(place)
    # Found out in a thread of its own, once for all; its requests are no steps of a move.
    bucket.compares()
    return There(url, bucket, str(place), tmp_path)


@pytest.fixture
def old(tmp_path: Path) -> Old:
    return Old(tmp_path / "data")


class Killed(BaseException):
    """Stands for kill -9: nothing that would follow happens, in any thread."""


@contextmanager
def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch, *, afterwards: bool) -> Iterator[None]:
    """From so many steps on the database and the bucket are out of reach for ever: before they have done the last one, or after it."""
    done = [0]

    def dies(after: bool) -> None:
        if done[0] > steps or (done[0] == steps and after is afterwards):
            raise Killed

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            done[0] += 1
            dies(False)
            found = call(*words, **named)
            dies(True)
            return found

        return counted

    def of_transactions(call: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def counted(*words: Any, **named: Any) -> Iterator[Any]:
            done[0] += 1
            dies(False)
            with call(*words, **named) as tx:
                yield tx
            dies(True)

        return counted

    with monkeypatch.context() as patched:
        for name in ("put", "put_part", "begin", "complete", "delete", "abort"):
            patched.setattr(Bucket, name, wrapped(getattr(Bucket, name)))
        for name in ("write", "durable"):
            patched.setattr(PostgreSQLDatabase, name, of_transactions(getattr(PostgreSQLDatabase, name)))
        yield


def test_whenever_it_dies_the_next_try_goes_on_and_nothing_is_there_twice(
    old: Old, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        old.file(f"a/{number}.txt", content(100 * number, number))
    old.file("film.mov", content(2 * CELL + 7, 3))
    old.delete(old.file("binned.txt", b"binned"))
    old.under_way("half", 2 * CELL, Span(0, CELL), Span(CELL + 5, CELL + 9))
    (old.data / "receipt_key").write_text("a key of old\n")
    (old.place("") / "empty").mkdir()
    tries = 0
    for steps in range(2, 200):
        try:
            with killed_after(steps // 2, monkeypatch, afterwards=steps % 2 == 1):
                there.moved(old)
            break
        except Killed:
            there.ended()
            tries += 1
    assert 20 < tries < 190, "it died at many steps, and then came to its end"
    there.holds(old)
    assert ClusterSecrets(there.target().ground.database).get("receipt_key") == "a key of old"
    assert there.target().uploads.open("half").status().ranges.length == CELL + 4
    assert there.rows("SELECT upload_id FROM store_uploads") == [("half",)]
    assert ("empty", None) in there.rows("SELECT disk_path, identity FROM store_names")
    assert json.loads((old.data / "moved").read_text())["done"] is True
    with pytest.raises(UnusableDataFolder, match="were moved to s3://"):
        make_data_folder(old.data, 0o077)


def test_what_is_wrong_with_a_file_is_told_and_nothing_is_lost_by_it(old: Old, there: There) -> None:
    kept = {name: old.file(name, content(500, number)) for number, name in enumerate("abcdef")}
    # As a disk changes them: the same length, the same time.
    stamp = old.place("a").stat()
    old.place("a").write_bytes(content(500, 99))
    os.utime(old.place("a"), ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    old.place("b").write_bytes(b"its owner's")
    old.place("c").unlink()
    # Another one lies where it was: the ledger knows both by one place.
    old.place("d").unlink()
    other = old.file("d", b"another")
    # What came back from a backup is the same file, in another place of the disk.
    copy = old.place("copy")
    shutil.copy2(old.place("e"), copy)
    os.replace(copy, old.place("e"))
    write(old.place("mine"), b"no sender's")
    old.bytes |= {"a": content(500, 99), "b": b"its owner's", "d": b"another"}
    wanted = {
        (Kind.DIFFERS, "files/in/a"),
        (Kind.DIFFERS, "files/in/b"),
        (Kind.MISSING, "files/in/c"),
        (Kind.MISSING, "files/in/d"),
        (Kind.UNKNOWN, "files/in/mine"),
    }
    dry = list[Finding]()
    look(OldData(old.data, old.database), Course(dry.append))
    assert {(each.kind, each.path) for each in dry} == wanted - {(Kind.DIFFERS, "files/in/a")}, "without reading them"
    there.moved(old, ahead=True)
    found = there.moved(old)
    assert {(each.kind, each.path) for each in found} == wanted
    requests = SQLRequests(there.target().ground.database)
    assert len(requests.usage(HASH).files) == 7, "rows without a file go along, as they were"
    inbox = ClusterInbox(there.target().ground, there.target().objects)
    for path in "abdef":
        with inbox.open(FOLDER, path, None).content() as bytes_:
            assert bytes_.read(Span(0, 1000)) == old.bytes[path]
    with pytest.raises(FileNotFoundError):
        inbox.open(FOLDER, "c", None)
    before, now = (requests.file(HASH, each.upload_id) for each in (kept["d"], other))
    assert before is not None
    assert before.file_identity == kept["d"].file_identity
    assert now is not None
    assert inbox.holds(FOLDER, "d", str(now.file_identity))
    assert old.place("mine").read_bytes() == b"no sender's"


def test_what_cannot_be_read_keeps_it_from_ending_unless_it_is_left_behind(
    old: Old, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    old.file("fine", b"fine")
    old.file("rotten", content(CELL + 5, 1))
    read = os.preadv

    def broken(descriptor: int, *words: Any) -> int:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith("rotten"):
            raise OSError(5, "Input/output error")
        return read(descriptor, *words)

    monkeypatch.setattr(os, "preadv", broken)
    with pytest.raises(MoveRefused, match="One file cannot be read now"):
        there.moved(old)
    assert there.rows("SELECT count(*) FROM links") == [(0,)]
    [told] = there.moved(old, without_unreadable=True)
    assert (told.kind, told.path, told.said) == (
        Kind.UNREADABLE,
        "files/in/rotten",
        "the disk says: Input/output error",
    )
    old.bytes.pop("rotten")
    assert len(there.rows("SELECT 1 FROM store_names WHERE identity IS NOT NULL")) == 1
    assert len(list(there.bucket.keys(""))) == 1, "what was begun of it is gone"


def test_a_store_that_is_full_or_away_ends_it_and_the_next_call_goes_on(
    old: Old, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        old.file(f"{number}", content(10, number))
    monkeypatch.setattr(sending, "PAUSES", (0.0, 0.0))
    put, calls = Bucket.put, [0]

    def limited(self: Bucket, *words: Any) -> str:
        calls[0] += 1
        if calls[0] > 90:
            raise trouble
        return put(self, *words)

    monkeypatch.setattr(Bucket, "put", limited)
    for trouble in (StorageFull(), Busy()):
        calls[0] = 0
        with pytest.raises(type(trouble)):
            there.moved(old)
    assert len(there.rows("SELECT 1 FROM store_imported")) > 100, "what was sent counts"
    monkeypatch.setattr(Bucket, "put", put)
    there.moved(old)
    there.holds(old)


def test_an_object_that_is_gone_from_the_bucket_is_sent_again(old: Old, there: There) -> None:
    old.file("a", b"first")
    old.file("b", b"second")
    there.moved(old, ahead=True)
    [(key,)] = there.rows("SELECT key FROM store_objects ORDER BY size LIMIT 1")
    there.bucket.delete([key])
    there.moved(old)
    there.holds(old)


def test_what_changes_between_two_tries_counts_as_it_is_in_the_end(old: Old, there: There) -> None:
    gone, moved, binned = (old.file(name, name.encode()) for name in ("gone", "moved", "binned"))
    changed = old.file("changed", b"before")
    old.under_way("u1", CELL, Span(0, 100))
    there.moved(old, ahead=True)
    old.requests.remove(HASH, gone.upload_id)
    old.place("gone").unlink()
    old.bytes.pop("gone")
    old.delete(binned)
    old.place("changed").write_bytes(b"afterwards")
    old.bytes["changed"] = b"afterwards"
    # It has begun anew under its key, with other bytes.
    old.uploads.delete("u1")
    old.uploads.create(replace(session(CELL, "u1"), opened_at=99.0))
    there.moved(old)
    there.holds(old)
    assert there.rows("SELECT upload_id FROM store_bin") == [(binned.upload_id,)]
    assert not there.target().uploads.open("u1").status().ranges
    del moved, changed


def test_what_was_begun_is_given_up_without_a_trace(old: Old, there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    old.file("a", b"first")
    old.file("film.mov", content(2 * CELL, 3))
    old.under_way("half", CELL, Span(0, MIB))
    with pytest.raises(Killed), killed_after(14, monkeypatch, afterwards=True):
        there.moved(old)
    there.ended()
    assert (old.data / "moved").exists()
    assert list(there.bucket.keys(""))
    move = Move(
        OldData(old.data, old.database), DiskUploads(old.data / "uploads"), there.target(), Course(print), lambda: None
    )
    move.give_up()
    assert list(there.bucket.keys("")) == []
    assert not (old.data / "moved").exists()
    for table in ("imported", "objects", "uploads", "pieces", "secrets"):
        assert there.rows(f"SELECT count(*) FROM store_{table}") == [(0,)]
    with pytest.raises(MoveRefused, match="nothing to give up"):
        move.give_up()


def test_a_place_that_is_in_use_or_another_than_before_is_refused(old: Old, there: There, tmp_path: Path) -> None:
    old.file("a", b"a")
    there.moved(old, ahead=True)
    other = replace(there, place=f"{there.place}-other")
    with pytest.raises(MoveRefused, match="have been brought to s3://"):
        other.moved(old)
    with there.target().ground.database.alone("move"), pytest.raises(MoveRefused, match="is at it"):
        there.moved(old)
    node = there.target().ground.presence
    node.number()
    with pytest.raises(MoveRefused, match="A node, or a server, runs on the database"):
        there.moved(old)
    del node
    another = Old(tmp_path / "another")
    there.ended()
    there.moved(old)
    with pytest.raises(MoveRefused, match="lie in s3://"):
        there.moved(another)
    assert not (another.data / "moved").exists()
    (old.data / "moved").unlink()
    with pytest.raises(MoveRefused, match="lie in s3://"):
        there.moved(old)
