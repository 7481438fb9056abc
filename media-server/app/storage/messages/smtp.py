"""MailCarrier by SMTP: to the one mail server that the owner named."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress

from app.core.mail_server import MailServer
from app.core.messages import Answer, Outcome
from app.core.reasons import Reason, reason_of_reply
from app.storage.messages.deadline import Deadline
from app.storage.reasons import reason_of_error

SECONDS = 60.0
"""How long handing over one mail may take in all."""
SILENT_SECONDS = 20.0
_SHOWN = re.compile(r"[^ -~]+")
# Of these a mail server says that it will never take the mail; others of 5xx may be the server's or its owner's fault.
_OF_THE_MAIL = frozenset({550, 551, 552, 553, 554, 555})


class SMTPMail:
    """Hands over one mail by a connection of its own: they are few."""

    def __init__(self, server: MailServer, sender: str, seconds: float = SECONDS) -> None:
        """``sender`` is the address that mail servers write to where a mail cannot be delivered."""
        self._server = server
        self._sender = sender
        self._seconds = seconds

    def send(self, recipient: str, mail: bytes) -> Answer:
        with Deadline(self._seconds) as deadline:
            try:
                self._hand_over(recipient, mail, deadline)
                return Answer(Outcome.TAKEN, "The mail server has it.")
            except smtplib.SMTPRecipientsRefused as error:
                return _told(*next(iter(error.recipients.values())))
            except smtplib.SMTPDataError as error:
                return _told(error.smtp_code, error.smtp_error)
            except smtplib.SMTPResponseException as error:
                return _told(error.smtp_code, error.smtp_error)._replace(outcome=Outcome.LATER, of_all=True)
            except _CannotSay as error:
                return Answer(Outcome.NEVER, str(error), reason=Reason.NO_SUCH)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                if deadline.is_over:
                    return _later(
                        f"The mail server took longer than {self._seconds:.0f} seconds.", Reason.TIMED_OUT, None
                    )
                text = _cleaned(getattr(error, "strerror", None) or str(error) or type(error).__name__)
                return _later(f"The mail server cannot be used: {text}", _reason(error), text)

    def _hand_over(self, recipient: str, mail: bytes, deadline: Deadline) -> None:
        server = self._server
        connection = _Connection(server, deadline, self._sender.rpartition("@")[2])
        try:
            if server.secure == "smtp":
                connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
            if server.user:
                connection.login(server.user, server.password)
            options = () if recipient.isascii() else ("SMTPUTF8", "BODY=8BITMIME")
            if options and not connection.has_extn("smtputf8"):
                raise _CannotSay("The mail server knows no addresses but those in ASCII.")
            connection.sendmail(self._sender, [recipient], mail, options)
            # The mail is with it now, whatever it says to this.
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        finally:
            connection.close()


class _Connection(smtplib.SMTP):
    """A connection to the mail server that ends by a deadline, from its first byte on."""

    def __init__(self, server: MailServer, deadline: Deadline, name: str) -> None:
        self._secure = server.secure == "smtps"
        self._deadline = deadline
        super().__init__(server.host, server.port, local_hostname=name, timeout=SILENT_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._deadline.holds(plain)
        if not self._secure:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


class _CannotSay(Exception):
    """The mail server has no way to take this mail."""


def _later(text: str, reason: Reason, said: str | None) -> Answer:
    """The server's own trouble, or its owner's: every mail would meet it."""
    return Answer(Outcome.LATER, text, of_all=True, reason=reason, said=said)


def _told(code: int, text: bytes | str) -> Answer:
    """What a reply of the mail server comes to that is no success."""
    words = _cleaned(text.decode("ascii", "replace") if isinstance(text, bytes) else text)
    outcome, said = Outcome.NEVER if code in _OF_THE_MAIL else Outcome.LATER, f"{code} {words}"
    return Answer(outcome, said, reason=reason_of_reply(code, words), said=said)


def _reason(error: Exception) -> Reason:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Reason.TROUBLE
    # The library names what the server does not know: STARTTLS, or a way to log in.
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Reason.CERTIFICATE if "STARTTLS" in str(error) else Reason.LOG_IN
    return reason_of_error(error)


def _cleaned(text: str) -> str:
    return _SHOWN.sub(" ", text)[:200]
