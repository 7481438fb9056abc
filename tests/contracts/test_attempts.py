"""What every Attempts promises."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.storage.sql.counts import SQLCounts
from tests.contracts.conftest import databases
from tests.support.clock import Now
from tests.support.processes import together

LIMIT = "3 per 10 second"


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path: Path, now: Now):
    """Opens the same counts again, as another process or a restart would."""
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLCounts(opened(), now)


@pytest.fixture
def attempts(make):
    return make()


def test_as_many_as_the_limit_says_are_let_in(attempts):
    assert [attempts.hit("k", LIMIT) for _ in range(5)] == [True, True, True, False, False]
    assert attempts.count("k", LIMIT) == 3


def test_keys_do_not_count_for_each_other(attempts):
    assert all(attempts.hit(key, "1 per hour") for key in ("a", "b", "a:b", "ü", "a/b"))
    assert not attempts.hit("a", "1 per hour")


def test_the_window_moves_with_each_event(attempts, now):
    for _ in range(3):
        attempts.hit("k", LIMIT)
        now.pass_by(3)
    assert not attempts.hit("k", LIMIT)
    assert attempts.retry_after("k", LIMIT) == 1
    now.pass_by(1)
    assert attempts.hit("k", LIMIT)
    assert not attempts.hit("k", LIMIT)


def test_who_waits_as_long_as_told_is_let_in(attempts, now):
    for seconds in (0.2, 1.7, 3.3):
        attempts.hit("k", LIMIT)
        now.pass_by(seconds)
    for _ in range(4):
        while attempts.hit("k", LIMIT):
            pass
        wait = attempts.retry_after("k", LIMIT)
        assert isinstance(wait, int)
        assert wait >= 1
        now.pass_by(wait)
        assert attempts.hit("k", LIMIT)


def test_counts_survive_a_restart(attempts, make):
    attempts.hit("k", LIMIT)
    assert make().count("k", LIMIT) == 1


def test_a_cleared_key_is_free(attempts):
    for key in ("k", "other"):
        attempts.hit(key, "1 per hour")
    attempts.clear("k", "1 per hour")
    assert attempts.hit("k", "1 per hour")
    assert not attempts.hit("other", "1 per hour")


def test_a_clock_that_was_set_back_locks_nobody_out(attempts, now):
    now.pass_by(10**8)
    for _ in range(3):
        attempts.hit("k", LIMIT)
    now.pass_by(-(10**8))
    assert attempts.hit("k", LIMIT)


def test_many_processes_share_one_count(attempts, make):
    def hit_often(number):
        mine = make()
        return sum(mine.hit("k", "25 per hour") for _ in range(10))

    assert sum(together(8, hit_often)) == 25
    assert attempts.count("k", "25 per hour") == 25


def test_a_token_counts_once_whoever_asks(attempts, make, now):
    assert sum(together(8, lambda number: make().first_use("token", 60))) == 1
    assert not attempts.first_use("token", 60)
    assert attempts.first_use("another", 60)
    now.pass_by(59)
    assert not attempts.first_use("token", 60)
    now.pass_by(2)
    assert attempts.first_use("token", 60)


def test_any_text_may_be_a_token(attempts):
    for token in ("", "ü", "\ud800", "x" * 10_000, "a\x00b"):
        assert attempts.first_use(token, 60)
        assert not attempts.first_use(token, 60)


def test_only_one_has_the_turn(attempts, make, tmp_path):
    note = tmp_path / "note"
    note.write_text("0")

    def add(number):
        mine = make()
        for _ in range(20):
            with mine.turn("k"):
                note.write_text(str(int(note.read_text()) + 1))

    assert together(6, add) == [None] * 6
    assert note.read_text() == "120"


def test_counting_is_possible_while_one_has_the_turn(attempts):
    with attempts.turn("k"):
        assert attempts.hit("k", LIMIT)
        assert attempts.count("k", LIMIT) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_counts_no_more_is_removed(kind, request, now, tmp_path):
    database = databases(kind, request, tmp_path)()
    attempts = SQLCounts(database, now)
    for number in range(100):
        attempts.hit(f"k{number}", "1 per minute")
        attempts.first_use(f"t{number}", 60)
    now.pass_by(200)
    attempts.hit("new", "1 per minute")
    with database.read() as tx:
        assert [tx.one(f"SELECT count(*) FROM {table}") for table in ("counts", "used_tokens")] == [(1,), (0,)]


def test_nobody_else_may_read_the_counts(attempts, tmp_path):
    attempts.hit("k", LIMIT)
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in tmp_path.rglob("*"))


def test_a_token_was_used_until_its_time_is_over_and_asking_uses_nothing(make, now):
    assert not make().was_used("t")
    assert make().first_use("t", 10)
    assert make().was_used("t")
    assert not make().was_used("another")
    now.pass_by(10)
    assert not make().was_used("t")
    assert make().first_use("t", 10)
