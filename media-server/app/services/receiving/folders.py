"""Empty folders: what a sender's folder holds besides files."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.core.actors import Credentials
from app.core.paths import RelPath, without_lead
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.inbox import Inbox
from app.core.subfolders import subfolders
from app.services.receiving.bulk import Bulk
from app.services.receiving.openings import Openings
from app.services.receiving.room import Room
from app.services.receiving.sorting import below


class Folders:
    """Makes empty folders in a link's folder. One call counts as one opening, however many folders it asks for."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        openings: Openings,
        inbox: Inbox,
        room: Room,
        bulk: Bulk,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._openings = openings
        self._inbox = inbox
        self._room = room
        self._bulk = bulk
        self._clock = clock

    def make(
        self,
        hash: str,
        texts: Sequence[str],
        credentials: Credentials,
        sender_name: str | None = None,
        sender_email: str | None = None,
    ) -> list[str]:
        """Make these folders where they are missing, in the folders of the link's rule; returns their paths without these in the same
        order, numbered where a file has the name.

        Before any is made, raises InvalidPath, InvalidRequest about a sender, what ``Openings.link`` and ``Openings.count`` raise, and RequestFull where the link's
        limits do not allow all of them. StorageFull and Busy may come half-way: the first ones stay, and the call may be repeated.
        """
        link = self._openings.link(hash, credentials)
        lead = subfolders(link.terms, self._openings.who(link, sender_name, sender_email), self._clock())
        with self._bulk.work(credentials.actor.address, len(texts)) as after_a_step:
            paths = []
            for text in texts:
                paths.append(below(lead, RelPath.parse(text)))
                after_a_step()
            self._openings.count(credentials)
            self._requests.note_folders(link, paths, self._clock())
            made = []
            for path in paths:
                began = time.monotonic()
                self._room.room_for_opening(folders=len(path.parts))
                made.append(without_lead(self._inbox.make_folder(link.folder, path), len(lead)))
                after_a_step(time.monotonic() - began)
        return made
