"""A new catalogue is made without running migrations, and is the one that they make."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from app.storage.disk.sqlite_file import made
from app.storage.sql.migrate import create, migrate
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.live import MEDIA_SERVER


def content(path: Path) -> dict[str, object]:
    """Each table with its columns in their order and what kind of table it is, each index in the words that made it, and the
    revision that the catalogue says it has. Not the words of the tables: those of a column that was added are not those of one
    that was there from the beginning."""
    with closing(sqlite3.connect(path)) as connection:
        ask = connection.execute
        found: dict[str, object] = dict(ask("SELECT name, sql FROM sqlite_master WHERE type != 'table'").fetchall())
        for name, sql in ask("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = ask("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
            kind = ask("SELECT wr, strict FROM pragma_table_list WHERE name = ?", (name,)).fetchone()
            found[name] = columns, kind, "AUTOINCREMENT" in sql
        found["revision"] = ask("SELECT * FROM alembic_version").fetchall()
        return found


def test_a_new_catalogue_is_what_all_migrations_together_make(tmp_path: Path) -> None:
    new, migrated = tmp_path / "new.db", tmp_path / "migrated.db"
    for path, bring in ((new, create), (migrated, migrate)):
        made(path)
        bring(SQLiteDatabase(path))
    assert content(new) == content(migrated)
    assert len(content(new)) > 30
    migrate(SQLiteDatabase(new))
    assert content(new) == content(migrated)


def test_what_runs_migrations_is_not_loaded_to_open_a_catalogue(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.storage.sql.migrate import opened\n"
        "for _ in range(2): opened(Path(sys.argv[1]), None).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env={"PYTHONPATH": str(MEDIA_SERVER)}, check=True)
