"""The native upload protocol: open, chunk, status, cancel, and small files in one request."""

from __future__ import annotations

from math import inf
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.actors import sender
from app.core.errors import ChunkTooLarge, InvalidPath, InvalidRange, InvalidRequest, UploadError, UploadNotOpened
from app.core.pack import PackReader
from app.core.paths import RelPath
from app.core.session import State, UploadSession
from app.services.receiving.commands import OpenUpload, ReceiveChunk
from app.settings import UPLOADS
from app.storage.disk.bodies import FileBody
from app.web.api.asks import FORM_FRAME_BYTES
from app.web.server.handover import chunk_body
from app.web.wire.context import client_address, services
from app.web.wire.credentials import credentials as sender_credentials
from app.web.wire.direct_calls import MOST_PARTS_AT_ONCE, PartsBody, PartsDone
from app.web.wire.direct_replies import Direct, PartsSigned, part_view
from app.web.wire.errors import STATUS, described
from app.web.wire.forms import received
from app.web.wire.gaps import MAX_IN_STATUS, all_gaps, arrived, first_gaps
from app.web.wire.headers import ChunkHeaders, chunk_headers, wants_sha256
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, acts_as_owner
from app.web.wire.replies import Acknowledged, Finished, Opened, PackedFile, UploadStatus
from app.web.wire.rights import judged_link
from app.web.wire.upload_bodies import MAX_LIST_BYTES, FoldersBody, OpenUploadBody, UploadsBody, packed_files

native = Blueprint("native", __name__, url_prefix="/api/droppr/requests/<hash>")


@native.post("/uploads")
def open_upload(hash: str) -> tuple[Response, int]:
    body = read_json(OpenUploadBody)
    session = services().receiving.uploads.open(hash, body.command(), sender_credentials())
    services().operations.notes.came_by(request.headers.get("X-Next-Hop-Protocol", ""))
    return jsonify(_opened(session)), 201


@native.get("/uploads/<upload_id>")
def upload_status(hash: str, upload_id: str) -> Response:
    session = services().receiving.uploads.status(hash, upload_id)
    return jsonify(status_view(session))


@native.post("/arrived")
def arrived_uploads(hash: str) -> Response:
    named = read_json(UploadsBody, MAX_LIST_BYTES).uploads
    return jsonify(arrived=services().receiving.uploads.delivered(hash, named))


@native.delete("/uploads/<upload_id>")
def cancel_upload(hash: str, upload_id: str) -> tuple[str, int]:
    if acts_as_owner():
        services().receiving.open_uploads.stop(hash, upload_id, acting())
    else:
        services().receiving.uploads.cancel(hash, upload_id, sender(client_address()))
    return "", 204


@native.post("/uploads/<upload_id>/parts")
def sign_parts(hash: str, upload_id: str) -> Response:
    wanted = read_json(PartsBody).wanted()
    session, parts = services().receiving.direct.sign(hash, upload_id, wanted, client_address(), judged_link())
    reply: PartsSigned = {
        "upload_id": session.upload_id,
        "complete": session.state is State.COMPLETE,
        "received_bytes": session.received_bytes,
        "parts": [part_view(each) for each in parts],
    }
    return jsonify(reply)


@native.post("/uploads/<upload_id>/parts/done")
def confirm_parts(hash: str, upload_id: str) -> Response:
    numbers = read_json(PartsDone).parts
    session = services().receiving.direct.confirm(hash, upload_id, numbers, judged_link())
    return _finishing(session) if session.state is State.COMPLETE else jsonify(_acknowledged(session))


@native.post("/folders")
def make_folders(hash: str) -> tuple[Response, int]:
    body = read_json(FoldersBody, MAX_LIST_BYTES)
    who = body.sender_name, body.sender_email
    return jsonify(folders=services().receiving.folders.make(hash, body.folders(), sender_credentials(), *who)), 201


@native.route("/upload-chunk", methods=["POST", "PUT", "PATCH"])
def upload_chunk(hash: str) -> Response:
    here = services()
    receiving = here.receiving
    with chunk_body(request.environ, here.settings) as (body, length):
        chunk = chunk_headers(request.headers, length)
        upload_id = chunk.upload_id or _joined(hash, chunk)
        if upload_id is None and chunk.is_whole:
            opening = _opening(chunk)
            session = receiving.small_files.receive(
                hash, opening, body, sender_credentials(), checksum=chunk.digests, index=chunk.index
            )
            return _finishing(session)
        upload_id = upload_id or receiving.uploads.open(hash, _opening(chunk), sender_credentials()).upload_id
        if chunk.span is None:
            return jsonify(_acknowledged(_empty(receiving.uploads.status(hash, upload_id))))
        by_nginx = isinstance(body, FileBody)
        command = ReceiveChunk(
            upload_id,
            chunk.span,
            chunk.total,
            chunk.digests,
            chunk.index,
            client=client_address(),
            spooled=by_nginx,
        )
        # What nginx has received was asked about in a request of its own.
        session = receiving.uploads.receive(hash, command, body, None if by_nginx else judged_link())
        return _finishing(session) if session.state is State.COMPLETE else jsonify(_acknowledged(session))


@native.post("/upload")
def upload_file(hash: str) -> Response:
    here = services()
    most, folder = here.settings.max_chunk_size, here.settings.data_dir / UPLOADS
    credentials = sender_credentials()
    with chunk_body(request.environ, here.settings) as (body, length):
        if length is not None and length > most + FORM_FRAME_BYTES:
            raise _too_large()
        link = here.receiving.small_files.admit(hash, most if length is None else length, credentials)
        with received(body, request.content_type or "", most, folder) as form:
            if form.content is None:
                raise InvalidRequest("Send the file in the form field 'file'.", fields={"file": "missing"})
            path = RelPath.parse(form.fields.get("relative_path") or form.filename or "")
            name, email = form.fields.get("sender_name"), form.fields.get("sender_email")
            item = form.fields.get("item") or None
            opening = OpenUpload(path, form.size, sender_name=name, sender_email=email, item=item)
            return jsonify(_finished(here.receiving.small_files.take(link, opening, form.content, credentials)))


