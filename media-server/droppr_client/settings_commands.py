"""``droppr settings``: what an owner sets while the server runs, on the data folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from droppr_client.options import as_json
from droppr_client.output import print_json, print_table, say

if TYPE_CHECKING:
    from app.current import CurrentSettings
    from app.services.operations.setting_changes import SettingChanges

LOGO = "logo"


@click.group()
def settings() -> None:
    """What can be set while the server runs: mail, who asks, defaults, how long things are kept. The server takes it up within a
    second or two. What its environment sets counts before."""


@settings.command("list")
@as_json
def list_settings(as_json: bool) -> None:
    """Every setting, what it is and who says so. Passwords are not shown."""
    with _opened() as (current, _):
        from app.web.wire.settings_views import settings_view

        found = settings_view(current)
        if as_json:
            print_json(found)
            return
        rows = [(each["name"], _value(each), each["unit"], _source(each)) for each in found["settings"]]
        logo = found["logo"]
        rows.append((LOGO, "a picture" if logo["shown"] else "", "", _source(logo)))
        print_table(("NAME", "VALUE", "UNIT", "SET BY"), rows)


@settings.command("set")
@click.argument("name")
@click.argument("value")
def set_one(name: str, value: str) -> None:
    """Set NAME to VALUE, written as for the environment. A VALUE of - is read from the input, so that no password stands on the
    command line. The value of logo is the path of a picture."""
    with _opened() as (_, changes):
        from app.wiring.audit import at_the_keyboard

        if name == LOGO:
            changes.put_logo(Path(value).expanduser().read_bytes(), at_the_keyboard())
        else:
            text = sys.stdin.readline().rstrip("\n") if value == "-" else value
            changes.change({_known(name): text}, at_the_keyboard())
    say(f"{name} is set.")


@settings.command()
@click.argument("name")
def unset(name: str) -> None:
    """Take away what was set for NAME: the environment counts, else the default."""
    with _opened() as (_, changes):
        from app.wiring.audit import at_the_keyboard

        if name == LOGO:
            changes.remove_logo(at_the_keyboard())
        else:
            changes.change({_known(name): None}, at_the_keyboard())
    say(f"{name} is not set here any more.")


@contextmanager
def _opened() -> Iterator[tuple[CurrentSettings, SettingChanges]]:
    """The settings of the data folder. What goes wrong ends the command with a sentence."""
    from droppr_client.cli import server_settings

    base = server_settings()
    os.umask(base.umask)
    from app.core.errors import UploadError
    from app.storage.disk.data_folder import UnusableDataFolder, make_data_folder
    from app.storage.sql.takeover import open_catalogue
    from app.wiring.settings import changes_of

    try:
        make_data_folder(base.data_dir, base.umask)
        catalogue = open_catalogue(base.data_dir, base.database_url)
        try:
            yield changes_of(base, catalogue)
            catalogue.sync()
        finally:
            catalogue.close()
    except UploadError as error:
        fields = error.details.get("fields")
        told = "\n".join(map(str, fields.values())) if isinstance(fields, dict) else error.message
        raise click.ClickException(told) from error
    except (UnusableDataFolder, OSError) as error:
        raise click.ClickException(str(error)) from error


def _known(name: str) -> str:
    """The setting of this name, which may be the variable's. Raises ClickException where it cannot be changed in this way."""
    from app.changeable import BY_NAME

    plain = name.removeprefix("DROPPR_").lower()
    if plain not in BY_NAME:
        raise click.ClickException(
            f"{name} cannot be set here. 'droppr settings list' shows what can; everything else is set where the server is started."
        )
    return plain


def _value(setting: object) -> str:
    from app.web.wire.settings_views import SettingReply

    each: SettingReply = setting  # type: ignore[assignment]
    parts = each["parts"]
    if parts is None:
        return each["value"] or ""
    user = f"{parts['user']}@" if parts["user"] else ""
    return f"{parts['secure']}://{user}{parts['host']}:{parts['port']}"


def _source(each: object) -> str:
    found: dict[str, str] = each  # type: ignore[assignment]
    return {"environment": found["variable"], "page": "its owner", "default": ""}[found["source"]]
