"""Accounts on a real server: log-ins by name, and what the command line does on its data folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from uuid import uuid4

import pytest

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.support.actors import OWNER
from tests.support.client import Client, Reply
from tests.support.command import Terminal
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
    }
    client.call("GET", SESSION, headers={"Cookie": f"droppr_owner={known}"}).expect(401, "unauthorized")
    terminal.run("account", "disable", ann)
    for _ in range(8):
        client.call("GET", SESSION, headers=session).expect(401, "unauthorized")
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
    failed = client.elsewhere()
    log_in(failed, ann, "a wrong password").expect(401, "wrong_log_in")
    [row] = client.call("GET", f"/api/droppr/audit?q={failed.source}", owner=True).expect(200).json["entries"]
    assert (row["act"], row["actor"], row["way"]) == ("log_in_failed", "stranger", "password")
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
