"""Brings a catalogue to the schema that this code knows, and tells where it has another.

SQLite is migrated at the start, as nobody else looks after it. A PostgreSQL server may serve several Dropprs, of which some
are older: there ``droppr migrate`` does it, when its owner says so.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool

from app.core.errors import Busy
from app.storage.disk.atomic import disk_errors, replace_file
from app.storage.disk.sqlite_file import made
from app.storage.sql.database import Database, Transaction, compiled, inserted
from app.storage.sql.schema import REVISION, metadata
from app.storage.sql.sqlite import SQLiteDatabase, connected
from app.storage.sql.steps import FIND_OLDEST, trouble
from app.storage.sql.steps import UnusableCatalogue as UnusableCatalogue
from app.storage.sql.write_ahead import translated

_VERSIONS = Path(__file__).with_name("migrations")


UNREADABLE = (
    "DROPPR_DATABASE_URL cannot be read: it has to be postgresql://user:password@host:port/name, and in name and password what is no letter "
    "or digit is written as %XX (% as %25, / as %2F, @ as %40)."
)
NOT_REACHED = "The database of DROPPR_DATABASE_URL cannot be reached: {words}"
FOLDER = "catalogue"
FILE = "catalogue.db"
LONGEST_SECONDS = 20.0
"""How long a statement of a migration may take while programs are at work on a server's database."""
ROWS = 1000
"""So many rows are moved at once."""
# Where Alembic keeps the newest migration, as it makes the table itself.
_migrations = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
_SIGN = "The links of this data folder stand in the database that DROPPR_DATABASE_URL names. Leave this file.\n"


def opened(data: Path, url: str | None) -> Database:
    """The catalogue at ``url``, or the one in the data folder. Raises UnusableCatalogue, Busy, StorageFull."""
    folder = data / FOLDER
    if url is not None:
        if folder.is_dir():
            raise UnusableCatalogue(
                "The links of this data folder stand in its own catalogue. Run 'droppr migrate' once, which moves them to "
                "DROPPR_DATABASE_URL."
            )
        check(on_server(url))
        database = on_server(url, marked=True)
        if not folder.exists():
            replace_file(folder, _SIGN.encode())
        return database
    if folder.is_file():
        raise UnusableCatalogue(
            "The links of this data folder stand in a database of their own: set DROPPR_DATABASE_URL to its address, as before."
        )
    return _local(folder)


def move(
    data: Path,
    url: str,
    *,
    contract: bool = False,
    longest_seconds: float = LONGEST_SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Bring the database at ``url`` to this code's schema, and the data folder's own catalogue into it; how many links were
    moved. The old catalogue is kept aside. Steps of the kind ``contract`` are done where that is asked for. Raises
    UnusableCatalogue, Busy, StorageFull."""
    target = on_server(url)
    migrate(target, contract=contract, longest_seconds=longest_seconds, tell=tell)
    folder = data / FOLDER
    if not folder.is_dir():
        return 0
    local = _local(folder)
    moved = _copy(local, target)
    local.close()
    os.rename(folder, folder.with_name(f"{FOLDER}-before-postgresql"))
    replace_file(folder, _SIGN.encode())
    return moved


def on_server(url: str, *, marked: bool = False) -> Database:
    """The database at ``url``, whose other users see, where ``marked``, which schema this code knows. Raises UnusableCatalogue where
    its driver is not installed."""
    try:
        from app.storage.sql.postgresql import PostgreSQLDatabase, is_readable
    except ImportError as error:
        raise UnusableCatalogue(f"{error.name} is missing: pip install 'droppr[server,postgres]'.") from error
    if not is_readable(url):
        # What the driver says of it may show a piece of the password.
        raise UnusableCatalogue(UNREADABLE)
    return PostgreSQLDatabase(url, marked=marked)


def _local(folder: Path) -> SQLiteDatabase:
    with disk_errors():
        folder.mkdir(mode=0o700, exist_ok=True)
    local = SQLiteDatabase(folder / FILE)
    # One after the other: SQLite gives up where several processes give one file its log.
    with local.alone("start"):
        made(folder / FILE)
        found = local.revision()
        if found is None:
            create(local)
        elif found != REVISION:
            migrate(local)
    return local


def _copy(source: SQLiteDatabase, target: Database) -> int:
    """Copy every row, all or none; how many links. Raises UnusableCatalogue where the target has links already."""
    with target.write() as new:
        if new.one("SELECT 1 FROM links LIMIT 1") is not None:
            raise UnusableCatalogue("There are links in the database already. Name another one in DROPPR_DATABASE_URL.")
        links = copy_rows(source, new, target)
    target.sync()
    return links


def copy_rows(source: Database, new: Transaction, target: Database) -> int:
    """Copy every row into tables that are empty, in a transaction of ``target``, which is on PostgreSQL; how many links."""
    links = 0
    with source.read() as old:
        for table in metadata.sorted_tables:
            names = [column.name for column in table.columns]
            words = compiled(inserted(target, table), target.dialect)
            for rows in old.batches(compiled(sa.select(table), source.dialect), ROWS):
                new.many(words, [dict(zip(names, row, strict=True)) for row in rows])
                links += len(rows) if table.name == "links" else 0
            if "id" in names and isinstance(table.c.id.type, sa.Integer):
                last = f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"
                new.one(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last}, false)")
    return links


def check(database: Database) -> None:
    """Return where this code can work on the schema of a server's database, and close that. Raises UnusableCatalogue."""
    try:
        found = database.revision()
        with database.read() as tx:
            row = None if found is None else tx.one(FIND_OLDEST)
    except Busy as error:
        away = NOT_REACHED.format(words=str(error.__cause__ or error).partition("\n")[0])
        raise UnusableCatalogue(getattr(error.__cause__, "sentence", away)) from error
    database.close()
    said = trouble(found, row[0] if row else None)
    if said is not None:
        raise UnusableCatalogue(said)


def create(database: SQLiteDatabase) -> None:
    """Make the tables in an empty database as all migrations together would, without loading what runs them. Raises Busy,
    StorageFull."""
    with closing(connected(database.path)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for words in _making():
                connection.execute(words)
            connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (REVISION,))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error) from error
    _settle(database)


