"""What senders ask for besides uploads, where it cannot be had at once or goes with something that was deleted."""

from __future__ import annotations

import itertools
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.core.actors import Credentials, sender
from app.core.errors import (
    Busy,
    FileNotFound,
    InvalidRequest,
    RateLimited,
    ReceiptNotReady,
    TypeNotAllowed,
    UploadNotFound,
)
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.core.sums import Sums
from app.services.receiving.commands import OpenUpload, ReceiveChunk
from app.services.receiving.openings import WHOLE_FILES_PER_OPENING
from app.services.receiving.whole_files import WHOLE_FILE_BYTES
from app.settings import Settings
from app.storage.disk.bodies import StreamBody
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.disk.unlinked_files import LocalUnlinkedFile
from app.storage.disk.upload import DiskUpload
from app.wiring import Services, build
from tests.support.actors import OWNER
from tests.support.clock import Now
from tests.support.files import content, eventually, files_below, sha256

DATA = content(3000)


def office(folder: Path, **settings: Any) -> tuple[Services, RequestLink]:
    """The services of a server, and a link of it."""
    services = build(Settings(data_dir=folder / "data", **settings), Now())
    return services, services.links.file_requests.create(RelPath.parse("in"), {}, OWNER)


def unhashed(services: Services, link: RequestLink, name: str) -> str:
    """A file that stands in the ledger as after a crash before its digest was written down."""
    file = ReceivedFile(f"id-of-{name}", name, name, len(DATA), 5.0)
    services.ground.requests.receive(link.hash, file)
    return file.upload_id


