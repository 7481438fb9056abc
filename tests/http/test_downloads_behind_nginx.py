"""Downloads that the app allows and nginx sends: the same bytes, the same promises."""

from __future__ import annotations

import pytest

from tests.support.client import Client
from tests.support.files import content

DATA = content(100_000, 5)
NAMES = [
    "plain.bin",
    "dir/日本語 100% + ?#&;.bin",
    "line\nbreak\r\nX-Evil: 1.txt",
    "a|b:c*.txt",
    "con.txt",
    "…/ü\u0308 'x' \"y\".svg",
    "/".join(["日" * 85] * 12),
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_a_file_of_any_name_comes_back_by_way_of_nginx(proxied: Client, name: str) -> None:
    link = proxied.make_link()
    link.deliver(name, DATA)
    reply = link.download(name).expect(200)
    assert reply.body == DATA
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"].startswith("attachment")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "X-Evil" not in reply.headers
    assert "X-Accel-Redirect" not in reply.headers


def test_ranges_and_tags_work_by_way_of_nginx(proxied: Client) -> None:
    link = proxied.make_link()
    link.deliver("a.bin", DATA)
    head = link.download("a.bin", method="HEAD").expect(200)
    assert (head.body, head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (b"", "100000", "bytes")
    tag = head.headers["ETag"]
    part = link.download("a.bin", headers={"Range": "bytes=10-19", "If-Range": tag}).expect(206)
    assert (part.body, part.headers["Content-Range"]) == (DATA[10:20], "bytes 10-19/100000")
    assert link.download("a.bin", headers={"Range": "bytes=10-19", "If-Range": '"x"'}).expect(200).body == DATA
    assert link.download("a.bin", headers={"If-None-Match": tag}).status == 304
    assert link.download("a.bin", headers={"Range": "bytes=100000-"}).status == 416


def test_nobody_reaches_the_files_without_the_app(proxied: Client) -> None:
    link = proxied.make_link()
    link.deliver("a.bin", DATA)
    proxied.call("GET", f"/_droppr_files/{link.folder}/a.bin").expect(404, "not_found")
    proxied.call("GET", f"{link.path}/files/a.bin").expect(401, "unauthorized")
