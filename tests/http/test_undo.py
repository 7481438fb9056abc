"""Undo: a sender takes a file back for a while after it has arrived, and never another file than that one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.client import Client, Link, patiently
from tests.support.files import content, files_below


def test_a_file_is_taken_back_with_all_that_was_known_of_it(client: Client) -> None:
    link = client.make_link(max_files=1, max_total_size=104_096)
    sent = link.deliver("dir/a.bin", b"oops")
    assert 3500 < sent["removable_until"] - time.time() <= 3600
    assert link.status(sent["upload_id"]).json["removable_until"] == pytest.approx(sent["removable_until"], abs=1)
    assert link.cancel(sent["upload_id"]).expect(204).body == b""
    assert files_below(link.disk) == {}
    assert link.files() == []
    for again in (link.cancel(sent["upload_id"]), link.status(sent["upload_id"])):
        again.expect(404, "upload_not_found")
    link.chunk(sent["upload_id"], 0, b"oops", 4).expect(404, "upload_not_found")
    link.download("dir/a.bin").expect(404, "file_not_found")
    link.deliver("dir/b.bin", content(100_000))


def test_files_that_came_whole_or_packed_are_taken_back_too(link: Link) -> None:
    assert link.form("form.txt", b"x").expect(200).json["removable_until"] > time.time()
    pack = b"".join(
        json.dumps({"path": name, "size": 1, "key": name * 24}).encode() + b"\n" + b"x" for name in ("a", "b")
    )
    headers = {"Content-Type": "application/vnd.droppr.pack"}
    sent = link.client.call("POST", f"{link.path}/pack", body=pack, headers=headers).expect(200).json["files"]
    assert all(each["removable_until"] > time.time() for each in sent)
    for file in link.files():
        if file["path"] != "b":
            link.cancel(file["upload_id"]).expect(204)
    assert files_below(link.disk).keys() == {"b"}
    # The same pack again brings nothing back that was taken back.
    again = link.client.call("POST", f"{link.path}/pack", body=pack, headers=headers).expect(200).json["files"]
    assert [each.get("code") for each in again] == ["upload_not_found", None]
    assert files_below(link.disk).keys() == {"b"}


def test_what_is_not_complete_cannot_be_taken_back_yet(link: Link) -> None:
    opened = link.open("a.bin", 10).expect(201).json
    assert opened["removable_until"] is None
    assert link.deliver("empty.bin", b"")["removable_until"] > time.time()


def test_of_twenty_at_once_one_takes_the_file_back(link: Link) -> None:
    sent = link.deliver("a.bin", content(2_000_000))
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: patiently(lambda: link.cancel(sent["upload_id"])), range(20)))
    assert sorted(reply.status for reply in replies) == [204] + [404] * 19
    assert files_below(link.disk) == {}


def test_a_file_of_the_same_name_that_came_later_stays(link: Link) -> None:
    first = link.deliver("a.bin", b"first")
    (link.disk / "a.bin").unlink()
    second = link.deliver("a.bin", b"other")
    assert second["path"] == "a.bin"
    link.cancel(first["upload_id"]).expect(409, "upload_complete")
    assert (link.disk / "a.bin").read_bytes() == b"other"
    link.cancel(second["upload_id"]).expect(204)
    assert files_below(link.disk) == {}


def changed(path: Path) -> None:
    path.write_bytes(b"SAFE")


def replaced(path: Path) -> None:
    beside = path.with_name("new")
    beside.write_bytes(b"safe")
    beside.replace(path)


def moved(path: Path) -> None:
    path.rename(path.parent.parent / f"moved-{path.parent.name}")


def turned_into_a_link(path: Path) -> None:
    path.rename(path.with_name("kept"))
    path.symlink_to("kept")


@pytest.mark.parametrize("touch", [changed, replaced, moved, turned_into_a_link])
def test_what_the_owner_has_touched_is_the_owners(link: Link, touch: Callable[[Path], None]) -> None:
    sent = link.deliver("a.bin", b"safe")
    touch(link.disk / "a.bin")
    before = {name: path.read_bytes() for name, path in files_below(link.disk).items()}
    link.cancel(sent["upload_id"]).expect(409, "upload_complete")
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == before
    assert [file["upload_id"] for file in link.files()] == [sent["upload_id"]]


def test_a_download_that_has_begun_goes_on_to_its_end(link: Link) -> None:
    data = content(8_000_000)
    sent = link.deliver("a.bin", data)
    reply = link.client.pool.request(
        "GET",
        f"{link.path}/files/a.bin",
        headers={"Authorization": f"Bearer {link.client.token}"},
        preload_content=False,
    )
    begun = reply.read(1000)
    link.cancel(sent["upload_id"]).expect(204)
    assert begun + reply.read() == data
    reply.release_conn()


def test_only_its_own_link_takes_a_file_back(client: Client, link: Link) -> None:
    sent = link.deliver("a.bin", b"mine")
    client.make_link().cancel(sent["upload_id"]).expect(404, "upload_not_found")
    assert (link.disk / "a.bin").read_bytes() == b"mine"


def test_a_closed_link_still_gives_back_what_was_sent_by_mistake(link: Link) -> None:
    sent = link.deliver("a.bin", b"oops")
    link.close().expect(204)
    link.cancel(sent["upload_id"]).expect(204)
    assert files_below(link.disk) == {}
