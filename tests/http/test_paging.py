"""The owner's lists in pages: nothing twice, nothing left out, whatever comes and goes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.client import Client, Link
from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def office(live_for_all: LiveServer) -> Client:
    return Client.of(live_for_all)


@pytest.fixture(scope="module")
def live_for_all(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server of this module's own, as its list of links is what is looked at."""
    with LiveServer(tmp_path_factory.mktemp("paging"), workers=2) as server:
        yield server


def pages(
    client: Client, path: str, name: str, limit: int, between: Callable[[], object] = lambda: None
) -> list[list[Any]]:
    """Every page, ``between`` being called after each."""
    found, cursor = [], ""
    while True:
        asked = f"{path}limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else "")
        reply = client.call("GET", asked, owner=True).expect(200).json
        found.append(reply[name])
        if reply["next_cursor"] is None:
            return found
        cursor = reply["next_cursor"]
        between()


def names(found: list[list[Any]]) -> list[str]:
    return [file["path"] for page in found for file in page]


def full(client: Client) -> Link:
    link = client.make_link()
    for number in range(7):
        link.deliver(f"{number}.bin", b"x")
    return link


NEWEST_FIRST = [f"{number}.bin" for number in reversed(range(7))]


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 8, 1000])
def test_files_come_in_pages_newest_first(office: Client, limit: int) -> None:
    link = full(office)
    found = pages(office, f"{link.path}/files?", "files", limit)
    assert names(found) == NEWEST_FIRST
    assert {len(page) for page in found[:-1]} <= {limit}
    assert [page for page in found if page == []] == []


def test_what_comes_and_goes_between_two_pages_moves_nothing(office: Client) -> None:
    link = full(office)
    taken = {file["path"]: file["upload_id"] for file in link.files()}
    gone = iter(["4.bin", "0.bin"])

    def between() -> None:
        path = next(gone, None)
        link.deliver("new.bin", b"x")
        if path:
            link.cancel(taken[path]).expect(204)

    found = names(pages(office, f"{link.path}/files?", "files", 3, between))
    assert found == [name for name in NEWEST_FIRST if name != "0.bin"]


def test_without_a_limit_the_reply_is_what_it_always_was(office: Client) -> None:
    link = full(office)
    reply = office.call("GET", f"{link.path}/files", owner=True).json
    assert set(reply) == {"files"}
    assert [file["path"] for file in reply["files"]] == NEWEST_FIRST[::-1]
    assert set(office.call("GET", "/api/droppr/requests", owner=True).json) == {"requests", "default_expires_hours"}
    empty = office.make_link()
    assert office.call("GET", f"{empty.path}/files?limit=5", owner=True).json == {"files": [], "next_cursor": None}


def test_links_come_in_pages_and_by_whether_they_take_uploads(office: Client) -> None:
    made = [office.make_link() for _ in range(6)]
    made[1].close().expect(204)
    made[4].close().expect(204)
    ours = {link.hash for link in made}

    def listed(query: str) -> list[str]:
        found = pages(office, f"/api/droppr/requests?{query}", "requests", 2)
        return [each["hash"] for page in found for each in page if each["hash"] in ours]

    assert listed("") == [link.hash for link in reversed(made)]
    assert listed("active=true&") == [made[number].hash for number in (5, 3, 2, 0)]
    assert listed("active=false&") == [made[number].hash for number in (4, 1)]
    whole = office.call("GET", "/api/droppr/requests?active=false", owner=True).json["requests"]
    assert {each["hash"] for each in whole} & ours == {made[1].hash, made[4].hash}


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=5&cursor=nonsense", "active=maybe"])
def test_a_page_that_makes_no_sense_is_refused(office: Client, query: str) -> None:
    office.call("GET", f"/api/droppr/requests?{query}", owner=True).expect(400, "invalid_request")


@pytest.mark.parametrize("cursor", ["", "AAAA", "W10", "WzEsMixd", "bnVsbA", "eyJhIjoxfQ", "%00", "WyJuYW4iLCAieCJd"])
def test_a_cursor_from_elsewhere_does_no_harm(office: Client, cursor: str) -> None:
    reply = office.call("GET", f"/api/droppr/requests?limit=5&cursor={cursor}", owner=True)
    assert reply.status in (200, 400), reply
