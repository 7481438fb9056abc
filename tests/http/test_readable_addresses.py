"""Readable addresses: words that lead to guarded links, belong to one each, and cannot be guessed at leisure."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.support.client import Client, Reply

GUARDS = ({"password": "secret"}, {"captcha": "always"})


def word() -> str:
    return f"anna-{uuid4().hex[:12]}"


def at(client: Client, alias: str, **headers: str) -> Reply:
    return client.call("GET", f"/to/{alias}", headers=headers)


@pytest.mark.parametrize("guard", GUARDS)
def test_a_word_leads_to_its_link_as_long_as_it_is_its_own(client: Client, guard: dict[str, str]) -> None:
    client, alias = client.elsewhere(), word()
    link = client.make_link(alias=alias.upper(), **guard)
    reply = at(client, alias).expect(302)
    assert reply.headers["Location"] == f"../request/{link.hash}"
    assert reply.headers["Cache-Control"] == "no-store"
    assert at(client, f"{alias.upper()}/").headers["Location"] == f"../../request/{link.hash}"
    assert "alias" not in link.info().json
    other = client.make_link(**guard)
    taken = other.change(alias=alias).expect(400, "invalid_request").json
    assert taken["fields"] == {
        "alias": "Another link has this readable address. Take another one, or take it away there first."
    }
    link.change(alias=word()).expect(200)
    other.change(alias=alias).expect(200)
    assert at(client, alias).headers["Location"] == f"../request/{other.hash}"
    other.close()
    client.call("DELETE", f"{other.path}?forget=true", owner=True).expect(204)
    client.make_link(alias=alias, **guard)


def test_only_what_is_guarded_has_one(client: Client) -> None:
    body = {"folder": f"t-{uuid4().hex}", "alias": word()}
    refused = client.call("POST", "/api/droppr/requests", json=body, owner=True).expect(400, "invalid_request").json
    assert "give the link a password" in refused["fields"]["alias"]
    link = client.make_link(alias=body["alias"], password="secret")
    link.change(password="").expect(400, "invalid_request")
    assert link.info().json["requires_password"] is True
    link.change(password="", captcha="always").expect(200)
    link.change(alias="", captcha="never").expect(200)


@pytest.mark.parametrize("wrong", ["ab", "x" * 65, "a_b", "a b", "änna", "a/b", 5, ["a"]])
def test_what_is_no_word_is_refused(client: Client, wrong: object) -> None:
    link = client.make_link(password="secret")
    assert "alias" in link.change(alias=wrong).expect(400, "invalid_request").json["fields"]


def test_misses_look_like_links_that_there_are_not_and_are_counted(client: Client) -> None:
    client, alias = client.elsewhere(), word()
    link = client.make_link(alias=alias, password="secret")
    missing = client.call("GET", f"/request/{'x' * 32}")
    for _ in range(5):
        miss = at(client, word())
        assert (miss.status, miss.body) == (404, missing.body)
        assert miss.headers["X-Robots-Tag"] == "noindex"
    for tried in (word(), alias):
        late = at(client, tried).expect(429, "too_many_attempts")
        assert int(late.headers["Retry-After"]) > 0
    assert at(client.elsewhere(), alias).headers["Location"].endswith(link.hash)
    # Hits are not counted, however many there are.
    patient = client.elsewhere()
    for _ in range(8):
        at(patient, alias).expect(302)
