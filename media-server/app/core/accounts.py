"""Accounts: who has one, and what each role may see and do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.actors import EVERYTHING, Actor, ActorKind, Reach
from app.core.addresses import mail_address
from app.core.errors import InvalidRequest

TEAM = "team"
MAX_ACCOUNTS = 1000
MAX_TEAMS = 20
MAX_NAME = 40
MAX_DISPLAY_NAME = 100
MIN_PASSWORD = 10
MAX_PASSWORD = 1024
MAX_SESSIONS = 20
"""Sessions of one account; the one that was used longest ago goes for another."""
MAX_INVITATIONS = 500
_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{MAX_NAME - 1}}}")


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
    second_factor: bool = False
    """Whether a code is asked for beside the password."""

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


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account as it is kept. Sessions count under the ``generation`` that they were begun under, and no other."""

    account: Account
    password_hash: str | None
    generation: int


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in of an account that goes on. ``id`` names it to people and opens nothing."""

    id: str
    account: str
    begun: float
    seen: float
    """When it was used last, to a minute or so."""
    address: str
    agent: str
    """What the browser calls itself, shortened."""
    ends_at: float
    way: str = "password"
    """By which it was begun: ``oidc`` and ``header`` where others vouched for whoever it is."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """That somebody may choose a name and a password here, once, and then has this role and these teams."""

    id: str
    role: Role
    teams: tuple[str, ...]
    email: str
    made_by: str
    made_at: float
    ends_at: float


def account_name(text: str) -> str:
    """A name that an account may have. Raises InvalidRequest."""
    if _NAME.fullmatch(text) is None:
        raise _wrong(
            "name",
            f"A name has up to {MAX_NAME} small letters, digits, dots, hyphens and underscores, and begins with a letter or a digit.",
        )
    return text


def is_account_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def team_names(texts: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Teams in one order, each once. Raises InvalidRequest."""
    teams = tuple(sorted({*texts}))
    if len(teams) > MAX_TEAMS or not all(_NAME.fullmatch(each) for each in teams):
        raise _wrong(
            "teams", f"At most {MAX_TEAMS} teams, named as accounts are: small letters, digits, dots, hyphens."
        )
    return teams


def display_name(text: str) -> str:
    """What people call somebody. Raises InvalidRequest."""
    shown = " ".join(text.replace("\0", "").split())
    try:
        shown.encode()
    except UnicodeEncodeError:
        raise _wrong("display_name", "The name is not valid Unicode.") from None
    if len(shown) > MAX_DISPLAY_NAME:
        raise _wrong("display_name", f"A name has at most {MAX_DISPLAY_NAME} characters.")
    return shown


def own_address(text: str) -> str:
    """A mail address, or none. Raises InvalidRequest."""
    try:
        return mail_address(text) if text.strip() else ""
    except ValueError as error:
        raise _wrong("email", str(error)) from None


def check_password(password: str, name: str) -> None:
    """Return where somebody called ``name`` may have this password. Raises InvalidRequest."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise _wrong("password", f"A password has at least {MIN_PASSWORD} characters and at most {MAX_PASSWORD}.")
    if name and name in password.lower() and len(password) < len(name) + MIN_PASSWORD:
        raise _wrong("password", "The password is hardly more than the name. Choose another one.")
    if len({*password}) < 4:
        raise _wrong("password", "The password is one character again and again. Choose another one.")


def _wrong(field: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, fields={field: sentence})
