"""Browsers that are told what arrives, over HTTP: whoever is logged in has their own, also who may change nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.wire.context import services
from app.web.wire.json_body import read_json
from app.web.wire.message_views import message_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.push_views import BrowserBody, PushReply, browser_view
from app.web.wire.reach import changes_nothing, chooses_by_reach

push = Blueprint("push", __name__, url_prefix="/api/droppr/push")
MAX_BYTES = 8 * 1024


@push.get("")
@owner_required
@chooses_by_reach
@changes_nothing
def show() -> Response:
    subscriptions = services().messages.subscriptions
    browsers = [browser_view(each) for each in subscriptions.of(acting())]
    return jsonify(PushReply(key=subscriptions.public_key, browsers=browsers))


@push.post("")
@owner_required
@chooses_by_reach
@changes_nothing
def subscribe() -> tuple[Response, int]:
    body = read_json(BrowserBody, MAX_BYTES)
    keys = body.keys.p256dh, body.keys.auth
    made = services().messages.subscriptions.subscribe(body.endpoint, keys, body.name, body.language, acting())
    return jsonify(browser_view(made)), 201


@push.delete("/<browser_id>")
@owner_required
@chooses_by_reach
@changes_nothing
def remove(browser_id: str) -> Response:
    services().messages.subscriptions.remove(browser_id, acting())
    return Response(status=204)


@push.post("/<browser_id>/test")
@owner_required
@chooses_by_reach
@changes_nothing
def test(browser_id: str) -> tuple[Response, int]:
    return jsonify(message_view(services().messages.subscriptions.test(browser_id, acting()))), 202
