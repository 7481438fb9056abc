"""The owner: known by the token, or by a cookie for half a day."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import TooManyAttempts, Unauthorized
from app.services.accounts import wrong_tokens
from app.services.accounts.owner import SESSION_SECONDS, Caller, Owner
from app.services.accounts.owner_token import FILE_NAME, looks_made
from app.storage.disk.secret_file import load_or_create
from app.storage.sql.counts import SQLCounts
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.processes import together

TOKEN = "a-token-of-the-owner"
HERE = Caller("192.0.2.1")


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def make(tmp_path: Path, now: Now):
    """Another process' or a restarted server's owner, on the same counts."""

    def owner(token: str = TOKEN, *, made: bool = False, secret: str = "s" * 43) -> Owner:
        attempts = SQLCounts(catalogue(tmp_path), now)
        return Owner(token=token, made=made, secret=secret, attempts=attempts, clock=now)

    return owner


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """What is logged about the owner, whatever the log is set up for."""
    found: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    handler, logger = Keeping(), logging.getLogger("droppr.owner")
    # Other tests of this process may have made apps that log less.
    level, switched_off, below = logger.level, logger.disabled, logging.root.manager.disable
    logger.setLevel(logging.INFO)
    logger.disabled = False
    logging.disable(logging.NOTSET)
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.disabled = switched_off
    logging.disable(below)


def session(cookie: str) -> Caller:
    return Caller("192.0.2.99", cookie=cookie)


def guess(owner: Owner, caller: Caller, times: int = 10) -> None:
    """Send so many wrong tokens, of which none is one too many."""
    for number in range(times):
        assert not owner.holds_token(f"wrong {number}", caller, "header")


@pytest.mark.parametrize("wrong", ["", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "tökén", "\ud800", "\x00"])
def test_only_the_token_itself_is_the_token(make, wrong):
    assert make().holds_token(TOKEN, HERE, "header")
    assert not make().holds_token(wrong, HERE, "header")


def test_a_session_lasts_half_a_day(make, now):
    cookie = make().log_in(TOKEN, HERE)
    now.pass_by(SESSION_SECONDS)
    assert make().has_session(session(cookie))
    now.pass_by(1)
    assert not make().has_session(session(cookie))


def test_a_session_that_was_ended_stays_so_in_every_process(make, now):
    first, second = make().log_in(TOKEN, HERE), make().log_in(TOKEN, HERE)
    make().log_out(first)
    make().log_out(first)
    for seconds in (0, 61, SESSION_SECONDS):
        now.pass_by(seconds)
        assert not make().has_session(session(first))
    now.pass_by(-SESSION_SECONDS)
    assert make().has_session(session(second)), "another browser's"


def test_what_is_no_session_can_be_ended_by_nobody(make):
    for nonsense in ("", ".", "x.y.z", "\ud800"):
        make().log_out(nonsense)


def test_a_session_of_another_token_or_secret_or_changed_by_a_letter_is_none(make):
    cookie = make().log_in(TOKEN, HERE)
    assert not make("another-token-123456").has_session(session(cookie))
    assert not make(secret="another").has_session(session(cookie))
    for at in range(len(cookie)):
        changed = cookie[:at] + ("x" if cookie[at] != "x" else "y") + cookie[at + 1 :]
        # The last letter of base64 carries bits that nobody reads.
        assert at == len(cookie) - 1 or not make().has_session(Caller(f"192.0.2.{at}", cookie=changed))
    for nonsense in ("", ".", "owner", "owner.x.y", "\ud800", "ü.ü.ü"):
        assert not make().has_session(Caller("198.51.100.1", cookie=nonsense))


def test_after_ten_wrong_tokens_a_chosen_one_has_to_wait(make, now):
    guess(make(), HERE)
    for token in ("wrong", TOKEN):
        with pytest.raises(TooManyAttempts) as caught:
            make().log_in(token, HERE)
        assert caught.value.details["retry_after"] == 900
    assert make().log_in(TOKEN, Caller("192.0.2.2"))
    now.pass_by(900)
    assert make().log_in(TOKEN, HERE)


def test_a_made_token_passes_however_many_wrong_ones_came_before(make):
    owner = make(made=True)
    guess(owner, HERE)
    with pytest.raises(TooManyAttempts):
        owner.holds_token("wrong", HERE, "header")
    assert owner.holds_token(TOKEN, HERE, "header")
    assert owner.log_in(TOKEN, HERE)


def test_a_chosen_token_passes_from_the_machine_itself_and_beside_a_live_session(make):
    owner = make()
    cookie = owner.log_in(TOKEN, HERE)
    guess(owner, HERE)
    assert owner.holds_token(TOKEN, Caller(HERE.address, local=True), "header")
    assert owner.holds_token(TOKEN, Caller(HERE.address, cookie=cookie), "header")
    assert owner.has_session(Caller(HERE.address, cookie=cookie)), "nobody guesses a signature"
    owner.log_out(cookie)
    with pytest.raises(TooManyAttempts):
        owner.holds_token(TOKEN, Caller(HERE.address, cookie=cookie), "header")
    for caller in (Caller(HERE.address, local=True), Caller(HERE.address, cookie=cookie)):
        with pytest.raises(TooManyAttempts):
            owner.holds_token("wrong", caller, "header")


def test_every_way_counts_for_every_other(make):
    owner = make()
    guess(owner, HERE, 8)
    with pytest.raises(Unauthorized):
        owner.log_in("wrong", HERE)
    assert not owner.has_session(Caller(HERE.address, cookie="forged"))
    with pytest.raises(TooManyAttempts):
        owner.has_session(Caller(HERE.address, cookie="forged too"))


def test_a_cookie_that_is_no_longer_good_counts_once_and_one_that_ran_out_never(make, now):
    owner = make()
    old, out = make("the-token-before-this").log_in("the-token-before-this", HERE), owner.log_in(TOKEN, HERE)
    now.pass_by(SESSION_SECONDS + 1)
    for _ in range(50):
        assert not owner.has_session(Caller(HERE.address, cookie=old))
        assert not owner.has_session(Caller(HERE.address, cookie=out))
    guess(owner, HERE, 9)


def test_a_hundred_wrong_tokens_a_second_cost_no_more_than_the_first_ten(make, tmp_path, lines):
    owner = make()
    guess(owner, HERE)
    file = tmp_path / "catalogue" / "catalogue.db-wal"
    for number in range(1000):
        with pytest.raises(TooManyAttempts):
            owner.holds_token(f"wrong {number}", HERE, "header")
        if number == 0:
            before = file.stat().st_mtime_ns, file.stat().st_size
    assert (file.stat().st_mtime_ns, file.stat().st_size) == before
    assert [line.getMessage() for line in lines] == ["wrong admin token"] * 10 + ["too many wrong admin tokens"]


def test_addresses_without_number_are_a_limited_number_of_rows_and_lines(make, now, tmp_path, lines, monkeypatch):
    monkeypatch.setattr(wrong_tokens, "TOTAL_LIMIT", "50 per 15 minute")
    owner, made = make(), make(made=True)
    refused = 0
    for number in range(2000):
        try:
            owner.holds_token("wrong", Caller(f"2001:db8:0:{number:x}::/64"), "header")
        except TooManyAttempts:
            refused += 1
    assert refused == 2000 - 50
    with catalogue(tmp_path).read() as tx:
        [(rows,)] = tx.all("SELECT count(*) FROM counts")
    assert rows <= 2 * 50 + 1
    assert len(lines) <= 50 + 1
    with pytest.raises(TooManyAttempts):
        owner.holds_token(TOKEN, HERE, "header")
    assert made.holds_token(TOKEN, HERE, "header")
    assert owner.holds_token(TOKEN, Caller("127.0.0.1", local=True), "header")
    now.pass_by(900)
    assert owner.holds_token(TOKEN, HERE, "header")


def test_what_is_logged_is_the_address_and_never_the_token(make, lines):
    make().holds_token("almost-the-token-of-the-owner", HERE, "websocket")
    make().has_session(Caller(HERE.address, cookie="a-forged-cookie"))
    told = [(line.getMessage(), line.address, line.way) for line in lines]
    assert told == [("wrong admin token", HERE.address, way) for way in ("websocket", "cookie")]
    everything = str([line.__dict__ for line in lines])
    assert "almost" not in everything
    assert "forged" not in everything


@pytest.mark.parametrize(
    ("token", "made"),
    [("x" * 43, True), ("x" * 42, False), ("correct horse battery staple", False), ("x" * 42 + "\n", False)],
)
def test_a_token_that_was_put_in_the_place_of_the_made_one_is_a_chosen_one(token, made):
    assert looks_made(token) is made


def test_of_many_workers_that_start_at_once_one_makes_the_token(tmp_path):
    made = together(8, lambda number: load_or_create(tmp_path / "data" / FILE_NAME))
    assert len({token for token, _ in made}) == 1
    assert [first for _, first in made].count(True) == 1
    token, first = load_or_create(tmp_path / "data" / FILE_NAME)
    assert (token, first) == (made[0][0], False)
    assert looks_made(token)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["admin_token"]


def test_the_token_is_readable_by_the_servers_user_only(tmp_path):
    load_or_create(tmp_path / FILE_NAME)
    path = tmp_path / "admin_token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_or_create(tmp_path / FILE_NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_emptied_file_gets_a_new_token(tmp_path):
    (tmp_path / "admin_token").write_text("\n")
    token, made = load_or_create(tmp_path / FILE_NAME)
    assert (made, len(token) >= 43) == (True, True)
