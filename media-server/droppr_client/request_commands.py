"""``droppr request …``: the owner's links from the command line."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import IO, Any

import click

from app.core.standing import LinkFilter, LinkOrder, LinkSort
from app.core.terms import TERMS, Kind, Term
from droppr_client import many_links
from droppr_client.api import JSON, UNLIKE_DROPPR, Api, ApiError
from droppr_client.checklist_commands import accept, asked_text, due_text, parties, progress_text, return_
from droppr_client.fetch_commands import fetch, watch
from droppr_client.file_commands import files
from droppr_client.message_commands import remind, send
from droppr_client.open_commands import cancel, uploads
from droppr_client.options import Written, as_json, link_argument, server_options
from droppr_client.output import (
    UNKNOWN,
    count_text,
    limit_text,
    plain_text,
    print_facts,
    print_json,
    print_table,
    say,
    size_text,
    time_text,
)
from droppr_client.share_commands import rename
from droppr_client.template_commands import template_id
from droppr_client.terms import named_terms, terms_options

_OWNER = "account:NAME or team:NAME: yourself or a team of yours; an admin names anybody, also owner: who holds the admin token."
_ADDRESS = re.compile(r"https?://[^/]")


@click.group()
def request() -> None:
    """Make, list, show, change and close links, see and cancel what is on its way, and pull what arrived. LINK is a link's address or its hash."""


