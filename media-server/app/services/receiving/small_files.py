"""Small files: those whose bytes all come in one request, alone or packed with others."""

from __future__ import annotations

import time
from collections.abc import Iterable

from app.core.actors import Credentials
from app.core.errors import RateLimited, UploadError
from app.core.links import RequestLink
from app.core.ports.bodies import Body, Checksum
from app.core.ranges import Span
from app.core.session import Sender, UploadSession
from app.services.receiving.bulk import AfterAStep, Bulk
from app.services.receiving.commands import OpenUpload, ReceiveChunk, new_upload_id
from app.services.receiving.openings import Openings
from app.services.receiving.room import Room
from app.services.receiving.uploads import Uploads
from app.services.receiving.whole_files import (
    DELIVERY_BATCH_FILES,
    DELIVERY_BATCH_LEVELS,
    WHOLE_FILE_BYTES,
    Outcome,
    WholeFile,
    WholeFiles,
)

Packed = tuple[OpenUpload | UploadError, Body]
"""A file of a pack: what is declared of it, or the error in that, and its bytes."""


_Waiting = dict[str, tuple[int, WholeFile, OpenUpload]]
"""Files of a pack that are to be delivered together, by their uploads' ids: which of the pack they are, and as their sender declared them."""


class SmallFiles:
    """Receives files whose bytes all come in one request. Up to ``WHOLE_FILE_BYTES`` they are taken whole, without a session
    (``WholeFiles``). Larger ones, those that were opened under their key before, and all where the store has no files
    without names, become uploads of one chunk.

    Packs cost much more work than their bytes say: so few of them are at it at once (``bulk``), and they give way to chunks.
    """

    def __init__(
        self, *, openings: Openings, whole_files: WholeFiles, uploads: Uploads, room: Room, bulk: Bulk
    ) -> None:
        self._openings = openings
        self._room = room
        self._whole_files = whole_files
        self._uploads = uploads
        self._bulk = bulk

    def receive(
        self,
        hash: str,
        command: OpenUpload,
        body: Body,
        credentials: Credentials,
        *,
        checksum: Checksum | None = None,
        index: int | None = None,
    ) -> UploadSession:
        """Take one file in one request. Raises what ``Openings``, ``WholeFiles.write`` and ``deliver`` raise, and for one that becomes an
        upload what ``Opener.open_admitted`` and ``Receiver.receive`` raise. Sent again under its key it is one file."""
        link = self._openings.link(hash, credentials)
        sender = self._openings.sender(link, command, credentials)
        upload_id = new_upload_id(link.hash, command.key)
        if self._goes_whole(upload_id, command):
            self._openings.count_whole(credentials)
            return self._whole(link, upload_id, command, sender, body, checksum, index)
        self._openings.count(credentials)
        return self._by_session(link, command, body, checksum, credentials)

    def admit(self, hash: str, size: int, credentials: Credentials) -> RequestLink:
        """Admit a file whose name only its body tells, as in a form: the first call, before the body is read; ``take`` is the second.
        Counts one opening; returns the link for ``take``. ``size`` is the most bytes that the body may have.

        Raises what ``Openings.link`` raises, RateLimited, and StorageFull unless there is room for twice the size: the body is put
        aside in a file of its own first."""
        link = self._openings.link(hash, credentials)
        self._openings.count(credentials)
        # Once where they are put aside, and once more where they go.
        self._room.room_for_opening(2 * size)
        return link

    def take(self, link: RequestLink, command: OpenUpload, body: Body, credentials: Credentials) -> UploadSession:
        """Take the file of a sender for whom ``admit`` returned ``link``. Raises what ``receive`` raises, but for what ``admit`` has
        judged."""
        sender = self._openings.sender(link, command, credentials)
        upload_id = new_upload_id(link.hash, command.key)
        if self._goes_whole(upload_id, command):
            return self._whole(link, upload_id, command, sender, body)
        return self._by_session(link, command, body, None, credentials)

    def _whole(
        self,
        link: RequestLink,
        upload_id: str,
        command: OpenUpload,
        sender: Sender,
        body: Body,
        checksum: Checksum | None = None,
        index: int | None = None,
    ) -> UploadSession:
        file = self._whole_files.write(link, upload_id, command, sender, body, checksum, index)
        return _raised(self._whole_files.deliver(link, [file])[0])

    def receive_pack(self, hash: str, files: Iterable[Packed], credentials: Credentials) -> list[Outcome]:
        """Take many files in one request; returns for each, in their order, its complete session or the error that refused it.

        Raises what concerns all of them: what ``Openings.link`` raises, RateLimited, Busy where too many packs come at once, StorageFull
        or Busy where nothing can be noted, and whatever ``files`` raises. Files that were delivered until then stay, and are
        found by their keys when the pack is sent again.
        """
        link = self._openings.link(hash, credentials)
        with self._bulk.work(credentials.actor.address) as after_a_step:
            self._openings.count_packed(credentials.actor.address, 1)
            return self._each(link, files, credentials, after_a_step)

    def _each(
        self, link: RequestLink, files: Iterable[Packed], credentials: Credentials, after_a_step: AfterAStep
    ) -> list[Outcome]:
        outcomes: list[Outcome | None] = []
        limited: RateLimited | None = None
        waiting: _Waiting = {}
        levels = 0
        try:
            for number, (command, body) in enumerate(files, start=1):
                limited = limited or self._limited(credentials.actor.address, number)
                taken = self._taken(link, limited or command, body, credentials)
                delivering = 0.0
                if isinstance(taken, WholeFile):
                    if (
                        taken.upload_id in waiting
                        or len(waiting) == DELIVERY_BATCH_FILES
                        or levels > DELIVERY_BATCH_LEVELS
                    ):
                        delivering, levels = self._deliver(link, waiting, outcomes, credentials), 0
                    assert isinstance(command, OpenUpload)
                    waiting[taken.upload_id] = len(outcomes), taken, command
                    levels += len(taken.command.path.folder)
                outcomes.append(None if isinstance(taken, WholeFile) else taken)
                after_a_step(delivering)
            self._deliver(link, waiting, outcomes, credentials)
        finally:
            for _, file, _ in waiting.values():
                file.content.close()
        return [outcome for outcome in outcomes if outcome is not None]

    def _limited(self, client: str, number: int) -> RateLimited | None:
        """Why no further files of a pack are taken, once so many came that they count as further openings."""
        try:
            if number > 1:
                self._openings.count_packed(client, number)
        except RateLimited as error:
            return error
        return None

    def _taken(
        self, link: RequestLink, command: OpenUpload | UploadError, body: Body, credentials: Credentials
    ) -> WholeFile | Outcome:
        """The bytes of one packed file, to be delivered with others, or what became of it already."""
        if isinstance(command, UploadError):
            return command
        try:
            sender = self._openings.sender(link, command, credentials)
            upload_id = new_upload_id(link.hash, command.key)
            if command.size <= WHOLE_FILE_BYTES and self._whole_files.supported:
                return self._whole_files.write(link, upload_id, command, sender, body)
            return self._by_session(link, command, body, None, credentials)
        except UploadError as error:
            return error

    def _deliver(
        self, link: RequestLink, waiting: _Waiting, outcomes: list[Outcome | None], credentials: Credentials
    ) -> float:
        """The seconds that it took: the disk was at work in most of them."""
        began = time.monotonic()
        # Asked for all at once, as in some stores each question is a wait.
        keyed = [upload_id for upload_id, (_, _, command) in waiting.items() if command.key]
        for upload_id in self._uploads.with_sessions(keyed) if keyed else ():
            place, file, command = waiting[upload_id]
            try:
                # What was opened as an upload under the same key goes on as one.
                outcomes[place] = self._by_session(link, command, file.content.body(), None, credentials)
            except UploadError as error:
                outcomes[place] = error
            del waiting[upload_id]
            file.content.close()
        together = [*waiting.values()]
        waiting.clear()
        delivered = self._whole_files.deliver(link, [file for _, file, _ in together]) if together else []
        for (place, _, _), outcome in zip(together, delivered, strict=True):
            outcomes[place] = outcome
        return time.monotonic() - began

    def _goes_whole(self, upload_id: str, command: OpenUpload) -> bool:
        # What was opened as an upload under the same key goes on as one.
        has_session = command.key is not None and self._uploads.has_session(upload_id)
        return command.size <= WHOLE_FILE_BYTES and self._whole_files.supported and not has_session

    def _by_session(
        self,
        link: RequestLink,
        command: OpenUpload,
        body: Body,
        checksum: Checksum | None,
        credentials: Credentials,
    ) -> UploadSession:
        sender = self._openings.sender(link, command, credentials)
        session = self._uploads.open_admitted(link, command, sender, credentials.actor.address)
        if not command.size:
            return session
        chunk = ReceiveChunk(session.upload_id, Span(0, command.size), command.size, checksum)
        return self._uploads.receive(link.hash, chunk, body)


def _raised(outcome: Outcome) -> UploadSession:
    if isinstance(outcome, UploadError):
        raise outcome
    return outcome
