"""Closing: makes messages of batches whose time has come."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.core.addresses import mailbox
from app.core.errors import Busy, RequestNotFound, StorageFull
from app.core.links import RequestLink
from app.core.messages import (
    HOOKS,
    HOOKS_REMOVED,
    OWNER,
    PUSHES,
    Batch,
    Channel,
    Message,
    MessageKind,
    Way,
    emptied,
    facts_of,
    message_id,
)
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.messages import EndpointStore, MessageStore
from app.core.ports.settings import Current
from app.core.terms import Terms
from app.services.messages.reader import SENDER
from app.services.messages.rules import Rules
from app.services.operations.observer import shortened

AT_ONCE = 20
"""Batches that one look closes."""
AGAIN_SECONDS = 300.0

_KINDS = {
    HOOKS: MessageKind.FILES_RECEIVED,
    HOOKS_REMOVED: MessageKind.FILES_REMOVED,
    PUSHES: MessageKind.FILES_RECEIVED,
}

log = logging.getLogger("droppr.messages")


@dataclass(frozen=True, slots=True)
class ConfirmationLimits:
    """How many confirmations go out. Addresses are typed by strangers: none of them may have a box filled, or this server's mail
    taken for spam."""

    recipient: str = "6 per day"
    """To one mailbox, by all links. Beyond it they wait, and become one."""
    link: str = "60 per hour"
    """Of one link. Beyond it there are none."""
    server: str = "2000 per day"


class Closing:
    """Turns batches into messages, each once."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        store: MessageStore,
        endpoints: EndpointStore,
        attempts: Attempts,
        rules: Current[Rules],
        limits: Current[ConfirmationLimits],
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._store = store
        self._endpoints = endpoints
        self._attempts = attempts
        self._rules = rules
        self._limits = limits
        self._clock = clock

    def close_due(self) -> int:
        """Close some batches; how many there were."""
        due = self._store.due_batches(self._clock(), AT_ONCE)
        for batch in due:
            try:
                self._close_one(batch)
            except (Busy, StorageFull):
                raise
            except Exception:  # the last line of defence: one batch must not hold up the others
                log.exception("a batch could not be closed", extra={"link": shortened(batch.link)})
                self._store.postpone(batch, self._clock() + AGAIN_SECONDS)
        return len(due)

    def _close_one(self, batch: Batch) -> None:
        if batch.reader.startswith(SENDER):
            self._close_for_sender(batch, batch.reader.removeprefix(SENDER))
        else:
            self._close(batch, list(self._messages(batch)))

    def _close(self, batch: Batch, messages: Iterable[Message]) -> None:
        self._store.close(batch, emptied(batch, self._clock()), messages)

    def _messages(self, batch: Batch) -> Iterable[Message]:
        if batch.reader == OWNER:
            link = self._link(batch)
            for address in self._rules().told(link.terms if link else Terms()):
                yield self._message(batch, MessageKind.FILES_RECEIVED, Channel.MAIL, address)
        kind = _KINDS.get(batch.reader)
        for endpoint in self._endpoints.all() if kind else ():
            meant = (endpoint.way is Way.PUSH) is (batch.reader == PUSHES)
            if kind is not None and meant and endpoint.wants(kind, batch.link):
                yield self._message(batch, kind, Channel.WEBHOOK, endpoint.id)

    def _close_for_sender(self, batch: Batch, address: str) -> None:
        link = self._link(batch)
        if link is None or not link.terms.confirm or not self._rules().mail:
            self._close(batch, [])
            return
        box = f"confirmation to {mailbox(address)}"
        if not self._attempts.hit(box, self._limits().recipient):
            wait = self._attempts.retry_after(box, self._limits().recipient)
            self._store.postpone(batch, self._clock() + wait)
            return
        limits = {f"confirmation by {batch.link}": self._limits().link, "confirmation": self._limits().server}
        if not all(self._attempts.hit(key, limit) for key, limit in limits.items()):
            log.warning("too many confirmations were asked for", extra={"link": shortened(batch.link)})
            self._close(batch, [])
            return
        proof = {
            "upload_ids": list(batch.upload_ids),
            "asker": self._rules().brand.asker(link.terms),
            "language": link.terms.mail_language(self._language(batch)),
        }
        self._close(batch, [self._message(batch, MessageKind.CONFIRMATION, Channel.MAIL, address, **proof)])

    def _language(self, batch: Batch) -> str | None:
        """That of the browser that sent the last of these files."""
        with suppress(RequestNotFound):
            for file in self._requests.files(batch.link, batch.upload_ids[-1:]).values():
                return file.language
        return None

    def _link(self, batch: Batch) -> RequestLink | None:
        try:
            return self._requests.load(batch.link)
        except RequestNotFound:
            return None

    def _message(self, batch: Batch, kind: MessageKind, channel: Channel, recipient: str, **more: Any) -> Message:
        now = self._clock()
        return Message(
            id=message_id(batch.link, batch.reader, batch.event, batch.begun_at, channel.value, recipient),
            kind=kind,
            channel=channel,
            recipient=recipient,
            link=batch.link,
            facts=facts_of(batch) | more,
            created_at=now,
            next_at=now,
        )
