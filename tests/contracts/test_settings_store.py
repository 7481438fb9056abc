"""What every SettingsStore promises, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.ports.settings import KeptSettings
from app.storage.sql.database import Database
from app.storage.sql.settings import SQLSettings
from tests.contracts.conftest import databases
from tests.support.processes import together

Open = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


def with_value(name: str, value: str) -> Callable[[KeptSettings], KeptSettings]:
    return lambda before: replace(before, values={**before.values, name: value})


def test_what_is_set_is_there_for_others_under_a_new_version(opened: Open) -> None:
    store, other = SQLSettings(opened()), SQLSettings(opened())
    assert (store.version(), store.load()) == (0, KeptSettings())
    store.change(with_value("brand_name", "Kanzlei Röth 🎬"))
    store.change(lambda before: replace(before, logo=b"\x89PNG\0\xff"))
    found = other.load()
    assert (dict(found.values), found.logo) == ({"brand_name": "Kanzlei Röth 🎬"}, b"\x89PNG\0\xff")
    assert other.version() == found.version == 2
    other.change(lambda before: replace(before, values={}, logo=None))
    assert store.load() == KeptSettings(version=3)


def test_a_change_that_raises_changes_nothing(opened: Open) -> None:
    store = SQLSettings(opened())
    store.change(with_value("keep_days", "30"))

    def refuse(before: KeptSettings) -> KeptSettings:
        raise ValueError(before.values["keep_days"])

    with pytest.raises(ValueError, match="30"):
        store.change(refuse)
    assert (store.version(), dict(store.load().values)) == (1, {"keep_days": "30"})


def test_of_many_changes_at_once_none_is_lost(opened: Open) -> None:
    SQLSettings(opened()).change(with_value("first", "1"))

    def change(number: int) -> int:
        return SQLSettings(opened()).change(with_value(f"a{number}", str(number))).version

    assert sorted(together(6, change)) == [2, 3, 4, 5, 6, 7]
    found = dict(SQLSettings(opened()).load().values)
    assert found == {"first": "1"} | {f"a{number}": str(number) for number in range(6)}


def test_two_first_changes_at_once_both_count(opened: Open) -> None:
    opened()
    together(2, lambda number: SQLSettings(opened()).change(with_value(f"a{number}", "x")).version)
    assert dict(SQLSettings(opened()).load().values) == {"a0": "x", "a1": "x"}
