"""The owner's look at what is on its way to a link, and how to stop it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.services.receiving.open_uploads import UnderWay
from app.web.wire.context import services
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import page
from app.web.wire.replies import OpenUpload, Stopped

open_uploads = Blueprint("open_uploads", __name__, url_prefix="/api/droppr/requests/<hash>/uploads")


@open_uploads.get("")
@owner_required
def list_open(hash: str) -> Response:
    here = services()
    openings, more = page(here.receiving.open_uploads.of(hash), lambda opening: (opening.at, opening.upload_id))
    uploads = [under_way_view(each) for each in here.receiving.open_uploads.look(openings)]
    return jsonify(at=here.ground.clock(), uploads=uploads, **more)


@open_uploads.delete("")
@owner_required
def stop_all(hash: str) -> Response:
    outcome = services().receiving.open_uploads.stop_all(hash, acting())
    return jsonify(Stopped(cancelled=outcome.stopped, left=outcome.left))


def under_way_view(each: UnderWay) -> OpenUpload:
    session = each.session
    return {
        "upload_id": session.upload_id,
        "path": str(session.path),
        "size": session.size,
        "received_bytes": session.received_bytes,
        "opened_at": session.opened_at,
        "active_at": session.active_at,
        "sender_name": session.sender.name,
        "sender_email": session.sender.email,
        "address": session.client or None,
        "bytes_per_second": round(each.bytes_per_second),
        "running": each.running,
    }
