"""`droppr account` on a data folder that no server runs on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from app.core.accounts import Role
from app.core.audit import ALL
from app.core.identities import Identity
from app.core.passkeys import Passkey
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.identities import SQLIdentities
from app.storage.sql.invitations import SQLInvitations
from app.storage.sql.messages import SQLMessages
from app.storage.sql.passkeys import SQLPasskeys
from app.storage.sql.second_factors import SQLSecondFactors
from droppr_client.cli import main
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now

PASSWORD = "a right password"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("app.services.links.passwords.PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROPPR_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, typed: str = "", code: int = 0) -> str:
        done = CliRunner().invoke(main, ["account", *arguments], input=typed)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_accounts_are_made_shown_changed_and_removed(run: Run, tmp_path: Path) -> None:
    given = ("--password-file", "-")
    words = ("--team", "tax", "--team", "law", "--name", "Ann  Lee", "--email", "ann@Example.org")
    assert "Made ann (member)" in run("create", "ann", *words, *given, typed=f"{PASSWORD}\n")
    assert "Made ben (admin)" in run("create", "ben", "--role", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    store = SQLAccounts(catalogue(tmp_path / "data"), clock=Now())
    before = store.find("ann")
    assert before is not None
    assert before.password_hash is not None
    assert before.password_hash.startswith("$argon2id$")
    for change, said in {
        ("role", "ann", "viewer"): "ann is viewer now",
        ("team", "ann", "wages"): "ann is in wages",
        ("disable", "ann"): "switched off",
        ("enable", "ann"): "switched on",
    }.items():
        assert said in run(*change)
    assert "another password" in run("password", "ann", *given, typed="another password\n")
    after = store.find("ann")
    assert after is not None
    assert after.password_hash != before.password_hash
    assert after.generation != before.generation
    listed = json.loads(run("list", "--json"))["accounts"]
    assert [(each["name"], each["role"], each["teams"]) for each in listed] == [
        ("ann", "viewer", ["wages"]),
        ("ben", "admin", []),
    ]
    assert (listed[0]["display_name"], listed[0]["email"]) == ("Ann Lee", "ann@example.org")
    assert "Ann Lee" in run("list")
    assert "wages" in run("show", "ann")
    assert "in no team" in run("team", "ann")
    run("remove", "ann", typed="n\n", code=1)
    assert store.find("ann") is not None
    assert "0 links" in run("remove", "ann", typed="y\n")
    assert [each.name for each in store.all()] == ["ben"]
    rows = SQLAudit(catalogue(tmp_path / "data")).page(99, None, ALL)
    assert [str(each.act) for each in reversed(rows)] == [
        "account_made",
        "account_made",
        "account_changed",
        "account_changed",
        "account_changed",
        "account_changed",
        "password_changed",
        "account_changed",
        "account_removed",
    ]
    assert {str(each.actor).partition(":")[0] for each in rows} == {"owner"}
    assert PASSWORD not in str(rows)


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("create", "Ann Lee"), PASSWORD, "small letters"),
        (("create", "ann"), "short", "at least 10"),
        (("create", "ann", "--team", "Tax!"), PASSWORD, "teams"),
        (("create", "ann", "--email", "nobody"), PASSWORD, "no e-mail address"),
        (("show", "ann"), "", "no such account"),
        (("password", "ann"), PASSWORD, "no such account"),
        (("role", "ann", "admin"), "", "no such account"),
        (("remove", "ann", "--yes"), "", "no such account"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(run: Run, arguments: tuple[str, ...], typed: str, said: str) -> None:
    given = ("--password-file", "-") if arguments[0] in ("create", "password") else ()
    assert said in run(*arguments, *given, typed=typed, code=1)


def test_an_invitation_is_an_address(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPPR_PUBLIC_URL", "https://files.example.org/in")
    said = run("invite", "--role", "viewer", "--team", "tax", "--email", "ben@example.org")
    address = said.splitlines()[0]
    assert address.startswith("https://files.example.org/in/join/")
    [made] = SQLInvitations(catalogue(tmp_path / "data"), clock=Now()).all(Now()())
    assert (made.role, made.teams, made.email) == (Role.VIEWER, ("tax",), "ben@example.org")
    assert made.id not in address
    assert "small letters" in run("invite", "--team", "Tax!", code=1)


def test_an_invitation_is_left_for_the_server_to_mail(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed = ("invite", "--email", "ben@example.org", "--mail", "--language", "de")
    assert "DROPPR_SMTP_URL" in run(*mailed, code=1)
    monkeypatch.setenv("DROPPR_SMTP_URL", "smtp+plain://127.0.0.1:1")
    monkeypatch.setenv("DROPPR_MAIL_FROM", "droppr@example.org")
    assert "DROPPR_PUBLIC_URL" in run(*mailed, code=1)
    invitations = SQLInvitations(catalogue(tmp_path / "data"), clock=Now())
    assert invitations.all(Now()()) == []
    monkeypatch.setenv("DROPPR_PUBLIC_URL", "https://files.example.org")
    address = run(*mailed).splitlines()[0]
    [waiting] = SQLMessages(catalogue(tmp_path / "data")).page(9, None)
    assert (waiting.recipient, waiting.facts["address"]) == ("ben@example.org", address)
    assert waiting.facts["language"] == "de"


def test_a_lost_second_factor_is_switched_off(run: Run, tmp_path: Path) -> None:
    run("create", "ann", "--password-file", "-", typed=PASSWORD)
    assert "had no second factor" in run("reset-second-factor", "ann")
    store = SQLSecondFactors(catalogue(tmp_path / "data"), clock=Now())
    store.begin("ann", "SECRET")
    assert store.confirm("ann", "SECRET", 1, (), OWNER)
    assert json.loads(run("show", "ann", "--json"))["second_factor"]
    assert "password alone" in run("reset-second-factor", "ann")
    assert not json.loads(run("show", "ann", "--json"))["second_factor"]
    assert "no such account" in run("reset-second-factor", "ben", code=1)


def test_passkeys_are_listed_and_taken_away(run: Run, tmp_path: Path) -> None:
    run("create", "ann", "--password-file", "-", typed=PASSWORD)
    store = SQLPasskeys(catalogue(tmp_path / "data"), clock=Now())
    for id, name, at in (("a1", "phone", None), ("b2", "key", 1_700_000_000.0)):
        store.add(Passkey(id, "ann", name, id.encode(), b"key", 0, 1_600_000_000.0, at), OWNER)
    assert re.search(r"a1 +phone +2020-.* -\n", run("passkeys", "ann"))
    listed = json.loads(run("passkeys", "ann", "--json"))["passkeys"]
    assert [(each["id"], each["used_at"]) for each in listed] == [("a1", None), ("b2", 1_700_000_000.0)]
    assert "any more" in run("remove-passkey", "ann", "a1")
    assert "no such passkey" in run("remove-passkey", "ann", "a1", code=1)
    assert "password alone" in run("reset-second-factor", "ann")
    assert json.loads(run("passkeys", "ann", "--json")) == {"passkeys": []}


def test_nobody_takes_the_name_of_another(run: Run) -> None:
    run("create", "ann", "--password-file", "-", typed=PASSWORD)
    assert "already" in run("create", "ann", "--password-file", "-", typed=PASSWORD, code=1)


def test_identities_are_listed_and_taken_away(run: Run, tmp_path: Path) -> None:
    run("create", "ann", "--password-file", "-", typed=f"{PASSWORD}\n")
    store = SQLIdentities(catalogue(tmp_path / "data"), clock=Now())
    known = Identity("id-1", "https://login.example.org", "sub-1", "ann", "ann@example.org", 10.0, 10.0)
    store.link(known, OWNER)
    assert "ann@example.org" in run("identities", "ann")
    assert json.loads(run("identities", "ann", "--json")) == {"identities": [asdict(known)]}
    assert "no such log-in" in run("unlink", "ann", "id-2", code=1)
    assert "any more" in run("unlink", "ann", "id-1")
    assert store.all() == []
    assert "no such account" in run("identities", "ben", code=1)
