"""What is others' on a real server: three people who log in, and every call of owners about what is not theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.support.client import Client
from tests.support.live import LiveServer
from tests.support.owners_calls import ROWS, H, R, Row
from tests.support.people import Person, three_people

_PASSING = ("X-Request-Id", "Date", "Connection")
"""What is another thing from one answer to the next of the same call; a connection ends where a body was not here in time."""


@pytest.fixture
def people(server: LiveServer, client: Client) -> Iterator[dict[str, Person]]:
    with three_people(server, client) as found:
        yield found


def named(rule: str, about: Mapping[str, str]) -> str:
    if rule.endswith("/uploads/<upload_id>"):
        rule = rule.replace("<upload_id>", "<open>")
    for name, value in about.items():
        rule = rule.replace(f"<{name}>", value)
    return rule.replace("<", "").replace(">", "")


def said(who: Person, row: Row, about: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
    body = None if row.body is None else json.loads(named(json.dumps(row.body), about))
    reply = who.ask(row.method, named(row.rule, about) + named(row.query, about), body)
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
    for row in (each for each in ROWS if each.others is not None):
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
