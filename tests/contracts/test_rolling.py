"""A database that is brought to a newer schema while programs of the version before are at work on it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config

from app.core.errors import Busy
from app.storage.sql import server_steps
from app.storage.sql.migrate import chain, check, engine_of, migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import REVISION
from app.storage.sql.schema_marks import KNOWS
from app.storage.sql.server_steps import ServerSteps
from app.storage.sql.steps import UnusableCatalogue
from tests.support.cluster import wait_for_the_dead
from tests.support.newer import with_steps
from tests.support.postgresql import PostgreSQLServer


@pytest.fixture
def url(postgresql: PostgreSQLServer) -> str:
    found = postgresql.new_database()
    migrate(PostgreSQLDatabase(found))
    return found


@pytest.fixture
def newer(url: str, tmp_path: Path) -> Iterator[ServerSteps]:
    """The way to what a newer version wants: one step that leaves this one working, and one that does not."""
    folder = tmp_path / "migrations"
    shutil.copytree(chain().get_main_option("script_location"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    with_steps(folder)
    config = Config()
    config.set_main_option("script_location", str(folder))
    engine = engine_of(PostgreSQLDatabase(url))
    said: list[str] = []
    yield ServerSteps(engine, config, said.append, 20.0)
    engine.dispose()


def columns(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {column.name for column in connection.execute("SELECT * FROM links").description or ()}


def has_templates(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT to_regclass('templates') IS NOT NULL").fetchone() == (True,)


def test_a_program_works_on_while_its_successor_expands_and_bars_what_would_take_from_it(
    url: str, newer: ServerSteps
) -> None:
    program = PostgreSQLDatabase(url, marked=True)
    assert program.revision() == REVISION
    newer.run(contract=False)
    assert "more" in columns(url)
    assert [step.revision for step in newer.waiting()] == ["9002"]
    check(PostgreSQLDatabase(url))
    another = PostgreSQLDatabase(url, marked=True)
    assert another.look("SELECT 1") == (1,)
    migrate(PostgreSQLDatabase(url))  # That of this version has nothing to do there, and says nothing against it.
    with pytest.raises(UnusableCatalogue, match=rf"Step 9002 .* those of schema {REVISION} at 127\.0\.0\.1"):
        newer.run(contract=True)
    assert has_templates(url)
    program.close()
    with pytest.raises(UnusableCatalogue):
        newer.run(contract=True)
    another.close()
    wait_for_the_dead(url)
    newer.run(contract=True)
    assert not has_templates(url)
    for refuse in (check, migrate):
        with pytest.raises(UnusableCatalogue, match="schema 9002, which a newer Droppr has made"):
            refuse(PostgreSQLDatabase(url))
    # One that was cut off meanwhile, and comes back.
    with pytest.raises(Busy) as told:
        program.look("SELECT 1")
    assert "Start the newer one" in told.value.__cause__.sentence  # type: ignore[union-attr]


def test_a_program_of_before_there_were_marks_bars_it_as_well(url: str, newer: ServerSteps) -> None:
    newer.run(contract=False)
    with psycopg.connect(url, autocommit=True) as old:
        old.execute("SELECT pg_advisory_lock(%s, 12345)", (0x64726F71,))
        with pytest.raises(UnusableCatalogue, match=r"those of before this was noted at 127\.0\.0\.1"):
            newer.run(contract=True)
    wait_for_the_dead(url)
    newer.run(contract=True)


def test_who_comes_while_something_is_taken_away_is_kept_out(url: str) -> None:
    program = PostgreSQLDatabase(url, marked=True)
    with psycopg.connect(url) as changing:
        changing.execute("SELECT pg_advisory_xact_lock(%s, %s)", (KNOWS, int(REVISION)))
        with pytest.raises(Busy) as told:
            program.look("SELECT 1")
        assert "at this moment" in str(told.value.__cause__)
        changing.rollback()
        assert program.look("SELECT 1") == (1,)
    program.close()


def test_a_step_waits_for_no_table_long_enough_to_hold_up_those_who_use_it(
    url: str, newer: ServerSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_steps, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(server_steps, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(server_steps, "TRIES", 3)
    with psycopg.connect(url) as dump:
        dump.execute("SELECT count(*) FROM links")
        with pytest.raises(UnusableCatalogue, match="Step 9001 needs a table that another transaction"):
            newer.run(contract=False)
        assert [step.revision for step in newer.waiting()] == ["9001", "9002"]
        monkeypatch.setattr(server_steps, "TRIES", 1000)
        going = threading.Thread(target=lambda: newer.run(contract=False))
        going.start()
        with psycopg.connect(url) as user:
            assert user.execute("SELECT count(*) FROM links").fetchone() == (0,)
        dump.rollback()
    going.join(110)
    assert [step.revision for step in newer.waiting()] == ["9002"]


def test_a_step_that_would_hold_up_programs_at_work_is_given_up(url: str, newer: ServerSteps, tmp_path: Path) -> None:
    step = tmp_path / "migrations" / "versions" / "v9001_more.py"
    step.write_text(step.read_text() + '    op.execute("SELECT pg_sleep(0.5)")\n')
    hurried = ServerSteps(newer.engine, newer.config, newer.tell, 0.1)
    program = PostgreSQLDatabase(url, marked=True)
    assert program.look("SELECT 1") == (1,)
    with pytest.raises(UnusableCatalogue, match=r"Step 9001 would hold up .* more than 0\.1 seconds"):
        hurried.run(contract=False)
    assert "more" not in columns(url)
    program.close()
    wait_for_the_dead(url)
    hurried.run(contract=False)
    assert "more" in columns(url)


def test_later_steps_behind_one_that_takes_away_say_what_to_do(url: str, newer: ServerSteps, tmp_path: Path) -> None:
    with_steps(tmp_path / "migrations", first=9003)
    with pytest.raises(UnusableCatalogue, match=r"Step 9002 takes away .* later steps"):
        newer.run(contract=False)
    assert [step.revision for step in newer.waiting()] == ["9002", "9003", "9004"]
