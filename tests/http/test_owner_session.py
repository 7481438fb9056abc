"""The admin page's session: a cookie for whoever knows the token."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.cookies import SimpleCookie
from uuid import uuid4

import pytest

from tests.support.client import Client, Reply
from tests.support.live import LiveServer

SESSION = "/api/droppr/session"


def cookie_of(reply: Reply) -> str:
    [morsel] = SimpleCookie(reply.headers["Set-Cookie"]).values()
    return f"{morsel.key}={morsel.value}"


def log_in(client: Client, token: str, **headers: str) -> Reply:
    return client.call("POST", SESSION, json={"token": token}, headers=headers)


def test_the_token_buys_a_cookie_that_scripts_and_other_sites_cannot_use(client):
    reply = log_in(client, client.token).expect(204)
    told = reply.headers["Set-Cookie"]
    assert "HttpOnly" in told
    assert "SameSite=Strict" in told
    assert "Max-Age=43200" in told
    assert "Secure" not in told
    assert client.token not in told
    assert "no-store" in reply.headers["Cache-Control"]


def test_the_cookie_opens_what_the_token_opens(client):
    cookie = {"Cookie": cookie_of(log_in(client, client.token))}
    client.call("GET", SESSION, headers=cookie).expect(200)
    for _ in range(8):
        assert client.call("GET", "/api/droppr/requests", headers=cookie).status == 200, "every worker knows it"
    forged = {"Cookie": cookie["Cookie"][:-3] + "AAA"}
    client.elsewhere().call("GET", SESSION, headers=forged).expect(401, "unauthorized")
    client.call("GET", SESSION).expect(401, "unauthorized")


def test_a_wrong_token_beside_a_right_cookie_is_wrong(client):
    headers = {"Cookie": cookie_of(log_in(client, client.token)), "Authorization": "Bearer wrong"}
    client.elsewhere().call("GET", SESSION, headers=headers).expect(401, "unauthorized")


def test_logging_out_ends_the_session_wherever_its_cookie_is_kept(live):
    server = live(workers=4)
    client = Client.of(server)
    kept = {"Cookie": cookie_of(log_in(client, client.token))}
    other = {"Cookie": cookie_of(log_in(client, client.token))}
    client.call("GET", SESSION, headers=kept).expect(200)
    reply = client.call("DELETE", SESSION, headers=kept).expect(204)
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    for _ in range(8):
        client.call("GET", SESSION, headers=kept).expect(401, "unauthorized")
        client.call("POST", "/api/droppr/requests", json={"folder": "x"}, headers=kept).expect(401, "unauthorized")
    server.kill()
    server.start()
    client.call("GET", SESSION, headers=kept).expect(401, "unauthorized")
    client.call("GET", SESSION, headers=other).expect(200)


def test_logging_out_without_a_session_is_no_error(client):
    for headers in ({}, {"Cookie": "droppr_owner=nonsense"}):
        client.call("DELETE", SESSION, headers=headers).expect(204)


def test_a_new_token_ends_every_session(live, tmp_path):
    server = live(workers=1, DROPPR_DATA_DIR=tmp_path / "kept")
    kept = {"Cookie": cookie_of(log_in(Client.of(server), server.token))}
    server.kill()
    again = live(workers=1, DROPPR_DATA_DIR=tmp_path / "kept", DROPPR_ADMIN_TOKEN="another-token-of-the-owner")
    Client.of(again).call("GET", SESSION, headers=kept).expect(401, "unauthorized")


@pytest.mark.parametrize("body", [{}, {"token": 7}, {"token": None}, [], {"token": "x" * 5000}])
def test_a_login_that_makes_no_sense_is_refused(client, body):
    client.call("POST", SESSION, json=body).expect(400, "invalid_request")


# Addresses of the documentation, said by a proxy that is believed: all of 127/8 is the machine itself.
def far(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"192.0.2.{number}"}


@pytest.fixture
def chosen(live) -> Client:
    """A server of four workers whose owner chose its token, behind a proxy."""
    return Client.of(live(workers=4, DROPPR_TRUSTED_PROXIES="127.0.0.1/32"))


@pytest.fixture
def made(live, tmp_path) -> Client:
    """The same with the token that Droppr made."""
    server = live(workers=4, DROPPR_TRUSTED_PROXIES="127.0.0.1/32", DROPPR_ADMIN_TOKEN="")
    return replace(Client.of(server), token=(server.data_dir / "admin_token").read_text().strip())


WAYS: dict[str, Callable[[Client, str, dict[str, str]], Reply]] = {
    "login": lambda client, token, sent: log_in(client, token, **sent),
    "bearer": lambda client, token, sent: client.call(
        "GET", "/api/droppr/requests", headers={**sent, "Authorization": f"Bearer {token}"}
    ),
    "x-auth": lambda client, token, sent: client.call(
        "PATCH", "/api/droppr/requests/x", json={}, headers={**sent, "X-Auth": token}
    ),
    "metrics": lambda client, token, sent: client.call("GET", "/metrics", headers={**sent, "X-Auth": token}),
    "upload-status": lambda client, token, sent: client.call(
        "GET", "/api/v1/system/upload-status", headers={**sent, "Authorization": f"bearer {token}"}
    ),
    "cookie": lambda client, token, sent: client.call(
        "GET", SESSION, headers={**sent, "Cookie": f"droppr_owner={token}"}
    ),
}


def test_wrong_tokens_are_counted_by_whatever_way_they_come(chosen):
    # Cookies are new each time: one that is sent again and again counts once in each worker.
    for number in range(10):
        way = [*WAYS][number % len(WAYS)]
        WAYS[way](chosen, f"wrong-{number}", far(1)).expect(401, "unauthorized")
    for number, way in enumerate(WAYS):
        blocked = WAYS[way](chosen, f"more-{number}", far(1)).expect(429, "too_many_attempts")
        assert 1 <= int(blocked.headers["Retry-After"]) <= 900
    for way in ("login", "bearer", "metrics"):
        WAYS[way](chosen, chosen.token, far(1)).expect(429, "too_many_attempts")
        assert WAYS[way](chosen, chosen.token, far(2)).status < 300, "another address"
    assert WAYS["bearer"](chosen, chosen.token, {}).status == 200, "the machine itself"


def test_a_thousand_wrong_tokens_are_ten_tries_and_some_lines(chosen):
    server = LiveServer.running[-1]
    replies = [WAYS["bearer"](chosen, f"wrong-{number}", far(3)).status for number in range(300)]
    assert (replies.count(401), replies.count(429)) == (10, 290)
    lines = [line for line in server.log.read_text().splitlines() if "admin token" in line]
    assert [json.loads(line)["address"] for line in lines] == ["192.0.2.3"] * len(lines)
    assert 11 <= len(lines) <= 10 + 4, "a line for each that counts, and one in each worker for the limit"
    assert "wrong-" not in server.log.read_text()


def test_the_token_that_droppr_made_is_never_locked_out(made):
    for number in range(10):
        WAYS["bearer"](made, f"wrong-{number}", far(4)).expect(401, "unauthorized")
    WAYS["bearer"](made, "wrong", far(4)).expect(429, "too_many_attempts")
    for way in ("login", "bearer", "metrics", "upload-status"):
        assert WAYS[way](made, made.token, far(4)).status < 300


def test_a_live_session_goes_on_where_its_address_is_limited(chosen):
    kept = {"Cookie": cookie_of(log_in(chosen, chosen.token, **far(5)))}
    for number in range(11):
        WAYS["bearer"](chosen, f"wrong-{number}", far(5))
    chosen.call("GET", SESSION, headers={**far(5), **kept}).expect(200)
    assert WAYS["bearer"](chosen, chosen.token, {**far(5), **kept}).status == 200
    WAYS["bearer"](chosen, "wrong", {**far(5), **kept}).expect(429, "too_many_attempts")


def test_parallel_guesses_do_not_slip_past_the_count(chosen):
    with ThreadPoolExecutor(32) as pool:
        guesses = [pool.submit(WAYS["bearer"], chosen, f"wrong-{number}", far(6)) for number in range(64)]
    assert [guess.result().status for guess in guesses].count(401) == 10


OWN_PAGE: list[dict[str, str]] = [
    {},
    {"Origin": "http://{host}"},
    # A proxy speaks https and nobody told the server so.
    {"Origin": "https://{host}"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"},
    {"Sec-Fetch-Site": "none"},
]
FOREIGN_PAGE: list[dict[str, str]] = [
    {"Origin": "http://127.0.0.1:9"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": ""},
    {"Origin": "http://{host}.evil.example"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://127.0.0.1:9", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://{host}"},
    {"Sec-Fetch-Site": "odd"},
]
CALLS = [
    ("POST", "/api/droppr/requests"),
    ("PATCH", "/api/droppr/requests/x"),
    ("DELETE", "/api/droppr/requests/x"),
    ("POST", "/api/droppr/requests/x/files/a/pass-on"),
    ("POST", "/api/droppr/requests/x/seen"),
    ("GET", "/api/droppr/requests"),
    ("GET", "/api/v1/system/upload-events"),
    ("DELETE", SESSION),
]


def told(headers: dict[str, str], client: Client) -> dict[str, str]:
    host = client.url.partition("//")[2]
    return {name: text.replace("{host}", host) for name, text in headers.items()}


@pytest.mark.parametrize("headers", OWN_PAGE, ids=str)
def test_a_page_of_this_server_acts_for_the_owner(way_in, headers):
    sent = {"Cookie": cookie_of(log_in(way_in, way_in.token)), **told(headers, way_in)}
    folder = {"folder": f"own-{uuid4().hex}"}
    assert way_in.call("POST", "/api/droppr/requests", json=folder, headers=sent).status == 201
    assert log_in(way_in, way_in.token, **told(headers, way_in)).status == 204


@pytest.mark.parametrize("headers", FOREIGN_PAGE, ids=str)
def test_a_page_of_another_address_does_not_though_the_browser_sends_the_cookie(way_in, headers):
    sent = {"Cookie": cookie_of(log_in(way_in, way_in.token)), **told(headers, way_in)}
    for method, path in CALLS:
        for kind in ("application/json", "text/plain"):
            body = {"folder": "foreign"} if method in ("POST", "PATCH") else None
            way_in.call(method, path, json=body, headers={**sent, "Content-Type": kind}).expect(403, "foreign_page")
    # Nor does it log somebody in, or guess in the name of whoever looks at it.
    log_in(way_in, way_in.token, **told(headers, way_in)).expect(403, "foreign_page")
    way_in.call("GET", SESSION, headers={"Cookie": sent["Cookie"]}).expect(200)


@pytest.mark.parametrize("headers", FOREIGN_PAGE, ids=str)
def test_calls_by_token_come_from_wherever_they_like(way_in, headers):
    reply = way_in.call("GET", "/api/droppr/requests", headers=told(headers, way_in), owner=True)
    assert reply.status == 200


def test_a_link_to_a_download_is_followed_from_anywhere_and_nothing_else_is(link):
    link.deliver("a.bin", b"x")
    sent = {"Cookie": cookie_of(log_in(link.client, link.client.token)), "Sec-Fetch-Site": "same-site"}
    path = f"{link.path}/files/a.bin"
    assert link.client.call("GET", path, headers={**sent, "Sec-Fetch-Mode": "navigate"}).status == 200
    link.client.call("GET", path, headers={**sent, "Sec-Fetch-Mode": "no-cors"}).expect(403, "foreign_page")
    body = {"folder": "x"}
    navigating = {**sent, "Sec-Fetch-Mode": "navigate"}
    link.client.call("POST", "/api/droppr/requests", json=body, headers=navigating).expect(403, "foreign_page")


def test_the_address_that_the_owner_named_is_the_servers_own(live):
    client = Client.of(live(workers=1, DROPPR_PUBLIC_URL="https://Files.example.org/"))
    cookie = {"Cookie": cookie_of(log_in(client, client.token))}
    for headers in (
        {"Origin": "https://files.example.org"},
        {"Origin": "https://files.example.org", "Sec-Fetch-Site": "cross-site"},
    ):
        client.call("GET", SESSION, headers={**cookie, **headers}).expect(200)
    client.call("GET", SESSION, headers={**cookie, "Origin": "http://files.example.org"}).expect(403, "foreign_page")


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("files.example.org", "https://files.example.org", True),
        ("files.example.org:443", "https://files.example.org", True),
        ("FILES.example.org", "https://files.example.org", True),
        ("files.example.org:8443", "https://files.example.org:8443", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443", True),
        ("files.example.org", "http://files.example.org", False),
        ("files.example.org", "https://files.example.org:8443", False),
        ("files.example.org:8443", "https://files.example.org", False),
        ("files.example.org", "https://example.org", False),
    ],
)
def test_over_https_only_pages_that_came_so_are_the_servers_own(chosen, host, origin, own):
    sent = {"X-Forwarded-Proto": "https", "Host": host, "Origin": origin}
    assert log_in(chosen, chosen.token, **sent).status == (204 if own else 403)


def test_behind_a_trusted_proxy_that_speaks_https_the_cookie_is_for_https_only(live):
    with_proxy = Client.of(live(workers=1, DROPPR_TRUSTED_PROXIES="127.0.0.1/32"))
    told = {"X-Forwarded-Proto": "https"}
    over_https = log_in(with_proxy, with_proxy.token, **told)
    assert "Secure" in over_https.headers["Set-Cookie"]
    assert "Secure" not in log_in(with_proxy, with_proxy.token).headers["Set-Cookie"]
    # What browsers ask of a cookie so called: no other host of the domain can set it.
    assert over_https.headers["Set-Cookie"].startswith("__Host-droppr_owner=")
    assert "Path=/" in over_https.headers["Set-Cookie"].split("; ")
    assert "Domain" not in over_https.headers["Set-Cookie"]
    cookie = cookie_of(over_https)
    with_proxy.call("GET", SESSION, headers={**told, "Cookie": cookie}).expect(200)
    planted = cookie.removeprefix("__Host-")
    with_proxy.call("GET", SESSION, headers={**told, "Cookie": planted}).expect(401, "unauthorized")
    ended = with_proxy.call("DELETE", SESSION, headers={**told, "Cookie": cookie}).expect(204)
    assert ended.headers["Set-Cookie"].startswith("__Host-droppr_owner=;")
    assert "Secure" in ended.headers["Set-Cookie"]
    with_proxy.call("GET", SESSION, headers={**told, "Cookie": cookie}).expect(401, "unauthorized")


@pytest.mark.parametrize("told", ["https,http", "https, http", " HTTPS ,https", "http,https", "http", ",https"])
def test_of_two_proxies_in_a_row_the_first_says_how_the_browser_came(told, chosen):
    secure = "Secure" in log_in(chosen, chosen.token, **{"X-Forwarded-Proto": told}).headers["Set-Cookie"]
    assert secure is told.strip().lower().startswith("https")


def test_what_a_stranger_says_about_https_is_not_believed(proxied, client):
    told = {"X-Forwarded-Proto": "https"}
    for each in (proxied, client):
        assert "Secure" not in log_in(each, each.token, **told).headers["Set-Cookie"]
