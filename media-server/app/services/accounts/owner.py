"""The owner: whoever holds the admin token, or a cookie that was signed for them.

Wrong tokens are counted by address (``wrong_tokens``). Who has reached the limit learns nothing more by guessing on: the
right token is refused, too. It must not be that a stranger locks the owner out, who may share an address with them behind
a proxy that was not named; so these pass all the same, as none of them can be guessed or is a stranger: a token that
Droppr made, which is too long to be guessed; a chosen one from the machine itself or beside a live session; and sessions,
which are signed with a secret of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, TimestampSigner

from app.core.errors import Unauthorized
from app.core.ports.guards import Attempts, Clock
from app.services.accounts.wrong_tokens import WrongTokens

SESSION_SECONDS = 12 * 3600
_MAX_SEEN = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who says to be the owner: an address as clients are counted, whether it is this machine itself, and the cookie
    that came along."""

    address: str
    local: bool = False
    cookie: str | None = None


class Owner:
    """Recognises the owner. A new admin token ends every session, as sessions are signed with it, too."""

    def __init__(
        self,
        *,
        token: str,
        made: bool,
        secret: str,
        attempts: Attempts,
        clock: Clock,
        failed: Callable[[str, str, bool], None] = lambda *_: None,
    ) -> None:
        """``made`` is whether Droppr made the token; ``secret`` is what sessions are signed with; ``failed`` is told of wrong tokens."""
        self._digest = _digest(token)
        self._made = made
        self._attempts = attempts
        self._wrong = WrongTokens(attempts, clock, failed)
        self._signer = _ClockedSigner(f"{secret} {token}", clock)
        self._seen = _Seen()

    def holds_token(self, text: str, caller: Caller, way: str) -> bool:
        """Whether ``text``, which came by ``way``, is the admin token. Takes the same time whatever it is.

        Raises TooManyAttempts where its sender has to wait, whether it is right or not.
        """
        if not hmac.compare_digest(_digest(text), self._digest):
            self._wrong.note(caller.address, way)
            return False
        if not (self._made or caller.local or self._is_live(caller.cookie)):
            self._wrong.check(caller.address)
        return True

    def log_in(self, token: str, caller: Caller) -> str:
        """A session for ``SESSION_SECONDS``. Raises Unauthorized, and TooManyAttempts after many wrong tokens."""
        if not self.holds_token(token, caller, "login"):
            raise Unauthorized("That is not the admin token of this server.")
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def log_out(self, cookie: str) -> bool:
        """End this session, wherever else its cookie is kept. False where it is none, or has ended before."""
        session = self._session(cookie)
        return session is not None and self._attempts.first_use(_ended(session), SESSION_SECONDS)

    def has_session(self, caller: Caller) -> bool:
        """Whether the caller's cookie is a session that has neither run out nor been ended.

        One that this server never signed counts as a wrong token, once: browsers send theirs again and again. Raises
        TooManyAttempts where that is one too many.
        """
        if caller.cookie is None:
            return False
        try:
            self._signer.unsign(_bytes(caller.cookie))
        except BadSignature:
            if self._seen.is_new(_digest(caller.cookie)):
                self._wrong.note(caller.address, "cookie")
        return self._is_live(caller.cookie)

    def _is_live(self, cookie: str | None) -> bool:
        session = None if cookie is None else self._session(cookie)
        return session is not None and not self._attempts.was_used(_ended(session))

    def _session(self, cookie: str) -> str | None:
        """The id of a session that has not run out."""
        try:
            return self._signer.unsign(_bytes(cookie), max_age=SESSION_SECONDS).decode()
        except BadSignature:
            return None


class _ClockedSigner(TimestampSigner):
    """Signs with a clock from outside."""

    def __init__(self, key: str, clock: Clock) -> None:
        super().__init__(key, salt="droppr.owner.session", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


class _Seen:
    """The last thousand things that were seen."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, digest: bytes) -> bool:
        with self._lock:
            new = digest not in self._digests
            self._digests[digest] = None
            if len(self._digests) > _MAX_SEEN:
                self._digests.popitem(last=False)
            return new


def _ended(session: str) -> str:
    return f"ended session {session}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(_bytes(text)).digest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
