"""Files, disks and addresses as people have them, sent and fetched by the command line against a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from droppr_client.naming import ODD_NAME, give_name
from droppr_client.options import hash_of
from droppr_client.upload.connection import Connections
from droppr_client.upload.targets.droppr import DropprLink
from tests.support.command import Sender, address, arrived
from tests.support.files import MIB, content, files_below
from tests.support.hostile import Answer, Hostile
from tests.support.program import DROPPR

NO_HARD_LINKS = "inject=link,linkat:error=EPERM"
"""What exFAT, FAT and many shares answer."""
NO_FLAGS_EITHER = "inject=renameat2:error=EINVAL"
"""What sshfs and others answer."""


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    folder = tmp_path / "sender"
    folder.mkdir()
    return Sender(folder)


def uploads(sender: Sender, *arguments: str, code: int = 0) -> list[dict[str, object]]:
    return [each for each in sender.events(*arguments, code=code) if each["event"] == "file"]


# Sent before


@pytest.mark.parametrize("size", [5, 8 * MIB])
def test_what_was_taken_back_is_sent_again(sender, link, size):
    (sender.folder / "a.bin").write_bytes(content(size))
    (sender.folder / "b.bin").write_bytes(content(size, 1))
    first = {
        str(each["path"]): str(each["upload_id"]) for each in uploads(sender, "a.bin", "b.bin", "--to", address(link))
    }
    link.cancel(first["a.bin"])
    assert set(arrived(link)) == {"b.bin"}
    again = {each["path"]: each["outcome"] for each in uploads(sender, "a.bin", "b.bin", "--to", address(link))}
    assert again == {"a.bin": "sent", "b.bin": "present"}
    assert arrived(link) == {"a.bin": content(size), "b.bin": content(size, 1)}
    assert "had been sent before" in sender.run("a.bin", "b.bin", "--to", address(link), code=3)


def test_what_is_known_is_asked_for_in_bulk(sender, link, monkeypatch):
    from droppr_client.upload import Options, UploadManager

    for number in range(1200):
        (sender.folder / f"{number}").write_bytes(b"%d" % number)
    options = Options(state=sender.folder.parent / "state.db")
    list(UploadManager(DropprLink(address(link)), options).upload(sender.folder))
    calls: list[str] = []
    call = Connections.call

    def counted(self: Connections, method: str, path: str, *more: Any) -> object:
        calls.append(f"{method} {path.rpartition('/')[2]}")
        return call(self, method, path, *more)

    monkeypatch.setattr(Connections, "call", counted)
    results = list(UploadManager(DropprLink(address(link)), options).upload(sender.folder))
    assert [each.outcome for each in results] == ["present"] * 1200
    assert calls == [f"GET {link.hash}", *["POST arrived"] * 3]


def test_a_server_that_cannot_be_asked_in_bulk_is_asked_one_by_one(tmp_path):
    from droppr_client.upload.items import Item

    def answer(request):
        if request.path.endswith("/arrived"):
            return Answer({"error": "There is nothing here.", "code": "not_found"}, status=404)
        if request.path.endswith("/uploads/there"):
            return Answer({"upload_id": "there", "complete": True, "size": 1, "state": "complete"})
        return Answer({"error": "No such upload.", "code": "upload_not_found"}, status=404)

    with Hostile(answer) as server:
        target = DropprLink(f"{server.url}/request/{'x' * 32}")
        item = Item("a", "/a", 1, 0)
        assert target.still_there([(item, "there"), (item, "gone")]) == [True, False]


def test_the_server_tells_what_has_arrived(link):
    done = link.deliver("a.txt", b"abc")["upload_id"]
    begun = link.opened("b.txt", 9)
    path = f"{link.path}/arrived"
    told = link.client.call("POST", path, json={"uploads": [done, begun, "made-up", done]}).expect(200).json
    assert told == {"arrived": [done]}
    assert link.client.call("POST", path, json={"uploads": []}).json["code"] == "invalid_request"
    nobody = link.client.call("POST", f"/api/droppr/requests/{'x' * 32}/arrived", json={"uploads": [done]})
    assert nobody.json["code"] == "request_not_found"


def test_a_folder_that_was_emptied_is_filled_again(sender):
    files = {f"tree/{number}": content(1000 + number, number) for number in range(5)}
    for name, data in files.items():
        (sender.folder / name).parent.mkdir(exist_ok=True)
        (sender.folder / name).write_bytes(data)
    sender.run("tree", "--to", "./copy")
    copy = sender.folder / "copy"
    assert "had been sent before" in sender.run("tree", "--to", "./copy", code=3)
    (copy / "tree" / "2").unlink()
    (copy / "tree" / "3").write_bytes(b"another")
    assert "Sent 2 files" in sender.run("tree", "--to", "./copy")
    assert (copy / "tree" / "2").read_bytes() == files["tree/2"]
    assert (copy / "tree" / "3 (1)").read_bytes() == files["tree/3"]
    shutil.rmtree(copy)
    assert "Sent 5 files" in sender.run("tree", "--to", "./copy")


# Sizes and times that are odd


@pytest.mark.parametrize("to", ["link", "folder"])
def test_a_file_that_says_it_is_empty_and_is_not_arrives_with_its_content(sender, link, to):
    told = uploads(sender, "/proc/version", "--to", address(link) if to == "link" else "./copy")
    assert [(each["outcome"], each["size"]) for each in told] == [("sent", len(Path("/proc/version").read_bytes()))]
    there = link.disk / "version" if to == "link" else sender.folder / "copy" / "version"
    assert there.read_bytes() == Path("/proc/version").read_bytes()


def test_a_file_that_says_it_is_longer_than_it_is_arrives_as_it_is(sender, link):
    source = next(each for each in Path("/sys/kernel/mm/transparent_hugepage").iterdir() if each.is_file())
    assert source.stat().st_size > len(source.read_bytes())
    assert "Sent 1 file" in sender.run(str(source), "--to", address(link))
    assert arrived(link) == {source.name: source.read_bytes()}


@pytest.mark.parametrize("more", [[], ["--order", "size"], ["--fixed"]])
@pytest.mark.parametrize("seconds", [10_413_792_000, 2**34, -465_000_000, -(2**31)])
def test_files_of_any_date_arrive(sender, link, more, seconds):
    for name, size in {"small.txt": 3, "large.bin": 3 * MIB, "now.txt": 2}.items():
        (sender.folder / name).write_bytes(content(size))
    for name in ("small.txt", "large.bin"):
        os.utime(sender.folder / name, (seconds, seconds))
    assert "Sent 3 files" in sender.run(".", "--to", address(link), *more)
    assert set(arrived(link)) == {"small.txt", "large.bin", "now.txt"}
    assert "had been sent before" in sender.run(".", "--to", address(link), *more, code=3)
    assert "Sent 3 files" in sender.run(".", "--to", "../copy", *more)


# Disks and folders that are odd


def faulty(sender: Sender, strace: list[str], *command: str, code: int = 0) -> int:
    """Run ``droppr`` with faults that these options of strace's put in; returns how many there were."""
    trace = sender.folder.parent / "trace"
    done = subprocess.run(
        ["strace", "-f", "-o", str(trace), *strace, DROPPR, *command],
        cwd=sender.folder,
        env=sender.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return trace.read_text().count("(INJECTED)")


@pytest.mark.parametrize("faults", [[NO_HARD_LINKS], [NO_HARD_LINKS, NO_FLAGS_EITHER]])
def test_a_disk_without_hard_links_is_a_target(sender, link, client, tmp_path, faults):
    files = {"one.txt": b"1", "in/two.bin": content(9 * MIB)}
    for name, data in files.items():
        (sender.folder / name).parent.mkdir(exist_ok=True)
        (sender.folder / name).write_bytes(data)

    def run(*command: str) -> None:
        told = [part for fault in faults for part in ("-e", fault)]
        assert faulty(sender, ["-e", "trace=link,linkat,renameat2", *told], *command) >= 2 * len(faults)

    stick = tmp_path / "stick"
    run("upload", ".", "--to", str(stick))
    assert {name: path.read_bytes() for name, path in files_below(stick).items()} == files
    sender.run(".", "--to", address(link))
    fetched = tmp_path / "fetched"
    (fetched / "in").mkdir(parents=True)
    (fetched / "in" / "two.bin").write_bytes(b"another")
    run("request", "fetch", link.hash, str(fetched), "--server", client.url, "--token", client.token)
    there = {name: path.read_bytes() for name, path in files_below(fetched).items() if not name.startswith(".droppr")}
    assert there == {"one.txt": b"1", "in/two.bin": b"another", "in/two (1).bin": files["in/two.bin"]}


def test_a_disk_that_does_not_take_every_name_is_a_target(sender, link, client, tmp_path):
    (sender.folder / "in: a box").mkdir()
    files = {"10:30?.txt": b"1", "10%3A30%3F (1).txt": b"2", "in: a box/plain.txt": b"3"}
    for name, data in files.items():
        (sender.folder / name).write_bytes(data)
    sender.run(".", "--to", address(link))
    stick, fetched = tmp_path / "stick", tmp_path / "fetched"
    tried = ["-P", ODD_NAME, "-P", str(stick / ODD_NAME)]
    refuse = [*tried, "-e", "trace=openat", "-e", "inject=openat:error=EINVAL"]
    fetch = ["request", "fetch", link.hash, str(fetched), "--server", client.url, "--token", client.token]
    for code in (0, 3):
        assert faulty(sender, refuse, "upload", ".", "--to", str(stick), code=code) >= 1
        faults = faulty(sender, refuse, *fetch, code=code)
        assert code or faults == 1
    plain = {"10%3A30%3F.txt": b"1", "10%3A30%3F (1).txt": b"2", "in%3A a box/plain.txt": b"3"}
    for folder in (stick, fetched):
        there = {name: path.read_bytes() for name, path in files_below(folder).items()}
        assert {name: data for name, data in there.items() if not name.startswith(".droppr")} == plain


@pytest.mark.parametrize("faults", [set(), {"link"}, {"link", "rename"}])
def test_a_name_that_is_taken_is_never_given(tmp_path, monkeypatch, faults):
    import errno

    import droppr_client.naming as naming

    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM if "link" in faults else 0, "no")

    if "link" in faults:
        monkeypatch.setattr(os, "link", fails)
    if "rename" in faults:
        monkeypatch.setattr(naming, "_rename_if_free", lambda *_: (_ for _ in ()).throw(OSError(errno.EINVAL, "no")))
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    with pytest.raises(FileExistsError):
        give_name(str(tmp_path / "new"), str(tmp_path / "old"))
    assert (tmp_path / "old").read_text() == "old"
    give_name(str(tmp_path / "new"), str(tmp_path / "other"))
    assert (tmp_path / "other").read_text() == "new"


