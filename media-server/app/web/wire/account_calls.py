"""The calls about logging in and about accounts, a part of the table of calls."""

from __future__ import annotations

from app.web.wire import account_views
from app.web.wire.account_bodies import Login
from app.web.wire.declaring import Call, Group, Who

_SESSION = "/api/droppr/session"

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
)
