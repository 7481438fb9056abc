"""The owner: known by the token, or by a cookie for half a day."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core.errors import TooManyAttempts, Unauthorized
from app.owner_token import load_or_create
from app.services.owner import SESSION_SECONDS, Owner
from app.storage.attempts import SQLiteAttempts
from tests.support.clock import Now
from tests.support.processes import together

TOKEN = "a-token-of-the-owner"


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def make(tmp_path: Path, now: Now):
    return lambda token=TOKEN: Owner(token=token, attempts=SQLiteAttempts(tmp_path / "attempts.db", now), clock=now)


@pytest.mark.parametrize("wrong", ["", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "tökén", "\ud800", "\x00"])
def test_only_the_token_itself_is_the_token(make, wrong):
    assert make().holds_token(TOKEN)
    assert not make().holds_token(wrong)


def test_a_session_lasts_half_a_day(make, now):
    session = make().log_in(TOKEN, "192.0.2.1")
    now.pass_by(SESSION_SECONDS)
    assert make().has_session(session)
    now.pass_by(1)
    assert not make().has_session(session)


def test_a_session_of_another_token_or_changed_by_a_letter_is_none(make):
    session = make().log_in(TOKEN, "192.0.2.1")
    assert not make("another-token-123456").has_session(session)
    for at in range(len(session)):
        changed = session[:at] + ("x" if session[at] != "x" else "y") + session[at + 1 :]
        # The last letter of base64 carries bits that nobody reads.
        assert at == len(session) - 1 or not make().has_session(changed)
    for nonsense in ("", ".", "owner", "owner.x.y", "\ud800", "ü.ü.ü"):
        assert not make().has_session(nonsense)


def test_after_ten_wrong_tokens_even_the_right_one_has_to_wait(make, now):
    for _ in range(10):
        with pytest.raises(Unauthorized):
            make().log_in("wrong", "192.0.2.1")
    with pytest.raises(TooManyAttempts) as caught:
        make().log_in(TOKEN, "192.0.2.1")
    assert caught.value.details["retry_after"] == 900
    assert make().log_in(TOKEN, "192.0.2.2")
    now.pass_by(900)
    assert make().log_in(TOKEN, "192.0.2.1")


def test_of_many_workers_that_start_at_once_one_makes_the_token(tmp_path):
    made = together(8, lambda number: load_or_create(tmp_path / "data"))
    assert len({token for token, _ in made}) == 1
    assert [first for _, first in made].count(True) == 1
    token, first = load_or_create(tmp_path / "data")
    assert (token, first) == (made[0][0], False)
    assert len(token) >= 43
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["admin_token"]


def test_the_token_is_readable_by_the_servers_user_only(tmp_path):
    load_or_create(tmp_path)
    path = tmp_path / "admin_token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_or_create(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_emptied_file_gets_a_new_token(tmp_path):
    (tmp_path / "admin_token").write_text("\n")
    token, made = load_or_create(tmp_path)
    assert (made, len(token) >= 43) == (True, True)
