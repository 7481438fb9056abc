"""Whole files: small ones whose bytes all come in one request, alone or many in a pack.

They need no session and no growing file. Each is written to a file without a name and hashed on the way. Then all that came
together are announced in the link's ledger with one write, given their names, and noted as received with one write. A crash
before a file has its name leaves nothing of it. A crash after that leaves a file that the ledger does not have as received: its
announcement leads the next attempt under the same key, or the purge, to it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from app.core.checklists import narrowed
from app.core.errors import ChecksumMismatch, ChunkConflict, SizeMismatch, UploadCancelled, UploadError, UploadNotFound
from app.core.links import DeliveryIntent, Fate, Known, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ports.bodies import Body, Checksum
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery, Inbox
from app.core.ports.whole_files import NamedLocks, UnlinkedFile, UnlinkedFiles
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.commands import OpenUpload
from app.services.receiving.deliveries import delivered_session
from app.services.receiving.heads import HeadJudge
from app.services.receiving.room import Room
from app.services.receiving.sorting import sorted_in

WHOLE_FILE_BYTES = 16 * 1024 * 1024
"""Files up to this are taken whole where their bytes come in one request: most photos are smaller."""
DELIVERY_BATCH_FILES = 64
"""How many files are delivered at once: enough to share the waits for the disk, few enough to hold open."""
DELIVERY_BATCH_LEVELS = 4 * DELIVERY_BATCH_FILES
"""As many folders may lead to these files, each a name that the disk has to keep."""

Outcome = UploadSession | UploadError


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A whole file that has no name yet, and what its sender declared."""

    upload_id: str
    command: OpenUpload
    sender: Sender
    content: UnlinkedFile


