"""Who is let in by others' word, as what, and under which name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import ValidationError

from app.core.access_errors import NotAdmitted
from app.core.accounts import MAX_NAME, Account, Role, is_account_name
from app.core.errors import AccountNotFound
from app.core.identities import PROXY, Admission, Vouched, is_subject, wished_names
from app.services.accounts.identities import Identities
from app.services.accounts.log_ins import Browser, LoggedIn
from app.settings import Settings
from app.storage.sql.identities import SQLIdentities
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.unit.test_log_ins import RIGHT, Process

ANN = Vouched("https://login.example.org", "sub-1", "ann", "ann@example.org", "Ann Lee", frozenset({"office"}))
HERE = Browser("192.0.2.1", "A browser")
NOBODY_NEW = Admission()


class Door:
    """A server with this admission, on a catalogue of its own."""

    def __init__(self, folder: Path) -> None:
        now = Now()
        self.database = catalogue(folder)
        self.process = Process(self.database, now)
        self.store = SQLIdentities(self.database, clock=now)

    def let_in(self, vouched: Vouched, admission: Admission = NOBODY_NEW) -> LoggedIn:
        return self.identities(admission).log_in(vouched, HERE)

    def identities(self, admission: Admission = NOBODY_NEW) -> Identities:
        return Identities(
            store=self.store,
            accounts=self.process.people._accounts,
            people=self.process.people,
            sessions=self.process.sessions,
            log_ins=self.process.log_ins,
            admission=admission,
            clock=Now(),
        )

    def waiting(self, name: str, email: str) -> None:
        """An account without a password, that nobody is known to have."""
        self.process.people._accounts.add(Account(name, Role.MEMBER, email=email), None, OWNER)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_nobody_gets_an_account_unless_that_is_asked_for(door: Door) -> None:
    with pytest.raises(NotAdmitted):
        door.let_in(ANN)
    assert door.process.people.all() == []
    assert door.let_in(ANN, Admission(new_accounts=True)).account.name == "ann"
    assert door.let_in(ANN).account.name == "ann", "who has one keeps it"


def test_an_account_that_waits_for_the_address_is_theirs_who_have_it(door: Door) -> None:
    door.waiting("ann-lee", "Ann@Example.org")
    assert door.let_in(ANN).account.name == "ann-lee"
    # It waits no more: somebody else with that address, such as who has it next, is somebody else.
    with pytest.raises(NotAdmitted):
        door.let_in(replace(ANN, subject="sub-2"))


def test_one_that_two_could_mean_or_that_has_a_password_waits_for_nobody(door: Door) -> None:
    door.process.people.add("ann", Role.MEMBER, RIGHT, OWNER, email="ann@example.org")
    with pytest.raises(NotAdmitted):
        door.let_in(ANN)
    door.waiting("ann-lee", "ann@example.org")
    with pytest.raises(NotAdmitted):
        door.let_in(ANN)
    with pytest.raises(NotAdmitted):
        door.let_in(replace(ANN, email=""))


def test_only_verified_addresses_of_these_domains_are_let_in(door: Door) -> None:
    admission = Admission(new_accounts=True, domains=frozenset({"example.org"}))
    door.let_in(replace(ANN, email="ann@EXAMPLE.org"), admission)
    for email in ("", "ann@evil-example.org", "ann@example.org.evil.example", "example.org", "ann@sub.example.org"):
        with pytest.raises(NotAdmitted):
            door.let_in(replace(ANN, email=email), admission)


def test_groups_make_roles_at_every_log_in(door: Door) -> None:
    groups = {Role.ADMIN: frozenset({"chiefs"}), Role.VIEWER: frozenset({"office", "guests"})}
    admission = Admission(new_accounts=True, groups=groups)
    first = door.let_in(ANN, admission)
    assert first.account.role is Role.VIEWER
    chief = replace(ANN, groups=frozenset({"office", "chiefs"}))
    assert door.let_in(chief, admission).account.role is Role.ADMIN
    assert door.process.sessions.account(first.cookie, "x") is None, "sessions of another role have ended"
    again = door.let_in(chief, admission)
    assert door.process.sessions.account(again.cookie, "x") is not None
    assert door.let_in(ANN, admission).account.role is Role.VIEWER, "who is a chief no more is no admin, either"
    with pytest.raises(NotAdmitted):
        door.let_in(replace(ANN, groups=frozenset()), admission)
    # Where no groups are named, roles are given here.
    door.process.people.change("ann", OWNER, role=Role.MEMBER)
    assert door.let_in(chief).account.role is Role.MEMBER


def test_whom_a_proxy_names_is_who_has_that_name(door: Door) -> None:
    door.process.people.add("ann", Role.ADMIN, RIGHT, OWNER)
    named = Vouched(PROXY, "ann")
    done = door.let_in(named)
    assert (done.account.name, done.account.role) == ("ann", Role.ADMIN)
    assert door.identities().is_whose(named, "ann")
    with pytest.raises(NotAdmitted):
        door.let_in(Vouched(PROXY, "ben"))
    # One that is called so because another name looked alike is not theirs whose name it is.
    allowed = Admission(new_accounts=True)
    assert door.let_in(Vouched(PROXY, "ben@example.org", "ben@example.org"), allowed).account.name == "ben"
    assert door.let_in(Vouched(PROXY, "ben", "ben"), allowed).account.name == "ben-2"
    door.process.people.remove("ann", OWNER)
    with pytest.raises(NotAdmitted, match="removed"):
        door.let_in(named, allowed)


def test_who_was_removed_comes_back_by_an_invitation(door: Door) -> None:
    allowed = Admission(new_accounts=True)
    door.let_in(ANN, allowed)
    door.process.people.remove("ann", OWNER)
    with pytest.raises(NotAdmitted, match="removed"):
        door.let_in(ANN, allowed)
    door.process.people.invite(Role.VIEWER, OWNER, teams=["tax"], email="ann@example.org")
    back = door.let_in(ANN).account
    assert (back.name, back.role, back.teams) == ("ann", Role.VIEWER, ("tax",))


def test_what_was_taken_away_does_not_come_back_by_the_address_of_the_account(door: Door) -> None:
    door.waiting("ann", "ann@example.org")
    door.let_in(ANN)
    (known,) = door.identities().all("ann")
    door.identities().unlink("ann", known.id, OWNER)
    assert door.identities().all("ann") == []
    for admission in (NOBODY_NEW, replace(NOBODY_NEW, new_accounts=True)):
        with pytest.raises(NotAdmitted, match="taken away"):
            door.let_in(ANN, admission)
    # Whoever has the account adds it again.
    door.identities().link("ann", ANN, OWNER)
    assert door.let_in(ANN).account.name == "ann"


def test_what_a_proxy_says_counts_again(door: Door) -> None:
    door.waiting("ann", "")
    by_proxy = Vouched(PROXY, "ann", "ann", "", "ann", frozenset())
    door.let_in(by_proxy)
    (known,) = door.identities().all("ann")
    door.identities().unlink("ann", known.id, OWNER)
    assert door.let_in(by_proxy).account.name == "ann"


def test_what_is_not_ones_own_is_not_taken_away(door: Door) -> None:
    allowed = Admission(new_accounts=True)
    done = door.let_in(ANN, allowed)
    [known] = door.store.all("ann")
    with pytest.raises(AccountNotFound):
        door.identities().unlink("nobody", known.id, OWNER)
    assert door.process.sessions.account(done.cookie, "x") is not None
    door.identities().unlink("ann", known.id, OWNER)
    assert door.process.sessions.account(done.cookie, "x") is None


@pytest.mark.parametrize(
    ("vouched", "name"),
    [
        ({"name": "Ann.Lee"}, "ann.lee"),
        ({"name": "ann@example.org"}, "ann"),
        ({"name": "Zoë Ünal"}, "zoe-unal"),
        ({"name": "..", "email": "z@x.example"}, "z"),
        ({"name": "山田", "display_name": "Yamada Taro"}, "yamada-taro"),
        ({"name": "山田"}, "user"),
        ({}, "user"),
        ({"name": "x" * 300}, "x" * MAX_NAME),
        ({"name": "-_-"}, "user"),
    ],
)
def test_names_are_made_of_what_people_are_called_there(vouched: dict[str, Any], name: str) -> None:
    names = wished_names(Vouched("https://x.example", "1", **vouched))
    assert names[0] == name
    assert len({*names}) == len(names) > 50
    assert all(map(is_account_name, names))


def test_a_person_is_known_by_what_can_be_written_down() -> None:
    assert all(map(is_subject, ("a", "x" * 255, "auth0|5f7", "ß")))
    assert not any(map(is_subject, ("", "x" * 256, "a\n", " a", "a\0", "\ud800", "a\u202e")))


SOUND: dict[str, Any] = {
    "public_url": "https://files.example.org",
    "oidc_issuer": "https://x.example",
    "oidc_client_id": "droppr",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_url": None}, "DROPPR_PUBLIC_URL"),
        ({"oidc_client_id": ""}, "DROPPR_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://login.example.org"}, "only on this machine"),
        ({"oidc_issuer": "https://x.example/?a=1"}, "as the provider calls itself"),
        ({"oidc_issuer": "https://user@x.example"}, "as the provider calls itself"),
        ({"oidc_issuer": "x.example"}, "as the provider calls itself"),
        ({"oidc_issuer": "https://x.example:99999"}, "as the provider calls itself"),
        ({"oidc_email_domains": "example"}, "no domain"),
        ({"oidc_scopes": "email"}, "pattern"),
        ({"login_header": "X-Remote-User"}, "DROPPR_TRUSTED_PROXIES"),
        ({"login_header": "X_Remote_User", "trusted_proxies": "10.0.0.1"}, "no underscores"),
        ({"login_header": "Cookie", "trusted_proxies": "10.0.0.1"}, "means something else"),
        ({"login_header": "X-Forwarded-For", "trusted_proxies": "10.0.0.1"}, "means something else"),
        ({"login_email_header": "X-Mail"}, "DROPPR_LOGIN_HEADER"),
        ({"login_header": "X-A", "login_groups_header": "x-a", "trusted_proxies": "10.0.0.1"}, "different"),
    ],
)
def test_settings_that_make_no_sense_say_so(changes: dict[str, Any], said: str) -> None:
    given = {name: each for name, each in {**SOUND, **changes}.items() if each is not None}
    with pytest.raises(ValidationError, match=said):
        Settings(**given)


def test_settings_say_who_is_let_in() -> None:
    told = {"oidc_email_domains": "@Example.org, b.example", "login_admin_groups": "Chiefs, it admins"}
    found = Settings(**SOUND, **cast(dict[str, Any], told)).admission
    assert found == Admission(
        False, frozenset({"example.org", "b.example"}), {Role.ADMIN: frozenset({"Chiefs", "it admins"})}
    )
