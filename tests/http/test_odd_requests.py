"""What a parser somewhere below would raise for is answered like any other bad request: never by 500, always in JSON."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from simple_websocket import Client as Socket

from tests.support import raw
from tests.support.client import Client, Link, Reply
from tests.support.files import eventually


def strict(reply: Reply) -> Any:
    """The reply's JSON as browsers read it: NaN and Infinity are none."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(reply.body, parse_constant=refuse)


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://a]b", "http://[v1.x]", "null", "http://a:b:c", "["]
)
def test_an_origin_that_is_no_address_is_refused(way_in: Client, origin: str) -> None:
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": origin,
    }
    way_in.call("GET", f"/ws_api/upload_parallel/{'k' * 32}", headers=asked).expect(400, "invalid_request")
    way_in.call("POST", "/api/droppr/session", json={"token": "x"}, headers={"Origin": origin}).expect(
        403, "foreign_page"
    )


DATES = [
    "Thu, 01 Jan 1970 00:00:00 -99999999999999",
    "01 Jan 99999999999999999 00:00:00",
    "Thu, 99 Zzz 99999 99:99:99 GMT",
    "Mon, 01 Jan 10000 00:00:00 GMT",
    "\u00e9",
]


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
@pytest.mark.parametrize("date", DATES)
def test_a_date_that_no_calendar_has_is_passed_over(link: Link, header: str, date: str) -> None:
    link.deliver("a.txt", b"0123456789")
    sent = {header: date, "Range": "bytes=2-3"} if header == "If-Range" else {header: date}
    for path in ("/", "/admin", f"/request/{link.hash}", f"{link.path}/files/a.txt"):
        for method in ("GET", "HEAD"):
            assert link.client.call(method, path, headers=sent, owner=True).status in (200, 206), path


def cursor(text: str | bytes) -> str:
    raw_bytes = text.encode() if isinstance(text, str) else text
    return base64.urlsafe_b64encode(raw_bytes).decode().rstrip("=")


@pytest.mark.parametrize(
    "made_up",
    [
        *("A", "====", "%C3%A9", "%FF", "%ED%A0%80", cursor(b"\xff\xfe"), cursor("["), cursor("[" * 9000), cursor("7")),
        *(cursor('["a"]'), cursor('["a","b"]'), cursor('[{},"b"]'), cursor("[" + "9" * 400 + ',"a"]')),
        cursor("[" + "9" * 5000 + ',"a"]'),
    ],
)
def test_a_cursor_that_was_made_up_is_refused(link: Link, made_up: str) -> None:
    for path in ("/api/droppr/requests", f"{link.path}/files"):
        reply = link.client.call("GET", f"{path}?limit=5&cursor={made_up}", owner=True)
        reply.expect(400, "invalid_request")
        assert "cursor" in reply.json["fields"]


@pytest.mark.parametrize(
    "limit", ["", "abc", "1e999", "NaN", "Infinity", "-1", "0", "1001", "9" * 4400, "%00", "%ED%A0%80"]
)
def test_a_limit_that_is_none_is_refused(link: Link, limit: str) -> None:
    for path in ("/api/droppr/requests", f"{link.path}/files"):
        link.client.call("GET", f"{path}?limit={limit}", owner=True).expect(400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/droppr//requests", "/api//droppr/session", "/api/droppr/requests//x//files"])
def test_no_address_is_answered_by_a_way_to_a_host_that_was_made_up(way_in: Client, path: str) -> None:
    for method in ("GET", "POST"):
        reply = way_in.call(method, path, headers={"Host": "evil.example"}).expect(404, "not_found")
        assert "Location" not in reply.headers
        assert b"evil" not in reply.body


@pytest.mark.parametrize(
    "host", ["[", "[::1", "a:b:c", "host:99999999", "host:-1", "user@host", "\u00e9", "a" * 3000, ""]
)
def test_a_host_that_is_none_does_not_matter_or_is_refused(way_in: Client, host: str) -> None:
    link = way_in.make_link()
    upload = link.deliver("a.txt", b"x")["upload_id"]
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/healthz", None),
        ("POST", "/api/droppr/session", {"token": way_in.token}),
        ("POST", f"{link.path}/receipts", {"uploads": [upload]}),
    ]
    for method, path, body in calls:
        sent = {"Host": host, "Origin": f"http://{host}"}
        reply = way_in.call(method, path, json=body, headers={name: text.encode() for name, text in sent.items()})  # type: ignore[misc]
        assert reply.status in (200, 204, 400, 403), reply.body
        assert reply.status < 300 or reply.code in ("invalid_request", "foreign_page")


