"""Chromium drops files on links that pass them on, opens WebSockets, and shows the owner how files get on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.support.admin import look_again, make_link, owner_desk, unfold
from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.drive import ROOT, FakeDrive
from tests.support.files import content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.s3 import Store, running_store

MIB = 1024 * 1024
SECONDS = 60.0


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_store() as running:
        yield running


@pytest.fixture(scope="module")
def drive() -> Iterator[FakeDrive]:
    with FakeDrive().running() as running:
        yield running
        assert running.violations == []


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory, store: Store, drive: FakeDrive) -> Iterator[LiveServer]:
    settings: dict[str, Any] = {**GENEROUS, **store.settings, **drive.settings}
    with LiveServer(tmp_path_factory.mktemp("browser"), workers=2, **settings) as running:
        yield running


@pytest.fixture
def owner(sender: LiveServer) -> Client:
    return Client.of(sender)


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Client]:
    """A client that reaches a server through nginx."""
    with LiveServer(tmp_path, unix_socket=True, **GENEROUS) as running:
        assert running.socket_path
        with LiveNginx(running.socket_path, running.data_dir, built_pages(), tmp_path) as nginx:
            yield Client.of(running, url=nginx.url)


def dropped(browser: Browser, sender: LiveServer, link: Link, name: str, data: bytes) -> None:
    """Open the link's page, drop a file on it, and wait until the page says that it has arrived."""
    context = browser.new_context(base_url=sender.url)
    try:
        page = context.new_page()
        page.goto(f"/request/{link.hash}")
        page.wait_for_load_state("networkidle")
        page.evaluate(
            """async ([name, seed]) => {
                const bytes = Uint8Array.from(atob(seed), (each) => each.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name));
                for (const type of ["dragenter", "dragover", "drop"]) {
                    document.body.dispatchEvent(
                        new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
                }
            }""",
            [name, base64.b64encode(data).decode()],
        )
        eventually(lambda: [file["path"] for file in link.files()] == [name], seconds=SECONDS, what="the file")
    finally:
        context.close()


def test_a_dropped_file_stands_in_the_bucket(browser, sender, owner, store):
    bucket = store.bucket(f"b-{uuid4().hex}")
    link = owner.make_link(destination={"kind": "s3", "bucket": bucket, "prefix": "in"})
    data = content(9 * MIB + 1)
    dropped(browser, sender, link, "ü big.bin", data)
    eventually(lambda: store.objects(bucket) == {"in/ü big.bin": data}, seconds=SECONDS, what="the object")


def test_a_dropped_file_stands_on_the_drive(browser, sender, owner, drive):
    link = owner.make_link(destination={"kind": "drive", "folder_id": ROOT})
    name, data = f"{uuid4().hex}.bin", content(9 * MIB + 2)
    dropped(browser, sender, link, name, data)
    eventually(lambda: drive.stored().get(name) == data, seconds=SECONDS, what="the file on the drive")


def test_the_owner_chooses_a_destination_and_sees_how_files_get_on(browser, sender, owner, store):
    bucket, folder = f"b-{uuid4().hex}", f"f-{uuid4().hex}"
    with owner_desk(browser, sender.url, sender.token) as desk:
        desk.locator("#new-terms summary").click()
        desk.get_by_label("Pass files on to").select_option("s3")
        expect(desk.get_by_label("Id of the Drive folder")).to_be_hidden()
        desk.get_by_label("Bucket", exact=True).fill(bucket)
        desk.get_by_label("Folder in the bucket").fill("/in/box/")
        address = make_link(desk, folder)
        link = Link(owner, address.rsplit("/", 1)[-1], folder)
        assert link.change().json["destination"] == {"kind": "s3", "bucket": bucket, "prefix": "in/box"}
        link.deliver("x.bin", b"hello")
        look_again(desk)
        row = unfold(desk, folder)
        expect(row).to_contain_text(f"s3://{bucket}/in/box")
        expect(row.locator(".received")).to_contain_text("The store says NoSuchBucket.")
        store.bucket(bucket)
        row.get_by_role("button", name="Try again to pass on x.bin").click()
        expect(row.locator(".received")).to_contain_text(f"Passed on to s3://{bucket}/in/box/x.bin")
    assert store.objects(bucket) == {"in/box/x.bin": b"hello"}


SEND = """async ([address, start, seed, step]) => {
    const data = Uint8Array.from(atob(seed), (each) => each.charCodeAt(0));
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    const heard = [];
    return await new Promise((resolve, reject) => {
        socket.onerror = () => reject(new Error("the socket failed"));
        socket.onclose = (event) => resolve({ heard, code: event.code });
        socket.onopen = () => socket.send(JSON.stringify(start));
        socket.onmessage = ({ data: text }) => {
            const message = JSON.parse(text);
            heard.push(message);
            if (message.type !== "ready") return;
            for (const [first, last] of message.missing_ranges) {
                for (let at = first; at <= last; at += step) {
                    const body = data.subarray(at, Math.min(at + step, last + 1));
                    const frame = new Uint8Array(8 + body.length);
                    new DataView(frame.buffer).setBigUint64(0, BigInt(at));
                    frame.set(body, 8);
                    socket.send(frame);
                }
            }
        };
    });
}"""


@pytest.mark.parametrize("way", ["direct", "through nginx"])
def test_a_real_browser_sends_a_file_over_a_websocket(browser, client, request, way):
    client = client if way == "direct" else request.getfixturevalue("proxied")
    link = client.make_link(password="sesame")
    data, key = content(5 * MIB + 3), uuid4().hex
    link_password = {"X-Request-Password": "sesame"}
    begun = link.open("ws ü.bin", len(data), headers=link_password, key=key).expect(201).json["upload_id"]
    link.chunk(begun, MIB, data[MIB : 2 * MIB], len(data)).expect(200)
    context = browser.new_context(base_url=client.url)
    try:
        page = context.new_page()
        page.goto(f"/request/{link.hash}")
        address = f"{client.url.replace('http', 'ws', 1)}/ws_api/upload_parallel/{key}"
        start = {"type": "start", "request": link.hash, "path": "ws ü.bin", "size": len(data), "password": "sesame"}
        said = page.evaluate(SEND, [address, start, base64.b64encode(data).decode(), 512 * 1024])
    finally:
        context.close()
    assert said["code"] == 1000
    ready, *progress, complete = said["heard"]
    assert ready["upload_id"] == begun
    assert ready["missing_ranges"] == [[0, MIB - 1], [2 * MIB, len(data) - 1]]
    assert {each["type"] for each in progress} == {"progress"}
    assert complete["type"] == "complete"
    assert (link.disk / "ws ü.bin").read_bytes() == data
