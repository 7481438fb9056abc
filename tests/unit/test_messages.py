"""What becomes of arrivals and messages, by rules alone: batches, tries, quiet hours, addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.core.addresses import address_list, mail_address, mailbox
from app.core.backoff import Backoff
from app.core.links import ReceivedFile
from app.core.messages import (
    FAILING_SECONDS,
    MAX_NAMED,
    MAX_PROVEN,
    TRIED_SECONDS,
    Answer,
    Arrival,
    Batch,
    Channel,
    Endpoint,
    Message,
    MessageKind,
    MessageState,
    Outcome,
    Pace,
    after_post,
    asked_again,
    emptied,
    facts_of,
    gathered,
    message_id,
    tried,
)
from app.core.quiet import QuietHours

PACE = Pace(quiet=60, most=900, gap=900)
BACKOFF = Backoff(5.0, 3600.0, lambda: 0.0)
LATER = Answer(Outcome.LATER, "no")


def arrivals(*events: int) -> list[Arrival]:
    return [
        Arrival(each, ReceivedFile(f"u{each}", f"f{each}", f"f{each}", 10, 1.0, sender_name="Anna")) for each in events
    ]


def test_a_batch_waits_until_nothing_more_comes_and_no_longer_than_it_may() -> None:
    batch = gathered(Batch("l", "owner"), arrivals(1), 1000.0, PACE)
    assert batch.due_at == 1060.0
    for number, now in enumerate(range(1030, 1900, 30), 2):
        batch = gathered(batch, arrivals(number), now, PACE)
    assert batch.due_at == 1900.0
    assert batch.files == 30


def test_being_told_again_changes_nothing_also_after_it_was_closed() -> None:
    batch = gathered(Batch("l", "owner"), arrivals(1, 2), 0.0, PACE)
    assert gathered(batch, arrivals(1, 2), 50.0, PACE) is batch
    assert gathered(batch, arrivals(2, 3), 50.0, PACE).files == 3
    closed = emptied(batch, 60.0)
    assert (closed.files, closed.due_at) == (0, None)
    assert gathered(closed, arrivals(2), 61.0, PACE) is closed


def test_a_file_a_minute_is_no_mail_a_minute() -> None:
    """Whoever sends one file whenever the last mail has gone out."""
    batch, mails = Batch("l", "owner"), 0
    for event, now in enumerate(range(0, 24 * 3600, 61), 1):
        if batch.due_at is not None and batch.due_at <= now:
            batch, mails = emptied(batch, now), mails + 1
        batch = gathered(batch, arrivals(event), now, PACE)
    assert 90 <= mails <= 97


def test_a_huge_batch_names_some_and_counts_all() -> None:
    batch = Batch("l", "owner")
    for start in range(1, 10_001, 100):
        batch = gathered(batch, arrivals(*range(start, start + 100)), 0.0, PACE, proven=True)
    assert (batch.files, batch.bytes) == (10_000, 100_000)
    assert len(batch.named) == MAX_NAMED
    assert len(batch.upload_ids) == MAX_PROVEN
    facts = facts_of(batch)
    assert (facts["files"], len(facts["named"]), facts["senders"]) == (10_000, MAX_NAMED, ["Anna"])


def test_long_paths_are_counted_and_not_all_named() -> None:
    """Senders choose paths, and messages are kept: what one of them takes up is bounded."""
    long = [Arrival(each, ReceivedFile(f"u{each}", "ü" * 600, "f", 10, 1.0)) for each in range(1, 30)]
    batch = gathered(gathered(Batch("l", "owner"), long[:2], 0.0, PACE), long, 0.0, PACE)
    assert (len(batch.named), batch.files) == (3, 29)
    huge = Arrival(1, ReceivedFile("u", "x" * 5000, "f", 10, 1.0))
    assert gathered(Batch("l", "owner"), [huge], 0.0, PACE).named == ()


def waiting(**more: object) -> Message:
    plain = Message("msg_1", MessageKind.TEST, Channel.MAIL, "a@b.c", None, {}, 0.0, 0.0)
    return replace(plain, **more)  # type: ignore[arg-type]


def test_a_message_is_tried_for_a_day_with_longer_and_longer_waits() -> None:
    message, now, waits = waiting(), 100.0, []
    while message.next_at is not None:
        message = tried(message, LATER, now, BACKOFF)
        if message.next_at is not None:
            assert message.state is MessageState.FAILED
            waits.append(message.next_at - now)
            now = message.next_at
    assert message.state is MessageState.GIVEN_UP
    assert now == 100.0 + TRIED_SECONDS
    assert waits[:4] == [2.5, 5.0, 10.0, 20.0]
    assert max(waits) <= 1800.0
    assert message.tries < 70


def test_a_day_counts_from_the_first_failure_not_from_a_night_without_power() -> None:
    message = tried(waiting(), LATER, 10 * TRIED_SECONDS, BACKOFF)
    assert message.state is MessageState.FAILED


def test_what_never_will_be_taken_is_given_up_at_once() -> None:
    message = tried(waiting(), Answer(Outcome.NEVER, "550 No such user"), 5.0, BACKOFF)
    assert (message.state, message.next_at, message.done_at) == (MessageState.GIVEN_UP, None, 5.0)


def test_who_asks_to_be_left_alone_is_but_not_beyond_the_end() -> None:
    asked = tried(waiting(), Answer(Outcome.LATER, "429", wait=600.0), 0.0, BACKOFF)
    assert asked.next_at == 600.0
    late = tried(asked, Answer(Outcome.LATER, "429", wait=3600.0), TRIED_SECONDS - 10, BACKOFF)
    assert late.next_at == TRIED_SECONDS


def test_what_is_not_ready_here_counts_as_no_try() -> None:
    message = tried(waiting(), Answer(Outcome.NOT_YET, "hashing", wait=7.0), 1.0, BACKOFF)
    assert (message.tries, message.next_at, message.state) == (0, 8.0, MessageState.WAITING)
    assert tried(message, Answer(Outcome.NOT_YET, ""), 1.0 + TRIED_SECONDS, BACKOFF).state is MessageState.GIVEN_UP


def test_a_taken_message_is_done_and_can_be_asked_for_again() -> None:
    sent = tried(waiting(), Answer(Outcome.TAKEN, "204"), 9.0, BACKOFF)
    assert (sent.state, sent.next_at, sent.done_at, sent.tries) == (MessageState.SENT, None, 9.0, 1)
    again = asked_again(sent)
    assert (again.id, again.state, again.tries, again.next_at) == (sent.id, MessageState.WAITING, 0, 0.0)


def test_an_endpoint_that_takes_nothing_is_switched_off_after_days() -> None:
    endpoint = after_post(Endpoint("ep", "u", "s", 0.0), LATER, 10.0)
    assert (endpoint.active, endpoint.failing_since) == (True, 10.0)
    assert after_post(endpoint, Answer(Outcome.TAKEN, ""), 11.0).failing_since is None
    off = after_post(endpoint, LATER, 10.0 + FAILING_SECONDS)
    assert not off.active
    assert off.trouble
    assert not after_post(endpoint, Answer(Outcome.NEVER, "410", gone=True), 11.0).active


def test_ids_differ_where_anything_does() -> None:
    assert message_id("a", 1) == message_id("a", 1)
    assert len({message_id("a", 1), message_id("a", "1"), message_id("a1"), message_id("a", 1, "")}) == 4


@pytest.mark.parametrize(
    ("written", "at", "over"),
    [
        ("22:00-07:00 UTC", "2026-11-28T23:30", "2026-11-29T07:00"),
        ("22:00-07:00", "2026-11-29T06:59", "2026-11-29T07:00"),
        ("22:00-07:00", "2026-11-29T07:00", "2026-11-29T07:00"),
        ("22:00-07:00", "2026-11-29T21:59", "2026-11-29T21:59"),
        ("12:00-13:30", "2026-11-29T12:00", "2026-11-29T13:30"),
        ("22:00-07:00 Europe/Berlin", "2026-11-29T05:59", "2026-11-29T06:00"),
        # The night in which clocks are set forward, and the one in which they are set back.
        ("22:00-07:00 Europe/Berlin", "2026-03-28T23:00", "2026-03-29T05:00"),
        ("22:00-07:00 Europe/Berlin", "2026-10-24T23:00", "2026-10-25T06:00"),
        ("01:00-02:30 Europe/Berlin", "2026-03-29T00:30", "2026-03-29T01:30"),
    ],
)
def test_quiet_hours_are_those_of_the_place(written: str, at: str, over: str) -> None:
    now, end = (datetime.fromisoformat(each).replace(tzinfo=UTC).timestamp() for each in (at, over))
    assert QuietHours.of(written).over_at(now) == end


@pytest.mark.parametrize(
    "written", ["", "22-7", "25:00-07:00", "22:61-07:00", "08:00-08:00", "22:00-07:00 Mars/Base", "22:00-07:00 ../etc"]
)
def test_what_are_no_quiet_hours_is_said(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        QuietHours.of(written)


@pytest.mark.parametrize(
    "text", ["anna@example.org", "a.b+c@sub.example.org", "jörg@müller.example", "o'neil@x.co", "a@localhost"]
)
def test_addresses_that_mail_goes_to(text: str) -> None:
    assert mail_address(f" {text} ").startswith(text.partition("@")[0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "anna@exa mple.org",
        "a@b.org,c@d.org",
        "a@b.org\r\nBcc: c@d.org",
        "a@b.org\n",
        "<a@b.org>",
        '"a@b.org" <c@d.org>',
        '"a b"@example.org',
        "a..b@example.org",
        ".a@example.org",
        "a@-example.org",
        "a@example..org",
        "a(b)@example.org",
        "a@[127.0.0.1]",
        "a;b@example.org",
        "a%b@example.org\x00",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 250}.org",
        "a\u202e@example.org",
    ],
)
def test_what_is_no_one_address_is_none(text: str) -> None:
    if text == "a@b.org\n":
        assert mail_address(text) == "a@b.org"
        return
    with pytest.raises(ValueError, match="no e-mail address"):
        mail_address(text)


def test_lists_of_addresses() -> None:
    assert address_list(["a@b.org, c@D.org;a@b.org  e@f.org"]) == ("a@b.org", "c@d.org", "e@f.org")
    assert address_list(["none"]) == address_list([]) == ()
    with pytest.raises(ValueError, match="no e-mail address"):
        address_list(["a@b.org", "c"])


def test_spellings_of_one_mailbox_count_as_one() -> None:
    assert mailbox("Anna+1@Example.org") == mailbox("anna+2@example.ORG") == "anna@example.org"
