"""Passkeys over HTTP: asked for at the log-in, added, listed and removed."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.access_errors import PasskeysUnavailable
from app.core.actors import ActorKind
from app.core.errors import ForeignPage, InvalidRequest
from app.core.passkeys import Answer
from app.web.wire.context import from_own_page, services
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, before_second_factor, caller, owner_required
from app.web.wire.passkey_calls import (
    MAX_BODY_BYTES,
    NewPasskey,
    PasskeyList,
    PasskeyOwner,
    asked,
    passkey_view,
    said_by,
    wished,
)
from app.web.wire.reach import changes_nothing, chooses_by_reach
from app.web.wire.session_cookies import drop_challenge, keep_challenge, kept_challenge

NO_ACCOUNT = "You are logged in with the admin token, which is no account and has no passkeys."
NOT_YOURS = "That is not your password."

passkeys = Blueprint("passkeys", __name__, url_prefix="/api")


@passkeys.post("/droppr/session/passkey")
def ask() -> Response:
    if not from_own_page():
        raise ForeignPage()
    here = services().accounts.factors.passkeys
    challenge, kept = here.ask()
    reply = jsonify(asked(challenge, here.party()))
    keep_challenge(reply, kept)
    return reply


@passkeys.get("/account/passkeys")
@before_second_factor
@owner_required
@chooses_by_reach
def show() -> Response:
    here, name = services().accounts.factors.passkeys, _own()
    try:
        here.party()
        unavailable = ""
    except PasskeysUnavailable as error:
        unavailable = error.message
    listed: PasskeyList = {
        "passkeys": [passkey_view(each) for each in here.all(name)],
        "unavailable": unavailable,
        "password": here.has_password(name),
    }
    return jsonify(listed)


@passkeys.post("/account/passkeys")
@before_second_factor
@owner_required
@chooses_by_reach
@changes_nothing
def begin() -> Response:
    here, name = services().accounts.factors.passkeys, _own()
    here.party()
    _judge_owner(name)
    challenge, kept = here.begin(name)
    reply = jsonify(wished(challenge, here.party(), *here.options_for(name)))
    keep_challenge(reply, kept)
    return reply


@passkeys.post("/account/passkeys/confirmation")
@before_second_factor
@owner_required
@chooses_by_reach
@changes_nothing
def add() -> tuple[Response, int]:
    body, name, here = read_json(NewPasskey, MAX_BODY_BYTES), _own(), services().accounts
    lacked = not here.people.find(name).second_factor
    answer = Answer(said_by(body.passkey), kept_challenge())
    made = here.factors.passkeys.add(name, answer, body.name, acting())
    if lacked:
        # Those were begun without it.
        here.sessions.end_others(name, caller().cookie, acting())
    here.sessions.forget()
    reply = jsonify(passkey_view(made))
    drop_challenge(reply)
    return reply, 201


@passkeys.post("/account/passkeys/<id>/removal")
@owner_required
@chooses_by_reach
@changes_nothing
def remove(id: str) -> Response:
    here, name = services().accounts, _own()
    _judge_owner(name)
    here.factors.passkeys.remove(name, id, acting())
    # The phone that it was lost with may be logged in.
    here.sessions.end_others(name, caller().cookie, acting())
    return Response(status=204)


def _judge_owner(name: str) -> None:
    """Whoever found a browser open must not shut its owner out, nor stay in: raises InvalidRequest without the account's password."""
    body, here = read_json(PasskeyOwner, MAX_BODY_BYTES), services().accounts
    if here.factors.passkeys.has_password(name) and not here.log_ins.is_right(name, body.password):
        raise InvalidRequest(NOT_YOURS, fields={"password": NOT_YOURS})


def _own() -> str:
    if acting().kind is not ActorKind.ACCOUNT:
        raise InvalidRequest(NO_ACCOUNT)
    return acting().name
