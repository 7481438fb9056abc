"""The services on stores that have neither paths nor a disk: nobody above the ports has to know where bytes lie."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.core.errors import StorageFull
from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.store_facts import StoreFacts
from app.core.waiting_room import WaitingRoom
from app.services.received import looks
from app.services.receiving import deliveries
from app.settings import Settings
from app.storage.disk.leader import LocalLeader
from app.storage.disk.local_copies import SpooledCopies
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.secret_file import LocalSecrets
from app.wiring import build, receiving
from app.wiring.looks import copies_of
from app.wiring.stores import Stores
from tests.support.files import PDF, content, files_below, linux_program
from tests.support.live import MEDIA_SERVER
from tests.support.memory_stores import Memory, MemoryBin, MemoryInbox, MemoryUnlinkedFiles, MemoryUploads
from tests.support.pictures import picture

MIB = 1024 * 1024
OWNER = {"Authorization": f"Bearer {'t' * 32}"}


def test_nothing_of_many_nodes_is_loaded_where_there_is_one(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app import create_app; from app.settings import Settings; from app.wiring import build\n"
        "build(Settings(data_dir=Path(sys.argv[1]), admin_token='t' * 32, _env_file=None))\n"
        "print([name for name in sys.modules if name.startswith(('app.storage.cluster', 'psycopg', 'boto'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={"PYTHONPATH": str(MEDIA_SERVER)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == "[]"


class House:
    """A server whose bytes lie in memory, and a link on it."""

    def __init__(self, folder: Path, facts: StoreFacts, **terms: Any) -> None:
        self.data = folder / "data"
        self.memory = Memory()
        self.settings = Settings(data_dir=self.data, admin_token="t" * 32, undo_minutes=60, _env_file=None)  # type: ignore[call-arg]

        def stores(settings: Settings, _: WaitingRoom) -> Stores:
            return Stores(
                uploads=MemoryUploads(self.memory, facts),
                unlinked_files=MemoryUnlinkedFiles(self.memory),
                inbox=MemoryInbox(self.memory),
                bin=MemoryBin(self.memory),
                secrets=LocalSecrets(settings.data_dir),
                leader=lambda name: LocalLeader(settings.data_dir / f"{name}.lock"),
                locks=LocalNamedLocks(settings.data_dir / "uploads.turn"),
                remote_locks=LocalNamedLocks(settings.data_dir / "outbox.turn"),
                index_locks=LocalNamedLocks(settings.data_dir / "search.turn"),
                problems=list,
            )

        self.services = build(self.settings, make_stores=stores)
        self.client: Any = create_app(self.settings, self.services).test_client()
        made: Any = self.client.post("/api/droppr/requests", json={"folder": "in", **terms}, headers=OWNER)
        self.link = f"/api/droppr/requests/{made.json['hash']}"

    def open(self, path: str, size: int, **said: Any) -> dict[str, Any]:
        reply = self.client.post(f"{self.link}/uploads", json={"path": path, "size": size, **said})
        assert reply.status_code == 201, reply.json
        return dict(reply.json)

    def chunk(self, upload_id: str, start: int, data: bytes, size: int) -> Any:
        headers = {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes {start}-{start + len(data) - 1}/{size}",
            "Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:",
        }
        return self.client.post(f"{self.link}/upload-chunk", data=data, headers=headers)

    def send(self, path: str, data: bytes, **said: Any) -> Any:
        """The reply to the last of some chunks in random order."""
        upload_id, reply = self.open(path, len(data), **said)["upload_id"], None
        starts = list(range(0, len(data), MIB))
        random.Random(1).shuffle(starts)
        for start in starts:
            reply = self.chunk(upload_id, start, data[start : start + MIB], len(data))
        return reply

    @property
    def listed(self) -> list[dict[str, Any]]:
        return list(self.client.get(f"{self.link}/files", headers=OWNER).json["files"])

    @property
    def kept(self) -> dict[str, bytes]:
        return {"/".join(parts): bytes(source.data) for parts, source in self.memory.files.items()}


@pytest.fixture(params=[True, False], ids=["readable", "unreadable"])
def facts(request: pytest.FixtureRequest) -> StoreFacts:
    return StoreFacts(local=False, readable=request.param)


def test_a_file_in_chunks_arrives_once_and_lies_nowhere_on_the_disk(tmp_path: Path, facts: StoreFacts) -> None:
    house, data = House(tmp_path, facts), content(5 * MIB + 7)
    digest = hashlib.sha256(data).hexdigest()
    for name in ("a/b.bin", "a/b (1).bin"):
        done = house.send("a/b.bin", data, sha256=digest).json
        assert (done["complete"], done["path"]) == (True, name)
    assert house.kept == {"in/a/b.bin": data, "in/a/b (1).bin": data}
    assert {file["path"]: file["sha256"] for file in house.listed} == {"a/b (1).bin": digest, "a/b.bin": digest}
    assert files_below(house.data / "files") == files_below(house.data / "uploads") == {}


def test_chunks_are_sent_again_as_ever(tmp_path: Path, facts: StoreFacts) -> None:
    house, data = House(tmp_path, facts), content(3 * MIB)
    upload_id = house.open("a.bin", len(data))["upload_id"]
    assert house.chunk(upload_id, MIB, data[MIB : 2 * MIB], len(data)).json["missing_ranges"] == [
        [0, MIB - 1],
        [2 * MIB, 3 * MIB - 1],
    ]
    assert house.chunk(upload_id, MIB, data[MIB : 2 * MIB], len(data)).status_code == 200
    # What cannot be read cannot be compared; it is not changed either way.
    other = house.chunk(upload_id, MIB, bytes(MIB), len(data)).status_code
    assert other == (409 if facts.readable else 200)
    for start in (0, 2 * MIB):
        house.chunk(upload_id, start, data[start : start + MIB], len(data))
    assert house.kept == {"in/a.bin": data}
    assert house.chunk(upload_id, MIB, bytes(MIB), len(data)).status_code == 409


@pytest.mark.parametrize("late", [False, True])
def test_a_wrong_file_stands_nowhere_whenever_that_is_seen(tmp_path: Path, facts: StoreFacts, late: bool) -> None:
    house = House(tmp_path, facts, allowed_extensions=["pdf"])
    data = linux_program() + content(3 * MIB)
    reply = house.send("a.pdf", data) if not late else house.send("a.pdf", PDF + data, sha256="0" * 64)
    assert (reply.status_code, reply.json["code"]) == (
        (400, "checksum_mismatch") if late else (415, "type_not_allowed")
    )
    assert house.kept == {}
    assert house.listed == []
    assert house.send("a.pdf", PDF + data).json["path"] == "a.pdf"


def test_small_files_packs_and_empty_folders_arrive(tmp_path: Path, facts: StoreFacts) -> None:
    house = House(tmp_path, facts)
    headers = {"X-Upload-Path": "one.txt", "Content-Range": "bytes 0-2/3"}
    assert house.client.post(f"{house.link}/upload-chunk", data=b"one", headers=headers).json["complete"]
    pack = b"".join(json.dumps({"path": f"p/{n}", "size": 1}).encode() + b"\n%d" % n for n in range(9))
    assert [each["path"] for each in house.client.post(f"{house.link}/pack", data=pack).json["files"]] == [
        f"p/{n}" for n in range(9)
    ]
    assert house.client.post(f"{house.link}/folders", json={"paths": ["e/f"]}).json["folders"] == ["e/f"]
    assert house.kept == {"in/one.txt": b"one", **{f"in/p/{n}": b"%d" % n for n in range(9)}}
    assert ("in", "e", "f") in house.memory.folders


def test_what_is_cancelled_or_taken_back_goes(tmp_path: Path, facts: StoreFacts) -> None:
    house = House(tmp_path, facts)
    upload_id = house.open("a.bin", 2 * MIB)["upload_id"]
    house.chunk(upload_id, 0, bytes(MIB), 2 * MIB)
    assert house.client.delete(f"{house.link}/uploads/{upload_id}").status_code == 204
    assert house.memory.uploads == {}
    done = house.send("b.bin", content(2 * MIB)).json["upload_id"]
    assert house.client.delete(f"{house.link}/uploads/{done}").status_code == 204
    assert house.kept == {}
    assert house.listed == []


def test_a_file_that_was_left_whole_by_a_death_is_delivered_by_the_sweep(tmp_path: Path, facts: StoreFacts) -> None:
    house, data = House(tmp_path, facts), content(1000)
    upload_id = house.open("a.bin", len(data))["upload_id"]
    with house.services.ground.stores.uploads.open(upload_id).claim(Span(0, len(data))) as claimed:
        claimed.record(1.0)
    house.memory.uploads[upload_id].data.data[:] = data
    kept = house.memory.uploads[upload_id]
    kept.arrivals[:] = []
    object.__setattr__(kept.session, "active_at", 1.0)
    house.services.sweep()
    assert house.kept == {"in/a.bin": data}


def test_a_download_is_sent_to_where_the_file_lies(tmp_path: Path, facts: StoreFacts) -> None:
    house = House(tmp_path, facts)
    house.send("a b.bin", content(2 * MIB))
    reply = house.client.get(f"{house.link}/files/a b.bin", headers=OWNER)
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("https://memory.invalid/")


def test_a_digest_that_takes_long_to_compare_is_compared_while_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Callable[[], object]] = []
    monkeypatch.setattr(deliveries, "SOON_BYTES", MIB)
    monkeypatch.setattr(receiving, "BackgroundQueue", lambda: jobs.append)
    house, data = House(tmp_path, StoreFacts(local=False, readable=False)), content(2 * MIB)
    digest = hashlib.sha256(data).hexdigest()
    right, wrong, cancelled = (
        house.send(f"{n}.bin", data, sha256=n).json["upload_id"] for n in (digest, "1" * 64, "2" * 64)
    )
    for upload_id in (right, wrong, cancelled):
        told = house.client.get(f"{house.link}/uploads/{upload_id}").json
        assert (told["state"], told["complete"], told["missing_ranges"]) == ("verifying", False, [])
    assert (len(jobs), house.listed, house.kept) == (3, [], {})
    assert house.client.delete(f"{house.link}/uploads/{cancelled}").status_code in (200, 204)
    for job in jobs:
        job()
    told = house.client.get(f"{house.link}/uploads/{right}").json
    assert (told["state"], told["complete"], told["sha256"]) == ("complete", True, digest)
    assert house.client.get(f"{house.link}/uploads/{wrong}").json["state"] == "refused"
    assert house.client.get(f"{house.link}/uploads/{cancelled}").status_code in (404, 410)
    assert house.kept == {f"in/{digest}.bin": data}
    assert [file["sha256"] for file in house.listed] == [digest]
    assert len(jobs) == 3, "once it is over, nobody begins it again"


def test_senders_are_told_chunks_that_suit_the_store(tmp_path: Path) -> None:
    facts = StoreFacts(local=False, readable=False, alignment=MIB, smallest_part=5 * MIB, most_parts=10)
    house = House(tmp_path, facts)
    usual = house.settings.chunk_size
    assert house.open("small.bin", MIB)["chunk_size"] == usual
    assert house.open("large.bin", 20 * usual + 1)["chunk_size"] == 2 * usual + MIB
    assert facts.chunk_size(1, 1) == 5 * MIB
    assert StoreFacts(local=True, readable=True).chunk_size(12345, 2**60) == 12345


def test_what_lies_elsewhere_is_copied_to_be_drawn_and_of_what_is_long_only_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, data = House(tmp_path, StoreFacts(local=False, readable=False)), picture("PNG", (600, 300))
    house.send("a.png", data)
    here, inbox = copies_of(house.settings), house.services.ground.stores.inbox
    stored = inbox.open(RelPath.parse("in"), "a.png", None)
    assert stored.path is None
    with here.of(stored) as whole, here.of(stored, [Span(0, 10), Span(len(data) - 5, len(data))]) as ends:
        assert os.pread(whole.fileno() or -1, 2 * len(data), 0) == data
        assert os.pread(ends.fileno() or -1, 2 * len(data), 0) == data[:10] + bytes(len(data) - 15) + data[-5:]
    with pytest.raises(StorageFull), SpooledCopies(tmp_path, lambda: len(data) - 1).of(stored):
        pass
    upload_id = house.listed[0]["upload_id"]
    address = f"{house.link}/looks/{upload_id}/picture?size=480"
    assert house.client.get(address, headers=OWNER).mimetype == "image/webp"
    monkeypatch.setattr(looks, "MOST_COPIED", len(data) - 1)
    told = house.client.get(address.replace("480", "160"), headers=OWNER)
    assert (told.status_code, told.json["reason"]) == (404, "too_large")
    assert files_below(house.data / "spool") == {}
