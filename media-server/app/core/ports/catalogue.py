"""The catalogue: request links, and for each a ledger of the uploads and files that it has reserved room for or received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import Protocol

from app.core.actors import Actor
from app.core.errors import UploadError
from app.core.links import DeliveryIntent, Known, Opening, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ports.links import LinkStore
from app.core.ports.received_files import ReceivedFiles


class RequestStore(LinkStore, ReceivedFiles, Protocol):
    """Links, and for each its ledger: what is known of its uploads, by upload id, and the sums that its limits are judged by.

    An upload is reserved (open), announced, received, removed, or gone. Times are seconds since the epoch, sizes bytes. A call
    about a link that there is not raises RequestNotFound, unless its docstring says otherwise. Reads raise Busy, writes
    StorageFull or Busy, when the database cannot be used; then nothing has changed. Calls that end an upload or note something
    of a file also work on a disk that has just become full. Every write outlives all processes; ``announce``, ``receive``,
    ``remove``, ``note_leaving`` and ``note_passed_on`` return only when a power cut cannot undo them, where the catalogue is set
    up so. Each write locks the link's row for one short transaction: it may be called with any other lock held but that of a
    transaction. Safe from any number of threads and processes at once."""

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
        item: str | None = None,
        party: str | None = None,
    ) -> None:
        """Reserve a place, ``size`` bytes and the ``folders`` that its path leads through for an upload that was opened ``at``, for an
        ``item`` of the link and by a ``party``, where there are.

        All limits of the link are judged at once; RequestFull reserves nothing, nor does ItemFull where the item takes no
        more of this party, or TooManySenders where it would be one party too many. From ``until`` on the reservation counts no
        longer where a limit would be reached: others can have it. Reserving again replaces the reservation of the same upload;
        for a received or removed one nothing changes."""
        ...

    def renew(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        """Renew an upload's reservation; returns the time until which it holds.

        One that has not lapsed ``now`` holds ``until`` then, or as long as it did, if that is longer. A lapsed one is judged like a
        new one and holds until ``again``; RequestFull where others have taken its room meanwhile, and it stays lapsed. Where
        the upload has no reservation nothing happens and ``until`` is returned."""
        ...

    def announce(self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0) -> dict[str, UploadError]:
        """Reserve room, which does not lapse, for whole files that are about to get their names, and note what finds each after a crash.

        They are judged in their order. Returns what ``reserve`` would raise for those for which there is no room, by upload id; all others
        are announced."""
        ...

    def release(self, hash: str, upload_id: str, why: str, by: Actor | None = None) -> bool:
        """End a reservation or announcement; false, and nothing changes, where the upload has none.

        ``why`` is ``cancelled`` (by its sender), ``stopped`` (by the owner ``by``, which an event tells), ``refused``, ``failed`` or
        ``expired``. Only of ``stopped`` and ``expired`` ones something is remembered, see ``why_gone``."""
        ...

    def why_gone(self, hash: str, upload_id: str) -> str | None:
        """``expired`` or ``stopped`` for an upload that was released so, of the last 10,000; None for every other."""
        ...

    def openings(self, hash: str) -> tuple[Opening, ...]:
        """The uploads that have a reservation, lapsed or not, in the order in which they were opened."""
        ...

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        """Note delivered files, each in place of its reservation or announcement, with the destination that the link has now.

        No limit is judged: also one whose reservation has lapsed or is gone is noted. For an upload that is received or removed
        nothing changes."""
        ...

    def announced(self, hash: str) -> tuple[DeliveryIntent, ...]:
        """What was announced and neither received nor released: about to get its name now, or left by a crash."""
        ...

    def announced_file(self, hash: str, upload_id: str) -> DeliveryIntent | None:
        """The same of one upload; None where it is not announced."""
        ...

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath], now: float = 0.0) -> None:
        """Note empty folders that a sender asks for, with those above them; known ones change nothing. RequestFull notes none. Places that
        have lapsed by ``now`` do not count."""
        ...

    def fates(self, hash: str, upload_ids: Iterable[str]) -> dict[str, Known]:
        """What the ledger knows of many uploads, by upload id, with one look; unknown ones are left out."""
        ...