@cache
def _making() -> tuple[str, ...]:
    """What makes all tables and their indexes, in SQLite's words."""
    made: list[str] = []
    dialect = SQLiteDialect_pysqlite()

    def note(statement: Any, *_: Any, **__: Any) -> None:
        made.append(str(statement.compile(dialect=dialect)))

    engine = sa.create_mock_engine("sqlite://", note)
    metadata.create_all(engine, checkfirst=False)
    _migrations.create(engine, checkfirst=False)
    return tuple(made)


def migrate(
    database: Database,
    *,
    contract: bool = True,
    longest_seconds: float = LONGEST_SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Bring the schema to this code's, whoever else tries at this moment. Where programs may be at work meanwhile, steps of the kind
    ``contract`` can be left for later. Raises UnusableCatalogue."""
    # Loaded only here: it takes longer than all the rest of a start.
    from alembic import command
    from alembic.util import CommandError

    config = chain()
    engine = engine_of(database)
    try:
        if isinstance(database, SQLiteDatabase):
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        else:
            from app.storage.sql.server_steps import ServerSteps

            ServerSteps(engine, config, tell, longest_seconds).run(contract=contract)
    except CommandError as error:
        if isinstance(database, SQLiteDatabase):
            raise UnusableCatalogue(
                f"The catalogue has the schema {database.revision()}, which a newer Droppr has made. Start that one."
            ) from error
        # A newer one has been here, with which this one may get on.
        check(database)
    except sa.exc.OperationalError as error:
        if isinstance(database, SQLiteDatabase):
            raise
        raise UnusableCatalogue(NOT_REACHED.format(words=str(error.orig).partition("\n")[0])) from error
    finally:
        engine.dispose()
    _settle(database)


def waiting(url: str) -> list[str]:
    """The steps to this code's schema that the database at ``url`` has not seen. Raises UnusableCatalogue."""
    from alembic.util import CommandError

    from app.storage.sql.server_steps import ServerSteps

    engine = engine_of(on_server(url))
    try:
        return [step.revision for step in ServerSteps(engine, chain(), lambda _: None, LONGEST_SECONDS).waiting()]
    except CommandError:
        return []
    finally:
        engine.dispose()


def chain() -> Any:
    """Where the migrations are, as Alembic wants to be told."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_VERSIONS))
    return config


def _settle(database: Database) -> None:
    """Bring what was made to the disk."""
    database.sync()
    if isinstance(database, SQLiteDatabase):
        database.shorten_log()


def engine_of(database: Database) -> sa.Engine:
    if not isinstance(database, SQLiteDatabase):
        # Only here is it known to be installed.
        from psycopg import connect

        from app.storage.sql.postgresql import PostgreSQLDatabase

        assert isinstance(database, PostgreSQLDatabase)
        url = database.url
        return sa.create_engine("postgresql+psycopg://", creator=lambda: connect(url), poolclass=NullPool)
    engine = sa.create_engine("sqlite://", creator=lambda: connected(database.path), poolclass=NullPool)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # Otherwise each statement that makes a table would count by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
