"""Many files of a link over HTTP: found, sorted, chosen, taken away, deleted and restored at once."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.client import Client, Link, Reply
from tests.support.files import eventually

FILES = {
    "Wedding/IMG_0001.JPG": b"one",
    "Wedding/IMG_0002.jpg": b"second",
    "Wedding/film.mov": b"moving pictures",
    "contract.pdf": b"signed by all",
    "Ärger 100%.txt": b"much",
}
CODES = {"error", "code", "status"}


def full(client: Client, names: dict[str, bytes] = FILES) -> tuple[Link, dict[str, str]]:
    link = client.make_link(title="Wedding", ask_name="optional")
    senders = ["Anna", "Bert"]
    return link, {
        path: link.deliver(path, data, sender_name=senders[number % 2])["upload_id"]
        for number, (path, data) in enumerate(names.items())
    }


def listed(link: Link, **query: Any) -> Reply:
    return link.client.call("GET", f"{link.path}/files?{urlencode(query)}", owner=True)


def post(link: Link, call: str, uploads: Any) -> Reply:
    return link.client.call("POST", f"{link.path}/{call}", json={"uploads": uploads}, owner=True)


def archive(link: Link, headers: dict[str, str] | None = None, **query: Any) -> Reply:
    return link.client.call("GET", f"{link.path}/archive?{urlencode(query)}", headers=headers, owner=True)


def unpacked(reply: Reply) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.expect(200).body)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_files_of_the_same_content_are_told_of_one_link(client: Client) -> None:
    link, ids = full(client, FILES | {"copy of it.pdf": FILES["contract.pdf"], "third.pdf": FILES["contract.pdf"]})
    elsewhere, _ = full(client)
    eventually(lambda: all(each["sha256"] for each in listed(link).json["files"]))
    reply = listed(link, repeated="true", count="true", sort="name").expect(200).json
    assert [(each["path"], each["same_as"]) for each in reply["files"]] == [
        ("contract.pdf", "copy of it.pdf"),
        ("copy of it.pdf", "contract.pdf"),
        ("third.pdf", "contract.pdf"),
    ]
    size = len(FILES["contract.pdf"])
    assert (reply["found"]["files"], reply["found"]["bytes"], reply["found"]["again"]) == (3, 3 * size, 2 * size)
    alike = {each["path"]: each["same_as"] for each in listed(link, limit=50).json["files"]}
    assert {path for path, other in alike.items() if other is None} == {*FILES} - {"contract.pdf"}
    assert "again" not in listed(link, count="true").json["found"]
    assert listed(elsewhere, repeated="true").json["files"] == []
    assert set(unpacked(archive(link, repeated="true"))) == {"contract.pdf", "copy of it.pdf", "third.pdf"}
    post(link, "deletions", [ids["contract.pdf"]]).expect(200)
    assert "contract.pdf" not in {each["same_as"] for each in listed(link, repeated="true").json["files"]}
    listed(link, repeated="perhaps").expect(400, "invalid_request")


def test_files_are_found_sorted_and_counted(client: Client) -> None:
    link, ids = full(client)

    def found(**query: Any) -> list[str]:
        return [each["path"] for each in listed(link, **query).expect(200).json["files"]]

    assert found(q="img", sort="name") == ["Wedding/IMG_0001.JPG", "Wedding/IMG_0002.jpg"]
    assert found(q="ärger") == found(q="100%") == ["Ärger 100%.txt"]
    assert found(type="video") == ["Wedding/film.mov"]
    assert found(sender="Bert", sort="size") == ["contract.pdf", "Wedding/IMG_0002.jpg"]
    assert found(sort="size", direction="asc")[0] == "Wedding/IMG_0001.JPG"
    assert found(sort="sender")[:3] == ["Wedding/IMG_0001.JPG", "Wedding/film.mov", "Ärger 100%.txt"]
    page = listed(link, sort="name", limit=2, count="true", type="picture").expect(200).json
    newest = max(each["received_at"] for each in page["files"])
    assert page["found"] == {"files": 2, "bytes": 9, "newest_at": newest, "restorable": True}
    assert page["next_cursor"] is None
    assert {each["type"] for each in page["files"]} == {"picture"}
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = listed(link, sort="name", limit=2, cursor=cursor).expect(200).json
        walked += [each["upload_id"] for each in page["files"]]
        cursor = page["next_cursor"]
    assert walked == [ids[path] for path in sorted(FILES, key=str.lower)]
    told = client.call("GET", f"{link.path}/senders", owner=True).expect(200).json
    assert [(each["sender_name"], each["files"]) for each in told["senders"]] == [("Anna", 3), ("Bert", 2)]
    assert told["more"] is False


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "colour"}, "sort"),
        ({"direction": "up"}, "direction"),
        ({"type": "program"}, "type"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"sender": "a\0b"}, "sender"),
        ({"since": "nan"}, "since"),
        ({"until": "-1"}, "until"),
        ({"limit": 1, "cursor": "WzEuMCwgImEiXQ"}, "cursor"),
        ({"limit": 1, "cursor": "%%%"}, "cursor"),
    ],
)
def test_what_is_wrong_with_a_question_is_told_by_its_field(link: Link, query: dict[str, Any], field: str) -> None:
    assert field in listed(link, **query).expect(400, "invalid_request").json["fields"]


def test_a_cursor_is_good_for_its_own_order_alone(client: Client) -> None:
    link, _ = full(client)
    cursor = listed(link, sort="name", limit=1).expect(200).json["next_cursor"]
    listed(link, sort="size", limit=1, cursor=cursor).expect(400, "invalid_request")
    listed(link, limit=1, cursor=cursor).expect(400, "invalid_request")


def test_an_archive_holds_a_selection_or_all_but_it(way_in: Client) -> None:
    link, ids = full(way_in)
    chosen = ["Wedding/IMG_0002.jpg", "contract.pdf"]
    made = post(link, "selections", [ids[path] for path in chosen] * 2).expect(201).json
    assert unpacked(archive(link, selection=made["id"])) == {path: FILES[path] for path in chosen}
    rest = {path: data for path, data in FILES.items() if path not in chosen}
    assert unpacked(archive(link, but=made["id"])) == rest
    pictures = unpacked(archive(link, but=made["id"], type="picture"))
    assert pictures == {"Wedding/IMG_0001.JPG": b"one"}
    assert unpacked(archive(link, q="img", sender="Anna")) == {"Wedding/IMG_0001.JPG": b"one"}
    other = post(link, "selections", [ids["Wedding/film.mov"]]).expect(201).json
    both = f"{made['id']},{other['id']}"
    assert set(unpacked(archive(link, selection=both))) == {*chosen, "Wedding/film.mov"}
    # What arrived later is not in what was chosen before.
    newest = listed(link, limit=1, count="true").json["found"]["newest_at"]
    link.deliver("late.txt", b"late")
    assert unpacked(archive(link, but=made["id"], until=newest)) == rest


def test_an_archive_of_a_selection_goes_on_where_it_broke_off(way_in: Client) -> None:
    link, ids = full(way_in)
    made = post(link, "selections", [ids["Wedding/film.mov"], ids["contract.pdf"]]).expect(201).json["id"]
    whole = archive(link, selection=made).expect(200)
    from_there = {"Range": "bytes=40-", "If-Range": whole.headers["ETag"]}
    rest = archive(link, from_there, selection=made).expect(206)
    assert whole.body[:40] + rest.body == whole.body
    post(link, "deletions", [ids["contract.pdf"]]).expect(200)
    again = archive(link, from_there, selection=made)
    assert unpacked(again) == {"Wedding/film.mov": FILES["Wedding/film.mov"]}


def test_a_selection_of_thousands_has_a_short_address(way_in: Client) -> None:
    link, ids = full(way_in)
    nobody = [f"{number:022}" for number in range(4_999)]
    made = post(link, "selections", [*nobody, ids["contract.pdf"]]).expect(201).json["id"]
    assert len(made) < 40
    assert unpacked(archive(link, selection=made)) == {"contract.pdf": FILES["contract.pdf"]}
    post(link, "selections", [*nobody, "one", "two"]).expect(400, "invalid_request")
    post(link, "selections", []).expect(400, "invalid_request")


def test_a_selection_is_good_for_its_own_link_and_for_no_sender(client: Client) -> None:
    link, ids = full(client)
    made = post(link, "selections", list(ids.values())).expect(201).json["id"]
    other, _ = full(client)
    archive(other, selection=made).expect(404, "selection_not_found")
    archive(link, selection="unknown").expect(404, "selection_not_found")
    archive(link, but="unknown").expect(404, "selection_not_found")
    archive(link, selection=",".join(["x"] * 51)).expect(400, "invalid_request")
    archive(link, selection=made, q="img").expect(400, "invalid_request")
    client.call("GET", f"{link.path}/handoffs/{made}").expect(404, "handoff_not_found")
    client.call("GET", f"{link.path}/handoffs/selection:{made}").expect(404, "handoff_not_found")
    for call in ("selections", "deletions", "restorations"):
        body = {"uploads": list(ids.values())}
        client.call("POST", f"{link.path}/{call}", json=body).expect(401, "unauthorized")
        client.call("POST", f"/api/droppr/requests/{'x' * 32}/{call}", json=body, owner=True).expect(
            404, "request_not_found"
        )
    client.call("GET", f"{link.path}/senders").expect(401, "unauthorized")
    assert len(link.files()) == len(FILES)


def test_several_go_and_come_back_and_each_outcome_is_told(way_in: Client) -> None:
    link, ids = full(way_in)
    changed = link.disk / "contract.pdf"
    changed.write_bytes(b"another")
    wanted = [ids["Wedding/film.mov"], "unknown", ids["contract.pdf"], ids["Wedding/IMG_0001.JPG"]]
    reply = post(link, "deletions", [*wanted, wanted[0]]).expect(200).json
    assert reply["left"] == 0
    assert [each["upload_id"] for each in reply["files"]] == wanted
    assert [each.get("code") for each in reply["files"]] == [None, "file_not_found", "file_changed", None]
    assert all(each["restorable_until"] > 0 for each in (reply["files"][0], reply["files"][3]))
    assert set(reply["files"][1]) == {"upload_id", *CODES}
    assert {each["path"] for each in link.files()} == {"contract.pdf", "Wedding/IMG_0002.jpg", "Ärger 100%.txt"}
    assert not (link.disk / "Wedding/film.mov").exists()
    back = post(link, "restorations", wanted).expect(200).json
    assert [each.get("path") for each in back["files"]] == ["Wedding/film.mov", None, None, "Wedding/IMG_0001.JPG"]
    assert [each.get("status") for each in back["files"]] == [None, 404, 404, None]
    assert {each["path"] for each in link.files()} == set(FILES)
    assert (link.disk / "Wedding/film.mov").read_bytes() == FILES["Wedding/film.mov"]


def test_no_more_than_a_thousand_are_deleted_at_once(link: Link) -> None:
    post(link, "deletions", [f"{number}" for number in range(1_001)]).expect(400, "invalid_request")
    link.client.call("POST", f"{link.path}/deletions", json=["a"], owner=True).expect(400, "invalid_request")
