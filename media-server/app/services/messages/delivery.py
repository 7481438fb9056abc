"""Delivery: one try to hand over one message, and what is noted of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from app.core.backoff import Backoff
from app.core.errors import Busy, RateLimited, ReceiptNotReady, RequestNotFound, UploadError
from app.core.messages import Answer, Channel, Endpoint, Message, MessageKind, Outcome, Way, after_post, tried
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock
from app.core.ports.messages import EndpointStore, HookCarrier, MailCarrier, MessageStore
from app.core.ports.settings import Current
from app.core.reasons import Reason
from app.services.messages.chats import Chats
from app.services.messages.mails import Mails
from app.services.messages.pushes import Pushes
from app.services.messages.webhooks import body_of, signed
from app.services.operations.observer import MESSAGES
from app.services.senders.receipts import Receipts

log = logging.getLogger("droppr.messages")

_GONE = Answer(Outcome.NEVER, "The files were taken back, or their link was deleted.", reason=Reason.GONE)


@dataclass(frozen=True, slots=True)
class MailRoom:
    """What mails need: who writes them, who carries them, and receipts for senders."""

    mails: Mails
    carrier: MailCarrier
    receipts: Receipts
    server: str | None
    """The address of this server, as receipts have it."""


class Delivery:
    """Tries messages. While there is no mail room there is no mail server."""

    def __init__(
        self,
        *,
        store: MessageStore,
        endpoints: EndpointStore,
        requests: RequestStore,
        mail: Current[MailRoom | None],
        hooks: HookCarrier,
        chats: Chats,
        pushes: Pushes,
        clock: Clock,
        backoff: Backoff,
        why_not: Callable[[Message], str | None] = lambda _: None,
    ) -> None:
        """``why_not`` says why a mail need not be sent any more; None where it has to be."""
        self._store = store
        self._endpoints = endpoints
        self._requests = requests
        self._mail = mail
        self._hooks = hooks
        self._chats = chats
        self._pushes = pushes
        self._clock = clock
        self._backoff = backoff
        self._why_not = why_not
        self._answers: dict[str, Answer] = {}
        """What was answered and could not be noted yet: such a message is not handed over again, only noted."""
        # From the beginning, or the first of each kind would be no increase.
        for kind in product(Channel, Outcome):
            MESSAGES.labels(*(each.value for each in kind))

    def deliver(self, message: Message) -> Answer:
        """Try a message and note what came of it. Raises Busy or StorageFull where that cannot be noted: call again."""
        answer = self._answers.get(message.id)
        if answer is None:
            answer = self._answers[message.id] = self._try(message)
        self._store.update(message.id, lambda each: tried(each, answer, self._clock(), self._backoff))
        del self._answers[message.id]
        MESSAGES.labels(message.channel.value, answer.outcome.value).inc()
        log.info(f"message {answer.outcome.value}", extra={"message_id": message.id, "kind": message.kind.value})
        return answer

    def _try(self, message: Message) -> Answer:
        try:
            return self._post(message) if message.channel is Channel.WEBHOOK else self._send(message)
        except Busy as error:
            return Answer(Outcome.NOT_YET, error.message, wait=5.0, reason=Reason.HERE)
        except Exception:  # the last line of defence: one message must not hold up the others
            log.exception("a message could not be handed over", extra={"message_id": message.id})
            return Answer(
                Outcome.LATER, "This server could not make the message. Its log says why.", reason=Reason.HERE
            )

    def _post(self, message: Message) -> Answer:
        endpoint = self._endpoints.load(message.recipient)
        if endpoint is None:
            return Answer(Outcome.NEVER, "The endpoint was removed.", reason=Reason.REMOVED)
        if not endpoint.active and message.kind is not MessageKind.TEST:
            return Answer(Outcome.NEVER, "The endpoint is switched off.", reason=Reason.SWITCHED_OFF)
        match endpoint.way:
            case Way.PUSH:
                answer = self._pushes.send(endpoint, message)
            case Way.CHAT:
                answer = self._chats.send(endpoint.url, message)
            case Way.WEBHOOK:
                answer = self._signed(endpoint, message)
        if answer.gone and endpoint.way is Way.PUSH:
            # A browser that was told never to be told again has another address by the time it wants to.
            self._endpoints.remove(endpoint.id)
            return answer
        if answer.outcome is not Outcome.TAKEN or endpoint.failing_since is not None:
            self._endpoints.update(endpoint.id, partial(after_post, answer=answer, now=self._clock()))
        return answer

    def _signed(self, endpoint: Endpoint, message: Message) -> Answer:
        body = body_of(message)
        headers = signed(message.id, self._clock(), body, endpoint.secret)
        return self._hooks.post(endpoint.url, headers, body.encode())

    def _send(self, message: Message) -> Answer:
        room = self._mail()
        if room is None:
            sentence = "This server has no mail server yet: it can be set on its settings page."
            return Answer(Outcome.LATER, sentence, of_all=True, reason=Reason.NOT_SET_UP)
        if (why := self._why_not(message)) is not None:
            return Answer(Outcome.NEVER, why, reason=Reason.NOT_NEEDED)
        receipt: Mapping[str, Any] | None = None
        if message.kind is MessageKind.CONFIRMATION:
            try:
                receipt = self._receipt(room, message)
            except (ReceiptNotReady, RateLimited, Busy) as error:
                wait = float(str(error.details.get("retry_after") or 5))
                return Answer(Outcome.NOT_YET, error.message, wait=wait, reason=Reason.HERE)
            except RequestNotFound:
                return _GONE
            except UploadError as error:
                return Answer(Outcome.LATER, error.message, reason=Reason.HERE)
            if receipt is None:
                return _GONE
        return room.carrier.send(message.recipient, room.mails.of(message, receipt))

    def _receipt(self, room: MailRoom, message: Message) -> Mapping[str, Any] | None:
        """A receipt for what is still there of a sender's files; None where nothing is."""
        assert message.link is not None
        ids = message.facts["upload_ids"]
        there = self._requests.files(message.link, ids)
        known = [upload_id for upload_id in ids if upload_id in there]
        return room.receipts.issue(message.link, known, room.server, "confirmations") if known else None
