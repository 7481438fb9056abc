"""A data folder of before the catalogue is taken over at the first start: whole, also when that is killed again and again, and
older code does not start on it afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import StorageFull
from app.core.links import ReceivedFile, as_event, link_of
from app.storage.disk.append_log import JSONLines
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.sql import takeover
from app.storage.sql.files import SQLRequests
from app.storage.sql.outbox import SQLOutbox
from app.storage.sql.takeover import take_over
from tests.support.catalogues import catalogue
from tests.support.client import Client, Link
from tests.support.live import MEDIA_SERVER, PROJECT, LiveServer

WRITTEN_BEFORE = PROJECT / "tests" / "fixtures" / "before-catalogue"
PATIENT = {
    # What was on its way goes on, under the boot that it was written under and however long ago that was.
    "DROPPR_BOOT_ID": "the boot of the fixture",
    "DROPPR_SESSION_MAX_AGE_HOURS": 10**6,
    "DROPPR_UPLOAD_MAX_AGE_DAYS": 0,
    "DROPPR_S3_ENDPOINT": "http://127.0.0.1:9",
    "DROPPR_S3_ACCESS_KEY": "k",
    "DROPPR_S3_SECRET_KEY": "s",
}


@pytest.fixture(params=["early", "late"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A data folder as the first version with a data folder of this kind left it, or the last one, and what is in it."""
    data = tmp_path / "data"
    shutil.copytree(WRITTEN_BEFORE / request.param, data)
    facts: dict[str, Any] = json.loads((data / "facts.json").read_text())
    (data / "facts.json").unlink()
    return data, facts


def test_all_that_was_there_goes_on(old: tuple[Path, dict[str, Any]], live: Callable[..., LiveServer]) -> None:
    data, facts = old
    server = live(workers=2, DROPPR_DATA_DIR=data, **PATIENT)
    client = Client.of(server)
    plain = _link(client, facts["plain"])
    assert plain.info().expect(200).json["title"] == "„Before“"
    assert {file["path"]: file["upload_id"] for file in plain.files()} == facts["files"]
    assert plain.download("letters/ä.txt").expect(200).body == b"from before"
    assert plain.status(facts["removed"]).status == 404
    assert plain.info().json["files_left"] == 50 - len(facts["files"])
    # An upload goes on, also from another device.
    code = client.call("GET", f"{plain.path}/handoffs/{facts['code']}")
    assert code.status in (200, 404), code.body  # Its code may be good no longer.
    assert plain.status(facts["half"]).expect(200).json["missing_ranges"] == [[1024, 2047]]
    plain.chunk(facts["half"], 1024, bytes(1024), 2048).expect(200)
    assert len(plain.files()) == len(facts["files"]) + 1
    # Of what was there nothing is news; it is told who sent last all the same.
    stands = client.call("GET", f"{plain.path}?as=owner", owner=True).expect(200).json
    assert stands["files_new"] == 1
    assert stands["last_received_at"] == max(each["received_at"] for each in plain.files())
    listed = client.call("GET", "/api/droppr/requests?state=new", owner=True).expect(200).json["requests"]
    assert [each["hash"] for each in listed] == [plain.hash]
    # Folders count once, receipts are signed with the same key, and closed links stay closed.
    client.call("POST", f"{plain.path}/folders", json={"paths": ["empty/folder"]}).expect(201)
    again = client.call("POST", f"{plain.path}/receipts", json={"uploads": list(facts["files"].values())}).expect(200)
    assert again.json.get("public_key") == facts["receipt"].get("public_key")
    _link(client, facts["closed"]).open("x", 1).expect(410, "request_closed")
    secret = _link(client, facts["secret"])
    # Wrong passwords were counted, for as long as they count.
    assert secret.open("x", 1, headers={"X-Request-Password": "open%20sesame"}).code in (None, "captcha_required")
    away = _link(client, facts["away"]).files()
    assert [file["passed_on"]["state"] for file in away if file["upload_id"] == facts["away_file"]] in (
        ["retrying"],
        ["sending"],
        ["waiting"],
    )
    assert (data / "before-catalogue" / "requests" / "links").is_dir()
    assert not (data / "outbox").exists()


def test_codes_counts_and_secrets_of_remotes_come_along(old: tuple[Path, dict[str, Any]]) -> None:
    data, facts = old
    database = catalogue(data)
    take_over(data, database)
    with database.read() as tx:
        counted = [tx.all(f"SELECT count(*) FROM {table}") for table in ("links", "handoffs", "counts")]
    assert [found[0][0] for found in counted] == [4, 1, 18]
    [entry] = SQLOutbox(database).all()
    assert (entry.upload_id, entry.target.bucket) == (facts["away_file"], "bucket")
    [gone] = SQLRequests(database).usage(facts["plain"]).removed
    assert gone.upload_id == facts["removed"]


