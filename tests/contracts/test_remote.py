"""What every Remote promises: S3, Google Drive, and a folder that behaves like one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from app.core.backoff import Backoff
from app.core.ports.remotes import Remote
from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason
from app.core.remotes import OutgoingFile, RemoteTarget, RemoteTrouble, TargetKind, TransferLost
from app.services.chunk_buffer_pool import BUFFER_SIZES, ChunkBufferPool
from app.services.circuit_breaker import CircuitBreaker
from app.services.parallel_chunk_processor import ParallelChunkProcessor, Transfer, chunk_size_for
from app.storage.cloud.google_drive import DriveApi, DriveSettings, GoogleDrive
from app.storage.cloud.http2 import STALLED_SECONDS
from app.storage.cloud.s3_remote import S3Remote, S3Settings
from tests.support.drive import REFRESH_TOKEN, ROOT, FakeDrive, Fault, Kind, service_account_file
from tests.support.files import content, spans
from tests.support.http2 import Http2Front, http2_front
from tests.support.memory import Memory
from tests.support.proxy import BadLine
from tests.support.remotes import FolderRemote, reader
from tests.support.s3 import KEY, Store, running_store

MIB = 1024 * 1024
PART = 5 * MIB
"""The smallest that S3 takes in the middle of a file."""


@dataclass
class Far:
    """A remote and how to look at what it holds in the end."""

    remote: Remote
    stored: Callable[[], dict[str, bytes]]
    make: Callable[[], Remote]
    """The same place as another process would reach it."""


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_store() as running:
        yield running


@pytest.fixture
def drive() -> Iterator[FakeDrive]:
    with FakeDrive().running() as running:
        yield running
        assert running.violations == []


def s3(store: Store, part_size_for: Callable[[int], int] = lambda _: PART) -> Far:
    bucket = store.bucket(f"b-{uuid4().hex}")
    place = RemoteTarget(TargetKind.S3, bucket=bucket, prefix="in/box")
    settings = S3Settings(store.url, "us-east-1", KEY["aws_access_key_id"], KEY["aws_secret_access_key"])

    def make() -> Remote:
        return S3Remote(place, settings, part_size_for)

    def stored() -> dict[str, bytes]:
        return {key.removeprefix("in/box/"): data for key, data in store.objects(bucket).items()}

    return Far(make(), stored, make)


def drive_settings(drive: FakeDrive, **more: Any) -> DriveSettings:
    known = {"client_id": "c", "client_secret": "s", "refresh_token": REFRESH_TOKEN}
    return DriveSettings(token_url=f"{drive.url}/token", api_url=drive.url, **{**known, **more})


def google(drive: FakeDrive, stalled_seconds: float = STALLED_SECONDS, **more: Any) -> Far:
    settings = drive_settings(drive, **more)

    def make() -> Remote:
        place = RemoteTarget(TargetKind.DRIVE, folder_id=ROOT)
        api = DriveApi(settings, stalled_seconds)
        return GoogleDrive(place, settings, lambda _: PART, lambda _: nullcontext(), api)

    return Far(make(), drive.stored, make)


@pytest.fixture
def drive_over_http2(
    drive: FakeDrive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FakeDrive, Http2Front]]:
    with http2_front(tmp_path / "front", drive.port) as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(front.cafile))
        drive.url = front.url
        yield drive, front
        assert {each.protocol for each in front.seen()} == {"HTTP/2.0"}


@pytest.fixture(params=["s3", "drive", "drive over HTTP/2", "folder", "folder in order"])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Far:
    if request.param == "s3":
        return s3(request.getfixturevalue("store"))
    if request.param == "drive":
        return google(request.getfixturevalue("drive"))
    if request.param == "drive over HTTP/2":
        return google(request.getfixturevalue("drive_over_http2")[0])
    root, in_order = tmp_path / "remote", request.param.endswith("order")

    def stored() -> dict[str, bytes]:
        files = (each for each in root.rglob("*") if each.is_file() and not each.parent.name.startswith("."))
        return {str(each.relative_to(root)): each.read_bytes() for each in files}

    return Far(FolderRemote(root, in_order=in_order, part=PART), stored, lambda: FolderRemote(root, part=PART))


def outgoing(data: bytes, path: str = "a/b c/ü.bin") -> OutgoingFile:
    return OutgoingFile(uuid4().hex, path, len(data))


def send(far: Far, transfer: str, file: OutgoingFile, data: bytes, parts: list[tuple[int, int]]) -> None:
    for start, stop in parts:
        assert far.remote.send(transfer, file, Span(start, stop), reader(data)).length == stop - start


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 12345])
def test_a_file_arrives_byte_for_byte_and_only_when_it_is_finished(far, size):
    data = content(size)
    file = outgoing(data)
    far.remote.check()
    transfer = far.remote.begin(file)
    parts = spans(size, far.remote.part_size(size))
    if len(parts) > 1:
        send(far, transfer, file, data, parts[:-1])
        assert far.stored() == {}
        send(far, transfer, file, data, parts[-1:])
    else:
        send(far, transfer, file, data, parts)
    assert far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {file.path: data}


def test_finishing_again_finds_its_own_work(far):
    data = content(PART + 1)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    send(far, transfer, file, data, spans(len(data), PART))
    first = far.remote.finish(transfer, file, reader(data), {})
    other = far.make()
    assert other.held(transfer, file).length == file.size
    assert other.finish(transfer, file, reader(data), {}) == first
    assert list(far.stored()) == [file.path]


def test_another_process_goes_on_where_the_first_one_died(far):
    data = content(3 * PART + 7)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    parts = spans(len(data), PART)
    assert far.remote.held(transfer, file).length == 0
    send(far, transfer, file, data, parts[:2])
    far.remote = far.make()
    held = far.remote.held(transfer, file)
    assert held.prefix == 2 * PART
    send(far, transfer, file, data, parts[2:])
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {file.path: data}


def test_a_part_sent_twice_counts_once(far):
    data = content(PART + 9)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    parts = spans(len(data), PART)
    send(far, transfer, file, data, [*parts[:1], *parts[:1], *parts[1:]])
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {file.path: data}


def test_what_was_aborted_is_lost_and_leaves_nothing(far):
    data = content(2 * PART)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    send(far, transfer, file, data, spans(len(data), PART)[:1])
    far.remote.abort(transfer)
    far.remote.abort(transfer)
    with pytest.raises(TransferLost):
        far.remote.held(transfer, file)
    with pytest.raises(RemoteTrouble):
        far.remote.send(transfer, file, Span(PART, 2 * PART), reader(data))
    assert far.stored() == {}


def test_bytes_that_are_not_the_local_ones_never_count(far):
    data = content(2 * PART)
    other = bytearray(data)
    other[PART + 5] ^= 1
    file = outgoing(data)
    transfer = far.remote.begin(file)
    send(far, transfer, file, bytes(other), spans(len(data), PART))
    with pytest.raises(TransferLost):
        far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {}


def test_s3_takes_parts_in_any_order(store):
    far = s3(store)
    data = content(3 * PART + 1)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    send(far, transfer, file, data, spans(len(data), PART)[::-1])
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {file.path: data}


def test_s3_takes_parts_that_are_larger_than_any_buffer(store):
    """They lie in no buffer, neither a pooled one nor one of boto3: they are read in small pieces while they are sent."""
    large = BUFFER_SIZES[-1] + 3 * MIB
    far = s3(store, lambda _: large)
    data = content(2 * large + 5)
    file = outgoing(data)
    transfer = far.remote.begin(file)
    pool = ChunkBufferPool(Memory().reserve)
    pieces: set[int] = set()

    def read(offset: int, buffer: memoryview) -> None:
        if offset < 2 * large:
            pieces.add(len(buffer))
        reader(data)(offset, buffer)

    processor = ParallelChunkProcessor(pool, Backoff(0.01, 0.01, lambda: 0.5))
    parts = [Span(start, stop) for start, stop in spans(len(data), large)]
    processor.send(Transfer(far.remote, transfer, file, read, CircuitBreaker()), parts)
    assert max(pieces) <= MIB
    assert pool.figures().misses == 1  # For the last few bytes.
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {file.path: data}


@pytest.mark.parametrize(
    ("size", "part"),
    [
        (99 * MIB, 8 * MIB),
        (32 * MIB * 10_000, 32 * MIB),
        (32 * MIB * 10_000 + 1, 33 * MIB),
        (5 * 1024**4, 525 * MIB),
    ],
)
def test_s3_gets_no_more_parts_than_it_takes(size, part):
    remote = S3Remote(RemoteTarget(TargetKind.S3, bucket="b"), S3Settings(), chunk_size_for)
    assert remote.part_size(size) == part
    assert -(-size // part) <= 10_000


def test_a_file_that_s3_cannot_take_is_refused_for_good():
    remote = S3Remote(RemoteTarget(TargetKind.S3, bucket="b"), S3Settings(), chunk_size_for)
    with pytest.raises(RemoteTrouble, match="5 TiB") as caught:
        remote.begin(OutgoingFile("u", "x", 5 * 1024**4 + 1))
    assert caught.value.lasting


@pytest.mark.parametrize("size", [10, PART + 10])
def test_s3_replaces_no_object(store, size):
    far = s3(store)
    for seed in range(3):
        data = content(size, seed)
        file = outgoing(data, "x/same.bin")
        transfer = far.remote.begin(file)
        send(far, transfer, file, data, spans(size, PART))
        far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {
        "x/same.bin": content(size, 0),
        "x/same (1).bin": content(size, 1),
        "x/same (2).bin": content(size, 2),
    }


@pytest.mark.parametrize("size", [10, PART + 10])
def test_s3_notices_a_name_that_was_taken_meanwhile(store, size):
    far = s3(store)
    first, second = content(size, 1), content(size, 2)
    files = [outgoing(first, "same"), outgoing(second, "same")]
    transfers = [far.remote.begin(file) for file in files]
    send(far, transfers[0], files[0], first, spans(size, PART))
    far.remote.finish(transfers[0], files[0], reader(first), {})

    def pass_on() -> None:
        send(far, transfers[1], files[1], second, spans(size, PART))
        far.remote.finish(transfers[1], files[1], reader(second), {})

    with pytest.raises(TransferLost):
        pass_on()
    assert far.stored() == {"same": first}


def test_s3_compares_the_parts_it_lists_without_reading_them_again(store):
    far = s3(store)
    file, data, transfer = begun(far, 3 * PART + 5)
    parts = spans(len(data), PART)
    digests: dict[int, str] = {}
    for start, stop in parts:
        taken = far.remote.send(transfer, file, Span(start, stop), reader(data))
        assert taken.digest == hashlib.md5(data[start:stop]).hexdigest()
        digests[start] = taken.digest
    # Whoever sent the second part died before that was noted.
    del digests[PART]
    read: list[Span] = []

    def counting(offset: int, buffer: memoryview) -> None:
        read.append(Span(offset, offset + len(buffer)))
        reader(data)(offset, buffer)

    assert far.remote.finish(transfer, file, counting, digests)
    assert list(ByteRanges(read)) == [Span(PART, 2 * PART)]
    assert far.stored() == {"x": data}


def test_s3_finishes_nothing_whose_parts_are_not_those_that_were_sent(store):
    far = s3(store)
    file, data, transfer = begun(far, PART + 5)
    send(far, transfer, file, data, spans(len(data), PART))
    with pytest.raises(TransferLost):
        far.remote.finish(transfer, file, reader(data), {PART: hashlib.md5(b"other").hexdigest()})
    assert far.stored() == {}


def test_s3_says_what_is_wrong_without_secrets(store):
    place = RemoteTarget(TargetKind.S3, bucket="there-is-no-such-bucket")
    remote = S3Remote(place, S3Settings(store.url, "us-east-1", "k", "very-secret"), lambda _: PART)
    with pytest.raises(RemoteTrouble, match="NoSuchBucket") as caught:
        remote.begin(OutgoingFile("u", "x", PART + 1))
    assert caught.value.lasting
    assert caught.value.reason is Reason.NO_SUCH
    assert caught.value.said is not None
    assert "NoSuchBucket" in caught.value.said
    assert "very-secret" not in caught.value.said
    away = S3Remote(place, S3Settings("http://127.0.0.1:9", "us-east-1", "k", "very-secret"), lambda _: PART)
    with pytest.raises(RemoteTrouble, match="does not answer") as caught:
        away.begin(OutgoingFile("u", "x", PART + 1))
    assert not caught.value.lasting
    assert caught.value.reason is Reason.UNREACHABLE
    assert "very-secret" not in f"{caught.value} {caught.value.said}"


@pytest.fixture
def lacking(store, monkeypatch) -> Far:
    """A store that makes no object on the condition that there is none, as OpenStack Swift does."""
    far = s3(store)
    said = {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}

    def refuse(**_: object) -> None:
        raise ClientError(said, "PutObject")

    assert isinstance(far.remote, S3Remote)
    monkeypatch.setattr(far.remote._client, "put_object", refuse)
    return far


def test_s3_replaces_no_object_where_only_parts_become_one_on_condition(lacking, store):
    first, second = content(10, 1), content(20, 2)
    files = [outgoing(first, "same"), outgoing(second, "same")]
    transfers = [lacking.remote.begin(file) for file in files]
    send(lacking, transfers[0], files[0], first, [(0, 10)])
    assert lacking.remote.finish(transfers[0], files[0], reader(first), {})
    with pytest.raises(TransferLost):
        send(lacking, transfers[1], files[1], second, [(0, 20)])
    assert lacking.stored() == {"same": first}
    assert store.unfinished(lacking.remote._target.bucket) == []


def test_a_store_that_lacks_something_is_not_asked_again_and_again(lacking):
    file = outgoing(b"", "empty")
    with pytest.raises(RemoteTrouble, match="lacks what files are passed on with") as caught:
        lacking.remote.finish(lacking.remote.begin(file), file, reader(b""), {})
    assert (caught.value.lasting, caught.value.reason, caught.value.said) == (True, Reason.REFUSED, "NotImplemented")


def test_drive_keeps_folders_and_makes_each_once(drive):
    far = google(drive)
    for name in ("a/b/1", "a/b/2", "a/it's a \\ test/3", "4"):
        file = outgoing(b"x" * 10, name)
        transfer = far.remote.begin(file)
        send(far, transfer, file, b"x" * 10, [(0, 10)])
        far.remote.finish(transfer, file, reader(b"x" * 10), {})
    assert sorted(far.stored()) == ["4", "a/b/1", "a/b/2", "a/it's a \\ test/3"]
    folders = [file["name"] for file in drive.files.values() if file.get("mimeType", "").endswith(".folder")]
    assert sorted(folders) == ["a", "b", "it's a \\ test", "root"]


def test_drive_is_reached_with_a_service_account_too(drive, tmp_path):
    key = service_account_file(tmp_path / "key.json", drive)
    far = google(drive, service_account_file=key, refresh_token="")
    file = outgoing(b"x", "x")
    transfer = far.remote.begin(file)
    send(far, transfer, file, b"x", [(0, 1)])
    far.remote.finish(transfer, file, reader(b"x"), {})
    assert far.stored() == {"x": b"x"}


@contextmanager
def once(drive: FakeDrive, fault: Fault) -> Iterator[None]:
    """The next chunk fails, and only that one."""
    left = [fault]
    drive.fail(Kind.CHUNK, lambda _: left.pop() if left else None)
    yield
    assert left == []


def begun(far: Far, size: int = 2 * PART) -> tuple[OutgoingFile, bytes, str]:
    data = content(size)
    file = outgoing(data, "x")
    return file, data, far.remote.begin(file)


def test_drive_is_believed_when_it_takes_less(drive):
    far = google(drive)
    file, data, transfer = begun(far)
    with once(drive, Fault(take=3 * 256 * 1024)):
        assert far.remote.send(transfer, file, Span(0, PART), reader(data)).length == 3 * 256 * 1024
    with once(drive, Fault(take=0)):
        at = 3 * 256 * 1024
        assert far.remote.send(transfer, file, Span(at, PART), reader(data)).length == 0


def test_drive_is_asked_after_a_connection_broke(drive):
    far = google(drive)
    file, data, transfer = begun(far)
    with once(drive, Fault(cut=True)), pytest.raises(RemoteTrouble, match="does not answer") as caught:
        far.remote.send(transfer, file, Span(0, PART), reader(data))
    assert "upload_id" not in str(caught.value)
    assert far.remote.held(transfer, file).prefix == PART // 2 // (256 * 1024) * 256 * 1024


def test_files_at_once_do_not_get_into_each_others_way(drive_over_http2):
    drive, front = drive_over_http2
    far = google(drive)
    data = content(6 * PART)
    together = Barrier(4)

    def pass_on(number: int) -> None:
        file = outgoing(data, str(number))
        transfer = far.remote.begin(file)
        together.wait(100)
        send(far, transfer, file, data, spans(len(data), PART))
        far.remote.finish(transfer, file, reader(data), {})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(pass_on, range(4)))
    assert far.stored() == {str(number): data for number in range(4)}
    assert len({each.connection for each in front.seen()}) <= 4


def test_a_connection_that_is_cut_in_the_middle_is_made_anew(drive_over_http2):
    drive, front = drive_over_http2
    with BadLine(front.port, cut_after=PART * 3 // 2) as line:
        drive.url = line.url.replace("http://127.0.0.1", "https://localhost")
        far = google(drive)
        file, data, transfer = begun(far)
        send(far, transfer, file, data, [(0, PART)])
        with pytest.raises(RemoteTrouble, match="does not answer"):
            send(far, transfer, file, data, [(PART, 2 * PART)])
        assert far.remote.held(transfer, file).prefix == PART
        send(far, transfer, file, data, [(PART, 2 * PART)])
        far.remote.finish(transfer, file, reader(data), {})
        assert line.cuts == 1
    assert far.stored() == {"x": data}
    assert len({each.connection for each in front.seen()}) == 2


def test_a_server_that_stops_taking_is_asked_what_it_has(drive_over_http2):
    """An HTTP/2 server may answer before it has the body, and take no more of it."""
    drive, front = drive_over_http2
    # A busy machine must not look like a server that has stopped.
    far = google(drive, stalled_seconds=2.0)
    file, data, transfer = begun(far)
    with once(drive, Fault(cut=True)), pytest.raises(RemoteTrouble, match="does not answer"):
        far.remote.send(transfer, file, Span(0, PART), reader(data))
    half = far.remote.held(transfer, file).prefix
    assert half == PART // 2 // (256 * 1024) * 256 * 1024
    send(far, transfer, file, data, [(half, PART), (PART, 2 * PART)])
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {"x": data}
    # The connection that was stuck is not used again.
    assert len({each.connection for each in front.seen()}) == 2


def test_drive_has_the_file_although_the_last_reply_was_lost(drive):
    far = google(drive)
    file, data, transfer = begun(far, PART)
    with once(drive, Fault(mute=True)), pytest.raises(RemoteTrouble):
        far.remote.send(transfer, file, Span(0, PART), reader(data))
    assert far.remote.held(transfer, file).length == PART
    drive.sessions.clear()
    assert far.remote.held(transfer, file).length == PART
    far.remote.finish(transfer, file, reader(data), {})
    assert far.stored() == {"x": data}


@pytest.mark.parametrize(
    ("fault", "lasting", "words", "reason"),
    [
        (Fault(429, "rateLimitExceeded", retry_after=7), False, "rateLimitExceeded", Reason.TOO_MANY),
        (Fault(403, "userRateLimitExceeded"), False, "userRateLimitExceeded", Reason.TOO_MANY),
        (Fault(403, "dailyLimitExceeded"), False, "dailyLimitExceeded", Reason.TOO_MANY),
        (Fault(403, "storageQuotaExceeded"), True, "is full", Reason.FULL),
        (Fault(403, "insufficientFilePermissions"), True, "may not write", Reason.REFUSED),
        (Fault(500, "backendError"), False, "backendError", Reason.TROUBLE),
        (Fault(503), False, "503", Reason.TROUBLE),
        (Fault(408), False, "408", Reason.TIMED_OUT),
        (Fault(400, "badRequest"), True, "badRequest", Reason.REFUSED),
    ],
    ids=lambda value: getattr(value, "reason", None) or str(getattr(value, "status", "")) or None,
)
def test_drives_refusals_are_told_apart(drive, fault, lasting, words, reason):
    far = google(drive)
    file, data, transfer = begun(far)
    with once(drive, fault), pytest.raises(RemoteTrouble, match=words) as caught:
        far.remote.send(transfer, file, Span(0, PART), reader(data))
    assert caught.value.lasting is lasting
    assert caught.value.reason is reason
    assert caught.value.said is not None
    assert (fault.reason or str(fault.status)) in caught.value.said
    assert not isinstance(caught.value, TransferLost)
    if fault.retry_after:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_drive_forgot_is_lost(drive, status):
    far = google(drive)
    file, data, transfer = begun(far)
    with once(drive, Fault(status)), pytest.raises(TransferLost):
        far.remote.send(transfer, file, Span(0, PART), reader(data))


def test_a_token_that_was_taken_away_is_renewed(drive):
    far = google(drive)
    begun(far)
    drive.tokens.clear()
    with pytest.raises(RemoteTrouble, match="token") as caught:
        far.remote.begin(outgoing(b"y"))
    assert not caught.value.lasting
    assert far.remote.begin(outgoing(b"y", "y"))


@pytest.mark.parametrize("missing", [{"refresh_token": ""}, {"service_account_file": Path("/does/not/exist")}])
def test_missing_credentials_are_told(drive, missing):
    with pytest.raises(RemoteTrouble, match="DROPPR_DRIVE_") as caught:
        google(drive, **missing).remote.check()
    assert caught.value.lasting


def test_wrong_credentials_are_told(drive):
    far = google(drive, refresh_token="another")
    far.remote.check()
    with pytest.raises(RemoteTrouble, match="does not accept this server's credentials") as caught:
        far.remote.begin(outgoing(b"x"))
    assert caught.value.lasting


def test_googles_own_client_is_content_with_the_fake(drive, tmp_path):
    """The fake is no easier than Google: their own library uploads to it, in chunks, over a connection that breaks."""
    from google.oauth2.credentials import Credentials
    from google_auth_httplib2 import AuthorizedHttp
    from googleapiclient.errors import HttpError
    from googleapiclient.http import HttpRequest, MediaFileUpload, build_http

    data = content(5 * 256 * 1024 + 99)
    path = tmp_path / "file.bin"
    path.write_bytes(data)
    credentials: Any = Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token=REFRESH_TOKEN, token_uri=f"{drive.url}/token", client_id="c", client_secret="s"
    )
    http = AuthorizedHttp(credentials, http=build_http())
    media = MediaFileUpload(str(path), mimetype="application/octet-stream", chunksize=256 * 1024, resumable=True)
    request = HttpRequest(
        http,
        lambda reply, text: text,
        f"{drive.url}/upload/drive/v3/files?uploadType=resumable",
        method="POST",
        body='{"name": "from google.bin"}',
        headers={"content-type": "application/json"},
        resumable=media,
    )
    troubles = [Fault(503), Fault(take=0)]
    drive.fail(Kind.CHUNK, lambda call: troubles.pop() if troubles and call.first == 2 * 256 * 1024 else None)
    finished = None
    while finished is None:
        try:
            _, finished = request.next_chunk()
        except HttpError:
            continue  # The 503; the client probes before it goes on.
    assert drive.stored() == {"from google.bin": data}
    assert hashlib.md5(data).hexdigest() in {file.get("md5Checksum") for file in drive.files.values()}
    assert troubles == []
