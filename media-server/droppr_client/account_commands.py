"""``droppr account``: who may log in, on the data folder of this machine, whether its server runs or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import click

from droppr_client.options import Size, as_json, first_line, local_url
from droppr_client.output import (
    ask_first,
    ask_secret,
    count_text,
    print_facts,
    print_json,
    print_table,
    say,
    size_text,
    time_text,
)

if TYPE_CHECKING:
    from app.core.accounts import Account
    from app.core.actors import Actor
    from app.core.quotas import Quota
    from app.services.accounts.people import People
    from app.wiring.accounts import AccountsHere

ROLES = ["admin", "member", "viewer"]
LANGUAGES = ["ar", "de", "en", "es", "fr", "ja", "pl"]
name_argument = click.argument("name")
_role = click.option(
    "--role", type=click.Choice(ROLES), default="member", help="What they may do: all, make links, or only look."
)
_team = click.option("--team", "teams", multiple=True, metavar="TEAM", help="A team whose links they see. Repeatable.")
password_file = click.option(
    "--password-file", type=click.File(), help="Its first line is the password; - is standard input."
)


@click.group()
def account() -> None:
    """Who may log in at this machine's server by a name of their own. Works on the data folder itself."""


@account.command()
@name_argument
@_role
@_team
@click.option("--name", "display_name", default="", metavar="TEXT", help="What people call them.")
@click.option("--email", default="", metavar="ADDRESS", help="Their mail address.")
@password_file
def create(name: str, role: str, password_file: IO[str] | None, **details: Any) -> None:
    """Make an account. The password is asked for, unseen."""
    with _people() as (people, by):
        from app.core.accounts import Role

        made = people.add(name, Role(role), _password(password_file), by, **details)
    say(f"Made {made.name} ({made.role}).")


@account.command()
@_role
@_team
@click.option("--email", default="", metavar="ADDRESS", help="Whom it is for; it becomes the account's address.")
@click.option("--mail", is_flag=True, help="Have the server mail it there.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the mail; that of the server if not said.")
def invite(role: str, teams: tuple[str, ...], email: str, mail: bool, language: str | None) -> None:
    """Make an address at which somebody chooses a name and a password, once, within seven days."""
    with accounts_opened() as (here, by):
        from app.core.accounts import Role

        writer = here.mails().writer(email, "", language, _address_to_mail) if mail else None
        made, code = here.people.invite(Role(role), by, teams=[*teams], email=email, mail=writer)
    say(f"{_public_url()}/join/{code}")
    if mail:
        say(f"The server mails it to {made.email}.", err=True)
    say(f"Good until {time_text(made.ends_at)}, for one {made.role}.", err=True)


@account.command("list")
@as_json
def list_accounts(as_json: bool) -> None:
    """Who has one, and what their links hold where there is a quota."""
    # Imported here for the same reason as below.
    from app.core.actors import EVERYTHING

    with accounts_opened() as (here, _):
        found = here.people.all()
        room = {each.owner: each for each in here.quotas.all(EVERYTHING)}
    if as_json:
        print_json({"accounts": [_document(each) | _room(room.get(each.owner)) for each in found]})
    else:
        rows = [
            (
                each.name,
                each.role.value,
                ", ".join(each.teams) or "-",
                "off" if each.disabled else "on",
                each.display_name or "-",
                each.email or "-",
                _used(room.get(each.owner)),
            )
            for each in found
        ]
        print_table(("NAME", "ROLE", "TEAMS", "STATE", "CALLED", "EMAIL", "QUOTA"), rows)


@account.command()
@name_argument
@as_json
def show(name: str, as_json: bool) -> None:
    """One account."""
    with _people() as (people, _):
        found = people.find(name)
    if as_json:
        print_json(_document(found))
        return
    facts = [
        ("name", found.name),
        ("called", found.display_name or "-"),
        ("email", found.email or "-"),
        ("role", found.role.value),
        ("teams", ", ".join(found.teams) or "-"),
        ("state", "off" if found.disabled else "on"),
        ("second factor", "on" if found.second_factor else "off"),
        ("made", time_text(found.created_at)),
    ]
    print_facts(facts)


@account.command()
@name_argument
def disable(name: str) -> None:
    """Switch an account off: its sessions end, and it cannot log in."""
    with _people() as (people, by):
        people.change(name, by, disabled=True)
    say(f"{name} is switched off.")


@account.command()
@name_argument
def enable(name: str) -> None:
    """Switch it on again."""
    with _people() as (people, by):
        people.change(name, by, disabled=False)
    say(f"{name} is switched on.")


@account.command()
@name_argument
@password_file
def password(name: str, password_file: IO[str] | None) -> None:
    """Give an account another password, which ends its sessions."""
    with _people() as (people, by):
        people.find(name)
        people.set_password(name, _password(password_file), by)
    say(f"{name} has another password. Its sessions have ended.")


@account.command()
@name_argument
@click.argument("role", type=click.Choice(ROLES))
def role(name: str, role: str) -> None:
    """Give an account another role, which ends its sessions."""
    with _people() as (people, by):
        from app.core.accounts import Role

        people.change(name, by, role=Role(role))
    say(f"{name} is {role} now.")


@account.command()
@name_argument
@click.argument("teams", nargs=-1)
def team(name: str, teams: tuple[str, ...]) -> None:
    """Say in which teams somebody is: those that are named, and no others."""
    with _people() as (people, by):
        changed = people.change(name, by, teams=teams)
    say(f"{name} is in {', '.join(changed.teams) or 'no team'}.")


