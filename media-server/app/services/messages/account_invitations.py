"""Account invitations: mailed to whom they are for. A mail is kept with its invitation, in one step, and not sent any more once that was used,
taken back or is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.core.accounts import Invitation
from app.core.actors import Actor
from app.core.errors import InvalidRequest, InvitationNotFound, MailNotReady, RateLimited
from app.core.messages import AT_ONCE, Channel, Message, MessageKind, MessageState, message_id
from app.core.ports.accounts import InvitationStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.messages import MessageStore
from app.core.ports.settings import Current
from app.services.messages.message_log import MessageLog
from app.services.messages.rules import Rules

MAILS_LIMIT = "60 per hour"
"""Of all who invite people together: whoever has got hold of an admin's browser cannot have the server mail the world."""
NO_ADDRESS = "Say whom to mail it to."
NOT_MAILED = "This invitation was not mailed, and its address was told once. Take it back, and make another one."
OVER = "The invitation was used or taken back, or is over."

Writer = Callable[[Invitation, str], Message]
"""What the mail is of an invitation with this code."""


class AccountInvitations:
    """Mails invitations, says what became of the mails, and has them sent again."""

    def __init__(
        self,
        *,
        invitations: InvitationStore,
        store: MessageStore,
        log: MessageLog,
        rules: Current[Rules],
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._invitations = invitations
        self._store = store
        self._log = log
        self._rules = rules
        self._attempts = attempts
        self._clock = clock

    def writer(self, email: str, by: str, language: str | None, address_of: Callable[[str], str]) -> Writer:
        """Who writes the mail of an invitation that is about to be made, by somebody who is called ``by``; ``address_of`` makes the address
        of a code. Raises InvalidRequest, MailNotReady, RateLimited."""
        if not email.strip():
            raise InvalidRequest(NO_ADDRESS, fields={"email": NO_ADDRESS})
        if not self.can_mail:
            raise MailNotReady()
        self._check_limit()

        def written(invitation: Invitation, code: str) -> Message:
            facts = {
                "invitation": invitation.id,
                "asker": self._rules().brand.name,
                "by": by,
                "address": address_of(code),
                "until": invitation.ends_at,
                "language": language,
            }
            return Message(
                _mail_of(invitation.id),
                MessageKind.ACCOUNT_INVITATION,
                Channel.MAIL,
                invitation.email,
                None,
                facts,
                self._clock(),
                AT_ONCE,
            )

        return written

    @property
    def can_mail(self) -> bool:
        return self._rules().mail

    def hurry(self) -> None:
        """There is something to send at once."""
        self._log.hurry()

    def again(self, id: str, actor: Actor) -> Message:
        """Have the mail of an invitation sent once more, as it was. Raises InvitationNotFound, InvalidRequest, RateLimited."""
        if not self._invitations.is_open(id, self._clock()):
            raise InvitationNotFound()
        if self._store.load(_mail_of(id)) is None:
            raise InvalidRequest(NOT_MAILED)
        self._check_limit()
        return self._log.again(_mail_of(id), actor)

    def states(self, invitations: Iterable[Invitation]) -> dict[str, MessageState]:
        """What became of the mails of these, by the ids of those that were mailed."""
        found = {each.id: self._store.load(_mail_of(each.id)) for each in invitations if each.email}
        return {id: mail.state for id, mail in found.items() if mail is not None}

    def why_not(self, message: Message) -> str | None:
        """Why a mail need not be sent any more; None where it has to be."""
        return None if self._invitations.is_open(message.facts["invitation"], self._clock()) else OVER

    def _check_limit(self) -> None:
        if not self._attempts.hit("invitation mails", MAILS_LIMIT):
            wait = self._attempts.retry_after("invitation mails", MAILS_LIMIT)
            raise RateLimited("Many invitations were mailed within the hour. Wait, then try again.", retry_after=wait)


def _mail_of(invitation: str) -> str:
    return message_id("account invitation", invitation)
