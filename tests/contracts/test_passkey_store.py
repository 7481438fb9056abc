"""What every PasskeyStore promises, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.access_errors import LastWayIn, PasskeyExists, TooManyPasskeys
from app.core.accounts import Account, Role
from app.core.errors import AccountNotFound, UploadError
from app.core.passkeys import MAX_PASSKEYS, Passkey
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.passkeys import SQLPasskeys
from app.storage.sql.second_factors import SQLSecondFactors
from tests.contracts.conftest import databases
from tests.contracts.test_account_stores import Open
from tests.support.actors import OWNER

PHONE = Passkey("one", "ann", "phone", b"\x00phone", b"\xffkey", 5, 7.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


def test_they_are_kept_count_up_and_go_with_their_account(opened: Open) -> None:
    accounts, store = SQLAccounts(opened(), clock=lambda: 60.0), SQLPasskeys(opened(), clock=lambda: 60.0)
    with pytest.raises(AccountNotFound):
        store.add(PHONE, OWNER)
    for name, password in (("ann", "hash"), ("bob", None)):
        accounts.add(Account(name, Role.MEMBER), password, OWNER)

    def has_factor() -> list[bool]:
        return [each.second_factor for each in accounts.all()]

    key = replace(PHONE, id="two", name="key", credential=b"key", counter=0, made_at=8.0)
    store.add(PHONE, OWNER)
    store.add(key, OWNER)
    assert has_factor() == [True, False]
    assert (store.find(b"\x00phone"), store.find(b"\x00"), store.all("ann")) == (PHONE, None, [PHONE, key])
    with pytest.raises(PasskeyExists):
        store.add(replace(PHONE, account="bob"), OWNER)
    # A counter grows, or is none.
    counted = [store.use(b"\x00phone", each, 9.0, OWNER) for each in (5, 4, 6, 6, 0)]
    assert counted == [False, False, True, False, False]
    assert [store.use(b"key", each, 9.0, OWNER) for each in (0, 0, 1, 0)] == [True, True, True, False]
    assert not store.use(b"nobody's", 9, 9.0, OWNER)
    assert store.all("ann") == [replace(PHONE, counter=6, used_at=9.0), replace(key, counter=1, used_at=9.0)]
    # Codes and passkeys are a second factor each.
    codes = SQLSecondFactors(opened(), clock=lambda: 60.0)
    codes.begin("ann", "SECRET")
    assert codes.confirm("ann", "SECRET", 5, (), OWNER)
    assert codes.remove("ann", OWNER)
    assert has_factor() == [True, False]
    assert (store.remove("bob", "one", OWNER), store.remove("ann", "one", OWNER)) == (False, True)
    assert store.remove_all("ann", OWNER) == 1
    assert (store.remove_all("ann", OWNER), has_factor()) == (0, [False, False])
    store.add(replace(PHONE, account="bob"), OWNER)
    with pytest.raises(LastWayIn):
        store.remove("bob", "one", OWNER)
    accounts.remove("bob", OWNER)
    accounts.add(Account("bob", Role.MEMBER), None, OWNER)
    assert (store.all("bob"), has_factor()) == ([], [False, False])


def test_many_at_once_find_no_more_room_than_there_is(opened: Open) -> None:
    SQLAccounts(opened(), clock=lambda: 60.0).add(Account("ann", Role.MEMBER), None, OWNER)

    def add(number: int) -> str:
        passkey = replace(PHONE, id=str(number), credential=b"%d" % (number // 2))
        try:
            SQLPasskeys(opened(), clock=lambda: 60.0).add(passkey, OWNER)
        except UploadError as error:
            return error.code
        return "added"

    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(add, range(2 * MAX_PASSKEYS + 4))]
    assert done.count("added") == MAX_PASSKEYS
    assert {*done} <= {"added", PasskeyExists.code, TooManyPasskeys.code}
