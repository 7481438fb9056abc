"""SettingChanges: owners change settings while the server runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import InvalidRequest, RateLimited
from app.core.images import image_type
from app.core.mail_server import MailServer
from app.core.messages import Answer
from app.core.ports.guards import Attempts
from app.core.ports.settings import KeptSettings, SettingsStore
from app.services.accounts.acts import Acts
from app.services.links.logos import MAX_LOGO_BYTES, NO_PICTURE

LOGO = "logo"
TESTS = "10 per 10 minute"
"""Tests of mail servers, of all owners: each has a thread for as long as that server takes."""


@dataclass(frozen=True, slots=True)
class TypedServer:
    """A mail server without a word about its password: the one that is kept for that very login goes on."""

    server: MailServer


Change = str | TypedServer | None
"""What a setting becomes: a text as the environment would have it; None takes away what was set here."""
Changes = Mapping[str, Change]


class SettingChanges:
    """What is set together is judged together, with all that is set already, and counts together or not at all."""

    def __init__(
        self,
        *,
        store: SettingsStore,
        judge: Callable[[Mapping[str, str], Mapping[str, Any]], None],
        try_mail: Callable[[Mapping[str, str], str], Answer],
        changed: Callable[[], None],
        acts: Acts,
        attempts: Attempts,
    ) -> None:
        """``judge`` raises InvalidRequest where values make no sense, or one of those that change is not to be changed here;
        ``try_mail`` hands a test to the mail server of such values; ``changed`` has this process take up what was changed."""
        self._store = store
        self._judge = judge
        self._try_mail = try_mail
        self._changed = changed
        self._acts = acts
        self._attempts = attempts

    def change(self, changes: Changes, actor: Actor) -> None:
        """Raises InvalidRequest with a sentence for each field, StorageFull, Busy."""
        if not changes:
            return

        def changed(before: KeptSettings) -> KeptSettings:
            values = merged(before.values, changes)
            self._judge(values, changes)
            return replace(before, values=values)

        self._store.change(changed)
        self._done(actor, sorted(changes))

    def put_logo(self, content: bytes, actor: Actor) -> None:
        """Show this picture to senders. Raises InvalidRequest where it is none, StorageFull, Busy."""
        if len(content) > MAX_LOGO_BYTES or image_type(content[:4096]) is None:
            raise InvalidRequest(NO_PICTURE, limit=MAX_LOGO_BYTES)
        self._judge({}, {LOGO: None})
        self._store.change(lambda before: replace(before, logo=content))
        self._done(actor, [LOGO])

    def remove_logo(self, actor: Actor) -> None:
        """Show the picture no more that was set here. Raises StorageFull, Busy."""
        self._store.change(lambda before: replace(before, logo=None))
        self._done(actor, [LOGO])

    def test_mail(self, changes: Changes, to: str, actor: Actor) -> Answer:
        """Hand a test to the mail server as it would be with these changes, which are not kept; what came of it. Raises
        InvalidRequest, MailNotReady, RateLimited."""
        values = merged(self._store.load().values, changes)
        self._judge(values, changes)
        if not self._attempts.hit("mail test", TESTS):
            wait = self._attempts.retry_after("mail test", TESTS)
            raise RateLimited("Too many tests in a short time. Wait, then try again.", retry_after=wait)
        answer = self._try_mail(values, to)
        self._acts.note(actor, Act.TEST_SENT, kept={"to": [to]}, outcome=answer.outcome.value)
        return answer

    def _done(self, actor: Actor, names: list[str]) -> None:
        # Names alone: among the values are secrets.
        self._acts.note(actor, Act.SETTINGS_CHANGED, settings=names)
        self._changed()


def merged(before: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """All that is set, after these changes. Raises InvalidRequest where a password would have to be known that is not."""
    values = {**before}
    for name, change in changes.items():
        if change is None:
            values.pop(name, None)
        else:
            values[name] = change if isinstance(change, str) else _with_password(before.get(name), change.server)
    return values


def _with_password(before: str | None, server: MailServer) -> str:
    """A password goes on only to the very login that it was given for: nobody learns it by naming a server of their own."""
    if not server.user:
        return server.url
    kept = MailServer.of(before) if before else None
    if kept is None or not server.is_same_login(kept):
        sentence = "Type the password: none is kept for this user on this server."
        raise InvalidRequest(sentence, fields={"smtp_url": sentence})
    return replace(server, password=kept.password).url
