"""As whom accounts are known elsewhere, and who is asked there."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from app.core.accounts import Account
from app.core.actors import Actor
from app.core.identities import Identity, Vouched


class IdentityStore(Protocol):
    """What the catalogue keeps of identities. Safe from any number of threads and processes; raises Busy, and where it writes
    StorageFull. What is done stands in the audit with it. An account's go with it, but for who it was: those are kept, as nobody's."""

    def find(self, issuer: str, subject: str) -> Identity | None:
        """The identity, be it of an account that was removed."""
        ...

    def all(self, account: str | None = None) -> list[Identity]:
        """Those of an account, or of all accounts, the oldest first."""
        ...

    def link(self, identity: Identity, by: Actor) -> None:
        """Keep one for an account that there is, durably. One that was of an account that is removed is this one's now. Raises
        AccountNotFound, IdentityTaken, TooManyIdentities."""
        ...

    def make(self, identity: Identity, account: Account, invitation: str | None, by: Actor) -> None:
        """Keep an account without a password and this identity of it, and use the invitation of this id up, all or nothing, durably.
        Raises AccountExists, TooManyAccounts, IdentityTaken, InvitationNotFound."""
        ...

    def saw(self, id: str, shown: str, at: float) -> None:
        """Note that it was used. May be passed over where nothing can be written."""
        ...

    def unlink(self, account: str, id: str, *, spare_last: bool, keep: bytes, by: Actor) -> None:
        """Take one from an account, durably: a provider's stays known as nobody's until it is linked, a proxy's is forgotten. And end the sessions that began by its way, but that of the digest ``keep``. Raises IdentityNotFound, AccountNotFound; LastWayIn
        where ``spare_last`` and the account has no other and no password."""
        ...


@dataclass(frozen=True, slots=True)
class Round:
    """What one log-in at a provider is known by, from its beginning here to its end."""

    redirect: str
    """Where the provider leads the browser back to."""
    state: str
    nonce: str
    verifier: str
    """Of PKCE."""


class Provider(Protocol):
    """Whom people log in at elsewhere. It is asked when somebody wants to, and at no other time."""

    issuer: str

    def turn(self) -> AbstractContextManager[None]:
        """Be the only one of this process that waits for the provider, until the block ends. Raises Busy."""
        ...

    def address(self, round: Round) -> str:
        """Where the browser goes to log in; within a ``turn``. Raises ProviderAway."""
        ...

    def vouched(self, code: str, said_issuer: str | None, round: Round) -> Vouched:
        """Whom the provider says it was, for a code that it has led back with and who it says to be; within a ``turn``. Raises NotVouched,
        ProviderAway."""
        ...
