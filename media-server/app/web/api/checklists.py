"""Checklists over HTTP: a sender's own, and everybody's for the owner."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.services.links.file_requests import MAX_LISTED
from app.web.wire.checklist_views import AnswersBody, JudgeBody, checklist_view, party_view
from app.web.wire.context import services
from app.web.wire.credentials import credentials
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.paging import read_page

checklists = Blueprint("checklists", __name__, url_prefix="/api/droppr/requests/<hash>")
MAX_ANSWERS_BODY = 64 * 1024


@checklists.get("/checklist")
def own(hash: str) -> Response:
    return jsonify(checklist_view(services().senders.checklists.own(hash, credentials())))


@checklists.put("/answers")
def answer(hash: str) -> Response:
    given = read_json(AnswersBody, MAX_ANSWERS_BODY).root
    return jsonify(checklist_view(services().senders.checklists.answer(hash, given, credentials())))


@checklists.get("/parties")
@owner_required
def parties(hash: str) -> Response:
    here, link = services().senders.checklists, services().links.file_requests.link(hash)
    found, more = read_page(
        lambda most, after: here.page(hash, most, after),
        lambda: here.page(hash, MAX_LISTED, None),
        lambda each: (each.first_at, each.id),
    )
    return jsonify(parties=[party_view(link, each) for each in found], **more)


@checklists.put("/parties/<party>/items/<item>")
@owner_required
def judge(hash: str, party: str, item: str) -> Response:
    body = read_json(JudgeBody)
    found = services().senders.checklists.judge(hash, party, item, body.verdict, body.note, acting())
    return jsonify(party_view(*found))
