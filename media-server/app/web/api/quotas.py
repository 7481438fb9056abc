"""Quotas over HTTP: how much the links of accounts and teams may hold together."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.web.wire.context import services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, owner_required
from app.web.wire.quota_views import NewQuota, quota_view
from app.web.wire.reach import chooses_by_reach

MAX_BODY_BYTES = 1024

quotas = Blueprint("quotas", __name__, url_prefix="/api")


@quotas.get("/quotas")
@owner_required
@chooses_by_reach
def list_quotas() -> Response:
    return jsonify(quotas=[quota_view(each) for each in services().accounts.quotas.all(acting().reach)])


@quotas.put("/quotas/<owner>")
@owner_required
def set_quota(owner: str) -> Response:
    most = read_json(NewQuota, MAX_BODY_BYTES).most
    found = services().accounts.quotas.set(owner, most, acting())
    return jsonify(quota=None if found is None else quota_view(found))
