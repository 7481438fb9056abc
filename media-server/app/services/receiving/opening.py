"""Opening uploads: all that can be refused by name, size and rights is refused before any byte comes."""

from __future__ import annotations

from app.core.actors import Credentials
from app.core.errors import UploadError
from app.core.links import RequestLink
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.ports.whole_files import NamedLocks
from app.core.session import Sender, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.commands import OpenUpload, new_upload_id
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.finding import Finder
from app.services.receiving.openings import Openings
from app.services.receiving.promises import Promises
from app.services.upload_concurrency_manager import UploadConcurrencyManager, user_of


class Opener:
    """Begins uploads, or finds those that were begun under the same key."""

    def __init__(
        self,
        *,
        openings: Openings,
        finder: Finder,
        store: UploadStore,
        deliveries: Deliveries,
        promises: Promises,
        locks: NamedLocks,
        concurrency: UploadConcurrencyManager,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._openings = openings
        self._finder = finder
        self._store = store
        self._deliveries = deliveries
        self._promises = promises
        self._locks = locks
        self._concurrency = concurrency
        self._clock = clock
        self._observer = observer

    def open(self, hash: str, command: OpenUpload, credentials: Credentials) -> UploadSession:
        """Begin an upload on a link.

        Raises what ``FileRequests.find`` and ``authorize_opening`` raise, RateLimited, FileTooLarge,
        TypeNotAllowed, RequestFull, StorageFull, Busy at the limits. A file of 0 bytes is delivered at once.
        """
        link = self._openings.link(hash, credentials)
        sender = self._openings.sender(link, command)
        upload_id = new_upload_id(hash, command.key)
        if command.key and self._finder.exists(upload_id):
            self._openings.count(credentials)
            return self.begin(link, command, sender, credentials.actor.address)
        user = user_of(hash, credentials.actor.address)
        token = None if command.key else f"{user} {command.size} {command.path}"
        with self._concurrency.opening(upload_id, user, command.size, token):
            self._openings.count(credentials)
            return self.begin(link, command, sender, credentials.actor.address, upload_id)

    def begin(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str | None = None
    ) -> UploadSession:
        """Begin an upload that was let in, or find the one that was begun under the same key.

        Raises RequestFull, StorageFull, and what ``Finder.begun`` raises.
        """
        session = self._new_session(link, command, sender, client, upload_id or new_upload_id(link.hash, command.key))
        with self._locks.hold([session.upload_id] if command.key else []):
            begun = self._finder.begun(link, command, session.upload_id) if command.key else None
            if begun is not None:
                return begun
            self._make_room(link, session)
            self._observer.opened(session)
            return session if session.size else self._deliveries.finish(session.upload_id, link)

    def _new_session(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str
    ) -> UploadSession:
        now = self._clock()
        return UploadSession(
            upload_id=upload_id,
            request_hash=link.hash,
            path=command.path,
            size=command.size,
            opened_at=now,
            active_at=now,
            sender=sender,
            client=client,
            last_modified=command.last_modified,
            sample=command.sample,
            declared_sha256=command.declared_sha256,
        )

    def _make_room(self, link: RequestLink, session: UploadSession) -> None:
        # The disk first, the link's ledger last: dying in between leaves a session that the purge removes, not a
        # place in the ledger that nobody ever gives back.
        self._promises.make(session)
        try:
            self._store.create(session)
            self._promises.reserve_place(session, link)
        except UploadError:
            self._promises.drop(session)
            self._store.delete(session.upload_id)
            raise
