"""What every Inbox promises, written against the port alone: files come from the upload store that belongs to it."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from app.core.errors import Busy, InvalidPath
from app.core.paths import RelPath
from app.core.ports.inbox import Delivery, Inbox
from app.core.ranges import Span
from tests.support.files import eventually
from tests.support.stores import KINDS, Stores, delivered, session, take

FOLDER = RelPath.parse("in/box")


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return KINDS[request.param](tmp_path)


@pytest.fixture
def inbox(stores: Stores) -> Inbox:
    return stores.inbox()


def deliver(stores: Stores, path: str, text: str = "x") -> Delivery:
    found: Delivery = delivered(stores, FOLDER, path, text.encode())
    return found


def text_of(inbox: Inbox, disk_path: str) -> str:
    file = inbox.open(FOLDER, disk_path, None)
    with file.content() as content:
        return content.read(Span(0, file.size + 1)).decode()


def test_a_file_appears_under_its_path(stores: Stores, inbox: Inbox) -> None:
    inbox.check(FOLDER)
    delivery = deliver(stores, "a/b/c.txt", "hello")
    assert delivery.path == "a/b/c.txt"
    assert text_of(inbox, delivery.disk_path) == "hello"
    file = inbox.open(FOLDER, delivery.disk_path, delivery.file_identity)
    assert (file.size, file.file_identity) == (5, delivery.file_identity)
    assert file.version == stores.inbox().open(FOLDER, delivery.disk_path, None).version
    assert file.path or file.download_address("c.txt"), "there is no way to hand it out"


def test_a_second_file_of_one_name_is_numbered_and_the_first_stays(stores: Stores, inbox: Inbox) -> None:
    made = [deliver(stores, "c.txt", str(n)) for n in range(3)]
    assert [each.path for each in made] == ["c.txt", "c (1).txt", "c (2).txt"]
    assert [text_of(inbox, each.disk_path) for each in made] == ["0", "1", "2"]
    assert len({each.file_identity for each in made}) == 3


def test_delivering_again_finds_its_own_work_and_no_other(stores: Stores, inbox: Inbox) -> None:
    deliver(stores, "c.txt", "other")
    store = stores.uploads()
    store.create(session(1, "mine", "c.txt"))
    take(store, Span(0, 1), b"x", upload_id="mine")
    first = store.open("mine").finish(inbox, FOLDER, 3.0)
    deliver(stores, "c.txt", "another")
    assert store.open("mine").finish(stores.inbox(), FOLDER, 3.0) == first
    assert stores.inbox().find(FOLDER, RelPath.parse("c.txt"), first.file_identity) == first
    assert inbox.find(FOLDER, RelPath.parse("x.txt"), first.file_identity) is None


def test_a_gap_among_the_first_numbers_is_filled(stores: Stores, inbox: Inbox) -> None:
    made = [deliver(stores, "c.txt") for _ in range(8)]
    assert inbox.remove(FOLDER, made[3].disk_path, made[3].file_identity)
    assert [deliver(stores, "c.txt").path for _ in range(2)] == ["c (3).txt", "c (8).txt"]


def test_names_equal_but_for_case_or_normal_form_are_different_files(stores: Stores, inbox: Inbox) -> None:
    names = ["a.txt", "A.TXT", "é.txt", "e\u0301.txt"]
    made = [deliver(stores, name, name) for name in names]
    assert [each.path for each in made] == names
    assert text_of(inbox, made[-1].disk_path) == "e\u0301.txt"


def test_a_file_where_a_folder_is_wanted_does_not_stop_the_folder(stores: Stores) -> None:
    deliver(stores, "a")
    assert deliver(stores, "a/b.txt").path == "a (1)/b.txt"
    assert deliver(stores, "a/c.txt").path == "a (1)/c.txt"


def test_a_folder_where_a_file_is_wanted_does_not_stop_the_file(stores: Stores) -> None:
    deliver(stores, "a/b.txt")
    assert deliver(stores, "a").path == "a (1)"


def test_a_folder_that_went_round_files_is_found_again_after_more_of_them(stores: Stores) -> None:
    for _ in range(5):
        deliver(stores, "d")
    first = deliver(stores, "d/x").path
    for _ in range(20):
        deliver(stores, "d")
    assert first == "d (5)/x"
    assert deliver(stores, "d/y").path == "d (5)/y"


def test_an_empty_folder_is_made_once_and_goes_round_what_is_in_the_way(stores: Stores, inbox: Inbox) -> None:
    deliver(stores, "a")
    for _ in range(2):
        assert inbox.make_folder(FOLDER, RelPath.parse("a/b")) == "a (1)/b"
        assert inbox.make_folder(FOLDER, RelPath.parse("x\\y")) == "x\\y"


@pytest.mark.parametrize("path", ["missing", "missing/x", "a"])
def test_what_is_no_file_is_not_found(stores: Stores, inbox: Inbox, path: str) -> None:
    inbox.make_folder(FOLDER, RelPath.parse("a"))
    with pytest.raises(FileNotFoundError):
        inbox.open(FOLDER, path, None)
    assert not inbox.holds(FOLDER, path, "1-1-1")
    assert not inbox.remove(FOLDER, path, "1-1-1")


@pytest.mark.parametrize("path", ["..", "a/../../..", "/etc/passwd", ""])
def test_a_path_that_leads_out_is_none(inbox: Inbox, path: str) -> None:
    with pytest.raises(InvalidPath):
        inbox.open(FOLDER, path, None)


def test_dangerous_names_are_unchanged_for_people(stores: Stores, inbox: Inbox) -> None:
    delivery = deliver(stores, "..\\up/CON/new\nline.txt", "kept")
    assert delivery.path == "..\\up/CON/new\nline.txt"
    assert text_of(inbox, delivery.disk_path) == "kept"


def test_the_very_file_of_a_delivery_is_removed_and_no_other(stores: Stores, inbox: Inbox) -> None:
    first = deliver(stores, "d/c.txt", "one")
    assert inbox.holds(FOLDER, first.disk_path, first.file_identity)
    assert inbox.remove(FOLDER, first.disk_path, first.file_identity)
    assert not inbox.remove(FOLDER, first.disk_path, first.file_identity)
    second = deliver(stores, "d/c.txt", "two")
    assert second.disk_path == first.disk_path
    assert not inbox.holds(FOLDER, first.disk_path, first.file_identity)
    assert not inbox.remove(FOLDER, first.disk_path, first.file_identity)
    assert text_of(inbox, second.disk_path) == "two", "of the same size and time, perhaps where the first one was"


def test_content_that_is_open_is_read_to_its_end_when_the_file_is_removed(stores: Stores, inbox: Inbox) -> None:
    delivery = deliver(stores, "c.txt", "whole")
    with inbox.open(FOLDER, delivery.disk_path, None).content() as content:
        assert inbox.remove(FOLDER, delivery.disk_path, delivery.file_identity)
        assert content.read(Span(0, 5)) == b"whole"


def test_twenty_at_once_each_get_a_name_of_their_own(stores: Stores, inbox: Inbox) -> None:
    def one(number: int) -> str:
        found: list[Delivery] = []
        turns = count()

        def is_taken() -> bool:
            # A store may ask who comes with so many others to come again, as senders do.
            with suppress(Busy):
                upload_id = f"upload-{next(turns):05d}-{number:05d}"
                found.append(delivered(stores, FOLDER, "d/c.txt", str(number).encode(), upload_id))
            return bool(found)

        eventually(is_taken, what="its name")
        return found[0].disk_path

    made = stores.together(20, one)
    assert len(set(made)) == 20
    assert sorted(text_of(inbox, each) for each in made) == sorted(map(str, range(20)))
