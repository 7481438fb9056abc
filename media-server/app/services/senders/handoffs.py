"""Handoffs: unfinished uploads move to another device by a short code."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from limits import parse

from app.core.errors import (
    HandoffNotFound,
    InvalidRequest,
    RateLimited,
    RequestClosed,
    TooManyAttempts,
    UploadExpired,
    UploadNotFound,
)
from app.core.handoffs import ALPHABET, LENGTH, Handoff, HandoffStore, meant
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.whole_files import NamedLocks
from app.core.session import State, UploadSession
from app.services.receiving.room import Room
from app.services.receiving.uploads import Uploads

CODE_LIMIT = "60 per hour"
READING_LIMIT = "120 per hour"
MAX_UPLOADS = 1000
"""Uploads behind one code."""
MAX_HANDOFF_BYTES = 256 * 1024
"""More than the largest document of a code has."""


class Handoffs:
    """Codes are good for ``lifetime`` seconds, as often as they are used. Wrong ones count against ``guesses``.

    On one link one call is looked into at a time; whoever comes meanwhile gets Busy.
    """

    def __init__(
        self,
        *,
        store: HandoffStore,
        requests: RequestStore,
        uploads: Uploads,
        room: Room,
        attempts: Attempts,
        locks: NamedLocks,
        clock: Clock,
        guesses: str,
        lifetime: float,
    ) -> None:
        self._store = store
        self._requests = requests
        self._uploads = uploads
        self._room = room
        self._attempts = attempts
        self._locks = locks
        self._clock = clock
        self._guesses = guesses
        self._lifetime = lifetime

    def make(self, hash: str, upload_ids: Sequence[str], client: str) -> Handoff:
        """A new code for those of these uploads that are unfinished.

        Raises RequestNotFound, RequestClosed, RateLimited, Busy, InvalidRequest where there are too many of them and
        UploadNotFound where there are none; StorageFull.
        """
        self._check_link(hash)
        self._room.room_for_opening(MAX_HANDOFF_BYTES)
        with self._locks.hold_at_once(f"handoffs {hash}"):
            self._count(f"handoffs:{client}", CODE_LIMIT, "Too many codes were made in a short time.")
            found = self._unfinished(hash, upload_ids)
        if not found:
            raise UploadNotFound()
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        ids = tuple(session.upload_id for session in found)
        handoff = Handoff(hash, code, ids, self._clock() + self._lifetime)
        self._store.put(handoff)
        return handoff

    def find(self, hash: str, text: str, client: str) -> list[UploadSession]:
        """The uploads behind a code, as they stand now; those that are gone or finished are left out.

        Raises RequestNotFound, RequestClosed, HandoffNotFound, RateLimited, Busy, and TooManyAttempts after many wrong
        codes.
        """
        self._check_link(hash)
        self._room.room_for_chunk(0)
        key = f"handoff:{hash}:{client}"
        with self._attempts.turn(key):
            # A right code clears nothing: whoever can make one would otherwise guess others for ever.
            if self._attempts.count(key, self._guesses) >= parse(self._guesses).amount:
                wait = self._attempts.retry_after(key, self._guesses)
                raise TooManyAttempts("Too many wrong codes. Wait, then try again.", retry_after=wait)
            handoff = self._store.get(hash, meant(text))
            if handoff is None or handoff.expires_at <= self._clock():
                self._attempts.hit(key, self._guesses)
                raise HandoffNotFound()
        with self._locks.hold_at_once(f"handoffs {hash}"):
            self._count(f"handoff-readings:{client}", READING_LIMIT, "Codes were used too often in a short time.")
            return self._unfinished(hash, handoff.upload_ids)

    def purge(self) -> None:
        """Remove the codes that are good no longer."""
        self._store.remove_expired(self._clock())

    def _check_link(self, hash: str) -> None:
        # Like an upload, a code outlives the expiry of its link and not its closing.
        if not self._requests.load(hash).terms.active:
            raise RequestClosed()

    def _count(self, key: str, limit: str, sentence: str) -> None:
        if not self._attempts.hit(key, limit):
            wait = self._attempts.retry_after(key, limit)
            raise RateLimited(f"{sentence} Wait, then try again.", retry_after=wait)

    def _unfinished(self, hash: str, upload_ids: Sequence[str]) -> list[UploadSession]:
        """Those that are to be gone on with. One look at the ledger, and only a look at ids that nobody has."""
        delivered = self._requests.files(hash, upload_ids)
        found: list[UploadSession] = []
        for upload_id in dict.fromkeys(upload_ids):
            if upload_id in delivered or not self._uploads.has_session(upload_id):
                continue
            with suppress(UploadNotFound, UploadExpired):
                session = self._uploads.status(hash, upload_id)
                if session.state is State.OPEN:
                    found.append(session)
            if len(found) > MAX_UPLOADS:
                raise InvalidRequest(f"A code moves {MAX_UPLOADS} unfinished uploads at most.", limit=MAX_UPLOADS)
        return found
