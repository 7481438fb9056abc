"""Received files of a link, chosen and sorted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from app.core.file_lists import Choice, Copies, Found, Order, Place, SenderFiles
from app.core.links import ReceivedFile


class FileLists(Protocol):
    """What ledgers tell of many files. Safe from any number of threads and processes; raises RequestNotFound, Busy."""

    def page(
        self, hash: str, most: int, choice: Choice, order: Order, after: Place | None = None
    ) -> list[tuple[ReceivedFile, Place]]:
        """Up to ``most`` received files that ``choice`` finds, in this order, behind the place ``after``, each with its own.

        What comes or goes meanwhile moves nothing. By arrival they are read by index; else a page takes a look at every file of the link.
        """
        ...

    def count(self, hash: str, choice: Choice) -> Found:
        """How many it finds. Of all files no row is looked at but the newest."""
        ...

    def same_as(self, hash: str, upload_ids: Sequence[str]) -> dict[str, str]:
        """By upload id the path of another received file with the same content: of those the link has, the one that came first.
        Uploads of which there is none are left out, and so are files that are not hashed yet."""
        ...

    def senders(self, hash: str, most: int) -> list[SenderFiles]:
        """Who has sent the files that are there, up to ``most`` of them, who sent most first."""
        ...


class CopyLists(Protocol):
    """What ledgers tell of one content on many links. Safe from any number of threads and processes; raises RequestNotFound, Busy."""

    def elsewhere(self, hash: str, upload_id: str, most: int, owners: Collection[str] | None) -> Copies:
        """The files with the content of this one that other links of ``owners`` have received, up to ``most`` links; of all links for
        None. None of a file that there is not, or that is not hashed yet. A content that very many links have is looked for on the
        oldest of them."""
        ...
