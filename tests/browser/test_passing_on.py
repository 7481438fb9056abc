"""Chromium drops files on links that pass them on, opens WebSockets, and shows the owner how files get on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.support.admin import back_to_links, look_again, look_at, make_link, open_panel, owner_desk, unfold
from tests.support.browser import built_pages
from tests.support.client import Client, Link
from tests.support.drive import ROOT, FakeDrive
from tests.support.files import content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.s3 import Store, running_store
from tests.support.sender import Sender

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
    settings: dict[str, Any] = {**GENEROUS, **store.settings, **drive.settings, "DROPPR_CHUNK_SIZE_MB": 1}
    with LiveServer(tmp_path_factory.mktemp("browser"), workers=2, unix_socket=True, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sender: LiveServer) -> Iterator[str]:
    """Where nginx shows the server."""
    assert sender.socket_path
    folder = tmp_path_factory.mktemp("site")
    with LiveNginx(sender.socket_path, sender.data_dir, built_pages(), folder) as nginx:
        yield nginx.url


@pytest.fixture
def owner(sender: LiveServer, site: str) -> Client:
    return Client.of(sender, url=site)


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Client]:
    """A client that reaches a server through nginx."""
    with LiveServer(tmp_path, unix_socket=True, **GENEROUS) as running:
        assert running.socket_path
        with LiveNginx(running.socket_path, running.data_dir, built_pages(), tmp_path) as nginx:
            yield Client.of(running, url=nginx.url)


@pytest.fixture
def desktop(tmp_path: Path) -> Callable[[str, int], bytes]:
    """Puts a file of this name and size on the desktop."""

    def put(name: str, size: int) -> bytes:
        (tmp_path / name).write_bytes(data := content(size))
        return data

    return put


@pytest.fixture
def visited(browser: Browser, site: str) -> Iterator[Callable[[Link], Sender]]:
    """Opens the page of a link."""
    context = browser.new_context()
    yield lambda link: Sender(context, site, link).visit()
    context.close()


def test_a_dropped_file_stands_in_the_bucket(visited, desktop, tmp_path, owner, store):
    bucket = store.bucket(f"b-{uuid4().hex}")
    link = owner.make_link(destination={"kind": "s3", "bucket": bucket, "prefix": "in"})
    data = desktop("ü big.bin", 9 * MIB + 1)
    page = visited(link)
    page.drop(tmp_path / "ü big.bin")
    page.expect_arrived("ü big.bin")
    eventually(lambda: store.objects(bucket) == {"in/ü big.bin": data}, seconds=SECONDS, what="the object")


def test_a_dropped_file_stands_on_the_drive(visited, desktop, tmp_path, owner, drive):
    link = owner.make_link(destination={"kind": "drive", "folder_id": ROOT})
    name = f"{uuid4().hex}.bin"
    data = desktop(name, 9 * MIB + 2)
    page = visited(link)
    page.drop(tmp_path / name)
    page.expect_arrived(name)
    eventually(lambda: drive.stored().get(name) == data, seconds=SECONDS, what="the file on the drive")


@pytest.mark.parametrize("kind", ["s3", "drive"])
def test_killing_the_server_in_the_middle_loses_nothing(visited, desktop, tmp_path, sender, owner, store, drive, kind):
    """The page goes on by itself, and so does what had begun to go on to the remote."""
    bucket = store.bucket(f"b-{uuid4().hex}")
    link = owner.make_link(
        destination={"kind": "s3", "bucket": bucket} if kind == "s3" else {"kind": "drive", "folder_id": ROOT}
    )
    name, sessions = f"{uuid4().hex}.bin", set(drive.sessions)
    data = desktop(name, 32 * MIB + 3)
    page = visited(link)
    page.line(mib_per_second=6)
    page.drop(tmp_path / name)
    # Enough for the remote to be given something; the rest must not have arrived before it was.
    page.until(lambda: page.received() >= 12 * MIB, what="some of it")
    page.line(mib_per_second=0.5)

    def is_on_its_way() -> bool:
        return store.has_parts(bucket) or any(drive.sessions[each].data for each in set(drive.sessions) - sessions)

    eventually(is_on_its_way, seconds=SECONDS, what="the remote to have something")
    sender.kill()
    assert not (link.disk / name).exists()
    sender.start()
    page.line()
    page.expect_arrived(name, seconds=SECONDS)
    if kind == "s3":
        eventually(lambda: store.objects(bucket) == {name: data}, seconds=SECONDS, what="the object")
        assert store.unfinished(bucket) == []
    else:
        eventually(lambda: drive.stored().get(name) == data, seconds=SECONDS, what="the file on the drive")
    assert (link.disk / name).read_bytes() == data


def test_the_owner_chooses_a_destination_and_sees_how_files_get_on(browser, sender, site, owner, store):
    bucket, folder = f"b-{uuid4().hex}", f"f-{uuid4().hex}"
    with owner_desk(browser, site, sender.token) as desk:
        open_panel(desk)
        desk.get_by_text("Limits and more").click()
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
        look_at(desk, "Terms")
        expect(row).to_contain_text(f"s3://{bucket}/in/box")
        look_at(desk, "Files")
        expect(row.locator(".file-row")).to_contain_text("The other server said: “NoSuchBucket")
        now = desk.get_by_role("region", name="Right now")
        back_to_links(desk)
        expect(now).to_contain_text("passing on 1 file: 1 failed, 5 bytes left")
        store.bucket(bucket)
        unfold(desk, folder)
        row.get_by_role("button", name="Try again to pass on x.bin").click()
        expect(row.locator(".file-row")).to_contain_text(f"Passed on to s3://{bucket}/in/box/x.bin")
        back_to_links(desk)
        expect(now).to_be_visible()
        expect(now).not_to_contain_text("passing on")
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
