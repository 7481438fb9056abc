"""Shares over HTTP: what owners set, and what receivers download."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Blueprint, Response, jsonify, request

from app.core.errors import FileNotFound
from app.core.links import ReceivedFile
from app.core.ports.inbox import StoredFile
from app.core.shares import Share
from app.web.api.archives import sent_archive
from app.web.api.downloads import download, etag_of, keeps_busy, named
from app.web.api.sending import file_parts, ranged
from app.web.api.taking import ARCHIVE, Taking, begun
from app.web.wire.context import client_address, services
from app.web.wire.headers import percent_decoded
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.reach import chooses_by_reach
from app.web.wire.receivers import key_of
from app.web.wire.share_calls import USUAL_HOURS, NewShare, ShareTerms, owners_share, receivers_share

shares = Blueprint("shares", __name__, url_prefix="/api/droppr")


@shares.post("/shares")
@owner_required
@chooses_by_reach
def make() -> tuple[Response, int]:
    body = read_json(NewShare)
    services().links.whose.link(body.link, acting().reach)
    terms = {"expires_hours": USUAL_HOURS, **body.terms()}
    return jsonify(owners_share(services().received.shares.make(body.link, body.uploads, terms, acting()))), 201


@shares.get("/requests/<hash>/shares")
@owner_required
def of_link(hash: str) -> Response:
    return jsonify(shares=[owners_share(each) for each in services().received.shares.of_link(hash)])


@shares.patch("/shares/<share>")
@owner_required
def change(share: str) -> Response:
    return jsonify(owners_share(services().received.shares.change(share, read_json(ShareTerms).terms(), acting())))


@shares.delete("/shares/<share>")
@owner_required
def remove(share: str) -> Response:
    services().received.shares.remove(share, acting())
    return Response(status=204)


@shares.get("/shares/<share>")
def show(share: str) -> Response:
    found = _entered(share)
    return jsonify(receivers_share(found, services().received.shares.contents(found)))


@shares.get("/shares/<share>/files/<id>")
def fetch(share: str, id: str) -> Response:
    found = _entered(share)
    file, stored = services().received.shares.file(found, id)
    try:
        ours = found.max_downloads or keeps_busy(stored, file.name)
        reply = _counted(found, file, stored) if ours else _uncounted(found, file, stored)
    except FileNotFoundError:
        raise FileNotFound("This file is no longer here. Ask whoever sent you the address for it.") from None
    return _for_receivers(reply)


@shares.get("/shares/<share>/archive")
def fetch_all(share: str) -> Response:
    found, here = _entered(share), services()
    client = client_address()
    with ExitStack() as stack:
        stack.enter_context(here.ground.bounds.shares.place(client))
        made = here.received.archives.make(found.link, here.received.shares.wanted(found))
        stack.callback(made.close)
        name = f"{found.title or 'files'}.zip"
        reply = sent_archive(made, stack, name, lambda _: begun(Taking(found, client, ARCHIVE, made.size)))
        return _for_receivers(reply)


def _entered(hash: str) -> Share:
    password = percent_decoded(request.headers, "X-Share-Password")
    return services().received.shares.enter(hash, password, key_of(hash), client_address())


def _counted(share: Share, file: ReceivedFile, stored: StoredFile) -> Response:
    """Sent by this process, as it has to know how much of it went out."""
    client = client_address()
    with ExitStack() as stack:
        stack.enter_context(services().ground.bounds.shares.place(client))
        reply = ranged(
            stored.size,
            etag_of(stored, file),
            lambda span: file_parts(stored, span),
            stack,
            lambda _: begun(Taking(share, client, file.upload_id, stored.size)),
        )
    return named(reply, file.name)


def _uncounted(share: Share, file: ReceivedFile, stored: StoredFile) -> Response:
    """Sent like any other file: who begins with the first byte counts, as there is nothing that could be used up."""
    reply = download(stored, file, services().settings)
    from_the_start = request.headers.get("Range", "bytes=0-").replace(" ", "").startswith("bytes=0-")
    if request.method == "GET" and reply.status_code in (200, 206, 302) and from_the_start:
        services().received.shares.sent(share, client_address(), file.upload_id, stored.size, stored.size)
    return reply


def _for_receivers(reply: Response) -> Response:
    reply.headers["X-Content-Type-Options"] = "nosniff"
    reply.headers["X-Robots-Tag"] = "noindex, nofollow"
    # Or nginx would take a mebibyte before its client has taken a byte, and that would be counted.
    reply.headers["X-Accel-Buffering"] = "no"
    return reply
