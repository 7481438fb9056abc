"""Handoffs: unfinished uploads move to another device by a short code."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from limits import parse

from app.core.errors import (
    HandoffNotFound,
    RateLimited,
    RequestClosed,
    TooManyAttempts,
    UploadExpired,
    UploadNotFound,
)
from app.core.handoffs import ALPHABET, LENGTH, Handoff, meant
from app.core.ports import Attempts, Clock, HandoffStore, RequestStore
from app.core.session import UploadSession
from app.services.room import Room
from app.services.uploads import Uploads

MOST_CODES = "60 per hour"
HANDOFF_BYTES = 1024 * 1024
"""More than the largest document of a code has."""


class Handoffs:
    """Codes are good for ``lifetime`` seconds, as often as they are used. Wrong ones count against ``guesses``."""

    def __init__(
        self,
        *,
        store: HandoffStore,
        requests: RequestStore,
        uploads: Uploads,
        room: Room,
        attempts: Attempts,
        clock: Clock,
        guesses: str,
        lifetime: float,
    ) -> None:
        self._store = store
        self._requests = requests
        self._uploads = uploads
        self._room = room
        self._attempts = attempts
        self._clock = clock
        self._guesses = guesses
        self._lifetime = lifetime

    def make(self, hash: str, upload_ids: Sequence[str], client: str) -> Handoff:
        """A new code for those of these uploads that there still are.

        Raises RequestNotFound, RequestClosed, StorageFull, RateLimited, and UploadNotFound where there are none.
        """
        self._check_link(hash)
        self._room.room_for_opening(HANDOFF_BYTES)
        key = f"handoffs:{client}"
        if not self._attempts.hit(key, MOST_CODES):
            wait = self._attempts.retry_after(key, MOST_CODES)
            raise RateLimited("Too many codes were made in a short time. Wait, then try again.", retry_after=wait)
        found = self._existing(hash, upload_ids)
        if not found:
            raise UploadNotFound()
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        ids = tuple(session.upload_id for session in found)
        handoff = Handoff(hash, code, ids, self._clock() + self._lifetime)
        self._store.put(handoff)
        return handoff

    def find(self, hash: str, text: str, client: str) -> list[UploadSession]:
        """The uploads behind a code, as they stand now; those that are gone are left out.

        Raises RequestNotFound, RequestClosed, HandoffNotFound, StorageFull, and TooManyAttempts after many wrong codes.
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
        return self._existing(hash, handoff.upload_ids)

    def purge(self) -> None:
        """Remove the codes that are good no longer."""
        self._store.remove_expired(self._clock())

    def _check_link(self, hash: str) -> None:
        # Like an upload, a code outlives the expiry of its link and not its closing.
        if not self._requests.load(hash).active:
            raise RequestClosed()

    def _existing(self, hash: str, upload_ids: Sequence[str]) -> list[UploadSession]:
        found = []
        for upload_id in dict.fromkeys(upload_ids):
            try:
                found.append(self._uploads.status(hash, upload_id))
            except (UploadNotFound, UploadExpired):
                continue
        return found
