"""Renaming and deleting received files, and the bin in which they lie for a while: the owner's calls."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import FileNotFound, UploadError
from app.core.paths import RelPath
from app.core.ports.bins import DeletedFile
from app.web.wire import bin_replies
from app.web.wire.context import services
from app.web.wire.errors import STATUS
from app.web.wire.file_queries import ChosenBody, ManyBody, RenameBody
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page
from app.web.wire.reach import changes_nothing

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
    reply: bin_replies.Deleted = {"upload_id": meant, "restorable_until": until}
    return jsonify(reply)


@deleted.patch("/requests/<hash>/files/<anypath:path>")
@owner_required
def rename(hash: str, path: str) -> Response:
    here, body = services(), read_json(RenameBody)
    _, file = here.links.file_requests.received(hash, path)
    if body.upload_id not in (None, file.upload_id):
        raise FileNotFound("Another file has arrived under this name since. Look at the list again.")
    renamed = here.received.renames.rename(hash, file.upload_id, RelPath.parse(body.path), acting())
    reply: bin_replies.Renamed = {"upload_id": renamed.upload_id, "path": renamed.path, "name": renamed.name}
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
    reply: bin_replies.Restored = {"upload_id": upload_id, "path": file.path}
    return jsonify(reply)


@deleted.delete("/requests/<hash>/bin/<upload_id>")
@owner_required
def empty(hash: str, upload_id: str) -> Response:
    services().received.bin.empty(hash, upload_id, acting())
    return Response(status=204)


@deleted.post("/requests/<hash>/deletions")
@owner_required
def delete_many(hash: str) -> Response:
    outcomes = services().received.many.delete(hash, read_json(ManyBody).uploads, acting())
    files: list[bin_replies.Deleted | bin_replies.FileRefused] = [
        _refused(upload_id, until)
        if isinstance(until, UploadError)
        else {"upload_id": upload_id, "restorable_until": until}
        for upload_id, until in outcomes.done
    ]
    return jsonify(bin_replies.DeletedMany(files=files, left=outcomes.left))


@deleted.post("/requests/<hash>/restorations")
@owner_required
def restore_many(hash: str) -> Response:
    outcomes = services().received.many.restore(hash, read_json(ManyBody).uploads, acting())
    files: list[bin_replies.Restored | bin_replies.FileRefused] = [
        _refused(upload_id, file) if isinstance(file, UploadError) else {"upload_id": upload_id, "path": file.path}
        for upload_id, file in outcomes.done
    ]
    return jsonify(bin_replies.RestoredMany(files=files, left=outcomes.left))


@deleted.post("/requests/<hash>/selections")
@owner_required
@changes_nothing
def select(hash: str) -> tuple[Response, int]:
    made = services().received.selections.make(hash, read_json(ChosenBody).uploads)
    return jsonify(bin_replies.Selected(id=made.id, expires_at=made.until)), 201


def _refused(upload_id: str, error: UploadError) -> bin_replies.FileRefused:
    return {"upload_id": upload_id, "error": error.message, "code": error.code, "status": STATUS[type(error)]}


def deleted_view(each: DeletedFile) -> bin_replies.DeletedFile:
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
