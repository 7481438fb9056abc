"""Looks: an owner looks at a received file, by pictures of it or at its very bytes, of a type that the server has found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from zlib import crc32

from app.core.errors import FileNotFound, NoPicture, NotInstalled
from app.core.links import ReceivedFile
from app.core.looks import (
    FILM_BEGINNING,
    FILM_END,
    HEAD_BYTES,
    LARGEST,
    MOST_COPIED,
    TEXT_BYTES,
    Look,
    PictureSize,
    Sort,
    WhyNone,
    sort_of,
    text_of,
)
from app.core.ports.catalogue import RequestStore
from app.core.ports.inbox import Inbox, StoredFile
from app.core.ports.local_copies import LocalCopies
from app.core.ports.pictures import Picture, PictureKey, PictureMaker, PictureStore
from app.core.ports.whole_files import NamedLocks
from app.core.ranges import Span
from app.core.waiting_room import WaitingRoom

GONE = "This file has been moved, deleted or replaced by a link on the server."


@dataclass(frozen=True, slots=True)
class Looked:
    """A received file that is looked at."""

    link: str
    file: ReceivedFile
    stored: StoredFile
    sort: Sort
    version: str
    """Another one where its bytes are others, or pictures are made in another way. Nothing is known by it."""


@dataclass(frozen=True, slots=True)
class Description:
    """How it can be looked at, and why not."""

    look: Look
    type: str = ""
    pages: int = 0
    reason: str | None = None
    problem: str | None = None
    """A sentence, where there is a reason."""


class Looks:
    """What a file is, is decided by its bytes. Each picture is made once, by the ``maker``, by a bounded number at once of all
    processes, and kept while there is room. What could not be drawn is not tried again while the file is what it is."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        inbox: Inbox,
        copies: LocalCopies,
        maker: PictureMaker,
        store: PictureStore,
        locks: NamedLocks,
        turns: NamedLocks,
        most_at_once: int,
        waiting: WaitingRoom,
    ) -> None:
        """``turns`` are locks of their own: they are held while a picture is made."""
        self._requests = requests
        self._inbox = inbox
        self._copies = copies
        self._maker = maker
        self._store = store
        self._locks = locks
        self._turns = turns
        self._most_at_once = most_at_once
        self._waiting = waiting

    def at(self, hash: str, upload_id: str) -> Looked:
        """The file that an upload brought. Raises RequestNotFound, FileNotFound, Busy."""
        folder = self._requests.load(hash).folder
        file = self._requests.file(hash, upload_id)
        if file is None:
            raise FileNotFound()
        try:
            stored = self._inbox.open(folder, file.disk_path, file.file_identity)
            sort = sort_of(_beginning(stored, HEAD_BYTES))
        except FileNotFoundError:
            raise FileNotFound(GONE) from None
        told = f"{file.upload_id} {stored.version} {self._maker.version}"
        return Looked(hash, file, stored, sort, hashlib.sha256(told.encode()).hexdigest()[:32])

    def describe(self, looked: Looked) -> Description:
        """How it can be looked at. Of a document the first page is drawn for that. Raises FileNotFound, Busy."""
        sort = looked.sort
        if sort.look is Look.NONE:
            return Description(Look.NONE, reason=WhyNone.UNSUPPORTED, problem=WhyNone.UNSUPPORTED.sentence)
        if sort.look is not Look.PAGES:
            return Description(sort.look, sort.type, pages=int(sort.look is Look.PICTURE))
        try:
            return Description(Look.PAGES, pages=self.picture(looked, LARGEST, 1).pages)
        except (NoPicture, NotInstalled) as error:
            reason = str(error.details.get("reason", error.code))
            return Description(Look.NONE, reason=reason, problem=error.message)

    def picture(self, looked: Looked, size: PictureSize, page: int) -> Picture:
        """A picture of it. Raises NoPicture with the ``reason``, FileNotFound, Busy, NotInstalled, and StorageFull where there is no room
        for a copy."""
        if not looked.sort.reader:
            raise _none(WhyNone.UNSUPPORTED)
        key = PictureKey(looked.link, looked.file.upload_id, looked.version, size, page)
        found = self._store.find(key) or self._made(key, looked)
        if isinstance(found, WhyNone):
            raise _none(found)
        return found

    def text(self, looked: Looked) -> str:
        """What a text says, up to its first TEXT_BYTES. Raises NoPicture where it is none, FileNotFound, Busy."""
        if looked.sort.look is not Look.TEXT:
            raise _none(WhyNone.UNSUPPORTED)
        try:
            return text_of(_beginning(looked.stored, TEXT_BYTES), is_cut=looked.stored.size > TEXT_BYTES)
        except FileNotFoundError:
            raise FileNotFound(GONE) from None

    def forget(self, link: str, upload_id: str | None = None) -> None:
        """Let go the pictures of a file that is deleted, or of a link. Raises Busy, StorageFull."""
        with self._locks.hold([_lock(link)]):
            self._store.drop(link, upload_id)

    def _made(self, key: PictureKey, looked: Looked) -> Picture | WhyNone:
        # Who wants a picture of the same file has the same turn, and finds it made.
        turn = crc32(key.upload_id.encode()) % self._most_at_once
        with self._waiting.place(""), self._turns.hold([f"picture {turn}"]):
            found = self._store.find(key)
            if found is None:
                found = self._drawn(key, looked)
                if isinstance(found, Picture) or found.stays:
                    self._keep(key, found)
            return found

    def _drawn(self, key: PictureKey, looked: Looked) -> Picture | WhyNone:
        stored, spans = looked.stored, None
        if stored.path is None and looked.sort.is_film:
            spans = _ends(stored.size)
        elif stored.path is None and stored.size > MOST_COPIED:
            return WhyNone.TOO_LARGE
        try:
            with self._copies.of(stored, spans) as content:
                return self._maker.make(content, looked.sort.reader, key.size, key.page)
        except FileNotFoundError:
            raise FileNotFound(GONE) from None

    def tidy(self) -> None:
        """Let go pictures that have not been asked for lately, where that has a time."""
        self._store.tidy()

    def _keep(self, key: PictureKey, found: Picture | WhyNone) -> None:
        """Keep it, unless the file was deleted meanwhile: who deletes tells ``forget`` after that, which waits for this."""
        if found is WhyNone.NO_PAGE:
            return  # There is no end of pages that are not there.
        with self._locks.hold([_lock(key.link)]):
            if self._requests.file(key.link, key.upload_id) is not None:
                self._store.keep(key, found)


def _ends(size: int) -> list[Span]:
    """What of a film has to be there for a picture of its beginning."""
    if size <= FILM_BEGINNING + FILM_END:
        return [Span(0, size)]
    return [Span(0, FILM_BEGINNING), Span(size - FILM_END, size)]


def _beginning(stored: StoredFile, most: int) -> bytes:
    """Raises FileNotFoundError, Busy."""
    if not stored.size:
        return b""
    with stored.content() as content:
        return content.read(Span(0, min(most, stored.size)))


def _lock(link: str) -> str:
    return f"pictures {link}"


def _none(why: WhyNone) -> NoPicture:
    return NoPicture(why.sentence, reason=str(why))
