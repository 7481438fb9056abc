"""Accounts, their sessions, and invitations to have one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from app.core.accounts import Account, Invitation, KeptAccount, Session
from app.core.actors import Actor
from app.core.messages import Message


class Removed(NamedTuple):
    """What was removed with an account."""

    links: int
    """Links that were its own, which are the server's owner's now."""


class AccountStore(Protocol):
    """What the catalogue keeps of accounts. Safe from any number of threads and processes; raises Busy, and where it writes StorageFull.
    What is done stands in the audit with it."""

    def add(self, account: Account, password_hash: str | None, by: Actor) -> None:
        """Keep a new one, durably. Raises AccountExists, TooManyAccounts."""
        ...

    def find(self, name: str) -> KeptAccount | None:
        """The account. Any text may be asked for."""
        ...

    def all(self) -> list[Account]:
        """Every account, by name."""
        ...

    def change(self, name: str, change: Callable[[KeptAccount], KeptAccount], by: Actor) -> KeptAccount | None:
        """Change one, durably; None where there is none. Its name stays. With another role, state or password its sessions have ended; where it is
        disabled, its keys are gone."""
        ...

    def remove(self, name: str, by: Actor) -> Removed | None:
        """Remove one with its sessions and keys, durably; its links go to the server's owner in the same step. None where there is none."""
        ...


class SessionStore(Protocol):
    """Sessions of accounts, each known by the digest of what its cookie holds. Raises as ``AccountStore`` does."""

    def begin(self, digest: bytes, session: Session, generation: int) -> bool:
        """Keep a new one, unless the account's generation is another one by now, or it is disabled. Where the account has very many, the
        one that was used longest ago ends."""
        ...

    def find(self, digest: bytes, now: float) -> tuple[Account, Session] | None:
        """A session that goes on at ``now``, with its account as it is now."""
        ...

    def saw(self, digest: bytes, at: float, address: str) -> None:
        """Note that a session was used. May be passed over where nothing can be written."""
        ...

    def all(self, account: str | None, now: float, most: int) -> list[Session]:
        """Sessions that go on, of one account or of all; the one that was used last comes first."""
        ...

    def end(self, digest: bytes) -> bool:
        """End one by what its cookie holds. False where there is none."""
        ...

    def end_named(self, id: str, account: str | None, by: Actor) -> bool:
        """End one by its id, where it is of this account or ``account`` is None. False where there is none such."""
        ...

    def end_others(self, account: str, keep: bytes | None, by: Actor) -> int:
        """End all of an account but one; how many."""
        ...

    def prune(self, before: float) -> int:
        """Forget those that have ended by ``before``."""
        ...


class InvitationStore(Protocol):
    """Invitations, each known by the digest of its code. Raises as ``AccountStore`` does."""

    def add(self, digest: bytes, invitation: Invitation, by: Actor, mail: Message | None = None) -> None:
        """Keep a new one, durably, and the mail that it goes by: both or neither. Raises TooManyAccounts."""
        ...

    def find(self, digest: bytes, now: float) -> Invitation | None:
        """One that is open at ``now``."""
        ...

    def is_open(self, id: str, now: float) -> bool:
        """Whether there is one of this id, which may be any text, that is open at ``now``."""
        ...

    def all(self, now: float) -> list[Invitation]:
        """Those that are open, the newest first."""
        ...

    def take(self, digest: bytes, account: Account, password_hash: str, now: float, by: Actor) -> None:
        """Use an invitation up and keep the account that was made by it, both or neither, durably. Raises InvitationNotFound,
        AccountExists, TooManyAccounts."""
        ...

    def remove(self, id: str, by: Actor) -> bool:
        """Take one back. False where there is none."""
        ...

    def prune(self, before: float) -> int:
        """Forget those that were over by ``before``."""
        ...
