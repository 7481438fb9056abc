"""What every MessageStore and EndpointStore promises, on both databases and to any number of processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.messages import Batch, Channel, Endpoint, Message, MessageKind, MessageState
from app.core.reasons import Reason
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.messages import SQLMessages
from tests.contracts.conftest import databases
from tests.support.processes import together

Make = Callable[[], SQLMessages]


def message(number: int = 1, **more: object) -> Message:
    plain = Message(
        f"msg_{number:032}",
        MessageKind.FILES_RECEIVED,
        Channel.MAIL,
        "a@example.org",
        "link",
        {"n": "\ud800é"},
        5.0,
        5.0,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Opens the same store again, as another process or a restart would."""
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLMessages(opened())


@pytest.fixture
def store(make: Make) -> SQLMessages:
    return make()


def test_a_message_comes_back_as_it_was(store: SQLMessages, make: Make) -> None:
    full = message(state=MessageState.FAILED, tries=2, since=4.5, answer="550 ü", done_at=None, link=None)
    full = replace(full, reason=Reason.NO_SUCH, said="550 ü")
    store.add([full])
    assert store.load(full.id) == full
    assert make().load(full.id) == full
    assert store.load("msg_other") is None
    assert store.load("no id\n") is None


def test_adding_one_again_changes_nothing(store: SQLMessages) -> None:
    store.add([message()])
    store.update(message().id, lambda each: replace(each, tries=3))
    store.add([message(), message(2)])
    store.add([])
    found = store.load(message().id)
    assert found is not None
    assert found.tries == 3
    assert store.update("msg_none", lambda each: each) is None


def test_what_is_due_is_told_by_lanes_the_longest_waiting_first(store: SQLMessages) -> None:
    hook = {"channel": Channel.WEBHOOK, "recipient": "ep_1"}
    mails = [message(number, next_at=float(number)) for number in range(1, 6)]
    hooks = [message(10, next_at=2.0, **hook), message(11, next_at=None, **hook), message(12, next_at=99.0, **hook)]
    store.add([*reversed(mails), *hooks])
    assert [each.id for each in store.due(4.0, 2)] == [hooks[0].id, mails[0].id, mails[1].id] or [
        each.id for each in store.due(4.0, 2)
    ] == [mails[0].id, mails[1].id, hooks[0].id]
    assert store.due(0.5, 9) == []


def test_the_list_is_read_in_pages_newest_first(store: SQLMessages) -> None:
    made = [message(number, created_at=float(number // 2), link=f"l{number % 2}") for number in range(6)]
    store.add(made)
    store.update(made[4].id, lambda each: replace(each, state=MessageState.SENT))
    newest = sorted(made, key=lambda each: (each.created_at, each.id), reverse=True)
    assert [each.id for each in store.page(9, None)] == [each.id for each in newest]
    first = store.page(4, None)
    rest = store.page(4, (first[-1].created_at, first[-1].id))
    assert [each.id for each in [*first, *rest]] == [each.id for each in newest]
    assert [each.id for each in store.page(9, None, MessageState.SENT)] == [made[4].id]
    assert {each.link for each in store.page(9, None, link="l1")} == {"l1"}
    assert store.page(9, None, MessageState.SENT, "l1") == []
    # What addresses may hold, and no database could be asked for.
    for strange in ("", "\x00", "\ud800"):
        assert store.page(9, None, link=strange) == []
        assert store.page(9, (1e300, strange))
    assert store.page(9, (float("-inf"), "")) == []


def test_a_batch_is_gathered_and_closed_once(store: SQLMessages, make: Make) -> None:
    store.gather("link", "owner", lambda each: replace(each, event=3, due_at=7.0, files=2, named=({"path": "é"},)))
    assert store.due_batches(6.9, 9) == []
    (batch,) = make().due_batches(7.0, 9)
    assert batch == Batch("link", "owner", 3, 7.0, files=2, named=({"path": "é"},))
    store.gather("link", "owner", lambda each: replace(each, event=4))
    after = Batch("link", "owner", 3, closed_at=8.0)
    assert store.close(batch, after, [message()]) is False
    assert store.load(message().id) is None
    (batch,) = store.due_batches(7.0, 9)
    assert store.close(batch, replace(after, event=4), [message()]) is True
    assert store.close(batch, after, [message(2)]) is False
    assert store.due_batches(99.0, 9) == []
    assert store.load(message().id) == message()
    store.gather("link", "owner", lambda each: replace(each, due_at=9.0 if each.event == 4 else 1.0))
    assert store.due_batches(8.0, 9) == []


def test_a_postponed_batch_is_due_later(store: SQLMessages) -> None:
    store.gather("link", "owner", lambda each: replace(each, due_at=1.0))
    (batch,) = store.due_batches(2.0, 9)
    store.postpone(batch, 50.0)
    assert store.due_batches(49.0, 9) == []
    (later,) = store.due_batches(50.0, 9)
    store.gather("link", "owner", lambda each: replace(each, event=9, due_at=3.0))
    store.postpone(later, 60.0)
    assert [each.due_at for each in store.due_batches(99.0, 9)] == [3.0]


def test_the_log_is_bounded_by_age_and_number_and_nothing_waiting_is_lost(store: SQLMessages) -> None:
    sent = [message(number, created_at=float(number), state=MessageState.SENT, next_at=None) for number in range(1, 8)]
    waiting = message(20, created_at=0.5)
    store.add([*sent, waiting])
    store.gather("old", "owner", lambda each: replace(each, closed_at=1.0))
    store.gather("open", "owner", lambda each: replace(each, closed_at=1.0, due_at=2.0))
    assert store.prune(before=3.0, most=100) == 2
    assert [each.link for each in store.due_batches(9.0, 9)] == ["open"]
    assert store.prune(before=3.0, most=2) == 2
    assert {each.id for each in store.page(99, None)} == {waiting.id, *(each.id for each in sent[4:])}
    kept: list[Batch] = []

    def seen(batch: Batch) -> Batch:
        kept.append(batch)
        return batch

    store.gather("old", "owner", seen)
    assert kept == [Batch("old", "owner")]


def test_processes_that_gather_at_once_lose_nothing(store: SQLMessages, make: Make) -> None:
    def more(number: int) -> None:
        own = make()
        for _ in range(20):
            own.gather("link", "owner", lambda each: replace(each, files=each.files + 1, due_at=1.0))

    together(4, more)
    (batch,) = store.due_batches(2.0, 9)
    assert batch.files == 80


@pytest.fixture(params=["sqlite", "postgresql"])
def endpoints(request: pytest.FixtureRequest, tmp_path: Path) -> SQLEndpoints:
    return SQLEndpoints(databases(request.param, request, tmp_path)())


def test_endpoints_are_kept(endpoints: SQLEndpoints) -> None:
    first = Endpoint("ep_1", "https://a.example/é", "whsec_x", 1.0, (MessageKind.LINK_MADE,), "link")
    second = Endpoint("ep_2", "https://b.example", "whsec_y", 0.5)
    endpoints.add(first)
    endpoints.add(second)
    endpoints.add(replace(first, url="https://other.example.org"))
    assert endpoints.all() == [second, first]
    assert endpoints.load("ep_1") == first
    changed = endpoints.update("ep_1", lambda each: replace(each, active=False, trouble="No."))
    assert changed == endpoints.load("ep_1") == replace(first, active=False, trouble="No.")
    assert endpoints.update("ep_3", lambda each: each) is None
    assert endpoints.remove("ep_1") is True
    assert endpoints.remove("ep_1") is False
    assert endpoints.all() == [second]
