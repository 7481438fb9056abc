"""Checklists over HTTP: senders send for items and see their own, owners accept and return."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any

import pytest

from tests.support.client import Client, Link, Reply

ITEMS = [
    {"title": "Tax return", "extensions": "pdf", "most": 2},
    {"title": "Photos", "count": 2, "required": False, "description": "Front and back."},
]


def key() -> str:
    return secrets.token_urlsafe(16)


def asks(client: Client, **terms: Any) -> tuple[Link, list[str]]:
    link = client.make_link(**{"items": ITEMS, **terms})
    shown = client.call("GET", link.path).expect(200).json
    return link, [each["id"] for each in shown["items"]]


def sends(link: Link, item: str | None, own: str | None, name: str = "a.pdf", body: bytes = b"%PDF-1.4 x") -> Reply:
    headers = {"X-Upload-Path": name, "X-Upload-Offset": "0", "X-Upload-Length": str(len(body))}
    headers |= {"X-Sender-Key": own} if own else {}
    headers |= {"X-Upload-Item": item} if item else {}
    return link.client.call("POST", f"{link.path}/upload-chunk", body=body, headers=headers)


def checklist(link: Link, own: str | None, **more: str) -> dict[str, Any]:
    headers = {"X-Sender-Key": own, **more} if own else more
    found: dict[str, Any] = link.client.call("GET", f"{link.path}/checklist", headers=headers).expect(200).json
    return found


def states(link: Link, own: str | None) -> list[str]:
    return [each["state"] for each in checklist(link, own)["items"]]


def judge(link: Link, party: str, item: str, state: str, note: str = "") -> Reply:
    body = {"state": state, "note": note}
    return link.client.call("PUT", f"{link.path}/parties/{party}/items/{item}", json=body, owner=True)


def parties(link: Link) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        link.client.call("GET", f"{link.path}/parties", owner=True).expect(200).json["parties"]
    )
    return found


def test_two_senders_two_states_and_what_the_owner_says(way_in: Client) -> None:
    link, [tax, photos] = asks(way_in)
    ann, bob = key(), key()
    assert states(link, ann) == ["needed", "needed"]
    sent = sends(link, tax, ann).expect(200).json
    sends(link, None, bob, "other.txt").expect(200)
    mine = checklist(link, ann)
    assert [each["state"] for each in mine["items"]] == ["sent", "needed"]
    assert mine["items"][0]["files"][0]["upload_id"] == sent["upload_id"]
    assert (mine["items"][0]["files_total"], mine["finished"], mine["answers"]) == (1, True, {})
    for other in (bob, None):
        assert states(link, other) == ["needed", "needed"]
        assert checklist(link, other)["items"][0]["files"] == []
    found = parties(link)
    [first] = [each for each in found if each["files"] and each["items"][tax]["files"]]
    assert [each["state"] for each in found] == ["begun", "finished"]
    assert ann not in json.dumps(found)
    judge(link, first["id"], tax, "returned").expect(400, "invalid_request")
    returned = judge(link, first["id"], tax, "returned", "Page 2 is missing.").expect(200).json
    assert (returned["state"], returned["items"][tax]["note"]) == ("begun", "Page 2 is missing.")
    mine = checklist(link, ann)
    assert (mine["items"][0]["state"], mine["items"][0]["note"]) == ("returned", "Page 2 is missing.")
    assert not mine["finished"]
    assert checklist(link, bob)["items"][0]["note"] == ""
    sends(link, tax, ann, "b.pdf").expect(200)
    assert states(link, ann) == ["sent", "needed"]
    assert judge(link, first["id"], tax, "accepted").expect(200).json["items"][tax]["state"] == "accepted"
    assert judge(link, first["id"], tax, "sent").expect(200).json["items"][tax]["state"] == "sent"
    judge(link, first["id"], photos, "accepted").expect(409, "item_not_sent")
    judge(link, "0" * 16, tax, "accepted").expect(404, "party_not_found")
    judge(link, "it%27s", tax, "accepted").expect(404, "party_not_found")
    judge(link, first["id"], "gone0000", "accepted").expect(404, "not_found")
    way_in.call("GET", f"{link.path}/parties").expect(401, "unauthorized")


def test_an_item_takes_its_own_types_and_so_many(client: Client) -> None:
    link, [tax, photos] = asks(client, allowed_extensions="txt,jpg")
    own = key()
    sends(link, tax, own, "a.jpg").expect(415, "type_not_allowed")
    sends(link, None, own, "a.pdf").expect(415, "type_not_allowed")
    sends(link, photos, own, "a.pdf").expect(415, "type_not_allowed")
    sends(link, "gone0000", own).expect(400, "item_not_found")
    sends(link, tax, own, "program.pdf", b"MZ" + bytes(300)).expect(415, "type_not_allowed")
    sends(link, tax, own, "a.pdf").expect(200)
    opened = client.call(
        "POST",
        f"{link.path}/uploads",
        json={"path": "b.pdf", "size": 4, "item": tax},
        headers={"X-Sender-Key": own},
    ).expect(201)
    assert sends(link, tax, own, "c.pdf").expect(413, "item_full").json["limit"] == 2
    sends(link, tax, key(), "c.pdf").expect(200)
    client.call("DELETE", f"{link.path}/uploads/{opened.json['upload_id']}").expect(204)
    sends(link, tax, own, "c.pdf").expect(200)
    for wrong in ("short", "k" * 23, "k" * 21 + "!"):
        sends(link, tax, wrong).expect(400, "invalid_request")


def test_whichever_way_a_file_comes_it_is_its_items(client: Client) -> None:
    link, [tax, _] = asks(client, items=[{"title": "All"}, {"title": "None"}])
    own, headers = key(), {}
    headers["X-Sender-Key"] = own
    opened = client.call(
        "POST", f"{link.path}/uploads", json={"path": "opened", "size": 3, "item": tax}, headers=headers
    ).expect(201)
    chunk = {"X-Upload-Id": opened.json["upload_id"], "Content-Range": "bytes 0-2/3"}
    client.call("POST", f"{link.path}/upload-chunk", body=b"abc", headers=chunk).expect(200)
    opening = json.dumps({"path": "whole", "size": 3, "item": tax})
    whole = {**headers, "Content-Range": "bytes 0-2/3", "X-Upload-Opening": opening}
    client.call("POST", f"{link.path}/upload-chunk", body=b"abc", headers=whole).expect(200)
    client.call("POST", f"{link.path}/uploads", json={"path": "empty", "size": 0, "item": tax}, headers=headers).expect(
        201
    )
    lines = json.dumps({"path": "packed", "size": 3, "item": tax}).encode() + b"\nabc"
    lines += json.dumps({"path": "gone", "size": 3, "item": "gone0000"}).encode() + b"\nabc"
    packed = client.call("POST", f"{link.path}/pack", body=lines, headers=headers).expect(200).json["files"]
    assert packed[1]["code"] == "item_not_found"
    border = "x" * 20
    parts = [("item", "", tax), ("file", '; filename="form"', "abc")]
    form = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'
        for name, more, value in parts
    )
    client.call(
        "POST",
        f"{link.path}/upload",
        body=f"{form}--{border}--\r\n".encode(),
        headers={**headers, "Content-Type": f"multipart/form-data; boundary={border}"},
    ).expect(200)
    found = checklist(link, own)["items"][0]
    assert {each["name"] for each in found["files"]} == {"opened", "whole", "empty", "packed", "form"}
    assert found["files_total"] == 5
    [party] = parties(link)
    chosen = (
        client.call("GET", f"{link.path}/files?item={tax}&party={party['id']}&limit=3", owner=True).expect(200).json
    )
    assert {(each["item"], each["party"]) for each in chosen["files"]} == {(tax, party["id"])}
    assert (len(chosen["files"]), bool(chosen["next_cursor"])) == (3, True)


def test_deleting_restoring_and_taking_back_change_what_is_missing(client: Client) -> None:
    link, [tax, _] = asks(client)
    own = key()
    first = sends(link, tax, own).expect(200).json
    client.call("DELETE", f"{link.path}/files/a.pdf", owner=True).expect(200)
    assert states(link, own)[0] == "needed"
    client.call("POST", f"{link.path}/bin/{first['upload_id']}/restore", owner=True).expect(200)
    assert states(link, own)[0] == "sent"
    client.call("DELETE", f"{link.path}/uploads/{first['upload_id']}").expect(204)
    assert checklist(link, own)["items"][0]["files"] == []


def test_questions_are_answered_before_anything_is_sent(way_in: Client) -> None:
    asked = [
        {"label": "Whose?", "required": True},
        {"label": "Which?", "kind": "choice", "choices": ["red", "blue"]},
    ]
    link, [tax, _] = asks(way_in, questions=asked)
    [who, which] = [each["id"] for each in way_in.call("GET", link.path).expect(200).json["questions"]]
    own = key()

    def answer(given: object, mine: str | None = own) -> Reply:
        headers = {"X-Sender-Key": mine} if mine else {}
        return way_in.call("PUT", f"{link.path}/answers", json=given, headers=headers)

    sends(link, tax, own).expect(403, "answers_required")
    assert "X-Sender-Key" in sends(link, tax, None).expect(403, "answers_required").json["error"]
    answer({who: "Ann"}, None).expect(403, "answers_required")
    assert list(answer({which: "green"}).expect(400, "invalid_request").json["fields"]) == [which]
    answer([who]).expect(400, "invalid_request")
    assert parties(link) == []
    assert answer({who: "Ann"}).expect(200).json["answers"] == {who: "Ann"}
    sends(link, tax, own).expect(200)
    assert answer({which: "red"}).expect(200).json == {**checklist(link, own), "finished": True}
    assert checklist(link, key())["answers"] == {}
    [party] = parties(link)
    assert party["answers"] == {who: "Ann", which: "red"}
    way_in.call("PATCH", link.path, json={"questions": asked[:1]}, owner=True).expect(200)
    assert checklist(link, own)["answers"] == {}


def test_a_personal_link_is_one_party_from_the_beginning(client: Client) -> None:
    link, [tax, _] = asks(client, recipient_name="Ann Lee", recipient_email="Ann@Example.org")
    [party] = parties(link)
    assert (party["id"], party["name"], party["state"], party["first_at"]) == (
        "recipient",
        "Ann Lee",
        "not_begun",
        None,
    )
    assert party["email"] == "Ann@example.org"
    shown = client.call("GET", link.path).expect(200).json
    assert "recipient_name" not in shown
    assert "recipient_email" not in shown
    judge(link, "recipient", tax, "accepted").expect(409, "item_not_sent")
    sends(link, tax, key()).expect(200)
    sends(link, tax, None, "b.pdf").expect(200)
    [party] = parties(link)
    assert (party["state"], party["items"][tax]["files"]) == ("finished", 2)
    assert states(link, key()) == states(link, None) == ["sent", "needed"]


def test_a_password_is_asked_for_and_wrong_ones_count(client: Client) -> None:
    client = client.elsewhere()
    link, _ = asks(client, password="open sesame", captcha="always")
    client.call("GET", f"{link.path}/checklist").expect(401, "password_required")
    for _ in range(2):
        wrong = {"X-Request-Password": "open"}
        client.call("GET", f"{link.path}/checklist", headers=wrong).expect(401, "password_invalid")
    client.call("PUT", f"{link.path}/answers", json={}, headers={"X-Request-Password": "open"}).expect(
        401, "password_invalid"
    )
    # No captcha is used up to look.
    link = replace(link, client=client.elsewhere())
    assert checklist(link, key(), **{"X-Request-Password": "open%20sesame"})["items"]
    client.call("DELETE", link.path, owner=True).expect(204)
    client.call("GET", f"{link.path}/checklist").expect(410, "request_closed")


def test_ids_stay_and_wrong_items_are_named(client: Client) -> None:
    link, [tax, photos] = asks(client)
    changed = [{"id": photos, "title": "Pictures"}, {"title": "New"}, {"id": tax, "title": "Tax return"}]
    now = client.call("PATCH", link.path, json={"items": changed}, owner=True).expect(200).json["items"]
    assert [each["id"] == id for each, id in zip(now, (photos, None, tax), strict=True)] == [True, False, True]
    assert len({each["id"] for each in now}) == 3
    asked: Any
    for asked, why in (
        ([{"title": ""}], "Item 1: title"),
        ([{"title": "a"}, {"title": "b" * 201}], "Item 2: title"),
        ([{"title": "a", "count": 3, "most": 2}], "Item 1: it needs 3"),
        ([{"title": "a", "extensions": "x" * 40}], "Item 1: extensions"),
        ([{"id": tax, "title": "a"}, {"id": tax, "title": "b"}], "one id"),
        ([{"id": "../etc", "title": "a"}], "Item 1: id"),
        ([{"title": "a"}] * 101, "At most 100"),
        ({"title": "a"}, "a list"),
        ([{"title": "a\ud800"}], "unicode"),
    ):
        said = client.call("PATCH", link.path, json={"items": asked}, owner=True).expect(400, "invalid_request").json
        assert why in said["fields"]["items"]
    for asked, why in (
        ([{"label": "a", "kind": "choice"}], "at least two"),
        ([{"label": "a", "choices": ["x", "y"]}], "has choices"),
        ([{"label": "a", "kind": "colour"}], "Question 1: kind"),
    ):
        said = (
            client.call("PATCH", link.path, json={"questions": asked}, owner=True).expect(400, "invalid_request").json
        )
        assert why in said["fields"]["questions"]
    assert client.call("PATCH", link.path, json={"items": None}, owner=True).expect(200).json["items"] == []


@pytest.mark.parametrize("limit", [1, 2])
def test_parties_come_in_pages(client: Client, limit: int) -> None:
    link, [tax, _] = asks(client, recipient_name="")
    for _ in range(3):
        sends(link, tax, key()).expect(200)
    client.call("PATCH", link.path, json={"recipient_name": "Ann"}, owner=True).expect(200)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.call("GET", f"{link.path}/parties?limit={limit}{cursor}", owner=True).expect(200).json
        found += [each["id"] for each in page["parties"]]
        cursor = None if page["next_cursor"] is None else f"&cursor={page['next_cursor']}"
    assert found[0] == "recipient"
    assert len(found) == len({*found}) == 4
