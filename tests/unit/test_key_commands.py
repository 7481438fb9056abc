"""`droppr key` on a data folder that no server runs on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.core.accounts import Account, Role
from app.core.actors import Scope
from app.services.accounts.keys import Keys
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.keys import SQLKeys
from droppr_client.cli import main
from droppr_client.key_commands import SCOPES
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROPPR_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["key", *arguments])
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.output

    return run


def test_keys_are_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    accounts = SQLAccounts(catalogue(tmp_path / "data"), clock=Now())
    accounts.add(Account("ann", Role.VIEWER), None, OWNER)
    owners = run("create", "nightly", "--scope", "links:read", "--scope", "files:read").strip()
    anns = run("create", "nightly", "--account", "ann", "--scope", "files:read", "--days", "0").strip()
    known = Keys(SQLKeys(catalogue(tmp_path / "data"), clock=Now()), Now())
    first, second = known.actor(owners, "192.0.2.1"), known.actor(anns, "192.0.2.1")
    assert [str(each) for each in (first, second)] == ["owner", "account:ann"]
    assert first is not None
    assert first.reach.scopes == frozenset({Scope.LINKS_READ, Scope.FILES_READ})
    listed = json.loads(run("list", "--json"))["keys"]
    assert [(each["account"], each["name"], each["expires_at"] is None) for each in listed] == [
        ("", "nightly", False),
        ("ann", "nightly", True),
    ]
    table = run("list")
    assert listed[0]["hint"] in table
    assert owners not in table
    assert "nightly" in run("list", "--account", "ann")
    run("revoke", listed[0]["id"])
    assert known.actor(owners, "192.0.2.1") is None
    assert known.actor(anns, "192.0.2.1") is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "Two words", "--scope", "admin"), "small letters"),
        (("create", "x", "--scope", "admin", "--days", "-1"), "good for 1 to"),
        (("create", "x", "--scope", "admin", "--account", "ann"), "no such account"),
        (("create", "x", "--scope", "admin", "--account", "eve"), "for admins"),
        (("create", "x", "--scope", "links:write", "--account", "eve"), "may only look"),
        (("list", "--account", "ann"), "no such account"),
        (("revoke", "nothing"), "no such key"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(run: Run, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    accounts = SQLAccounts(catalogue(tmp_path / "data"), clock=Now())
    accounts.add(Account("eve", Role.VIEWER), None, OWNER)
    assert said in run(*arguments, code=1)


def test_the_command_knows_all_scopes() -> None:
    assert [*Scope] == SCOPES
