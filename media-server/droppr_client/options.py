"""What several commands take: the server, the token, a link."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from droppr_client.api import Api, ApiError
from droppr_client.output import ask_secret, say
from droppr_client.upload.connection import without_sentence

R = TypeVar("R")

_FACTORS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_ORIGIN = "droppr_client.origin"
"""Where a context keeps the server that a link's address names."""
MAX_SECRET_LENGTH = 8192
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


class Size(click.ParamType[int]):
    """Bytes, or a number with a unit of 1024: 500M, 2GiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not a size. Write 2GiB, 500M or a number of bytes.", param, ctx)
        size = float(match[1]) * _FACTORS[match[2].lower()]
        if size >= 2**63:
            self.fail(f"{value!r} is larger than anything.", param, ctx)
        return int(size)


class Written(click.Option):
    """An option whose variable is called as the option is written, not as the parameter that it fills."""

    @property
    def written(self) -> str:
        return self.opts[0].lstrip("-").replace("-", "_")

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        return os.environ.get(f"{ctx.auto_envvar_prefix}_{self.written}".upper()) or None


as_json = click.option("--json", "as_json", is_flag=True, cls=Written, help="For programs.")
as_json_lines = click.option(
    "--json", "as_json", is_flag=True, cls=Written, help="One JSON object a line, for programs."
)


def server_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add --server, --token and --token-file, hand an Api to ``command`` first, and tell what it refuses in one sentence."""

    @click.option("--server", envvar="DROPPR_URL", metavar="URL", help="The server. Default: the one on this machine.")
    @click.option(
        "--token",
        envvar="DROPPR_ADMIN_TOKEN",
        help="The admin token, or a key; - asks for it. Default: this machine's, if --server is not named. Others may see command "
        "lines: rather use --token-file.",
    )
    @click.option(
        "--token-file",
        type=click.File(),
        envvar="DROPPR_ADMIN_TOKEN_FILE",
        help="Its first line is the admin token, or a key; - is standard input.",
    )
    @wraps(command)
    def connected(*args: Any, server: str | None, token: str | None, token_file: IO[str] | None, **kwargs: Any) -> R:
        try:
            token = _token(token, token_file)
            # The data folder's token is for the server that runs on it and must not go to any other.
            api = Api(server, token) if server else Api(local_url(), token or local_token())
            with closing(api):
                return command(api, *args, **kwargs)
        except ApiError as error:
            raise click.ClickException(f"{error}{_hint(server, error)}") from error

    return connected


def first_line(file: IO[str]) -> str:
    """A secret that stands in a file. Raises BadParameter where it is no text."""
    try:
        return file.readline(MAX_SECRET_LENGTH).rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise click.BadParameter(f"The file {file.name} cannot be read: {error}") from error


def _token(token: str | None, file: IO[str] | None) -> str | None:
    """What is named on the command line is meant, rather than what is in the environment."""
    named = click.get_current_context().get_parameter_source("token") is ParameterSource.COMMANDLINE
    if file is not None and not named:
        return first_line(file)
    return ask_secret("The admin token") if token == "-" else token


def _hint(server: str | None, error: ApiError) -> str:
    """What to do where another server may have been meant than the one that was asked."""
    if server or error.status not in (None, 401, 404):
        return ""
    # A link's own server is not asked unbidden: the owner's token goes nowhere that the owner has not named.
    origin = click.get_current_context().meta.get(_ORIGIN)
    if origin:
        return f" The link is one of {origin}: if that is another server, name it with --server {origin}."
    return "" if error.status else " Name the server with --server or DROPPR_URL."


def hash_of(link: str) -> str:
    """The hash of a link, which may be written as its whole address, with what a letter put behind it."""
    return without_sentence(link).partition("#")[0].rstrip("/").rpartition("/")[2].partition("?")[0]


def _noted_hash(context: click.Context, _parameter: click.Parameter, link: str) -> str:
    try:
        address = urlsplit(without_sentence(link))
    except ValueError:  # no address, so that it must be a hash
        return hash_of(link)
    if address.scheme in ("http", "https") and address.netloc:
        path = address.path.rpartition("/request/")[0].rstrip("/")
        context.meta[_ORIGIN] = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{path}"
    return hash_of(link)


link_argument = click.argument("link", callback=_noted_hash)


def local_url() -> str:
    """Where a server with this machine's settings listens."""
    settings = _local_settings()
    if settings is None:
        return "http://127.0.0.1:8000"
    if settings.unix_socket is not None:
        raise click.ClickException("The server here listens on a unix socket: name nginx's address with --server.")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://[{host}]:{settings.port}" if ":" in host else f"{scheme}://{host}:{settings.port}"


def local_token() -> str | None:
    settings = _local_settings()
    if settings is None:
        return None
    try:
        # The server makes this file on its first start.
        return settings.admin_token or (Path(settings.data_dir) / "admin_token").read_text().strip()
    except OSError:
        return None


def _local_settings() -> Any:
    """This machine's settings; None where only the client is installed."""
    try:
        from app.settings import InvalidSettings, load_settings
    except ImportError:
        return None
    try:
        return load_settings()
    except InvalidSettings as error:
        for line in str(error).splitlines():
            say(line, err=True)
        sentence = "The settings here do not make sense. Name the server with --server, or put them right."
        raise click.ClickException(sentence) from error
