"""Files that are passed on: to a real S3 server and to a strict Drive, on good days and on bad ones."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.catalogues import in_outbox, outbox_of
from tests.support.client import Client, Link
from tests.support.drive import ROOT, Call, FakeDrive, Fault, Kind
from tests.support.files import content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.ports import free_port
from tests.support.s3 import Store, Trouble, running_store

MIB = 1024 * 1024
PART = 8 * MIB
SECONDS = 100.0
"""More than a remote is left alone for that has failed five times, which may happen by itself on a busy machine."""


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Store]:
    with running_store() as running:
        yield running


@pytest.fixture
def store(shared_store: Store) -> Iterator[Store]:
    yield shared_store
    shared_store.part_fault = lambda _: None


@pytest.fixture(scope="module")
def shared_drive() -> Iterator[FakeDrive]:
    with FakeDrive().running() as running:
        yield running


@pytest.fixture
def drive(shared_drive: FakeDrive) -> Iterator[FakeDrive]:
    yield shared_drive
    shared_drive.heal()
    violations, shared_drive.violations = shared_drive.violations, []
    assert violations == []


@pytest.fixture(scope="module")
def sender(
    tmp_path_factory: pytest.TempPathFactory, shared_store: Store, shared_drive: FakeDrive
) -> Iterator[LiveServer]:
    """A server with two workers that knows the store and the drive."""
    folder = tmp_path_factory.mktemp("sender")
    settings: dict[str, Any] = {**GENEROUS, **shared_store.settings, **shared_drive.settings}
    with LiveServer(folder, workers=2, **settings) as running:
        yield running


@pytest.fixture
def owner(sender: LiveServer) -> Client:
    return Client.of(sender)


def to_s3(owner: Client, store: Store, **more: Any) -> tuple[Link, str]:
    bucket = store.bucket(f"b-{uuid4().hex}")
    return owner.make_link(destination={"kind": "s3", "bucket": bucket, **more}), bucket


def to_drive(owner: Client, drive: FakeDrive) -> tuple[Link, str]:
    """A link to a folder of its own on the drive, and that folder's name."""
    name = uuid4().hex
    drive.files[name] = {"id": name, "name": name, "mimeType": "application/vnd.google-apps.folder", "parents": [ROOT]}
    return owner.make_link(destination={"kind": "drive", "folder_id": name}), name


def on_drive(drive: FakeDrive, folder: str) -> dict[str, bytes]:
    prefix = f"{folder}/"
    return {path.removeprefix(prefix): data for path, data in drive.stored().items() if path.startswith(prefix)}


def deliver(link: Link, path: str, data: bytes) -> str:
    """Send a whole file; its upload's id."""
    upload_id = link.opened(path, len(data))
    if data:
        assert link.send(upload_id, data, step=PART).json["complete"]
    return upload_id


def passed_on(link: Link, path: str) -> dict[str, Any]:
    state: dict[str, Any] = next(file["passed_on"] for file in link.files() if file["path"] == path)
    return state


def is_done(link: Link, path: str) -> bool:
    return bool(passed_on(link, path)["state"] == "done")


def wait_until_done(link: Link, *paths: str) -> None:
    for path in paths:
        eventually(lambda path=path: is_done(link, path), seconds=SECONDS, what=f"{path} to be passed on")  # type: ignore[misc]


@pytest.mark.parametrize("size", [0, 5, 2 * PART + 12345])
def test_a_file_stands_in_the_bucket_with_equal_bytes(owner, store, sender, size):
    link, bucket = to_s3(owner, store, prefix="in/box/")
    data = content(size)
    deliver(link, "a/b c/ü 日本.bin", data)
    wait_until_done(link, "a/b c/ü 日本.bin")
    assert store.objects(bucket) == {"in/box/a/b c/ü 日本.bin": data}
    assert store.unfinished(bucket) == []
    assert passed_on(link, "a/b c/ü 日本.bin")["remote"] == f"s3://{bucket}/in/box/a/b c/ü 日本.bin"
    assert (link.disk / "a/b c/ü 日本.bin").read_bytes() == data


@pytest.mark.parametrize("size", [0, 5, 2 * PART + 12345])
def test_a_file_stands_on_the_drive_with_equal_bytes(owner, drive, size):
    link, folder = to_drive(owner, drive)
    data = content(size)
    deliver(link, "a/b c/ü 日本.bin", data)
    wait_until_done(link, "a/b c/ü 日本.bin")
    assert on_drive(drive, folder) == {"a/b c/ü 日本.bin": data}
    assert (link.disk / "a/b c/ü 日本.bin").read_bytes() == data


