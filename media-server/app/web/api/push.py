"""Browsers that are told what arrives, over HTTP: whoever is logged in has their own."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.wire.context import services
from app.web.wire.json_body import read_json
from app.web.wire.message_views import message_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.push_views import BrowserBody, PushReply, browser_view

push = Blueprint("push", __name__, url_prefix="/api/droppr/push")
MAX_BYTES = 8 * 1024


@push.get("")
@owner_required
def show() -> Response:
    subscriptions = services().messages.subscriptions
    browsers = [browser_view(each) for each in subscriptions.of(acting())]
    return jsonify(PushReply(key=subscriptions.public_key, browsers=browsers))


@push.post("")
@owner_required
def subscribe() -> tuple[Response, int]:
    body = read_json(BrowserBody, MAX_BYTES)
    keys = body.keys.p256dh, body.keys.auth
    made = services().messages.subscriptions.subscribe(body.endpoint, keys, body.name, body.language, acting())
    return jsonify(browser_view(made)), 201


@push.delete("/<endpoint_id>")
@owner_required
def remove(endpoint_id: str) -> Response:
    services().messages.subscriptions.remove(endpoint_id, acting())
    return Response(status=204)


@push.post("/<endpoint_id>/test")
@owner_required
def test(endpoint_id: str) -> tuple[Response, int]:
    return jsonify(message_view(services().messages.subscriptions.test(endpoint_id, acting()))), 202
