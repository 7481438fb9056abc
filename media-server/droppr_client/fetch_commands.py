"""``droppr request fetch`` and ``droppr request watch``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from droppr_client import exit_codes
from droppr_client.api import JSON, Api, ApiError
from droppr_client.fetch import Fetch
from droppr_client.options import Written, as_json_lines, link_argument, server_options
from droppr_client.output import (
    count_text,
    duration_text,
    plain_text,
    print_cells,
    say,
    say_event,
    size_text,
    time_text,
)
from droppr_client.upload.items import Outcome, UploadResult
from droppr_client.upload.problems import Refused

MAX_PAUSE_SECONDS = 60.0


@click.command()
@link_argument
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
@click.option("--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="Connections at once.")
@click.option("--retries", type=click.IntRange(0), default=10, show_default=True, help="Attempts without any progress.")
@click.option("--again", is_flag=True, help="Fetch what was fetched before, too.")
@click.option("--dry-run", is_flag=True, help="List what would be fetched.")
@as_json_lines
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@server_options
def fetch(api: Api, link: str, dest: Path, **options: Any) -> None:
    """Pull what has arrived into the folder DEST, and only what is new.

    Files that are half there go on where they stopped; each is compared with the SHA-256 that the server has of it
    before it gets its name.
    """
    fetching = Fetch(api, link, dest, workers=options["workers"], retries=options["retries"])
    try:
        code = _list(fetching, options) if options["dry_run"] else _fetch(fetching, options)
    except Refused as problem:
        raise click.ClickException(str(problem)) from problem
    sys.exit(code)


def _list(fetching: Fetch, options: dict[str, Any]) -> int:
    new = fetching.new(options["again"])
    for result in fetching.odd:
        _tell(result, options["as_json"], options["quiet"])
    for file in new:
        if options["as_json"]:
            say_event({"event": "found", "path": file.path, "size": file.size})
        else:
            say(f"{size_text(file.size):>12}  {file.path}")
    if fetching.odd:
        return exit_codes.SOME_FAILED
    return exit_codes.ALL_SENT if new else exit_codes.NOTHING_TO_DO


def _fetch(fetching: Fetch, options: dict[str, Any]) -> int:
    new = fetching.new(options["again"])
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with _interruptible(fetching):
        for result in fetching.run(new):
            outcomes.append(result.outcome)
            _tell(result, options["as_json"], options["quiet"])
    if not options["as_json"] and not options["quiet"]:
        say(_summary(outcomes, fetching.fetched_bytes, time.monotonic() - began))
    return _exit_code(outcomes)


@click.command()
@link_argument
@click.option("--all", "everything", is_flag=True, cls=Written, help="Begin with what has arrived before.")
@click.option(
    "--interval", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Seconds between two looks."
)
@click.option("--count", type=click.IntRange(1), help="End after so many files.")
@as_json_lines
@server_options
def watch(api: Api, link: str, everything: bool, interval: float, count: int | None, as_json: bool) -> None:
    """Print files as they arrive, one a line: time, size, sender, path.

    Goes on until it is interrupted, or until --count files have arrived.
    """
    seen = set() if everything else {_told_apart_by(file) for file in api.files(link)}
    left = count
    try:
        for files in _looks(api, link, interval):
            for file in sorted(files, key=_received_at):
                if _told_apart_by(file) in seen:
                    continue
                seen.add(_told_apart_by(file))
                if as_json:
                    say_event(file)
                else:
                    print_cells(_arrival(file))
                sys.stdout.flush()
                left = left - 1 if left else None
                if left == 0:
                    return
    except KeyboardInterrupt:
        sys.exit(exit_codes.INTERRUPTED)


def _looks(api: Api, link: str, interval: float) -> Iterator[list[JSON]]:
    """The list again and again. A server that is away for a while is waited for."""
    pause = interval
    while True:
        try:
            yield api.files(link)
            pause = interval
        except ApiError as error:
            if not error.passing:
                raise
            say(f"{error} Trying again.", err=True)
            pause = min(MAX_PAUSE_SECONDS, pause * 2)
        time.sleep(pause)


def _told_apart_by(file: JSON) -> str:
    return f"{file.get('upload_id')}"


def _received_at(file: JSON) -> float:
    at = file.get("received_at")
    return float(at) if isinstance(at, int | float) and abs(at) < 2**63 else 0.0


def _arrival(file: JSON) -> tuple[str, ...]:
    sender = " ".join(filter(None, (plain_text(file.get("sender_name")), plain_text(file.get("sender_email")))))
    return (
        time_text(file.get("received_at")),
        size_text(file.get("size")),
        sender or "-",
        plain_text(file.get("path")),
    )


def _tell(result: UploadResult, as_json: bool, quiet: bool) -> None:
    if as_json:
        say_event({"event": "file", **asdict(result)})
    elif result.outcome is Outcome.FAILED:
        say(f"failed   {result.path}: {result.error or ''}", err=True)
    elif result.outcome is Outcome.SKIPPED and not quiet:
        say(f"gone     {result.path}: {result.error or ''}", err=True)
    elif result.success and not quiet:
        say(f"{size_text(result.size):>12}  {result.delivered_path or result.path}")


def _summary(outcomes: list[Outcome], size: int, seconds: float) -> str:
    fetched, gone = outcomes.count(Outcome.SENT), outcomes.count(Outcome.SKIPPED)
    if gone == len(outcomes):
        return "There is nothing new."
    text = f"Fetched {count_text(fetched, 'file')}, {size_text(size)} in {duration_text(seconds)}."
    left = len(outcomes) - fetched - gone
    return f"{text} {count_text(left, 'file')} not fetched: run the same command again." if left else text


def _exit_code(outcomes: list[Outcome]) -> int:
    if Outcome.CANCELLED in outcomes:
        return exit_codes.INTERRUPTED
    if Outcome.FAILED in outcomes:
        return exit_codes.SOME_FAILED
    return exit_codes.ALL_SENT if Outcome.SENT in outcomes else exit_codes.NOTHING_TO_DO


@contextmanager
def _interruptible(fetching: Fetch) -> Iterator[None]:
    """Ctrl-C stops; what has been fetched stays. Twice ends the program at once."""

    def ask(*_: object) -> None:
        if fetching.cancellation.requested:
            os._exit(exit_codes.INTERRUPTED)
        fetching.cancellation.request()
        # Not here: this may have interrupted someone who holds a lock.
        threading.Thread(target=fetching.stop, daemon=True).start()

    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
