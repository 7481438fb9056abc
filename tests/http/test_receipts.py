"""Receipts: the server says in writing what it received, and anyone can check it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually, sha256
from tests.support.live import MEDIA_SERVER, LiveServer


def ask(link: Link, *upload_ids: str) -> Reply:
    return link.client.call("POST", f"{link.path}/receipts", json={"uploads": list(upload_ids)})


def issued(link: Link, *upload_ids: str) -> Any:
    """The receipt, once it is ready. Asked for from an address of its own, as so many an hour are answered there."""
    asker = link.seen_by(link.client.elsewhere())

    def ready() -> Any:
        reply = ask(asker, *upload_ids)
        if reply.status != 409:
            return reply.expect(200).json
        assert reply.code == "receipt_not_ready"
        assert int(reply.headers["Retry-After"]) >= 1
        return None

    return eventually(ready, what="the receipt")


def check(receipt: dict[str, Any]) -> None:
    """Written out anew here, by the words of docs/api.md."""
    signed = {name: value for name, value in receipt.items() if name != "signature"}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raw = base64.b64decode(receipt["public_key"])
    assert receipt["key"] == hashlib.sha256(raw).hexdigest()
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(receipt["signature"]), text.encode())


def key_of(client: Client) -> Any:
    return client.call("GET", "/api/droppr/receipt-key").expect(200).json


def test_a_receipt_says_what_arrived_and_is_signed(way_in: Client) -> None:
    link = way_in.make_link(title="Für „alle“ 日本", ask_name="required")
    large, small = content(3_000_000, 1), b""
    first = link.deliver("tag 1/日本語 ü.mov", large, sender_name="Ada")["upload_id"]
    second = link.deliver("leer.txt", small, sender_name="Ada")["upload_id"]
    receipt = issued(link, first, second, first)
    check(receipt)
    assert (receipt["type"], receipt["version"], receipt["title"]) == ("droppr-receipt", 1, "Für „alle“ 日本")
    assert receipt["server"] is None
    assert abs(receipt["issued_at"] - time.time()) < 30
    assert [(file["path"], file["name"], file["size"], file["sha256"]) for file in receipt["files"]] == [
        ("tag 1/日本語 ü.mov", "日本語 ü.mov", len(large), sha256(large)),
        ("leer.txt", "leer.txt", 0, sha256(small)),
    ]
    assert {(file["sender_name"], file["sender_email"]) for file in receipt["files"]} == {("Ada", None)}
    assert [int(file["received_at"]) for file in link.files()] == [file["received_at"] for file in receipt["files"]]


def test_the_sender_checks_a_receipt_with_the_files_at_hand_and_no_server(client: Client, tmp_path: Path) -> None:
    link = client.make_link()
    files = {"tag 1/ü.bin": content(2_000_000), "b.txt": b"b"}
    for path, data in files.items():
        (tmp_path / "mine" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / path).write_bytes(data)
    receipt = issued(link, *(link.deliver(path, data)["upload_id"] for path, data in files.items()))
    (tmp_path / "receipt.json").write_text(json.dumps(receipt, indent=2))
    (tmp_path / "key.json").write_text(json.dumps(key_of(client)))

    def verify(*named: Path) -> int:
        droppr = Path(sys.executable).with_name("droppr")
        command: list[str | Path] = [droppr, "verify", "receipt.json", *named, "--key", "key.json"]
        return subprocess.run(
            command, cwd=tmp_path, env={"PYTHONPATH": str(MEDIA_SERVER)}, timeout=110, check=False
        ).returncode

    assert verify(tmp_path / "mine") == 0
    assert verify(link.disk) == 0
    (tmp_path / "mine/b.txt").write_bytes(b"c")
    assert verify(tmp_path / "mine") == 1
    (tmp_path / "receipt.json").write_text(json.dumps(receipt | {"title": "other"}))
    assert verify(tmp_path / "mine") == 2


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "Origin"])
def test_who_asks_for_a_receipt_does_not_say_who_signs_it(way_in: Client, header: str) -> None:
    link = way_in.make_link()
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    told = {header: "host=files.bank.example" if header == "Forwarded" else "files.bank.example"}
    reply = way_in.call("POST", f"{link.path}/receipts", json={"uploads": [upload_id]}, headers=told).expect(200)
    check(reply.json)
    assert reply.json["server"] is None
    assert b"bank" not in reply.body


def test_neither_the_link_nor_its_uploads_can_be_read_from_a_receipt(link: Link) -> None:
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    receipt = issued(link, upload_id)
    assert link.hash not in json.dumps(receipt)
    assert upload_id not in json.dumps(receipt)
    assert receipt["link"] == hashlib.sha256(f"droppr link {link.hash}".encode()).hexdigest()[:16]


@pytest.mark.parametrize("field", ["server", "title", "issued_at", "link", "files"])
def test_a_changed_receipt_does_not_verify(link: Link, field: str) -> None:
    receipt = issued(link, link.deliver("a.bin", b"x")["upload_id"])
    receipt[field] = {**dict.fromkeys(("server", "title", "link"), "other"), "issued_at": 1, "files": []}[field]
    with pytest.raises(InvalidSignature):
        check(receipt)


def test_the_key_is_told_in_every_spelling(client: Client, link: Link) -> None:
    key, receipt = key_of(client), issued(link, link.deliver("a.bin", b"x")["upload_id"])
    assert (key["public_key"], key["fingerprint"]) == (receipt["public_key"], receipt["key"])
    public = load_pem_public_key(key["pem"].encode())
    assert isinstance(public, Ed25519PublicKey)
    assert public.public_bytes_raw() == base64.b64decode(key["public_key"])
    assert key["algorithm"] == "Ed25519"


def test_what_has_not_arrived_is_not_certified(link: Link) -> None:
    done, half = link.deliver("a.bin", b"x")["upload_id"], link.opened("b.bin", 2)
    reply = ask(link, done, half).expect(409, "receipt_not_ready")
    assert int(reply.headers["Retry-After"]) >= 1
    link.send(half, b"xy")
    assert [file["name"] for file in issued(link, done, half)["files"]] == ["a.bin", "b.bin"]


def test_only_uploads_of_that_link_are_certified(client: Client, link: Link) -> None:
    mine, other = link.deliver("a.bin", b"x")["upload_id"], client.make_link().deliver("b.bin", b"x")["upload_id"]
    ask(link, mine, other).expect(404, "upload_not_found")
    ask(link, mine, "nothing-0123456789").expect(404, "upload_not_found")
    link.cancel(mine).expect(204)
    ask(link, mine).expect(404, "upload_not_found")


@pytest.mark.parametrize("uploads", [[], None, "u", [1], ["x" * 129], ["u"] * 10_001])
def test_what_is_no_list_of_uploads_is_refused(link: Link, uploads: object) -> None:
    reply = link.client.call("POST", f"{link.path}/receipts", json={"uploads": uploads})
    reply.expect(400, "invalid_request")


def test_a_closed_link_still_says_what_it_received(link: Link) -> None:
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    link.close().expect(204)
    check(issued(link, upload_id))


def test_the_key_is_one_for_all_workers_stays_and_is_nobody_elses(live: Callable[..., LiveServer]) -> None:
    server = live(workers=2, DROPPR_PUBLIC_URL="https://files.example.org/")
    client = Client.of(server)
    keys = {key_of(client)["fingerprint"] for _ in range(20)}
    assert len(keys) == 1
    assert (server.data_dir / "receipt_key").stat().st_mode & 0o777 == 0o600
    link = client.make_link()
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    assert issued(link, upload_id)["server"] == "https://files.example.org"
    server.kill()
    server.start()
    again = Client.of(server)
    assert key_of(again)["fingerprint"] == keys.pop()
    check(issued(link.seen_by(again), upload_id))


@pytest.mark.parametrize("host", ["evil.example/path?", "a b", "x" * 300])
def test_a_host_that_is_none_does_not_get_into_a_receipt(link: Link, host: str) -> None:
    upload_id = link.deliver("a.bin", b"x")["upload_id"]
    body = {"uploads": [upload_id]}
    reply = link.client.call("POST", f"{link.path}/receipts", json=body, headers={"Host": host})
    assert host not in reply.body.decode()
