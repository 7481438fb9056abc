"""Browsers of owners are told what arrives, through a push service of our own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.http.test_accounts import entered
from tests.support.actors import OWNER
from tests.support.client import Client
from tests.support.command import Terminal
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.pushes import PushBrowser, PushService, decoded, judge, push_service


@pytest.fixture
def client(told: LiveServer) -> Client:
    return Client.of(told).elsewhere()


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


def subscribe(client: Client, browser: PushBrowser, **more: object) -> dict[str, Any]:
    body = browser.subscription(**more)
    made: dict[str, Any] = client.call("POST", "/api/droppr/push", json=body, owner=True).expect(201).json
    return made


def endpoints(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.call("GET", "/api/endpoints", owner=True).expect(200).json["endpoints"]
    return found


def test_a_browser_is_told_what_arrives_and_one_that_is_gone_is_forgotten(
    client: Client, told: LiveServer, told_terminal: Terminal, service: PushService
) -> None:
    browser, gone = service.browser(), service.browser()
    made, lost = subscribe(client, browser, language="de"), subscribe(client, gone, name="Old phone")
    state = client.call("GET", "/api/droppr/push", owner=True).expect(200).json
    assert {each["id"] for each in state["browsers"]} == {made["id"], lost["id"]}
    assert len(decoded(state["key"])) == 65
    assert (told.data_dir / "push_key").stat().st_mode & 0o777 == 0o600
    service.answer = lambda request: 410 if gone.url.endswith(request.path) else 201
    link = client.make_link(title="Tax papers", notify="none", ask_name="optional")
    for number in range(3):
        link.deliver(f"{number}.txt", b"x", sender_name="Anna")
    told_of = service.shown(browser)[0]
    assert (told_of["title"], told_of["link"], told_of["lang"]) == ("Tax papers", link.hash, "de")
    assert told_of["body"].startswith("Anna hat ")
    hook = service.sent(browser)[0]
    claims = judge(hook, browser.url, state["key"])
    assert claims["sub"] == "mailto:droppr@example.org"
    # Neither the link nor a name is readable on the way.
    assert link.hash not in repr(hook.headers)
    assert b"Anna" not in hook.body
    eventually(lambda: [each["id"] for each in endpoints(client)] == [made["id"]], seconds=60, what="the removal")
    # A test, by the page's own call and by that for all endpoints, which the command line makes.
    client.call("POST", f"/api/droppr/push/{made['id']}/test", owner=True).expect(202)
    said = told_terminal.run("message", "test", "--endpoint", made["id"])
    assert "201" in said
    assert [each["title"] for each in service.shown(browser, 3)[-2:]] == ["Droppr", "Droppr"]
    listed = told_terminal.run("endpoint", "list")
    assert "push" in listed
    assert "(Chromium on Linux)" in listed
    assert browser.url not in listed
    client.call("DELETE", f"/api/droppr/push/{made['id']}", owner=True).expect(204)
    client.call("DELETE", f"/api/droppr/push/{made['id']}", owner=True).expect(404, "endpoint_not_found")
    assert endpoints(client) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"endpoint": "http://10.0.0.1/x"}, "endpoint_not_allowed"),
        ({"endpoint": "file:///etc/passwd"}, "endpoint_not_allowed"),
        ({"endpoint": "https:"}, "endpoint_not_allowed"),
        ({"endpoint": 5}, "invalid_request"),
        ({"keys": {"p256dh": "x", "auth": "y"}}, "endpoint_not_allowed"),
        ({"keys": {"p256dh": "é" * 20, "auth": "y"}}, "endpoint_not_allowed"),
        ({"keys": None}, "invalid_request"),
        ({"name": "x" * 201}, "invalid_request"),
    ],
)
def test_what_is_no_browser_is_refused(client: Client, service: PushService, wrong: dict[str, Any], code: str) -> None:
    body = service.browser().subscription() | wrong
    client.call("POST", "/api/droppr/push", json=body, owner=True).expect(400, code)
    client.call("POST", "/api/droppr/push", json=body).expect(401, "unauthorized")
    assert endpoints(client) == []


def test_whoever_has_an_account_is_told_of_what_is_theirs(
    client: Client, told: LiveServer, service: PushService
) -> None:
    """Also who may only look; and nobody else's browsers are theirs."""
    store = SQLAccounts(opened(told.data_dir, LiveServer.databases.get(told.data_dir)), clock=time.time)
    name = f"vera-{uuid4().hex[:8]}"
    store.add(Account(name, Role.VIEWER, ("tax",)), Argon2Hasher().hash("a right password"), OWNER)
    headers = entered(client, name, "a right password")
    hers, owners = service.browser(), service.browser()
    mine = subscribe(client, owners)
    made = client.call("POST", "/api/droppr/push", json=hers.subscription(), headers=headers).expect(201).json
    assert [each["id"] for each in client.call("GET", "/api/droppr/push", headers=headers).json["browsers"]] == [
        made["id"]
    ]
    client.call("DELETE", f"/api/droppr/push/{mine['id']}", headers=headers).expect(404, "endpoint_not_found")
    other = client.make_link(title="Not hers", notify="none")
    teams = client.make_link(title="Of the team", notify="none")
    teams.change(owner="team:tax").expect(200)
    for link in (other, teams):
        link.deliver("a.txt", b"a")
    assert {each["title"] for each in service.shown(owners, 2)} == {"Not hers", "Of the team"}
    assert [each["title"] for each in service.shown(hers)] == ["Of the team"]
    # Whoever is shut out is told nothing more, and their browser is forgotten.
    store.change(name, lambda kept: replace(kept, account=replace(kept.account, disabled=True)), OWNER)
    # Of another link, as of one there is one message a minute.
    late = client.make_link(title="Later", notify="none")
    late.change(owner="team:tax").expect(200)
    late.deliver("b.txt", b"b")
    eventually(lambda: made["id"] not in [each["id"] for each in endpoints(client)], seconds=60, what="the removal")
    assert len(service.sent(hers)) == 1
    client.call("DELETE", f"/api/droppr/push/{mine['id']}", owner=True).expect(204)
