"""What every SessionStore promises."""

from __future__ import annotations

import json
import multiprocessing
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy, UploadNotFound
from app.core.paths import RelPath
from app.core.ports.sessions import SessionStore
from app.core.ranges import Span
from app.core.session import Sender, State, UploadSession
from app.core.waiting_room import WaitingRoom
from app.storage.disk.json_sessions import JSONSessions
from app.storage.disk.span_log import Kind
from tests.support.files import eventually
from tests.support.processes import together

ID = "upload-0123456789"
Make = Callable[[Path], SessionStore]
STORES: list[Make] = [JSONSessions, lambda base: JSONSessions(base, promise=Kind.DURABLE)]


def session(size: int = 1000, upload_id: str = ID) -> UploadSession:
    return UploadSession(
        upload_id=upload_id,
        request_hash="request-0123456789",
        path=RelPath.parse("dir/日本語 ü.bin"),
        size=size,
        opened_at=1.25,
        active_at=1.25,
        sender=Sender("Ada", "ada@example.org"),
        client="192.0.2.7",
        last_modified=99.5,
        sample=f"s1:{'5' * 64}",
        declared_sha256="0" * 64,
    )


@pytest.fixture(params=STORES, ids=["json", "json, synced"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    make: Make = request.param
    return make(tmp_path)


def test_what_was_created_is_loaded_whole(store):
    store.create(session())
    assert store.load(ID) == session()
    assert list(store.ids()) == [ID]


def test_a_session_from_before_addresses_were_kept_is_loaded(tmp_path):
    JSONSessions(tmp_path).create(session())
    path = tmp_path / ID / "session.json"
    document = json.loads(path.read_text())
    del document["client"]
    path.write_text(json.dumps(document))
    assert JSONSessions(tmp_path).load(ID) == replace(session(), client="")


@pytest.mark.parametrize("upload_id", ["nothing-here-0123", "", "..", "a/b", "a\x00b", "x" * 200])
def test_what_does_not_exist_is_not_found(store, upload_id):
    with pytest.raises(UploadNotFound):
        store.load(upload_id)
    with pytest.raises(UploadNotFound):
        store.record(upload_id, Span(0, 1), 2.0)
    with pytest.raises(UploadNotFound):
        store.update(upload_id, lambda each: each)


def test_records_add_up_and_are_seen_by_another_store(store, tmp_path):
    store.create(session())
    store.record(ID, Span(0, 10), 2.0)
    store.record(ID, Span(20, 30), 3.0)
    loaded = JSONSessions(tmp_path).load(ID)
    assert list(loaded.ranges) == [Span(0, 10), Span(20, 30)]
    assert loaded.active_at == 3.0


def test_only_the_record_that_closes_the_last_gap_says_so(store):
    store.create(session(30))
    said = [
        store.record(ID, span, 2.0).closed
        for span in (Span(0, 10), Span(20, 30), Span(0, 10), Span(5, 25), Span(0, 30))
    ]
    assert said == [False, False, False, True, False]


def test_an_update_is_seen_by_everybody_and_keeps_the_ranges(store, tmp_path):
    other = JSONSessions(tmp_path)
    store.create(session())
    store.record(ID, Span(0, 10), 2.0)
    other.load(ID)
    store.update(ID, lambda each: each.refused("no", 4.0))
    assert other.load(ID).state is State.REFUSED
    assert other.load(ID).refusal == "no"


def test_what_was_deleted_is_gone_for_everybody(store, tmp_path):
    other = JSONSessions(tmp_path)
    store.create(session())
    other.load(ID)
    store.delete(ID)
    store.delete(ID)
    for each in (store, other):
        with pytest.raises(UploadNotFound):
            each.load(ID)
        with pytest.raises(UploadNotFound):
            each.record(ID, Span(0, 1), 2.0)
        with pytest.raises(UploadNotFound), each.exclusive(ID):
            pass
    assert list(store.ids()) == []


def test_only_one_is_exclusive(store, tmp_path):
    store.create(session())
    with store.exclusive(ID):
        with pytest.raises(Busy), JSONSessions(tmp_path).exclusive(ID, wait=False):
            pass
        store.update(ID, lambda each: each.refused("no", 2.0))
    with store.exclusive(ID, wait=False):
        pass


def test_a_session_changes_while_other_threads_record_its_chunks(store):
    """As when the head of a file is refused while more of it comes."""
    store.create(session(1000))

    def refuse() -> None:
        for _ in range(100):
            store.update(ID, lambda each: replace(each, client=f"{each.client}x"))

    def record() -> None:
        for at in range(0, 1000, 2):
            store.record(ID, Span(at, at + 1), 2.0)

    threads = [threading.Thread(target=each, daemon=True) for each in (refuse, record)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert not any(each.is_alive() for each in threads), "they wait for each other"
    assert store.load(ID).client == session().client + 100 * "x"
    assert store.load(ID).received_bytes == 500


def test_few_threads_wait_for_whoever_is_alone_with_an_upload(tmp_path):
    store = JSONSessions(tmp_path, waiting=WaitingRoom(3, 3))
    store.create(session())

    def ask(_: int) -> str:
        try:
            with store.exclusive(ID):
                return "in"
        except Busy:
            return "busy"

    with ThreadPoolExecutor(10) as pool:
        with store.exclusive(ID):
            answers = [pool.submit(ask, number) for number in range(10)]
            eventually(lambda: sum(answer.done() for answer in answers) == 7, what="seven refusals")
        assert sorted(answer.result() for answer in answers) == ["busy"] * 7 + ["in"] * 3
    assert ask(0) == "in"


def test_a_session_deleted_while_one_waits_for_it_is_not_found(store):
    store.create(session())
    refused: list[bool] = []

    def enter() -> None:
        try:
            with store.exclusive(ID):
                refused.append(False)
        except UploadNotFound:
            refused.append(True)

    with store.exclusive(ID):
        waiting = threading.Thread(target=enter)
        waiting.start()
        store.delete(ID)
    waiting.join()
    assert refused == [True]


def test_an_update_beside_a_deletion_brings_nothing_back(store):
    for number in range(50):
        upload_id = f"{ID}-{number}"
        store.create(session(upload_id=upload_id))

        def change(upload_id: str = upload_id) -> None:
            with suppress(UploadNotFound):
                for _ in range(20):
                    store.update(upload_id, lambda each: each.hashed("0" * 64))

        changing = threading.Thread(target=change)
        changing.start()
        store.delete(upload_id)
        changing.join()
        with pytest.raises(UploadNotFound):
            store.load(upload_id)
    assert list(store.ids()) == []


def _record_some(base: Path, spans: list[Span], results) -> None:
    mine = JSONSessions(base)
    results.put(sum(mine.record(ID, span, 2.0).closed for span in spans))


def test_eight_processes_lose_no_record_and_one_closes_the_gap(tmp_path):
    JSONSessions(tmp_path).create(session(400))
    spans = [Span(at, at + 1) for at in range(400)]
    random.Random(3).shuffle(spans)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_record_some, args=(tmp_path, spans[n::8], results)) for n in range(8)]
    for process in processes:
        process.start()
    assert sum(results.get(timeout=60) for _ in processes) == 1
    for process in processes:
        process.join(60)
    assert list(JSONSessions(tmp_path).load(ID).ranges) == [Span(0, 400)]


def after_power_cut(base: Path) -> SessionStore:
    return JSONSessions(base, boot=2)


def nothing() -> None:
    pass


def test_after_a_power_cut_only_what_a_checkpoint_covers_counts(tmp_path):
    before = JSONSessions(tmp_path, boot=1)
    before.create(session())
    before.record(ID, Span(0, 10), 2.0)

    def sync_while_more_arrives() -> None:
        before.record(ID, Span(10, 20), 3.0)

    before.checkpoint(ID, sync_while_more_arrives, 3.0)
    before.record(ID, Span(20, 30), 4.0)
    assert list(JSONSessions(tmp_path, boot=1).load(ID).ranges) == [Span(0, 30)]
    after = after_power_cut(tmp_path)
    assert list(after.load(ID).ranges) == [Span(0, 10)]
    assert after.load(ID).interrupted


def test_a_session_whose_whole_journal_a_power_cut_took_is_interrupted_too(tmp_path):
    before = JSONSessions(tmp_path, boot=1)
    before.create(session())
    assert not before.load(ID).interrupted
    after = after_power_cut(tmp_path)
    assert after.update(ID, lambda each: each.hashed("0" * 64)).interrupted
    assert after_power_cut(tmp_path).load(ID).interrupted


def test_what_arrives_after_a_power_cut_adds_to_what_counts(tmp_path):
    before = JSONSessions(tmp_path, boot=1)
    before.create(session(30))
    before.record(ID, Span(0, 10), 2.0)
    before.checkpoint(ID, nothing, 2.0)
    before.record(ID, Span(10, 20), 3.0)
    after = after_power_cut(tmp_path)
    assert not after.record(ID, Span(20, 30), 5.0).closed
    assert after.record(ID, Span(10, 20), 6.0).closed
    after.checkpoint(ID, nothing, 6.0)
    assert list(JSONSessions(tmp_path, boot=3).load(ID).ranges) == [Span(0, 30)]


def test_a_durable_record_needs_no_checkpoint(tmp_path):
    before = JSONSessions(tmp_path, promise=Kind.DURABLE, boot=1)
    before.create(session())
    assert before.record(ID, Span(0, 10), 2.0).unsynced == 0
    assert list(after_power_cut(tmp_path).load(ID).ranges) == [Span(0, 10)]


def test_a_volatile_record_never_outlives_a_power_cut(tmp_path):
    before = JSONSessions(tmp_path, promise=Kind.VOLATILE, boot=1)
    before.create(session())
    before.record(ID, Span(0, 10), 2.0)
    before.checkpoint(ID, nothing, 2.0)
    assert list(after_power_cut(tmp_path).load(ID).ranges) == []


def test_the_receipt_tells_how_much_a_power_cut_would_cost(tmp_path):
    store = JSONSessions(tmp_path, boot=1)
    store.create(session())
    assert [store.record(ID, Span(n, n + 10), 2.0).unsynced for n in (0, 10)] == [10, 20]
    store.checkpoint(ID, nothing, 2.0)
    assert store.record(ID, Span(20, 30), 2.0).unsynced == 10


def test_a_session_that_a_power_cut_emptied_is_not_found_and_removed(tmp_path):
    store = JSONSessions(tmp_path)
    store.create(session())
    (tmp_path / ID / "session.json").write_bytes(b"")
    with pytest.raises(UploadNotFound):
        JSONSessions(tmp_path).load(ID)
    store.remove_remains(0.0)
    assert list(store.ids()) == [ID]
    store.remove_remains(2.0**40)
    assert list(store.ids()) == []


def test_a_compacted_record_comes_to_the_same_for_everybody(store, tmp_path):
    store.create(session(100))
    other = JSONSessions(tmp_path)
    for start in range(0, 60, 10):
        store.record(ID, Span(start, start + 5), 2.0)
    assert other.load(ID) == store.load(ID)
    before = store.load(ID)
    store.compact(ID)
    assert store.load(ID) == other.load(ID) == JSONSessions(tmp_path).load(ID) == before
    other.record(ID, Span(90, 100), 3.0)
    assert list(store.load(ID).ranges)[-1] == Span(90, 100)


def test_the_latest_records_tell_a_pace_whoever_wrote_them(store, tmp_path):
    store.create(session(1000))
    assert store.recent(ID, 0.0) == (0, None)
    other = JSONSessions(tmp_path)
    store.record(ID, Span(0, 100), 10.0)
    other.record(ID, Span(100, 300), 20.0)
    store.record(ID, Span(300, 350), 21.0)
    store.checkpoint(ID, nothing, 30.0)
    for each in (store, other, JSONSessions(tmp_path)):
        assert each.recent(ID, 5.0) == (350, None)
        assert each.recent(ID, 10.0) == (250, 10.0)
        assert each.recent(ID, 20.5) == (50, 20.0)
        assert each.recent(ID, 40.0) == (0, 30.0)
    store.delete(ID)
    with pytest.raises(UploadNotFound):
        store.recent(ID, 0.0)


def test_a_compacted_record_tells_no_pace_of_before(store):
    store.create(session(1000))
    for at in range(10):
        store.record(ID, Span(20 * at, 20 * at + 10), 10.0 + at)
    store.compact(ID)
    assert store.recent(ID, 5.0) == (0, 19.0)
    store.record(ID, Span(500, 600), 20.0)
    assert store.recent(ID, 5.0) == (100, 19.0)
    assert store.recent(ID, 25.0) == (0, 20.0)


def test_of_very_many_records_the_last_few_tell_the_pace(store):
    store.create(session(4000))
    for at in range(1000):
        store.record(ID, Span(at, at + 1), 100.0 + at)
    count, since = store.recent(ID, 0.0)
    assert since == 1099.0 - count
    assert 100 <= count < 1000


def test_a_checkpoint_begun_before_a_compaction_covers_what_it_meant(tmp_path):
    store = JSONSessions(tmp_path, boot=1)
    store.create(session(100))
    store.record(ID, Span(0, 10), 2.0)
    store.checkpoint(ID, nothing, 2.0)
    store.record(ID, Span(10, 20), 3.0)

    def sync_while_it_is_compacted() -> None:
        store.record(ID, Span(20, 30), 3.0)
        JSONSessions(tmp_path, boot=1).compact(ID)

    store.checkpoint(ID, sync_while_it_is_compacted, 4.0)
    assert list(after_power_cut(tmp_path).load(ID).ranges) == [Span(0, 20)]


def test_a_long_record_asks_to_be_compacted_and_is_short_then(tmp_path):
    store = JSONSessions(tmp_path, promise=Kind.VOLATILE)
    store.create(session(4000))
    receipts = [store.record(ID, Span(at, at + 1), 2.0) for at in range(3000)]
    assert receipts[-1].crowded
    assert not receipts[100].crowded
    journal = tmp_path / ID / "spans"
    store.compact(ID)
    assert journal.stat().st_size < 200
    assert not store.record(ID, Span(3000, 3001), 2.0).crowded
    assert list(JSONSessions(tmp_path).load(ID).ranges) == [Span(0, 3001)]


def test_compacting_beside_eight_writers_loses_no_record_and_one_closes_the_gap(tmp_path):
    JSONSessions(tmp_path).create(session(400))

    def record_and_compact(number: int) -> int:
        mine = JSONSessions(tmp_path)
        closed = 0
        for at in range(number, 400, 8):
            closed += mine.record(ID, Span(at, at + 1), 2.0).closed
            if at % 5 == 0:
                mine.compact(ID)
            if at % 7 == 0:
                mine.update(ID, lambda each: each)
        return closed

    assert sum(together(8, record_and_compact)) == 1
    assert list(JSONSessions(tmp_path).load(ID).ranges) == [Span(0, 400)]


def test_only_one_does_a_thing_and_hinders_nobody_else(store, tmp_path):
    store.create(session())
    with store.only_one(ID, "hash"):
        with pytest.raises(Busy), JSONSessions(tmp_path).only_one(ID, "hash"):
            pass
        with store.only_one(ID, "other"), store.exclusive(ID, wait=False):
            store.update(ID, lambda each: each.refused("no", 2.0))
    with store.only_one(ID, "hash"):
        pass
    store.delete(ID)
    with pytest.raises(UploadNotFound), store.only_one(ID, "hash"):
        pass


def test_what_a_failed_sync_may_have_lost_no_longer_counts(store):
    def fail() -> None:
        raise Busy

    store.create(session(30))
    store.record(ID, Span(0, 10), 2.0)
    store.checkpoint(ID, nothing, 2.0)
    store.record(ID, Span(10, 30), 3.0)
    with pytest.raises(Busy):
        store.synced(ID, fail, 3.0)
    durable = isinstance(store, JSONSessions) and store.record(ID, Span(0, 1), 4.0).unsynced == 0
    assert list(store.load(ID).ranges) == ([Span(0, 30)] if durable else [Span(0, 10)])
