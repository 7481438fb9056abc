"""Health, readiness, metrics, and how uploads are getting on."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from app.core.errors import Busy, Unauthorized
from app.services.operations.observer import OfAllWorkers
from app.web.api.events import figures_told
from app.web.wire.context import is_local, services
from app.web.wire.figures import OnceQuery
from app.web.wire.json_body import parse
from app.web.wire.ownership import owner_required, recognised_owner
from app.web.wire.reach import judge_admin
from app.web.wire.replies import Alive, NotReady, Ready
from app.web.wire.streamed import streamed, told_once

system = Blueprint("system", __name__)

_LEAVING = "This server was told to end, and takes nothing new in a moment."


@system.get("/healthz")
def healthz() -> Response:
    return jsonify(Alive(status="ok"))


@system.get("/readyz")
def readyz() -> tuple[Response, int]:
    found = [_LEAVING] if request.environ.get("droppr.leaving") else services().problems()
    if found:
        return jsonify(NotReady(status="not ready", error=" ".join(found), code="busy", problems=found)), 503
    return jsonify(Ready(status="ready", notes=services().operations.notes.sentences())), 200


@system.get("/metrics")
def metrics() -> Response:
    if not is_local():
        owner = recognised_owner()
        if owner is None:
            raise Unauthorized()
        judge_admin(owner)
    registry = CollectorRegistry()
    OfAllWorkers(registry)  # type: ignore[no-untyped-call]
    registry.register(_Now())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@system.get("/api/v1/system/upload-status")
@owner_required
def upload_status() -> Response:
    return jsonify(services().operations.figures.status())


@system.get("/api/v1/system/upload-events")
@owner_required
def upload_events() -> Response:
    """The figures as they change, as server-sent events; for who comes when all streams are taken, and for who wants it so, as they are."""
    told = figures_told()
    if parse(OnceQuery, request.args.to_dict()).once:
        return told_once(told[1])
    try:
        return streamed(told)
    except Busy:
        return told_once(told[1])


@system.get("/api/v1/system/upload-progress/<upload_id>")
def upload_progress(upload_id: str) -> Response:
    """For whoever knows the upload's id: it is a capability, so the owner and its sender."""
    return jsonify(services().operations.figures.progress(upload_id))


class _Now:
    """What is so at this moment, asked when it is told: right across workers and restarts."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        figures = services().operations.figures
        concurrency, memory, disk = figures.concurrency(), figures.memory(), figures.disk()
        for name, help, value in (
            ("active_uploads", "Uploads that are open", figures.open_uploads()),
            ("running_uploads", "Uploads that have a place", concurrency["running_uploads"]),
            ("waiting_uploads", "Uploads that wait for a place", concurrency["waiting_uploads"]),
            ("upload_places", "Uploads that may run at once", concurrency["max_concurrent_uploads"]),
            ("memory_used_bytes", "Memory in use, of the limit that counts", memory["used_bytes"]),
            ("memory_limit_bytes", "The limit on memory that counts", memory["limit_bytes"]),
            ("memory_reserved_bytes", "Memory promised to uploads and buffers", memory["reserved_bytes"]),
            ("memory_usage_percent", "Memory in use in percent of its limit", memory["current_usage"]),
            ("memory_max_percent", "From which percentage on new uploads are refused", memory["max_usage"]),
            ("disk_total_bytes", "What the disk of the data folder has", disk["total_bytes"]),
            ("disk_free_bytes", "What of it is free", disk["free_bytes"]),
            ("disk_available_bytes", "What new uploads may still take", disk["available_bytes"]),
            ("disk_promised_bytes", "What is promised to open uploads", disk["promised_bytes"]),
            ("received_files_bytes", "Received files of all links", disk["received_bytes"]),
            ("bin_bytes", "Deleted files that can be restored", disk["bin_bytes"]),
            ("bin_files", "How many there are of them", disk["bin_files"]),
        ):
            yield GaugeMetricFamily(f"droppr_{name}", help, value=value)
