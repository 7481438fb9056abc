"""What every IdentityStore promises, on both databases."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.access_errors import IdentityNotFound, IdentityTaken, LastWayIn, TooManyIdentities
from app.core.accounts import Account, Invitation, Role, Session
from app.core.errors import AccountExists, AccountNotFound, InvitationNotFound
from app.core.identities import MAX_IDENTITIES, PROXY, Identity
from app.storage.sql.account_sessions import SQLAccountSessions
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.identities import SQLIdentities
from app.storage.sql.invitations import SQLInvitations
from tests.contracts.conftest import databases
from tests.contracts.test_account_stores import Open, told
from tests.support.actors import OWNER

ISSUER = "https://login.example.org"
ANN = Account("ann", Role.MEMBER)
KNOWN = Identity("id-1", ISSUER, "sub-1", "ann", "ann@example.org", 10.0, 10.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def accounts(opened: Open) -> SQLAccounts:
    return SQLAccounts(opened(), clock=lambda: 60.0)


@pytest.fixture
def store(opened: Open) -> SQLIdentities:
    return SQLIdentities(opened(), clock=lambda: 60.0)


def test_one_is_kept_found_noted_and_taken_away(store: SQLIdentities, accounts: SQLAccounts, opened: Open) -> None:
    with pytest.raises(AccountNotFound):
        store.link(KNOWN, OWNER)
    accounts.add(ANN, "hash", OWNER)
    store.link(KNOWN, OWNER)
    assert store.find(ISSUER, "sub-1") == KNOWN
    assert store.find(ISSUER, "SUB-1") is store.find("https://other.example", "sub-1") is None
    with pytest.raises(IdentityTaken):
        store.link(replace(KNOWN, id="id-2"), OWNER)
    store.saw("id-1", "new@example.org", 20.0)
    store.saw("id-1", "old@example.org", 15.0)
    used = replace(KNOWN, shown="new@example.org", used_at=20.0)
    assert (store.all("ann"), store.all("ben"), store.all()) == ([used], [], [used])
    for account, id in (("ann", "id-9"), ("ann", "\0")):
        with pytest.raises(IdentityNotFound):
            store.unlink(account, id, spare_last=False, keep=b"", by=OWNER)
    for account in ("ben", "a\0b", "\ud800"):
        with pytest.raises(AccountNotFound):
            store.unlink(account, "id-1", spare_last=False, keep=b"", by=OWNER)
    store.unlink("ann", "id-1", spare_last=True, keep=b"", by=OWNER)
    # Known to have been taken away, and nobody's.
    assert (store.find(ISSUER, "sub-1"), store.all()) == (replace(used, account=""), [])
    facts = {"account": "ann", "issuer": ISSUER}
    assert told(opened)[-2:] == [
        ("identity_added", "owner", facts | {"shown": "ann@example.org"}),
        ("identity_removed", "owner", facts | {"shown": "new@example.org"}),
    ]


def test_the_last_way_in_of_an_account_without_a_password_stays_unless_others_take_it(
    store: SQLIdentities, accounts: SQLAccounts
) -> None:
    accounts.add(ANN, None, OWNER)
    store.link(KNOWN, OWNER)
    store.link(replace(KNOWN, id="id-2", subject="sub-2"), OWNER)
    store.unlink("ann", "id-2", spare_last=True, keep=b"", by=OWNER)
    with pytest.raises(LastWayIn):
        store.unlink("ann", "id-1", spare_last=True, keep=b"", by=OWNER)
    assert store.all("ann") == [KNOWN]
    store.unlink("ann", "id-1", spare_last=False, keep=b"", by=OWNER)


def test_what_began_by_it_ends_but_for_the_session_that_asks(
    store: SQLIdentities, accounts: SQLAccounts, opened: Open
) -> None:
    sessions = SQLAccountSessions(opened(), clock=lambda: 60.0)
    accounts.add(ANN, "hash", OWNER)
    store.link(KNOWN, OWNER)
    kept = accounts.find("ann")
    assert kept is not None
    digests = {name: hashlib.sha256(name.encode()).digest() for name in ("oidc", "oidc here", "header", "password")}
    for name, digest in digests.items():
        session = Session(name, "ann", 1.0, 1.0, "", "", 1000.0, way=name.split(" ")[0])
        assert sessions.begin(digest, session, kept.generation)
    store.unlink("ann", "id-1", spare_last=True, keep=digests["oidc here"], by=OWNER)
    assert {each.id for each in sessions.all("ann", 60.0, 9)} == {*digests} - {"oidc"}


def test_an_account_is_made_with_it_or_not_at_all(store: SQLIdentities, accounts: SQLAccounts, opened: Open) -> None:
    invitations = SQLInvitations(opened(), clock=lambda: 60.0)
    invitations.add(b"digest", Invitation("inv", Role.VIEWER, (), "", "account:boss", 1.0, 1000.0), OWNER)
    accounts.add(replace(ANN, name="ben"), "hash", OWNER)
    with pytest.raises(AccountExists):
        store.make(replace(KNOWN, account="ben"), replace(ANN, name="ben"), "inv", OWNER)
    assert [each.id for each in invitations.all(60.0)] == ["inv"], "not used up"
    with pytest.raises(InvitationNotFound):
        store.make(KNOWN, ANN, "other", OWNER)
    assert accounts.find("ann") is None
    store.make(KNOWN, ANN, "inv", OWNER)
    assert (invitations.all(60.0), store.all("ann")) == ([], [KNOWN])
    made = accounts.find("ann")
    assert made is not None
    assert made.password_hash is None
    with pytest.raises(IdentityTaken):
        store.make(replace(KNOWN, id="id-3", account="cid"), replace(ANN, name="cid"), None, OWNER)
    assert accounts.find("cid") is None


def test_of_many_who_come_by_one_at_once_one_is_made(opened: Open) -> None:
    def make(number: int) -> bool:
        name = f"ann-{number}"
        store = SQLIdentities(opened(), clock=lambda: 60.0)
        try:
            store.make(replace(KNOWN, id=name, account=name), replace(ANN, name=name), None, OWNER)
        except IdentityTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [False, False, False, True]
    assert len(SQLAccounts(opened(), clock=lambda: 60.0).all()) == 1


def test_nobody_comes_back_by_what_was_a_removed_accounts(store: SQLIdentities, accounts: SQLAccounts) -> None:
    accounts.add(ANN, None, OWNER)
    store.link(KNOWN, OWNER)
    accounts.remove("ann", OWNER)
    left = store.find(ISSUER, "sub-1")
    assert left == replace(KNOWN, account="")
    by_name = store.find(PROXY, "ann")
    assert by_name is not None
    assert by_name.account == ""
    assert (store.all(), store.all("ann")) == ([], [])
    # Somebody who gets an account of that name is somebody else, and whoever it was may be let in again.
    accounts.add(ANN, "hash", OWNER)
    assert store.find(PROXY, "ann") is None
    store.link(KNOWN, OWNER)
    assert store.find(ISSUER, "sub-1") == KNOWN


def test_an_account_has_only_so_many(store: SQLIdentities, accounts: SQLAccounts) -> None:
    accounts.add(ANN, "hash", OWNER)
    for number in range(MAX_IDENTITIES):
        store.link(replace(KNOWN, id=f"id-{number}", subject=f"sub-{number}"), OWNER)
    with pytest.raises(TooManyIdentities):
        store.link(replace(KNOWN, id="more", subject="more"), OWNER)
    assert store.find(ISSUER, "more") is None
