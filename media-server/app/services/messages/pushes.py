"""Pushes: a message as a browser shows it, for whom it is still meant."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from app.core.actors import Reach
from app.core.errors import RequestNotFound
from app.core.messages import Answer, Endpoint, Message, MessageKind, Outcome
from app.core.ports.links import LinkStore
from app.core.ports.pushes import PushCarrier
from app.core.reasons import Reason
from app.services.messages.content import clean
from app.services.messages.push_words import PushWords, push_language, push_words

ReachOf = Callable[[str], Reach | None]
"""What somebody may see, by their name as ``str(Actor)`` tells it; None where there is nobody of this name any more."""
MAX_WHO = 60
_TOPIC = 24
"""Bytes; in base64 they are the 32 characters that push services take."""


class Pushes:
    """Tells browsers."""

    def __init__(self, carrier: PushCarrier, links: LinkStore, reach_of: ReachOf) -> None:
        self._carrier = carrier
        self._links = links
        self._reach_of = reach_of

    def send(self, endpoint: Endpoint, message: Message) -> Answer:
        """Asked with each try: who was shut out meanwhile learns nothing more."""
        reach = self._reach_of(endpoint.owner)
        if reach is None:
            return Answer(
                Outcome.NEVER,
                "Whoever made the endpoint has no account here any more.",
                gone=True,
                reason=Reason.REMOVED,
            )
        if message.link is not None:
            try:
                link = self._links.load(message.link)
            except RequestNotFound:
                return Answer(Outcome.NEVER, "The link was deleted.", reason=Reason.GONE)
            if not reach.holds(link.owner):
                return Answer(Outcome.NEVER, "The link is not one of theirs.", reason=Reason.GONE)
        return self._carrier.push(endpoint, _content(message, endpoint.language), _topic(message.link))


def _content(message: Message, language: str) -> bytes:
    """What the page's own worker reads (``nginx/src/push-worker.ts``)."""
    words = push_words(language)
    about = {"lang": push_language(language), "dir": words.direction, "tag": _topic(message.link)}
    if message.kind is MessageKind.TEST:
        return _document({**about, "title": "Droppr", "body": words.test})
    facts = message.facts
    said = {
        "title": clean(facts["title"] or facts["folder"]),
        "body": _sent(words, facts["senders"], facts["files"]),
        "files": facts["files"],
        "link": message.link,
        "at": int(facts["begun_at"] * 1000),
    }
    return _document(about | said)


def _sent(words: PushWords, senders: list[str], count: int) -> str:
    files = words.files[words.form(count)].format(n=count)
    if not senders:
        return words.unknown.format(files=files)
    text = words.sent if len(senders) == 1 else words.several
    return text.format(who=clean(senders[0], MAX_WHO), files=files)


def _topic(link: str | None) -> str:
    """The same for all of a link. Of the link it tells nothing: push services see it, and whoever knows a link may send by it."""
    digest = hashlib.sha256(f"push\0{link or ''}".encode(errors="surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest[:_TOPIC]).decode()


def _document(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode(errors="replace")
