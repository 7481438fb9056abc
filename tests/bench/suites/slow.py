"""What a fast sender notices of 500 others who send slowly."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from urllib3.exceptions import HTTPError

from tests.bench.load import LoadFailed, Request, median
from tests.bench.report import Section, quotient, ratio
from tests.bench.runs import MIB, Bench, note
from tests.bench.servers import Droppr, end
from tests.bench.suites.uploads import CHUNK, NAME, Shape, chunk_requests
from tests.support.files import spans

SLOW = 500
RATE = 64 * 1024
PATIENCE = 60
"""Seconds the fast sender may take beside the slow ones before the run counts as failed."""
SIZE = 512 * MIB


def run(bench: Bench) -> Section:
    section = Section("slow")
    section.text(
        f"{SLOW} connections send a chunk of {CHUNK // MIB} MiB each at {RATE // 1024} KiB/s, so for two minutes, while one "
        f"sender sends {SIZE // MIB} MiB × 4 as fast as it can. Behind nginx as shipped but for its limits on one address, 1 worker × 32 threads."
    )
    alone: list[float] = []
    beside: list[float] = []
    shares: list[float] = []
    slow: list[dict[str, Any]] = []
    with ExitStack() as stack:
        # All of them are one address here.
        limits = {
            "DROPPR_MAX_CONNECTIONS_PER_ADDRESS": 0,
            "DROPPR_MAX_BODIES_PER_ADDRESS": 0,
            "DROPPR_NGINX_MAX_BODIES": 0,
        }
        server = stack.enter_context(
            Droppr(bench.folder / "slow", behind_nginx=True, DROPPR_DURABILITY="none", **limits)
        )
        for _ in range(bench.options.rounds):
            with bench.looking_for_others(*server.roots) as others:
                alone.append(_fast(bench, server))
            with (
                _slow_senders(bench, server, slow) as process,
                bench.looking_for_others(*server.roots, process) as more,
            ):
                beside.append(_fast(bench, server))
            shares += [others[0], more[0]]
            note(f"slow: alone {alone[-1]:.0f} MiB/s, beside {beside[-1]:.0f} MiB/s; slow ones {slow[-1]}")
            server.clean()
    section.table(
        ["", "MiB/s", "to alone"],
        [
            ["fast sender alone", f"{median(alone):.0f}", ratio(1, 1)],
            [f"beside {SLOW} slow ones", f"{median(beside):.0f}", ratio(median(beside), median(alone))],
        ],
    )
    section.goal(f"a fast sender beside {SLOW} slow ones, to alone", quotient(median(beside), median(alone)), least=0.8)
    got = median(each["bytes"] / each["seconds"] / SLOW / 1024 for each in slow)
    section.text(
        f"Of each slow sender's {RATE // 1024} KiB/s the server took {got:.0f}; "
        f"{sum(each['broken'] for each in slow)} slow connections were refused or broken off. "
        f"Others used up to {max(shares):.0%} of the machine."
    )
    return section


def _fast(bench: Bench, server: Droppr) -> float:
    """MiB/s of one upload; 0 when it got nowhere."""
    shape = Shape(SIZE)
    source = bench.source(SIZE)
    try:
        upload_id = server.link.opened(NAME, SIZE)
        with bench.warm_memory():
            sent = bench.client.send(server.port, source, chunk_requests(server, upload_id, shape), 4, timeout=PATIENCE)
        if not source.matches(server.link.disk / NAME, 0, SIZE):
            raise LoadFailed("what arrived is not what was sent")
    except (LoadFailed, HTTPError) as failure:
        note(f"slow: {failure}")
        return 0.0
    finally:
        (server.link.disk / NAME).unlink(missing_ok=True)
    return SIZE / MIB / sent.seconds


@contextmanager
def _slow_senders(bench: Bench, server: Droppr, results: list[dict[str, Any]]) -> Iterator[int]:
    size = SLOW * CHUNK
    upload_id = server.link.opened("slow.bin", size)
    requests = [
        Request(
            "POST",
            f"{server.link.path}/upload-chunk",
            start,
            stop - start,
            {"X-Upload-Id": upload_id, "Content-Range": f"bytes {start}-{stop - 1}/{size}"},
        )
        for start, stop in spans(size, CHUNK)
    ]
    process: subprocess.Popen[str] = bench.client.trickle(server.port, bench.source(SIZE), requests, RATE, 2 * PATIENCE)
    try:
        time.sleep(3)  # until the first of them have filled every buffer there is on the way
        yield process.pid
    finally:
        end(process)
        assert process.stdout is not None
        results.append(json.loads(process.stdout.read()))
