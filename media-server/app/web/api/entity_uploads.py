"""Documents for entities that are named: the same calls as senders make on a link, made by the owner on the entity's own."""

from __future__ import annotations

from flask import Blueprint, Response

from app.web.api import native
from app.web.wire.context import services
from app.web.wire.ownership import acting, owner_required

entity_uploads = Blueprint("entity_uploads", __name__, url_prefix="/api/entities/<entity_id>")


@entity_uploads.post("/files")
@owner_required
def upload_file(entity_id: str) -> Response:
    return native.upload_file(_link(entity_id))


@entity_uploads.post("/uploads")
@owner_required
def open_upload(entity_id: str) -> tuple[Response, int]:
    return native.open_upload(_link(entity_id))


@entity_uploads.route("/upload-chunk", methods=["POST", "PUT", "PATCH"])
@owner_required
def upload_chunk(entity_id: str) -> Response:
    return native.upload_chunk(_link(entity_id))


@entity_uploads.get("/uploads/<upload_id>")
@owner_required
def upload_status(entity_id: str, upload_id: str) -> Response:
    return native.upload_status(_known_link(entity_id), upload_id)


@entity_uploads.delete("/uploads/<upload_id>")
@owner_required
def cancel_upload(entity_id: str, upload_id: str) -> tuple[str, int]:
    services().receiving.uploads.cancel(_known_link(entity_id), upload_id, acting())
    return "", 204


def _link(entity_id: str) -> str:
    return services().entities.links.link(entity_id, acting())


def _known_link(entity_id: str) -> str:
    """One that there may not be: whoever looks for its uploads finds none."""
    return services().entities.links.hash(entity_id)
