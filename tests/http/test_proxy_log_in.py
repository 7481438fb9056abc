"""Logging in by what a proxy in front says: believed from those that are trusted, straight and by way of nginx, and from nobody else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.http.test_oidc import Visitor, somebody
from tests.support.certificates import self_signed
from tests.support.client import Client, Reply
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx

SESSION = "/api/droppr/session"
PROXY, OTHER_PROXY = "127.9.9.9", "127.9.9.10"
SETTINGS: dict[str, Any] = {
    "DROPPR_TRUSTED_PROXIES": f"{PROXY}, {OTHER_PROXY}",
    "DROPPR_LOGIN_HEADER": "X-Remote-User",
    "DROPPR_LOGIN_EMAIL_HEADER": "X-Remote-Email",
    "DROPPR_LOGIN_GROUPS_HEADER": "X-Remote-Groups",
    "DROPPR_LOGIN_ADMIN_GROUPS": "chiefs",
    "DROPPR_LOGIN_MEMBER_GROUPS": "office, field",
    "DROPPR_OIDC_NEW_ACCOUNTS": "true",
}
OFFICE = {"X-Remote-Groups": "office,others"}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with LiveServer(tmp_path_factory.mktemp("straight"), workers=1, **GENEROUS, **SETTINGS) as server:
        yield Client.of(server)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    with LiveServer(folder, workers=1, unix_socket=True, **GENEROUS, **SETTINGS) as server:
        assert server.socket_path
        # As operations.md has it for a proxy that says for whom it asks.
        real = f"set_real_ip_from {PROXY};\nset_real_ip_from {OTHER_PROXY};\nreal_ip_header X-Forwarded-For;\n"
        told = {name: text for name, text in SETTINGS.items() if "GROUPS" not in name or name.endswith("HEADER")}
        pages = PROJECT / "nginx" / "dist"
        with LiveNginx(server.socket_path, server.data_dir, pages, folder, extra=real, **told) as front:
            yield Client.of(server, url=front.url)


@pytest.fixture(params=["straight", "nginx"])
def way_in(request: pytest.FixtureRequest) -> Client:
    found: Client = request.getfixturevalue(request.param)
    return found


def by_proxy(client: Client, source: str = PROXY) -> Visitor:
    """A browser that comes by way of the proxy."""
    return Visitor(replace(client, source=source))


def log_in(visitor: Visitor, name: str, **headers: str) -> Reply:
    return visitor.ask("POST", f"{SESSION}/proxy", **{"X-Remote-User": name, **OFFICE, **headers})


def test_whom_the_proxy_names_is_logged_in(way_in: Client) -> None:
    visitor, name = by_proxy(way_in), somebody()
    ways = visitor.ask("GET", f"{SESSION}/ways", **{"X-Remote-User": name}).expect(200).json
    assert ways == {"password": True, "provider": None, "proxy": {"name": name}}
    log_in(visitor, name.upper(), **{"X-Remote-Email": f"{name}@example.org"}).expect(204)
    me = visitor.ask("GET", SESSION).json
    assert (me["name"], me["email"], me["role"]) == (name, f"{name}@example.org", "member")
    [session] = visitor.ask("GET", "/api/sessions").json["sessions"]
    assert session["way"] == "header"
    rows = way_in.call("GET", f"/api/droppr/audit?actor=account:{name}", owner=True).json["entries"]
    assert [(row["act"], row["way"]) for row in rows] == [("logged_in", "header")]
    # The proxy says at the next log-in what they are now.
    log_in(by_proxy(way_in), name, **{"X-Remote-Groups": "chiefs"}).expect(204)
    assert visitor.who == "401", "a session of another role"
    log_in(visitor, name, **{"X-Remote-Groups": "nobody"}).expect(403, "not_admitted")
    assert visitor.ask("DELETE", SESSION).status == 204


def test_what_strangers_say_of_themselves_is_nothing(way_in: Client) -> None:
    stranger = Visitor(way_in.elsewhere())
    lies: list[dict[str, str]] = [
        {"X-Remote-User": "boss"},
        {"x-remote-user": "boss"},
        {"X_Remote_User": "boss"},
        {"X-Remote-User": "boss", "X-Forwarded-For": PROXY},
        {"X-Remote-User": "boss", "X-Real-IP": PROXY, "Forwarded": f"for={PROXY}"},
        {"X-Droppr-Login-Name": "boss"},
        {"X-Droppr-Login-Name": " boss"},
        {"X-Droppr-Login-Name": "x boss", "X-Droppr-Door": "x"},
        {"X-Droppr-Login-Name": "default boss", "X_Droppr_Login_Name": "boss"},
    ]
    for lie in lies:
        reply = stranger.ask("POST", f"{SESSION}/proxy", **{**lie, "X-Remote-Groups": "chiefs"})
        reply.expect(401, "not_vouched")
        assert stranger.ask("GET", f"{SESSION}/ways", **lie).json["proxy"] is None
    assert stranger.who == "401"
    names = [each["name"] for each in way_in.call("GET", "/api/accounts", owner=True).json["accounts"]]
    assert "boss" not in names


def test_a_header_takes_the_place_of_no_log_in(way_in: Client) -> None:
    """It is heard where one logs in, and by no other call."""
    visitor = by_proxy(way_in)
    named = {"X-Remote-User": somebody(), "X-Remote-Groups": "chiefs"}
    for path in ("/api/droppr/requests", "/api/accounts", SESSION):
        visitor.ask("GET", path, **named).expect(401, "unauthorized")
    visitor.ask(
        "POST", f"{SESSION}/proxy", **named, Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"}
    ).expect(403, "foreign_page")


@pytest.mark.parametrize("name", ["ann,boss", "ann, boss", "x" * 256, "ann\x7f", "%41nn\t\x01"])
def test_a_name_that_is_two_or_none_is_nobodys(way_in: Client, name: str) -> None:
    reply = log_in(by_proxy(way_in), name)
    assert reply.status in (400, 401), reply.body


def raw(client: Client, lines: list[bytes], source: str) -> bytes:
    """What is answered to these very lines."""
    with socket.create_connection(("127.0.0.1", client.pool.port), timeout=60, source_address=(source, 0)) as sock:
        sock.sendall(b"\r\n".join([*lines, b"", b""]))
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    return answer


HEAD = [f"POST {SESSION}/proxy HTTP/1.0".encode(), b"Host: x", b"Sec-Fetch-Site: same-origin", b"Content-Length: 0"]
IN_OFFICE = b"X-Remote-Groups: office"


def test_how_a_request_is_written_changes_nothing(way_in: Client) -> None:
    name = somebody().encode()
    said = raw(way_in, [*HEAD, b"X-REMOTE-USER: " + name, IN_OFFICE], PROXY)
    assert b" 204 " in said.split(b"\r\n")[0], "HTTP/1.0, and capitals"
    assert b"droppr_owner=account." in said
    for lines in (
        [b"X_Remote_User: " + name],
        [b"X-Remote-User : " + name],
        [b"X-Remote-User:"],
        [b" X-Remote-User: " + name],
    ):
        assert b"droppr_owner=account." not in raw(way_in, [*HEAD, *lines, IN_OFFICE], PROXY), lines
        assert b"droppr_owner=account." not in raw(way_in, [*HEAD, *lines, IN_OFFICE], "127.9.9.8"), lines


def test_two_headers_of_one_name_are_nobodys(straight: Client) -> None:
    """As behind a proxy that adds its own to what a client sent. (nginx 1.22 passes the first one on, and cannot tell.)"""
    for second in (b"X-Remote-User: boss", b"x-remote-user: boss"):
        said = raw(straight, [*HEAD, b"X-Remote-User: ann", second, IN_OFFICE], PROXY)
        assert b" 401 " in said.split(b"\r\n")[0], said


def test_what_a_client_has_taken_away_is_missing_and_nothing_else(way_in: Client) -> None:
    """`Connection: X-Remote-Groups` has proxies drop what they have just set: without groups nobody is let in here."""
    visitor, name = by_proxy(way_in), somebody()
    for listed in ("X-Remote-User", "X-Remote-Groups", "close, X-Remote-User, X-Remote-Groups"):
        reply = visitor.ask("POST", f"{SESSION}/proxy", Connection=listed)
        reply.expect(401, "not_vouched")
    visitor.ask("POST", f"{SESSION}/proxy", **{"X-Remote-User": name}).expect(403, "not_admitted")
    # Upgrades are for uploads alone.
    stranger = Visitor(way_in.elsewhere())
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "X-Remote-User": "boss", **OFFICE}
    assert stranger.ask("POST", f"{SESSION}/proxy", **upgrade).status in (400, 401)


def test_who_sits_there_now_does_not_go_on_as_who_sat_there_before(way_in: Client) -> None:
    visitor, first, second = by_proxy(way_in), somebody(), somebody()
    log_in(visitor, first).expect(204)
    path = "/api/droppr/requests"
    visitor.ask("GET", path, **{"X-Remote-User": first}).expect(200)
    visitor.ask("GET", path).expect(200)
    visitor.ask("GET", path, **{"X-Remote-User": second}).expect(401, "unauthorized")
    log_in(visitor, second).expect(204)
    assert visitor.ask("GET", SESSION, **{"X-Remote-User": second}).json["name"] == second
    # From elsewhere the header says nothing, against somebody as little as for them.
    other = Visitor(way_in.elsewhere(), dict(visitor.cookies))
    other.ask("GET", path, **{"X-Remote-User": first}).expect(200)
    # Who came by the token is not touched by it.
    holder = by_proxy(way_in)
    holder.ask("POST", SESSION, {"token": way_in.token}).expect(204)
    holder.ask("GET", path, **{"X-Remote-User": first}).expect(200)


def test_of_proxies_in_a_row_the_nearest_one_is_asked(way_in: Client) -> None:
    """By the address of the connection: what stands in X-Forwarded-For anybody writes."""
    name = somebody()
    log_in(by_proxy(way_in, OTHER_PROXY), name, **{"X-Forwarded-For": "198.51.100.7"}).expect(204)
    log_in(by_proxy(way_in, OTHER_PROXY), name, **{"X-Forwarded-For": f"198.51.100.7, {PROXY}"}).expect(204)
    stranger = Visitor(way_in.elsewhere())
    log_in(stranger, name, **{"X-Forwarded-For": f"{PROXY}, {OTHER_PROXY}"}).expect(401, "not_vouched")


def test_a_configuration_from_before_says_nothing(tmp_path: Path) -> None:
    """nginx that does not know the header passes on what anybody sends, and so it is not believed."""
    with LiveServer(tmp_path, workers=1, unix_socket=True, **SETTINGS) as server:
        assert server.socket_path
        lines = ["Name $login_name", "Email $login_email", "Groups $login_groups"]
        gone = {f"        proxy_set_header X-Droppr-Login-{each};\n": "" for each in lines}
        gone['        proxy_set_header X-Remote-User "";\n'] = ""
        with LiveNginx(
            server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path, replace=gone, **SETTINGS
        ) as front:
            visitor = by_proxy(Client.of(server, url=front.url))
            for named in ({}, {"X-Droppr-Login-Name": "boss"}, {"X-Droppr-Login-Name": "x boss"}):
                log_in(visitor, "boss", **named).expect(401, "not_vouched")


def test_by_tls_of_its_own_it_is_the_same(tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path, "localhost")
    options: dict[str, Any] = {"DROPPR_TLS_CERT": certificate, "DROPPR_TLS_KEY": tmp_path / "key.pem"}
    context = ssl.create_default_context(cafile=str(certificate))
    lines = [*HEAD, b"X-Remote-User: ann", IN_OFFICE, b"", b""]
    with LiveServer(tmp_path, workers=1, **SETTINGS, **options) as server:
        for source, is_in in ((PROXY, True), ("127.9.9.8", False)):
            with (
                socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=(source, 0)) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as sock,
            ):
                sock.sendall(b"\r\n".join(lines))
                answer = b""
                while chunk := sock.recv(65536):
                    answer += chunk
            assert (b"__Host-droppr_owner=account." in answer) is is_in, answer
