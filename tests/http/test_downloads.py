"""Downloads: what the owner gets back, whole or in part, and what the headers promise a browser."""

from __future__ import annotations

import pytest

from tests.support.client import Client, Link
from tests.support.files import HTML, MIB, content, eventually, sha256

DATA = content(100_000, 5)


@pytest.fixture
def full(link: Link) -> Link:
    link.deliver("dir/a.bin", DATA)
    return link


def test_a_download_is_the_bytes_and_says_what_it_is(full: Link) -> None:
    reply = full.download("dir/a.bin").expect(200)
    assert reply.body == DATA
    assert reply.headers["Content-Length"] == str(len(DATA))
    assert reply.headers["Accept-Ranges"] == "bytes"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["ETag"]
    assert "no-store" in reply.headers["Cache-Control"] or "private" in reply.headers["Cache-Control"]


def test_head_says_the_same_without_the_bytes(full: Link) -> None:
    got, head = full.download("dir/a.bin"), full.download("dir/a.bin", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "ETag", "Content-Disposition", "X-Content-Type-Options", "Accept-Ranges"):
        assert head.headers[name] == got.headers[name], name


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=50000-", 50_000, 100_000),
        ("bytes=-1", 99_999, 100_000),
        ("bytes=-500", 99_500, 100_000),
        ("bytes=99999-99999", 99_999, 100_000),
        ("bytes=99000-5000000", 99_000, 100_000),
        ("bytes=-5000000", 0, 100_000),
    ],
)
def test_a_range_is_exactly_those_bytes(full: Link, asked: str, start: int, stop: int) -> None:
    reply = full.download("dir/a.bin", headers={"Range": asked}).expect(206)
    assert reply.body == DATA[start:stop]
    assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/100000"
    assert reply.headers["Content-Length"] == str(stop - start)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("asked", ["bytes=100000-", "bytes=100000-100001", "bytes=-0"])
def test_a_range_outside_the_file_is_416_with_its_size(full: Link, asked: str) -> None:
    reply = full.download("dir/a.bin", headers={"Range": asked})
    assert reply.status == 416
    assert reply.headers["Content-Range"] == "bytes */100000"
    assert reply.code


@pytest.mark.parametrize("asked", ["lines=0-5", "bytes=x-y", "bytes=5-2", "bytes", "bytes=0-1,5-9,20-30"])
def test_a_range_that_is_not_understood_gives_all_or_an_error_and_never_wrong_bytes(full: Link, asked: str) -> None:
    reply = full.download("dir/a.bin", headers={"Range": asked})
    if reply.status == 200:
        assert reply.body == DATA
    elif reply.status == 206:
        assert reply.headers["Content-Type"].startswith("multipart/byteranges")
        assert DATA[5:10] in reply.body
    else:
        assert reply.status in (400, 416)


def test_if_range_gives_the_part_only_while_the_file_is_the_same(full: Link) -> None:
    tag = full.download("dir/a.bin").headers["ETag"]
    same = full.download("dir/a.bin", headers={"Range": "bytes=10-19", "If-Range": tag}).expect(206)
    assert same.body == DATA[10:20]
    other = full.download("dir/a.bin", headers={"Range": "bytes=10-19", "If-Range": '"other"'}).expect(200)
    assert other.body == DATA


def test_if_none_match_spares_the_bytes(full: Link) -> None:
    tag = full.download("dir/a.bin").headers["ETag"]
    reply = full.download("dir/a.bin", headers={"If-None-Match": tag})
    assert (reply.status, reply.body) == (304, b"")
    assert full.download("dir/a.bin", headers={"If-None-Match": '"other"'}).expect(200).body == DATA


def test_another_content_has_another_etag(full: Link) -> None:
    tag = full.download("dir/a.bin").headers["ETag"]
    (full.disk / "dir/a.bin").write_bytes(content(100_000, 6))
    assert full.download("dir/a.bin").headers["ETag"] != tag


def test_an_empty_file_downloads(link: Link) -> None:
    link.deliver("empty.txt", b"")
    reply = link.download("empty.txt").expect(200)
    assert (reply.body, reply.headers["Content-Length"]) == (b"", "0")


def test_a_large_file_downloads_whole(link: Link) -> None:
    data = content(12 * MIB, 1)
    link.send(link.opened("large.bin", len(data)), data, step=4 * MIB)
    assert sha256(link.download("large.bin").expect(200).body) == sha256(data)


def test_a_page_from_a_stranger_is_never_shown_as_a_page(link: Link) -> None:
    link.deliver("evil.html", HTML)
    link.deliver("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    for name in ("evil.html", "evil.svg"):
        headers = link.download(name).expect(200).headers
        assert headers["Content-Disposition"].startswith("attachment")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_name_with_line_breaks_adds_no_header(link: Link) -> None:
    name = "a\r\nSet-Cookie: evil=1\r\n\r\n.txt"
    link.deliver(name, b"x")
    reply = link.download(name).expect(200)
    assert "Set-Cookie" not in reply.headers
    assert reply.body == b"x"


def test_a_missing_file_is_404(full: Link) -> None:
    for name in ("dir/none.bin", "dir", "a.bin", "dir/a.bin/", "DIR/a.bin"):
        assert full.download(name).status == 404, name
    full.download("dir/none.bin").expect(404, "file_not_found")


def test_a_file_the_owner_removed_is_404(full: Link) -> None:
    (full.disk / "dir/a.bin").unlink()
    full.download("dir/a.bin").expect(404, "file_not_found")
    assert full.client.call("GET", f"{full.path}/files", owner=True).status == 200


def test_a_hard_link_to_what_lies_elsewhere_is_not_served(way_in: Client) -> None:
    link = way_in.make_link()
    link.deliver("a.bin", b"received")
    (link.disk / "a.bin").unlink()
    # Such as what else lies in the data folder; without `way_in`'s nginx the server would send it itself.
    (link.disk / "a.bin").hardlink_to(link.client.files_dir.parent / "format")
    for method in ("GET", "HEAD"):
        reply = link.download("a.bin", method=method)
        assert reply.status == 404
        assert b"folder" not in reply.body


def test_the_link_alone_downloads_nothing(full: Link) -> None:
    full.client.call("GET", f"{full.path}/files/dir/a.bin").expect(401, "unauthorized")
    full.client.call("GET", f"{full.path}/files").expect(401, "unauthorized")


def test_the_list_tells_the_hash_of_every_file(client: Client, full: Link) -> None:
    [listed] = full.files()
    assert (listed["path"], listed["name"], listed["size"]) == ("dir/a.bin", "a.bin", len(DATA))
    assert listed["upload_id"]
    assert listed["received_at"]
    assert {"sender_name", "sender_email", "sha256"} <= set(listed)
    known = eventually(lambda: full.files()[0]["sha256"], what="the hash")
    assert known == sha256(DATA)
