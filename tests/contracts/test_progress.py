"""What every ProgressStore promises: how far people have got, in numbers that are the same counted one by one and anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.checklists import PartyState
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import Channel, Message, MessageKind
from app.core.paths import RelPath
from app.core.ports.progress import Asked, From
from app.core.standing import NOBODY, People
from app.storage.sql.files import SQLRequests
from app.storage.sql.parties import SQLParties
from app.storage.sql.progress import SQLProgress
from app.storage.sql.reminders import SQLReminders
from tests.contracts.conftest import databases

HASH, OTHER = "link-0123456789abcdef", "link-fedcba9876543210"
ANNA, BEN = "a" * 16, "b" * 16


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path: Path):
    database = databases(request.param, request, tmp_path)()
    requests = SQLRequests(database)
    for hash in (HASH, OTHER):
        requests.create(RequestLink(hash, RelPath.parse("in"), 1.0))
    return requests, SQLProgress(database), SQLReminders(database), SQLParties(database, clock=lambda: 1.0)


def received(id: str, **facts) -> ReceivedFile:
    return ReceivedFile(id, id, id, 10, 5.0, **facts)


def invitation(address: str) -> Message:
    return Message(f"m{address}", MessageKind.INVITATION, Channel.MAIL, address, HASH, {}, 1.0, 1.0)


def told(requests: SQLRequests) -> Callable[[], People]:
    return lambda: requests.standing(HASH)[1].people


def test_it_is_told_from_whom_uploads_came(house):
    requests, progress, _, _ = house
    requests.receive(HASH, received("1", party=ANNA, sender_email="a@example.org"), received("2"), received("3"))
    requests.receive(OTHER, received("4", sender_email="x@example.org"))
    assert requests.remove(HASH, "1")
    assert progress.whose(HASH, ["1", "2", "4", "never"]) == {From(ANNA, "a@example.org"), From(None, None)}
    assert progress.whose(HASH, []) == set()
    assert progress.whose("no-such-link-0123456789", ["1"]) == set()


def test_numbers_move_with_what_is_noted_and_are_the_same_counted_anew(house):
    requests, progress, reminders, _ = house
    people = told(requests)
    assert people() == NOBODY
    requests.receive(HASH, received("1", party=ANNA), received("2", party=BEN))
    reminders.invite(HASH, [invitation("x@example.org"), invitation("y@example.org")])
    progress.count(HASH)
    assert people() == (2, 0, 0)
    progress.note_parties(HASH, {ANNA: PartyState.BEGUN, BEN: PartyState.FINISHED, "c" * 16: PartyState.BEGUN})
    progress.note_asked(HASH, {"x@example.org": Asked.SENT, "z@example.org": Asked.SENT})
    before = requests.moved(["owner"])
    assert people() == (1, 1, 2)
    for _ in range(2):
        progress.note_parties(HASH, {ANNA: PartyState.FINISHED, BEN: PartyState.NOT_BEGUN})
        progress.note_asked(HASH, {"x@example.org": Asked.KNOWN, "y@example.org": Asked.WAITED})
    assert people() == (1, 0, 1)
    assert requests.moved(["owner"]) != before, "whoever waits for news of the list is told"
    assert progress.asked(HASH, Asked.KNOWN, 9) == ["x@example.org"]
    assert progress.asked(HASH, Asked.WAITED, 0) == []
    progress.count(HASH)
    assert people() == (1, 0, 1)
    assert requests.standing(OTHER)[1].people == NOBODY
    progress.note_parties("no-such-link-0123456789", {ANNA: PartyState.BEGUN})
    progress.count("no-such-link-0123456789")


def test_the_language_of_who_sent_last_is_remembered(house):
    requests, _, _, parties = house
    mail = "a@example.org"
    requests.receive(HASH, received("1", party=ANNA, sender_email=mail, language="de"))
    requests.receive(HASH, received("2", party=ANNA, sender_email=mail))
    found = requests.file(HASH, "1")
    assert found
    assert found.language == "de"
    party = parties.find(HASH, ANNA)
    assert party
    assert party.language == "de"
    assert parties.language(HASH, mail) == "de"
    assert parties.language(HASH, "b@example.org") is None
    requests.receive(HASH, received("3", party=ANNA, sender_email=mail, language="pl", sent_name="3.txt"))
    assert parties.language(HASH, mail) == "pl"
    found = requests.file(HASH, "3")
    assert found
    assert found.sent_name == "3.txt"


def test_steps_of_a_personal_link_are_noted(house):
    requests, _, _, _ = house
    before = requests.moved(["owner"])
    requests.note_finished(HASH, False, 3)
    assert requests.standing(HASH)[1].steps_done == 3
    assert requests.moved(["owner"]) != before
    requests.note_finished(HASH, True)
    assert (requests.standing(HASH)[1].steps_done, requests.standing(HASH)[1].finished) == (0, True)
