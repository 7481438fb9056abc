"""What every KeyStore promises, on both databases."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.access_errors import KeyExists, TooManyKeys
from app.core.accounts import Account, Role
from app.core.actors import Scope
from app.core.audit import ALL
from app.core.errors import AccountNotFound, UploadError
from app.core.keys import Key
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.keys import SQLKeys
from tests.contracts.conftest import databases
from tests.contracts.test_account_stores import Open
from tests.support.actors import OWNER

ANN = Account("ann", Role.MEMBER, ("tax",))
KEY = Key("k1", "ann", "nightly", "droppr_0123ab", frozenset({Scope.LINKS_READ, Scope.FILES_READ}), 10.0, 100.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def accounts(opened: Open) -> SQLAccounts:
    return SQLAccounts(opened(), clock=lambda: 60.0)


@pytest.fixture
def keys(opened: Open, accounts: SQLAccounts) -> SQLKeys:
    accounts.add(ANN, None, OWNER)
    return SQLKeys(opened(), clock=lambda: 60.0)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def test_a_key_is_kept_found_used_and_taken_back(keys: SQLKeys, accounts: SQLAccounts, opened: Open) -> None:
    owners = replace(KEY, id="k2", account="", ends_at=None)
    keys.add(digest("x"), KEY, OWNER)
    keys.add(digest("y"), owners, OWNER)
    assert keys.find(digest("x")) == (KEY, ANN)
    assert keys.find(digest("y")) == (owners, None)
    assert keys.find(digest("z")) is None
    keys.used(digest("x"), 70.0)
    used = replace(KEY, used_at=70.0)
    assert keys.all("ann") == [used]
    assert keys.all(None) == [owners, used]
    accounts.change("ann", lambda kept: replace(kept, account=replace(ANN, role=Role.VIEWER)), OWNER)
    assert keys.find(digest("x")) == (used, replace(ANN, role=Role.VIEWER)), "with the account as it is now"
    for id, account in (("k1", ""), ("k1", "ben"), ("\0", None), ("k9", None)):
        assert not keys.remove(id, account, OWNER)
    assert [keys.remove("k1", "ann", OWNER), keys.remove("k1", "ann", OWNER)] == [True, False]
    assert keys.find(digest("x")) is None
    rows = [(str(each.act), dict(each.facts)) for each in SQLAudit(opened()).page(99, None, ALL) if "key" in each.act]
    scopes = ["files:read", "links:read"]
    assert rows == [
        ("key_revoked", {"account": "ann", "key": "nightly"}),
        ("key_made", {"key": "nightly", "scopes": scopes}),
        ("key_made", {"account": "ann", "key": "nightly", "scopes": scopes, "ends_at": 100.0}),
    ]


def test_keys_end_with_their_account(keys: SQLKeys, accounts: SQLAccounts) -> None:
    keys.add(digest("x"), KEY, OWNER)
    accounts.change("ann", lambda kept: replace(kept, account=replace(ANN, disabled=True)), OWNER)
    assert keys.find(digest("x")) is None
    with pytest.raises(AccountNotFound):
        keys.add(digest("x"), KEY, OWNER)
    accounts.change("ann", lambda kept: replace(kept, account=ANN), OWNER)
    assert keys.all(None) == []
    keys.add(digest("x"), KEY, OWNER)
    accounts.remove("ann", OWNER)
    accounts.add(replace(ANN, role=Role.ADMIN), None, OWNER)
    assert keys.find(digest("x")) is None, "somebody else has the name now"


def test_names_are_told_apart_and_there_are_only_so_many(
    keys: SQLKeys, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(number: int) -> str:
        try:
            SQLKeys(opened(), clock=lambda: 60.0).add(digest(str(number)), replace(KEY, id=f"n{number}"), OWNER)
        except UploadError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == ["key_exists"] * 3 + ["made"]
    with pytest.raises(KeyExists):
        keys.add(digest("x"), KEY, OWNER)
    monkeypatch.setattr("app.storage.sql.keys.MAX_KEYS", 2)
    keys.add(digest("x"), replace(KEY, name="second", ends_at=None), OWNER)
    with pytest.raises(TooManyKeys):
        keys.add(digest("y"), replace(KEY, id="k3", name="third"), OWNER)
    keys.add(digest("y"), replace(KEY, id="k3", account=""), OWNER)
    assert (keys.prune(99.0), keys.prune(100.0)) == (0, 2)
    assert [each.name for each in keys.all("ann")] == ["second"], "what is good for ever stays"
