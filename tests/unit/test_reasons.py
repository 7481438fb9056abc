"""Why something was not taken elsewhere, by what the other side says."""

from __future__ import annotations

import pytest

from app.core.reasons import Reason, reason_of_reply, reason_of_status


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        (550, "5.1.1 The email account that you tried to reach does not exist", Reason.NO_SUCH),
        (550, "5.1.10 The domain takes no mail", Reason.NO_SUCH),
        (550, "User unknown", Reason.NO_SUCH),
        # The code behind the status says more than that.
        (550, "5.7.1 Message rejected as spam", Reason.REFUSED),
        (550, "5.7.26 This mail has been blocked because the sender is unauthenticated", Reason.REFUSED),
        (552, "5.2.2 Mailbox full", Reason.FULL),
        (552, "5.3.4 Message too big for system", Reason.TOO_LARGE),
        (452, "4.3.1 Insufficient system storage", Reason.FULL),
        (451, "4.3.0 Try later", Reason.TROUBLE),
        (421, "4.7.28 Our system has detected an unusual rate of mail", Reason.TOO_MANY),
        (454, "4.7.0 TLS not available due to local problem", Reason.TROUBLE),
        (535, "5.7.8 Username and Password not accepted", Reason.LOG_IN),
        (530, "5.7.0 Must issue a STARTTLS command first", Reason.LOG_IN),
        (534, "Please log in via your web browser", Reason.LOG_IN),
        (554, "No SMTP service here", Reason.REFUSED),
        (450, "Greylisted", Reason.TROUBLE),
        (500, "", Reason.REFUSED),
    ],
)
def test_what_a_mail_server_means(code: int, words: str, reason: Reason) -> None:
    assert reason_of_reply(code, words) is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, Reason.MOVED),
        (400, Reason.REFUSED),
        (403, Reason.REFUSED),
        (404, Reason.NO_SUCH),
        (413, Reason.TOO_LARGE),
        (504, Reason.TROUBLE),
        (999, Reason.TROUBLE),
    ],
)
def test_what_a_status_means(status: int, reason: Reason) -> None:
    assert reason_of_status(status) is reason
