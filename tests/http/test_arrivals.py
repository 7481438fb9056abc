"""Who sent last, what the owner has not seen, and the list of links by it, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.client import Client, Link
from tests.support.live import LiveServer

R = "/api/droppr/requests"


@pytest.fixture
def link(client: Client) -> Link:
    return client.make_link(title="Tax papers", ask_name="optional", ask_email="optional")


def told(client: Client, link: Link) -> dict[str, Any]:
    """The link as its owner is told of it, which is the same in the list."""
    alone: dict[str, Any] = client.call("GET", f"{link.path}?as=owner", owner=True).expect(200).json
    listed = client.call("GET", f"{R}?limit=1000", owner=True).expect(200).json["requests"]
    assert next(each for each in listed if each["hash"] == link.hash) == alone
    return alone


def see(client: Client, link: Link, up_to: object) -> Any:
    return client.call("POST", f"{link.path}/seen", json={"files_arrived": up_to}, owner=True)


def unseen(client: Client, link: Link, query: str = "") -> list[str]:
    files = client.call("GET", f"{link.path}/files?new=true{query}", owner=True).expect(200).json["files"]
    return [each["path"] for each in files]


def test_what_arrived_is_new_until_its_owner_says_up_to_where_it_was_shown(client: Client, link: Link) -> None:
    before = told(client, link)
    assert (before["last_received_at"], before["last_sender"], before["files_arrived"], before["files_new"]) == (
        None,
        None,
        0,
        0,
    )
    link.deliver("a.pdf", b"a", sender_name="Anna")
    link.deliver("b.pdf", b"b", sender_email="ben@example.org")
    shown = told(client, link)
    newest = max(link.files(), key=lambda each: each["received_at"])
    assert (shown["last_received_at"], shown["last_sender"]) == (newest["received_at"], "ben@example.org")
    assert (shown["files_arrived"], shown["files_new"]) == (2, 2)
    assert unseen(client, link) == ["a.pdf", "b.pdf"]
    assert unseen(client, link, "&limit=1") == ["b.pdf"]
    # Comes while the two are looked at.
    link.deliver("c.pdf", b"c", sender_name="Cleo")
    for _ in range(2):
        assert see(client, link, shown["files_arrived"]).expect(200).json == {"files_new": 1}
    assert unseen(client, link) == ["c.pdf"]
    assert see(client, link, 0).expect(200).json == {"files_new": 1}
    assert see(client, link, 3).expect(200).json == {"files_new": 0}
    assert told(client, link)["files_new"] == 0


def test_what_its_sender_takes_back_is_neither_new_nor_sent(client: Client, link: Link) -> None:
    link.deliver("a.pdf", b"a", sender_name="Anna")
    taken = link.deliver("b.pdf", b"b", sender_name="Ben")
    link.cancel(taken["upload_id"]).expect(204)
    after = told(client, link)
    assert (after["last_sender"], after["files_new"], after["files_arrived"]) == ("Anna", 1, 2)


def test_what_the_owner_deletes_was_sent_and_is_as_new_when_it_is_back(client: Client, link: Link) -> None:
    link.deliver("a.pdf", b"a", sender_name="Anna")
    [file] = link.files()
    client.call("DELETE", f"{link.path}/files/a.pdf", owner=True).expect(200)
    after = told(client, link)
    assert (after["last_sender"], after["files_new"], after["files_received"]) == ("Anna", 0, 0)
    client.call("POST", f"{link.path}/bin/{file['upload_id']}/restore", owner=True).expect(200)
    assert told(client, link)["files_new"] == 1


def test_senders_learn_nothing_of_it(client: Client, link: Link) -> None:
    link.deliver("a.pdf", b"a", sender_name="Anna")
    public = link.info().expect(200)
    assert "Anna" not in str(public.json)
    assert not {"last_sender", "last_received_at", "files_new", "files_arrived", "state"} & set(public.json)
    for method, path, body in (
        ("GET", f"{link.path}?as=owner", None),
        ("POST", f"{link.path}/seen", {"files_arrived": 1}),
    ):
        client.call(method, path, json=body).expect(401, "unauthorized")
    assert told(client, link)["files_new"] == 1
    # Nor does a page that may send files, in the browser of an owner who is logged in.
    link.change(allowed_origins=["*"]).expect(200)
    session = client.call("POST", "/api/droppr/session", json={"token": client.token}).expect(204)
    foreign = {"Cookie": session.headers["Set-Cookie"].partition(";")[0], "Origin": "https://evil.example"}
    client.call("GET", f"{link.path}?as=owner", headers=foreign).expect(403, "foreign_page")
    client.call("GET", f"{link.path}?as=owner", headers={"Cookie": foreign["Cookie"]}).expect(200)


def test_the_owner_is_told_of_a_link_that_takes_nothing(client: Client, link: Link) -> None:
    link.close().expect(204)
    link.info().expect(410, "request_closed")
    assert told(client, link)["state"] == "closed"
    client.call("GET", f"{R}/nothing-here-0123456?as=owner", owner=True).expect(404, "request_not_found")
    client.call("POST", f"{R}/nothing-here-0123456/seen", json={"files_arrived": 1}, owner=True).expect(
        404, "request_not_found"
    )


@pytest.mark.parametrize("up_to", [-1, 1.5, "1", None, True, 10**30])
def test_up_to_where_is_a_number(client: Client, link: Link, up_to: object) -> None:
    refused = see(client, link, up_to).expect(400, "invalid_request")
    assert list(refused.json["fields"]) == ["files_arrived"]


@pytest.fixture
def alone(live: Callable[..., LiveServer]) -> Client:
    """Of a server whose lists hold nothing of others, which might change while pages are turned, and would be very many pages."""
    return Client.of(live(workers=1))


@pytest.fixture
def office(alone: Client) -> dict[str, Link]:
    """Links of all kinds, all with a name of their own in the title."""
    made = {
        "never": alone.make_link(title="Office 10", expires_hours=0),
        "sent": alone.make_link(title="office 9", expires_hours=50),
        "full": alone.make_link(title="Öffice 2", max_files=1, expires_hours=40),
        "over": alone.make_link(title="office 1", expires_hours=0.000001),
        "closed": alone.make_link(title="office 11", expires_hours=30),
    }
    made["sent"].deliver("a", b"a")
    made["full"].deliver("a", b"a")
    see(alone, made["full"], 1).expect(200)
    made["closed"].close().expect(204)
    return made


def listed(client: Client, office: dict[str, Link], query: str) -> list[str]:
    """The office's links in the order of the list, which is the same in pages."""
    names = {link.hash: name for name, link in office.items()}
    whole = client.call("GET", f"{R}?{query}", owner=True).expect(200).json["requests"]
    paged: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = client.call("GET", f"{R}?{query}&limit=2&cursor={quote(cursor)}", owner=True).expect(200).json
        paged += reply["requests"]
        cursor = reply["next_cursor"]
    assert [each["hash"] for each in paged] == [each["hash"] for each in whole]
    return [names[each["hash"]] for each in whole if each["hash"] in names]


