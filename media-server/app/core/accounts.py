"""Accounts: who has one, and what each role may see and do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.actors import EVERYTHING, Actor, ActorKind, Reach

TEAM = "team"


class Role(StrEnum):
    ADMIN = "admin"
    """May do all that the holder of the admin token may."""
    MEMBER = "member"
    """Makes links, and has those of their own and of their teams."""
    VIEWER = "viewer"
    """Sees the links of their teams and takes their files, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who logs in by a name of their own. ``name`` never changes, as links and the audit name it."""

    name: str
    role: Role
    teams: tuple[str, ...] = ()
    display_name: str = ""
    email: str = ""
    disabled: bool = False
    created_at: float = 0.0

    @property
    def owner(self) -> str:
        """As what it stands as the owner of a link (``RequestLink.owner``)."""
        return str(Actor(ActorKind.ACCOUNT, name=self.name))

    @property
    def reach(self) -> Reach:
        """What it may see and do. A disabled one is not recognised at all."""
        if self.role is Role.ADMIN:
            return EVERYTHING
        owners = frozenset((self.owner, *(team_owner(each) for each in self.teams)))
        return Reach(owners, may_change=self.role is Role.MEMBER, may_administer=False)

    def acting(self, address: str, way: str) -> Actor:
        """This account as who makes a call."""
        return Actor(ActorKind.ACCOUNT, address, way, self.name, self.reach)


def team_owner(team: str) -> str:
    """As what a team stands as the owner of a link."""
    return f"{TEAM}:{team}"
