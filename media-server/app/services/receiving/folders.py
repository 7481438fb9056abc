"""Empty folders: what a sender's folder holds besides files."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.core.actors import Credentials
from app.core.paths import RelPath
from app.core.ports.catalogue import RequestStore
from app.core.ports.inbox import Inbox
from app.services.receiving.bulk import Bulk
from app.services.receiving.openings import Openings
from app.services.receiving.room import Room


class Folders:
    """Makes folders in a link's folder. One call counts as one opening."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        openings: Openings,
        inbox: Inbox,
        room: Room,
        bulk: Bulk,
    ) -> None:
        self._requests = requests
        self._openings = openings
        self._inbox = inbox
        self._room = room
        self._bulk = bulk

    def make(self, hash: str, texts: Sequence[str], credentials: Credentials) -> list[str]:
        """Make these folders where they are missing; their names in the same order, numbered where a file is in the way.

        Raises InvalidPath, before any is made, and what opening an upload raises for a link that takes none, RequestFull, RateLimited, StorageFull, Busy.
        """
        link = self._openings.link(hash, credentials)
        with self._bulk.work(credentials.actor.address, len(texts)) as after_a_step:
            paths = []
            for text in texts:
                paths.append(RelPath.parse(text))
                after_a_step()
            self._openings.count(credentials)
            self._requests.note_folders(link, paths)
            made = []
            for path in paths:
                began = time.monotonic()
                self._room.room_for_opening(folders=len(path.parts))
                made.append(self._inbox.make_folder(link.folder, path))
                after_a_step(time.monotonic() - began)
        return made
