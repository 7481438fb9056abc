"""Keys for programs over HTTP. Who may only look makes keys, too: for looking."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.accounts import Account
from app.core.actors import Actor, ActorKind
from app.core.errors import AdminsOnly
from app.web.wire.account_bodies import KeysQuery, NewKey
from app.web.wire.context import services
from app.web.wire.json_body import parse, read_json
from app.web.wire.key_views import key_view, new_key_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.reach import changes_nothing, chooses_by_reach

MAX_BODY_BYTES = 4 * 1024

keys = Blueprint("keys", __name__, url_prefix="/api/keys")


@keys.get("")
@owner_required
@chooses_by_reach
def list_keys() -> Response:
    me, now = acting(), services().ground.clock()
    whose = parse(KeysQuery, request.args.to_dict()).account
    if not me.reach.may_administer:
        if whose not in (None, me.name):
            raise AdminsOnly()
        whose = me.name
    return jsonify(keys=[key_view(each, now) for each in services().accounts.keys.listed(whose)])


@keys.post("")
@owner_required
@chooses_by_reach
@changes_nothing
def make() -> tuple[Response, int]:
    me, body = acting(), read_json(NewKey, MAX_BODY_BYTES)
    key, text = services().accounts.keys.make(_account(me), body.name, body.scopes, body.expires_days, me)
    return jsonify(new_key_view(key, text, services().ground.clock())), 201


@keys.delete("/<id>")
@owner_required
@chooses_by_reach
@changes_nothing
def revoke(id: str) -> Response:
    me = acting()
    services().accounts.keys.revoke(id, None if me.reach.may_administer else me.name, me)
    return Response(status=204)


def _account(me: Actor) -> Account | None:
    """The account that asks, as it is now; None for whoever holds the admin token."""
    return services().accounts.people.find(me.name) if me.kind is ActorKind.ACCOUNT else None
