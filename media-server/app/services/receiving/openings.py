"""Openings: who may open uploads on a link, which files, and how many an hour."""

from __future__ import annotations

from app.core.actors import Credentials
from app.core.errors import RateLimited
from app.core.links import RequestLink
from app.core.policy import Policy
from app.core.ports.guards import Attempts
from app.core.ports.inbox import Inbox
from app.core.session import Sender
from app.services.links.file_requests import FileRequests
from app.services.memory_monitor import MemoryMonitor
from app.services.receiving.commands import OpenUpload
from app.services.receiving.room import Room

PACKED_FILES_PER_OPENING = 200
"""So many files of a pack count as one opening. By the default limit one client sends 120,000 small files an hour."""


class Openings:
    """The gate before every upload. ``rate_limit`` counts openings of one client; never chunks."""

    def __init__(
        self,
        *,
        file_requests: FileRequests,
        policy: Policy,
        attempts: Attempts,
        memory: MemoryMonitor,
        room: Room,
        inbox: Inbox,
        rate_limit: str,
    ) -> None:
        self._file_requests = file_requests
        self._policy = policy
        self._attempts = attempts
        self._memory = memory
        self._room = room
        self._inbox = inbox
        self._rate_limit = rate_limit

    def link(self, hash: str, credentials: Credentials) -> RequestLink:
        """The link, if uploads may be opened on it with these credentials.

        Raises what ``FileRequests.find`` and ``authorize_opening`` raise, Busy while memory is short or nothing could be delivered there, and StorageFull
        below the floor of chunks: what is refused then is not even counted, as counting writes.
        """
        link = self._file_requests.find(hash)
        self._memory.check()
        self._room.room_for_chunk(0)
        self._file_requests.authorize_opening(link, credentials)
        self._inbox.check(link.folder)
        return link

    def sender(self, link: RequestLink, command: OpenUpload) -> Sender:
        """Who sends this file, if it may come in. Raises FileTooLarge, TypeNotAllowed, InvalidRequest."""
        self._policy.check_file(link, command.path.name, command.size)
        return self._file_requests.check_sender(link, command.sender_name, command.sender_email)

    def count(self, credentials: Credentials) -> None:
        """Count one opening, but for the owner's own. Raises RateLimited."""
        if not credentials.actor.is_owner:
            self._count(credentials.actor.address)

    def count_packed(self, client: str, number: int) -> None:
        """Count file ``number`` of a pack, from 1 on: every ``PACKED_FILES_PER_OPENING`` of them are one opening. Raises RateLimited."""
        if number % PACKED_FILES_PER_OPENING == 1:
            self._count(client)

    def _count(self, client: str) -> None:
        key = f"open:{client}"
        if not self._attempts.hit(key, self._rate_limit):
            raise RateLimited(retry_after=self._attempts.retry_after(key, self._rate_limit))
