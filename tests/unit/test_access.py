"""Who may open an upload: failures, captcha and password, in this order, and what thousands of files cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.actors import Credentials, sender
from app.core.errors import Busy, CaptchaRequired, PasswordInvalid, PasswordRequired, TooManyAttempts, UploadError
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.terms import CaptchaMode, Terms
from app.core.waiting_room import WaitingRoom, WaitingThreads
from app.services.links.access import REMEMBER_SECONDS, Access, AccessRules, waiting_for_passwords
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.counts import SQLCounts
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.files import eventually

HASH = "link-0123456789abcdef"
PASSWORD = "öpen"


class CountingHasher:
    """Passwords in the clear, and how often and how many at once it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self.before: Callable[[], object] = lambda: None

    def hash(self, password: str) -> str:
        return f"hashed:{password}"

    def verify(self, hash: str, password: str) -> bool:
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.before()
        threading.Event().wait(0.001)
        with self._lock:
            self.at_once -= 1
        return hash == f"hashed:{password}"


class FakeCaptcha:
    """Tokens that begin with ``good`` are right, each once."""

    name = "altcha"
    site_key: str | None = None

    def __init__(self) -> None:
        self.used: set[str] = set()

    def challenge(self) -> dict[str, object] | None:
        return {}

    def verify(self, token: str) -> bool:
        fresh = token.startswith("good") and token not in self.used
        self.used.add(token)
        return fresh


class Door:
    """An Access with everything around it."""

    def __init__(self, folder: Path) -> None:
        self.now, self.hasher, self.captcha = Now(), CountingHasher(), FakeCaptcha()
        self.folder = folder
        self.waiting = WaitingRoom(16, 16)
        self.access = self.another_worker()

    def another_worker(self) -> Access:
        return Access(
            attempts=SQLCounts(catalogue(self.folder), self.now),
            captcha=self.captcha,
            hasher=self.hasher,
            clock=self.now,
            rules=AccessRules(failure_max=5, failure_window=900, captcha_threshold=3),
            waiting=self.waiting,
        )

    def knock(
        self, link: RequestLink, password: str | None = None, token: str | None = None, client: str = "192.0.2.1"
    ) -> str:
        """``in``, or the code of the refusal."""
        try:
            self.access.authorize(link, Credentials(sender(client), password, token))
        except UploadError as error:
            return error.code
        return "in"


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def link(captcha: CaptchaMode = CaptchaMode.NEVER, password: str | None = PASSWORD) -> RequestLink:
    hashed = None if password is None else f"hashed:{password}"
    return RequestLink(HASH, RelPath.parse("x"), 1.0, Terms(password_hash=hashed, captcha=captcha))


def raised(call: Callable[[], object], kind: type[UploadError]) -> dict[str, Any]:
    with pytest.raises(kind) as caught:
        call()
    return caught.value.details


def test_a_link_without_a_password_asks_for_nothing(door):
    assert door.knock(link(CaptchaMode.AFTER_FAILURES, None), "whatever", "whatever") == "in"
    assert door.hasher.asked == 0
    assert door.captcha.used == set()


def test_the_right_password_opens(door):
    assert door.knock(link(), None) == "password_required"
    assert door.knock(link(), "") == "password_required"
    assert door.knock(link(), "wrong") == "password_invalid"
    assert door.knock(link(), PASSWORD) == "in"


def test_after_five_failures_not_even_the_right_password_opens_until_the_window_has_passed(door):
    assert [door.knock(link(), f"guess {n}") for n in range(5)] == ["password_invalid"] * 5
    door.now.pass_by(100)
    details = raised(lambda: door.access.authorize(link(), Credentials(sender("192.0.2.1"), PASSWORD)), TooManyAttempts)
    assert details["retry_after"] == 800
    assert door.hasher.asked == 5
    door.now.pass_by(details["retry_after"])
    assert door.knock(link(), PASSWORD) == "in"


def test_failures_count_per_client_and_per_link(door):
    for _ in range(5):
        door.knock(link(), "wrong")
    assert door.knock(link(), PASSWORD, client="192.0.2.2") == "in"
    assert door.knock(replace(link(), hash="another-link-01234567"), PASSWORD) == "in"


def test_failures_count_in_all_workers(door):
    for _ in range(5):
        door.access = door.another_worker()
        door.knock(link(), "wrong")
    assert door.knock(link(), PASSWORD) == "too_many_attempts"


def test_guesses_at_once_get_no_more_tries_than_guesses_in_turn(door):
    workers = [door.another_worker() for _ in range(4)]

    def guess(number: int) -> str:
        try:
            workers[number % 4].authorize(link(), Credentials(sender("192.0.2.1"), f"guess {number}"))
        except UploadError as error:
            return error.code
        return "in"

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(guess, range(40)))
    assert (codes.count("password_invalid"), codes.count("too_many_attempts")) == (5, 35)


def test_a_right_password_forgives_the_wrong_ones_also_when_it_is_remembered(door):
    for _ in range(4):
        for _ in range(4):
            assert door.knock(link(), "wrong") == "password_invalid"
        assert door.knock(link(), PASSWORD) == "in"


