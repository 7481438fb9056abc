"""The owner sees what is on its way to a link and stops it; nobody else does, and no file that arrived goes with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.support.client import Client, Link, patiently
from tests.support.files import content, files_below
from tests.support.live import LiveServer

MIB = 1024 * 1024


def test_an_open_upload_is_seen_with_its_sender_and_how_far_it_is(client: Client, server: LiveServer) -> None:
    link = client.make_link(ask_name="optional", ask_email="optional")
    sender = link.seen_by(Client.of(server, source="127.0.9.7"))
    before = time.time()
    assert link.client.call("GET", f"{link.path}/uploads", owner=True).expect(200).json["at"] >= before
    named = sender.opened("ü/film.mov", 3 * MIB, sender_name="Ada", sender_email="ada@example.org")
    other = link.opened("b.bin", 10)
    for number in range(2):
        sender.chunk(named, number * MIB, content(MIB, number), 3 * MIB).expect(200)
    newest, oldest = client.call("GET", f"{link.path}/uploads?limit=10", owner=True).expect(200).json["uploads"]
    assert (newest["upload_id"], newest["path"], newest["received_bytes"]) == (other, "b.bin", 0)
    assert (newest["sender_name"], newest["bytes_per_second"], newest["running"]) == (None, 0, False)
    told = {
        name: oldest[name] for name in ("upload_id", "path", "size", "received_bytes", "sender_name", "sender_email")
    }
    assert told == {
        "upload_id": named,
        "path": "ü/film.mov",
        "size": 3 * MIB,
        "received_bytes": 2 * MIB,
        "sender_name": "Ada",
        "sender_email": "ada@example.org",
    }
    assert (newest["address"], oldest["address"]) == ("127.0.0.1", "127.0.9.7")
    assert before <= oldest["opened_at"] <= oldest["active_at"] <= time.time()
    assert 0 < oldest["bytes_per_second"] <= 2 * MIB / (oldest["active_at"] - oldest["opened_at"])


def test_all_workers_tell_the_same_pace(link: Link) -> None:
    size = 64 * 100_000
    upload_id = link.opened("a.bin", size)
    with ThreadPoolExecutor(8) as pool:
        places = range(0, size // 2, 100_000)
        sent = pool.map(lambda at: patiently(lambda: link.chunk(upload_id, at, b"x" * 100_000, size)), places)
        assert all(each.status == 200 for each in sent)
        looks = list(pool.map(lambda _: link.under_way()[0], range(24)))
    opened_at = looks[0]["opened_at"]
    assert {each["received_bytes"] for each in looks} == {size // 2}
    # Each is the mean since the opening, as of the moment of that look.
    assert all(0 < each["bytes_per_second"] <= size // 2 / (each["active_at"] - opened_at) for each in looks)


def test_what_ended_is_no_longer_seen(link: Link) -> None:
    kept, cancelled = link.opened("kept.bin", 10), link.opened("cancelled.bin", 10)
    link.deliver("done.bin", b"x")
    link.cancel(cancelled).expect(204)
    assert [each["upload_id"] for each in link.under_way()] == [kept]


@pytest.mark.parametrize("suffix", ["/uploads", "/uploads?limit=5"])
def test_only_the_owner_sees_and_stops_them(link: Link, suffix: str) -> None:
    upload_id = link.opened("a.bin", 10)
    for method in ("GET", "DELETE"):
        link.client.call(method, f"{link.path}{suffix}").expect(401, "unauthorized")
    link.client.call("DELETE", f"{link.path}/uploads/{upload_id}?as=owner").expect(401, "unauthorized")
    headers = {"Authorization": "Bearer wrong"}
    stranger = link.client.elsewhere()
    stranger.call("DELETE", f"{link.path}/uploads/{upload_id}", headers=headers).expect(401, "unauthorized")
    assert link.status(upload_id).expect(200).json["state"] == "open"


def test_there_is_nothing_to_see_of_a_link_that_does_not_exist(client: Client) -> None:
    path = "/api/droppr/requests/nothing-here-0123456789/uploads"
    client.call("GET", path, owner=True).expect(404, "request_not_found")
    client.call("DELETE", path, owner=True).expect(404, "request_not_found")
    client.call("DELETE", f"{path}/some-upload", owner=True).expect(404, "request_not_found")


def test_a_stopped_upload_frees_its_place_and_its_sender_is_told(client: Client, server: LiveServer) -> None:
    link = client.make_link(max_files=1)
    key = "k" * 24
    upload_id = link.opened("a.bin", MIB, key=key)
    link.chunk(upload_id, 0, content(1000), MIB).expect(200)
    assert link.stop(upload_id).expect(204).body == b""
    assert link.under_way() == []
    assert not (server.data_dir / "uploads" / upload_id).exists()
    for reply in (
        link.chunk(upload_id, 1000, content(1000), MIB),
        link.status(upload_id),
        link.open("a.bin", MIB, key=key),
        link.cancel(upload_id),
        link.client.call("GET", f"{link.path}/uploads/{upload_id}"),
    ):
        assert "owner" in reply.expect(404, "upload_cancelled").json["error"]
    link.stop(upload_id).expect(404, "upload_not_found")
    link.deliver("b.bin", b"room again")


def test_the_owners_session_stops_what_it_says_so_of_and_else_acts_as_a_sender(link: Link) -> None:
    token = {"token": link.client.token}
    reply = link.client.call("POST", "/api/droppr/session", json=token).expect(204)
    session = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}
    sent = link.deliver("a.bin", b"safe")
    path = f"{link.path}/uploads/{sent['upload_id']}"
    link.client.call("DELETE", f"{path}?as=owner", headers=session).expect(409, "upload_complete")
    assert (link.disk / "a.bin").read_bytes() == b"safe"
    # The sender's page in the owner's own browser takes the file back.
    link.client.call("DELETE", path, headers=session).expect(204)
    assert files_below(link.disk) == {}


def test_the_token_never_takes_a_file_back(link: Link) -> None:
    sent = link.deliver("a.bin", b"safe")
    link.stop(sent["upload_id"]).expect(409, "upload_complete")
    assert link.stop_all().expect(200).json == {"cancelled": 0, "left": 0}
    assert (link.disk / "a.bin").read_bytes() == b"safe"
    link.cancel(sent["upload_id"]).expect(204)
    assert files_below(link.disk) == {}


def test_all_of_a_link_are_stopped_and_none_of_another(client: Client, link: Link) -> None:
    other = client.make_link()
    kept = other.opened("a.bin", 10)
    for number in range(20):
        upload_id = link.opened(f"{number}.bin", 2 * MIB)
        link.chunk(upload_id, 0, b"x" * 1000, 2 * MIB).expect(200)
    link.deliver("done.bin", b"stays")
    assert link.stop_all().expect(200).json == {"cancelled": 20, "left": 0}
    assert link.stop_all().expect(200).json == {"cancelled": 0, "left": 0}
    assert link.under_way() == []
    assert [each["upload_id"] for each in other.under_way()] == [kept]
    assert files_below(link.disk).keys() == {"done.bin"}


def test_uploads_of_a_closed_or_expired_link_are_seen_and_stopped(link: Link) -> None:
    for number in range(4):
        link.opened(f"{number}.bin", 10)
    link.close().expect(204)
    first, *_ = link.under_way()
    link.stop(first["upload_id"]).expect(204)
    link.change(active=True, expires_hours=1e-9).expect(200)
    assert len(link.under_way()) == 3
    assert link.stop_all().expect(200).json == {"cancelled": 3, "left": 0}


def test_they_come_in_pages_newest_first_whatever_is_opened_or_stopped_meanwhile(link: Link) -> None:
    ids = [link.opened(f"{number}.bin", 10) for number in range(7)]
    found: list[str] = []
    cursor = ""
    while True:
        asked = f"{link.path}/uploads?limit=2" + (f"&cursor={quote(cursor)}" if cursor else "")
        reply = link.client.call("GET", asked, owner=True).expect(200).json
        found += [each["path"] for each in reply["uploads"]]
        if reply["next_cursor"] is None:
            break
        cursor = reply["next_cursor"]
        link.opened("later.bin", 10)
        if len(found) == 2:
            link.stop(ids[6]).expect(204)  # Shown already.
            link.stop(ids[3]).expect(204)  # Still to come.
    assert found == ["6.bin", "5.bin", "4.bin", "2.bin", "1.bin", "0.bin"]
    link.client.call("GET", f"{link.path}/uploads?cursor=x&limit=1", owner=True).expect(400, "invalid_request")


def test_a_chunk_under_way_is_told_that_its_upload_was_stopped(link: Link) -> None:
    upload_id = link.opened("a.bin", MIB)

    def slowly() -> object:
        yield b"x" * 1000
        link.wait_until_claimed(upload_id)
        link.stop(upload_id).expect(204)
        yield b"x" * (MIB // 2 - 1000)

    headers = {"X-Upload-Id": upload_id, "Content-Range": f"bytes 0-{MIB // 2 - 1}/{MIB}"}
    link.raw_chunk(headers, slowly()).expect(404, "upload_cancelled")
    assert files_below(link.disk) == {}
    assert link.under_way() == []


def test_a_thousand_uploads_are_looked_at_a_page_at_a_time_and_stopped_in_few_calls(
    live: Callable[..., LiveServer],
) -> None:
    link = Client.of(live(workers=2)).make_link()
    with ThreadPoolExecutor(8) as pool:
        opened = pool.map(lambda number: patiently(lambda: link.open(f"{number}.bin", 5 * MIB)), range(1000))
        assert {each.status for each in opened} == {201}
    page = link.client.call("GET", f"{link.path}/uploads?limit=100", owner=True).expect(200).json
    assert len(page["uploads"]) == 100
    assert page["next_cursor"]
    stopped = 0
    while left := link.stop_all().expect(200).json:
        stopped += left["cancelled"]
        if not left["left"]:
            break
    assert stopped == 1000
