"""Outbox: notes which files have to be passed on, and wakes whoever does it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from app.core.actors import Actor
from app.core.errors import InvalidRequest
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.guards import Clock
from app.core.ports.remotes import OutboxStore
from app.core.remotes import NEVER, OutboxEntry, OutboxState, PassedOn, RemoteTarget, TargetKind
from app.core.session import UploadSession
from app.services.accounts import acts
from app.services.chunk_buffer_pool import BUFFER_SIZES

MAX_REMEMBERED = 10_000


class Outbox:
    """The front of the outbox. ``wake`` is set whenever there may be something to do."""

    def __init__(self, store: OutboxStore, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._begun: set[str] = set()
        self.wake = threading.Event()

    def chunk_recorded(self, session: UploadSession, link: RequestLink) -> None:
        """A file of several parts goes on while it arrives."""
        if link.terms.destination is None or session.size <= BUFFER_SIZES[0] or session.upload_id in self._begun:
            return
        if len(self._begun) >= MAX_REMEMBERED:
            self._begun.clear()  # Noting one again changes nothing.
        self._begun.add(session.upload_id)
        self._note(session.upload_id, session.request_hash, session.size, link.terms.destination, OutboxState.ARRIVING)

    def received(self, hash: str, files: Iterable[ReceivedFile]) -> None:
        """Told of files that stand in their link's ledger. Most have to go nowhere, and then nobody is woken."""
        files = list(files)
        known = self.store.some(file.upload_id for file in files)
        for file in files:
            if file.upload_id in known:
                self._go_on(file.upload_id)
            elif file.destination is not None and file.passed_on_to is None:
                self._note(file.upload_id, hash, file.size, file.destination, OutboxState.WAITING)
            self._begun.discard(file.upload_id)

    def session(self, session: UploadSession, uri: str) -> None:
        """Pass an upload on to a Google session that its sender began; ``uri`` is a secret of theirs."""
        target = RemoteTarget(TargetKind.SESSION)
        entry = self._entry(session.upload_id, session.request_hash, session.size, target, OutboxState.ARRIVING)
        self.store.add(replace(entry, transfer=uri, path=str(session.path)))
        self._begun.add(session.upload_id)
        self.wake.set()

    def again(self, link: RequestLink, file: ReceivedFile, actor: Actor) -> PassedOn:
        """Pass a received file on now, however often that failed. Raises InvalidRequest where there is nowhere to."""
        if file.passed_on_to is None:
            target = file.destination or link.terms.destination or self._target_of(file.upload_id)
            if target is None:
                raise InvalidRequest("This link passes its files on to nowhere.")
            self.store.ask(self._entry(file.upload_id, link.hash, file.size, target, OutboxState.WAITING), actor)
            self.wake.set()
        acts.note(actor, "file to be passed on again", link.hash, file.upload_id, path=file.path)
        return self.states([file])[file.upload_id]

    def states(self, files: Iterable[ReceivedFile]) -> dict[str, PassedOn]:
        """How passing on stands, of those files that have to be or were passed on."""
        wanted = {file.upload_id: file for file in files}
        found = {
            upload_id: PassedOn(OutboxState.DONE, remote=file.passed_on_to, sent_bytes=file.size)
            for upload_id, file in wanted.items()
            if file.passed_on_to is not None
        }
        if len(found) < len(wanted):
            entries = self.store.some(upload_id for upload_id in wanted if upload_id not in found)
            found |= {upload_id: _seen(entry) for upload_id, entry in entries.items()}
            # What arrived a moment ago is noted in a moment.
            owed = [each.upload_id for each in wanted.values() if each.destination is not None]
            found |= {upload_id: PassedOn(OutboxState.WAITING) for upload_id in owed if upload_id not in found}
        return found

    def figures(self) -> dict[str, int]:
        """How many files of all links are in each state, and how many of their bytes have still to be sent."""
        found = self.store.figures()
        states = [state for state in OutboxState if state is not OutboxState.DONE]
        counted = {state.value: found.get(state, (0, 0))[0] for state in states}
        return {**counted, "bytes_left": sum(left for _, left in found.values())}

    def _target_of(self, upload_id: str) -> RemoteTarget | None:
        """Where a file goes to of which its link says nothing: to a session that its sender began."""
        entry = self.store.load(upload_id)
        return entry.target if entry else None

    def _note(self, upload_id: str, hash: str, size: int, target: RemoteTarget, state: OutboxState) -> None:
        if self.store.add(self._entry(upload_id, hash, size, target, state)):
            self.wake.set()
        else:
            self._go_on(upload_id)

    def _go_on(self, upload_id: str) -> None:
        """It is on its way since it began to arrive: what it waited for may be there now."""
        arriving = OutboxState.ARRIVING
        self.store.update(
            upload_id, lambda each: replace(each, next_at=0.0) if each.attempts == 0 or each.state is arriving else each
        )
        self.wake.set()

    def _entry(self, upload_id: str, hash: str, size: int, target: RemoteTarget, state: OutboxState) -> OutboxEntry:
        return OutboxEntry(upload_id, hash, target, size, self._clock(), state)


def _seen(entry: OutboxEntry) -> PassedOn:
    failed = entry.state in (OutboxState.RETRYING, OutboxState.FAILED)
    return PassedOn(
        entry.state,
        attempts=entry.attempts,
        error=entry.error,
        reason=entry.reason,
        said=entry.said,
        sent_bytes=entry.sent_bytes,
        next_at=entry.next_at if failed and entry.next_at < NEVER else None,
    )