def test_links_are_sorted_and_chosen_by_the_server(alone: Client, office: dict[str, Link]) -> None:
    expected = {
        "": ["closed", "over", "full", "sent", "never"],
        "sort=created&direction=asc": ["never", "sent", "full", "over", "closed"],
        "sort=title": ["over", "full", "sent", "never", "closed"],
        "sort=title&direction=desc": ["closed", "never", "sent", "full", "over"],
        "sort=last_received": ["full", "sent"],
        "sort=expires": ["over", "closed", "full", "sent", "never"],
        "state=not_begun": ["over", "never"],
        "state=not_begun&sort=title&direction=desc": ["never", "over"],
        "state=new": ["sent"],
        "state=open": ["sent", "never"],
        "state=full": ["full"],
        "state=expired": ["over"],
        "state=closed": ["closed"],
    }
    found = {query: listed(alone, office, query) for query in expected}
    found["sort=last_received"] = found["sort=last_received"][:2]
    assert found == expected


@pytest.mark.parametrize(
    "query", ["sort=size", "direction=up", "state=lost", "sort=title&limit=1&cursor=WzEuMCwgIngiXQ"]
)
def test_a_list_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    client.call("GET", f"{R}?{query}", owner=True).expect(400, "invalid_request")


def test_a_cursor_of_another_order_leads_nowhere(alone: Client, office: dict[str, Link]) -> None:
    cursor = alone.call("GET", f"{R}?limit=1&sort=expires", owner=True).expect(200).json["next_cursor"]
    for query in ("sort=created", "sort=title", "sort=expires&direction=desc"):
        alone.call("GET", f"{R}?limit=1&{query}&cursor={quote(cursor)}", owner=True).expect(400, "invalid_request")
