"""Accounts, and who is logged in, as they are shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.accounts import Role
from app.core.actors import Actor, ActorKind
from app.core.errors import AccountNotFound, Unauthorized
from app.web.wire.context import services


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


def whoami(actor: Actor) -> WhoAmI:
    who: WhoAmI = {
        "actor": str(actor),
        "name": "",
        "display_name": "",
        "email": "",
        "role": Role.ADMIN.value,
        "teams": [],
        "may_change": actor.reach.may_change,
        "may_administer": actor.reach.may_administer,
    }
    if actor.kind is not ActorKind.ACCOUNT:
        return who
    try:
        account = services().accounts.people.find(actor.name)
    except AccountNotFound:  # Removed in this very moment.
        raise Unauthorized() from None
    return {
        **who,
        "name": account.name,
        "display_name": account.display_name,
        "email": account.email,
        "role": account.role.value,
        "teams": [*account.teams],
    }