@pytest.mark.parametrize("to", ["../out", "./x/../out", "{folder}/x/../out", "link/../out", "out/", "./out//."])
def test_a_folder_may_be_named_in_any_way(sender, to):
    (sender.folder / "a.txt").write_bytes(b"a")
    (sender.folder / "x").mkdir()
    (sender.folder.parent / "elsewhere" / "deep").mkdir(parents=True)
    (sender.folder / "link").symlink_to(sender.folder.parent / "elsewhere" / "deep")
    named = to.format(folder=sender.folder)
    sender.run("a.txt", "--to", named if named.startswith((".", "/")) else f"./{named}")
    assert (Path(os.path.realpath(sender.folder / named)) / "a.txt").read_bytes() == b"a"


# Standard input, junk, addresses


def test_standard_input_without_room_to_put_it_aside_is_told(sender, link, small_disk):
    sender.environment["TMPDIR"] = str(small_disk)
    told = sender.run("-", "--stdin-name", "x", "--to", address(link), code=1, typed=bytes(5_000_000))
    assert str(small_disk) in told
    assert "make room" in told
    (event,) = sender.events("-", "--to", address(link), code=1, typed=bytes(5_000_000))
    assert (event["event"], event["code"]) == ("end", "storage_full")
    assert os.listdir(small_disk) == []


