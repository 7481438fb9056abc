"""``droppr upload``."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from droppr_client import exit_codes
from droppr_client.options import Size, Written, as_json_lines, first_line
from droppr_client.output import ask_secret, count_text, say, say_event, size_text
from droppr_client.reports import Events, Lines, Report
from droppr_client.upload import Cancelled, DropprLink, Options, Refused, Selection, UploadManager, Walk
from droppr_client.upload.handoff import handed_off
from droppr_client.upload.items import Item
from droppr_client.upload.manager import FIXED_WORKERS, MAX_WORKERS
from droppr_client.upload.problems import FileRefused
from droppr_client.upload.spool import spooled
from droppr_client.upload.targets.named import target_at

EXAMPLES = """
\b
Examples:
  droppr upload film.mov photos --to https://files.example.org/request/…
  droppr upload . --to LINK --exclude '*.tmp' --exclude .git
  droppr upload /data --to LINK --limit-rate 10M --quiet
  pg_dump shop | droppr upload - --stdin-name shop.sql --to LINK

\b
Run the same command again to go on after an interruption: what has arrived
is not sent again, and files that were edited meanwhile are sent afresh.

\b
Exit codes: 0 all sent, 1 some failed, 2 wrong usage, 3 nothing to do,
4 refused, 130 interrupted (run the same command again).
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--to", required=True, metavar="LINK", help="The link; or s3://BUCKET/PREFIX, or a folder such as ./copy."
)
@click.option("--code", help="Go on with the uploads of a browser: the code its page shows.")
@click.option("--name", help="Who sends, where the link asks for it.")
@click.option("--item", metavar="ITEM", help="What of the link's checklist it is: an item's title or id.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    cls=Written,
    metavar="QUESTION=ANSWER",
    help="An answer to what the link asks, by the question or its id; yes for what is agreed to. Repeatable.",
)
@click.option("--email", help="Their e-mail address, where the link asks for it.")
@click.option(
    "--password", help="The link's password; - asks for it. Others may see command lines: rather use --password-file."
)
@click.option("--password-file", type=click.File(), help="Its first line is the link's password; - is standard input.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Only files that match, such as '*.jpg'. Repeatable.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="No files or folders that match. Repeatable.")
@click.option(
    "--order",
    type=click.Choice(["mixed", "size", "name"]),
    default="mixed",
    show_default=True,
    help="Small and big in turns, smallest first, or by name.",
)
@click.option(
    "--adaptive/--fixed",
    default=True,
    help="Follow the line's speed and what the server asks for [default], or always use --workers connections.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help=f"Connections, at most [default: {MAX_WORKERS}; with --fixed {FIXED_WORKERS}].",
)
@click.option(
    "--chunks", type=click.IntRange(1, 256), help="Chunks of one file at once, at most [default: what the server says]."
)
@click.option("--chunk-size", type=Size(), metavar="SIZE", help="Such as 8M [default: what the server says].")
@click.option("--limit-rate", type=Size(), metavar="SIZE", help="Bytes per second of all together, such as 10M.")
@click.option("--uploads-per-second", type=click.FloatRange(0, min_open=True), help="Begin no more files than this.")
@click.option("--burst", type=click.FloatRange(1), help="With it, so many files may begin at once first.")
@click.option("--retries", type=click.IntRange(0), default=10, show_default=True, help="Attempts without any progress.")
@click.option(
    "--verify/--no-verify", default=True, help="Compare the SHA-256 of each whole file with the server's [default]."
)
@click.option(
    "--checksum",
    is_flag=True,
    help="Send a digest with every chunk, too; and read again what an earlier run has sent, to compare all of it.",
)
@click.option(
    "--resume/--no-resume",
    default=True,
    help="Go on where an earlier run stopped [default], or send everything afresh.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False),
    help="The file that remembers what was sent [default: uploads.db in the application folder].",
)
@click.option("--stdin-name", default="stdin", show_default=True, help="What PATH - is called there.")
@click.option("--dry-run", is_flag=True, help="List what would be sent and send nothing.")
@as_json_lines
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
def upload(paths: Sequence[str], **options: Any) -> None:
    """Send files and folders to a link.

    PATH is a file, a folder, a pattern such as '*.mov', or - for standard input. A folder keeps its name;
    with a slash at its end only what is in it is sent. Several files, and several chunks of a big file, go
    at once.
    """
    try:
        with _paths(paths, options["stdin_name"]) as real_paths:
            walk = Walk(real_paths, Selection(options["include"], options["exclude"]), options["order"])
            code = _list(walk, options["as_json"]) if options["dry_run"] else _send(walk, options)
    except (Cancelled, KeyboardInterrupt, click.Abort):
        code = exit_codes.INTERRUPTED
    except (Refused, FileRefused) as problem:
        code = exit_codes.REFUSED if isinstance(problem, Refused) else exit_codes.SOME_FAILED
        if options["as_json"]:
            say_event({"event": "end", "exit_code": code, "error": str(problem), "code": problem.code})
        else:
            say(f"Error: {problem}", err=True)
    sys.exit(code)


def _send(walk: Walk, options: dict[str, Any]) -> int:
    who = {"name": options["name"], "email": options["email"]}
    asked = {"item": options["item"], "answers": options["answers"]}
    target = target_at(options["to"], password=_password(options), **who, **asked, keys=_folder(options))
    manager = UploadManager(target, _options(options))
    code = options["code"] or (target.handoff_code if isinstance(target, DropprLink) else None)
    # Before anything is drawn, as it may ask for the password. What a code stands for is begun already, and not to be begun anew.
    manager.prepare(() if code else walk)
    began = time.monotonic()
    with _report(manager, options) as report, _interruptible(manager, report):
        if code:
            manager.handed = handed_off(target, code)
        for result in manager.upload(walk):
            report.result(result)
        exit_code = _exit_code(manager)
        report.end(time.monotonic() - began, exit_code, _last_words(manager, exit_code))
    return exit_code


def _options(options: dict[str, Any]) -> Options:
    state = options["state"] or _folder(options) / "uploads.db"
    return Options(
        workers=options["workers"],
        adaptive=options["adaptive"],
        chunks=options["chunks"],
        chunk_size=options["chunk_size"],
        limit_rate=options["limit_rate"],
        uploads_per_second=options["uploads_per_second"],
        burst=options["burst"],
        retries=options["retries"],
        verify=options["verify"],
        checksum=options["checksum"],
        state=state if options["resume"] else None,
        in_order=options["order"] != "mixed",
    )


def _folder(options: dict[str, Any]) -> Path:
    """Where this machine keeps what it remembers."""
    return Path(options["state"]).parent if options["state"] else Path(click.get_app_dir("droppr"))


def _password(options: dict[str, Any]) -> Any:
    """The password, or how to ask for it; None where nobody can be asked."""
    file: IO[str] | None = options["password_file"]
    if file is not None:
        return first_line(file)
    asked = options["password"] == "-"
    if options["password"] is not None and not asked:
        return options["password"]
    return (lambda: ask_secret("The link's password")) if asked or sys.stdin.isatty() else None


def _report(manager: UploadManager, options: dict[str, Any]) -> Report:
    if options["as_json"]:
        return Events(manager)
    if options["quiet"] or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(manager, quiet=options["quiet"])
    from droppr_client.live import LiveReport

    return LiveReport(manager)


@contextmanager
def _interruptible(manager: UploadManager, report: Report) -> Iterator[None]:
    """Ctrl-C once finishes what is on its way, twice stops now."""
    asked = 0

    def ask(*_: object) -> None:
        nonlocal asked
        asked += 1
        # Not here: this may have interrupted someone who holds a lock.
        threading.Thread(target=act, args=(asked,), daemon=True).start()

    def act(times: int) -> None:
        if times == 1:
            report.note("Finishing what is on its way. Ctrl-C again stops now.")
            manager.stop()
        else:
            manager.cancel()

    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            # Whoever asked to stop may ask once more while the last words are said: that must not take the exit code.
            signal.signal(each, signal.SIG_IGN if asked else handler)


def _exit_code(manager: UploadManager) -> int:
    now = manager.tracker.statistics()
    if manager.refused is not None:
        return exit_codes.REFUSED
    if manager.interrupted:
        return exit_codes.INTERRUPTED
    if now.failed_files:
        return exit_codes.SOME_FAILED
    return exit_codes.ALL_SENT if now.uploaded_files else exit_codes.NOTHING_TO_DO


def _last_words(manager: UploadManager, exit_code: int) -> list[str]:
    """What to do next."""
    words = []
    if manager.refused is not None:
        words.append(f"Stopped: {manager.refused}")
    elif exit_code == exit_codes.INTERRUPTED:
        words.append(f"To go on: {shlex.join(['droppr', *_without_secrets(sys.argv[1:])])}")
    elif exit_code == exit_codes.SOME_FAILED:
        words.append("Run the same command again to send what is missing.")
    elif exit_code == exit_codes.NOTHING_TO_DO:
        words.append("There was nothing to send.")
    words += [f"Not found here, of what the code stands for: {path}" for path in manager.handed]
    if manager.state_problem:
        words.append(f"The state file could not be written ({manager.state_problem}): the next run has to ask more.")
    return words


def _without_secrets(arguments: Sequence[str]) -> list[str]:
    """The command line as it may be shown: the password will be asked for."""
    told: list[str] = []
    for argument in arguments:
        if told and told[-1] == "--password":
            argument = "-"
        told.append("--password=-" if argument.startswith("--password=") else argument)
    return told


def _list(walk: Walk, as_json: bool) -> int:
    count = size = 0
    for found in walk:
        if not isinstance(found, Item):
            continue
        count, size = count + 1, size + found.size
        if as_json:
            say_event({"event": "found", "path": found.path, "size": found.size})
        else:
            say(f"{size_text(found.size):>12}  {found.path}")
    if not as_json:
        say(f"{size_text(size):>12}  in {count_text(count, 'file')} would be sent.")
    return exit_codes.ALL_SENT if count else exit_codes.NOTHING_TO_DO


@contextmanager
def _paths(paths: Sequence[str], stdin_name: str) -> Iterator[list[str]]:
    """The paths with standard input, where it is one of them, as a file."""
    if "-" not in paths:
        yield list(paths)
        return
    with spooled(sys.stdin.buffer, stdin_name) as place:
        yield [str(place) if path == "-" else path for path in paths]
