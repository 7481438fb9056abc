"""MessageReader: gathers what happens into batches, and notes at once what is rare. It sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from app.core.addresses import mail_address
from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import (
    HOOKS,
    HOOKS_REMOVED,
    OWNER,
    PUSHES,
    Arrival,
    Batch,
    Channel,
    Endpoint,
    Message,
    MessageKind,
    Pace,
    Way,
    gathered,
    message_id,
)
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.messages import EndpointStore, MessageStore
from app.core.ports.settings import Current
from app.services.messages.item_messages import ItemMessages
from app.services.messages.rules import Rules

SENDER = "sender "
"""What the name of a batch begins with that is for a sender; their address follows."""
_OF_LINKS = {
    EventKind.LINK_MADE: MessageKind.LINK_MADE,
    EventKind.LINK_CHANGED: MessageKind.LINK_CHANGED,
    EventKind.LINK_CLOSED: MessageKind.LINK_CLOSED,
    EventKind.LINK_DELETED: MessageKind.LINK_DELETED,
}


class MessageReader:
    """EventReader. What it is told again is in its batch already, or a message under the same id."""

    name = "messages"

    def __init__(
        self,
        *,
        requests: RequestStore,
        store: MessageStore,
        endpoints: EndpointStore,
        items: ItemMessages,
        rules: Current[Rules],
        look: Callable[[], None],
        clock: Clock,
    ) -> None:
        """``look`` has ``rules`` be those of now: what comes directly after somebody set up mail is told."""
        self._requests = requests
        self._store = store
        self._endpoints = endpoints
        self._items = items
        self._rules = rules
        self._look = look
        self._clock = clock

    def handle(self, events: Sequence[Event]) -> None:
        self._look()
        hooks = [each for each in self._endpoints.all() if each.active]
        if not hooks and not self._rules().mail:
            return
        for link, uploads in _uploads(events, EventKind.FILE_RECEIVED).items():
            with suppress(RequestNotFound):  # The link was deleted since.
                self._received(link, uploads, hooks)
        if _ways(hooks, MessageKind.FILES_REMOVED):
            for link, uploads in _uploads(events, EventKind.FILE_REMOVED).items():
                with suppress(RequestNotFound):
                    self._removed(link, uploads)
        self._store.add([message for event in events for message in self._of_link(event, hooks)])
        self._store.add([message for event in events for message in self._items.of(event, hooks)])

    def _received(self, hash: str, uploads: Mapping[int, str], hooks: Iterable[Endpoint]) -> None:
        link = self._requests.load(hash)
        told, confirms = self._rules().told(link.terms), self._rules().mail and link.terms.confirm
        ways = _ways(hooks, MessageKind.FILES_RECEIVED, hash)
        by_hook, by_push = bool(ways - {Way.PUSH}), Way.PUSH in ways
        if not told and not confirms and not ways:
            return
        arrivals = _arrivals(uploads, self._requests.files(hash, uploads.values()))
        if told:
            self._gather(link, OWNER, arrivals, self._rules().mail_pace)
        if by_hook:
            self._gather(link, HOOKS, arrivals, self._rules().hook_pace)
        if by_push:
            self._gather(link, PUSHES, arrivals, self._rules().hook_pace)
        if confirms:
            for address, theirs in _by_sender(arrivals).items():
                self._gather(link, SENDER + address, theirs, self._rules().mail_pace, proven=True)

    def _removed(self, hash: str, uploads: Mapping[int, str]) -> None:
        link, fates = self._requests.load(hash), self._requests.fates(hash, uploads.values())
        files = {id: fate.file for id, fate in fates.items() if fate.file is not None}
        self._gather(link, HOOKS_REMOVED, _arrivals(uploads, files), self._rules().hook_pace)

    def _gather(
        self, link: RequestLink, reader: str, arrivals: Sequence[Arrival], pace: Pace, *, proven: bool = False
    ) -> None:
        now = self._clock()

        def change(batch: Batch) -> Batch:
            more = gathered(batch, arrivals, now, pace, proven=proven)
            if more is batch or more.due_at is None:
                return more
            quiet = self._rules().quiet if reader in (OWNER, PUSHES) else None
            due = quiet.over_at(more.due_at) if quiet else more.due_at
            return replace(more, due_at=due, title=link.terms.title, folder=str(link.folder))

        if arrivals:
            self._store.gather(link.hash, reader, change)

    def _of_link(self, event: Event, hooks: Iterable[Endpoint]) -> Iterable[Message]:
        kind = _OF_LINKS.get(event.kind)
        for each in hooks:
            if kind is not None and each.wants(kind, event.link):
                yield Message(
                    id=message_id("event", event.id, event.at, each.id),
                    kind=kind,
                    channel=Channel.WEBHOOK,
                    recipient=each.id,
                    link=event.link,
                    facts={"actor": event.actor, "at": event.at},
                    created_at=event.at,
                    next_at=event.at,
                )


def _ways(hooks: Iterable[Endpoint], kind: MessageKind, link: str | None = None) -> set[Way]:
    """By which ways somebody wants to be told of this kind, about the link or any."""
    return {each.way for each in hooks if kind in each.kinds and (link is None or each.link in (None, link))}


def _uploads(events: Sequence[Event], kind: EventKind) -> dict[str, dict[int, str]]:
    """The uploads that events of one kind are about, by link and event."""
    found: dict[str, dict[int, str]] = {}
    for event in events:
        if event.kind is kind and event.upload_id is not None:
            found.setdefault(event.link, {})[event.id] = event.upload_id
    return found


def _arrivals(uploads: Mapping[int, str], files: Mapping[str, ReceivedFile]) -> list[Arrival]:
    return [Arrival(event, files[upload_id]) for event, upload_id in uploads.items() if upload_id in files]


def _by_sender(arrivals: Iterable[Arrival]) -> dict[str, list[Arrival]]:
    """Files by the address that their sender gave, as far as mail can be sent there."""
    found: dict[str, list[Arrival]] = {}
    for each in arrivals:
        if each.file.sender_email:
            with suppress(ValueError):
                found.setdefault(mail_address(each.file.sender_email), []).append(each)
    return found