@native.post("/pack")
def receive_pack(hash: str) -> Response:
    here = services()
    with chunk_body(request.environ, here.settings) as (body, length):
        _refuse_large(length)
        files = packed_files(PackReader(body), here.settings.max_chunk_size, sender_is_gone)
        outcomes = here.receiving.small_files.receive_pack(hash, files, sender_credentials())
    return jsonify(files=[_outcome(each) for each in outcomes])


def sender_is_gone() -> bool:
    connection = request.environ.get("droppr.connection")
    return connection is not None and connection.is_gone()


def _joined(hash: str, chunk: ChunkHeaders) -> str | None:
    """The upload that another request opens under this chunk's key, perhaps a moment ago; None where the chunk opens one itself."""
    opens = chunk.opening is not None or chunk.path is not None
    if chunk.key is None or (opens and (chunk.span is None or chunk.span.start == 0)):
        return None
    return services().receiving.uploads.opened_under(hash, chunk.key)


def _opening(chunk: ChunkHeaders) -> OpenUpload:
    """What a first chunk that has no upload id opens."""
    if chunk.span is not None and chunk.span.start != 0:
        raise UploadNotOpened()
    if chunk.opening is not None:
        return chunk.opening
    if chunk.path is None:
        raise InvalidPath("The name is missing: send X-Upload-Path or X-Upload-Name, or an X-Upload-Id.")
    if chunk.total is None:
        raise InvalidRequest("The file's size is missing: send Content-Range or X-Upload-Length.")
    return OpenUpload(chunk.path, chunk.total, item=chunk.item, key=chunk.key)


def _empty(session: UploadSession) -> UploadSession:
    """An empty chunk is all of an empty file and nothing of any other."""
    if session.size:
        raise InvalidRange("The chunk is empty. Send at least one byte.")
    return session


def _refuse_large(length: int | None) -> None:
    if length is not None and length > services().settings.max_chunk_size:
        raise _too_large()


def _too_large() -> ChunkTooLarge:
    limit = services().settings.max_chunk_size
    return ChunkTooLarge(f"Send files of more than {limit} bytes in chunks.", limit=limit)


def status_view(session: UploadSession, most: int = MAX_IN_STATUS) -> UploadStatus:
    """``most`` bounds how many ranges are told of what is there and of what is missing."""
    return {
        **_opened(session, most),
        "state": session.told_state,
        "path": session.sent_path,
        "name": session.sent_path.rsplit("/", 1)[-1],
        "size": session.size,
        "sha256": session.sha256,
        "last_modified": session.last_modified,
        "sample": session.sample,
        **arrived(session, most),
    }


def _opened(session: UploadSession, most: int = MAX_IN_STATUS) -> Opened:
    settings = services().settings
    return {
        "upload_id": session.upload_id,
        "chunk_size": services().receiving.uploads.chunk_size(session.size),
        "max_parallel_chunks": settings.max_parallel_chunks,
        "most_parallel_chunks": settings.most_chunks_at_once,
        "expires_at": _expires_at(session),
        "complete": session.state is State.COMPLETE,
        "removable_until": _removable_until(session),
        "received_bytes": session.received_bytes,
        "direct": _direct(session),
        **all_gaps(session, most),
    }


def _direct(session: UploadSession) -> Direct | None:
    direct = services().receiving.direct
    size = direct.part_size(session)
    return {"part_size": size, "most_parts": MOST_PARTS_AT_ONCE, "seconds": direct.seconds} if size else None


def _expires_at(session: UploadSession) -> float:
    settings = services().settings
    oldest = inf if session.state is State.COMPLETE else session.opened_at + settings.upload_max_age
    return min(session.active_at + settings.session_max_age, oldest)


def _acknowledged(session: UploadSession) -> Acknowledged:
    gaps = first_gaps(session)
    reply: Acknowledged = {
        "upload_id": session.upload_id,
        "complete": session.state is State.COMPLETE,
        "received_bytes": session.received_bytes,
        **gaps,  # type: ignore[typeddict-item]  # for all that mypy knows, it might hold what this leaves out
        "offset": gaps["missing_ranges"][0][0] if gaps["missing_ranges"] else session.size,
    }
    if session.state is not State.COMPLETE:
        return reply
    return {**reply, **_finished(session)}


def _finishing(session: UploadSession) -> Response:
    """The ChunkReply that may complete a file."""
    if wants_sha256(request.headers):
        return jsonify(**_acknowledged(session), sha256=services().receiving.digests.soon(session))
    return jsonify(_acknowledged(session))


def _outcome(outcome: UploadSession | UploadError) -> PackedFile | dict[str, Any]:
    if isinstance(outcome, UploadError):
        return {**described(outcome), "status": STATUS[type(outcome)]}
    return {**_acknowledged(outcome), "sha256": outcome.sha256}


def _finished(session: UploadSession) -> Finished:
    path = session.sent_path
    until = _removable_until(session)
    return {"name": path.rsplit("/", 1)[-1], "path": path, "size": session.size, "removable_until": until}


def _removable_until(session: UploadSession) -> float | None:
    # A session is last active when its file is delivered.
    return services().receiving.undo.until(session.active_at) if session.state is State.COMPLETE else None
