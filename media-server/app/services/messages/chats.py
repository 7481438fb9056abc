"""Chats: a message as people in a chat read it."""

from __future__ import annotations

from app.core.messages import Answer, Message, MessageKind
from app.core.ports.messages import ChatCarrier
from app.core.ports.settings import Current
from app.services.messages.content import content_of, text_of
from app.services.messages.languages import words_of


class Chats:
    """Writes messages into chats, by a server at ``public_url``, in ``language`` where a message names none of its own."""

    def __init__(
        self, carrier: ChatCarrier, public_url: Current[str | None], language: Current[str] = lambda: "en"
    ) -> None:
        self._language = language
        self._carrier = carrier
        self._public_url = public_url

    def check(self, url: str) -> str:
        """Where a message to ``url`` goes, for people. Raises EndpointNotAllowed."""
        return self._carrier.check(url)

    def send(self, url: str, message: Message) -> Answer:
        words = words_of(message.facts.get("language") or self._language())
        if message.kind is MessageKind.TEST:
            return self._carrier.send(url, "Droppr", words.test_chat)
        content = content_of(message, words, self._public_url())
        return self._carrier.send(url, content.subject, text_of(content.to_a_chat()).rstrip())
