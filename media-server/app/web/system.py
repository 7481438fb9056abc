"""Health, readiness, metrics, and how uploads are getting on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.errors import Unauthorized, UploadNotFound
from app.core.session import State, UploadSession
from app.services.readiness import problems
from app.web.context import client_address, services
from app.web.owner import is_owner, owner_required

system = Blueprint("system", __name__)


@system.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@system.get("/readyz")
def readyz() -> tuple[Response, int]:
    found = problems(services().settings.data_dir)
    if found:
        return jsonify(status="not ready", error=" ".join(found), code="busy", problems=found), 503
    return jsonify(status="ready"), 200


@system.get("/metrics")
def metrics() -> Response:
    if not (_from_loopback() or is_owner()):
        raise Unauthorized()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(_ActiveUploads())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@system.get("/api/v1/system/upload-status")
@owner_required
def upload_status() -> Response:
    here = services()
    memory = here.memory_monitor.usage()
    return jsonify(
        concurrency={"active_uploads": _active(), "max_concurrent_chunks": here.settings.max_parallel_chunks},
        memory_monitor={"current_usage": memory.percent, "used_bytes": memory.used, "limit_bytes": memory.limit},
    )


@system.get("/api/v1/system/upload-progress/<upload_id>")
def upload_progress(upload_id: str) -> Response:
    """For whoever knows the upload's id: it is a capability, so the owner and its sender."""
    here = services()
    session = here.sessions.load(upload_id)
    reply = jsonify(_progress(session, here.clock()))
    reply.headers["Cache-Control"] = "no-store"
    return reply


def _progress(session: UploadSession, now: float) -> dict[str, Any]:
    ended = session.state is not State.OPEN
    elapsed = max(0.0, (session.active_at if ended else now) - session.opened_at)
    speed = session.received_bytes / elapsed if elapsed else 0.0
    left = session.size - session.received_bytes
    return {
        "state": session.state,
        "size": session.size,
        "received_bytes": session.received_bytes,
        "percent": round(100 * session.received_bytes / session.size, 2) if session.size else 100.0,
        "missing_ranges": len(session.missing),
        "opened_at": session.opened_at,
        "last_byte_at": session.active_at,
        "elapsed_seconds": elapsed,
        "bytes_per_second": speed,
        "seconds_left": None if ended or not speed else left / speed,
    }


class _ActiveUploads:
    """Uploads that are open at this moment, counted when asked: right across workers and restarts."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("droppr_active_uploads", "Uploads that are open", value=_active())


def _active() -> int:
    return sum(1 for upload_id in services().sessions.ids() if _is_open(upload_id))


def _is_open(upload_id: str) -> bool:
    try:
        return services().sessions.load(upload_id).state is State.OPEN
    except UploadNotFound:
        return False


def _from_loopback() -> bool:
    if not request.remote_addr:
        return False  # The unix socket: nginx asks for others, wherever it runs.
    try:
        return ipaddress.ip_address(client_address()).is_loopback
    except ValueError:
        return False