class WholeFiles:
    """Writes whole files and delivers them.

    Lock order: the named locks of the files' upload ids, then one short transaction of the catalogue after the other."""

    def __init__(
        self,
        *,
        files: UnlinkedFiles,
        requests: RequestStore,
        inbox: Inbox,
        heads: HeadJudge,
        locks: NamedLocks,
        room: Room,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._files = files
        self._requests = requests
        self._inbox = inbox
        self._heads = heads
        self._locks = locks
        self._room = room
        self._clock = clock
        self._observer = observer

    @property
    def supported(self) -> bool:
        """Whether the store can keep files without names; where it cannot, small files become uploads like large ones."""
        return self._files.supported

    def write(
        self,
        link: RequestLink,
        upload_id: str,
        command: OpenUpload,
        sender: Sender,
        body: Body,
        checksum: Checksum | None = None,
        index: int | None = None,
    ) -> WholeFile:
        """Write the bytes of an admitted file, and judge them. The caller has to ``deliver`` the result or to close its content.

        Raises ChunkSizeMismatch, ChecksumMismatch, TypeNotAllowed, RequestTimeout, StorageFull, Busy, InvalidPath where the folders of
        the link's rule make the path too long, and nothing is left then.
        """
        command = sorted_in(link, command, sender, self._clock())
        session = _session(link, upload_id, command, sender, self._clock())
        with self._room.taking(command.size, len(command.path.folder)):
            self._observer.opened(session)
            began = time.monotonic()
            content = self._files.write(body, command.size, checksum, command.last_modified)
            if command.size:
                self._observer.received(session, Span(0, command.size), index, time.monotonic() - began)
        try:
            self._judge(link, command, content)
        except UploadError as error:
            content.close()
            self._observer.refused(session, error)
            raise
        return WholeFile(upload_id, command, sender, content)

    def deliver(self, link: RequestLink, files: Sequence[WholeFile]) -> list[Outcome]:
        """Give files of different upload ids their names, each exactly once whoever else tries; returns the outcome of each, in order.

        Holds the named locks of all upload ids; the caller must hold no named lock. Contents are closed, whatever happens. Raises
        StorageFull or Busy where the ledger or the new names cannot be made durable, RequestNotFound where the link was deleted;
        files that have their names by then are noted by the next attempt under their key, or by ``settle``.
        """
        with ExitStack() as stack:
            for file in files:
                stack.callback(file.content.close)
            with self._locks.hold(file.upload_id for file in files):
                # Without a key an upload's id is new: nothing can be known of it.
                outcomes = self._known_of(link, [file for file in files if file.command.key])
                outcomes |= self._fresh(link, [file for file in files if file.upload_id not in outcomes])
                return [outcomes[file.upload_id] for file in files]

    def delivered(self, link: RequestLink, known: Known | None) -> ReceivedFile | None:
        """The received file of an upload of which the ledger knows ``known``; None where it delivered none.

        One that is only announced is settled: noted as received where the file has its name, else released. The caller holds the
        named lock of the upload id. Raises StorageFull, Busy."""
        if known is None or known.fate in (Fate.RECEIVED, Fate.DELETED):
            return known.file if known else None
        return self._settle(link, known.announced) if known.announced else None

    def settle(self, link: RequestLink) -> None:
        """Settle every whole file of a link that was announced by a process that died since: note it as received where the file has
        its name, else release it. For the purge. Holds the named lock of each in turn, as those do who deliver now, so that
        they are waited for. Raises StorageFull, Busy, RequestNotFound."""
        for announced in self._requests.announced(link.hash):
            with self._locks.hold([announced.upload_id]):
                # Whoever delivers holds the lock, so what is announced now has nobody any more.
                still = self._requests.announced_file(link.hash, announced.upload_id)
                if still is not None:
                    self._settle(link, still)

    def _judge(self, link: RequestLink, command: OpenUpload, content: UnlinkedFile) -> None:
        link = narrowed(link, command.item)
        if self._heads.looks_inside(link):
            self._heads.check(link, command.path.name, content.head)
        if command.declared_sha256 not in (None, content.sums.sha256):
            raise ChecksumMismatch("The file that arrived is not the one that was announced. Send it again.")

    def _known_of(self, link: RequestLink, files: Sequence[WholeFile]) -> dict[str, Outcome]:
        """What became of earlier attempts of these uploads; nothing for those that had none."""
        if not files:
            return {}
        known = self._requests.fates(link.hash, [file.upload_id for file in files])
        outcomes = {file.upload_id: self._outcome(link, file, known.get(file.upload_id)) for file in files}
        return {upload_id: outcome for upload_id, outcome in outcomes.items() if outcome is not None}

    def _outcome(self, link: RequestLink, file: WholeFile, known: Known | None) -> Outcome | None:
        if known is not None and known.fate is Fate.REMOVED:
            return UploadNotFound("The file that was sent under this key has been taken back. Send it under another.")
        found = self.delivered(link, known)
        if found is None:
            return UploadCancelled() if known is not None and known.why == "stopped" else None
        if found.size != file.command.size:
            return SizeMismatch("Another file of another size was sent under this key.", size=found.size)
        if found.sha256 not in (None, file.content.sums.sha256):
            return ChunkConflict()
        return delivered_session(link.hash, found)

    def _fresh(self, link: RequestLink, files: Sequence[WholeFile]) -> dict[str, Outcome]:
        """Announce, link and note files that were never delivered."""
        if not files:
            return {}
        outcomes: dict[str, Outcome] = {}
        files = [file for file in files if self._flushed(link, file, outcomes)]
        announced = {file.upload_id: _announced(file) for file in files}
        refused = self._requests.announce(link, [*announced.values()], self._clock())
        outcomes |= refused
        with self._observer.finishing():
            linked = self._linked(link, [file for file in files if file.upload_id not in refused], outcomes)
            self._inbox.flush(link.folder, [delivery for _, delivery in linked])
            received = [_received(announced[file.upload_id], delivery, self._clock()) for file, delivery in linked]
            self._requests.receive(link.hash, *received)
        for each in received:
            done = delivered_session(link.hash, each)
            self._observer.delivered(done)
            outcomes[each.upload_id] = done
        return outcomes

    def _linked(
        self, link: RequestLink, files: Sequence[WholeFile], outcomes: dict[str, Outcome]
    ) -> list[tuple[WholeFile, Delivery]]:
        """Give announced files their names; those that got one. Of the others the reason is their outcome."""
        fitting: list[WholeFile] = []
        failed: list[tuple[WholeFile, UploadError]] = []
        folders = 0
        for file in files:
            try:
                # Once more: all that come together may bring many folders.
                if levels := len(file.command.path.folder):
                    self._room.room_for_opening(folders=folders + levels)
                    folders += levels
                fitting.append(file)
            except UploadError as error:
                failed.append((file, error))
        linked: list[tuple[WholeFile, Delivery]] = []
        found = self._inbox.deliver_all(link.folder, [(file.command.path, file.content) for file in fitting])
        for file, outcome in zip(fitting, found, strict=True):
            if isinstance(outcome, UploadError):
                failed.append((file, outcome))
            else:
                linked.append((file, outcome))
        for file, reason in failed:
            self._requests.release(link.hash, file.upload_id, "failed")
            outcomes[file.upload_id] = reason
        return linked

    def _flushed(self, link: RequestLink, file: WholeFile, outcomes: dict[str, Outcome]) -> bool:
        """Whether a file's bytes are safe; else the reason is its outcome."""
        try:
            file.content.flush()
        except UploadError as error:
            outcomes[file.upload_id] = error
            self._observer.refused(_session(link, file.upload_id, file.command, file.sender, self._clock()), error)
            return False
        return True

    def _settle(self, link: RequestLink, announced: DeliveryIntent) -> ReceivedFile | None:
        """Note a file that got its name before its server died; release one that never got it, and return None."""
        delivery = self._inbox.find(link.folder, RelPath.parse(announced.path), announced.file_identity)
        if delivery is None:
            self._requests.release(link.hash, announced.upload_id, "failed")
            return None
        self._inbox.flush(link.folder, [delivery])
        file = _received(announced, delivery, self._clock())
        self._requests.receive(link.hash, file)
        return file


def _session(link: RequestLink, upload_id: str, command: OpenUpload, sender: Sender, at: float) -> UploadSession:
    return UploadSession(upload_id, link.hash, command.path, command.size, opened_at=at, active_at=at, sender=sender)


def _announced(file: WholeFile) -> DeliveryIntent:
    return DeliveryIntent(
        upload_id=file.upload_id,
        path=str(file.command.path),
        size=file.command.size,
        sha256=file.content.sums.sha256,
        file_identity=file.content.file_identity,
        sender_name=file.sender.name,
        sender_email=file.sender.email,
        item=file.command.item,
        party=file.sender.party,
        last_modified=file.command.last_modified,
        crc32=file.content.sums.crc32,
        lead=file.command.lead,
        sent_name=file.command.sent_name,
        language=file.sender.language,
    )


def _received(file: DeliveryIntent, delivery: Delivery, at: float) -> ReceivedFile:
    return ReceivedFile(
        upload_id=file.upload_id,
        path=delivery.path,
        disk_path=delivery.disk_path,
        size=file.size,
        received_at=at,
        sha256=file.sha256,
        sender_name=file.sender_name,
        sender_email=file.sender_email,
        item=file.item,
        party=file.party,
        file_identity=file.file_identity,
        last_modified=file.last_modified,
        crc32=file.crc32,
        lead=file.lead,
        sent_name=file.sent_name,
        language=file.language,
    )
