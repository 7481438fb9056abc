"""The audit: what every AuditStore promises, and what the catalogue notes of its own acts in the transactions that do them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from app.core.actors import Actor, ActorKind
from app.core.audit import ALL, Act, AuditRow, Erasure, Wanted
from app.core.errors import RequestNotFound
from app.core.links import Opening, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget, TargetKind
from app.core.terms import Terms
from app.storage.sql import audit as audits
from app.storage.sql.audit import SQLAudit
from app.storage.sql.bin import SQLBin
from app.storage.sql.files import SQLRequests
from app.storage.sql.outbox import SQLOutbox
from tests.contracts.conftest import databases

HASH = "link-0123456789abcdef"
OWNER = Actor(ActorKind.OWNER, "192.0.2.7", "session")
SENDER = Actor(ActorKind.SENDER, "198.51.100.3")


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request, tmp_path: Path):
    return databases(request.param, request, tmp_path)


@pytest.fixture
def store(opened) -> SQLAudit:
    return SQLAudit(opened())


def row(at: float, act: Act = Act.LINK_MADE, actor: Actor = OWNER, link: str | None = None, **facts) -> AuditRow:
    return AuditRow(at, actor, act, link, facts.pop("upload", None), facts)


def times(store: SQLAudit, wanted: Wanted = ALL) -> list[float]:
    return [each.at for each in store.page(100, None, wanted)]


def test_rows_come_back_as_they_were_newest_first_page_by_page(store):
    rows = [row(float(at), path=f"{at}.pdf", size=at, to=["a@example.org"], upload=f"u{at}") for at in (1, 3, 3, 2)]
    for each in rows:
        assert store.add(each)
    first = store.page(3, None, ALL)
    rest = store.page(3, (first[-1].at, first[-1].id), ALL)
    assert [each.at for each in first + rest] == [3.0, 3.0, 2.0, 1.0]
    assert len({each.id for each in first + rest}) == 4
    last = rest[0]
    assert (last.actor, last.act, last.upload) == (OWNER, "link_made", "u1")
    assert last.facts == {"path": "1.pdf", "size": 1, "to": ["a@example.org"]}


def test_rows_are_found_by_all_that_is_named(store):
    store.add(row(1.0, Act.LOGGED_IN))
    store.add(row(2.0, Act.FILE_DOWNLOADED, link=HASH, path="Letters/ÄRGER.pdf"))
    store.add(row(3.0, Act.FILE_DOWNLOADED, Actor(ActorKind.ACCOUNT, "203.0.113.9", "session", "Ann"), link=HASH))
    store.add(row(4.0, Act.FILE_DELETED, Actor(ActorKind.SERVICE, name="retention"), link="another-0123456789"))
    for wanted, expected in (
        (Wanted(kind="owner"), [2.0, 1.0]),
        (Wanted(kind="service", name="retention"), [4.0]),
        (Wanted(kind="service", name="purge"), []),
        (Wanted(act="file_downloaded"), [3.0, 2.0]),
        (Wanted(link=HASH, since=2.5), [3.0]),
        (Wanted(until=2.0), [1.0]),
        (Wanted(text="203.0.113"), [3.0]),
        (Wanted(text="aNN"), [3.0]),
        (Wanted(text="letters/ärger"), [2.0]),
        (Wanted(text="retention"), [4.0]),
        (Wanted(text="another"), [4.0]),
        (Wanted(text="%"), []),
        (Wanted(kind="owner", act="file_downloaded", link=HASH, text="pdf", since=1.0, until=9.0), [2.0]),
    ):
        assert times(store, wanted) == expected, wanted


def test_what_goes_on_is_one_row_in_every_process(opened, store):
    other = SQLAudit(opened())

    def down(at: float, actor: Actor = OWNER, path: str = "film.mov") -> AuditRow:
        return row(at, Act.FILE_DOWNLOADED, actor, HASH, path=path)

    assert store.add(down(100.0), 60.0)
    assert not other.add(down(159.0), 60.0)
    # What is another's, of another link, or says something else, is another.
    assert other.add(down(159.0, Actor(ActorKind.OWNER, "192.0.2.8", "session")), 60.0)
    assert other.add(down(159.0, path="other.mov"), 60.0)
    assert other.add(down(161.0), 60.0)
    # One that begins anew is always noted, and may go on.
    assert other.add(down(162.0), 0.0)
    assert not store.add(down(163.0), 60.0)
    assert len(times(store)) == 5


def test_of_many_at_once_that_go_on_with_the_same_one_is_noted(opened, store):
    added: list[bool] = []

    def add() -> None:
        added.append(SQLAudit(opened()).add(row(5.0, Act.FILE_DOWNLOADED, link=HASH), 60.0))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(added) == [False] * 5 + [True]
    assert times(store) == [5.0]


def test_old_rows_go_in_steps(store, monkeypatch):
    monkeypatch.setattr(audits, "BATCH", 2)
    for at in range(7):
        store.add(row(float(at)))
    assert store.prune(5.0) == 5
    assert times(store) == [6.0, 5.0]
    assert store.prune(5.0) == 0


def test_a_name_is_erased_everywhere_and_nothing_else_changes(store, monkeypatch):
    monkeypatch.setattr(audits, "BATCH", 2)
    ann = Actor(ActorKind.ACCOUNT, "203.0.113.9", "session", "Ann Müller")
    store.add(row(1.0, actor=ann, path="from ann müller/annual.pdf"))
    store.add(row(2.0, to=["ann@example.org", "ben@example.org"], size=3), 60.0)
    for at in range(3, 7):
        store.add(row(float(at), path="annual.pdf"))
    store.add(row(7.0, sender="Ann Mu\u0308ller"))
    before = store.page(100, None, ALL)
    assert store.erase(Erasure("Ann Müller")) == 2
    assert store.erase(Erasure("ANN@example.org")) == 1
    assert store.erase(Erasure("Ann Müller")) == 0
    after = store.page(100, None, ALL)
    assert [(each.id, each.at, each.act) for each in after] == [(each.id, each.at, each.act) for each in before]
    assert after[-1].actor == Actor(ActorKind.ACCOUNT, "203.0.113.9", "session", "erased")
    assert after[-1].facts == {"path": "from erased/annual.pdf"}
    assert after[-2].facts == {"to": ["erased", "ben@example.org"], "size": 3}
    assert after[0].facts == {"sender": "erased"}
    assert after[1:-2] == before[1:-2]
    assert store.erase(Erasure("203.0.113.9")) == 1
    assert store.page(100, None, ALL)[-1].actor.address == "erased"


# What the catalogue does for somebody


def link(**terms) -> RequestLink:
    return RequestLink(HASH, RelPath.parse("inbox"), 12.5, Terms(**terms))


def told(store: SQLAudit) -> list[tuple[str, str, dict[str, Any]]]:
    """The oldest first: who did what, and what is said of it."""
    return [(str(each.actor), each.act, dict(each.facts)) for each in reversed(store.page(100, None, ALL))]


def test_links_are_noted_with_the_names_of_what_changed(opened, store):
    links = SQLRequests(opened())
    links.create(link(title="Films", password_hash="$argon2"), OWNER)
    for terms in ({"title": "Film", "max_files": 3}, {"title": "Film", "active": False}, {"title": "Film"}):
        after = link(**terms)
        links.update(HASH, lambda _, after=after: after, OWNER)  # type: ignore[misc]
    links.update(HASH, lambda each: each, OWNER)  # Changes nothing.
    links.delete(HASH, OWNER)
    links.delete(HASH, OWNER)
    with pytest.raises(RequestNotFound):
        links.update(HASH, lambda each: each, OWNER)
    about = {"folder": "inbox", "title": "Film"}
    assert told(store) == [
        ("owner", "link_made", {"folder": "inbox", "title": "Films", "set": ["password", "title"]}),
        ("owner", "link_changed", {**about, "changed": ["max_files", "password", "title"]}),
        ("owner", "link_closed", {**about, "changed": ["active", "max_files"]}),
        ("owner", "link_reopened", {**about, "changed": ["active"]}),
        ("owner", "link_deleted", about),
    ]
    assert {(each.actor.address, each.actor.way, each.link) for each in store.page(9, None, ALL)} == {
        ("192.0.2.7", "session", HASH)
    }


def test_files_are_noted_with_their_paths_by_whom_and_why(opened, store):
    links = SQLRequests(opened(), clock=lambda: 500.0)
    bin = SQLBin(opened(), clock=lambda: 500.0)
    links.create(link(), OWNER)
    files = [ReceivedFile(name, f"a/{name}.bin", f"{name}.bin", 10, 50.0, None, "Ada") for name in "bcd"]
    links.receive(HASH, *files)
    assert bin.put(HASH, "b", Actor(ActorKind.SERVICE, name="retention"), None)
    assert bin.put(HASH, "c", OWNER, 900.0)
    assert not bin.put(HASH, "c", OWNER, 900.0)
    assert bin.take_out(HASH, files[1], OWNER)
    assert links.remove(HASH, "d", SENDER)
    assert not links.remove(HASH, "d", SENDER)
    links.reserve(link(), "e", 5, 1.0, 9e9)
    assert [each.upload_id for each in links.openings(HASH)] == [Opening("e", 5, 1.0, 9e9).upload_id]
    assert links.release(HASH, "e", "stopped", OWNER)
    entry = OutboxEntry("c", HASH, RemoteTarget(TargetKind.S3, bucket="b"), 10, 1.0, OutboxState.WAITING)
    SQLOutbox(opened(), clock=lambda: 500.0).ask(entry, OWNER)
    assert told(store)[1:] == [
        ("service:retention", "file_deleted", {"path": "a/b.bin", "size": 10}),
        ("owner", "file_deleted", {"path": "a/c.bin", "size": 10, "restorable_until": 900.0}),
        ("owner", "file_restored", {"path": "a/c.bin", "size": 10}),
        ("sender", "file_taken_back", {"path": "a/d.bin", "size": 10, "sender": "Ada"}),
        ("owner", "upload_cancelled", {}),
        ("owner", "pass_on_asked", {}),
    ]
    assert [each.upload for each in reversed(store.page(6, None, ALL))] == ["b", "c", "c", "d", "e", "c"]
    assert store.page(1, None, Wanted(kind="sender"))[0].actor == SENDER


def test_what_is_undone_was_never_noted(opened, store):
    class Died(BaseException):
        pass

    def die(_: RequestLink) -> RequestLink:
        raise Died

    links = SQLRequests(opened())
    links.create(link(), OWNER)
    with pytest.raises(Died):
        links.update(HASH, die, OWNER)
    assert len(told(store)) == 1