def test_many_small_files_and_two_of_one_name(owner, store):
    link, bucket = to_s3(owner, store)
    wanted = {f"f{number}.bin": content(1000 + number) for number in range(12)}
    for name, data in wanted.items():
        deliver(link, name, data)
    deliver(link, "f0.bin", b"another")
    wait_until_done(link, *wanted, "f0 (1).bin")
    assert store.objects(bucket) == {**wanted, "f0 (1).bin": b"another"}


def test_parts_go_on_while_the_file_arrives(owner, store):
    link, bucket = to_s3(owner, store)
    data = content(4 * PART)
    upload_id = link.opened("big.bin", len(data))
    # The third part first: any part that is there goes on.
    for start in (2 * PART, 0):
        link.chunk(upload_id, start, data[start : start + PART], len(data)).expect(200)

    def parts() -> set[int]:
        for each in store.client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            listed = store.client.list_parts(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
            return {part["PartNumber"] for part in listed.get("Parts", [])}
        return set()

    eventually(lambda: parts() == {1, 3}, seconds=SECONDS, what="two parts at the store")
    assert store.objects(bucket) == {}
    for start in (PART, 3 * PART):
        link.chunk(upload_id, start, data[start : start + PART], len(data)).expect(200)
    wait_until_done(link, "big.bin")
    assert store.objects(bucket) == {"big.bin": data}


def test_the_drive_gets_the_beginning_while_the_rest_arrives(owner, drive):
    link, folder = to_drive(owner, drive)
    data = content(3 * PART + 5)
    before = set(drive.sessions)
    upload_id = link.opened("big.bin", len(data))
    link.chunk(upload_id, 2 * PART, data[2 * PART :], len(data)).expect(200)
    link.chunk(upload_id, 0, data[:PART], len(data)).expect(200)

    def beginning() -> int:
        return sum(len(drive.sessions[each].data) for each in set(drive.sessions) - before)

    eventually(lambda: beginning() == PART, seconds=SECONDS, what="the first part on the drive")
    link.chunk(upload_id, PART, data[PART : 2 * PART], len(data)).expect(200)
    wait_until_done(link, "big.bin")
    assert on_drive(drive, folder) == {"big.bin": data}


def test_cancelling_an_upload_takes_back_what_went_on(owner, store, sender):
    link, bucket = to_s3(owner, store)
    data = content(3 * PART)
    upload_id = link.opened("big.bin", len(data))
    link.chunk(upload_id, 0, data[:PART], len(data)).expect(200)
    eventually(lambda: store.unfinished(bucket) == ["big.bin"], seconds=SECONDS, what="the upload at the store")
    link.cancel(upload_id).expect(204)
    eventually(lambda: store.unfinished(bucket) == [], seconds=SECONDS, what="the abort")
    eventually(lambda: upload_id not in in_outbox(sender.data_dir), seconds=SECONDS)
    assert store.objects(bucket) == {}


def test_taking_a_file_back_stops_its_way(owner, drive, sender):
    link, folder = to_drive(owner, drive)
    reached, go_on = threading.Event(), threading.Event()

    def hold(call: Call) -> None:
        reached.set()
        go_on.wait(SECONDS)

    drive.fail(Kind.CHUNK, hold)
    upload_id = deliver(link, "big.bin", content(3 * PART))
    assert reached.wait(SECONDS)
    link.cancel(upload_id).expect(204)
    go_on.set()
    drive.heal()
    eventually(lambda: upload_id not in in_outbox(sender.data_dir), seconds=SECONDS, what="the outbox to forget it")
    assert on_drive(drive, folder) == {}
    assert link.files() == []


def test_what_is_about_to_appear_elsewhere_can_no_longer_be_taken_back(owner, drive):
    link, folder = to_drive(owner, drive)
    data = content(3 * PART + 5)
    reached, go_on = threading.Event(), threading.Event()

    def hold(call: Call) -> None:
        if call.first == 3 * PART:
            reached.set()
            go_on.wait(SECONDS)

    drive.fail(Kind.CHUNK, hold)
    upload_id = deliver(link, "big.bin", data)
    assert reached.wait(SECONDS)
    link.cancel(upload_id).expect(409, "upload_complete")
    go_on.set()
    wait_until_done(link, "big.bin")
    link.cancel(upload_id).expect(409, "upload_complete")
    assert on_drive(drive, folder) == {"big.bin": data}
    assert (link.disk / "big.bin").read_bytes() == data


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(500), Fault(503)],
        [Fault(429, "rateLimitExceeded", retry_after=1)],
        [Fault(403, "userRateLimitExceeded")],
        [Fault(cut=True)],
        [Fault(take=256 * 1024), Fault(take=0)],
        [Fault(mute=True)],
        [Fault(forget=True)],
        [Fault(410)],
    ],
    ids=["5xx", "429", "403 rate", "cut", "takes less", "reply lost", "forgotten", "gone"],
)
def test_the_drive_has_a_bad_day(owner, drive, faults):
    link, folder = to_drive(owner, drive)
    data = content(2 * PART + 7)
    left = list(faults)
    drive.fail(Kind.CHUNK, lambda call: left.pop(0) if left and call.first >= PART else None)
    deliver(link, "x.bin", data)
    wait_until_done(link, "x.bin")
    assert left == []
    assert on_drive(drive, folder) == {"x.bin": data}


