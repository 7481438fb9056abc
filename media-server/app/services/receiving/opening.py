"""Opening uploads: what can be refused by name, size and rights is refused before any byte comes."""

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
from app.services.receiving.sorting import sorted_in
from app.services.upload_concurrency_manager import UploadConcurrencyManager, user_of


class Opener:
    """Opens uploads, or finds those that were opened under the same key.

    Lock order: the named lock of the upload's id where there is a key; inside it, one after the other, the lock of the
    promises, a transaction of the catalogue, and for an empty file those of its delivery."""

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
        """Open an upload for a sender with these credentials, or find the one with the same key. A file of 0 bytes is delivered at once.

        Raises what ``Openings.link``, ``sender`` and ``count`` raise, Busy where no slot would be free for the upload, and what
        ``open_admitted`` raises.
        """
        link = self._openings.link(hash, credentials)
        sender = self._openings.sender(link, command, credentials)
        upload_id = new_upload_id(hash, command.key)
        if command.key and self._finder.has_session(upload_id):
            self._openings.count(credentials)
            return self.open_admitted(link, command, sender, credentials.actor.address)
        user = user_of(hash, credentials.actor.address)
        token = None if command.key else f"{user} {command.size} {command.path}"
        with self._concurrency.opening(upload_id, user, command.size, token):
            self._openings.count(credentials)
            return self.open_admitted(link, command, sender, credentials.actor.address, upload_id)

    def open_admitted(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str | None = None
    ) -> UploadSession:
        """Open an upload for a ``sender`` who was admitted: the caller has asked ``Openings`` for link, sender and count. Only
        ``open`` and ``SmallFiles`` call this. ``client`` is the sender's address, as limits count clients.

        Takes the named lock of the upload's id where there is a key: the caller must hold no named lock. Raises RequestFull,
        ItemFull, TooManySenders, StorageFull, Busy, InvalidPath where the folders of the link's rule make the path too long, and nothing is
        left of it then; what ``Finder.opened_before`` raises; for a file of 0 bytes what
        ``Deliveries.finish`` raises.
        """
        upload_id = upload_id or new_upload_id(link.hash, command.key)
        with self._locks.hold([upload_id] if command.key else []):
            found = self._finder.opened_before(link, command, upload_id) if command.key else None
            if found is not None:
                return found
            session = self._new_session(link, command, sender, client, upload_id)
            self._make_room(link, session)
            self._observer.opened(session)
            return session if session.size else self._deliveries.finish(session.upload_id, link)

    def _new_session(
        self, link: RequestLink, command: OpenUpload, sender: Sender, client: str, upload_id: str
    ) -> UploadSession:
        now = self._clock()
        command = sorted_in(link, command, sender, now)
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
            item=command.item,
            lead=command.lead,
            sent_name=command.sent_name,
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
