"""What senders ask for besides uploads, where it cannot be had at once or goes with something that was deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.core.errors import FileNotFound, RateLimited, ReceiptNotReady
from app.core.links import Credentials, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.services.commands import OpenUpload
from app.settings import Settings
from app.wiring import Services, build
from tests.support.clock import Now
from tests.support.files import content, eventually, files_below, sha256

DATA = content(3000)


def office(folder: Path, **settings: Any) -> tuple[Services, RequestLink]:
    """The services of a server, and a link of it."""
    services = build(Settings(data_dir=folder / "data", **settings), Now())
    return services, services.file_requests.create(RelPath.parse("in"), {}, "192.0.2.1")


def unhashed(services: Services, link: RequestLink, name: str) -> str:
    """A file that stands in the ledger as after a crash before its digest was written down."""
    file = ReceivedFile(f"id-of-{name}", name, name, len(DATA), 5.0)
    services.requests.receive(link.hash, file)
    return file.upload_id


def test_a_digest_that_is_missing_is_computed_because_of_the_question(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    upload_ids = [unhashed(services, link, name) for name in ("a.bin", "b.bin")]
    for name in ("a.bin", "b.bin"):
        path = services.settings.data_dir / "files/in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DATA)
    with pytest.raises(ReceiptNotReady) as told:
        services.receipts.issue(link.hash, upload_ids, "http://here")
    assert told.value.details == {"retry_after": 1, "files_left": 2, "bytes_left": 2 * len(DATA)}

    def issued() -> Any:
        try:
            return services.receipts.issue(link.hash, upload_ids, "http://here")
        except ReceiptNotReady:
            return None

    receipt = eventually(issued, what="the digests")
    assert [file["sha256"] for file in receipt["files"]] == [sha256(DATA)] * 2


def test_of_a_file_that_was_taken_before_it_was_hashed_there_is_no_receipt(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    with pytest.raises(FileNotFound, match=r"a\.bin"):
        services.receipts.issue(link.hash, [unhashed(services, link, "a.bin")], "http://here")


def test_what_a_deleted_link_left_on_its_way_goes_with_the_sweep(tmp_path: Path) -> None:
    services, link = office(tmp_path)
    opening = OpenUpload(RelPath.parse("b.bin"), 300_000)
    services.uploads.open(link.hash, opening, Credentials(client="192.0.2.1"))
    services.requests.delete(link.hash)  # By a process that died right after it.
    assert services.sweep() == 1
    assert files_below(services.settings.data_dir / "uploads") == {}


def test_asking_for_folders_counts_as_opening(tmp_path: Path) -> None:
    services, link = office(tmp_path, rate_limit_uploads="2 per hour")
    who = Credentials(client="192.0.2.1")
    services.folders.make(link.hash, [RelPath.parse("a")], who)
    services.uploads.open(link.hash, OpenUpload(RelPath.parse("b.bin"), 1), who)
    with pytest.raises(RateLimited) as told:
        services.folders.make(link.hash, [RelPath.parse("c")], who)
    wait = told.value.details["retry_after"]
    assert isinstance(wait, int)
    assert wait > 3000
    assert not (services.settings.data_dir / "files/in/c").exists()
