"""Migrations say what they do to programs of the version before, and do no more than they say."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from app.storage.disk.sqlite_file import made
from app.storage.sql import migrate
from app.storage.sql.migrate import engine_of
from app.storage.sql.schema import NEEDED, REVISION
from app.storage.sql.server_steps import is_contract
from app.storage.sql.sqlite import SQLiteDatabase
from app.storage.sql.steps import CONTRACT, EXPAND, WITHOUT_KIND, trouble

Shape = dict[str, dict[str, object]]


def config() -> Config:
    found: Config = migrate.chain()
    return found


def chain() -> list[Script]:
    return list(ScriptDirectory.from_config(config()).iterate_revisions("head", "base"))[::-1]


SINCE_THERE_ARE_KINDS = [step for step in chain() if step.revision > WITHOUT_KIND]


def shape(connection: sa.Connection) -> Shape:
    """What statements of before may rely on, or run into: columns, and what has to be unlike."""
    looked = sa.inspect(connection)
    found: Shape = {}
    for table in looked.get_table_names():
        found[table] = {
            each["name"]: (str(each["type"]), each["nullable"], each["default"] is not None)
            for each in looked.get_columns(table)
        }
        unique = [each for each in looked.get_indexes(table) if each["unique"]]
        found[table] |= {f"unique {each['column_names']}": "index" for each in unique}
        found[table] |= {f"unique {each['column_names']}": "rule" for each in looked.get_unique_constraints(table)}
    return found


def narrowed(before: Shape, after: Shape) -> list[str]:
    """What statements of before would stumble over."""
    found = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table, old in before.items():
        new = after.get(table, {})
        if not new:
            continue
        found += [f"{table}: {name} is gone or another" for name, each in old.items() if new.get(name) != each]
        for name in new.keys() - old.keys():
            match new[name]:
                case str():
                    found.append(f"{table}: {name} is new")
                case (_, False, False):
                    found.append(f"{table}: {name} is new, and wants a value")
    return sorted(found)


def test_each_migration_says_its_kind() -> None:
    steps = chain()
    assert steps[-1].revision == REVISION
    for step in SINCE_THERE_ARE_KINDS:
        assert getattr(step.module, "kind", None) in (EXPAND, CONTRACT), (
            f"{step.path}: say `kind`, see A table or a column of the catalogue in CONTRIBUTING.md"
        )
    needed = [step.revision for step in steps if not is_contract(step) or step.revision <= WITHOUT_KIND]
    assert needed[-1] == NEEDED, "NEEDED in schema.py is the newest migration that is of the kind `expand`"


@pytest.mark.parametrize("step", SINCE_THERE_ARE_KINDS, ids=lambda step: step.revision)
def test_what_calls_itself_expand_leaves_statements_of_before_working(step: Script, tmp_path: Path) -> None:
    if is_contract(step):
        return
    path = tmp_path / "catalogue.db"
    made(path)
    seen = []
    engine, how = engine_of(SQLiteDatabase(path)), config()
    for revision in (str(step.down_revision), step.revision):
        with engine.begin() as connection:
            how.attributes["connection"] = connection
            command.upgrade(how, revision)
            seen.append(shape(connection))
    engine.dispose()
    assert narrowed(*seen) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE a ADD COLUMN more TEXT", []),
        ("ALTER TABLE a ADD COLUMN more TEXT NOT NULL DEFAULT ''", []),
        ("CREATE TABLE b (id INTEGER NOT NULL)", []),
        ("CREATE INDEX by_name ON a (name)", []),
        ("DROP TABLE a", ["a is gone"]),
        ("ALTER TABLE a DROP COLUMN name", ["a: name is gone or another"]),
        ("ALTER TABLE a RENAME COLUMN name TO title", ["a: name is gone or another"]),
        ("CREATE UNIQUE INDEX by_name ON a (name)", ["a: unique ['name'] is new"]),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER, name TEXT NOT NULL)", ["a: name is gone or another"]),
        (
            "DROP TABLE a; CREATE TABLE a (id INTEGER, name TEXT, more TEXT NOT NULL)",
            ["a: more is new, and wants a value"],
        ),
    ],
)
def test_what_statements_of_before_would_stumble_over_is_seen(change: str, told: list[str]) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (id INTEGER, name TEXT)"))
        before = shape(connection)
        for words in change.split(";"):
            connection.execute(sa.text(words))
        assert narrowed(before, shape(connection)) == told


@pytest.mark.parametrize(
    ("found", "oldest", "refused"),
    [
        (None, None, "no tables yet"),
        ("0039", None, "needs 0040"),
        ("0040", "0030", None),
        ("0041", None, None),
        ("0042", None, "a newer Droppr has made"),
        ("0042", "0041", None),
        ("0042", "0030", None),
        ("0043", "0042", "a newer Droppr has made"),
    ],
)
def test_a_program_works_on_a_schema_that_allows_it(found: str | None, oldest: str | None, refused: str | None) -> None:
    """One that knows 0041, a step of the kind contract, which it can wait for."""
    said = trouble(found, oldest, known="0041", needed="0040")
    assert said is None if refused is None else refused in str(said)
