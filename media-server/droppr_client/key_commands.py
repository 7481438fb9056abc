"""``droppr key``: keys for programs, on the data folder of this machine, whether its server runs or not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from droppr_client.account_commands import accounts_opened
from droppr_client.options import as_json
from droppr_client.output import print_json, print_table, say, time_text

if TYPE_CHECKING:
    from app.core.keys import Key

SCOPES = ["links:read", "links:write", "files:read", "files:delete", "admin"]
_account = click.option(
    "--account", metavar="NAME", help="The account that it belongs to. Default: whoever holds the admin token."
)


@click.group()
def key() -> None:
    """Keys for programs, in place of the admin token: each for what it is needed for, and no longer than that. Works on the data folder
    itself."""


@key.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it is for. Repeatable; admin is everything.",
)
@_account
@click.option("--days", type=int, default=365, help="For how many days it is good; 0 for ever.")
def create(name: str, scopes: tuple[str, ...], account: str | None, days: int) -> None:
    """Make a key called NAME and print it, this once."""
    with accounts_opened() as (here, by):
        from app.core.actors import Scope

        theirs = here.people.find(account) if account else None
        made, text = here.keys.make(theirs, name, [Scope(each) for each in scopes], days, by)
    say(text)
    until = f"until {time_text(made.ends_at)}" if made.ends_at else "for ever"
    say(f"Good {until}, for {', '.join(sorted(made.scopes))}. It is shown this once.", err=True)


@key.command("list")
@_account
@as_json
def list_keys(account: str | None, as_json: bool) -> None:
    """Which keys there are. None of them is shown."""
    with accounts_opened() as (here, _):
        if account:
            here.people.find(account)
        found = here.keys.listed(account)
    if as_json:
        from app.web.wire.key_views import key_view

        print_json({"keys": [key_view(each, time.time()) for each in found]})
        return
    titles = ("ID", "NAME", "BEGINS", "ACCOUNT", "FOR", "LAST USED", "GOOD UNTIL")
    print_table(titles, [_row(each) for each in found])


@key.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Take back the key with this ID, which the list tells. It opens nothing from then on."""
    with accounts_opened() as (here, by):
        here.keys.revoke(key_id, None, by)
    say("That key opens nothing any more.")


def _row(key: Key) -> tuple[str, ...]:
    over = " (over)" if key.is_over(time.time()) else ""
    return (
        key.id,
        key.name,
        key.hint,
        key.account or "-",
        ", ".join(sorted(key.scopes)),
        time_text(key.used_at) if key.used_at else "never",
        time_text(key.ends_at) + over if key.ends_at else "for ever",
    )
