"""What every SecondFactorStore promises, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.access_errors import SecondFactorOn
from app.core.accounts import Account, Role
from app.core.errors import AccountNotFound
from app.core.second_factor import SecondFactor
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.second_factors import SQLSecondFactors
from tests.contracts.conftest import databases
from tests.contracts.test_account_stores import Open
from tests.support.actors import OWNER

ANN = Account("ann", Role.MEMBER)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


def test_it_is_kept_counts_once_and_goes_with_its_account(opened: Open) -> None:
    accounts, store = SQLAccounts(opened(), clock=lambda: 60.0), SQLSecondFactors(opened(), clock=lambda: 60.0)
    accounts.add(ANN, None, OWNER)
    assert store.find("ann") is None
    store.begin("ann", "FIRST")
    store.begin("ann", "SECOND")
    assert not store.confirm("ann", "FIRST", 5, ("a", "b"), OWNER)
    assert (store.use_step("ann", 6), store.use_recovery("ann", "a", OWNER)) == (False, False)
    assert store.confirm("ann", "SECOND", 5, ("a", "b"), OWNER)
    assert not store.confirm("ann", "SECOND", 6, ("c",), OWNER)
    assert store.find("ann") == SecondFactor("ann", "SECOND", True, 5, ("a", "b"))
    with pytest.raises(SecondFactorOn):
        store.begin("ann", "THIRD")

    def by_all(use: Callable[[SQLSecondFactors], bool]) -> list[bool]:
        with ThreadPoolExecutor(4) as pool:
            return sorted(pool.map(lambda _: use(SQLSecondFactors(opened(), clock=lambda: 60.0)), range(4)))

    assert by_all(lambda each: each.use_step("ann", 7)) == [False, False, False, True]
    assert by_all(lambda each: each.use_recovery("ann", "a", OWNER)) == [False, False, False, True]
    assert store.find("ann") == SecondFactor("ann", "SECOND", True, 7, ("b",))
    # Another change of the account leaves it as it is.
    accounts.change("ann", lambda kept: replace(kept, account=replace(kept.account, role=Role.VIEWER)), OWNER)
    assert [each.second_factor for each in accounts.all()] == [True]
    assert (store.remove("ann", OWNER), store.remove("ann", OWNER)) == (True, False)
    assert [each.second_factor for each in accounts.all()] == [False]
    store.begin("ann", "FOURTH")
    accounts.remove("ann", OWNER)
    assert store.find("ann") is None
    with pytest.raises(AccountNotFound):
        store.begin("ann", "FIFTH")
