"""Where request links live."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from app.core.actors import THE_OWNER, Actor
from app.core.links import Counts, RequestLink
from app.core.standing import NEWEST_FIRST, LinkFilter, LinkOrder, Place, Standing

ListCursor = tuple[float, str]
"""The place of an entry in a list that is sorted by time: its time, and its hash or upload id, by which entries of one time are sorted."""


class LinkStore(Protocol):
    """Where request links live. Safe from any number of threads and processes at once.

    Reads raise Busy, writes StorageFull or Busy, when the database cannot be used; then nothing has changed."""

    def create(self, link: RequestLink, by: Actor | None = None) -> None:
        """Keep a new link, durably, that ``by`` has made, or else its owner. Its hash is random and must not be in use. Raises InvalidRequest where its readable address is
        another link's, as ``update`` does."""
        ...

    def load(self, hash: str) -> RequestLink:
        """The link as it stands now. Raises RequestNotFound."""
        ...

    def aliased(self, alias: str) -> str:
        """The hash of the link with this readable address. Raises RequestNotFound."""
        ...

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink], actor: Actor) -> RequestLink:
        """Replace the link by ``change`` of it, durably, as ``actor`` wishes; returns the new one. ``change`` runs with the link's row
        locked: it must be pure and call no store. Raises RequestNotFound."""
        ...

    def all(self) -> list[RequestLink]:
        """Every link, newest first."""
        ...

    def page(
        self,
        most: int,
        *,
        after: Place | None = None,
        active: bool | None = None,
        now: float = 0.0,
        order: LinkOrder = NEWEST_FIRST,
        only: LinkFilter | None = None,
        viewer: str = THE_OWNER,
        owners: Collection[str] | None = None,
    ) -> list[tuple[RequestLink, Standing]]:
        """Up to ``most`` links with how each stands for ``viewer``, behind the one at ``after``; with ``only`` those that are so
        ``now``, with ``active`` those that take uploads ``now``, or those that do not; with ``owners`` those that are theirs."""
        ...

    def moved(self, owners: Collection[str]) -> int:
        """A number that is another one once anything has arrived on links of these owners, or any was made, changed or deleted, and that
        tells nothing of others' links."""
        ...

    def standing(self, hash: str, viewer: str = THE_OWNER) -> tuple[RequestLink, Standing]:
        """A link with how it stands for ``viewer``. Raises RequestNotFound."""
        ...

    def see(self, hash: str, viewer: str, up_to: int) -> int:
        """Note that ``viewer`` has seen all that arrived up to the arrival of this number; how many received files are new after
        that. What was seen stays seen, and what has not arrived yet cannot be. Raises RequestNotFound."""
        ...

    def take(self, hash: str, viewer: str, since: float | None, until: float) -> None:
        """Note that ``viewer`` has taken away all files that arrived after ``since``, or all there were, until ``until``. What was taken
        stays taken; where something between that and ``since`` was left out, nothing is noted. Raises RequestNotFound."""
        ...

    def counts(self, hash: str) -> Counts:
        """What has been used of a link, without a look at its files. Raises RequestNotFound."""
        ...

    def note_finished(self, hash: str, finished: bool, steps_done: int = 0) -> None:
        """Note whether whom a personal link is for has sent and said all, and how much of it, as lists tell it. Nothing happens where there
        is no such link."""
        ...

    def bytes_received(self) -> int:
        """The bytes of all received files of all links, without a look at files."""
        ...

    def delete(self, hash: str, actor: Actor) -> None:
        """Delete a link and its ledger, durably, as ``actor`` wishes: from then on calls raise RequestNotFound. Nothing happens when
        there is no such link."""
        ...

    def clear_deleted(self) -> None:
        """Free the room that ledgers of deleted links take, in many small transactions."""
        ...
