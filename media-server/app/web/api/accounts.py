"""Accounts over HTTP: who has one, who is invited, who is logged in, and one's own password."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.actors import Actor, ActorKind
from app.core.errors import AdminsOnly, InvalidRequest
from app.web.wire.account_bodies import (
    AccountChanges,
    NewAccount,
    NewInvitation,
    PasswordChange,
    SessionsQuery,
)
from app.web.wire.account_views import account_view, invitation_list, join_address, new_invitation_view, session_view
from app.web.wire.context import services
from app.web.wire.json_body import parse, read_json
from app.web.wire.message_views import message_view
from app.web.wire.ownership import acting, caller, owner_required
from app.web.wire.reach import changes_nothing, chooses_by_reach
from app.web.wire.session_cookies import browser, keep_session

MAX_BODY_BYTES = 16 * 1024
NO_PASSWORD = "You are logged in with the admin token, which is no account and has no password here."

accounts = Blueprint("accounts", __name__, url_prefix="/api")


@accounts.get("/accounts")
@owner_required
def list_accounts() -> Response:
    return jsonify(accounts=[account_view(each) for each in services().accounts.people.all()])


@accounts.post("/accounts")
@owner_required
def make() -> tuple[Response, int]:
    body = read_json(NewAccount, MAX_BODY_BYTES)
    details = {"teams": body.teams, "display_name": body.display_name, "email": body.email}
    made = services().accounts.people.add(body.name, body.role, body.password, acting(), **details)
    return jsonify(account_view(made)), 201


@accounts.patch("/accounts/<name>")
@owner_required
def change(name: str) -> Response:
    changes = read_json(AccountChanges, MAX_BODY_BYTES).named()
    return jsonify(account_view(services().accounts.people.change(name, acting(), **changes)))


@accounts.delete("/accounts/<name>")
@owner_required
def remove(name: str) -> Response:
    return jsonify(links=services().accounts.people.remove(name, acting()))


@accounts.get("/accounts/invitations")
@owner_required
def list_invitations() -> Response:
    found, mails = services().accounts.people.invitations(), services().messages.account_invitations
    return jsonify(invitation_list(found, mails.states(found), mailing=mails.can_mail))


@accounts.post("/accounts/invitations")
@owner_required
def invite() -> tuple[Response, int]:
    body = read_json(NewInvitation, MAX_BODY_BYTES)
    here, mails = services().accounts.people, services().messages.account_invitations
    writer = mails.writer(body.email, _called(), body.language, join_address) if body.mail else None
    made, code = here.invite(body.role, acting(), teams=body.teams, email=body.email, mail=writer)
    if body.mail:
        mails.hurry()
    return jsonify(new_invitation_view(made, code)), 201


@accounts.post("/accounts/invitations/<id>/mail")
@owner_required
def mail_again(id: str) -> tuple[Response, int]:
    return jsonify(messages=[message_view(services().messages.account_invitations.again(id, acting()))]), 202


@accounts.delete("/accounts/invitations/<id>")
@owner_required
def withdraw(id: str) -> Response:
    services().accounts.people.withdraw(id, acting())
    return Response(status=204)


@accounts.get("/sessions")
@owner_required
@chooses_by_reach
@changes_nothing
def list_sessions() -> Response:
    current = services().accounts.sessions.current(caller().cookie)
    found = services().accounts.sessions.listed(_whose())
    return jsonify(sessions=[session_view(each, current) for each in found])


@accounts.delete("/sessions")
@owner_required
@chooses_by_reach
@changes_nothing
def end_others() -> Response:
    whose = _whose() or acting().name
    if not whose:
        raise InvalidRequest("Name the account whose sessions should end: ?account=ann.")
    here = caller().cookie if whose == acting().name else None
    return jsonify(ended=services().accounts.sessions.end_others(whose, here, acting()))


@accounts.delete("/sessions/<id>")
@owner_required
@chooses_by_reach
@changes_nothing
def end(id: str) -> Response:
    actor = acting()
    services().accounts.sessions.end_named(id, None if actor.reach.may_administer else actor.name, actor)
    return Response(status=204)


@accounts.post("/account/password")
@owner_required
@chooses_by_reach
@changes_nothing
def change_password() -> Response:
    me, here = acting(), services().accounts
    body = read_json(PasswordChange, MAX_BODY_BYTES)
    if me.kind is not ActorKind.ACCOUNT:
        raise InvalidRequest(NO_PASSWORD)
    here.people.change_own_password(me.name, body.new, me, lambda: here.log_ins.is_right(me.name, body.old))
    done, reply = here.log_ins.enter(me.name, browser()), Response(status=204)
    keep_session(reply, done.cookie, done.known_by)
    return reply


def _called() -> str:
    """What people call whoever invites; nothing where that is the holder of the admin token."""
    me = acting()
    if me.kind is not ActorKind.ACCOUNT:
        return ""
    account = services().accounts.people.find(me.name)
    return account.display_name or account.name


def _whose() -> str | None:
    """The account that is asked about: one's own, and for admins whichever, or None for all. Raises AdminsOnly."""
    actor: Actor = acting()
    named = parse(SessionsQuery, request.args.to_dict()).account
    if actor.reach.may_administer:
        return named
    if named not in (None, actor.name):
        raise AdminsOnly()
    return actor.name
