"""Telling owners and senders: what is kept of it, and who carries it out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from app.core.messages import Answer, Batch, Endpoint, Message, MessageState

Place = tuple[float, str]
"""Where a message stands in its list: when it was made, and its id."""


class MessageStore(Protocol):
    """Batches that are being gathered, and messages. Safe from any number of threads and processes at once. Reads raise Busy, writes
    StorageFull or Busy; then nothing has changed."""

    def gather(self, link: str, reader: str, change: Callable[[Batch], Batch]) -> None:
        """Replace a batch, an empty one where there is none, by ``change`` of it, a pure function that runs with it locked."""
        ...

    def due_batches(self, now: float, most: int) -> list[Batch]:
        """Batches whose time has come, those that wait longest first."""
        ...

    def close(self, batch: Batch, after: Batch, messages: Iterable[Message]) -> bool:
        """Durably put ``after`` in place of ``batch``, and add the messages that it became; false, and nothing changes, where something
        has come to it meanwhile."""
        ...

    def postpone(self, batch: Batch, until: float) -> None:
        """Have the batch closed at another time, unless something has come to it meanwhile."""
        ...

    def add(self, messages: Sequence[Message]) -> None:
        """Durably add messages. One whose id is there already changes nothing."""
        ...

    def load(self, id: str) -> Message | None:
        """The message; None where there is none."""
        ...

    def update(self, id: str, change: Callable[[Message], Message]) -> Message | None:
        """Durably replace a message by ``change`` of it, a pure function that runs with it locked; None where there is none. Works on a
        full disk, too."""
        ...

    def due(self, now: float, most: int) -> list[Message]:
        """Messages whose time has come: of each lane up to ``most`` that wait longest, found without a look at the others."""
        ...

    def page(
        self,
        most: int,
        after: Place | None,
        state: MessageState | None = None,
        link: str | None = None,
        owners: Collection[str] | None = None,
    ) -> list[Message]:
        """Up to ``most`` messages, newest first, behind the one at ``after``; with ``owners`` those about links of theirs."""
        ...

    def prune(self, before: float, most: int) -> int:
        """Remove messages that are done and older than ``before``, those beyond the ``most`` newest, and empty batches of before;
        how many messages."""
        ...


class EndpointStore(Protocol):
    """Where webhooks go to, messages to chats and to browsers. Raises what MessageStore raises."""

    def all(self) -> list[Endpoint]:
        """Every endpoint, the oldest first."""
        ...

    def load(self, id: str) -> Endpoint | None: ...

    def add(self, endpoint: Endpoint) -> None:
        """Durably add a new one. One whose id is there already changes nothing."""
        ...

    def update(self, id: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint | None:
        """Durably replace an endpoint by ``change`` of it, a pure function that runs with it locked; None where there is none."""
        ...

    def remove(self, id: str) -> bool:
        """Remove it; false where there is none."""
        ...


class MailCarrier(Protocol):
    """Gives mails to the server that sends them on. Raises nothing: what goes wrong is the answer."""

    def send(self, recipient: str, mail: bytes) -> Answer: ...


class HookCarrier(Protocol):
    """Posts to endpoints, never to addresses that are not allowed."""

    def check(self, url: str) -> None:
        """Return where ``url`` may be posted to, as things are now. Raises EndpointNotAllowed."""
        ...

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Raises nothing: what goes wrong is the answer."""
        ...


class ChatCarrier(Protocol):
    """Writes into chats of other services: of those on its list only, and never to addresses that are not allowed."""

    def check(self, url: str) -> str:
        """Where a message to ``url`` goes, for people, with the secrets in it left out. Raises EndpointNotAllowed."""
        ...

    def send(self, url: str, subject: str, text: str) -> Answer:
        """Raises nothing: what goes wrong is the answer."""
        ...
