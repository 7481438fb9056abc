"""``droppr request files``: what has arrived, and what of it is there more than once."""

from __future__ import annotations

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import as_json, link_argument, server_options
from droppr_client.output import plain_text, print_json, print_table, size_text, time_text


@click.command()
@link_argument
@click.option(
    "--duplicates", is_flag=True, help="Only files whose content the link has more than once, by their SHA-256."
)
@click.option(
    "--copies",
    is_flag=True,
    help="Only files whose content is there more than once, on this link or on others that you may see, and where.",
)
@as_json
@server_options
def files(api: Api, link: str, duplicates: bool, copies: bool, as_json: bool) -> None:
    """What has arrived."""
    if duplicates and copies:
        raise click.UsageError("--copies tells of --duplicates, too: name one of them.")
    found = _copied(api, link) if copies else api.files(link, repeated=duplicates)
    if as_json:
        print_json({"files": found})
        return
    if duplicates or copies:
        # Those of one content stand together, the first to arrive on top.
        found.sort(key=lambda each: (plain_text(each.get("sha256")), _arrival(each)))
    if copies:
        print_table(("SHA-256", "RECEIVED", "PATH", "ALSO"), [_elsewhere_row(each) for each in found])
    elif duplicates:
        print_table(("SHA-256", "RECEIVED", "SIZE", "SENDER", "PATH"), [_copy_row(each) for each in found])
    else:
        print_table(
            ("RECEIVED", "LAST CHANGED", "SIZE", "SENDER", "SHA-256", "PATH"), [_file_row(each) for each in found]
        )


def _copied(api: Api, link: str) -> list[JSON]:
    """The files that are there more than once. Raises ApiError of a server that does not know of other links."""
    found = api.files_with_copies(link)
    if any(not isinstance(each.get("copies"), list) for each in found):
        raise ApiError("This server cannot tell of copies on other links: it is older than this command.")
    return [each for each in found if each.get("same_as") is not None or each["copies"]]


def _file_row(file: JSON) -> tuple[str, ...]:
    sender = " ".join(filter(None, (plain_text(file.get("sender_name")), plain_text(file.get("sender_email"))))) or "-"
    changed = file.get("last_modified")
    return (
        time_text(file.get("received_at")),
        "-" if changed is None else time_text(changed),
        size_text(file.get("size")),
        sender,
        _digest(file),
        plain_text(file.get("path")),
    )


def _copy_row(file: JSON) -> tuple[str, ...]:
    received, _, size, sender, digest, path = _file_row(file)
    return digest, received, size, sender, path


def _elsewhere_row(file: JSON) -> tuple[str, ...]:
    here = f"{plain_text(file['same_as'])} on this link" if file.get("same_as") is not None else ""
    there = [_elsewhere(each) for each in file["copies"] if isinstance(each, dict)]
    more = "further links" if file.get("more_copies") is True else ""
    also = ", ".join(filter(None, (here, *there, more)))
    return _digest(file), time_text(file.get("received_at")), plain_text(file.get("path")), also


def _elsewhere(copy: JSON) -> str:
    """A copy on another link: where it lies there, what people call that, and by which it is named to other commands."""
    name = plain_text(copy.get("title") or copy.get("folder"))
    return f"{plain_text(copy.get('path'))} on {name} ({plain_text(copy.get('hash'))})"


def _digest(file: JSON) -> str:
    return plain_text(file.get("sha256") or "not yet known")[:16]


def _arrival(file: JSON) -> float:
    at = file.get("received_at")
    return at if isinstance(at, int | float) else 0.0
