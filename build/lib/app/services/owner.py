"""The owner: whoever holds the admin token, or a cookie that was signed for them."""

from __future__ import annotations

import hashlib
import hmac

from itsdangerous import BadSignature, TimestampSigner
from limits import parse

from app.core.errors import TooManyAttempts, Unauthorized
from app.core.ports import Attempts, Clock

SESSION_SECONDS = 12 * 3600
# People mistype. A token has 16 characters or more, so that guessing is hopeless at any rate.
WRONG_LOGINS = "10 per 15 minute"
_SUBJECT = "owner"


class Owner:
    """Recognises the owner. A new admin token ends every session, as sessions are signed with it."""

    def __init__(self, *, token: str, attempts: Attempts, clock: Clock) -> None:
        self._digest = _digest(token)
        self._attempts = attempts
        self._signer = _ClockedSigner(token, clock)

    def holds_token(self, text: str) -> bool:
        """Whether ``text`` is the admin token; takes the same time whatever it is."""
        return hmac.compare_digest(_digest(text), self._digest)

    def log_in(self, token: str, client: str) -> str:
        """A session for ``SESSION_SECONDS``. Raises Unauthorized, and TooManyAttempts after many wrong tokens."""
        key = f"login:{client}"
        if self._attempts.count(key, WRONG_LOGINS) >= parse(WRONG_LOGINS).amount:
            wait = self._attempts.retry_after(key, WRONG_LOGINS)
            raise TooManyAttempts("Too many wrong tokens. Wait, then try again.", retry_after=wait)
        if not self.holds_token(token):
            self._attempts.hit(key, WRONG_LOGINS)
            raise Unauthorized("That is not the admin token of this server.")
        self._attempts.clear(key, WRONG_LOGINS)
        return self._signer.sign(_SUBJECT).decode()

    def has_session(self, cookie: str) -> bool:
        """Whether ``cookie`` is a session that has not run out."""
        try:
            return (
                self._signer.unsign(cookie.encode(errors="surrogatepass"), max_age=SESSION_SECONDS) == _SUBJECT.encode()
            )
        except BadSignature:
            return False


class _ClockedSigner(TimestampSigner):
    """Signs with a clock from outside."""

    def __init__(self, key: str, clock: Clock) -> None:
        super().__init__(key, salt="droppr.owner.session", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
