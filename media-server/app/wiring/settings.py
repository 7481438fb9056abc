"""The part of the wiring that is about settings which owners change while the server runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from app.changeable import BY_NAME
from app.core.addresses import named_address
from app.core.errors import InvalidRequest, MailNotReady
from app.core.mail_server import MailServer
from app.core.messages import AT_ONCE, Answer, Channel, Message, MessageKind
from app.core.ports.guards import Attempts
from app.current import CurrentSettings, UnsoundSettings, with_kept
from app.services.accounts.acts import Acts
from app.services.messages.mails import Mails
from app.services.operations.setting_changes import SettingChanges
from app.settings import Settings
from app.storage.messages.smtp import SMTPMail
from app.storage.sql.audit import SQLAudit
from app.storage.sql.counts import SQLCounts
from app.storage.sql.database import Database
from app.storage.sql.settings import SQLSettings
from app.wiring.ground import Ground

TEST_SECONDS = 20.0
"""How long a mail server may take for a test, while somebody waits."""


def build_changes(ground: Ground) -> SettingChanges:
    return _changes(ground.catalogue, ground.current, ground.acts, ground.attempts)


def changes_of(settings: Settings, catalogue: Database) -> tuple[CurrentSettings, SettingChanges]:
    """The same for a command, which uses nothing else of the services."""
    current = CurrentSettings(settings, SQLSettings(catalogue))
    acts, attempts = Acts(SQLAudit(catalogue), time.time), SQLCounts(catalogue, time.time)
    return current, _changes(catalogue, current, acts, attempts)


def _changes(catalogue: Database, current: CurrentSettings, acts: Acts, attempts: Attempts) -> SettingChanges:
    return SettingChanges(
        store=SQLSettings(catalogue),
        judge=partial(_judge, current.base),
        try_mail=partial(_try_mail, current.base),
        changed=current.look,
        acts=acts,
        attempts=attempts,
    )


def _judge(base: Settings, values: Mapping[str, str], changes: Mapping[str, Any]) -> None:
    """Raises InvalidRequest with a sentence for each setting that cannot be so."""
    fields = {
        name: f"{variable_of(name)} says this where the server is started, and counts before what is set here."
        for name in changes
        if name in base.model_fields_set
    }
    try:
        with_kept(base, values)
    except UnsoundSettings as error:
        fields = {**error.fields, **fields}
    if fields:
        told = "; ".join(f"{name}: {problem}" for name, problem in fields.items())
        raise InvalidRequest(f"Some settings are not right. {told}", fields=fields)


def variable_of(name: str) -> str:
    known = BY_NAME.get(name)
    return known.variable if known else f"DROPPR_{name.upper()}"


def _try_mail(base: Settings, values: Mapping[str, str], to: str) -> Answer:
    """Raises MailNotReady where these values name no mail server."""
    settings = with_kept(base, values)
    if settings.smtp_url is None or settings.mail_from is None:
        raise MailNotReady()
    now, id = time.time(), f"msg_{secrets.token_hex(16)}"
    message = Message(id, MessageKind.TEST, Channel.MAIL, to, None, {}, now, AT_ONCE)
    carrier = SMTPMail(MailServer.of(settings.smtp_url), named_address(settings.mail_from)[1], TEST_SECONDS)
    return carrier.send(to, Mails(settings.mail_from, settings.public_url).of(message))
