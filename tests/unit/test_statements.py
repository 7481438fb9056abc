"""Statements in the words of a database, which a process finds once."""

from __future__ import annotations

import gc
import pkgutil
import random
import weakref
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler

from app.storage import sql
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, made_once, shared, value
from app.storage.sql.schema import ledger, links
from app.storage.sql.sqlite import SQLiteDatabase

SQLITE = SQLiteDialect_pysqlite(paramstyle="named")


def wanted(**more: Any) -> sa.Select[Any]:
    return sa.select(ledger.c.path).where(ledger.c.link == sa.bindparam("link", **more))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQLAlchemy is asked to put into words from now on."""
    texts: list[str] = []
    usual = SQLCompiler.process

    def noted(self: SQLCompiler, part: Any, **named: Any) -> Any:
        text = usual(self, part, **named)
        if part is self.statement:
            texts.append(text)
        return text

    monkeypatch.setattr(SQLCompiler, "process", noted)
    return texts


def test_the_same_statement_is_put_into_words_once(made: list[str]) -> None:
    # Not known from other tests.
    any_number = random.randrange(10**9)

    def statement() -> sa.Select[Any]:
        return wanted().where(ledger.c.size > number(any_number))

    first = compiled(statement(), SQLITE)
    assert made == [first]
    assert compiled(statement(), SQLiteDialect_pysqlite(paramstyle="named")) is first
    assert len(made) == 1


def test_what_statements_share_is_made_once_for_each_kind_of_database(tmp_path: Path) -> None:
    makes: list[Database] = []

    def make(database: Database) -> object:
        makes.append(database)
        return object()

    class Other(SQLiteDatabase):
        pass

    one, two = SQLiteDatabase(tmp_path / "one"), SQLiteDatabase(tmp_path / "two")
    assert shared(make, one) is shared(make, two)
    assert shared(make, Other(tmp_path / "three")) is not shared(make, one)
    assert len(makes) == 2


def test_what_a_store_prepares_is_the_same_in_the_next_one_of_its_kind_of_database(tmp_path: Path) -> None:
    class Other(SQLiteDatabase):
        pass

    class Store:
        def __init__(self, database: Database) -> None:
            self.own: list[int] = []
            self.prepare(database)

        @made_once
        def prepare(self, database: Database) -> None:
            self.statement = object()

    one, two = Store(SQLiteDatabase(tmp_path / "one")), Store(SQLiteDatabase(tmp_path / "two"))
    assert one.statement is two.statement
    assert one.own is not two.own
    assert Store(Other(tmp_path / "three")).statement is not one.statement


def test_what_is_made_once_keeps_no_database(tmp_path: Path) -> None:
    class Other(SQLiteDatabase):
        """For which nothing has been made yet."""

    stores: list[Any] = []
    for module in pkgutil.iter_modules(sql.__path__, "app.storage.sql."):
        stores += [
            each for each in vars(import_module(module.name)).values() if "_prepare" in getattr(each, "__dict__", ())
        ]
    assert len(stores) > 20
    database = Other(tmp_path / "one")
    for each in stores:
        each.__new__(each)._prepare(database)
    forgotten = weakref.ref(database)
    del database
    gc.collect()
    assert forgotten() is None


@pytest.mark.parametrize(
    "other",
    [
        wanted().where(ledger.c.size > number(4712)),
        wanted().where(ledger.c.size >= number(4711)),
        wanted().where(ledger.c.size > value("size")),
        wanted().where(ledger.c.size > value("least")),
        wanted().where(ledger.c.at > number(4711)),
        wanted().where(ledger.c.size > number(4711)).with_only_columns(ledger.c.at),
        wanted().where(links.c.version > number(4711)),
        wanted().where(ledger.alias("other").c.size > number(4711)),
    ],
    ids=str,
)
def test_what_differs_in_anything_has_words_of_its_own(other: sa.Select[Any]) -> None:
    one = wanted().where(ledger.c.size > number(4711))
    assert compiled(one, SQLITE) != compiled(other, SQLITE)
    for each in (one, other):
        assert compiled(each, SQLITE) == str(each.compile(dialect=SQLITE))


def test_each_database_has_words_of_its_own() -> None:
    postgresql = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    assert ":link" in compiled(wanted(), SQLITE)
    assert "%(link)s" in compiled(wanted(), postgresql)


def test_a_value_in_a_statement_is_refused_also_where_one_like_it_is_known() -> None:
    compiled(wanted(), SQLITE)
    with pytest.raises(ValueError, match="link"):
        compiled(wanted(value=7), SQLITE)
