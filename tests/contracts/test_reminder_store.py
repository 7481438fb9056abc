"""What every ReminderStore promises, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.due import DAY_SECONDS
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import Channel, Message, MessageKind
from app.core.paths import RelPath
from app.core.terms import Terms
from app.storage.sql.database import Database
from app.storage.sql.files import SQLRequests
from app.storage.sql.messages import SQLMessages
from app.storage.sql.reminders import SQLReminders
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.processes import together

HASH = "link-0123456789abcdef"
DUE = 100.0 * DAY_SECONDS
Open = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def requests(opened: Open) -> SQLRequests:
    return SQLRequests(opened(), clock=lambda: 50.0)


@pytest.fixture
def store(opened: Open) -> SQLReminders:
    return SQLReminders(opened())


def link(hash: str = HASH, **terms: object) -> RequestLink:
    return RequestLink(hash, RelPath.parse("in"), 1.0, Terms(**terms))  # type: ignore[arg-type]


def mail(number: int, address: str, at: float = 5.0) -> Message:
    return Message(f"msg_{number:032}", MessageKind.REMINDER, Channel.MAIL, address, HASH, {}, at, at)


def test_a_links_next_time_follows_its_terms_and_nothing_else(requests: SQLRequests, store: SQLReminders) -> None:
    requests.create(link(due_at=DUE, reminders=(7, 1)))
    requests.create(link("other-0123456789abcdef", due_at=DUE))
    week, day = DUE - 7 * DAY_SECONDS, DUE - DAY_SECONDS
    assert store.due(week - 1, 9) == []
    assert store.due(week, 9) == [(HASH, week)]
    assert store.remind(HASH, week, day, [])
    # A change of something else neither forgets nor repeats.
    requests.update(HASH, lambda each: replace(each, terms=replace(each.terms, title="x")), OWNER)
    assert store.due(DUE, 9) == [(HASH, day)]
    requests.update(HASH, lambda each: replace(each, terms=replace(each.terms, due_at=DUE + 1)), OWNER)
    assert store.due(DUE, 9) == [(HASH, week + 1)]
    requests.update(HASH, lambda each: replace(each, terms=replace(each.terms, reminders=())), OWNER)
    assert store.due(1e12, 9) == []


def test_messages_are_made_with_the_next_time_or_not_at_all(
    requests: SQLRequests, store: SQLReminders, opened: Open
) -> None:
    requests.create(link(due_at=DUE, reminders=(1,)))
    day = DUE - DAY_SECONDS
    made = [mail(1, "a@example.org"), mail(2, "b@example.org")]
    assert not store.remind(HASH, day - 1, None, made)
    assert not store.remind("other-0123456789abcdef", day, None, made)
    kept = SQLMessages(opened())
    assert kept.page(9, None) == []
    assert store.remind(HASH, day, None, made)
    assert not store.remind(HASH, day, None, [mail(3, "c@example.org")])
    assert {each.id for each in kept.page(9, None)} == {each.id for each in made}
    assert store.due(1e12, 9) == []


def test_of_many_processes_one_reminds(requests: SQLRequests, store: SQLReminders) -> None:
    requests.create(link(due_at=DUE, reminders=(1,)))
    day = DUE - DAY_SECONDS
    won = together(4, lambda n: store.remind(HASH, day, None, [mail(n, "a@example.org")]))
    assert sorted(won) == [False] * 3 + [True]


def test_to_whom_a_link_was_mailed_is_kept_once_and_as_long_as_the_link(
    requests: SQLRequests, store: SQLReminders, opened: Open
) -> None:
    requests.create(link())
    store.invite(HASH, [mail(1, "b@example.org", 2.0), mail(2, "a@example.org", 1.0)])
    store.invite(HASH, [mail(3, "a@example.org", 9.0)])
    assert store.invited(HASH, 9) == ["a@example.org", "b@example.org"]
    assert store.invited(HASH, 1) == ["a@example.org"]
    assert len(SQLMessages(opened()).page(9, None)) == 3
    requests.delete(HASH, OWNER)
    requests.clear_deleted()
    with opened().read() as tx:
        assert tx.one("SELECT count(*) FROM invited") == (0,)
    store.invite(HASH, [mail(4, "c@example.org")])
    assert store.invited(HASH, 9) == []


def test_senders_are_those_of_files_that_are_there(requests: SQLRequests, store: SQLReminders) -> None:
    requests.create(link())
    files = [
        ReceivedFile(f"u{n}", f"{n}", f"{n}", 1, 1.0, sender_email=email)
        for n, email in enumerate(["a@example.org", "a@example.org", None, "b@example.org"])
    ]
    requests.receive(HASH, *files)
    requests.remove(HASH, "u3")
    assert store.senders(HASH) == {"a@example.org"}
    assert store.senders("other-0123456789abcdef") == set()


def test_who_wants_no_reminders_is_remembered(store: SQLReminders) -> None:
    store.stop("ab", 1.0)
    store.stop("ab", 2.0)
    assert store.stopped(["ab", "cd"]) == {"ab"}
    assert store.stopped([]) == set()
