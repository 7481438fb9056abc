"""Forwarder: brings files from the outbox to their remotes, while they arrive where they are large enough.

Whatever happens on the way, the local copy stays, and the entry in the outbox says how to go on: it is written before
the remote is asked for anything that cannot be asked for twice, and removed after the link's ledger knows where the
file stands. What a remote holds is asked of the remote itself, never remembered; only the digests of what was sent are, so
that nothing has to be read again for comparing the two.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from app.core.backoff import Backoff
from app.core.errors import Busy, RequestNotFound, StorageFull, UploadError
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.remotes import OutboxStore, Remote
from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason
from app.core.remotes import (
    NEVER,
    LocalCopyGone,
    OutboxEntry,
    OutboxState,
    OutgoingFile,
    RemoteTrouble,
    TransferLost,
)
from app.services.circuit_breaker import CircuitOpen
from app.services.forwarding.remotes import Remotes
from app.services.forwarding.sources import LocalCopies, LocalCopy, NotYet
from app.services.operations.observer import Observer, shortened
from app.services.parallel_chunk_processor import Cancelled, ParallelChunkProcessor, Transfer, TransferRewound

log = logging.getLogger("droppr.remotes")

FIRST_RETRY_SECONDS = 2.0
MAX_RETRY_SECONDS = 3600.0
LASTING_RETRY_SECONDS = 3600.0
"""After what does not pass by itself it is tried again all the same: somebody may have put it right."""
PROGRESS_SECONDS = 1.0
ARRIVING_SECONDS = 2.0
"""How often it is looked whether more of a file has arrived."""
QUIET_SHARE = 8
MAX_ARRIVING_SECONDS = 3600.0
"""Where nothing comes, so many times less often than it has been quiet for, and once in so many seconds at least: whoever leaves in the
middle of a file leaves its entry until the upload is purged."""
MAX_BEGINNINGS = 3
"""How often in one go a transfer is begun anew before that counts as a failure."""
_ANEW: dict[str, object] = {"transfer": None, "path": None, "sent_bytes": 0, "digests": None}
"""An entry whose transfer has to be begun anew."""
_WELL: dict[str, object] = {"error": None, "reason": None, "said": None}
MAX_SAID = 300


class Forwarder:
    """Passes one file on as far as it goes now. Any number may try; one does it."""

    def __init__(
        self,
        *,
        outbox: OutboxStore,
        remotes: Remotes,
        copies: LocalCopies,
        requests: RequestStore,
        processor: ParallelChunkProcessor,
        observer: Observer,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._remotes = remotes
        self._copies = copies
        self._requests = requests
        self._processor = processor
        self._observer = observer
        self._clock = clock
        self._backoff = Backoff(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS, random)

    def pass_on(self, upload_id: str) -> None:
        """Send what can be sent of this file and note how that went. Raises Busy when another process is at it."""
        with self._outbox.sending(upload_id):
            entry = self._outbox.load(upload_id)
            if entry is None:
                return
            try:
                self._go_or_wait(entry)
            except (LocalCopyGone, Cancelled, RequestNotFound):
                self._given_up(upload_id)
            except (RemoteTrouble, Busy, StorageFull) as trouble:
                self._failed(upload_id, trouble)
            finally:
                self._processor.forget(upload_id)

    def catch_up(self) -> int:
        """Note again what the ledgers say has to be passed on and the outbox does not know; returns how much."""
        owed = [
            OutboxEntry(file.upload_id, hash, file.destination, file.size, self._clock())
            for hash, file in self._requests.owed()
            if file.destination is not None
        ]
        return sum(self._outbox.add(entry) for entry in owed)

    def _go_or_wait(self, entry: OutboxEntry) -> None:
        try:
            self._go(entry)
        except NotYet as error:
            if error.heard_at is not None:
                self._look_later(entry, error.heard_at)

    def _go(self, entry: OutboxEntry) -> None:
        for beginning in count(1):
            with self._copies.of(entry) as copy:
                entry = self._fitting(entry, copy)
                try:
                    self._advance(entry, copy)
                    return
                except TransferRewound:
                    if beginning >= MAX_BEGINNINGS:
                        raise
                except TransferLost:
                    entry = self._changed(entry, **_ANEW)
                    if beginning >= MAX_BEGINNINGS:
                        raise

    def _advance(self, entry: OutboxEntry, copy: LocalCopy) -> None:
        """Send what is there, and finish once that is all."""
        remote = self._remotes.of(entry.target)
        file = OutgoingFile(entry.upload_id, copy.path, entry.size)
        if (
            copy.received is None
            and entry.transfer is None
            and not parts_to_send(remote, file, ByteRanges(), copy.ready)
        ):
            self._look_later(entry, copy.heard_at)
            return
        breaker = self._remotes.breaker(entry.target)
        if entry.transfer is None:
            with breaker.guard():
                transfer = remote.begin(file)
            entry = self._changed(entry, transfer=transfer, path=copy.path)
        assert entry.transfer is not None
        with breaker.guard():
            held = remote.held(entry.transfer, file)
        spans = parts_to_send(remote, file, held, copy.ready)
        state = OutboxState.ARRIVING if copy.received is None else OutboxState.SENDING
        told = _Told(lambda **known: self._changed(entry, **known), held, copy.opened_at, self._clock)
        told.recall(entry.digests)
        if spans:
            self._changed(entry, state=state, sent_bytes=held.length)
            cancelled = _Watch(self._copies, entry, self._clock)
            sending = Transfer(remote, entry.transfer, file, copy.read, breaker, cancelled=cancelled, sent=told)
            self._send(sending, spans, entry, copy)
        if copy.received is None:
            self._look_later(entry, copy.heard_at, state=state, **_WELL, **told.known())
            return
        self._leave(entry)
        # Looked at after the last part was read, so that the digests of all parts are those of this very file.
        digests = told.digests if self._copies.is_as_sent(entry, copy.received) else {}
        with breaker.guard():
            where = remote.finish(entry.transfer, file, copy.read, digests)
        self._requests.note_passed_on(entry.request_hash, entry.upload_id, where)
        self._outbox.remove(entry.upload_id)
        self._observer.passed_on(entry, self._clock() - entry.created_at)

    def _look_later(self, entry: OutboxEntry, heard_at: float, **changes: object) -> None:
        """Look again whether more of a file has arrived, of which bytes came last at ``heard_at``."""
        now = self._clock()
        wait = min(max(ARRIVING_SECONDS, (now - heard_at) / QUIET_SHARE), MAX_ARRIVING_SECONDS)
        self._changed(entry, next_at=now + wait, **changes)
        # Whoever was told meanwhile that it is there has had it looked at too soon.
        if self._copies.has_arrived(entry):
            self._changed(entry, next_at=0.0)

    def _send(self, sending: Transfer, spans: list[Span], entry: OutboxEntry, copy: LocalCopy) -> None:
        """Send these parts.

        Sending the final part can publish the file at the remote. That part is held back until the file is delivered here and
        its sender can no longer take it back.
        """
        ends = spans[-1].stop == entry.size and (sending.remote.in_order or spans[0].length == entry.size)
        before = spans[:-1] if ends else spans
        if before:
            self._processor.send(sending, before)
        if ends and copy.received is not None:
            self._leave(entry)
            self._processor.send(sending, spans[-1:])

    def _leave(self, entry: OutboxEntry) -> None:
        """From here on the file stays. Raises Cancelled where its sender has taken it back."""
        if not self._requests.note_leaving(entry.request_hash, entry.upload_id):
            raise Cancelled

    def _fitting(self, entry: OutboxEntry, copy: LocalCopy) -> OutboxEntry:
        """The entry, its transfer given up where the file got another name or place than it was begun with."""
        asked = copy.received.destination if copy.received else None
        target = entry.target if asked is None or (entry.transfer is not None and _is_session(entry)) else asked
        if entry.transfer is None or _is_session(entry):
            return entry if target == entry.target else self._changed(entry, target=target)
        if entry.path == copy.path and target == entry.target:
            return entry
        self._abort(entry)
        return self._changed(entry, target=target, **_ANEW)

    def _given_up(self, upload_id: str) -> None:
        """The file is gone, and with it what the remote has of it so far."""
        entry = self._outbox.load(upload_id)
        if entry is not None:
            self._abort(entry)
            self._outbox.remove(upload_id)

    def _abort(self, entry: OutboxEntry) -> None:
        if entry.transfer is None:
            return
        try:
            self._remotes.of(entry.target).abort(entry.transfer)
        except RemoteTrouble as trouble:
            # Stores and Google clear away by themselves what nobody finishes.
            log.warning("transfer not aborted", extra={"upload": shortened(entry.upload_id), "error": str(trouble)})

    def _failed(self, upload_id: str, trouble: Exception) -> None:
        lasting = isinstance(trouble, RemoteTrouble) and trouble.lasting
        asked = trouble.retry_after if isinstance(trouble, RemoteTrouble) else None
        message = trouble.message if isinstance(trouble, UploadError) else str(trouble)
        reason, said = (trouble.reason, trouble.said) if isinstance(trouble, RemoteTrouble) else (Reason.HERE, None)

        def noted(entry: OutboxEntry) -> OutboxEntry:
            # A remote that is left alone was not tried.
            attempts = entry.attempts + (not isinstance(trouble, CircuitOpen))
            wait = LASTING_RETRY_SECONDS if lasting else self._backoff.wait(max(attempts, 1), asked)
            # A session is a sender's, who may have left it with us and gone: there is no other one for its file.
            is_over = _is_session(entry) and lasting and reason is Reason.GONE
            return replace(
                entry,
                state=OutboxState.FAILED if lasting else OutboxState.RETRYING,
                attempts=attempts,
                error=message,
                reason=reason,
                said=said and said[:MAX_SAID],
                next_at=NEVER if is_over else self._clock() + wait,
            )

        entry = self._outbox.update(upload_id, noted)
        if entry is not None:
            self._observer.not_passed_on(entry)

    def _changed(self, entry: OutboxEntry, **changes: object) -> OutboxEntry:
        changed = self._outbox.update(entry.upload_id, lambda each: replace(each, **changes))  # type: ignore[arg-type]
        if changed is None:
            raise Cancelled
        return changed


class _Told:
    """Counts the bytes that a remote has taken, for the owner to see, and keeps the digests of its parts. Writes both down now
    and then. ``held`` is what the remote had before, ``opened_at`` when the upload was opened whose parts these are."""

    def __init__(self, note: Callable[..., object], held: ByteRanges, opened_at: float | None, clock: Clock) -> None:
        self._note = note
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock() + PROGRESS_SECONDS
        self._bytes = held.length
        self._opened_at = opened_at
        self.digests: dict[int, str] = {}

    def recall(self, noted: str | None) -> None:
        """Take up the digests that were written down before, where they are of the same upload."""
        known = json.loads(noted) if noted else {}
        if self._opened_at is not None and known.get("opened_at") == self._opened_at:
            self.digests = {int(start): digest for start, digest in known["parts"].items()}

    def __call__(self, span: Span, digest: str | None) -> None:
        with self._lock:
            self._bytes += span.length
            if digest is not None:
                self.digests[span.start] = digest
            if self._clock() < self._next:
                return
            self._next = self._clock() + PROGRESS_SECONDS
            known = self.known()
        self._note(**known)

    def known(self) -> dict[str, object]:
        """Both, as the outbox has them."""
        known = {"opened_at": self._opened_at, "parts": self.digests}
        digests = json.dumps(known, separators=(",", ":"), allow_nan=False) if self.digests else None
        return {"sent_bytes": self._bytes, "digests": digests}


class _Watch:
    """Whether nobody wants the file any more. Looks at most once a second, however often it is asked."""

    def __init__(self, copies: LocalCopies, entry: OutboxEntry, clock: Clock) -> None:
        self._copies = copies
        self._entry = entry
        self._clock = clock
        self._next = 0.0
        self._gone = False

    def __call__(self) -> bool:
        if not self._gone and self._clock() >= self._next:
            self._next = self._clock() + PROGRESS_SECONDS
            self._gone = not self._copies.wanted(self._entry)
        return self._gone


def parts_to_send(remote: Remote, file: OutgoingFile, held: ByteRanges, ready: ByteRanges) -> list[Span]:
    """The parts that are there and that the remote lacks: any where it takes any, else those that join what it has."""
    size = remote.part_size(file.size)
    if not remote.in_order:
        parts = (Span(start, min(start + size, file.size)) for start in range(0, file.size, size))
        return [part for part in parts if ready.covers(part) and not held.covers(part)]
    spans: list[Span] = []
    start = held.prefix
    while start < ready.prefix:
        stop = min(start - start % size + size, file.size)
        if stop > ready.prefix:
            break
        spans.append(Span(start, stop))
        start = stop
    return spans


def _is_session(entry: OutboxEntry) -> bool:
    return entry.target.kind == "session"
