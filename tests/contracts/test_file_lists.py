"""What every FileLists promises: the same files in the same order on both kinds of database."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import RequestNotFound
from app.core.file_lists import EVERYTHING, NEWEST_FIRST, Choice, Order, Place, SenderFiles, Sort
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.types import FileKind, kind_of
from app.storage.sql.copies import SQLCopies
from app.storage.sql.database import Database
from app.storage.sql.file_lists import SQLFileLists, _shape
from app.storage.sql.files import SQLRequests
from tests.contracts.conftest import databases
from tests.support.actors import OWNER

LINK = RequestLink(hash="link-0123456789abcdef", folder=RelPath.parse("a"), created_at=1.0)
OTHER = RequestLink(hash="other-0123456789abcdef", folder=RelPath.parse("b"), created_at=2.0)
NAMES = [
    "Wedding/IMG_0001.JPG",
    "wedding/img_0002.jpg",
    "Wedding/raw/IMG_0001.CR3",
    "clip.mov",
    "song.Mp3",
    "50%_off [final]*?.pdf",
    "Äpfel und Öl.docx",
    unicodedata.normalize("NFD", "ärger.txt"),
    "ПРИВЕТ.zip",
    "back\\slash^$.{1}(x).tar.gz",
    "README",
    "v1.2/README",
    "pdf",
    ".pdf",
    "日本語.heic",
]
SENDERS = [("Anna", "anna@example.com"), ("bert", None), (None, "anna@example.com"), (None, None)]


def files() -> list[ReceivedFile]:
    made = []
    for number, path in enumerate(NAMES):
        name, email = SENDERS[number % len(SENDERS)]
        # Three arrive at a time, of sizes that come again.
        made.append(ReceivedFile(f"u{number:02}", path, path, number % 4 * 10, 100.0 + number // 3, None, name, email))
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path: Path) -> Database:
    return databases(request.param, request, tmp_path)()


@pytest.fixture
def lists(database: Database) -> SQLFileLists:
    store = SQLRequests(database)
    for link in (LINK, OTHER):
        store.create(link)
    store.receive(LINK.hash, *files())
    store.receive(OTHER.hash, ReceivedFile("x", "IMG_other.jpg", "IMG_other.jpg", 7, 500.0))
    gone = ReceivedFile("gone", "IMG_gone.jpg", "IMG_gone.jpg", 7, 600.0)
    store.receive(LINK.hash, gone)
    store.remove(LINK.hash, "gone")
    return SQLFileLists(database)


def paths(lists: SQLFileLists, choice: Choice = EVERYTHING, order: Order = NEWEST_FIRST, most: int = 100) -> list[str]:
    """Read in pages of ``most``, as callers do."""
    found: list[str] = []
    after: Place | None = None
    while page := lists.page(LINK.hash, most, choice, order, after):
        assert len(page) <= most
        found += [file.path for file, _ in page]
        after = page[-1][1]
    return found


def latin(text: str) -> bytes:
    return "".join(each.lower() if each.isascii() else each for each in text).encode()


KEYS: dict[Sort, Callable[[ReceivedFile], Any]] = {
    Sort.RECEIVED: lambda file: 0,
    Sort.NAME: lambda file: latin(file.path),
    Sort.SIZE: lambda file: file.size,
    Sort.SENDER: lambda file: latin(file.sender_name or file.sender_email or ""),
}


def test_each_order_is_the_same_in_pages_of_any_length(lists):
    for sort, descending, most in itertools.product(Sort, (True, False), (1, 4, 100)):
        wanted = sorted(
            files(), key=lambda file: (KEYS[sort](file), file.received_at, file.upload_id), reverse=descending
        )
        found = paths(lists, order=Order(sort, descending), most=most)
        assert found == [file.path for file in wanted], (sort, descending, most)


TEXTS = [
    ("img_0001", [0, 2]),
    ("WEDDING/", [0, 1, 2]),
    ("%", [5]),
    ("_", [0, 1, 2, 5]),
    ("*?", [5]),
    ("[final]", [5]),
    ("[f", [5]),
    ("\\s", [9]),
    ("^$.{1}(x)", [9]),
    (".", [each for each in range(15) if each not in (10, 12)]),
    ("äpfel", [6]),
    ("ÄPFEL und ö", [6]),
    ("ärg", [7]),
    ("ÄRG", [7]),
    (unicodedata.normalize("NFD", "äpfel"), [6]),
    ("привет", [8]),
    ("本", [14]),
    ("ärgerlich", []),
    ("*", [5]),
    ("日*", []),
]


def test_a_text_is_found_in_any_case_and_taken_literally(lists):
    for text, found in TEXTS:
        assert sorted(paths(lists, Choice(text=text))) == sorted(NAMES[each] for each in found), text


def test_kinds_are_those_that_are_told_of_each_file(lists):
    for kind in FileKind:
        wanted = [name for name in NAMES if kind_of(name) is kind]
        assert wanted, f"no name is a {kind}"
        assert sorted(paths(lists, Choice(kind=kind))) == sorted(wanted), kind


def test_a_sender_is_known_by_name_or_address(lists):
    known = {"Anna": {0}, "anna@example.com": {0, 2}, "bert": {1}, "": {3}, "BERT": set(), "nobody": set()}
    for sender, found in known.items():
        wanted = [name for number, name in enumerate(NAMES) if number % len(SENDERS) in found]
        assert sorted(paths(lists, Choice(sender=sender))) == sorted(wanted), sender


def test_times_bound_a_choice_on_both_sides_and_all_parts_count(lists):
    assert paths(lists, Choice(since=100.0, until=101.0)) == [NAMES[5], NAMES[4], NAMES[3]]
    both = Choice(text="img", sender="anna@example.com", kind=FileKind.PICTURE, since=99.0, until=100.0)
    assert paths(lists, both, Order(Sort.NAME, False)) == [NAMES[0], NAMES[2]]


def test_what_a_choice_finds_is_counted(lists):
    assert lists.count(LINK.hash, EVERYTHING) == lists.count(LINK.hash, Choice(since=0.0))
    found = lists.count(LINK.hash, Choice(text="img_0001"))
    assert (found.files, found.bytes, found.newest) == (2, 20, 100.0)
    nothing = lists.count(LINK.hash, Choice(text="nowhere"))
    assert (nothing.files, nothing.bytes, nothing.newest) == (0, 0, None)


def test_what_arrives_and_goes_between_two_pages_moves_nothing(lists, request):
    order = Order(Sort.NAME, False)
    first = lists.page(LINK.hash, 5, EVERYTHING, order)
    store = SQLRequests(lists._database)
    store.receive(LINK.hash, ReceivedFile("new", "0 first of all", "0 first of all", 1, 900.0))
    store.remove(LINK.hash, first[0][0].upload_id)
    rest = lists.page(LINK.hash, 100, EVERYTHING, order, first[-1][1])
    together = [file.path for file, _ in first + rest]
    assert together == [file.path for file in sorted(files(), key=lambda file: (latin(file.path), file.received_at))]


def test_senders_are_told_with_their_files_who_sent_most_first(lists):
    told = lists.senders(LINK.hash, 10)
    assert {(each.name, each.email): each.files for each in told} == {
        ("Anna", "anna@example.com"): 4,
        ("bert", None): 4,
        (None, "anna@example.com"): 4,
        (None, None): 3,
    }
    assert told[-1] == SenderFiles(None, None, 3, 103.0)
    assert len(lists.senders(LINK.hash, 2)) == 2


def test_a_link_that_is_missing_is_told_from_an_empty_one(lists):
    missing = "missing-0123456789abcdef"
    for hash in (missing, "no hash"):
        with pytest.raises(RequestNotFound):
            lists.page(hash, 1, EVERYTHING, NEWEST_FIRST)
        with pytest.raises(RequestNotFound):
            lists.count(hash, EVERYTHING)
        with pytest.raises(RequestNotFound):
            lists.senders(hash, 1)
    SQLRequests(lists._database).delete(OTHER.hash, OWNER)
    with pytest.raises(RequestNotFound):
        lists.page(OTHER.hash, 1, EVERYTHING, NEWEST_FIRST)


def copy(upload_id: str, path: str, at: float, digest: str | None, size: int = 10) -> ReceivedFile:
    return ReceivedFile(upload_id, path, path, size, at, digest)


def test_what_a_link_has_more_than_once_is_found_by_its_content(lists, database):
    store = SQLRequests(database)
    a, b, c = "a" * 64, "b" * 64, "c" * 64
    store.receive(
        LINK.hash,
        copy("d1", "first.jpg", 900.0, a, 100),
        copy("d2", "second.jpg", 901.0, a, 100),
        copy("d3", "third.jpg", 901.0, a, 100),
        copy("d4", "alone.jpg", 902.0, b, 50),
        copy("d5", "unhashed.jpg", 903.0, None),
        copy("d6", "taken-back.jpg", 904.0, b),
    )
    store.remove(LINK.hash, "d6")
    # Another link's files are nobody's business here.
    store.receive(OTHER.hash, copy("o1", "elsewhere.jpg", 1.0, b), copy("o2", "c.jpg", 2.0, c))
    repeated = Choice(repeated=True)
    assert paths(lists, repeated, most=1) == ["third.jpg", "second.jpg", "first.jpg"]
    assert paths(lists, Choice(repeated=True, text="second")) == ["second.jpg"]
    found = lists.count(LINK.hash, repeated)
    assert (found.files, found.bytes, found.newest, found.again) == (3, 300, 901.0, 200)
    assert lists.count(LINK.hash, EVERYTHING).again is None
    ids = ["d1", "d2", "d3", "d4", "d5", "d6", "u00", "o1", "none", "\0"]
    assert lists.same_as(LINK.hash, ids) == {"d1": "second.jpg", "d2": "first.jpg", "d3": "first.jpg"}
    assert lists.same_as(LINK.hash, []) == {}
    with pytest.raises(RequestNotFound):
        lists.same_as("missing-0123456789abcdef", ["d1"])


def test_copies_are_found_by_index(lists, database):
    """Else a link with a million of one content would be read a million times over."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what is in its tables.")
    counting = lists._query(_shape(Choice(repeated=True)))
    values = {"link": 1, "since": -1.0, "uploads": database.listed(["x"])}
    for statement in (counting, lists._same):
        with database.read() as tx:
            plan = [row[3] for row in tx.all(f"EXPLAIN QUERY PLAN {statement}", **values)]
        looked_up = [each for each in plan if "other" in each]
        assert looked_up, plan
        assert all("ledger_by_digest" in each and "sha256=? AND link=? AND state=?" in each for each in looked_up), plan
        assert not any("TEMP B-TREE" in each for each in plan), plan


