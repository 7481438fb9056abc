"""A local installation is taken over into PostgreSQL and a bucket: all of it, once, and whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.http.test_cluster import CELL, fetched
from tests.support.client import Client, Link
from tests.support.command import Sender, address
from tests.support.files import MIB, content, eventually, files_below, write
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.program import Droppr
from tests.support.s3_server import S3Server

NAMES = {
    "same.txt": 10,
    "dir/日本語 100% + ?#&;.bin": 1234,
    "a|b:c*.txt": 17,
    "deep/er/empty": 0,
    "film.mov": 11 * MIB + 7,
    "one cell.bin": CELL,
}

pytestmark = pytest.mark.many_nodes


@dataclass
class Filled:
    """A local server with something of everything, and what is in it."""

    server: LiveServer
    link: Link
    ids: dict[str, str] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def deliver(self, path: str, data: bytes) -> str:
        made = self.link.deliver(path, data)
        named = str(made.get("path", path))
        self.ids[named], self.sent[named] = made["upload_id"], data
        return named


def filled(server: LiveServer, tmp_path: Path) -> Filled:
    client = Client.of(server)
    found = Filled(server, client.make_link(title="„Everything“", search=False))
    link = found.link
    for number, (path, size) in enumerate(NAMES.items()):
        found.deliver(path, content(size, number))
    found.deliver("same.txt", b"the second of its name")
    tree = tmp_path / "sender" / "tree"
    for number in range(6):
        write(tree / f"small/{number}", content(100 * number, number))
        found.sent[f"tree/small/{number}"] = content(100 * number, number)
    Sender(tree.parent).run("tree", "--to", address(link))
    client.call("POST", f"{link.path}/folders", json={"paths": ["nothing/in it"]}).expect(201)
    # One is in the bin, one has been renamed, one was taken back.
    found.facts["binned"] = found.ids[found.deliver("binned.txt", b"in the bin")]
    client.call("DELETE", f"{link.path}/files/binned.txt", owner=True).expect(200)
    found.sent.pop("binned.txt")
    renamed = found.ids[found.deliver("before.txt", b"renamed")]
    client.call(
        "PATCH", f"{link.path}/files/before.txt?upload_id={renamed}", json={"path": "after.txt"}, owner=True
    ).expect(200)
    found.ids["after.txt"] = found.ids.pop("before.txt")
    found.sent["after.txt"] = found.sent.pop("before.txt")
    link.cancel(found.ids[found.deliver("back.txt", b"taken back")]).expect(204)
    found.sent.pop("back.txt")
    found.facts["half"] = link.opened("half.bin", 12 * MIB)
    link.chunk(found.facts["half"], 0, content(12 * MIB, 5)[:CELL], 12 * MIB).expect(200)
    link.chunk(found.facts["half"], 7 * MIB, content(12 * MIB, 5)[7 * MIB : 7 * MIB + 1000], 12 * MIB).expect(200)
    shared = client.call("POST", "/api/droppr/shares", json={"link": link.hash}, owner=True).expect(201).json
    found.facts["share"] = shared["hash"]
    account = {"name": "ann", "password": "a password that is long", "role": "member"}
    client.call("POST", "/api/accounts", json=account, owner=True).expect(201)
    found.facts["closed"] = client.make_link(title="closed")
    found.facts["closed"].close().expect(204)
    found.facts["receipt"] = receipt(link, found.ids["after.txt"])
    return found


def receipt(link: Link, upload_id: str) -> Any:
    return link.client.call("POST", f"{link.path}/receipts", json={"uploads": [upload_id]}).expect(200).json


@dataclass
class Place:
    """An empty database and an empty bucket, as nodes are told of them."""

    seaweed: S3Server
    bucket: str
    options: dict[str, Any]

    def migrate(self, data: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return Droppr.run(
            ["migrate", "--from", str(data), *words],
            env=self.environment(data.parent) | settings,
            cwd=data.parent,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def environment(self, folder: Path) -> dict[str, str]:
        told = {name: str(value) for name, value in self.options.items() if name != "workers"}
        own = {"DROPPR_DATA_DIR": str(folder / "node"), "DROPPR_ADMIN_TOKEN": "owner-token-for-tests-0123456789"}
        return {**os.environ, **told, **own}

    def objects(self) -> set[str]:
        return set(self.seaweed.objects(self.bucket))

    def copied(self) -> str:
        """Another bucket with all that is in this one."""
        other = self.seaweed.new_bucket()
        for key in self.objects():
            self.copy(key, other)
        return other

    def copy(self, key: str, other: str) -> None:
        """Put an object into another bucket, too: by reading it, as not every store copies one of parts."""
        client = self.seaweed.client
        client.upload_fileobj(client.get_object(Bucket=self.bucket, Key=key)["Body"], other, key)


@pytest.fixture
def place(postgresql: PostgreSQLServer, seaweed: S3Server) -> Place:
    return place_of(postgresql.new_database(), seaweed)


def place_of(url: str, seaweed: S3Server) -> Place:
    bucket = seaweed.new_bucket()
    options: dict[str, Any] = {
        **GENEROUS,
        **seaweed.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_CHUNK_SIZE_MB": 5,
        "workers": 1,
    }
    return Place(seaweed, bucket, options)


def has_begun(place: Place, moving: subprocess.Popen[Any], objects: int) -> bool:
    return len(place.objects()) > objects or moving.poll() is not None


def is_taken(link: Link, upload_id: str, at: int, piece: bytes) -> bool:
    return link.chunk(upload_id, at, piece, 12 * MIB).status == 200


def all_is_there(node: LiveServer, found: Filled) -> None:
    """What a node serves is what was there."""
    client = Client.of(node)
    link = found.link.seen_by(client)
    assert link.info().expect(200).json["title"] == "„Everything“"
    listed = {file["path"]: file for file in link.files()}
    assert {path: file["size"] for path, file in listed.items()} == {p: len(d) for p, d in found.sent.items()}
    for path, data in found.sent.items():
        assert fetched(link.download(path)) == data, path
        assert path not in found.ids or listed[path]["upload_id"] == found.ids[path]
    # Names go on where they were.
    assert link.deliver("same.txt", b"third")["path"] == "same (2).txt"
    assert link.deliver("deep", b"a file of a folder's name")["path"] == "deep (1)"
    assert link.deliver("nothing", b"of an empty one")["path"] == "nothing (1)"
    back = client.call("POST", f"{link.path}/bin/{found.facts['binned']}/restore", owner=True).expect(200).json
    assert fetched(link.download(back["path"])) == b"in the bin"
    assert link.status(found.ids["back.txt"]).status == 404
    assert client.call("GET", f"{found.facts['closed'].path}").status == 410
    # What was under way goes on with what had come.
    whole, half = content(12 * MIB, 5), found.facts["half"]
    assert link.status(half).expect(200).json["received_bytes"] == CELL + 1000
    # Of a bucket that is a copy, parts are asked for again.
    while missing := link.status(half).expect(200).json["missing_ranges"]:
        for start, end in missing:
            for at in range(start, end + 1, CELL):
                piece = whole[at : min(end + 1, at + CELL)]
                eventually(partial(is_taken, link, half, at, piece))
    assert fetched(link.download("half.bin")) == whole
    shared = client.call("GET", f"/api/droppr/shares/{found.facts['share']}").expect(200).json
    assert {"after.txt", "film.mov"} <= {each["path"] for each in shared["files"]}
    entered = client.call("POST", "/api/droppr/session", json={"name": "ann", "password": "a password that is long"})
    assert entered.status in (200, 201, 204), entered
    again = receipt(link, found.ids["after.txt"])
    assert again["public_key"] == found.facts["receipt"]["public_key"]


def test_all_that_was_there_is_served_by_nodes(tmp_path: Path, live: Callable[..., LiveServer], place: Place) -> None:
    server = live(workers=1, DROPPR_MAX_CHUNK_SIZE_MB=64)
    found = filled(server, tmp_path)
    data = server.data_dir
    assert "A Droppr runs on" in place.migrate(data).stderr
    ahead = place.migrate(data, "--ahead")
    assert ahead.returncode == 0, ahead.stderr
    early = place.objects()
    assert len(early) >= len(found.sent)
    # What comes after that, goes along later; what goes is not brought along.
    found.deliver("late.txt", b"late")
    gone = found.deliver("gone.txt", b"gone")
    place.migrate(data, "--ahead")
    found.link.cancel(found.ids.pop(gone)).expect(204)
    found.sent.pop(gone)
    server.kill()
    write(data / "files" / "mine.txt", b"no sender's")
    before = {
        path: (file.stat().st_mtime_ns, file.stat().st_size) for path, file in files_below(data / "files").items()
    }
    dry = place.migrate(data, "--dry-run")
    assert f"Would be moved: 2 links, {len(found.sent) + 1} files" in dry.stdout, dry
    assert "Under way: 1 upload, of which 5.0 MiB have come" in dry.stdout
    report = tmp_path / "report"
    moved = place.migrate(data, "--report", str(report))
    assert moved.returncode == 0, moved.stderr
    assert "Moved: 2 links" in moved.stdout
    assert [json.loads(line)["path"] for line in report.read_text().splitlines()] == ["files/mine.txt"]
    assert len(place.objects()) == len(found.sent) + 1, "all files, and that in the bin"
    assert "That was done before" in place.migrate(data).stdout
    after = {path: (file.stat().st_mtime_ns, file.stat().st_size) for path, file in files_below(data / "files").items()}
    assert after == before
    # Nobody goes on there by mistake; whoever wants to, can.
    for settings in ({}, {"DROPPR_STORE": "", "DROPPR_DATABASE_URL": ""}):
        refused = Droppr.run(["cleanup"], env=server.environment | settings, capture_output=True, text=True)
        assert "were moved to s3://" in refused.stderr
        assert "delete the file 'moved'" in " ".join(refused.stderr.split())
    options = {name: value for name, value in place.options.items() if name not in ("DROPPR_STORE",)}
    elsewhere = LiveServer(tmp_path / "wrong", **options).environment
    assert "set DROPPR_STORE to that" in Droppr.run(["cleanup"], env=elsewhere, capture_output=True, text=True).stderr
    all_is_there(live(**place.options), found)
    (data / "moved").unlink()
    server.start()
    assert found.link.download("after.txt").expect(200).body == b"renamed"


def test_a_catalogue_that_is_on_postgresql_stays_there_and_both_halves_are_restored_together(
    tmp_path: Path, live: Callable[..., LiveServer], postgresql: PostgreSQLServer, seaweed: S3Server
) -> None:
    url = postgresql.new_database()
    migrate(PostgreSQLDatabase(url))
    place = place_of(url, seaweed)
    server = live(workers=1, DROPPR_DATABASE_URL=url)
    found = filled(server, tmp_path)
    server.kill()
    # Its files lie in a data folder, whatever a node is told.
    node = LiveServer(tmp_path / "node", **place.options)
    refused = Droppr.run(["cleanup"], env=node.environment, capture_output=True, text=True)
    assert "lie in a data folder, where no node would find them" in refused.stderr
    for number in range(5):
        with Droppr(
            ["migrate", "--from", str(server.data_dir)],
            env=place.environment(tmp_path),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as moving:
            eventually(partial(has_begun, place, moving, 4 * number), seconds=60)
            moving.send_signal(signal.SIGKILL)
    refused = Droppr.run(["cleanup"], env=server.environment, capture_output=True, text=True)
    assert "'droppr migrate --from'" in refused.stderr, "while it is under way, and after it"
    moved = place.migrate(server.data_dir)
    assert moved.returncode == 0, moved.stderr
    # The dump first, then the bucket: what comes in between is in the bucket for nothing.
    dump = tmp_path / "dump"
    postgresql.client("pg_dump", "--format=custom", "--exclude-table-data=search_*", "--file", str(dump), url)
    first = live(**place.options)
    found.link.seen_by(Client.of(first)).deliver("after the dump.txt", b"late")
    first.kill()
    bucket = place.copied()
    restored = postgresql.new_database()
    postgresql.client("pg_restore", "--no-owner", "--dbname", restored, str(dump))
    there = place_of(restored, seaweed)
    seaweed.client.delete_object(Bucket=bucket, Key=(left := sorted(place.objects())[0]))
    there.options["DROPPR_STORE"] = f"s3://{bucket}/droppr"

    def use_copy() -> subprocess.CompletedProcess[str]:
        words, told = ["migrate", "--new-store"], there.environment(tmp_path)
        return Droppr.run(words, env=told, cwd=tmp_path, capture_output=True, text=True)

    elsewhere = LiveServer(tmp_path / "third", **there.options).environment
    assert "lie in s3://" in Droppr.run(["cleanup"], env=elsewhere, capture_output=True, text=True).stderr
    missing = use_copy()
    assert (missing.returncode, "1 object of s3://" in missing.stderr) == (1, True), missing
    place.copy(left, bucket)
    used = use_copy()
    assert used.returncode == 0, used.stderr
    all_is_there(live(**there.options), found)
