"""Links over HTTP: the owner's calls, and what a sender may know."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from app.core.checklists import UNKNOWN
from app.core.errors import FileNotFound, InvalidRequest, NotFound, RequestNotFound
from app.core.file_lists import Copy, Found, SenderFiles
from app.core.links import ReceivedFile, RequestLink
from app.core.remotes import PassedOn
from app.core.standing import place_of
from app.core.types import kind_of
from app.services.links.file_requests import MAX_LISTED, Listing
from app.web.api.archives import archive, archive_of_many
from app.web.api.downloads import download
from app.web.wire import replies
from app.web.wire.context import client_address, services
from app.web.wire.file_queries import FilesQuery
from app.web.wire.json_body import parse, read_json
from app.web.wire.link_queries import CloseQuery, ListQuery, Seen
from app.web.wire.link_views import listed_view, owner_view, sender_view
from app.web.wire.ownership import acting, owner_required, require_owner
from app.web.wire.paging import READ_AT_ONCE, PageQuery, read_ordered, read_page, read_sorted
from app.web.wire.reach import changes_nothing, chooses_by_reach
from app.web.wire.request_bodies import LinkTerms, NewLink
from app.web.wire.taken import note_download

MOST_SENDERS = 500
"""Senders that are told: who sent most comes first."""

MOST_COPIES = 20
"""Links that are told to have the same file."""
MOST_WITH_COPIES = 200
"""Files of one page that are looked for on other links, one after the other."""

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
@chooses_by_reach
def create() -> tuple[Response, int]:
    body = read_json(NewLink)
    here = services().links
    owner = here.whose.owner_of_new(acting(), body.owner)
    terms = here.templates.changes(body.template, acting().reach) | body.terms()
    link = here.file_requests.create(body.folder, terms, acting(), owner=owner)
    return jsonify(owner_view(link)), 201


@requests.get("/requests")
@owner_required
@chooses_by_reach
def list_all() -> Response:
    here = services().links.file_requests
    query = parse(ListQuery, request.args.to_dict())
    owners = query.owners_within(acting().reach)
    wanted = Listing(str(acting()), query.order, query.only, query.active, owners)
    links, more = read_ordered(
        lambda most, after: here.page(most, after, wanted),
        lambda: here.all(wanted),
        lambda each: place_of(*each, query.order.by),
        str(query.order),
    )
    listed = [listed_view(link, standing) for link, standing in links]
    return jsonify(requests=listed, default_expires_hours=services().settings.link_expires_hours, **more)


@requests.get("/requests/<hash>")
def show(hash: str) -> Response:
    here = services().links.file_requests
    if request.args.get("as") != "owner":
        return jsonify(sender_view(here.info(hash, client_address())))
    require_owner()
    return jsonify(listed_view(*here.standing(hash, acting())))


@requests.post("/requests/<hash>/seen")
@owner_required
@changes_nothing
def see(hash: str) -> Response:
    new = services().links.file_requests.see(hash, acting(), read_json(Seen).files_arrived)
    return jsonify(files_new=new)


@requests.patch("/requests/<hash>")
@owner_required
def edit(hash: str) -> Response:
    body, here = read_json(LinkTerms), services().links
    owner = None if body.owner is None else here.whose.owner(acting(), body.owner)
    return jsonify(owner_view(here.file_requests.edit(hash, body.terms(), acting(), owner)))


@requests.delete("/requests/<hash>")
@owner_required
def close(hash: str) -> Response:
    if parse(CloseQuery, request.args.to_dict()).forget:
        services().receiving.forgetting.forget(hash, acting())
    else:
        services().links.file_requests.close(hash, acting())
    return Response(status=204)


@requests.get("/requests/<hash>/files")
@owner_required
def files(hash: str) -> Response:
    here = services()
    query = parse(FilesQuery, request.args.to_dict())
    if query.copies:
        _check_few()
    found: dict[str, replies.FoundFiles] = {}
    lists = here.received.lists
    is_page = True
    if query.new:
        files, more = _unseen(hash)
    elif {*request.args} & {*FilesQuery.model_fields, *PageQuery.model_fields}:
        choice, order = query.choice, query.order
        files, more = read_sorted(lambda most, after: lists.page(hash, most, choice, order, after), order)
        if query.count:
            found = {"found": found_view(lists.count(hash, choice))}
    else:
        # As it has always been: the whole of it in the order of arrival.
        files, more = list(here.links.file_requests.all_files(hash)), {}
        is_page = False
    states = here.forwarding.outbox.states(files)
    views = [file_view(file, states.get(file.upload_id)) for file in files]
    if is_page:
        _tell_same(hash, views)
    if query.copies:
        _tell_copies(hash, views)
    return jsonify(files=views, **found, **more)


def _tell_same(hash: str, views: list[replies.ReceivedFile]) -> None:
    lists = services().received.lists
    for start in range(0, len(views), READ_AT_ONCE):
        some = views[start : start + READ_AT_ONCE]
        copies = lists.same_as(hash, [each["upload_id"] for each in some if each["sha256"]])
        for each in some:
            each["same_as"] = copies.get(each["upload_id"])


def _check_few() -> None:
    if (parse(PageQuery, request.args.to_dict()).limit or MOST_WITH_COPIES + 1) > MOST_WITH_COPIES:
        sentence = f"Ask for copies in pages of up to {MOST_WITH_COPIES}: limit={MOST_WITH_COPIES}."
        raise InvalidRequest(sentence, fields={"limit": sentence})


def _tell_copies(hash: str, views: list[replies.ReceivedFile]) -> None:
    known: dict[str, replies.CopyList] = {}
    for each in views:
        digest = each["sha256"]
        if digest is not None and digest not in known:
            known[digest] = _copies(hash, each["upload_id"])
        found = known[digest] if digest else replies.CopyList(copies=[], more=False)
        each["copies"], each["more_copies"] = found["copies"], found["more"]


@requests.get("/requests/<hash>/copies/<upload_id>")
@owner_required
def copies(hash: str, upload_id: str) -> Response:
    services().links.file_requests.link(hash)
    return jsonify(_copies(hash, upload_id))


def _copies(hash: str, upload_id: str) -> replies.CopyList:
    here = services()
    found = here.received.copies.elsewhere(hash, upload_id, MOST_COPIES, acting().reach.owners)
    told: list[replies.FileCopy] = []
    for each in found.found:
        with suppress(RequestNotFound):  # A link that was deleted meanwhile.
            told.append(copy_view(each, here.links.file_requests.link(each.link)))
    return replies.CopyList(copies=told, more=found.more)


@requests.get("/requests/<hash>/senders")
@owner_required
def senders(hash: str) -> Response:
    found = services().received.lists.senders(hash, MOST_SENDERS + 1)
    told = [sender_files_view(each) for each in found[:MOST_SENDERS]]
    reply: replies.SenderList = {"senders": told, "more": len(found) > MOST_SENDERS}
    return jsonify(reply)


def _unseen(hash: str) -> tuple[list[ReceivedFile], dict[str, str | None]]:
    """The files that the owner has not seen, which stand in the order in which they became known."""
    here, viewer = services().links.file_requests, acting()
    found, more = read_page(
        lambda most, after: here.unseen(hash, viewer, most, None if after is None else int(after[0])),
        lambda: reversed(here.unseen(hash, viewer, MAX_LISTED, None)),
        lambda each: (float(each[0]), each[1].upload_id),
    )
    return [file for _, file in found], more


@requests.post("/requests/<hash>/files/<anypath:path>/pass-on")
@owner_required
def pass_on(hash: str, path: str) -> tuple[Response, int]:
    here = services()
    link, file = here.links.file_requests.received(hash, path)
    passed_on = here.forwarding.outbox.again(link, file, acting())
    return jsonify(passed_on=passed_on_view(passed_on)), 202


@requests.get("/requests/<hash>/files/<anypath:path>")
@owner_required
def fetch(hash: str, path: str) -> Response:
    here = services()
    try:
        file, stored = here.links.file_requests.stored(hash, path)
        return note_download(hash, file, download(stored, file, here.settings))
    except FileNotFoundError:
        raise FileNotFound("This file has been moved, deleted or replaced by a link on the server.") from None


@requests.get("/requests/<hash>/archive")
@owner_required
def take_away(hash: str) -> Response:
    return archive(hash)


@requests.get("/archive")
@owner_required
@chooses_by_reach
def take_many_away() -> Response:
    return archive_of_many()


@requests.get("/captcha")
def challenge() -> Response:
    found = services().links.captcha.challenge()
    if found is None:
        raise NotFound("This server's captcha makes its challenges elsewhere.")
    return jsonify(found)


def passed_on_view(passed_on: PassedOn) -> replies.PassedOn:
    return {
        "state": passed_on.state,
        "attempts": passed_on.attempts,
        "error": passed_on.error,
        "reason": passed_on.reason,
        "said": passed_on.said,
        "remote": passed_on.remote,
        "sent_bytes": passed_on.sent_bytes,
        "next_at": passed_on.next_at,
    }


def file_view(file: ReceivedFile, passed_on: PassedOn | None) -> replies.ReceivedFile:
    return {
        "path": file.path,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "received_at": file.received_at,
        "last_modified": file.last_modified,
        "sent_name": file.sent_name,
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
        "upload_id": file.upload_id,
        "item": file.item,
        "party": file.party or (UNKNOWN if file.item else None),
        "type": kind_of(file.path),
        "passed_on": None if passed_on is None else passed_on_view(passed_on),
    }


def copy_view(copy: Copy, link: RequestLink) -> replies.FileCopy:
    return {
        "hash": copy.link,
        "title": link.terms.title,
        "folder": str(link.folder),
        "upload_id": copy.upload_id,
        "path": copy.path,
        "received_at": copy.received_at,
    }


def found_view(found: Found) -> replies.FoundFiles:
    restorable = services().settings.bin_hours > 0
    view: replies.FoundFiles = {
        "files": found.files,
        "bytes": found.bytes,
        "newest_at": found.newest,
        "restorable": restorable,
    }
    if found.again is not None:
        view["again"] = found.again
    return view


def sender_files_view(each: SenderFiles) -> replies.SenderFiles:
    return {"sender_name": each.name, "sender_email": each.email, "files": each.files, "last_received_at": each.last_at}
