"""Messages and endpoints over HTTP: the owner's log, tests, and where webhooks go to."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.messages import MessageState, is_chat
from app.web.wire.context import services
from app.web.wire.json_body import parse, read_json
from app.web.wire.link_views import owner_view
from app.web.wire.message_views import (
    EndpointBody,
    EndpointChanges,
    InvitationBody,
    MessageQuery,
    TestBody,
    endpoint_view,
    made_view,
    message_view,
)
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page
from app.web.wire.reach import chooses_by_reach, judge_admin

messages = Blueprint("messages", __name__, url_prefix="/api")
_NEWEST = 1000
"""What is told where no page is asked for."""


@messages.get("/messages")
@owner_required
@chooses_by_reach
def list_messages() -> Response:
    log, query = services().messages.log, parse(MessageQuery, request.args.to_dict())
    owners = acting().reach.owners
    state = None if query.state is None else MessageState(query.state)
    found, more = read_page(
        lambda most, after: log.page(most, after, state, query.link, owners),
        lambda: log.page(_NEWEST, None, state, query.link, owners),
        lambda each: (each.created_at, each.id),
    )
    return jsonify(messages=[message_view(each) for each in found], **more)


@messages.get("/messages/<message_id>")
@owner_required
def show(message_id: str) -> Response:
    return jsonify(message_view(services().messages.log.one(message_id)))


@messages.post("/messages/<message_id>/redelivery")
@owner_required
def send_again(message_id: str) -> tuple[Response, int]:
    return jsonify(message_view(services().messages.log.again(message_id, acting()))), 202


@messages.post("/messages/test")
@owner_required
@chooses_by_reach
def test() -> tuple[Response, int]:
    body = read_json(TestBody)
    if body.endpoint is None:
        judge_admin(acting())
    else:
        services().links.whose.endpoint(body.endpoint, acting().reach)
    made = services().messages.log.test(acting(), body.mail, body.endpoint)
    return jsonify(messages=[message_view(each) for each in made]), 202


@messages.post("/droppr/requests/<hash>/invitations")
@owner_required
def invite(hash: str) -> tuple[Response, int]:
    body = read_json(InvitationBody)
    link = services().links.file_requests.find(hash)
    made = services().messages.invitations.send(hash, owner_view(link)["link"], body.to, body.text, acting())
    return jsonify(messages=[message_view(each) for each in made]), 202


@messages.post("/endpoints")
@owner_required
@chooses_by_reach
def make() -> tuple[Response, int]:
    body = read_json(EndpointBody)
    if body.link is None or is_chat(body.url):
        judge_admin(acting())
    else:
        services().links.whose.link(body.link, acting().reach)
    return jsonify(made_view(services().messages.endpoints.make(body.url, body.kinds, body.link, acting()))), 201


@messages.get("/endpoints")
@owner_required
@chooses_by_reach
def list_endpoints() -> Response:
    here, reach = services(), acting().reach
    found = [each for each in here.messages.endpoints.all() if here.links.whose.holds(each.link, reach)]
    return jsonify(endpoints=[endpoint_view(each) for each in found])


@messages.patch("/endpoints/<endpoint_id>")
@owner_required
def change(endpoint_id: str) -> Response:
    changes = read_json(EndpointChanges).named()
    return jsonify(endpoint_view(services().messages.endpoints.change(endpoint_id, changes, acting())))


@messages.post("/endpoints/<endpoint_id>/secret")
@owner_required
def renew(endpoint_id: str) -> Response:
    return jsonify(made_view(services().messages.endpoints.renew_secret(endpoint_id, acting())))


@messages.delete("/endpoints/<endpoint_id>")
@owner_required
def remove(endpoint_id: str) -> Response:
    services().messages.endpoints.remove(endpoint_id, acting())
    return Response(status=204)
