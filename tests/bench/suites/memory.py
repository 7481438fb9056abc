"""Memory of all server processes while 64 chunks of 64 MiB come in at once."""

from __future__ import annotations

from tests.bench import machine
from tests.bench.load import LoadFailed
from tests.bench.report import Section
from tests.bench.runs import GIB, MIB, Bench
from tests.bench.servers import Droppr
from tests.bench.suites.uploads import NAME, Shape, any_completed, chunk_requests

FLYING = 64
CHUNK = 64 * MIB


def run(bench: Bench) -> Section:
    section = Section("memory")
    section.text(
        f"{FLYING} chunks of {CHUNK // MIB} MiB on {FLYING} connections at once. Peak: the sum of what each process had "
        "resident at its highest, pages that several share counted in each, so never less than the true peak."
    )
    rows: list[list[str]] = []
    for title, behind, workers, threads in (
        ("gunicorn alone, 1 worker × 32 threads (default)", False, 1, 32),
        ("gunicorn alone, 1 worker × 64 threads", False, 1, 64),
        ("gunicorn alone, 2 workers × 32 threads", False, 2, 32),
        ("behind nginx, 1 worker × 64 threads", True, 1, 64),
    ):
        folder = bench.folder / f"memory-{len(rows)}"
        more = {"DROPPR_THREADS": threads, "DROPPR_DURABILITY": "none"}
        with Droppr(folder, behind_nginx=behind, workers=workers, **more) as server:
            idle, peak, *more_figures = _measured(bench, server)
        rows.append([title, f"{idle / MIB:.0f}", f"{peak / MIB:.0f}", *more_figures])
        section.goal(title, peak / MIB, most=250, unit="MiB")
    section.table(["", "idle MiB", "peak MiB", "MiB/s", "others"], rows)
    return section


def _measured(bench: Bench, server: Droppr) -> tuple[int, int, str, str]:
    """Resident bytes before, the most bytes, and speed and the others' share as the table tells them."""
    shape = Shape(FLYING * CHUNK, FLYING, CHUNK)
    source = bench.source(GIB)
    server.link.deliver("warm-up.bin", b"x" * 1000)
    idle, _ = machine.resident(server.roots)
    machine.forget_peaks(server.roots)
    upload_id = server.link.opened(NAME, shape.size)
    requests = chunk_requests(server, upload_id, shape)
    with bench.warm_memory(), bench.looking_for_others(*server.roots) as others:
        sent = bench.client.send(server.port, source, requests, shape.connections, stamp=True)
    peak = machine.peak_resident(server.roots)
    right = source.matches(server.link.disk / NAME, 0, shape.size, stamps=[each.offset for each in requests])
    if not right or not any_completed(sent, server, upload_id):
        raise LoadFailed("what arrived is not what was sent")
    return idle, peak, f"{shape.size / MIB / sent.seconds:.0f}", f"{others[0]:.0%}"