@account.command()
@name_argument
@as_json
def passkeys(name: str, as_json: bool) -> None:
    """The passkeys of an account."""
    with accounts_opened() as (here, _):
        found = here.factors.passkeys.all(here.people.find(name).name)
    if as_json:
        print_json(
            {
                "passkeys": [
                    {"id": each.id, "name": each.name, "made_at": each.made_at, "used_at": each.used_at}
                    for each in found
                ]
            }
        )
        return
    rows = [
        (each.id, each.name, time_text(each.made_at), "-" if each.used_at is None else time_text(each.used_at))
        for each in found
    ]
    print_table(("ID", "NAME", "MADE", "USED"), rows)


@account.command("remove-passkey")
@name_argument
@click.argument("id")
def remove_passkey(name: str, id: str) -> None:
    """Remove one of an account's passkeys, by its id: one that was lost."""
    with accounts_opened() as (here, by):
        here.factors.passkeys.remove(here.people.find(name).name, id, by)
    say(f"{name} cannot log in by that passkey any more.")


@account.command("reset-second-factor")
@name_argument
def reset_second_factor(name: str) -> None:
    """Take away an account's second factor, its codes and its passkeys, for somebody who has lost it."""
    with accounts_opened() as (here, by):
        was_on = here.factors.reset(here.people.find(name).name, by)
    say(f"{name} logs in by the password alone." if was_on else f"{name} had no second factor.")


@account.command()
@name_argument
@as_json
def identities(name: str, as_json: bool) -> None:
    """As whom an account is known at a provider, or to a proxy in front: what it logs in by beside its password."""
    with accounts_opened() as (here, _):
        found = here.identities.all(here.people.find(name).name)
    if as_json:
        print_json({"identities": [asdict(each) for each in found]})
    else:
        rows = [(each.id, each.issuer, each.shown, time_text(each.made_at), time_text(each.used_at)) for each in found]
        print_table(("ID", "ISSUER", "KNOWN AS", "SINCE", "LAST USED"), rows)


@account.command()
@name_argument
@click.argument("id")
def unlink(name: str, id: str) -> None:
    """Have an account log in by this identity no more. What it began by it ends."""
    with accounts_opened() as (here, by):
        here.identities.unlink(name, id, spare_last=False, keep=b"", by=by)
    say(f"{name} does not log in by {id} any more.")


@account.command()
@click.argument("name")
@click.argument("size", type=Size())
def quota(name: str, size: int) -> None:
    """Let all links of an account hold so much together, such as 50G; 0 is no limit. NAME may be team:NAME."""
    from app.services.accounts.quotas import MOST

    if size > MOST:
        raise click.ClickException(f"A quota is {size_text(MOST)} at most.")
    with accounts_opened() as (here, by):
        found = here.quotas.set(name, size, by)
    if found is None:
        say(f"{name} has no quota.")
    else:
        say(f"{name} uses {size_text(found.used)} of {size_text(found.most)}.")


@account.command()
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove an account for good. Its own links go to whoever holds the admin token."""
    with _people() as (people, by):
        people.find(name)
        if not yes:
            ask_first(f"{name} cannot log in any more, and their links are yours then. Remove it?")
        links = people.remove(name, by)
    say(f"Removed {name}. Links that are the admin's now: {count_text(links, 'link')}.")


@contextmanager
def _people() -> Iterator[tuple[People, Actor]]:
    with accounts_opened() as (here, by):
        yield here.people, by


@contextmanager
def accounts_opened() -> Iterator[tuple[AccountsHere, Actor]]:
    """The accounts of this machine's data folder, and who runs the command. What is refused ends it in one sentence."""
    # Imported here as it is a part of the server, which a sender's installation lacks.
    from droppr_client.cli import server_settings

    settings = server_settings()
    os.umask(settings.umask)
    from app.core.errors import UploadError
    from app.storage.disk.data_folder import UnusableDataFolder
    from app.wiring.accounts import accounts_here
    from app.wiring.audit import at_the_keyboard

    try:
        with accounts_here(settings) as here:
            yield here, at_the_keyboard()
    except (UploadError, UnusableDataFolder, OSError) as error:
        raise click.ClickException(str(error)) from error


def _public_url() -> str:
    """Where people reach the server, as far as its settings say."""
    from droppr_client.cli import server_settings

    return server_settings().public_url or local_url()


def _address_to_mail(code: str) -> str:
    """The address of an invitation, as it is in a mail. A command has nobody who could ask for this machine by the right name."""
    from droppr_client.cli import server_settings

    address = server_settings().public_url
    if address is None:
        raise click.ClickException("Set DROPPR_PUBLIC_URL first, so that the mail leads to this server.")
    return f"{address}/join/{code}"


def _password(file: IO[str] | None) -> str:
    return first_line(file) if file is not None else ask_secret("Password", twice=True)


def _used(quota: Quota | None) -> str:
    return "-" if quota is None else f"{size_text(quota.used)} of {size_text(quota.most)}"


def _room(quota: Quota | None) -> dict[str, Any]:
    return {"quota": None if quota is None else {"most": quota.most, "used": quota.used}}


def _document(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "email": account.email,
        "role": account.role.value,
        "teams": [*account.teams],
        "disabled": account.disabled,
        "second_factor": account.second_factor,
        "created_at": account.created_at,
    }
