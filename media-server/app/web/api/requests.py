"""Links over HTTP: the owner's calls, and what a sender may know."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from app.core.errors import FileNotFound, NotFound
from app.core.links import ReceivedFile, RequestLink, Usage
from app.core.remotes import PassedOn, RemoteTarget
from app.services.links.file_requests import LinkInfo
from app.web.api.downloads import download
from app.web.wire.context import client_address, services, whole_address
from app.web.wire.json_body import parse, read_json
from app.web.wire.ownership import note_act, owner_required
from app.web.wire.paging import page
from app.web.wire.request_bodies import CloseQuery, LinkTerms, ListQuery, NewLink
from app.web.wire.upload_bodies import MAX_PACKED

requests = Blueprint("requests", __name__, url_prefix="/api/droppr")


class AnyPath(BaseConverter):
    """Everything that is left of an address, line breaks in file names included."""

    regex = "(?s:.+)"
    part_isolating = False


@requests.record_once
def _know_any_path(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["anypath"] = AnyPath


@requests.post("/requests")
@owner_required
def create() -> tuple[Response, int]:
    body = read_json(NewLink)
    link = services().links.file_requests.create(body.folder, body.terms(), client_address())
    note_act("link made", link.hash, folder=str(link.folder))
    return jsonify(owner_view(link)), 201


@requests.get("/requests")
@owner_required
def list_all() -> Response:
    here = services().links.file_requests
    active = parse(ListQuery, request.args.to_dict()).active
    links, more = page(here.all(active), lambda link: (link.created_at, link.hash))
    listed = [listed_view(link, usage) for link, usage in here.with_usage(links)]
    return jsonify(requests=listed, default_expires_hours=services().settings.link_expires_hours, **more)


@requests.get("/requests/<hash>")
def show(hash: str) -> Response:
    here = services()
    info = here.links.file_requests.info(hash, client_address())
    return jsonify(
        **sender_view(info),
        chunk_size=here.settings.chunk_size,
        max_parallel_chunks=here.settings.max_parallel_chunks,
        most_parallel_chunks=here.settings.most_chunks_at_once,
        pack={"max_files": MAX_PACKED, "max_bytes": here.settings.max_chunk_size},
        captcha_provider=here.links.captcha.name,
        captcha_site_key=here.links.captcha.site_key,
        logo_url="/logo" if here.settings.logo else None,
    )


@requests.patch("/requests/<hash>")
@owner_required
def edit(hash: str) -> Response:
    terms = read_json(LinkTerms).terms()
    link = services().links.file_requests.edit(hash, terms)
    note_act("link changed", hash, changed=sorted(terms))
    return jsonify(owner_view(link))


@requests.delete("/requests/<hash>")
@owner_required
def close(hash: str) -> Response:
    if parse(CloseQuery, request.args.to_dict()).forget:
        services().receiving.forgetting.forget(hash)
        note_act("link deleted", hash)
    else:
        services().links.file_requests.close(hash)
        note_act("link closed", hash)
    return Response(status=204)


@requests.get("/requests/<hash>/files")
@owner_required
def files(hash: str) -> Response:
    received = services().links.file_requests.usage(hash).files
    files, more = page(received, lambda file: (file.received_at, file.upload_id))
    states = services().forwarding.outbox.states(files)
    return jsonify(files=[file_view(file, states.get(file.upload_id)) for file in files], **more)


@requests.post("/requests/<hash>/files/<anypath:path>/pass-on")
@owner_required
def pass_on(hash: str, path: str) -> tuple[Response, int]:
    here = services()
    link, file = here.links.file_requests.received(hash, path)
    passed_on = here.forwarding.outbox.again(link, file)
    note_act("file to be passed on again", hash, file.upload_id, path=path)
    return jsonify(passed_on=passed_on_view(passed_on)), 202


@requests.get("/requests/<hash>/files/<anypath:path>")
@owner_required
def fetch(hash: str, path: str) -> Response:
    here = services()
    link, file = here.links.file_requests.received(hash, path)
    try:
        return download(here.ground.inbox.locate(link.folder, file.disk_path, file.file_identity), file, here.settings)
    except FileNotFoundError:
        raise FileNotFound("This file has been moved, deleted or replaced by a link on the server.") from None


@requests.get("/captcha")
def challenge() -> Response:
    found = services().links.captcha.challenge()
    if found is None:
        raise NotFound("This server's captcha makes its challenges elsewhere.")
    return jsonify(found)


def _common_view(link: RequestLink) -> dict[str, Any]:
    url = f"/request/{link.hash}"
    return {
        "hash": link.hash,
        "url": url,
        "link": whole_address(url),
        "title": link.title,
        "message": link.message,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "active": link.active,
        "requires_password": link.requires_password,
        "max_file_size": link.max_file_size,
        "max_total_size": link.max_total_size,
        "max_files": link.max_files,
        "allowed_extensions": link.allowed_extensions,
        "captcha": link.captcha,
        "ask_name": link.ask_name,
        "ask_email": link.ask_email,
    }


def owner_view(link: RequestLink) -> dict[str, Any]:
    return {
        **_common_view(link),
        "link_as_asked": services().settings.public_url is None,
        "folder": str(link.folder),
        "destination": destination_view(link.destination),
        "allowed_origins": link.allowed_origins,
    }


def destination_view(target: RemoteTarget | None) -> dict[str, Any]:
    if target is None:
        return {"kind": "folder"}
    shown = (
        {"bucket": target.bucket, "prefix": target.prefix} if target.kind == "s3" else {"folder_id": target.folder_id}
    )
    return {"kind": target.kind, **shown}


def passed_on_view(passed_on: PassedOn | None) -> dict[str, Any] | None:
    return None if passed_on is None else asdict(passed_on)


def listed_view(link: RequestLink, usage: Usage) -> dict[str, Any]:
    return {
        **owner_view(link),
        "expired": link.is_expired(services().ground.clock()),
        "files_received": len(usage.files),
        "bytes_received": usage.bytes_received,
        "uploads_open": len(usage.open),
    }


def sender_view(info: LinkInfo) -> dict[str, Any]:
    """Never the folder, what others sent, or anything about the password but that there is one. Whoever does not have it
    learns that the link is full, but not how far others have filled it."""
    link = info.link
    left = {} if link.requires_password else {"files_left": info.files_left, "bytes_left": info.bytes_left}
    return {
        **_common_view(link),
        # Rounded up, as 0 would read as no expiry.
        "expires_in": None if info.expires_in is None else math.ceil(info.expires_in),
        "max_file_size": info.file_limit,
        "allowed_extensions": info.extensions,
        "captcha_required": info.captcha_required,
        "full": info.full,
        **left,
        "passed_on_to": link.destination.kind if link.destination else None,
    }


def file_view(file: ReceivedFile, passed_on: PassedOn | None) -> dict[str, Any]:
    return {
        "path": file.path,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "received_at": file.received_at,
        "last_modified": file.last_modified,
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
        "upload_id": file.upload_id,
        "passed_on": passed_on_view(passed_on),
    }
