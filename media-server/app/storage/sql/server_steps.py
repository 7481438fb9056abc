"""Brings the schema of a PostgreSQL server's database up to date step by step, while programs of the version before may be at work.

Each step is a transaction of its own, so that no table is held for longer than its step takes. None waits long for a table: whoever waits
for one has everybody else who wants it wait behind. A step of the kind ``contract`` is done only where no program works that needs what
it takes away, and keeps such programs out until it is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from psycopg import errors

from app.storage.sql.schema_marks import AT_WORK, KNOWS, told
from app.storage.sql.steps import CONTRACT, EXPAND, FIND_OLDEST, OLDEST, WITHOUT_KIND, UnusableCatalogue

LOCK_SECONDS = 2.0
"""How long a step waits for a table."""
TRIES = 20
PAUSE_SECONDS = 1.0
_TURN = "SELECT pg_advisory_xact_lock(hashtext('droppr migrate'))"
_KEEP_OUT = f"SELECT bool_and(pg_try_advisory_xact_lock({KNOWS}, known)) FROM generate_series(0, :last) AS known"
_NOTE = f"INSERT INTO facts (name, value) VALUES ('{OLDEST}', :oldest) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
_STILL_THERE = "Step {step} takes away what programs of an earlier version need, and there are some at work on this database: {who}. "
_ALONE = _STILL_THERE + "Replace or stop them, then run 'droppr migrate --contract' again."
_BETWEEN = (
    "Step {step} takes away what programs of an earlier version need, and later steps of this version come after it. Once no program of an "
    "earlier version is at work, run 'droppr migrate --contract'."
)
_LOCKED = (
    "Step {step} needs a table that another transaction has not let go of for {seconds:.0f} seconds. Nothing of it was done. Look for long "
    "transactions in pg_stat_activity, such as a dump, and run 'droppr migrate' again when they are over."
)
_LONG = (
    "Step {step} would hold up the programs at work for more than {longest:g} seconds. Nothing of it was done. Stop them and run 'droppr migrate' "
    "again, or let it take longer: --longest."
)


def kind_of(script: Script) -> str:
    """What a migration does to programs of the version before."""
    return str(getattr(script.module, "kind", CONTRACT))


def is_contract(script: Script) -> bool:
    return kind_of(script) != EXPAND


@dataclass(frozen=True, slots=True)
class ServerSteps:
    """The way of one database to the newest schema. ``longest_seconds`` is how long a statement may take while programs are at work, and
    ``tell`` is told of each step that was done."""

    engine: sa.Engine
    config: Config
    tell: Callable[[str], None]
    longest_seconds: float

    def run(self, *, contract: bool) -> None:
        """All steps, or those before the first one of the kind ``contract``, whoever else tries at this moment. Raises
        UnusableCatalogue, and CommandError where this code does not know the schema."""
        tries = 0
        while True:
            try:
                if not self._step(contract):
                    return
                tries = 0
            except sa.exc.OperationalError as error:
                if not isinstance(error.orig, (errors.LockNotAvailable, errors.DeadlockDetected)):
                    raise
                tries += 1
                if tries >= TRIES:
                    seconds = TRIES * (LOCK_SECONDS + PAUSE_SECONDS)
                    raise UnusableCatalogue(_LOCKED.format(step=self._next(), seconds=seconds)) from None
                time.sleep(PAUSE_SECONDS)  # Meanwhile those go on who waited behind us.

    def waiting(self) -> list[Script]:
        """The steps that have not been done, in their order."""
        with self.engine.connect() as connection:
            return self._after(_revision(connection))

    def _next(self) -> str:
        return next((step.revision for step in self.waiting()), "")

    def _step(self, contract: bool) -> bool:
        """The next step; whether there may be another one."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(_TURN))
            found = _revision(connection)
            steps = self._after(found)
            if found is None:
                # Nobody works on an empty one.
                self._upgrade(connection, "head")
                _note(connection, max(step.revision for step in steps if is_contract(step)))
                return False
            oldest = connection.execute(sa.text(FIND_OLDEST)).scalar()
            if not steps:
                if oldest is None:
                    _note(connection, found)
                return False
            step = steps[0]
            if is_contract(step):
                if not contract:
                    if all(map(is_contract, steps)) and found >= WITHOUT_KIND:
                        return False
                    if found >= WITHOUT_KIND:
                        raise UnusableCatalogue(_BETWEEN.format(step=step.revision))
                self._keep_out(connection, step.revision)
            self._bounded(connection)
            begun = time.monotonic()
            try:
                self._upgrade(connection, step.revision)
            except sa.exc.OperationalError as error:
                if isinstance(error.orig, errors.QueryCanceled):
                    said = _LONG.format(step=step.revision, longest=self.longest_seconds)
                    raise UnusableCatalogue(said) from None
                raise
            _note(connection, step.revision if is_contract(step) else oldest or found)
        about = (step.doc or "").strip().partition("\n")[0]
        self.tell(f"Step {step.revision} ({kind_of(step)}), {time.monotonic() - begun:.1f} s: {about}")
        return True

    def _after(self, found: str | None) -> list[Script]:
        script = ScriptDirectory.from_config(self.config)
        try:
            return list(script.iterate_revisions("head", found or "base"))[::-1]
        except RevisionError as error:
            raise CommandError(str(error)) from error

    def _upgrade(self, connection: sa.Connection, to: str) -> None:
        self.config.attributes["connection"] = connection
        command.upgrade(self.config, to)

    def _keep_out(self, connection: sa.Connection, step: str) -> None:
        """Have no program at work, until the transaction is over, that knows less than ``step``. Raises UnusableCatalogue."""
        alone = connection.execute(sa.text(_KEEP_OUT), {"last": int(step) - 1}).scalar()
        older = [(known, where) for known, where in _at_work(connection) if known < int(step)]
        if older or not alone:
            raise UnusableCatalogue(_ALONE.format(step=step, who=told(older) or "one that has just come"))

    def _bounded(self, connection: sa.Connection) -> None:
        """From here on no statement waits long for a table, and, while programs are at work, none takes long."""
        bounds = {
            "lock_timeout": LOCK_SECONDS,
            "statement_timeout": self.longest_seconds if _at_work(connection) else 0,
        }
        for name, seconds in bounds.items():
            connection.execute(sa.text(f"SET LOCAL {name} = {int(seconds * 1000)}"))


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _at_work(connection: sa.Connection) -> list[Any]:
    return [tuple(row) for row in connection.exec_driver_sql(AT_WORK)]


def _note(connection: sa.Connection, oldest: str) -> None:
    connection.execute(sa.text(_NOTE), {"oldest": oldest})
