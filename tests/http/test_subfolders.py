"""A folder for each sender, and names by rule: whatever way a file comes, its owner finds it there, and its sender sees the name that they
gave."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from typing import Any

import pytest
from simple_websocket import Client as Socket
from simple_websocket import ConnectionClosed

from tests.support.client import Client, Link
from tests.support.files import eventually, files_below

ANNA: dict[str, Any] = {"sender_name": "Anna/../Roth"}
FOLDER = "in/Anna-..-Roth"


@pytest.fixture
def link(client: Client) -> Link:
    return client.make_link(subfolder="/in/{sender}/", ask_name="optional")


def by_every_way(link: Link) -> list[Any]:
    """What each way says of a file that Anna sends, and of one that nobody does."""
    call = link.client.call
    opened = link.deliver("d/json.txt", b"1", **ANNA)
    whole = {"path": "d/whole.txt", "size": 1, "key": secrets.token_urlsafe(24), **ANNA}
    told = {"Content-Range": "bytes 0-0/1", "X-Upload-Opening": json.dumps(whole)}
    for _ in range(2):
        came_whole = link.raw_chunk(told, b"2").expect(200).json
    pack = b"".join(json.dumps({"path": f"d/{n}.txt", "size": 1, **ANNA}).encode() + b"\n3" for n in ("p", "q"))
    packed = call("POST", f"{link.path}/pack", body=pack, headers={"Content-Type": "application/vnd.droppr.pack"})
    form = link.form("form.txt", b"4", **ANNA).expect(200).json
    nameless = link.deliver("d/json.txt", b"5")
    socket = Socket.connect(
        f"{link.client.url.replace('http', 'ws', 1)}/ws_api/upload_parallel/{secrets.token_urlsafe(24)}"
    )
    socket.send(json.dumps({"type": "start", "request": link.hash, "path": "d/ws.txt", "size": 1, **ANNA}))
    assert json.loads(socket.receive(timeout=60))["type"] == "ready"
    socket.send(bytes(8) + b"6")
    said: dict[str, Any] = {}
    while said.get("type") != "complete":
        said = json.loads(socket.receive(timeout=60))
    with suppress(ConnectionClosed):
        socket.close()
    return [opened, came_whole, *packed.expect(200).json["files"], form, nameless, said]


NAMES = ["d/json.txt", "d/whole.txt", "d/p.txt", "d/q.txt", "form.txt", "d/json.txt", "d/ws.txt"]


def test_by_every_way_in_files_go_there_and_senders_are_shown_their_own_names(link: Link) -> None:
    call = link.client.call
    shown = by_every_way(link)
    assert [each["path"] for each in shown] == NAMES
    places = {f"{FOLDER}/{each}" for each in NAMES} | {"in/unknown/d/json.txt"}
    assert files_below(link.disk).keys() == places == {each["path"] for each in link.files()}
    assert link.status(shown[0]["upload_id"]).json["path"] == "d/json.txt"
    assert link.download("in/unknown/d/json.txt").expect(200).body == b"5"
    paths = {"paths": ["d/empty", "none"]}
    for who, place in ((ANNA, FOLDER), ({}, "in/unknown")):
        assert call("POST", f"{link.path}/folders", json=paths | who).expect(201).json == {"folders": paths["paths"]}
        assert (link.disk / place / "none").is_dir()


def test_by_every_way_in_files_get_the_name_of_the_rule_and_senders_see_their_own(client: Client) -> None:
    link = client.make_link(naming="{sender}-{name}", ask_name="optional")
    shown = by_every_way(link)
    assert [each["path"] for each in shown] == NAMES
    assert [each["name"] for each in shown if "name" in each] == [
        name.rsplit("/", 1)[-1] for name, each in zip(NAMES, shown, strict=True) if "name" in each
    ]
    named = [f"d/Anna-..-Roth-{each}.txt" for each in ("json", "whole", "p", "q", "ws")]
    places = {*named, "Anna-..-Roth-form.txt", "d/unknown-json.txt"}
    assert files_below(link.disk).keys() == places == {each["path"] for each in link.files()}
    assert {each["sent_name"] for each in link.files()} == {each.rsplit("/", 1)[-1] for each in NAMES}


def test_what_the_rule_calls_alike_is_numbered_and_the_receipt_has_both_names(client: Client) -> None:
    link = client.make_link(naming="{sender}", recipient_name="Anna")
    key = secrets.token_urlsafe(24)
    first = link.opened("d/a.pdf", 2, key=key)
    link.change(naming="{date}").expect(200)
    assert link.opened("d/a.pdf", 2, key=key) == first
    link.open("d/Anna.pdf", 2, key=key).expect(400, "invalid_path")
    link.chunk(first, 0, b"%P", 2).expect(200)
    link.change(naming="{sender}").expect(200)
    sent = [first, link.deliver("d/b.pdf", b"%b")["upload_id"], link.deliver("d/Anna.pdf", b"%c")["upload_id"]]
    assert files_below(link.disk).keys() == {"d/Anna.pdf", "d/Anna (1).pdf", "d/Anna (2).pdf"}

    def receipt() -> Any:
        reply = link.client.call("POST", f"{link.path}/receipts", json={"uploads": sent})
        return reply.json if reply.status == 200 else None

    files = eventually(receipt, what="the receipt")["files"]
    told = {each["path"]: each["name"] for each in files}
    assert told == {"d/a.pdf": "Anna.pdf", "d/b.pdf": "Anna (1).pdf", "d/Anna.pdf": "Anna (2).pdf"}
    assert link.status(first).json["path"] == "d/a.pdf"
    link.cancel(sent[1]).expect(204)
    assert "d/Anna (1).pdf" not in files_below(link.disk)


def test_receipts_name_files_as_senders_do_and_what_is_taken_back_is_gone(link: Link) -> None:
    sent = link.deliver("d/a.txt", b"a", **ANNA)
    named = {"uploads": [sent["upload_id"]]}

    def receipt() -> Any:
        reply = link.client.call("POST", f"{link.path}/receipts", json=named)
        return reply.json if reply.status == 200 else None

    [file] = eventually(receipt, what="the receipt")["files"]
    assert (file["path"], file["name"], file["sender_name"]) == ("d/a.txt", "a.txt", ANNA["sender_name"])
    link.cancel(sent["upload_id"]).expect(204)
    assert files_below(link.disk) == {}


def test_what_was_begun_keeps_its_folder_when_the_rule_changes(link: Link) -> None:
    key = secrets.token_urlsafe(24)
    upload = link.opened("d/a.txt", 2, key=key, **ANNA)
    link.chunk(upload, 0, b"a", 2).expect(200)
    link.change(subfolder="other").expect(200)
    assert link.opened("d/a.txt", 2, key=key, **ANNA) == upload
    link.open("in/d/a.txt", 2, key=key).expect(400, "invalid_path")
    link.chunk(upload, 1, b"b", 2).expect(200)
    assert link.opened("d/a.txt", 2, key=key) == upload
    assert link.deliver("d/a.txt", b"new")["path"] == "d/a.txt"
    assert files_below(link.disk).keys() == {f"{FOLDER}/d/a.txt", "other/d/a.txt"}


def test_a_path_that_the_rule_makes_too_long_is_refused(client: Client) -> None:
    link = client.make_link(subfolder="a/b/c")
    link.open("/".join("x" * 61), 1).expect(201)
    deep = "/".join("x" * 62)
    link.open(deep, 1).expect(400, "invalid_path")
    pack = b"".join(json.dumps({"path": path, "size": 1}).encode() + b"\n3" for path in (deep, "ok"))
    sent = client.call("POST", f"{link.path}/pack", body=pack, headers={"Content-Type": "application/vnd.droppr.pack"})
    assert [each.get("code") for each in sent.expect(200).json["files"]] == ["invalid_path", None]


def test_the_rule_is_the_owners_and_a_wrong_one_is_told_where_it_stands(client: Client) -> None:
    link = client.make_link(subfolder="{sender}")
    assert "subfolder" not in link.info().expect(200).json
    for wrong in ("{name}", "../x", 5, "x" * 201):
        refused = link.change(subfolder=wrong).expect(400, "invalid_request").json
        assert "subfolder" in refused["fields"]
    for wrong in ("{item}", "a/{name}", 5, "x" * 101):
        assert "naming" in link.change(naming=wrong).expect(400, "invalid_request").json["fields"]
    shown = client.call("GET", f"{link.path}?as=owner", owner=True).expect(200).json
    assert (shown["subfolder"], shown["naming"]) == ("{sender}", "")
