"""The parts of the upload library that need neither a line nor a server."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from http.client import HTTPMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from droppr_client.upload.connection import Answer
from droppr_client.upload.digests import FollowingDigest, content_digest, sample_digest
from droppr_client.upload.items import Item, Missing, Outcome, Skipped, UploadResult
from droppr_client.upload.problems import Cancelled, FileChanged, FileRefused, Refused, Retryable
from droppr_client.upload.progress import ProgressTracker
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.retry import Retries
from droppr_client.upload.state import SavedUpload, StateFile
from droppr_client.upload.targets.answers import problem_of
from droppr_client.upload.targets.named import target_at
from droppr_client.upload.throttle import Cancellation
from droppr_client.upload.walk import EmptyFolder, Found, Selection, Walk, readable
from tests.support.files import MIB, content


class Clock:
    """A clock that goes on when it is waited for."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@given(st.lists(st.integers(1, 50), max_size=6), st.integers(1, 30))
def test_what_is_missing_goes_out_once_and_whole(lengths, size):
    pairs: list[tuple[int, int]] = []
    at = 0
    for length in lengths:
        pairs.append((at, at + length))
        at += length + 1
    missing = Missing(pairs)
    assert missing.size == sum(lengths)
    given_out: list[int] = []
    while missing:
        start, stop = missing.take(size)
        assert 0 < stop - start <= size
        given_out += range(start, stop)
    assert given_out == [byte for start, stop in pairs for byte in range(start, stop)]


def test_a_part_that_did_not_arrive_is_the_next_to_go():
    missing = Missing([(0, 100)])
    first = missing.take(40)
    missing.give_back(first)
    assert [missing.take(40), missing.take(40), missing.take(40)] == [(0, 40), (40, 80), (80, 100)]


def test_so_many_bytes_pass_in_a_second_and_a_new_rate_counts_at_once(clock):
    limit = RateLimit(1000, None, clock)
    began = clock.now
    for _ in range(20):
        limit.take(100, clock.wait)
    assert 1.8 <= clock.now - began <= 2.1
    limit.change(10_000)
    began = clock.now
    for _ in range(20):
        limit.take(1000, clock.wait)
    assert 1.8 <= clock.now - began <= 2.1
    began = clock.now
    for none in (None, 0):
        limit.change(none)
        limit.take(10**12, clock.wait)
        RateLimit(none, None, clock).take(10**12, clock.wait)
    assert clock.now == began


def test_those_who_wait_already_profit_from_a_new_rate(clock):
    limit = RateLimit(1, None, clock)

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if clock.now > 1005:
            limit.change(None)

    limit.take(1_000_000, wait)
    assert clock.now < 1010


def test_a_burst_goes_at_once_and_the_rest_by_the_rate(clock):
    limit = RateLimit(2, 5, clock)
    times = []
    for _ in range(9):
        limit.take(1, clock.wait)
        times.append(clock.now - 1000)
    assert times[:5] == [0] * 5
    assert times[5:] == pytest.approx([0.5, 1, 1.5, 2], abs=0.01)


def test_who_is_cancelled_while_waiting_takes_nothing(clock):
    limit = RateLimit(1, 1, clock)
    cancellation = Cancellation()
    cancellation.request()
    with pytest.raises(Cancelled):
        limit.take(1000, cancellation.wait)
    limit.take(1, clock.wait)
    assert clock.now == 1000


def test_bandwidth_is_known_on_the_whole_and_lately(clock):
    monitor = BandwidthMonitor(clock)
    for _ in range(40):
        clock.wait(0.25)
        monitor.record_upload(250)
    assert monitor.current() == pytest.approx(1000, rel=0.1)
    for _ in range(40):
        clock.wait(0.25)
        monitor.record_upload(1000)
    assert monitor.current() == pytest.approx(4000, rel=0.1)
    assert monitor.get_bandwidth() == pytest.approx(2500, rel=0.1)


def test_waits_double_and_progress_begins_anew():
    retries = Retries(6)
    waits = [retries.wait_before_next(Retryable("")) for _ in range(6)]
    assert all(base <= (wait or 0) <= base * 1.25 for base, wait in zip([0.5, 1, 2, 4, 8, 16], waits, strict=True))
    assert retries.wait_before_next(Retryable("")) is None
    retries.progressed()
    assert 0.5 <= (retries.wait_before_next(Retryable("")) or 0) <= 0.625


