"""Bodies that are cut short, too long, slow or unwanted, straight and through nginx."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import raw
from tests.support.client import Client, Link
from tests.support.files import MIB, content, eventually, files_below
from tests.support.live import PROJECT, LiveServer

DATA = content(200_000, 8)
WHERE = {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}"}


def chunk_head(link: Link, upload_id: str, **headers: str) -> bytes:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return raw.head("POST", f"{link.path}/upload-chunk", {"X-Upload-Id": upload_id, **WHERE, **fields})


def assert_settles_at(link: Link, upload_id: str, received: int) -> None:
    """Nothing of the broken chunk is kept, and its place is free: the same chunk, sent whole, is taken."""
    assert link.status(upload_id).expect(200).json["received_bytes"] == received

    def sent_whole() -> bool:
        reply = link.chunk(upload_id, 0, DATA, len(DATA))
        assert reply.status in (200, 503), reply
        return reply.status == 200

    eventually(sent_whole, what="the place to be free again")
    assert link.status(upload_id).json["complete"] is True
    assert {name: path.read_bytes() for name, path in files_below(link.disk).items()} == {"cut.bin": DATA}


@pytest.mark.parametrize("kept", [0, 1, 1000, 100_000, len(DATA) - 1])
def test_a_body_cut_short_of_its_content_length_is_not_kept(way_in: Client, kept: int) -> None:
    link = way_in.make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    raw.send_and_cut(way_in.url, chunk_head(link, upload_id, Content_Length=str(len(DATA))) + DATA[:kept])
    assert_settles_at(link, upload_id, 0)


@pytest.mark.parametrize(
    "kept", [0, 1000, len(DATA)], ids=["nothing sent", "cut in the middle", "only the end missing"]
)
def test_a_chunked_body_cut_before_its_end_is_not_kept(way_in: Client, kept: int) -> None:
    link = way_in.make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    body = raw.chunked(DATA[:kept], end=False) if kept else b""
    raw.send_and_cut(way_in.url, chunk_head(link, upload_id, Transfer_Encoding="chunked") + body)
    assert_settles_at(link, upload_id, 0)


@pytest.mark.parametrize("short_by", [1, 100_000])
def test_a_chunked_body_that_ends_early_is_refused(way_in: Client, short_by: int) -> None:
    link = way_in.make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    with raw.connection(way_in.url) as sock:
        sock.sendall(chunk_head(link, upload_id, Transfer_Encoding="chunked") + raw.chunked(DATA[:-short_by]))
        reply = raw.reply(sock)
    assert reply is not None
    reply.expect(400, "chunk_size_mismatch")
    assert_settles_at(link, upload_id, 0)


@pytest.mark.parametrize("more", [1, 100_000])
def test_a_chunked_body_longer_than_its_range_is_refused(way_in: Client, more: int) -> None:
    link = way_in.make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    with raw.connection(way_in.url) as sock:
        sock.sendall(chunk_head(link, upload_id, Transfer_Encoding="chunked") + raw.chunked(DATA + b"x" * more))
        reply = raw.reply(sock)
    assert reply is not None
    reply.expect(400, "chunk_size_mismatch")
    assert_settles_at(link, upload_id, 0)


def test_a_body_longer_than_its_range_is_refused(way_in: Client) -> None:
    link = way_in.make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    for body in (DATA + b"x", DATA[:-1], b"", b"x"):
        link.raw_chunk({"X-Upload-Id": upload_id, **WHERE}, body).expect(400, "chunk_size_mismatch")
    assert_settles_at(link, upload_id, 0)


def test_a_chunked_body_of_the_right_length_counts(way_in: Client) -> None:
    link = way_in.make_link()
    upload_id = link.opened("a.bin", len(DATA))
    with raw.connection(way_in.url) as sock:
        sock.sendall(chunk_head(link, upload_id, Transfer_Encoding="chunked") + raw.chunked(DATA, 17))
        reply = raw.reply(sock)
    assert reply is not None
    assert reply.expect(200).json["complete"] is True
    assert (link.disk / "a.bin").read_bytes() == DATA


def test_a_chunked_body_without_any_length_is_411(client: Client, link: Link) -> None:
    upload_id = link.opened("a.bin", len(DATA))
    headers = {
        "X-Upload-Id": upload_id,
        "X-Upload-Offset": "0",
        "X-Upload-Length": str(len(DATA)),
        "Transfer-Encoding": "chunked",
    }
    with raw.connection(client.url) as sock:
        sock.sendall(raw.head("POST", f"{link.path}/upload-chunk", headers) + raw.chunked(DATA))
        reply = raw.reply(sock)
    assert reply is not None
    reply.expect(411, "length_required")


def test_bytes_behind_the_body_are_the_next_request_and_not_part_of_it(client: Client, link: Link) -> None:
    upload_id = link.opened("a.bin", len(DATA))
    with raw.connection(client.url) as sock:
        both = chunk_head(link, upload_id, Content_Length=str(len(DATA))) + DATA + raw.head("GET", link.path, {})
        sock.sendall(both)
        first, second = raw.reply(sock), raw.reply(sock, "GET")
    assert first is not None
    assert first.expect(200).json["complete"] is True
    assert second is None or second.status == 200
    assert (link.disk / "a.bin").read_bytes() == DATA


def test_a_sender_who_waits_for_100_continue_is_told_to_go_on(way_in: Client) -> None:
    link = way_in.make_link()
    upload_id = link.opened("a.bin", len(DATA))
    with raw.connection(way_in.url) as sock:
        sock.sendall(chunk_head(link, upload_id, Content_Length=str(len(DATA)), Expect="100-continue"))
        assert sock.recv(65536).startswith(b"HTTP/1.1 100")
        sock.sendall(DATA)
        reply = raw.reply(sock)
    assert reply is not None
    assert reply.expect(200).json["complete"] is True


def test_an_opening_with_a_huge_body_is_refused_with_a_status(way_in: Client) -> None:
    link = way_in.make_link()
    body = json.dumps({"path": "a", "size": 1, "padding": "x" * 8 * MIB}).encode()
    headers = {"Content-Type": "application/json"}
    reply = link.client.call("POST", f"{link.path}/uploads", body=body, headers=headers)
    reply.expect(413, "chunk_too_large")
    assert reply.json["error"] == "This is more than the server takes in one request."


# Who refuses what: a wrong link, a wrong upload, a wrong range, a compressed body, a file the link does not take.
def refusals(link: Link, upload_id: str, size: int) -> list[tuple[str, dict[str, str], int]]:
    path = f"{link.path}/upload-chunk"
    whole = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
    # Of somebody without a link no more is read on than this.
    unknown = f"/api/droppr/requests/{'A' * 24}/upload-chunk" if size <= MIB else path
    return [
        (unknown, {"X-Upload-Id": upload_id if size <= MIB else "B" * 32, **whole}, 404),
        (path, {"X-Upload-Id": "A" * 32, **whole}, 404),
        (path, {"X-Upload-Id": upload_id, "Content-Range": "nonsense"}, 400),
        (path, {"X-Upload-Id": upload_id, "Content-Range": f"bytes 0-{size}/{size + 1}"}, 400),
        (path, {"X-Upload-Id": upload_id, "Content-Encoding": "gzip", **whole}, 415),
        (path, {"X-Upload-Name": "a.exe", **whole}, 415),
        (path, {"X-Upload-Name": "a.txt", "X-Upload-Offset": "0", "X-Upload-Length": str(2**50)}, 413),
        (path, {"X-Upload-Name": "a.txt", "X-Upload-Offset": "1", "X-Upload-Length": str(size + 1)}, 409),
    ]


SIZES = (1, 70_000, MIB, 16 * MIB)
ROUNDS = 20


def cases(way_in: Client, tmp_path: Path) -> list[tuple[str, dict[str, str], Path, int]]:
    """Twenty refusals: path, headers, a file with the body, and the status that has to arrive."""
    link = way_in.make_link(allowed_extensions=["txt"], max_file_size=2**40)
    found = []
    for number in range(ROUNDS):
        size = SIZES[number % len(SIZES)]
        body = tmp_path / f"{size}.bin"
        if not body.exists():
            body.write_bytes(content(size))
        options = refusals(link, link.opened(f"{number}.txt", 5), size)
        path, headers, status = options[(number * 3 + number // len(SIZES)) % len(options)]
        found.append((path, headers, body, status))
    return found


def send_with_urllib3(url: str, path: str, headers: dict[str, str], body: Path, client: Client) -> int:
    return client.call("POST", path, body=body.read_bytes(), headers=headers).status


def send_with_curl(url: str, path: str, headers: dict[str, str], body: Path, client: Client) -> int:
    options = [text for name, value in headers.items() for text in ("-H", f"{name}: {value}")]
    # Expect is off: it would let curl wait for the refusal in place of meeting it half-way.
    command = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "-H", "Expect:", *options]
    done = subprocess.run(
        [*command, "--data-binary", f"@{body}", url + path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("send", [send_with_urllib3, send_with_curl])
def test_a_refusal_reaches_the_client_as_its_status(way_in: Client, tmp_path: Path, send: Callable[..., int]) -> None:
    for path, headers, body, status in cases(way_in, tmp_path):
        assert send(way_in.url, path, headers, body, way_in) == status, (path, headers)


NODE = """
const http = require('http'), fs = require('fs');
const cases = JSON.parse(fs.readFileSync(0, 'utf8'));
const agent = new http.Agent({ keepAlive: true });
const send = ([url, headers, file]) => new Promise((resolve) => {
  const body = fs.readFileSync(file);
  const request = http.request(url, { method: 'POST', agent, headers: { ...headers, 'Content-Length': body.length } },
    (reply) => { reply.resume(); reply.on('end', () => resolve(reply.statusCode)); reply.on('error', (e) => resolve(String(e))); });
  request.on('error', (error) => resolve(String(error)));
  request.end(body);
});
(async () => {
  const results = [];
  for (const each of cases) results.push(await send(each));
  console.log(JSON.stringify(results));
  agent.destroy();
})();
"""


def node() -> str:
    """Node as the Makefile finds it: the project's own first, then the machine's."""
    own = PROJECT / ".venv" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    assert found, "Node is not installed; type: make setup"
    return found


def test_a_refusal_reaches_node_as_its_status(way_in: Client, tmp_path: Path) -> None:
    asked = cases(way_in, tmp_path)
    given = json.dumps([[way_in.url + path, headers, str(body)] for path, headers, body, _ in asked])
    done = subprocess.run([node(), "-e", NODE], input=given, capture_output=True, text=True, timeout=100, check=True)
    assert json.loads(done.stdout) == [status for *_, status in asked]


def test_refusals_at_once_all_reach_their_clients(way_in: Client, tmp_path: Path) -> None:
    asked = cases(way_in, tmp_path)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda case: send_with_urllib3(way_in.url, case[0], case[1], case[2], way_in), asked))
    assert got == [status for *_, status in asked]


@pytest.fixture
def impatient(live: Callable[..., LiveServer]) -> LiveServer:
    """One worker with six threads that waits two seconds for a body."""
    return live(workers=1, DROPPR_THREADS=6, DROPPR_BODY_TIMEOUT_SECONDS=2)


def test_a_body_that_stops_coming_is_let_go(impatient: LiveServer) -> None:
    link = Client.of(impatient).make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    # Less long than a server waits that was told nothing.
    with raw.connection(impatient.url, timeout=20) as sock:
        sock.sendall(chunk_head(link, upload_id, Content_Length=str(len(DATA))) + DATA[:50_000])
        reply = raw.reply(sock)
    if reply is not None:
        reply.expect(408, "request_timeout")
    assert_settles_at(link, upload_id, 0)


def test_more_stalled_senders_than_threads_starve_nobody_for_long(impatient: LiveServer) -> None:
    link = Client.of(impatient).make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    other = link.opened("other.bin", len(DATA))
    head = chunk_head(link, upload_id, Content_Length=str(len(DATA)))
    stalled: list[Any] = []
    try:
        for n in range(18):
            connection = raw.connection(impatient.url)
            stalled.append(connection)
            connection.__enter__().sendall(head + DATA[: n * 1000])
        # Three rounds of six threads, of two seconds each. By itself a server takes half a minute for each, and this client waits for one.
        assert link.chunk(other, 0, DATA, len(DATA)).expect(200).json["complete"] is True
    finally:
        for connection in stalled:
            connection.__exit__(None, None, None)
    assert_settles_at_last(link, upload_id)


def assert_settles_at_last(link: Link, upload_id: str) -> None:
    eventually(lambda: link.chunk(upload_id, 0, DATA, len(DATA)).status == 200, what="the place to be free")
    assert (link.disk / "cut.bin").read_bytes() == DATA


def test_a_body_that_trickles_byte_by_byte_does_not_hold_its_place_for_ever(impatient: LiveServer) -> None:
    link = Client.of(impatient).make_link()
    upload_id = link.opened("cut.bin", len(DATA))
    with raw.connection(impatient.url) as sock:
        sock.sendall(chunk_head(link, upload_id, Content_Length=str(len(DATA))))
        sock.settimeout(0.5)
        begun = time.monotonic()
        over = False
        while not over and time.monotonic() - begun < 20:
            try:
                sock.sendall(b"x")
                sock.recv(65536)
                over = True
            except TimeoutError:
                continue
            except ConnectionError:
                over = True
    assert over, "a sender of two bytes a second held a thread for twenty seconds"
    assert_settles_at(link, upload_id, 0)


def test_a_slow_but_steady_sender_is_served(impatient: LiveServer) -> None:
    link = Client.of(impatient).make_link()
    upload_id = link.opened("slow.bin", len(DATA))
    pause = [0.8, 0.8, 0.8, 0.8]

    def steady() -> Any:
        for n in range(5):
            if n:
                # The pause is the point: it is under the two seconds, all of them together are over.
                time.sleep(pause[n - 1])
            yield DATA[n * 40_000 : (n + 1) * 40_000]

    reply = link.raw_chunk({"X-Upload-Id": upload_id, **WHERE, "Content-Length": str(len(DATA))}, steady())
    assert reply.expect(200).json["complete"] is True