@pytest.mark.parametrize(
    "troubles",
    [
        {1: [Trouble(500, "InternalError"), Trouble(503, "SlowDown")], 2: [Trouble(cut=True)], 3: [Trouble(mute=True)]},
        {2: [Trouble(429, "TooManyRequests"), Trouble(forget=True)]},
    ],
    ids=["refused, cut, reply lost", "429, forgotten"],
)
def test_the_store_has_a_bad_day(owner, store, troubles):
    link, bucket = to_s3(owner, store)
    data = content(2 * PART + 7)
    store.part_fault = lambda part: troubles[part].pop(0) if troubles.get(part) else None
    deliver(link, "x.bin", data)
    wait_until_done(link, "x.bin")
    assert not any(troubles.values())
    assert store.objects(bucket) == {"x.bin": data}
    assert store.unfinished(bucket) == []


def test_a_store_that_lets_nobody_in_is_told_and_leaves_the_local_copy(owner, store):
    link, bucket = to_s3(owner, store)
    data = content(2 * PART)
    store.part_fault = lambda part: Trouble(403, "AccessDenied")
    deliver(link, "x.bin", data)
    eventually(lambda: passed_on(link, "x.bin")["state"] == "failed", seconds=SECONDS, what="the refusal")
    failed = passed_on(link, "x.bin")
    assert "AccessDenied" in failed["error"]
    assert (failed["reason"], failed["said"][:12]) == ("refused", "AccessDenied")
    assert (link.disk / "x.bin").read_bytes() == data
    store.part_fault = lambda _: None
    owner.call("POST", f"{link.path}/files/x.bin/pass-on", owner=True).expect(202)
    wait_until_done(link, "x.bin")
    assert store.objects(bucket) == {"x.bin": data}


def test_a_slow_remote_holds_up_neither_senders_nor_another_remote(live, store, drive):
    """One worker, and more files for the slow one than it passes on at once."""
    server = live(workers=1, **store.settings, **drive.settings)
    owner = Client.of(server)
    slow, folder = to_drive(owner, drive)
    fast, bucket = to_s3(owner, store)
    go_on = threading.Event()

    def hold(call: Call) -> None:
        go_on.wait(SECONDS)

    drive.fail(Kind.CHUNK, hold)
    wanted = {f"{number}.bin": content(1000 + number) for number in range(6)}
    before = len(drive.calls)
    for name, data in wanted.items():
        deliver(slow, name, data)

    def held() -> int:
        return sum(call.kind is Kind.CHUNK for call in drive.calls[before:])

    eventually(lambda: held() >= 3, seconds=SECONDS, what="it to be slow")
    data = content(2 * PART + 1)
    deliver(fast, "x.bin", data)
    wait_until_done(fast, "x.bin")
    assert not go_on.is_set()
    assert store.objects(bucket) == {"x.bin": data}
    assert on_drive(drive, folder) == {}
    go_on.set()
    wait_until_done(slow, *wanted)
    assert on_drive(drive, folder) == wanted


def test_a_refusal_that_lasts_is_shown_and_trying_again_helps(owner, drive, sender):
    link, folder = to_drive(owner, drive)
    drive.fail(Kind.BEGIN, lambda _: Fault(403, "storageQuotaExceeded"))
    deliver(link, "x.bin", b"hello")
    eventually(lambda: passed_on(link, "x.bin")["state"] == "failed", seconds=SECONDS, what="the refusal")
    told = passed_on(link, "x.bin")
    assert (told["error"], told["attempts"], told["remote"]) == ("The Google Drive is full.", 1, None)
    assert (link.disk / "x.bin").read_bytes() == b"hello"
    drive.heal()
    again = owner.call("POST", f"{link.path}/files/x.bin/pass-on", owner=True).expect(202).json
    assert again["passed_on"]["attempts"] == 0
    wait_until_done(link, "x.bin")
    assert on_drive(drive, folder) == {"x.bin": b"hello"}
    owner.call("POST", f"{link.path}/files/x.bin/pass-on", owner=True).expect(202)
    assert passed_on(link, "x.bin")["state"] == "done"


