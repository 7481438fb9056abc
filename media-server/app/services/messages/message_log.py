"""MessageLog: what owners see of messages, and ask for."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import EndpointNotFound, InvalidRequest, MailNotReady, MessageNotFound
from app.core.messages import AT_ONCE, Channel, Message, MessageKind, MessageState, asked_again
from app.core.ports.guards import Clock
from app.core.ports.messages import EndpointStore, MessageStore, Place
from app.core.ports.settings import Current
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.messages.rules import Rules


class MessageLog:
    """The face of the outbox of messages. ``bell`` is rung when there is something to send at once."""

    def __init__(
        self,
        *,
        store: MessageStore,
        endpoints: EndpointStore,
        rules: Current[Rules],
        clock: Clock,
        bell: Bell,
        acts: Acts,
    ) -> None:
        self._acts = acts
        self._store = store
        self._endpoints = endpoints
        self._rules = rules
        self._clock = clock
        self._bell = bell

    def page(
        self,
        most: int,
        after: Place | None,
        state: MessageState | None = None,
        link: str | None = None,
        owners: Collection[str] | None = None,
    ) -> list[Message]:
        """Up to ``most`` messages, newest first, behind the one at ``after``; with ``owners`` those about links of theirs."""
        return self._store.page(most, after, state, link, owners)

    def one(self, id: str) -> Message:
        """Raises MessageNotFound."""
        message = self._store.load(id)
        if message is None:
            raise MessageNotFound()
        return message

    def again(self, id: str, actor: Actor) -> Message:
        """Have a message sent now, under the id that it has, whatever became of it. Raises MessageNotFound."""
        message = self._store.update(id, asked_again)
        if message is None:
            raise MessageNotFound()
        self._acts.note(actor, Act.MESSAGE_ASKED_AGAIN, message.link, kept={"to": message.recipient}, message_id=id)
        self._bell.ring()
        return message

    def hurry(self) -> None:
        """Something was added that should go at once."""
        self._bell.ring()

    def test(self, actor: Actor, mail: str | None, endpoint: str | None) -> list[Message]:
        """Have a test sent to a mail address, to an endpoint, or else to whoever is told of links that name nobody. Raises
        MailNotReady, EndpointNotFound, InvalidRequest."""
        if endpoint is not None:
            tested = self._endpoints.load(endpoint)
            if tested is None:
                raise EndpointNotFound()
            # Whoever may test it sees what came of that.
            found = [self._test(Channel.WEBHOOK, endpoint, tested.link)]
        else:
            if not self._rules().mail:
                raise MailNotReady()
            addresses = self._rules().notify if mail is None else (mail,)
            if not addresses:
                raise InvalidRequest("Say where to: a mail address, or an endpoint.", fields={"mail": "missing"})
            found = [self._test(Channel.MAIL, address) for address in addresses]
        self._store.add(found)
        to = [each.recipient for each in found]
        self._acts.note(actor, Act.TEST_SENT, kept={"to": to}, messages=[each.id for each in found])
        self._bell.ring()
        return found

    def _test(self, channel: Channel, recipient: str, link: str | None = None) -> Message:
        id = f"msg_{secrets.token_hex(16)}"
        return Message(id, MessageKind.TEST, channel, recipient, link, {}, self._clock(), AT_ONCE)
