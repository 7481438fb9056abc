"""``droppr migrate``: a database brought up to date, and an installation taken elsewhere."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from droppr_client.cli import server_settings
from droppr_client.output import count_text, duration_text, say, size_text

if TYPE_CHECKING:
    from app.settings import Settings
    from app.storage.moving.findings import Course, Finding

SHOWN = 20
"""So many findings of a kind are said; all of them are in the report."""
TERMINAL_SECONDS, LOG_SECONDS = 1.0, 30.0
NO_STORE = "Set DROPPR_DATABASE_URL and DROPPR_STORE to where it goes, with the keys of the store, as for a node (docs/operations.md, Many nodes)."
NOT_INSTALLED = "{name} is missing: pip install 'droppr[server,cluster]'."
_WORDS = {
    "missing": "is in the catalogue and not on the disk",
    "differs": "is not what was received",
    "unreadable": "cannot be read",
    "unknown": "is not in the catalogue, and stays in the old data folder",
}


@click.command()
@click.option(
    "--contract",
    is_flag=True,
    help="Also take away what only programs of an earlier version need. Refused while one of them is at work.",
)
@click.option(
    "--longest",
    type=click.FloatRange(0.1, 86_400),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long one statement may take while programs are at work on the database.",
)
@click.option(
    "--from",
    "old",
    envvar="DROPPR_MIGRATE_FROM",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the installation with this data folder over into DROPPR_DATABASE_URL and DROPPR_STORE.",
)
@click.option(
    "--dry-run", is_flag=True, help="With --from: say what would be taken, and what is wrong. Changes nothing."
)
@click.option("--ahead", is_flag=True, help="With --from: bring the files that have arrived while the server goes on.")
@click.option("--give-up", is_flag=True, help="With --from: remove what was brought, before all of it is there.")
@click.option("--without-unreadable", is_flag=True, help="With --from: leave behind what the disk does not give out.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --from: write everything that was found into this file, as lines of JSON.",
)
@click.option(
    "--without-missing",
    is_flag=True,
    help="With --new-store: use it although some of it is missing. Those files are lost.",
)
@click.option(
    "--new-store", is_flag=True, help="DROPPR_STORE is a copy of the bucket before: look through it, and use it."
)
def migrate(
    old: Path | None, new_store: bool, without_missing: bool, contract: bool, longest: float, **how: Any
) -> None:
    """Bring the PostgreSQL database of DROPPR_DATABASE_URL to this version, and links of the data folder into it; programs of
    the version before may be at work meanwhile. Or take a whole installation over into a database and a bucket: called again
    it goes on where it was."""
    if old is None and any(how.values()):
        raise click.UsageError("--dry-run, --ahead, --give-up, --without-unreadable and --report go with --from.")
    if without_missing and not new_store:
        raise click.UsageError("--without-missing goes with --new-store.")
    if how["dry_run"] + how["ahead"] + how["give_up"] > 1 or (new_store and old):
        raise click.UsageError("One of --dry-run, --ahead and --give-up, and --new-store without --from.")
    settings = server_settings()
    os.umask(settings.umask)
    if (old or new_store) and (settings.database_url is None or settings.store is None):
        raise click.ClickException(NO_STORE)
    with _in_words():
        if old is not None:
            _take_over(settings, old, **how)
        elif new_store:
            _use_copy(settings, without_missing)
        else:
            _move_links(settings, contract, longest)


def _move_links(settings: Settings, contract: bool, longest: float) -> None:
    from app.core.audit import Act
    from app.storage.disk.data_folder import make_data_folder
    from app.storage.sql.migrate import move, waiting
    from app.wiring.audit import note_command

    if settings.database_url is None:
        say(
            "Nothing to do: without DROPPR_DATABASE_URL the catalogue is in the data folder, and brought up to date at each start."
        )
        return
    make_data_folder(settings.data_dir, settings.umask)
    moved = move(settings.data_dir, settings.database_url, contract=contract, longest_seconds=longest, tell=say)
    note_command(settings, Act.CATALOGUE_MOVED, links=moved)
    left = waiting(settings.database_url)
    if left:
        say(
            f"Waiting: {', '.join(left)}, which would take away what programs of an earlier version need. Once all of them are "
            "replaced, run 'droppr migrate --contract'."
        )
    say(f"The database is up to date. Moved into it: {count_text(moved, 'link')}.")


class _Report:
    """What was found: the first of each kind is said, all of it is written down."""

    def __init__(self, path: Path | None) -> None:
        # It names links, which are secrets.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file = None if path is None else os.fdopen(os.open(path, flags, 0o600), "w")
        self._said: dict[str, int] = {}

    def tell(self, finding: Finding) -> None:
        if self._file is not None:
            facts = {"kind": finding.kind, "path": finding.path, "link": finding.link, "said": finding.said}
            self._file.write(json.dumps(facts, allow_nan=False) + "\n")
            self._file.flush()
        said = self._said[finding.kind] = self._said.get(finding.kind, 0) + 1
        if said <= SHOWN:
            more = f": {finding.said}" if finding.said else ""
            say(f"{finding.path} {_WORDS[finding.kind]}{more}.")

    def end(self) -> None:
        for kind, count in self._said.items():
            if count > SHOWN:
                say(f"… {count:,} in all of which each {_WORDS[kind]}. --report FILE names all of them.")


class _Progress:
    """A line now and then."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._every = TERMINAL_SECONDS if sys.stderr.isatty() else LOG_SECONDS
        self._next = time.monotonic() + self._every

    def tick(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._every
            self.say()

    def say(self) -> None:
        found = self._course.numbers()
        pace = found.sent_bytes / found.seconds if found.seconds else 0.0
        left = max(0, found.all_bytes - found.bytes) / pace if pace else 0.0
        end = f", {size_text(round(pace))}/s, about {duration_text(left)} left" if pace and left else ""
        files = f"{found.files:,} of {count_text(found.all_files, 'file')}"
        say(f"{files}, {size_text(found.bytes)} of {size_text(found.all_bytes)}{end}", err=True)


def _take_over(
    settings: Settings,
    data: Path,
    dry_run: bool,
    ahead: bool,
    give_up: bool,
    without_unreadable: bool,
    report: Path | None,
) -> None:
    from app.storage.disk.data_folder import make_data_folder
    from app.storage.moving.findings import Course
    from app.storage.sql.migrate import migrate as bring_up_to_date
    from app.storage.sql.migrate import on_server
    from app.wiring.audit import at_the_keyboard
    from app.wiring.moving import build_move, opened_data, stopped

    assert settings.database_url is not None
    found = _Report(report)
    course = Course(_nothing if ahead else found.tell)
    if dry_run:
        _look(settings, data, course, found)
        return
    old = opened_data(settings, data)
    make_data_folder(settings.data_dir, settings.umask)
    # The catalogue may be in that database already, and a server at work on it.
    bring_up_to_date(on_server(settings.database_url), contract=False, tell=say)
    progress = _Progress(course)
    move = build_move(settings, old, course, progress.tick, ahead=ahead or give_up)
    if give_up:
        move.give_up()
        say("What was brought is gone. The old data folder is as it was.")
        return
    if ahead:
        move.ahead()
        progress.say()
        say("What has arrived by now is in the bucket. Stop the server, and call again without --ahead for the rest.")
        return
    with stopped(old.data):
        links = move.run(at_the_keyboard(), without_unreadable=without_unreadable)
    if links is None:
        say("That was done before. Start the nodes.")
        return
    progress.say()
    found.end()
    numbers = course.numbers()
    moved = f"{count_text(links, 'link')}, {count_text(numbers.files, 'file')}, {size_text(numbers.bytes)}"
    say(f"Moved: {moved}. Start the nodes.")
    _say_what_is_left(settings, old.data)


def _look(settings: Settings, data: Path, course: Course, report: _Report) -> None:
    from app.storage.moving.move import look
    from app.storage.moving.under_way import sessions
    from app.wiring.moving import old_uploads, opened_data, store_of

    old = opened_data(settings, data)
    store_of(settings)
    look(old, course)
    report.end()
    found = course.numbers()
    under_way = list(sessions(old_uploads(settings, old.data)))
    links = sum(1 for _ in old.links())
    say(f"Would be moved: {count_text(links, 'link')}, {count_text(found.files, 'file')}, {size_text(found.bytes)}.")
    there = size_text(sum(each.received_bytes for each in under_way))
    say(f"Under way: {count_text(len(under_way), 'upload')}, of which {there} have come and go along.")
    _say_what_is_left(settings, old.data)


def _say_what_is_left(settings: Settings, data: Path) -> None:
    kept = data / "admin_token"
    if kept.exists() and kept.read_text().strip() != settings.admin_token:
        say(
            f"The owner's token is DROPPR_ADMIN_TOKEN from now on. To go on with that of before, and with sessions that were begun with it, "
            f"set it to what stands in {kept}."
        )


def _use_copy(settings: Settings, without_missing: bool) -> None:
    from app.storage.sql.migrate import check, on_server
    from app.wiring.moving import use_copy

    assert settings.database_url is not None
    check(on_server(settings.database_url))
    before, missing = use_copy(settings, without_missing=without_missing)
    for each in missing[:SHOWN]:
        say(f"{each} is missing, or of another length.")
    if missing and not without_missing:
        raise click.ClickException(
            f"{count_text(len(missing), 'object')} of {before} {'is' if len(missing) == 1 else 'are'} not in {settings.store}. Copy the rest and call "
            "again; what was deleted after the dump is nowhere, and --without-missing goes on without it."
        )
    what = f"but for {count_text(len(missing), 'object')}" if missing else "all of them"
    say(f"The files of this database lie in {settings.store} from now on, {what}.")


@contextmanager
def _in_words() -> Iterator[None]:
    from app.core.errors import Busy, StorageFull, UploadError
    from app.storage.disk.data_folder import UnusableDataFolder

    try:
        yield
    except ImportError as error:
        raise click.ClickException(NOT_INSTALLED.format(name=error.name)) from error
    except StorageFull as error:
        raise click.ClickException(
            "The store, or the database, is full. Make room, and call again: it goes on."
        ) from error
    except Busy as error:
        raise click.ClickException(
            f"The store or the database does not answer, or refuses: {error} Call again: it goes on where it was."
        ) from error
    except (UploadError, UnusableDataFolder, OSError) as error:
        raise click.ClickException(str(error)) from error


def _nothing(finding: Finding) -> None:
    """While files come and go nothing can be said of any."""