def test_a_bucket_that_is_missing_is_told_and_the_local_copy_stays(owner, store):
    name = f"b-{uuid4().hex}"
    link = owner.make_link(destination={"kind": "s3", "bucket": name})
    data = content(PART + 1)
    deliver(link, "x.bin", data)
    eventually(lambda: passed_on(link, "x.bin")["state"] == "failed", seconds=SECONDS, what="the refusal")
    assert "NoSuchBucket" in passed_on(link, "x.bin")["error"]
    assert link.download("x.bin").expect(200).body == data
    store.bucket(name)
    owner.call("POST", f"{link.path}/files/x.bin/pass-on", owner=True).expect(202)
    wait_until_done(link, "x.bin")
    assert store.objects(name) == {"x.bin": data}


def test_files_from_before_there_was_a_destination_go_when_asked(owner, store):
    link = owner.make_link()
    deliver(link, "old.bin", b"old")
    assert link.files()[0]["passed_on"] is None
    owner.call("POST", f"{link.path}/files/old.bin/pass-on", owner=True).expect(400, "invalid_request")
    bucket = store.bucket(f"b-{uuid4().hex}")
    link.change(destination={"kind": "s3", "bucket": bucket}).expect(200)
    assert link.files()[0]["passed_on"] is None
    owner.call("POST", f"{link.path}/files/old.bin/pass-on", owner=True).expect(202)
    eventually(lambda: store.objects(bucket) == {"old.bin": b"old"}, seconds=SECONDS)


def test_only_the_owner_sees_and_does_any_of_it(owner, store):
    link, bucket = to_s3(owner, store)
    assert "destination" not in link.info().json
    assert link.info().json["passed_on_to"] == "s3"
    assert bucket not in json.dumps(link.info().json)
    owner.call("POST", f"{link.path}/files/x/pass-on").expect(401, "unauthorized")
    shown = link.change().expect(200).json["destination"]
    assert shown == {"kind": "s3", "bucket": bucket, "prefix": ""}


@pytest.mark.parametrize(
    "destination",
    [
        {"kind": "ftp"},
        {"kind": "s3"},
        {"kind": "s3", "bucket": "Not A Bucket"},
        {"kind": "s3", "bucket": "abc", "prefix": "../up"},
        {"kind": "drive", "folder_id": "a'b"},
        {"kind": "session"},
        "s3",
    ],
)
def test_a_destination_that_makes_no_sense_is_refused(owner, destination):
    reply = owner.call("POST", "/api/droppr/requests", json={"folder": "x", "destination": destination}, owner=True)
    reply.expect(400, "invalid_request")
    assert "destination" in reply.json["fields"]


def test_missing_credentials_are_told_when_the_link_is_made(client: Client) -> None:
    body = {"folder": "x", "destination": {"kind": "drive", "folder_id": "abc"}}
    reply = client.call("POST", "/api/droppr/requests", json=body, owner=True).expect(400, "destination_not_ready")
    assert "DROPPR_DRIVE_REFRESH_TOKEN" in reply.json["error"]


def test_figures_tell_of_the_queue_and_of_no_secret(owner, drive, sender):
    link, _ = to_drive(owner, drive)
    drive.fail(Kind.BEGIN, lambda _: Fault(403, "insufficientFilePermissions"))
    deliver(link, "x.bin", b"x")
    eventually(lambda: passed_on(link, "x.bin")["state"] == "failed", seconds=SECONDS)

    def status() -> dict[str, Any]:
        told: dict[str, Any] = owner.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json
        return told

    assert status()["destinations"]["failed"] >= 1
    assert status()["destinations"]["bytes_left"] >= 1
    # What was lent for it comes back, and it is counted, a moment after it is noted.
    eventually(lambda: status()["buffer_pool"]["in_use"] == 0, what="buffers to come back")
    deliver(link, "big.bin", content(2 * PART))

    def is_counted() -> bool:
        metrics = owner.call("GET", "/metrics", owner=True).expect(200).body.decode()
        return 'droppr_passed_on_total{kind="drive",outcome="failed"}' in metrics

    eventually(is_counted, what="the failure to be counted")
    log = sender.log.read_text()
    assert "upload_id=" not in log
    assert "refresh-me" not in log


