"""Accounts, and who is logged in, as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.accounts import Account, Invitation, Role, Session
from app.core.actors import Actor, ActorKind
from app.core.errors import AccountNotFound, Unauthorized
from app.core.messages import MessageState
from app.web.wire.context import services, whole_address


class WhoAmI(TypedDict):
    """Who makes the call."""

    actor: Annotated[str, Field(description="As the audit names them: `owner`, or `account:` and a name.")]
    name: Annotated[str, Field(description="The account's name; empty for whoever holds the admin token.")]
    display_name: str
    email: str
    role: Annotated[str, Field(description="`admin`, `member` or `viewer`.")]
    teams: list[str]
    may_change: Annotated[bool, Field(description="Whether more than looking and downloading is theirs.")]
    may_administer: Annotated[bool, Field(description="Whether accounts, the audit and the server's own things are.")]
    second_factor: Annotated[bool, Field(description="Whether one's account has a second factor.")]
    second_factor_required: Annotated[bool, Field(description="Whether one has to be set up before anything else.")]
    has_password: Annotated[bool, Field(description="Whether one's account has a password.")]
    scopes: Annotated[list[str] | None, Field(description="What the key is for that was sent; null where none was.")]


def whoami(actor: Actor, lacks_second_factor: Callable[[Account], bool] = lambda _: False) -> WhoAmI:
    """``lacks_second_factor`` tells whether an account has to set one up first."""
    who: WhoAmI = {
        "actor": str(actor),
        "name": "",
        "display_name": "",
        "email": "",
        "role": Role.ADMIN.value,
        "teams": [],
        "may_change": actor.reach.may_change,
        "may_administer": actor.reach.may_administer,
        "second_factor": False,
        "second_factor_required": False,
        "has_password": False,
        "scopes": None if actor.reach.scopes is None else sorted(actor.reach.scopes),
    }
    if actor.kind is not ActorKind.ACCOUNT:
        return who
    try:
        account = services().accounts.people.find(actor.name)
    except AccountNotFound:  # Removed in this very moment.
        raise Unauthorized() from None
    lacks = lacks_second_factor(account)
    return {
        **who,
        "name": account.name,
        "display_name": account.display_name,
        "email": account.email,
        "role": account.role.value,
        "teams": [*account.teams],
        "second_factor": account.second_factor,
        "second_factor_required": lacks,
        "has_password": services().accounts.people.has_password(account.name),
    }


class AccountView(TypedDict):
    """An account, as admins see it."""

    name: str
    display_name: str
    email: str
    role: Annotated[str, Field(description="`admin`, `member` or `viewer`.")]
    teams: list[str]
    disabled: bool
    second_factor: Annotated[bool, Field(description="Whether a code is asked for beside the password.")]
    created_at: float


class AccountList(TypedDict):
    accounts: list[AccountView]


class RemovedAccount(TypedDict):
    links: Annotated[int, Field(description="How many links were its own, which are the admin's now.")]


class InvitationView(TypedDict):
    """An invitation that nobody has taken yet."""

    id: str
    role: str
    teams: list[str]
    email: str
    made_by: str
    made_at: float
    expires_at: float


class MailedInvitationView(InvitationView):
    """One of the list."""

    mail: Annotated[
        MessageState | None, Field(description="What became of the mail that it went by; null where it was not mailed.")
    ]


class InvitationList(TypedDict):
    invitations: list[MailedInvitationView]
    mailing: Annotated[bool, Field(description="Whether there is a mail server to mail them by.")]


class NewInvitationView(InvitationView):
    address: Annotated[
        str, Field(description="What to send to whoever is invited. It is told this once, and works once.")
    ]


class SessionView(TypedDict):
    """A log-in of an account that goes on."""

    id: str
    account: str
    begun_at: float
    seen_at: Annotated[float, Field(description="When it was used last, to a minute or so.")]
    address: str
    agent: Annotated[str, Field(description="What the browser calls itself.")]
    expires_at: float
    way: Annotated[str, Field(description="By which it was begun: `password`, `passkey`, `oidc`, `header`.")]
    current: Annotated[bool, Field(description="Whether it is the one that asks.")]


class SessionList(TypedDict):
    sessions: list[SessionView]


class EndedSessions(TypedDict):
    ended: int


def account_view(account: Account) -> AccountView:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "email": account.email,
        "role": account.role.value,
        "teams": [*account.teams],
        "disabled": account.disabled,
        "second_factor": account.second_factor,
        "created_at": account.created_at,
    }


def invitation_view(invitation: Invitation) -> InvitationView:
    return {
        "id": invitation.id,
        "role": invitation.role.value,
        "teams": [*invitation.teams],
        "email": invitation.email,
        "made_by": invitation.made_by,
        "made_at": invitation.made_at,
        "expires_at": invitation.ends_at,
    }


def invitation_list(
    invitations: list[Invitation], mails: Mapping[str, MessageState], *, mailing: bool
) -> InvitationList:
    shown: list[MailedInvitationView] = [{**invitation_view(each), "mail": mails.get(each.id)} for each in invitations]
    return {"invitations": shown, "mailing": mailing}


def new_invitation_view(invitation: Invitation, code: str) -> NewInvitationView:
    return {**invitation_view(invitation), "address": join_address(code)}


def join_address(code: str) -> str:
    return whole_address(f"/join/{code}")


def session_view(session: Session, current: str | None) -> SessionView:
    return {
        "id": session.id,
        "account": session.account,
        "begun_at": session.begun,
        "seen_at": session.seen,
        "address": session.address,
        "agent": session.agent,
        "expires_at": session.ends_at,
        "way": session.way,
        "current": session.id == current,
    }
