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


def content(path: Path) -> list[list[tuple[object, ...]]]:
    """Every table, index and trigger in the words that made it, and the revision that the catalogue says it has."""
    with closing(sqlite3.connect(path)) as connection:
        return [
            connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall(),
            connection.execute("SELECT * FROM alembic_version").fetchall(),
        ]


def test_a_new_catalogue_is_to_the_byte_what_all_migrations_together_make(tmp_path: Path) -> None:
    new, migrated = tmp_path / "new.db", tmp_path / "migrated.db"
    for path, bring in ((new, create), (migrated, migrate)):
        made(path)
        bring(SQLiteDatabase(path))
    assert content(new) == content(migrated)
    assert len(content(new)[0]) > 30
    migrate(SQLiteDatabase(new))
    assert content(new) == content(migrated)


def test_what_runs_migrations_is_not_loaded_to_open_a_catalogue(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.storage.sql.migrate import opened\n"
        "for _ in range(2): opened(Path(sys.argv[1]), None).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], env={"PYTHONPATH": str(MEDIA_SERVER)}, check=True)
