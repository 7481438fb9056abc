"""The admin page's session: a cookie for whoever knows the token."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from tests.support.client import Client, Reply

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
    client.call("GET", SESSION, headers=cookie).expect(204)
    for _ in range(8):
        assert client.call("GET", "/api/droppr/requests", headers=cookie).status == 200, "every worker knows it"
    forged = {"Cookie": cookie["Cookie"][:-3] + "AAA"}
    client.call("GET", SESSION, headers=forged).expect(401, "unauthorized")
    client.call("GET", SESSION).expect(401, "unauthorized")


def test_a_wrong_token_beside_a_right_cookie_is_wrong(client):
    headers = {"Cookie": cookie_of(log_in(client, client.token)), "Authorization": "Bearer wrong"}
    client.call("GET", SESSION, headers=headers).expect(401, "unauthorized")


def test_logging_out_takes_the_cookie_away(client):
    reply = client.call("DELETE", SESSION).expect(204)
    assert "Max-Age=0" in reply.headers["Set-Cookie"]


@pytest.mark.parametrize("body", [{}, {"token": 7}, {"token": None}, [], {"token": "x" * 5000}])
def test_a_login_that_makes_no_sense_is_refused(client, body):
    client.call("POST", SESSION, json=body).expect(400, "invalid_request")


def test_wrong_tokens_are_counted_over_all_workers(client, server):
    guesser = Client.of(server, source="127.0.0.77")
    for _ in range(10):
        log_in(Client.of(server, source="127.0.0.77"), "wrong").expect(401, "unauthorized")
    blocked = log_in(guesser, client.token).expect(429, "too_many_attempts")
    assert 1 <= int(blocked.headers["Retry-After"]) <= 900
    log_in(client, client.token).expect(204)


def test_behind_a_trusted_proxy_that_speaks_https_the_cookie_is_for_https_only(live):
    with_proxy = Client.of(live(workers=1, DROPPR_TRUSTED_PROXIES="127.0.0.1/32"))
    told = {"X-Forwarded-Proto": "https"}
    assert "Secure" in log_in(with_proxy, with_proxy.token, **told).headers["Set-Cookie"]
    assert "Secure" not in log_in(with_proxy, with_proxy.token).headers["Set-Cookie"]


def test_what_a_stranger_says_about_https_is_not_believed(proxied, client):
    told = {"X-Forwarded-Proto": "https"}
    for each in (proxied, client):
        assert "Secure" not in log_in(each, each.token, **told).headers["Set-Cookie"]