def test_a_password_too_long_to_be_one_is_wrong_without_being_hashed(door):
    assert door.knock(link(), "x" * 257) == "password_invalid"
    assert door.hasher.asked == 0
    assert [door.knock(link(), "x" * 257) for _ in range(5)][-1] == "too_many_attempts"


class TestRemembering:
    def test_two_thousand_files_cost_one_hash(self, door):
        assert {door.knock(link(), PASSWORD) for _ in range(2000)} == {"in"}
        assert door.hasher.asked == 1

    def test_a_burst_of_files_costs_one_hash(self, door):
        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(lambda _: door.knock(link(), PASSWORD), range(16))) == {"in"}
        assert door.hasher.asked == 1

    def test_after_some_minutes_the_password_is_hashed_again(self, door):
        door.knock(link(), PASSWORD)
        door.now.pass_by(REMEMBER_SECONDS + 1)
        door.knock(link(), PASSWORD)
        assert door.hasher.asked == 2

    def test_a_changed_password_is_unknown_again(self, door):
        door.knock(link(), PASSWORD)
        assert door.knock(link(password="new"), PASSWORD) == "password_invalid"
        assert door.knock(link(password="new"), "new") == "in"

    def test_what_one_link_knows_helps_no_other(self, door):
        door.knock(link(), PASSWORD)
        other = replace(link(), hash="another-link-01234567")
        assert door.knock(other, PASSWORD) == "in"
        assert door.hasher.asked == 2

    def test_a_wrong_password_is_never_remembered(self, door):
        door.knock(link(), "wrong")
        assert door.knock(link(), "wrong") == "password_invalid"
        assert door.hasher.asked == 2


class TestCaptcha:
    def test_from_the_third_failure_on_it_is_asked_for(self, door):
        asked = link(CaptchaMode.AFTER_FAILURES)
        told = [
            raised(lambda: door.access.authorize(asked, Credentials(sender("192.0.2.1"), "wrong")), PasswordInvalid)[
                "captcha_required"
            ]
            for _ in range(3)
        ]
        assert told == [False, False, True]
        assert door.access.captcha_required(asked, "192.0.2.1")
        assert not door.access.captcha_required(asked, "192.0.2.2")
        assert door.knock(asked, PASSWORD) == "captcha_required"
        assert door.knock(asked, PASSWORD, "bad") == "captcha_required"
        assert door.knock(asked, PASSWORD, "good") == "in"
        assert door.knock(asked, PASSWORD) == "in"

    def test_the_refusal_says_which_captcha(self, door):
        always = link(CaptchaMode.ALWAYS)
        told = {"captcha_required": True, "captcha_provider": "altcha", "captcha_site_key": None}
        assert raised(lambda: door.access.authorize(always, Credentials(sender("a"))), CaptchaRequired) == told
        assert (
            raised(lambda: door.access.authorize(always, Credentials(sender("a"), None, "good")), PasswordRequired)
            == told
        )
        assert (
            raised(lambda: door.access.authorize(always, Credentials(sender("a"), "no", "good")), PasswordInvalid)
            == told
        )

    def test_a_solution_is_not_used_up_where_none_was_needed_or_the_password_was_missing(self, door):
        door.knock(link(CaptchaMode.AFTER_FAILURES), PASSWORD, "good")
        door.knock(link(CaptchaMode.NEVER), PASSWORD, "good")
        door.knock(link(CaptchaMode.ALWAYS), None, "good")
        assert door.captcha.used == set()

    def test_each_guess_needs_its_own_and_it_buys_no_more_guesses_than_others_have(self, door):
        asked = link(CaptchaMode.AFTER_FAILURES)
        for _ in range(3):
            door.knock(asked, "wrong")
        assert door.knock(asked, "wrong", "good 1") == "password_invalid"
        assert door.knock(asked, "wrong", "good 1") == "captcha_required"
        assert door.knock(asked, "wrong", "good 2") == "password_invalid"
        assert door.knock(asked, PASSWORD, "good 3") == "too_many_attempts"

    @pytest.mark.parametrize("password", [None, PASSWORD])
    def test_where_it_is_always_asked_for_one_solution_is_enough_for_many_files(self, door, password):
        always = link(CaptchaMode.ALWAYS, password)
        assert door.access.captcha_required(always, "192.0.2.1")
        assert door.knock(always, password, "good") == "in"
        assert not door.access.captcha_required(always, "192.0.2.1")
        assert {door.knock(always, password) for _ in range(100)} == {"in"}
        door.access = door.another_worker()
        assert door.knock(always, password) == "in"
        assert door.knock(always, password, client="192.0.2.2") == "captcha_required"
        assert door.knock(replace(always, hash="another-link-01234567"), password) == "captcha_required"
        door.now.pass_by(6 * 3600 + 1)
        assert door.knock(always, password) == "captcha_required"

    def test_a_solution_that_is_sent_all_the_same_is_judged_all_the_same(self, door):
        always = link(CaptchaMode.ALWAYS, None)
        assert door.knock(always, None, "good") == "in"
        assert door.knock(always, None, "good") == "captcha_required"
        assert door.knock(always, None, "good 2") == "in"

    def test_a_solution_with_a_wrong_password_does_not_open_the_way_for_more_guesses(self, door):
        always = link(CaptchaMode.ALWAYS)
        assert door.knock(always, "wrong", "good") == "password_invalid"
        assert door.knock(always, "wrong") == "captcha_required"


