"""The calls about logging in and about accounts, a part of the table of calls."""

from __future__ import annotations

from app.web.wire import account_views
from app.web.wire.account_bodies import (
    AccountChanges,
    Login,
    NewAccount,
    NewInvitation,
    PasswordChange,
    SessionsQuery,
)
from app.web.wire.declaring import FORM_FIELDS, HTML, Call, Group, Who
from app.web.wire.message_views import OnTheirWay

_SESSION = "/api/droppr/session"
_ACCOUNT = "/api/accounts/{name}"
_INVITATIONS = "/api/accounts/invitations"
_JOIN_FORM = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("name", "display_name", "password", "again", "elsewhere")},
}

ACCOUNT_CALLS = (
    Call(
        ("POST",),
        _SESSION,
        Group.SESSION,
        Who.ANYONE,
        "Log in: the reply sets a cookie, for this server's own pages.",
        status=204,
        body=Login,
    ),
    Call(("GET",), _SESSION, Group.SESSION, Who.OWNER, "Who is logged in, if anybody.", account_views.WhoAmI),
    Call(("DELETE",), _SESSION, Group.SESSION, Who.ANYONE, "Log out.", status=204),
    Call(
        ("GET",),
        "/api/sessions",
        Group.SESSION,
        Who.OWNER,
        "Sessions of accounts that go on: one's own, and for admins all.",
        account_views.SessionList,
        queries=(SessionsQuery,),
    ),
    Call(
        ("DELETE",),
        "/api/sessions",
        Group.SESSION,
        Who.OWNER,
        "Log out everywhere but here; admins can name another account.",
        account_views.EndedSessions,
        queries=(SessionsQuery,),
    ),
    Call(("DELETE",), "/api/sessions/{id}", Group.SESSION, Who.OWNER, "End one of them.", status=204),
    Call(
        ("POST",),
        "/api/account/password",
        Group.SESSION,
        Who.OWNER,
        "Give oneself another password. All other sessions end; the reply sets a cookie for this one.",
        status=204,
        body=PasswordChange,
    ),
    Call(("GET",), "/api/accounts", Group.ACCOUNTS, Who.OWNER, "Who has an account.", account_views.AccountList),
    Call(
        ("POST",),
        "/api/accounts",
        Group.ACCOUNTS,
        Who.OWNER,
        "Make an account.",
        account_views.AccountView,
        201,
        body=NewAccount,
    ),
    Call(
        ("PATCH",),
        _ACCOUNT,
        Group.ACCOUNTS,
        Who.OWNER,
        "Change what the body names, and nothing else.",
        account_views.AccountView,
        body=AccountChanges,
    ),
    Call(
        ("DELETE",),
        _ACCOUNT,
        Group.ACCOUNTS,
        Who.OWNER,
        "Remove an account for good.",
        account_views.RemovedAccount,
    ),
    Call(
        ("GET",),
        _INVITATIONS,
        Group.ACCOUNTS,
        Who.OWNER,
        "Invitations that are open.",
        account_views.InvitationList,
    ),
    Call(
        ("POST",),
        _INVITATIONS,
        Group.ACCOUNTS,
        Who.OWNER,
        "Invite somebody, who then chooses a name and a password.",
        account_views.NewInvitationView,
        201,
        body=NewInvitation,
    ),
    Call(
        ("POST",),
        f"{_INVITATIONS}/{{id}}/mail",
        Group.ACCOUNTS,
        Who.OWNER,
        "Mail an invitation once more, as it was.",
        OnTheirWay,
        202,
    ),
    Call(("DELETE",), f"{_INVITATIONS}/{{id}}", Group.ACCOUNTS, Who.OWNER, "Take an invitation back.", status=204),
    Call(
        ("GET",),
        "/join/{code}",
        Group.PAGES,
        Who.INVITED,
        "The page of an invitation.",
        {"type": "string"},
        answers=HTML,
    ),
    Call(
        ("POST",),
        "/join/{code}",
        Group.PAGES,
        Who.INVITED,
        "Choose a name and a password, as the form of that page does; it leads to the owner's page, logged in. With `elsewhere` on to the provider.",
        {"type": "string"},
        status=303,
        answers=HTML,
        also=((200, {"type": "string"}),),
        body=_JOIN_FORM,
        takes=FORM_FIELDS,
    ),
)