def test_taking_over_again_changes_nothing_and_what_comes_back_is_refused(old: tuple[Path, dict[str, Any]]) -> None:
    data, _ = old
    shutil.copytree(data / "requests", data.parent / "requests")
    database = catalogue(data)
    take_over(data, database)
    before = _rows(database)
    take_over(data, database)
    assert _rows(database) == before
    (data / "requests").unlink()
    shutil.copytree(data.parent / "requests", data / "requests")
    with pytest.raises(UnusableDataFolder, match="Move that folder away"):
        take_over(data, database)
    assert _rows(database) == before


def test_a_takeover_that_is_killed_at_any_moment_goes_on(
    old: tuple[Path, dict[str, Any]],
) -> None:
    data, _ = old
    whole = data.parent / "whole"
    shutil.copytree(data, whole)
    database = catalogue(whole)
    take_over(whole, database)
    wanted = _rows(database)
    script = "import sys; from pathlib import Path; from tests.support.catalogues import catalogue; from app.storage.sql.takeover import take_over; data = Path(sys.argv[1]); base = catalogue(data); print('go', flush=True); take_over(data, base)"
    environment = {**os.environ, "PYTHONPATH": f"{MEDIA_SERVER}:{PROJECT}"}
    for number in range(12):
        process = subprocess.Popen([sys.executable, "-c", script, str(data)], env=environment, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(number * 0.004)  # the moment itself
        process.send_signal(signal.SIGKILL)
        process.communicate()
    take_over(data, catalogue(data))
    assert _rows(catalogue(data)) == wanted
    assert (data / "requests").is_file()


def test_a_full_disk_leaves_the_old_files_and_the_next_start_goes_on(
    old: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = old
    database = catalogue(data)

    def full(*_: object) -> None:
        raise StorageFull

    for step in ("_take_outbox", "_take_counts", "_move_aside"):
        with monkeypatch.context() as broken:
            broken.setattr(takeover._Takeover, step, full)
            with pytest.raises(StorageFull):
                take_over(data, database)
        assert (data / "requests" / "links").is_dir()
    take_over(data, database)
    assert (data / "requests").is_file()


def test_a_large_ledger_comes_in_pieces(tmp_path: Path) -> None:
    data, hash = tmp_path / "data", "link-0123456789abcdef"
    (data / "requests" / "links").mkdir(parents=True)
    (data / "requests" / "ledgers").mkdir()
    link = {
        "hash": hash,
        "folder": "in",
        "created_at": 1.0,
        "allowed_extensions": [],
        "captcha": "never",
        "ask_name": "no",
        "ask_email": "no",
    }
    (data / "requests" / "links" / f"{hash}.json").write_text(json.dumps({hash: link}))
    codec, files = JSONLines(), 2500
    events = [
        {
            "event": "received",
            "upload_id": f"u{number}",
            "file": as_event(ReceivedFile(f"u{number}", f"{number}", f"{number}", 7, float(number))),
        }
        for number in range(files)
    ]
    events += [{"event": "removed", "upload_id": f"u{number}"} for number in range(0, files, 2)]
    (data / "requests" / "ledgers" / f"{hash}.log").write_bytes(b"".join(map(codec.encode, events)) + b"torn")
    take_over(data, catalogue(data))
    store = SQLRequests(catalogue(data))
    usage = store.usage(hash)
    assert (len(usage.files), len(usage.removed), usage.bytes_received) == (files // 2, files // 2, 7 * files // 2)
    assert store.counts(hash).files == files // 2
    assert store.load(hash) == link_of(link)


def test_code_that_knows_no_catalogue_does_not_start_on_the_folder(
    old: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """That code makes a folder for its links wherever there is none, which is all of it that matters here."""
    data, _ = old
    for folder in (data, tmp_path / "fresh"):
        take_over(folder, catalogue(folder))
        with pytest.raises(FileExistsError):
            (folder / "requests").mkdir(mode=0o700, parents=True, exist_ok=True)
        with pytest.raises(NotADirectoryError):
            (folder / "requests" / "links").mkdir(mode=0o700, parents=True, exist_ok=True)


def _link(client: Client, hash: str) -> Link:
    return Link(client, hash, "")


def _rows(database: Any) -> dict[str, list[Any]]:
    """All that the catalogue holds, without the numbers of its rows."""
    wanted = {
        "links": "hash, document",
        "link_sums": "hash, open, announced, received, received_bytes, removed, gone, folders",
        "ledger": "upload_id, state, at, size, path, disk_path, sha256, file_identity, destination, leaving, why",
        "folders": "mark, kept, awaited",
        "outbox": "upload_id, link, target, state",
        "handoffs": "digest, upload_ids",
        "counts": "key, at, expires_at",
    }
    with database.read() as tx:
        return {table: tx.all(f"SELECT {columns} FROM {table} ORDER BY {columns}") for table, columns in wanted.items()}
