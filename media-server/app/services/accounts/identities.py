"""Logging in by others' word, a provider's or a proxy's: whose account that is, and who gets one.

A person is known by issuer and subject, which are never another's. What else is said of them never opens an account that has a
password: names and mail addresses change hands.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from app.core.access_errors import IdentityTaken, NotAdmitted
from app.core.accounts import Account, Invitation, Role, display_name, own_address
from app.core.actors import Actor, ActorKind
from app.core.errors import AccountExists, InvalidRequest, InvitationNotFound
from app.core.identities import PROXY, Admission, Identity, Vouched, way_of, wished_names
from app.core.ports.accounts import AccountStore
from app.core.ports.guards import Clock
from app.core.ports.identities import IdentityStore
from app.services.accounts.log_ins import DISABLED, Browser, LoggedIn, LogIns
from app.services.accounts.people import People
from app.services.accounts.sessions import AccountSessions, digest_of

REMOVED = (
    "The account that this log-in was for has been removed, or the log-in was taken away from it. Ask whoever looks after this server for an"
    " invitation."
)


class Identities:
    """As whom accounts are known elsewhere, and the way in by that."""

    def __init__(
        self,
        *,
        store: IdentityStore,
        accounts: AccountStore,
        people: People,
        sessions: AccountSessions,
        log_ins: LogIns,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._people = people
        self._sessions = sessions
        self._log_ins = log_ins
        self._admission = admission
        self._clock = clock

    def all(self, account: str | None = None) -> list[Identity]:
        return self._store.all(account)

    def log_in(self, vouched: Vouched, browser: Browser, code: str = "") -> LoggedIn:
        """A session for whom somebody vouches; ``code`` is that of an invitation, which whoever has no account here takes by it. Raises
        NotAdmitted; what making an account does."""
        self._admission.check(vouched)
        way = way_of(vouched.issuer)
        by = Actor(ActorKind.SERVICE, browser.address, way, "log-in")
        try:
            known = self._known(vouched, by, code)
        except IdentityTaken:  # By the same person, in another tab.
            known = self._known(vouched, by, code)
        account = self._people.find(known.account)
        if account.disabled:
            raise NotAdmitted(DISABLED)
        role = self._admission.role(vouched)
        if role not in (None, account.role):
            # Not by themselves: nobody changes their own.
            self._people.change(account.name, Actor(ActorKind.SERVICE, browser.address, way, "groups"), role=role)
        self._store.saw(known.id, vouched.shown, self._clock())
        return self._log_ins.enter(account.name, browser, way)

    def link(self, account: str, vouched: Vouched, by: Actor) -> None:
        """Let somebody who is logged in log in by this, too. Raises NotAdmitted, IdentityTaken, TooManyIdentities."""
        self._admission.check(vouched)
        known = self._store.find(vouched.issuer, vouched.subject)
        if known is not None and known.account == account:
            return
        self._store.link(self._new(vouched, account), by)

    def unlink(self, account: str, id: str, by: Actor, cookie: str | None = None) -> None:
        """Take one away, so that it opens nothing until somebody is invited by it or adds it, and which ends the sessions that began by its way, but that of the cookie. Raises IdentityNotFound, AccountNotFound; LastWayIn
        for whoever takes away their own only one."""
        oneself = by.kind is ActorKind.ACCOUNT and by.name == account
        self._store.unlink(account, id, spare_last=oneself, keep=digest_of(cookie or ""), by=by)
        self._sessions.forget()

    def is_whose(self, vouched: Vouched, account: str) -> bool:
        """Whether this person is who has the account, as far as it is known."""
        known = self._store.find(vouched.issuer, vouched.subject)
        return known is not None and known.account == account

    def _known(self, vouched: Vouched, by: Actor, code: str) -> Identity:
        """As whom this person is known, who is made known where that may be."""
        found = self._store.find(vouched.issuer, vouched.subject)
        if found is not None and found.account:
            return found
        invited = self._people.invitation(code, by.address) if code else self._invited(vouched)
        if invited is not None:
            return self._made(vouched, invited, by)
        if found is not None:
            raise NotAdmitted(REMOVED)
        own = self._account_of(vouched)
        if own is not None:
            identity = self._new(vouched, own)
            self._store.link(identity, by)
            return identity
        if not self._admission.new_accounts:
            raise NotAdmitted()
        return self._made(vouched, None, by)

    def _invited(self, vouched: Vouched) -> Invitation | None:
        """An open invitation for the address that the issuer has verified."""
        if not vouched.email:
            return None
        asked = vouched.email.lower()
        return next((each for each in self._people.invitations() if each.email.lower() == asked), None)

    def _account_of(self, vouched: Vouched) -> str | None:
        """An account that waits for this person: of the name that the proxy says, which is there to say names, or one without a password
        that has the verified address and is not known to the issuer yet."""
        if vouched.issuer == PROXY:
            kept = self._accounts.find(vouched.subject)
            fits = kept is not None and not self._is_known_to(vouched.issuer, kept.account.name)
            return vouched.subject if fits else None
        if not vouched.email:
            return None
        asked = vouched.email.lower()
        found = [each.name for each in self._accounts.all() if each.email.lower() == asked]
        waiting = [name for name in found if self._has_no_way(name, vouched.issuer)]
        return waiting[0] if len(found) == len(waiting) == 1 else None

    def _has_no_way(self, name: str, issuer: str) -> bool:
        kept = self._accounts.find(name)
        return kept is not None and kept.password_hash is None and not self._is_known_to(issuer, name)

    def _is_known_to(self, issuer: str, account: str) -> bool:
        return any(each.issuer == issuer for each in self._store.all(account))

    def _made(self, vouched: Vouched, invitation: Invitation | None, by: Actor) -> Identity:
        """A new account, of the first of the wished names that is free."""
        account = Account(
            "",
            invitation.role if invitation else self._admission.role(vouched) or Role.MEMBER,
            teams=invitation.teams if invitation else (),
            display_name=_display_name(vouched.display_name),
            email=_address(vouched.email),
            created_at=self._clock(),
        )
        used = invitation.id if invitation else None
        for name in wished_names(vouched):
            identity = self._new(vouched, name)
            try:
                self._store.make(identity, replace(account, name=name), used, by)
            except AccountExists:
                continue
            except InvitationNotFound:  # Used in this moment, or taken back.
                raise NotAdmitted() from None
            return identity
        raise AccountExists()

    def _new(self, vouched: Vouched, account: str) -> Identity:
        now, id = self._clock(), secrets.token_urlsafe(9)
        return Identity(id, vouched.issuer, vouched.subject, account, vouched.shown, now, now)


def _display_name(text: str) -> str:
    try:
        return display_name(text[:100])
    except InvalidRequest:
        return ""


def _address(text: str) -> str:
    try:
        return own_address(text)
    except InvalidRequest:
        return ""
