"""The session that the owner's page uses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.core.audit import Act
from app.core.errors import ForeignPage
from app.services.accounts.owner import SESSION_SECONDS
from app.web.wire import ownership
from app.web.wire.context import from_own_page, is_https, services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import caller, cookie_name, owner_required
from app.web.wire.request_bodies import Login

MAX_LOGIN_BYTES = 8 * 1024

owner = Blueprint("owner", __name__, url_prefix="/api/droppr")


@owner.post("/session")
def log_in() -> Response:
    if not from_own_page():
        raise ForeignPage()
    session = services().owner.log_in(read_json(Login, MAX_LOGIN_BYTES).token, caller())
    services().audit.acts.note(ownership.owner("login"), Act.LOGGED_IN)
    reply = Response(status=204)
    reply.set_cookie(cookie_name(), session, max_age=SESSION_SECONDS, **_cookie_terms())
    return reply


@owner.delete("/session")
def log_out() -> Response:
    if not from_own_page():
        raise ForeignPage()
    cookie = caller().cookie
    if cookie is not None and services().owner.log_out(cookie):
        services().audit.acts.note(ownership.owner("session"), Act.LOGGED_OUT)
    reply = Response(status=204)
    reply.delete_cookie(cookie_name(), **_cookie_terms())
    return reply


def _cookie_terms() -> dict[str, Any]:
    return {"path": request.script_root or "/", "httponly": True, "samesite": "Strict", "secure": is_https()}


@owner.get("/session")
@owner_required
def show_session() -> Response:
    return Response(status=204)
