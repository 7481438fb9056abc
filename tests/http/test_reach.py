"""What is others' on a real server: three people who log in, and every call of owners about what is not theirs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.support.actors import OWNER
from tests.support.client import Client, Reply
from tests.support.live import LiveServer
from tests.support.owners_calls import ROWS, H, R, Row

PASSWORD = "a right password"
_PASSING = ("X-Request-Id", "Date", "Connection")
"""What is another thing from one answer to the next of the same call; a connection ends where a body was not here in time."""


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in, and a link that they or their team have, with the ids of what hangs on it."""

    client: Client
    name: str
    cookie: Mapping[str, str]

    def ask(self, method: str, path: str, body: object = None) -> Reply:
        return self.client.call(method, path, json=body, headers=self.cookie)

    def belongings(self, owner: str) -> dict[str, str]:
        made = self.ask("POST", R, {"folder": "papers", "owner": owner}).expect(201).json
        hash = made["hash"]
        sent = {"X-Upload-Offset": "0", "X-Upload-Length": "4", "X-Upload-Name": "secret.txt"}
        self.client.call("POST", f"{R}/{hash}/upload-chunk", body=b"text", headers=sent).expect(200)
        coming = self.client.call("POST", f"{R}/{hash}/uploads", json={"path": "coming.bin", "size": 9}).expect(201)
        [file] = self.ask("GET", f"{R}/{hash}/files").expect(200).json["files"]
        share = self.ask("POST", "/api/droppr/shares", {"link": hash}).expect(201).json["hash"]
        # Nothing ever happens of which it is told.
        url = {"url": f"https://93.184.215.14/{uuid4().hex}", "link": hash, "kinds": ["link.deleted"]}
        return {
            "hash": hash,
            "anypath:path": "secret.txt",
            "upload_id": file["upload_id"],
            "open": coming.json["upload_id"],
            "share": share,
            "endpoint_id": self.ask("POST", "/api/endpoints", url).expect(201).json["id"],
            "entity_id": made["entity"],
        }


@pytest.fixture
def people(server: LiveServer, client: Client) -> Iterator[dict[str, Person]]:
    """Bob, who has nothing to do with the others; Ann and Eve of one team, of whom Eve only looks."""
    store = SQLAccounts(opened(server.data_dir, LiveServer.databases.get(server.data_dir)), clock=time.time)
    team, hashed = f"team-{uuid4().hex[:8]}", Argon2Hasher().hash(PASSWORD)
    roles = {"bob": (Role.MEMBER, ()), "ann": (Role.MEMBER, (team,)), "eve": (Role.VIEWER, (team,))}
    found = {}
    for each, (role, teams) in roles.items():
        account = Account(f"{each}-{uuid4().hex[:8]}", role, teams)
        store.add(account, hashed, OWNER)
        here = client.elsewhere()
        said = {"name": account.name, "password": PASSWORD}
        reply = here.call("POST", "/api/droppr/session", json=said).expect(204)
        cookie = reply.headers["Set-Cookie"].partition(";")[0]
        found[each] = Person(here, account.name, {"Cookie": cookie})
    yield found
    for person in found.values():
        store.remove(person.name, OWNER)


def named(rule: str, about: Mapping[str, str]) -> str:
    if rule.endswith("/uploads/<upload_id>"):
        rule = rule.replace("<upload_id>", "<open>")
    for name, value in about.items():
        rule = rule.replace(f"<{name}>", value)
    return rule.replace("<", "").replace(">", "")


def said(who: Person, row: Row, about: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
    body = None if row.body is None else json.loads(named(json.dumps(row.body), about))
    reply = who.ask(row.method, named(row.rule, about) + row.query, body)
    told = {name: value for name, value in reply.headers.items() if name not in _PASSING}
    return reply.status, reply.body, told


def test_what_is_others_is_answered_like_what_there_is_not_by_every_call(people: dict[str, Person]) -> None:
    ann, bob, eve = (people[each] for each in ("ann", "bob", "eve"))
    bobs = bob.belongings(f"account:{bob.name}")
    unknown = {
        "hash": "h" * 32,
        "anypath:path": "secret.txt",
        "upload_id": "u" * 32,
        "open": "o" * 32,
        "share": "s" * 32,
        "endpoint_id": "ep_0000000000000000",
        "entity_id": "0123456789abcdef",
    }
    before = bob.ask("GET", R).body
    for row in ROWS:
        for who in (ann, eve):
            found = said(who, row, bobs)
            if row.others == 404:
                assert found == said(who, row, unknown), row
                assert found[0] == 404, row
            elif row.others == 403:
                assert (found[0], json.loads(found[1])["code"]) == (403, "admins_only"), row
    assert bob.ask("GET", R).body == before
    for path in (R, "/api/endpoints", "/api/messages", "/api/droppr/audit"):
        for who, has in ((ann, False), (eve, False), (bob, path != "/api/messages")):
            told = who.ask("GET", path).expect(200).body.decode()
            assert (bobs["hash"][:6] in told or bobs["endpoint_id"] in told) == has, (path, who.name)


def test_who_may_only_look_changes_nothing_by_any_call(people: dict[str, Person]) -> None:
    ann, eve = people["ann"], people["eve"]
    team = eve.ask("GET", "/api/droppr/session").expect(200).json["teams"][0]
    teams = ann.belongings(f"team:{team}")
    before = ann.ask("GET", R).body
    for row in (each for each in ROWS if each.others != 403 and not each.looks and "message_id" not in each.rule):
        # Of what is not searched there is no entity.
        if "entity_id" not in row.rule:
            status, body, _ = said(eve, row, teams)
            assert (status, json.loads(body)["code"]) == (403, "read_only"), row
    assert ann.ask("GET", R).body == before
    assert [each["hash"] for each in eve.ask("GET", R).json["requests"]] == [teams["hash"]]
    assert eve.ask("GET", named(f"{H}/files/<anypath:path>", teams)).expect(200).body == b"text"


def test_a_link_that_is_taken_from_a_team_is_seen_by_it_no_more(people: dict[str, Person]) -> None:
    ann, eve = people["ann"], people["eve"]
    team = eve.ask("GET", "/api/droppr/session").json["teams"][0]
    hash = ann.belongings(f"team:{team}")["hash"]
    eve.ask("GET", f"{R}/{hash}?as=owner").expect(200)
    ann.ask("PATCH", f"{R}/{hash}", {"owner": f"account:{ann.name}"}).expect(200)
    eve.ask("GET", f"{R}/{hash}?as=owner").expect(404, "request_not_found")
    assert eve.ask("GET", R).json["requests"] == []
