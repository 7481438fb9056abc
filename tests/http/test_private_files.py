"""Who else on the machine may look at what was received, and hold the server's locks: nobody, unless the umask says so."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from app.settings import InvalidSettings, load_settings
from app.storage.disk.data_folder import make_data_folder
from tests.support.client import Client
from tests.support.files import eventually
from tests.support.live import MEDIA_SERVER, LiveServer

OTHERS = 0o077


def send_in_every_way(server: LiveServer) -> None:
    """Files in chunks, as one whole, as a form and in a pack, and an empty folder; one upload stays under way."""
    link = Client.of(server).make_link(folder="inbox")
    link.deliver("in/chunks.bin", b"x" * 100_000)
    whole = {"X-Upload-Path": "in/whole.bin", "Content-Range": "bytes 0-3/4"}
    link.raw_chunk(whole, b"whol").expect(200)
    link.form("form.bin", b"form").expect(200)
    link.client.call("POST", f"{link.path}/pack", body=b'{"path":"pack/ed.bin","size":4}\npack').expect(200)
    link.client.call("POST", f"{link.path}/folders", json={"paths": ["empty/er"]}).expect(201)
    upload = link.opened("under/way.bin", 100_000)
    link.chunk(upload, 0, b"y" * 10, 100_000).expect(200)
    assert link.client.call("POST", f"{link.path}/handoffs", json={"uploads": [upload]}).status == 201


def modes(folder: Path) -> dict[str, int]:
    """Every file and folder below ``folder``, and what it lets whom do; not what a running server has removed meanwhile."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            with suppress(FileNotFoundError):
                found[str(path.relative_to(folder))] = mode_of(path)
    return found


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def open_to_all() -> object:
    """A shell that hides nothing, which is what servers may be started from."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("layout", ["in-place", "indexed"])
def test_nothing_in_the_data_folder_is_anybody_elses(live, open_to_all, layout) -> None:
    server = live(DROPPR_CHUNK_LAYOUT=layout)
    send_in_every_way(server)
    found = modes(server.data_dir)
    assert {"files/inbox/in/chunks.bin", "files/inbox/pack/ed.bin", "files/inbox/empty/er"} <= set(found)
    assert [name for name, mode in found.items() if mode & OTHERS] == []


@pytest.mark.parametrize(
    ("umask", "folder", "file"), [("027", 0o750, 0o640), ("007", 0o770, 0o660), ("022", 0o755, 0o644)]
)
def test_received_files_can_be_shared_and_nothing_else_is(live, open_to_all, umask, folder, file) -> None:
    server = live(workers=1, DROPPR_UMASK=umask)
    send_in_every_way(server)
    found = modes(server.data_dir)
    shared = {name: mode for name, mode in found.items() if name.split("/")[0] == "files"}
    assert {shared["files"], shared["files/inbox"], shared["files/inbox/empty/er"]} == {folder}
    received = [mode for name, mode in shared.items() if name.endswith(".bin")]
    assert received == [file] * 4
    # What is closed closes all that lies below it.
    assert [name for name, mode in found.items() if "/" not in name and name != "files" and mode & OTHERS] == []
    # Or whoever may write there puts a token of their own in the place of the owner's.
    assert not mode_of(server.data_dir) & 0o022


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's eyes need root")
def test_another_user_reads_no_received_file_and_holds_no_lock(live, open_to_all) -> None:
    server = live(workers=1)
    send_in_every_way(server)
    # Whatever lies above the data folder, such as pytest's own folder, lets everybody in.
    for above in server.data_dir.parents:
        if above != Path("/") and not above.stat().st_mode & 0o001:
            above.chmod(mode_of(above) | 0o001)
    server.data_dir.chmod(0o755)
    looked = subprocess.run(
        [sys.executable, "-c", _TRY, *(str(server.data_dir / name) for name in modes(server.data_dir))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout.split("\n")[-2] == "tried all"
    assert looked.stdout.split("\n")[:-2] == []


_TRY = """
import fcntl, os, sys
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for path in sys.argv[1:]:
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        try:
            descriptor = os.open(path, flags)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print(path)
        except OSError:
            pass
print("tried all")
"""


def test_what_an_older_version_left_open_is_closed_at_the_start(live, tmp_path: Path, open_to_all) -> None:
    data = tmp_path / "kept"
    for name in ("files", "uploads", "requests", "run"):
        (data / name).mkdir(mode=0o777, parents=True)
    for name in ("leader.lock", "uploads.turn", "attempts.turn", "attempts.lock"):
        (data / name).touch(mode=0o666)
    data.chmod(0o755)
    server = live(workers=1, DROPPR_DATA_DIR=data)
    send_in_every_way(server)
    assert [name for name, mode in modes(server.data_dir).items() if mode & OTHERS] == []
    assert mode_of(server.data_dir) == 0o755, "it may be somebody's home"


def test_the_purge_begins_although_a_stranger_holds_what_an_older_version_left(live, tmp_path: Path) -> None:
    data = tmp_path / "kept"
    data.mkdir()
    (data / "leader.lock").touch(mode=0o644)
    holder = subprocess.Popen(["flock", "--no-fork", str(data / "leader.lock"), "sleep", "60"])
    try:
        server = live(workers=2, DROPPR_DATA_DIR=data)
        eventually(lambda: "runs the nightly purge" in server.log.read_text(), what="the purge's leader")
    finally:
        holder.kill()
        holder.wait()


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "files").symlink_to(elsewhere)
    make_data_folder(tmp_path / "data", 0o077)
    assert mode_of(elsewhere) == 0o755


@pytest.mark.parametrize(("text", "mask"), [("077", 0o077), ("0027", 0o027), ("0o007", 0o007), ("0", 0)])
def test_the_umask_is_octal(monkeypatch: pytest.MonkeyPatch, text: str, mask: int) -> None:
    monkeypatch.setenv("DROPPR_UMASK", text)
    assert load_settings().umask == mask


@pytest.mark.parametrize("text", ["78", "100", "777", "-1", "rwx", "0x3f", "0700"])
def test_a_umask_that_is_none_or_shuts_the_server_out_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DROPPR_UMASK", text)
    with pytest.raises(InvalidSettings, match="DROPPR_UMASK"):
        load_settings()


def test_the_command_line_makes_private_files_too(tmp_path: Path, open_to_all) -> None:
    data = tmp_path / "data"
    environment = {**os.environ, "DROPPR_DATA_DIR": str(data), "PYTHONPATH": str(MEDIA_SERVER)}
    command = [str(Path(sys.executable).with_name("droppr")), "cleanup"]
    subprocess.run(command, env=environment, check=True, cwd=tmp_path)
    assert [name for name, mode in modes(data).items() if mode & OTHERS] == []
