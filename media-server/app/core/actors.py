"""Who does something: named in the log beside every act, and by a link as its owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ActorKind(StrEnum):
    OWNER = "owner"
    """Whoever holds the admin token, or a session that was begun with it."""
    ACCOUNT = "account"
    """Somebody with an account of their own on this server."""
    SENDER = "sender"
    """Anybody who has a link."""
    SERVICE = "service"
    """The server itself, such as its nightly purge."""
    DOOR = "door"
    """A program that comes by another protocol with a key of a link's own."""
    RECEIVER = "receiver"
    """Anybody who has the address of a share."""
    STRANGER = "stranger"
    """Anybody who has shown nothing, such as whoever fails to log in."""


class Scope(StrEnum):
    """What a key may be used for (``core/keys.py``). Each stands for itself alone, but for ``ADMIN``."""

    LINKS_READ = "links:read"
    LINKS_WRITE = "links:write"
    FILES_READ = "files:read"
    FILES_DELETE = "files:delete"
    """Also to rename files, and to cancel what is on its way."""
    ADMIN = "admin"
    """All that whoever it belongs to may do."""


_CHANGING = frozenset({Scope.LINKS_WRITE, Scope.FILES_DELETE, Scope.ADMIN})


@dataclass(frozen=True, slots=True)
class Reach:
    """Which links somebody who is recognised may see, and what they may do. What is not theirs is answered as if it were not there."""

    owners: frozenset[str] | None = None
    """Those owners' links (``RequestLink.owner``); None for all."""
    may_change: bool = True
    """Whether more than looking and downloading is theirs."""
    may_administer: bool = True
    """Whether the server's own things are theirs: accounts, the audit, what is set, what other people make."""
    scopes: frozenset[Scope] | None = None
    """What the key may be used for by which they came; None where they came by none."""

    def holds(self, owner: str) -> bool:
        return self.owners is None or owner in self.owners

    def lacks(self, needed: frozenset[Scope]) -> frozenset[Scope]:
        """What is missing of ``needed``."""
        if self.scopes is None or Scope.ADMIN in self.scopes:
            return frozenset()
        return needed - self.scopes

    def narrowed(self, scopes: frozenset[Scope]) -> Reach:
        """What is left of it to a key that is for ``scopes``: never more than there is, as it is now."""
        if not self.may_administer:
            scopes -= {Scope.ADMIN}
        return Reach(
            self.owners,
            may_change=self.may_change and bool(scopes & _CHANGING),
            may_administer=Scope.ADMIN in scopes,
            scopes=scopes,
        )


EVERYTHING = Reach()
_TO_RULE = frozenset({Scope.LINKS_WRITE})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a call. ``address`` is the client's, as limits count clients; ``way`` is how the actor was recognised, such as
    ``header``, ``session`` or ``key`` and its name; ``name`` tells several of one kind apart and is empty where there is only one."""

    kind: ActorKind
    address: str = ""
    way: str = ""
    name: str = ""
    reach: Reach = field(default=EVERYTHING, compare=False, repr=False)
    """Of an owner or an account; that of all others is never asked for."""

    @property
    def is_known(self) -> bool:
        """Whether it is somebody who has logged in here, and not only somebody who has a link."""
        return self.kind in (ActorKind.OWNER, ActorKind.ACCOUNT)

    def rules(self, owner: str) -> bool:
        """Whether the links of this owner are theirs to use and to change without being asked for anything."""
        reach = self.reach
        return self.is_known and reach.may_change and reach.holds(owner) and not reach.lacks(_TO_RULE)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


def actor_named(text: str) -> Actor:
    """The actor of this name, as ``str`` tells it. Raises ValueError where there is no such kind."""
    kind, _, name = text.partition(":")
    return Actor(ActorKind(kind), name=name)


THE_OWNER = str(Actor(ActorKind.OWNER))
"""The name of whoever holds the admin token."""


SENDER = Actor(ActorKind.SENDER)
"""A sender of whom nothing else is known."""
COUNTING = Actor(ActorKind.SERVICE, name="counting")
"""The server, where it has to look at something anew."""


def sender(address: str) -> Actor:
    """The sender who calls from this address."""
    return Actor(ActorKind.SENDER, address)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to open an upload, with the password and captcha solution that came along. An owner needs neither."""

    actor: Actor
    password: str | None = None
    captcha_token: str | None = None
    key: str | None = None
    """What a sender's client keeps to be known again on this link."""
    language: str | None = None
    """That of their browser, of those in which mails are written."""
