"""Empty folders: what a sender's folder holds besides files arrives, too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.client import Client, Link, Reply


def make(link: Link, *paths: object, **headers: str) -> Reply:
    body = {"paths": list(paths)}
    return link.client.call("POST", f"{link.path}/folders", json=body, headers=headers)


def test_folders_are_made_once_however_often_they_are_asked_for(link: Link) -> None:
    for _ in range(2):
        assert make(link, "a/b", "ü/日本", "a", "c/").expect(201).json == {"folders": ["a/b", "ü/日本", "a", "c"]}
    assert sorted(str(path.relative_to(link.disk)) for path in link.disk.rglob("*")) == ["a", "a/b", "c", "ü", "ü/日本"]
    assert link.files() == []
    link.deliver("a/b/file.txt", b"x")
    assert (link.disk / "a/b/file.txt").read_bytes() == b"x"


def test_a_thousand_folders_with_long_names_go_in_one_call(link: Link) -> None:
    paths = [f"{'d' * 250}/{'e' * 240}{number}" for number in range(1000)]
    assert make(link, *paths).expect(201).json == {"folders": paths}


def test_many_at_once_ask_for_one_folder(link: Link) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: make(link, "x/y/z"), range(16)))
    assert {tuple(reply.expect(201).json["folders"]) for reply in replies} == {("x/y/z",)}
    assert [path.name for path in link.disk.iterdir()] == ["x"]


def test_a_file_in_the_way_is_left_alone(link: Link) -> None:
    link.deliver("a", b"x")
    for _ in range(2):
        assert make(link, "a/b").expect(201).json == {"folders": ["a (1)/b"]}
    assert (link.disk / "a").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["", "/", "/etc", "..", "a/../../b", "a//b", "a/\0", "x" * 256, "\ud800"])
def test_a_path_that_no_file_could_have_is_refused(link: Link, path: str) -> None:
    make(link, "good", path).expect(400, "invalid_path")
    assert not link.disk.exists()


@pytest.mark.parametrize("paths", [[], "a", [1], None, ["a"] * 1001])
def test_what_is_no_list_of_paths_is_refused(link: Link, paths: object) -> None:
    body = {"paths": paths}
    link.client.call("POST", f"{link.path}/folders", json=body).expect(400, "invalid_request")


def test_the_rights_are_those_of_opening_an_upload(client: Client) -> None:
    locked = client.make_link(password="secret")
    make(locked, "a").expect(401, "password_required")
    make(locked, "a", **{"X-Request-Password": "secret"}).expect(201)
    locked.close().expect(204)
    make(locked, "a").expect(410, "request_closed")


def test_a_link_takes_ten_thousand_folders_and_no_more(link: Link) -> None:
    for start in range(0, 9000, 1000):
        make(link, *(f"f/{number}" for number in range(start, start + 1000))).expect(201)
    assert make(link, *(f"g/{number}" for number in range(1000))).expect(413, "request_full").json["limit"] == 10_000
    make(link, *(f"f/{number}" for number in range(1000))).expect(201)
    assert not (link.disk / "g").exists()