def test_what_the_server_asks_for_wins_and_being_held_is_no_attempt():
    retries = Retries(1)
    for _ in range(50):
        assert 7 <= (retries.wait_before_next(Retryable("", retry_after=7, pause=True)) or 0) <= 7.25
    assert retries.wait_before_next(Retryable("", retry_after=3)) is not None
    assert retries.wait_before_next(Retryable("", retry_after=3)) is None


def opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def test_the_sample_is_what_the_wire_says(tmp_path):
    for size in (0, 5, 192 * 1024, 192 * 1024 + 1, 3 * MIB + 1):
        data = content(size)
        (tmp_path / "file").write_bytes(data)
        half, sample = 32 * 1024, 64 * 1024
        pieces = [data[:sample], data[size // 2 - half : size // 2 + half], data[-sample:]]
        told = b"".join(pieces) if size > 192 * 1024 else data
        fd = opened(tmp_path / "file")
        assert sample_digest(fd, size) == "s1:" + hashlib.sha256(size.to_bytes(8, "big") + told).hexdigest()
        os.close(fd)


def test_a_file_is_hashed_along_whatever_the_order_of_its_parts(tmp_path):
    data = content(10 * MIB)
    (tmp_path / "file").write_bytes(data)
    fd = opened(tmp_path / "file")
    following = FollowingDigest(fd)
    parts = [(at * MIB, (at + 1) * MIB) for at in (3, 0, 1, 9, 2, 4, 8, 6, 7, 5)]
    threads = [threading.Thread(target=following.sent, args=(part,)) for part in parts]
    for each in threads:
        each.start()
        assert following.hexdigest(len(data)) is None or each is threads[-1]
    for each in threads:
        each.join()
    assert following.hexdigest(len(data)) == hashlib.sha256(data).hexdigest()
    assert content_digest(fd, (0, 3)).startswith("sha-256=:")
    with pytest.raises(FileChanged):
        content_digest(fd, (len(data) - 1, len(data) + 1))
    os.close(fd)


def names(found: list[Found]) -> list[str]:
    return [each.path for each in found]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "a" / "empty").mkdir(parents=True)
    (root / "b" / ".git").mkdir(parents=True)
    (root / "a" / "one.jpg").write_bytes(b"1")
    (root / "a" / "two.tmp").write_bytes(b"22")
    (root / "b" / ".git" / "HEAD").write_bytes(b"333")
    (root / "three.jpg").write_bytes(b"")
    return root


def test_a_folder_keeps_its_name_and_with_a_slash_only_its_inside_is_meant(tree, monkeypatch):
    assert names(list(Walk([str(tree)]))) == [
        "tree/a/empty",
        "tree/a/one.jpg",
        "tree/a/two.tmp",
        "tree/b/.git/HEAD",
        "tree/three.jpg",
    ]
    assert names(list(Walk([f"{tree}/"])))[0] == "a/empty"
    monkeypatch.chdir(tree / "a")
    assert names(list(Walk(["."]))) == ["empty", "one.jpg", "two.tmp"]
    assert names(list(Walk([str(tree / "*.jpg")]))) == ["three.jpg"]


def test_patterns_choose_and_an_excluded_folder_is_not_looked_into(tree):
    assert names(list(Walk([str(tree)], Selection(exclude=["*.tmp", ".git", "empty"])))) == [
        "tree/a/one.jpg",
        "tree/three.jpg",
    ]
    files = [each for each in Walk([str(tree)], Selection(include=["*.jpg"])) if isinstance(each, Item)]
    assert names(list(files)) == ["tree/a/one.jpg", "tree/three.jpg"]


def test_by_size_the_smallest_comes_first(tree):
    found = [each for each in Walk([str(tree)], order="size") if isinstance(each, Item)]
    assert [each.size for each in found] == [0, 1, 2, 3]


def test_what_is_not_a_file_is_told_and_passed_over(tmp_path, monkeypatch):
    root = tmp_path / "odd"
    root.mkdir()
    os.mkfifo(root / "pipe")
    (root / "loop").symlink_to(root)
    (root / "nowhere").symlink_to(tmp_path / "nothing")
    (root / "link").symlink_to(__file__)
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(root)  # a socket's path may be 107 bytes long
        listening.bind("sock")
        found = {each.path: each for each in Walk([str(root)])}
    reasons = {name: each.reason for name, each in found.items() if isinstance(each, Skipped)}
    assert reasons == {
        "odd/pipe": "It is a pipe, not a file.",
        "odd/sock": "It is a socket, not a file.",
        "odd/loop": "It is a link to a folder, which is not followed.",
        "odd/nowhere": "There is no such file.",
    }
    assert isinstance(found["odd/link"], Item)
    [missing] = Walk([str(tmp_path / "not there")])
    assert isinstance(missing, Skipped)
    assert missing.failed


def test_a_sparse_file_of_a_hundred_gibibytes_is_a_size_and_nothing_more(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100 * 1024 * MIB)
    [found] = Walk([str(tmp_path / "sparse")])
    assert isinstance(found, Item)
    assert found.size == 100 * 1024 * MIB
    missing = Missing([(0, found.size)])
    assert missing.take(8 * MIB) == (0, 8 * MIB)
    assert missing.size == found.size - 8 * MIB
    fd = opened(tmp_path / "sparse")
    assert sample_digest(fd, found.size).startswith("s1:")
    os.close(fd)


def test_a_name_that_is_not_utf8_becomes_one_that_can_be_told(tmp_path):
    root = tmp_path / "names"
    root.mkdir()
    place = os.fsencode(root) + b"/b\xfcro \xe2\x82\xac.txt"
    with open(place, "wb") as file:
        file.write(b"x")
    [found] = Walk([str(root)])
    assert isinstance(found, Item)
    assert found.path == readable(found.path) == "names/b%FCro €.txt"
    assert Path(found.source).read_bytes() == b"x"
    assert isinstance(next(iter(Walk([os.fsdecode(place)]))), Item)
    (root / "sub").mkdir()
    assert any(isinstance(each, EmptyFolder) for each in Walk([str(root)]))


ITEM = Item("a/b", "/x/b\udcff", 10, 123)
KNOWN = SavedUpload(10, 123, "s1:00", "ticket", 2, False)


def test_notes_outlive_the_program_and_belong_to_one_target(tmp_path):
    path = tmp_path / "deep" / "state.db"
    state = StateFile(path, "one", 1e9)
    key = state.key(ITEM, 2)
    state.note([(ITEM, KNOWN)])
    again = StateFile(path, "one", 1e9)  # the first one still holds it, as a killed program would have
    assert again.find(ITEM) == KNOWN
    assert again.key(ITEM, 2) == key
    assert again.key(ITEM, 3) != key
    other = StateFile(path, "two", 1e9)
    assert other.find(ITEM) is None
    assert other.key(ITEM, 2) != key
    assert path.stat().st_mode & 0o077 == 0
    assert 22 <= len(key) <= 64
    later = StateFile(path, "one", 1e9 + 61 * 86400)
    assert later.find(ITEM) is None
    for each in (state, again, other, later):
        each.close()


def test_a_state_file_that_cannot_be_is_told(tmp_path):
    (tmp_path / "state").write_text("this is no database, but it is long enough to be taken for one" * 50)
    with pytest.raises(Refused, match="--state"):
        StateFile(tmp_path / "state", "one", 0)


def test_progress_counts_what_is_on_its_way_and_gives_back_what_was_lost():
    tracker = ProgressTracker()
    tracker.found(100)
    tracker.found(300)
    item = Item("big", "/big", 300, 0)
    tracker.started(item, 100)
    tracker.update_progress(item, 150)
    tracker.update_progress(item, -50)
    assert [(each.sent, each.size) for each in tracker.running()] == [(200, 300)]
    assert tracker.get_progress() == (0.0, 50.0)
    tracker.finished(item, UploadResult("big", 300, Outcome.SENT))
    tracker.finished(None, UploadResult("small", 100, Outcome.FAILED))
    assert tracker.get_progress() == (100.0, 75.0)
    assert tracker.statistics().sent_size == 300


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("nowhere", "not a place to send to"),
        ("ftp://example.org/x", "not a place to send to"),
        ("https://example.org/", "not the address of a link"),
        ("s3://", "bucket is missing"),
    ],
)
def test_a_place_that_is_none_is_told(where, sentence):
    with pytest.raises(Refused, match=sentence):
        target_at(where)


@pytest.mark.parametrize("code", ["storage_full", "request_full"])
def test_an_upload_under_way_waits_for_room_and_a_new_one_does_not(code: str) -> None:
    def answer(**headers: str) -> Answer:
        sent = HTTPMessage()
        for name, value in headers.items():
            sent[name.replace("_", "-")] = value
        return Answer(507, sent, {"code": code, "error": "No room."})

    waiting = problem_of(answer(Retry_After="30"), "host")
    assert isinstance(waiting, Retryable)
    assert waiting.retry_after == 30
    assert isinstance(problem_of(answer(), "host"), FileRefused)
