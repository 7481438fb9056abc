"""Sessions of accounts: what a browser keeps is a random text, of which the catalogue has the digest.

A process remembers for a second who has which session, so that a page that asks for fifty things costs one look. So whoever was shut
out is out within a second, in every process; in the one that did it at once.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections import OrderedDict

from app.core.accounts import Account, Session
from app.core.actors import Actor
from app.core.errors import SessionNotFound
from app.core.ports.accounts import SessionStore
from app.core.ports.guards import Clock

SESSION_SECONDS = 12 * 3600
REMEMBER_SECONDS = 1.0
SEEN_SECONDS = 60.0
"""How often it is noted that a session is used."""
MOST_LISTED = 1000
_MOST_REMEMBERED = 1024
_MAX_AGENT = 120
_PREFIX = "account."
_COOKIE = re.compile(rf"{re.escape(_PREFIX)}[A-Za-z0-9_-]{{43}}")


class AccountSessions:
    """Who is logged in by a name of their own."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, tuple[float, Account, Session]] = OrderedDict()

    @staticmethod
    def is_one(cookie: str) -> bool:
        """Whether this is what a session of an account would look like; that of the owner looks otherwise."""
        return cookie.startswith(_PREFIX)

    def begin(self, account: Account, generation: int, address: str, agent: str, way: str = "password") -> str | None:
        """What the browser is to keep; None where the account was changed or shut meanwhile."""
        cookie, now = _PREFIX + secrets.token_urlsafe(32), self._clock()
        session = Session(
            id=secrets.token_urlsafe(12),
            account=account.name,
            begun=now,
            seen=now,
            address=address,
            agent=shortened_agent(agent),
            ends_at=now + SESSION_SECONDS,
            way=way,
        )
        return cookie if self._store.begin(digest_of(cookie), session, generation) else None

    def account(self, cookie: str, address: str) -> Account | None:
        """Whose session this is, if it is one that goes on."""
        found = self.used(cookie, address)
        return found[0] if found else None

    def used(self, cookie: str, address: str) -> tuple[Account, Session] | None:
        """The same with the session itself."""
        found = self._found(cookie)
        if found is None:
            return None
        session = found[1]
        now = self._clock()
        if abs(now - session.seen) >= SEEN_SECONDS:
            self._store.saw(digest_of(cookie), now, address)
            self.forget()
        return found

    def goes_on(self, id: str, account: str) -> bool:
        """Whether the account has a session of this id."""
        return any(each.id == id for each in self.listed(account))

    def current(self, cookie: str | None) -> str | None:
        """The id of the session that this cookie is of."""
        found = None if cookie is None else self._found(cookie)
        return found[1].id if found else None

    def end(self, cookie: str) -> Account | None:
        """End this session, wherever else its cookie is kept; whose it was, if it was one."""
        found = self._found(cookie)
        if found is None:
            return None
        ended = self._store.end(digest_of(cookie))
        self.forget()
        return found[0] if ended else None

    def listed(self, account: str | None) -> list[Session]:
        """Those that go on, of one account or of all."""
        return self._store.all(account, self._clock(), MOST_LISTED)

    def end_named(self, id: str, account: str | None, by: Actor) -> None:
        """End one of an account, or of whomever. Raises SessionNotFound."""
        ended = self._store.end_named(id, account, by)
        self.forget()
        if not ended:
            raise SessionNotFound()

    def end_others(self, account: str, cookie: str | None, by: Actor) -> int:
        """End all of an account but that of this cookie; how many."""
        ended = self._store.end_others(account, None if cookie is None else digest_of(cookie), by)
        self.forget()
        return ended

    def forget(self) -> None:
        """Look everything up again, as something was changed."""
        with self._lock:
            self._remembered.clear()

    def prune(self) -> int:
        return self._store.prune(self._clock())

    def _found(self, cookie: str) -> tuple[Account, Session] | None:
        if _COOKIE.fullmatch(cookie) is None:
            return None
        digest, now = digest_of(cookie), self._clock()
        with self._lock:
            known = self._remembered.get(digest)
            if known is not None and 0 <= now - known[0] < REMEMBER_SECONDS and now < known[2].ends_at:
                return known[1:]
        found = self._store.find(digest, now)
        with self._lock:
            self._remembered.pop(digest, None)
            if found is not None:
                self._remembered[digest] = now, *found
                if len(self._remembered) > _MOST_REMEMBERED:
                    self._remembered.popitem(last=False)
        return found


def shortened_agent(text: str) -> str:
    """What a browser calls itself, as it is kept: one line of printable characters."""
    return "".join(each if each.isprintable() else " " for each in text[: 4 * _MAX_AGENT]).strip()[:_MAX_AGENT]


def digest_of(cookie: str) -> bytes:
    """What is kept of a session's cookie."""
    return hashlib.sha256(cookie.encode(errors="surrogatepass")).digest()
