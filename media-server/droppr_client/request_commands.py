"""``droppr request …``: the owner's links from the command line."""

from __future__ import annotations

from typing import Any

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.fetch_commands import fetch, watch
from droppr_client.open_commands import cancel, uploads
from droppr_client.options import as_json, link_argument, named_terms, server_options, terms_options
from droppr_client.output import count_text, limit_text, print_facts, print_json, print_table, size_text, time_text


@click.group()
def request() -> None:
    """Make, list, show, change and close links, see and cancel what is on its way, and pull what arrived. LINK is a link's address or its hash."""


@request.command()
@click.argument("folder")
@terms_options
@as_json
@server_options
def create(api: Api, folder: str, as_json: bool, **options: Any) -> None:
    """Make a link into FOLDER, a path below the server's files."""
    made = _with_link(api, api.create_request({"folder": folder, **named_terms(options)}))
    if as_json:
        print_json(made)
    else:
        click.echo(made["link"])


@request.command("list")
@as_json
@server_options
def list_all(api: Api, as_json: bool) -> None:
    """Every link with what it has received, newest first."""
    links = [_with_link(api, each) for each in api.requests()]
    if as_json:
        print_json({"requests": links})
    else:
        titles = ("HASH", "STATE", "FILES", "RECEIVED", "ON THEIR WAY", "EXPIRES", "FOLDER", "TITLE")
        print_table(titles, [_row(each) for each in links])


@request.command()
@link_argument
@as_json
@server_options
def show(api: Api, link: str, as_json: bool) -> None:
    """All about one link."""
    found = next((each for each in api.requests() if each["hash"] == link), None)
    if found is None:
        raise ApiError("There is no such link.", 404)
    found = _with_link(api, found)
    if as_json:
        print_json(found)
    else:
        print_facts(_facts(found))


@request.command()
@link_argument
@terms_options
@click.option("--active/--inactive", default=None, help="Open a closed link again, or close it.")
@as_json
@server_options
def edit(api: Api, link: str, as_json: bool, **options: Any) -> None:
    """Change what is named and nothing else."""
    terms = named_terms(options)
    if not terms:
        raise click.UsageError("Name at least one thing to change, such as --title.")
    changed = _with_link(api, api.edit_request(link, terms))
    if as_json:
        print_json(changed)
    else:
        click.echo("Changed.")


@request.command()
@link_argument
@server_options
def close(api: Api, link: str) -> None:
    """Take no more uploads; what has arrived stays."""
    api.close_request(link)
    click.echo("Closed.")
    if api.uploads(link, most=1):
        click.echo("Uploads were on their way: 'droppr request cancel LINK --all' frees their room now.")


@request.command()
@link_argument
@as_json
@server_options
def files(api: Api, link: str, as_json: bool) -> None:
    """What has arrived."""
    found = api.files(link)
    if as_json:
        print_json({"files": found})
    else:
        print_table(("RECEIVED", "SIZE", "SENDER", "SHA-256", "PATH"), [_file_row(each) for each in found])


request.add_command(uploads)
request.add_command(cancel)
request.add_command(fetch)
request.add_command(watch)


def _with_link(api: Api, link: JSON) -> JSON:
    """The link with the address to pass on, which only the caller of the server knows."""
    return {**link, "link": api.url + link["url"]}


def _state(link: JSON) -> str:
    if not link["active"]:
        return "closed"
    return "expired" if link.get("expired") else "open"


def _row(link: JSON) -> tuple[str, ...]:
    return (
        link["hash"],
        _state(link),
        str(link["files_received"]),
        size_text(link["bytes_received"]),
        str(link["uploads_open"]),
        time_text(link["expires_at"]),
        link["folder"],
        link["title"],
    )


def _facts(link: JSON) -> list[tuple[str, str]]:
    return [
        ("Link", link["link"]),
        ("State", _state(link)),
        ("Folder", link["folder"]),
        ("Title", link["title"]),
        ("Message", link["message"]),
        ("Made", time_text(link["created_at"])),
        ("Expires", time_text(link["expires_at"])),
        ("Password", "yes" if link["requires_password"] else "no"),
        ("Largest file", limit_text(link["max_file_size"])),
        ("All files", limit_text(link["max_total_size"])),
        ("Number of files", str(link["max_files"] or "no limit")),
        ("Extensions", ", ".join(link["allowed_extensions"]) or "all"),
        ("Captcha", link["captcha"].replace("_", " ")),
        ("Asks for name", link["ask_name"]),
        ("Asks for e-mail", link["ask_email"]),
        ("Received", f"{count_text(link['files_received'], 'file')}, {size_text(link['bytes_received'])}"),
        ("On their way", str(link["uploads_open"])),
    ]


def _file_row(file: JSON) -> tuple[str, ...]:
    sender = " ".join(filter(None, (file["sender_name"], file["sender_email"]))) or "-"
    digest = (file["sha256"] or "not yet known")[:16]
    return (time_text(file["received_at"]), size_text(file["size"]), sender, digest, file["path"])