def test_what_other_links_have_is_found_by_its_content(lists, database):
    store, copies = SQLRequests(database), SQLCopies(database)
    a, b = "a" * 64, "b" * 64
    third = RequestLink(hash="third-0123456789abcdef", folder=RelPath.parse("c"), created_at=3.0, owner="account:bob")
    store.create(third)
    store.receive(LINK.hash, copy("d1", "first.jpg", 900.0, a), copy("d2", "again.jpg", 901.0, a))
    store.receive(
        OTHER.hash, copy("o2", "later.jpg", 5.0, a), copy("o1", "sooner.jpg", 4.0, a), copy("o3", "b", 6.0, b)
    )
    store.receive(third.hash, copy("t1", "t.jpg", 7.0, a), copy("t2", "gone.jpg", 8.0, b), copy("t3", "x", 9.0, None))
    store.remove(third.hash, "t2")

    def found(upload_id: str, most: int = 9, owners: set[str] | None = None) -> tuple[list[tuple[str, str]], bool]:
        told = copies.elsewhere(LINK.hash, upload_id, most, owners)
        return [(each.link, each.path) for each in told.found], told.more

    both = [(OTHER.hash, "sooner.jpg"), (third.hash, "t.jpg")]
    assert found("d1") == found("d2") == (both, False)
    assert found("d1", most=1) == (both[:1], True)
    assert found("d1", owners={"owner"}) == (both[:1], False)
    assert found("d1", owners={"account:bob"}) == (both[1:], False)
    assert found("d1", owners={"account:ann"}) == found("d1", owners=set()) == ([], False)
    assert found("u00") == found("o1") == found("none") == found("\0") == ([], False)
    assert copies.elsewhere(OTHER.hash, "o3", 9, None).found == ()
    [file] = copies.elsewhere(third.hash, "t1", 1, None).found
    assert (file.link, file.upload_id, file.received_at) == (LINK.hash, "d1", 900.0)
    assert copies.elsewhere("missing-0123456789abcdef", "d1", 9, None).found == ()


def test_copies_elsewhere_are_found_by_index_from_link_to_link(lists, database):
    """Else whoever sends one file to a link a million times would have it read a million times."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what is in its tables.")
    copies = SQLCopies(database)
    values = {"sha256": "a" * 64, "this": 1, "most": 21, "owners": database.listed(["owner"])}
    for statement in (copies._all, copies._some):
        with database.read() as tx:
            plan = [row[3] for row in tx.all(f"EXPLAIN QUERY PLAN {statement}", **values)]
        ledgers = [each for each in plan if "ledger" in each or " here " in each]
        assert ledgers
        assert all("ledger_by_digest" in each for each in ledgers), plan
        scans = [each for each in plan if each.startswith("SCAN")]
        assert all(any(name in each for name in ("hop", "looked_at", "json_each", "CONSTANT")) for each in scans), plan
