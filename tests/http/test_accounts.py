"""Accounts on a real server: log-ins by name, and what the command line does on its data folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from html import escape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest

from app.core.accounts import MAX_NAME, Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from app.web.wire.join_words import JOIN_WORDS
from tests.support.actors import OWNER
from tests.support.client import Client, Reply
from tests.support.command import Terminal
from tests.support.files import answered_everywhere
from tests.support.live import LiveServer

SESSION = "/api/droppr/session"
PASSWORD = "a right password"


def cookies_of(reply: Reply) -> dict[str, str]:
    """What the reply has a browser keep, by name; two cookies come in two headers, which are joined."""
    found: SimpleCookie = SimpleCookie()
    for part in reply.headers["Set-Cookie"].split(", droppr_"):
        found.load(part if part.startswith("droppr_") else f"droppr_{part}")
    return {morsel.key: morsel.value for morsel in found.values()}


def log_in(client: Client, name: str, password: str = PASSWORD, **headers: str) -> Reply:
    return client.call("POST", SESSION, json={"name": name, "password": password}, headers=headers)


def entered(client: Client, name: str, password: str = PASSWORD) -> dict[str, str]:
    """The headers of a browser that is logged in."""
    cookies = cookies_of(log_in(client, name, password).expect(204))
    return {"Cookie": f"droppr_owner={cookies['droppr_owner']}"}


@pytest.fixture
def terminal(server: LiveServer, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, server.environment)


def name() -> str:
    return f"ann-{uuid4().hex[:8]}"


@cache
def hashed() -> str:
    return Argon2Hasher().hash(PASSWORD)


@pytest.fixture
def people(server: LiveServer) -> Callable[..., str]:
    """Makes an account of a role; what it is called."""

    def make(role: str, *teams: str) -> str:
        store = SQLAccounts(opened(server.data_dir, LiveServer.databases.get(server.data_dir)), clock=time.time)
        account = Account(name(), Role(role), teams)
        store.add(account, hashed(), OWNER)
        return account.name

    return make


def test_an_account_made_by_a_command_logs_in_and_is_shut_out_again(client: Client, terminal: Terminal) -> None:
    ann, given = name(), ("--password-file", "-")
    terminal.run("account", "create", ann, "--team", "tax", "--name", "Ann Lee", *given, typed=f"{PASSWORD}\n")
    reply = log_in(client, ann).expect(204)
    told = reply.headers["Set-Cookie"]
    assert told.count("HttpOnly") == told.count("SameSite=Strict") == 2
    assert PASSWORD not in told
    assert "no-store" in reply.headers["Cache-Control"]
    known = cookies_of(reply)["droppr_known"]
    session = {"Cookie": f"droppr_owner={cookies_of(reply)['droppr_owner']}"}
    who = client.call("GET", SESSION, headers=session).expect(200).json
    assert who == {
        "actor": f"account:{ann}",
        "name": ann,
        "display_name": "Ann Lee",
        "email": "",
        "role": "member",
        "teams": ["tax"],
        "may_change": True,
        "may_administer": False,
        "second_factor": False,
        "second_factor_required": False,
        "has_password": True,
        "scopes": None,
    }
    client.call("GET", SESSION, headers={"Cookie": f"droppr_owner={known}"}).expect(401, "unauthorized")
    terminal.run("account", "disable", ann)
    # Each process remembers for a second who has which session.
    answered_everywhere(lambda: client.elsewhere().call("GET", SESSION, headers=session).status, 401)
    log_in(client, ann).expect(401, "wrong_log_in")


def test_what_somebody_does_stands_in_the_audit_under_their_name(client: Client, people: Callable[..., str]) -> None:
    ann = people("admin")
    session = entered(client, ann)
    link = client.call("POST", "/api/droppr/requests", json={"folder": name()}, headers=session).expect(201).json
    client.call("DELETE", SESSION, headers=session).expect(204)
    client.call("DELETE", SESSION, headers=session).expect(204)
    client.call("GET", SESSION, headers=session).expect(401, "unauthorized")
    asked = f"/api/droppr/audit?actor=account:{ann}"
    found = client.call("GET", asked, owner=True).expect(200).json["entries"]
    assert [each["act"] for each in found] == ["logged_out", "link_made", "logged_in"]
    assert found[1]["link"] == link["hash"]


def test_who_fails_to_log_in_stands_there_without_a_name(live: Callable[..., LiveServer]) -> None:
    # Not on a server that is shared: of all failed tries of a quarter of an hour one writes down 40, whoever's they are.
    client, ann = Client.of(live(workers=1)).elsewhere(), name()
    client.call("POST", ACCOUNTS, json={"name": ann, "password": PASSWORD}, owner=True).expect(201)
    log_in(client, ann, "a wrong password").expect(401, "wrong_log_in")
    asked = "/api/droppr/audit?act=log_in_failed"
    [row] = client.call("GET", asked, owner=True).expect(200).json["entries"]
    assert (row["actor"], row["way"], row["address"]) == ("stranger", "password", client.source)
    assert ann not in json.dumps(row), "what is typed there may be a password"


def test_a_session_is_for_pages_of_this_server_alone(client: Client, people: Callable[..., str]) -> None:
    session = entered(client, people("admin"))
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-site"}
    made = {"folder": name()}
    client.call("POST", "/api/droppr/requests", json=made, headers=session | foreign).expect(403, "foreign_page")
    client.call("GET", SESSION, headers=session | foreign).expect(403, "foreign_page")
    log_in(client, "ann", **foreign).expect(403, "foreign_page")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "ann"},
        {"password": "x"},
        {"name": "ann", "password": None},
        {"name": 7, "password": "x"},
        {"token": "x", "name": "ann", "password": "x"},
        {"name": "x" * 2000, "password": "x"},
    ],
)
def test_a_log_in_that_makes_no_sense_is_refused(client: Client, body: dict[str, object]) -> None:
    client.call("POST", SESSION, json=body).expect(400, "invalid_request")


def test_guesses_of_all_kinds_are_counted_together_and_a_known_browser_goes_on(
    client: Client, people: Callable[..., str]
) -> None:
    ann, far = people("member"), client.elsewhere()
    known = f"droppr_known={cookies_of(log_in(far, ann).expect(204))['droppr_known']}"
    for number in range(9):
        far.call("POST", SESSION, json={"token": f"wrong-{number}"}).expect(401, "unauthorized")
    log_in(far, ann, "a wrong password").expect(401, "wrong_log_in")
    blocked = log_in(far, ann).expect(429, "too_many_attempts")
    assert 1 <= int(blocked.headers["Retry-After"]) <= 900
    log_in(far, ann, Cookie=known).expect(204)
    log_in(client.elsewhere(), ann).expect(204)


ACCOUNTS = "/api/accounts"
INVITATIONS = f"{ACCOUNTS}/invitations"


def test_admins_make_change_and_remove_accounts(client: Client, people: Callable[..., str]) -> None:
    admin = entered(client, people("admin"))
    new = {"name": name(), "password": PASSWORD, "teams": ["tax"], "display_name": "Ben", "email": "ben@example.org"}
    made = client.call("POST", ACCOUNTS, json=new, headers=admin).expect(201).json
    assert made["role"] == "member"
    assert "password" not in made
    client.call("POST", ACCOUNTS, json=new, headers=admin).expect(409, "account_exists")
    ben = entered(client, made["name"])
    path = f"{ACCOUNTS}/{made['name']}"
    wrong: list[dict[str, object]] = [
        {"password": "short", "role": "admin"},
        {"teams": ["Tax!"]},
        {"email": "x"},
        {"role": "king"},
        {"disabled": "yes"},
    ]
    for each in wrong:
        client.call("PATCH", path, json=each, headers=admin).expect(400, "invalid_request")
    listed = {each["name"]: each for each in client.call("GET", ACCOUNTS, owner=True).expect(200).json["accounts"]}
    assert listed[made["name"]] == made, "all or nothing"
    changed = client.call("PATCH", path, json={"teams": [], "display_name": "Ben B."}, headers=admin).expect(200).json
    assert changed == made | {"teams": [], "display_name": "Ben B."}
    assert client.call("GET", SESSION, headers=ben).expect(200).json["display_name"] == "Ben B."
    client.call("PATCH", path, json={"disabled": True}, headers=admin).expect(200)
    client.call("GET", SESSION, headers=ben).expect(401, "unauthorized")
    client.call("PATCH", path, json={"disabled": False, "password": "another password"}, headers=admin).expect(200)
    entered(client, made["name"], "another password")
    me = client.call("GET", SESSION, headers=admin).expect(200).json["name"]
    for body in ({"role": "viewer"}, {"disabled": True}):
        client.call("PATCH", f"{ACCOUNTS}/{me}", json=body, headers=admin).expect(400, "invalid_request")
    client.call("DELETE", f"{ACCOUNTS}/{me}", headers=admin).expect(400, "invalid_request")
    client.call("DELETE", path, headers=admin).expect(200)
    client.call("DELETE", path, headers=admin).expect(404, "account_not_found")
    client.call("PATCH", path, json={"role": "viewer"}, headers=admin).expect(404, "account_not_found")


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_others_have_nothing_of_it_but_their_own(client: Client, people: Callable[..., str], role: str) -> None:
    other, mine = entered(client, people("member")), people(role)
    me = entered(client, mine)
    for method, path in (
        ("GET", ACCOUNTS),
        ("POST", ACCOUNTS),
        ("PATCH", f"{ACCOUNTS}/{mine}"),
        ("DELETE", f"{ACCOUNTS}/{mine}"),
        ("GET", INVITATIONS),
        ("POST", INVITATIONS),
        ("DELETE", f"{INVITATIONS}/x"),
        ("GET", "/api/sessions?account=somebody"),
        ("DELETE", "/api/sessions?account=somebody"),
    ):
        client.call(method, path, json={}, headers=me).expect(403, "admins_only")
        client.call(method, path, json={}).expect(401, "unauthorized")
    [theirs] = client.call("GET", "/api/sessions", headers=other).expect(200).json["sessions"]
    [own] = client.call("GET", "/api/sessions", headers=me).expect(200).json["sessions"]
    assert (own["account"], own["current"], theirs["account"] != mine) == (mine, True, True)
    client.call("DELETE", f"/api/sessions/{theirs['id']}", headers=me).expect(404, "session_not_found")
    client.call("GET", SESSION, headers=other).expect(200)
    everywhere = client.call("GET", "/api/sessions", owner=True).expect(200).json["sessions"]
    assert {own["id"], theirs["id"]} <= {each["id"] for each in everywhere}
    client.call("DELETE", f"/api/sessions/{theirs['id']}", owner=True).expect(204)
    client.call("GET", SESSION, headers=other).expect(401, "unauthorized")


def test_ones_own_password_and_sessions(client: Client, people: Callable[..., str]) -> None:
    mine = people("viewer")
    here, there = entered(client, mine), entered(client, mine)
    listed = client.call("GET", "/api/sessions", headers=here).expect(200).json["sessions"]
    assert sorted(each["current"] for each in listed) == [False, True]
    assert client.call("DELETE", "/api/sessions", headers=here).expect(200).json == {"ended": 1}
    client.call("GET", SESSION, headers=there).expect(401, "unauthorized")
    client.call("GET", SESSION, headers=here).expect(200)
    change = "/api/account/password"
    wrong = {"old": "not the one", "new": "another password"}
    client.call("POST", change, json=wrong, headers=here).expect(400, "invalid_request")
    client.call("POST", change, json={"old": PASSWORD, "new": "short"}, headers=here).expect(400, "invalid_request")
    reply = client.call("POST", change, json={"old": PASSWORD, "new": "another password"}, headers=here).expect(204)
    client.call("GET", SESSION, headers=here).expect(401, "unauthorized")
    now = {"Cookie": f"droppr_owner={cookies_of(reply)['droppr_owner']}"}
    client.call("GET", SESSION, headers=now).expect(200)
    log_in(client, mine).expect(401, "wrong_log_in")
    client.call("POST", change, json={"old": "x", "new": PASSWORD}, owner=True).expect(400, "invalid_request")
    client.call("DELETE", "/api/sessions", owner=True).expect(400, "invalid_request")
    assert client.call("DELETE", f"/api/sessions?account={mine}", owner=True).expect(200).json == {"ended": 1}


def joined(client: Client, path: str, headers: dict[str, str] | None = None, **fields: str) -> Reply:
    sent = {"name": "", "display_name": "", "password": PASSWORD, "again": PASSWORD} | fields
    form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
    return client.call("POST", path, body=urlencode(sent).encode(), headers=form)


def test_an_invitation_is_taken_once(client: Client, people: Callable[..., str]) -> None:
    admin, ben = entered(client, people("admin")), name()
    asked = {"role": "viewer", "teams": ["tax"], "email": "ben@example.org"}
    made = client.call("POST", INVITATIONS, json=asked, headers=admin).expect(201).json
    path = urlsplit(made["address"]).path
    [listed] = [
        each
        for each in client.call("GET", INVITATIONS, headers=admin).expect(200).json["invitations"]
        if each["id"] == made["id"]
    ]
    assert path.removeprefix("/join/") not in json.dumps(listed)
    page = client.call("GET", path).expect(200)
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "script" not in page.body.decode()
    taken = joined(client, path, name=people("viewer"), display_name='"><b>Ben')
    assert taken.status == 409
    assert "<b>" not in taken.body.decode()
    assert joined(client, path, name=ben, again="x").status == 400
    assert joined(client, path, name=ben, password="short", again="short").status == 400
    assert joined(client, path, name="Ben Lee").status == 400
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    client.call("POST", path, body=b"", headers=foreign).expect(403, "foreign_page")
    reply = joined(client, path, name=ben, display_name="Ben")
    assert (reply.status, reply.headers["Location"]) == (303, "../admin")
    session = {"Cookie": f"droppr_owner={cookies_of(reply)['droppr_owner']}"}
    who = client.call("GET", SESSION, headers=session).expect(200).json
    assert (who["name"], who["role"], who["teams"], who["email"]) == (ben, "viewer", ["tax"], "ben@example.org")
    assert joined(client, path, name=name()).status == 404
    assert client.call("GET", path).status == 404
    told = client.call("GET", f"/api/droppr/audit?actor=account:{ben}", owner=True).expect(200).json["entries"]
    assert [each["act"] for each in told] == ["logged_in", "account_made"]
    again = client.call("POST", INVITATIONS, json={}, headers=admin).expect(201).json
    client.call("DELETE", f"{INVITATIONS}/{again['id']}", headers=admin).expect(204)
    client.call("DELETE", f"{INVITATIONS}/{again['id']}", headers=admin).expect(404, "invitation_not_found")
    assert client.call("GET", urlsplit(again["address"]).path).status == 404


@pytest.mark.parametrize("language", sorted(JOIN_WORDS))
def test_an_invitation_speaks_the_language_of_whoever_is_invited(client: Client, language: str) -> None:
    path = urlsplit(client.call("POST", INVITATIONS, json={}, owner=True).expect(201).json["address"]).path
    words, wanted = JOIN_WORDS[language], {"Accept-Language": f"{language}, en"}
    page = client.call("GET", path, headers=wanted).expect(200)
    assert page.headers["Vary"] == "Accept-Language, Cookie"
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.body.decode()
    assert words.title in page.body.decode()
    wrong = {
        words.apart: {"again": "another password"},
        words.bad_name.format(most=MAX_NAME): {"name": "Ben Lee"},
        words.bad_password.format(least=10, most=1024): {"name": "ben", "password": "short", "again": "short"},
        words.weak_password: {"name": "ben", "password": "x" * 12, "again": "x" * 12},
        words.bad_called.format(most=100): {"name": "ben", "display_name": "x" * 101},
    }
    for sentence, fields in wrong.items():
        assert escape(sentence) in joined(client, path, headers=wanted, **fields).body.decode()
    over = client.elsewhere().call("GET", f"/join/{'z' * 43}", headers=wanted).expect(404).body.decode()
    assert escape(words.over_why) in over


def test_addresses_of_invitations_are_not_tried_for_long(client: Client) -> None:
    far = client.elsewhere()
    replies = [far.call("GET", f"/join/{number:x<43}").status for number in range(22)]
    assert replies == [404] * 20 + [429] * 2
    assert client.elsewhere().call("GET", f"/join/{'x' * 43}").status == 404
