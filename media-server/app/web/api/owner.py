"""Logging in and out, and who is logged in."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import ForeignPage
from app.core.passkeys import Answer
from app.services.accounts.log_ins import LoggedIn
from app.web.wire import ownership
from app.web.wire.account_bodies import Login
from app.web.wire.account_views import whoami
from app.web.wire.context import client_address, from_own_page, services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, before_second_factor, caller, owner_required
from app.web.wire.passkey_calls import said_by
from app.web.wire.reach import chooses_by_reach
from app.web.wire.session_cookies import browser, drop_challenge, drop_session, keep_session, kept_challenge

MAX_LOGIN_BYTES = 32 * 1024

owner = Blueprint("owner", __name__, url_prefix="/api/droppr")


@owner.post("/session")
def log_in() -> Response:
    if not from_own_page():
        raise ForeignPage()
    body = read_json(Login, MAX_LOGIN_BYTES)
    reply, before = Response(status=204), caller().cookie
    if body.token is not None:
        keep_session(reply, services().owner.log_in(body.token, caller()))
        who = ownership.owner("login")
    else:
        done = _by_account(body)
        keep_session(reply, done.cookie, done.known_by)
        who = done.account.acting(client_address(), "passkey" if body.by_passkey_alone else "login")
        if body.passkey is not None:
            drop_challenge(reply)
    if before is not None:
        services().accounts.sessions.end(before)
    services().audit.acts.note(who, Act.LOGGED_IN)
    return reply


def _by_account(body: Login) -> LoggedIn:
    log_ins = services().accounts.log_ins
    passkey = None if body.passkey is None else Answer(said_by(body.passkey), kept_challenge())
    if passkey is not None and body.by_passkey_alone:
        return log_ins.log_in_by_passkey(passkey, browser())
    return log_ins.log_in(body.name or "", body.password or "", browser(), body.code, passkey)


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
    drop_session(reply)
    return reply


def _logged_out(cookie: str) -> Actor | None:
    """Who it was whose session this cookie has been."""
    sessions = services().accounts.sessions
    if sessions.is_one(cookie):
        account = sessions.end(cookie)
        return account.acting(client_address(), "session") if account else None
    return ownership.owner("session") if services().owner.log_out(cookie) else None


@owner.get("/session")
@before_second_factor
@owner_required
@chooses_by_reach
def show_session() -> Response:
    return jsonify(
        whoami(acting(), lambda account: ownership.lacks_second_factor(account, g.get("way_in", "password")))
    )
