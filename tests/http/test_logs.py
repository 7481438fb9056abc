"""A log is read by more people than the owner: what opens anything does not stand in it, whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest

from app.web.logs import Discreet
from tests.support import raw
from tests.support.client import Client
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
