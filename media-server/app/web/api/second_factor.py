"""Second factors over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.actors import ActorKind
from app.core.errors import InvalidRequest
from app.web.wire.account_bodies import FactorCode, OwnPassword
from app.web.wire.context import services
from app.web.wire.factor_calls import factor_view
from app.web.wire.json_body import read_json
from app.web.wire.ownership import acting, before_second_factor, caller, owner_required
from app.web.wire.reach import changes_nothing, chooses_by_reach

MAX_BODY_BYTES = 8 * 1024
NO_ACCOUNT = "You are logged in with the admin token, which is no account and has no second factor."
NOT_YOURS = "That is not your password."

second_factor = Blueprint("second_factor", __name__, url_prefix="/api")


@second_factor.get("/account/second-factor")
@before_second_factor
@owner_required
@chooses_by_reach
def show() -> Response:
    return jsonify(factor_view(services().accounts.factors.state(_own())))


@second_factor.post("/account/second-factor")
@before_second_factor
@owner_required
@chooses_by_reach
@changes_nothing
def begin() -> Response:
    body, name = read_json(OwnPassword, MAX_BODY_BYTES), _own()
    # Whoever found a browser open must not shut its owner out.
    if not services().accounts.log_ins.is_right(name, body.password):
        raise InvalidRequest(NOT_YOURS, fields={"password": NOT_YOURS})
    secret, address = services().accounts.factors.begin(name)
    return jsonify(secret=secret, address=address)


@second_factor.post("/account/second-factor/confirmation")
@before_second_factor
@owner_required
@chooses_by_reach
@changes_nothing
def confirm() -> Response:
    body, here = read_json(FactorCode, MAX_BODY_BYTES), services().accounts
    codes = here.factors.confirm(_own(), body.code, acting())
    # Those were begun without it.
    here.sessions.end_others(acting().name, caller().cookie, acting())
    return jsonify(recovery_codes=codes)


@second_factor.post("/account/second-factor/removal")
@owner_required
@chooses_by_reach
@changes_nothing
def switch_off() -> Response:
    body = read_json(FactorCode, MAX_BODY_BYTES)
    services().accounts.factors.switch_off(_own(), body.code, acting())
    services().accounts.sessions.forget()
    return Response(status=204)


@second_factor.delete("/accounts/<name>/second-factor")
@owner_required
def reset(name: str) -> Response:
    here = services().accounts
    here.factors.reset(here.people.find(name).name, acting())
    here.sessions.forget()
    return Response(status=204)


def _own() -> str:
    if acting().kind is not ActorKind.ACCOUNT:
        raise InvalidRequest(NO_ACCOUNT)
    return acting().name
