"""Proof of delivery, and uploads that go on elsewhere: what a sender asks for with the ids of their uploads."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.handoffs import shown
from app.web.api.native import status_view
from app.web.wire.context import client_address, services, whole_address
from app.web.wire.gaps import MAX_IN_LIST
from app.web.wire.json_body import read_json
from app.web.wire.replies import Handoff, HandoffMade, ReceiptKey
from app.web.wire.upload_bodies import MAX_LIST_BYTES, UploadsBody

receipts = Blueprint("receipts", __name__, url_prefix="/api/droppr")


@receipts.post("/requests/<hash>/receipts")
def issue(hash: str) -> Response:
    named = read_json(UploadsBody, MAX_LIST_BYTES).uploads
    return jsonify(services().senders.receipts.issue(hash, named, services().settings.public_url, client_address()))


@receipts.get("/receipt-key")
def receipt_key() -> Response:
    key = services().senders.receipts.key
    return jsonify(ReceiptKey(algorithm="Ed25519", public_key=key.public, fingerprint=key.fingerprint, pem=key.pem))


@receipts.post("/requests/<hash>/handoffs")
def make_handoff(hash: str) -> tuple[Response, int]:
    named = read_json(UploadsBody, MAX_LIST_BYTES).uploads
    made = services().senders.handoffs.make(hash, named, client_address())
    code = shown(made.code)
    url = f"/request/{hash}#resume={code}"
    return jsonify(HandoffMade(code=code, expires_at=made.expires_at, url=url, link=whole_address(url))), 201


@receipts.get("/requests/<hash>/handoffs/<code>")
def find_handoff(hash: str, code: str) -> Response:
    found = services().senders.handoffs.find(hash, code, client_address())
    return jsonify(Handoff(uploads=[status_view(session, MAX_IN_LIST) for session in found]))
