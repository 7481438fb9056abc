"""The command line, ``droppr``."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from droppr_client.api import Api
from droppr_client.options import as_json, local_url, server_options
from droppr_client.output import count_text, end_with, end_with_fault, print_facts, print_json, say, size_text

if TYPE_CHECKING:
    from app.settings import Settings

WRONG_SETTINGS = 2
_ELSEWHERE = {
    "account": "droppr_client.account_commands",
    "audit": "droppr_client.audit_commands",
    "share": "droppr_client.share_commands",
    "endpoint": "droppr_client.message_commands",
    "key": "droppr_client.key_commands",
    "message": "droppr_client.message_commands",
    "migrate": "droppr_client.migrate_command",
    "request": "droppr_client.request_commands",
    "search": "droppr_client.search_command",
    "settings": "droppr_client.settings_commands",
    "template": "droppr_client.template_commands",
    "upload": "droppr_client.upload_command",
    "verify": "droppr_client.verify",
}
"""Commands and the modules that have them: importing all of these takes longer than many an upload."""
_PLAIN = re.compile(r"[\w/.+-]+", re.ASCII)
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")
"""What ProtectHome and PrivateTmp, which stand in all units, take out of sight."""


class Program(click.Group):
    """Says what is wrong with a command line as everything is said: file names are part of it where a shell put them
    in, and they are the choice of others."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*super().list_commands(context), *_ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _ELSEWHERE:
            return super().get_command(context, name)
        command: click.Command = getattr(import_module(_ELSEWHERE[name]), name)
        return command

    def main(self, *args: Any, standalone_mode: bool = True, **more: Any) -> Any:
        run: Callable[..., Any] = super().main
        try:
            code = run(*args, standalone_mode=False, **more)
        except click.ClickException as error:
            if not standalone_mode:
                raise
            end_with(error)
        except click.Abort:
            if not standalone_mode:
                raise
            say("Stopped.", err=True)
            sys.exit(1)
        except Exception as error:
            if not standalone_mode:
                raise
            end_with_fault(error)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


@click.group(cls=Program, context_settings={"auto_envvar_prefix": "DROPPR", "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="droppr")
def main() -> None:
    """Collect big files from other people by a link, and send them.

    \b
    Make a link:         droppr request create holiday --title 'Our photos'
    Send to a link:      droppr upload photos film.mov --to LINK
    See what arrived:    droppr request files LINK
    Pull what arrived:   droppr request fetch LINK ./inbox
    Find what it says:   droppr search rent for the boathouse

    Every option can be set in the environment, too: --limit-rate of upload is DROPPR_UPLOAD_LIMIT_RATE.
    """


@main.command()
def serve() -> None:
    """Start the server with the settings of the environment and .env."""
    settings = server_settings()
    os.umask(settings.umask)
    from app.settings import SHIPPED

    _greet(settings)
    sys.stdout.flush()
    config = SHIPPED / "media-server" / "gunicorn.conf.py"
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(config), "app:create_app()"])


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def units(folder: Path) -> None:
    """Write the systemd units into FOLDER, such as /etc/systemd/system, with the paths of this installation."""
    try:
        from app.settings import SHIPPED
    except ImportError as error:
        raise click.ClickException(_not_installed(error)) from error
    program = Path(sysconfig.get_path("scripts")) / "droppr"
    if odd := next((path for path in (SHIPPED, program) if not _PLAIN.fullmatch(str(path))), None):
        raise click.ClickException(f"systemd would not understand {odd}: install Droppr below a path of plain letters.")
    for unit in sorted((SHIPPED / "systemd").iterdir()):
        target = folder / unit.name
        try:
            target.write_text(placed(unit.read_text(), program, SHIPPED))
        except OSError as error:
            raise click.ClickException(f"{target} cannot be written: {error.strerror}.") from error
        say(str(target))
    if hidden := next((each for each in _HIDDEN if SHIPPED.is_relative_to(each)), None):
        say(f"The units hide {hidden} from what they start: install Droppr in another place.", err=True)


def placed(unit: str, program: Path, shipped: Path) -> str:
    """A unit's text, which is written for a repository in /opt/droppr, for ``program`` and the files in ``shipped``."""
    return re.sub(r"/opt/droppr(/\.venv/bin/droppr)?", lambda found: str(program if found[1] else shipped), unit)


