"""Opening an upload: what it answers, what it refuses before a byte was sent, and what it sets aside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Link, patiently
from tests.support.files import content, files_below, sha256
from tests.support.live import LiveServer


def test_an_opened_upload_says_what_to_send_and_how(link: Link) -> None:
    opened = link.open("a.bin", 1000).expect(201).json
    assert opened["missing_ranges"] == [[0, 999]]
    assert opened["received_bytes"] == 0
    assert opened["complete"] is False
    assert opened["chunk_size"] == link.info().json["chunk_size"] == 8 * 1024 * 1024
    assert opened["max_parallel_chunks"] == link.info().json["max_parallel_chunks"] == 64
    assert opened["most_parallel_chunks"] == link.info().json["most_parallel_chunks"] == 128
    assert opened["expires_at"] == pytest.approx(time.time() + 24 * 3600, abs=60)


def test_the_status_tells_what_arrived_and_what_is_missing(link: Link) -> None:
    data = content(1000)
    upload_id = link.opened("Ordner/ä.bin", 1000)
    link.chunk(upload_id, 100, data[100:300], 1000).expect(200)
    link.chunk(upload_id, 500, data[500:501], 1000).expect(200)
    status = link.status(upload_id).expect(200).json
    assert status["upload_id"] == upload_id
    assert (status["state"], status["complete"]) == ("open", False)
    assert (status["path"], status["name"], status["size"]) == ("Ordner/ä.bin", "ä.bin", 1000)
    assert status["received_ranges"] == [[100, 299], [500, 500]]
    assert status["missing_ranges"] == [[0, 99], [300, 499], [501, 999]]
    assert status["received_bytes"] == 201
    assert "expires_at" in status
    assert "chunk_size" in status
    assert "max_parallel_chunks" in status


def test_a_finished_upload_says_so_with_its_hash(link: Link) -> None:
    data = content(3000, 7)
    upload_id = link.opened("a.bin", len(data), sha256=sha256(data))
    link.send(upload_id, data)
    status = link.status(upload_id).expect(200).json
    assert (status["state"], status["complete"], status["missing_ranges"]) == ("complete", True, [])
    assert status["received_bytes"] == 3000
    assert status["sha256"] in (None, sha256(data))


def test_a_file_of_no_bytes_is_complete_at_once(link: Link) -> None:
    opened = link.open("leer.txt", 0).expect(201).json
    assert opened["complete"] is True
    assert opened["missing_ranges"] == []
    assert (link.disk / "leer.txt").read_bytes() == b""
    assert [(each["path"], each["size"]) for each in link.files()] == [("leer.txt", 0)]
    assert link.status(opened["upload_id"]).expect(200).json["complete"] is True


def test_a_file_of_one_byte_arrives(link: Link) -> None:
    assert link.deliver("eins.bin", b"\xff")["size"] == 1
    assert (link.disk / "eins.bin").read_bytes() == b"\xff"


@pytest.mark.parametrize("size", [-1, "1", 1.5, None, True, [], 2**63, 2**70, "x"])
def test_a_size_that_is_no_size_is_refused(link: Link, size: object) -> None:
    reply = link.client.call("POST", f"{link.path}/uploads", json={"path": "a", "size": size})
    assert reply.status in (400, 413, 507), reply.body
    assert reply.code
    if isinstance(size, int) and size > 0 and size is not True:
        assert reply.status != 413, "the link has no limit"


@pytest.mark.parametrize("body", [{}, {"size": 1}, {"path": "a"}, {"path": 1, "size": 1}, [], "x", None])
def test_an_opening_without_path_and_size_is_refused(link: Link, body: object) -> None:
    reply = link.client.call("POST", f"{link.path}/uploads", json=body)
    assert reply.status == 400, reply.body
    assert reply.code


@pytest.mark.parametrize("field", [{"sha256": "abc"}, {"sha256": 1}, {"sha256": "g" * 64}, {"last_modified": "noon"}])
def test_what_is_said_about_the_file_must_make_sense(link: Link, field: dict[str, Any]) -> None:
    assert link.open("a.bin", 1, **field).status == 400


def test_an_exabyte_does_not_fit(link: Link) -> None:
    link.open("all.bin", 2**60).expect(507, "storage_full")
    link.deliver("small.txt", b"there is room for this")


def test_an_opening_that_does_not_fit_leaves_nothing_behind(client: Client, server: LiveServer) -> None:
    link = client.make_link(max_files=1)

    def folders() -> set[str]:
        return {root for root, _, _ in os.walk(server.data_dir) if server.files_dir not in Path(root, "x").parents}

    before = folders()
    for _ in range(5):
        link.open("all.bin", 2**60).expect(507, "storage_full")
    link.deliver("small.txt", b"the one place is still free")
    # The delivered file's own session, and nothing of the five. Sessions may lie in shards, which stay.
    left = {folder for folder in folders() - before if len(Path(folder).name) > 4}
    assert len(left) <= 2, left


def test_a_file_larger_than_the_link_allows_is_refused(client: Client) -> None:
    link = client.make_link(max_file_size=1000)
    refused = link.open("a.bin", 1001).expect(413, "file_too_large").json
    assert 1000 in refused.values(), "the limit is told"
    link.deliver("a.bin", content(1000))


def test_the_server_has_a_limit_of_its_own(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1, DROPPR_UPLOAD_MAX_BYTES=1000, DROPPR_UPLOAD_ALLOWED_EXTS="txt,.JPG")
    link = Client.of(server).make_link(max_file_size=5000)
    link.open("a.txt", 1001).expect(413, "file_too_large")
    link.open("a.png", 10).expect(415, "type_not_allowed")
    link.open("a.Txt", 1000).expect(201)
    link.open("a.jpg", 1000).expect(201)
    assert sorted(link.info().json["allowed_extensions"]) == ["jfif", "jpe", "jpeg", "jpg", "txt"]
    assert link.info().json["max_file_size"] == 1000


def test_open_uploads_count_towards_the_number_of_files(client: Client) -> None:
    link = client.make_link(max_files=2)
    link.deliver("a", b"1")
    second = link.opened("b", 1)
    link.open("c", 1).expect(413, "request_full")
    link.cancel(second).expect(204)
    link.deliver("c", b"1")
    link.open("d", 1).expect(413, "request_full")
    link.open("d", 0).expect(413, "request_full")


def test_open_uploads_count_towards_the_total_size(client: Client) -> None:
    link = client.make_link(max_total_size=100_000)
    first = link.opened("a", 60_000)
    link.open("b", 40_001).expect(413, "request_full")
    link.deliver("b", content(40_000))
    link.open("c", 1).expect(413, "request_full")
    link.cancel(first).expect(204)
    link.deliver("c", content(60_000))


def test_fifty_openings_race_for_one_place_and_one_wins(client: Client) -> None:
    link = client.make_link(max_files=1)
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda n: patiently(lambda: link.open(f"{n}.bin", 10)), range(50)))
    assert sorted(reply.status for reply in replies) == [201] + [413] * 49
    assert {reply.code for reply in replies} == {None, "request_full"}


def test_fifty_openings_race_for_the_last_bytes_and_five_win(client: Client) -> None:
    link = client.make_link(max_total_size=55_000)
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda n: patiently(lambda: link.open(f"{n}.bin", 10_000)), range(50)))
    assert sorted(reply.status for reply in replies) == [201] * 5 + [413] * 45


def test_a_cancelled_upload_is_gone_with_its_bytes(link: Link) -> None:
    upload_id = link.opened("a.bin", 100)
    link.chunk(upload_id, 0, b"x" * 50, 100).expect(200)
    reply = link.cancel(upload_id).expect(204)
    assert reply.body == b""
    link.cancel(upload_id).expect(404, "upload_not_found")
    link.status(upload_id).expect(404, "upload_not_found")
    link.chunk(upload_id, 50, b"x" * 50, 100).expect(404, "upload_not_found")
    assert files_below(link.disk) == {}


def test_cancelling_frees_the_bytes_on_disk(link: Link, server: LiveServer) -> None:
    def held() -> int:
        # Folders of others come and go while one looks.
        return sum(path.stat().st_size for name, path in files_below(server.data_dir).items() if upload_id in name)

    upload_id = link.opened("a.bin", 300_000)
    link.chunk(upload_id, 0, content(200_000), 300_000).expect(200)
    assert held() >= 200_000, "the test looks at the wrong place"
    link.cancel(upload_id).expect(204)
    assert held() == 0


def test_an_upload_belongs_to_one_link(client: Client, link: Link) -> None:
    other = client.make_link()
    upload_id = link.opened("a.bin", 4)
    other.status(upload_id).expect(404, "upload_not_found")
    other.cancel(upload_id).expect(404, "upload_not_found")
    other.chunk(upload_id, 0, b"evil", 4).expect(404, "upload_not_found")
    link.chunk(upload_id, 0, b"good", 4).expect(200)
    other.chunk(upload_id, 0, b"good", 4).expect(404, "upload_not_found")
    assert (link.disk / "a.bin").read_bytes() == b"good"


@pytest.mark.parametrize("upload_id", ["x", "A" * 32, "..", "..%2f..%2fetc", "a%00b", "x" * 3000, "%20", "a.b"])
def test_an_unknown_upload_is_404(link: Link, upload_id: str) -> None:
    for method in ("GET", "DELETE"):
        reply = link.client.call(method, f"{link.path}/uploads/{upload_id}")
        assert reply.status == 404, reply
        assert reply.code in ("upload_not_found", "not_found", "request_not_found")


@pytest.mark.parametrize("upload_id", ["x", "../../etc/passwd", "..", "x" * 3000, "a/b", ".", "~"])
def test_a_chunk_for_an_unknown_upload_is_404(link: Link, upload_id: str) -> None:
    link.chunk(upload_id, 0, b"x", 1).expect(404, "upload_not_found")


def test_a_link_may_ask_who_sends(client: Client) -> None:
    link = client.make_link(ask_name="required", ask_email="optional")
    assert link.open("a.txt", 1).status == 400
    assert link.open("a.txt", 1, sender_name="  ").status == 400
    assert link.open("a.txt", 1, sender_name=["Ada"]).status == 400
    link.deliver("a.txt", b"a", sender_name="Ada Łovelace", sender_email="ada@example.org")
    link.deliver("b.txt", b"b", sender_name="Bob")
    by_path = {each["path"]: each for each in link.files()}
    assert (by_path["a.txt"]["sender_name"], by_path["a.txt"]["sender_email"]) == ("Ada Łovelace", "ada@example.org")
    assert (by_path["b.txt"]["sender_name"], by_path["b.txt"]["sender_email"]) == ("Bob", None)


def test_a_required_address_must_look_like_one(client: Client) -> None:
    link = client.make_link(ask_email="required")
    assert link.open("a.txt", 1, sender_name="Ada").status == 400
    assert link.open("a.txt", 1, sender_email="not an address").status == 400
    link.open("a.txt", 1, sender_email="ada@example.org").expect(201)


def test_only_so_many_uploads_are_opened_in_an_hour_but_chunks_are_not_counted(
    live: Callable[..., LiveServer],
) -> None:
    server = live(workers=3, DROPPR_RATE_LIMIT_UPLOADS="3 per hour", DROPPR_RATE_LIMIT_SHARE_CREATE="2 per hour")
    client = Client.of(server)
    link = client.make_link()
    client.make_link()
    made = client.call("POST", "/api/droppr/requests", json={"folder": "x"}, owner=True).expect(429, "rate_limited")
    assert int(made.headers["Retry-After"]) >= 1
    uploads = [link.opened(f"{n}.bin", 40) for n in range(3)]
    for _ in range(6):
        refused = link.open("one-more.bin", 1).expect(429, "rate_limited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "a"}
    link.raw_chunk(headers, b"a").expect(429, "rate_limited")
    for upload_id in uploads:
        assert link.send(upload_id, content(40), step=2).json["complete"] is True
    # Somebody else is not held up, and a forged header makes nobody somebody else.
    link.open("x", 1, headers={"X-Forwarded-For": "203.0.113.9"}).expect(429, "rate_limited")
    link.seen_by(Client.of(server, source="127.0.0.2")).open("theirs.bin", 1).expect(201)


def test_the_owner_is_not_counted_as_strangers_are(live: Callable[..., LiveServer]) -> None:
    client = Client.of(live(workers=2, DROPPR_RATE_LIMIT_UPLOADS="1 per hour"))
    cookie = client.call("POST", "/api/droppr/session", json={"token": client.token}).expect(204).headers["Set-Cookie"]
    session = {"Cookie": cookie.partition(";")[0]}
    # More of each call than anybody else has in an hour, by token and by session.
    for number in range(70):
        sent = {"headers": session} if number % 2 else {"owner": True}
        made = client.call("POST", "/api/droppr/requests", json={"folder": "x"}, **sent).expect(201).json
        path = f"/api/droppr/requests/{made['hash']}"
        client.call("PATCH", path, json={"title": f"{number}"}, **sent).expect(200)
        for listed in ("/api/droppr/requests?limit=1", f"{path}/files", f"{path}/uploads"):
            client.call("GET", listed, **sent).expect(200)
        client.call("DELETE", f"{path}/uploads", **sent).expect(200)
        client.call("DELETE", path, **sent).expect(204)
    # A stranger at the same address is counted, and wrong tokens are.
    link = client.make_link()
    link.opened("a.bin", 1)
    link.open("b.bin", 1).expect(429, "rate_limited")
    for _ in range(10):
        client.call("GET", "/api/droppr/requests", headers={"X-Auth": "wrong"}).expect(401, "unauthorized")
    client.call("GET", "/api/droppr/requests", headers={"X-Auth": "wrong"}).expect(429, "too_many_attempts")


def test_a_trusted_proxy_tells_the_address_of_the_client(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1, DROPPR_RATE_LIMIT_UPLOADS="1 per hour", DROPPR_TRUSTED_PROXIES="127.0.0.1/32, 10.0.0.0/8")
    link = Client.of(server).make_link()
    link.open("a", 1, headers={"X-Forwarded-For": "203.0.113.1"}).expect(201)
    link.open("b", 1, headers={"X-Forwarded-For": "203.0.113.2"}).expect(201)
    link.open("c", 1, headers={"X-Forwarded-For": "203.0.113.1"}).expect(429, "rate_limited")
    # What the client itself put in front of the proxy's entry is not believed.
    link.open("d", 1, headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.1"}).expect(429, "rate_limited")
    link.open("e", 1, headers={"X-Forwarded-For": "203.0.113.2, 10.1.2.3"}).expect(429, "rate_limited")
    # Only the named proxies are believed.
    stranger = link.seen_by(Client.of(server, source="127.0.0.2"))
    stranger.open("f", 1, headers={"X-Forwarded-For": "203.0.113.3"}).expect(201)
    stranger.open("g", 1, headers={"X-Forwarded-For": "203.0.113.4"}).expect(429, "rate_limited")


def test_what_tells_files_apart_is_kept_and_given_back(link: Link) -> None:
    sample = f"s1:{'0af9' * 16}"
    upload_id = link.opened("a.bin", 4, sample=sample, last_modified=1795299999.5)
    plain = link.opened("b.bin", 4)
    for _ in range(8):  # Whichever worker answers.
        found = link.status(upload_id).expect(200).json
        assert (found["sample"], found["last_modified"]) == (sample, 1795299999.5)
    assert link.send(upload_id, b"data").json["complete"] is True
    assert link.status(upload_id).json["sample"] == sample
    assert (link.status(plain).json["sample"], link.status(plain).json["last_modified"]) == (None, None)


@pytest.mark.parametrize("sample", ["", "s1:", "s2:" + "0" * 64, "s1:" + "G" * 64, "s1:" + "0" * 64 + "\n", 5])
def test_a_sample_that_cannot_be_compared_is_refused(link: Link, sample: object) -> None:
    assert "sample" in link.open("a.bin", 4, sample=sample).expect(400, "invalid_request").json["fields"]
