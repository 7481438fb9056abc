"""Forgetting: a link that is over is deleted for good."""

from __future__ import annotations

from app.core.actors import Actor
from app.core.errors import RequestInUse
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.services.accounts import acts
from app.services.receiving.purge import Purge


class Forgetting:
    """Deletes links with all that was noted of them: title, terms, names of files and senders. Received files stay."""

    def __init__(self, *, requests: RequestStore, purge: Purge, clock: Clock) -> None:
        self._requests = requests
        self._purge = purge
        self._clock = clock

    def forget(self, hash: str, actor: Actor) -> None:
        """Delete a link that is closed or expired, its ledger, and its open uploads.

        An upload that is being delivered at this moment goes with the next sweep. Raises RequestNotFound, and RequestInUse while
        the link is open or files of it have still to be passed on.
        """
        link = self._requests.load(hash)
        if link.terms.active and not link.terms.is_expired(self._clock()):
            raise RequestInUse()
        if self._requests.owes(hash):
            raise RequestInUse("Files of this link are still to be passed on. Delete it when that is done.")
        self._requests.delete(hash, actor)
        self._purge.abandon(hash)
        acts.note(actor, "link deleted", hash)
