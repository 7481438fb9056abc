"""Logging in by a name and a password, or by a passkey.

Wrong ones are counted as wrong tokens are, by address (``wrong_tokens``), and by name, whoever sends them. It must not be that a stranger
shuts somebody out by guessing at their name, or from behind the same proxy:

- A browser that has logged in as somebody is known again as theirs, by a signed text that it keeps. Its guesses at that name count for
  themselves alone, and what others guess is nothing to it.
- From other browsers a name at which many have guessed wrong is judged slowly, and never not at all.

A name that nobody has costs the same time as one that somebody has, and is counted alike.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, Signer

from app.core.access_errors import PasswordLogInOff, WrongCode, WrongPasskey
from app.core.accounts import MAX_PASSWORD, Account, KeptAccount, is_account_name
from app.core.errors import Busy, TooManyAttempts, WrongLogIn
from app.core.passkeys import Answer
from app.core.ports.accounts import AccountStore
from app.core.ports.guards import Attempts, Hasher
from app.core.waiting_room import WaitingRoom
from app.services.accounts.second_factors import SecondFactors
from app.services.accounts.sessions import AccountSessions
from app.services.accounts.wrong_tokens import CLIENT_LIMIT, WrongTokens

NAME_MAX = 30
NAME_LIMIT = f"{NAME_MAX} per hour"
"""Wrong passwords for one name, of all browsers that are not known, before it is judged slowly."""
SLOW_LIMIT = "1 per 20 second"
BROWSER_MAX = int(CLIENT_LIMIT.split()[0])
KNOWN_SECONDS = 400 * 24 * 3600
"""How long a browser is known again; they keep nothing for longer."""
CHANGED = "Your account was changed in this moment. Log in again."
DISABLED = "This account is switched off. Ask whoever looks after this server."


@dataclass(frozen=True, slots=True)
class Browser:
    """Who wants to log in: an address as clients are counted, what the browser calls itself, and what it keeps to be known again."""

    address: str
    agent: str = ""
    known_by: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    account: Account
    cookie: str
    known_by: str
    """What the browser is to keep to be known again."""


class LogIns:
    """The judge of names and passwords."""

    def __init__(
        self,
        *,
        accounts: AccountStore,
        sessions: AccountSessions,
        hasher: Hasher,
        attempts: Attempts,
        wrong: WrongTokens,
        waiting: WaitingRoom,
        secret: str,
        factors: SecondFactors,
        by_password: bool = True,
        failed: Callable[[str, str, bool], None] = lambda *_: None,
    ) -> None:
        """``secret`` is what known browsers are signed with; without ``by_password`` nobody logs in so; ``failed`` is told of wrong passwords of those, ``wrong`` of all others."""
        self._accounts = accounts
        self._sessions = sessions
        self._hasher = hasher
        self._attempts = attempts
        self._wrong = wrong
        self._waiting = waiting
        self._signer = Signer(secret, salt="droppr.known.browser", digest_method=hashlib.sha256)
        self._by_password = by_password
        self._failed = failed
        self._factors = factors
        self._lock = threading.Lock()
        self._nobodys: str | None = None

    def log_in(
        self, name: str, password: str, browser: Browser, code: str | None = None, passkey: Answer | None = None
    ) -> LoggedIn:
        """A session. Raises WrongLogIn; TooManyAttempts after many wrong ones; Busy where too many wait, or guess at this name. Where the
        account has a second factor, SecondFactorNeeded, WrongCode and WrongPasskey, to whom the password is known. PasswordLogInOff."""
        if not self._by_password:
            raise PasswordLogInOff()
        name = name.strip().lower()
        own = self._own_key(name, browser.known_by)
        counted = own or f"log-in:{browser.address}"
        with self._waiting.place(counted), self._attempts.turn(counted):
            self._check(name, browser, own)
            kept = self._accounts.find(name)
            if not self._is_right(kept, password):
                self._note(name, browser, own)
                raise WrongLogIn()
            if own:
                self._attempts.clear(own, CLIENT_LIMIT)
        assert kept is not None
        if kept.account.disabled:
            raise WrongLogIn(DISABLED)
        if kept.account.second_factor:
            self._check_factor(kept.account, code, passkey, browser)
        return self._entered(kept, browser)

    def log_in_by_passkey(self, passkey: Answer, browser: Browser) -> LoggedIn:
        """A session by a passkey alone. Raises WrongPasskey, which is counted; TooManyAttempts in its place where that is one too many, and
        never for a right one; WrongLogIn, PasskeysUnavailable, Busy."""
        try:
            account = self._factors.passkeys.judge(passkey, browser.address)
        except WrongPasskey:
            self._wrong.note(browser.address, "passkey")
            raise
        if account.disabled:
            raise WrongLogIn(DISABLED)
        return self.enter(account.name, browser, "passkey")

    def enter(self, name: str, browser: Browser, way: str = "password") -> LoggedIn:
        """A session for somebody who has shown already by ``way`` who they are, such as by an invitation. Raises Busy."""
        kept = self._accounts.find(name)
        if kept is None:
            raise Busy(CHANGED)
        return self._entered(kept, browser, way)

    def is_right(self, name: str, password: str) -> bool:
        """Whether somebody who is logged in knows their own password. Raises TooManyAttempts where it was guessed at."""
        own = f"own-password:{name}"
        with self._waiting.place(own), self._attempts.turn(own):
            self._check_own(own)
            if self._is_right(self._accounts.find(name), password):
                self._attempts.clear(own, CLIENT_LIMIT)
                return True
            self._attempts.hit(own, CLIENT_LIMIT)
            return False

    def _entered(self, kept: KeptAccount, browser: Browser, way: str = "password") -> LoggedIn:
        cookie = self._sessions.begin(kept.account, kept.generation, browser.address, browser.agent, way)
        if cookie is None:
            raise Busy(CHANGED)
        return LoggedIn(kept.account, cookie, self._known_by(kept.account.name))

    def _check(self, name: str, browser: Browser, own: str | None) -> None:
        if own:
            self._check_own(own)
            return
        self._wrong.check(browser.address)
        guessed = self._attempts.count(_name_key(name), NAME_LIMIT) >= NAME_MAX
        if guessed and not self._attempts.hit(f"slow:{_name_key(name)}", SLOW_LIMIT):
            raise Busy(
                "Many wrong passwords were sent for this name. Try again in some seconds, or from a browser in which you have logged in before.",
                retry_after=self._attempts.retry_after(f"slow:{_name_key(name)}", SLOW_LIMIT),
            )

    def _check_factor(self, account: Account, code: str | None, passkey: Answer | None, browser: Browser) -> None:
        try:
            self._factors.prove(account, code, passkey, browser.address)
        except (WrongCode, WrongPasskey, TooManyAttempts) as error:
            self._failed(browser.address, "second factor", isinstance(error, TooManyAttempts))
            raise

    def _check_own(self, own: str) -> None:
        if self._attempts.count(own, CLIENT_LIMIT) >= BROWSER_MAX:
            raise TooManyAttempts(retry_after=self._attempts.retry_after(own, CLIENT_LIMIT))

    def _note(self, name: str, browser: Browser, own: str | None) -> None:
        if own:
            self._attempts.hit(own, CLIENT_LIMIT)
            self._failed(browser.address, "password", False)
            return
        self._attempts.hit(_name_key(name), NAME_LIMIT)
        self._wrong.note(browser.address, "password")

    def _is_right(self, kept: KeptAccount | None, password: str) -> bool:
        # What is compared with where there is nothing to compare with: made before it is known whether it is needed.
        nobodys = self._nobodys_hash()
        found = kept.password_hash if kept is not None and kept.password_hash is not None else None
        right = len(password) <= MAX_PASSWORD and self._hasher.verify(found or nobodys, password)
        return right and found is not None

    def _nobodys_hash(self) -> str:
        with self._lock:
            if self._nobodys is None:
                self._nobodys = self._hasher.hash(secrets.token_urlsafe(32))
            return self._nobodys

    def _known_by(self, name: str) -> str:
        return self._signer.sign(f"{name}.{secrets.token_urlsafe(16)}").decode()

    def _own_key(self, name: str, known_by: str | None) -> str | None:
        """Under what wrong passwords of a browser count that is known as this account's; None where it is not."""
        try:
            text = self._signer.unsign((known_by or "").encode(errors="replace")).decode()
        except (BadSignature, UnicodeDecodeError):
            return None
        known_as, _, browser = text.rpartition(".")
        return f"browser:{browser}" if known_as == name and is_account_name(name) else None


def _name_key(name: str) -> str:
    # What is typed may be anything, a password in the wrong field, too.
    return f"name:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"
