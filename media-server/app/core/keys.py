"""Keys for programs: what stands for an account, or for whoever holds the admin token, in a program of theirs.

A key is 192 random bits. So it is kept as its plain digest: nobody tries all of them, however fast the digest is, which a slow one is
for with passwords; and it is looked up with every call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.accounts import Account, is_account_name
from app.core.actors import EVERYTHING, Actor, ActorKind, Reach, Scope
from app.core.errors import AdminsOnly, InvalidRequest

PREFIX = "droppr_"
"""What all begin with, so that people and scanners of secrets see what one is."""
MAX_KEYS = 50
"""Keys of one account, and of whoever holds the admin token."""
MAX_DAYS = 3650
USUAL_DAYS = 365
HINT_LENGTH = len(PREFIX) + 6
_KEY = re.compile(rf"{PREFIX}[0-9a-f]{{48}}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key without what opens anything. Times are seconds since the epoch."""

    id: str
    account: str
    """Whose it is; empty for whoever holds the admin token."""
    name: str
    """Tells keys of one account apart, and stands in the audit beside what was done with it."""
    hint: str
    """How it begins, by which one knows it again."""
    scopes: frozenset[Scope]
    made_at: float
    ends_at: float | None = None
    used_at: float | None = None
    """When it was used last, to a minute or so."""

    def is_over(self, now: float) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def acting(self, account: Account | None, address: str) -> Actor:
        """Who makes a call with it; ``account`` as it is now."""
        reach = reach_of(account).narrowed(self.scopes)
        kind = ActorKind.OWNER if account is None else ActorKind.ACCOUNT
        return Actor(kind, address, f"key {self.name}", self.account, reach)


def looks_like_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def reach_of(account: Account | None) -> Reach:
    """Of an account, or of whoever holds the admin token."""
    return EVERYTHING if account is None else account.reach


def key_name(text: str) -> str:
    """A name that a key may have, which is formed as those of accounts are. Raises InvalidRequest."""
    if not is_account_name(text):
        sentence = (
            "A key's name is like backup-at-night: up to 40 small letters, digits, dots, hyphens and underscores."
        )
        raise InvalidRequest(sentence, fields={"name": sentence})
    return text


def key_scopes(scopes: list[Scope], reach: Reach) -> frozenset[Scope]:
    """What a key of somebody of this reach may be for. Raises InvalidRequest, AdminsOnly."""
    if not scopes:
        raise _wrong_scopes(f"Say what the key is for: {', '.join(Scope)}.")
    if Scope.ADMIN in scopes and not reach.may_administer:
        raise AdminsOnly()
    if not reach.may_change and not {*scopes} <= {Scope.LINKS_READ, Scope.FILES_READ}:
        raise _wrong_scopes("Who may only look makes keys for links:read and files:read.")
    return frozenset(scopes)


def key_end(days: int, now: float) -> float | None:
    """When a key ends that is good for so many days, 0 for ever. Raises InvalidRequest."""
    if not 0 <= days <= MAX_DAYS:
        sentence = f"A key is good for 1 to {MAX_DAYS} days, or for ever: 0."
        raise InvalidRequest(sentence, fields={"expires_days": sentence})
    return now + days * 24 * 3600 if days else None


def _wrong_scopes(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, fields={"scopes": sentence})
