"""A backup that is made while uploads run is one consistent set, from which a server elsewhere goes on."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.client import Client, Link
from tests.support.files import content, files_below
from tests.support.live import MEDIA_SERVER, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.program import Droppr


def droppr(data: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DROPPR_DATA_DIR": str(data), "PYTHONPATH": str(MEDIA_SERVER), **settings}
    return Droppr.run(words, env=environment, cwd=data.parent, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture(autouse=True)
def in_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server has its catalogue here, also in a run with those of all others elsewhere."""
    monkeypatch.setattr(LiveServer, "new_database", None)


def test_a_backup_of_a_running_server_restores_elsewhere(tmp_path: Path, live: Callable[..., LiveServer]) -> None:
    server, target = live(workers=2), tmp_path / "backup"
    link = Client.of(server).make_link(title="kept")
    begun = link.opened("half.bin", 2048)
    link.chunk(begun, 0, bytes(1024), 2048).expect(200)
    sent: dict[str, bytes] = {}
    enough, done = threading.Event(), threading.Event()

    def send() -> None:
        for number in range(10**6):
            data = content(5000, number)
            link.deliver(f"f/{number}.bin", data)
            sent[f"f/{number}.bin"] = data
            if number == 20:
                enough.set()
            if done.is_set():
                return

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert enough.wait(60)
        before = dict(sent)
        made = droppr(server.data_dir, "backup", str(target))
        assert made.returncode == 0, made.stderr
        assert "Copied the links and" in made.stdout
    finally:
        done.set()
        sender.join()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (target / "catalogue").iterdir())
    restored = Link(Client.of(live(workers=1, DROPPR_DATA_DIR=target)), link.hash, link.folder)
    assert restored.info().expect(200).json["title"] == "kept"
    listed = {file["path"] for file in restored.files()}
    assert before.keys() <= listed <= sent.keys()
    for path in listed:
        assert restored.download(path).expect(200).body == sent[path]
    # What was under way begins anew.
    assert restored.status(begun).status == 404
    restored.deliver("half.bin", bytes(2048))


def test_again_into_the_same_folder_only_what_is_new_is_copied(tmp_path: Path, live: Callable[..., LiveServer]) -> None:
    server, target = live(workers=1), tmp_path / "backup"
    link = Client.of(server).make_link()
    link.deliver("a.bin", b"first")
    assert "1 new file (" in droppr(server.data_dir, "backup", str(target)).stdout
    [copied] = files_below(target / "files").values()
    first = copied.stat().st_ino
    link.deliver("b.bin", b"second")
    assert "1 new file (" in droppr(server.data_dir, "backup", str(target)).stdout
    assert copied.stat().st_ino == first
    assert "0 new files (" in droppr(server.data_dir, "backup", "--no-files", str(target)).stdout
    restored = Link(Client.of(live(workers=1, DROPPR_DATA_DIR=target)), link.hash, link.folder)
    assert {file["path"] for file in restored.files()} == {"a.bin", "b.bin"}


def test_what_is_no_place_for_a_backup_is_refused(tmp_path: Path, live: Callable[..., LiveServer]) -> None:
    server = live(workers=1)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    for folder, sentence in (
        (server.data_dir / "backup", "would lie in the data folder itself"),
        (tmp_path / "photos", "that is no copy of a data folder"),
    ):
        refused = droppr(server.data_dir, "backup", str(folder))
        assert refused.returncode == 1
        assert sentence in refused.stderr
    nothing = droppr(tmp_path / "nothing", "backup", str(tmp_path / "there"))
    assert "is no data folder of a server" in nothing.stderr
    assert not (tmp_path / "there").exists()


def test_links_move_to_postgresql_and_a_start_on_the_wrong_database_is_refused(
    tmp_path: Path, live: Callable[..., LiveServer], postgresql: PostgreSQLServer
) -> None:
    server = live(workers=1, DROPPR_WEBHOOK_ALLOW_PRIVATE="127.0.0.1")
    url = postgresql.new_database()
    link = Client.of(server).make_link(title="moved")
    link.deliver("a.bin", b"received")
    hook = {"url": "https://127.0.0.1/", "kinds": ["link.made"]}
    link.client.call("POST", "/api/endpoints", json=hook, owner=True).expect(201)
    server.kill()
    data = server.data_dir
    refused = droppr(data, "cleanup", DROPPR_DATABASE_URL=url)
    assert "Run 'droppr migrate' once" in refused.stderr
    moved = droppr(data, "migrate", DROPPR_DATABASE_URL=url)
    assert (moved.returncode, "Moved into it: 1 link." in moved.stdout) == (0, True), moved.stderr
    assert "0 links" in droppr(data, "migrate", DROPPR_DATABASE_URL=url).stdout
    there = Link(Client.of(live(workers=2, DROPPR_DATA_DIR=data, DROPPR_DATABASE_URL=url)), link.hash, link.folder)
    assert there.info().expect(200).json["title"] == "moved"
    assert [file["path"] for file in there.files()] == ["a.bin"]
    there.deliver("b.bin", b"more")
    told = there.client.call("GET", "/api/endpoints", owner=True).expect(200).json["endpoints"]
    assert [each["url"] for each in told] == ["https://127.0.0.1/"]
    assert "set DROPPR_DATABASE_URL" in droppr(data, "cleanup").stderr
    empty = droppr(tmp_path / "fresh", "cleanup", DROPPR_DATABASE_URL=postgresql.new_database())
    assert "The database has no tables yet" in empty.stderr
    assert "Nothing to do" in droppr(data, "migrate").stdout


@pytest.mark.parametrize("url", ["mysql://somewhere/x", "postgresql:droppr"])
def test_another_kind_of_database_is_no_setting(tmp_path: Path, url: str) -> None:
    assert droppr(tmp_path / "data", "cleanup", DROPPR_DATABASE_URL=url).returncode == 2
