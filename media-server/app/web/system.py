"""Health, readiness and metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.errors import Unauthorized, UploadNotFound
from app.core.session import State
from app.services.readiness import problems
from app.web.context import client_address, services
from app.web.owner import is_owner

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


class _ActiveUploads:
    """Uploads that are open at this moment, counted when asked: right across workers and restarts."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        active = sum(1 for upload_id in services().sessions.ids() if _is_open(upload_id))
        yield GaugeMetricFamily("droppr_active_uploads", "Uploads that are open", value=active)


def _is_open(upload_id: str) -> bool:
    try:
        return services().sessions.load(upload_id).state is State.OPEN
    except UploadNotFound:
        return False


def _from_loopback() -> bool:
    if request.headers.get("X-Forwarded-For"):
        return False
    try:
        return ipaddress.ip_address(client_address()).is_loopback
    except ValueError:
        return False
