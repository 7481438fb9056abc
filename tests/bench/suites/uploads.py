"""The uploads that several suites time: to Droppr in chunks, to nginx in one stream or many."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.load import LoadFailed, Request, Sent
from tests.bench.runs import MIB, Bench, Case, Timing
from tests.bench.servers import DavNginx, Droppr, completed
from tests.support.files import spans

CHUNK = 8 * MIB
NAME = "video.bin"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is cut and how many of its chunks are on their way at once."""

    size: int
    connections: int = 4
    chunk: int = CHUNK


def chunk_requests(server: Droppr, upload_id: str, shape: Shape) -> list[Request]:
    """One request a chunk, in an order that is the same in every run but not that of the file."""
    target = f"{server.link.path}/upload-chunk"
    headers = {"X-Upload-Id": upload_id, "Content-Type": "application/octet-stream"}
    requests = [
        Request(
            "POST", target, start, stop - start, {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{shape.size}"}
        )
        for start, stop in spans(shape.size, shape.chunk)
    ]
    random.Random(shape.size).shuffle(requests)
    return requests


def to_droppr(bench: Bench, server: Droppr, shape: Shape, name: str) -> Case:
    """Open, send all chunks, and have the complete file under its name; opening counts."""
    source = bench.source(shape.size)

    def run() -> Timing:
        began = time.monotonic()
        upload_id = server.link.opened(NAME, shape.size)
        opening = time.monotonic() - began
        sent = bench.client.send(server.port, source, chunk_requests(server, upload_id, shape), shape.connections)
        if not any_completed(sent, server, upload_id):
            raise LoadFailed(f"the upload is not complete after its last chunk: {sent.answer}")
        return timing(sent, opening)

    return Case(name, server, run, lambda: source.matches(server.link.disk / NAME, 0, shape.size), shape.size)


def any_completed(sent: Sent, server: Droppr, upload_id: str) -> bool:
    """The last request of the plan need not be the one that was answered last."""
    return completed(sent.answer) or server.link.status(upload_id).json["complete"]


def to_nginx(bench: Bench, server: DavNginx, size: int, name: str, *, durable: bool = False) -> Case:
    """One ``PUT`` of the whole file, if wanted followed by an fsync of the file and its folder."""
    source = bench.source(size)
    path = server.root / "one" / NAME

    def run() -> Timing:
        sent = bench.client.send(server.port, source, [Request("PUT", f"/one/{NAME}", 0, size)], 1)
        return timing(sent, _sync(path) if durable else 0.0)

    return Case(name, server, run, lambda: source.matches(path, 0, size), size)


def to_nginx_in_parts(bench: Bench, server: DavNginx, shape: Shape, name: str) -> Case:
    """One ``PUT`` for each chunk. Nobody ever joins them, so this is less than a whole file."""
    source = bench.source(shape.size)

    def path(start: int) -> Path:
        return server.root / "best" / str(start)

    requests = [Request("PUT", f"/best/{start}", start, stop - start) for start, stop in spans(shape.size, shape.chunk)]
    random.Random(shape.size).shuffle(requests)

    def right() -> bool:
        return all(source.matches(path(each.offset), each.offset, each.length) for each in requests)

    def run() -> Timing:
        return timing(bench.client.send(server.port, source, requests, shape.connections))

    return Case(name, server, run, right, shape.size)


def timing(sent: Sent, more: float = 0.0) -> Timing:
    """``more`` is time that counts and that the client has not seen."""
    extra = {"client": sent.client_cpu, "p50": sent.percentile(50), "p99": sent.percentile(99)}
    return Timing(sent.seconds + more, extra)


def _sync(path: Path) -> float:
    began = time.monotonic()
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(each, flags)
        os.fsync(descriptor)
        os.close(descriptor)
    return time.monotonic() - began
