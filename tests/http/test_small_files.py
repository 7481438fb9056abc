"""Small files: whole in one request or packed, each exactly once whatever is repeated, and none hindering another."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.client import Client, Link, Reply, patiently
from tests.support.files import content, files_below, sha256
from tests.support.live import GENEROUS, LiveServer

Packed = tuple[dict[str, Any], bytes]


def key() -> str:
    return secrets.token_urlsafe(24)


def file(path: str, data: bytes, **more: Any) -> Packed:
    return {"path": path, "size": len(data), "key": key(), **more}, data


def packed(files: Iterable[Packed]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" + data for line, data in files)


def send(link: Link, body: bytes, **headers: str) -> Reply:
    sent = {"Content-Type": "application/vnd.droppr.pack", **headers}
    return link.client.call("POST", f"{link.path}/pack", body=body, headers=sent)


def on_disk(link: Link) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(link.disk).items()}


def test_a_pack_arrives_whole_in_the_same_tree(way_in: Client) -> None:
    link = way_in.make_link()
    files = [file(f"Ordner {n % 7}/日本 {n}.bin", content(n * 37, n)) for n in range(200)]
    reply = send(link, packed(files)).expect(200).json["files"]
    assert [each["path"] for each in reply] == [line["path"] for line, _ in files]
    assert [each["sha256"] for each in reply] == [sha256(data) for _, data in files]
    assert all(each["complete"] and each["received_bytes"] == each["size"] for each in reply)
    assert on_disk(link) == {line["path"]: data for line, data in files}
    assert {each["path"]: each["sha256"] for each in link.files()} == {line["path"]: sha256(d) for line, d in files}
    status = link.status(reply[3]["upload_id"]).expect(200).json
    assert (status["state"], status["sha256"]) == ("complete", sha256(files[3][1]))


def test_the_link_says_how_much_a_pack_may_hold(link: Link) -> None:
    assert link.info().json["pack"] == {"max_files": 1000, "max_bytes": 16 * 1024 * 1024}


def test_a_repeated_pack_changes_nothing_and_answers_the_same(way_in: Client) -> None:
    link = way_in.make_link()
    body = packed(file(f"{n}.bin", content(500, n)) for n in range(20))
    first = send(link, body).expect(200).json
    assert send(link, body).expect(200).json == first
    assert len(link.files()) == 20
    assert len(on_disk(link)) == 20


def test_the_same_pack_sent_six_times_at_once_delivers_each_file_once(link: Link) -> None:
    # One worker takes in seven at once, and all may come to the same one.
    files = [file(f"{n}.bin", content(3000, n)) for n in range(70)]
    body = packed(files)
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: patiently(lambda: send(link, body)).expect(200).json["files"], range(6)))
    assert all(reply == replies[0] for reply in replies)
    assert on_disk(link) == {line["path"]: data for line, data in files}


def test_one_bad_file_hinders_no_other(client: Client) -> None:
    link = client.make_link(max_file_size=1000, allowed_extensions=["txt", "png"])
    good, last = file("good.txt", b"good"), file("last.txt", b"last")
    files = [
        good,
        file("../up.txt", b"x"),
        file("big.txt", b"x" * 1001),
        file("a.exe", b"x"),
        file("false.png", b"%PDF-1.7\n" + b"x" * 100),
        file("wrong.txt", b"bytes", sha256="0" * 64),
        last,
    ]
    reply = send(link, packed(files)).expect(200).json["files"]
    assert [(each.get("code"), each.get("status")) for each in reply] == [
        (None, None),
        ("invalid_path", 400),
        ("file_too_large", 413),
        ("type_not_allowed", 415),
        ("type_not_allowed", 415),
        ("checksum_mismatch", 400),
        (None, None),
    ]
    assert on_disk(link) == {"good.txt": b"good", "last.txt": b"last"}


def test_limits_hold_for_the_files_of_a_pack_one_by_one(client: Client) -> None:
    link = client.make_link(max_files=3)
    reply = send(link, packed(file(f"{n}.txt", b"x") for n in range(5))).expect(200).json["files"]
    assert [each.get("code") for each in reply] == [None, None, None, "request_full", "request_full"]
    assert sorted(on_disk(link)) == ["0.txt", "1.txt", "2.txt"]
    total = client.make_link(max_total_size=10_000)
    sizes = send(total, packed(file(f"{n}.txt", b"x" * 4_500) for n in range(3))).expect(200).json["files"]
    assert [each.get("code") for each in sizes] == [None, None, "request_full"]


def test_a_pack_counts_by_the_files_it_holds(live: Callable[..., LiveServer]) -> None:
    server = live(DROPPR_RATE_LIMIT_UPLOADS="4 per hour")
    link = Client.of(server).make_link()
    for many in (1, 199, 200):
        codes = {each.get("code") for each in send_many(link, many)}
        assert codes == {None}
    reply = send_many(link, 201)
    assert [each.get("code") for each in reply] == [None] * 200 + ["rate_limited"]
    assert reply[-1]["status"] == 429
    assert reply[-1]["retry_after"] > 0
    pack = packed([file("more.txt", b"x")])
    send(link, pack).expect(429, "rate_limited")


def send_many(link: Link, many: int) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = (
        send(link, packed(file(f"{many}/{number}", b"") for number in range(many))).expect(200).json["files"]
    )
    return answers


def test_two_files_of_one_name_are_numbered(link: Link) -> None:
    reply = send(link, packed([file("a.txt", b"1"), file("a.txt", b"2")])).expect(200).json["files"]
    assert [each["path"] for each in reply] == ["a.txt", "a (1).txt"]


def test_a_key_belongs_to_one_file(link: Link) -> None:
    one, name = file("a.txt", b"one"), key()
    send(link, packed([one])).expect(200)
    other = {**one[0], "size": 4}, b"four"
    same_size = one[0], b"two"
    reply = send(link, packed([other, same_size])).expect(200).json["files"]
    assert [each["code"] for each in reply] == ["size_mismatch", "chunk_conflict"]
    twice = send(link, packed([({"path": "b", "size": 1, "key": name}, b"x")] * 2)).expect(200).json["files"]
    assert twice[0] == twice[1]
    assert sorted(on_disk(link)) == ["a.txt", "b"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"nonsense", "invalid_pack"),
        (b'{"path": "a"}\n', "invalid_pack"),
        (b'{"path": "a", "size": -1}\n', "invalid_pack"),
        (b'{"path": "a", "size": 1, "key": "short"}\nx', "invalid_pack"),
        (b'{"path": "' + b"a" * 8192 + b'", "size": 1}\nx', "invalid_pack"),
        (b'{"path": "a", "size": 5}\nabc', "chunk_size_mismatch"),
        (b"".join(b'{"path": "%d", "size": 0}\n' % n for n in range(1001)), "invalid_pack"),
    ],
    ids=["no line", "no size", "no number", "no key", "long line", "short", "too many"],
)
def test_a_pack_that_cannot_be_read_is_refused(way_in: Client, body: bytes, code: str) -> None:
    link = way_in.make_link()
    send(link, body).expect(400, code)
    assert all(each == b"" for each in on_disk(link).values())


def test_a_pack_larger_than_the_largest_chunk_is_refused(client: Client) -> None:
    link = client.make_link()
    line = {"path": "a", "size": 65 * 1024 * 1024}
    send(link, packed([(line, b"")])).expect(413, "chunk_too_large")


def test_an_empty_pack_is_an_empty_answer(link: Link) -> None:
    assert send(link, b"").expect(200).json == {"files": []}


def test_a_pack_needs_the_password_and_the_link(client: Client) -> None:
    link = client.make_link(password="geheim")
    body = packed([file("a.txt", b"a")])
    send(link, body).expect(401, "password_required")
    send(link, body, **{"X-Request-Password": "falsch"}).expect(401, "password_invalid")
    send(link, body, **{"X-Request-Password": "geheim"}).expect(200)
    link.close()
    send(link, body, **{"X-Request-Password": "geheim"}).expect(410, "request_closed")


def test_a_packed_file_can_be_taken_back_and_its_key_is_spent(link: Link) -> None:
    one = file("a.txt", b"oops")
    upload_id = send(link, packed([one])).expect(200).json["files"][0]["upload_id"]
    link.client.call("DELETE", f"{link.path}/uploads/{upload_id}").expect(204)
    assert on_disk(link) == {}
    assert send(link, packed([one])).expect(200).json["files"][0]["code"] == "upload_not_found"
    assert on_disk(link) == {}


def test_opening_twice_under_one_key_opens_one_upload(link: Link) -> None:
    data, name = content(300_000), key()
    first = link.open("a.bin", len(data), key=name).expect(201).json
    link.chunk(first["upload_id"], 0, data[:100_000], len(data)).expect(200)
    again = link.open("a.bin", len(data), key=name).expect(201).json
    assert again["upload_id"] == first["upload_id"]
    assert again["missing_ranges"] == [[100_000, 299_999]]
    link.open("a.bin", len(data) + 1, key=name).expect(400, "size_mismatch")
    link.open("b.bin", len(data), key=name).expect(400, "invalid_path")
    link.chunk(first["upload_id"], 100_000, data[100_000:], len(data)).expect(200)
    done = link.open("a.bin", len(data), key=name).expect(201).json
    assert (done["upload_id"], done["complete"]) == (first["upload_id"], True)
    assert on_disk(link) == {"a.bin": data}


def test_sixteen_openings_under_one_key_at_once_open_one_upload(client: Client) -> None:
    link, name = client.make_link(max_files=1), key()
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(patiently, lambda: link.open("a.bin", 10, key=name)) for _ in range(16)]
        replies = [each.result().expect(201).json for each in asked]
    assert len({each["upload_id"] for each in replies}) == 1


def test_a_key_opens_different_uploads_on_different_links(client: Client) -> None:
    name = key()
    one, other = (client.make_link().open("a.bin", 10, key=name).expect(201).json for _ in range(2))
    assert one["upload_id"] != other["upload_id"]


@pytest.mark.parametrize("bad", ["short", "x" * 65, "with spaces, and so on and on", 5])
def test_a_key_that_is_none_is_refused(link: Link, bad: object) -> None:
    link.open("a.bin", 10, key=bad).expect(400, "invalid_request")
    if isinstance(bad, str):
        headers = {"X-Upload-Name": "a", "X-Upload-Key": bad}
        link.chunk(None, 0, b"x", 1, headers=headers).expect(400, "invalid_request")


def test_what_was_begun_in_chunks_may_be_finished_in_a_pack(link: Link) -> None:
    data, name = content(5000), key()
    upload_id = link.open("a.bin", len(data), key=name).expect(201).json["upload_id"]
    link.chunk(upload_id, 0, data[:100], len(data)).expect(200)
    reply = send(link, packed([({"path": "a.bin", "size": len(data), "key": name}, data)])).expect(200).json["files"]
    assert (reply[0]["upload_id"], reply[0]["complete"]) == (upload_id, True)
    assert on_disk(link) == {"a.bin": data}


def test_a_whole_file_in_its_first_chunk_is_repeatable_under_a_key(way_in: Client) -> None:
    link = way_in.make_link()
    headers = {"X-Upload-Name": "a.txt", "X-Upload-Key": key()}
    first, again = (link.chunk(None, 0, b"hello", 5, headers=headers).expect(200).json for _ in range(2))
    assert first["complete"] is True
    assert again == first
    assert on_disk(link) == {"a.txt": b"hello"}
    link.chunk(None, 0, b"jello", 5, headers=headers).expect(409, "chunk_conflict")


def test_a_wrong_digest_of_a_whole_file_keeps_nothing(link: Link) -> None:
    headers = {"X-Upload-Name": "a.txt", "Content-Digest": f"sha-256=:{'A' * 43}=:"}
    link.chunk(None, 0, b"hello", 5, headers=headers).expect(400, "checksum_mismatch")
    assert on_disk(link) == {}
    assert link.files() == []


def test_a_whole_file_that_breaks_off_leaves_nothing(server: LiveServer, client: Client) -> None:
    link = client.make_link()
    with socket.create_connection(("127.0.0.1", server.port)) as broken:
        head = f"POST {link.path}/upload-chunk HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nX-Upload-Name: a\r\n"
        broken.sendall(f"{head}Content-Range: bytes 0-4999/5000\r\n\r\nabc".encode())
    link.deliver("b.txt", b"later")
    assert on_disk(link) == {"b.txt": b"later"}


def whole(link: Link, line: dict[str, Any], data: bytes, **headers: str) -> Reply:
    sent = {"X-Upload-Opening": json.dumps(line), **headers}
    return link.chunk(None, 0, data, len(data), headers=sent)


def test_one_header_opens_a_file_and_its_body_is_all_of_it(way_in: Client) -> None:
    link = way_in.make_link(ask_name="required")
    line, data = file("Ordner/日本.jpg", os.urandom(5 * 1024 * 1024), sender_name="Zoë", last_modified=1.7e9)
    wish = {"Want-Repr-Digest": "sha-256=1"}
    reply = whole(link, line, data, **wish).expect(200).json
    assert (reply["complete"], reply["path"], reply["sha256"]) == (True, line["path"], sha256(data))
    assert whole(link, line, data, **wish).expect(200).json == reply
    [listed] = link.files()
    assert (listed["sender_name"], listed["last_modified"], listed["sha256"]) == ("Zoë", 1.7e9, sha256(data))
    assert on_disk(link) == {line["path"]: data}
    # Opening under the key tells what came of it, as it does where the reply got lost.
    assert link.open(line["path"], len(data), key=line["key"], sender_name="Zoë").expect(201).json["complete"]


def test_the_link_says_how_large_a_file_may_come_whole(link: Link) -> None:
    assert link.info().json["whole_file_bytes"] == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("{", 400, "invalid_request"),
        ('"a"', 400, "invalid_request"),
        ('{"path": "a"}', 400, "invalid_request"),
        ('{"path": "../a", "size": 5}', 400, "invalid_path"),
        ('{"path": "a", "size": 6}', 400, "invalid_range"),
        ('{"path": "a", "size": 5, "key": "short"}', 400, "invalid_request"),
        ('{"path": "a", "size": 5, "sha256": "' + "0" * 64 + '"}', 400, "checksum_mismatch"),
        ("\xe4", 400, "invalid_request"),
    ],
)
def test_a_header_that_opens_nothing_leaves_nothing(link: Link, header: str, status: int, code: str) -> None:
    link.chunk(None, 0, b"hello", 5, headers={"X-Upload-Opening": header}).expect(status, code)
    assert link.files() == []
    assert on_disk(link) == {}


def test_a_chunk_of_a_larger_file_is_opened_by_the_header_too(link: Link) -> None:
    data = os.urandom(17 * 1024 * 1024)
    line = {"path": "film.mov", "size": len(data), "key": key()}
    first = link.chunk(None, 0, data[:1000], len(data), headers={"X-Upload-Opening": json.dumps(line)}).expect(200)
    assert (first.json["complete"], first.json["offset"]) == (False, 1000)
    link.send(first.json["upload_id"], data, 9 * 1024 * 1024)
    assert on_disk(link) == {"film.mov": data}


def test_a_file_above_the_small_ones_in_one_request_arrives_too(link: Link) -> None:
    data = os.urandom(3 * 1024 * 1024)
    big = file("big.bin", data)
    reply = send(link, packed([file("s.txt", b"s"), big, file("t.txt", b"t")])).expect(200).json["files"]
    assert [each["complete"] for each in reply] == [True, True, True]
    assert on_disk(link) == {"s.txt": b"s", "big.bin": data, "t.txt": b"t"}


def test_a_pack_counts_as_one_opening(tmp_path: Any) -> None:
    environment = {**GENEROUS, "DROPPR_RATE_LIMIT_UPLOADS": "2 per hour"}
    with LiveServer(tmp_path, workers=1, **environment) as server:
        link = Client.of(server).make_link()
        for _ in range(2):
            send(link, packed(file(f"{key()}.txt", b"x") for _ in range(50))).expect(200)
        send(link, packed([file("a.txt", b"x")])).expect(429, "rate_limited")
        assert len(link.files()) == 100
