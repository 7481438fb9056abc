"""A data folder says which version's it is: older code leaves newer data alone, newer code goes on with older data."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import create_app
from app.settings import Settings
from app.storage.disk.data_folder import FORMAT, UnusableDataFolder
from tests.support.client import Client, Link
from tests.support.live import MEDIA_SERVER, PROJECT, LiveServer
from tests.support.program import Droppr

WRITTEN_BEFORE = PROJECT / "tests" / "fixtures" / "data"
"""A data folder as it was before there was a marker: a link with a password, a file that it received, and half of another."""
OF_FORMAT_2 = PROJECT / "tests" / "fixtures" / "data-2"
"""A link that has an owner and a note, and a file that it received."""
HASH, UPLOAD = "GlcYvku_UYx2j6BJGGsXzGOeSVtzBKHR", "CIvpm4ZEkrhE9SlTqgGtL9mhGgOoY5pT"
PASSWORD = "open sesame"
PATIENT = {
    # What was on its way goes on, under the boot that it was written under and however long ago that was.
    "DROPPR_BOOT_ID": "the boot of the fixture",
    "DROPPR_SESSION_MAX_AGE_HOURS": 10**6,
    "DROPPR_UPLOAD_MAX_AGE_DAYS": 0,
}
HALF = bytes(range(256)) * 8


def command(name: str, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DROPPR_DATA_DIR": str(data), "DROPPR_PORT": "0", "PYTHONPATH": str(MEDIA_SERVER)}
    return Droppr.run([name], env=environment, cwd=data.parent, capture_output=True, text=True, timeout=60, check=False)


def inside(data: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder, with its mode and content."""
    return {
        str(path.relative_to(data)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(data.rglob("*"))
    }


def test_a_fresh_folder_is_marked_and_stays_as_it_is(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2)
    marker = server.data_dir / "format"
    assert marker.read_text() == f"{FORMAT}\n"
    before = marker.stat().st_ino
    server.kill()
    server.start()
    assert marker.stat().st_ino == before


@pytest.mark.parametrize("how", ["serve", "cleanup"])
@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        (f"{FORMAT + 1}\n", f"It is of format {FORMAT + 1}, which a newer Droppr has written"),
        ("one", "holds no number"),
        ("", "holds no number"),
    ],
)
def test_what_newer_code_has_written_is_left_alone(tmp_path: Path, how: str, marker: str, sentence: str) -> None:
    data = tmp_path / "data"
    (data / "requests").mkdir(parents=True)
    (data / "requests").chmod(0o755)
    (data / "format").write_text(marker)
    before = inside(data)
    done = command(how, data)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert inside(data) == before


def test_gunicorn_without_the_command_line_refuses_too(tmp_path: Path) -> None:
    (tmp_path / "format").write_text(f"{FORMAT + 1}\n")
    settings = Settings(data_dir=tmp_path, admin_token="only-for-this-test", _env_file=None)  # type: ignore[call-arg]
    with pytest.raises(UnusableDataFolder, match="a newer Droppr has written"):
        create_app(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["format"]


def test_a_folder_from_before_there_was_a_marker_goes_on_and_is_marked(
    tmp_path: Path, live: Callable[..., LiveServer]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(WRITTEN_BEFORE, data)
    assert not (data / "format").exists()
    server = live(workers=1, DROPPR_DATA_DIR=data, **PATIENT)
    assert (data / "format").read_text() == f"{FORMAT}\n"
    client = Client.of(server)
    link = Link(client, HASH, "inbox")
    assert [(file["path"], file["sender_name"]) for file in link.files()] == [("letters/ä.txt", "Ada")]
    assert link.download("letters/ä.txt").expect(200).body == b"from before"
    told = link.status(UPLOAD).expect(200).json
    assert told["missing_ranges"] == [[1024, 2047]]
    link.chunk(UPLOAD, 1024, HALF[1024:], len(HALF)).expect(200)
    assert (link.disk / "half.bin").read_bytes() == HALF
    link.open("new.txt", 1).expect(401, "password_required")
    link.open("new.txt", 1, headers={"X-Request-Password": PASSWORD.replace(" ", "%20")}).expect(201)
    # A backup of it that has the mark, and one that has not, are the same to the next start.
    server.kill()
    for restored in (tmp_path / "with", tmp_path / "without"):
        shutil.copytree(data, restored)
    (tmp_path / "without" / "format").unlink()
    for restored in (tmp_path / "with", tmp_path / "without"):
        if LiveServer.new_database:
            # Where the catalogue is elsewhere, it has a backup of its own.
            LiveServer.databases[restored] = LiveServer.databases[data]
        there = Link(Client.of(live(workers=1, DROPPR_DATA_DIR=restored, **PATIENT)), HASH, "inbox")
        assert {file["path"] for file in there.files()} == {"letters/ä.txt", "half.bin"}
        assert (restored / "format").read_text() == f"{FORMAT}\n"


def test_a_folder_of_format_2_goes_on(tmp_path: Path, live: Callable[..., LiveServer]) -> None:
    data = tmp_path / "data"
    shutil.copytree(OF_FORMAT_2, data)
    client = Client.of(live(workers=1, DROPPR_DATA_DIR=data))
    [link] = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json["requests"]
    assert (link["note"], link["max_files"], link["allowed_extensions"]) == ("ask Ada first", 3, ["txt"])
    assert [file["path"] for file in Link(client, link["hash"], "inbox").files()] == ["letters/ö.txt"]