@pytest.mark.parametrize("length", ["9" * 5000, "\u00b2", "\u0661", "1_0", "+1", "-1", "0x1", "1e3", "NaN", "1, 1"])
def test_a_length_that_is_none_is_refused(way_in: Client, length: str) -> None:
    link = way_in.make_link()
    for route in ("uploads", "upload-chunk", "pack", "upload", "folders", "receipts", "handoffs", "arrived"):
        with raw.connection(way_in.url) as sock:
            # Written out: no client sends such a thing.
            head = f"POST {link.path}/{route} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
            sock.sendall(head.encode())
            reply = raw.reply(sock)
        assert reply is not None
        assert reply.status in (400, 413), reply.body
        assert reply.json["code"]


@pytest.mark.parametrize("text", ["\ud800", ["jpg", "\ud800"], "jpg,\udfff"])
def test_extensions_that_are_no_text_are_refused(client: Client, link: Link, text: object) -> None:
    body = {"folder": "x", "allowed_extensions": text}
    for reply in (client.call("POST", "/api/droppr/requests", json=body, owner=True), link.change(**body)):
        assert reply.expect(400, "invalid_request").json["fields"]["allowed_extensions"]


NO_TIMES = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 400]


class TestTimesThatAreNoNumber:
    @pytest.mark.parametrize("time", NO_TIMES)
    def test_an_opening_with_one_is_refused(self, way_in: Client, time: str) -> None:
        link = way_in.make_link()
        body = f'{{"path": "a", "size": 3, "last_modified": {time}}}'
        reply = way_in.call("POST", f"{link.path}/uploads", body=body.encode()).expect(400, "invalid_request")
        assert "last_modified" in strict(reply)["fields"]

    @pytest.mark.parametrize("time", NO_TIMES)
    def test_a_line_of_a_pack_with_one_is_refused(self, way_in: Client, time: str) -> None:
        link = way_in.make_link()
        body = f'{{"path": "a", "size": 1, "last_modified": {time}}}\nx'
        reply = way_in.call("POST", f"{link.path}/pack", body=body.encode()).expect(400, "invalid_pack")
        assert "last_modified" in strict(reply)["error"]
        assert link.files() == []

    @pytest.mark.parametrize("time", [*NO_TIMES, '"NaN"', '"Infinity"', '"1e999"'])
    def test_a_socket_that_begins_with_one_is_refused(self, way_in: Client, time: str) -> None:
        link = way_in.make_link()
        url = f"{way_in.url.replace('http', 'ws', 1)}/ws_api/upload_parallel/{'k' * 32}"
        socket = Socket.connect(url)
        socket.send(f'{{"type": "start", "request": "{link.hash}", "path": "a", "size": 3, "last_modified": {time}}}')
        answer = json.loads(socket.receive(timeout=60) or "null")
        assert (answer["type"], answer["code"]) == ("error", "invalid_request")
        assert "last_modified" in answer["fields"]

    def test_one_that_an_older_version_kept_is_shown_as_none(self, client: Client, link: Link) -> None:
        upload = link.opened("a", 3, last_modified=12.5)
        document = client.files_dir.parent / "uploads" / upload / "session.json"
        text = document.read_text()
        for time in ("NaN", "Infinity", "-Infinity"):
            replaced = document.with_name("replaced")
            # With its name, as the times beside it may have these digits, too.
            replaced.write_text(text.replace('"last_modified": 12.5', f'"last_modified": {time}'))
            assert replaced.read_text() != text
            replaced.rename(document)
            eventually(lambda: strict(link.status(upload).expect(200))["last_modified"] is None, what="no time")
            handoff = client.call("POST", f"{link.path}/handoffs", json={"uploads": [upload]})
            assert handoff.status == 201
            found = client.call("GET", f"{link.path}/handoffs/{handoff.json['code']}").expect(200)
            assert strict(found)["uploads"][0]["last_modified"] is None
        assert strict(link.chunk(upload, 0, b"abc", 3).expect(200))["complete"] is True
