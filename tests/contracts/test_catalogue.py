"""What the catalogue promises beyond the stores that it keeps, on every database."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core import ledger as rules
from app.core.actors import THE_OWNER, Actor, ActorKind
from app.core.errors import Busy, InvalidRequest, RequestFull, RequestNotFound
from app.core.events import EventKind
from app.core.links import Counts, DeliveryIntent, Fate, ReceivedFile, RequestLink, Usage
from app.core.paths import RelPath
from app.core.remotes import OutboxEntry, RemoteTarget, TargetKind
from app.core.standing import LinkFilter, LinkOrder, LinkSort, Standing
from app.core.sums import Sums
from app.core.terms import Terms
from app.services.messages.reader import MessageReader
from app.storage.sql import links as link_rows
from app.storage.sql.bin import SQLBin
from app.storage.sql.database import Database, Transaction, compiled, inserted
from app.storage.sql.events import SQLEvents
from app.storage.sql.files import SQLRequests
from app.storage.sql.migrate import migrate
from app.storage.sql.migrations.versions import v0005_messages, v0013_owners, v0032_link_sums
from app.storage.sql.outbox import SQLOutbox
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.reminders import SQLReminders
from app.storage.sql.schema import counts, ledger, metadata
from app.storage.sql.sqlite import SQLiteDatabase
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.files import eventually
from tests.support.ledgers import FileLedgers
from tests.support.processes import together

HASH = "link-0123456789abcdef"
MESSAGE_TABLES = ("batches", "messages", "endpoints")
OF_SEEN = ("max_files", "max_total_size", "sorted_name", "ends_at", "arrivals", "last_received_at", "last_sender")
"""What links had not before there was a note of what is seen."""
ORDERS = [LinkOrder(by, descending) for by in LinkSort for descending in (True, False)]


def link(hash: str = HASH, created_at: float = 12.5, **terms) -> RequestLink:
    return RequestLink(hash, RelPath.parse("inbox"), created_at, Terms(**terms))


def changed(**terms) -> Callable[[RequestLink], RequestLink]:
    return lambda each: replace(each, terms=replace(each.terms, **terms))


def received(upload_id: str, path: str = "a.bin", at: float = 99.5, **changes) -> ReceivedFile:
    return replace(ReceivedFile(upload_id, path, path, 10, at), **changes)


def announced(upload_id: str, path: str = "a/b.bin", size: int = 10) -> DeliveryIntent:
    return DeliveryIntent(upload_id, path, size, "ab" * 32, "mark", "Ada", None, 5.5)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request, tmp_path: Path):
    return databases(request.param, request, tmp_path)


@pytest.fixture
def database(opened):
    return opened()


@pytest.fixture
def store(database) -> SQLRequests:
    return SQLRequests(database)


@pytest.fixture
def events(database) -> SQLEvents:
    return SQLEvents(database)


OF_CLUSTERS = (
    *("uploads", "pieces", "tries", "claims", "objects", "names", "bin", "readers", "leftovers", "secrets"),
    *("places", "place_holders", "tickets", "spans", "signed", "members", "imported"),
)


PROGRESS = ("steps_done", "people_waited", "people_begun", "people_finished")
OF_PROGRESS = (
    *(("parties", "state"), ("parties", "language"), ("invited", "state")),
    *(("ledger", "sent_name"), ("ledger", "language")),
)
OF_REASONS = tuple((table, column) for table in ("messages", "outbox") for column in ("reason", "said"))


def without_sums(tx: Transaction) -> None:
    """The catalogue as it was before what is counted of a link stood apart from it, and before what came after that."""
    tx.run("ALTER TABLE seen DROP COLUMN taken_until")
    tx.run("DROP TABLE IF EXISTS store_imported")  # On PostgreSQL alone.
    tx.run("DROP INDEX links_by_arrival")
    of_links = [each for each in metadata.tables["link_sums"].columns if each.name not in ("link", "hash")]
    for column in of_links:
        words = (
            "text"
            if column.nullable
            else "double precision NOT NULL DEFAULT 0"
            if column.name == "last_received_at"
            else "bigint NOT NULL DEFAULT 0"
        )
        tx.run(f"ALTER TABLE links ADD COLUMN {column.name} {words}")
        tx.run(f"UPDATE links SET {column.name} = (SELECT s.{column.name} FROM link_sums s WHERE s.link = links.id)")
    tx.run("DROP TABLE link_sums")
    tx.run("CREATE INDEX links_by_arrival ON links (last_received_at, hash)")


def without_owners(tx: Transaction) -> None:
    """The catalogue as it was before links were found by whose they are, and before what came after that."""
    for table in (
        "settings",
        "account_keys",
        "account_factors",
        "account_passkeys",
        "account_identities",
        "quotas",
        "templates",
    ):
        tx.run(f"DROP TABLE {table}")
    without_sums(tx)
    tx.run("ALTER TABLE accounts DROP COLUMN second_factor")
    tx.run("ALTER TABLE account_sessions DROP COLUMN way")
    for table in OF_CLUSTERS:
        tx.run(f"DROP TABLE IF EXISTS store_{table}")  # On PostgreSQL alone.
    for index in ("links_by_owner", "documents_by_link", "ledger_by_digest"):
        tx.run(f"DROP INDEX {index}")
    for column in ("owner", "metered", *PROGRESS):
        tx.run(f"ALTER TABLE links DROP COLUMN {column}")
    for table, column in (*OF_PROGRESS, *OF_REASONS):
        tx.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    tx.run(f"UPDATE alembic_version SET version_num = '{v0013_owners.down_revision}'")


def without_seen(tx: Transaction) -> None:
    """The catalogue as it was before there was a note of what is seen, or of what came after that."""
    without_owners(tx)
    for table in ("accounts", "account_sessions", "account_invitations"):
        tx.run(f"DROP TABLE {table}")
    newest = (
        "links_by_alias",
        "links_by_due",
        "links_to_remind",
        "ledger_by_item",
        "ledger_by_party",
        "ledger_coming_by_item",
    )
    for index in newest:
        tx.run(f"DROP INDEX {index}")
    for table in (
        "shares",
        "share_visits",
        "audit",
        "invited",
        "unreminded",
        "parties",
        "party_items",
        "logos",
    ):
        tx.run(f"DROP TABLE {table}")
    newer = [("links", each) for each in ("due_at", "finished", "remind_at", "parties", "alias")]
    for table, column in (*newer, ("ledger", "item"), ("ledger", "party"), ("ledger", "lead"), ("events", "about")):
        tx.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    for index in ("links_by_arrival", "links_by_name", "links_by_end", "ledger_by_arrival"):
        tx.run(f"DROP INDEX {index}")
    for table, column in (*(("links", each) for each in OF_SEEN), ("ledger", "arrival")):
        tx.run(f"ALTER TABLE {table} DROP COLUMN {column}")
    tx.run("DROP TABLE seen")
    tx.run("UPDATE alembic_version SET version_num = '0005'")


def rows(database: Database, table: str) -> int:
    with database.read() as tx:
        found = tx.one(f"SELECT count(*) FROM {table}")
    assert found
    return int(found[0])


def test_all_is_told_of_many_uploads_with_one_look(store):
    store.create(link())
    store.reserve(link(), "open", 5, at=1.0)
    store.announce(link(), [announced("coming")])
    store.receive(HASH, received("here"), received("removed"))
    store.remove(HASH, "removed")
    for upload_id, why in (("expired", "expired"), ("cancelled", "cancelled")):
        store.reserve(link(), upload_id, 5)
        store.release(HASH, upload_id, why)
    found = store.fates(
        HASH, ["open", "coming", "here", "removed", "expired", "cancelled", "never", "no such/id", "open"]
    )
    assert {upload_id: known.fate for upload_id, known in found.items()} == {
        "open": Fate.OPEN,
        "coming": Fate.ANNOUNCED,
        "here": Fate.RECEIVED,
        "removed": Fate.REMOVED,
        "expired": Fate.GONE,
    }
    assert found["coming"].announced == announced("coming")
    assert found["here"].file == received("here")
    assert found["removed"].file == received("removed")
    assert found["expired"].why == "expired"
    assert store.fates(HASH, []) == {}
    with pytest.raises(RequestNotFound):
        store.fates("another-hash-0123456789", ["here"])


def test_what_was_used_is_told_in_numbers(store):
    store.create(link())
    store.reserve(link(), "open", 5)
    store.receive(HASH, received("a", size=10_000), received("b", size=1), received("c"))
    store.remove(HASH, "c")
    weight = rules.weight(10_000) + rules.weight(1)
    assert store.counts(HASH) == Counts(files=2, bytes=10_001, weight=weight, open=1)
    with pytest.raises(RequestNotFound):
        store.counts("another-hash-0123456789")


def test_links_come_in_pages_whatever_comes_and_goes_meanwhile(store):
    made = [link(hash=f"{HASH}-{number}", created_at=float(number // 2), active=number % 3 > 0) for number in range(12)]
    for each in made:
        store.create(each)
    newest_first = sorted(made, key=lambda each: (each.created_at, each.hash), reverse=True)
    shown: list[RequestLink] = []
    while found := store.page(5, after=(shown[-1].created_at, shown[-1].hash) if shown else None):
        shown += [each for each, _ in found]
        store.delete(shown[-1].hash, OWNER)
    assert shown == newest_first
    active = [
        each
        for each in newest_first
        if each.terms.active and each.hash not in (shown[4].hash, shown[9].hash, shown[-1].hash)
    ]
    assert [each for each, _ in store.page(50, active=True, now=5.0)] == active
    assert all(not each.terms.active for each, _ in store.page(50, active=False, now=5.0))


def test_a_link_that_has_expired_is_listed_with_those_that_take_nothing(store):
    store.create(link(expires_at=50.0))
    assert store.page(5, active=True, now=50.0) == []
    assert [each for each, _ in store.page(5, active=False, now=50.0)] == [link(expires_at=50.0)]
    assert store.page(5, active=False, now=49.9) == []


def test_received_files_come_in_pages_and_by_their_path(store):
    store.create(link())
    files = [received(f"u{number}", f"f/{number % 3}.bin", at=float(number // 2)) for number in range(10)]
    store.receive(HASH, *files)
    newest_first = sorted(files, key=lambda each: (each.received_at, each.upload_id), reverse=True)
    first = store.received_page(HASH, 4)
    assert first == newest_first[:4]
    store.remove(HASH, first[-1].upload_id)
    assert store.received_page(HASH, 50, (first[-1].received_at, first[-1].upload_id)) == newest_first[4:]
    assert store.received_at(HASH, "f/0.bin") == files[9]
    store.remove(HASH, "u9")
    assert store.received_at(HASH, "f/0.bin") in (files[6], files[3])
    assert store.received_at(HASH, "f/3.bin") is None


def test_what_is_still_to_be_done_for_files_is_found_without_looking_at_all(store):
    target = RemoteTarget(TargetKind.S3, bucket="b")
    store.create(link(destination=target))
    store.create(link(hash=f"{HASH}-2"))
    store.receive(HASH, received("a"), received("b", sha256="1" * 64))
    store.receive(f"{HASH}-2", received("c"))
    found = store.unhashed(0, 10)
    assert [(hash, file.upload_id) for _, hash, file in found] == [(HASH, "a"), (f"{HASH}-2", "c")]
    assert store.unhashed(found[0][0], 10) == found[1:]
    assert [(hash, file.upload_id, file.destination) for hash, file in store.owed()] == [
        (HASH, "a", target),
        (HASH, "b", target),
    ]
    store.note_passed_on(HASH, "a", "s3://b/a")
    assert store.owes(HASH)
    store.remove(HASH, "b")
    assert not store.owes(HASH)
    store.note_sums(HASH, "a", Sums("2" * 64, 2))
    assert [file.upload_id for _, _, file in store.unhashed(0, 10)] == ["c"]


def test_a_deleted_link_is_gone_at_once_and_its_rows_piece_by_piece(store, database, monkeypatch):
    monkeypatch.setattr(link_rows, "BATCH", 3)
    for hash in (HASH, f"{HASH}-2"):
        store.create(link(hash=hash))
        store.reserve(link(hash=hash), "open", 1, folders=("x", "y"))
        store.announce(link(hash=hash), [announced("coming")])
        store.receive(hash, *(received(f"u{number}") for number in range(7)))

    store.delete(HASH, OWNER)
    assert [each.hash for each in store.all()] == [f"{HASH}-2"]
    assert rows(database, "ledger") == 18
    store.clear_deleted()
    assert (
        rows(database, "ledger"),
        rows(database, "folders"),
        rows(database, "brought"),
        rows(database, "doomed"),
    ) == (9, 3, 3, 0)
    # The same name may come again, and knows nothing.
    store.create(link())
    assert store.counts(HASH) == Counts()


def test_why_uploads_are_gone_is_remembered_of_a_bounded_number(store, database, monkeypatch):
    monkeypatch.setattr(rules, "MAX_GONE", 5)
    store.create(link())
    for number in range(9):
        store.reserve(link(), f"u{number}", 1, at=float(number))
        store.release(HASH, f"u{number}", "expired")
    assert rows(database, "ledger") == 5
    assert [store.why_gone(HASH, f"u{number}") for number in (3, 4, 8)] == [None, "expired", "expired"]


def test_what_happens_is_told_in_its_order_and_only_when_it_is_true(store, events):
    store.create(link())
    store.receive(HASH, received("a"), received("b"))
    store.receive(HASH, received("a"))
    store.remove(HASH, "a")
    store.remove(HASH, "a")
    ada = Actor(ActorKind.ACCOUNT, "192.0.2.7", "session", "ada")
    store.update(HASH, changed(title="new"), OWNER)
    store.update(HASH, changed(active=False), ada)
    store.update(HASH, changed(active=False), OWNER)
    store.delete(HASH, ada)
    store.delete(HASH, OWNER)
    told = events.after(0, 100)
    assert {each.link for each in told} == {HASH}
    assert [(each.kind, each.actor, each.upload_id) for each in told] == [
        (EventKind.LINK_MADE, "owner", None),
        (EventKind.FILE_RECEIVED, "sender", "a"),
        (EventKind.FILE_RECEIVED, "sender", "b"),
        (EventKind.FILE_REMOVED, "sender", "a"),
        (EventKind.LINK_CHANGED, "owner", None),
        (EventKind.LINK_CLOSED, "account:ada", None),
        (EventKind.LINK_DELETED, "account:ada", None),
    ]
    assert [each.id for each in told] == sorted({each.id for each in told})
    assert events.after(told[1].id, 2) == told[2:4]


def test_an_upload_that_its_owner_stops_is_told_once_and_no_other_end_is(store, events):
    store.create(link())
    for upload_id in ("stopped", "cancelled", "expired"):
        store.reserve(link(), upload_id, 5)
    ada = Actor(ActorKind.ACCOUNT, name="ada")
    assert store.release(HASH, "stopped", "stopped", ada)
    assert not store.release(HASH, "stopped", "stopped", ada)
    assert store.release(HASH, "cancelled", "cancelled")
    assert store.release(HASH, "expired", "expired")
    told = [(each.kind, each.actor, each.upload_id) for each in events.after(0, 100)[1:]]
    assert told == [(EventKind.UPLOAD_STOPPED, "account:ada", "stopped")]


def test_a_reader_goes_on_where_it_was_and_events_go_when_all_have_passed_them(store, events, opened):
    store.create(link())
    store.receive(HASH, *(received(f"u{number}") for number in range(4)))
    made, *told = events.after(0, 100)
    assert events.cursor("digests") == 0
    events.passed("digests", told[2].id)
    events.passed("forwarding", told[1].id)
    events.passed("digests", told[3].id)
    again = SQLEvents(opened())
    assert (again.cursor("digests"), again.cursor("forwarding")) == (told[3].id, told[1].id)
    both = ["digests", "forwarding"]
    assert again.prune(made.at - 1, both) == 0
    assert again.prune(told[-1].at + 1, [*both, "new"]) == 0
    assert again.prune(told[-1].at + 1, both) == 3
    assert events.after(0, 100) == told[2:]
    again.passed("forwarding", told[3].id)
    assert again.prune(told[-1].at + 1, both) == 1
    assert events.after(0, 100) == told[3:]
    # Numbers are not given again.
    store.receive(HASH, received("later"))
    assert events.after(0, 100)[1].id > told[3].id


def test_no_event_appears_before_one_that_was_told(opened):
    SQLRequests(opened()).create(link())
    hashes = [f"{HASH}-{number}" for number in range(4)]
    for hash in hashes:
        SQLRequests(opened()).create(link(hash=hash))

    def work(number: int) -> list[int]:
        if number < 4:
            store = SQLRequests(opened())
            for each in range(25):
                store.receive(hashes[number], received(f"u{each}"))
            return []
        events, seen = SQLEvents(opened()), [0]
        while len(seen) <= 105:
            seen += [each.id for each in events.after(seen[-1], 7)]
        return seen[1:]

    told = together(5, work)[4]
    assert told == [each.id for each in SQLEvents(opened()).after(0, 1000)]


def test_the_schema_that_migrations_make_is_the_one_that_statements_are_built_from(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from app.storage.sql.migrate import engine_of

    engine = engine_of(database)
    # The tables of a store of bytes are no part of the catalogue: see the migration that makes them.
    ours = {"compare_type": True, "include_name": lambda name, *_: not (name or "").startswith("store_")}
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=ours), metadata) == []
    engine.dispose()


def test_migrating_again_and_at_once_changes_nothing(database, opened, store):
    store.create(link())
    assert together(3, lambda _: migrate(opened())) == [None] * 3
    assert store.load(HASH) == link()


def test_a_catalogue_of_the_first_schema_keeps_what_is_owed(database, opened):
    entry = OutboxEntry("upload-1", HASH, RemoteTarget(TargetKind.S3, bucket="b"), 10, 1.0, transfer="secret")
    SQLOutbox(database).add(entry)
    with database.write() as tx:
        without_seen(tx)
        tx.run("ALTER TABLE outbox DROP COLUMN digests")
        for table in ("documents", *MESSAGE_TABLES):
            tx.run(f"DROP TABLE {table}")
        tx.run("DROP INDEX ledger_bin")
        for column in ("crc32", "deleted_at", "deleted_by"):
            tx.run(f"ALTER TABLE ledger DROP COLUMN {column}")
        tx.run("UPDATE alembic_version SET version_num = '0001'")
    migrate(opened())
    assert SQLOutbox(opened()).all() == [entry]


def test_whose_a_link_is_is_known_of_those_that_were_made_before_it_was_asked_for(database, opened, store):
    whose = {f"{HASH}-1": "owner", f"{HASH}-2": "account:ann", f"{HASH}-3": "team:tax"}
    for hash, owner in whose.items():
        store.create(replace(link(hash), owner=owner), OWNER)
    with database.write() as tx:
        without_owners(tx)
    migrate(opened())
    again = SQLRequests(opened())
    assert {owner: [each.hash for each, _ in again.page(9, owners=[owner])] for owner in whose.values()} == {
        owner: [hash] for hash, owner in whose.items()
    }


def test_what_happened_before_there_were_messages_is_told_to_nobody(database, opened, store):
    store.create(link())
    store.reserve(link(), "u1", 1)
    store.receive(HASH, ReceivedFile("u1", "a", "a", 1, 5.0))
    last = SQLEvents(database).after(0, 99)[-1].id
    with database.write() as tx:
        without_seen(tx)
        for table in MESSAGE_TABLES:
            tx.run(f"DROP TABLE {table}")
        tx.run(f"UPDATE alembic_version SET version_num = '{v0005_messages.down_revision}'")
    migrate(opened())
    assert SQLEvents(opened()).cursor(MessageReader.name) == last


def test_what_had_arrived_before_anybody_noted_what_is_seen_is_no_news(database, opened, store):
    """And it is told who sent last, and links are in all orders, whatever their titles hold."""
    titles = ["Ärzte", "zebra 9", "Zebra 10", "\ud800 half", "nul \x00", ""]
    for number, title in enumerate(titles):
        store.create(link(f"{HASH}-{number}", float(number), title=title, max_files=number, expires_at=50.0 + number))
    first = f"{HASH}-0"
    store.receive(first, received("a", at=7.0, sender_name="Ada"), received("b", at=9.0, sender_email="b@x.org"))
    store.receive(first, received("gone", at=20.0, sender_name="Eve"))
    store.remove(first, "gone")
    before = {order: store.page(99, order=order) for order in ORDERS}
    with database.write() as tx:
        without_seen(tx)
    migrate(opened())
    store = SQLRequests(opened())
    _, standing = store.standing(first)
    assert standing == Standing(2, 20, 2 * rules.weight(10), 0, 3, 0, 9.0, "b@x.org", "arzte")
    assert store.standing(first, "account:other")[1].new == 2
    store.receive(first, received("later", at=8.0))
    assert [(at, each.upload_id) for at, each in store.unseen_page(first, THE_OWNER, 9)] == [(4, "later")]
    for order, page in before.items():
        assert [each for each, _ in store.page(99, order=order)] == [each for each, _ in page]


class Both:
    """The same call on the ledgers that were files and on the catalogue; what both say must be the same."""

    def __init__(self, old: FileLedgers, new: SQLRequests) -> None:
        self.stores = old, new

    def __call__(self, name: str, *arguments: Any, **more: Any) -> Any:
        results = []
        for store in self.stores:
            try:
                results.append(getattr(store, name)(*arguments, **more))
            except RequestFull as error:
                results.append((error.message, error.details))
        outcomes = [_comparable(each) for each in results]
        assert outcomes[0] == outcomes[1], (name, arguments, more)
        return results[0]


def _comparable(result: Any) -> Any:
    if isinstance(result, dict):
        return {key: str(value) for key, value in result.items()}
    if isinstance(result, Usage):
        return replace(result, removed=tuple(sorted(result.removed, key=lambda file: file.upload_id)))
    return result


def test_the_catalogue_judges_and_counts_as_ledgers_in_files_did(store, tmp_path, seed):
    """Many uploads come, lapse, arrive, end and are taken back in no order, on a link with narrow limits."""
    chance = random.Random(seed)
    both = Both(FileLedgers(tmp_path / "ledgers"), store)
    narrow = link(max_files=12, max_total_size=200_000)
    both("create", narrow)
    ids = [f"u{number}" for number in range(30)]
    paths = ["a.bin", "x/a.bin", "x/y/a.bin", "z/a.bin", "x/y/w/a.bin"]
    for step in range(400):
        now, upload_id = float(step), chance.choice(ids)
        known = store.fates(HASH, [upload_id]).get(upload_id)
        settled = known is not None and known.fate in (Fate.RECEIVED, Fate.REMOVED, Fate.GONE)
        path = chance.choice(paths)
        match chance.randrange(8):
            case 0 | 1 if not settled:
                until = now + chance.choice([5, 1000])
                both("reserve", narrow, upload_id, chance.randrange(30_000), now, until, path.split("/")[:-1])
            case 2 if not settled:
                some = [replace(announced(upload_id, path, chance.randrange(9000)))]
                both("announce", narrow, some, now)
            case 3:
                both("renew", narrow, upload_id, now, now + 3, now + 10)
            case 4:
                both("receive", HASH, received(upload_id, path, now, size=chance.randrange(20_000)))
            case 5:
                both("release", HASH, upload_id, chance.choice(["expired", "failed", "stopped"]))
            case 6:
                both("remove", HASH, upload_id)
            case 7:
                both("note_folders", narrow, [RelPath.parse(f"n{chance.randrange(6)}/m")], now)
        usage = both("usage", HASH)
        assert {each.upload_id for each in usage.files} == {each.upload_id for each in store.received_page(HASH, 100)}
    counts = store.counts(HASH)
    assert (counts.files, counts.bytes, counts.open) == (len(usage.files), usage.bytes_received, len(usage.open))
    assert counts.weight == sum(rules.weight(file.size) for file in usage.files)


def test_each_question_is_a_look_at_an_index(store, tmp_path):
    """A million files are as quick as ten only where no statement goes through them."""
    if "postgresql" in str(store._database.dialect.name):
        pytest.skip("its planner decides by what is in the tables at that moment")
    reminders = SQLReminders(store._database)._sql
    bin = SQLBin(store._database, clock=time.time)
    sql, plain = store._sql, {"hash": HASH, "upload_id": "u", "path": "p", "mark": 1, "at": 1.0, "last": "u", "most": 5}
    wanted = {
        sql.known: "ledger_by_upload",
        sql.page: "ledger_by_age",
        sql.openings: "ledger_by_age",
        sql.at_path: "ledger_by_path",
        sql.owes: "ledger_owed",
        sql.owed: "ledger_owed",
        sql.unhashed: "ledger_unhashed",
        sql.note_sums: "ledger_by_upload",
        sql.note_crc32: "ledger_by_upload",
        sql.unseen: "ledger_by_arrival",
        store._books.arrivals.later: "ledger_by_arrival",
        store._books.arrivals.newest: "ledger_by_age",
        bin._find: "ledger_by_upload",
        bin._page: "ledger_by_age",
        bin._due: "ledger_bin",
        bin._total: "ledger_bin",
        reminders.due: "links_to_remind",
        reminders.pass_on: "sqlite_autoindex_links_1",
    }
    plain |= {
        "cursor": 0,
        "now": 1.0,
        "sha256": "x",
        "crc32": 1,
        "viewer": "owner",
        "before": 9,
        "next_at": 2.0,
        "up_to": 1,
        "link": 1,
        "state": 3,
    }
    by = {"created": "age", "last_received": "arrival", "title": "name", "expires": "end", "due": "due"}
    for order in ORDERS:
        for only in (None, *LinkFilter):
            wanted[store._lists.page(order, only, None)] = f"links_by_{by[order.by]}"
    for words, index in wanted.items():
        with store._database.read() as tx:
            plan = " · ".join(row[3] for row in tx.all(f"EXPLAIN QUERY PLAN {words}", **plain))
        assert index in plan, (words, plan)
        assert "TEMP B-TREE" not in plan, (words, plan)


def test_what_was_counted_of_links_stays_and_numbers_of_pruned_events_are_not_given_again(store, database, events):
    store.create(link())
    store.reserve(link(), "open", 5, at=1.0)
    store.receive(HASH, *(received(f"u{number}", at=float(number)) for number in range(3)))
    store.remove(HASH, "u1")
    before, last = store.standing(HASH), events.newest()
    with database.write() as tx:
        without_sums(tx)
        tx.run(f"UPDATE alembic_version SET version_num = '{v0032_link_sums.down_revision}'")
        tx.run("DELETE FROM events")
        if isinstance(database, SQLiteDatabase):
            tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES ('events', :last)", last=last)
    migrate(database)
    assert store.standing(HASH) == before
    store.receive(HASH, received("u4", at=9.0))
    assert events.newest() == last + 1
    assert store.standing(HASH)[1].last_received_at == 9.0


def test_text_that_a_database_cannot_hold_is_refused_or_found_nowhere(store, database):
    store.create(link())
    with suppress(InvalidRequest):
        assert store.received_at(HASH, "a\0b") is None
    with suppress(InvalidRequest):
        store.receive(HASH, received("u1", "a\0b"))
    store.receive(HASH, received("u2"))
    assert store.file(HASH, "u2")


def test_a_transaction_that_fails_leaves_nothing(store, database):
    store.create(link())
    with suppress(ZeroDivisionError), database.write() as tx:
        tx.run(f"UPDATE {ledger.name} SET size = 1")
        tx.run("DELETE FROM links")
        raise ZeroDivisionError
    assert store.load(HASH) == link()
    store.reserve(link(), "u1", 1)


@pytest.mark.parametrize("ask", ["run", "changed", "one", "all"])
def test_a_statement_that_fails_is_told_of_and_undoes_what_went_before(store, database, ask):
    def fail() -> None:
        with database.write() as tx:
            tx.run("DELETE FROM links")
            getattr(tx, ask)("DELETE FROM no_such_table")

    store.create(link())
    with pytest.raises((sqlite3.OperationalError, psycopg.ProgrammingError)):
        fail()
    assert store.load(HASH) == link()
    store.reserve(link(), "u1", 1)


def test_a_statement_is_told_its_own_outcome_after_many_that_nobody_asked_about(database):
    insert = compiled(inserted(database, counts, leave_out=["id"]), database.dialect)
    row = {"key": b"key", "at": 1.5, "expires_at": 2.5}
    with database.write() as tx:
        tx.many(insert, [row] * 1000)
        time.sleep(0.1)  # Other threads have the processor, and meanwhile outcomes come in.
        assert tx.one("SELECT 7") == (7,)
        tx.many(insert, [row] * 1000)
        time.sleep(0.1)
        assert tx.changed("DELETE FROM counts") == 2000


def test_nobody_vouches_for_what_a_server_that_crashed_may_have_lost(postgresql):
    database = PostgreSQLDatabase(postgresql.new_database())
    migrate(database)
    with database.write() as tx:
        [(session,)] = tx.all("SELECT pg_backend_pid()")
        tx.run("INSERT INTO facts VALUES ('a', 'b')")
    os.kill(session, signal.SIGKILL)  # Which all sessions end with: the server has lost what is in its memory.

    def is_back() -> bool:
        with suppress(Busy):
            return database.look("SELECT 1") == (1,)
        return False

    eventually(is_back, seconds=90, what="the database")
    with pytest.raises(Busy):
        database.sync()
    with database.write() as tx:
        tx.run("DELETE FROM facts")
    database.sync()


def test_of_many_links_that_take_one_word_at_once_one_has_it(opened, store):
    words = [f"anna-{number}" for number in range(20)]

    def take(number: int) -> list[bool]:
        mine = SQLRequests(opened())
        return [_takes(mine, f"{word}-{number}-0123456789", word) for word in words]

    for word, *taken in zip(words, *together(4, take), strict=True):
        assert taken.count(True) == 1
        assert store.aliased(word) == f"{word}-{taken.index(True)}-0123456789"


def _takes(store: SQLRequests, hash: str, word: str) -> bool:
    try:
        store.create(replace(link(), hash=hash, terms=Terms(alias=word, password_hash="x")))
    except InvalidRequest:
        return False
    return True


def test_processes_that_come_and_go_leave_the_log_to_those_who_stay(opened, store, database):
    store.create(link())

    def work(number: int) -> int:
        if number == 0:
            mine, kept = SQLRequests(opened()), 0
            for each in range(150):
                mine.receive(HASH, received(f"kept-{each}"))
                kept += mine.file(HASH, f"kept-{each}") is not None
            return kept
        for each in range(40):
            another = opened()
            SQLRequests(another).receive(HASH, received(f"{number}-{each}"))
            another.close()
        return 0

    assert together(3, work) == [150, 0, 0]
    assert len(store.usage(HASH).files) == 150 + 80
    if database.dialect.name == "sqlite":
        with database.read() as tx:
            assert tx.all("PRAGMA integrity_check") == [("ok",)]