def besieged(door: Door, captcha: CaptchaMode) -> RequestLink:
    """A link to which four clients have sent all the wrong passwords that they may."""
    asked = link(captcha)
    for client in range(4):
        for number in range(5):
            door.knock(asked, "wrong", f"good {client} {number}", client=f"198.51.100.{client}")
    return asked


class TestUnderAttack:
    def test_who_is_not_known_solves_a_captcha_before_anything_is_hashed(self, door):
        assert door.knock(link(CaptchaMode.AFTER_FAILURES), PASSWORD, client="192.0.2.7") == "in"
        asked = besieged(door, CaptchaMode.AFTER_FAILURES)
        hashed = door.hasher.asked
        assert door.access.captcha_required(asked, "192.0.2.1")
        assert door.knock(asked, PASSWORD, client="192.0.2.7") == "in"
        for captcha in (None, "bad"):
            assert door.knock(asked, "guess", captcha) == "captcha_required"
        assert door.hasher.asked == hashed
        assert door.knock(asked, "guess", "good") == "password_invalid"
        assert door.knock(asked, PASSWORD, "good too") == "in"
        assert not door.access.captcha_required(replace(asked, hash="another-link-01234567"), "192.0.2.1")
        door.now.pass_by(901)
        assert door.knock(asked, PASSWORD, client="192.0.2.2") == "in"

    def test_without_captchas_passwords_are_judged_slowly_and_who_is_known_goes_in(self, door):
        assert door.knock(link(), PASSWORD, client="192.0.2.7") == "in"
        asked = besieged(door, CaptchaMode.NEVER)
        hashed = door.hasher.asked
        answers = [door.knock(asked, "guess", client=f"203.0.113.{number}") for number in range(20)]
        assert answers == ["password_invalid"] + ["busy"] * 19
        assert door.hasher.asked == hashed + 1
        assert door.knock(asked, PASSWORD, client="192.0.2.7") == "in"
        door.now.pass_by(2.1)
        assert door.knock(asked, PASSWORD, client="192.0.2.8") == "in"

    def test_few_threads_wait_and_the_rest_are_sent_away_at_once(self, door):
        door.waiting = WaitingRoom(5, 3)
        door.access = door.another_worker()
        go_on = threading.Event()
        door.hasher.before = go_on.wait
        other = replace(link(), hash="another-link-01234567")

        def guess(number: int) -> Any:
            return door.knock(other if number >= 10 else link(), "guess", client=f"203.0.113.{number}")

        with ThreadPoolExecutor(20) as pool:
            answers = [pool.submit(guess, number) for number in range(20)]
            eventually(lambda: sum(answer.done() for answer in answers) == 15, what="fifteen refusals")
            # Nothing of this needs a place.
            assert door.knock(link(), None) == "password_required"
            go_on.set()
            codes = [answer.result() for answer in answers]
        assert (codes[:10].count("password_invalid"), codes.count("password_invalid")) == (3, 5)
        assert codes.count("busy") == 15
        assert guess(0) == "password_invalid"

    def test_a_room_leaves_most_threads_free(self):
        for threads in (1, 2, 4, 8, 32, 64):
            room = waiting_for_passwords(threads, WaitingThreads(64))
            with ExitStack() as stack:
                inside = 0
                for number in range(threads):
                    with suppress(Busy):
                        stack.enter_context(room.place(f"link {number}"))
                        inside += 1
                assert 1 <= inside <= max(1, threads // 2)


class TestArgon2:
    def test_the_owners_new_password_does_not_wait_for_guesses(self):
        checking, go_on = threading.Event(), threading.Event()

        class Held:
            def verify(self, hash: str, password: bytes) -> bool:
                checking.set()
                return go_on.wait(30)

            def hash(self, password: bytes) -> str:
                return "hashed"

        hasher = Argon2Hasher(Held(), at_once=1)  # type: ignore[arg-type]
        with ThreadPoolExecutor(1) as pool:
            guess = pool.submit(hasher.verify, "x", "guess")
            assert checking.wait(30)
            assert hasher.hash("new") == "hashed"
            go_on.set()
            assert guess.result()

    def test_a_hash_is_salted_and_knows_its_password(self):
        hasher = Argon2Hasher()
        first, second = hasher.hash(PASSWORD), hasher.hash(PASSWORD)
        assert first != second
        assert first.startswith("$argon2id$")
        assert hasher.verify(first, PASSWORD)
        assert not hasher.verify(first, "open")

    def test_an_accent_may_be_composed_in_two_ways_and_what_is_not_text_is_wrong(self):
        hasher = Argon2Hasher()
        hashed = hasher.hash("\u00f6pen")
        assert hasher.verify(hashed, "o\u0308pen")
        assert not hasher.verify(hashed, "\ud800")
