"""Links that are over are deleted for good; what they received stays."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually, files_below
from tests.support.live import LiveServer


def forget(link: Link, how: str = "true") -> Reply:
    return link.client.call("DELETE", f"{link.path}?forget={how}", owner=True)


def hashes(client: Client) -> list[str]:
    return [each["hash"] for each in client.call("GET", "/api/droppr/requests", owner=True).json["requests"]]


def test_a_closed_link_is_deleted_with_all_that_was_noted_of_it(server: LiveServer, link: Link) -> None:
    sent = link.deliver("dir/a.bin", b"stays")["upload_id"]
    half = link.opened("b.bin", 300_000)
    link.chunk(half, 0, content(100_000), 300_000).expect(200)
    link.close().expect(204)
    forget(link).expect(204)
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"dir/a.bin": b"stays"}
    assert link.hash not in hashes(link.client)
    for reply in (
        link.info(),
        link.close(),
        link.change(title="x"),
        link.download("dir/a.bin"),
        link.status(sent),
        link.status(half),
        link.cancel(sent),
        link.chunk(half, 100_000, b"x", 300_000),
        link.open("c.bin", 1),
        link.client.call("GET", f"{link.path}/files", owner=True),
        link.client.call("POST", f"{link.path}/receipts", json={"uploads": [sent]}),
        forget(link),
    ):
        reply.expect(404, "request_not_found")
    # Folders of others come and go while one looks.
    there = [name for _, folders, files in os.walk(server.data_dir) for name in (*folders, *files)]
    assert [name for name in there if link.hash in name and not name.endswith(".lock")] == []
    assert not (server.data_dir / "uploads" / half).exists()


def test_an_open_link_is_not_deleted_by_mistake(link: Link) -> None:
    forget(link).expect(409, "request_in_use")
    link.info().expect(200)
    forget(link, "false").expect(204)
    link.info().expect(410, "request_closed")
    forget(link, "perhaps").expect(400, "invalid_request")
    link.client.call("DELETE", f"{link.path}?forget=true").expect(401, "unauthorized")


def test_an_expired_link_can_be_deleted_without_closing_it(client: Client) -> None:
    link = client.make_link(expires_hours=1 / 7200)
    eventually(lambda: link.info().status == 410, what="its expiry")
    forget(link).expect(204)
    link.info().expect(404, "request_not_found")


def test_the_list_is_right_while_links_are_deleted(client: Client) -> None:
    links = [client.make_link() for _ in range(30)]
    kept = client.make_link()
    for link in links:
        link.close().expect(204)
    with ThreadPoolExecutor(8) as pool:
        deleted = [pool.submit(forget, link) for link in links]
        seen = [hashes(client) for _ in range(30)]
        assert {each.result().status for each in deleted} == {204}
    assert all(kept.hash in each for each in seen)
    assert not {link.hash for link in links} & set(hashes(client))