@pytest.fixture
def small_disk(tmp_path):
    """A folder that takes 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_what_systems_leave_in_folders_is_not_sent(sender, client):
    link = client.make_link(allowed_extensions="jpg")
    album = sender.folder / "album"
    album.mkdir()
    apple = b"\x00\x05\x16\x07" + bytes(60)
    for name, data in {".DS_Store": b"\0", "Thumbs.db": b"\0", "Desktop.ini": b"x", "._1.jpg": apple}.items():
        (album / name).write_bytes(data)
    (album / "1.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    (album / "._mine.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(99))
    told = sender.run("album", "--to", address(link))
    assert "4 skipped" in told
    assert set(arrived(link)) == {"album/1.jpg", "album/._mine.jpg"}


def test_junk_that_is_named_is_meant(sender, link):
    (sender.folder / "Thumbs.db").write_bytes(b"x")
    sender.run("Thumbs.db", "--to", address(link))
    assert set(arrived(link)) == {"Thumbs.db"}


@pytest.mark.parametrize("around", ["{} ", "{}.", "{})", "<{}>", "({}).", "“{}”,", "\t{}\n", "{}…"])
def test_an_address_may_be_copied_with_what_stands_around_it(sender, link, around):
    (sender.folder / "a.txt").write_bytes(b"a")
    sender.run("a.txt", "--to", around.format(address(link)))
    assert hash_of(around.format(address(link))) == hash_of(around.format(link.hash)) == link.hash


def test_hashes_keep_all_their_characters():
    for end in "-_aZ0":
        assert hash_of(f"http://h/request/{'x' * 31}{end}.") == f"{'x' * 31}{end}"
