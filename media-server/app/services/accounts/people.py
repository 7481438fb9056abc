"""Accounts: who has one is for admins to say, and a password is for its owner to choose."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.core.accounts import (
    Account,
    Invitation,
    KeptAccount,
    Role,
    account_name,
    check_password,
    display_name,
    own_address,
    team_names,
)
from app.core.actors import Actor, ActorKind
from app.core.errors import (
    AccountExists,
    AccountNotFound,
    InvalidRequest,
    InvitationNotFound,
    TooManyAttempts,
)
from app.core.messages import Message
from app.core.ports.accounts import AccountStore, InvitationStore
from app.core.ports.guards import Attempts, Clock, Hasher
from app.services.accounts.sessions import AccountSessions

INVITATION_DAYS = 7
MISSED_MAX = 20
MISSED_LIMIT = f"{MISSED_MAX} per hour"
"""Addresses of invitations that there are not, tried by one client."""
_CODE_LENGTH = 43
YOURSELF = "That is your own account. Ask another admin, or log in with the admin token."


class People:
    """Makes, changes and removes accounts, and invites people to have one."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        invitations: InvitationStore,
        sessions: AccountSessions,
        hasher: Hasher,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._invitations = invitations
        self._sessions = sessions
        self._hasher = hasher
        self._attempts = attempts
        self._clock = clock

    def all(self) -> list[Account]:
        return self._accounts.all()

    def find(self, name: str) -> Account:
        """Raises AccountNotFound."""
        kept = self._accounts.find(name)
        if kept is None:
            raise AccountNotFound()
        return kept.account

    def has_password(self, name: str) -> bool:
        kept = self._accounts.find(name)
        return kept is not None and kept.password_hash is not None

    def add(self, name: str, role: Role, password: str, by: Actor, **details: Any) -> Account:
        """Make an account; ``details`` are ``teams``, ``display_name`` and ``email``. Raises InvalidRequest, AccountExists,
        TooManyAccounts."""
        account = self._new(name, role, **details)
        self._accounts.add(account, self._hashed(password, account.name), by)
        return account

    def change(self, name: str, by: Actor, **changes: Any) -> Account:
        """Change what is named of ``role``, ``teams``, ``display_name``, ``email``, ``disabled`` and ``password``, all or nothing. Raises
        AccountNotFound, InvalidRequest; also where somebody would shut themselves out."""
        if {"role", "disabled"} & {*changes} and _is_oneself(name, by):
            raise InvalidRequest(YOURSELF)
        password = changes.pop("password", None)
        checked = {each: _CHECKS.get(each, _as_it_is)(value) for each, value in changes.items()}
        secret: dict[str, Any] = (
            {} if password is None else {"password_hash": self._hashed(password, self.find(name).name)}
        )
        return self._changed(name, by, lambda kept: replace(kept, account=replace(kept.account, **checked), **secret))

    def set_password(self, name: str, password: str, by: Actor) -> Account:
        """Give an account another password, which ends its sessions. Raises AccountNotFound, InvalidRequest."""
        return self.change(name, by, password=password)

    def change_own_password(self, name: str, new: str, by: Actor, knows_old: Callable[[], bool]) -> None:
        """The same for oneself, who has to know the old one. Raises InvalidRequest, AccountNotFound, and what ``knows_old`` does."""
        check_password(new, name)
        if not knows_old():
            sentence = "That is not your current password."
            raise InvalidRequest(sentence, fields={"old": sentence})
        self.set_password(name, new, by)

    def remove(self, name: str, by: Actor) -> int:
        """Remove an account; how many links went to the server's owner. Raises AccountNotFound, InvalidRequest."""
        if _is_oneself(name, by):
            raise InvalidRequest(YOURSELF)
        removed = self._accounts.remove(name, by)
        self._sessions.forget()
        if removed is None:
            raise AccountNotFound()
        return removed.links

    def invite(
        self,
        role: Role,
        by: Actor,
        *,
        teams: list[str],
        email: str = "",
        mail: Callable[[Invitation, str], Message] | None = None,
    ) -> tuple[Invitation, str]:
        """An invitation and its code, which is told once; ``mail`` writes the mail that it goes by. Raises InvalidRequest,
        TooManyAccounts."""
        code, now = secrets.token_urlsafe(32), self._clock()
        invitation = Invitation(
            id=secrets.token_urlsafe(9),
            role=role,
            teams=team_names(teams),
            email=own_address(email),
            made_by=str(by),
            made_at=now,
            ends_at=now + INVITATION_DAYS * 24 * 3600,
        )
        self._invitations.add(_digest(code), invitation, by, None if mail is None else mail(invitation, code))
        return invitation, code

    def invitations(self) -> list[Invitation]:
        return self._invitations.all(self._clock())

    def invitation(self, code: str, client: str) -> Invitation:
        """Raises InvitationNotFound, which counts for ``client``; TooManyAttempts after many."""
        key = f"join:{client}"
        if self._attempts.count(key, MISSED_LIMIT) >= MISSED_MAX:
            raise TooManyAttempts(
                "Too many addresses were tried that there are not. Wait, then try again.",
                retry_after=self._attempts.retry_after(key, MISSED_LIMIT),
            )
        found = None if len(code) != _CODE_LENGTH else self._invitations.find(_digest(code), self._clock())
        if found is None:
            self._attempts.hit(key, MISSED_LIMIT)
            raise InvitationNotFound()
        return found

    def join(self, code: str, name: str, password: str, shown_name: str, address: str) -> Account:
        """Use an invitation. Raises InvitationNotFound, TooManyAttempts, InvalidRequest, AccountExists, TooManyAccounts."""
        invitation = self.invitation(code, address)
        account = self._new(
            name.strip().lower(),
            invitation.role,
            teams=invitation.teams,
            email=invitation.email,
            display_name=shown_name,
        )
        check_password(password, account.name)
        # Looked at before a hash is made, which takes a while.
        if self._accounts.find(account.name) is not None:
            raise AccountExists()
        by = account.acting(address, "invitation")
        self._invitations.take(_digest(code), account, self._hasher.hash(password), self._clock(), by)
        return account

    def withdraw(self, id: str, by: Actor) -> None:
        """Take an invitation back. Raises InvitationNotFound."""
        if not self._invitations.remove(id, by):
            raise InvitationNotFound()

    def prune(self) -> int:
        """Forget sessions and invitations that are over; how many."""
        return self._sessions.prune() + self._invitations.prune(self._clock())

    def _new(self, name: str, role: Role, **details: Any) -> Account:
        checked = {each: _CHECKS[each](value) for each, value in details.items()}
        return Account(account_name(name), role, created_at=self._clock(), **checked)

    def _hashed(self, password: str, name: str) -> str:
        check_password(password, name)
        return self._hasher.hash(password)

    def _changed(self, name: str, by: Actor, change: Callable[[KeptAccount], KeptAccount]) -> Account:
        kept = self._accounts.change(name, change, by)
        self._sessions.forget()
        if kept is None:
            raise AccountNotFound()
        return kept.account


def _is_oneself(name: str, by: Actor) -> bool:
    return by.kind is ActorKind.ACCOUNT and by.name == name


def _as_it_is(value: Any) -> Any:
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "teams": team_names,
    "display_name": display_name,
    "email": own_address,
}


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="surrogatepass")).digest()
