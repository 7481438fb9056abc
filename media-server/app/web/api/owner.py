"""Logging in and out, and who is logged in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import ForeignPage
from app.services.accounts.log_ins import KNOWN_SECONDS, Browser
from app.services.accounts.owner import SESSION_SECONDS
from app.web.wire import ownership
from app.web.wire.account_bodies import Login
from app.web.wire.account_views import whoami
from app.web.wire.context import client_address, from_own_page, is_https, services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, caller, cookie_name, owner_required
from app.web.wire.reach import chooses_by_reach

MAX_LOGIN_BYTES = 8 * 1024
KNOWN = "droppr_known"
"""By what a browser is known again that has logged in before."""

owner = Blueprint("owner", __name__, url_prefix="/api/droppr")


@owner.post("/session")
def log_in() -> Response:
    if not from_own_page():
        raise ForeignPage()
    body = read_json(Login, MAX_LOGIN_BYTES)
    before = caller().cookie
    if body.token is not None:
        cookie, who, known_by = services().owner.log_in(body.token, caller()), ownership.owner("login"), None
    else:
        cookie, who, known_by = _with_password(body)
    if before is not None:
        services().accounts.sessions.end(before)
    services().audit.acts.note(who, Act.LOGGED_IN)
    reply = Response(status=204)
    reply.set_cookie(cookie_name(), cookie, max_age=SESSION_SECONDS, **_cookie_terms())
    if known_by is not None:
        reply.set_cookie(cookie_name(KNOWN), known_by, max_age=KNOWN_SECONDS, **_cookie_terms())
    return reply


def _with_password(body: Login) -> tuple[str, Actor, str]:
    address = client_address()
    agent, known_by = request.headers.get("User-Agent", ""), request.cookies.get(cookie_name(KNOWN))
    done = services().accounts.log_ins.log_in(body.name or "", body.password or "", Browser(address, agent, known_by))
    return done.cookie, done.account.acting(address, "login"), done.known_by


@owner.delete("/session")
def log_out() -> Response:
    if not from_own_page():
        raise ForeignPage()
    cookie = caller().cookie
    if cookie is not None:
        who = _logged_out(cookie)
        if who is not None:
            services().audit.acts.note(who, Act.LOGGED_OUT)
    reply = Response(status=204)
    reply.delete_cookie(cookie_name(), **_cookie_terms())
    return reply


def _logged_out(cookie: str) -> Actor | None:
    """Who it was whose session this cookie has been."""
    sessions = services().accounts.sessions
    if sessions.is_one(cookie):
        account = sessions.end(cookie)
        return account.acting(client_address(), "session") if account else None
    return ownership.owner("session") if services().owner.log_out(cookie) else None


def _cookie_terms() -> dict[str, Any]:
    return {"path": request.script_root or "/", "httponly": True, "samesite": "Strict", "secure": is_https()}


@owner.get("/session")
@owner_required
@chooses_by_reach
def show_session() -> Response:
    return jsonify(whoami(acting()))
