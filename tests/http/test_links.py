"""Links: made, listed, shown, changed and closed by their owner; known to senders by their hash alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from tests.support.client import Client, Link
from tests.support.files import eventually
from tests.support.live import LiveServer

LIMITS = {
    "title": "Träume & <b>Bilder</b>",
    "message": "Bitte alles 🎞️",
    "max_file_size": 5_000_000,
    "max_total_size": 50_000_000,
    "max_files": 12,
    "allowed_extensions": ["png", "mov"],
    "captcha": "never",
    "ask_name": "required",
    "ask_email": "optional",
}


def test_a_link_needs_nothing_but_a_folder(client: Client) -> None:
    made = client.call("POST", "/api/droppr/requests", json={"folder": "plain/inner"}, owner=True).expect(201).json
    assert made["folder"] == "plain/inner"
    assert made["url"] == f"/request/{made['hash']}"
    assert made["requires_password"] is False
    assert made["expires_at"] == pytest.approx(made["created_at"] + 7 * 24 * 3600, abs=5), "a week, as the page's links"
    assert abs(made["created_at"] - time.time()) < 60


def links_told(client: Client, headers: dict[str, str] | None = None) -> list[tuple[str, object]]:
    """The whole address of a fresh link, and whether it is as it was asked for, by every call that tells it."""
    made = client.call("POST", "/api/droppr/requests", json={"folder": "told"}, headers=headers, owner=True).expect(201)
    path = f"/api/droppr/requests/{made.json['hash']}"
    changed = client.call("PATCH", path, json={"title": "x"}, headers=headers, owner=True).expect(200).json
    listed = client.call("GET", "/api/droppr/requests", headers=headers, owner=True).expect(200).json["requests"]
    shown = client.call("GET", path, headers=headers).expect(200).json
    upload = client.call("POST", f"{path}/uploads", json={"path": "a", "size": 2}).expect(201).json["upload_id"]
    code = client.call("POST", f"{path}/handoffs", json={"uploads": [upload]}, headers=headers).json
    assert code["link"].endswith(code["url"])
    all_told = [made.json, changed, next(each for each in listed if each["hash"] == made.json["hash"])]
    told = [(each["link"].removesuffix(each["url"]), each["link_as_asked"]) for each in all_told]
    return [*told, (shown["link"].removesuffix(shown["url"]), None), (code["link"].removesuffix(code["url"]), None)]


def test_a_link_is_told_with_the_address_that_the_owner_set_whatever_it_was_asked_by(
    live: Callable[..., LiveServer],
) -> None:
    client = Client.of(live(workers=1, DROPPR_PUBLIC_URL="https://files.example.org/"))
    for headers in ({}, {"Host": "10.0.0.1"}, {"Host": "evil.example"}):
        told = links_told(client, headers)
        assert {address for address, _ in told} == {"https://files.example.org"}
        assert [as_asked for _, as_asked in told if as_asked is not None] == [False] * 3


def test_a_link_is_told_with_the_address_that_was_asked_where_the_owner_set_none(
    client: Client, live: Callable[..., LiveServer]
) -> None:
    told = links_told(client)
    assert {address for address, _ in told} == {client.url}
    assert [as_asked for _, as_asked in told if as_asked is not None] == [True] * 3
    assert {address for address, _ in links_told(client, {"Host": "nas.local:8000"})} == {"http://nas.local:8000"}
    # What can stand in no address is no host.
    assert {address for address, _ in links_told(client, {"Host": "a b<c>"})} == {""}
    behind = Client.of(live(workers=1, DROPPR_TRUSTED_PROXIES="127.0.0.1"))
    headers = {"Host": "files.example.org", "X-Forwarded-Proto": "https"}
    assert {address for address, _ in links_told(behind, headers)} == {"https://files.example.org"}


def test_a_hash_is_a_capability_of_at_least_128_bits(client: Client) -> None:
    hashes = {client.make_link().hash for _ in range(20)}
    assert len(hashes) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", each) for each in hashes)


def test_a_link_is_told_with_all_its_limits_to_owner_and_sender(client: Client) -> None:
    made = client.call("POST", "/api/droppr/requests", json={"folder": "limits", **LIMITS}, owner=True).expect(201).json
    shown = client.call("GET", f"/api/droppr/requests/{made['hash']}").expect(200).json
    for name, value in LIMITS.items():
        assert made[name] == value, name
        assert shown[name] == value, name


@pytest.mark.parametrize("spelling", ["folder", "path", "dir"])
def test_the_folder_may_be_spelled(client: Client, spelling: str) -> None:
    reply = client.call("POST", "/api/droppr/requests", json={spelling: "spelled"}, owner=True)
    assert reply.expect(201).json["folder"] == "spelled"


@pytest.mark.parametrize("spelling", ["expires_hours", "expiresHours", "hours"])
def test_the_expiry_may_be_spelled(client: Client, spelling: str) -> None:
    body = {"folder": "spelled", spelling: 2}
    made = client.call("POST", "/api/droppr/requests", json=body, owner=True).expect(201).json
    assert made["expires_at"] == pytest.approx(made["created_at"] + 7200, abs=5)
    shown = client.call("GET", f"/api/droppr/requests/{made['hash']}").expect(200).json
    assert shown["expires_in"] == pytest.approx(7200, abs=30)


def test_how_long_a_link_is_open_of_which_nothing_is_said_is_a_setting(live: Callable[..., LiveServer]) -> None:
    for hours, length in (("1.5", 5400.0), ("0", None)):
        client = Client.of(live(workers=1, DROPPR_LINK_EXPIRES_HOURS=hours))
        made = client.call("POST", "/api/droppr/requests", json={"folder": "x"}, owner=True).expect(201).json
        assert (made["expires_at"] is None) == (length is None)
        assert length is None or made["expires_at"] - made["created_at"] == pytest.approx(length, abs=5)
        listed = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json
        assert listed["default_expires_hours"] == float(hours)


def test_zero_hours_means_never(client: Client) -> None:
    made = client.call("POST", "/api/droppr/requests", json={"folder": "x", "expires_hours": 0}, owner=True)
    assert made.expect(201).json["expires_at"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"folder": ""},
        {"folder": 7},
        {"folder": None},
        {"folder": "../outside"},
        {"folder": "/etc"},
        {"folder": "a/../b"},
        {"folder": "nul\0byte"},
        {"folder": "x", "expires_hours": -1},
        {"folder": "x", "expires_hours": "soon"},
        {"folder": "x", "expires_hours": 1e300},
        {"folder": "x", "max_files": -1},
        {"folder": "x", "max_files": "many"},
        {"folder": "x", "max_file_size": 1.5},
        {"folder": "x", "max_total_size": True},
        {"folder": "x", "allowed_extensions": [1]},
        {"folder": "x", "allowed_extensions": {"a": 1}},
        {"folder": "x", "captcha": "sometimes"},
        {"folder": "x", "ask_name": "maybe"},
        {"folder": "x", "ask_email": 1},
        {"folder": "x", "password": "p" * 257},
        {"folder": "x", "password": ["p"]},
        {"folder": "x", "title": {"a": 1}},
        {"folder": "x", "title": "half \ud83d of it"},
        {"folder": "x", "message": "\udc00"},
        ["folder"],
        "folder",
    ],
)
def test_a_link_that_makes_no_sense_is_refused(client: Client, body: object) -> None:
    reply = client.call("POST", "/api/droppr/requests", json=body, owner=True)
    assert (reply.status, reply.code in ("invalid_request", "invalid_path")) == (400, True), reply.body


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"folder": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = client.call("POST", "/api/droppr/requests", body=body, headers=headers, owner=True)
    assert reply.status == 400, reply.body
    assert reply.code


def test_a_password_of_256_characters_is_allowed(client: Client) -> None:
    assert client.make_link(password="ß" * 256).info().expect(200).json["requires_password"] is True


def test_senders_never_see_the_folder_or_the_password(client: Client) -> None:
    link = client.make_link(password="open sesame")
    shown = link.info().expect(200)
    assert link.folder not in shown.body.decode()
    assert str(client.files_dir) not in shown.body.decode()
    assert not any("hash" in name and name != "hash" for name in shown.json)
    assert b"argon" not in shown.body
    assert "files" not in shown.json


def test_what_is_left_of_a_link_is_told_and_that_it_is_full(client: Client) -> None:
    def told(link: Link) -> list[object]:
        shown = link.info().expect(200).json
        return [shown[name] for name in ("full", "files_left", "bytes_left")]

    assert told(client.make_link()) == [False, None, None]
    link = client.make_link(max_files=3, max_total_size=100_000)
    assert told(link) == [False, 3, 100_000]
    link.opened("under way.txt", 10)
    upload_id = link.deliver("a.txt", bytes(60_000))["upload_id"]
    assert told(link) == [False, 2, 40_000]
    # However little it holds, it takes a name.
    link.deliver("b.txt", b"b")
    assert told(link) == [False, 1, 40_000 - 4_096]
    link.cancel(upload_id).expect(204)
    assert told(link) == [False, 2, 100_000 - 4_096]
    filled = client.make_link(max_total_size=10_000)
    filled.deliver("all.txt", bytes(9_000))
    assert told(filled) == [True, None, 0]


def test_who_has_no_password_learns_that_a_link_is_full_but_not_how_far(client: Client) -> None:
    link = client.make_link(max_files=2, password="later")
    headers = {"X-Request-Password": "later"}
    for name in ("a.txt", "b.txt"):
        shown = link.info().expect(200).json
        assert (shown["full"], "files_left" in shown, "bytes_left" in shown) == (False, False, False)
        link.deliver(name, b"1", headers=headers)
    assert link.info().json["full"] is True


def test_a_change_is_seen_at_once_by_every_worker(client: Client, link: Link) -> None:
    for title in ("one", "two", "three"):
        link.change(title=title).expect(200)
        assert {link.info().json["title"] for _ in range(12)} == {title}


def test_each_limit_can_be_changed_alone(link: Link) -> None:
    for name, value in LIMITS.items():
        assert link.change(**{name: value}).expect(200).json[name] == value
    shown = link.info().json
    assert {name: shown[name] for name in LIMITS} == LIMITS


def test_a_password_can_be_set_and_taken_away(link: Link) -> None:
    link.change(password="secret").expect(200)
    link.open("a.txt", 1).expect(401, "password_required")
    link.change(title="the password stays").expect(200)
    link.open("a.txt", 1).expect(401, "password_required")
    link.change(password=None).expect(200)
    link.open("a.txt", 1).expect(201)


def test_a_note_is_for_the_owner_alone(client: Client) -> None:
    link = client.make_link(note="ask Ada first")
    link.change(title="x").expect(200)
    listed = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json["requests"]
    assert [each["note"] for each in listed if each["hash"] == link.hash] == ["ask Ada first"]
    assert b"ask Ada" not in link.info().expect(200).body
    assert link.change(note="asked").expect(200).json["note"] == "asked"
    assert link.change(note="x" * 10_001).expect(400, "invalid_request").json["fields"].keys() == {"note"}


def test_a_change_that_makes_no_sense_changes_nothing(link: Link) -> None:
    link.change(title="kept", max_files=3).expect(200)
    assert link.change(title="lost", max_files=-1).status == 400
    assert link.info().json["title"] == "kept"


def test_the_list_shows_every_link_with_what_it_received(client: Client) -> None:
    links = [client.make_link(title=f"number {n}") for n in range(3)]
    links[1].deliver("a.bin", b"12345")
    links[1].deliver("b.bin", b"1234567")
    listed = client.call("GET", "/api/droppr/requests", owner=True).expect(200).json["requests"]
    by_hash = {each["hash"]: each for each in listed}
    assert {each.hash for each in links} <= set(by_hash)
    assert 12 in by_hash[links[1].hash].values(), "bytes received"
    assert 2 in by_hash[links[1].hash].values(), "number of files"
    assert by_hash[links[0].hash]["title"] == "number 0"


def test_two_links_may_share_a_folder_and_see_only_their_own_files(client: Client) -> None:
    first = client.make_link()
    second = client.make_link(folder=first.folder)
    first.deliver("same.txt", b"first")
    second.deliver("same.txt", b"second")
    assert [each["size"] for each in first.files()] == [5]
    assert [each["size"] for each in second.files()] == [6]
    assert second.download(second.files()[0]["path"]).expect(200).body == b"second"
    assert first.download(first.files()[0]["path"]).expect(200).body == b"first"


def test_an_expired_link_answers_410_on_every_call_of_a_sender(client: Client) -> None:
    link = client.make_link()
    upload_id = link.opened("late.txt", 4)
    link.change(expires_hours=0.0001).expect(200)
    eventually(lambda: link.info().status == 410, what="the expiry")
    link.info().expect(410, "request_expired")
    link.open("a.txt", 1).expect(410, "request_expired")
    link.raw_chunk({"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "a.txt"}, b"a").expect(
        410, "request_expired"
    )
    link.form("a.txt", b"a").expect(410, "request_expired")
    # What was opened in time may be finished.
    assert link.chunk(upload_id, 0, b"late", 4).expect(200).json["complete"] is True


def test_a_longer_expiry_brings_an_expired_link_back(client: Client) -> None:
    link = client.make_link(expires_hours=0.0001)
    eventually(lambda: link.info().status == 410, what="the expiry")
    link.change(expires_hours=1).expect(200)
    link.deliver("a.txt", b"in time")


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
def test_a_closed_link_takes_nothing_more_but_keeps_what_it_received(client: Client, how: str) -> None:
    link = client.make_link()
    link.deliver("kept.txt", b"kept")
    half = link.opened("half.txt", 4)
    if how == "DELETE":
        assert link.close().status in (200, 204)
    else:
        link.change(active=False).expect(200)
    link.info().expect(410, "request_closed")
    link.open("a.txt", 1).expect(410, "request_closed")
    link.chunk(half, 0, b"half", 4).expect(410, "request_closed")
    link.form("a.txt", b"a").expect(410, "request_closed")
    assert (link.disk / "kept.txt").read_bytes() == b"kept"
    assert [each["path"] for each in link.files()] == ["kept.txt"]
    assert link.download("kept.txt").expect(200).body == b"kept"


def test_a_link_switched_off_can_be_switched_on_again(link: Link) -> None:
    link.change(active=False).expect(200)
    link.info().expect(410, "request_closed")
    link.change(active=True).expect(200)
    link.deliver("a.txt", b"back")


@pytest.mark.parametrize("hash", ["unknown", "A" * 22, "..", "%2e%2e", "x" * 5000, "a%00b", "%F0%9F%8E%81"])
def test_an_unknown_hash_is_404_everywhere(client: Client, hash: str) -> None:
    base = f"/api/droppr/requests/{hash}"
    for method, path in [
        ("GET", ""),
        ("POST", "/uploads"),
        ("GET", "/uploads/x"),
        ("DELETE", "/uploads/x"),
        ("POST", "/upload-chunk"),
        ("POST", "/upload"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/files"),
        ("GET", "/files/a.txt"),
    ]:
        body = {"path": "a", "size": 1} if method in ("POST", "PATCH") and path in ("", "/uploads") else None
        headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "a"} if "chunk" in path else None
        bytes_sent = b"x" if "chunk" in path else None
        reply = client.call(method, base + path, json=body, body=bytes_sent, headers=headers, owner=True)
        assert reply.status in ((404, 400) if path == "/upload" else (404,)), f"{method} {path}: {reply}"
        assert reply.code in ("request_not_found", "not_found", "upload_not_found", "invalid_request"), reply.body


def test_an_unknown_link_is_named_as_such(client: Client) -> None:
    client.call("GET", f"/api/droppr/requests/{'A' * 22}").expect(404, "request_not_found")
    client.call("POST", f"/api/droppr/requests/{'A' * 22}/uploads", json={"path": "a", "size": 1}).expect(
        404, "request_not_found"
    )


OWNER_CALLS = [
    ("POST", "/api/droppr/requests"),
    ("GET", "/api/droppr/requests"),
    ("PATCH", "/api/droppr/requests/{hash}"),
    ("DELETE", "/api/droppr/requests/{hash}"),
    ("GET", "/api/droppr/requests/{hash}/files"),
    ("GET", "/api/droppr/requests/{hash}/files/a.txt"),
    ("HEAD", "/api/droppr/requests/{hash}/files/a.txt"),
]


@pytest.mark.parametrize(("method", "path"), OWNER_CALLS)
def test_an_owner_call_needs_the_admin_token(link: Link, method: str, path: str) -> None:
    link.deliver("a.txt", b"a")
    path = path.replace("{hash}", link.hash)
    stranger = link.client.elsewhere()
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {link.client.token}x"},
        {"Authorization": f"Bearer {link.client.token[:-1]}"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer tökén".encode().decode("latin-1")},
        {"Authorization": f"Basic {link.client.token}"},
        {"X-Auth": "wrong"},
        {"Cookie": f"token={link.client.token}"},
    ):
        reply = stranger.call(method, path, headers=headers, json={"folder": "x"} if method == "POST" else None)
        assert reply.status == 401, (headers, reply)
        assert method == "HEAD" or reply.code == "unauthorized"
    assert link.info().status == 200, "nothing happened to it"


@pytest.mark.parametrize("header", ["X-Auth", "Authorization"])
def test_the_admin_token_is_taken_from_either_header(link: Link, header: str) -> None:
    value = link.client.token if header == "X-Auth" else f"Bearer {link.client.token}"
    link.client.call("GET", f"{link.path}/files", headers={header: value}).expect(200)
