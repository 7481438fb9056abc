"""Handoffs: by a short code, another device goes on with what this one began."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.http.test_purge import cleanup
from tests.support.catalogues import asked
from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually
from tests.support.live import LiveServer


def make(link: Link, *upload_ids: str) -> Reply:
    return link.client.call("POST", f"{link.path}/handoffs", json={"uploads": list(upload_ids)})


def made(link: Link, *upload_ids: str) -> Any:
    """What a new code came with. Its name on the wire is that of an error's code, so only the status is looked at."""
    reply = make(link, *upload_ids)
    assert reply.status == 201, reply
    return reply.json


def find(link: Link, code: str) -> Reply:
    return link.client.call("GET", f"{link.path}/handoffs/{code}")


_numbers = count(1)


@pytest.fixture
def link(client: Client, server: LiveServer) -> Link:
    """Each test comes from an address of its own, as codes and guesses are counted by it."""
    return client.make_link().seen_by(Client.of(server, source=f"127.9.9.{next(_numbers)}"))


def test_another_device_goes_on_where_this_one_stopped(server: LiveServer, link: Link) -> None:
    data = content(50_000)
    half, fresh = link.opened("a.bin", len(data)), link.opened("b.bin", 10)
    link.chunk(half, 0, data[:20_000], len(data)).expect(200)
    handoff = made(link, half, fresh)
    assert handoff["url"] == f"/request/{link.hash}#resume={handoff['code']}"
    assert 23.9 * 3600 < handoff["expires_at"] - time.time() <= 24 * 3600
    phone = link.seen_by(Client.of(server, source="127.8.8.8"))
    found = find(phone, handoff["code"]).expect(200).json["uploads"]
    assert found == [phone.status(half).json, phone.status(fresh).json]
    start = found[0]["missing_ranges"][0][0]
    assert phone.chunk(half, start, data[start:], len(data)).expect(200).json["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == data


@pytest.mark.parametrize("spelled", [str.lower, lambda code: code.replace("-", ""), lambda code: f"%20{code}%20"])
def test_a_code_is_read_as_people_write_it(link: Link, spelled: Callable[[str], str]) -> None:
    code = made(link, link.opened("a.bin", 1))["code"]
    assert [len(part) for part in code.split("-")] == [4, 4, 2]
    find(link, spelled(code)).expect(200)


def test_uploads_that_are_gone_are_left_out(client: Client, link: Link) -> None:
    kept, gone, other = link.opened("a.bin", 1), link.opened("b.bin", 1), client.make_link().opened("c.bin", 1)
    code = made(link, kept, gone, other, kept)["code"]
    link.cancel(gone).expect(204)
    assert [each["upload_id"] for each in find(link, code).json["uploads"]] == [kept]
    make(link, gone, other).expect(404, "upload_not_found")


def test_a_code_is_good_on_its_own_link_only(client: Client, link: Link) -> None:
    code = made(link, link.opened("a.bin", 1))["code"]
    find(client.make_link().seen_by(link.client), code).expect(404, "handoff_not_found")
    link.close().expect(204)
    find(link, code).expect(410, "request_closed")
    make(link, "x").expect(410, "request_closed")


def test_guessing_ends_for_whoever_guesses_and_right_codes_in_between_do_not_help(
    server: LiveServer, link: Link
) -> None:
    code = made(link, link.opened("a.bin", 1))["code"]
    for number in range(5):
        find(link, f"0000-0000-0{number}").expect(404, "handoff_not_found")
        if number < 4:
            find(link, code).expect(200)
    assert int(find(link, code).expect(429, "too_many_attempts").headers["Retry-After"]) > 800
    find(link.seen_by(Client.of(server, source="127.8.8.9")), code).expect(200)


@pytest.mark.parametrize("code", ["%00", "..", "%2e%2e%2f", "x" * 5000, "%ff", "%F0%9F%98%80"])
def test_what_is_no_code_is_none(link: Link, code: str) -> None:
    assert find(link, code).status in (400, 404, 414)


def test_a_code_ends_and_the_cleanup_removes_it(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_HANDOFF_HOURS=1 / 3600)
    link = Client.of(server).make_link()
    code = made(link, link.opened("a.bin", 1))["code"]
    assert len(asked(server.data_dir, "SELECT * FROM handoffs")) == 1
    eventually(lambda: find(link, code).status != 200, what="the end of the code")
    assert find(link, code).status in (404, 429)
    cleanup(server)
    assert asked(server.data_dir, "SELECT * FROM handoffs") == []


def test_nobody_makes_codes_without_end(link: Link) -> None:
    upload_id = link.opened("a.bin", 1)
    replies = [make(link, upload_id) for _ in range(61)]
    assert [reply.status for reply in replies] == [201] * 60 + [429]
    assert len({reply.json["code"] for reply in replies[:60]}) == 60
    assert int(replies[-1].headers["Retry-After"]) > 3000