@main.command()
def cleanup() -> None:
    """Remove uploads that were left alone for too long. Safe while the server runs."""
    settings = server_settings()
    os.umask(settings.umask)
    from app.core.errors import UploadError
    from app.storage.disk.data_folder import UnusableDataFolder
    from app.wiring import build
    from app.wiring.audit import at_the_keyboard

    try:
        services = build(settings)
        removed = services.sweep(at_the_keyboard())
        left = sum(counts.open for _, counts in services.links.file_requests.all())
    except (UploadError, UnusableDataFolder, OSError) as error:
        raise click.ClickException(str(error)) from error
    on_their_way = f" Still on their way: {left:,}." if left else ""
    say(f"Removed {count_text(removed, 'unfinished upload')}.{on_their_way}")


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--no-files", is_flag=True, help="Leave received files out, to copy them afterwards by other means.")
def backup(folder: Path, no_files: bool) -> None:
    """Copy the data folder into FOLDER as one consistent set, while the server runs. Again into the same FOLDER copies only
    what is new. The copy holds secrets: the password of the mail server, keys, the admin token."""
    settings = server_settings()
    os.umask(0o077)
    from app.core.audit import Act
    from app.core.errors import UploadError
    from app.storage.disk.data_folder import UnusableDataFolder
    from app.storage.sql.backup import back_up
    from app.wiring.audit import note_command

    try:
        files, size = back_up(settings.data_dir, folder, settings.database_url is None, not no_files)
        note_command(settings, Act.BACKUP_MADE, folder=str(folder.absolute()), new_files=files, bytes=size)
    except (UploadError, UnusableDataFolder, OSError) as error:
        raise click.ClickException(str(error)) from error
    say(f"Copied the links and {count_text(files, 'new file')} ({size_text(size)}) to {folder}.")
    say(
        "Keep it as safe as the data folder: among it are the admin token, the server's keys and the mail server's password."
    )
    if settings.database_url is not None:
        say(
            "Links and settings stand in the database that DROPPR_DATABASE_URL names: back that up with pg_dump, before each copy of the files."
        )


@main.command()
@as_json
@server_options
def status(api: Api, as_json: bool) -> None:
    """Whether the server is ready, and what it is doing."""
    found = {**api.readiness(), **_upload_status(api)}
    if as_json:
        print_json(found)
    else:
        print_facts([("server", api.url), *_flattened(found)])


def _upload_status(api: Api) -> dict[str, Any]:
    """What the server does at the moment, which only its owner may know."""
    return api.upload_status() if api.has_token else {}


def _flattened(document: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    for name, value in document.items():
        label = f"{above}{name}".replace("_", " ")
        if isinstance(value, dict):
            facts += _flattened(value, f"{label}: ")
        elif not isinstance(value, list):  # Such as samples of the last minutes, which are for programs.
            facts.append((label, str(value)))
    return facts


def server_settings() -> Settings:
    """The settings; all that is wrong with them is told together, and ends the command."""
    try:
        from app.settings import InvalidSettings, load_settings
    except ImportError as error:
        raise click.ClickException(_not_installed(error)) from error
    try:
        return load_settings()
    except InvalidSettings as error:
        for line in ["The settings do not make sense:", *str(error).splitlines()]:
            say(line, err=True)
        sys.exit(WRONG_SETTINGS)


def _not_installed(error: ImportError) -> str:
    return f"The server is not installed here ({error.name} is missing): pip install 'droppr[server]'."


def _greet(settings: Settings) -> None:
    """Make the data folder and print where things are; the token only when it was made just now, and only on a
    terminal: anywhere else it would stay in a log."""
    from app.core.errors import UploadError
    from app.services.accounts.owner_token import FILE_NAME
    from app.storage.disk.data_folder import UnusableDataFolder, make_data_folder
    from app.storage.disk.readiness import check_start
    from app.storage.disk.secret_file import load_or_create
    from app.storage.sql.takeover import open_catalogue

    try:
        make_data_folder(settings.data_dir, settings.umask)
        check_start(settings.data_dir)
        open_catalogue(settings.data_dir, settings.database_url).close()
        kept = settings.data_dir / FILE_NAME
        token, made = (settings.admin_token, False) if settings.admin_token else load_or_create(kept)
    except (UploadError, UnusableDataFolder, OSError) as error:
        raise click.ClickException(f"The data folder {settings.data_dir} cannot be used: {error}") from error
    if settings.unix_socket:
        say(f"Droppr listens on {settings.unix_socket}, for nginx in front of it.")
    else:
        url = local_url()
        say(f"Droppr:      {url}")
        say(f"Admin page:  {url}/admin")
    say(f"Data:        {settings.data_dir}")
    if made and sys.stdout.isatty():
        say(f"Admin token: {token}")
        say(f"It is shown this once and kept in {kept}.")
    elif not settings.admin_token:
        say(f"Admin token: kept in {kept}")