@request.command()
@click.argument("folder")
@click.option(
    "--csv",
    "table",
    cls=Written,
    type=click.File("rb"),
    metavar="FILE",
    help="Make one for each row of this table; - is standard input.",
)
@click.option("--send-to", metavar="ADDRESS", help="Mail the link there, or to several with commas between them.")
@click.option("--send-text", default="", help="What that mail says before the link.")
@click.option("--owner", metavar="OWNER", help=f"Whose it is. {_OWNER}")
@click.option("--template", metavar="NAME", help="Set what this template sets, but what other options say.")
@terms_options
@as_json
@server_options
def create(
    api: Api,
    folder: str,
    table: IO[bytes] | None,
    send_to: str | None,
    send_text: str,
    template: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a link into FOLDER, a path below the server's files.

    Without --expires-hours it is open for as long as the server's links usually are: a week, unless its owner set something else.

    With --csv, FOLDER and the texts of options name columns of the table in braces, such as 'clients/{name}' and --title 'Papers of {name}'.
    A column called name and one called email say for whom each link is, and one called language in which language they read (de, fr …),
    unless --recipient-name, --recipient-email and --recipient-language do.
    Printed is the table with the links in it; called again with that, it makes those that are missing.
    """
    terms = named_terms(options) | ({} if template is None else {"template": template_id(api, template)})
    if table is not None:
        mail = {"send_to": send_to, "send_text": send_text} if send_to else {}
        _create_many(api, table, folder, as_json, terms | mail)
        return
    made = _with_link(api, api.create_request({"folder": folder, **terms}))
    if as_json:
        print_json(made)
    else:
        say(made["link"])
        # A script takes what is printed for the address.
        if sys.stdout.isatty():
            say(f"Expires: {time_text(made.get('expires_at'))}")
    if not _sent(api, made, send_to, send_text):
        raise click.exceptions.Exit(1)


def _sent(api: Api, made: JSON, to: str | None, text: str) -> bool:
    """Mail a new link to whom it is for, if it is for anybody; false where that is refused, which is said."""
    try:
        if to:
            api.invite(str(made.get("hash")), [to], text)
    except ApiError as error:
        say(f"{made['link']} is made, and not sent: {error}", err=True)
        return False
    return True


def _create_many(api: Api, file: IO[bytes], folder: str, as_json: bool, terms: dict[str, Any]) -> None:
    table = many_links.read_table(file)
    wanted = many_links.bodies(table, folder, terms)
    outcomes: list[bool] = []

    def make(body: JSON) -> str:
        to, text = body.pop("send_to", None), body.pop("send_text", "")
        made = _with_link(api, api.create_request(body))
        outcomes.append(_sent(api, made, to, text))
        return str(made["link"])

    rows = many_links.filled(table, wanted, make)
    if as_json:
        print_json({"rows": list(rows)})
    else:
        say(table.line())
        for row in rows:
            say(table.line(row))
    if not all(outcomes):
        raise click.exceptions.Exit(1)


@request.command("list")
@click.option(
    "--sort",
    type=click.Choice([each.value for each in LinkSort]),
    help="The last received and the last created come first, titles from A, and what expires soonest.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option(
    "--state",
    type=click.Choice([each.value for each in LinkFilter]),
    help="Only links that are so. not_begun: nothing came or is coming, and not closed; new: with files that you have not seen.",
)
@click.option("--owner", metavar="OWNER", help="Only links of this owner, such as account:ann or team:tax.")
@as_json
@server_options
def list_all(api: Api, sort: str | None, reverse: bool, state: str | None, owner: str | None, as_json: bool) -> None:
    """Every link with what it has received and who sent last, newest first."""
    usual = LinkOrder.usual(LinkSort(sort or LinkSort.CREATED))
    direction = ("asc" if usual.descending else "desc") if reverse else None
    links = [_with_link(api, each) for each in api.requests(sort=sort, direction=direction, state=state, owner=owner)]
    if as_json:
        print_json({"requests": links})
    else:
        titles = (
            "HASH",
            "STATE",
            "NEW",
            "FILES",
            "RECEIVED",
            "PROGRESS",
            "DUE",
            "ON THEIR WAY",
            "LAST",
            "SENDER",
            "EXPIRES",
            "FOLDER",
            "TITLE",
        )
        print_table(titles, [_row(each) for each in links])


@request.command()
@link_argument
@as_json
@server_options
def show(api: Api, link: str, as_json: bool) -> None:
    """All about one link."""
    found = next((each for each in api.requests() if each.get("hash") == link), None)
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
@click.option("--owner", metavar="OWNER", help=f"To whom it is given. {_OWNER}")
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
        say("Changed.")


@request.command()
@link_argument
@server_options
def close(api: Api, link: str) -> None:
    """Take no more uploads; what has arrived stays."""
    api.close_request(link)
    say("Closed.")
    if api.uploads(link, most=1):
        say("Uploads were on their way: 'droppr request cancel LINK --all' frees their room now.")


request.add_command(files)
request.add_command(uploads)
request.add_command(cancel)
request.add_command(fetch)
request.add_command(watch)
request.add_command(send)
request.add_command(parties)
request.add_command(accept)
request.add_command(return_)
request.add_command(remind)
request.add_command(rename)


def _with_link(api: Api, link: JSON) -> JSON:
    """The link with the address to pass on: the one that its server was told it has, else as it was named to us, who know
    better how we have reached it than a server behind a proxy."""
    url, told = link.get("url"), link.get("link")
    if not isinstance(url, str) or not url.startswith("/"):
        raise ApiError(f"{api.url} {UNLIKE_DROPPR}")
    if link.get("link_as_asked") is False and isinstance(told, str) and _ADDRESS.match(told) and told.endswith(url):
        return link
    return {**link, "link": api.url + url}


def _last(link: JSON) -> str:
    """When the newest file came."""
    at = link.get("last_received_at")
    return "-" if at is None else time_text(at)


def _row(link: JSON) -> tuple[str, ...]:
    return (
        plain_text(link.get("hash")),
        plain_text(link.get("state")),
        _number(link.get("files_new")),
        _number(link.get("files_received")),
        size_text(link.get("bytes_received")),
        progress_text(link),
        due_text(link),
        _number(link.get("uploads_open")),
        _last(link),
        plain_text(link.get("last_sender") or "-"),
        time_text(link.get("expires_at")),
        plain_text(link.get("folder")),
        plain_text(link.get("title")),
    )


def _facts(link: JSON) -> list[tuple[str, str]]:
    received = f"{count_text(link.get('files_received'), 'file')}, {size_text(link.get('bytes_received'))}"
    return [
        ("Link", link["link"]),
        ("State", plain_text(link.get("state"))),
        ("Folder", plain_text(link.get("folder"))),
        ("Owner", plain_text(link.get("owner") or "owner")),
        ("Made", time_text(link.get("created_at"))),
        *((term.label, _term_text(term, link)) for term in TERMS if term.field != "active"),
        ("Received", received),
        ("Progress", progress_text(link)),
        ("Not seen yet", _number(link.get("files_new"))),
        ("Last", _last(link)),
        ("Last sender", plain_text(link.get("last_sender") or "-")),
        ("On their way", _number(link.get("uploads_open"))),
    ]


def _term_text(term: Term, link: JSON) -> str:
    """What is set on a link, for people."""
    if term.kind is Kind.SECRET:
        return "yes" if link.get("requires_password") else "no"
    return _TERM_TEXTS.get(term.kind, plain_text)(link.get(term.field))


def _extensions(named: object) -> str:
    return ", ".join(map(plain_text, named if isinstance(named, list) else [])) or "all"


def _destination(named: object) -> str:
    place = named if isinstance(named, dict) else {}
    match place.get("kind"):
        case "s3":
            return "/".join(filter(None, ("s3:/", plain_text(place.get("bucket")), plain_text(place.get("prefix")))))
        case "drive":
            return f"drive:{plain_text(place.get('folder_id'))}"
    return "nowhere"


def _origins(named: object) -> str:
    if not isinstance(named, list):
        return "addresses that the server allows"
    return ", ".join(map(plain_text, named)).replace("*", "all addresses") or "this server only"


def _addresses(named: object) -> str:
    if not isinstance(named, list):
        return "whom the server names"
    return ", ".join(map(plain_text, named)) or "nobody"


def _days(named: object) -> str:
    days = [each for each in named if isinstance(each, int)] if isinstance(named, list) else []
    told = [f"{count_text(abs(each), 'day')} {'before' if each > 0 else 'after'}" if each else "then" for each in days]
    return ", ".join(told) or "nobody"


_TERM_TEXTS: dict[Kind, Callable[[Any], str]] = {
    Kind.HOURS: time_text,
    Kind.TIME: lambda value: "never" if value is None else time_text(value),
    Kind.DAYS: _days,
    Kind.SIZE: limit_text,
    Kind.COUNT: lambda value: _number(value or "no limit"),
    Kind.EXTENSIONS: _extensions,
    Kind.ORIGINS: _origins,
    Kind.ADDRESSES: _addresses,
    Kind.ITEMS: asked_text,
    Kind.QUESTIONS: asked_text,
    Kind.DESTINATION: _destination,
    Kind.CHOICE: lambda value: plain_text(value).replace("_", " "),
    Kind.SWITCH: lambda value: "yes" if value is True else "no",
}


def _number(value: object) -> str:
    return str(value) if isinstance(value, int | str) else UNKNOWN
