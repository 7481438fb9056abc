"""Promises: room on the disk that is kept for uploads from their opening on, and the renewal of their places on links.

A *promise* is a number of bytes in a sum; it allocates nothing. Where bytes come, room is *set aside*: the disk allocates it,
up to ``STEP_BYTES`` around a chunk at once. The *reservation* of a place on the link is the catalogue's. The first two are
judged under one lock of all processes, that of the promises, which is taken last: inside it only the disk is asked and room is
set aside. The catalogue is asked before it is taken. A chunk whose room is set aside and whose promise stands costs a look into
a dictionary.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from app.core.errors import Busy, RequestFull, StorageFull, UploadError
from app.core.links import RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.uploads import UploadStore
from app.core.ranges import ByteRanges, Span
from app.core.room import NAME_BYTES, Promise, Promised, PromiseStore, PromiseTerms
from app.core.session import UploadSession
from app.services.receiving.room import RETRY_AFTER_SECONDS, Room, no_room

MIB = 1024 * 1024
STEP_BYTES = 128 * MIB
"""The most that is set aside at once, for an upload of which as much has been received."""
_MAX_REMEMBERED = 1024


@dataclass(slots=True)
class _Known:
    """What this process knows of an upload, so that most of its chunks ask nobody."""

    noted_at: float
    until: float
    place_until: float
    credited: int
    """How much had come when the place was last asked for."""
    taken: ByteRanges = field(default_factory=ByteRanges)


class Promises:
    """Makes, renews and drops promises. Safe from any number of threads and processes at once."""

    def __init__(
        self,
        *,
        store: PromiseStore,
        room: Room,
        terms: PromiseTerms,
        requests: RequestStore,
        uploads: UploadStore,
        clock: Clock,
    ) -> None:
        self._store = store
        self._room = room
        self._terms = terms
        self._requests = requests
        self._uploads = uploads
        self._clock = clock
        self._twice = uploads.facts.staged
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, session: UploadSession) -> None:
        """Promise an upload that is being opened all its bytes, and those of its names. Raises StorageFull, Busy.

        The first of three steps: then the session is created, then ``reserve_place``. Who fails at a later one calls ``drop``."""
        promise = _promise(session)
        folders = len(session.path.folder)

        def decide(_: Promise | None, others: Callable[[], Promised], _now: float) -> Promise:
            if not self._terms.allow(promise.size, self._room.above_floor(folders), others()):
                raise StorageFull()
            return promise

        self._store.change(session.upload_id, session.request_hash, session.client, decide)

    def reserve_place(self, session: UploadSession, link: RequestLink) -> None:
        """Reserve a place on the link for an upload whose session exists. Raises RequestFull, ItemFull, TooManySenders; StorageFull,
        Busy where the catalogue cannot be written. Nothing is reserved then, and the promise stays until ``drop``."""
        until = self._terms.place_until(session.opened_at, 0)
        whose = session.item, session.sender.party
        opened = session.upload_id, session.size, session.opened_at
        self._requests.reserve(link, *opened, until, session.path.folder, *whose)

    def drop(self, session: UploadSession) -> None:
        """End the promise of an upload that is over; not its reservation, which ``RequestStore.release`` or ``receive`` ends. May be
        repeated. Raises nothing: a promise that cannot be ended lapses by itself."""
        self._forget(session.upload_id)
        with suppress(StorageFull, Busy):
            self._store.drop(session.upload_id, silent=not session.received_bytes)

    @contextmanager
    def kept(self, session: UploadSession, link: RequestLink, span: Span) -> Iterator[None]:
        """Have room for a chunk for as long as it is received in the block: set aside on the disk, and reserved on the link.

        Raises StorageFull or RequestFull where promise or reservation have lapsed and others have the room; the same chunk may be
        sent again later (``retry_after``). Busy where catalogue or promises cannot be written.
        """
        self._room.room_for_chunk(span.length if self._twice else 0)
        with self._lock:
            known = self._known.get(session.upload_id)
        if known is None or self._is_due(known, span):
            self._ask(session, link, span, known)
        try:
            yield
        except BaseException:
            # The space of a chunk that failed was given back.
            self._forget(session.upload_id)
            raise

    def first_bytes_came(self, session: UploadSession, link: RequestLink) -> None:
        """Note that the first bytes of an upload were recorded, so that promise and reservation last longer than for one of which
        nothing comes. Called after the first chunk; again does no harm. Raises nothing."""
        now = self._clock()

        def decide(promise: Promise | None, _others: Callable[[], Promised], now: float) -> Promise:
            return replace(promise or _promise(session), received=session.received_bytes, heard_at=now)

        with suppress(UploadError):  # Its next chunk does the same.
            self._hold_place(session, link, now)
            self._store.change(session.upload_id, session.request_hash, session.client, decide)

    def room_for_folders(self, session: UploadSession) -> None:
        """Raises StorageFull unless the folders that an upload is delivered to fit above the lower floor."""
        self._room.room_for_chunk(0, len(session.path.folder))

    def _is_due(self, known: _Known, span: Span) -> bool:
        now, patience = self._clock(), self._terms.patience
        return (
            now >= known.until
            or now - known.noted_at >= patience / 4
            or known.place_until - now < patience / 2
            or not known.taken.covers(span)
        )

    def _ask(self, session: UploadSession, link: RequestLink, span: Span, known: _Known | None) -> None:
        """Do what the next chunks will not have to: hold the place, renew the promise, set a step aside."""
        now, received = self._clock(), session.received_bytes
        place_until, credited = (known.place_until, known.credited) if known else (0.0, 0)
        if place_until - now < self._terms.patience / 2 or received >= max(1, 2 * credited):
            place_until, credited = self._hold_place(session, link, now), received
        taken = span

        def decide(promise: Promise | None, others: Callable[[], Promised], now: float) -> Promise:
            nonlocal taken
            before = promise or _promise(session)
            after = replace(before, received=received, heard_at=now)
            if now >= self._terms.until(before):
                # Lapsed. For one that has brought nothing no more is kept than what comes now.
                more = self._terms.held(after, now) + span.length
                if not self._terms.allow(more, self._room.above_floor(), others()):
                    raise no_room()
            elif after.received <= before.received:
                after = replace(after, heard_at=before.heard_at)
            taken, size = self._set_aside(session, span)
            return replace(after, taken=size)

        promise = self._store.change(session.upload_id, session.request_hash, session.client, decide)
        until = self._terms.until(promise)
        self._remember(session.upload_id, _Known(now, until, place_until, credited, ByteRanges([taken])))

    def _set_aside(self, session: UploadSession, span: Span) -> tuple[Span, int]:
        """Set a step aside on the disk, or only the chunk's own place where no more lies above the floor; returns it and
        how much is set aside for the upload in all."""
        beside = span.length if self._twice else 0
        for wanted in (step_of(session, span), span):
            with suppress(StorageFull):
                self._room.room_for_chunk(wanted.length + beside)
                return wanted, self._uploads.open(session.upload_id).set_aside(wanted)
        raise no_room()

    def _hold_place(self, session: UploadSession, link: RequestLink, now: float) -> float:
        received = session.received_bytes
        until, again = (self._terms.place_until(at, received) for at in (session.opened_at, now))
        try:
            return self._requests.renew(link, session.upload_id, now, until, again)
        except RequestFull as error:
            sentence = "This upload was left alone and others have its place on this link. Send the chunk again later."
            raise RequestFull(sentence, **{**error.details, "retry_after": RETRY_AFTER_SECONDS}) from None

    def _remember(self, upload_id: str, known: _Known) -> None:
        with self._lock:
            before = self._known.pop(upload_id, None)
            if before is not None:
                known.taken = before.taken.union(known.taken)
            self._known[upload_id] = known
            if len(self._known) > _MAX_REMEMBERED:
                self._known.popitem(last=False)

    def _forget(self, upload_id: str) -> None:
        with self._lock:
            self._known.pop(upload_id, None)


def step_of(session: UploadSession, span: Span) -> Span:
    """The span to set aside for a chunk: that of the chunk, widened at both ends to multiples of one step.

    A step is as many bytes as were received of the upload before, rounded down to MiB, and ``STEP_BYTES`` at most: so what is set
    aside in vain is never more than about what was received. Below 1 MiB the span is not widened."""
    step = min(STEP_BYTES, session.received_bytes) // MIB * MIB
    if not step:
        return span
    return Span(span.start // step * step, min(-(-span.stop // step) * step, session.size))


def _promise(session: UploadSession) -> Promise:
    size = session.size + NAME_BYTES * (1 + len(session.path.folder))
    at = session.opened_at
    return Promise(session.upload_id, session.request_hash, session.client, size, opened_at=at, heard_at=at)
