"""Deleting, restoring and emptying over HTTP: for the owner alone, told to nobody else, and whole whenever it dies."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3

from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually, files_below
from tests.support.live import GENEROUS, LiveServer


def delete(link: Link, path: str, upload_id: str = "") -> Reply:
    query = f"?upload_id={upload_id}" if upload_id else ""
    return link.client.call("DELETE", f"{link.path}/files/{quote(path)}{query}", owner=True)


def restore(link: Link, upload_id: str) -> Reply:
    return link.client.call("POST", f"{link.path}/bin/{upload_id}/restore", owner=True)


def binned(link: Link) -> list[str]:
    reply = link.client.call("GET", f"{link.path}/bin", owner=True).expect(200)
    return [each["upload_id"] for each in reply.json["files"]]


@pytest.mark.parametrize("name", ["a.txt", "dir/日本語 100% + ?#&;.bin", "line\nbreak.txt", "a|b:c*.txt"])
def test_a_file_goes_and_comes_back(way_in: Client, name: str) -> None:
    link = way_in.make_link()
    upload_id = link.deliver(name, b"first")["upload_id"]
    reply = delete(link, name, upload_id).expect(200).json
    assert reply["upload_id"] == upload_id
    assert reply["restorable_until"] > 0
    assert link.files() == []
    link.download(name).expect(404, "file_not_found")
    [found] = link.client.call("GET", f"{link.path}/bin", owner=True).expect(200).json["files"]
    assert (found["path"], found["size"], found["deleted_by"]) == (name, 5, "owner")
    assert restore(link, upload_id).expect(200).json == {"upload_id": upload_id, "path": name}
    assert link.download(name).expect(200).body == b"first"
    assert binned(link) == []
    restore(link, upload_id).expect(404, "file_not_found")


def test_of_two_of_one_name_the_one_that_was_meant_goes(client: Client) -> None:
    link = client.make_link()
    first = link.deliver("a.txt", b"first")["upload_id"]
    (link.disk / "a.txt").rename(link.disk / "mine.txt")
    second = link.deliver("a.txt", b"second")["upload_id"]
    delete(link, "a.txt", first).expect(404, "file_not_found")
    assert {each["upload_id"] for each in link.files()} == {first, second}
    delete(link, "a.txt", second).expect(200)
    assert [each["upload_id"] for each in link.files()] == [first]
    assert delete(link, "a.txt").expect(200).json["restorable_until"] is None
    assert (link.disk / "mine.txt").read_bytes() == b"first"


def test_what_the_owner_changed_stays(client: Client) -> None:
    link = client.make_link()
    link.deliver("a.txt", b"first")
    (link.disk / "a.txt").write_bytes(b"by its owner")
    delete(link, "a.txt").expect(409, "file_changed")
    assert (link.disk / "a.txt").read_bytes() == b"by its owner"


def test_the_bin_is_listed_in_pages_and_emptied_one_by_one(client: Client) -> None:
    link = client.make_link()
    ids = [link.deliver(f"{number}.txt", b"x")["upload_id"] for number in range(5)]
    for number in range(5):
        delete(link, f"{number}.txt").expect(200)
    first = client.call("GET", f"{link.path}/bin?limit=3", owner=True).expect(200).json
    rest = client.call("GET", f"{link.path}/bin?limit=3&cursor={first['next_cursor']}", owner=True).expect(200).json
    assert [each["upload_id"] for each in [*first["files"], *rest["files"]]] == ids[::-1]
    assert rest["next_cursor"] is None
    client.call("DELETE", f"{link.path}/bin/{ids[0]}", owner=True).expect(204)
    client.call("DELETE", f"{link.path}/bin/{ids[0]}", owner=True).expect(404, "file_not_found")
    assert len(binned(link)) == 4


def test_nobody_but_the_owner_may(client: Client) -> None:
    link, other = client.make_link(), client.make_link()
    upload_id = link.deliver("a.txt", b"first")["upload_id"]
    for method, path in (
        ("DELETE", "files/a.txt"),
        ("GET", "bin"),
        ("POST", f"bin/{upload_id}/restore"),
        ("DELETE", f"bin/{upload_id}"),
    ):
        client.call(method, f"{link.path}/{path}").expect(401, "unauthorized")
    delete(link, "a.txt").expect(200)
    restore(other, upload_id).expect(404, "file_not_found")
    assert binned(other) == []
    for strange in ("nosuch", "%00", "%2e%2e", "x" * 300):
        assert client.call("POST", f"{link.path}/bin/{strange}/restore", owner=True).status == 404
    assert binned(link) == [upload_id]


def test_its_sender_is_told_that_it_arrived_and_the_same_again_is_not_sent_again(client: Client) -> None:
    link = client.make_link()
    opened = link.opened("a.bin", 70_000, key="k" * 30)
    link.send(opened, content(70_000, 1))
    delete(link, "a.bin").expect(200)
    arrived = client.call("POST", f"{link.path}/arrived", json={"uploads": [opened]})
    assert opened in arrived.expect(200).body.decode()
    assert link.open("a.bin", 70_000, key="k" * 30).json["upload_id"] == opened
    assert link.status(opened).expect(200).json["complete"] is True
    assert link.cancel(opened).status in (404, 409)
    assert binned(link) == [opened]


def test_it_dies_at_any_moment_and_the_file_is_on_the_list_or_in_the_bin(tmp_path: Path) -> None:
    data = content(5000, 1)
    with LiveServer(tmp_path, workers=1, **GENEROUS) as server:
        link = Client.of(server).make_link()
        upload_id = link.deliver("a.bin", data)["upload_id"]
        for number in range(24):
            with dying(server, number):
                if number % 2:
                    restore(link, upload_id)
                else:
                    delete(link, "a.bin")
            listed, kept = [each["upload_id"] for each in link.files()], binned(link)
            assert sorted([*listed, *kept]) == [upload_id], number
            if kept and number % 2 == 0:
                eventually(lambda: not files_below(link.disk), what="the end of the deletion")
            if kept:
                assert restore(link, upload_id).expect(200).json["path"] == "a.bin"
            assert link.download("a.bin").expect(200).body == data
            if number % 2 == 0:
                delete(link, "a.bin").expect(200)


def is_alone(link: Link, path: str) -> bool:
    return [*files_below(link.disk)] == [path]


@contextlib.contextmanager
def dying(server: LiveServer, number: int) -> Iterator[None]:
    """What is asked inside is answered or not: the server is killed while it is at it, later each time."""
    killer = threading.Timer(number * 0.0004, server.kill)
    killer.start()
    try:
        with contextlib.suppress(urllib3.exceptions.HTTPError, AssertionError):
            yield
    finally:
        killer.join()
        server.start()


def test_it_dies_at_any_moment_and_a_file_has_its_old_name_or_its_new_one(tmp_path: Path) -> None:
    data, names = content(5000, 1), ["a.bin", "folder/b.bin"]
    with LiveServer(tmp_path, workers=1, **GENEROUS) as server:
        link = Client.of(server).make_link()
        upload_id = link.deliver(names[0], data)["upload_id"]
        for number in range(16):
            [listed] = link.files()
            new = names[listed["path"] == names[0]]
            with dying(server, number):
                body = {"path": new, "upload_id": upload_id}
                link.client.call("PATCH", f"{link.path}/files/{quote(listed['path'])}", json=body, owner=True)
            [listed] = link.files()
            assert (listed["upload_id"], listed["path"] in names) == (upload_id, True), number
            assert link.download(listed["path"]).expect(200).body == data
            eventually(partial(is_alone, link, listed["path"]), what="one name on the disk")