def test_a_digest_that_is_missing_is_computed_because_of_the_question(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    upload_ids = [unhashed(services, link, name) for name in ("a.bin", "b.bin")]
    for name in ("a.bin", "b.bin"):
        path = services.settings.data_dir / "files/in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DATA)
    with pytest.raises(ReceiptNotReady) as told:
        services.senders.receipts.issue(link.hash, upload_ids, "http://here", "192.0.2.1")
    assert told.value.details == {"retry_after": 1, "files_left": 2, "bytes_left": 2 * len(DATA)}

    def issued() -> Any:
        try:
            return services.senders.receipts.issue(link.hash, upload_ids, "http://here", "192.0.2.1")
        except ReceiptNotReady:
            return None

    receipt = eventually(issued, what="the digests")
    assert [file["sha256"] for file in receipt["files"]] == [sha256(DATA)] * 2


def test_of_a_file_that_was_taken_before_it_was_hashed_there_is_no_receipt(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    with pytest.raises(FileNotFound, match=r"a\.bin"):
        services.senders.receipts.issue(link.hash, [unhashed(services, link, "a.bin")], "http://here", "192.0.2.1")


def test_what_a_deleted_link_left_on_its_way_goes_with_the_sweep(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    opening = OpenUpload(RelPath.parse("b.bin"), 300_000)
    services.receiving.uploads.open(link.hash, opening, Credentials(sender("192.0.2.1")))
    services.ground.requests.delete(link.hash, OWNER)  # By a process that died right after it.
    assert services.sweep() == 1
    assert files_below(services.settings.data_dir / "uploads") == {}


def test_asking_for_folders_counts_as_opening(tmp_path: Path) -> None:
    services, link = office(tmp_path, rate_limit_uploads="2 per hour")
    who = Credentials(sender("192.0.2.1"))
    services.receiving.folders.make(link.hash, ["a"], who)
    services.receiving.uploads.open(link.hash, OpenUpload(RelPath.parse("b.bin"), 1), who)
    with pytest.raises(RateLimited) as told:
        services.receiving.folders.make(link.hash, ["c"], who)
    wait = told.value.details["retry_after"]
    assert isinstance(wait, int)
    assert wait > 3000
    assert not (services.settings.data_dir / "files/in/c").exists()


def test_twenty_files_that_come_whole_count_as_one_opening(tmp_path: Path) -> None:
    services, link = office(tmp_path, rate_limit_uploads="2 per hour", durability="none")
    ann, bob, owner = Credentials(sender("192.0.2.1")), Credentials(sender("192.0.2.2")), Credentials(OWNER)
    numbers = itertools.count()

    def send(who: Credentials) -> None:
        opening = OpenUpload(RelPath.parse(f"{next(numbers)}.jpg"), 1)
        services.receiving.small_files.receive(link.hash, opening, StreamBody(BytesIO(b"x")), who)

    for _ in range(2 * WHOLE_FILES_PER_OPENING):
        send(ann)
    # One that is refused pays for none of those behind it.
    for _ in range(WHOLE_FILES_PER_OPENING + 1):
        with pytest.raises(RateLimited):
            send(ann)
    with pytest.raises(RateLimited):
        services.receiving.uploads.open(link.hash, OpenUpload(RelPath.parse("large.bin"), 1), ann)
    send(bob)
    for _ in range(3 * WHOLE_FILES_PER_OPENING):
        send(owner)
    # What becomes an upload counts as one, whatever was paid for before.
    large = OpenUpload(RelPath.parse("large.bin"), WHOLE_FILE_BYTES + 1)
    services.receiving.uploads.open(link.hash, large, bob)
    with pytest.raises(RateLimited):
        services.receiving.small_files.receive(link.hash, large, StreamBody(BytesIO(b"x")), bob)
    send(bob)


def test_one_receipt_of_a_link_is_written_at_a_time_and_so_is_one_code_read(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    other = services.links.file_requests.create(RelPath.parse("other"), {}, OWNER)
    known = [unhashed(services, each, "a.bin") for each in (link, other)]
    for each, upload_id in zip((link, other), known, strict=True):
        services.ground.requests.note_sums(each.hash, upload_id, Sums(sha256(DATA), 1))
    begun = services.receiving.uploads.open(
        link.hash, OpenUpload(RelPath.parse("b"), 5), Credentials(sender("192.0.2.1"))
    ).upload_id
    code = services.senders.handoffs.make(link.hash, [begun], "192.0.2.1").code
    locks = LocalNamedLocks(tmp_path / "data" / "uploads.turn")
    with locks.hold_at_once(f"receipt {link.hash}"), locks.hold_at_once(f"handoffs {link.hash}"):
        with pytest.raises(Busy):
            services.senders.receipts.issue(link.hash, known[:1], "http://here", "192.0.2.2")
        with pytest.raises(Busy):
            services.senders.handoffs.find(link.hash, code, "192.0.2.2")
        with pytest.raises(Busy):
            services.senders.handoffs.make(link.hash, [begun], "192.0.2.2")
        assert services.senders.receipts.issue(other.hash, known[1:], "http://here", "192.0.2.2")["files"]
    assert services.senders.receipts.issue(link.hash, known[:1], "http://here", "192.0.2.2")["files"]
    assert [each.upload_id for each in services.senders.handoffs.find(link.hash, code, "192.0.2.2")] == [begun]


def test_receipts_and_codes_are_counted_for_each_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.senders.receipts.RECEIPT_LIMIT", "2 per hour")
    monkeypatch.setattr("app.services.senders.handoffs.READING_LIMIT", "2 per hour")
    services, link = office(tmp_path)
    upload_id = unhashed(services, link, "a.bin")
    services.ground.requests.note_sums(link.hash, upload_id, Sums(sha256(DATA), 1))
    begun = services.receiving.uploads.open(
        link.hash, OpenUpload(RelPath.parse("b"), 5), Credentials(sender("192.0.2.1"))
    ).upload_id
    code = services.senders.handoffs.make(link.hash, [begun], "192.0.2.1").code
    for _ in range(2):
        services.senders.receipts.issue(link.hash, [upload_id], "http://here", "192.0.2.1")
        services.senders.handoffs.find(link.hash, code, "192.0.2.1")
    for again in (
        lambda client: services.senders.receipts.issue(link.hash, [upload_id], "http://here", client),
        lambda client: services.senders.handoffs.find(link.hash, code, client),
    ):
        with pytest.raises(RateLimited) as caught:
            again("192.0.2.1")
        assert 0 < int(str(caught.value.details["retry_after"])) <= 3600
        again("192.0.2.2")


def test_a_code_moves_what_is_unfinished_and_not_too_much_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.senders.handoffs.MAX_UPLOADS", 3)
    services, link = office(tmp_path)
    who = Credentials(sender("192.0.2.1"))
    done = services.receiving.uploads.open(link.hash, OpenUpload(RelPath.parse("done"), 0), who).upload_id
    begun = [
        services.receiving.uploads.open(link.hash, OpenUpload(RelPath.parse(f"b{n}"), 5), who).upload_id
        for n in range(4)
    ]
    made_up = [f"made-up-{number:024}" for number in range(1000)]
    assert services.senders.handoffs.make(link.hash, [done, *made_up, *begun[:3]], "c").upload_ids == tuple(begun[:3])
    with pytest.raises(InvalidRequest) as caught:
        services.senders.handoffs.make(link.hash, begun, "c")
    assert caught.value.details["limit"] == 3
    with pytest.raises(UploadNotFound):
        services.senders.handoffs.make(link.hash, [done, *made_up], "c")


@pytest.mark.parametrize("claimed", [False, True])
def test_a_chunk_under_way_when_its_file_is_refused_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    services, link = office(tmp_path)
    services.links.file_requests.edit(link.hash, {"allowed_extensions": ("jpg",)}, OWNER)
    size = 2 * 300_000
    opened = services.receiving.uploads.open(
        link.hash, OpenUpload(RelPath.parse("a.jpg"), size), Credentials(sender("192.0.2.1"))
    )

    def chunk(start: int, data: bytes) -> UploadSession:
        span = Span(start, start + 300_000)
        command = ReceiveChunk(opened.upload_id, span, size, None, client="192.0.2.1")
        return services.receiving.uploads.receive(link.hash, command, StreamBody(BytesIO(data)))

    def refused() -> None:
        monkeypatch.undo()
        with pytest.raises(TypeNotAllowed):
            chunk(0, b"MZ" + bytes(299_998))

    status, claim = DiskUpload.status, DiskUpload.claim
    looks = itertools.count(1)

    def looking(upload: DiskUpload) -> UploadSession:
        # First for the chunk as it comes, then once it has its place in the file.
        if claimed and upload.upload_id == opened.upload_id and next(looks) == 2:
            refused()
        return status(upload)

    def claiming(upload: DiskUpload, span: Span) -> Any:
        if not claimed:
            refused()
        return claim(upload, span)

    monkeypatch.setattr(DiskUpload, "status", looking)
    monkeypatch.setattr(DiskUpload, "claim", claiming)
    with pytest.raises(TypeNotAllowed):
        chunk(300_000, bytes(300_000))


def test_what_was_opened_as_an_upload_goes_on_as_one_when_it_comes_in_a_pack(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    me, keys = Credentials(sender("192.0.2.1")), [f"{number}-of-this-pack-0123456789" for number in range(3)]
    opened = services.receiving.uploads.open(link.hash, OpenUpload(RelPath.parse("1.txt"), 5, key=keys[1]), me)
    files = [
        (OpenUpload(RelPath.parse(f"{number}.txt"), 5, key=key), StreamBody(BytesIO(b"%d...." % number)))
        for number, key in enumerate(keys)
    ]
    outcomes = services.receiving.small_files.receive_pack(link.hash, files, me)
    assert [isinstance(each, UploadSession) and each.is_whole for each in outcomes] == [True] * 3
    assert isinstance(outcomes[1], UploadSession)
    assert outcomes[1].upload_id == opened.upload_id
    assert services.receiving.uploads.status(link.hash, opened.upload_id).state is State.COMPLETE
    found = files_below(services.settings.data_dir / "files")
    assert {name: path.read_bytes() for name, path in found.items()} == {f"in/{n}.txt": b"%d...." % n for n in range(3)}


def test_of_a_pack_only_what_the_disk_did_not_take_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services, link = office(tmp_path)
    flush, failing = LocalUnlinkedFile.flush, {1}
    flushed = itertools.count()

    def flushing(file: LocalUnlinkedFile) -> None:
        if next(flushed) in failing:
            raise Busy("The disk is away.")
        flush(file)

    monkeypatch.setattr(LocalUnlinkedFile, "flush", flushing)

    def pack() -> list[bool]:
        files = [(OpenUpload(RelPath.parse(f"{number}.txt"), 1), StreamBody(BytesIO(b"x"))) for number in range(3)]
        outcomes = services.receiving.small_files.receive_pack(link.hash, files, Credentials(sender("192.0.2.1")))
        return [isinstance(each, UploadSession) for each in outcomes]

    files = services.settings.data_dir / "files"
    assert pack() == [True, False, True]
    assert sorted(files_below(files)) == ["in/0.txt", "in/2.txt"]
    failing.update(range(3, 6))
    assert pack() == [False, False, False]
    assert sorted(files_below(files)) == ["in/0.txt", "in/2.txt"]
