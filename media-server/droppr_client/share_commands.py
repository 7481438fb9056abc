"""``droppr share`` and ``droppr request rename``: received files that others may download, and what received files are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import as_json, first_line, link_argument, server_options
from droppr_client.output import UNKNOWN, plain_text, print_json, print_table, say, time_text
from droppr_client.upload import wire


@click.group()
def share() -> None:
    """Received files that others may download, by an address of its own."""


@share.command()
@link_argument
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--title", default="", help="What receivers see above the files.")
@click.option("--sharer", default="", metavar="NAME", help="Who shares, as receivers are told. Without it, nobody.")
@click.option("--expires-hours", type=click.FloatRange(0), help="Hours from now; 0 is never. [default: a week]")
@click.option("--max-downloads", type=click.IntRange(0), default=0, help="How often; 0 is no limit. [default: 0]")
@click.option(
    "--password-file", type=click.File(), help="Its first line is what receivers must know; - is standard input."
)
@as_json
@server_options
def create(
    api: Api,
    link: str,
    paths: tuple[str, ...],
    title: str,
    sharer: str,
    expires_hours: float | None,
    max_downloads: int,
    password_file: IO[str] | None,
    as_json: bool,
) -> None:
    """Share files of a link by their paths, as the list of its files has them; all that have arrived where none is named."""
    body: JSON = {"link": link, "title": title, "sharer": sharer, "max_downloads": max_downloads}
    if paths:
        body["uploads"] = _uploads(api, link, paths)
    if expires_hours is not None:
        body["expires_hours"] = expires_hours
    if password_file is not None:
        body["password"] = first_line(password_file)
    made = api.share(body)
    if as_json:
        print_json(made)
    else:
        say(plain_text(made.get("address")))


@share.command("list")
@link_argument
@as_json
@server_options
def list_shares(api: Api, link: str, as_json: bool) -> None:
    """What is shared of a link's files, the newest first."""
    found = api.shares(link)
    if as_json:
        print_json({"shares": found})
    else:
        print_table(("SHARE", "TITLE", "FILES", "EXPIRES", "DOWNLOADS", "PASSWORD"), [_row(each) for each in found])


@share.command()
@click.argument("share", metavar="SHARE")
@server_options
def end(api: Api, share: str) -> None:
    """Share these files no longer. SHARE is an address, or what stands at its end."""
    api.end_share(share.rstrip("/").rpartition("/")[2])
    say("Shared no longer.")


@click.command()
@link_argument
@click.argument("path")
@click.argument("new", metavar="NEW_PATH")
@server_options
def rename(api: Api, link: str, path: str, new: str) -> None:
    """Rename the received file PATH, or move it to another folder of its link."""
    say(plain_text(api.rename(link, path, new).get("path")))


def _uploads(api: Api, link: str, paths: Sequence[str]) -> list[str]:
    """The uploads that brought these files, of several of one path the newest. Raises ApiError."""
    newest: dict[str, str] = {}
    for file in api.files(link):
        path, upload = file.get("path"), file.get("upload_id")
        if isinstance(path, str) and isinstance(upload, str):
            newest.setdefault(path, upload)
    for each in paths:
        if each not in newest:
            raise ApiError(f"The link has no file {plain_text(each)}. 'droppr request files' lists what has arrived.")
    return [newest[each] for each in paths]


def _row(share: JSON) -> tuple[str, ...]:
    most = wire.whole(share.get("max_downloads"), 0, 2**63)
    done = wire.whole(share.get("downloads"), 0, 2**63)
    expires = share.get("expires_at")
    when = "never" if expires is None else time_text(expires)
    return (
        plain_text(share.get("hash")),
        plain_text(share.get("title") or "-"),
        "all" if share.get("files") is None else plain_text(share.get("files")),
        "expired" if share.get("expired") is True else when,
        (UNKNOWN if done is None else str(done)) + (f" of {most}" if most else ""),
        "yes" if share.get("requires_password") is True else "no",
    )
