"""The part of the wiring that is about mailing invitations to have an account, for the server and for commands."""

from __future__ import annotations

from collections.abc import Callable

from app.core.messages import Message, MessageKind
from app.core.ports.guards import Attempts, Clock
from app.core.ports.settings import Current
from app.services.messages.account_invitations import AccountInvitations
from app.services.messages.message_log import MessageLog
from app.services.messages.reminders import Reminders
from app.services.messages.rules import Rules
from app.storage.sql.database import Database
from app.storage.sql.invitations import SQLInvitations
from app.storage.sql.messages import SQLMessages


def build_account_invitations(
    catalogue: Database, log: MessageLog, rules: Current[Rules], attempts: Attempts, clock: Clock
) -> AccountInvitations:
    return AccountInvitations(
        invitations=SQLInvitations(catalogue, clock=clock),
        store=SQLMessages(catalogue),
        log=log,
        rules=rules,
        attempts=attempts,
        clock=clock,
    )


def why_not(reminders: Reminders, invitations: AccountInvitations) -> Callable[[Message], str | None]:
    """Who says that a mail need not be sent any more."""
    judges = {
        MessageKind.REMINDER: reminders.why_not,
        MessageKind.ACCOUNT_INVITATION: invitations.why_not,
    }
    return lambda message: judges[message.kind](message) if message.kind in judges else None
