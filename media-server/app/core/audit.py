"""The audit: who did what, and when. Rows are only ever added; names in them can be erased, and old rows go after a time."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from app.core.actors import Actor, ActorKind

MAX_TEXT = 1024
"""Characters of one text in a row."""
MAX_ITEMS = 100
MAX_FACTS = 8192
"""Characters of all that a row says beside who, what and when."""
SHORTEST = 2
LONGEST = 254
"""Characters of a name that is erased."""
ERASED = "erased"


class Act(StrEnum):
    """What was done. A code once given stays, as exports and filters of others name it."""

    LINK_MADE = "link_made"
    LINK_CHANGED = "link_changed"
    LINK_CLOSED = "link_closed"
    LINK_REOPENED = "link_reopened"
    LINK_DELETED = "link_deleted"
    LINK_SENT = "link_sent"
    """Mailed to people by hand."""
    ITEM_ACCEPTED = "item_accepted"
    ITEM_RETURNED = "item_returned"
    ITEM_REOPENED = "item_reopened"
    """Neither, after it was one of them."""
    PEOPLE_REMINDED = "people_reminded"
    """By hand."""
    UPLOAD_CANCELLED = "upload_cancelled"
    """One that was on its way, by the link's owner."""
    FILE_DOWNLOADED = "file_downloaded"
    ARCHIVE_DOWNLOADED = "archive_downloaded"
    FILE_LOOKED_AT = "file_looked_at"
    FILE_DELETED = "file_deleted"
    """By its owner, or by the server as its time was over."""
    FILE_RESTORED = "file_restored"
    FILE_RENAMED = "file_renamed"
    FILE_REMOVED = "file_removed"
    """From the bin, for good."""
    FILE_TAKEN_BACK = "file_taken_back"
    """By its sender."""
    PASS_ON_ASKED = "pass_on_asked"
    SHARE_MADE = "share_made"
    SHARE_CHANGED = "share_changed"
    SHARE_REMOVED = "share_removed"
    SHARE_DOWNLOADED = "share_downloaded"
    """By somebody who has its address."""
    LOGGED_IN = "logged_in"
    LOG_IN_FAILED = "log_in_failed"
    LOGGED_OUT = "logged_out"
    ACCOUNT_MADE = "account_made"
    """Also by who was invited."""
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_REMOVED = "account_removed"
    PASSWORD_CHANGED = "password_changed"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_COPIED = "passkey_copied"
    """Its counter has not grown, so that there may be a copy of it; it was refused."""
    IDENTITY_ADDED = "identity_added"
    """An account is known elsewhere, and logs in by that."""
    IDENTITY_REMOVED = "identity_removed"
    SESSION_ENDED = "session_ended"
    """Other than by logging out in it."""
    INVITATION_MADE = "invitation_made"
    INVITATION_REMOVED = "invitation_removed"
    TEMPLATE_MADE = "template_made"
    TEMPLATE_CHANGED = "template_changed"
    TEMPLATE_REMOVED = "template_removed"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    MESSAGE_ASKED_AGAIN = "message_asked_again"
    TEST_SENT = "test_sent"
    ENDPOINT_MADE = "endpoint_made"
    ENDPOINT_CHANGED = "endpoint_changed"
    ENDPOINT_SECRET_RENEWED = "endpoint_secret_renewed"
    ENDPOINT_REMOVED = "endpoint_removed"
    ENTITY_FORGOTTEN = "entity_forgotten"
    PURGE_RAN = "purge_ran"
    BACKUP_MADE = "backup_made"
    CATALOGUE_MOVED = "catalogue_moved"
    SETTINGS_CHANGED = "settings_changed"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_ERASED = "audit_erased"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act. ``link`` is a hash, which may be deleted by now, ``upload`` an id; ``facts`` are what else there is to say of it, such
    as the path of a file: plain values, and never a secret."""

    at: float
    """Seconds since the epoch."""
    actor: Actor
    act: str
    """An ``Act``, or one that a later version of this server knew."""
    link: str | None = None
    upload: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    """Grows with each row; 0 before it is kept."""


class Wanted(NamedTuple):
    """Which rows: those for which all that is named is so. Times are seconds since the epoch, ``until`` not included."""

    kind: str | None = None
    name: str | None = None
    act: str | None = None
    link: str | None = None
    since: float | None = None
    until: float | None = None
    text: str = ""
    """Stands somewhere in a row: in the actor's name, an address, a link, an upload or the facts."""
    owners: frozenset[str] | None = None
    """Only what was done about links that are theirs now; None for all."""


ALL = Wanted()


def facts_text(facts: Mapping[str, Any]) -> str:
    """The facts as they are kept: JSON, bounded. A text that is too long is cut, and where all are too much only the shortest stay."""
    bounded = {name: _bounded(each) for name, each in sorted(facts.items()) if each is not None}
    text = _json(bounded)
    while len(text) > MAX_FACTS:
        longest = max(bounded, key=lambda name: len(_json(bounded[name])))
        bounded[longest] = "…"
        text = _json(bounded)
    return text


def _json(value: object) -> str:
    # Not in ASCII: it is searched as it stands.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _bounded(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        if len(value) <= MAX_ITEMS:
            return [_bounded(each) for each in value]
        kept = MAX_ITEMS - 1
        return [*(_bounded(each) for each in value[:kept]), f"… {len(value) - kept} more"]
    # Halves of characters, which names of files can hold, no database takes.
    text = str(value).encode(errors="replace").decode().replace("\0", "")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


class Erasure:
    """Replaces a person's name, mail address or network address by ``erased``, wherever it stands in a row as a whole: ``Ann`` is not
    taken out of ``Annual``."""

    def __init__(self, text: str) -> None:
        forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")} | {text}
        either = "|".join(re.escape(each) for each in sorted(forms))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)

    def of(self, row: AuditRow) -> AuditRow:
        """The row without it; the same row where it does not hold it. The server's own names are nobody's."""
        actor = row.actor
        if actor.kind is not ActorKind.SERVICE:
            actor = replace(actor, name=self._text(actor.name), address=self._text(actor.address))
        return replace(row, actor=actor, facts={name: self._value(each) for name, each in row.facts.items()})

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        return self._pattern.sub(ERASED, text)