def number(client: Client, name: str) -> float:
    """One of the numbers at /metrics."""
    text = client.call("GET", "/metrics", owner=True).expect(200).body.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def kill_one_worker(server: LiveServer) -> None:
    """SIGKILL the worker that passes a file on: it has the file open in which it holds that name."""
    locks = server.data_dir / "catalogue" / "catalogue.turns"
    victims = [pid for pid in server.worker_pids() if any(_is(fd, locks) for fd in Path(f"/proc/{pid}/fd").iterdir())]
    assert victims
    os.kill(victims.pop(), signal.SIGKILL)


def _is(descriptor: Path, file: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return descriptor.samefile(file)
    return False


def test_a_worker_that_dies_in_the_middle_is_taken_over(owner, drive, sender):
    if LiveServer.new_database:
        pytest.skip("which worker it is stands in the locks of a catalogue in the data folder")
    link, folder = to_drive(owner, drive)
    data = content(3 * PART + 9)
    reached, dead = threading.Event(), threading.Event()

    def hold(call: Call) -> None:
        if call.first == 2 * PART and not dead.is_set():
            reached.set()
            dead.wait(SECONDS)

    drive.fail(Kind.CHUNK, hold)
    deliver(link, "x.bin", data)
    assert reached.wait(SECONDS)
    kill_one_worker(sender)
    dead.set()
    # By connections of its own: one that led to the dead worker is dead, too.
    fresh = Client.of(sender)
    wait_until_done(link.seen_by(fresh), "x.bin")
    assert on_drive(drive, folder) == {"x.bin": data}
    # Nothing of what the dead one held is left in any count.
    eventually(lambda: held_by(fresh) == (0, 0, 0, 0), seconds=SECONDS, what="the counts to return to zero")


def held_by(client: Client) -> tuple[float, ...]:
    """Uploads that have a place or wait for one, buffers that are lent, and memory that is reserved for no buffer."""
    told = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json
    places, reserved = told["concurrency"], told["memory_monitor"]["reserved_bytes"]
    return (
        places["running_uploads"],
        places["waiting_uploads"],
        number(client, "droppr_buffers_in_use"),
        reserved - number(client, "droppr_buffer_bytes"),
    )


@pytest.mark.parametrize("kind", ["s3", "drive"])
def test_killed_in_the_middle_and_started_again_it_arrives_exactly_once(live, store, drive, kind):
    with_both = {**store.settings, **drive.settings}
    server = live(workers=2, **with_both)
    owner = Client.of(server)
    data = content(4 * PART + 99)
    link, where = to_s3(owner, store) if kind == "s3" else to_drive(owner, drive)
    reached, dead = threading.Event(), threading.Event()

    def hold(call: Call) -> None:
        if call.first == 2 * PART and not dead.is_set():
            reached.set()
            dead.wait(SECONDS)

    drive.fail(Kind.CHUNK, hold)
    upload_id = link.opened("x.bin", len(data))
    link.chunk(upload_id, 0, data[: 3 * PART], len(data), headers={}).expect(200)
    if kind == "s3":
        eventually(lambda: store.unfinished(where) == ["x.bin"], seconds=SECONDS, what="the upload at the store")
    else:
        assert reached.wait(SECONDS)
    link.chunk(upload_id, 3 * PART, data[3 * PART :], len(data)).expect(200)
    server.kill()
    dead.set()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (server.data_dir / "catalogue").rglob("*"))
    server.start()
    wait_until_done(link, "x.bin")
    assert (store.objects(where) if kind == "s3" else on_drive(drive, where)) == {"x.bin": data}
    # It is done before it is forgotten, or a death in between would lose it.
    eventually(lambda: in_outbox(server.data_dir) == set(), what="the outbox to forget it")
    if kind == "s3":
        eventually(lambda: store.unfinished(where) == [], what="the upload at the store to be over")


def test_what_was_received_while_the_remote_was_down_goes_when_it_is_back(live, store):
    """Even what the outbox lost meanwhile: the link's ledger knows what is owed."""
    server = live(workers=1, **{**store.settings, "DROPPR_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}"})
    link, bucket = to_s3(Client.of(server), store)
    kept, lost = deliver(link, "kept.bin", b"kept"), deliver(link, "lost.bin", b"lost")
    for path in ("kept.bin", "lost.bin"):
        eventually(lambda path=path: passed_on(link, path)["state"] == "retrying", seconds=SECONDS, what="the failure")  # type: ignore[misc]
    assert "does not answer" in passed_on(link, "kept.bin")["error"]
    server.kill()
    assert in_outbox(server.data_dir) == {kept, lost}
    outbox_of(server.data_dir).remove(lost)
    server._env.update(store.settings)
    server.start()
    wait_until_done(link, "kept.bin", "lost.bin")
    assert store.objects(bucket) == {"kept.bin": b"kept", "lost.bin": b"lost"}
