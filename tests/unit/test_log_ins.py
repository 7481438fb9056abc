"""Logging in by name and password: who guesses is slowed, and shuts nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.accounts import Account, Role, check_password, team_names
from app.core.errors import Busy, InvalidRequest, TooManyAttempts, WrongLogIn
from app.core.waiting_room import WaitingRoom, WaitingThreads
from app.services.accounts import log_ins, wrong_tokens
from app.services.accounts.log_ins import NAME_MAX, Browser, LoggedIn, LogIns
from app.services.accounts.people import People
from app.services.accounts.sessions import REMEMBER_SECONDS, SEEN_SECONDS, SESSION_SECONDS, AccountSessions
from app.services.accounts.wrong_tokens import WrongTokens
from app.storage.sql.account_sessions import SQLAccountSessions
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.counts import SQLCounts
from app.storage.sql.database import Database
from app.storage.sql.invitations import SQLInvitations
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.passkeys import second_factors

RIGHT = "a right password"


class Hashing:
    """Hashes that cost nothing, and are counted."""

    checked = 0

    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def verify(self, hash: str, password: str) -> bool:
        self.checked += 1
        return hash == self.hash(password)


class Process:
    """What one process of a server has of it, on a catalogue that several share."""

    def __init__(self, database: Database, now: Now) -> None:
        self.hasher = Hashing()
        self.failed: list[tuple[str, str, bool]] = []
        attempts = SQLCounts(database, now)
        accounts = SQLAccounts(database, clock=now)
        self.sessions = AccountSessions(SQLAccountSessions(database, clock=now), now)
        self.log_ins = LogIns(
            accounts=accounts,
            sessions=self.sessions,
            hasher=self.hasher,
            attempts=attempts,
            wrong=WrongTokens(attempts, now, lambda *each: self.failed.append(each), "password"),
            waiting=WaitingRoom(8, 8, "full", WaitingThreads(8)),
            secret="s" * 43,
            factors=second_factors(database, now),
            failed=lambda *each: self.failed.append(each),
        )
        self.people = People(
            accounts=accounts,
            invitations=SQLInvitations(database, clock=now),
            sessions=self.sessions,
            hasher=self.hasher,
            attempts=attempts,
            clock=now,
        )

    def log_in(self, name: str = "ann", password: str = RIGHT, address: str = "192.0.2.1", **more: str) -> LoggedIn:
        return self.log_ins.log_in(name, password, Browser(address, **more))

    def guess(self, name: str, address: str, times: int = 1, **more: str) -> None:
        for number in range(times):
            with pytest.raises(WrongLogIn):
                self.log_in(name, f"wrong password {number}", address, **more)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def make(tmp_path: Path, now: Now) -> Callable[[], Process]:
    return lambda: Process(catalogue(tmp_path), now)


@pytest.fixture
def one(make: Callable[[], Process]) -> Process:
    made = make()
    made.people.add("ann", Role.MEMBER, RIGHT, OWNER, teams=["tax"])
    return made


def test_name_and_password_begin_a_session_that_every_process_knows(one: Process, make: Callable[[], Process]) -> None:
    done = one.log_in(" Ann ", agent="A browser\n" + "x" * 500)
    assert one.sessions.is_one(done.cookie)
    for process in (one, make()):
        assert process.sessions.account(done.cookie, "192.0.2.1") == done.account
    [listed] = one.sessions.listed("ann")
    assert (listed.address, listed.agent[:11], len(listed.agent)) == ("192.0.2.1", "A browser x", 120)
    assert listed.id not in done.cookie
    for wrong in ("account.", "account." + "x" * 43, done.cookie + "x", "x" * 51, "account.\ud800" + "x" * 42):
        assert one.sessions.account(wrong, "192.0.2.1") is None


@pytest.mark.parametrize("name", ["ben", "", "ann\0", "A" * 500, "ä", "\ud800", "ann'; --"])
def test_a_name_that_nobody_has_costs_what_one_costs_that_somebody_has(one: Process, name: str) -> None:
    one.guess(name, "192.0.2.1")
    assert one.hasher.checked == 1
    assert one.failed == [("192.0.2.1", "password", False)]
    one.guess("ann", "192.0.2.2")
    assert one.hasher.checked == 2


@pytest.mark.parametrize("wrong", ["", RIGHT[:-1], RIGHT.upper(), "x" * 5000])
def test_a_wrong_password_is_wrong(one: Process, wrong: str) -> None:
    with pytest.raises(WrongLogIn):
        one.log_in("ann", wrong)


def test_an_account_without_a_password_is_not_logged_in_to(one: Process, tmp_path: Path) -> None:
    SQLAccounts(catalogue(tmp_path), clock=Now()).add(Account("ben", Role.ADMIN), None, OWNER)
    one.guess("ben", "192.0.2.1")
    assert one.hasher.checked == 1


def test_an_address_that_guesses_is_refused_in_every_process(
    one: Process, make: Callable[[], Process], now: Now
) -> None:
    for number in range(10):
        one.guess(f"name-{number}", "192.0.2.1")
    for process in (one, make()):
        with pytest.raises(TooManyAttempts):
            process.log_in()
    assert one.log_in(address="192.0.2.2").account.name == "ann"
    now.pass_by(wrong_tokens.WINDOW_SECONDS + 1)
    assert one.log_in().account.name == "ann"


def test_a_name_that_many_guess_at_is_judged_slowly_and_never_not_at_all(one: Process, now: Now) -> None:
    for number in range(NAME_MAX):
        one.guess("ann", f"192.0.2.{number}")
    one.guess("ann", "203.0.113.1")
    before = one.hasher.checked
    with pytest.raises(Busy) as refused:
        one.log_in(address="203.0.113.2")
    assert refused.value.details["retry_after"] in range(1, 21)
    assert one.hasher.checked == before, "nothing was looked at"
    now.pass_by(21)
    assert one.log_in(address="203.0.113.2").account.name == "ann"
    one.people.add("ben", Role.VIEWER, RIGHT, OWNER)
    assert one.log_in("ben", address="203.0.113.2").account.name == "ben"


def test_a_browser_that_is_known_is_judged_by_its_own_tries(one: Process) -> None:
    mine = one.log_in().known_by
    for number in range(NAME_MAX):
        one.guess("ann", f"192.0.2.{100 + number // 10}")
    with pytest.raises(TooManyAttempts):
        one.log_in(address="192.0.2.100")
    one.guess("ann", "192.0.2.100", 9, known_by=mine)
    assert one.log_in(address="192.0.2.100", known_by=mine).account.name == "ann"
    one.guess("ann", "192.0.2.100", 10, known_by=mine)
    with pytest.raises(TooManyAttempts):
        one.log_in(address="192.0.2.100", known_by=mine)
    assert one.failed[-1] == ("192.0.2.100", "password", False)


def test_it_is_known_for_that_name_alone_and_cannot_be_made_up(one: Process) -> None:
    one.people.add("ben", Role.VIEWER, RIGHT, OWNER)
    mine = one.log_in().known_by
    for known_by in (mine, mine.replace("ann", "ben"), mine[:-2], "ann.x", "\ud800", ""):
        one.guess("ben", "192.0.2.7", known_by=known_by)
    one.guess("ben", "192.0.2.7", 4)
    with pytest.raises(TooManyAttempts):
        one.log_in("ben", address="192.0.2.7", known_by=mine)


def test_a_disabled_account_is_out_and_only_its_owner_is_told_why(
    one: Process, make: Callable[[], Process], now: Now
) -> None:
    done, other = one.log_in(), make()
    assert other.sessions.account(done.cookie, "192.0.2.1") is not None
    one.people.change("ann", OWNER, disabled=True)
    assert one.sessions.account(done.cookie, "192.0.2.1") is None
    now.pass_by(REMEMBER_SECONDS)
    assert other.sessions.account(done.cookie, "192.0.2.1") is None
    with pytest.raises(WrongLogIn, match="switched off"):
        one.log_in()
    with pytest.raises(WrongLogIn, match="No account"):
        one.log_in(password="wrong password")
    one.people.change("ann", OWNER, disabled=False)
    assert one.sessions.account(done.cookie, "192.0.2.1") is None, "what has ended stays so"
    assert one.log_in().account.name == "ann"


def test_who_is_shut_out_while_they_log_in_has_no_session(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(hash: str, password: str) -> bool:
        one.people.set_password("ann", "another password", OWNER)
        return True

    monkeypatch.setattr(one.hasher, "verify", verify)
    with pytest.raises(Busy):
        one.log_in()
    assert one.sessions.listed(None) == []


def test_a_session_ends_by_its_time_and_by_logging_out(one: Process, make: Callable[[], Process], now: Now) -> None:
    first, second = one.log_in(), one.log_in()
    assert one.sessions.end(first.cookie) == first.account
    assert one.sessions.end(first.cookie) is None
    assert one.sessions.account(first.cookie, "192.0.2.1") is None
    now.pass_by(SESSION_SECONDS - 1)
    assert one.sessions.account(second.cookie, "192.0.2.1") is not None
    now.pass_by(1)
    assert one.sessions.account(second.cookie, "192.0.2.1") is None
    assert make().people.prune() == 1


def test_that_a_session_is_used_is_noted_each_minute(one: Process, now: Now) -> None:
    cookie, begun = one.log_in().cookie, now()
    now.pass_by(SEEN_SECONDS - 1)
    one.sessions.account(cookie, "192.0.2.2")
    assert [(each.seen, each.address) for each in one.sessions.listed("ann")] == [(begun, "192.0.2.1")]
    now.pass_by(1)
    one.sessions.account(cookie, "192.0.2.2")
    assert [(each.seen, each.address) for each in one.sessions.listed("ann")] == [(now(), "192.0.2.2")]


def test_ones_own_password_asks_for_the_old_one_and_that_is_not_guessed_at(one: Process) -> None:
    me = one.log_in().account.acting("192.0.2.1", "session")

    def change(old: str, new: str) -> None:
        one.people.change_own_password("ann", new, me, lambda: one.log_ins.is_right("ann", old))

    for _ in range(9):
        with pytest.raises(InvalidRequest, match="current"):
            change("wrong password", "another password")
    change(RIGHT, "another password")
    assert one.log_in(password="another password").account.name == "ann"
    for _ in range(10):
        with pytest.raises(InvalidRequest, match="current"):
            change(RIGHT, "a third password")
    with pytest.raises(TooManyAttempts):
        change("another password", "a third password")


@pytest.mark.parametrize("password", ["", "short", "a" * 40, "ann-ann-an", "x" * 2000])
def test_a_password_that_is_hardly_one_is_refused(password: str) -> None:
    with pytest.raises(InvalidRequest):
        check_password(password, "ann")


def test_teams_are_names_of_their_own() -> None:
    assert team_names(["tax", "law", "tax"]) == ("law", "tax")
    for wrong in (["Tax"], [""], ["a:b"], [f"t{number}" for number in range(21)]):
        with pytest.raises(InvalidRequest):
            team_names(wrong)


def test_what_signs_known_browsers_signs_no_session_of_the_owner(one: Process) -> None:
    assert log_ins.KNOWN_SECONDS > 0
    assert not one.sessions.is_one(one.log_in().known_by)
