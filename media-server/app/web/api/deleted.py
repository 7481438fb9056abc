"""Deleting received files, and the bin in which they lie for a while: the owner's calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import FileNotFound
from app.core.ports.bins import DeletedFile
from app.web.wire import replies
from app.web.wire.context import services
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page

MOST_LISTED = 10_000

deleted = Blueprint("deleted", __name__, url_prefix="/api/droppr")


@deleted.delete("/requests/<hash>/files/<anypath:path>")
@owner_required
def delete(hash: str, path: str) -> Response:
    here = services()
    _, file = here.links.file_requests.received(hash, path)
    meant = request.args.get("upload_id", file.upload_id)
    if meant != file.upload_id:
        raise FileNotFound("Another file has arrived under this name since. Look at the list again.")
    until = here.received.bin.delete(hash, meant, acting())
    reply: replies.Deleted = {"upload_id": meant, "restorable_until": until}
    return jsonify(reply)


@deleted.get("/requests/<hash>/bin")
@owner_required
def listed(hash: str) -> Response:
    here = services().received.bin
    files, more = read_page(
        lambda most, after: here.page(hash, most, after),
        lambda: here.page(hash, MOST_LISTED),
        lambda each: (each.file.received_at, each.file.upload_id),
    )
    return jsonify(files=[deleted_view(each) for each in files], **more)


@deleted.post("/requests/<hash>/bin/<upload_id>/restore")
@owner_required
def restore(hash: str, upload_id: str) -> Response:
    file = services().received.bin.restore(hash, upload_id, acting())
    reply: replies.Restored = {"upload_id": upload_id, "path": file.path}
    return jsonify(reply)


@deleted.delete("/requests/<hash>/bin/<upload_id>")
@owner_required
def empty(hash: str, upload_id: str) -> Response:
    services().received.bin.empty(hash, upload_id, acting())
    return Response(status=204)


def deleted_view(each: DeletedFile) -> replies.DeletedFile:
    assert each.until is not None
    return {
        "upload_id": each.file.upload_id,
        "path": each.file.path,
        "name": each.file.name,
        "size": each.file.size,
        "received_at": each.file.received_at,
        "deleted_at": each.deleted_at,
        "deleted_by": each.deleted_by,
        "restorable_until": each.until,
    }
