"""Live replies have exactly the keys and types of the golden files that the browser's tests read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from droppr_client.upload.digests import sample_digest
from tests.support.client import Client, Link
from tests.support.files import content
from tests.support.live import PROJECT

WIRE = PROJECT / "tests" / "fixtures" / "wire"


def shape(value: Any) -> Any:
    """The keys and JSON types of a value; a list has the shape of its first element."""
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(value[0])] if value else ["anything"]
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
    return "null"


def agree(golden: Any, live: Any, at: str = "reply") -> None:
    """Raises AssertionError where shapes differ. Null and an empty list stand for any value of their kind."""
    if "null" in (golden, live):
        return
    assert type(golden) is type(live), f"{at}: {golden} is not {live}"
    if isinstance(golden, dict):
        assert set(golden) == set(live), f"{at}: keys differ by {sorted(set(golden) ^ set(live))}"
        for name in golden:
            agree(golden[name], live[name], f"{at}.{name}")
    elif isinstance(golden, list):
        if "anything" not in (golden[0], live[0]):
            agree(golden[0], live[0], f"{at}[0]")
    else:
        assert golden == live, f"{at}: {golden} is not {live}"


PATH = "day 1/日本語 clip.mov"


def half_sent(link: Link) -> tuple[str, bytes]:
    data = content(20_000)
    opening = json.loads((WIRE / "open-request.json").read_text()) | {"size": len(data)}
    reply = link.client.call("POST", f"{link.path}/uploads", json=opening).expect(201)
    upload_id = reply.json["upload_id"]
    link.chunk(upload_id, 0, data[:8000], len(data)).expect(200)
    return upload_id, data


def info(client: Client) -> Any:
    limits: dict[str, Any] = {"title": "t", "message": "m", "expires_hours": 168, "password": "p"}
    limits |= {"max_file_size": 5, "max_total_size": 50, "max_files": 100, "allowed_extensions": ["mov"]}
    return client.make_link(**limits, ask_name="required", ask_email="optional").info().expect(200).json


def opened(client: Client) -> Any:
    return client.make_link().open(PATH, 20_000).expect(201).json


def status(client: Client) -> Any:
    link = client.make_link()
    return link.status(half_sent(link)[0]).expect(200).json


def chunk_ack(client: Client) -> Any:
    link = client.make_link()
    upload_id, data = half_sent(link)
    return link.chunk(upload_id, 16_000, data[16_000:], len(data)).expect(200).json


def chunk_complete(client: Client) -> Any:
    link = client.make_link()
    upload_id, data = half_sent(link)
    return link.chunk(upload_id, 8000, data[8000:], len(data)).expect(200).json


def captcha_required(client: Client) -> Any:
    return client.make_link(captcha="always").open(PATH, 1).expect(403, "captcha_required").json


def receipt(client: Client) -> Any:
    link = client.make_link(title="t", ask_name="required", ask_email="required")
    upload_id = link.deliver(PATH, b"x", sender_name="Ada", sender_email="ada@example.org")["upload_id"]
    asked = client.call("POST", f"{link.path}/receipts", json={"uploads": [upload_id]})
    return asked.expect(200).json


def pack_reply(client: Client) -> Any:
    link = client.make_link(ask_name="optional", ask_email="optional")
    headers = {"Content-Type": "application/vnd.droppr.pack"}
    body = (WIRE / "pack-request.txt").read_bytes()
    reply = client.call("POST", f"{link.path}/pack", body=body, headers=headers).expect(200).json
    golden = json.loads((WIRE / "pack-reply.json").read_text())
    told = ("path", "name", "size", "complete", "sha256")
    assert [[each[key] for key in told] for each in reply["files"]] == [
        [each[key] for key in told] for each in golden["files"]
    ]
    return reply


REPLIES = {
    "info.json": info,
    "opened.json": opened,
    "status.json": status,
    "chunk-ack.json": chunk_ack,
    "chunk-complete.json": chunk_complete,
    "receipt.json": receipt,
    "pack-reply.json": pack_reply,
    "error-captcha-required.json": captcha_required,
}
# What is not the reply of a server with default settings, and who checks it.
ELSEWHERE = {"open-request.json", "error-offset-mismatch.json", "samples.json"}


@pytest.mark.parametrize("name", REPLIES)
def test_a_live_reply_has_the_shape_of_its_golden_file(client: Client, name: str) -> None:
    agree(shape(json.loads((WIRE / name).read_text())), shape(REPLIES[name](client)))


def test_the_golden_offset_mismatch_is_what_a_server_says_that_wants_order(live: Any) -> None:
    link = Client.of(live(workers=1, ENABLE_PARALLEL_UPLOADS="False")).make_link()
    upload_id = link.opened("a.bin", 10)
    said = link.chunk(upload_id, 5, b"56789", 10).expect(409, "offset_mismatch").json
    agree(shape(json.loads((WIRE / "error-offset-mismatch.json").read_text())), shape(said))


def test_the_golden_samples_are_what_the_client_computes(tmp_path: Path) -> None:
    golden = json.loads((WIRE / "samples.json").read_text())["files"]
    for each in golden:
        path = tmp_path / "file"
        path.write_bytes(bytes((31 * at + 7 * (at // 256)) % 256 for at in range(each["size"])))
        with path.open("rb") as file:
            assert sample_digest(file.fileno(), each["size"]) == each["sample"]


def test_every_golden_file_is_checked() -> None:
    assert {path.name for path in WIRE.glob("*.json")} == set(REPLIES) | ELSEWHERE
