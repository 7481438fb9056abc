"""A log is read by more people than the owner: what opens anything does not stand in it, whatever goes wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest

from app.web.wire.logs import Discreet
from tests.support import raw
from tests.support.client import Client, Link
from tests.support.files import eventually
from tests.support.live import LiveServer

PASSWORD = "a password of a link"


@pytest.fixture
def server(live: Callable[..., LiveServer]) -> LiveServer:
    """One that says all it has to say."""
    return live(workers=2, DROPPR_LOG_LEVEL="DEBUG", PARALLEL_UPLOAD_DEBUG_LOGGING="True")


def test_nothing_that_opens_anything_is_in_the_log(server: LiveServer) -> None:
    client = Client.of(server)
    login = client.call("POST", "/api/droppr/session", json={"token": client.token})
    [cookie] = SimpleCookie(login.headers["Set-Cookie"]).values()
    session = {"Cookie": f"{cookie.key}={cookie.value}"}
    link = client.make_link(password=PASSWORD)
    secret = {"X-Request-Password": PASSWORD.replace(" ", "%20")}
    opened = link.open("big.bin", 20_000_000, headers=secret).expect(201).json["upload_id"]
    link.chunk(opened, 0, b"x" * 1000, 20_000_000).expect(200)
    code = client.call("POST", f"{link.path}/handoffs", json={"uploads": [opened]}).json["code"]
    client.call("GET", f"{link.path}/handoffs/{code}").expect(200)
    small = link.form("a.txt", b"text", headers=secret)
    assert small.status == 200
    link.open("b.txt", 1, headers={"X-Request-Password": "a-wrong-password"}).expect(401, "password_invalid")
    client.call("GET", "/api/droppr/requests", headers={"X-Auth": "a-wrong-token-of-the-owner"}).expect(
        401, "unauthorized"
    )
    client.call("GET", "/api/droppr/requests", headers={"Cookie": f"{cookie.key}=a-forged-cookie"})
    link.cancel(opened).expect(204)
    link.close().expect(204)
    client.call("DELETE", "/api/droppr/session", headers=session).expect(204)
    eventually(lambda: "wrong admin token" in server.log.read_text(), what="the lines")
    text = server.log.read_text()
    ids = {link.hash, opened, *(file["upload_id"] for file in link.files())}
    for told in (*ids, code, client.token, PASSWORD, cookie.value, "a-wrong-password", "a-wrong-token", "a-forged"):
        assert told not in text
    assert link.hash[:6] in text, "enough to follow it"


def owners_lines(server: LiveServer) -> list[dict[str, Any]]:
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [told for line in lines if (told := json.loads(line))["name"] == "droppr.owner"]


def test_whatever_the_owner_does_has_a_line_of_one_shape(server: LiveServer) -> None:
    owner = Client.of(server, source="127.6.6.6")
    login = owner.call("POST", "/api/droppr/session", json={"token": owner.token}).expect(204)
    session = {"Cookie": login.headers["Set-Cookie"].partition(";")[0]}
    owner.call("POST", "/api/droppr/session", json={"token": "a-wrong-token"}).expect(401, "unauthorized")

    def act(method: str, path: str, json: object = None, *, by_token: bool = False, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {owner.token}"} if by_token else session
        reply = owner.call(method, path, json=json, headers=headers)
        assert reply.status == status, reply
        return reply.json if reply.body else None

    link = Link(
        owner, act("POST", "/api/droppr/requests", {"folder": "a/b", "password": PASSWORD}, status=201)["hash"], "a/b"
    )
    act("PATCH", link.path, {"title": "A title", "password": None}, by_token=True)
    upload, *_ = ids = [link.opened(f"{number}.bin", 20) for number in range(3)]
    act("DELETE", f"{link.path}/uploads/{upload}?as=owner", status=204)
    act("DELETE", f"{link.path}/uploads", by_token=True)
    act("DELETE", link.path, status=204)
    act("DELETE", f"{link.path}?forget=true", by_token=True, status=204)
    act("DELETE", "/api/droppr/session", status=204)
    # What was refused, and what changed nothing, is no act.
    act("DELETE", "/api/droppr/session", status=204)
    act("PATCH", link.path, {"title": "x"}, by_token=True, status=404)
    act("DELETE", f"{link.path}/uploads", by_token=True, status=404)
    owner.call("GET", "/api/droppr/requests", owner=True).expect(200)

    short, short_upload = f"{link.hash[:6]}…", f"{upload[:6]}…"
    expected: list[tuple[str, str, dict[str, Any]]] = [
        ("owner logged in", "login", {}),
        ("wrong admin token", "login", {}),
        ("link made", "session", {"link": short, "folder": "a/b"}),
        ("link changed", "header", {"link": short, "changed": ["password", "title"]}),
        ("upload cancelled", "session", {"link": short, "upload": short_upload}),
        ("uploads cancelled", "header", {"link": short, "cancelled": 2, "left": 0}),
        ("link closed", "session", {"link": short}),
        ("link deleted", "header", {"link": short}),
        ("owner logged out", "session", {}),
    ]
    eventually(lambda: len(owners_lines(server)) >= len(expected), what="the lines")
    lines = owners_lines(server)
    assert [line.pop("message") for line in lines] == [message for message, _, _ in expected]
    for line, (message, way, more) in zip(lines, expected, strict=True):
        assert line.pop("level") == ("WARNING" if message == "wrong admin token" else "INFO")
        assert (line.pop("name"), line.pop("address"), line.pop("way")) == ("droppr.owner", "127.6.6.6", way)
        # A wrong token is nobody's act.
        assert line.pop("actor", None) == (None if message == "wrong admin token" else "owner")
        assert line.pop("request_id")
        assert line.pop("asctime")
        assert line == more
    text = server.log.read_text()
    for told in (link.hash, *ids, owner.token, PASSWORD, "a-wrong-token", session["Cookie"].partition("=")[2]):
        assert told not in text


NOT_UNDERSTOOD = [
    "GET /api/droppr/requests/{hash}/my file HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /api/droppr/requests/{hash}\r\n\r\n",
    "GET /api/droppr/requests/{hash} HTTP/9.9\r\nHost: x\r\n\r\n",
    "G\x00T /api/droppr/requests/{hash} HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nX-Auth: a\r\n {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nX-Auth : {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nX-Auth: {token}\x00\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {token}\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {token}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nExpect: {token}\r\n\r\n",
]


def test_a_request_that_is_not_understood_is_not_quoted(server: LiveServer) -> None:
    link = Client.of(server).make_link()
    for text in NOT_UNDERSTOOD:
        with raw.connection(server.url) as sock:
            sock.sendall(text.format(hash=link.hash, token=server.token).encode("latin-1"))
            raw.reply(sock)
    eventually(lambda: "Invalid request from" in server.log.read_text(), what="gunicorn's lines")
    told = server.log.read_text()
    assert link.hash not in told
    assert server.token not in told


def test_a_trace_tells_where_and_not_whose() -> None:
    upload_id = "A1b2-_" * 5 + "xy"
    try:
        raise FileNotFoundError(f"/data/uploads/{upload_id}/spans")
    except FileNotFoundError as error:
        trace = (type(error), error, error.__traceback__)
    for name in ("droppr.web", "gunicorn.error"):
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, "failed", None, trace)
        assert Discreet().filter(record)
        told = logging.Formatter().format(record)
        assert upload_id not in told
        assert f"/data/uploads/{upload_id[:6]}…/spans" in told
        assert "test_a_trace_tells_where_and_not_whose" in told
